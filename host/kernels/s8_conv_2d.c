/* SPDX-License-Identifier: Apache-2.0
 * Convolution and fully connected, in plain C: the definition. */
#include "kernels/map.h"

/* Sum over the channels of one pixel. */
static int32_t dot(const int8_t *x, const int8_t *w, int32_t count, int32_t x_zero, int32_t w_zero)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) sum += (x[i] - x_zero) * (w[i] - w_zero);
    return sum;
}

/* Padding counts as the zero point, so taps outside of the input contribute nothing. */
static int32_t accumulate(const struct gantry_s8_conv_args *args, const int8_t *weights, int32_t y,
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
            const int8_t *w = weights + ((ptrdiff_t)ky * args->kernel_w + kx) * in->c;
            sum += dot(pixel, w, in->c, args->input_zero, args->weight_zero);
        }
    }
    return sum;
}

void gantry_s8_conv_2d__ref(const struct gantry_s8_conv_args *args)
{
    const struct gantry_s8_map *out = &args->output;
    gantry_map_assert(&args->input);
    gantry_map_assert(out);
    ptrdiff_t filter = (ptrdiff_t)args->kernel_h * args->kernel_w * args->input.c;
    for (int32_t oy = 0; oy < out->h; oy++) {
        for (int32_t ox = 0; ox < out->w; ox++) {
            int8_t *to = gantry_map_pixel(out, oy, ox);
            int32_t y = oy * args->stride_h - args->pad_top;
            int32_t x = ox * args->stride_w - args->pad_left;
            for (int32_t oc = 0; oc < out->c; oc++) {
                int32_t acc = accumulate(args, args->weights + oc * filter, y, x);
                if (args->bias) acc += args->bias[oc];
                to[oc] = gantry_s8_requantize(acc, args->scale[oc], args->output_zero,
                                              args->clamp_min, args->clamp_max);
            }
        }
    }
}
