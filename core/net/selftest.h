/* The canonical hash: one number that every bit-exact backend must give on every machine. */
#ifndef C4_NET_SELFTEST_H
#define C4_NET_SELFTEST_H

#include "core/base/status.h"
#include "core/op/backend.h"

/* SHA-256 (64 hexadecimal digits) over, for each of {winograd, direct} x {bn-relu, relu-bn}:
 * initial weights of seed 1; two steps of SGD (0.001, 0.9) on synthetic objects 0-19, then 20-24;
 * their two losses; state and momentum afterwards; an evaluation of objects 0-19 by batch and by
 * running statistics: losses; and the CKA of each layer's features (batch statistics) to the
 * initial network's, biased and debiased. All as little-endian binary64 in this order. About
 * 0.2 s. `backend` is a full table (simd/dispatch.h). */
enum c4_status c4_net_selftest(const struct c4_backend *backend, int threads, char hash[65]);

/* What it is in this arithmetic version. */
extern const char c4_net_selftest_hash[65];

#endif
