/* SPDX-License-Identifier: Apache-2.0
 * Runs a graph node by node with the reference kernels: the oracle of tests. */
#ifndef GANTRY_TEST_GRAPH_RUN_H
#define GANTRY_TEST_GRAPH_RUN_H

#include "graph/graph.h"

/* Every activation has memory of its own, so that all of them can be looked at afterwards. */
struct graph_run {
    const struct gantry_graph *graph;
    int8_t **tensors; /* [tensor_count]; NULL for constants and unused tensors */
};

/* graph: checked, and alive until graph_run_finish. */
void graph_run_init(struct graph_run *run, const struct gantry_graph *graph);
void graph_run_finish(struct graph_run *run);

/* Runs one node on what its input tensors hold; or all of them, in order. */
void graph_run_node(struct graph_run *run, int32_t node);
void graph_run_all(struct graph_run *run);

#endif
