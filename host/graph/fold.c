/* SPDX-License-Identifier: Apache-2.0
 * Nodes whose inputs are constants, computed once with the kernels that would run them. */
#include "graph/check.h"

/* What is larger is computed in every run: a network cannot make the reader compute for long. */
enum { FOLD_BYTES_MAX = 1 << 24 };

static bool is_output(const struct gantry_graph *graph, int32_t tensor)
{
    for (int32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == tensor) return true;
    return false;
}

static bool foldable(const struct gantry_graph *graph, const struct gantry_graph_node *node)
{
    /* The shape of a tensor is known whatever it holds. */
    for (int32_t i = 0; i < node->input_count && node->op != GANTRY_OP_SHAPE; i++) {
        if (gantry_node_reads(graph, node, i)) return false;
        if (node->inputs[i] != GANTRY_NO_TENSOR &&
            graph->tensors[node->inputs[i]].bytes > FOLD_BYTES_MAX)
            return false;
    }
    for (int32_t i = 0; i < node->output_count; i++) {
        int32_t tensor = node->outputs[i];
        if (is_output(graph, tensor) || graph->tensors[tensor].bytes > FOLD_BYTES_MAX) return false;
    }
    return node->macs < FOLD_BYTES_MAX;
}

/* Runs the node into memory of the graph. */
static bool run(struct gantry_graph *graph, const struct gantry_graph_node *node,
                struct gantry_arena *arena)
{
    struct gantry_op_args *args;
    struct gantry_kernel kernel = {0};
    size_t edges = (size_t)node->input_count + (size_t)node->output_count;
    void **data = gantry_arena_alloc(arena, edges, sizeof *data);
    if (!data) return false;
    void **made = data + node->input_count;
    for (int32_t i = 0; i < node->output_count; i++) {
        made[i] = gantry_arena_alloc(&graph->arena, graph->tensors[node->outputs[i]].bytes, 1);
        if (!made[i]) return false;
    }
    if (!gantry_node_args(graph, node, data, arena, &args)) return false;
    if (!gantry_op_row(node->op)->bind(&kernel, args, arena)) return false;
    void *scratch = NULL;
    if (kernel.scratch_bytes) {
        scratch = gantry_arena_alloc(arena, kernel.scratch_bytes, 1);
        if (!scratch) return false;
    }
    gantry_kernel_run(&kernel, scratch);
    for (int32_t i = 0; i < node->output_count; i++)
        graph->tensors[node->outputs[i]].data = made[i];
    return true;
}

enum gantry_status gantry_fold(struct gantry_graph *graph, int32_t index, bool *folded,
                               struct gantry_error *error)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    struct gantry_arena arena;
    *folded = foldable(graph, node);
    if (!*folded) return GANTRY_OK;
    gantry_arena_init(&arena, graph->arena.allocator);
    bool done = run(graph, node, &arena);
    gantry_arena_finish(&arena);
    if (done) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_MEMORY, "node %d: out of memory", index);
}
