/* SPDX-License-Identifier: Apache-2.0
 * The cheapest division of a graph's nodes between processor and accelerator. */
#ifndef GANTRY_PLAN_CUT_H
#define GANTRY_PLAN_CUT_H

#include "base/base.h"

/* A cost that forbids a side. Others are 0 .. GANTRY_CUT_MOST, in any one unit. */
enum { GANTRY_CUT_OUTSIDE = -1 };
#define GANTRY_CUT_NEVER INT64_MAX
#define GANTRY_CUT_MOST (INT64_C(1) << 48)

struct gantry_cut_node {
    int64_t cpu, accelerator; /* not both GANTRY_CUT_NEVER */
};

/* A tensor that several nodes may share. It is paid for once in each direction: load when the
 * processor makes it and the accelerator reads it, store when the accelerator makes it and the
 * processor reads it. The world outside counts as the processor. */
struct gantry_cut_tensor {
    int32_t producer; /* node, or GANTRY_CUT_OUTSIDE */
    const int32_t *readers;
    int32_t reader_count;
    bool output; /* the outside reads it too */
    int64_t load, store;
};

/* Minimises the sum of all costs, exactly: a minimum cut. accelerator: node_count values out; of
 * equally good ones, that with most nodes on the accelerator. *cost: the sum.
 * Errors: GANTRY_ERR_MEMORY. */
GANTRY_MUST_USE enum gantry_status
gantry_cut(const struct gantry_cut_node *nodes, int32_t node_count,
           const struct gantry_cut_tensor *tensors, int32_t tensor_count,
           const struct gantry_allocator *allocator, bool *accelerator, int64_t *cost,
           struct gantry_error *error);

/* Cost of a given division, GANTRY_CUT_NEVER when it is forbidden. */
int64_t gantry_cut_cost(const struct gantry_cut_node *nodes, int32_t node_count,
                        const struct gantry_cut_tensor *tensors, int32_t tensor_count,
                        const bool *accelerator);

#endif
