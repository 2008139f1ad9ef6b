/* Initial weights: PyTorch's default distribution, drawn by our own generator. */
#ifndef C4_NET_INIT_H
#define C4_NET_INIT_H

#include <stdint.h>

#include "core/op/conv4.h"

/* Overwrites state [C4_STATE_COUNT]: weights and biases of convolutions and of the linear layer are
 * uniform in [-1/sqrt(fan_in), 1/sqrt(fan_in)) (fan_in = 27, 576, 256), rounded to float; BN scale
 * 1, shift 0; running mean 0, variance 1. Element i of tensor t is word i % 4 of
 * c4_rng_draw(seed, C4_RNG_INIT, t, i / 4). */
void c4_net_init(uint64_t seed, double *state);

#endif
