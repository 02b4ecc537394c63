/* SPDX-License-Identifier: Apache-2.0
 * Dimensions behind the batch as items of it, and back. */
#include "graph/check.h"

/* Items that a block may have: each is copied on its own. */
enum { ITEMS_MAX = 4096 };

/* Blocks, one for each dimension from the second on, and pairs of what is added or taken there. */
static enum gantry_status check_lists(const struct gantry_site *site, int32_t *spatial,
                                      int32_t *items)
{
    int64_t blocks, pairs, product = 1;
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 1, "blocks", &blocks);
    if (status == GANTRY_OK) status = gantry_check_integers(site, 2, "pairs", &pairs);
    if (status != GANTRY_OK) return status;
    if (blocks < 1 || blocks >= site->x->shape.rank || pairs != 2 * blocks)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld blocks and %lld edges for rank %d",
                             (long long)blocks, (long long)pairs, site->x->shape.rank);
    for (int32_t d = 0; d < blocks; d++) {
        int64_t block = gantry_site_integer(site, 1, d);
        int64_t before = gantry_site_integer(site, 2, 2 * d);
        int64_t after = gantry_site_integer(site, 2, 2 * d + 1);
        if (block < 1 || block > ITEMS_MAX || (product *= block) > ITEMS_MAX || before < 0 ||
            after < 0 || before > GANTRY_EXTENT_LIMIT || after > GANTRY_EXTENT_LIMIT)
            return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                                 "block %lld (all together at most %d), edges %lld and %lld",
                                 (long long)block, ITEMS_MAX, (long long)before, (long long)after);
    }
    *spatial = (int32_t)blocks;
    *items = (int32_t)product;
    return GANTRY_OK;
}

static enum gantry_status refuse_size(const struct gantry_site *site, int32_t d, int64_t size)
{
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "dimension %d of %lld does not fit its blocks", d,
                         (long long)size);
}

enum gantry_status gantry_check_space_to_batch(const struct gantry_site *site)
{
    struct gantry_shape inferred = site->x->shape;
    int32_t spatial, items;
    enum gantry_status status = check_lists(site, &spatial, &items);
    if (status != GANTRY_OK) return status;
    if (inferred.dims[0] > INT32_MAX / items) return refuse_size(site, 0, inferred.dims[0]);
    inferred.dims[0] *= items;
    for (int32_t d = 1; d <= spatial; d++) {
        int64_t block = gantry_site_integer(site, 1, d - 1);
        int64_t size = inferred.dims[d] + gantry_site_integer(site, 2, 2 * d - 2) +
                       gantry_site_integer(site, 2, 2 * d - 1);
        if (size % block != 0 || size > INT32_MAX) return refuse_size(site, d, size);
        inferred.dims[d] = (int32_t)(size / block);
    }
    return gantry_check_output_shape(site, &inferred);
}

enum gantry_status gantry_check_batch_to_space(const struct gantry_site *site)
{
    struct gantry_shape inferred = site->x->shape;
    int32_t spatial, items;
    enum gantry_status status = check_lists(site, &spatial, &items);
    if (status != GANTRY_OK) return status;
    if (inferred.dims[0] % items != 0) return refuse_size(site, 0, inferred.dims[0]);
    inferred.dims[0] /= items;
    for (int32_t d = 1; d <= spatial; d++) {
        int64_t size = inferred.dims[d] * gantry_site_integer(site, 1, d - 1) -
                       gantry_site_integer(site, 2, 2 * d - 2) -
                       gantry_site_integer(site, 2, 2 * d - 1);
        if (size < 1 || size > INT32_MAX) return refuse_size(site, d, size);
        inferred.dims[d] = (int32_t)size;
    }
    return gantry_check_output_shape(site, &inferred);
}
