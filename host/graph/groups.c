/* SPDX-License-Identifier: Apache-2.0
 * Grouped convolutions of int8 maps as dense ones, which the accelerator and the fast kernels have:
 * the weights between one group and another are 0. */
#include <string.h>

#include "graph/graph.h"

/* Weights may not grow more, nor beyond so many bytes. */
enum { GROUPS_MAX = 16, WEIGHT_BYTES_MAX = 1 << 24 };

static int32_t groups_of(const struct gantry_graph *graph, const struct gantry_graph_node *node)
{
    if (node->op != GANTRY_OP_CONV_2D) return 1;
    return graph->tensors[node->inputs[0]].shape.dims[3] /
           graph->tensors[node->inputs[1]].shape.dims[3];
}

static bool suits(const struct gantry_graph *graph, const struct gantry_graph_node *node)
{
    int32_t groups = groups_of(graph, node);
    const struct gantry_graph_tensor *x = &graph->tensors[node->inputs[0]];
    struct gantry_extent extent;
    return groups > 1 && groups <= GROUPS_MAX && x->dtype == GANTRY_INT8 &&
           gantry_shape_extent(&x->shape, &extent) &&
           graph->tensors[node->inputs[1]].bytes <= (size_t)(WEIGHT_BYTES_MAX / groups);
}

/* The weights of all input channels. */
static bool spread(struct gantry_graph *graph, struct gantry_graph_tensor *weights, int32_t groups)
{
    const int32_t *w = weights->shape.dims;
    int64_t depth = w[3], taps = (int64_t)w[1] * w[2];
    const int8_t *from = weights->data;
    weights->bytes *= (size_t)groups;
    int8_t *to = gantry_arena_alloc(&graph->arena, weights->bytes, 1);
    if (!to) return false;
    memset(to, weights->quantization.zero_point[0], weights->bytes);
    for (int64_t o = 0; o < w[0]; o++) {
        int64_t group = o / (w[0] / groups);
        for (int64_t tap = 0; tap < taps; tap++) {
            int64_t row = o * taps + tap;
            memcpy(to + (row * groups + group) * depth, from + row * depth, (size_t)depth);
        }
    }
    weights->data = to;
    weights->shape.dims[3] *= groups;
    return true;
}

enum gantry_status gantry_pass_groups(struct gantry_graph *graph, struct gantry_error *error)
{
    size_t nodes = (size_t)graph->node_count, count = 0;
    for (size_t n = 0; n < nodes; n++) count += suits(graph, &graph->nodes[n]);
    if (count == 0) return GANTRY_OK;
    size_t tensors = (size_t)graph->tensor_count;
    const struct gantry_graph_tensor *before = graph->tensors;
    uint64_t *macs = gantry_arena_alloc(&graph->arena, nodes, sizeof *macs);
    graph->tensors = gantry_arena_alloc(&graph->arena, tensors + count, sizeof *graph->tensors);
    bool ok = macs && graph->tensors;
    if (ok) memcpy(graph->tensors, before, tensors * sizeof *graph->tensors);
    for (size_t n = 0; ok && n < nodes; n++) {
        struct gantry_graph_node *node = &graph->nodes[n];
        if (!suits(graph, node)) continue;
        int32_t groups = groups_of(graph, node), weights = graph->tensor_count++;
        graph->tensors[weights] = graph->tensors[node->inputs[1]];
        node->inputs[1] = weights;
        macs[n] = node->macs;
        ok = spread(graph, &graph->tensors[weights], groups);
    }
    if (!ok) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", graph->name);
    enum gantry_status status = gantry_graph_check(graph, error);
    /* Weights between groups are no work of the network. */
    for (size_t n = 0; status == GANTRY_OK && n < nodes; n++)
        if (macs[n]) graph->nodes[n].macs = macs[n];
    return status;
}
