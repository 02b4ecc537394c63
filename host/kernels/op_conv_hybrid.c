/* SPDX-License-Identifier: Apache-2.0
 * Products of float32 activations with int8 weights, rule D: parts of the input become int8 with a
 * scale of their own when the operator runs. One unit: all of its outputs need the conversion. */
#include <math.h>

#include "kernels/op_conv.h"

struct hybrid {
    const struct gantry_op_conv *conv;
    int32_t spans;
    int64_t span; /* elements */
};

/* q = real * factor + zero, real = (q - zero) * scale. */
struct dynamic {
    float factor, scale;
    int32_t zero;
};

/* Scale and zero point that cover the values and 0. */
static struct dynamic cover(const float *x, int64_t count)
{
    float low = 0, high = 0;
    for (int64_t i = 0; i < count; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float factor = low == high ? 1.0f : 255.0f / (high - low);
    float from_low = INT8_MIN - low * factor, from_high = INT8_MAX - high * factor;
    float below = INT8_MIN + low * factor, above = INT8_MAX + high * factor;
    float zero = below + above > 0 ? from_low : from_high;
    return (struct dynamic){factor, 1.0f / factor,
                            gantry_op_round((double)zero, INT8_MIN, INT8_MAX)};
}

static void convert(const float *x, int8_t *q, int64_t count, const struct dynamic *dynamic)
{
    for (int64_t i = 0; i < count; i++)
        q[i] = (int8_t)(gantry_op_round((double)(x[i] * dynamic->factor), INT8_MIN - dynamic->zero,
                                        INT8_MAX - dynamic->zero) +
                        dynamic->zero);
}

static int32_t sum_of(const struct gantry_op_conv *conv, const int8_t *x, int32_t zero,
                      int32_t unit, int32_t ox, int32_t o)
{
    const struct gantry_op_tensor *weights = &conv->args->inputs[1];
    const int8_t *w = (const int8_t *)weights->data + o * conv->channel;
    int32_t w_zero = weights->zero_point[0], sum = 0;
    for (int32_t ky = 0; ky < conv->window.kernel_h; ky++) {
        for (int32_t kx = 0; kx < conv->window.kernel_w; kx++) {
            int64_t from = gantry_op_conv_at(conv, unit, ox, o, ky, kx);
            int64_t tap = ((int64_t)ky * conv->window.kernel_w + kx) * conv->tap;
            for (int32_t i = 0; from >= 0 && i < conv->depth; i++)
                sum += (x[from + i] - zero) * (w[tap + i] - w_zero);
        }
    }
    return sum;
}

static void run(const void *state, int32_t first, int32_t end, void *scratch)
{
    const struct hybrid *hybrid = state;
    const struct gantry_op_conv *conv = hybrid->conv;
    const struct gantry_op_args *args = conv->args;
    const struct gantry_op_tensor *w = &args->inputs[1];
    const float *x = args->inputs[0].data;
    const float *bias = args->input_count > 2 ? args->inputs[2].data : NULL;
    float *to = args->outputs[0].data;
    int8_t *q = scratch;
    int32_t pixels = (int32_t)(gantry_op_elements(&args->outputs[0]) / conv->out_c);
    int32_t pixels_of_span = pixels / hybrid->spans;
    (void)first, (void)end;
    for (int32_t span = 0; span < hybrid->spans; span++) {
        const struct dynamic dynamic = cover(x + span * hybrid->span, hybrid->span);
        convert(x + span * hybrid->span, q + span * hybrid->span, hybrid->span, &dynamic);
        for (int32_t i = 0; i < pixels_of_span; i++) {
            int32_t pixel = span * pixels_of_span + i;
            int32_t unit = pixel / conv->out_w, ox = pixel % conv->out_w;
            for (int32_t o = 0; o < conv->out_c; o++) {
                float sum = (float)sum_of(conv, q, dynamic.zero, unit, ox, o) * dynamic.scale;
                float scale = w->scale[w->scales > 1 ? o : 0];
                *to++ = gantry_op_limit(args, fmaf(sum, scale, bias ? bias[o] : 0));
            }
        }
    }
}

/* How many parts of the input have a scale of their own: rows of a matrix, pixels of a 1x1
 * convolution that reads them one by one, else items of the batch. */
static int32_t count_spans(const struct gantry_op_conv *conv)
{
    const struct gantry_window_attributes *window = &conv->window;
    int32_t batch = conv->args->inputs[0].shape.dims[0];
    bool pixels = window->kernel_h == 1 && window->kernel_w == 1 && window->stride_h == 1 &&
                  window->stride_w == 1 && conv->depth == conv->c && !conv->transposed;
    if (conv->matrix) return conv->out_h;
    return pixels ? batch * conv->out_h * conv->out_w : batch;
}

bool gantry_op_conv_bind_hybrid(struct gantry_kernel *kernel, const struct gantry_op_conv *conv,
                                struct gantry_arena *arena)
{
    struct hybrid *hybrid = gantry_arena_alloc(arena, 1, sizeof *hybrid);
    if (!hybrid) return false;
    int64_t elements = gantry_op_elements(&conv->args->inputs[0]);
    int64_t outputs = gantry_op_elements(&conv->args->outputs[0]);
    int32_t spans = count_spans(conv);
    *hybrid = (struct hybrid){conv, spans, elements / spans};
    int64_t taps = (int64_t)conv->window.kernel_h * conv->window.kernel_w * conv->depth;
    gantry_op_set(kernel, run, hybrid, 1, (uint64_t)(outputs * taps));
    kernel->scratch_bytes = (size_t)elements;
    return true;
}
