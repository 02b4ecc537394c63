/* SPDX-License-Identifier: Apache-2.0
 * What a Verilated test bench in C++ includes: the C headers of the tests, and a seeded generator.
 *
 * Headers of the parts are C; a bench includes them between GANTRY_C_BEGIN and GANTRY_C_END. */
#ifndef GANTRY_RTL_TEST_H
#define GANTRY_RTL_TEST_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define GANTRY_C_BEGIN extern "C" {
#define GANTRY_C_END }

GANTRY_C_BEGIN
#include "test.h"
GANTRY_C_END

/* xorshift64*: the same numbers everywhere. */
struct gantry_random {
    uint64_t state;
    explicit gantry_random(uint64_t seed) : state(seed * 2 + 1) {}
    uint64_t next()
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return state * UINT64_C(0x2545F4914F6CDD1D);
    }
    uint32_t below(uint32_t limit) { return (uint32_t)((next() >> 32) * limit >> 32); }
    int32_t between(int32_t low, int32_t high)
    {
        return low + (int32_t)below((uint32_t)(high - low + 1));
    }
    bool chance(uint32_t percent) { return below(100) < percent; }
};

/* Seed of a randomised bench: GANTRY_SEED, or the given one; printed, so that a failure repeats. */
static inline uint64_t gantry_rtl_seed(uint64_t fallback)
{
    const char *text = std::getenv("GANTRY_SEED");
    uint64_t seed = text ? std::strtoull(text, nullptr, 0) : fallback;
    std::printf("GANTRY_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

#endif
