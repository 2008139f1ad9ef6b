/* What all commands that compute have in common: a backend, a bound team of threads, the choices of
 * block order, convolution algorithm and evaluation, and the options that set them. */
#ifndef C4_REPRO_SESSION_ENGINE_H
#define C4_REPRO_SESSION_ENGINE_H

#include <jansson.h>

#include "core/cli/option.h"
#include "core/host/team.h"
#include "core/op/names.h"
#include "simd/dispatch.h"

/* Rows of an option table: the backend. */
#define C4_BACKEND_OPTIONS                                                                         \
    {.name = "backend",                                                                            \
     .type = C4_OPTION_STRING,                                                                     \
     .value = "NAME",                                                                              \
     .initial = "auto",                                                                            \
     .help = "backend to compute with; auto takes the best that runs here ('conv4 doctor' lists "  \
             "them)"},                                                                             \
    {                                                                                              \
        .name = "strict-backend", .type = C4_OPTION_FLAG,                                          \
        .help = "fail if any part would come from another backend"                                 \
    }

/* Choices of the protocol. */
#define C4_CHOICE_OPTIONS                                                                          \
    {.name = "order",                                                                              \
     .type = C4_OPTION_CHOICE,                                                                     \
     .value = "ORDER",                                                                             \
     .initial = "bn-relu",                                                                         \
     .choices = c4_order_names,                                                                    \
     .help = "order within a block: bn-relu as in the paper, relu-bn as in the authors' code"},    \
        {.name = "conv",                                                                           \
         .type = C4_OPTION_CHOICE,                                                                 \
         .value = "ALGORITHM",                                                                     \
         .initial = "winograd",                                                                    \
         .choices = c4_conv_names,                                                                 \
         .help = "convolution algorithm of blocks 2 to 4"},                                        \
        {.name = "onednn-conv",                                                                    \
         .type = C4_OPTION_CHOICE,                                                                 \
         .value = "ALGORITHM",                                                                     \
         .initial = "auto",                                                                        \
         .choices = c4_kernels_words,                                                              \
         .help = "oneDNN's algorithm with --conv winograd; auto measures and takes the faster "    \
                 "for each convolution and pass"},                                                 \
    {                                                                                              \
        .name = "statistics", .type = C4_OPTION_CHOICE, .value = "KIND", .initial = "batch",       \
        .choices = c4_statistics_names,                                                            \
        .help = "batch-norm statistics in evaluation: batch, as in the authors' code, or running"  \
    }

/* All options that c4_engine_open() reads. */
#define C4_ENGINE_OPTIONS                                                                          \
    C4_BACKEND_OPTIONS,                                                                            \
        {.name = "threads",                                                                        \
         .type = C4_OPTION_INTEGER,                                                                \
         .value = "N",                                                                             \
         .min = 1,                                                                                 \
         .max = 1024,                                                                              \
         .help = "OpenMP threads (default: OMP_NUM_THREADS, or else every core this process may "  \
                 "use)"},                                                                          \
        C4_CHOICE_OPTIONS

struct c4_engine {
    struct c4_dispatch dispatch;
    struct c4_team team;
    enum c4_order order;
    enum c4_conv_algorithm conv;
    enum c4_bn_statistics statistics;
    const char *kernels; /* for struct c4_plan_config; not owned */
    struct c4_caches caches;
};

/* Prints the lines of `notes` to stderr and releases them. */
void c4_say_notes(struct c4_text *notes);

/* The number of threads by --threads, OMP_NUM_THREADS or else the allowance
 * (core/host/allowance.h); says on stderr what was ignored, and what is beyond the allowance. */
enum c4_status c4_threads_option(const struct c4_args *args, int *threads);

/* Reads the options, chooses the backend, starts and binds the team. `slots` are those the command
 * uses besides the step (for --strict-backend). Release with c4_engine_close(), also on failure. */
enum c4_status c4_engine_open(const struct c4_args *args, const enum c4_op_slot *slots,
                              int slot_count, struct c4_engine *engine);
void c4_engine_close(struct c4_engine *engine);

/* The configuration of this engine's plans for batches of up to max_batch images. */
struct c4_plan_config c4_engine_plan_config(const struct c4_engine *engine, int max_batch);

/* A plan of this engine for batches of up to max_batch images. */
enum c4_status c4_engine_plan(const struct c4_engine *engine, int max_batch, struct c4_plan **plan);

/* The plan's kernels as a new JSON array of lines; NULL if the backend does not describe them. */
enum c4_status c4_engine_kernel_lines(const struct c4_engine *engine, struct c4_plan *plan,
                                      json_t **lines);

/* "ref (plain C, FMA instructions), winograd, bn-relu, 2 threads bound" */
void c4_engine_describe(const struct c4_engine *engine, char *text, size_t size);

#endif
