/* SPDX-License-Identifier: Apache-2.0
 * The logistic function and the hyperbolic tangent of int16 by a table and a line between its
 * values (docs/arithmetic.md, rule I). */
#ifndef GANTRY_KERNELS_CURVE_H
#define GANTRY_KERNELS_CURVE_H

#include <stdint.h>

enum { GANTRY_CURVE_STEPS = 256 };

struct gantry_curve {
    int32_t multiplier, shift; /* value x multiplier / 2^shift is in steps of 1 / (3 x 2^12) */
    uint16_t table[GANTRY_CURVE_STEPS];
};

/* shift: 0..31. */
void gantry_curve_init(struct gantry_curve *curve, int32_t multiplier, int32_t shift);
/* In steps of 2^-15; curve is a struct gantry_curve. */
int32_t gantry_curve_logistic(const void *curve, int32_t value);
int32_t gantry_curve_tanh(const void *curve, int32_t value);

#endif
