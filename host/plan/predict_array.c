/* SPDX-License-Identifier: Apache-2.0
 * Timing of COMPUTE, by events of one tile of one group of blocks.
 *
 * The front walks k-steps over tiles; it waits for rows of the input that the drain of an older
 * instruction has not written, for lines of the weight stream, and for free accumulator rows. The
 * drain follows it row by row. */
#include "plan/predict_clock.h"

#include <math.h>
#include <string.h>

enum {
    PIPELINE = 20, /* from an operand's read to its accumulator row */
};

static void unpack_window(struct gantry_clock_compute *c, const struct gantry_insn *insn, int32_t g)
{
    c->tcb = gantry_clock_value(insn, GANTRY_WINDOW_TCB);
    c->passes = gantry_clock_value(insn, GANTRY_WINDOW_PASSES);
    for (int32_t i = 0; i < c->passes && !c->tcb; i++)
        gantry_pass_unpack(&c->pass[i], gantry_clock_value(insn, gantry_pass_operand(i)));
    c->steps = c->passes;
    c->m = 1;
    c->strips = c->tcb ? 1 : gantry_div_up(c->out_w, g);
    c->segments = gantry_div_up(c->tiles, c->strips);
    c->rows = c->tcb ? c->walk_cb : (int64_t)c->strips * c->out_h;
}

static void unpack_conv(struct gantry_clock_compute *c, const struct gantry_insn *insn, int32_t npx)
{
    c->tcb = gantry_clock_value(insn, GANTRY_CONV_TCB);
    c->diagonal = gantry_clock_value(insn, GANTRY_CONV_DIAG);
    c->residual = gantry_clock_value(insn, GANTRY_CONV_RES);
    c->kh = gantry_clock_value(insn, GANTRY_CONV_KH);
    c->kw = gantry_clock_value(insn, GANTRY_CONV_KW);
    c->dilation = gantry_clock_value(insn, GANTRY_CONV_DILATION);
    c->pad_top = gantry_clock_value(insn, GANTRY_CONV_PAD_TOP);
    c->m = 1 << gantry_clock_value(insn, GANTRY_CONV_LOG2_M);
    c->parts = 1 + gantry_clock_value(insn, GANTRY_CONV_W2);
    c->steps = (int64_t)(c->diagonal || c->tcb ? 1 : c->walk_cb) * c->kh * c->kw * c->parts;
    c->rows = gantry_clock_value(insn, GANTRY_CONV_ROWS);
    c->pixels = npx / c->m;
}

/* Words that the drain writes at a time. Pixels of a block are consecutive; in a tensor with column
 * planes every other one lies a plane apart. */
struct write {
    int32_t banks, words, pixels; /* pixels of a block */
    bool planes;
    int32_t ps;
};

/* Cycles of the words from one of an accumulator row on: a bank takes one a cycle. */
static int32_t write_cycles(const struct write *write, int32_t first, int32_t odd)
{
    int32_t taken[2 * GANTRY_G_MAX] = {0}, cycles = 1;
    for (int32_t w = first; w < first + write->words; w++) {
        int32_t x = odd + w % write->pixels;
        int32_t bank = write->planes ? x / 2 + x % 2 * write->ps : x;
        cycles = gantry_max_i32(cycles, ++taken[bank % write->banks]);
    }
    return cycles;
}

/* Cycles in which the drain takes an accumulator row. */
static double drain_row(const struct gantry_clock_compute *c, const struct gantry_insn *insn,
                        const struct gantry_array_params *params)
{
    int32_t g = params->g, all = c->window ? g : 2 * g, cycles = 0;
    const struct write write = {
        .banks = 2 * g,
        .words = c->residual && g > 1 ? g / 2 : g, /* lanes of rule X, of rule F */
        .pixels = c->window ? g : c->pixels,
        .planes = gantry_clock_value(insn, GANTRY_CONV_OUT_SX),
        .ps = gantry_clock_value(insn, GANTRY_CONV_OUT_PS),
    };
    gantry_assert(write.banks <= 2 * GANTRY_G_MAX);
    if (c->tcb) return 1;
    /* Rows of an odd pitch begin with an odd pixel every other time. */
    int32_t starts = c->window || c->pitch % 2 == 0 ? 1 : 2;
    for (int32_t odd = 0; odd < starts; odd++)
        for (int32_t first = 0; first < all; first += write.words)
            cycles += write_cycles(&write, first, odd);
    return (double)cycles / starts;
}

/* CONV's operands stand where WINDOW has those of the same name. */
static void unpack(struct gantry_clock_compute *c, const struct gantry_insn *insn,
                   const struct gantry_array_params *params)
{
    memset(c, 0, sizeof *c);
    c->window = gantry_clock_value(insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_WINDOW;
    c->groups = gantry_clock_value(insn, GANTRY_CONV_GROUPS);
    c->walk_cb = gantry_clock_value(insn, GANTRY_CONV_WALK_CB);
    c->sy = 1 + gantry_clock_value(insn, GANTRY_CONV_IN_SY);
    c->in_h = gantry_clock_value(insn, GANTRY_CONV_IN_H);
    c->out_h = gantry_clock_value(insn, GANTRY_CONV_OUT_H);
    c->out_w = gantry_clock_value(insn, GANTRY_CONV_OUT_W);
    c->pitch = gantry_clock_value(insn, GANTRY_CONV_IN_PITCH);
    c->tile = gantry_clock_value(insn, GANTRY_CONV_TILE);
    c->tiles = gantry_clock_value(insn, GANTRY_CONV_TILES);
    c->dep = gantry_clock_value(insn, GANTRY_CONV_DEP);
    c->whole = gantry_clock_value(insn, GANTRY_CONV_WHOLE);
    if (c->window)
        unpack_window(c, insn, params->g);
    else
        unpack_conv(c, insn, 2 * params->g);
    c->lines = gantry_conv_group_lines(insn);
    c->head = c->lines - 2 * c->m * c->steps;
    c->drain = drain_row(c, insn, params);
}

/* Time at which rows 0 .. y of a producer's output are in memory, for one of its blocks. */
static double written(const struct gantry_clock_compute *from, int32_t block, int32_t y)
{
    if (from->tcb || y >= from->out_h - 1) y = from->out_h - 1;
    int32_t group = gantry_min_i32(block / from->m, from->groups - 1), tile, row;
    if (from->tcb) {
        tile = from->tiles - 1;
        row = from->tile - 1;
    } else if (from->window) {
        tile = (from->strips - 1) * from->segments + y / from->tile;
        row = y % from->tile;
    } else {
        int64_t last = ((int64_t)(y + 1) * from->pitch - 1) / from->pixels;
        tile = (int32_t)gantry_min_i32((int32_t)(last / from->tile), from->tiles - 1);
        row = (int32_t)(last - (int64_t)tile * from->tile);
    }
    const struct gantry_clock_mark *mark =
        &from->marks[(size_t)group * (size_t)from->tiles + (size_t)tile];
    return mark->start + (row + 1) * mark->row + GANTRY_CLOCK_WRITE;
}

static const struct gantry_clock_compute *producer(const struct gantry_clock *clock,
                                                   const struct gantry_clock_compute *c)
{
    if (c->dep == 0 || c->dep > clock->computes) return NULL;
    return &clock->history[(clock->computes - c->dep) % GANTRY_CLOCK_HISTORY];
}

/* Rows that a pass reads for a tile, from output row o0 on, and those it leaves out above. */
static int32_t pass_reads(const struct gantry_pass *pass, int32_t o0, int32_t rows, int32_t *skip)
{
    *skip = gantry_min_i32(pass->rows - 1, gantry_max_i32(0, -(o0 + pass->a0)));
    return rows + pass->rows - 1 - *skip;
}

/* Earliest start of a tile's steps so that no read of a WINDOW comes before its row. */
static double window_ready(const struct gantry_clock_compute *c,
                           const struct gantry_clock_compute *from, int32_t group, int32_t tile)
{
    int32_t o0 = tile % c->segments * c->tile;
    int32_t rows = gantry_min_i32(c->tile, c->out_h - o0);
    double ready = 0, at = 0;
    for (int32_t p = 0; p < c->passes; p++) {
        const struct gantry_pass *pass = &c->pass[p];
        int32_t skip, reads = pass_reads(pass, o0, rows, &skip);
        for (int32_t i = 0; i < reads; i += gantry_max_i32(reads - 1, 1)) {
            int32_t y = (o0 + pass->a0 + skip + i) * c->sy + pass->py;
            if (y < 0) continue;
            ready = gantry_clock_later(ready, written(from, group, gantry_min_i32(y, c->in_h - 1)) -
                                                  at - i);
        }
        at += gantry_max_i32(reads, c->passes > 1 ? GANTRY_STEP_CYCLES_MIN : 2);
    }
    return ready;
}

/* The same of a CONV: each block walked, each kernel row, first and last accumulator row. */
static double conv_ready(const struct gantry_clock_compute *c,
                         const struct gantry_clock_compute *from, int32_t group, int32_t tile,
                         int32_t rows, double step)
{
    double ready = 0;
    int32_t blocks = c->diagonal ? 1 : c->walk_cb;
    for (int32_t b = 0; b < blocks; b++) {
        for (int32_t ky = 0; ky < c->kh; ky++) {
            double at = (double)((b * c->kh + ky) * c->kw * c->parts) * step;
            for (int32_t t = 0; t < rows; t += gantry_max_i32(rows - 1, 1)) {
                int64_t pixel = ((int64_t)tile * c->tile + t + 1) * c->pixels - 1;
                int32_t y = (int32_t)gantry_min_i32((int32_t)(pixel / c->pitch), c->out_h - 1);
                y = gantry_min_i32(y * c->sy + ky * c->dilation - c->pad_top, c->in_h - 1);
                if (y < 0) continue;
                double row = written(from, c->diagonal ? group : b, y);
                ready = gantry_clock_later(ready, row - at - t);
            }
        }
    }
    return ready;
}

static double input_ready(const struct gantry_clock *clock, const struct gantry_clock_compute *c,
                          int32_t group, int32_t tile, int32_t rows, double step)
{
    const struct gantry_clock_compute *from = producer(clock, c);
    if (!from || (group > 0 && !c->diagonal && !c->window)) return 0;
    if (c->whole || c->tcb || from->tcb) return from->end;
    return c->window ? window_ready(c, from, group, tile)
                     : conv_ready(c, from, group, tile, rows, step);
}

/* Cycles of all steps of a tile; *step: of one. */
static double tile_cycles(const struct gantry_clock_compute *c, int32_t tile, int32_t rows,
                          double *step)
{
    *step = (double)gantry_cost_step(rows, c->m, c->steps);
    if (!c->window || c->tcb) return (double)c->steps * *step;
    double cycles = 0;
    int32_t o0 = tile % c->segments * c->tile;
    for (int32_t p = 0; p < c->passes; p++) {
        int32_t skip, reads = pass_reads(&c->pass[p], o0, rows, &skip);
        cycles += gantry_max_i32(reads, c->passes > 1 ? GANTRY_STEP_CYCLES_MIN : 2);
    }
    return cycles;
}

static int32_t tile_rows(const struct gantry_clock_compute *c, int32_t tile)
{
    if (c->window && !c->tcb)
        return gantry_min_i32(c->tile, c->out_h - tile % c->segments * c->tile);
    return (int32_t)gantry_min_i32(c->tile, (int32_t)(c->rows - (int64_t)tile * c->tile));
}

/* Time from which the accumulator ring has room for the rows of a tile. */
static double ring_ready(struct gantry_clock *clock, int32_t rows)
{
    double ready = 0;
    while (clock->tail_count > 0 && clock->tail_sum + rows > clock->params->acc_rows) {
        const struct gantry_clock_mark *oldest = &clock->tail[0];
        int32_t held = clock->tail_rows[0];
        /* Rows are freed one by one, and taken one by one. */
        int32_t excess = clock->tail_sum + rows - clock->params->acc_rows;
        if (excess < held) {
            ready = gantry_clock_later(ready, oldest->start + oldest->row * excess - (rows - 1));
            break;
        }
        ready = gantry_clock_later(ready, oldest->start + oldest->row * held - (rows - 1));
        clock->tail_sum -= held;
        clock->tail_count--;
        memmove(clock->tail, clock->tail + 1, (size_t)clock->tail_count * sizeof *clock->tail);
        memmove(clock->tail_rows, clock->tail_rows + 1,
                (size_t)clock->tail_count * sizeof *clock->tail_rows);
    }
    return ready;
}

/* The first tile of a group, whose steps wait for their lines; later ones find them in the ring. */
static double first_tile(struct gantry_clock *clock, const struct gantry_clock_compute *c,
                         double time, double cycles)
{
    int64_t chunks = gantry_min_i32(GANTRY_CLOCK_CHUNKS, (int32_t)c->steps), done = 0;
    int64_t base = clock->line;
    for (int64_t i = 1; i <= chunks; i++) {
        int64_t until = c->steps * i / chunks;
        int64_t lines = (until - done) * 2 * c->m + (i == 1 ? c->head : 0);
        time = gantry_clock_later(time, gantry_clock_lines(clock, lines));
        if (c->tiles == 1) gantry_clock_free(clock, base + c->head + until * 2 * c->m, time);
        time += cycles * (double)(until - done) / (double)c->steps;
        done = until;
    }
    return time;
}

static void run_tile(struct gantry_clock *clock, struct gantry_clock_compute *c, int32_t group,
                     int32_t tile)
{
    int32_t rows = tile_rows(c, tile);
    double step, cycles = tile_cycles(c, tile, rows, &step);
    double time = gantry_clock_later(clock->front, input_ready(clock, c, group, tile, rows, step));
    time = gantry_clock_later(time, ring_ready(clock, rows));
    /* A residual of all banks at once takes the port from the front. */
    if (c->residual && c->m == 1) cycles += rows;
    cycles = gantry_clock_front(clock, time, cycles);
    time = tile == 0 ? first_tile(clock, c, time, cycles) : time + cycles;
    clock->front = time;
    struct gantry_clock_mark *mark = &c->marks[(size_t)group * (size_t)c->tiles + (size_t)tile];
    mark->row = c->drain;
    mark->start = gantry_clock_later(clock->drain, time - rows + PIPELINE);
    /* The drain follows the front row by row. */
    double end = gantry_clock_later(mark->start + rows * mark->row, time + PIPELINE + mark->row);
    mark->row = (end - mark->start) / rows;
    clock->drain = end;
    gantry_assert(clock->tail_count < GANTRY_TILE_ROWS_MAX * 2);
    clock->tail[clock->tail_count] = *mark;
    clock->tail_rows[clock->tail_count++] = rows;
    clock->tail_sum += rows;
}

/* Share of the banks that WINDOW reads: of the columns that a read is wide, those of the map. */
static double window_share(const struct gantry_clock_compute *c, int32_t in_w, int32_t g)
{
    int64_t read = 0;
    for (int32_t p = 0; p < c->passes; p++)
        for (int32_t strip = 0; strip < c->strips; strip++) {
            int32_t from = strip * g + c->pass[p].b0, to = gantry_min_i32(from + 2 * g, in_w);
            read += gantry_max_i32(0, to - gantry_max_i32(0, from));
        }
    return (double)read / (2.0 * g * c->passes * c->strips);
}

/* Share of the banks that a step reads. */
static double bank_share(const struct gantry_clock_compute *c, const struct gantry_insn *insn,
                         const struct gantry_array_params *params)
{
    int32_t in_w = gantry_clock_value(insn, GANTRY_CONV_IN_W);
    int32_t planes = 1 + gantry_clock_value(insn, GANTRY_CONV_IN_SX);
    if (c->tcb) return 1;
    if (c->window) return window_share(c, gantry_div_up(in_w, planes), params->g);
    double raster = (double)(c->rows * c->pixels); /* pixels beyond a row of the output read none */
    return (double)c->out_w * c->out_h / raster / c->m;
}

struct gantry_clock_use gantry_clock_use_of(const struct gantry_insn *insn,
                                            const struct gantry_array_params *params, double from)
{
    struct gantry_clock_compute c;
    double front = 0, step;
    unpack(&c, insn, params);
    for (int32_t tile = 0; tile < c.tiles; tile++)
        front += tile_cycles(&c, tile, tile_rows(&c, tile), &step);
    front *= c.groups;
    double rows = (double)(c.rows * c.groups);
    double cycles = gantry_clock_later(front, rows * c.drain);
    double reads = front * bank_share(&c, insn, params) + (c.residual ? rows / c.m : 0);
    /* A row of the drain has a word for every bank, one of WINDOW for every other. */
    return (struct gantry_clock_use){
        .from = from,
        .to = INFINITY,
        .cycles = cycles,
        .reads = reads / cycles,
        .writes = (c.window ? rows / 2 : rows) / cycles,
    };
}

enum gantry_status gantry_clock_compute(struct gantry_clock *clock, const struct gantry_insn *insn,
                                        double wait, struct gantry_error *error)
{
    struct gantry_clock_compute *c = &clock->history[clock->computes % GANTRY_CLOCK_HISTORY];
    unpack(c, insn, clock->params);
    c->marks =
        gantry_arena_alloc(&clock->arena, (size_t)c->groups * (size_t)c->tiles, sizeof *c->marks);
    if (!c->marks) return gantry_fail(error, GANTRY_ERR_MEMORY, "prediction: out of memory");
    clock->front = wait + 1;
    for (int32_t group = 0; group < c->groups; group++) {
        for (int32_t tile = 0; tile < c->tiles; tile++) run_tile(clock, c, group, tile);
        if (c->tiles > 1) gantry_clock_free(clock, clock->line, clock->front);
    }
    c->end = clock->drain + GANTRY_CLOCK_WRITE;
    clock->computes++;
    return GANTRY_OK;
}
