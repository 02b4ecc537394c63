/* SPDX-License-Identifier: Apache-2.0
 * From the nodes of a launch to chips and steps.
 *
 * A step with stride 2 reads a chip in parity planes, others a raster. A tensor that the launch
 * makes is written in the layout that its readers agree on; where they disagree it is a raster,
 * and an identity step copies it to planes. A 1x1 step of stride 1 can read and write planes
 * unchanged, as one flat row, when its own output is wanted in the same planes. A tensor that
 * comes from memory is loaded once for each layout. A CONCATENATION is no step: its parts are made
 * in, loaded or copied to their places in the chip of the whole. */
#include "plan/build.h"

#include <string.h>

enum { FLAT_MAX = 32767 }; /* pixels of a plane layout that may still grow its pitch */

struct lower {
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
    return w->kind != GANTRY_TASK_JOIN && w->kernel_h == 1 && w->kernel_w == 1 &&
           w->stride_h == 1 && w->stride_w == 1 && w->pad_top == 0 && w->pad_left == 0 &&
           w->in.h == w->out.h && w->in.w == w->out.w && lower->residual[i] == GANTRY_NO_TENSOR;
}

static struct gantry_extent extent_of(const struct lower *lower, int32_t tensor)
{
    struct gantry_extent extent = {0};
    (void)gantry_shape_extent(&lower->build->graph->tensors[tensor].shape, &extent);
    return extent;
}

/* Whether a tensor that this launch makes goes to memory. */
static bool goes_out(const struct gantry_build *build, int32_t tensor)
{
    enum gantry_home home = build->plan->tensors[tensor].home;
    return home == GANTRY_HOME_ARENA || home == GANTRY_HOME_OUTPUT;
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
static void add_readers(const struct lower *lower, int32_t tensor, struct wish *wish)
{
    const struct gantry_join *join = lower->joins.of[tensor];
    bool gaps = join && join->gaps, raster = join && goes_out(lower->build, tensor);
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
                add_wish(wish, demand_y(task), demand_x(task));
        }
    }
    if (raster || (join && join->by_rows)) add_wish(wish, 1, 1);
    for (int32_t k = 0; join && k < join->part_count; k++)
        if (join->parts[k].in_place) add_readers(lower, join->parts[k].tensor, wish);
}

/* Chooses the layout of what step i makes, that of what its readers make being known. */
static void choose_class(struct lower *lower, int32_t i)
{
    int32_t tensor = written(lower, i), root = gantry_joins_root(&lower->joins, tensor);
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
        int32_t made = written(lower, j);
        planes = class_y[made] == sy && class_x[made] == sx &&
                 flat_fits(lower, &lower->nodes[j].task, sy, sx);
    }
    class_y[tensor] = planes ? sy : 1;
    class_x[tensor] = planes ? sx : 1;
    for (int32_t j = i + 1; planes && j < lower->node_count; j++)
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
        .whole = -1,
        .owner = index,
    };
    return index;
}

/* Puts a chip into its place in another one. */
static void put_into(struct lower *lower, int32_t index, int32_t whole,
                     const struct gantry_join_part *part)
{
    struct gantry_chip *chip = &lower->out->chips[index];
    chip->whole = whole;
    chip->block = part->block;
    chip->row = part->row;
    chip->owner = lower->out->chips[whole].owner;
}

/* The chip of a tensor that this launch makes, in its place where it is part of another one; there
 * may be one already where it has parts itself. */
static int32_t primary_chip(struct lower *lower, int32_t tensor)
{
    if (lower->primary[tensor] >= 0) return lower->primary[tensor];
    const struct gantry_join_part *place = lower->joins.place[tensor];
    const struct gantry_join *join = lower->joins.of[tensor];
    int32_t whole = place ? primary_chip(lower, lower->joins.whole[tensor]) : -1;
    struct gantry_extent extent = extent_of(lower, tensor);
    int32_t index =
        new_chip(lower, tensor, &extent, lower->class_y[tensor], lower->class_x[tensor]);
    if (place) put_into(lower, index, whole, place);
    if (join && join->gaps) {
        lower->out->chips[index].gaps = join;
        lower->out->chips[index].channels = join->blocks * GANTRY_CHANNELS;
    }
    lower->primary[tensor] = index;
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

/* A step that copies a tensor that this launch made to another chip, without gaps. */
static void copy_to(struct lower *lower, int32_t tensor, int32_t to, int32_t node)
{
    struct gantry_lowered *out = lower->out;
    int32_t from = lower->primary[tensor];
    struct gantry_extent extent = extent_of(lower, tensor);
    out->steps[out->step_count++] = (struct gantry_step){
        .task = {.kind = out->chips[from].gaps ? GANTRY_TASK_CLOSE : GANTRY_TASK_IDENTITY,
                 .node = node,
                 .source = tensor,
                 .output = tensor,
                 .in = extent,
                 .out = extent,
                 .kernel_h = 1,
                 .kernel_w = 1,
                 .stride_h = 1,
                 .stride_w = 1,
                 .dilation = 1},
        .add = GANTRY_NO_NODE,
        .in = from,
        .out = to,
        .res = -1,
    };
}

/* A chip of a tensor that this launch made in one of the layouts, without gaps: its own where that
 * is one, else a copy. 0: any layout. */
static int32_t plain_chip(struct lower *lower, int32_t tensor, int32_t sy, int32_t sx)
{
    struct gantry_lowered *out = lower->out;
    for (int32_t c = 0; c < out->chip_count; c++) {
        const struct gantry_chip *chip = &out->chips[c];
        if (chip->tensor == tensor && !chip->gaps && (sy == 0 || sy == chip->act.sy) &&
            (sx == 0 || sx == chip->act.sx))
            return c;
    }
    struct gantry_extent extent = extent_of(lower, tensor);
    int32_t copy = new_chip(lower, tensor, &extent, gantry_max_i32(sy, 1), gantry_max_i32(sx, 1));
    copy_to(lower, tensor, copy, GANTRY_NO_NODE);
    return copy;
}

/* The chip that a step reads of a tensor that this launch made; copies to planes where needed. */
static int32_t made_chip(struct lower *lower, const struct gantry_step *step)
{
    const struct gantry_task *task = &step->task;
    int32_t primary = lower->primary[task->source];
    const struct gantry_chip *chip = &lower->out->chips[primary];
    bool fits = step->flat || agrees(task, chip->act.sy, chip->act.sx);
    if (fits && (!chip->gaps || task->kind == GANTRY_TASK_CONV)) return primary;
    return plain_chip(lower, task->source, demand_y(task), demand_x(task));
}

/* The chip of a residual: any layout will do. */
static int32_t residual_chip(struct lower *lower, int32_t tensor,
                             const struct gantry_extent *extent)
{
    if (lower->primary[tensor] >= 0) return plain_chip(lower, tensor, 0, 0);
    for (int32_t c = 0; c < lower->out->chip_count; c++)
        if (lower->out->chips[c].tensor == tensor && !lower->out->chips[c].folded) return c;
    int32_t index = new_chip(lower, tensor, extent, 1, 1);
    lower->out->chips[index].loaded = true;
    return index;
}

/* Whether a step writes any of a whole; else all of it is loaded. */
static bool has_step(const struct lower *lower, const struct gantry_join *join)
{
    for (int32_t k = 0; k < join->part_count; k++) {
        const struct gantry_join_part *part = &join->parts[k];
        const struct gantry_join *inner = lower->joins.of[part->tensor];
        bool made = lower->primary[part->tensor] >= 0;
        if (made && (!part->in_place || !inner || has_step(lower, inner))) return true;
    }
    return false;
}

/* Brings to the whole what is not made there; what goes to memory has no gaps. */
static void emit_join(struct lower *lower, const struct gantry_join *join)
{
    int32_t whole = primary_chip(lower, join->tensor);
    for (int32_t k = 0; k < join->part_count; k++) {
        const struct gantry_join_part *part = &join->parts[k];
        if (part->in_place) continue;
        const struct gantry_chip *chip = &lower->out->chips[whole];
        struct gantry_extent extent = extent_of(lower, part->tensor);
        int32_t index = new_chip(lower, part->tensor, &extent, chip->act.sy, chip->act.sx);
        put_into(lower, index, whole, part);
        if (lower->primary[part->tensor] >= 0)
            copy_to(lower, part->tensor, index, join->node);
        else
            lower->out->chips[index].loaded = true;
    }
    if (!goes_out(lower->build, join->tensor)) return;
    if (join->gaps || !has_step(lower, join)) {
        struct gantry_extent extent = extent_of(lower, join->tensor);
        whole = new_chip(lower, join->tensor, &extent, 1, 1);
        copy_to(lower, join->tensor, whole, join->node);
    }
    lower->out->chips[whole].stored = true;
}

static void emit_steps(struct lower *lower)
{
    struct gantry_lowered *out = lower->out;
    for (int32_t i = 0; i < lower->node_count; i++) {
        struct gantry_step step = lower->nodes[i];
        const struct gantry_task *task = &step.task;
        if (task->kind == GANTRY_TASK_JOIN) {
            emit_join(lower, lower->joins.of[task->output]);
            continue;
        }
        bool made = lower->primary[task->source] >= 0;
        step.in = made ? made_chip(lower, &step) : loaded_chip(lower, task);
        if (lower->residual[i] != GANTRY_NO_TENSOR)
            step.res = residual_chip(lower, lower->residual[i], &task->out);
        int32_t tensor = written(lower, i);
        step.out = primary_chip(lower, tensor);
        out->chips[step.out].stored = goes_out(lower->build, tensor);
        out->steps[out->step_count++] = step;
    }
}

static bool allocate(struct lower *lower)
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
    struct lower lower = {.build = build, .out = lowered, .segment = segment};
    if (!allocate(&lower)) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    list_nodes(&lower);
    for (int32_t i = lower.node_count - 1; i >= 0; i--) choose_class(&lower, i);
    emit_steps(&lower);
    return GANTRY_OK;
}
