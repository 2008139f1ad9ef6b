/* Images with the labels an experiment gives them, and the options that name both. */
#ifndef C4_REPRO_COMMANDS_TASK_H
#define C4_REPRO_COMMANDS_TASK_H

#include "core/cli/option.h"
#include "core/data/dataset.h"
#include "core/data/labels.h"

/* The index-th word for --dataset: one for each set, and one for its fine-tuning images if they are
 * only a part of a split. NULL past the last. */
const char *c4_task_set(int index);

/* Rows of an option table; c4_task_open() reads them. */
#define C4_TASK_OPTIONS                                                                            \
    {.name = "data",                                                                               \
     .type = C4_OPTION_PATH,                                                                       \
     .value = "DIR",                                                                               \
     .help = "folder with CIFAR-10 and SVHN files (default: the built-in synthetic pair)"},        \
        {.name = "dataset",                                                                        \
         .type = C4_OPTION_CHOICE,                                                                 \
         .value = "SET",                                                                           \
         .initial = "cifar10",                                                                     \
         .choice = c4_task_set,                                                                    \
         .help = "data set; svhn-finetune is the first 10,000 digits of SVHN's train file"},       \
        {.name = "labels",                                                                         \
         .type = C4_OPTION_CHOICE,                                                                 \
         .value = "RULE",                                                                          \
         .initial = "true",                                                                        \
         .choices = c4_label_rule_names,                                                           \
         .help = "true labels, partially random ones (--degree), or shifted by the seed"},         \
        {.name = "degree",                                                                         \
         .type = C4_OPTION_INTEGER,                                                                \
         .value = "D",                                                                             \
         .initial = "0",                                                                           \
         .min = 0,                                                                                 \
         .max = 9,                                                                                 \
         .help = "degree of randomness of --labels random"},                                       \
    {                                                                                              \
        .name = "seed", .type = C4_OPTION_INTEGER, .value = "N", .initial = "1", .min = 0,         \
        .max = 0x1p53, .help = "seed of initial weights, shuffling and labels"                     \
    }

struct c4_task {
    struct c4_dataset data;
    uint8_t *labels; /* [data.count] */
};

/* Loads the set's train or test split, its first `limit` images (0: all), and makes its labels. The
 * synthetic pair is always that of seed 1. Release with c4_task_close(), also on failure. */
enum c4_status c4_task_open(const struct c4_args *args, enum c4_split split, uint32_t limit,
                            struct c4_task *task);
void c4_task_close(struct c4_task *task);

#endif
