#include "core/data/files.h"

#include "core/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *folder, const char *name) {
    char path[C4_PATH_BYTES];
    return c4_path_join(path, C4_PATH_BYTES, folder, name) == C4_OK && access(path, F_OK) == 0;
}

static enum c4_status inner_folder(char out[C4_PATH_BYTES], const char *folder, const char *inner) {
    return inner[0] != '\0' ? c4_path_join(out, C4_PATH_BYTES, folder, inner)
                            : c4_path_join(out, C4_PATH_BYTES, "", folder);
}

static bool has_first(const char *place, const struct c4_layout *layout, enum c4_split split) {
    char name[C4_RECORD_NAME_BYTES];
    c4_layout_name(layout, split, 1, name);
    return exists(place, name);
}

/* Whether the place has files of the split; for a set that is `whole`, of either split. */
static bool is_place(const char *place, const struct c4_set *set, const struct c4_layout *layout,
                     enum c4_split split) {
    if (!set->files.whole) return has_first(place, layout, split);
    return has_first(place, layout, C4_TRAIN) || has_first(place, layout, C4_TEST);
}

static enum c4_status list_files(const char *place, const struct c4_set *set,
                                 const struct c4_layout *layout, enum c4_split split,
                                 struct c4_data_files *out) {
    const struct c4_set_files *files = &set->files;
    uint32_t left = files->images[split];
    if (out->synthetic) left = split == C4_TEST ? out->mark.test : out->mark.train;
    uint32_t count = c4_set_file_count(set, left);
    while (out->count < count) {
        struct c4_data_file *file = &out->file[out->count++];
        char name[C4_RECORD_NAME_BYTES];
        uint32_t images = out->count < count ? files->per_file : left;
        c4_layout_name(layout, split, out->count, name);
        C4_TRY(c4_path_join(file->path, C4_PATH_BYTES, place, name));
        file->format = layout->format;
        file->synthetic = out->synthetic;
        file->required = files->whole || out->synthetic ? images : 0;
        file->most = files->whole ? images : files->images[split];
        left -= images;
    }
    return C4_OK;
}

static enum c4_status list(const char *folder, const struct c4_set *set,
                           const struct c4_layout *layout, enum c4_split split,
                           struct c4_data_files *out) {
    char place[C4_PATH_BYTES];
    *out = (struct c4_data_files){.absent = true};
    for (int i = 0; i < 2 && out->absent && layout->place[i] != NULL; i++) {
        C4_TRY(inner_folder(place, folder, layout->place[i]));
        out->absent = !is_place(place, set, layout, split);
    }
    if (out->absent) return C4_OK;
    if (layout->format == &c4_format_records) {
        out->mark.set = set->stand_in->name;
        C4_TRY(c4_synthetic_mark_read(place, &out->mark, &out->synthetic));
    }
    return list_files(place, set, layout, split, out);
}

static bool has_files(const char *folder, const struct c4_set *set,
                      const struct c4_layout *layout) {
    struct c4_data_files files;
    for (int split = 0; split < 2; split++) {
        /* A bad mark is an error, but it lies beside files. */
        (void)list(folder, set, layout, (enum c4_split)split, &files);
        if (!files.absent) return true;
    }
    return false;
}

/* C4_OK if both splits are there, each with the right number of images. */
static enum c4_status check_whole(const char *folder, const struct c4_set *set,
                                  const struct c4_layout *layout) {
    struct c4_data_files files[2];
    for (int split = 0; split < 2; split++)
        C4_TRY(list(folder, set, layout, (enum c4_split)split, &files[split]));
    for (int split = 0; split < 2; split++) {
        if (files[split].absent)
            return c4_fail(C4_ERR_DATA, "%s has no %s file beside it", files[!split].file[0].path,
                           c4_split_word((enum c4_split)split));
        for (uint32_t i = 0; i < files[split].count; i++) {
            uint32_t count;
            C4_TRY(c4_data_file_count(&files[split].file[i], &count));
        }
    }
    return C4_OK;
}

static int layout_count(const struct c4_set *set) {
    int count = 0;
    while (count < C4_LAYOUTS_MAX && set->files.layout[count].format != NULL) count++;
    return count;
}

/* The first complete candidate, or else the first that has files; NULL if none has. `passed_over`
 * receives what the first candidate lacks if a later one is chosen. Fails only with C4_ERR_MEMORY.
 */
static enum c4_status choose(const char *folder, const struct c4_set *set,
                             char passed_over[C4_FILE_SENTENCE_BYTES],
                             const struct c4_layout **chosen) {
    const struct c4_layout *has[C4_LAYOUTS_MAX];
    int layouts = layout_count(set), count = 0;
    for (int available = 1; available >= 0; available--)
        for (int i = 0; i < layouts; i++) {
            const struct c4_layout *layout = &set->files.layout[i];
            if (c4_format_available(layout->format) == available && has_files(folder, set, layout))
                has[count++] = layout;
        }
    /* Counting may have to read a whole file, so skip it for a single candidate. */
    for (int i = 0; i < count && count > 1; i++) {
        enum c4_status status = check_whole(folder, set, has[i]);
        *chosen = has[i];
        if (status == C4_OK || status == C4_ERR_MEMORY) return status;
        if (i == 0) c4_text_fit(passed_over, C4_FILE_SENTENCE_BYTES, c4_error());
    }
    passed_over[0] = '\0';
    *chosen = count > 0 ? has[0] : NULL;
    return C4_OK;
}

bool c4_data_holds(const char *folder, const struct c4_set *set, bool synthetic,
                   char path[C4_PATH_BYTES]) {
    struct c4_data_files files;
    for (int i = 0; i < 2 * layout_count(set); i++) {
        enum c4_status status =
            list(folder, set, &set->files.layout[i / 2], (enum c4_split)(i % 2), &files);
        if (status != C4_OK || files.absent || files.synthetic != synthetic) continue;
        snprintf(path, C4_PATH_BYTES, "%s", files.file[0].path);
        return true;
    }
    return false;
}

/* Not in list(): whatever the mark contains, the files beside it are real. */
static enum c4_status read_unofficial(struct c4_data_files *files) {
    struct c4_unofficial mark;
    char place[C4_PATH_BYTES];
    if (files->synthetic || files->file[0].format != &c4_format_records) return C4_OK;
    snprintf(place, sizeof place, "%s", files->file[0].path);
    *strrchr(place, '/') = '\0'; /* a path is FOLDER/name */
    C4_TRY(c4_unofficial_read(place, &mark));
    for (uint32_t i = 0; i < files->count; i++) {
        struct c4_data_file *file = &files->file[i];
        const char *why = c4_unofficial_find(&mark, strrchr(file->path, '/') + 1);
        if (why != NULL) snprintf(file->unofficial, sizeof file->unofficial, "%s", why);
    }
    return C4_OK;
}

enum c4_status c4_data_find(const char *folder, const struct c4_set *set, enum c4_split split,
                            struct c4_data_files *out) {
    char passed_over[C4_FILE_SENTENCE_BYTES] = "";
    *out = (struct c4_data_files){.absent = true};
    struct stat info;
    if (stat(folder, &info) != 0) {
        return c4_fail(C4_ERR_DATA, "the data folder %s cannot be used: %s", folder,
                       strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return c4_fail(C4_ERR_DATA, "%s is not a folder; name the folder that holds the data",
                       folder);
    }
    const struct c4_layout *layout = NULL;
    C4_TRY(choose(folder, set, passed_over, &layout));
    if (layout != NULL) C4_TRY(list(folder, set, layout, split, out));
    if (out->absent) return c4_fail(C4_ERR_DATA, set->files.absent, folder, c4_split_word(split));
    snprintf(out->passed_over, sizeof out->passed_over, "%s", passed_over);
    return read_unofficial(out);
}
