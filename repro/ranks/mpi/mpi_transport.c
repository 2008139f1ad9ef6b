/* The transport over MPI: the only file that knows it. Built as a plug-in. */
#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repro/ranks/transport.h"

c4_transport_open_fn c4_transport_open;
c4_transport_library_fn c4_transport_library;

/* A message under way, whose bytes are the transport's until it has left. */
struct sending {
    struct sending *next;
    unsigned char *bytes;
    MPI_Request request;
};

struct state {
    MPI_Comm world; /* of our own, so that no library's messages get between ours */
    struct sending *sending;
};

static bool check(struct c4_transport *t, int error, const char *what) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (error == MPI_SUCCESS) return true;
    MPI_Error_string(error, text, &length);
    snprintf(t->why, sizeof t->why, "%s: %.400s", what, text);
    return false;
}

/* Frees what has left. */
static bool tidy(struct c4_transport *t) {
    struct state *s = t->context;
    for (struct sending **at = &s->sending; *at;) {
        struct sending *one = *at;
        int left = 0;
        if (!check(t, MPI_Test(&one->request, &left, MPI_STATUS_IGNORE), "MPI_Test")) return false;
        if (!left) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        free(one->bytes);
        free(one);
    }
    return true;
}

static bool send_bytes(struct c4_transport *t, int rank, int tag, unsigned char *bytes,
                       size_t size_bytes) {
    struct state *s = t->context;
    struct sending *one = size_bytes <= INT_MAX ? malloc(sizeof *one) : NULL;
    if (!one) {
        free(bytes);
        snprintf(t->why, sizeof t->why, "no memory for a message of %zu bytes", size_bytes);
        return false;
    }
    one->bytes = bytes;
    int error = MPI_Isend(bytes, (int)size_bytes, MPI_BYTE, rank, tag, s->world, &one->request);
    /* tidy() waits for the request. NOLINTBEGIN(clang-analyzer-optin.mpi.MPI-Checker) */
    if (!check(t, error, "MPI_Isend")) {
        free(bytes);
        free(one);
        return false;
    }
    one->next = s->sending;
    s->sending = one;
    return tidy(t);
    /* NOLINTEND(clang-analyzer-optin.mpi.MPI-Checker) */
}

static bool receive(struct c4_transport *t, struct c4_transport_message *message, bool *got) {
    struct state *s = t->context;
    MPI_Status status;
    MPI_Message matched;
    int there = 0, size = 0;
    *got = false;
    if (!tidy(t)) return false;
    int error = MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, s->world, &there, &matched, &status);
    if (!check(t, error, "MPI_Improbe")) return false;
    if (!there) return true;
    MPI_Get_count(&status, MPI_BYTE, &size);
    unsigned char *bytes = malloc((size_t)size + 1);
    if (!bytes) {
        snprintf(t->why, sizeof t->why, "no memory for a message of %d bytes", size);
        return false;
    }
    if (!check(t, MPI_Mrecv(bytes, size, MPI_BYTE, &matched, MPI_STATUS_IGNORE), "MPI_Mrecv")) {
        free(bytes);
        return false;
    }
    *message = (struct c4_transport_message){.rank = status.MPI_SOURCE,
                                             .tag = status.MPI_TAG,
                                             .size_bytes = (size_t)size,
                                             .bytes = bytes};
    *got = true;
    return true;
}

static bool gather_machine(struct c4_transport *t, const void *own, size_t size_bytes,
                           unsigned char **all, int *count, int *index) {
    struct state *s = t->context;
    MPI_Comm here;
    *all = NULL;
    if (!check(t,
               MPI_Comm_split_type(s->world, MPI_COMM_TYPE_SHARED, t->rank, MPI_INFO_NULL, &here),
               "MPI_Comm_split_type"))
        return false;
    MPI_Comm_size(here, count);
    MPI_Comm_rank(here, index);
    *all = malloc((size_t)*count * size_bytes + 1);
    if (!*all) snprintf(t->why, sizeof t->why, "no memory to know the ranks of this machine");
    bool done = *all && check(t,
                              MPI_Allgather(own, (int)size_bytes, MPI_BYTE, *all, (int)size_bytes,
                                            MPI_BYTE, here),
                              "MPI_Allgather");
    MPI_Comm_free(&here);
    if (!done) {
        free(*all);
        *all = NULL;
    }
    return done;
}

static bool finish(struct c4_transport *t) {
    struct state *s = t->context;
    while (s->sending) {
        if (!tidy(t)) return false;
        if (s->sending) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    MPI_Comm_free(&s->world);
    free(s);
    t->context = NULL;
    return check(t, MPI_Finalize(), "MPI_Finalize");
}

static void end_all(struct c4_transport *t, int exit_status) {
    (void)t;
    MPI_Abort(MPI_COMM_WORLD, exit_status);
    _Exit(exit_status);
}

bool c4_transport_open(int version, struct c4_transport *t) {
    memset(t, 0, sizeof *t);
    struct state *s = calloc(1, sizeof *s);
    int provided = 0;
    if (!s) snprintf(t->why, sizeof t->why, "no memory for MPI");
    if (!s) return false;
    if (version != C4_TRANSPORT_VERSION)
        snprintf(t->why, sizeof t->why, "it belongs to another version of conv4");
    if (t->why[0] ||
        !check(t, MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread") ||
        !check(t, MPI_Comm_dup(MPI_COMM_WORLD, &s->world), "MPI_Comm_dup")) {
        free(s);
        return false;
    }
    MPI_Comm_rank(s->world, &t->rank);
    MPI_Comm_size(s->world, &t->size);
    t->context = s;
    t->send = send_bytes;
    t->receive = receive;
    t->gather_machine = gather_machine;
    t->finish = finish;
    t->abort = end_all;
    return true;
}

const char *c4_transport_library(void) {
    static char name[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_Get_library_version(name, &length);
    name[strcspn(name, ",\n")] = '\0';
    return name;
}
