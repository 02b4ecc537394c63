/* SPDX-License-Identifier: Apache-2.0
 * Parts that indices name, and reflections. */
#include "graph/check.h"

/* Indices are integers; constant ones lie within the dimensions that they name: index k of a row of
 * depth indices that of dimension first + k. */
static enum gantry_status check_indices(const struct gantry_site *site, int32_t first,
                                        int32_t depth)
{
    const struct gantry_graph_tensor *indices = gantry_site_input(site, 1);
    bool integer = indices->dtype == GANTRY_INT32 || indices->dtype == GANTRY_INT64;
    if (!integer && indices->dtype != GANTRY_INT16)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "indices \"%s\" are %s", indices->name,
                             gantry_dtype_name(indices->dtype));
    if (!indices->data || !integer) return GANTRY_OK;
    int64_t count = gantry_shape_elements(&indices->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t index = gantry_site_integer(site, 1, i);
        int32_t d = first + (int32_t)(i % depth);
        if (index < 0 || index >= site->x->shape.dims[d])
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "index %lld of dimension %d (0..%d)",
                                 (long long)index, d, site->x->shape.dims[d] - 1);
    }
    return GANTRY_OK;
}

static bool append(struct gantry_shape *shape, int32_t dim)
{
    if (shape->rank == GANTRY_RANK_MAX) return false;
    shape->dims[shape->rank++] = dim;
    return true;
}

static enum gantry_status refuse_rank(const struct gantry_site *site)
{
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "output of more than %d dimensions",
                         GANTRY_RANK_MAX);
}

/* Dimensions before the axis, those of the indices behind their batch, those behind the axis. */
enum gantry_status gantry_check_gather(const struct gantry_site *site)
{
    const struct gantry_axis_attributes *along = &site->node->attributes.along;
    const struct gantry_shape *x = &site->x->shape;
    const struct gantry_shape *indices = &gantry_site_input(site, 1)->shape;
    int32_t axis = 0, batch_dims = along->batch_dims;
    struct gantry_shape inferred = {0};
    bool fits = true;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_axis(site, along->axis, x->rank, &axis);
    if (status == GANTRY_OK) status = check_indices(site, axis, 1);
    if (status != GANTRY_OK) return status;
    if (batch_dims < 0) batch_dims += indices->rank;
    if (batch_dims < 0 || batch_dims > indices->rank || batch_dims > axis)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d batch dimensions (axis %d, indices of %d)",
                             along->batch_dims, axis, indices->rank);
    for (int32_t d = 0; d < batch_dims; d++)
        if (indices->dims[d] != x->dims[d])
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "batch dimension %d is %d, of indices %d",
                                 d, x->dims[d], indices->dims[d]);
    for (int32_t d = 0; d < axis; d++) fits = fits && append(&inferred, x->dims[d]);
    for (int32_t d = batch_dims; d < indices->rank; d++)
        fits = fits && append(&inferred, indices->dims[d]);
    for (int32_t d = axis + 1; d < x->rank; d++) fits = fits && append(&inferred, x->dims[d]);
    return fits ? gantry_check_output_shape(site, &inferred) : refuse_rank(site);
}

enum gantry_status gantry_check_gather_nd(const struct gantry_site *site)
{
    const struct gantry_shape *x = &site->x->shape;
    const struct gantry_shape *indices = &gantry_site_input(site, 1)->shape;
    int32_t depth = indices->rank ? indices->dims[indices->rank - 1] : 0;
    struct gantry_shape inferred = {0};
    bool fits = true;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status != GANTRY_OK) return status;
    if (depth < 1 || depth > x->rank)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "rows of %d indices for rank %d", depth,
                             x->rank);
    if ((status = check_indices(site, 0, depth)) != GANTRY_OK) return status;
    for (int32_t d = 0; d < indices->rank - 1; d++)
        fits = fits && append(&inferred, indices->dims[d]);
    for (int32_t d = depth; d < x->rank; d++) fits = fits && append(&inferred, x->dims[d]);
    return fits ? gantry_check_output_shape(site, &inferred) : refuse_rank(site);
}

/* A reflection is not longer than what it reflects. */
enum gantry_status gantry_check_mirror_pad(const struct gantry_site *site)
{
    struct gantry_shape inferred = site->x->shape;
    int32_t skip = site->node->attributes.symmetric ? 0 : 1;
    int64_t count = 0;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, "paddings", &count);
    if (status != GANTRY_OK) return status;
    if (inferred.rank == 0 || count != 2 * inferred.rank)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld paddings for rank %d", (long long)count,
                             inferred.rank);
    for (int32_t d = 0; d < inferred.rank; d++) {
        int64_t before = gantry_site_integer(site, 1, 2 * d);
        int64_t after = gantry_site_integer(site, 1, 2 * d + 1);
        int64_t most = inferred.dims[d] - skip, size = inferred.dims[d] + before + after;
        if (before < 0 || after < 0 || before > most || after > most || size > INT32_MAX)
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE,
                                 "padding %lld and %lld of dimension %d (each 0..%lld)",
                                 (long long)before, (long long)after, d, (long long)most);
        inferred.dims[d] = (int32_t)size;
    }
    return gantry_check_output_shape(site, &inferred);
}
