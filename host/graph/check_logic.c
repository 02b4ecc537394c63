/* SPDX-License-Identifier: Apache-2.0
 * Comparisons, logic, and what a condition chooses. */
#include "graph/check.h"

static enum gantry_status check_bool(const struct gantry_site *site,
                                     const struct gantry_graph_tensor *tensor)
{
    if (tensor->dtype == GANTRY_BOOL) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "tensor \"%s\" is %s (must be bool)",
                         tensor->name, gantry_dtype_name(tensor->dtype));
}

static enum gantry_status check_shapes(const struct gantry_site *site, const struct gantry_shape *a,
                                       const struct gantry_shape *b, struct gantry_shape *out)
{
    char text1[80], text2[80];
    if (gantry_shape_broadcast(a, b, out)) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "inputs of shape %s and %s",
                         gantry_shape_text(a, text1, sizeof text1),
                         gantry_shape_text(b, text2, sizeof text2));
}

/* Stored values are compared as they are. */
enum gantry_status gantry_check_compare(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *b = gantry_site_input(site, 1);
    struct gantry_shape inferred;
    enum gantry_status status = check_bool(site, site->y);
    if (status == GANTRY_OK) status = gantry_check_alike(site, site->x, b);
    if (status == GANTRY_OK) status = check_shapes(site, &site->x->shape, &b->shape, &inferred);
    return status == GANTRY_OK ? gantry_check_output_shape(site, &inferred) : status;
}

enum gantry_status gantry_check_logical_not(const struct gantry_site *site)
{
    enum gantry_status status = check_bool(site, site->y);
    return status == GANTRY_OK ? gantry_check_output_shape(site, &site->x->shape) : status;
}

enum gantry_status gantry_check_select(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *a = gantry_site_input(site, 1);
    const struct gantry_graph_tensor *b = gantry_site_input(site, 2);
    struct gantry_shape both, inferred;
    enum gantry_status status = gantry_check_alike(site, a, site->y);
    if (status == GANTRY_OK) status = gantry_check_alike(site, b, site->y);
    if (status == GANTRY_OK) status = check_shapes(site, &a->shape, &b->shape, &both);
    if (status == GANTRY_OK) status = check_shapes(site, &site->x->shape, &both, &inferred);
    if (status != GANTRY_OK) return status;
    /* The older operator has conditions of whole rows. */
    bool rows = site->node->op == GANTRY_OP_SELECT && site->x->shape.rank == 1 && both.rank > 1;
    if (rows)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "a condition for rows (rank %d of %d)",
                             site->x->shape.rank, both.rank);
    return gantry_check_output_shape(site, &inferred);
}
