#include "core/fetch/fetch.h"

#include "core/data/files.h"
#include "core/fetch/download.h"
#include "core/fetch/install.h"
#include "core/fetch/part.h"
#include "core/fetch/unpack.h"
#include "core/file/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ATTEMPTS_MOST = 10,  /* per mirror */
    FRUITLESS_MOST = 2,  /* attempts in a row without progress */
    WAIT_SLICE_MS = 100, /* between calls of tick() */
    WAIT_MOST_MS = 30000
};

_Static_assert((int)C4_SOURCE_URL_BYTES <= (int)C4_PART_URL_BYTES,
               "PART.from must hold any mirror's URL");

struct fetching {
    const struct c4_fetch *fetch;
    char path[C4_PATH_BYTES], part[C4_PATH_BYTES];
    uint64_t done_bytes; /* at the last tick */
    uint64_t kept_bytes; /* in PART */
    uint32_t wrong;      /* mirrors that sent a complete but wrong file */
    struct c4_digest digest;
};

static enum c4_status note(const struct fetching *work, const char *reason, const char *then) {
    struct c4_text sentence = {0};
    enum c4_status status = c4_text_add(&sentence, "%s; %s", reason, then);
    if (status == C4_OK) work->fetch->watch->note(work->fetch->watch->context, sentence.bytes);
    c4_text_free(&sentence);
    return status;
}

static enum c4_status tick(void *context, uint64_t done_bytes) {
    struct fetching *work = context;
    const struct c4_fetch_watch *watch = work->fetch->watch;
    if (done_bytes < work->done_bytes)
        watch->begin(watch->context, work->fetch->source->path, done_bytes,
                     work->fetch->source->size_bytes);
    work->done_bytes = done_bytes;
    return watch->tick(watch->context, done_bytes);
}

static enum c4_status wait_ms(struct fetching *work, uint64_t ms) {
    if (ms > WAIT_MOST_MS) ms = WAIT_MOST_MS;
    while (ms > 0) {
        uint64_t slice = ms < WAIT_SLICE_MS ? ms : WAIT_SLICE_MS;
        struct timespec pause = {0, (long)slice * 1000000};
        nanosleep(&pause, NULL);
        C4_TRY(tick(work, work->done_bytes));
        ms -= slice;
    }
    return C4_OK;
}

static enum c4_status download_once(struct fetching *work, const char *url,
                                    struct c4_download_result *result) {
    const struct c4_fetch *fetch = work->fetch;
    struct c4_download download = {.url = url,
                                   .part = work->part,
                                   .size_bytes = fetch->source->size_bytes,
                                   .stall_s = fetch->stall_s,
                                   .context = work,
                                   .tick = tick};
    work->done_bytes = work->kept_bytes;
    fetch->watch->begin(fetch->watch->context, fetch->source->path, work->kept_bytes,
                        fetch->source->size_bytes);
    enum c4_status status = c4_download_run(&download, result);
    work->kept_bytes = result->done_bytes;
    fetch->watch->end(fetch->watch->context, result->done_bytes);
    return status;
}

/* Checks the complete PART and removes it if it is wrong. *again: the bytes from before this
 * download may be the reason. */
static enum c4_status check_part(struct fetching *work, const struct c4_download_result *result,
                                 bool *right, bool *again) {
    C4_TRY(c4_digest_file(work->part, &work->digest));
    enum c4_status status = c4_digest_check(work->path, &work->digest, work->fetch->source);
    *right = status == C4_OK;
    *again = result->first_bytes > 0;
    if (status != C4_ERR_DATA) return status;
    c4_download_forget(work->part);
    work->kept_bytes = 0;
    if (!*again) work->wrong++;
    return note(work, c4_error(),
                *again
                    ? "part of it came from an earlier download, so it is removed and fetched again"
                    : "it is removed");
}

/* *right: PART is complete and checked. Otherwise this mirror is given up. */
static enum c4_status try_place(struct fetching *work, const char *url, bool *right,
                                struct c4_download_result *result) {
    uint64_t pause_ms = work->fetch->retry_wait_ms;
    int fruitless = 0;
    *right = false;
    for (int attempt = 1; attempt <= ATTEMPTS_MOST; attempt++) {
        uint64_t before = work->kept_bytes;
        bool again = false;
        c4_text_free(&result->reason);
        C4_TRY(download_once(work, url, result));
        if (result->end == C4_DOWNLOAD_WHOLE) {
            C4_TRY(check_part(work, result, right, &again));
            if (*right || !again) return C4_OK;
            continue;
        }
        const char *reason = c4_text_string(&result->reason);
        fruitless = result->done_bytes > before ? 0 : fruitless + 1;
        if (result->end == C4_DOWNLOAD_REFUSED || fruitless == FRUITLESS_MOST ||
            attempt == ATTEMPTS_MOST)
            return note(work, reason, "giving up on this mirror");
        C4_TRY(note(work, reason, "trying this mirror again"));
        C4_TRY(wait_ms(work, pause_ms));
        pause_ms *= 2;
    }
    return C4_OK;
}

static enum c4_status no_place(const struct fetching *work) {
    const struct c4_source *source = work->fetch->source;
    char kept[128] = "check the network, or name other mirrors with --mirrors";
    if (work->kept_bytes > 0)
        snprintf(kept, sizeof kept,
                 "%" PRIu64 " of %" PRIu64 " bytes are kept; the same command goes on from there",
                 work->kept_bytes, source->size_bytes);
    else
        c4_download_forget(work->part);
    return c4_fail(work->wrong > 0 ? C4_ERR_DATA : C4_ERR_FAILED,
                   "%s: none of its mirrors (%" PRIu32 ") sent it complete and correct; %s",
                   work->path, source->urls, kept);
}

static enum c4_status download(struct fetching *work) {
    const struct c4_source *source = work->fetch->source;
    bool right = false;
    for (uint32_t i = 0; i < source->urls && !right; i++) {
        struct c4_download_result result = {.end = C4_DOWNLOAD_BROKEN};
        enum c4_status status = try_place(work, source->url[i], &right, &result);
        c4_text_free(&result.reason);
        C4_TRY(status);
    }
    if (!right) return no_place(work);
    C4_TRY(c4_file_publish(work->part, work->path));
    c4_download_forget(work->part);
    return c4_install_list(work->fetch->folder, source->path, work->digest.sha256);
}

static uint64_t size_of(const char *path) {
    int descriptor;
    uint64_t size_bytes = 0;
    if (c4_file_open(path, &descriptor, &size_bytes) == C4_OK) close(descriptor);
    return size_bytes;
}

/* Checks the file that is already there, from an earlier fetch or put there by the user. */
static enum c4_status check_there(struct fetching *work) {
    C4_TRY(c4_digest_file(work->path, &work->digest));
    if (c4_digest_check(work->path, &work->digest, work->fetch->source) == C4_OK) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s; move it away and run the same command again", c4_error());
}

enum c4_status c4_fetch_file(const struct c4_fetch *fetch, struct c4_fetch_result *result) {
    const struct c4_source *source = fetch->source;
    struct fetching work = {.fetch = fetch};
    bool archive = source->unpack[0] != '\0', whole = false;
    *result = (struct c4_fetch_result){.was_there = true};
    if (archive && !c4_unpack_available())
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "this build cannot unpack %s; install libarchive-dev and build again",
                       source->path);
    C4_TRY(c4_path_join(work.path, sizeof work.path, fetch->folder, source->path));
    if (snprintf(work.part, sizeof work.part, "%s.part", work.path) >= (int)sizeof work.part)
        return c4_fail(C4_ERR_USAGE, "%s: the path is too long", work.path);
    C4_TRY(c4_dir_make(fetch->folder));
    enum c4_status members = archive ? c4_install_check(source, fetch->folder, &whole) : C4_OK;
    if (c4_path_exists(work.path)) {
        C4_TRY(check_there(&work)); /* then the archive shows which of its members are right */
    } else if (!whole) {
        C4_TRY(members);
        result->was_there = false;
        work.kept_bytes = size_of(work.part);
        C4_TRY(download(&work));
    }
    if (archive && !whole) C4_TRY(c4_install_archive(source, work.path, fetch->folder));
    result->digest = work.digest;
    result->hash_known = c4_digest_is_known(&work.digest, source);
    return C4_OK;
}
