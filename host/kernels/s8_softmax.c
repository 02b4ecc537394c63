/* SPDX-License-Identifier: Apache-2.0
 * Softmax over channels in plain C: the definition. */
#include "kernels/softmax_row.h"

void gantry_s8_softmax_table(double *table, float beta, float input_scale)
{
    for (int32_t d = 0; d < GANTRY_SOFTMAX_DISTANCES; d++)
        table[d] = exp(-(double)beta * (double)input_scale * d);
}

void gantry_s8_softmax__ref(const struct gantry_s8_softmax_args *args)
{
    gantry_map_assert(&args->input);
    gantry_map_assert(&args->output);
    gantry_softmax_rows(args, 0, args->input.h);
}
