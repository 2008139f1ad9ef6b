/* Learning where the other ranks' workers are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/file/file.h"
#include "repro/ranks/ranks_parts.h"

enum c4_status c4_ranks_welcome(struct c4_ranks *ranks,
                                const struct c4_transport_message *message) {
    struct c4_rank_state *rank = &ranks->rank[message->rank];
    struct c4_rank_hello hello;
    const unsigned char *bytes = message->bytes + sizeof hello;
    bool right = !rank->here && message->size_bytes >= sizeof hello;
    if (right) memcpy(&hello, message->bytes, sizeof hello);
    right = right && hello.places > 0 && hello.pus >= 0;
    size_t places = right ? (size_t)hello.places : 0, pus = right ? (size_t)hello.pus : 0;
    size_t place_bytes = places * sizeof *rank->place, pu_bytes = pus * sizeof *rank->pu;
    if (!right || message->size_bytes != sizeof hello + place_bytes + pu_bytes)
        return c4_fail(C4_ERR_FAILED, "invalid message from rank %d", message->rank);
    rank->place = malloc(place_bytes);
    rank->pu = pus > 0 ? malloc(pu_bytes) : NULL;
    rank->channel = calloc(places, sizeof(struct c4_channel *));
    if (!rank->place || (pus > 0 && !rank->pu) || !rank->channel)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the places of rank %d", message->rank);
    memcpy(rank->place, bytes, place_bytes);
    if (pus > 0) memcpy(rank->pu, bytes + place_bytes, pu_bytes);
    hello.host[sizeof hello.host - 1] = '\0';
    snprintf(rank->host, sizeof rank->host, "%s", hello.host);
    rank->places = hello.places;
    if (hello.widest < ranks->widest) ranks->widest = hello.widest;
    rank->here = true;
    return C4_OK;
}

/* A number that no other start has, and FOLDER/study.ranks with it. */
static enum c4_status mark_folder(struct c4_ranks *ranks, const char *folder,
                                  char number[C4_SHA256_HEX_SIZE]) {
    unsigned char random[32];
    char path[C4_STORE_PATH_SIZE];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return c4_fail(C4_ERR_ENVIRONMENT, "this system gives no random numbers");
    C4_TRY(c4_sha256_hex(random, sizeof random, number));
    C4_TRY(c4_path_join(path, sizeof path, folder, "study.ranks"));
    C4_TRY(c4_file_write_atomic(path, number, strlen(number)));
    return c4_text_set(&ranks->file, path);
}

static enum c4_status show_folder(struct c4_ranks *ranks, const char *folder,
                                  const struct c4_images *images) {
    struct c4_rank_folder *shown = calloc(1, sizeof *shown);
    if (!shown) return c4_fail(C4_ERR_MEMORY, "out of memory for other ranks");
    enum c4_status status = mark_folder(ranks, folder, shown->number);
    for (int i = 0; i < C4_SETS_MAX; i++)
        for (int k = 0; k < C4_SPLITS; k++)
            if (images->set[i].split[k].count > 0)
                snprintf(shown->sha256[i][k], C4_SHA256_HEX_SIZE, "%s",
                         images->set[i].split[k].sha256);
    const struct c4_message_part part = {shown, sizeof *shown};
    for (int i = 1; status == C4_OK && i < ranks->transport->size; i++)
        status = c4_rank_send(ranks->transport, i, C4_RANK_FOLDER, &part, 1);
    free(shown);
    return status;
}

enum c4_status c4_ranks_gather(struct c4_ranks *ranks, const char *folder,
                               const struct c4_images *images, const struct c4_rank_caller *caller,
                               int *widest) {
    C4_TRY(show_folder(ranks, folder, images));
    for (;;) {
        bool all = true, any;
        C4_TRY(c4_ranks_pump(ranks, caller, &any));
        for (int i = 1; i < ranks->transport->size; i++) all = all && ranks->rank[i].here;
        if (all) break;
        C4_TRY(caller->watch(caller->context));
        if (!any) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    if (ranks->widest < *widest) *widest = ranks->widest;
    return C4_OK;
}

int c4_ranks_places(const struct c4_ranks *ranks) {
    int places = 0;
    for (int i = 1; i < ranks->transport->size; i++) places += ranks->rank[i].places;
    return places;
}

/* Raises *l3 and *node beyond those of the places. */
static void go_beyond(const struct c4_sched_place *where, int *l3, int *node) {
    if (where->l3 >= *l3) *l3 = where->l3 + 1;
    if (where->node >= *node) *node = where->node + 1;
}

void c4_ranks_place(const struct c4_ranks *ranks, int i, const struct c4_sched_place *own,
                    int count, struct c4_ranks_place *place) {
    const struct c4_rank_state *rank = &ranks->rank[1];
    int l3 = 0, node = 0, next_l3, next_node;
    for (int k = 0; k < count; k++) go_beyond(&own[k], &l3, &node);
    for (; i >= rank->places; i -= rank->places, rank++) {
        next_l3 = l3;
        next_node = node;
        for (int k = 0; k < rank->places; k++) {
            struct c4_sched_place where = rank->place[k].where;
            where.l3 += l3;
            where.node += node;
            go_beyond(&where, &next_l3, &next_node);
        }
        l3 = next_l3;
        node = next_node;
    }
    const struct c4_rank_place *found = &rank->place[i];
    *place = (struct c4_ranks_place){.rank = (int)(rank - ranks->rank),
                                     .number = i,
                                     .where = {.l3 = found->where.l3 + l3,
                                               .node = found->where.node + node,
                                               .kind = found->where.kind},
                                     .threads = found->threads,
                                     .bind = found->bind,
                                     .pu = found->bind ? rank->pu : NULL};
    for (int k = 0; k < i; k++)
        if (rank->place[k].bind && place->pu) place->pu += rank->place[k].threads;
}

enum c4_status c4_ranks_describe(const struct c4_ranks *ranks, int own_workers,
                                 struct c4_text *text) {
    int hosts = 0, size = ranks->transport->size;
    for (int i = 0; i < size; i++) {
        bool known = false;
        for (int k = 0; k < i; k++)
            known = known || strcmp(ranks->rank[k].host, ranks->rank[i].host) == 0;
        hosts += !known;
    }
    C4_TRY(c4_text_add(text, "%d ranks on %d host%s: %d", size, hosts, hosts == 1 ? "" : "s",
                       own_workers));
    for (int i = 1; i < size; i++)
        C4_TRY(c4_text_add(text, i < size - 1 ? ", %d" : " and %d", ranks->rank[i].places));
    return c4_text_add(text, " workers");
}
