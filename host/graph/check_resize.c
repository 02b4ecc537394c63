/* SPDX-License-Identifier: Apache-2.0
 * Maps of another size, and labels of maps. */
#include "graph/check.h"

enum gantry_status gantry_check_resize(const struct gantry_site *site)
{
    const struct gantry_resize_attributes *how = &site->node->attributes.resize;
    struct gantry_shape inferred = site->x->shape;
    int64_t count;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_scale(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, "size", &count);
    if (status != GANTRY_OK) return status;
    if (inferred.rank != 4 || count != 2)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input of rank %d, %lld sizes (must be 4, 2)",
                             inferred.rank, (long long)count);
    if (how->align_corners && how->half_pixel)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%s", "aligned corners and half pixels");
    for (int32_t i = 0; i < 2; i++) {
        int64_t size = gantry_site_integer(site, 1, i);
        if (size < 1 || size > GANTRY_EXTENT_LIMIT || inferred.dims[1 + i] > GANTRY_EXTENT_LIMIT)
            return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "size %d to %lld (each 1..%d)",
                                 inferred.dims[1 + i], (long long)size, GANTRY_EXTENT_LIMIT);
        inferred.dims[1 + i] = (int32_t)size;
    }
    return gantry_check_output_shape(site, &inferred);
}

enum gantry_status gantry_check_arg(const struct gantry_site *site)
{
    const struct gantry_shape *shape = &site->x->shape;
    struct gantry_shape inferred = {0};
    int64_t count;
    int32_t axis = 0;
    enum gantry_status status = gantry_check_scale(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, "axis", &count);
    if (status != GANTRY_OK) return status;
    if (count != 1) return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld axes", (long long)count);
    if (site->y->dtype != GANTRY_INT32 && site->y->dtype != GANTRY_INT64)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "output is %s (int32 or int64)",
                             gantry_dtype_name(site->y->dtype));
    status = gantry_check_axis(site, gantry_site_integer(site, 1, 0), shape->rank, &axis);
    if (status != GANTRY_OK) return status;
    for (int32_t i = 0; i < shape->rank; i++)
        if (i != axis) inferred.dims[inferred.rank++] = shape->dims[i];
    return gantry_check_output_shape(site, &inferred);
}
