/* SPDX-License-Identifier: Apache-2.0
 * Convolution, depthwise convolution and fully connected on dense tensors: float32, and int8 of any
 * batch and grouping by rule F; others by op_conv.h. A unit is a row of the output. */
#include "kernels/op_conv.h"

#include "kernels/map.h"

/* Sum of products, in eight parts that the compiler keeps in one register. */
static float dot(const float *x, const float *w, int64_t count)
{
    float part[8] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (int32_t k = 0; k < 8; k++) part[k] += x[i + k] * w[i + k];
    for (; i < count; i++) sum += x[i] * w[i];
    for (int32_t k = 0; k < 8; k++) sum += part[k];
    return sum;
}

static int32_t dot_s8(const int8_t *x, const int8_t *w, int64_t count, int32_t x_zero,
                      int32_t w_zero)
{
    int32_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (x[i] - x_zero) * (w[i] - w_zero);
    return sum;
}

int64_t gantry_op_conv_at(const struct gantry_op_conv *conv, int32_t unit, int32_t ox, int32_t o,
                          int32_t ky, int32_t kx)
{
    const struct gantry_window_attributes *a = &conv->window;
    int32_t item = unit / conv->out_h, oy = unit % conv->out_h;
    int32_t y = oy * a->stride_h - a->pad_top + ky * a->dilation_h;
    int32_t x = ox * a->stride_w - a->pad_left + kx * a->dilation_w;
    if (conv->transposed) {
        y = oy + a->pad_top - ky * a->dilation_h;
        x = ox + a->pad_left - kx * a->dilation_w;
        if (y % a->stride_h != 0 || x % a->stride_w != 0) return -1;
        y /= a->stride_h;
        x /= a->stride_w;
    }
    if (y < 0 || y >= conv->h || x < 0 || x >= conv->w) return -1;
    int64_t pixel = ((int64_t)item * conv->h + y) * conv->w + x;
    return pixel * conv->c + (int64_t)(o / conv->share) * conv->depth;
}

static float element(const struct gantry_op_conv *conv, int32_t unit, int32_t ox, int32_t o)
{
    const struct gantry_op_args *args = conv->args;
    const float *x = args->inputs[0].data, *w = args->inputs[1].data;
    const float *bias = args->input_count > 2 ? args->inputs[2].data : NULL;
    float sum = bias ? bias[o] : 0;
    w += o * conv->channel;
    for (int32_t ky = 0; ky < conv->window.kernel_h; ky++) {
        for (int32_t kx = 0; kx < conv->window.kernel_w; kx++) {
            int64_t from = gantry_op_conv_at(conv, unit, ox, o, ky, kx);
            int64_t tap = ((int64_t)ky * conv->window.kernel_w + kx) * conv->tap;
            if (from >= 0) sum += dot(x + from, w + tap, conv->depth);
        }
    }
    return gantry_op_limit(args, sum);
}

static void run_f32(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_conv *conv = state;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        float *to =
            (float *)conv->args->outputs[0].data + (int64_t)unit * conv->out_w * conv->out_c;
        for (int32_t ox = 0; ox < conv->out_w; ox++)
            for (int32_t o = 0; o < conv->out_c; o++) *to++ = element(conv, unit, ox, o);
    }
}

static int8_t element_s8(const struct gantry_op_conv *conv, int32_t unit, int32_t ox, int32_t o)
{
    const struct gantry_op_args *args = conv->args;
    const int8_t *x = args->inputs[0].data, *w = args->inputs[1].data;
    const int32_t *bias = args->input_count > 2 ? args->inputs[2].data : NULL;
    int32_t sum = bias ? bias[o] : 0;
    w += o * conv->channel;
    for (int32_t ky = 0; ky < conv->window.kernel_h; ky++) {
        for (int32_t kx = 0; kx < conv->window.kernel_w; kx++) {
            int64_t from = gantry_op_conv_at(conv, unit, ox, o, ky, kx);
            int64_t tap = ((int64_t)ky * conv->window.kernel_w + kx) * conv->tap;
            if (from >= 0)
                sum += dot_s8(x + from, w + tap, conv->depth, args->inputs[0].zero_point[0],
                              args->inputs[1].zero_point[0]);
        }
    }
    return gantry_s8_requantize(sum, conv->scale[o], args->outputs[0].zero_point[0],
                                args->clamp_min, args->clamp_max);
}

static void run_s8(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct gantry_op_conv *conv = state;
    (void)scratch;
    for (int32_t unit = first; unit < end; unit++) {
        int8_t *to =
            (int8_t *)conv->args->outputs[0].data + (int64_t)unit * conv->out_w * conv->out_c;
        for (int32_t ox = 0; ox < conv->out_w; ox++)
            for (int32_t o = 0; o < conv->out_c; o++) *to++ = element_s8(conv, unit, ox, o);
    }
}

/* Scale of every channel. */
static const float *make_scale(const struct gantry_op_args *args, int32_t channels,
                               struct gantry_arena *arena)
{
    const struct gantry_op_tensor *w = &args->inputs[1];
    float *scale = gantry_arena_alloc(arena, (size_t)channels, sizeof *scale);
    for (int32_t o = 0; scale && o < channels; o++)
        scale[o] = gantry_rule_f_scale(args->inputs[0].scale[0], w->scale[w->scales > 1 ? o : 0],
                                       args->outputs[0].scale[0]);
    return scale;
}

static bool bind(struct gantry_kernel *kernel, struct gantry_op_conv *conv, int32_t units,
                 struct gantry_arena *arena)
{
    const struct gantry_op_args *args = conv->args;
    enum gantry_dtype dtype = args->inputs[0].dtype;
    if (dtype == GANTRY_FLOAT32 && args->inputs[1].dtype == GANTRY_INT8)
        return gantry_op_conv_bind_hybrid(kernel, conv, arena);
    if (dtype == GANTRY_INT8 && !(conv->scale = make_scale(args, conv->out_c, arena))) return false;
    if (dtype == GANTRY_INT16 && !gantry_op_conv_scale_s16(conv, arena)) return false;
    uint64_t taps = (uint64_t)conv->window.kernel_h * (uint64_t)conv->window.kernel_w;
    uint64_t values = (uint64_t)units * (uint64_t)conv->out_w * (uint64_t)conv->out_c;
    gantry_op_set(kernel,
                  dtype == GANTRY_INT8    ? run_s8
                  : dtype == GANTRY_INT16 ? gantry_op_conv_run_s16
                                          : run_f32,
                  conv, units, values * taps * (uint64_t)conv->depth);
    return true;
}

static struct gantry_op_conv *make(const struct gantry_op_args *args, struct gantry_arena *arena)
{
    struct gantry_op_conv *conv = gantry_arena_alloc(arena, 1, sizeof *conv);
    const int32_t *x = args->inputs[0].shape.dims, *y = args->outputs[0].shape.dims;
    if (!conv) return NULL;
    *conv = (struct gantry_op_conv){.args = args,
                                    .h = x[1],
                                    .w = x[2],
                                    .c = x[3],
                                    .out_h = y[1],
                                    .out_w = y[2],
                                    .out_c = y[3],
                                    .window = args->attributes->window};
    return conv;
}

bool gantry_op_conv_2d(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                       struct gantry_arena *arena)
{
    struct gantry_op_conv *conv = make(args, arena);
    if (!conv) return false;
    conv->depth = args->inputs[1].shape.dims[3];
    conv->share = conv->out_c / (conv->c / conv->depth);
    conv->tap = conv->depth;
    conv->channel = (int64_t)conv->window.kernel_h * conv->window.kernel_w * conv->depth;
    return bind(kernel, conv, args->outputs[0].shape.dims[0] * conv->out_h, arena);
}

/* A convolution whose weights lie alike, read from the other side. */
bool gantry_op_transpose_conv(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                              struct gantry_arena *arena)
{
    struct gantry_op_conv *conv = make(args, arena);
    if (!conv) return false;
    conv->transposed = true;
    conv->depth = conv->c;
    conv->share = conv->out_c;
    conv->tap = conv->depth;
    conv->channel = (int64_t)conv->window.kernel_h * conv->window.kernel_w * conv->depth;
    return bind(kernel, conv, args->outputs[0].shape.dims[0] * conv->out_h, arena);
}

bool gantry_op_depthwise_conv_2d(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                                 struct gantry_arena *arena)
{
    struct gantry_op_conv *conv = make(args, arena);
    if (!conv) return false;
    conv->depth = 1;
    conv->share = conv->out_c / conv->c;
    conv->tap = conv->out_c;
    conv->channel = 1;
    return bind(kernel, conv, args->outputs[0].shape.dims[0] * conv->out_h, arena);
}

/* A convolution of one tap over rows of one pixel. */
bool gantry_op_fully_connected(struct gantry_kernel *kernel, const struct gantry_op_args *args,
                               struct gantry_arena *arena)
{
    struct gantry_op_conv *conv = gantry_arena_alloc(arena, 1, sizeof *conv);
    const int32_t *w = args->inputs[1].shape.dims;
    if (!conv) return false;
    int32_t rows = (int32_t)(gantry_op_elements(&args->inputs[0]) / w[1]);
    *conv = (struct gantry_op_conv){.args = args,
                                    .h = rows,
                                    .w = 1,
                                    .c = w[1],
                                    .out_h = rows,
                                    .out_w = 1,
                                    .out_c = w[0],
                                    .depth = w[1],
                                    .share = w[0],
                                    .tap = w[1],
                                    .channel = w[1],
                                    .matrix = true,
                                    .window = {1, 1, 1, 1, 1, 1, 0, 0, 0, 0, false}};
    return bind(kernel, conv, rows, arena);
}
