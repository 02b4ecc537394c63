/* SPDX-License-Identifier: Apache-2.0
 * What the rules of the operators share. */
#include "graph/check.h"

const struct gantry_graph_tensor *gantry_site_input(const struct gantry_site *site, int32_t i)
{
    if (i >= site->node->input_count || site->node->inputs[i] == GANTRY_NO_TENSOR) return NULL;
    return &site->graph->tensors[site->node->inputs[i]];
}

const struct gantry_graph_tensor *gantry_site_output(const struct gantry_site *site, int32_t i)
{
    return &site->graph->tensors[site->node->outputs[i]];
}

bool gantry_site_open(const struct gantry_graph_tensor *tensor)
{
    return tensor->shape.rank == GANTRY_RANK_OPEN;
}

/* Gives an output of open rank its shape. */
static enum gantry_status fill_shape(const struct gantry_site *site,
                                     const struct gantry_graph_tensor *tensor,
                                     const struct gantry_shape *inferred)
{
    struct gantry_graph_tensor *y = &site->graph->tensors[tensor - site->graph->tensors];
    int64_t elements = gantry_shape_elements(inferred);
    bool legal = elements > 0;
    for (int32_t i = 0; i < inferred->rank; i++) legal = legal && inferred->dims[i] >= 1;
    if (!legal) {
        char text[80];
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                             "tensor \"%s\" would have shape %s (1 to 2^31 - 1 elements)", y->name,
                             gantry_shape_text(inferred, text, sizeof text));
    }
    y->shape = *inferred;
    y->bytes = (size_t)elements * gantry_dtype_bytes(y->dtype);
    return GANTRY_OK;
}

enum gantry_status gantry_check_shape_of(const struct gantry_site *site,
                                         const struct gantry_graph_tensor *tensor,
                                         const struct gantry_shape *inferred)
{
    if (gantry_shape_equal(&tensor->shape, inferred)) return GANTRY_OK;
    if (gantry_site_open(tensor)) return fill_shape(site, tensor, inferred);
    char stated[80], right[80];
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "tensor \"%s\" has shape %s, inference gives %s",
                         tensor->name, gantry_shape_text(&tensor->shape, stated, sizeof stated),
                         gantry_shape_text(inferred, right, sizeof right));
}

enum gantry_status gantry_check_output_shape(const struct gantry_site *site,
                                             const struct gantry_shape *inferred)
{
    return gantry_check_shape_of(site, site->y, inferred);
}

enum gantry_status gantry_check_same_type(const struct gantry_site *site,
                                          const struct gantry_graph_tensor *a,
                                          const struct gantry_graph_tensor *b)
{
    if (a->dtype == b->dtype) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "tensor \"%s\" is %s, \"%s\" is %s", a->name,
                         gantry_dtype_name(a->dtype), b->name, gantry_dtype_name(b->dtype));
}

enum gantry_status gantry_check_scale(const struct gantry_site *site,
                                      const struct gantry_graph_tensor *tensor)
{
    int32_t count = tensor->quantization.count;
    bool stored = tensor->dtype == GANTRY_INT8 || tensor->dtype == GANTRY_INT16 ||
                  tensor->dtype == GANTRY_UINT8;
    if (!stored || count == 1) return GANTRY_OK;
    return GANTRY_REFUSE(site, count ? GANTRY_ERR_UNSUPPORTED : GANTRY_ERR_FILE,
                         "tensor \"%s\" has %d scales (an activation has 1)", tensor->name, count);
}

enum gantry_status gantry_check_symmetric(const struct gantry_site *site,
                                          const struct gantry_graph_tensor *tensor)
{
    for (int32_t c = 0; c < tensor->quantization.count; c++)
        if (tensor->quantization.zero_point[c] != 0)
            return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                                 "tensor \"%s\" has zero point %d (must be 0)", tensor->name,
                                 tensor->quantization.zero_point[c]);
    return GANTRY_OK;
}

enum gantry_status gantry_check_types(const struct gantry_site *site)
{
    enum gantry_status status = gantry_check_same_type(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_scale(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_scale(site, site->y);
    return status;
}

enum gantry_status gantry_check_alike(const struct gantry_site *site,
                                      const struct gantry_graph_tensor *a,
                                      const struct gantry_graph_tensor *b)
{
    enum gantry_status status = gantry_check_same_type(site, a, b);
    if (status != GANTRY_OK) return status;
    const struct gantry_quantization *p = &a->quantization, *q = &b->quantization;
    if (p->count != 1 || q->count != 1 || gantry_quantization_equal(p, q)) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                         "output has scale %g and zero point %d, input %g and %d (must be equal)",
                         (double)q->scale[0], q->zero_point[0], (double)p->scale[0],
                         p->zero_point[0]);
}

enum gantry_status gantry_check_clamp(const struct gantry_site *site)
{
    int32_t low = site->node->clamp_min, high = site->node->clamp_max;
    int32_t least = INT8_MIN, most = INT8_MAX;
    if (site->y->dtype == GANTRY_INT16) least = INT16_MIN, most = INT16_MAX;
    if (site->y->quantization.count == 0) return GANTRY_OK;
    if (low >= least && high <= most && low <= high) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "activation range %d..%d (within %d..%d)", low,
                         high, least, most);
}

int64_t gantry_site_integer(const struct gantry_site *site, int32_t i, int64_t k)
{
    return gantry_tensor_integer(gantry_site_input(site, i), k);
}

enum gantry_status gantry_check_integers(const struct gantry_site *site, int32_t i,
                                         const char *what, int64_t *count)
{
    const struct gantry_graph_tensor *tensor = gantry_site_input(site, i);
    if (!tensor) return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%s: input %d is absent", what, i);
    bool integer = tensor->dtype == GANTRY_INT32 || tensor->dtype == GANTRY_INT64;
    if (!integer || !tensor->data)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "%s \"%s\": %s%s (constant int32)", what,
                             tensor->name, gantry_dtype_name(tensor->dtype),
                             tensor->data ? "" : ", not constant");
    *count = gantry_shape_elements(&tensor->shape);
    return GANTRY_OK;
}

enum gantry_status gantry_check_axis(const struct gantry_site *site, int64_t axis, int32_t rank,
                                     int32_t *out)
{
    if (axis < -rank || axis >= rank)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "axis %lld (rank %d)", (long long)axis, rank);
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return GANTRY_OK;
}

bool gantry_shape_broadcast(const struct gantry_shape *a, const struct gantry_shape *b,
                            struct gantry_shape *out)
{
    out->rank = gantry_max_i32(a->rank, b->rank);
    for (int32_t i = 1; i <= out->rank; i++) {
        int32_t p = i <= a->rank ? a->dims[a->rank - i] : 1;
        int32_t q = i <= b->rank ? b->dims[b->rank - i] : 1;
        if (p != q && p != 1 && q != 1) return false;
        out->dims[out->rank - i] = p == 1 ? q : p;
    }
    return true;
}

static bool within(int32_t value) { return value >= 1 && value <= GANTRY_WINDOW_LIMIT; }

static enum gantry_status check_extent(const struct gantry_site *site,
                                       const struct gantry_extent *e, const char *name)
{
    if (e->h <= GANTRY_EXTENT_LIMIT && e->w <= GANTRY_EXTENT_LIMIT && e->c <= GANTRY_EXTENT_LIMIT)
        return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                         "tensor \"%s\" has a map of %dx%dx%d (each at most %d)", name, e->h, e->w,
                         e->c, GANTRY_EXTENT_LIMIT);
}

enum gantry_status gantry_check_window(const struct gantry_site *site, int32_t channels)
{
    const struct gantry_window_attributes *a = &site->node->attributes.window;
    bool ranks = site->y->shape.rank == 4 || gantry_site_open(site->y);
    if (site->x->shape.rank != 4 || !ranks)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input has rank %d, output %d (must be 4)",
                             site->x->shape.rank, site->y->shape.rank);
    enum gantry_status status = check_extent(site, &site->in, site->x->name);
    if (status != GANTRY_OK) return status;
    if (!within(a->kernel_h) || !within(a->kernel_w) || !within(a->stride_h) ||
        !within(a->stride_w) || !within(a->dilation_h) || !within(a->dilation_w))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE,
                             "kernel %dx%d, stride %dx%d, dilation %dx%d (each 1..%d)", a->kernel_h,
                             a->kernel_w, a->stride_h, a->stride_w, a->dilation_h, a->dilation_w,
                             GANTRY_WINDOW_LIMIT);
    int32_t span_h = (a->kernel_h - 1) * a->dilation_h + 1;
    int32_t span_w = (a->kernel_w - 1) * a->dilation_w + 1;
    if (a->pad_top < 0 || a->pad_top >= span_h || a->pad_bottom < 0 || a->pad_bottom >= span_h ||
        a->pad_left < 0 || a->pad_left >= span_w || a->pad_right < 0 || a->pad_right >= span_w)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "padding %d,%d,%d,%d of a window of %dx%d",
                             a->pad_top, a->pad_bottom, a->pad_left, a->pad_right, span_h, span_w);
    int64_t room_h = (int64_t)site->in.h + a->pad_top + a->pad_bottom - span_h;
    int64_t room_w = (int64_t)site->in.w + a->pad_left + a->pad_right - span_w;
    if (room_h < 0 || room_w < 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "window of %dx%d on an input of %dx%d", span_h,
                             span_w, site->in.h, site->in.w);
    const struct gantry_extent out = {(int32_t)(room_h / a->stride_h + 1),
                                      (int32_t)(room_w / a->stride_w + 1), channels};
    if ((status = check_extent(site, &out, site->y->name)) != GANTRY_OK) return status;
    const struct gantry_shape inferred = {4, {site->x->shape.dims[0], out.h, out.w, out.c}};
    return gantry_check_output_shape(site, &inferred);
}

bool gantry_site_is_map(const struct gantry_site *site)
{
    struct gantry_extent in, out;
    return site->x->dtype == GANTRY_INT8 && site->y->dtype == GANTRY_INT8 && !site->x->data &&
           gantry_shape_extent(&site->x->shape, &in) &&
           gantry_shape_extent(&site->y->shape, &out) &&
           gantry_max_i32(gantry_max_i32(in.h, in.w), in.c) <= GANTRY_EXTENT_LIMIT &&
           gantry_max_i32(gantry_max_i32(out.h, out.w), out.c) <= GANTRY_EXTENT_LIMIT;
}
