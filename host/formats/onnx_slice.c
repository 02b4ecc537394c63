/* SPDX-License-Identifier: Apache-2.0
 * ONNX operators that take parts of tensors or repeat them. */
#include <string.h>

#include "formats/onnx_reader.h"

/* ---- Slice ---- */

struct range {
    int64_t begin, end, step;
    bool open; /* downwards to the first element: there is no end to name */
};

/* Begin and end within a dimension; what lies beyond it is cut off. */
static struct range within(int64_t begin, int64_t end, int64_t step, int32_t size)
{
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    begin = begin < 0 && begin >= -(int64_t)size ? begin + size : begin;
    end = end < 0 && end >= -(int64_t)size ? end + size : end;
    begin = begin < 0 ? 0 : begin > high ? high : begin;
    end = end < low ? low : end > high ? high : end;
    /* A negative end that reaches below the first element. */
    return (struct range){begin, end, step, step < 0 && end == -1};
}

struct slice {
    int64_t begin[GANTRY_RANK_MAX], end[GANTRY_RANK_MAX], step[GANTRY_RANK_MAX];
    int32_t end_mask;
};

static bool read_slice(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                       const struct gantry_shape *shape, const struct gantry_onnx_order *order,
                       struct slice *out)
{
    enum { LIST = GANTRY_RANK_MAX };
    int64_t starts[LIST], ends[LIST], axes[LIST], steps[LIST];
    int32_t count = gantry_onnx_list(r, gantry_onnx_input(node, 1), "starts", starts, LIST);
    int32_t last = gantry_onnx_list(r, gantry_onnx_input(node, 2), "ends", ends, LIST);
    int32_t named = gantry_onnx_list(r, gantry_onnx_input(node, 3), "axes", axes, LIST);
    int32_t stepped = gantry_onnx_list(r, gantry_onnx_input(node, 4), "steps", steps, LIST);
    if (r->status != GANTRY_OK) return false;
    bool legal = count >= 0 && count == last && (named < 0 || named == count) &&
                 (stepped < 0 || stepped == count) && count <= shape->rank;
    if (!legal) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE,
                               "%d starts, %d ends, %d axes, %d steps (rank %d)", count, last,
                               named, stepped, shape->rank);
        return false;
    }
    *out = (struct slice){0};
    for (int32_t i = 0; i < shape->rank; i++) {
        out->end[gantry_onnx_place(order, i)] = shape->dims[i];
        out->step[i] = 1;
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t axis = gantry_onnx_axis(r, named < 0 ? i : axes[i], shape->rank);
        int64_t step = stepped < 0 ? 1 : steps[i];
        if (r->status != GANTRY_OK) return false;
        if (step == 0 || step < INT32_MIN || step > INT32_MAX) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "step %lld of axis %d", (long long)step,
                                   axis);
            return false;
        }
        struct range range = within(starts[i], ends[i], step, shape->dims[axis]);
        int32_t place = gantry_onnx_place(order, axis);
        if (step > 0 ? range.end <= range.begin : range.end >= range.begin) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                                   "no elements of axis %d: %lld to %lld", axis,
                                   (long long)starts[i], (long long)ends[i]);
            return false;
        }
        out->begin[place] = range.begin;
        out->end[place] = range.open ? 0 : range.end;
        out->step[place] = range.step;
        if (range.open) out->end_mask |= 1 << place;
    }
    return true;
}

void gantry_onnx_read_slice(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_onnx_order order;
    struct gantry_shape shape;
    struct slice slice;
    int32_t x = node->inputs[0];
    if (!gantry_onnx_shape(r, x, &shape)) return;
    int32_t inputs[4];
    inputs[0] = gantry_onnx_take_lying(r, gantry_onnx_carrier(r, x), &order);
    if (!read_slice(r, node, &shape, &order, &slice)) return;
    inputs[1] = gantry_onnx_make_integers(r, slice.begin, shape.rank);
    inputs[2] = gantry_onnx_make_integers(r, slice.end, shape.rank);
    inputs[3] = gantry_onnx_make_integers(r, slice.step, shape.rank);
    int32_t output = gantry_onnx_like(r, inputs[0], r->values[node->outputs[0]].name);
    struct gantry_onnx_call call = {.op = GANTRY_OP_STRIDED_SLICE,
                                    .inputs = inputs,
                                    .input_count = 4,
                                    .outputs = &output,
                                    .output_count = 1};
    call.attributes.slice.end_mask = slice.end_mask;
    gantry_onnx_give_like(r, node->outputs[0], x, gantry_onnx_emit(r, &call), order);
}

/* ---- Split ---- */

/* Sizes of the parts: as given, or equal ones of which the last may be smaller. */
static bool part_sizes(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t whole,
                       int64_t *sizes)
{
    int32_t count = node->output_count;
    int32_t given =
        gantry_onnx_list(r, gantry_onnx_input(node, 1), "split", sizes, GANTRY_ONNX_OUTPUTS);
    int64_t sum = 0, each = (whole + count - 1) / count;
    for (int32_t i = 0; given < 0 && i < count; i++)
        sizes[i] = i + 1 < count ? each : whole - each * (count - 1);
    for (int32_t i = 0; i < count; i++) {
        if (sizes[i] < 1 || sizes[i] > whole) given = 0;
        sum += sizes[i];
    }
    if (r->status != GANTRY_OK) return false;
    if ((given < 0 || given == count) && sum == whole) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%d parts of %d", count, whole);
    return false;
}

void gantry_onnx_read_split(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_onnx_order order;
    struct gantry_shape shape;
    int64_t sizes[GANTRY_ONNX_OUTPUTS], place;
    int32_t inputs[3], outputs[GANTRY_ONNX_OUTPUTS], x = node->inputs[0];
    if (!gantry_onnx_shape(r, x, &shape)) return;
    int32_t axis = gantry_onnx_axis(r, gantry_onnx_int(node, "axis", 0), shape.rank);
    inputs[0] = gantry_onnx_take_lying(r, gantry_onnx_carrier(r, x), &order);
    if (r->status != GANTRY_OK || !part_sizes(r, node, shape.dims[axis], sizes)) return;
    place = gantry_onnx_place(&order, axis);
    inputs[1] = gantry_onnx_make_integers(r, sizes, node->output_count);
    inputs[2] = gantry_onnx_make_integers(r, &place, 1);
    for (int32_t i = 0; i < node->output_count; i++) {
        bool named = node->outputs[i] != GANTRY_NO_VALUE;
        outputs[i] =
            gantry_onnx_like(r, inputs[0], named ? r->values[node->outputs[i]].name : "unread");
        if (outputs[i] == GANTRY_NO_TENSOR) return;
        struct gantry_shape part = r->graph->tensors[inputs[0]].shape;
        part.dims[place] = (int32_t)sizes[i];
        gantry_onnx_set_shape(r, outputs[i], &part);
    }
    const struct gantry_onnx_call call = {.op = GANTRY_OP_SPLIT_V,
                                          .inputs = inputs,
                                          .input_count = 3,
                                          .outputs = outputs,
                                          .output_count = node->output_count};
    (void)gantry_onnx_emit(r, &call);
    for (int32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != GANTRY_NO_VALUE)
            gantry_onnx_give_like(r, node->outputs[i], x, outputs[i], order);
}

/* ---- Tile and Expand ---- */

static void repeat(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t x,
                   int32_t rank, const int64_t *times)
{
    const struct gantry_onnx_order order = gantry_onnx_identity();
    int32_t tensor = gantry_onnx_take_broadcast(r, gantry_onnx_carrier(r, x), rank, &order);
    int32_t output = gantry_onnx_like(r, tensor, r->values[node->outputs[0]].name);
    int32_t list = gantry_onnx_make_integers(r, times, rank);
    output =
        gantry_onnx_emit_simple(r, GANTRY_OP_TILE, tensor, list, GANTRY_NO_TENSOR, output, NULL);
    gantry_onnx_give_like(r, node->outputs[0], x, output, order);
}

void gantry_onnx_read_tile(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    int64_t times[GANTRY_RANK_MAX];
    int32_t rank = gantry_onnx_rank(r, node->inputs[0]);
    int32_t count =
        gantry_onnx_list(r, gantry_onnx_input(node, 1), "repeats", times, GANTRY_RANK_MAX);
    if (r->status != GANTRY_OK) return;
    if (count == rank)
        repeat(r, node, node->inputs[0], rank, times);
    else
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "%d repeats for rank %d", count, rank);
}

void gantry_onnx_read_expand(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape shape;
    int64_t to[GANTRY_RANK_MAX], times[GANTRY_RANK_MAX];
    if (!gantry_onnx_shape(r, node->inputs[0], &shape)) return;
    int32_t count = gantry_onnx_list(r, gantry_onnx_input(node, 1), "shape", to, GANTRY_RANK_MAX);
    if (r->status != GANTRY_OK || count < 0) return;
    int32_t rank = gantry_max_i32(shape.rank, count);
    for (int32_t i = 0; i < rank; i++) {
        int64_t from = i < rank - shape.rank ? 1 : shape.dims[i - rank + shape.rank];
        int64_t wanted = i < rank - count ? 1 : to[i - rank + count];
        times[i] = from == 1 ? wanted : 1;
        if (from == 1 || wanted == 1 || wanted == from) continue;
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "dimension %d of %lld to %lld", i,
                               (long long)from, (long long)wanted);
        return;
    }
    repeat(r, node, node->inputs[0], rank, times);
}

/* ---- Gather ---- */

/* Indices, negative ones counted from the front: those of constants, others are not known here. */
static int32_t indices_of(struct gantry_onnx *r, int32_t value, int32_t size)
{
    int32_t tensor = gantry_onnx_take_logical(r, value);
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    const struct gantry_graph_tensor from = r->graph->tensors[tensor];
    if (!from.data || (from.dtype != GANTRY_INT64 && from.dtype != GANTRY_INT32)) return tensor;
    void *data;
    int32_t output = gantry_onnx_make_constant(r, from.name, GANTRY_INT32, &from.shape, &data);
    if (output == GANTRY_NO_TENSOR) return output;
    int64_t count = gantry_shape_elements(&from.shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t index = gantry_tensor_integer(&from, i);
        if (index < -(int64_t)size || index >= size)
            return gantry_onnx_fail(r, GANTRY_ERR_FILE, "index %lld of %d elements",
                                    (long long)index, size);
        ((int32_t *)data)[i] = (int32_t)(index < 0 ? index + size : index);
    }
    return output;
}

void gantry_onnx_read_gather(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape shape;
    union gantry_attributes attributes = {0};
    int32_t x = node->inputs[0];
    if (!gantry_onnx_shape(r, x, &shape)) return;
    int32_t axis = gantry_onnx_axis(r, gantry_onnx_int(node, "axis", 0), shape.rank);
    int32_t from = gantry_onnx_take_logical(r, gantry_onnx_carrier(r, x));
    int32_t indices = indices_of(r, gantry_onnx_input(node, 1), shape.dims[axis]);
    int32_t output = gantry_onnx_like(r, from, r->values[node->outputs[0]].name);
    attributes.along.axis = axis;
    output = gantry_onnx_emit_simple(r, GANTRY_OP_GATHER, from, indices, GANTRY_NO_TENSOR, output,
                                     &attributes);
    gantry_onnx_give_like(r, node->outputs[0], x, output, gantry_onnx_identity());
}

void gantry_onnx_read_gather_nd(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    int32_t x = node->inputs[0];
    if (gantry_onnx_int(node, "batch_dims", 0) != 0) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "batch_dims %lld (must be 0)",
                               (long long)gantry_onnx_int(node, "batch_dims", 0));
        return;
    }
    int32_t from = gantry_onnx_take_logical(r, gantry_onnx_carrier(r, x));
    int32_t output = gantry_onnx_like(r, from, r->values[node->outputs[0]].name);
    output = gantry_onnx_emit_simple(r, GANTRY_OP_GATHER_ND, from,
                                     gantry_onnx_take_logical(r, gantry_onnx_input(node, 1)),
                                     GANTRY_NO_TENSOR, output, NULL);
    gantry_onnx_give_like(r, node->outputs[0], x, output, gantry_onnx_identity());
}
