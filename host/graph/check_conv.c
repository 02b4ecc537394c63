/* SPDX-License-Identifier: Apache-2.0
 * Convolutions and matrix products: weights, biases, sums, shapes. */
#include "graph/check.h"

#include <math.h>

static enum gantry_status check_weights_type(const struct gantry_site *site,
                                             enum gantry_dtype dtype)
{
    const struct gantry_graph_tensor *w = gantry_site_input(site, 1);
    if (w->dtype == dtype) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "weights \"%s\" are %s (must be %s)",
                         w->name, gantry_dtype_name(w->dtype), gantry_dtype_name(dtype));
}

static enum gantry_status check_weights_rank(const struct gantry_site *site, int32_t rank)
{
    const struct gantry_graph_tensor *w = gantry_site_input(site, 1);
    if (w->shape.rank == rank) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "weights \"%s\" have rank %d (must be %d)", w->name,
                         w->shape.rank, rank);
}

static enum gantry_status check_bias_type(const struct gantry_site *site, enum gantry_dtype dtype)
{
    const struct gantry_graph_tensor *bias = gantry_site_input(site, 2);
    if (bias->dtype == dtype) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "bias \"%s\" is %s (must be %s)", bias->name,
                         gantry_dtype_name(bias->dtype), gantry_dtype_name(dtype));
}

static enum gantry_status check_bias_size(const struct gantry_site *site, int32_t channels)
{
    const struct gantry_graph_tensor *bias = gantry_site_input(site, 2);
    if (gantry_shape_elements(&bias->shape) == channels) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "bias \"%s\" has %d elements for %d channels",
                         bias->name, (int)gantry_shape_elements(&bias->shape), channels);
}

/* int8 weights: per tensor with a zero point, or per channel without. */
static enum gantry_status check_weights(const struct gantry_site *site, int32_t rank, int32_t axis)
{
    const struct gantry_graph_tensor *w = gantry_site_input(site, 1);
    enum gantry_status status = check_weights_type(site, GANTRY_INT8);
    if (status != GANTRY_OK) return status;
    if (!w->data)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "weights \"%s\" are not constant",
                             w->name);
    if ((status = check_weights_rank(site, rank)) != GANTRY_OK) return status;
    const struct gantry_quantization *q = &w->quantization;
    if (q->count == 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "weights \"%s\" have no scale", w->name);
    if (q->count > 1 && q->axis != axis)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE,
                             "weights \"%s\": quantised dimension %d (must be %d)", w->name,
                             q->axis, axis);
    for (int32_t c = 0; c < q->count; c++)
        if (q->count > 1 && q->zero_point[c] != 0)
            return GANTRY_REFUSE(
                site, GANTRY_ERR_FILE,
                "weights \"%s\": zero point %d of channel %d (per channel it is 0)", w->name,
                q->zero_point[c], c);
    return GANTRY_OK;
}

/* The bias has the scale of the products; LiteRT tolerates a difference of 0.02 output steps. */
static enum gantry_status check_bias(const struct gantry_site *site, int32_t channels)
{
    const struct gantry_graph_tensor *bias = gantry_site_input(site, 2);
    if (!bias) return GANTRY_OK;
    enum gantry_status status = check_bias_type(site, GANTRY_INT32);
    if (status != GANTRY_OK) return status;
    if (!bias->data)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "bias \"%s\" is not constant",
                             bias->name);
    if ((status = check_bias_size(site, channels)) != GANTRY_OK) return status;
    const struct gantry_quantization *q = &bias->quantization;
    const struct gantry_quantization *w = &gantry_site_input(site, 1)->quantization;
    for (int32_t c = 0; c < q->count; c++) {
        double product =
            (double)site->x->quantization.scale[0] * (double)w->scale[w->count > 1 ? c : 0];
        double difference = fabs(product - (double)q->scale[c]);
        if (q->zero_point[c] != 0 || difference > 0.02 * (double)site->y->quantization.scale[0])
            return GANTRY_REFUSE(
                site, GANTRY_ERR_FILE,
                "bias \"%s\": scale %g and zero point %d of channel %d (must be %g and 0)",
                bias->name, (double)q->scale[c], q->zero_point[c], c, product);
    }
    return GANTRY_OK;
}

/* Where the weights of a channel lie: taps of them, this far apart. */
struct taps {
    int64_t count, step, channel_step;
};

/* The sum of products of every channel fits 32 bits whatever the input, or rule F has no meaning.
 */
static enum gantry_status check_sums(const struct gantry_site *site, int32_t channels,
                                     const struct taps *taps)
{
    const struct gantry_graph_tensor *w = gantry_site_input(site, 1);
    const struct gantry_graph_tensor *b = gantry_site_input(site, 2);
    const int8_t *weights = w->data;
    const uint8_t *bias = b ? b->data : NULL;
    int64_t x_low = INT8_MIN - site->x->quantization.zero_point[0];
    int64_t x_high = INT8_MAX - site->x->quantization.zero_point[0];
    int32_t zero = w->quantization.zero_point[0];
    for (int32_t c = 0; c < channels; c++) {
        struct gantry_weight_sums sums;
        gantry_weights_sum(weights + c * taps->channel_step, taps->count, taps->step, zero, &sums);
        int64_t start = bias ? (int32_t)gantry_load_u32(bias + 4 * (size_t)c) : 0;
        int64_t low = start + sums.above * x_low + sums.below * x_high;
        int64_t high = start + sums.above * x_high + sums.below * x_low;
        if (low < INT32_MIN || high > INT32_MAX)
            return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                                 "the sum of channel %d can leave 32 bits (%lld..%lld)", c,
                                 (long long)low, (long long)high);
        float scale = gantry_node_scale(site->graph, site->node, c);
        if (!isfinite(scale))
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "the scale of channel %d is not finite", c);
    }
    return GANTRY_OK;
}

/* Sums of int16 with int8 fit 48 bits, with a bias of int32 the 32 bits that LiteRT has then. */
static enum gantry_status check_wide_sums(const struct gantry_site *site, int32_t channels,
                                          const struct taps *taps)
{
    const struct gantry_graph_tensor *bias = gantry_site_input(site, 2);
    const int8_t *weights = gantry_site_input(site, 1)->data;
    int32_t bits = bias && bias->dtype == GANTRY_INT32 ? 32 : 48;
    int64_t limit = (INT64_C(1) << (bits - 1)) - 1;
    for (int32_t c = 0; c < channels; c++) {
        struct gantry_weight_sums sums;
        gantry_weights_sum(weights + c * taps->channel_step, taps->count, taps->step, 0, &sums);
        int64_t value = bias ? gantry_site_integer(site, 2, c) : 0;
        int64_t most = (sums.above - sums.below) * -(int64_t)INT16_MIN;
        if (most > limit || value > limit - most || value < most - limit)
            return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                                 "the sum of channel %d can leave %d bits", c, bits);
    }
    return GANTRY_OK;
}

/* Products of int16 with int8 have no zero points. */
static enum gantry_status check_int16(const struct gantry_site *site, int32_t channels,
                                      const struct taps *taps)
{
    const struct gantry_graph_tensor *bias = gantry_site_input(site, 2);
    enum gantry_status status = gantry_check_symmetric(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_symmetric(site, gantry_site_input(site, 1));
    if (status == GANTRY_OK) status = gantry_check_symmetric(site, site->y);
    if (status == GANTRY_OK && bias) status = check_bias_size(site, channels);
    if (status != GANTRY_OK) return status;
    if (bias && ((bias->dtype != GANTRY_INT64 && bias->dtype != GANTRY_INT32) || !bias->data))
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "bias \"%s\" is %s%s (constant int64)",
                             bias->name, gantry_dtype_name(bias->dtype),
                             bias->data ? "" : ", not constant");
    return check_wide_sums(site, channels, taps);
}

/* Weights and bias of a float32 product; they need not be constants. int8 weights are, and have no
 * zero points but in a matrix. */
static enum gantry_status check_float(const struct gantry_site *site, int32_t rank, int32_t axis)
{
    const struct gantry_graph_tensor *w = gantry_site_input(site, 1);
    bool hybrid = w->dtype == GANTRY_INT8 && site->node->op != GANTRY_OP_DEPTHWISE_CONV_2D;
    enum gantry_status status =
        hybrid ? check_weights(site, rank, axis) : check_weights_type(site, GANTRY_FLOAT32);
    if (status == GANTRY_OK) status = check_weights_rank(site, rank);
    if (status != GANTRY_OK || !gantry_site_input(site, 2)) return status;
    int32_t channels = w->shape.dims[axis];
    status = check_bias_type(site, GANTRY_FLOAT32);
    return status == GANTRY_OK ? check_bias_size(site, channels) : status;
}

/* Types of the operands, and what is checked before the shapes. */
static enum gantry_status check_operands(const struct gantry_site *site, int32_t rank, int32_t axis)
{
    enum gantry_status status = gantry_check_types(site);
    if (status == GANTRY_OK) status = gantry_check_clamp(site);
    if (status != GANTRY_OK) return status;
    if (site->x->dtype == GANTRY_FLOAT32) return check_float(site, rank, axis);
    return check_weights(site, rank, axis);
}

/* Biases and sums of int8 products; mapped when nothing stands against it. */
static enum gantry_status check_products(const struct gantry_site *site, int32_t channels,
                                         const struct taps *taps, bool map)
{
    site->node->mapped = map && gantry_site_is_map(site);
    if (site->x->dtype == GANTRY_INT16) return check_int16(site, channels, taps);
    if (site->x->dtype != GANTRY_INT8) return GANTRY_OK;
    enum gantry_status status = check_bias(site, channels);
    return status == GANTRY_OK ? check_sums(site, channels, taps) : status;
}

/* Multiply-accumulates of a window: of so many products for every element of the output. */
static uint64_t count_macs(const struct gantry_site *site, int64_t taps)
{
    return (uint64_t)gantry_shape_elements(&site->y->shape) * (uint64_t)taps;
}

enum gantry_status gantry_check_conv(const struct gantry_site *site)
{
    enum gantry_status status = check_operands(site, 4, 0);
    if (status != GANTRY_OK) return status;
    const struct gantry_window_attributes *window = &site->node->attributes.window;
    const int32_t *w = gantry_site_input(site, 1)->shape.dims;
    if (window->kernel_h != w[1] || window->kernel_w != w[2])
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "kernel %dx%d, weights of %dx%d",
                             window->kernel_h, window->kernel_w, w[1], w[2]);
    if ((status = gantry_check_window(site, w[0])) != GANTRY_OK) return status;
    int32_t groups = site->in.c / w[3];
    if (site->in.c % w[3] != 0 || w[0] % groups != 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d channels, weights of %d to %d", site->in.c,
                             w[3], w[0]);
    int64_t count = (int64_t)w[1] * w[2] * w[3];
    const struct taps taps = {count, 1, count};
    site->node->macs = count_macs(site, count);
    return check_products(site, w[0], &taps, groups == 1);
}

/* The window lies on the output: what it makes of that has the extent of the input. */
enum gantry_status gantry_check_transpose_conv(const struct gantry_site *site)
{
    const struct gantry_window_attributes *window = &site->node->attributes.window;
    const struct gantry_site turned = {.graph = site->graph,
                                       .node = site->node,
                                       .index = site->index,
                                       .x = site->y,
                                       .y = site->x,
                                       .in = site->out,
                                       .out = site->in,
                                       .error = site->error};
    enum gantry_status status = check_operands(site, 4, 0);
    if (status == GANTRY_OK) status = gantry_check_window(&turned, turned.out.c);
    if (status != GANTRY_OK) return status;
    const int32_t *w = gantry_site_input(site, 1)->shape.dims;
    if (window->kernel_h != w[1] || window->kernel_w != w[2] || w[0] != site->out.c ||
        w[3] != site->in.c)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d to %d channels, weights of %dx%dx%dx%d",
                             site->in.c, site->out.c, w[0], w[1], w[2], w[3]);
    int64_t count = (int64_t)w[1] * w[2] * w[3];
    const struct taps taps = {count, 1, count};
    site->node->macs = (uint64_t)gantry_shape_elements(&site->x->shape) * (uint64_t)w[0] *
                       (uint64_t)w[1] * (uint64_t)w[2];
    return check_products(site, w[0], &taps, false);
}

enum gantry_status gantry_check_depthwise(const struct gantry_site *site)
{
    enum gantry_status status = check_operands(site, 4, 3);
    if (status != GANTRY_OK) return status;
    const struct gantry_window_attributes *window = &site->node->attributes.window;
    const int32_t *w = gantry_site_input(site, 1)->shape.dims;
    if (w[0] != 1 || window->kernel_h != w[1] || window->kernel_w != w[2])
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "kernel %dx%d, weights of %dx%dx%d",
                             window->kernel_h, window->kernel_w, w[0], w[1], w[2]);
    if ((status = gantry_check_window(site, w[3])) != GANTRY_OK) return status;
    if (w[3] % site->in.c != 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d channels, weights of %d", site->in.c, w[3]);
    const struct taps taps = {(int64_t)w[1] * w[2], w[3], 1};
    site->node->macs = count_macs(site, taps.count);
    return check_products(site, w[3], &taps, true);
}

/* Rows of in features to rows of out: [rows, out], or the input's dimensions with the last one
 * replaced, as the output states or the attributes say. */
enum gantry_status gantry_check_fully_connected(const struct gantry_site *site)
{
    enum gantry_status status = check_operands(site, 2, 0);
    if (status != GANTRY_OK) return status;
    const int32_t *w = gantry_site_input(site, 1)->shape.dims;
    int64_t elements = gantry_shape_elements(&site->x->shape);
    if (elements % w[1] != 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input of %d elements, weights of %d",
                             (int)elements, w[1]);
    int64_t rows = elements / w[1];
    struct gantry_shape inferred = {2, {(int32_t)rows, w[0]}};
    bool keep = gantry_site_open(site->y)
                    ? site->node->attributes.keep_dims && site->x->shape.rank > 0
                    : site->y->shape.rank != 2 && site->y->shape.rank == site->x->shape.rank;
    if (keep) {
        inferred = site->x->shape;
        inferred.dims[inferred.rank - 1] = w[0];
    }
    if ((status = gantry_check_output_shape(site, &inferred)) != GANTRY_OK) return status;
    if (gantry_shape_elements(&site->y->shape) != rows * w[0])
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "output of %d elements for %d rows of %d",
                             (int)gantry_shape_elements(&site->y->shape), (int)rows, w[0]);
    const struct taps taps = {w[1], 1, w[1]};
    site->node->macs = (uint64_t)rows * (uint64_t)w[0] * (uint64_t)w[1];
    return check_products(site, w[0], &taps, rows == 1);
}
