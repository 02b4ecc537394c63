/* SPDX-License-Identifier: Apache-2.0
 * From the nodes of a launch to chips and steps.
 *
 * A step with stride 2 reads a chip in parity planes, others a raster. A tensor that the launch
 * makes is written in the layout that its readers agree on; where they disagree it is a raster,
 * and an identity step copies it to planes. A 1x1 step of stride 1 can read and write planes
 * unchanged, as one flat row, when its own output is wanted in the same planes. A tensor that
 * comes from memory is loaded once for each layout. */
#include "plan/build.h"

#include <string.h>

enum { FLAT_MAX = 32767 }; /* pixels of a plane layout that may still grow its pitch */

struct lower {
    struct gantry_build *build;
    struct gantry_lowered *out;
    int32_t segment;
    struct gantry_step *nodes;  /* one per node that runs, before copies are inserted */
    int32_t *class_y, *class_x; /* per node step: layout of its output */
    int32_t node_count;
    int32_t *primary;  /* per tensor: chip of what this launch makes, or -1 */
    int32_t *residual; /* per node step: tensor, or GANTRY_NO_TENSOR */
};

/* Layout that a step wants on an axis: 0 any (one output), else its stride. */
static int32_t demand_y(const struct gantry_task *task)
{
    return task->out.h == 1 ? 0 : task->stride_h;
}
static int32_t demand_x(const struct gantry_task *task)
{
    return task->out.w == 1 ? 0 : task->stride_w;
}

static bool agrees(const struct gantry_task *task, int32_t sy, int32_t sx)
{
    return (demand_y(task) == 0 || demand_y(task) == sy) &&
           (demand_x(task) == 0 || demand_x(task) == sx);
}

/* Whether a step may run over all pixels of its input as one flat row. */
static bool flexible(const struct lower *lower, int32_t i)
{
    const struct gantry_task *w = &lower->nodes[i].task;
    return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
           w->pad_top == 0 && w->pad_left == 0 && w->in.h == w->out.h && w->in.w == w->out.w &&
           lower->residual[i] == GANTRY_NO_TENSOR;
}

/* The tensor that a step writes: of the ADD where one is computed with it. */
static int32_t written(const struct lower *lower, int32_t i)
{
    const struct gantry_step *step = &lower->nodes[i];
    return step->add == GANTRY_NO_NODE ? step->task.output
                                       : lower->build->graph->nodes[step->add].outputs[0];
}

static void list_nodes(struct lower *lower)
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
static bool flat_fits(const struct lower *lower, const struct gantry_task *task, int32_t sy,
                      int32_t sx)
{
    struct gantry_act_tensor act;
    gantry_act_layout(&act, lower->build->params, task->in.h, task->in.w, task->in.c, sy, sx,
                      task->out.w);
    return (int64_t)act.ps * sy * sx <= FLAT_MAX;
}

/* Chooses the layout that step i writes, the readers' own outputs being known. */
static void choose_class(struct lower *lower, int32_t i)
{
    int32_t tensor = written(lower, i), sy = 0, sx = 0;
    bool agreed = true;
    for (int32_t j = i + 1; j < lower->node_count; j++) {
        const struct gantry_task *task = &lower->nodes[j].task;
        if (task->source != tensor || flexible(lower, j)) continue;
        int32_t y = demand_y(task), x = demand_x(task);
        if ((y && sy && y != sy) || (x && sx && x != sx)) agreed = false;
        if (y) sy = y;
        if (x) sx = x;
    }
    sy = agreed && sy ? sy : 1;
    sx = agreed && sx ? sx : 1;
    if (sy == 2 || sx == 2) {
        for (int32_t j = i + 1; j < lower->node_count; j++) {
            if (lower->nodes[j].task.source != tensor || !flexible(lower, j)) continue;
            if (lower->class_y[j] != sy || lower->class_x[j] != sx ||
                !flat_fits(lower, &lower->nodes[j].task, sy, sx))
                agreed = false;
        }
    }
    lower->class_y[i] = agreed ? sy : 1;
    lower->class_x[i] = agreed ? sx : 1;
    if (!agreed || (sy == 1 && sx == 1)) return;
    for (int32_t j = i + 1; j < lower->node_count; j++)
        if (lower->nodes[j].task.source == tensor && flexible(lower, j))
            lower->nodes[j].flat = true;
}

static int32_t new_chip(struct lower *lower, int32_t tensor, const struct gantry_extent *extent,
                        int32_t sy, int32_t sx)
{
    int32_t index = lower->out->chip_count++;
    lower->out->chips[index] = (struct gantry_chip){
        .tensor = tensor,
        .channels = extent->c,
        .act = {.h = extent->h, .w = extent->w, .sy = sy, .sx = sx},
        .min_pitch = 1,
        .owner = index,
    };
    return index;
}

/* Whether LOAD folds the columns of the kernel into channels. */
static bool folds(const struct lower *lower, const struct gantry_task *task)
{
    const struct gantry_plan_tensor *home = &lower->build->plan->tensors[task->source];
    return gantry_task_folds(task) && home->pixel_stride == task->in.c;
}

/* The chip into which a tensor from memory is loaded for a step. */
static int32_t loaded_chip(struct lower *lower, const struct gantry_task *task)
{
    bool fold = folds(lower, task);
    struct gantry_extent extent = task->in;
    int32_t sy = gantry_max_i32(demand_y(task), 1), sx = gantry_max_i32(demand_x(task), 1);
    if (fold) {
        extent.w = task->out.w;
        extent.c = task->kernel_w * task->in.c;
        sx = 1;
    }
    for (int32_t c = 0; c < lower->out->chip_count; c++) {
        const struct gantry_chip *chip = &lower->out->chips[c];
        if (chip->tensor != task->source || chip->folded != fold) continue;
        if (fold && chip->act.sy == sy && chip->act.w == extent.w &&
            chip->fold_kernel == task->kernel_w && chip->fold_stride == task->stride_w &&
            chip->fold_pad == task->pad_left)
            return c;
        if (!fold && agrees(task, chip->act.sy, chip->act.sx)) return c;
    }
    int32_t index = new_chip(lower, task->source, &extent, sy, sx);
    struct gantry_chip *chip = &lower->out->chips[index];
    chip->loaded = true;
    chip->folded = fold;
    chip->fold_kernel = task->kernel_w;
    chip->fold_stride = task->stride_w;
    chip->fold_pad = task->pad_left;
    return index;
}

/* The chip that a step reads of a tensor that this launch made; copies to planes where needed. */
static int32_t made_chip(struct lower *lower, const struct gantry_step *step)
{
    struct gantry_lowered *out = lower->out;
    const struct gantry_task *task = &step->task;
    int32_t primary = lower->primary[task->source];
    if (step->flat || agrees(task, out->chips[primary].act.sy, out->chips[primary].act.sx))
        return primary;
    for (int32_t c = 0; c < out->chip_count; c++)
        if (out->chips[c].tensor == task->source && c != primary &&
            agrees(task, out->chips[c].act.sy, out->chips[c].act.sx))
            return c;
    int32_t copy = new_chip(lower, task->source, &task->in, gantry_max_i32(demand_y(task), 1),
                            gantry_max_i32(demand_x(task), 1));
    out->steps[out->step_count++] = (struct gantry_step){
        .task = {.kind = GANTRY_TASK_IDENTITY,
                 .node = GANTRY_NO_NODE,
                 .source = task->source,
                 .output = task->source,
                 .in = task->in,
                 .out = task->in,
                 .kernel_h = 1,
                 .kernel_w = 1,
                 .stride_h = 1,
                 .stride_w = 1,
                 .dilation = 1},
        .add = GANTRY_NO_NODE,
        .in = primary,
        .out = copy,
        .res = -1,
    };
    return copy;
}

/* The chip of a residual: any layout will do. */
static int32_t residual_chip(struct lower *lower, int32_t tensor,
                             const struct gantry_extent *extent)
{
    if (lower->primary[tensor] >= 0) return lower->primary[tensor];
    for (int32_t c = 0; c < lower->out->chip_count; c++)
        if (lower->out->chips[c].tensor == tensor && !lower->out->chips[c].folded) return c;
    int32_t index = new_chip(lower, tensor, extent, 1, 1);
    lower->out->chips[index].loaded = true;
    return index;
}

/* Whether a tensor that this launch makes goes to memory. */
static bool goes_out(const struct gantry_build *build, int32_t tensor)
{
    enum gantry_home home = build->plan->tensors[tensor].home;
    return home == GANTRY_HOME_ARENA || home == GANTRY_HOME_OUTPUT;
}

static void emit_steps(struct lower *lower)
{
    struct gantry_lowered *out = lower->out;
    for (int32_t i = 0; i < lower->node_count; i++) {
        struct gantry_step step = lower->nodes[i];
        const struct gantry_task *task = &step.task;
        bool made = lower->primary[task->source] >= 0;
        step.in = made ? made_chip(lower, &step) : loaded_chip(lower, task);
        if (lower->residual[i] != GANTRY_NO_TENSOR)
            step.res = residual_chip(lower, lower->residual[i], &task->out);
        int32_t tensor = written(lower, i);
        step.out = new_chip(lower, tensor, &task->out, lower->class_y[i], lower->class_x[i]);
        out->chips[step.out].stored = goes_out(lower->build, tensor);
        lower->primary[tensor] = step.out;
        out->steps[out->step_count++] = step;
    }
}

static bool allocate(struct lower *lower)
{
    struct gantry_arena *arena = &lower->build->scratch;
    struct gantry_lowered *out = lower->out;
    size_t nodes = (size_t)lower->build->plan->segments[lower->segment].node_count;
    size_t tensors = (size_t)lower->build->graph->tensor_count;
    memset(out, 0, sizeof *out);
    /* A node brings at most its output, a loaded input, a copy and a loaded residual. */
    out->chips = gantry_arena_alloc(arena, nodes * 4, sizeof *out->chips);
    out->steps = gantry_arena_alloc(arena, nodes * 2, sizeof *out->steps);
    lower->nodes = gantry_arena_alloc(arena, nodes, sizeof *lower->nodes);
    lower->class_y = gantry_arena_alloc(arena, nodes, sizeof *lower->class_y);
    lower->class_x = gantry_arena_alloc(arena, nodes, sizeof *lower->class_x);
    lower->residual = gantry_arena_alloc(arena, nodes, sizeof *lower->residual);
    lower->primary = gantry_arena_alloc(arena, tensors, sizeof *lower->primary);
    if (!out->chips || !out->steps || !lower->nodes || !lower->class_y || !lower->class_x ||
        !lower->residual || !lower->primary)
        return false;
    for (size_t t = 0; t < tensors; t++) lower->primary[t] = -1;
    return true;
}

enum gantry_status gantry_build_lower(struct gantry_build *build, int32_t segment,
                                      struct gantry_lowered *lowered)
{
    struct lower lower = {.build = build, .out = lowered, .segment = segment};
    if (!allocate(&lower)) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    list_nodes(&lower);
    for (int32_t i = lower.node_count - 1; i >= 0; i--) choose_class(&lower, i);
    emit_steps(&lower);
    return GANTRY_OK;
}
