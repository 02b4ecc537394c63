/* SPDX-License-Identifier: Apache-2.0
 * Reductions over axes. */
#include <math.h>

#include "graph/check.h"

/* Bits of the axes that input i names. */
static enum gantry_status read_axes(const struct gantry_site *site, int32_t i, uint32_t *out)
{
    int64_t count;
    enum gantry_status status = gantry_check_integers(site, i, "axes", &count);
    *out = 0;
    for (int64_t k = 0; status == GANTRY_OK && k < count; k++) {
        int32_t axis = 0;
        status =
            gantry_check_axis(site, gantry_site_integer(site, i, k), site->x->shape.rank, &axis);
        *out |= UINT32_C(1) << axis;
    }
    return status;
}

static struct gantry_shape reduced(const struct gantry_shape *shape, uint32_t axes, bool keep)
{
    struct gantry_shape out = {0};
    for (int32_t i = 0; i < shape->rank; i++) {
        bool gone = axes >> i & 1;
        if (!gone || keep) out.dims[out.rank++] = gone ? 1 : shape->dims[i];
    }
    return out;
}

static enum gantry_status check_axes(const struct gantry_site *site, uint32_t *axes)
{
    enum gantry_status status = gantry_check_types(site);
    if (status == GANTRY_OK) status = gantry_check_clamp(site);
    if (status == GANTRY_OK) status = read_axes(site, 1, axes);
    if (status != GANTRY_OK) return status;
    struct gantry_shape inferred =
        reduced(&site->x->shape, *axes, site->node->attributes.keep_dims);
    return gantry_check_output_shape(site, &inferred);
}

/* Sums of stored values fit 32 bits. */
static enum gantry_status check_count(const struct gantry_site *site)
{
    int64_t values = gantry_node_mean_count(site->graph, site->node);
    int32_t most = INT32_MAX / (site->x->dtype == GANTRY_INT16 ? 65536 : 256);
    if (values <= most) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "over %lld values (limit %d)",
                         (long long)values, most);
}

enum gantry_status gantry_check_mean(const struct gantry_site *site)
{
    enum { HEIGHT_AND_WIDTH = 6 };
    uint32_t axes;
    bool stored = site->x->dtype == GANTRY_INT8 || site->x->dtype == GANTRY_INT16;
    enum gantry_status status = check_axes(site, &axes);
    if (status == GANTRY_OK && stored) status = check_count(site);
    if (status != GANTRY_OK || !stored) return status;
    float scale = site->x->quantization.scale[0] / site->y->quantization.scale[0];
    if (!isfinite(scale))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "scale %g on an output scale of %g",
                             (double)site->x->quantization.scale[0],
                             (double)site->y->quantization.scale[0]);
    site->node->mapped = site->node->op == GANTRY_OP_MEAN && gantry_site_is_map(site) &&
                         site->x->shape.rank == 4 && axes == HEIGHT_AND_WIDTH;
    return GANTRY_OK;
}

/* What is picked keeps its stored value. */
enum gantry_status gantry_check_reduce(const struct gantry_site *site)
{
    uint32_t axes;
    enum gantry_status status = check_axes(site, &axes);
    return status == GANTRY_OK ? gantry_check_alike(site, site->x, site->y) : status;
}
