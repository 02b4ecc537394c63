/* SPDX-License-Identifier: Apache-2.0
 * Random numbers of the tests: one 64-bit state, the same on every machine. */
#ifndef GANTRY_TEST_RANDOM_H
#define GANTRY_TEST_RANDOM_H

#include <stdint.h>

static inline uint64_t random_u64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Uniform in lo..hi, both included. */
static inline int32_t random_in(uint64_t *state, int32_t lo, int32_t hi)
{
    uint64_t span = (uint64_t)((int64_t)hi - lo + 1);
    return (int32_t)(lo + (int64_t)(random_u64(state) % span));
}

/* True once in n. */
static inline int random_one_in(uint64_t *state, int32_t n) { return random_in(state, 1, n) == 1; }

#endif
