/* An HTTP server on 127.0.0.1 that behaves as badly as its path asks for. It runs in a child
 * process, one connection at a time, and logs each request to a file.
 *
 * The path is /HOW or /HOW/ANYTHING; unless stated otherwise the answer is BODY, with an ETag and a
 * date, and Range and If-Range are served properly.
 *
 *   ok          as it should be            noetag      no ETag, no date
 *   norange     Range is ignored           chunked     no Content-Length
 *   cut         ends after 20,000 bytes more, each time
 *   stall       the same, but stays silent instead of ending
 *   stallonce   stall the first time, then ok
 *   slow        20,000 bytes per tenth of a second
 *   wrong       the first byte is wrong
 *   short, long one byte less or more, with a matching Content-Length
 *   more        no Content-Length, and too many bytes
 *   redirect    to /ok                     loop        to itself
 *   tofile      to a file: URL             404, 500, 403
 *   changed     the first time an older file (cut); then BODY with another ETag
 *   lies        as changed, but ignores If-Range: 206 with the new ETag
 *   shifted     206 for another range than requested
 *   othersize   206 for a file of another size
 *   no416       416 for every Range        empty       closes the connection at once */
#ifndef C4_TESTS_CORE_HTTP_SERVER_H
#define C4_TESTS_CORE_HTTP_SERVER_H

#include "tests/harness/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CUT_BYTES = 20000 };

struct http_server {
    const unsigned char *body;
    size_t size;
    const char *log; /* log file of requests: "PATH RANGE IF-RANGE\n", "-" for none */
    int port;
    pid_t process;
    unsigned changed, lies, stallonce; /* numbers of requests */
};

static inline void http_pause(long ms) {
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* False once the client has closed the connection. */
static inline bool http_send(int socket, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(socket, at, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Waits until the client closes, at most half a minute. */
static inline void http_be_silent(int socket) {
    struct pollfd wait = {.fd = socket, .events = POLLIN};
    poll(&wait, 1, 30000);
}

/* The header's value, or "-". */
static inline void http_header(const char *request, const char *name, char value[256]) {
    const char *at = strstr(request, name);
    snprintf(value, 256, "-");
    if (at == NULL) return;
    at += strlen(name) + 2;
    snprintf(value, 256, "%.*s", (int)strcspn(at, "\r\n"), at);
}

struct http_answer {
    const char *status, *etag;
    const unsigned char *body;
    size_t first, stop, total; /* bytes [first, stop) of total */
    size_t most;               /* bytes to send at most */
    bool length, range, date;
};

static inline bool http_begin(int socket, const struct http_answer *answer) {
    char text[1024];
    int used = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nConnection: close\r\n", answer->status);
    if (answer->length)
        used += snprintf(text + used, sizeof text - (size_t)used, "Content-Length: %zu\r\n",
                         answer->stop - answer->first);
    if (answer->range)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "Content-Range: bytes %zu-%zu/%zu\r\n", answer->first, answer->stop - 1,
                         answer->total);
    if (answer->etag != NULL)
        used += snprintf(text + used, sizeof text - (size_t)used, "ETag: %s\r\n", answer->etag);
    if (answer->date)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "Last-Modified: Mon, 04 Jun 2012 10:00:00 GMT\r\n");
    used += snprintf(text + used, sizeof text - (size_t)used, "\r\n");
    return http_send(socket, text, (size_t)used);
}

static inline void http_redirect(int socket, const char *to) {
    char text[256];
    int used = snprintf(text, sizeof text,
                        "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 4\r\n"
                        "Connection: close\r\n\r\nmove",
                        to);
    http_send(socket, text, (size_t)used);
}

static inline void http_fail(int socket, const char *status) {
    char text[256];
    int used =
        snprintf(text, sizeof text,
                 "HTTP/1.1 %s\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry", status);
    http_send(socket, text, (size_t)used);
}

static inline void http_answer(struct http_server *server, int socket, const char *how,
                               const char *range, const char *if_range) {
    size_t size = server->size, from = 0;
    bool is_changed = strcmp(how, "changed") == 0, is_lie = strcmp(how, "lies") == 0;
    unsigned times = is_changed ? server->changed++ : is_lie ? server->lies++ : 1;
    bool old = (is_changed || is_lie) && times == 0;
    unsigned char *body = malloc(size + 2);
    if (body == NULL) return;
    memcpy(body, server->body, size);
    if (old)
        for (size_t i = 0; i < size; i++) body[i] ^= 0x55;
    if (strcmp(how, "wrong") == 0) body[0] ^= 1;
    if (strcmp(how, "short") == 0) size -= 1;
    if (strcmp(how, "long") == 0 || strcmp(how, "more") == 0) body[size++] = 'x';
    struct http_answer answer = {.status = "200 OK",
                                 .etag = old ? "\"old\"" : "\"new\"",
                                 .body = body,
                                 .stop = size,
                                 .total = size,
                                 .most = size,
                                 .length = true,
                                 .date = true};
    if (strcmp(how, "noetag") == 0) answer.etag = NULL, answer.date = false;
    if (strcmp(how, "chunked") == 0 || strcmp(how, "more") == 0) answer.length = false;
    bool serves =
        strcmp(how, "norange") != 0 &&
        (is_lie || answer.etag == NULL || *if_range == '-' || strcmp(if_range, answer.etag) == 0);
    if (*range != '-' && strcmp(how, "no416") == 0) {
        http_fail(socket, "416 Range Not Satisfiable");
        free(body);
        return;
    }
    if (*range != '-' && serves && sscanf(range, "bytes=%zu-", &from) == 1) {
        answer.status = "206 Partial Content";
        answer.range = true;
        answer.first = from;
        if (strcmp(how, "shifted") == 0) answer.first = from - 1;
        if (strcmp(how, "othersize") == 0) answer.total = size + 7;
    }
    bool stalls =
        strcmp(how, "stall") == 0 || (strcmp(how, "stallonce") == 0 && server->stallonce++ == 0);
    if (stalls || old || strcmp(how, "cut") == 0) answer.most = CUT_BYTES;
    size_t left = answer.stop - answer.first;
    if (left > answer.most) left = answer.most;
    if (http_begin(socket, &answer)) {
        const unsigned char *at = answer.body + answer.first;
        while (left > 0) {
            size_t piece = left < CUT_BYTES ? left : CUT_BYTES;
            if (!http_send(socket, at, piece)) break;
            at += piece;
            left -= piece;
            if (strcmp(how, "slow") == 0) http_pause(100);
        }
        if (stalls) http_be_silent(socket);
    }
    free(body);
}

static inline void http_serve(struct http_server *server, int socket) {
    char request[4096], path[256] = "", how[64] = "", range[256], if_range[256];
    size_t used = 0;
    while (used < sizeof request - 1) {
        ssize_t got = recv(socket, request + used, sizeof request - 1 - used, 0);
        if (got <= 0) return;
        used += (size_t)got;
        request[used] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) break;
    }
    if (sscanf(request, "GET %255s", path) != 1) return;
    http_header(request, "\r\nRange", range);
    http_header(request, "\r\nIf-Range", if_range);
    FILE *log = fopen(server->log, "a");
    if (log != NULL) {
        fprintf(log, "%s %s %s\n", path, range, if_range);
        fclose(log);
    }
    snprintf(how, sizeof how, "%.*s", (int)strcspn(path + 1, "/"), path + 1);
    if (strcmp(how, "redirect") == 0)
        http_redirect(socket, "/ok");
    else if (strcmp(how, "loop") == 0)
        http_redirect(socket, "/loop");
    else if (strcmp(how, "tofile") == 0)
        http_redirect(socket, "file:///etc/hostname");
    else if (strcmp(how, "404") == 0)
        http_fail(socket, "404 Not Found");
    else if (strcmp(how, "403") == 0)
        http_fail(socket, "403 Forbidden");
    else if (strcmp(how, "500") == 0)
        http_fail(socket, "500 Internal Server Error");
    else if (strcmp(how, "empty") != 0)
        http_answer(server, socket, how, range, if_range);
}

/* Sets port and process. The child dies with http_stop(), or by itself after five minutes. */
static inline void http_start(struct http_server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    server->port = ntohs(address.sin_port);
    fflush(NULL);
    server->process = fork();
    assert_true(server->process >= 0);
    if (server->process == 0) {
        alarm(300);
        for (;;) {
            int connection = accept(listener, NULL, NULL);
            if (connection < 0) continue;
            http_serve(server, connection);
            close(connection);
        }
    }
    close(listener);
}

static inline void http_stop(struct http_server *server) {
    kill(server->process, SIGKILL);
    waitpid(server->process, NULL, 0);
}

#endif
