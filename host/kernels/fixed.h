/* SPDX-License-Identifier: Apache-2.0
 * Rule M: products with a real factor in fixed point, rounded twice. */
#ifndef GANTRY_KERNELS_FIXED_H
#define GANTRY_KERNELS_FIXED_H

#include <stdint.h>

/* A real factor: multiplier x 2^(shift - 31); its magnitude is 2^30..2^31 - 1, or all is 0. */
struct gantry_fixed {
    int32_t multiplier, shift;
};

/* The nearest to a factor within -2^31..2^31; 0 for what is below 2^-32 and for no number. */
struct gantry_fixed gantry_fixed_of(double factor);

/* value x factor: value x 2^shift first, within int32, where shift is above 0; then
 * gantry_fixed_high; then gantry_fixed_shift where it is below 0. */
int32_t gantry_fixed_multiply(int32_t value, struct gantry_fixed factor);

/* The same with ties up in the last step, too. */
int32_t gantry_fixed_multiply_up(int32_t value, struct gantry_fixed factor);

/* For sums of up to 48 bits: the multiplier in 15 bits, one rounding, ties up. Results beyond 32
 * bits are limited to them. */
int32_t gantry_fixed_multiply_wide(int64_t value, struct gantry_fixed factor);

/* a x b / 2^31, ties up. -2^31 x -2^31 gives 2^31 - 1. */
int32_t gantry_fixed_high(int32_t a, int32_t b);
/* value / 2^bits, ties away from zero; bits 0..31. */
int32_t gantry_fixed_shift(int32_t value, int32_t bits);

#endif
