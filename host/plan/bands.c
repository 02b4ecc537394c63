/* SPDX-License-Identifier: Apache-2.0
 * Row bands of a launch's first step: it starts on the first rows of its input while LOAD brings
 * the rest. */
#include "plan/build.h"

enum {
    LOAD_START = 210, /* from the last word of one LOAD to the first of the next */
    CONV_START = 16,  /* cycles that a further CONV costs */
    WHOLE_START = 60  /* that the next step loses when it cannot follow the rows of bands */
};

/* Sizes of bands: each is the one before times up / down. */
struct ratio {
    int32_t up, down;
};
static const struct ratio ratios[] = {{1, 1}, {1, 2}, {2, 1}, {1, 3}, {3, 1}};

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

/* Output rows up to the end of band b of count. */
static int32_t share(int32_t rows, int32_t b, int32_t count, const struct ratio *ratio)
{
    int64_t sum = 0, part = 0;
    for (int32_t i = 0; i < count; i++) {
        int64_t size = 1;
        for (int32_t k = 0; k < count - 1; k++) size *= k < i ? ratio->up : ratio->down;
        sum += size;
        if (i < b) part += size;
    }
    return (int32_t)(rows * part / sum);
}

/* Cuts the output into count bands whose views exist; fewer where units are long. */
static void cut(const struct gantry_step *step, const struct gantry_chip *in,
                const struct gantry_chip *out, int32_t npx, int32_t count,
                const struct ratio *ratio, struct gantry_bands *bands)
{
    const struct gantry_task *task = &step->task;
    int32_t unit = unit_of(&out->act, npx), in_unit = unit_of(&in->act, npx), from = 0, loaded = 0;
    bands->count = 0;
    for (int32_t b = 1; b <= count; b++) {
        int32_t to = share(task->out.h, b, count, ratio) / unit * unit;
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

/* Cycles of the step's front, with all of its weights there. */
static int64_t front_cycles(const struct gantry_build *build, const struct gantry_step *step,
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
    const struct gantry_cost_machine machine = gantry_build_machine(build);
    int64_t cycles = gantry_cost_conv(&shape, step->m, &machine, &tiling);
    int64_t last = tiling.rows - (int64_t)tiling.tile * (tiling.tiles - 1);
    return cycles - last * gantry_cost_drain_row(step->m, false);
}

/* How many LOADs bring the rows of a chip, all of which come from memory: one for each part. 0: a
 * step makes some of it, or parts are rows. */
static int32_t count_loads(const struct gantry_lowered *lowered, int32_t chip)
{
    int32_t loads = 0;
    for (int32_t c = 0; c < lowered->chip_count; c++) {
        if (!gantry_chip_is_in(lowered, c, chip)) continue;
        if (c != chip && lowered->chips[c].row > 0) return 0;
        loads += lowered->chips[c].loaded;
    }
    for (int32_t i = 0; i < lowered->step_count; i++)
        if (gantry_chip_is_in(lowered, lowered->steps[i].out, chip)) return 0;
    return loads;
}

/* Rows that the LOADs of a chip bring together. */
static struct gantry_cost_load sum_loads(const struct gantry_build *build,
                                         const struct gantry_lowered *lowered, int32_t chip)
{
    struct gantry_cost_load sum = {.rows = lowered->chips[chip].act.h, .merges = true};
    for (int32_t c = 0; c < lowered->chip_count; c++) {
        const struct gantry_chip *part = &lowered->chips[c];
        if (!part->loaded || !gantry_chip_is_in(lowered, c, chip)) continue;
        struct gantry_cost_load load = gantry_chip_load(part, &build->plan->tensors[part->tensor]);
        sum.words += load.words;
        sum.bytes += load.bytes;
        sum.merges = sum.merges && load.merges;
    }
    return sum;
}

/* Cycles from the first LOAD to the end of the last band: each waits for its LOADs, LOADs and bands
 * follow each other. */
static int64_t schedule(const struct gantry_build *build, const struct gantry_bands *bands,
                        const struct gantry_cost_load *load, int32_t loads, int64_t conv,
                        int32_t out_h)
{
    const struct gantry_cost_machine machine = gantry_build_machine(build);
    int64_t loaded = 0, done = 0;
    for (int32_t b = 0; b < bands->count; b++) {
        const struct gantry_band *band = &bands->band[b];
        if (b > 0) loaded += LOAD_START * loads;
        loaded += gantry_cost_load(load, band->load_row, band->load_rows, &machine, NULL);
        done += b > 0 ? CONV_START : 0;
        if (done < loaded) done = loaded;
        done += conv * band->out_rows / out_h;
    }
    return done;
}

void gantry_build_bands(const struct gantry_build *build, struct gantry_lowered *lowered)
{
    struct gantry_step *step = &lowered->steps[0];
    const struct gantry_chip *in = &lowered->chips[step->in], *out = &lowered->chips[step->out];
    step->bands.count = 0;
    int32_t loads = count_loads(lowered, step->in);
    if (loads == 0 || step->res >= 0 || step->flat || step->window) return;
    if (out->whole >= 0) return; /* a STORE of the whole may wait for LOADs behind the bands */
    struct gantry_cost_load load = sum_loads(build, lowered, step->in);
    const struct gantry_cost_machine machine = gantry_build_machine(build);
    int64_t conv = front_cycles(build, step, in);
    int64_t least = conv + gantry_cost_load(&load, 0, load.rows, &machine, NULL);
    for (int32_t count = 2; count <= GANTRY_BANDS_MAX; count++) {
        for (size_t r = 0; r < GANTRY_COUNT(ratios); r++) {
            struct gantry_bands bands;
            cut(step, in, out, 2 * build->params->g, count, &ratios[r], &bands);
            if (!usable(&bands)) continue;
            int64_t cycles =
                schedule(build, &bands, &load, loads, conv, step->task.out.h) + WHOLE_START;
            if (cycles >= least) continue;
            least = cycles;
            step->bands = bands;
        }
    }
}
