/* The statements of Goerttler and Obermayer (2022) that their figures support. */
#include "repro/claims/table.h"

#include <math.h>

#include "repro/results/sizes.h"

#define INIT "initialisation"
#define PRE "pretrained"
#define TEST "cifar10-test"
#define HELD "cifar10-heldout"
#define DIGITS "svhn-heldout"

/* CKA of pre-trained networks to their initialisation. */
#define TRAINED(s, d)                                                                              \
    { .sign = (s), .family = "pretrain-" d, .reference = INIT, .images = TEST }
#define TRAINED_NEXT(s, d)                                                                         \
    { .sign = (s), .family = "pretrain-" d, .reference = INIT, .images = TEST, .next = 1 }
/* CKA of fine-tuned networks. */
#define TUNED(s, task, to)                                                                         \
    { .sign = (s), .family = "finetune-" task, .reference = to, .images = HELD }
#define TUNED_DIGITS(s, task, to)                                                                  \
    { .sign = (s), .family = "finetune-" task, .reference = to, .images = DIGITS }
#define SCRATCH(s)                                                                                 \
    { .sign = (s), .family = "scratch-cifar10-d9", .reference = INIT, .images = HELD }
#define ACCURACY(s, run, which)                                                                    \
    { .sign = (s), .family = run, .reference = which }

#define FAR_HIGH ((double)INFINITY)
#define UNLEARNING                                                                                 \
    {                                                                                              \
        "", {                                                                                      \
            TUNED(1, "cifar10-d9", INIT), {                                                        \
                .sign = -1, .family = "finetune-cifar10-d9", .reference = INIT, .images = HELD,    \
                .at_start = true                                                                   \
            }                                                                                      \
        }                                                                                          \
    }

const struct c4_claim_definition c4_claim_definitions[] = {
    {.id = "1",
     .figure = "1",
     .says = "Training changes a layer the more, the later it is.",
     .statistic = "CKA of a layer less that of the next, to the initialisation, d = 0",
     .kind = C4_CLAIM_PAIRS,
     .layers = C4_POOLS,
     .contrast = {{"", {TRAINED(1, "d0"), TRAINED_NEXT(-1, "d0")}}},
     .pool1_is_fine = true},
    {.id = "2",
     .figure = "2a",
     .says = "The more random the labels, the higher the training loss.",
     .statistic = "training loss, mean over the epochs: difference",
     .kind = C4_CLAIM_LOSS},
    {.id = "3",
     .figure = "2b",
     .says = "Random labels are learnt almost as well as true ones.",
     .statistic = "training accuracy, d = 0 less d = 9; below 0.10",
     .kind = C4_CLAIM_ACCURACY,
     .contrast = {{"d0 - d9",
                   {ACCURACY(1, "pretrain-d0", "train_accuracy"),
                    ACCURACY(-1, "pretrain-d9", "train_accuracy")}}},
     .is_bound = true,
     .low = -INFINITY,
     .high = 0.10,
     .paper_only = true},
    {.id = "4 random",
     .figure = "2c",
     .says = "Random labels are not predicted on test images (chance is 10 %).",
     .statistic = "test accuracy on the drawn labels, d = 9; between 0.09 and 0.11",
     .kind = C4_CLAIM_ACCURACY,
     .contrast = {{"d9", {ACCURACY(1, "pretrain-d9", "test_accuracy")}}},
     .is_bound = true,
     .low = 0.09,
     .high = 0.11},
    {.id = "4 true",
     .figure = "2c",
     .says = "True labels are predicted on test images.",
     .statistic = "test accuracy, d = 0; above 0.20",
     .kind = C4_CLAIM_ACCURACY,
     .contrast = {{"d0", {ACCURACY(1, "pretrain-d0", "test_accuracy")}}},
     .is_bound = true,
     .low = 0.20,
     .high = FAR_HIGH},
    {.id = "5",
     .figure = "3a",
     .says =
         "Training on random labels changes the pooling layers less than training on true ones.",
     .statistic = "CKA to the initialisation, d = 9 less d = 0",
     .layers = C4_POOLS,
     .contrast = {{"", {TRAINED(1, "d9"), TRAINED(-1, "d0")}}}},
    {.id = "5 logits",
     .figure = "3a",
     .says = "The logits reverse: random labels change them more.",
     .statistic = "CKA to the initialisation, d = 0 less d = 9",
     .layers = C4_LOGITS,
     .contrast = {{"", {TRAINED(1, "d0"), TRAINED(-1, "d9")}}}},
    {.id = "6",
     .figure = "3a",
     .says = "With random labels especially the early layers change less.",
     .statistic = "change under d = 9 as a share of that under d = 0: pool4 less pool1",
     .kind = C4_CLAIM_RATIO,
     .contrast = {{"pool4 - pool1", {TRAINED(1, "d9"), TRAINED(1, "d0")}}},
     .paper_only = true},
    {.id = "6 absolute",
     .figure = "3a",
     .says = "The same in absolute terms, which say the opposite at the published levels.",
     .statistic = "CKA d = 9 less d = 0: pool1 less pool4",
     .kind = C4_CLAIM_RATIO,
     .contrast = {{"pool1 - pool4", {TRAINED(-1, "d9"), TRAINED(-1, "d0")}}},
     .paper_only = true,
     .reported_only = true},
    {.id = "7",
     .figure = "3a",
     .says = "Memorisation takes place mainly in the last layer.",
     .statistic = "change of the logits less that of pool4, at d = 9 less the same at d = 0",
     .layers = C4_POOL4,
     .contrast = {{"logits - ",
                   {TRAINED(1, "d9"), TRAINED_NEXT(-1, "d9"), TRAINED(-1, "d0"),
                    TRAINED_NEXT(1, "d0")}}}},
    {.id = "8",
     .figure = "3b",
     .says = "64 memorised images hardly change the early layers.",
     .statistic = "CKA to the initialisation, k = 64; above 0.95 (given 99 % training accuracy)",
     .layers = C4_POOL1 | C4_POOL2 | C4_POOL3,
     .contrast = {{"", {{.sign = 1, .family = "size-64", .reference = INIT, .images = TEST}}}},
     .is_bound = true,
     .low = 0.95,
     .high = FAR_HIGH,
     .pool1_is_fine = true,
     .memorised = "size-64"},
    {.id = "8 pool4",
     .figure = "3b",
     .says = "The same for pool4, reported beside it.",
     .statistic = "CKA to the initialisation, k = 64",
     .layers = C4_POOL4,
     .contrast = {{"", {{.sign = 1, .family = "size-64", .reference = INIT, .images = TEST}}}},
     .is_bound = true,
     .low = 0.95,
     .high = FAR_HIGH,
     .reported_only = true},
    {.id = "9 epochs",
     .figure = "3b",
     .says = "The more images, the more the layers change: at equal epochs.",
     .statistic = "CKA to the initialisation, smallest k less largest",
     .kind = C4_CLAIM_SIZES,
     .layers = C4_POOLS,
     .sizes_at = C4_SIZES_AT_END},
    {.id = "9 steps",
     .figure = "3b",
     .says = "The more images, the more the layers change: at equal steps.",
     .statistic = "the same after as many steps as the smallest k takes in all",
     .kind = C4_CLAIM_SIZES,
     .layers = C4_POOLS,
     .sizes_at = C4_SIZES_AT_STEPS},
    {.id = "9 accuracy",
     .figure = "3b",
     .says = "The more images, the more the layers change: at equal training accuracy.",
     .statistic = "the same where each first has the lowest of the final training accuracies",
     .kind = C4_CLAIM_SIZES,
     .layers = C4_POOLS,
     .sizes_at = C4_SIZES_AT_ACCURACY},
    {.id = "10",
     .figure = "4a",
     .says = "Fine-tuning on CIFAR-10 changes the layers more if labels are random.",
     .statistic = "CKA to the pre-trained network, d = 0 less d = 9",
     .layers = C4_LATE_POOLS,
     .contrast = {{"", {TUNED(1, "cifar10-d0", PRE), TUNED(-1, "cifar10-d9", PRE)}}}},
    {.id = "10 pool1",
     .figure = "4a",
     .says = "The same for pool1.",
     .statistic = "CKA to the pre-trained network, d = 0 less d = 9",
     .layers = C4_POOL1,
     .contrast = {{"", {TUNED(1, "cifar10-d0", PRE), TUNED(-1, "cifar10-d9", PRE)}}}},
    {.id = "11",
     .figure = "4a",
     .says = "Fine-tuning on true labels hardly changes the early layers.",
     .statistic = "CKA to the pre-trained network, d = 0; above 0.95",
     .layers = C4_POOL1 | C4_POOL2,
     .contrast = {{"", {TUNED(1, "cifar10-d0", PRE)}}},
     .is_bound = true,
     .low = 0.95,
     .high = FAR_HIGH,
     .pool1_is_fine = true},
    {.id = "12",
     .figure = "4a",
     .says = "Random labels change pre-trained weights more than random ones (all images).",
     .statistic = "CKA to the start, d = 9: trained from scratch (3a) less fine-tuned",
     .layers = C4_POOLS,
     .contrast = {{"", {TRAINED(1, "d9"), TUNED(-1, "cifar10-d9", PRE)}}}},
    {.id = "12 matched",
     .figure = "4a",
     .says = "The same against training from scratch on the same images for as many epochs.",
     .statistic = "CKA to the start, d = 9: matched scratch less fine-tuned",
     .layers = C4_POOLS,
     .contrast = {{"", {SCRATCH(1), TUNED(-1, "cifar10-d9", PRE)}}}},
    {.id = "13",
     .figure = "4b",
     .says = "Fine-tuning on SVHN changes the layers more if labels are random.",
     .statistic = "CKA to the pre-trained network, d = 0 less d = 9",
     .layers = C4_LATE_POOLS,
     .contrast = {{"", {TUNED_DIGITS(1, "svhn-d0", PRE), TUNED_DIGITS(-1, "svhn-d9", PRE)}}},
     .paper_only = true},
    {.id = "14 shifted",
     .figure = "4c",
     .says = "Shifted labels change early layers more than true ones and less than random ones.",
     .statistic = "CKA to the pre-trained network: d = 0 less shifted, shifted less d = 9",
     .layers = C4_POOL1 | C4_POOL2,
     .contrast = {{"d0 - shifted, ",
                   {TUNED(1, "cifar10-d0", PRE), TUNED(-1, "cifar10-shifted", PRE)}},
                  {"shifted - d9, ",
                   {TUNED(1, "cifar10-shifted", PRE), TUNED(-1, "cifar10-d9", PRE)}}}},
    {.id = "14 SVHN",
     .figure = "4c",
     .says = "Digits change early layers more than true labels and less than random ones.",
     .statistic = "CKA to the pre-trained network: d = 0 less SVHN, SVHN less d = 9",
     .layers = C4_POOL1 | C4_POOL2,
     .contrast = {{"d0 - SVHN, ", {TUNED(1, "cifar10-d0", PRE), TUNED_DIGITS(-1, "svhn-d0", PRE)}},
                  {"SVHN - d9, ", {TUNED_DIGITS(1, "svhn-d0", PRE), TUNED(-1, "cifar10-d9", PRE)}}},
     .paper_only = true},
    {.id = "15",
     .figure = "4c",
     .says = "Digits change pool4 more than shifted labels do.",
     .statistic = "CKA to the pre-trained network, shifted less SVHN",
     .layers = C4_POOL4,
     .contrast = {{"", {TUNED(1, "cifar10-shifted", PRE), TUNED_DIGITS(-1, "svhn-d0", PRE)}}}},
    {.id = "16 d0",
     .figure = "5a",
     .says = "Fine-tuned on true labels, layers stay closer to the pre-trained network.",
     .statistic = "CKA to the pre-trained less that to the initial network",
     .layers = C4_POOLS,
     .contrast = {{"", {TUNED(1, "cifar10-d0", PRE), TUNED(-1, "cifar10-d0", INIT)}}}},
    {.id = "16 shifted",
     .figure = "5c",
     .says = "Fine-tuned on shifted labels, layers stay closer to the pre-trained network.",
     .statistic = "CKA to the pre-trained less that to the initial network",
     .layers = C4_POOLS,
     .contrast = {{"", {TUNED(1, "cifar10-shifted", PRE), TUNED(-1, "cifar10-shifted", INIT)}}}},
    {.id = "16 SVHN",
     .figure = "5d",
     .says = "Fine-tuned on digits, layers stay closer to the pre-trained network.",
     .statistic = "CKA to the pre-trained less that to the initial network",
     .layers = C4_POOLS,
     .contrast = {{"", {TUNED_DIGITS(1, "svhn-d0", PRE), TUNED_DIGITS(-1, "svhn-d0", INIT)}}}},
#define RETURNS(layer, bit)                                                                        \
    {                                                                                              \
        .id = "17 " layer, .figure = "5b",                                                         \
        .says = "Fine-tuned on random labels, " layer " is closer to the initial network.",        \
        .statistic = "CKA to the initial less that to the pre-trained network, d = 9",             \
        .layers = bit, .contrast = {                                                               \
            {"", {TUNED(1, "cifar10-d9", INIT), TUNED(-1, "cifar10-d9", PRE)}}                     \
        }                                                                                          \
    }
    RETURNS("pool1", C4_POOL1),
    RETURNS("pool2", C4_POOL2),
    RETURNS("pool3", C4_POOL3),
    RETURNS("pool4", C4_POOL4),
#define UNLEARNS(layer, bit)                                                                       \
    {                                                                                              \
        .id = "17 U " layer, .figure = "5b",                                                       \
        .says = "Random labels unlearn: " layer " moves back towards the initial network.",        \
        .statistic = "unlearning index: CKA to the initial network after fine-tuning less before", \
        .layers = bit, .contrast = {                                                               \
            UNLEARNING                                                                             \
        }                                                                                          \
    }
    UNLEARNS("pool1", C4_POOL1),
    UNLEARNS("pool2", C4_POOL2),
    UNLEARNS("pool3", C4_POOL3),
    UNLEARNS("pool4", C4_POOL4),
    {.id = "18 shifted",
     .figure = "5a, 5c",
     .says = "The gap between both similarities is smaller for shifted than for true labels.",
     .statistic = "gap = CKA to pre-trained less to initial: d = 0 less shifted",
     .layers = C4_POOLS,
     .contrast = {{"",
                   {TUNED(1, "cifar10-d0", PRE), TUNED(-1, "cifar10-d0", INIT),
                    TUNED(-1, "cifar10-shifted", PRE), TUNED(1, "cifar10-shifted", INIT)}}}},
    {.id = "18 SVHN",
     .figure = "5a, 5d",
     .says = "The gap between both similarities is smaller for digits than for true labels.",
     .statistic = "gap = CKA to pre-trained less to initial: d = 0 less SVHN",
     .layers = C4_POOLS,
     .contrast = {{"",
                   {TUNED(1, "cifar10-d0", PRE), TUNED(-1, "cifar10-d0", INIT),
                    TUNED_DIGITS(-1, "svhn-d0", PRE), TUNED_DIGITS(1, "svhn-d0", INIT)}}}},
    {.id = "19",
     .figure = "4c",
     .says = "Other images change early layers more than other labels for the same images.",
     .statistic = "CKA to the pre-trained network, shifted less SVHN",
     .layers = C4_POOL1 | C4_POOL2 | C4_POOL3,
     .contrast = {{"", {TUNED(1, "cifar10-shifted", PRE), TUNED_DIGITS(-1, "svhn-d0", PRE)}}}},
};

const int c4_claim_definition_count =
    (int)(sizeof c4_claim_definitions / sizeof *c4_claim_definitions);
