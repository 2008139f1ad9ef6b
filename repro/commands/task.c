#include "repro/commands/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYNTHETIC_SEED = 1 };

struct word {
    const char *text;
    const struct c4_set *set;
    bool tuning; /* the images for fine-tuning, whatever the split */
};

/* False past the last. */
static bool nth_word(int index, struct word *word) {
    for (int i = 0; i < c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i];
        *word = (struct word){.text = set->word, .set = set};
        if (index-- == 0) return true;
        *word = (struct word){.text = set->tuning.option, .set = set, .tuning = true};
        if (word->text && index-- == 0) return true;
    }
    return false;
}

const char *c4_task_set(int index) {
    struct word word;
    return nth_word(index, &word) ? word.text : NULL;
}

enum c4_status c4_task_open(const struct c4_args *args, enum c4_split split, uint32_t limit,
                            struct c4_task *task) {
    memset(task, 0, sizeof *task);
    struct word word = {0};
    for (int i = 0; nth_word(i, &word) && strcmp(word.text, c4_arg_text(args, "dataset")) != 0;)
        i++;
    struct c4_label_spec spec = {.rule = C4_LABELS_TRUE,
                                 .degree = (int)c4_arg_integer(args, "degree")};
    if (c4_arg_includes(args, "labels", "random")) spec.rule = C4_LABELS_RANDOM;
    if (c4_arg_includes(args, "labels", "shifted")) spec.rule = C4_LABELS_SHIFTED;
    if (c4_arg_given(args, "degree") && spec.rule != C4_LABELS_RANDOM)
        return c4_fail(C4_ERR_USAGE, "--degree needs --labels random");

    C4_TRY(c4_dataset_load(c4_arg_text(args, "data"), word.set, word.tuning ? C4_TUNING : split,
                           SYNTHETIC_SEED, limit, &task->data));
    if (task->data.unofficial[0])
        fprintf(stderr, "%s: NOT THE OFFICIAL FILE: %s.\n", task->data.name, task->data.unofficial);
    task->labels = malloc(task->data.count);
    if (!task->labels)
        return c4_fail(C4_ERR_MEMORY, "out of memory for %u labels", task->data.count);
    return c4_labels_make(spec, (uint64_t)c4_arg_integer(args, "seed"), &task->data, task->labels);
}

void c4_task_close(struct c4_task *task) {
    free(task->labels);
    c4_dataset_free(&task->data);
}
