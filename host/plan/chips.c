/* SPDX-License-Identifier: Apache-2.0
 * The chips and steps of a launch: where each step reads and writes, and the copies between. */
#include "plan/lower.h"

static int32_t new_chip(struct gantry_lower *lower, int32_t tensor,
                        const struct gantry_extent *extent, int32_t sy, int32_t sx)
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
static void put_into(struct gantry_lower *lower, int32_t index, int32_t whole,
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
static int32_t primary_chip(struct gantry_lower *lower, int32_t tensor)
{
    if (lower->primary[tensor] >= 0) return lower->primary[tensor];
    const struct gantry_join_part *place = lower->joins.place[tensor];
    const struct gantry_join *join = lower->joins.of[tensor];
    int32_t whole = place ? primary_chip(lower, lower->joins.whole[tensor]) : -1;
    struct gantry_extent extent = gantry_lower_extent(lower, tensor);
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
static bool folds(const struct gantry_lower *lower, const struct gantry_task *task)
{
    const struct gantry_plan_tensor *home = &lower->build->plan->tensors[task->source];
    return gantry_task_folds(task) && home->pixel_stride == task->in.c;
}

/* The chip into which a tensor from memory is loaded for a step. */
static int32_t loaded_chip(struct gantry_lower *lower, const struct gantry_task *task)
{
    bool fold = folds(lower, task);
    struct gantry_extent extent = task->in;
    int32_t sy = gantry_max_i32(gantry_demand_y(task), 1),
            sx = gantry_max_i32(gantry_demand_x(task), 1);
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
        if (!fold && gantry_demand_fits(task, chip->act.sy, chip->act.sx)) return c;
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

/* A step that copies a tensor that this launch made to another chip, without gaps; for a
 * CONCATENATION or NULL. */
static void copy_to(struct gantry_lower *lower, int32_t tensor, int32_t to,
                    struct gantry_join *join)
{
    struct gantry_lowered *out = lower->out;
    if (join) join->copied += (int64_t)lower->build->graph->tensors[tensor].bytes;
    int32_t from = lower->primary[tensor];
    struct gantry_extent extent = gantry_lower_extent(lower, tensor);
    out->steps[out->step_count++] = (struct gantry_step){
        .task = {.kind = out->chips[from].gaps ? GANTRY_TASK_CLOSE : GANTRY_TASK_IDENTITY,
                 .node = join ? join->node : GANTRY_NO_NODE,
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
static int32_t plain_chip(struct gantry_lower *lower, int32_t tensor, int32_t sy, int32_t sx)
{
    struct gantry_lowered *out = lower->out;
    for (int32_t c = 0; c < out->chip_count; c++) {
        const struct gantry_chip *chip = &out->chips[c];
        if (chip->tensor == tensor && !chip->gaps && (sy == 0 || sy == chip->act.sy) &&
            (sx == 0 || sx == chip->act.sx))
            return c;
    }
    struct gantry_extent extent = gantry_lower_extent(lower, tensor);
    int32_t copy = new_chip(lower, tensor, &extent, gantry_max_i32(sy, 1), gantry_max_i32(sx, 1));
    struct gantry_join *join = lower->joins.of[tensor];
    copy_to(lower, tensor, copy, join && join->gaps ? join : NULL);
    return copy;
}

/* The chip that a step reads of a tensor that this launch made; copies to planes where needed. */
static int32_t made_chip(struct gantry_lower *lower, const struct gantry_step *step)
{
    const struct gantry_task *task = &step->task;
    int32_t primary = lower->primary[task->source];
    const struct gantry_chip *chip = &lower->out->chips[primary];
    bool fits = step->flat || gantry_demand_fits(task, chip->act.sy, chip->act.sx);
    if (fits && (!chip->gaps || task->kind == GANTRY_TASK_CONV)) return primary;
    return plain_chip(lower, task->source, gantry_demand_y(task), gantry_demand_x(task));
}

/* The chip of a residual: any layout will do. */
static int32_t residual_chip(struct gantry_lower *lower, int32_t tensor,
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
static bool has_step(const struct gantry_lower *lower, const struct gantry_join *join)
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
static void emit_join(struct gantry_lower *lower, struct gantry_join *join)
{
    int32_t whole = primary_chip(lower, join->tensor);
    for (int32_t k = 0; k < join->part_count; k++) {
        const struct gantry_join_part *part = &join->parts[k];
        if (part->in_place) continue;
        const struct gantry_chip *chip = &lower->out->chips[whole];
        struct gantry_extent extent = gantry_lower_extent(lower, part->tensor);
        int32_t index = new_chip(lower, part->tensor, &extent, chip->act.sy, chip->act.sx);
        put_into(lower, index, whole, part);
        if (lower->primary[part->tensor] >= 0)
            copy_to(lower, part->tensor, index, join);
        else
            lower->out->chips[index].loaded = true;
    }
    if (!gantry_lower_stores(lower->build, join->tensor)) return;
    if (join->gaps || !has_step(lower, join)) {
        struct gantry_extent extent = gantry_lower_extent(lower, join->tensor);
        whole = new_chip(lower, join->tensor, &extent, 1, 1);
        copy_to(lower, join->tensor, whole, join);
    }
    lower->out->chips[whole].stored = true;
}

static void emit_steps(struct gantry_lower *lower)
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
        int32_t tensor = gantry_lower_written(lower, i);
        step.out = primary_chip(lower, tensor);
        out->chips[step.out].stored = gantry_lower_stores(lower->build, tensor);
        out->steps[out->step_count++] = step;
    }
}

/* What became of the CONCATENATIONs. */
static void explain(const struct gantry_lower *lower)
{
    for (int32_t i = 0; i < lower->node_count; i++) {
        const struct gantry_task *task = &lower->nodes[i].task;
        if (task->kind != GANTRY_TASK_JOIN) continue;
        struct gantry_reason *reason = &lower->build->plan->nodes[task->node].reason;
        int64_t copied = lower->joins.of[task->output]->copied;
        *reason = (struct gantry_reason){
            .code = "placed", .rule = "Parts are made or loaded where the whole has them"};
        if (copied == 0) continue;
        *reason = (struct gantry_reason){
            .code = "copied",
            .rule =
                "Parts with a place elsewhere, and gaps in channels, take copies on chip (bytes)",
            .has_numbers = true,
            .value = copied,
        };
    }
}

void gantry_lower_emit(struct gantry_lower *lower)
{
    emit_steps(lower);
    explain(lower);
}
