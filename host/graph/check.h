/* SPDX-License-Identifier: Apache-2.0
 * Between the two halves of the graph check: tensors and order (check.c), operators
 * (check_ops.c). */
#ifndef GANTRY_GRAPH_CHECK_H
#define GANTRY_GRAPH_CHECK_H

#include "graph/graph.h"

/* Limits that keep every index of a kernel within int32. */
enum { GANTRY_EXTENT_LIMIT = 1 << 24, GANTRY_WINDOW_LIMIT = 1 << 15 };

/* Checks one node whose tensors are valid, and fills its macs. */
GANTRY_MUST_USE enum gantry_status gantry_check_node(const struct gantry_graph *graph,
                                                     struct gantry_graph_node *node,
                                                     struct gantry_error *error);

#endif
