/* SPDX-License-Identifier: Apache-2.0
 * Rule L: exponential by a Taylor polynomial and factors, quotients by Newton's method. Values are
 * int16 with some integer bits: with n of them, one is 2^(15 - n). */
#include "kernels/gate.h"

#include "kernels/fixed.h"

enum { FRACTION = 15, ONE = INT16_MAX };

static int32_t saturated(int32_t value)
{
    return value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value;
}

/* Stored values wrap where LiteRT's do. */
static int32_t wrapped(int32_t value) { return (int16_t)(uint16_t)value; }

/* a b / 2^15, ties up; the integer bits add up. */
static int32_t times(int32_t a, int32_t b)
{
    return saturated((a * b + (1 << (FRACTION - 1))) >> FRACTION);
}

/* exp(a - 1/4) for a in 0..1/4, no integer bits: around -1/8. */
static int32_t exp_of_quarter(int32_t a)
{
    enum { EXP_OF_EIGHTH = 28918, THIRD = 10923 }; /* 2^15 exp(-1/8), 2^15 / 3 */
    int32_t x = wrapped(a + (1 << (FRACTION - 3)));
    int32_t x2 = times(x, x), x3 = times(x2, x), x4 = times(x2, x2);
    int32_t high = times(gantry_fixed_shift(x4, 2) + x3, THIRD) + x2;
    int32_t sum = wrapped(x + gantry_fixed_shift(wrapped(high), 1));
    return saturated(EXP_OF_EIGHTH + times(EXP_OF_EIGHTH, sum));
}

/* exp(a) for a of 0 or less, with no integer bits. */
static int32_t exp_of_negative(int32_t a, int32_t integer_bits)
{
    /* 2^15 exp(-2^(k - 2)) */
    static const int16_t factor[] = {25520, 19875, 12055, 4435, 600, 11, 0};
    int32_t bits = FRACTION - integer_bits, quarter = 1 << (bits - 2);
    if (a == 0) return ONE;
    int32_t rest = (a & (quarter - 1)) - quarter, whole = wrapped(rest - a);
    int32_t result = exp_of_quarter(saturated(rest * (1 << integer_bits)));
    for (int32_t k = 0; k - 2 < integer_bits; k++)
        if (k < (int32_t)(sizeof factor / sizeof factor[0]) && (whole & (quarter << k)))
            result = times(result, factor[k]);
    /* Beyond -32 nothing is left. */
    if (integer_bits > 5 && a < -(1 << (bits + 5))) return 0;
    return result;
}

/* 2 / (1 + a) for a in 0..1, with two integer bits. */
static int32_t two_over_one_plus(int32_t a)
{
    enum { BITS = FRACTION - 2, A = 23130, B = -15420 }; /* 2^13 of 48/17 and of -32/17 */
    int32_t half = (a + ONE + 1) / 2;
    int32_t x = wrapped(A + times(half, B));
    for (int32_t i = 0; i < 3; i++) {
        int32_t rest = wrapped((1 << BITS) - times(half, x));
        x = wrapped(x + saturated(times(x, rest) * 4));
    }
    return x;
}

int16_t gantry_gate_logistic(int16_t x)
{
    if (x == 0) return 1 << (FRACTION - 1);
    int32_t positive = wrapped(x > 0 ? x : -x);
    int32_t exponential = exp_of_negative(wrapped(-positive), GANTRY_GATE_INTEGER_BITS);
    /* Half of the quotient has one integer bit instead of two. */
    int32_t result = saturated(two_over_one_plus(exponential) * 2);
    return (int16_t)(x > 0 ? result : wrapped(ONE - result));
}

int16_t gantry_gate_tanh(int16_t x, int32_t integer_bits)
{
    if (x == 0) return 0;
    int32_t negative = wrapped(x < 0 ? x : -x);
    /* Twice the value is the same number with one more integer bit. */
    int32_t exponential = exp_of_negative(negative, integer_bits + 1);
    int32_t quotient = two_over_one_plus(exponential) - (1 << (FRACTION - 2));
    int32_t result = saturated(wrapped(quotient) * 4);
    return (int16_t)(x < 0 ? wrapped(-result) : result);
}
