/* SPDX-License-Identifier: Apache-2.0
 * The same elements in another order, or more than once. */
#include "graph/check.h"

/* A list of integers of input 1, one for every dimension of x. */
static enum gantry_status check_list(const struct gantry_site *site, const char *what)
{
    int64_t count;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, what, &count);
    if (status != GANTRY_OK || count == site->x->shape.rank) return status;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld %s for rank %d", (long long)count, what,
                         site->x->shape.rank);
}

enum gantry_status gantry_check_transpose(const struct gantry_site *site)
{
    struct gantry_shape inferred = site->x->shape;
    uint32_t seen = 0;
    enum gantry_status status = check_list(site, "axes");
    for (int32_t d = 0; status == GANTRY_OK && d < inferred.rank; d++) {
        int32_t axis = 0;
        status = gantry_check_axis(site, gantry_site_integer(site, 1, d), inferred.rank, &axis);
        if (status != GANTRY_OK) return status;
        if (seen >> axis & 1) return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "axis %d twice", axis);
        seen |= UINT32_C(1) << axis;
        inferred.dims[d] = site->x->shape.dims[axis];
    }
    return status == GANTRY_OK ? gantry_check_output_shape(site, &inferred) : status;
}

enum gantry_status gantry_check_tile(const struct gantry_site *site)
{
    struct gantry_shape inferred = site->x->shape;
    enum gantry_status status = check_list(site, "multiples");
    for (int32_t d = 0; status == GANTRY_OK && d < inferred.rank; d++) {
        int64_t times = gantry_site_integer(site, 1, d);
        if (times < 1 || times > INT32_MAX / inferred.dims[d])
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "dimension %d of %d %lld times", d,
                                 inferred.dims[d], (long long)times);
        inferred.dims[d] *= (int32_t)times;
    }
    return status == GANTRY_OK ? gantry_check_output_shape(site, &inferred) : status;
}

/* The shape that input 1 states, which x broadcasts to. */
enum gantry_status gantry_check_broadcast_to(const struct gantry_site *site)
{
    struct gantry_shape wanted = {0}, inferred;
    int64_t count;
    char text[80];
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, "shape", &count);
    if (status != GANTRY_OK) return status;
    for (int32_t d = 0; d < count && d < GANTRY_RANK_MAX; d++) {
        int64_t dim = gantry_site_integer(site, 1, d);
        wanted.dims[wanted.rank++] = (int32_t)(dim > 0 && dim <= INT32_MAX ? dim : 0);
    }
    if (count > GANTRY_RANK_MAX || !gantry_shape_broadcast(&site->x->shape, &wanted, &inferred) ||
        !gantry_shape_equal(&wanted, &inferred))
        return GANTRY_REFUSE(
            site, GANTRY_ERR_FILE, "input of shape %s to %lld dimensions of others",
            gantry_shape_text(&site->x->shape, text, sizeof text), (long long)count);
    return gantry_check_output_shape(site, &wanted);
}

enum gantry_status gantry_check_reverse(const struct gantry_site *site)
{
    int64_t count;
    uint32_t seen = 0;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, "axes", &count);
    for (int64_t i = 0; status == GANTRY_OK && i < count; i++) {
        int32_t axis = 0;
        status =
            gantry_check_axis(site, gantry_site_integer(site, 1, i), site->x->shape.rank, &axis);
        if (status != GANTRY_OK) return status;
        if (seen >> axis & 1) return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "axis %d twice", axis);
        seen |= UINT32_C(1) << axis;
    }
    return status == GANTRY_OK ? gantry_check_output_shape(site, &site->x->shape) : status;
}

/* What both share: maps, and a block that is within bounds. */
static enum gantry_status check_block(const struct gantry_site *site)
{
    int32_t block = site->node->attributes.block;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status != GANTRY_OK) return status;
    if (site->x->shape.rank != 4)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input has rank %d (must be 4)",
                             site->x->shape.rank);
    if (block < 1 || block > GANTRY_WINDOW_LIMIT)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "blocks of %d (1..%d)", block,
                             GANTRY_WINDOW_LIMIT);
    return GANTRY_OK;
}

static enum gantry_status refuse_blocks(const struct gantry_site *site)
{
    const int32_t *d = site->x->shape.dims;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "blocks of %d for \"%s\" of %dx%dx%d",
                         site->node->attributes.block, site->x->name, d[1], d[2], d[3]);
}

enum gantry_status gantry_check_depth_to_space(const struct gantry_site *site)
{
    int64_t block = site->node->attributes.block;
    const int32_t *d = site->x->shape.dims;
    enum gantry_status status = check_block(site);
    if (status != GANTRY_OK) return status;
    if (d[3] % (block * block) != 0 || d[1] > INT32_MAX / block || d[2] > INT32_MAX / block)
        return refuse_blocks(site);
    const struct gantry_shape wide = {4,
                                      {d[0], (int32_t)(d[1] * block), (int32_t)(d[2] * block),
                                       (int32_t)(d[3] / (block * block))}};
    return gantry_check_output_shape(site, &wide);
}

enum gantry_status gantry_check_space_to_depth(const struct gantry_site *site)
{
    int64_t block = site->node->attributes.block;
    const int32_t *d = site->x->shape.dims;
    enum gantry_status status = check_block(site);
    if (status != GANTRY_OK) return status;
    if (d[1] % block != 0 || d[2] % block != 0 || d[3] > INT32_MAX / (block * block))
        return refuse_blocks(site);
    const struct gantry_shape deep = {
        4,
        {d[0], (int32_t)(d[1] / block), (int32_t)(d[2] / block), (int32_t)(d[3] * block * block)}};
    return gantry_check_output_shape(site, &deep);
}
