/* Names of a plan's choices in options, study files, rows, keys and checkpoints. Each table is in
 * the order of its enum and ends with NULL. */
#ifndef C4_OP_NAMES_H
#define C4_OP_NAMES_H

#include "core/op/step.h"

extern const char *const c4_order_names[];      /* enum c4_order: "bn-relu", "relu-bn" */
extern const char *const c4_conv_names[];       /* enum c4_conv_algorithm: "winograd", "direct" */
extern const char *const c4_statistics_names[]; /* enum c4_bn_statistics: "batch", "running" */
/* Words that an option accepts for c4_plan_config.kernels: "auto", "direct", "winograd". */
extern const char *const c4_kernels_words[];

#endif
