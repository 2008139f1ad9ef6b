#include "core/base/rng.h"

struct c4_rng_block c4_rng_draw(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch,
                                uint64_t index) {
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    struct c4_rng_block c = {{(uint32_t)index, (uint32_t)(index >> 32), epoch, (uint32_t)purpose}};
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xD2511F53u * c.word[0];
        uint64_t product1 = (uint64_t)0xCD9E8D57u * c.word[2];
        struct c4_rng_block next = {
            {(uint32_t)(product1 >> 32) ^ c.word[1] ^ key0, (uint32_t)product1,
             (uint32_t)(product0 >> 32) ^ c.word[3] ^ key1, (uint32_t)product0}};
        c = next;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return c;
}

void c4_rng_permutation(uint64_t seed, enum c4_rng_purpose purpose, uint32_t epoch, uint32_t *order,
                        uint32_t n) {
    for (uint32_t i = 0; i < n; i++) order[i] = i;
    for (uint32_t i = n; i-- > 1;) {
        uint32_t j = c4_rng_below(c4_rng_draw(seed, purpose, epoch, i).word[0], i + 1);
        uint32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
