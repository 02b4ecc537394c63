/* SPDX-License-Identifier: Apache-2.0
 * What is legal for each operator: shapes, types, quantisation, attributes; and its MACs. */
#include "graph/check.h"

#include <math.h>

/* One node under check, with what every rule looks at. */
struct site {
    const struct gantry_graph *graph;
    struct gantry_graph_node *node;
    const struct gantry_graph_tensor *x, *y;
    struct gantry_extent in, out; /* of x and y */
    struct gantry_error *error;
};

/* Fails with the node in front of the message. */
#define FAIL(site, status, format, ...)                                                        \
    gantry_fail((site)->error, status, "node %d %s: " format,                                  \
                (int)((site)->node - (site)->graph->nodes), gantry_op_label((site)->node->op), \
                __VA_ARGS__)

static enum gantry_status check_output_shape(const struct site *site,
                                             const struct gantry_shape *inferred)
{
    if (gantry_shape_equal(&site->y->shape, inferred)) return GANTRY_OK;
    char stated[80], right[80];
    return FAIL(site, GANTRY_ERR_FILE, "output \"%s\" has shape %s, inference gives %s",
                site->y->name, gantry_shape_text(&site->y->shape, stated, sizeof stated),
                gantry_shape_text(inferred, right, sizeof right));
}

static enum gantry_status check_clamp(const struct site *site)
{
    int32_t low = site->node->clamp_min, high = site->node->clamp_max;
    if (low >= INT8_MIN && high <= INT8_MAX && low <= high) return GANTRY_OK;
    return FAIL(site, GANTRY_ERR_FILE, "activation range %d..%d (within -128..127)", low, high);
}

static enum gantry_status check_same_quantization(const struct site *site)
{
    const struct gantry_quantization *a = &site->x->quantization, *b = &site->y->quantization;
    if (a->scale[0] == b->scale[0] && a->zero_point[0] == b->zero_point[0]) return GANTRY_OK;
    return FAIL(site, GANTRY_ERR_UNSUPPORTED,
                "output has scale %g and zero point %d, input %g and %d (must be equal)",
                (double)b->scale[0], b->zero_point[0], (double)a->scale[0], a->zero_point[0]);
}

static bool within(int32_t value) { return value >= 1 && value <= GANTRY_WINDOW_LIMIT; }

static enum gantry_status check_window(const struct site *site)
{
    const struct gantry_window_attributes *a = &site->node->window;
    if (site->x->shape.rank != 4 || site->y->shape.rank != 4)
        return FAIL(site, GANTRY_ERR_FILE, "input has rank %d, output %d (must be 4)",
                    site->x->shape.rank, site->y->shape.rank);
    if (!within(a->kernel_h) || !within(a->kernel_w) || !within(a->stride_h) ||
        !within(a->stride_w) || !within(a->dilation_h) || !within(a->dilation_w))
        return FAIL(site, GANTRY_ERR_FILE,
                    "kernel %dx%d, stride %dx%d, dilation %dx%d (each 1..%d)", a->kernel_h,
                    a->kernel_w, a->stride_h, a->stride_w, a->dilation_h, a->dilation_w,
                    GANTRY_WINDOW_LIMIT);
    int32_t span_h = (a->kernel_h - 1) * a->dilation_h + 1;
    int32_t span_w = (a->kernel_w - 1) * a->dilation_w + 1;
    if (a->pad_top < 0 || a->pad_top >= span_h || a->pad_bottom < 0 || a->pad_bottom >= span_h ||
        a->pad_left < 0 || a->pad_left >= span_w || a->pad_right < 0 || a->pad_right >= span_w)
        return FAIL(site, GANTRY_ERR_FILE, "padding %d,%d,%d,%d of a window of %dx%d", a->pad_top,
                    a->pad_bottom, a->pad_left, a->pad_right, span_h, span_w);
    int64_t room_h = (int64_t)site->in.h + a->pad_top + a->pad_bottom - span_h;
    int64_t room_w = (int64_t)site->in.w + a->pad_left + a->pad_right - span_w;
    if (room_h < 0 || room_w < 0)
        return FAIL(site, GANTRY_ERR_FILE, "window of %dx%d on an input of %dx%d", span_h, span_w,
                    site->in.h, site->in.w);
    struct gantry_shape inferred = site->y->shape;
    inferred.dims[0] = 1;
    inferred.dims[1] = (int32_t)(room_h / a->stride_h + 1);
    inferred.dims[2] = (int32_t)(room_w / a->stride_w + 1);
    return check_output_shape(site, &inferred);
}

static enum gantry_status check_weights(const struct site *site, int32_t rank, int32_t axis)
{
    const struct gantry_graph_tensor *w = &site->graph->tensors[site->node->inputs[1]];
    if (w->dtype != GANTRY_INT8)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "weights \"%s\" are %s (must be int8)", w->name,
                    gantry_dtype_name(w->dtype));
    if (!w->data)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "weights \"%s\" are not constant", w->name);
    if (w->shape.rank != rank)
        return FAIL(site, GANTRY_ERR_FILE, "weights \"%s\" have rank %d (must be %d)", w->name,
                    w->shape.rank, rank);
    const struct gantry_quantization *q = &w->quantization;
    if (q->count == 0) return FAIL(site, GANTRY_ERR_FILE, "weights \"%s\" have no scale", w->name);
    if (q->count > 1 && q->axis != axis)
        return FAIL(site, GANTRY_ERR_FILE, "weights \"%s\": quantised dimension %d (must be %d)",
                    w->name, q->axis, axis);
    for (int32_t c = 0; c < q->count; c++)
        if (q->count > 1 && q->zero_point[c] != 0)
            return FAIL(site, GANTRY_ERR_FILE,
                        "weights \"%s\": zero point %d of channel %d (per channel it is 0)",
                        w->name, q->zero_point[c], c);
    return GANTRY_OK;
}

/* The bias has the scale of the products; LiteRT tolerates a difference of 0.02 output steps. */
static enum gantry_status check_bias(const struct site *site, int32_t channels)
{
    if (site->node->input_count < 3 || site->node->inputs[2] == GANTRY_NO_TENSOR) return GANTRY_OK;
    const struct gantry_graph_tensor *bias = &site->graph->tensors[site->node->inputs[2]];
    if (bias->dtype != GANTRY_INT32)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "bias \"%s\" is %s (must be int32)", bias->name,
                    gantry_dtype_name(bias->dtype));
    if (!bias->data)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "bias \"%s\" is not constant", bias->name);
    if (gantry_shape_elements(&bias->shape) != channels)
        return FAIL(site, GANTRY_ERR_FILE, "bias \"%s\" has %d elements for %d channels",
                    bias->name, (int)gantry_shape_elements(&bias->shape), channels);
    const struct gantry_quantization *q = &bias->quantization;
    const struct gantry_quantization *w = &site->graph->tensors[site->node->inputs[1]].quantization;
    for (int32_t c = 0; c < q->count; c++) {
        double product =
            (double)site->x->quantization.scale[0] * (double)w->scale[w->count > 1 ? c : 0];
        double difference = fabs(product - (double)q->scale[c]);
        if (q->zero_point[c] != 0 || difference > 0.02 * (double)site->y->quantization.scale[0])
            return FAIL(site, GANTRY_ERR_FILE,
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
static enum gantry_status check_sums(const struct site *site, int32_t channels,
                                     const struct taps *taps)
{
    const struct gantry_graph_tensor *w = &site->graph->tensors[site->node->inputs[1]];
    const int8_t *weights = w->data;
    const uint8_t *bias = NULL;
    if (site->node->input_count > 2 && site->node->inputs[2] != GANTRY_NO_TENSOR)
        bias = site->graph->tensors[site->node->inputs[2]].data;
    int64_t x_low = INT8_MIN - site->x->quantization.zero_point[0];
    int64_t x_high = INT8_MAX - site->x->quantization.zero_point[0];
    int32_t zero = w->quantization.zero_point[0];
    for (int32_t c = 0; c < channels; c++) {
        int64_t low = bias ? (int32_t)gantry_load_u32(bias + 4 * (size_t)c) : 0, high = low;
        for (int64_t i = 0; i < taps->count; i++) {
            int64_t value = weights[c * taps->channel_step + i * taps->step] - zero;
            low += value * (value > 0 ? x_low : x_high);
            high += value * (value > 0 ? x_high : x_low);
        }
        if (low < INT32_MIN || high > INT32_MAX)
            return FAIL(site, GANTRY_ERR_UNSUPPORTED,
                        "the sum of channel %d can leave 32 bits (%lld..%lld)", c, (long long)low,
                        (long long)high);
        float scale = gantry_node_scale(site->graph, site->node, c);
        if (!isfinite(scale))
            return FAIL(site, GANTRY_ERR_FILE, "the scale of channel %d is not finite", c);
    }
    return GANTRY_OK;
}

static enum gantry_status check_conv(const struct site *site)
{
    enum gantry_status status = check_weights(site, 4, 0);
    if (status != GANTRY_OK) return status;
    struct gantry_graph_node *node = site->node;
    const int32_t *w = site->graph->tensors[node->inputs[1]].shape.dims;
    if (node->window.kernel_h != w[1] || node->window.kernel_w != w[2])
        return FAIL(site, GANTRY_ERR_FILE, "kernel %dx%d, weights of %dx%d", node->window.kernel_h,
                    node->window.kernel_w, w[1], w[2]);
    if ((status = check_window(site)) != GANTRY_OK) return status;
    if (w[3] != site->in.c && site->in.c % w[3] == 0)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED,
                    "%d input channels, weights of %d (grouped convolution)", site->in.c, w[3]);
    if (w[3] != site->in.c || w[0] != site->out.c)
        return FAIL(site, GANTRY_ERR_FILE, "%d to %d channels, weights of %d to %d", site->in.c,
                    site->out.c, w[3], w[0]);
    if ((status = check_bias(site, w[0])) != GANTRY_OK) return status;
    struct taps taps = {(int64_t)w[1] * w[2] * w[3], 1, (int64_t)w[1] * w[2] * w[3]};
    node->macs =
        (uint64_t)site->out.h * (uint64_t)site->out.w * (uint64_t)w[0] * (uint64_t)taps.count;
    return check_sums(site, w[0], &taps);
}

static enum gantry_status check_depthwise(const struct site *site)
{
    enum gantry_status status = check_weights(site, 4, 3);
    if (status != GANTRY_OK) return status;
    struct gantry_graph_node *node = site->node;
    const int32_t *w = site->graph->tensors[node->inputs[1]].shape.dims;
    if (w[0] != 1 || node->window.kernel_h != w[1] || node->window.kernel_w != w[2])
        return FAIL(site, GANTRY_ERR_FILE, "kernel %dx%d, weights of %dx%dx%d",
                    node->window.kernel_h, node->window.kernel_w, w[0], w[1], w[2]);
    if ((status = check_window(site)) != GANTRY_OK) return status;
    if (w[3] != site->out.c || w[3] % site->in.c != 0)
        return FAIL(site, GANTRY_ERR_FILE, "%d to %d channels, weights of %d", site->in.c,
                    site->out.c, w[3]);
    if ((status = check_bias(site, w[3])) != GANTRY_OK) return status;
    struct taps taps = {(int64_t)w[1] * w[2], w[3], 1};
    node->macs =
        (uint64_t)site->out.h * (uint64_t)site->out.w * (uint64_t)w[3] * (uint64_t)taps.count;
    return check_sums(site, w[3], &taps);
}

static enum gantry_status check_fully_connected(const struct site *site)
{
    enum gantry_status status = check_weights(site, 2, 0);
    if (status != GANTRY_OK) return status;
    const int32_t *w = site->graph->tensors[site->node->inputs[1]].shape.dims;
    int64_t elements = gantry_shape_elements(&site->x->shape);
    if (elements != w[1])
        return FAIL(site, elements % w[1] ? GANTRY_ERR_FILE : GANTRY_ERR_UNSUPPORTED,
                    "input of %d elements, weights of %d (batch 1)", (int)elements, w[1]);
    /* Either [1, out], or the input's dimensions with the last one replaced. */
    struct gantry_shape inferred = {2, {1, w[0]}};
    if (site->y->shape.rank != 2 && site->y->shape.rank == site->x->shape.rank) {
        inferred = site->x->shape;
        inferred.dims[inferred.rank - 1] = w[0];
    }
    if ((status = check_output_shape(site, &inferred)) != GANTRY_OK) return status;
    if (gantry_shape_elements(&site->y->shape) != w[0])
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "output of %d elements, weights of %d (batch 1)",
                    (int)gantry_shape_elements(&site->y->shape), w[0]);
    if ((status = check_bias(site, w[0])) != GANTRY_OK) return status;
    struct taps taps = {w[1], 1, w[1]};
    site->node->macs = (uint64_t)w[0] * (uint64_t)w[1];
    return check_sums(site, w[0], &taps);
}

static enum gantry_status check_add(const struct site *site)
{
    const struct gantry_graph_tensor *b = &site->graph->tensors[site->node->inputs[1]];
    char text1[80], text2[80];
    if (!gantry_shape_equal(&site->x->shape, &b->shape))
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "inputs of shape %s and %s (must be equal)",
                    gantry_shape_text(&site->x->shape, text1, sizeof text1),
                    gantry_shape_text(&b->shape, text2, sizeof text2));
    struct gantry_add_params params;
    if (!gantry_node_add_params(site->graph, site->node, &params))
        return FAIL(site, GANTRY_ERR_UNSUPPORTED,
                    "scales %g and %g on an output scale of %g (ratios within 2^-10..2^8)",
                    (double)site->x->quantization.scale[0], (double)b->quantization.scale[0],
                    (double)site->y->quantization.scale[0]);
    return check_output_shape(site, &site->x->shape);
}

static enum gantry_status check_pool(const struct site *site)
{
    if (site->node->window.dilation_h != 1 || site->node->window.dilation_w != 1)
        return FAIL(site, GANTRY_ERR_FILE, "dilation %dx%d of a pool",
                    site->node->window.dilation_h, site->node->window.dilation_w);
    enum gantry_status status = check_window(site);
    if (status != GANTRY_OK) return status;
    if (site->in.c != site->out.c)
        return FAIL(site, GANTRY_ERR_FILE, "%d to %d channels", site->in.c, site->out.c);
    /* The sum of a window must fit 32 bits. */
    int64_t window = (int64_t)site->node->window.kernel_h * site->node->window.kernel_w;
    if (window > INT32_MAX / 256)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "window of %lld values (limit %d)",
                    (long long)window, INT32_MAX / 256);
    return check_same_quantization(site);
}

static enum gantry_status check_reshape(const struct site *site)
{
    int64_t from = gantry_shape_elements(&site->x->shape);
    int64_t to = gantry_shape_elements(&site->y->shape);
    if (from != to) return FAIL(site, GANTRY_ERR_FILE, "%d elements to %d", (int)from, (int)to);
    if (site->node->input_count > 1 && site->node->inputs[1] != GANTRY_NO_TENSOR) {
        const struct gantry_graph_tensor *shape = &site->graph->tensors[site->node->inputs[1]];
        if (shape->dtype != GANTRY_INT32 || !shape->data)
            return FAIL(site, GANTRY_ERR_UNSUPPORTED, "shape \"%s\" is %s%s (constant int32)",
                        shape->name, gantry_dtype_name(shape->dtype),
                        shape->data ? "" : ", not constant");
        if (gantry_shape_elements(&shape->shape) != site->y->shape.rank)
            return FAIL(site, GANTRY_ERR_FILE, "shape \"%s\" has %d dimensions, the output %d",
                        shape->name, (int)gantry_shape_elements(&shape->shape),
                        site->y->shape.rank);
        for (int32_t i = 0; i < site->y->shape.rank; i++) {
            int32_t wanted = (int32_t)gantry_load_u32((const uint8_t *)shape->data + 4 * i);
            if (wanted != -1 && wanted != site->y->shape.dims[i])
                return FAIL(site, GANTRY_ERR_FILE, "dimension %d is %d, \"%s\" says %d", i,
                            site->y->shape.dims[i], shape->name, wanted);
        }
    }
    return check_same_quantization(site);
}

static enum gantry_status check_softmax(const struct site *site)
{
    float beta = site->node->beta;
    if (!isfinite(beta) || beta <= 0 || !isfinite(beta * site->x->quantization.scale[0]))
        return FAIL(site, GANTRY_ERR_FILE, "beta %g (finite and above 0)", (double)beta);
    return check_output_shape(site, &site->x->shape);
}

/* Whether the axes of a MEAN are height and width of a map, each at least once. */
static bool axes_are_height_and_width(const struct gantry_graph_tensor *axes)
{
    bool height = false, width = false;
    for (size_t i = 0; i < axes->bytes / 4; i++) {
        int32_t axis = (int32_t)gantry_load_u32((const uint8_t *)axes->data + 4 * i);
        if (axis < 0) axis += 4;
        if (axis != 1 && axis != 2) return false;
        height = height || axis == 1;
        width = width || axis == 2;
    }
    return height && width;
}

static enum gantry_status check_mean(const struct site *site)
{
    const struct gantry_graph_tensor *axes = &site->graph->tensors[site->node->inputs[1]];
    if (site->x->shape.rank != 4)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "input has rank %d (must be 4)",
                    site->x->shape.rank);
    if (axes->dtype != GANTRY_INT32 || !axes->data)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "axes \"%s\" are %s%s (constant int32)",
                    axes->name, gantry_dtype_name(axes->dtype), axes->data ? "" : ", not constant");
    if (!axes_are_height_and_width(axes))
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "axes \"%s\" are not 1 and 2", axes->name);
    /* The sum must fit 32 bits. */
    int64_t values = (int64_t)site->in.h * site->in.w;
    if (values > INT32_MAX / 256)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED, "mean of %lld values (limit %d)",
                    (long long)values, INT32_MAX / 256);
    const struct gantry_window_attributes *window = &site->node->window;
    if (window->kernel_h != site->in.h || window->kernel_w != site->in.w || window->stride_h != 1 ||
        window->stride_w != 1 || window->dilation_h != 1 || window->dilation_w != 1 ||
        window->pad_top || window->pad_bottom || window->pad_left || window->pad_right)
        return FAIL(site, GANTRY_ERR_FILE, "window %dx%d is not the map of %dx%d", window->kernel_h,
                    window->kernel_w, site->in.h, site->in.w);
    float scale = gantry_node_scale(site->graph, site->node, 0);
    if (!isfinite(scale)) return FAIL(site, GANTRY_ERR_FILE, "scale %g", (double)scale);
    struct gantry_shape inferred = {2, {1, site->in.c}};
    if (site->node->keep_dims) inferred = (struct gantry_shape){4, {1, 1, 1, site->in.c}};
    return check_output_shape(site, &inferred);
}

/* int8 to int8 by any scales that rule Q8 covers; between int8 and uint8 the shift by 128. */
static enum gantry_status check_quantize(const struct site *site)
{
    const struct gantry_quantization *x = &site->x->quantization, *y = &site->y->quantization;
    if (site->x->dtype != GANTRY_INT8 || site->y->dtype != GANTRY_INT8) {
        int32_t from = site->x->dtype == GANTRY_UINT8 ? 128 : 0;
        int32_t to = site->y->dtype == GANTRY_UINT8 ? 128 : 0;
        if (x->scale[0] != y->scale[0] || x->zero_point[0] - from != y->zero_point[0] - to)
            return FAIL(site, GANTRY_ERR_UNSUPPORTED,
                        "%s with scale %g and zero point %d to %s with %g and %d (must be a shift "
                        "by 128)",
                        gantry_dtype_name(site->x->dtype), (double)x->scale[0], x->zero_point[0],
                        gantry_dtype_name(site->y->dtype), (double)y->scale[0], y->zero_point[0]);
    }
    if (gantry_node_quantize_factor(site->graph, site->node) == 0)
        return FAIL(site, GANTRY_ERR_UNSUPPORTED,
                    "scale %g on an output scale of %g (a ratio within 2^-8..2^7)",
                    (double)x->scale[0], (double)y->scale[0]);
    return check_output_shape(site, &site->x->shape);
}

/* Whether an activation range is among the attributes of a node. */
static bool has_clamp(enum gantry_op op)
{
    return op != GANTRY_OP_RESHAPE && op != GANTRY_OP_SOFTMAX && op != GANTRY_OP_QUANTIZE;
}

enum gantry_status gantry_check_node(const struct gantry_graph *graph,
                                     struct gantry_graph_node *node, struct gantry_error *error)
{
    struct site site = {.graph = graph, .node = node, .error = error};
    site.x = &graph->tensors[node->inputs[0]];
    site.y = &graph->tensors[node->output];
    gantry_assert(gantry_shape_extent(&site.x->shape, &site.in));
    gantry_assert(gantry_shape_extent(&site.y->shape, &site.out));
    node->macs = 0;
    if (has_clamp(node->op)) {
        enum gantry_status status = check_clamp(&site);
        if (status != GANTRY_OK) return status;
    }
    switch (node->op) {
    case GANTRY_OP_CONV_2D:
        return check_conv(&site);
    case GANTRY_OP_DEPTHWISE_CONV_2D:
        return check_depthwise(&site);
    case GANTRY_OP_FULLY_CONNECTED:
        return check_fully_connected(&site);
    case GANTRY_OP_ADD:
        return check_add(&site);
    case GANTRY_OP_AVERAGE_POOL_2D:
    case GANTRY_OP_MAX_POOL_2D:
        return check_pool(&site);
    case GANTRY_OP_RESHAPE:
        return check_reshape(&site);
    case GANTRY_OP_SOFTMAX:
        return check_softmax(&site);
    case GANTRY_OP_MEAN:
        return check_mean(&site);
    case GANTRY_OP_QUANTIZE:
        return check_quantize(&site);
    case GANTRY_OP_COUNT:
        break;
    }
    return FAIL(&site, GANTRY_ERR_FILE, "operator %d", (int)node->op);
}
