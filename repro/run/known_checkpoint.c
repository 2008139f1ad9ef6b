#include "repro/run/known_checkpoint.h"

#include <string.h>
#include <time.h>

#include "core/file/file.h"
#include "core/file/refresh.h"
#include "core/host/clock.h"

#define MILLISECOND_NS INT64_C(1000000)

static enum c4_status check_hash(const char *path, const struct c4_known_checkpoint *known) {
    char sha256[C4_SHA256_HEX_SIZE];
    C4_TRY(c4_sha256_file(path, sha256));
    if (strcmp(sha256, known->sha256) == 0) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: was changed since it was written (its SHA-256 differs)", path);
}

static enum c4_status read_hashed(const char *path, const struct c4_known_checkpoint *known,
                                  uint64_t seed, struct c4_checkpoint *checkpoint) {
    C4_TRY(c4_checkpoint_read(path, checkpoint));
    if (checkpoint->epoch == known->epoch && checkpoint->seed == seed) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: belongs to another run or epoch", path);
}

enum c4_status c4_run_read_checkpoint(const char *folder, const struct c4_known_checkpoint *known,
                                      uint64_t seed, struct c4_checkpoint *checkpoint) {
    char path[C4_STORE_PATH_SIZE];
    C4_TRY(c4_path_join(path, sizeof path, folder, known->path));
    C4_TRY(check_hash(path, known));
    return read_hashed(path, known, seed, checkpoint);
}

/* In slices, so that a study that is stopped meanwhile ends at once. */
static enum c4_status pause_for(const struct c4_runner *runner, int64_t pause_ns) {
    enum { SLICE_MS = 50 };
    const int64_t end_ns = c4_clock_ns() + pause_ns;
    for (;;) {
        C4_TRY(runner->advance(runner->context, 0));
        int64_t left_ns = end_ns - c4_clock_ns();
        if (left_ns <= 0) return C4_OK;
        if (left_ns > SLICE_MS * MILLISECOND_NS) left_ns = SLICE_MS * MILLISECOND_NS;
        nanosleep(&(struct timespec){.tv_nsec = (long)left_ns}, NULL);
    }
}

/* A file that is shorter or older than it should be has another hash; one that the server has
 * replaced under this client's feet cannot be read (ESTALE). Permissions do not come by waiting. */
static bool may_arrive(enum c4_status status) {
    return status == C4_ERR_DATA || status == C4_ERR_FAILED;
}

static enum c4_status await_hash(const struct c4_runner *runner, const char *path,
                                 const struct c4_known_checkpoint *known) {
    enum { FIRST_MS = 10, LONGEST_MS = 2000 };
    const int64_t start_ns = c4_clock_ns();
    for (int64_t pause_ms = FIRST_MS;; pause_ms *= 2) {
        enum c4_status status = check_hash(path, known);
        const double waited = 1e-9 * (double)(c4_clock_ns() - start_ns);
        if (!may_arrive(status) || runner->arrival_seconds <= 0) return status;
        if (waited >= runner->arrival_seconds)
            return c4_fail(status, "%s; waited %.0f s for it", c4_error(), waited);
        if (pause_ms > LONGEST_MS) pause_ms = LONGEST_MS;
        C4_TRY(pause_for(runner, pause_ms * MILLISECOND_NS));
        c4_path_refresh(path);
    }
}

enum c4_status c4_run_await_checkpoint(const struct c4_runner *runner,
                                       const struct c4_known_checkpoint *known, uint64_t seed,
                                       struct c4_checkpoint *checkpoint) {
    char path[C4_STORE_PATH_SIZE];
    C4_TRY(c4_path_join(path, sizeof path, runner->folder, known->path));
    C4_TRY(await_hash(runner, path, known));
    return read_hashed(path, known, seed, checkpoint);
}
