/* SPDX-License-Identifier: Apache-2.0
 * Row bands of a launch's first step: it starts on the first rows of its input while LOAD brings
 * the rest. */
#include "plan/build.h"

enum {
    ROW_START = 8,    /* cycles from one row of a LOAD to the next, beside its words */
    LOAD_START = 240, /* from the last word of one LOAD to the first of the next */
    CONV_START = 16   /* cycles that a further CONV costs */
};

/* Least number of tensor rows after which a view can begin: whole words in every bank. */
static int32_t unit_of(const struct gantry_act_tensor *act, int32_t npx)
{
    int32_t rows = 1;
    while (rows * act->pitch % npx != 0) rows++;
    return rows * act->sy;
}

int32_t gantry_band_view(const struct gantry_act_tensor *act, int32_t row, int32_t npx)
{
    return act->base + row / act->sy * act->pitch / npx * act->cb;
}

/* Cuts the output into count bands whose views exist; fewer where units are long. */
static void cut(const struct gantry_step *step, const struct gantry_chip *in,
                const struct gantry_chip *out, int32_t npx, int32_t count,
                struct gantry_bands *bands)
{
    const struct gantry_task *task = &step->task;
    int32_t unit = unit_of(&out->act, npx), in_unit = unit_of(&in->act, npx), from = 0, loaded = 0;
    bands->count = 0;
    for (int32_t b = 1; b <= count; b++) {
        int32_t to = task->out.h * b / count / unit * unit;
        if (b == count) to = task->out.h;
        if (to == from) continue;
        int32_t first = from * in->act.sy - task->pad_top;
        int32_t last =
            (to - 1) * in->act.sy - task->pad_top + (task->kernel_h - 1) * task->dilation;
        struct gantry_band *band = &bands->band[bands->count++];
        band->out_row = from;
        band->out_rows = to - from;
        band->in_row = gantry_max_i32(first, 0) / in_unit * in_unit;
        band->pad_top = band->in_row - first;
        band->load_row = loaded;
        loaded = gantry_max_i32(loaded, gantry_min_i32(last + 1, in->act.h));
        if (b == count) loaded = in->act.h;
        band->load_rows = loaded - band->load_row;
        from = to;
    }
}

static bool usable(const struct gantry_bands *bands)
{
    for (int32_t b = 0; b < bands->count; b++)
        if (bands->band[b].load_rows <= 0 || bands->band[b].pad_top < INT8_MIN ||
            bands->band[b].pad_top > INT8_MAX)
            return false;
    return bands->count > 1;
}

static int64_t conv_cycles(const struct gantry_build *build, const struct gantry_step *step,
                           const struct gantry_chip *in)
{
    const struct gantry_cost_shape shape = {
        .pitch = in->act.pitch,
        .out_h = step->task.out.h,
        .steps = gantry_step_count(step, in),
        .blocks = gantry_div_up(step->task.out.c, GANTRY_CHANNELS),
        .parts = step->task.split ? 2 : 1,
    };
    struct gantry_tiling tiling;
    return gantry_cost_conv(&shape, step->m, 2 * build->params->g, &tiling);
}

void gantry_build_bands(const struct gantry_build *build, struct gantry_lowered *lowered)
{
    struct gantry_step *step = &lowered->steps[0];
    const struct gantry_chip *in = &lowered->chips[step->in], *out = &lowered->chips[step->out];
    step->bands.count = 0;
    if (!in->loaded || step->res >= 0 || step->flat || step->window) return;
    int64_t load = (int64_t)in->act.h * (in->act.w * in->act.cb + ROW_START) / build->params->ports;
    int64_t conv = conv_cycles(build, step, in), least = load + conv;
    for (int32_t count = 2; count <= GANTRY_BANDS_MAX; count++) {
        struct gantry_bands bands;
        cut(step, in, out, 2 * build->params->g, count, &bands);
        int64_t more = bands.count - 1;
        int64_t first = load / bands.count + conv + more * CONV_START;
        int64_t last = load + more * LOAD_START + conv / bands.count;
        int64_t cycles = first > last ? first : last;
        if (!usable(&bands) || cycles >= least) continue;
        least = cycles;
        step->bands = bands;
    }
}
