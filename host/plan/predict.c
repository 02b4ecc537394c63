/* SPDX-License-Identifier: Apache-2.0
 * Timing of a launch, by events of one tile of one group of blocks.
 *
 * The front walks k-steps over tiles; it waits for rows of the input that the drain of an older
 * instruction has not written, for lines of the weight stream, and for free accumulator rows. Each
 * of the three has a clock of its own here. Figures that stand for registers of the pipeline are
 * those that trace records of the RTL show. */
#include "plan/predict.h"

#include <string.h>

#include "plan/build.h"

enum {
    START = 18,      /* from the start of a launch to the first address of its program */
    PIPELINE = 20,   /* from an operand's read to its accumulator row */
    WRITE_BACK = 8,  /* from a drained row to memory where the front may read it */
    LOAD_START = 40, /* from a LOAD's turn to its first address, and from its last word on */
    LOAD_NEXT = 180, /* from the last word of a LOAD to the first of the next */
    LOAD_ROW = 3,    /* of a row beside its words */
    LOAD_ROW_MIN = 36,
    STORE_START = 72, /* likewise */
    HISTORY = GANTRY_DEP_MAX + 1,
    CHUNKS = 16 /* pieces of a group's weights that are timed apart */
};

/* Accumulator rows of a tile: the drain begins, and takes so much for each. */
struct mark {
    double start, row;
};

/* A COMPUTE instruction, unpacked. */
struct compute {
    bool window, tcb, diagonal, residual;
    int32_t groups, m, walk_cb, kh, kw, dilation, pad_top, sy, in_h, out_h, out_w, pitch;
    int32_t tile, tiles, pixels; /* rows of a tile; tiles of a group; pixels of a row */
    int32_t passes, parts, strips, segments;
    int64_t rows, steps, lines, head;
    int32_t dep;
    bool whole;
    struct gantry_pass pass[GANTRY_PASSES_MAX];
    struct mark *marks; /* groups x tiles */
    double end;         /* the last row is in memory */
};

/* Lines of the stream that have been used up, in order, and when. */
struct release {
    int64_t line;
    double time;
};

struct clock {
    const struct gantry_array_params *params;
    const struct gantry_target *target;
    double front, drain; /* each is busy until then */
    double load, store;
    double stream; /* the last line of the stream so far has arrived */
    int64_t line;  /* lines asked for so far */
    struct release *releases;
    size_t release_count, release_at;
    struct mark tail[GANTRY_TILE_ROWS_MAX * 2]; /* tiles in the accumulator ring, oldest first */
    int32_t tail_rows[GANTRY_TILE_ROWS_MAX * 2];
    int32_t tail_count, tail_sum;
    struct compute history[HISTORY];
    int32_t computes;
    double signal[GANTRY_SEMAPHORES][GANTRY_SEMAPHORE_MAX + 1]; /* times not taken yet */
    int32_t signals[GANTRY_SEMAPHORES];
    struct gantry_arena arena;
};

static double later(double a, double b) { return a > b ? a : b; }

static int32_t value(const struct gantry_insn *insn, enum gantry_operand operand)
{
    return (int32_t)gantry_insn_get(insn, operand);
}

/* ---- Semaphores: a wait takes the oldest signal ---- */

static double take_waits(struct clock *clock, const struct gantry_insn *insn, double time)
{
    int32_t mask = value(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        if (!(mask >> s & 1) || clock->signals[s] == 0) continue;
        time = later(time, clock->signal[s][0]);
        clock->signals[s]--;
        memmove(clock->signal[s], clock->signal[s] + 1,
                (size_t)clock->signals[s] * sizeof **clock->signal);
    }
    return time;
}

static void give_signals(struct clock *clock, const struct gantry_insn *insn, double time)
{
    int32_t mask = value(insn, GANTRY_COMMON_SIGNAL);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        if (mask >> s & 1 && clock->signals[s] < GANTRY_SEMAPHORE_MAX)
            clock->signal[s][clock->signals[s]++] = time;
}

/* ---- LOAD and STORE ---- */

/* Cycles in which the engines move rows of so many words and bytes. */
static double move_rows(const struct clock *clock, int64_t rows, int64_t words, int64_t bytes)
{
    int64_t turns = (rows + clock->params->ports - 1) / clock->params->ports;
    double engine = (double)turns * later((double)words + LOAD_ROW, LOAD_ROW_MIN);
    return later(engine, (double)(rows * bytes) / clock->target->memory_bytes_per_cycle);
}

static void run_load(struct clock *clock, const struct gantry_insn *insn)
{
    int64_t rows = value(insn, GANTRY_LOAD_ROWS), bytes = value(insn, GANTRY_LOAD_ROW_BYTES);
    int64_t words = (int64_t)value(insn, GANTRY_LOAD_PIXELS) * value(insn, GANTRY_LOAD_WORDS);
    double start = take_waits(clock, insn, clock->load);
    clock->load = start + move_rows(clock, rows, words, bytes);
    /* The stream gets what LOAD leaves. */
    clock->stream = later(clock->stream, start) +
                    (double)(rows * bytes) / clock->target->memory_bytes_per_cycle;
    give_signals(clock, insn, clock->load + LOAD_START + clock->target->memory_latency);
    clock->load += LOAD_NEXT;
}

static void run_store(struct clock *clock, const struct gantry_insn *insn)
{
    int64_t rows = value(insn, GANTRY_STORE_ROWS);
    int64_t words = (int64_t)value(insn, GANTRY_STORE_PIXELS) * value(insn, GANTRY_STORE_WORDS);
    double start = take_waits(clock, insn, clock->store);
    clock->store = start + move_rows(clock, rows, words, words * GANTRY_AXI_BYTES);
    give_signals(clock, insn, clock->store + STORE_START + clock->target->memory_latency);
}

/* ---- The weight stream ---- */

/* Time at which a line is used up and its place in the ring is free. */
static double released(struct clock *clock, int64_t line)
{
    while (clock->release_at + 1 < clock->release_count &&
           clock->releases[clock->release_at].line < line)
        clock->release_at++;
    if (clock->release_count == 0 || clock->releases[clock->release_at].line < line)
        return clock->front;
    return clock->releases[clock->release_at].time;
}

/* Time at which so many further lines are in the ring. */
static double arrive(struct clock *clock, int64_t lines)
{
    clock->line += lines;
    int64_t must = clock->line - clock->params->ring_lines;
    if (must > 0) clock->stream = later(clock->stream, released(clock, must));
    clock->stream += (double)(lines * GANTRY_LINE_BYTES) / clock->target->memory_bytes_per_cycle;
    return clock->stream;
}

static void release(struct clock *clock, int64_t line, double time)
{
    clock->releases[clock->release_count++] = (struct release){line, time};
}

/* ---- COMPUTE ---- */

static void unpack_window(struct compute *c, const struct gantry_insn *insn, int32_t g)
{
    c->tcb = value(insn, GANTRY_WINDOW_TCB);
    c->passes = value(insn, GANTRY_WINDOW_PASSES);
    for (int32_t i = 0; i < c->passes && !c->tcb; i++)
        gantry_pass_unpack(&c->pass[i], value(insn, gantry_pass_operand(i)));
    c->steps = c->passes;
    c->m = 1;
    c->strips = c->tcb ? 1 : gantry_div_up(c->out_w, g);
    c->segments = gantry_div_up(c->tiles, c->strips);
    c->rows = c->tcb ? c->walk_cb : (int64_t)c->strips * c->out_h;
}

static void unpack_conv(struct compute *c, const struct gantry_insn *insn, int32_t npx)
{
    c->tcb = value(insn, GANTRY_CONV_TCB);
    c->diagonal = value(insn, GANTRY_CONV_DIAG);
    c->residual = value(insn, GANTRY_CONV_RES);
    c->kh = value(insn, GANTRY_CONV_KH);
    c->kw = value(insn, GANTRY_CONV_KW);
    c->dilation = value(insn, GANTRY_CONV_DILATION);
    c->pad_top = value(insn, GANTRY_CONV_PAD_TOP);
    c->m = 1 << value(insn, GANTRY_CONV_LOG2_M);
    c->parts = 1 + value(insn, GANTRY_CONV_W2);
    c->steps = (int64_t)(c->diagonal || c->tcb ? 1 : c->walk_cb) * c->kh * c->kw * c->parts;
    c->rows = value(insn, GANTRY_CONV_ROWS);
    c->pixels = npx / c->m;
}

/* CONV's operands stand where WINDOW has those of the same name. */
static void unpack(struct compute *c, const struct gantry_insn *insn,
                   const struct gantry_array_params *params)
{
    memset(c, 0, sizeof *c);
    c->window = value(insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_WINDOW;
    c->groups = value(insn, GANTRY_CONV_GROUPS);
    c->walk_cb = value(insn, GANTRY_CONV_WALK_CB);
    c->sy = 1 + value(insn, GANTRY_CONV_IN_SY);
    c->in_h = value(insn, GANTRY_CONV_IN_H);
    c->out_h = value(insn, GANTRY_CONV_OUT_H);
    c->out_w = value(insn, GANTRY_CONV_OUT_W);
    c->pitch = value(insn, GANTRY_CONV_IN_PITCH);
    c->tile = value(insn, GANTRY_CONV_TILE);
    c->tiles = value(insn, GANTRY_CONV_TILES);
    c->dep = value(insn, GANTRY_CONV_DEP);
    c->whole = value(insn, GANTRY_CONV_WHOLE);
    if (c->window)
        unpack_window(c, insn, params->g);
    else
        unpack_conv(c, insn, 2 * params->g);
    c->lines = gantry_conv_group_lines(insn);
    c->head = c->lines - 2 * c->m * c->steps;
}

/* Cycles in which the drain takes an accumulator row. */
static double drain_row(const struct compute *c, const struct gantry_array_params *params)
{
    if (c->window) return 1;
    bool slower = c->residual && params->g > 1; /* as many lanes for rule X as for F at G = 1 */
    return (double)gantry_cost_drain_row(c->m, slower);
}

/* Time at which rows 0 .. y of a producer's output are in memory, for one of its blocks. */
static double written(const struct compute *from, int32_t block, int32_t y)
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
    const struct mark *mark = &from->marks[(size_t)group * (size_t)from->tiles + (size_t)tile];
    return mark->start + (row + 1) * mark->row + WRITE_BACK;
}

static const struct compute *producer(const struct clock *clock, const struct compute *c)
{
    if (c->dep == 0 || c->dep > clock->computes) return NULL;
    return &clock->history[(clock->computes - c->dep) % HISTORY];
}

/* Rows that a pass reads for a tile, from output row o0 on, and those it leaves out above. */
static int32_t pass_reads(const struct gantry_pass *pass, int32_t o0, int32_t rows, int32_t *skip)
{
    *skip = gantry_min_i32(pass->rows - 1, gantry_max_i32(0, -(o0 + pass->a0)));
    return rows + pass->rows - 1 - *skip;
}

/* Earliest start of a tile's steps so that no read of a WINDOW comes before its row. */
static double window_ready(const struct compute *c, const struct compute *from, int32_t group,
                           int32_t tile)
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
            ready = later(ready, written(from, group, gantry_min_i32(y, c->in_h - 1)) - at - i);
        }
        at += gantry_max_i32(reads, c->passes > 1 ? GANTRY_STEP_CYCLES_MIN : 2);
    }
    return ready;
}

/* The same of a CONV: each block walked, each kernel row, first and last accumulator row. */
static double conv_ready(const struct compute *c, const struct compute *from, int32_t group,
                         int32_t tile, int32_t rows, double step)
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
                ready = later(ready, row - at - t);
            }
        }
    }
    return ready;
}

static double input_ready(const struct clock *clock, const struct compute *c, int32_t group,
                          int32_t tile, int32_t rows, double step)
{
    const struct compute *from = producer(clock, c);
    if (!from || (group > 0 && !c->diagonal && !c->window)) return 0;
    if (c->whole || c->tcb || from->tcb) return from->end;
    return c->window ? window_ready(c, from, group, tile)
                     : conv_ready(c, from, group, tile, rows, step);
}

/* Cycles of all steps of a tile; *step: of one. */
static double tile_cycles(const struct compute *c, int32_t tile, int32_t rows, double *step)
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

static int32_t tile_rows(const struct compute *c, int32_t tile)
{
    if (c->window && !c->tcb)
        return gantry_min_i32(c->tile, c->out_h - tile % c->segments * c->tile);
    return (int32_t)gantry_min_i32(c->tile, (int32_t)(c->rows - (int64_t)tile * c->tile));
}

/* Time from which the accumulator ring has room for the rows of a tile. */
static double ring_ready(struct clock *clock, int32_t rows)
{
    double ready = 0;
    while (clock->tail_count > 0 && clock->tail_sum + rows > clock->params->acc_rows) {
        const struct mark *oldest = &clock->tail[0];
        int32_t held = clock->tail_rows[0];
        /* Rows are freed one by one, and taken one by one. */
        int32_t excess = clock->tail_sum + rows - clock->params->acc_rows;
        if (excess < held) {
            ready = later(ready, oldest->start + oldest->row * excess - (rows - 1));
            break;
        }
        ready = later(ready, oldest->start + oldest->row * held - (rows - 1));
        clock->tail_sum -= held;
        clock->tail_count--;
        memmove(clock->tail, clock->tail + 1, (size_t)clock->tail_count * sizeof *clock->tail);
        memmove(clock->tail_rows, clock->tail_rows + 1,
                (size_t)clock->tail_count * sizeof *clock->tail_rows);
    }
    return ready;
}

/* The first tile of a group, whose steps wait for their lines; later ones find them in the ring. */
static double first_tile(struct clock *clock, const struct compute *c, double time, double cycles)
{
    int64_t chunks = gantry_min_i32(CHUNKS, (int32_t)c->steps), done = 0;
    int64_t base = clock->line;
    for (int64_t i = 1; i <= chunks; i++) {
        int64_t until = c->steps * i / chunks;
        int64_t lines = (until - done) * 2 * c->m + (i == 1 ? c->head : 0);
        time = later(time, arrive(clock, lines));
        if (c->tiles == 1) release(clock, base + c->head + until * 2 * c->m, time);
        time += cycles * (double)(until - done) / (double)c->steps;
        done = until;
    }
    return time;
}

static void run_tile(struct clock *clock, struct compute *c, int32_t group, int32_t tile)
{
    int32_t rows = tile_rows(c, tile);
    double step, cycles = tile_cycles(c, tile, rows, &step);
    double time = later(clock->front, input_ready(clock, c, group, tile, rows, step));
    time = later(time, ring_ready(clock, rows));
    /* A residual of all banks at once takes the port from the front. */
    if (c->residual && c->m == 1) cycles += rows;
    time = tile == 0 ? first_tile(clock, c, time, cycles) : time + cycles;
    clock->front = time;
    struct mark *mark = &c->marks[(size_t)group * (size_t)c->tiles + (size_t)tile];
    mark->row = drain_row(c, clock->params);
    mark->start = later(clock->drain, time - rows + PIPELINE);
    /* The drain follows the front row by row. */
    double end = later(mark->start + rows * mark->row, time + PIPELINE + mark->row);
    mark->row = (end - mark->start) / rows;
    clock->drain = end;
    gantry_assert(clock->tail_count < GANTRY_TILE_ROWS_MAX * 2);
    clock->tail[clock->tail_count] = *mark;
    clock->tail_rows[clock->tail_count++] = rows;
    clock->tail_sum += rows;
}

static enum gantry_status run_compute(struct clock *clock, const struct gantry_insn *insn,
                                      struct gantry_error *error)
{
    struct compute *c = &clock->history[clock->computes % HISTORY];
    unpack(c, insn, clock->params);
    c->marks =
        gantry_arena_alloc(&clock->arena, (size_t)c->groups * (size_t)c->tiles, sizeof *c->marks);
    if (!c->marks) return gantry_fail(error, GANTRY_ERR_MEMORY, "prediction: out of memory");
    clock->front = take_waits(clock, insn, clock->front) + 1;
    for (int32_t group = 0; group < c->groups; group++) {
        for (int32_t tile = 0; tile < c->tiles; tile++) run_tile(clock, c, group, tile);
        if (c->tiles > 1) release(clock, clock->line, clock->front);
    }
    c->end = clock->drain + WRITE_BACK;
    give_signals(clock, insn, c->end);
    clock->computes++;
    return GANTRY_OK;
}

/* ---- The launch ---- */

/* Times of releases that a program can have. */
static size_t count_releases(const uint8_t *program, uint32_t insn_count)
{
    size_t count = 0;
    for (uint32_t i = 0; i < insn_count; i++) {
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, program + (size_t)i * GANTRY_INSN_BYTES);
        int32_t opcode = value(&insn, GANTRY_COMMON_OPCODE);
        if (opcode == GANTRY_INSN_CONV || opcode == GANTRY_INSN_WINDOW)
            count += (size_t)value(&insn, GANTRY_CONV_GROUPS) * CHUNKS;
    }
    return count;
}

static enum gantry_status run_insn(struct clock *clock, const struct gantry_insn *insn,
                                   double *cycles, struct gantry_error *error)
{
    double before = clock->front;
    enum gantry_status status = GANTRY_OK;
    switch (value(insn, GANTRY_COMMON_OPCODE)) {
    case GANTRY_INSN_LOAD:
        run_load(clock, insn);
        break;
    case GANTRY_INSN_STORE:
        run_store(clock, insn);
        break;
    case GANTRY_INSN_CONV:
    case GANTRY_INSN_WINDOW:
        status = run_compute(clock, insn, error);
        break;
    case GANTRY_INSN_SYNC:
        clock->front = later(take_waits(clock, insn, clock->front), clock->drain + WRITE_BACK);
        give_signals(clock, insn, clock->front);
        break;
    case GANTRY_INSN_END:
        clock->front = later(clock->front, clock->drain + WRITE_BACK);
        clock->front =
            later(clock->front, clock->store + STORE_START + clock->target->memory_latency);
        break;
    default:
        give_signals(clock, insn, take_waits(clock, insn, clock->front));
        break;
    }
    *cycles = clock->front - before;
    return status;
}

enum gantry_status gantry_predict(const struct gantry_array_params *params,
                                  const struct gantry_target *target, const uint8_t *program,
                                  uint32_t insn_count, uint64_t sem_init,
                                  const struct gantry_allocator *allocator, double *cycles,
                                  struct gantry_error *error)
{
    struct gantry_arena arena;
    gantry_arena_init(&arena, allocator);
    struct clock *clock = gantry_arena_alloc(&arena, 1, sizeof *clock);
    struct release *releases =
        gantry_arena_alloc(&arena, count_releases(program, insn_count) + 1, sizeof *releases);
    enum gantry_status status = GANTRY_OK;
    if (!clock || !releases) {
        gantry_arena_finish(&arena);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "prediction: out of memory");
    }
    *clock = (struct clock){.params = params, .target = target, .releases = releases};
    gantry_arena_init(&clock->arena, allocator);
    double start = START + target->memory_latency;
    clock->load = clock->store = clock->stream = start;
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++)
        clock->signals[s] = (int32_t)(sem_init >> 4 * s & 15); /* of time 0 */
    for (uint32_t i = 0; i < insn_count && status == GANTRY_OK; i++) {
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, program + (size_t)i * GANTRY_INSN_BYTES);
        status = run_insn(clock, &insn, &cycles[i], error);
    }
    gantry_arena_finish(&clock->arena);
    gantry_arena_finish(&arena);
    return status;
}

uint64_t gantry_predict_segment(const struct gantry_plan *plan, int32_t index,
                                const struct gantry_target *target,
                                struct gantry_profile_node *nodes)
{
    const struct gantry_plan_segment *segment = &plan->segments[index];
    const struct gantry_allocator *allocator = plan->options.allocator;
    int32_t count = plan->graph->node_count;
    double *cycles = gantry_allocate(allocator, segment->insn_count, sizeof *cycles), sum = 0;
    uint64_t before = 0;
    if (!cycles || gantry_predict(&plan->params, target, segment->program, segment->insn_count,
                                  segment->sem_init, allocator, cycles, NULL) != GANTRY_OK) {
        gantry_release(allocator, cycles);
        return UINT64_MAX;
    }
    for (uint32_t i = 0; i < segment->insn_count; i++) {
        int32_t node = segment->insn_node[i];
        if (node < 0) node = node == GANTRY_NODE_STORE ? count + 1 : count;
        sum += cycles[i];
        /* Whole cycles that keep the sum. */
        nodes[node].predicted_cycles += (uint64_t)(sum + 0.5) - before;
        before = (uint64_t)(sum + 0.5);
    }
    gantry_release(allocator, cycles);
    return before;
}
