/* SPDX-License-Identifier: Apache-2.0
 * Fields of the instructions that chips and steps become: all but semaphores and dependencies. */
#include "plan/build.h"

struct fields {
    const struct gantry_build *build;
    const struct gantry_lowered *lowered; /* NULL: of one chip */
    struct gantry_insn *insn;
    bool overflow; /* a value did not fit its field */
};

static void set(struct fields *fields, enum gantry_operand operand, int64_t value)
{
    if (!gantry_insn_set(fields->insn, operand, value)) fields->overflow = true;
}

/* ---- LOAD and STORE ---- */

static int32_t buffer_of(enum gantry_home home)
{
    if (home == GANTRY_HOME_INPUT) return GANTRY_BUFFER_INPUT;
    return home == GANTRY_HOME_OUTPUT ? GANTRY_BUFFER_OUTPUT : GANTRY_BUFFER_ARENA;
}

bool gantry_fields_load(struct gantry_insn *insn, const struct gantry_build *build,
                        const struct gantry_chip *chip, int32_t row0, int32_t rows)
{
    struct fields all = {.build = build, .insn = insn}, *fields = &all;
    const struct gantry_plan_tensor *home = &build->plan->tensors[chip->tensor];
    const struct gantry_quantization *q = &build->graph->tensors[chip->tensor].quantization;
    int32_t width = home->extent.w, bytes = width * home->pixel_stride, merged;
    const struct gantry_cost_machine machine = gantry_build_machine(build);
    struct gantry_cost_load load = gantry_chip_load(chip, home);
    (void)gantry_cost_load(&load, row0, rows, &machine, &merged);
    int32_t stride = home->pixel_stride;
    set(fields, GANTRY_LOAD_BUFFER, buffer_of(home->home));
    set(fields, GANTRY_LOAD_OFFSET, home->offset + (int64_t)(chip->home_row + row0) * bytes);
    set(fields, GANTRY_LOAD_ROW_STRIDE, (int64_t)merged * bytes);
    set(fields, GANTRY_LOAD_ROWS, rows / merged);
    set(fields, GANTRY_LOAD_ROW0, row0 / merged);
    set(fields, GANTRY_LOAD_ROW_BYTES, (int64_t)merged * bytes);
    set(fields, GANTRY_LOAD_PIXELS, (int64_t)merged * chip->act.w);
    set(fields, GANTRY_LOAD_STEP, (chip->folded ? chip->fold_stride : 1) * stride);
    set(fields, GANTRY_LOAD_LEAD, chip->folded ? chip->fold_pad * stride : 0);
    set(fields, GANTRY_LOAD_WORDS, gantry_chip_blocks(chip));
    set(fields, GANTRY_LOAD_PAD, (uint8_t)q->zero_point[0]);
    set(fields, GANTRY_LOAD_SY, chip->act.sy - 1);
    set(fields, GANTRY_LOAD_SX, chip->act.sx - 1);
    set(fields, GANTRY_LOAD_BASE, chip->act.base);
    set(fields, GANTRY_LOAD_CB, chip->act.cb);
    set(fields, GANTRY_LOAD_PITCH, (int64_t)merged * chip->act.pitch);
    set(fields, GANTRY_LOAD_PS, chip->act.ps);
    return !fields->overflow;
}

bool gantry_fields_store(struct gantry_insn *insn, const struct gantry_build *build,
                         const struct gantry_chip *chip)
{
    struct fields all = {.build = build, .insn = insn}, *fields = &all;
    const struct gantry_plan_tensor *home = &build->plan->tensors[chip->tensor];
    int64_t bytes = (int64_t)chip->act.w * gantry_chip_blocks(chip) * GANTRY_CHANNELS;
    set(fields, GANTRY_STORE_BUFFER, buffer_of(home->home));
    set(fields, GANTRY_STORE_OFFSET, home->offset + chip->home_row * bytes);
    set(fields, GANTRY_STORE_ROW_STRIDE, bytes);
    set(fields, GANTRY_STORE_ROWS, chip->act.h);
    set(fields, GANTRY_STORE_PIXELS, chip->act.w);
    set(fields, GANTRY_STORE_WORDS, gantry_chip_blocks(chip));
    set(fields, GANTRY_STORE_SY, chip->act.sy - 1);
    set(fields, GANTRY_STORE_SX, chip->act.sx - 1);
    set(fields, GANTRY_STORE_BASE, chip->act.base);
    set(fields, GANTRY_STORE_CB, chip->act.cb);
    set(fields, GANTRY_STORE_PITCH, chip->act.pitch);
    set(fields, GANTRY_STORE_PS, chip->act.ps);
    return !fields->overflow;
}

/* ---- COMPUTE ---- */

/* Bytes of the output stage: zero point and range of rule F, pad byte of the input. */
static void set_values(struct fields *fields, const struct gantry_step *step)
{
    const struct gantry_graph *graph = fields->build->graph;
    const struct gantry_task *task = &step->task;
    int32_t pad = 0, zero = 0, low = INT8_MIN, high = INT8_MAX;
    if (task->kind != GANTRY_TASK_IDENTITY && task->kind != GANTRY_TASK_CLOSE) {
        low = graph->nodes[task->node].clamp_min;
        high = graph->nodes[task->node].clamp_max;
    }
    if (task->kind == GANTRY_TASK_CONV || task->kind == GANTRY_TASK_DEPTHWISE ||
        task->kind == GANTRY_TASK_MEAN) {
        pad = graph->tensors[task->source].quantization.zero_point[0];
        zero = graph->tensors[task->output].quantization.zero_point[0];
    }
    if (task->kind == GANTRY_TASK_MAX) pad = INT8_MIN;
    set(fields, GANTRY_CONV_PAD, (uint8_t)pad);
    set(fields, GANTRY_CONV_ZERO_POINT, zero);
    set(fields, GANTRY_CONV_LO, low);
    set(fields, GANTRY_CONV_HI, high);
}

static void set_kernel(struct fields *fields, const struct gantry_step *step,
                       const struct gantry_chip *in)
{
    const struct gantry_task *task = &step->task;
    bool dense = gantry_task_is_dense(task);
    int32_t blocks = gantry_div_up(task->out.c, GANTRY_CHANNELS);
    set(fields, GANTRY_CONV_DIAG, !dense);
    set(fields, GANTRY_CONV_MAX, task->kind == GANTRY_TASK_MAX);
    set(fields, GANTRY_CONV_POOL, task->kind == GANTRY_TASK_AVERAGE);
    set(fields, GANTRY_CONV_W2, task->split);
    set(fields, GANTRY_CONV_KH, task->kernel_h);
    set(fields, GANTRY_CONV_KW, in->folded ? 1 : task->kernel_w);
    set(fields, GANTRY_CONV_DILATION, task->dilation);
    set(fields, GANTRY_CONV_PAD_TOP, task->pad_top);
    set(fields, GANTRY_CONV_PAD_LEFT, in->folded ? 0 : task->pad_left);
    set(fields, GANTRY_CONV_WALK_CB, dense ? gantry_chip_blocks(in) : 1);
    set(fields, GANTRY_CONV_LOG2_M, step->m / 2); /* 1, 2, 4 */
    set(fields, GANTRY_CONV_GROUPS, gantry_div_up(blocks, step->m));
    set(fields, GANTRY_CONV_BLOCKS, blocks);
}

static void set_passes(struct fields *fields, const struct gantry_step *step)
{
    int32_t blocks = gantry_div_up(step->task.out.c, GANTRY_CHANNELS);
    set(fields, GANTRY_WINDOW_TCB, step->tcb);
    set(fields, GANTRY_WINDOW_POOL, step->task.kind == GANTRY_TASK_AVERAGE);
    set(fields, GANTRY_WINDOW_PASSES, step->passes.count);
    for (int32_t i = 0; i < step->passes.count && !step->tcb; i++) {
        const struct gantry_window_pass *pass = &step->passes.pass[i];
        struct gantry_pass packed = {pass->py, pass->px, pass->a0, pass->b0, pass->rows};
        set(fields, gantry_pass_operand(i), gantry_pass_pack(&packed));
    }
    set(fields, GANTRY_WINDOW_WALK_CB, step->tcb ? blocks : 1);
    set(fields, GANTRY_WINDOW_GROUPS, step->tcb ? 1 : blocks);
    set(fields, GANTRY_WINDOW_BLOCKS, blocks);
    set(fields, GANTRY_WINDOW_TILE, step->tiling.tile);
    set(fields, GANTRY_WINDOW_TILES, step->tiling.tiles);
}

/* The raster of a CONV runs over the input's pitch. */
static void set_raster(struct fields *fields, const struct gantry_step *step, int32_t pitch)
{
    int32_t pixels = 2 * fields->build->params->g / step->m;
    set(fields, GANTRY_CONV_STEP_Y, pixels / pitch);
    set(fields, GANTRY_CONV_STEP_X, pixels % pitch);
    set(fields, GANTRY_CONV_ROWS, step->tiling.rows);
    set(fields, GANTRY_CONV_TILE, step->tiling.tile);
    set(fields, GANTRY_CONV_TILES, step->tiling.tiles);
}

/* Descriptors of input, output and residual. WINDOW has those operands where CONV has them. */
static void set_tensors(struct fields *fields, const struct gantry_step *step)
{
    const struct gantry_chip *chips = fields->lowered->chips;
    struct gantry_act_tensor in = chips[step->in].act, out = chips[step->out].act;
    int32_t out_h = step->task.out.h, out_w = step->task.out.w;
    if (step->flat) {
        int32_t pixels = in.sy * in.sx * in.ps;
        in.sy = in.sx = out.sy = out.sx = out_h = in.h = 1;
        in.ps = out.ps = 0;
        in.w = in.pitch = out.pitch = out_w = pixels;
    }
    if (step->tcb) {
        in.w = in.pitch = in.h * in.w;
        in.h = 1;
    }
    set(fields, GANTRY_CONV_IN_BASE, in.base);
    set(fields, GANTRY_CONV_IN_CB, in.cb);
    set(fields, GANTRY_CONV_IN_SY, in.sy - 1);
    set(fields, GANTRY_CONV_IN_SX, in.sx - 1);
    set(fields, GANTRY_CONV_IN_PITCH, in.pitch);
    set(fields, GANTRY_CONV_IN_PS, in.ps);
    set(fields, GANTRY_CONV_IN_H, in.h);
    set(fields, GANTRY_CONV_IN_W, in.w);
    set(fields, GANTRY_CONV_OUT_H, out_h);
    set(fields, GANTRY_CONV_OUT_W, out_w);
    set(fields, GANTRY_CONV_OUT_BASE, out.base);
    set(fields, GANTRY_CONV_OUT_CB, out.cb);
    set(fields, GANTRY_CONV_OUT_SY, out.sy - 1);
    set(fields, GANTRY_CONV_OUT_SX, out.sx - 1);
    set(fields, GANTRY_CONV_OUT_PITCH, out.pitch);
    set(fields, GANTRY_CONV_OUT_PS, out.ps);
    if (step->res >= 0) {
        const struct gantry_act_tensor *res = &chips[step->res].act;
        set(fields, GANTRY_CONV_RES, 1);
        set(fields, GANTRY_CONV_RES_BASE, res->base);
        set(fields, GANTRY_CONV_RES_CB, res->cb - 1);
        set(fields, GANTRY_CONV_RES_SY, res->sy - 1);
        set(fields, GANTRY_CONV_RES_SX, res->sx - 1);
        set(fields, GANTRY_CONV_RES_PITCH, res->pitch);
        set(fields, GANTRY_CONV_RES_PS, res->ps);
    }
    if (!step->window) set_raster(fields, step, in.pitch);
}

bool gantry_fields_compute(struct gantry_insn *insn, const struct gantry_build *build,
                           const struct gantry_lowered *lowered, const struct gantry_step *step)
{
    struct fields fields = {.build = build, .lowered = lowered, .insn = insn};
    if (step->window)
        set_passes(&fields, step);
    else
        set_kernel(&fields, step, &lowered->chips[step->in]);
    set_values(&fields, step);
    set_tensors(&fields, step);
    return !fields.overflow;
}

bool gantry_fields_band(struct gantry_insn *insn, const struct gantry_build *build,
                        const struct gantry_lowered *lowered, const struct gantry_step *step,
                        const struct gantry_band *band)
{
    struct fields all = {.build = build, .lowered = lowered, .insn = insn}, *fields = &all;
    const struct gantry_act_tensor *in = &fields->lowered->chips[step->in].act;
    const struct gantry_act_tensor *out = &fields->lowered->chips[step->out].act;
    int32_t npx = 2 * fields->build->params->g;
    struct gantry_tiling tiling;
    gantry_tiling_make(&tiling, in->pitch, band->out_rows, npx / step->m);
    set(fields, GANTRY_CONV_IN_BASE, gantry_band_view(in, band->in_row, npx));
    set(fields, GANTRY_CONV_IN_H, in->h - band->in_row);
    set(fields, GANTRY_CONV_PAD_TOP, band->pad_top);
    set(fields, GANTRY_CONV_OUT_BASE, gantry_band_view(out, band->out_row, npx));
    set(fields, GANTRY_CONV_OUT_H, band->out_rows);
    set(fields, GANTRY_CONV_ROWS, tiling.rows);
    set(fields, GANTRY_CONV_TILE, tiling.tile);
    set(fields, GANTRY_CONV_TILES, tiling.tiles);
    return !fields->overflow;
}
