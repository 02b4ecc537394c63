/* SPDX-License-Identifier: Apache-2.0
 * Convolutions of int16 activations with int8 weights: exact sums of 64 bits, then rule M. */
#include <math.h>

#include "kernels/op_conv.h"

static double scale_of(const struct gantry_op_conv *conv, int32_t o)
{
    const struct gantry_op_tensor *w = &conv->args->inputs[1];
    return (double)conv->args->inputs[0].scale[0] * (double)w->scale[w->scales > 1 ? o : 0] /
           (double)conv->args->outputs[0].scale[0];
}

bool gantry_op_conv_scale_s16(struct gantry_op_conv *conv, struct gantry_arena *arena)
{
    size_t channels = (size_t)conv->out_c;
    struct gantry_fixed *fixed = gantry_arena_alloc(arena, channels, sizeof *fixed);
    double *scales = gantry_arena_alloc(arena, channels, sizeof *scales);
    if (!fixed || !scales) return false;
    for (int32_t o = 0; o < conv->out_c; o++) {
        scales[o] = scale_of(conv, o);
        fixed[o] = gantry_fixed_of(scales[o]);
    }
    conv->fixed = fixed;
    conv->exact = conv->matrix ? scales : NULL;
    return true;
}

static int64_t sum(const struct gantry_op_conv *conv, int32_t unit, int32_t ox, int32_t o)
{
    const int16_t *x = conv->args->inputs[0].data;
    const int8_t *w = (const int8_t *)conv->args->inputs[1].data + o * conv->channel;
    int64_t total = 0;
    for (int32_t ky = 0; ky < conv->window.kernel_h; ky++) {
        for (int32_t kx = 0; kx < conv->window.kernel_w; kx++) {
            int64_t from = gantry_op_conv_at(conv, unit, ox, o, ky, kx);
            int64_t tap = ((int64_t)ky * conv->window.kernel_w + kx) * conv->tap;
            for (int32_t i = 0; from >= 0 && i < conv->depth; i++)
                total += (int64_t)x[from + i] * w[tap + i];
        }
    }
    return total;
}

/* A sum as the operator's rule scales it: a matrix product in float64, halves away from zero;
 * convolutions by rule M, with one rounding, or with two for a bias of int32. */
static int32_t scaled(const struct gantry_op_conv *conv, int64_t sum, int32_t o, bool narrow)
{
    if (conv->exact) {
        double value = round((double)sum * conv->exact[o]);
        return gantry_op_round(value, INT16_MIN, INT16_MAX);
    }
    return narrow ? gantry_fixed_multiply((int32_t)sum, conv->fixed[o])
                  : gantry_fixed_multiply_wide(sum, conv->fixed[o]);
}

void gantry_op_conv_run_s16(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_conv *conv = state;
    const struct gantry_op_args *args = conv->args;
    bool biased = args->input_count > 2 && args->inputs[2].data;
    bool narrow = biased && args->inputs[2].dtype == GANTRY_INT32;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int16_t *to = (int16_t *)args->outputs[0].data + (int64_t)unit * conv->out_w * conv->out_c;
        for (int32_t ox = 0; ox < conv->out_w; ox++) {
            for (int32_t o = 0; o < conv->out_c; o++) {
                int64_t acc = sum(conv, unit, ox, o);
                if (biased) acc += gantry_op_integer(&args->inputs[2], o);
                int32_t y = scaled(conv, acc, o, narrow);
                *to++ =
                    (int16_t)gantry_min_i32(gantry_max_i32(y, args->clamp_min), args->clamp_max);
            }
        }
    }
}
