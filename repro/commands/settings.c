#include "repro/commands/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"
#include "repro/results/study_reader.h"

/* Keys that are part of a run's own key or description. */
static bool is_of_runs(const char *key) {
    static const char *const keys[] = {"order", "size_labels", "shift", "curve_images"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0) return true;
    return false;
}

/* More seeds, degrees and sizes may join a study at any time; control_images is the same for all
 * runs. */
static bool joins(const struct c4_field *field) {
    return field->type == C4_FIELD_SEEDS ||
           (field->type == C4_FIELD_LIST && strcmp(field->key, "control_images") != 0);
}

/* Values that no row depends on; the latest one is stored. */
static bool is_free(const char *key) {
    return strcmp(key, "segment_work") == 0 || strcmp(key, "matched_scratch") == 0;
}

static enum c4_status keep_images(const struct c4_settings *settings, struct c4_store *store) {
    static const char *const of_pretraining[] = {"training images", "test images"};
    _Static_assert(C4_TRAIN == 0 && C4_TEST == 1 && C4_TUNING == 2 && C4_SPLITS == 3,
                   "a name for each split but C4_TUNING");
    const struct c4_images *images = settings->images;
    for (int i = 0; i < c4_set_count; i++)
        for (int split = 0; split < C4_SPLITS; split++) {
            const struct c4_dataset *set = &images->set[i].split[split];
            bool pretraining = i == images->pretraining && split != C4_TUNING;
            const char *what = pretraining ? of_pretraining[split] : c4_sets[i].tuning.images;
            char name[64];
            if (set->count == 0) continue;
            C4_TRY(c4_store_setting(store, what, set->name));
            snprintf(name, sizeof name, "%s' SHA-256", what);
            C4_TRY(c4_store_setting(store, name, set->sha256));
        }
    return C4_OK;
}

/* Stores the list, joined with what the store has. */
static enum c4_status keep_list(const struct c4_settings *settings, struct c4_store *store,
                                const struct c4_field *field, bool join, FILE *messages) {
    char now[256], before[256], all[256];
    struct c4_scale joined = *settings->scale, old = *settings->scale;
    C4_TRY(c4_store_setting_read(store, field->key, before, sizeof before));
    c4_field_write(field, settings->scale, now, sizeof now);
    if (before[0]) C4_TRY(c4_field_read(field, before, &old));
    if (!c4_field_join(field, &old, &joined)) joined = *settings->scale;
    c4_field_write(field, &joined, all, sizeof all);
    if (strcmp(all, now) != 0)
        fprintf(messages,
                "Note: %s = %s this time; the study has %s, and 'conv4 report' shows them all.\n",
                field->key, now, before);
    return join && strcmp(all, before) != 0 ? c4_store_setting_put(store, field->key, all) : C4_OK;
}

static enum c4_status keep_field(const struct c4_settings *settings, struct c4_store *store,
                                 const struct c4_field *field, const void *object, bool join,
                                 FILE *messages) {
    char text[256];
    if (field->type == C4_FIELD_TEXT || is_of_runs(field->key)) return C4_OK;
    if (joins(field)) return keep_list(settings, store, field, join, messages);
    c4_field_write(field, object, text, sizeof text);
    if (!is_free(field->key)) return c4_store_setting(store, field->key, text);
    return join ? c4_store_setting_put(store, field->key, text) : C4_OK;
}

enum c4_status c4_settings_keep(const struct c4_settings *settings, struct c4_store *store,
                                bool join, FILE *messages) {
    C4_TRY(c4_store_setting(store, "arithmetic", settings->arithmetic));
    C4_TRY(c4_store_setting(store, "scale", settings->scale->name));
    /* What may be refused is checked before anything joins. */
    for (int pass = 0; pass < 2; pass++)
        for (int table = 0; table < 2; table++) {
            const struct c4_field *field = table ? c4_scale_fields : c4_protocol_fields;
            const void *object = table ? (const void *)settings->scale : settings->protocol;
            for (; field->key; field++)
                if (pass == (joins(field) || is_free(field->key)))
                    C4_TRY(keep_field(settings, store, field, object, join, messages));
            if (pass == 0 && table == 1) C4_TRY(keep_images(settings, store));
        }
    return C4_OK;
}

/* Appends "key = value" for every value in which *after differs from *before. */
static void list_changes(const struct c4_field *field, const void *before, const void *after,
                         char *text, size_t size) {
    for (; field->key; field++) {
        char old[256], new[256];
        c4_field_write(field, before, old, sizeof old);
        c4_field_write(field, after, new, sizeof new);
        size_t used = strlen(text);
        if (strcmp(old, new) != 0 && used < size)
            snprintf(text + used, size - used, "%s%s = %s", used ? ", " : "", field->key, new);
    }
}

void c4_settings_list(const struct c4_protocol *protocol, const struct c4_scale *scale,
                      const struct c4_study *study, const struct c4_scale *taken, char *text,
                      size_t size) {
    list_changes(c4_protocol_fields, protocol, &study->protocol, text, size);
    list_changes(c4_scale_fields, scale, taken, text, size);
}

static enum c4_status take_from(const struct c4_args *args, struct c4_study_reader *store,
                                struct c4_study *study, struct c4_scale *scale) {
    char name[64];
    C4_TRY(c4_study_reader_setting(store, "scale", name, sizeof name));
    if (!name[0]) return C4_OK;
    if (strcmp(name, scale->name) != 0) {
        const struct c4_scale *own = c4_study_scale(study, name);
        if (c4_arg_given(args, "scale")) return C4_OK;
        if (!own)
            return c4_fail(C4_ERR_USAGE,
                           "%s/study.db: was made at scale '%s', which the description does not "
                           "have; give its --study",
                           c4_arg_text(args, "out"), name);
        *scale = *own;
    }
    struct c4_seeds seeds = scale->seeds;
    struct c4_protocol protocol = study->protocol;
    C4_TRY(c4_study_reader_apply(store, study, scale));
    if (scale->seeds.count == 0) scale->seeds = seeds;
    if (c4_arg_given(args, "protocol")) study->protocol = protocol;
    return C4_OK;
}

/* A start that was killed at once leaves an empty file, which counts as no study. */
static bool is_empty(const char *path) {
    int descriptor;
    uint64_t size_bytes;
    if (c4_file_open(path, &descriptor, &size_bytes) != C4_OK) return false;
    close(descriptor);
    return size_bytes == 0;
}

enum c4_status c4_settings_take(const struct c4_args *args, const char *folder,
                                struct c4_study *study, struct c4_scale *scale) {
    char path[C4_STORE_PATH_SIZE];
    struct c4_study_reader *store = NULL;
    const struct c4_scale *chosen = c4_study_scale(study, c4_arg_text(args, "scale"));
    if (!chosen) return C4_ERR_USAGE;
    *scale = *chosen;
    /* A user's study need not have a protocol of the default name. */
    if (c4_arg_given(args, "protocol"))
        C4_TRY(c4_study_use_protocol(study, c4_arg_text(args, "protocol")));
    if (!folder) return C4_OK;
    C4_TRY(c4_path_join(path, sizeof path, folder, "study.db"));
    if (!c4_path_exists(path)) return C4_OK;
    enum c4_status status = c4_study_reader_open(folder, &store);
    if (status == C4_ERR_DATA && is_empty(path)) {
        c4_study_reader_close(store);
        return C4_OK;
    }
    if (status == C4_OK) status = take_from(args, store, study, scale);
    c4_study_reader_close(store);
    return status;
}
