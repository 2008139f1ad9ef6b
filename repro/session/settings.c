#include "repro/session/settings.h"

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
            struct c4_text name = {0};
            if (set->count == 0) continue;
            C4_TRY(c4_store_setting(store, what, set->name));
            enum c4_status status = c4_text_add(&name, "%s' SHA-256", what);
            if (status == C4_OK)
                status = c4_store_setting(store, c4_text_string(&name), set->sha256);
            c4_text_free(&name);
            C4_TRY(status);
        }
    return C4_OK;
}

/* A list of the scale's as it is now, as the store has it, and both together. */
struct list_texts {
    struct c4_text now, before, all;
};

static enum c4_status join_list(const struct c4_settings *settings, struct c4_store *store,
                                const struct c4_field *field, struct list_texts *texts) {
    struct c4_scale joined = *settings->scale, old = *settings->scale;
    C4_TRY(c4_store_setting_read(store, field->key, &texts->before));
    C4_TRY(c4_field_write(field, settings->scale, &texts->now));
    if (texts->before.length > 0)
        C4_TRY(c4_field_read(field, c4_text_string(&texts->before), &old));
    C4_TRY(c4_field_join(field, &old, &joined));
    return c4_field_write(field, &joined, &texts->all);
}

/* Stores the list, joined with what the store has. */
static enum c4_status keep_list(const struct c4_settings *settings, struct c4_store *store,
                                const struct c4_field *field, bool join, FILE *messages) {
    struct list_texts texts = {0};
    enum c4_status status = join_list(settings, store, field, &texts);
    const char *now = c4_text_string(&texts.now), *before = c4_text_string(&texts.before),
               *all = c4_text_string(&texts.all);
    if (status == C4_OK && strcmp(all, now) != 0)
        fprintf(messages,
                "Note: %s = %s this time; the study has %s, and 'conv4 report' shows them all.\n",
                field->key, now, before);
    if (status == C4_OK && join && strcmp(all, before) != 0)
        status = c4_store_setting_put(store, field->key, all);
    c4_text_free(&texts.now);
    c4_text_free(&texts.before);
    c4_text_free(&texts.all);
    return status;
}

static enum c4_status keep_field(const struct c4_settings *settings, struct c4_store *store,
                                 const struct c4_field *field, const void *object, bool join,
                                 FILE *messages) {
    struct c4_text text = {0};
    if (field->type == C4_FIELD_TEXT || is_of_runs(field->key)) return C4_OK;
    if (joins(field)) return keep_list(settings, store, field, join, messages);
    enum c4_status status = c4_field_write(field, object, &text);
    if (status == C4_OK && !is_free(field->key))
        status = c4_store_setting(store, field->key, c4_text_string(&text));
    else if (status == C4_OK && join)
        status = c4_store_setting_put(store, field->key, c4_text_string(&text));
    c4_text_free(&text);
    return status;
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
static enum c4_status list_changes(const struct c4_field *field, const void *before,
                                   const void *after, struct c4_text *text) {
    struct c4_text old = {0}, new = {0};
    enum c4_status status = C4_OK;
    for (; field->key && status == C4_OK; field++) {
        status = c4_field_write(field, before, &old);
        if (status == C4_OK) status = c4_field_write(field, after, &new);
        if (status == C4_OK && strcmp(c4_text_string(&old), c4_text_string(&new)) != 0)
            status = c4_text_add(text, "%s%s = %s", text->length ? ", " : "", field->key,
                                 c4_text_string(&new));
    }
    c4_text_free(&old);
    c4_text_free(&new);
    return status;
}

enum c4_status c4_settings_list(const struct c4_protocol *protocol, const struct c4_scale *scale,
                                const struct c4_study *study, const struct c4_scale *taken,
                                struct c4_text *text) {
    C4_TRY(list_changes(c4_protocol_fields, protocol, &study->protocol, text));
    return list_changes(c4_scale_fields, scale, taken, text);
}

/* The scale of the folder's name, if it is another and the user names none. */
static enum c4_status take_scale(const struct c4_args *args, const char *name,
                                 const struct c4_study *study, struct c4_scale *scale) {
    const struct c4_scale *own;
    enum c4_status status = c4_study_find_scale(study, name, &own);
    if (status == C4_ERR_USAGE)
        return c4_fail(status,
                       "%s/study.db: was made at scale '%s', which the description does not "
                       "have; give its --study",
                       c4_arg_text(args, "out"), name);
    if (own) *scale = *own;
    return status;
}

static enum c4_status take_from(const struct c4_args *args, struct c4_study_reader *store,
                                struct c4_study *study, struct c4_scale *scale) {
    struct c4_text name = {0};
    enum c4_status status = c4_study_reader_setting(store, "scale", &name);
    bool another = status == C4_OK && strcmp(c4_text_string(&name), scale->name) != 0;
    bool nothing = name.length == 0 || (another && c4_arg_given(args, "scale"));
    if (another && !nothing) status = take_scale(args, c4_text_string(&name), study, scale);
    c4_text_free(&name);
    if (status != C4_OK || nothing) return status;
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
    const struct c4_scale *chosen;
    C4_TRY(c4_study_find_scale(study, c4_arg_text(args, "scale"), &chosen));
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
