/* SPDX-License-Identifier: Apache-2.0
 * The invariants of a graph: valid indices, legal tensors, one producer each, topological order;
 * then the rule of every operator. */
#include "graph/check.h"

#include <math.h>
#include <stdio.h>

/* Range of a zero point, and of the stored values. False for types that are not quantised. */
static bool value_range(enum gantry_dtype dtype, int32_t *low, int32_t *high)
{
    switch (dtype) {
    case GANTRY_INT8:
        *low = INT8_MIN;
        *high = INT8_MAX;
        return true;
    case GANTRY_UINT8:
        *low = 0;
        *high = UINT8_MAX;
        return true;
    case GANTRY_INT16:
        *low = INT16_MIN;
        *high = INT16_MAX;
        return true;
    case GANTRY_INT32:
        *low = INT32_MIN;
        *high = INT32_MAX;
        return true;
    default:
        return false;
    }
}

static enum gantry_status check_quantization(const struct gantry_graph_tensor *tensor,
                                             struct gantry_error *error)
{
    const struct gantry_quantization *q = &tensor->quantization;
    if (q->count == 0) return GANTRY_OK;
    int32_t low, high;
    if (q->count < 0 || !q->scale || !q->zero_point || !value_range(tensor->dtype, &low, &high))
        return gantry_fail(error, GANTRY_ERR_FILE, "tensor \"%s\": quantisation of %s is not legal",
                           tensor->name, gantry_dtype_name(tensor->dtype));
    if (q->count > 1) {
        if (q->axis < 0 || q->axis >= tensor->shape.rank)
            return gantry_fail(error, GANTRY_ERR_FILE,
                               "tensor \"%s\": quantised dimension %d (rank %d)", tensor->name,
                               q->axis, tensor->shape.rank);
        if (q->count != tensor->shape.dims[q->axis])
            return gantry_fail(error, GANTRY_ERR_FILE,
                               "tensor \"%s\": %d scales for %d channels of dimension %d",
                               tensor->name, q->count, tensor->shape.dims[q->axis], q->axis);
    }
    for (int32_t c = 0; c < q->count; c++) {
        if (!isfinite(q->scale[c]) || q->scale[c] <= 0)
            return gantry_fail(error, GANTRY_ERR_FILE,
                               "tensor \"%s\": scale %d is %g (finite and above 0)", tensor->name,
                               c, (double)q->scale[c]);
        if (q->zero_point[c] < low || q->zero_point[c] > high)
            return gantry_fail(error, GANTRY_ERR_FILE,
                               "tensor \"%s\": zero point %d is %d (%d..%d)", tensor->name, c,
                               q->zero_point[c], low, high);
    }
    return GANTRY_OK;
}

static enum gantry_status check_tensor(const struct gantry_graph_tensor *tensor,
                                       struct gantry_error *error)
{
    if (tensor->shape.rank < 0 || tensor->shape.rank > GANTRY_RANK_MAX)
        return gantry_fail(error, GANTRY_ERR_UNSUPPORTED, "tensor \"%s\": rank %d (limit %d)",
                           tensor->name, tensor->shape.rank, GANTRY_RANK_MAX);
    for (int32_t i = 0; i < tensor->shape.rank; i++)
        if (tensor->shape.dims[i] < 1)
            return gantry_fail(error, GANTRY_ERR_FILE, "tensor \"%s\": dimension %d is %d",
                               tensor->name, i, tensor->shape.dims[i]);
    int64_t elements = gantry_shape_elements(&tensor->shape);
    if (elements == 0)
        return gantry_fail(error, GANTRY_ERR_FILE, "tensor \"%s\": more than 2^31 - 1 elements",
                           tensor->name);
    size_t bytes = (size_t)elements * gantry_dtype_bytes(tensor->dtype);
    if (bytes == 0 || tensor->bytes != bytes)
        return gantry_fail(error, GANTRY_ERR_FILE, "tensor \"%s\": %zu bytes, its shape says %zu",
                           tensor->name, tensor->bytes, bytes);
    return check_quantization(tensor, error);
}

static bool valid_index(const struct gantry_graph *graph, int32_t tensor)
{
    return tensor >= 0 && tensor < graph->tensor_count;
}

/* As many edges as the operator has. */
static enum gantry_status check_counts(const struct gantry_graph *graph, int32_t index,
                                       struct gantry_error *error)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    const struct gantry_op_row *row = gantry_op_row(node->op);
    if (node->input_count < row->inputs_min || node->input_count > row->inputs_max)
        return gantry_fail(error, GANTRY_ERR_FILE, "node %d %s: %d inputs (%d..%d)", index,
                           row->label, node->input_count, row->inputs_min, row->inputs_max);
    if (node->output_count < row->outputs_min || node->output_count > row->outputs_max)
        return gantry_fail(error, GANTRY_ERR_FILE, "node %d %s: %d outputs (%d..%d)", index,
                           row->label, node->output_count, row->outputs_min, row->outputs_max);
    return GANTRY_OK;
}

/* Indices of a node's inputs, and that what it reads is there before it runs. */
static enum gantry_status check_reads(const struct gantry_graph *graph, int32_t index,
                                      const bool *ready, struct gantry_error *error)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    const struct gantry_op_row *row = gantry_op_row(node->op);
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t tensor = node->inputs[i];
        if (tensor == GANTRY_NO_TENSOR && i >= row->inputs_min) continue;
        if (!valid_index(graph, tensor))
            return gantry_fail(error, GANTRY_ERR_FILE, "node %d %s: input %d is tensor %d (of %d)",
                               index, row->label, i, tensor, graph->tensor_count);
        if (!graph->tensors[tensor].data && !ready[tensor])
            return gantry_fail(error, GANTRY_ERR_FILE,
                               "node %d %s: tensor \"%s\" is read before a node makes it", index,
                               row->label, graph->tensors[tensor].name);
    }
    return GANTRY_OK;
}

/* Indices of its outputs, and that nothing else makes them. */
static enum gantry_status check_writes(const struct gantry_graph *graph, int32_t index, bool *ready,
                                       struct gantry_error *error)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    const struct gantry_op_row *row = gantry_op_row(node->op);
    for (int32_t i = 0; i < node->output_count; i++) {
        int32_t tensor = node->outputs[i];
        if (!valid_index(graph, tensor))
            return gantry_fail(error, GANTRY_ERR_FILE, "node %d %s: output is tensor %d (of %d)",
                               index, row->label, tensor, graph->tensor_count);
        if (ready[tensor] || graph->tensors[tensor].data)
            return gantry_fail(error, GANTRY_ERR_FILE,
                               "node %d %s: tensor \"%s\" has another producer already", index,
                               row->label, graph->tensors[tensor].name);
        ready[tensor] = true;
    }
    return GANTRY_OK;
}

static enum gantry_status check_edges(const struct gantry_graph *graph, int32_t index, bool *ready,
                                      struct gantry_error *error)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    if ((size_t)node->op >= GANTRY_OP_COUNT)
        return gantry_fail(error, GANTRY_ERR_FILE, "node %d: operator %d", index, (int)node->op);
    enum gantry_status status = check_counts(graph, index, error);
    if (status == GANTRY_OK) status = check_reads(graph, index, ready, error);
    return status == GANTRY_OK ? check_writes(graph, index, ready, error) : status;
}

static enum gantry_status check_inputs(struct gantry_graph *graph, bool *ready,
                                       struct gantry_error *error)
{
    for (int32_t i = 0; i < graph->input_count; i++) {
        int32_t tensor = graph->inputs[i];
        char where[32];
        (void)snprintf(where, sizeof where, "input %d", i);
        if (!valid_index(graph, tensor))
            return gantry_fail(error, GANTRY_ERR_FILE, "%s: tensor %d (of %d)", where, tensor,
                               graph->tensor_count);
        if (ready[tensor] || graph->tensors[tensor].data)
            return gantry_fail(error, GANTRY_ERR_FILE, "%s: tensor \"%s\" is %s", where,
                               graph->tensors[tensor].name,
                               ready[tensor] ? "named twice" : "a constant");
        ready[tensor] = true;
    }
    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (graph->tensors[t].variable && !graph->tensors[t].data) ready[t] = true;
    return GANTRY_OK;
}

static enum gantry_status check_outputs(const struct gantry_graph *graph,
                                        struct gantry_error *error)
{
    for (int32_t i = 0; i < graph->output_count; i++) {
        int32_t tensor = graph->outputs[i];
        if (!valid_index(graph, tensor))
            return gantry_fail(error, GANTRY_ERR_FILE, "output %d: tensor %d (of %d)", i, tensor,
                               graph->tensor_count);
        if (graph->tensors[tensor].producer == GANTRY_NO_NODE)
            return gantry_fail(error, GANTRY_ERR_FILE, "output %d: no node makes tensor \"%s\"", i,
                               graph->tensors[tensor].name);
        for (int32_t k = 0; k < i; k++)
            if (graph->outputs[k] == tensor)
                return gantry_fail(error, GANTRY_ERR_FILE,
                                   "output %d: tensor \"%s\" is output %d already", i,
                                   graph->tensors[tensor].name, k);
    }
    return GANTRY_OK;
}

/* The type of the first input, then the operator's own rule. */
static enum gantry_status check_node(const struct gantry_graph *graph, int32_t index,
                                     struct gantry_error *error)
{
    struct gantry_graph_node *node = &graph->nodes[index];
    struct gantry_site site = {.graph = graph, .node = node, .index = index, .error = error};
    site.x = &graph->tensors[node->inputs[0]];
    site.y = &graph->tensors[node->outputs[0]];
    site.in = gantry_shape_map(&site.x->shape);
    site.out = gantry_shape_map(&site.y->shape);
    node->macs = 0;
    node->mapped = false;
    if (!(gantry_op_row(node->op)->types >> site.x->dtype & 1))
        return GANTRY_REFUSE(&site, GANTRY_ERR_UNSUPPORTED, "tensor \"%s\" is %s", site.x->name,
                             gantry_dtype_name(site.x->dtype));
    return gantry_check_of(node->op)(&site);
}

static enum gantry_status check_and_fold(struct gantry_graph *graph, int32_t node, bool *folded,
                                         struct gantry_error *error)
{
    *folded = false;
    enum gantry_status status = check_node(graph, node, error);
    return status == GANTRY_OK ? gantry_fold(graph, node, folded, error) : status;
}

enum gantry_status gantry_graph_check_node(struct gantry_graph *graph, int32_t index, bool *folded,
                                           struct gantry_error *error)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    enum gantry_status status = check_counts(graph, index, error);
    for (int32_t i = 0; status == GANTRY_OK && i < node->input_count; i++) {
        int32_t tensor = node->inputs[i];
        if (tensor == GANTRY_NO_TENSOR || graph->tensors[tensor].shape.rank >= 0) continue;
        status = gantry_fail(error, GANTRY_ERR_FILE,
                             "node %d %s: tensor \"%s\" is read before a node makes it", index,
                             gantry_op_label(node->op), graph->tensors[tensor].name);
    }
    return status == GANTRY_OK ? check_and_fold(graph, index, folded, error) : status;
}

/* Checks the nodes in order; those that constants decide are computed and dropped. */
static enum gantry_status check_nodes(struct gantry_graph *graph, bool *ready,
                                      struct gantry_error *error)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < graph->node_count; i++) {
        bool folded = false;
        enum gantry_status status = check_edges(graph, i, ready, error);
        if (status == GANTRY_OK) status = check_and_fold(graph, i, &folded, error);
        if (status != GANTRY_OK) return status;
        if (folded) continue;
        graph->nodes[kept] = graph->nodes[i];
        for (int32_t k = 0; k < graph->nodes[kept].output_count; k++)
            graph->tensors[graph->nodes[kept].outputs[k]].producer = kept;
        kept++;
    }
    graph->node_count = kept;
    return GANTRY_OK;
}

enum gantry_status gantry_graph_check(struct gantry_graph *graph, struct gantry_error *error)
{
    if (graph->node_count < 1 || graph->input_count < 1 || graph->output_count < 1 ||
        graph->tensor_count < 1)
        return gantry_fail(error, GANTRY_ERR_FILE,
                           "the network has %d operators, %d inputs, %d outputs (each at least 1)",
                           graph->node_count, graph->input_count, graph->output_count);
    for (int32_t i = 0; i < graph->tensor_count; i++) {
        graph->tensors[i].producer = GANTRY_NO_NODE;
        enum gantry_status status = check_tensor(&graph->tensors[i], error);
        if (status != GANTRY_OK) return status;
    }
    const struct gantry_allocator *allocator = graph->arena.allocator;
    bool *ready = gantry_allocate(allocator, (size_t)graph->tensor_count, sizeof *ready);
    if (!ready) return gantry_fail(error, GANTRY_ERR_MEMORY, "graph check: out of memory");
    enum gantry_status status = check_inputs(graph, ready, error);
    if (status == GANTRY_OK) status = check_nodes(graph, ready, error);
    if (status == GANTRY_OK) status = check_outputs(graph, error);
    gantry_release(allocator, ready);
    return status;
}
