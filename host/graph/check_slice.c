/* SPDX-License-Identifier: Apache-2.0
 * Parts of tensors: slices, splits, and what puts them together. */
#include "graph/check.h"
#include "kernels/op_slice.h"

/* A list of integers of input i into out; as many as the other lists have. */
static enum gantry_status read_list(const struct gantry_site *site, int32_t i, const char *what,
                                    int32_t *count, int64_t *out)
{
    int64_t length;
    enum gantry_status status = gantry_check_integers(site, i, what, &length);
    if (status != GANTRY_OK) return status;
    if (*count < 0 && length <= GANTRY_OP_VIEW_RANK) *count = (int32_t)length;
    if (length != *count)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld %s (must be %d)", (long long)length, what,
                             *count < 0 ? GANTRY_OP_VIEW_RANK : *count);
    for (int32_t k = 0; k < length; k++) out[k] = gantry_site_integer(site, i, k);
    return GANTRY_OK;
}

static enum gantry_status check_box(const struct gantry_site *site, const char *wrong,
                                    const struct gantry_op_box *box)
{
    char shape[80];
    if (wrong)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input of shape %s: %s",
                             gantry_shape_text(&site->x->shape, shape, sizeof shape), wrong);
    enum gantry_status status = gantry_check_alike(site, site->x, site->y);
    return status == GANTRY_OK ? gantry_check_output_shape(site, &box->shape) : status;
}

enum gantry_status gantry_check_strided_slice(const struct gantry_site *site)
{
    struct gantry_op_slice_spec spec = {.count = -1};
    struct gantry_op_box box;
    enum gantry_status status = read_list(site, 1, "begins", &spec.count, spec.begin);
    if (status == GANTRY_OK) status = read_list(site, 2, "ends", &spec.count, spec.end);
    if (status == GANTRY_OK) status = read_list(site, 3, "steps", &spec.count, spec.step);
    if (status != GANTRY_OK) return status;
    const char *wrong =
        gantry_op_slice_box(&site->x->shape, &spec, &site->node->attributes.slice, &box);
    return check_box(site, wrong, &box);
}

enum gantry_status gantry_check_slice(const struct gantry_site *site)
{
    struct gantry_op_slice_spec spec = {.count = -1};
    struct gantry_op_box box;
    enum gantry_status status = read_list(site, 1, "begins", &spec.count, spec.begin);
    if (status == GANTRY_OK) status = read_list(site, 2, "sizes", &spec.count, spec.end);
    if (status != GANTRY_OK) return status;
    const char *wrong = gantry_op_slice_sized(&site->x->shape, &spec, &box);
    return check_box(site, wrong, &box);
}

/* Sizes that SPLIT_V states between its input and its axis; -1 is the rest. */
static enum gantry_status check_sizes(const struct gantry_site *site, int32_t axis)
{
    int64_t count;
    enum gantry_status status = gantry_check_integers(site, 1, "sizes", &count);
    if (status != GANTRY_OK) return status;
    if (count != site->node->output_count)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld sizes for %d outputs", (long long)count,
                             site->node->output_count);
    for (int32_t i = 0; i < count; i++) {
        const struct gantry_graph_tensor *y = gantry_site_output(site, i);
        int64_t size = gantry_site_integer(site, 1, i);
        if (y->shape.rank > axis && size != -1 && size != y->shape.dims[axis])
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "size %lld of output %d, which has %d",
                                 (long long)size, i, y->shape.dims[axis]);
    }
    return GANTRY_OK;
}

enum gantry_status gantry_check_split(const struct gantry_site *site)
{
    int32_t last = site->node->input_count - 1, axis;
    int64_t count, sum = 0;
    enum gantry_status status = gantry_check_integers(site, last, "axis", &count);
    if (status == GANTRY_OK)
        status =
            gantry_check_axis(site, gantry_site_integer(site, last, 0), site->x->shape.rank, &axis);
    if (status == GANTRY_OK && last == 2) status = check_sizes(site, axis);
    for (int32_t i = 0; status == GANTRY_OK && i < site->node->output_count; i++) {
        const struct gantry_graph_tensor *y = gantry_site_output(site, i);
        struct gantry_shape part = site->x->shape;
        if (y->shape.rank > axis) part.dims[axis] = y->shape.dims[axis];
        sum += part.dims[axis];
        status = gantry_check_shape_of(site, y, &part);
        if (status == GANTRY_OK) status = gantry_check_alike(site, site->x, y);
    }
    if (status != GANTRY_OK || sum == site->x->shape.dims[axis]) return status;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "outputs of %lld together, dimension %d has %d",
                         (long long)sum, axis, site->x->shape.dims[axis]);
}

/* Parts of a whole without the axis along which they lie, one of each. */
static enum gantry_status check_part(const struct gantry_site *site,
                                     const struct gantry_graph_tensor *whole,
                                     const struct gantry_graph_tensor *part, int32_t axis)
{
    struct gantry_shape shape = {.rank = whole->shape.rank - 1};
    for (int32_t d = 0; d < shape.rank; d++) shape.dims[d] = whole->shape.dims[d + (d >= axis)];
    enum gantry_status status = gantry_check_shape_of(site, part, &shape);
    return status == GANTRY_OK ? gantry_check_alike(site, whole, part) : status;
}

static enum gantry_status check_parts(const struct gantry_site *site,
                                      const struct gantry_graph_tensor *whole, int32_t count,
                                      int32_t *axis)
{
    const struct gantry_shape *shape = &whole->shape;
    int32_t stated = site->node->attributes.along.axis;
    enum gantry_status status = gantry_check_axis(site, stated, shape->rank, axis);
    if (status != GANTRY_OK || shape->dims[*axis] == count) return status;
    return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d parts, dimension %d of \"%s\" has %d", count,
                         *axis, whole->name, shape->dims[*axis]);
}

enum gantry_status gantry_check_unpack(const struct gantry_site *site)
{
    int32_t axis;
    enum gantry_status status = check_parts(site, site->x, site->node->output_count, &axis);
    for (int32_t i = 0; status == GANTRY_OK && i < site->node->output_count; i++)
        status = check_part(site, site->x, gantry_site_output(site, i), axis);
    return status;
}

enum gantry_status gantry_check_pack(const struct gantry_site *site)
{
    int32_t axis;
    enum gantry_status status = check_parts(site, site->y, site->node->input_count, &axis);
    for (int32_t i = 0; status == GANTRY_OK && i < site->node->input_count; i++) {
        const struct gantry_graph_tensor *x = gantry_site_input(site, i);
        if (!x) return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input %d is absent", i);
        status = check_part(site, site->y, x, axis);
    }
    return status;
}
