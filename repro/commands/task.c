#include "repro/commands/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const c4_task_sets[] = {"cifar10", "svhn", "svhn-finetune", NULL};
const char *const c4_task_labels[] = {"true", "random", "shifted", NULL};

enum { SYNTHETIC_SEED = 1 };

enum c4_status c4_task_open(const struct c4_args *args, enum c4_split split, uint32_t limit,
                            struct c4_task *task) {
    memset(task, 0, sizeof *task);
    enum c4_dataset_kind kind = c4_arg_includes(args, "dataset", "svhn") ? C4_SVHN
                                : c4_arg_includes(args, "dataset", "svhn-finetune")
                                    ? C4_SVHN_FINETUNE
                                    : C4_CIFAR10;
    struct c4_label_spec spec = {.rule = C4_LABELS_TRUE,
                                 .degree = (int)c4_arg_integer(args, "degree")};
    if (c4_arg_includes(args, "labels", "random")) spec.rule = C4_LABELS_RANDOM;
    if (c4_arg_includes(args, "labels", "shifted")) spec.rule = C4_LABELS_SHIFTED;
    if (c4_arg_given(args, "degree") && spec.rule != C4_LABELS_RANDOM)
        return c4_fail(C4_ERR_USAGE, "--degree goes with --labels random");

    C4_TRY(c4_dataset_load(c4_arg_text(args, "data"), kind, split, SYNTHETIC_SEED, limit,
                           &task->data));
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
