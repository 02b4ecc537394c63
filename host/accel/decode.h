/* SPDX-License-Identifier: Apache-2.0
 * Instructions as C structs: what the executor, the checker and devices work on. */
#ifndef GANTRY_ACCEL_DECODE_H
#define GANTRY_ACCEL_DECODE_H

#include "accel/accel.h"

void gantry_conv_decode(struct gantry_conv *out, const struct gantry_insn *insn, int32_t npx);
void gantry_move_decode(struct gantry_move *out, const struct gantry_insn *insn);

#endif
