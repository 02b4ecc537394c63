/* SPDX-License-Identifier: Apache-2.0
 * Operators that move stored values: other shapes, other places, no arithmetic. */
#include "graph/check.h"

/* The shape that input 1 states, of which one dimension may be -1: what is left. */
static enum gantry_status fill_reshape(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *shape = gantry_site_input(site, 1);
    struct gantry_shape inferred;
    int64_t dims[GANTRY_RANK_MAX], count = 0;
    char from[80], to[80];
    if (!shape)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "the shape of \"%s\" is not stated",
                             site->y->name);
    enum gantry_status status = gantry_check_integers(site, 1, "shape", &count);
    if (status != GANTRY_OK) return status;
    if (count > GANTRY_RANK_MAX)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "rank %lld (limit %d)", (long long)count,
                             GANTRY_RANK_MAX);
    for (int32_t i = 0; i < count; i++) dims[i] = gantry_site_integer(site, 1, i);
    if (gantry_shape_resolve(&site->x->shape, dims, (int32_t)count, &inferred))
        return gantry_check_output_shape(site, &inferred);
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input of shape %s to %s, as \"%s\" says",
                         gantry_shape_text(&site->x->shape, from, sizeof from),
                         gantry_shape_text(&inferred, to, sizeof to), shape->name);
}

enum gantry_status gantry_check_reshape(const struct gantry_site *site)
{
    if (gantry_site_open(site->y)) {
        enum gantry_status status = fill_reshape(site);
        if (status != GANTRY_OK) return status;
    }
    int64_t from = gantry_shape_elements(&site->x->shape);
    int64_t to = gantry_shape_elements(&site->y->shape);
    if (from != to)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d elements to %d", (int)from, (int)to);
    const struct gantry_graph_tensor *shape = gantry_site_input(site, 1);
    if (shape && shape->data) {
        int64_t count;
        enum gantry_status status = gantry_check_integers(site, 1, "shape", &count);
        if (status != GANTRY_OK) return status;
        if (count != site->y->shape.rank)
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE,
                                 "shape \"%s\" has %d dimensions, the output %d", shape->name,
                                 (int)count, site->y->shape.rank);
        for (int32_t i = 0; i < site->y->shape.rank; i++) {
            int64_t wanted = gantry_site_integer(site, 1, i);
            if (wanted != -1 && wanted != site->y->shape.dims[i])
                return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "dimension %d is %d, \"%s\" says %lld",
                                     i, site->y->shape.dims[i], shape->name, (long long)wanted);
        }
    }
    site->node->mapped = gantry_site_is_map(site);
    return gantry_check_alike(site, site->x, site->y);
}

enum gantry_status gantry_check_pad(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *value = gantry_site_input(site, 2);
    struct gantry_shape inferred = site->x->shape;
    int64_t count;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, "paddings", &count);
    if (status == GANTRY_OK && value) status = gantry_check_alike(site, value, site->y);
    if (status != GANTRY_OK) return status;
    if (count != 2 * inferred.rank || (value && gantry_shape_elements(&value->shape) != 1))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld paddings for rank %d, %d values",
                             (long long)count, inferred.rank,
                             value ? (int)gantry_shape_elements(&value->shape) : 0);
    for (int32_t i = 0; i < inferred.rank; i++) {
        int64_t before = gantry_site_integer(site, 1, 2 * i);
        int64_t after = gantry_site_integer(site, 1, 2 * i + 1);
        int64_t size = inferred.dims[i] + before + after;
        if (before < 0 || after < 0 || before > INT32_MAX || after > INT32_MAX || size > INT32_MAX)
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "padding %lld and %lld of dimension %d",
                                 (long long)before, (long long)after, i);
        inferred.dims[i] = (int32_t)size;
    }
    return gantry_check_output_shape(site, &inferred);
}

enum gantry_status gantry_check_concatenation(const struct gantry_site *site)
{
    struct gantry_shape inferred = site->x->shape;
    int32_t axis;
    enum gantry_status status =
        gantry_check_axis(site, site->node->attributes.along.axis, inferred.rank, &axis);
    if (status == GANTRY_OK) status = gantry_check_types(site);
    if (status == GANTRY_OK && site->node->activation != GANTRY_ACTIVATION_NONE)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "%s", "with a fused activation");
    if (status == GANTRY_OK && site->x->dtype != GANTRY_INT8)
        status = gantry_check_alike(site, site->x, site->y);
    for (int32_t i = 1; status == GANTRY_OK && i < site->node->input_count; i++) {
        const struct gantry_graph_tensor *x = gantry_site_input(site, i);
        if (!x) return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input %d is absent", i);
        status = x->dtype == GANTRY_INT8 ? gantry_check_same_type(site, x, site->y)
                                         : gantry_check_alike(site, x, site->y);
        if (status == GANTRY_OK) status = gantry_check_scale(site, x);
        struct gantry_shape shape = x->shape;
        if (shape.rank == inferred.rank) shape.dims[axis] = inferred.dims[axis];
        if (status == GANTRY_OK && !gantry_shape_equal(&shape, &inferred))
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input %d has another shape than input 0",
                                 i);
        int64_t size = (int64_t)inferred.dims[axis] + x->shape.dims[axis];
        inferred.dims[axis] = (int32_t)(size < INT32_MAX ? size : INT32_MAX);
    }
    if (status == GANTRY_OK) status = gantry_check_output_shape(site, &inferred);
    if (status == GANTRY_OK) site->node->mapped = gantry_site_is_map(site);
    return status;
}

enum gantry_status gantry_check_shape(const struct gantry_site *site)
{
    const struct gantry_shape inferred = {1, {gantry_max_i32(site->x->shape.rank, 1)}};
    if (site->y->dtype != GANTRY_INT32 && site->y->dtype != GANTRY_INT64)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "output is %s (int32 or int64)",
                             gantry_dtype_name(site->y->dtype));
    if (site->x->shape.rank == 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "of a scalar \"%s\"", site->x->name);
    return gantry_check_output_shape(site, &inferred);
}

enum gantry_status gantry_check_cast(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *flipped = site->x->flipped   ? site->x
                                                : site->y->flipped ? site->y
                                                                   : NULL;
    if (flipped)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "tensor \"%s\" is uint8 with a scale",
                             flipped->name);
    return gantry_check_output_shape(site, &site->x->shape);
}
