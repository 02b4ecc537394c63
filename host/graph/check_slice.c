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

/* Sizes that SPLIT_V states between its input and its axis; one of -1 is the rest. */
static enum gantry_status read_sizes(const struct gantry_site *site, int64_t whole, int64_t *rest)
{
    int64_t count, sum = 0;
    int32_t open = 0;
    enum gantry_status status = gantry_check_integers(site, 1, "sizes", &count);
    if (status != GANTRY_OK) return status;
    if (count != site->node->output_count)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%lld sizes for %d outputs", (long long)count,
                             site->node->output_count);
    for (int32_t i = 0; i < count; i++) {
        int64_t size = gantry_site_integer(site, 1, i);
        open += size == -1;
        if (size != -1 && (size < 1 || size > whole))
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "size %lld of output %d (1..%lld)",
                                 (long long)size, i, (long long)whole);
        sum += size == -1 ? 0 : size;
    }
    *rest = whole - sum;
    if (open > 1 || (open ? *rest < 1 : *rest != 0))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "sizes of %lld together for %lld",
                             (long long)sum, (long long)whole);
    return GANTRY_OK;
}

enum gantry_status gantry_check_split(const struct gantry_site *site)
{
    int32_t last = site->node->input_count - 1, axis, outputs = site->node->output_count;
    struct gantry_shape part = site->x->shape;
    int64_t count, rest = 0;
    enum gantry_status status = gantry_check_integers(site, last, "axis", &count);
    if (status == GANTRY_OK)
        status = gantry_check_axis(site, gantry_site_integer(site, last, 0), part.rank, &axis);
    if (status != GANTRY_OK) return status;
    int32_t whole = part.dims[axis];
    if (last == 2)
        status = read_sizes(site, whole, &rest);
    else if (whole % outputs != 0)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "dimension %d of %d in %d equal parts", axis,
                             whole, outputs);
    for (int32_t i = 0; status == GANTRY_OK && i < outputs; i++) {
        const struct gantry_graph_tensor *y = gantry_site_output(site, i);
        int64_t size = last == 2 ? gantry_site_integer(site, 1, i) : whole / outputs;
        part.dims[axis] = (int32_t)(size == -1 ? rest : size);
        status = gantry_check_shape_of(site, y, &part);
        if (status == GANTRY_OK) status = gantry_check_alike(site, site->x, y);
    }
    return status;
}

/* A shape without one of its axes. */
static struct gantry_shape without(const struct gantry_shape *whole, int32_t axis)
{
    struct gantry_shape shape = {.rank = whole->rank - 1};
    for (int32_t d = 0; d < shape.rank; d++) shape.dims[d] = whole->dims[d + (d >= axis)];
    return shape;
}

enum gantry_status gantry_check_unpack(const struct gantry_site *site)
{
    const struct gantry_shape *x = &site->x->shape;
    int32_t axis, count = site->node->output_count;
    enum gantry_status status =
        gantry_check_axis(site, site->node->attributes.along.axis, x->rank, &axis);
    if (status != GANTRY_OK) return status;
    if (x->dims[axis] != count)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "%d parts, dimension %d of \"%s\" has %d",
                             count, axis, site->x->name, x->dims[axis]);
    const struct gantry_shape part = without(x, axis);
    for (int32_t i = 0; status == GANTRY_OK && i < count; i++) {
        const struct gantry_graph_tensor *y = gantry_site_output(site, i);
        status = gantry_check_shape_of(site, y, &part);
        if (status == GANTRY_OK) status = gantry_check_alike(site, site->x, y);
    }
    return status;
}

enum gantry_status gantry_check_pack(const struct gantry_site *site)
{
    const struct gantry_shape *part = &site->x->shape;
    struct gantry_shape whole = {.rank = part->rank + 1};
    int32_t axis, count = site->node->input_count;
    if (whole.rank > GANTRY_RANK_MAX)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "rank %d (limit %d)", whole.rank,
                             GANTRY_RANK_MAX);
    enum gantry_status status =
        gantry_check_axis(site, site->node->attributes.along.axis, whole.rank, &axis);
    for (int32_t i = 0; status == GANTRY_OK && i < count; i++) {
        const struct gantry_graph_tensor *x = gantry_site_input(site, i);
        if (!x) return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input %d is absent", i);
        if (!gantry_shape_equal(&x->shape, part))
            return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input %d has another shape than input 0",
                                 i);
        status = gantry_check_alike(site, x, site->y);
    }
    if (status != GANTRY_OK) return status;
    for (int32_t d = 0; d < whole.rank; d++)
        whole.dims[d] = d == axis ? count : part->dims[d - (d > axis)];
    return gantry_check_output_shape(site, &whole);
}
