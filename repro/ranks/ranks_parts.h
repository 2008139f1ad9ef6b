/* Internals of rank 0's view of the others. */
#ifndef C4_REPRO_RANKS_RANKS_PARTS_H
#define C4_REPRO_RANKS_RANKS_PARTS_H

#include "repro/ranks/ranks.h"

struct c4_rank_state {
    char host[C4_HOST_NAME_SIZE];
    bool here, gone; /* has said hello; has ended */
    int64_t heard_ns;
    struct c4_rank_place *place; /* `places` of them */
    int places;
    int *pu;                     /* of all places, one after the other; NULL without a binding */
    struct c4_channel **channel; /* of each place; NULL: none */
};

struct c4_ranks {
    struct c4_transport *transport;
    struct c4_rank_state *rank; /* [transport->size]; the first is this one and stays empty */
    int widest;                 /* the least of those that are here */
    struct c4_text file;        /* study.ranks, while it is there */
    int64_t pinged_ns;
};

/* Takes a rank's HELLO. C4_ERR_MEMORY, C4_ERR_FAILED. */
enum c4_status c4_ranks_welcome(struct c4_ranks *ranks, const struct c4_transport_message *message);

#endif
