/* SPDX-License-Identifier: Apache-2.0
 * What the NEON kernels share. Those of neondot use dot product instructions, which Cortex-A53 has
 * not. */
#ifndef GANTRY_KERNELS_NEON_H
#define GANTRY_KERNELS_NEON_H

#include <arm_neon.h>
#include <string.h>

#include "kernels/pack.h"

enum { LANES = 4, CHUNK = 16 };

#define INLINE static inline __attribute__((always_inline))

struct rounding {
    int16x8_t zero;
    int8x16_t lo, hi;
};

INLINE struct rounding rounding_of(const struct gantry_requant *requant)
{
    return (struct rounding){vdupq_n_s16((int16_t)requant->zero), vdupq_n_s8((int8_t)requant->lo),
                             vdupq_n_s8((int8_t)requant->hi)};
}

/* The conversion saturates: no product is too wide. */
INLINE int32x4_t scaled(int32x4_t acc, float32x4_t scale)
{
    return vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(acc), scale));
}

/* Rule F on four vectors. */
INLINE int8x16_t requantize(const int32x4_t a[4], const float32x4_t s[4], const struct rounding *r)
{
    int16x8_t low = vcombine_s16(vqmovn_s32(scaled(a[0], s[0])), vqmovn_s32(scaled(a[1], s[1])));
    int16x8_t high = vcombine_s16(vqmovn_s32(scaled(a[2], s[2])), vqmovn_s32(scaled(a[3], s[3])));
    int8x16_t bytes =
        vcombine_s8(vqmovn_s16(vqaddq_s16(low, r->zero)), vqmovn_s16(vqaddq_s16(high, r->zero)));
    return vminq_s8(vmaxq_s8(bytes, r->lo), r->hi);
}

#endif
