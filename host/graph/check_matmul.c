/* SPDX-License-Identifier: Apache-2.0
 * BATCH_MATMUL, SVDF. */
#include "graph/check.h"

/* Greatest depth whose sums fit 32 bits (int8), and 48 (int16). */
enum { DEPTH_MAX_8 = 1 << 14, DEPTH_MAX_16 = 1 << 16 };

static enum gantry_status check_depth(const struct gantry_site *site, int32_t depth)
{
    int32_t limit = site->x->dtype == GANTRY_INT8    ? DEPTH_MAX_8
                    : site->x->dtype == GANTRY_INT16 ? DEPTH_MAX_16
                                                     : INT32_MAX;
    if (depth <= limit) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "sums of %d products (limit %d)", depth,
                         limit);
}

enum gantry_status gantry_check_batch_matmul(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *w = gantry_site_input(site, 1);
    const struct gantry_shape *a = &site->x->shape, *b = &w->shape;
    bool turn_a = site->node->attributes.adjoint.x, turn_b = site->node->attributes.adjoint.y;
    enum gantry_status status = gantry_check_types(site);
    if (status == GANTRY_OK) status = gantry_check_same_type(site, site->x, w);
    if (status == GANTRY_OK) status = gantry_check_scale(site, w);
    bool wide = site->x->dtype == GANTRY_INT16;
    if (status == GANTRY_OK && wide) status = gantry_check_symmetric(site, site->x);
    if (status == GANTRY_OK && wide) status = gantry_check_symmetric(site, w);
    if (status == GANTRY_OK && wide) status = gantry_check_symmetric(site, site->y);
    if (status != GANTRY_OK) return status;
    struct gantry_shape left = *a, right = *b, inferred = {0};
    left.rank -= 2;
    right.rank -= 2;
    char text1[80], text2[80];
    if (left.rank < 0 || right.rank < 0 || !gantry_shape_broadcast(&left, &right, &inferred) ||
        a->dims[a->rank - (turn_a ? 2 : 1)] != b->dims[b->rank - (turn_b ? 1 : 2)])
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "matrices of shape %s%s and %s%s",
                             gantry_shape_text(a, text1, sizeof text1), turn_a ? " turned" : "",
                             gantry_shape_text(b, text2, sizeof text2), turn_b ? " turned" : "");
    int32_t depth = a->dims[a->rank - (turn_a ? 2 : 1)];
    inferred.dims[inferred.rank++] = a->dims[a->rank - (turn_a ? 1 : 2)];
    inferred.dims[inferred.rank++] = b->dims[b->rank - (turn_b ? 2 : 1)];
    status = gantry_check_output_shape(site, &inferred);
    if (status == GANTRY_OK) status = check_depth(site, depth);
    site->node->macs = (uint64_t)gantry_shape_elements(&site->y->shape) * (uint64_t)depth;
    return status;
}

/* ---- SVDF ---- */

enum { FEATURE = 1, TIME, BIAS, STATE };

/* Type and shape of input i; weights are constants without zero points. */
static enum gantry_status check_part(const struct gantry_site *site, int32_t i,
                                     enum gantry_dtype dtype, const struct gantry_shape *shape)
{
    const struct gantry_graph_tensor *tensor = gantry_site_input(site, i);
    if (!tensor)
        return i == BIAS ? GANTRY_OK
                         : GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input %d is absent", i);
    if (tensor->dtype != dtype || !gantry_shape_equal(&tensor->shape, shape)) {
        char text[80], wanted[80];
        return GANTRY_REFUSE(
            site, GANTRY_ERR_UNSUPPORTED, "\"%s\" is %s %s (must be %s %s)", tensor->name,
            gantry_dtype_name(tensor->dtype), gantry_shape_text(&tensor->shape, text, sizeof text),
            gantry_dtype_name(dtype), gantry_shape_text(shape, wanted, sizeof wanted));
    }
    if (i == STATE ? !tensor->variable : !tensor->data)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "\"%s\" is not %s", tensor->name,
                             i == STATE ? "a variable" : "constant");
    if (i == BIAS) return GANTRY_OK;
    enum gantry_status status = gantry_check_scale(site, tensor);
    return status == GANTRY_OK ? gantry_check_symmetric(site, tensor) : status;
}

enum gantry_status gantry_check_svdf(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *feature = gantry_site_input(site, FEATURE);
    const struct gantry_graph_tensor *time = gantry_site_input(site, TIME);
    bool stored = site->x->dtype == GANTRY_INT8;
    /* Of int8 there are two forms: times and state of int16, or both of int8. */
    enum gantry_dtype kept = !stored                              ? GANTRY_FLOAT32
                             : time && time->dtype == GANTRY_INT8 ? GANTRY_INT8
                                                                  : GANTRY_INT16;
    enum gantry_status status = gantry_check_types(site);
    if (status == GANTRY_OK) status = gantry_check_clamp(site);
    if (status != GANTRY_OK) return status;
    if (!feature || !time || site->x->shape.rank != 2 || feature->shape.rank != 2 ||
        time->shape.rank != 2)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input of rank %d, weights of %d and %d",
                             site->x->shape.rank, feature ? feature->shape.rank : 0,
                             time ? time->shape.rank : 0);
    int32_t batch = site->x->shape.dims[0], features = site->x->shape.dims[1];
    int32_t filters = feature->shape.dims[0], memory = time->shape.dims[1];
    int32_t rank = site->node->attributes.rank;
    if (rank < 1 || filters % rank != 0 || (int64_t)filters * memory > INT32_MAX)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "rank %d of %d filters with %d times", rank,
                             filters, memory);
    const struct gantry_shape shapes[] = {{2, {filters, features}},
                                          {2, {filters, memory}},
                                          {1, {filters / rank}},
                                          {2, {batch, filters * memory}}};
    const enum gantry_dtype types[] = {stored ? GANTRY_INT8 : GANTRY_FLOAT32, kept,
                                       stored ? GANTRY_INT32 : GANTRY_FLOAT32, kept};
    const struct gantry_shape inferred = {2, {batch, filters / rank}};
    for (int32_t i = FEATURE; status == GANTRY_OK && i <= STATE; i++)
        status = check_part(site, i, types[i - FEATURE], &shapes[i - FEATURE]);
    if (status == GANTRY_OK) status = gantry_check_output_shape(site, &inferred);
    site->node->macs =
        (uint64_t)batch * (uint64_t)filters * ((uint64_t)features + (uint64_t)memory);
    return status;
}
