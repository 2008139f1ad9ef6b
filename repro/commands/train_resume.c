#include "repro/commands/train_resume.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/sha256.h"
#include "core/file/tensor.h"

enum { HASH_SHOWN = 12 }; /* digits of a SHA-256: enough to tell files apart */

enum c4_status c4_train_resume_read(const char *path, uint64_t epochs, struct c4_checkpoint *net) {
    C4_TRY(c4_checkpoint_read(path, net));
    if (!net->has_momentum)
        return c4_fail(C4_ERR_USAGE,
                       "cannot resume from %s: it holds no momentum, like all files of --save; "
                       "give it as --init, and name another --checkpoint",
                       path);
    if (net->sum == C4_SUM_WRONG || (net->experiment.count > 0 && net->sum == C4_SUM_ABSENT))
        return c4_fail(C4_ERR_DATA,
                       "%s: is damaged or was changed (its SHA-256 is not the one it was written "
                       "with); restore it from a copy, or name another --checkpoint",
                       path);
    if (net->epoch > epochs)
        return c4_fail(C4_ERR_USAGE,
                       "%s has %" PRIu64 " epochs already, more than --epochs %" PRIu64
                       "; raise --epochs, or name another --checkpoint",
                       path, net->epoch, epochs);
    return C4_OK;
}

enum c4_status c4_train_choose_kernels(const struct c4_args *args, struct c4_engine *engine,
                                       int batch, const struct c4_checkpoint *began,
                                       char kernels[C4_KERNELS_SIZE]) {
    const struct c4_step_api *step = engine->dispatch.backend.step;
    if (!step->choose) return C4_OK;
    const char *kept = began ? c4_experiment_find(&began->experiment, "onednn-conv") : NULL;
    if (kept && !c4_arg_given(args, "onednn-conv")) engine->kernels = kept;
    const struct c4_plan_config config = c4_engine_plan_config(engine, batch);
    C4_TRY(step->choose(&config, kernels));
    engine->kernels = kernels;
    return C4_OK;
}

static enum c4_status set_initial(const char *init, const double *initial,
                                  struct c4_experiment *e) {
    char sha256[C4_SHA256_HEX_SIZE];
    if (!init) return c4_experiment_set(e, "init", "the seed's");
    C4_TRY(c4_sha256_hex(initial, C4_STATE_COUNT * sizeof *initial, sha256));
    return c4_experiment_set(e, "init", "weights %.*s", HASH_SHOWN, sha256);
}

enum c4_status c4_train_experiment(const struct c4_args *args, const struct c4_engine *engine,
                                   const struct c4_task *task, const char *init,
                                   const double *initial, struct c4_experiment *e) {
    const struct c4_backend *backend = &engine->dispatch.backend;
    uint64_t seed = (uint64_t)c4_arg_integer(args, "seed");
    bool shifted = c4_arg_includes(args, "labels", "shifted");
    *e = (struct c4_experiment){0};
    C4_TRY(
        c4_experiment_set(e, "data", "%s (%.*s)", task->data.name, HASH_SHOWN, task->data.sha256));
    C4_TRY(c4_experiment_set(e, "images", "%" PRIu32, task->data.count));
    C4_TRY(c4_experiment_set(e, "labels", "%s", c4_arg_text(args, "labels")));
    C4_TRY(c4_experiment_set(e, "degree", "%" PRId64, c4_arg_integer(args, "degree")));
    C4_TRY(c4_experiment_set(e, "shift", "%d", shifted ? c4_labels_shift(seed) : 0));
    C4_TRY(c4_experiment_set(e, "seed", "%" PRIu64, seed));
    C4_TRY(set_initial(init, initial, e));
    C4_TRY(c4_experiment_set(e, "batch", "%" PRId64, c4_arg_integer(args, "batch")));
    C4_TRY(c4_experiment_set_real(e, "lr", c4_arg_real(args, "lr")));
    C4_TRY(c4_experiment_set_real(e, "momentum", c4_arg_real(args, "momentum")));
    C4_TRY(c4_experiment_set(e, "order", "%s", c4_order_names[engine->order]));
    C4_TRY(c4_experiment_set(e, "conv", "%s", c4_conv_names[engine->conv]));
    C4_TRY(c4_experiment_set(e, "backend", "%s",
                             backend->bit_exact ? "any bit-exact one" : backend->name));
    if (!backend->step->choose) return C4_OK;
    C4_TRY(c4_experiment_set(e, "onednn-conv", "%s", engine->kernels));
    return c4_experiment_set(e, "library", "%s", backend->variant);
}

/* For checkpoints of version 0.1.0, whose backends other than these two are bit-exact. */
static bool same_bits(const char *began, const struct c4_backend *now) {
    if (strcmp(began, now->name) == 0) return true;
    return now->bit_exact && began[0] && strcmp(began, "onednn") != 0 &&
           strcmp(began, "ref64") != 0;
}

static enum c4_status compare_without_experiment(const char *path,
                                                 const struct c4_checkpoint *began,
                                                 const struct c4_engine *engine,
                                                 const struct c4_task *task, uint64_t seed,
                                                 FILE *messages) {
    const char *differs =
        began->seed != seed                                     ? "its seed differs"
        : !began->has_order || began->order != engine->order    ? "its block order differs"
        : !same_bits(began->backend, &engine->dispatch.backend) ? "its backend computes other bits"
        : strcmp(began->data_sha256, task->data.sha256) != 0    ? "its training images differ"
                                                                : NULL;
    if (differs)
        return c4_fail(C4_ERR_USAGE,
                       "cannot resume from %s: %s; give the same values, or another --checkpoint",
                       path, differs);
    fprintf(messages,
            "%s: an earlier version wrote it without rate, momentum, batch, labels, conv and init; "
            "whether they are unchanged cannot be checked\n",
            path);
    return C4_OK;
}

enum c4_status c4_train_same_experiment(const char *path, const struct c4_checkpoint *began,
                                        const struct c4_experiment *now,
                                        const struct c4_engine *engine, const struct c4_task *task,
                                        uint64_t seed, FILE *messages) {
    if (began->experiment.count == 0)
        return compare_without_experiment(path, began, engine, task, seed, messages);
    /* Another version of the library is only reported: the old one may no longer be available. */
    struct c4_experiment compared = *now;
    const char *library = c4_experiment_find(&began->experiment, "library");
    const char *library_now = c4_experiment_find(now, "library");
    if (library && library_now && strcmp(library, library_now) != 0) {
        char shown[C4_NAME_SHOWN_SIZE];
        fprintf(messages, "%s: it was begun with %s, but this is %s; they may round differently\n",
                path, c4_name_show(library, shown), library_now);
        C4_TRY(c4_experiment_set(&compared, "library", "%s", library));
    }
    char *differences;
    C4_TRY(c4_experiment_differences(&began->experiment, &compared, &differences));
    enum c4_status status = C4_OK;
    if (differences[0])
        status = c4_fail(C4_ERR_USAGE,
                         "cannot resume from %s, which belongs to another experiment: %s; give the "
                         "same values, or another --checkpoint",
                         path, differences);
    free(differences);
    return status;
}
