/* SPDX-License-Identifier: Apache-2.0
 * Row tiles of a node whose tensors do not fit the chip: each tile loads the rows that it needs,
 * halos included, and stores those that it makes.
 *
 * Two sets of rows take turns, so that a tile loads and another one stores while a third is
 * computed. The number of tiles is even: the next run of a launch then finds the sets as this one
 * did. */
#include "plan/build.h"

enum { SETS = 2 };

/* Rows [from, to) of the output and what they read of the input. */
struct rows {
    int32_t out_from, out_to, in_from, in_to, pad_top;
};

static struct rows rows_of(const struct gantry_task *task, int32_t tile, int32_t tiles)
{
    struct rows rows = {.out_from = (int32_t)((int64_t)task->out.h * tile / tiles),
                        .out_to = (int32_t)((int64_t)task->out.h * (tile + 1) / tiles)};
    int32_t first = rows.out_from * task->stride_h - task->pad_top;
    int32_t last =
        (rows.out_to - 1) * task->stride_h - task->pad_top + (task->kernel_h - 1) * task->dilation;
    /* A tile that reads padding only still has a row. */
    rows.in_from = gantry_min_i32(gantry_max_i32(first, 0), task->in.h - 1);
    rows.in_to = gantry_max_i32(gantry_min_i32(last + 1, task->in.h), rows.in_from + 1);
    rows.pad_top = rows.in_from - first;
    return rows;
}

/* A chip of some rows of what the template holds. */
static void add_chip(const struct gantry_build *build, struct gantry_lowered *lowered,
                     const struct gantry_chip *whole, int32_t from, int32_t to)
{
    int32_t index = lowered->chip_count++;
    struct gantry_chip *chip = &lowered->chips[index];
    *chip = *whole;
    chip->home_row = from;
    chip->act.h = to - from;
    chip->owner = index;
    gantry_act_layout(&chip->act, build->params, chip->act.h, chip->act.w, chip->channels,
                      chip->act.sy, chip->act.sx, chip->min_pitch);
    chip->rows = (int32_t)gantry_act_rows(&chip->act, 2 * build->params->g);
}

/* Steps and chips of so many tiles; false: out of memory. */
static bool make_tiles(const struct gantry_build *build, const struct gantry_lowered *whole,
                       int32_t tiles, struct gantry_lowered *out)
{
    struct gantry_arena *arena = (struct gantry_arena *)&build->scratch;
    const struct gantry_step *step = &whole->steps[0];
    *out = (struct gantry_lowered){.tiled = true, .failed_node = GANTRY_NO_NODE};
    out->steps = gantry_arena_alloc(arena, (size_t)tiles, sizeof *out->steps);
    out->chips = gantry_arena_alloc(arena, 3 * (size_t)tiles, sizeof *out->chips);
    if (!out->steps || !out->chips) return false;
    struct gantry_chip in = whole->chips[step->in];
    in.min_pitch = gantry_max_i32(in.min_pitch, step->task.out.w);
    for (int32_t t = 0; t < tiles; t++) {
        struct rows rows = rows_of(&step->task, t, tiles);
        struct gantry_step *tile = &out->steps[out->step_count++];
        *tile = *step;
        tile->task.in.h = rows.in_to - rows.in_from;
        tile->task.out.h = rows.out_to - rows.out_from;
        tile->task.pad_top = rows.pad_top;
        tile->in = out->chip_count;
        add_chip(build, out, &in, rows.in_from, rows.in_to);
        if (step->res >= 0) {
            tile->res = out->chip_count;
            add_chip(build, out, &whole->chips[step->res], rows.out_from, rows.out_to);
        }
        tile->out = out->chip_count;
        add_chip(build, out, &whole->chips[step->out], rows.out_from, rows.out_to);
    }
    return true;
}

/* Places the chips of the tiles in turns; returns the rows that all take. */
static int64_t place(struct gantry_lowered *lowered)
{
    int32_t kinds = lowered->chip_count / lowered->step_count;
    int64_t base = 0;
    for (int32_t kind = 0; kind < kinds; kind++) {
        int32_t most = 0;
        for (int32_t c = kind; c < lowered->chip_count; c += kinds)
            most = gantry_max_i32(most, lowered->chips[c].rows);
        for (int32_t c = kind; c < lowered->chip_count; c += kinds)
            lowered->chips[c].act.base = (int32_t)(base + (int64_t)most * (c / kinds % SETS));
        base += (int64_t)most * SETS;
    }
    return base;
}

bool gantry_tiles_possible(const struct gantry_lowered *lowered)
{
    const struct gantry_step *step = &lowered->steps[0];
    return lowered->step_count == 1 && step->task.out.h >= SETS && !step->flat &&
           lowered->chips[step->in].loaded && lowered->chips[step->out].stored &&
           (step->res < 0 || lowered->chips[step->res].loaded);
}

enum gantry_status gantry_build_tiles(struct gantry_build *build, struct gantry_lowered *lowered)
{
    const struct gantry_lowered whole = *lowered;
    int32_t height = whole.steps[0].task.out.h, before = 0;
    int64_t rows = 0, limit = build->params->act_rows;
    for (int32_t tiles = SETS; tiles <= height; tiles += SETS) {
        int32_t most = gantry_div_up(height, tiles);
        /* Only where tiles become smaller. */
        if (most == before && tiles + SETS <= height) continue;
        before = most;
        if (!make_tiles(build, &whole, tiles, lowered))
            return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
        rows = place(lowered);
        if (rows > limit) continue;
        lowered->rows_used = (int32_t)rows;
        gantry_shape_steps(build, lowered);
        return GANTRY_OK;
    }
    lowered->failed_node = whole.steps[0].task.node;
    lowered->failed = (struct gantry_reason){
        .code = "onchip-memory",
        .rule = "Two tiles of one output row fit the activation rows",
        .has_numbers = true,
        .limit = limit,
        .value = rows,
    };
    return GANTRY_OK;
}
