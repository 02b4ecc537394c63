/* SPDX-License-Identifier: Apache-2.0
 * Rule M. */
#include "kernels/fixed.h"

#include <math.h>

struct gantry_fixed gantry_fixed_of(double factor)
{
    const double most = 0x1p31;
    struct gantry_fixed fixed = {0, 0};
    int exponent;
    if (isnan(factor)) return fixed;
    factor = factor < -most ? -most : factor > most ? most : factor;
    int64_t multiplier = (int64_t)round(ldexp(frexp(factor, &exponent), 31));
    if (multiplier == INT64_C(1) << 31 || multiplier == -(INT64_C(1) << 31)) {
        multiplier /= 2;
        exponent++;
    }
    if (exponent < -31 || multiplier == 0) return fixed;
    fixed.multiplier = (int32_t)multiplier;
    fixed.shift = exponent;
    return fixed;
}

int32_t gantry_fixed_high(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30);
    return (int32_t)((product + nudge) / (INT64_C(1) << 31));
}

int32_t gantry_fixed_shift(int32_t value, int32_t bits)
{
    int64_t half = bits ? INT64_C(1) << (bits - 1) : 0;
    int64_t magnitude = value < 0 ? -(int64_t)value : value;
    int64_t rounded = (magnitude + half) >> bits;
    return (int32_t)(value < 0 ? -rounded : rounded);
}

static int32_t limited(int64_t value)
{
    return value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/* The part of a product before the last shift. */
static int32_t multiply_high(int32_t value, struct gantry_fixed factor)
{
    int32_t shift = factor.shift < 0 ? 0 : factor.shift < 31 ? factor.shift : 31;
    return gantry_fixed_high(limited(value * (INT64_C(1) << shift)), factor.multiplier);
}

int32_t gantry_fixed_multiply(int32_t value, struct gantry_fixed factor)
{
    int32_t high = multiply_high(value, factor);
    return factor.shift < 0 ? gantry_fixed_shift(high, -factor.shift) : high;
}

int32_t gantry_fixed_multiply_up(int32_t value, struct gantry_fixed factor)
{
    int32_t high = multiply_high(value, factor), bits = -factor.shift;
    return bits > 0 ? (int32_t)((high + (INT64_C(1) << (bits - 1))) >> bits) : high;
}

int32_t gantry_fixed_multiply_wide(int64_t value, struct gantry_fixed factor)
{
    int32_t reduced =
        factor.multiplier < 0x7fff0000 ? (factor.multiplier + (1 << 15)) >> 16 : 0x7fff;
    int32_t shift = 15 - factor.shift;
    int64_t product = value * reduced;
    if (shift <= 0) return limited(product * (INT64_C(1) << (shift > -15 ? -shift : 15)));
    return limited((product + (INT64_C(1) << (shift - 1))) >> shift);
}
