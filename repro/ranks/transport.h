/* Messages between the ranks of a program that a launcher has started several times. The
 * implementation is a plug-in (repro/ranks/mpi), which uses nothing of this program: without a
 * launcher neither it nor MPI is loaded. One thread at a time, the one that opened it. */
#ifndef C4_REPRO_RANKS_TRANSPORT_H
#define C4_REPRO_RANKS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct c4_transport_message {
    int rank, tag; /* who sent it */
    size_t size_bytes;
    unsigned char *bytes; /* the receiver calls free() */
};

/* Functions return false on failure, with a sentence in `why`. */
struct c4_transport {
    int rank, size; /* 0 .. size - 1 */
    void *context;
    char why[512];
    /* Sends `bytes`, which are malloc()'s and belong to the transport from now on, also on failure.
     * Does not wait for the receiver. Messages of one rank to another arrive in their order. */
    bool (*send)(struct c4_transport *transport, int rank, int tag, unsigned char *bytes,
                 size_t size_bytes);
    /* Takes the next message of any rank, if one is here, and moves on what is being sent. Does not
     * wait. */
    bool (*receive)(struct c4_transport *transport, struct c4_transport_message *message,
                    bool *got);
    /* all[i * size_bytes ..] = `own` of the i-th of *count ranks on this machine; the caller calls
     * free(). Every rank calls it at the same time. */
    bool (*gather_machine)(struct c4_transport *transport, const void *own, size_t size_bytes,
                           unsigned char **all, int *count, int *index);
    /* Waits until everything is sent and every rank is here, and ends. */
    bool (*finish)(struct c4_transport *transport);
    /* Ends all ranks at once. Does not return. */
    void (*abort)(struct c4_transport *transport, int exit_status);
};

/* What the plug-in exports: C4_TRANSPORT_OPEN fills the transport and lets this process join the
 * others; false if `version` is not the plug-in's. C4_TRANSPORT_LIBRARY names the library behind
 * it, also without the others. */
#define C4_TRANSPORT_OPEN "c4_transport_open"
#define C4_TRANSPORT_LIBRARY "c4_transport_library"
enum { C4_TRANSPORT_VERSION = 1 };
typedef bool c4_transport_open_fn(int version, struct c4_transport *transport);
typedef const char *c4_transport_library_fn(void);

#endif
