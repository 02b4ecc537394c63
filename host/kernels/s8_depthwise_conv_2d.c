/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution in plain C: the definition. */
#include "kernels/map.h"

static int32_t accumulate(const struct gantry_s8_conv_args *args, int32_t oc, int32_t ic, int32_t y,
                          int32_t x)
{
    const struct gantry_s8_map *in = &args->input;
    struct gantry_taps rows = gantry_taps_inside(y, args->kernel_h, args->dilation_h, in->h);
    struct gantry_taps columns = gantry_taps_inside(x, args->kernel_w, args->dilation_w, in->w);
    int32_t sum = 0;
    for (int32_t ky = rows.first; ky < rows.end; ky++) {
        for (int32_t kx = columns.first; kx < columns.end; kx++) {
            const int8_t *pixel =
                gantry_map_pixel(in, y + ky * args->dilation_h, x + kx * args->dilation_w);
            ptrdiff_t tap = (ptrdiff_t)ky * args->kernel_w + kx;
            int32_t w = args->weights[tap * args->output.c + oc];
            sum += (pixel[ic] - args->input_zero) * (w - args->weight_zero);
        }
    }
    return sum;
}

void gantry_s8_depthwise_conv_2d__ref(const struct gantry_s8_conv_args *args)
{
    const struct gantry_s8_map *out = &args->output;
    gantry_map_assert(&args->input);
    gantry_map_assert(out);
    gantry_assert(out->c % args->input.c == 0);
    int32_t multiplier = out->c / args->input.c;
    for (int32_t oy = 0; oy < out->h; oy++) {
        for (int32_t ox = 0; ox < out->w; ox++) {
            int8_t *to = gantry_map_pixel(out, oy, ox);
            int32_t y = oy * args->stride_h - args->pad_top;
            int32_t x = ox * args->stride_w - args->pad_left;
            for (int32_t oc = 0; oc < out->c; oc++) {
                int32_t acc = accumulate(args, oc, oc / multiplier, y, x);
                if (args->bias) acc += args->bias[oc];
                to[oc] = gantry_s8_requantize(acc, args->scale[oc], args->output_zero,
                                              args->clamp_min, args->clamp_max);
            }
        }
    }
}
