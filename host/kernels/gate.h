/* SPDX-License-Identifier: Apache-2.0
 * The functions of an LSTM's gates in fixed point of 16 bits, with LiteRT's steps and constants
 * (docs/arithmetic.md, rule L). */
#ifndef GANTRY_KERNELS_GATE_H
#define GANTRY_KERNELS_GATE_H

#include <stdint.h>

enum { GANTRY_GATE_INTEGER_BITS = 3 }; /* of what goes into a gate: one is 2^12 */

/* 2^15 / (1 + exp(-x / 2^12)). */
int16_t gantry_gate_logistic(int16_t x);
/* 2^15 tanh(x / 2^(15 - integer_bits)); integer_bits 0..6. */
int16_t gantry_gate_tanh(int16_t x, int32_t integer_bits);

#endif
