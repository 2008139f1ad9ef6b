#include "core/fetch/download.h"

#if C4_HAVE_CURL

#include "core/fetch/part.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SLOW_BYTES_PER_S = 1000 };

/* The verdict on a response, before its first byte is kept. */
enum verdict { UNSEEN, TAKEN, REFUSED, OTHER_FILE };

struct transfer {
    const struct c4_download *download;
    struct c4_download_result *result;
    struct c4_part part;
    CURL *curl;
    uint64_t asked_from; /* requested position; 0: the whole file */
    uint64_t position;   /* in the file, of the body's next byte */
    /* From the last response's header. */
    struct c4_origin answer;
    uint64_t range_first, range_total;
    bool has_range, has_total;
    enum verdict verdict;
    enum c4_status status; /* of a callback that stopped the transfer */
    char error[CURL_ERROR_SIZE];
};

__attribute__((format(printf, 3, 4))) static void
end(struct transfer *transfer, enum c4_download_end how, const char *format, ...) {
    va_list args;
    va_start(args, format);
    c4_text_clear(&transfer->result->reason);
    enum c4_status status = c4_text_add_list(&transfer->result->reason, format, args);
    va_end(args);
    if (transfer->status == C4_OK) transfer->status = status;
    transfer->result->end = how;
}

static enum verdict refuse(struct transfer *transfer, uint64_t says) {
    end(transfer, C4_DOWNLOAD_REFUSED,
        "%s: offers %" PRIu64 " bytes, but the file has %" PRIu64 "; this is a different file",
        transfer->download->url, says, transfer->download->size_bytes);
    return REFUSED;
}

/* A weak ETag does not promise equal bytes. */
static bool is_strong(const char *etag) {
    return etag[0] == '"';
}

static bool same_file(const struct transfer *transfer) {
    const struct c4_origin *was = &transfer->part.origin, *is = &transfer->answer;
    if (transfer->range_first != transfer->asked_from || !transfer->has_total) return false;
    if (strcmp(was->url, is->url) != 0) return true; /* another URL: only the hash can tell */
    if (was->etag[0] != '\0' && is->etag[0] != '\0') return strcmp(was->etag, is->etag) == 0;
    return was->modified[0] == '\0' || is->modified[0] == '\0' ||
           strcmp(was->modified, is->modified) == 0;
}

/* The response's header is complete: may its body go to PART? */
static enum verdict judge(struct transfer *transfer) {
    const struct c4_download *download = transfer->download;
    curl_off_t length = -1;
    long code = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (code == 206 && transfer->asked_from > 0) {
        if (!transfer->has_range) return OTHER_FILE;
        if (transfer->has_total && transfer->range_total != download->size_bytes)
            return refuse(transfer, transfer->range_total);
        if (!same_file(transfer)) return OTHER_FILE;
        transfer->position = transfer->asked_from;
        return TAKEN;
    }
    if (code != 200) {
        end(transfer, C4_DOWNLOAD_REFUSED, "%s: answered with HTTP status %ld", download->url,
            code);
        return REFUSED;
    }
    if (length >= 0 && (uint64_t)length != download->size_bytes)
        return refuse(transfer, (uint64_t)length);
    /* The whole file, although perhaps only the rest was requested. PART is compared with it rather
     * than dropped, so that a broken connection loses nothing. */
    const struct c4_origin *was = &transfer->part.origin;
    transfer->position = 0;
    if (is_strong(was->etag) && strcmp(was->url, download->url) == 0 &&
        strcmp(was->etag, transfer->answer.etag) != 0)
        transfer->status = c4_part_keep(&transfer->part, 0);
    if (transfer->status == C4_OK)
        transfer->status = c4_part_set_origin(&transfer->part, &transfer->answer);
    if (transfer->status == C4_OK) transfer->status = download->tick(download->context, 0);
    return TAKEN;
}

/* Appends what PART does not have yet; from the first byte that differs, the body wins. */
static enum c4_status keep(struct transfer *transfer, const char *bytes, size_t size) {
    struct c4_part *part = &transfer->part;
    if (transfer->position < part->size_bytes) {
        size_t equal;
        C4_TRY(c4_part_compare(part, transfer->position, bytes, size, &equal));
        transfer->position += equal;
        if (equal == size) return C4_OK;
        if (transfer->position < part->size_bytes) C4_TRY(c4_part_keep(part, transfer->position));
        bytes += equal;
        size -= equal;
    }
    C4_TRY(c4_part_append(part, bytes, size));
    transfer->position += size;
    return C4_OK;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *context) {
    struct transfer *transfer = context;
    size_t size = one * count;
    if (transfer->verdict == UNSEEN) transfer->verdict = judge(transfer);
    if (transfer->verdict != TAKEN || transfer->status != C4_OK) return 0;
    if (size > transfer->download->size_bytes - transfer->position) {
        transfer->verdict = REFUSED;
        end(transfer, C4_DOWNLOAD_REFUSED,
            "%s: sends more than the file's %" PRIu64 " bytes; this is a different file",
            transfer->download->url, transfer->download->size_bytes);
        /* None of this response's bytes can be trusted; earlier ones may be right. */
        transfer->status = c4_part_keep(&transfer->part, transfer->part.kept_bytes);
        return 0;
    }
    transfer->status = keep(transfer, bytes, size);
    return transfer->status == C4_OK ? size : 0;
}

/* True if this is the line of header `name`; `value` is then its value, or "" if it does not fit.
 */
static bool header_value(const char *line, size_t length, const char *name, char *value,
                         size_t size) {
    size_t name_length = strlen(name);
    if (length <= name_length || strncasecmp(line, name, name_length) != 0 ||
        line[name_length] != ':')
        return false;
    const char *start = line + name_length + 1, *stop = line + length;
    while (start < stop && (*start == ' ' || *start == '\t')) start++;
    while (stop > start && (stop[-1] == '\r' || stop[-1] == '\n' || stop[-1] == ' ')) stop--;
    size_t taken = (size_t)(stop - start);
    if (taken >= size) taken = 0; /* absurdly long: as if it were absent */
    memcpy(value, start, taken);
    value[taken] = '\0';
    return true;
}

static size_t on_header(char *line, size_t one, size_t count, void *context) {
    struct transfer *transfer = context;
    size_t length = one * count;
    char range[C4_PART_TAG_BYTES];
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0) { /* the next response, after a redirect */
        transfer->answer.etag[0] = transfer->answer.modified[0] = '\0';
        transfer->has_range = transfer->has_total = false;
    }
    header_value(line, length, "ETag", transfer->answer.etag, sizeof transfer->answer.etag);
    header_value(line, length, "Last-Modified", transfer->answer.modified,
                 sizeof transfer->answer.modified);
    if (header_value(line, length, "Content-Range", range, sizeof range)) {
        uint64_t last;
        int read = sscanf(range, "bytes %" SCNu64 "-%" SCNu64 "/%" SCNu64, &transfer->range_first,
                          &last, &transfer->range_total);
        transfer->has_range = read >= 2;
        transfer->has_total = read == 3;
    }
    return length;
}

static int on_progress(void *context, curl_off_t to_load, curl_off_t loaded, curl_off_t to_send,
                       curl_off_t sent) {
    (void)to_load, (void)loaded, (void)to_send, (void)sent;
    struct transfer *transfer = context;
    const struct c4_download *download = transfer->download;
    enum c4_status status = download->tick(download->context, transfer->position);
    if (status != C4_OK && transfer->status == C4_OK) transfer->status = status;
    return status != C4_OK;
}

static enum c4_status ask_for_rest(struct transfer *transfer, struct curl_slist **headers) {
    const struct c4_origin *origin = &transfer->part.origin;
    char range[32], header[C4_PART_TAG_BYTES + 16];
    transfer->asked_from = transfer->position = transfer->part.size_bytes;
    *headers = NULL;
    if (transfer->asked_from == 0) return C4_OK;
    snprintf(range, sizeof range, "%" PRIu64 "-", transfer->asked_from);
    curl_easy_setopt(transfer->curl, CURLOPT_RANGE, range);
    if (strcmp(origin->url, transfer->download->url) != 0) return C4_OK;
    const char *proof = is_strong(origin->etag) ? origin->etag : origin->modified;
    if (proof[0] == '\0') return C4_OK;
    snprintf(header, sizeof header, "If-Range: %s", proof);
    *headers = curl_slist_append(NULL, header);
    return *headers ? C4_OK : c4_fail(C4_ERR_MEMORY, "%s: out of memory", transfer->download->url);
}

static void set_options(struct transfer *transfer) {
    CURL *curl = transfer->curl;
    const struct c4_download *download = transfer->download;
    long stall_s = (long)download->stall_s;
    curl_easy_setopt(curl, CURLOPT_URL, download->url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "conv4/" C4_VERSION);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)C4_DOWNLOAD_REDIRECTS);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, stall_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall_s);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

/* Turns libcurl's result into ours. True if the whole file should be requested again. */
static bool conclude(struct transfer *transfer, CURLcode code) {
    const struct c4_download *download = transfer->download;
    const char *text = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
    uint64_t done = transfer->position, all = download->size_bytes;
    long http = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &http);
    if (code == CURLE_OK && transfer->verdict == UNSEEN) transfer->verdict = judge(transfer);
    if (transfer->verdict == OTHER_FILE) return true;
    if (transfer->verdict == REFUSED) return false;
    switch (code) {
    case CURLE_OK:
        if (done == all)
            end(transfer, C4_DOWNLOAD_WHOLE, "%s", "");
        else
            end(transfer, C4_DOWNLOAD_BROKEN, "%s: ended after %" PRIu64 " of %" PRIu64 " bytes",
                download->url, done, all);
        return false;
    case CURLE_HTTP_RETURNED_ERROR:
        if (http == 416 && transfer->asked_from > 0) return true;
        end(transfer, http >= 500 || http == 429 ? C4_DOWNLOAD_BROKEN : C4_DOWNLOAD_REFUSED,
            "%s: answered with HTTP status %ld%s", download->url, http,
            http == 404 || http == 410 ? " (not found)" : "");
        return false;
    case CURLE_TOO_MANY_REDIRECTS:
        end(transfer, C4_DOWNLOAD_REFUSED, "%s: redirects more than %d times", download->url,
            C4_DOWNLOAD_REDIRECTS);
        return false;
    case CURLE_UNSUPPORTED_PROTOCOL:
        end(transfer, C4_DOWNLOAD_REFUSED, "%s: leads to a URL that is neither http nor https",
            download->url);
        return false;
    case CURLE_OPERATION_TIMEDOUT:
        end(transfer, C4_DOWNLOAD_BROKEN,
            "%s: stalled, less than 1 kB/s for %" PRIu32 " s, at %" PRIu64 " of %" PRIu64 " bytes",
            download->url, download->stall_s, done, all);
        return false;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        end(transfer, C4_DOWNLOAD_BROKEN,
            "%s: the connection ended at %" PRIu64 " of %" PRIu64 " bytes (%s)", download->url,
            done, all, text);
        return false;
    case CURLE_OUT_OF_MEMORY:
        transfer->status = c4_fail(C4_ERR_MEMORY, "%s: out of memory", download->url);
        return false;
    default:
        end(transfer, C4_DOWNLOAD_REFUSED, "%s: %s", download->url, text);
        return false;
    }
}

/* One request. *again: the response was of another file than PART. */
static enum c4_status request(struct transfer *transfer, bool *again) {
    struct curl_slist *headers;
    *again = false;
    C4_TRY(ask_for_rest(transfer, &headers));
    transfer->verdict = UNSEEN;
    set_options(transfer);
    if (headers != NULL) curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(transfer->curl);
    if (transfer->status == C4_OK) *again = conclude(transfer, code);
    curl_slist_free_all(headers);
    return transfer->status;
}

static enum c4_status fetch_rest(struct transfer *transfer) {
    if (transfer->part.size_bytes > transfer->download->size_bytes)
        C4_TRY(c4_part_keep(&transfer->part, 0));
    if (transfer->part.size_bytes == transfer->download->size_bytes) {
        end(transfer, C4_DOWNLOAD_WHOLE, "%s", "");
        return transfer->status;
    }
    bool again;
    C4_TRY(request(transfer, &again));
    if (!again) return C4_OK;
    curl_easy_reset(transfer->curl);
    C4_TRY(c4_part_keep(&transfer->part, 0));
    return request(transfer, &again);
}

enum c4_status c4_download_run(const struct c4_download *download,
                               struct c4_download_result *result) {
    *result = (struct c4_download_result){.end = C4_DOWNLOAD_BROKEN};
    /* Called here, so that no program needs to know about libcurl; libcurl counts the calls. */
    CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started == CURLE_OUT_OF_MEMORY)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory", download->url);
    if (started != CURLE_OK)
        return c4_fail(C4_ERR_ENVIRONMENT, "libcurl cannot be started; check its installation");
    if (strlen(download->url) >= C4_PART_URL_BYTES)
        return c4_fail(C4_ERR_USAGE, "%s: the URL is longer than %d bytes", download->url,
                       C4_PART_URL_BYTES - 1);
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", download->url);
    transfer->download = download;
    transfer->result = result;
    snprintf(transfer->answer.url, sizeof transfer->answer.url, "%s", download->url);
    enum c4_status status = c4_part_open(download->part, &transfer->part);
    if (status == C4_OK) {
        transfer->curl = curl_easy_init();
        status = transfer->curl != NULL
                     ? fetch_rest(transfer)
                     : c4_fail(C4_ERR_MEMORY, "%s: out of memory", download->url);
        result->done_bytes = transfer->part.size_bytes;
        result->first_bytes = transfer->part.kept_bytes;
        curl_easy_cleanup(transfer->curl);
        c4_part_close(&transfer->part);
    }
    free(transfer);
    return status;
}

bool c4_download_available(void) {
    return true;
}

#else

bool c4_download_available(void) {
    return false;
}

enum c4_status c4_download_run(const struct c4_download *download,
                               struct c4_download_result *result) {
    *result = (struct c4_download_result){.end = C4_DOWNLOAD_REFUSED};
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "this build cannot download; install libcurl4-openssl-dev and build again, or "
                   "get %s by other means",
                   download->url);
}

#endif
