/* SPDX-License-Identifier: Apache-2.0
 * What lowering shares: nodes and the layouts of what they make (lower.c) become chips and steps
 * (chips.c). */
#ifndef GANTRY_PLAN_LOWER_H
#define GANTRY_PLAN_LOWER_H

#include "plan/build.h"

struct gantry_lower {
    struct gantry_build *build;
    struct gantry_lowered *out;
    int32_t segment;
    struct gantry_step *nodes;  /* one per node that runs or joins, before copies are inserted */
    int32_t *class_y, *class_x; /* per tensor that is made: its layout */
    int32_t node_count;
    struct gantry_joins joins;
    int32_t *primary;  /* per tensor: chip of what this launch makes, or -1 */
    int32_t *residual; /* per node step: tensor, or GANTRY_NO_TENSOR */
};

/* Layout that a step wants on an axis: 0 any (one output), else its stride. */
static inline int32_t gantry_demand_y(const struct gantry_task *task)
{
    return task->out.h == 1 ? 0 : task->stride_h;
}
static inline int32_t gantry_demand_x(const struct gantry_task *task)
{
    return task->out.w == 1 ? 0 : task->stride_w;
}

static inline bool gantry_demand_fits(const struct gantry_task *task, int32_t sy, int32_t sx)
{
    return (gantry_demand_y(task) == 0 || gantry_demand_y(task) == sy) &&
           (gantry_demand_x(task) == 0 || gantry_demand_x(task) == sx);
}

static inline struct gantry_extent gantry_lower_extent(const struct gantry_lower *lower,
                                                       int32_t tensor)
{
    struct gantry_extent extent = {0};
    (void)gantry_shape_extent(&lower->build->graph->tensors[tensor].shape, &extent);
    return extent;
}

/* Whether a tensor that this launch makes goes to memory. */
static inline bool gantry_lower_stores(const struct gantry_build *build, int32_t tensor)
{
    enum gantry_home home = build->plan->tensors[tensor].home;
    return home == GANTRY_HOME_ARENA || home == GANTRY_HOME_OUTPUT;
}

/* The tensor that a step writes: of the ADD where one is computed with it. */
static inline int32_t gantry_lower_written(const struct gantry_lower *lower, int32_t i)
{
    const struct gantry_step *step = &lower->nodes[i];
    return step->add == GANTRY_NO_NODE ? step->task.output
                                       : lower->build->graph->nodes[step->add].outputs[0];
}

/* Chips and steps of the nodes, in order; copies are put in. */
void gantry_lower_emit(struct gantry_lower *lower);

#endif
