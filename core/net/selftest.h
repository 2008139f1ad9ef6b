/* The canonical hashes: two numbers that every bit-exact backend must give on every machine. */
#ifndef C4_NET_SELFTEST_H
#define C4_NET_SELFTEST_H

#include "core/base/status.h"
#include "core/op/backend.h"

/* SHA-256, 64 hexadecimal digits each. */
struct c4_selftest_hashes {
    char training[65]; /* of the arithmetic C4_ARITHMETIC */
    char
        similarity[65]; /* of the arithmetic C4_SIMILARITY_VERSION (core/similarity/similarity.h) */
};

/* Hashes the results of a short training, for each of {winograd, direct} x {bn-relu, relu-bn}: from
 * the initial weights of seed 1, two steps of SGD (0.001, 0.9) on synthetic objects 0-19, then
 * 20-24. In `training`: the two losses; state and momentum afterwards; the losses of objects 0-19
 * evaluated by batch and by running statistics. In `similarity`: each layer's CKA (features by
 * batch statistics) to the initial network's, biased and debiased. All as little-endian binary64 in
 * this order. About 0.2 s. `backend` is a full table (simd/dispatch.h). */
enum c4_status c4_net_selftest(const struct c4_backend *backend, int threads,
                               struct c4_selftest_hashes *hashes);

/* The expected hashes in these versions. */
extern const struct c4_selftest_hashes c4_net_selftest_hashes;

#endif
