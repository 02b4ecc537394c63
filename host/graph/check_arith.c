/* SPDX-License-Identifier: Apache-2.0
 * Arithmetic on elements, pools, softmax, conversions. */
#include <math.h>

#include "graph/check.h"

static enum gantry_status check_broadcast(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *b = gantry_site_input(site, 1);
    char text1[80], text2[80];
    struct gantry_shape inferred;
    enum gantry_status status = gantry_check_types(site);
    if (status == GANTRY_OK) status = gantry_check_same_type(site, site->x, b);
    if (status == GANTRY_OK) status = gantry_check_scale(site, b);
    if (status == GANTRY_OK) status = gantry_check_clamp(site);
    if (status != GANTRY_OK) return status;
    bool counted = site->y->dtype == GANTRY_INT32 || site->y->dtype == GANTRY_INT64;
    if (counted && site->node->activation != GANTRY_ACTIVATION_NONE)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "a fused activation of %s",
                             gantry_dtype_name(site->y->dtype));
    if (!gantry_shape_broadcast(&site->x->shape, &b->shape, &inferred))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "inputs of shape %s and %s",
                             gantry_shape_text(&site->x->shape, text1, sizeof text1),
                             gantry_shape_text(&b->shape, text2, sizeof text2));
    return gantry_check_output_shape(site, &inferred);
}

/* int16 operands have no zero points. */
static enum gantry_status check_int16(const struct gantry_site *site,
                                      const struct gantry_graph_tensor *b)
{
    enum gantry_status status = gantry_check_symmetric(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_symmetric(site, b);
    return status == GANTRY_OK ? gantry_check_symmetric(site, site->y) : status;
}

enum gantry_status gantry_check_add(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *b = gantry_site_input(site, 1);
    struct gantry_add_params params;
    enum gantry_status status = check_broadcast(site);
    if (status == GANTRY_OK && site->x->dtype == GANTRY_INT16) status = check_int16(site, b);
    if (status != GANTRY_OK || site->x->dtype != GANTRY_INT8) return status;
    if (!gantry_node_add_params(site->graph, site->node, &params))
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                             "scales %g and %g on an output scale of %g (ratios within 2^-10..2^8)",
                             (double)site->x->quantization.scale[0],
                             (double)b->quantization.scale[0],
                             (double)site->y->quantization.scale[0]);
    site->node->mapped = site->node->op == GANTRY_OP_ADD && gantry_site_is_map(site) && !b->data &&
                         gantry_shape_equal(&site->x->shape, &b->shape);
    return GANTRY_OK;
}

enum gantry_status gantry_check_product(const struct gantry_site *site)
{
    enum gantry_status status = check_broadcast(site);
    if (status != GANTRY_OK || site->x->dtype != GANTRY_INT16) return status;
    return check_int16(site, gantry_site_input(site, 1));
}

/* Stored values are compared or counted as they are. */
enum gantry_status gantry_check_pair(const struct gantry_site *site)
{
    enum gantry_status status = check_broadcast(site);
    if (status == GANTRY_OK) status = gantry_check_alike(site, site->x, site->y);
    return status == GANTRY_OK ? gantry_check_alike(site, gantry_site_input(site, 1), site->y)
                               : status;
}

/* The slopes broadcast to the input, which has the output's shape. */
enum gantry_status gantry_check_prelu(const struct gantry_site *site)
{
    enum gantry_status status = check_broadcast(site);
    return status == GANTRY_OK ? gantry_check_output_shape(site, &site->x->shape) : status;
}

enum gantry_status gantry_check_same_shape(const struct gantry_site *site)
{
    enum gantry_status status = gantry_check_types(site);
    return status == GANTRY_OK ? gantry_check_output_shape(site, &site->x->shape) : status;
}

enum gantry_status gantry_check_leaky_relu(const struct gantry_site *site)
{
    float alpha = site->node->attributes.alpha;
    if (!isfinite(alpha))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "alpha %g (finite)", (double)alpha);
    return gantry_check_same_shape(site);
}

enum gantry_status gantry_check_hard_sigmoid(const struct gantry_site *site)
{
    float slope = site->node->attributes.line.slope, offset = site->node->attributes.line.offset;
    if (!isfinite(slope) || !isfinite(offset))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "slope %g, offset %g (finite)", (double)slope,
                             (double)offset);
    return gantry_check_same_shape(site);
}

/* LOGISTIC and TANH of int16 have steps of 2^-15 without zero points. */
enum gantry_status gantry_check_sigmoid(const struct gantry_site *site)
{
    enum gantry_status status = gantry_check_same_shape(site);
    if (status != GANTRY_OK || site->x->dtype != GANTRY_INT16) return status;
    const struct gantry_quantization *x = &site->x->quantization, *y = &site->y->quantization;
    if (y->scale[0] == 0x1p-15f && y->zero_point[0] == 0 && x->zero_point[0] == 0) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                         "output scale %g, zero points %d and %d (must be 2^-15, 0 and 0)",
                         (double)y->scale[0], x->zero_point[0], y->zero_point[0]);
}

enum gantry_status gantry_check_pool(const struct gantry_site *site)
{
    const struct gantry_window_attributes *window = &site->node->attributes.window;
    enum gantry_status status = gantry_check_types(site);
    if (status == GANTRY_OK) status = gantry_check_clamp(site);
    if (status != GANTRY_OK) return status;
    if (window->dilation_h != 1 || window->dilation_w != 1)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "dilation %dx%d of a pool", window->dilation_h,
                             window->dilation_w);
    if ((status = gantry_check_window(site, site->in.c)) != GANTRY_OK) return status;
    /* The sum of a window must fit 32 bits. */
    int64_t size = (int64_t)window->kernel_h * window->kernel_w;
    int32_t limit = INT32_MAX / (site->x->dtype == GANTRY_INT16 ? 65536 : 256);
    if (size > limit)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "window of %lld values (limit %d)",
                             (long long)size, limit);
    site->node->mapped = gantry_site_is_map(site);
    return gantry_check_alike(site, site->x, site->y);
}

/* LiteRT's int16 has steps of 2^-15 and no zero points. */
static enum gantry_status check_softmax_int16(const struct gantry_site *site)
{
    enum { ROW_MAX = 1 << 15 };
    const float step = 0x1p-15f;
    int32_t rank = site->x->shape.rank, row = rank ? site->x->shape.dims[rank - 1] : 1;
    enum gantry_status status = gantry_check_symmetric(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_symmetric(site, site->y);
    if (status != GANTRY_OK) return status;
    if (fabsf(site->y->quantization.scale[0] - step) > 0.001f * step)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "output scale %g (must be %g)",
                             (double)site->y->quantization.scale[0], (double)step);
    if (row > ROW_MAX)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "rows of %d (limit %d)", row, ROW_MAX);
    return GANTRY_OK;
}

/* Results of int8 may be int16. */
static enum gantry_status check_softmax_types(const struct gantry_site *site)
{
    bool wider = site->x->dtype == GANTRY_INT8 && site->y->dtype == GANTRY_INT16;
    enum gantry_status status = wider ? GANTRY_OK : gantry_check_same_type(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_scale(site, site->x);
    return status == GANTRY_OK ? gantry_check_scale(site, site->y) : status;
}

enum gantry_status gantry_check_softmax(const struct gantry_site *site)
{
    enum gantry_status status = check_softmax_types(site);
    if (status != GANTRY_OK) return status;
    float beta = site->node->attributes.beta;
    float scale = site->x->dtype == GANTRY_FLOAT32 ? 1.0f : site->x->quantization.scale[0];
    if (site->x->dtype == GANTRY_INT16 && (status = check_softmax_int16(site)) != GANTRY_OK)
        return status;
    if (!isfinite(beta) || beta <= 0 || !isfinite(beta * scale))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "beta %g (finite and above 0)", (double)beta);
    site->node->mapped = gantry_site_is_map(site);
    return gantry_check_output_shape(site, &site->x->shape);
}

enum gantry_status gantry_check_quantize(const struct gantry_site *site)
{
    enum gantry_dtype from = site->x->dtype, to = site->y->dtype;
    if (to != GANTRY_INT8 && to != GANTRY_INT16 && (to != GANTRY_INT32 || from != GANTRY_INT16))
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "%s to %s", gantry_dtype_name(from),
                             gantry_dtype_name(to));
    enum gantry_status status = gantry_check_scale(site, site->y);
    if (status == GANTRY_OK) status = gantry_check_scale(site, site->x);
    if (status != GANTRY_OK) return status;
    if ((from != GANTRY_FLOAT32 && site->x->quantization.count != 1) ||
        site->y->quantization.count != 1)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%s to %s without a scale",
                             gantry_dtype_name(from), gantry_dtype_name(to));
    bool q8 = from == GANTRY_INT8 && to == GANTRY_INT8 && !site->node->attributes.mixed;
    if (q8 && gantry_node_quantize_factor(site->graph, site->node) == 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                             "scale %g on an output scale of %g (a ratio within 2^-8..2^7)",
                             (double)site->x->quantization.scale[0],
                             (double)site->y->quantization.scale[0]);
    site->node->mapped = q8 && gantry_site_is_map(site);
    return gantry_check_output_shape(site, &site->x->shape);
}

enum gantry_status gantry_check_dequantize(const struct gantry_site *site)
{
    if (site->y->dtype != GANTRY_FLOAT32)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "to %s (must be float32)",
                             gantry_dtype_name(site->y->dtype));
    if (site->x->quantization.count < 1)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "tensor \"%s\" has no scale", site->x->name);
    return gantry_check_output_shape(site, &site->x->shape);
}
