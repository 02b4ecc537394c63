/* SPDX-License-Identifier: Apache-2.0
 * Rule M. */
#include "kernels/fixed.h"

#include <math.h>

struct gantry_fixed gantry_fixed_of(double factor)
{
    struct gantry_fixed fixed = {0, 0};
    int exponent;
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

int32_t gantry_fixed_multiply(int32_t value, struct gantry_fixed factor)
{
    int64_t raised = value;
    if (factor.shift > 0) {
        int32_t shift = factor.shift < 31 ? factor.shift : 31;
        raised *= INT64_C(1) << shift;
        raised = raised < INT32_MIN ? INT32_MIN : raised > INT32_MAX ? INT32_MAX : raised;
    }
    int32_t high = gantry_fixed_high((int32_t)raised, factor.multiplier);
    return factor.shift < 0 ? gantry_fixed_shift(high, -factor.shift) : high;
}
