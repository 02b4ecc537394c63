/* SPDX-License-Identifier: Apache-2.0
 * Geometry and rows of the chips of a launch: exact liveness in the order of COMPUTE.
 *
 * A step's output overlaps nothing that the step still reads, but may take over the rows of a
 * residual of the same geometry that dies there. Loads come before everything and loaded rows are
 * theirs from the start; stored rows are kept to the end. The next run of a launch loads while this
 * one computes, and stores after it: loaded rows are theirs again from some step on, stored rows
 * beyond the end up to some step. Where rows allow, nothing else ever uses either. */
#include "plan/build.h"

static struct gantry_chip *chip_of(const struct gantry_lowered *lowered, int32_t index)
{
    return &lowered->chips[index];
}

/* The chip of which a chip is part, or itself: its pitch is that of all its parts. */
static struct gantry_chip *root_of(const struct gantry_lowered *lowered, int32_t index)
{
    while (lowered->chips[index].whole >= 0) index = lowered->chips[index].whole;
    return &lowered->chips[index];
}

static void lay_out(const struct gantry_build *build, struct gantry_chip *chip)
{
    struct gantry_act_tensor *act = &chip->act;
    gantry_act_layout(act, build->params, act->h, act->w, chip->channels, act->sy, act->sx,
                      chip->min_pitch);
}

/* Rows that are parts begin in bank 0: true when a pitch had to grow. */
static bool align_rows(const struct gantry_build *build, const struct gantry_lowered *lowered)
{
    bool grown = false;
    for (int32_t c = 0; c < lowered->chip_count; c++) {
        struct gantry_chip *root = root_of(lowered, c);
        int64_t row = lowered->chips[c].row;
        for (; row * root->act.pitch % (2 * build->params->g) != 0; grown = true) {
            root->min_pitch = root->act.pitch + 1;
            lay_out(build, root);
        }
    }
    return grown;
}

/* Parts lie as their whole does, which stands before them. */
static void lay_out_parts(const struct gantry_build *build, struct gantry_lowered *lowered)
{
    for (int32_t c = 0; c < lowered->chip_count; c++) {
        struct gantry_chip *chip = chip_of(lowered, c);
        if (chip->whole < 0) continue;
        const struct gantry_chip *whole = chip_of(lowered, chip->whole);
        int32_t h = chip->act.h;
        chip->act = whole->act;
        chip->act.h = h;
        chip->offset = whole->offset +
                       gantry_band_view(&whole->act, chip->row, 2 * build->params->g) -
                       whole->act.base + chip->block;
    }
}

/* Pitches: an input holds the output's raster; both ends of a flat step are the same. */
static void set_geometry(const struct gantry_build *build, struct gantry_lowered *lowered)
{
    for (int32_t i = 0; i < lowered->step_count; i++) {
        const struct gantry_step *step = &lowered->steps[i];
        struct gantry_chip *in = root_of(lowered, step->in);
        if (!step->flat) in->min_pitch = gantry_max_i32(in->min_pitch, step->task.out.w);
    }
    for (int32_t c = 0; c < lowered->chip_count; c++)
        if (chip_of(lowered, c)->whole < 0) lay_out(build, chip_of(lowered, c));
    for (bool changed = true; changed;) {
        changed = align_rows(build, lowered);
        for (int32_t i = 0; i < lowered->step_count; i++) {
            const struct gantry_step *step = &lowered->steps[i];
            struct gantry_chip *in = root_of(lowered, step->in);
            struct gantry_chip *out = root_of(lowered, step->out);
            if (!step->flat || in->act.pitch == out->act.pitch) continue;
            in->min_pitch = out->min_pitch = gantry_max_i32(in->act.pitch, out->act.pitch);
            lay_out(build, in);
            lay_out(build, out);
            changed = true;
        }
    }
    lay_out_parts(build, lowered);
}

struct gantry_cost_load gantry_chip_load(const struct gantry_chip *chip,
                                         const struct gantry_plan_tensor *home)
{
    const struct gantry_act_tensor *act = &chip->act;
    return (struct gantry_cost_load){
        .rows = act->h,
        .words = act->w * gantry_chip_blocks(chip),
        .bytes = home->extent.w * home->pixel_stride,
        .merges = !chip->folded && act->sy == 1 && act->sx == 1 && act->pitch == act->w,
    };
}

/* A step reads or writes a chip, and with it what that is part of. */
static void touch(struct gantry_lowered *lowered, int32_t index, int32_t step, bool write)
{
    for (; index >= 0; index = chip_of(lowered, index)->whole) {
        struct gantry_chip *chip = chip_of(lowered, index);
        chip->last = step;
        if (write && chip->first < 0) chip->first = step;
    }
}

static void set_liveness(const struct gantry_build *build, struct gantry_lowered *lowered)
{
    for (int32_t c = 0; c < lowered->chip_count; c++)
        chip_of(lowered, c)->first = chip_of(lowered, c)->last = -1;
    for (int32_t i = 0; i < lowered->step_count; i++) {
        const struct gantry_step *step = &lowered->steps[i];
        touch(lowered, step->in, i, false);
        if (step->res >= 0) touch(lowered, step->res, i, false);
        touch(lowered, step->out, i, true);
    }
    for (int32_t c = 0; c < lowered->chip_count; c++) {
        struct gantry_chip *root = root_of(lowered, c);
        bool observe = build->plan->options.observe;
        if (chip_of(lowered, c)->loaded || observe) root->first = -1;
        if (chip_of(lowered, c)->stored || observe) root->last = lowered->step_count;
    }
}

static bool same_geometry(const struct gantry_act_tensor *a, const struct gantry_act_tensor *b)
{
    return a->cb == b->cb && a->pitch == b->pitch && a->ps == b->ps && a->sy == b->sy &&
           a->sx == b->sx && a->h == b->h && a->w == b->w;
}

/* Lets outputs take over the rows of residuals that die with them. */
static void share_in_place(struct gantry_lowered *lowered)
{
    for (int32_t i = 0; i < lowered->step_count; i++) {
        const struct gantry_step *step = &lowered->steps[i];
        if (step->res < 0 || root_of(lowered, step->res) == root_of(lowered, step->in)) continue;
        struct gantry_chip *res = chip_of(lowered, step->res);
        struct gantry_chip *out = chip_of(lowered, step->out);
        if (res->last != i || !same_geometry(&res->act, &out->act)) continue;
        if (res->whole >= 0 || out->whole >= 0) continue;
        struct gantry_chip *owner = chip_of(lowered, res->owner);
        if (owner->loaded && out->stored) continue; /* no LOAD waits for a STORE */
        out->owner = res->owner;
        owner->last = gantry_max_i32(owner->last, out->last);
    }
}

static void fail(const struct gantry_build *build, struct gantry_lowered *lowered, int64_t rows)
{
    lowered->failed_node = GANTRY_NO_NODE;
    lowered->failed = (struct gantry_reason){
        .code = "onchip-memory",
        .rule = "Tensors that are live together fit the activation rows",
        .has_numbers = true,
        .limit = build->params->act_rows,
        .value = rows,
    };
}

static struct gantry_cost_shape cost_shape(const struct gantry_step *step,
                                           const struct gantry_chip *in)
{
    int64_t pixels = (int64_t)in->act.sy * in->act.sx * in->act.ps;
    return (struct gantry_cost_shape){
        .pitch = step->flat ? pixels : in->act.pitch,
        .out_h = step->flat ? 1 : step->task.out.h,
        .steps = gantry_step_count(step, in),
        .blocks = gantry_div_up(step->task.out.c, GANTRY_CHANNELS),
        .parts = step->task.split ? 2 : 1,
        .residual = step->res >= 0,
        .grouped = gantry_task_is_dense(&step->task),
    };
}

/* Puts a step on the window path when that is there, takes it, and is faster. */
static void try_window(const struct gantry_build *build, struct gantry_step *step,
                       const struct gantry_chip *in, int64_t cost)
{
    const struct gantry_task *task = &step->task;
    int32_t blocks = gantry_div_up(task->out.c, GANTRY_CHANNELS);
    bool sums = task->kind == GANTRY_TASK_DEPTHWISE || task->kind == GANTRY_TASK_AVERAGE ||
                task->kind == GANTRY_TASK_MEAN;
    if (!sums || step->add != GANTRY_NO_NODE || step->flat) return;
    struct gantry_tiling tiling;
    bool raster = in->act.sy == 1 && in->act.sx == 1 && in->act.pitch == in->act.w;
    step->tcb = raster && gantry_window_mean_make(&step->passes, task, build->params);
    if (step->tcb && gantry_cost_mean(&step->passes, blocks, &tiling) < cost) {
        step->window = true;
        step->tiling = tiling;
        return;
    }
    step->tcb = false;
    const struct gantry_cost_machine machine = gantry_build_machine(build);
    if (!gantry_window_passes_make(&step->passes, task, &in->act, build->params)) return;
    if (gantry_cost_window(&step->passes, task->out.h, task->out.w, blocks, &machine, &tiling) >=
        cost)
        return;
    step->window = true;
    step->tiling = tiling;
}

/* Groups and tiles of every step: the pitch may have grown since the node was found legal. */
void gantry_shape_steps(const struct gantry_build *build, struct gantry_lowered *lowered)
{
    const struct gantry_cost_machine machine = gantry_build_machine(build);
    for (int32_t i = 0; i < lowered->step_count && !lowered->failed.code; i++) {
        struct gantry_step *step = &lowered->steps[i];
        const struct gantry_chip *in = chip_of(lowered, step->in);
        struct gantry_cost_shape shape = cost_shape(step, in);
        struct gantry_tiling *tiling = &step->tiling;
        step->m = gantry_cost_choose_m(&shape, build->params, tiling);
        int64_t cost = gantry_cost_conv(&shape, step->m, &machine, tiling);
        try_window(build, step, in, cost);
        int64_t lines = gantry_step_group_lines(step, in);
        bool ring = tiling->tiles > 1 && lines > build->params->ring_lines;
        if (!ring && (step->window || tiling->rows <= GANTRY_EXTENT_MAX)) continue;
        lowered->failed_node = step->task.node;
        lowered->failed = (struct gantry_reason){
            .code = ring ? "ring" : "extent",
            .rule = ring ? "Weights of a group stay in the ring while its tiles repeat"
                         : "Accumulator rows of a group have 16 bits",
            .has_numbers = true,
            .limit = ring ? build->params->ring_lines : GANTRY_EXTENT_MAX,
            .value = ring ? lines : tiling->rows,
        };
    }
}

/* Rows of every chip that is no part, or a failure. */
static void count_rows(const struct gantry_build *build, struct gantry_lowered *lowered)
{
    for (int32_t c = 0; c < lowered->chip_count && !lowered->failed.code; c++) {
        struct gantry_chip *chip = chip_of(lowered, c);
        if (chip->whole >= 0) continue;
        int64_t rows = gantry_act_rows(&chip->act, 2 * build->params->g);
        if (rows > build->params->act_rows)
            fail(build, lowered, rows);
        else
            chip->rows = (int32_t)rows;
    }
}

/* When a chip has its rows: loaded ones again from step shared on, stored ones so many steps
 * shorter into the next run; beyond all steps the next run loads when this one has stored. */
static struct gantry_pack_item item_of(const struct gantry_lowered *lowered,
                                       const struct gantry_chip *chip, int32_t shared)
{
    int32_t steps = lowered->step_count;
    struct gantry_pack_item item = {.size = chip->rows, .first = chip->first, .last = chip->last};
    bool loaded = chip->first < 0, stored = chip->last == steps;
    if (shared > steps) return item;
    if (loaded && !stored) item.first = gantry_max_i32(chip->last + 1, shared);
    if (stored && !loaded) item.last = gantry_min_i32(chip->first - 1, steps - 1 - shared);
    return item;
}

/* Places the chips that own rows; returns how many rows they take, or -1 without memory. */
static int64_t place(const struct gantry_build *build, struct gantry_lowered *lowered,
                     struct gantry_pack_item *items, int32_t shared)
{
    int32_t count = 0;
    for (int32_t c = 0; c < lowered->chip_count; c++)
        if (chip_of(lowered, c)->owner == c)
            items[count++] = item_of(lowered, chip_of(lowered, c), shared);
    int64_t total = gantry_pack(items, count, 1, build->scratch.allocator);
    count = 0;
    for (int32_t c = 0; c < lowered->chip_count; c++)
        if (chip_of(lowered, c)->owner == c)
            chip_of(lowered, c)->act.base = (int32_t)items[count++].offset;
    for (int32_t c = 0; c < lowered->chip_count; c++) {
        struct gantry_chip *chip = chip_of(lowered, c);
        chip->act.base = chip_of(lowered, chip->owner)->act.base + chip->offset;
    }
    return total;
}

/* Places the chips with as little sharing as rows allow: transfers of neighbouring runs then
 * overlap most of the computation. */
static int64_t place_apart(const struct gantry_build *build, struct gantry_lowered *lowered,
                           struct gantry_pack_item *items)
{
    int64_t limit = build->params->act_rows, total = place(build, lowered, items, 0);
    int32_t least = 1, most = lowered->step_count + 1;
    if (total <= limit) return total;
    while (least < most) {
        int32_t middle = (least + most) / 2;
        total = place(build, lowered, items, middle);
        if (total < 0) return total;
        if (total <= limit)
            most = middle;
        else
            least = middle + 1;
    }
    return place(build, lowered, items, most);
}

/* Parts of one whole count as one. */
static bool overlap(const struct gantry_lowered *lowered, int32_t first, int32_t second)
{
    const struct gantry_chip *a = root_of(lowered, first), *b = root_of(lowered, second);
    return a->act.base < b->act.base + b->rows && b->act.base < a->act.base + a->rows;
}

static bool is_loaded(const struct gantry_chip *chip) { return chip->loaded; }
static bool is_stored(const struct gantry_chip *chip) { return chip->stored; }

/* Whether a chip shares rows with any of a kind. */
static bool meets(const struct gantry_lowered *lowered, int32_t chip,
                  bool (*kind)(const struct gantry_chip *chip))
{
    for (int32_t c = 0; c < lowered->chip_count; c++)
        if (kind(&lowered->chips[c]) && overlap(lowered, c, chip)) return true;
    return false;
}

bool gantry_loads_on_stored_rows(const struct gantry_lowered *lowered)
{
    for (int32_t c = 0; c < lowered->chip_count; c++)
        if (lowered->chips[c].loaded && meets(lowered, c, is_stored)) return true;
    return false;
}

int32_t gantry_last_load_step(const struct gantry_lowered *lowered)
{
    int32_t i = lowered->step_count - 1;
    for (; i >= 0; i--) {
        const struct gantry_step *step = &lowered->steps[i];
        if (meets(lowered, step->in, is_loaded) || meets(lowered, step->out, is_loaded)) break;
        if (step->res >= 0 && meets(lowered, step->res, is_loaded)) break;
    }
    return i;
}

int32_t gantry_first_store_step(const struct gantry_lowered *lowered)
{
    for (int32_t i = 0; i < lowered->step_count; i++)
        if (meets(lowered, lowered->steps[i].out, is_stored)) return i;
    return -1;
}

enum gantry_status gantry_build_layout(struct gantry_build *build, struct gantry_lowered *lowered)
{
    int32_t node = lowered->steps[0].task.node;
    if (node != GANTRY_NO_NODE && build->tiled[node] && gantry_tiles_possible(lowered))
        return gantry_build_tiles(build, lowered);
    struct gantry_pack_item *items =
        gantry_arena_alloc(&build->scratch, (size_t)lowered->chip_count, sizeof *items);
    if (!items) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    set_geometry(build, lowered);
    set_liveness(build, lowered);
    if (!build->plan->options.observe) share_in_place(lowered);
    gantry_shape_steps(build, lowered);
    count_rows(build, lowered);
    if (lowered->failed.code) return GANTRY_OK;
    int64_t total = place_apart(build, lowered, items);
    if (total < 0) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    if (total > build->params->act_rows) {
        fail(build, lowered, total);
        return GANTRY_OK;
    }
    lowered->rows_used = (int32_t)total;
    return GANTRY_OK;
}
