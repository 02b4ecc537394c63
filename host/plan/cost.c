/* SPDX-License-Identifier: Apache-2.0
 * Cycles of a COMPUTE instruction by the formulas of docs/hardware.md, and the shapes that they
 * choose: blocks of a group, tiles, passes of the window path. */
#include "plan/build.h"

enum {
    LOAD_ROW = 3,   /* cycles of a row of LOAD beside its words */
    LOAD_WAIT = 30, /* of a row beside its beats, when words are few */
    WINDOW_ROWS = 3 /* tap rows of a pass at most */
};

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Cycles from one k-step to the next: the array reloads 2m lines of weights, and an accumulator
 * is read again after four. */
int64_t gantry_cost_step(int64_t tile, int32_t m, int64_t steps)
{
    int64_t least = larger(2 * m, steps > 1 ? GANTRY_STEP_CYCLES_MIN : 1);
    return larger(tile, least);
}

static int64_t memory_cycles(const struct gantry_cost_machine *machine, int64_t bytes)
{
    return (int64_t)((double)bytes / machine->bytes_per_cycle);
}

/* Cycles in which the drain takes one accumulator row. */
int64_t gantry_cost_drain_row(int32_t m, bool residual) { return residual || m == 4 ? 4 : 2; }

/* Cycles of front and drain, the weights being there. */
static int64_t array_cycles(const struct gantry_cost_shape *shape, int32_t m, int32_t npx,
                            struct gantry_tiling *tiling)
{
    int64_t groups = gantry_div_up(shape->blocks, m);
    gantry_tiling_make(tiling, shape->pitch, shape->out_h, npx / m);
    int64_t last = tiling->rows - (int64_t)tiling->tile * (tiling->tiles - 1);
    int64_t front = (tiling->tiles - 1) * gantry_cost_step(tiling->tile, m, shape->steps) +
                    gantry_cost_step(last, m, shape->steps);
    front *= groups * shape->steps;
    /* A residual of all banks at once takes the port from the front. */
    if (shape->residual && m == 1) front += groups * tiling->rows;
    int64_t row = gantry_cost_drain_row(m, shape->residual);
    int64_t drain = groups * tiling->rows * row;
    return larger(front, drain) + last * row;
}

int64_t gantry_cost_conv(const struct gantry_cost_shape *shape, int32_t m,
                         const struct gantry_cost_machine *machine, struct gantry_tiling *tiling)
{
    int64_t cycles = array_cycles(shape, m, 2 * machine->params->g, tiling);
    int64_t lines = gantry_div_up(shape->blocks, m) * gantry_cost_lines(shape, m);
    return larger(cycles, memory_cycles(machine, lines * GANTRY_LINE_BYTES));
}

/* Cycles in which the engines of LOAD move rows of so many words and bytes: an engine has a word a
 * cycle, but waits for memory, which it asks for four rows ahead. */
static int64_t load_cycles(int64_t rows, int64_t words, int64_t bytes,
                           const struct gantry_cost_machine *machine)
{
    int32_t ports = machine->params->ports;
    int64_t turns = (rows + ports - 1) / ports;
    int64_t turn = larger(words + LOAD_ROW, LOAD_WAIT + bytes / GANTRY_AXI_BYTES);
    return larger(turns * turn, memory_cycles(machine, rows * bytes));
}

int64_t gantry_cost_load(const struct gantry_cost_load *load, int32_t row0, int32_t rows,
                         const struct gantry_cost_machine *machine, int32_t *merged)
{
    int64_t least = load_cycles(rows, load->words, load->bytes, machine);
    if (merged) *merged = 1;
    for (int32_t k = 2; load->merges && k <= rows; k++) {
        bool fields = (int64_t)k * load->words <= GANTRY_EXTENT_MAX &&
                      (int64_t)k * load->bytes <= GANTRY_EXTENT_MAX;
        if (!fields || rows % k != 0 || row0 % k != 0) continue;
        int64_t cycles =
            load_cycles(rows / k, (int64_t)k * load->words, (int64_t)k * load->bytes, machine);
        if (cycles >= least) continue;
        least = cycles;
        if (merged) *merged = k;
    }
    return least;
}

int64_t gantry_cost_lines(const struct gantry_cost_shape *shape, int32_t m)
{
    return shape->residual + m + 2 * m * shape->steps * shape->parts;
}

int32_t gantry_cost_choose_m(const struct gantry_cost_shape *shape,
                             const struct gantry_array_params *params, struct gantry_tiling *tiling)
{
    int32_t best = 1, npx = 2 * params->g;
    /* Weights stream ahead over earlier layers: memory does not decide. */
    int64_t least = array_cycles(shape, 1, npx, tiling);
    if (!shape->grouped) return 1;
    for (int32_t m = 2; m <= params->g; m *= 2) {
        struct gantry_tiling other;
        int64_t cost = array_cycles(shape, m, npx, &other);
        /* Half of the ring holds what repeats, so that the next group can stream in. */
        if (other.tiles > 1 && gantry_cost_lines(shape, m) > params->ring_lines / 2) continue;
        /* Little is not enough: what reads the output can begin when the first group is done. */
        if (cost + cost / 128 >= least || other.rows > GANTRY_EXTENT_MAX) continue;
        least = cost;
        best = m;
        *tiling = other;
    }
    return best;
}

/* Taps of a kernel axis with a parity: the first, how many, and the plane's coordinate of it. */
struct taps {
    int32_t first, count, at;
};

static struct taps taps_of(int32_t kernel, int32_t stride, int32_t pad, int32_t parity)
{
    struct taps taps = {0};
    for (int32_t k = 0; k < kernel; k++) {
        int32_t at = k - pad;
        if ((at & (stride - 1)) != parity) continue;
        if (taps.count++ > 0) continue;
        taps.first = k;
        taps.at = at >> (stride - 1); /* rounds down */
    }
    return taps;
}

static bool add_pass(struct gantry_window_passes *passes, const struct gantry_window_pass *pass)
{
    if (passes->count == GANTRY_PASSES_MAX) return false;
    if (pass->a0 < -64 || pass->a0 > 63 || pass->b0 < -16 || pass->b0 > 15) return false;
    passes->pass[passes->count++] = *pass;
    return true;
}

/* Passes over the taps of one parity plane: at most three rows and so many columns each. */
static bool add_plane(struct gantry_window_passes *passes, const struct gantry_task *task,
                      const struct gantry_act_tensor *in, int32_t py, int32_t px, int32_t columns)
{
    struct taps y = taps_of(task->kernel_h, in->sy, task->pad_top, py);
    struct taps x = taps_of(task->kernel_w, in->sx, task->pad_left, px);
    for (int32_t i = 0; i < y.count; i += WINDOW_ROWS)
        for (int32_t j = 0; j < x.count; j += columns) {
            struct gantry_window_pass pass = {
                .py = py,
                .px = px,
                .a0 = y.at + i,
                .b0 = x.at + j,
                .rows = gantry_min_i32(WINDOW_ROWS, y.count - i),
                .columns = gantry_min_i32(columns, x.count - j),
                .ky = y.first + i * in->sy,
                .kx = x.first + j * in->sx,
            };
            if (!add_pass(passes, &pass)) return false;
        }
    return true;
}

bool gantry_window_passes_make(struct gantry_window_passes *passes, const struct gantry_task *task,
                               const struct gantry_act_tensor *in,
                               const struct gantry_array_params *params)
{
    passes->count = 0;
    if (!params->window || params->g < 2 || task->dilation != 1 || task->split) return false;
    int32_t columns = gantry_window_columns(params->g);
    for (int32_t py = 0; py < in->sy; py++)
        for (int32_t px = 0; px < in->sx; px++)
            if (!add_plane(passes, task, in, py, px, columns)) return false;
    return passes->count > 0;
}

int64_t gantry_cost_window(const struct gantry_window_passes *passes, int32_t out_h, int32_t out_w,
                           int32_t blocks, const struct gantry_cost_machine *machine,
                           struct gantry_tiling *tiling)
{
    int32_t segments = gantry_div_up(out_h, GANTRY_TILE_ROWS_MAX);
    int32_t strips = gantry_div_up(out_w, machine->params->g);
    tiling->tile = gantry_div_up(out_h, segments);
    segments = gantry_div_up(out_h, tiling->tile);
    tiling->tiles = strips * segments;
    tiling->rows = (int64_t)strips * out_h;
    int64_t front = 0;
    for (int32_t s = 0; s < segments; s++) {
        int32_t o0 = s * tiling->tile, rows = gantry_min_i32(tiling->tile, out_h - o0);
        for (int32_t i = 0; i < passes->count; i++) {
            const struct gantry_window_pass *pass = &passes->pass[i];
            int32_t above = gantry_max_i32(0, -(o0 + pass->a0));
            int32_t skip = gantry_min_i32(pass->rows - 1, above);
            int64_t least = passes->count > 1 ? GANTRY_STEP_CYCLES_MIN : 2;
            front += larger(rows + pass->rows - 1 - skip, least);
        }
    }
    front *= (int64_t)strips * blocks;
    int64_t lines = blocks * (1 + 2 * (int64_t)passes->count);
    return larger(larger(front, memory_cycles(machine, lines * GANTRY_LINE_BYTES)),
                  tiling->rows * blocks) +
           tiling->tile;
}

bool gantry_window_mean_make(struct gantry_window_passes *passes, const struct gantry_task *task,
                             const struct gantry_array_params *params)
{
    if (task->kind != GANTRY_TASK_AVERAGE && task->kind != GANTRY_TASK_MEAN) return false;
    if (!params->window || params->g < 2) return false;
    if (task->kernel_h != task->in.h || task->kernel_w != task->in.w) return false;
    if (task->out.h != 1 || task->out.w != 1 || task->pad_top != 0 || task->pad_left != 0)
        return false;
    int64_t pixels = (int64_t)task->in.h * task->in.w;
    int64_t columns = gantry_window_columns(params->g), steps = (pixels + columns - 1) / columns;
    passes->count = (int32_t)steps;
    return pixels <= GANTRY_EXTENT_MAX && steps <= 1024 && 1 + 2 * steps <= params->ring_lines;
}

int64_t gantry_cost_mean(const struct gantry_window_passes *passes, int32_t blocks,
                         struct gantry_tiling *tiling)
{
    gantry_tiling_make(tiling, blocks, 1, 1);
    int64_t length = larger(tiling->tile, GANTRY_STEP_CYCLES_MIN);
    return passes->count * length * tiling->tiles + tiling->tile;
}
