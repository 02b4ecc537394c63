/* SPDX-License-Identifier: Apache-2.0
 * From the nodes of a launch to chips and steps.
 *
 * A step with stride 2 reads a chip in parity planes, others a raster. A tensor that the launch
 * makes is written in the layout that its readers agree on; where they disagree it is a raster,
 * and an identity step copies it to planes. A 1x1 step of stride 1 can read and write planes
 * unchanged, as one flat row, when its own output is wanted in the same planes. A tensor that
 * comes from memory is loaded once for each layout. A CONCATENATION is no step: its parts are made
 * in, loaded or copied to their places in the chip of the whole. */
#include "plan/lower.h"

#include <string.h>

enum { FLAT_MAX = 32767 }; /* pixels of a plane layout that may still grow its pitch */

/* Whether a step may run over all pixels of its input as one flat row. */
static bool flexible(const struct gantry_lower *lower, int32_t i)
{
    const struct gantry_task *w = &lower->nodes[i].task;
    return w->kind != GANTRY_TASK_JOIN && w->kernel_h == 1 && w->kernel_w == 1 &&
           w->stride_h == 1 && w->stride_w == 1 && w->pad_top == 0 && w->pad_left == 0 &&
           w->in.h == w->out.h && w->in.w == w->out.w && lower->residual[i] == GANTRY_NO_TENSOR;
}

static void list_nodes(struct gantry_lower *lower)
{
    const struct gantry_build *build = lower->build;
    const struct gantry_plan_segment *segment = &build->plan->segments[lower->segment];
    for (int32_t k = 0; k < segment->node_count; k++) {
        int32_t n = segment->nodes[k];
        const struct gantry_graph_node *node = &build->graph->nodes[n];
        if (node->op == GANTRY_OP_RESHAPE || build->plan->nodes[n].fused_into != GANTRY_NO_NODE)
            continue;
        int32_t i = lower->node_count++;
        struct gantry_step *step = &lower->nodes[i];
        step->task = build->task[n];
        step->add = node->op == GANTRY_OP_ADD ? n : build->fused_add[n];
        step->in = step->out = step->res = -1;
        lower->residual[i] = GANTRY_NO_TENSOR;
        if (node->op == GANTRY_OP_ADD) {
            lower->residual[i] = gantry_task_source(build->graph, n, 1);
        } else if (step->add != GANTRY_NO_NODE) {
            bool first = build->graph->nodes[step->add].inputs[0] == node->outputs[0];
            lower->residual[i] = gantry_task_source(build->graph, step->add, first ? 1 : 0);
        }
    }
}

/* Whether planes of this kind keep a flat view of the tensor within 16 bits. */
static bool flat_fits(const struct gantry_lower *lower, const struct gantry_task *task, int32_t sy,
                      int32_t sx)
{
    struct gantry_act_tensor act;
    gantry_act_layout(&act, lower->build->params, task->in.h, task->in.w, task->in.c, sy, sx,
                      task->out.w);
    return (int64_t)act.ps * sy * sx <= FLAT_MAX;
}

/* What the readers of a tensor want of its layout. */
struct wish {
    int32_t sy, sx;
    bool agreed, flexible;
};

static void add_wish(struct wish *wish, int32_t y, int32_t x)
{
    if ((y && wish->sy && y != wish->sy) || (x && wish->sx && x != wish->sx)) wish->agreed = false;
    if (y) wish->sy = y;
    if (x) wish->sx = x;
}

/* Whether a CONCATENATION copies a tensor. */
static bool copies(const struct gantry_join *join, int32_t tensor)
{
    for (int32_t k = 0; k < join->part_count; k++)
        if (join->parts[k].tensor == tensor && !join->parts[k].in_place) return true;
    return false;
}

/* Of a tensor that lies in one chip with its parts: of them, too. Copies are made of a raster. */
static void add_readers(const struct gantry_lower *lower, int32_t tensor, struct wish *wish)
{
    const struct gantry_join *join = lower->joins.of[tensor];
    bool gaps = join && join->gaps, raster = join && gantry_lower_stores(lower->build, tensor);
    for (int32_t j = 0; j < lower->node_count; j++) {
        const struct gantry_task *task = &lower->nodes[j].task;
        if (gaps && lower->residual[j] == tensor) raster = true;
        if (task->kind == GANTRY_TASK_JOIN) {
            raster = raster || copies(lower->joins.of[task->output], tensor);
        } else if (task->source == tensor) {
            if (gaps && task->kind != GANTRY_TASK_CONV) raster = true;
            if (flexible(lower, j))
                wish->flexible = true;
            else
                add_wish(wish, gantry_demand_y(task), gantry_demand_x(task));
        }
    }
    if (raster || (join && join->by_rows)) add_wish(wish, 1, 1);
    for (int32_t k = 0; join && k < join->part_count; k++)
        if (join->parts[k].in_place) add_readers(lower, join->parts[k].tensor, wish);
}

/* Chooses the layout of what step i makes, that of what its readers make being known. */
static void choose_class(struct gantry_lower *lower, int32_t i)
{
    int32_t tensor = gantry_lower_written(lower, i),
            root = gantry_joins_root(&lower->joins, tensor);
    int32_t *class_y = lower->class_y, *class_x = lower->class_x;
    struct wish wish = {.agreed = true};
    if (root != tensor) {
        class_y[tensor] = class_y[root];
        class_x[tensor] = class_x[root];
        return;
    }
    add_readers(lower, tensor, &wish);
    int32_t sy = wish.agreed && wish.sy ? wish.sy : 1, sx = wish.agreed && wish.sx ? wish.sx : 1;
    bool planes = sy == 2 || sx == 2;
    if (lower->joins.of[tensor]) planes = planes && !wish.flexible;
    for (int32_t j = i + 1; planes && j < lower->node_count; j++) {
        if (lower->nodes[j].task.source != tensor || !flexible(lower, j)) continue;
        int32_t made = gantry_lower_written(lower, j);
        planes = class_y[made] == sy && class_x[made] == sx &&
                 flat_fits(lower, &lower->nodes[j].task, sy, sx);
    }
    class_y[tensor] = planes ? sy : 1;
    class_x[tensor] = planes ? sx : 1;
    for (int32_t j = i + 1; planes && j < lower->node_count; j++)
        if (lower->nodes[j].task.source == tensor && flexible(lower, j))
            lower->nodes[j].flat = true;
}

static bool allocate(struct gantry_lower *lower)
{
    struct gantry_arena *arena = &lower->build->scratch;
    struct gantry_lowered *out = lower->out;
    const struct gantry_plan_segment *segment = &lower->build->plan->segments[lower->segment];
    size_t nodes = (size_t)segment->node_count, parts = 0;
    size_t tensors = (size_t)lower->build->graph->tensor_count;
    memset(out, 0, sizeof *out);
    for (size_t k = 0; k < nodes; k++)
        parts += (size_t)lower->build->graph->nodes[segment->nodes[k]].input_count;
    /* A node brings at most its output, a loaded input, a loaded residual and two copies, or its
     * parts. */
    out->chips = gantry_arena_alloc(arena, nodes * 5 + parts, sizeof *out->chips);
    out->steps = gantry_arena_alloc(arena, nodes * 3 + parts, sizeof *out->steps);
    lower->nodes = gantry_arena_alloc(arena, nodes, sizeof *lower->nodes);
    lower->class_y = gantry_arena_alloc(arena, tensors, sizeof *lower->class_y);
    lower->class_x = gantry_arena_alloc(arena, tensors, sizeof *lower->class_x);
    lower->residual = gantry_arena_alloc(arena, nodes, sizeof *lower->residual);
    lower->primary = gantry_arena_alloc(arena, tensors, sizeof *lower->primary);
    if (!out->chips || !out->steps || !lower->nodes || !lower->class_y || !lower->class_x ||
        !lower->residual || !lower->primary)
        return false;
    for (size_t t = 0; t < tensors; t++) lower->primary[t] = -1;
    return gantry_joins_find(lower->build, lower->segment, arena, &lower->joins);
}

enum gantry_status gantry_build_lower(struct gantry_build *build, int32_t segment,
                                      struct gantry_lowered *lowered)
{
    struct gantry_lower lower = {.build = build, .out = lowered, .segment = segment};
    if (!allocate(&lower)) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    list_nodes(&lower);
    for (int32_t i = lower.node_count - 1; i >= 0; i--) choose_class(&lower, i);
    gantry_lower_emit(&lower);
    return GANTRY_OK;
}
