/* SPDX-License-Identifier: Apache-2.0
 * Batches of items that never meet. The inputs are [N, ...]: where every operator computes part i
 * of its output from parts i of its inputs alone, and each part as it would compute one, the
 * network is that of one item, run N times. The map kernels and the accelerator know single items
 * only.
 *
 * A tensor is in parts when its first dimension is a multiple of N: part i has the elements of its
 * share, which lie together. Constants are whole, and the same for all parts. */
#include "graph/graph.h"

struct batch {
    const struct gantry_graph *graph;
    int32_t items;
    bool *parts; /* of every tensor: whether it is in parts */
};

/* One node, and the shapes that its rule looks at. */
struct view {
    const struct batch *batch;
    const struct gantry_graph_node *node;
    const struct gantry_shape *x, *y;
};

static bool in_parts(const struct view *v, int32_t i)
{
    return v->node->inputs[i] != GANTRY_NO_TENSOR && v->batch->parts[v->node->inputs[i]];
}

static const struct gantry_graph_tensor *input(const struct view *v, int32_t i)
{
    return &v->batch->graph->tensors[v->node->inputs[i]];
}

/* The first input is in parts, the others are whole. */
static bool first_alone(const struct view *v)
{
    for (int32_t i = 1; i < v->node->input_count; i++)
        if (in_parts(v, i)) return false;
    return in_parts(v, 0);
}

static bool all_in_parts(const struct view *v)
{
    for (int32_t i = 0; i < v->node->input_count; i++)
        if (!in_parts(v, i)) return false;
    return true;
}

/* Operands that are broadcast: each has the output's parts, or one row for all of them. */
static bool broadcasts(const struct view *v)
{
    for (int32_t i = 0; i < v->node->input_count; i++) {
        const struct gantry_shape *shape = &input(v, i)->shape;
        bool full = shape->rank == v->y->rank;
        if (in_parts(v, i) ? !full || shape->dims[0] != v->y->dims[0] : full && shape->dims[0] != 1)
            return false;
    }
    return true;
}

static bool beyond_first(int64_t axis, int32_t rank)
{
    return axis > 0 || (axis < 0 && axis > -rank);
}

/* All axes that input i lists are behind the first. */
static bool axes_beyond_first(const struct view *v, int32_t i)
{
    const struct gantry_graph_tensor *axes = input(v, i);
    int64_t count = gantry_shape_elements(&axes->shape);
    for (int64_t k = 0; k < count; k++)
        if (!beyond_first(gantry_tensor_integer(axes, k), v->x->rank)) return false;
    return true;
}

/* Element 0 of the list that input i is. */
static int64_t first_of(const struct view *v, int32_t i)
{
    return gantry_tensor_integer(input(v, i), 0);
}

static bool slices_whole_parts(const struct view *v)
{
    const struct gantry_slice_attributes *a = &v->node->attributes.slice;
    if (v->node->op == GANTRY_OP_SLICE) return first_of(v, 1) == 0 && first_of(v, 2) == -1;
    if (a->ellipsis_mask || a->new_axis_mask || a->shrink_axis_mask & 1) return false;
    bool from_first = a->begin_mask & 1 || first_of(v, 1) == 0;
    bool to_last = a->end_mask & 1 || first_of(v, 2) >= v->x->dims[0];
    return from_first && to_last && first_of(v, 3) == 1;
}

/* Matrices of one part and of another, or one for all. */
static bool multiplies_parts(const struct view *v)
{
    const struct gantry_shape *b = &input(v, 1)->shape;
    if (!in_parts(v, 0) || v->x->rank < 3) return false;
    if (!in_parts(v, 1)) return b->rank == 2;
    return b->rank == v->x->rank && b->dims[0] == v->x->dims[0];
}

/* Rows of the matrix product do not reach from one part into the next. */
static bool has_rows(const struct view *v)
{
    int64_t part = gantry_shape_elements(v->x) / v->batch->items;
    return part % input(v, 1)->shape.dims[1] == 0;
}

/* Whether a node of which an input is in parts computes parts of its outputs from them. */
static bool keeps_parts(const struct view *v)
{
    const struct gantry_axis_attributes *along = &v->node->attributes.along;
    switch (v->node->op) {
    case GANTRY_OP_CONV_2D:
    case GANTRY_OP_DEPTHWISE_CONV_2D:
    case GANTRY_OP_TRANSPOSE_CONV:
    case GANTRY_OP_AVERAGE_POOL_2D:
    case GANTRY_OP_MAX_POOL_2D:
    case GANTRY_OP_RESIZE_BILINEAR:
    case GANTRY_OP_RESIZE_NEAREST_NEIGHBOR:
    case GANTRY_OP_DEPTH_TO_SPACE:
    case GANTRY_OP_SPACE_TO_DEPTH:
    case GANTRY_OP_RESHAPE:
    case GANTRY_OP_QUANTIZE:
    case GANTRY_OP_DEQUANTIZE:
    case GANTRY_OP_RELU:
    case GANTRY_OP_RELU6:
    case GANTRY_OP_RELU_N1_TO_1:
    case GANTRY_OP_RELU_0_TO_1:
    case GANTRY_OP_LEAKY_RELU:
    case GANTRY_OP_HARD_SWISH:
    case GANTRY_OP_LOGISTIC:
    case GANTRY_OP_TANH:
    case GANTRY_OP_ELU:
    case GANTRY_OP_GELU:
        return first_alone(v);
    case GANTRY_OP_FULLY_CONNECTED:
        return first_alone(v) && has_rows(v);
    case GANTRY_OP_SOFTMAX:
    case GANTRY_OP_LOG_SOFTMAX:
        return first_alone(v) && v->x->rank > 1;
    case GANTRY_OP_ADD:
    case GANTRY_OP_SUB:
    case GANTRY_OP_MUL:
    case GANTRY_OP_DIV:
    case GANTRY_OP_MINIMUM:
    case GANTRY_OP_MAXIMUM:
    case GANTRY_OP_PRELU:
        return broadcasts(v);
    case GANTRY_OP_MEAN:
    case GANTRY_OP_SUM:
    case GANTRY_OP_REDUCE_MAX:
    case GANTRY_OP_REDUCE_MIN:
    case GANTRY_OP_ARG_MAX:
    case GANTRY_OP_ARG_MIN:
        return first_alone(v) && axes_beyond_first(v, 1);
    case GANTRY_OP_CONCATENATION:
        return all_in_parts(v) && beyond_first(along->axis, v->x->rank);
    case GANTRY_OP_SPLIT:
    case GANTRY_OP_SPLIT_V:
        return first_alone(v) && axes_beyond_first(v, v->node->input_count - 1);
    case GANTRY_OP_PAD:
    case GANTRY_OP_MIRROR_PAD:
        return first_alone(v) && first_of(v, 1) == 0 && gantry_tensor_integer(input(v, 1), 1) == 0;
    case GANTRY_OP_SLICE:
    case GANTRY_OP_STRIDED_SLICE:
        return first_alone(v) && slices_whole_parts(v);
    case GANTRY_OP_TRANSPOSE:
        return first_alone(v) && (first_of(v, 1) == 0 || first_of(v, 1) == -v->x->rank);
    case GANTRY_OP_TILE:
        return first_alone(v) && first_of(v, 1) == 1;
    case GANTRY_OP_BATCH_MATMUL:
        return multiplies_parts(v);
    default:
        return false;
    }
}

/* A convolution or product that its batch alone keeps from the map kernels. */
static bool held_back(const struct view *v)
{
    const struct gantry_graph_node *node = v->node;
    bool product = node->op == GANTRY_OP_CONV_2D || node->op == GANTRY_OP_DEPTHWISE_CONV_2D ||
                   node->op == GANTRY_OP_TRANSPOSE_CONV || node->op == GANTRY_OP_FULLY_CONNECTED;
    return product && !node->mapped && in_parts(v, 0) && input(v, 0)->dtype == GANTRY_INT8;
}

/* Follows the parts from the inputs; false where parts meet, or nothing would be won. */
static bool separates(struct batch *batch)
{
    const struct gantry_graph *graph = batch->graph;
    bool wanted = false;
    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (graph->tensors[t].variable) return false; /* what stays belongs to all items */
    for (int32_t i = 0; i < graph->input_count; i++) {
        const struct gantry_shape *shape = &graph->tensors[graph->inputs[i]].shape;
        if (shape->rank < 1 || shape->dims[0] != batch->items) return false;
        batch->parts[graph->inputs[i]] = true;
    }
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        struct view v = {batch, node, &graph->tensors[node->inputs[0]].shape,
                         &graph->tensors[node->outputs[0]].shape};
        bool any = false;
        for (int32_t i = 0; i < node->input_count; i++) any = any || in_parts(&v, i);
        if (!any) continue;
        if (!keeps_parts(&v)) return false;
        wanted = wanted || held_back(&v);
        for (int32_t i = 0; i < node->output_count; i++) {
            const struct gantry_shape *y = &graph->tensors[node->outputs[i]].shape;
            if (y->rank < 1 || y->dims[0] % batch->items != 0) return false;
            batch->parts[node->outputs[i]] = true;
        }
    }
    for (int32_t i = 0; i < graph->output_count; i++)
        if (!batch->parts[graph->outputs[i]]) return false;
    return wanted;
}

/* Tensors in parts become those of one part. */
static void take_one(struct gantry_graph *graph, const struct batch *batch)
{
    for (int32_t t = 0; t < graph->tensor_count; t++) {
        if (!batch->parts[t]) continue;
        graph->tensors[t].shape.dims[0] /= batch->items;
        graph->tensors[t].bytes /= (size_t)batch->items;
    }
    /* The list of a RESHAPE says what its output's shape says. */
    for (int32_t n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].op == GANTRY_OP_RESHAPE && batch->parts[graph->nodes[n].outputs[0]])
            graph->nodes[n].input_count = 1;
    graph->batch = batch->items;
}

enum gantry_status gantry_pass_batch(struct gantry_graph *graph, struct gantry_error *error)
{
    const struct gantry_allocator *allocator = graph->arena.allocator;
    const struct gantry_shape *first = &graph->tensors[graph->inputs[0]].shape;
    struct batch batch = {.graph = graph, .items = first->rank > 0 ? first->dims[0] : 1};
    graph->batch = 1;
    if (batch.items < 2) return GANTRY_OK;
    batch.parts = gantry_allocate(allocator, (size_t)graph->tensor_count, sizeof *batch.parts);
    if (!batch.parts)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", graph->name);
    bool apart = separates(&batch);
    if (apart) take_one(graph, &batch);
    gantry_release(allocator, batch.parts);
    return apart ? gantry_graph_check(graph, error) : GANTRY_OK;
}
