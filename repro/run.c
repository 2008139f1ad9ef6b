#include "repro/run.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/host/clock.h"
#include "core/net/checkpoint.h"
#include "core/net/init.h"
#include "repro/run_measure.h"

/* Checkpoints of a run that are kept: the last one, and the one before it in case the last is
 * damaged. */
enum { KEPT = 2 };

static void checkpoint_path(const struct c4_run *run, uint32_t epoch, char path[160]) {
    snprintf(path, 160, "checkpoints/%s/epoch-%04" PRIu32 ".safetensors", run->key, epoch);
}

/* Reads the checkpoint if it is the one that the store knows; else false and the reason in
 * c4_error(). */
static bool read_checkpoint(const struct c4_runner *runner, const struct c4_run *run,
                            const struct c4_store_checkpoint *known,
                            struct c4_checkpoint *checkpoint) {
    char path[C4_STORE_PATH_SIZE], sha256[C4_SHA256_HEX_SIZE];
    if (c4_path_join(path, sizeof path, runner->folder, known->path) != C4_OK ||
        c4_sha256_file(path, sha256) != C4_OK)
        return false;
    if (strcmp(sha256, known->sha256) != 0) {
        c4_fail(C4_ERR_DATA, "%s: was changed since it was written (its SHA-256 differs)", path);
        return false;
    }
    if (c4_checkpoint_read(path, checkpoint) != C4_OK) return false;
    if (checkpoint->epoch == known->epoch && checkpoint->seed == run->seed) return true;
    c4_fail(C4_ERR_DATA, "%s: belongs to another run or epoch", path);
    return false;
}

/* Fills *checkpoint with the newest sound one; *done = its epoch, -1 if there is none. */
static enum c4_status find_checkpoint(const struct c4_runner *runner, const struct c4_run *run,
                                      struct c4_checkpoint *checkpoint, int64_t *done) {
    struct c4_store_checkpoint known[KEPT];
    int count, bad = 0;
    *done = -1;
    C4_TRY(c4_store_checkpoints(runner->store, run->key, known, KEPT, &count));
    for (; bad < count && !read_checkpoint(runner, run, &known[bad], checkpoint); bad++) {
        char sentence[1200];
        snprintf(sentence, sizeof sentence, "%s; the run goes on from %s", c4_error(),
                 bad + 1 < count ? "the checkpoint before it" : "its beginning");
        runner->say(runner->context, sentence);
    }
    if (bad < count) *done = known[bad].epoch;
    return bad ? c4_store_rewind(runner->store, run->key, *done) : C4_OK;
}

enum c4_status c4_run_resume_epoch(const struct c4_runner *runner, const struct c4_run *run,
                                   int64_t *done) {
    struct c4_checkpoint *checkpoint = c4_checkpoint_new();
    if (!checkpoint) return C4_ERR_MEMORY;
    enum c4_status status = find_checkpoint(runner, run, checkpoint, done);
    c4_checkpoint_free(checkpoint);
    return status;
}

/* Removes from the run's folder what an end between two steps left behind: temporary files, and
 * checkpoints that the store does not know. */
static enum c4_status sweep(const struct c4_runner *runner, const struct c4_run *run) {
    struct c4_store_checkpoint known[KEPT];
    char folder[C4_STORE_PATH_SIZE], inside[160];
    int count;
    C4_TRY(c4_store_checkpoints(runner->store, run->key, known, KEPT, &count));
    snprintf(inside, sizeof inside, "checkpoints/%s", run->key);
    C4_TRY(c4_path_join(folder, sizeof folder, runner->folder, inside));
    DIR *entries = opendir(folder);
    if (!entries) return errno == ENOENT ? C4_OK : c4_fail_read(folder, errno);
    for (struct dirent *entry; (entry = readdir(entries));) {
        uint32_t epoch;
        bool keep = sscanf(entry->d_name, "epoch-%" SCNu32 ".safetensors", &epoch) != 1;
        for (int i = 0; i < count && !keep; i++)
            keep = strcmp(strrchr(known[i].path, '/') + 1, entry->d_name) == 0;
        if (!keep) unlinkat(dirfd(entries), entry->d_name, 0);
    }
    closedir(entries);
    return C4_OK;
}

/* The plan, its state and the rows of one run while it is done. */
struct execution {
    const struct c4_runner *runner;
    const struct c4_run *run;
    struct c4_plan *plan;
    struct c4_checkpoint *checkpoint; /* scratch for state and momentum */
    struct c4_measure measure;
    uint64_t batches;
};

static enum c4_status save_checkpoint(struct execution *ex, uint32_t epoch, const char *inside,
                                      char sha256[C4_SHA256_HEX_SIZE]) {
    struct c4_checkpoint *checkpoint = ex->checkpoint;
    char path[C4_STORE_PATH_SIZE], folder[C4_STORE_PATH_SIZE];
    *checkpoint = (struct c4_checkpoint){.has_momentum = true,
                                         .wide = ex->runner->wide,
                                         .has_order = true,
                                         .order = ex->runner->protocol->order,
                                         .seed = ex->run->seed,
                                         .epoch = epoch,
                                         .batches = ex->batches};
    snprintf(checkpoint->backend, sizeof checkpoint->backend, "%s", ex->runner->backend);
    memcpy(checkpoint->data_sha256, ex->measure.training.sha256, sizeof checkpoint->data_sha256);
    C4_TRY(ex->runner->step->store(ex->plan, checkpoint->state, checkpoint->momentum));
    C4_TRY(c4_path_join(path, sizeof path, ex->runner->folder, inside));
    memcpy(folder, path, sizeof folder);
    *strrchr(folder, '/') = '\0';
    C4_TRY(c4_dir_make(folder));
    C4_TRY(c4_checkpoint_write(path, checkpoint));
    return c4_sha256_file(path, sha256);
}

/* Saves the network, then its rows together with the checkpoint's hash. */
static enum c4_status commit_epoch(struct execution *ex, uint32_t epoch,
                                   const struct c4_epoch_rows *rows, const char *started) {
    const struct c4_runner *runner = ex->runner;
    const struct c4_provenance provenance = {.data_sha256 = ex->measure.training.sha256,
                                             .evaluation_sha256 = runner->evaluation->sha256,
                                             .code_version = C4_VERSION,
                                             .arithmetic = C4_ARITHMETIC,
                                             .backend = runner->backend,
                                             .synthetic = ex->measure.training.synthetic ||
                                                          runner->evaluation->synthetic};
    char path[160], ended[C4_CLOCK_UTC_BYTES];
    checkpoint_path(ex->run, epoch, path);
    struct c4_store_epoch transaction = {.run = ex->run->key,
                                         .epoch = epoch,
                                         .status = epoch == ex->run->epochs ? C4_RUN_DONE
                                                                            : C4_RUN_RUNNING,
                                         .provenance = &provenance,
                                         .results = rows->results,
                                         .result_count = rows->result_count,
                                         .costs = rows->costs,
                                         .cost_count = rows->cost_count,
                                         .threads = runner->threads,
                                         .started = started,
                                         .ended = ended,
                                         .checkpoint = path,
                                         .forget_before = epoch >= KEPT ? epoch - KEPT + 1 : 0};
    C4_TRY(save_checkpoint(ex, epoch, path, transaction.checkpoint_sha256));
    c4_clock_utc(ended);
    C4_TRY(c4_store_epoch(runner->store, &transaction));
    return sweep(runner, ex->run);
}

static enum c4_status do_epoch(struct execution *ex, uint32_t epoch, struct c4_run_work *work) {
    const struct c4_protocol *protocol = ex->runner->protocol;
    struct c4_epoch_rows rows = {0};
    char started[C4_CLOCK_UTC_BYTES];
    c4_clock_utc(started);
    if (epoch > 0) {
        struct c4_pass pass = c4_measure_training_pass(&ex->measure, ex->plan);
        struct c4_sgd sgd = {protocol->lr, protocol->momentum};
        struct c4_pass_result result;
        C4_TRY(c4_train_epoch(&pass, &sgd, ex->run->seed, C4_RNG_SHUFFLE, epoch, &result));
        c4_rows_result(&rows, "loss", result.loss, result.images);
        c4_rows_result(&rows, "train_accuracy_running", result.accuracy, result.images);
        c4_rows_pass(&rows, "train", &result);
        ex->batches += result.batches;
        work->images += result.images;
        work->seconds += result.seconds;
    }
    C4_TRY(c4_measure_epoch(&ex->measure, ex->plan, &rows));
    return commit_epoch(ex, epoch, &rows, started);
}

/* Puts the network to start from into the plan; *done = its epoch or -1. */
static enum c4_status load_start(struct execution *ex, int64_t *done) {
    struct c4_checkpoint *checkpoint = ex->checkpoint;
    const struct c4_step_api *step = ex->runner->step;
    c4_net_init(ex->run->seed, checkpoint->state);
    C4_TRY(step->load(ex->plan, checkpoint->state, NULL));
    C4_TRY(c4_measure_reference(&ex->measure, ex->plan));
    C4_TRY(find_checkpoint(ex->runner, ex->run, checkpoint, done));
    if (*done < 0) return C4_OK; /* the initial weights are in the plan already */
    ex->batches = checkpoint->batches;
    return step->load(ex->plan, checkpoint->state,
                      checkpoint->has_momentum ? checkpoint->momentum : NULL);
}

static enum c4_status execute(struct execution *ex, struct c4_run_work *work) {
    const struct c4_protocol *protocol = ex->runner->protocol;
    const struct c4_plan_config config = {.order = protocol->order,
                                          .conv = protocol->conv,
                                          .max_batch = (int)protocol->batch,
                                          .threads = ex->runner->threads,
                                          .l2_bytes = ex->runner->l2_bytes};
    int64_t done;
    C4_TRY(c4_measure_init(&ex->measure, ex->runner, ex->run));
    C4_TRY(ex->runner->step->create(&config, &ex->plan));
    C4_TRY(load_start(ex, &done));
    C4_TRY(sweep(ex->runner, ex->run));
    for (int64_t epoch = done + 1; epoch <= ex->run->epochs; epoch++)
        C4_TRY(do_epoch(ex, (uint32_t)epoch, work));
    return C4_OK;
}

enum c4_status c4_run_execute(const struct c4_runner *runner, const struct c4_run *run,
                              struct c4_run_work *work) {
    struct execution ex = {.runner = runner, .run = run, .checkpoint = c4_checkpoint_new()};
    if (!ex.checkpoint) return C4_ERR_MEMORY;
    enum c4_status status = execute(&ex, work);
    runner->step->destroy(ex.plan);
    c4_measure_free(&ex.measure);
    c4_checkpoint_free(ex.checkpoint);
    if (status != C4_ERR_FAILED) return status;
    /* The store has its own sentence if it is what failed; the first one counts. */
    char sentence[1024];
    snprintf(sentence, sizeof sentence, "%s", c4_error());
    c4_store_run_set_status(runner->store, run->key, C4_RUN_FAILED);
    return c4_fail(status, "run %s: %s", run->key, sentence);
}
