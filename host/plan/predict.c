/* SPDX-License-Identifier: Apache-2.0
 * Walks a program as the hardware does: a front that issues steps in order, a drain behind it, a
 * stream of weights ahead of it, LOAD and STORE beside it. Everything is a time in cycles from the
 * start of the launch; nothing is simulated cycle by cycle. */
#include "plan/predict.h"

#include <string.h>

#include "plan/build.h"

/* Depths of pipelines and lengths of sequences, in cycles. */
enum {
    FETCH_CYCLES = 18,    /* from start to the first instruction in its queue, besides memory */
    DECODE_CYCLES = 1,    /* from one COMPUTE to the next */
    RESULT_CYCLES = 26,   /* from the last step of a row to its word in the activation RAM */
    LOAD_CYCLES = 22,     /* from the first request to the first word, besides memory */
    LOAD_ROW_CYCLES = 42, /* of an engine for a row without words, and for so many words: */
    LOAD_WORD_CYCLES = 2,
    LOAD_WORDS = 5,
    STORE_CYCLES = 13, /* from the semaphore to the first byte */
    DONE_CYCLES = 14,  /* from the last instruction to done, besides memory */
    SIGNALS_MAX = 16,  /* of a semaphore that nothing has taken yet */
};

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* A COMPUTE instruction in numbers. */
struct shape {
    int64_t front; /* cycles in which the front issues */
    int64_t drain; /* cycles of the drain */
    int64_t row;   /* of them for one row */
    int64_t last;  /* rows of the last tile */
    int64_t groups, tiles, walk;
    bool diagonal; /* a group reads its own block of the input only */
    int64_t group_lines, lines;
};

/* When a COMPUTE instruction did what. */
struct done {
    int64_t begin, first, front, drain; /* started; first tile written; all issued; all written */
    int64_t lines;                      /* of the weight stream, this instruction's included */
};

struct signals {
    int64_t at[SIGNALS_MAX];
    int32_t first, count;
};

struct walk {
    const struct gantry_plan *plan;
    const struct gantry_target *target;
    struct done *done;            /* per COMPUTE so far */
    int32_t count, freed;         /* freed: the first whose lines are still in the ring */
    int64_t load, store, weights; /* ends of what the queues and the stream have done */
    struct signals signals[GANTRY_SEMAPHORES];
};

/* ---- Shapes ---- */

static int64_t field(const struct gantry_insn *insn, enum gantry_operand operand)
{
    return gantry_insn_get(insn, operand);
}

static void conv_shape(const struct gantry_insn *insn, struct shape *shape)
{
    int64_t m = INT64_C(1) << field(insn, GANTRY_CONV_LOG2_M);
    int64_t tile = field(insn, GANTRY_CONV_TILE), rows = field(insn, GANTRY_CONV_ROWS);
    int64_t parts = field(insn, GANTRY_CONV_W2) ? 2 : 1;
    bool residual = field(insn, GANTRY_CONV_RES) != 0;
    shape->walk = field(insn, GANTRY_CONV_WALK_CB);
    shape->diagonal = field(insn, GANTRY_CONV_DIAG) != 0;
    int64_t steps = shape->walk * field(insn, GANTRY_CONV_KH) * field(insn, GANTRY_CONV_KW) * parts;
    shape->groups = field(insn, GANTRY_CONV_GROUPS);
    shape->tiles = field(insn, GANTRY_CONV_TILES);
    shape->last = rows - tile * (shape->tiles - 1);
    shape->front = (shape->tiles - 1) * gantry_cost_step(tile, (int32_t)m, steps) +
                   gantry_cost_step(shape->last, (int32_t)m, steps);
    shape->front *= shape->groups * steps;
    if (residual && m == 1) shape->front += shape->groups * rows;
    shape->row = gantry_cost_drain_row((int32_t)m, residual);
    shape->drain = shape->groups * rows * shape->row;
}

static void mean_shape(const struct gantry_insn *insn, struct shape *shape)
{
    int64_t tile = field(insn, GANTRY_WINDOW_TILE);
    shape->groups = 1;
    shape->front = field(insn, GANTRY_WINDOW_PASSES) * larger(tile, GANTRY_STEP_CYCLES_MIN);
    shape->front *= shape->tiles;
    shape->last = tile;
    shape->drain = tile * shape->tiles;
}

static void window_shape(const struct gantry_insn *insn, int32_t g, struct shape *shape)
{
    int64_t tile = field(insn, GANTRY_WINDOW_TILE), out_h = field(insn, GANTRY_WINDOW_OUT_H);
    int64_t passes = field(insn, GANTRY_WINDOW_PASSES), front = 0;
    int64_t segments = (out_h + tile - 1) / tile;
    int64_t strips = (field(insn, GANTRY_WINDOW_OUT_W) + g - 1) / g;
    shape->groups = field(insn, GANTRY_WINDOW_GROUPS);
    shape->diagonal = true;
    for (int64_t s = 0; s < segments; s++) {
        int64_t first = s * tile, rows = smaller(tile, out_h - first);
        for (int32_t i = 0; i < passes; i++) {
            struct gantry_pass pass;
            gantry_pass_unpack(&pass, (int32_t)field(insn, gantry_pass_operand(i)));
            int64_t skip = smaller(pass.rows - 1, larger(0, -(first + pass.a0)));
            front += larger(rows + pass.rows - 1 - skip, passes > 1 ? GANTRY_STEP_CYCLES_MIN : 2);
        }
        shape->last = rows;
    }
    shape->front = front * strips * shape->groups;
    shape->drain = strips * out_h * shape->groups;
}

static void shape_of(const struct gantry_insn *insn, int32_t g, struct shape *shape)
{
    memset(shape, 0, sizeof *shape);
    shape->group_lines = gantry_conv_group_lines(insn);
    shape->lines = gantry_conv_lines(insn);
    if (field(insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_CONV) {
        conv_shape(insn, shape);
        return;
    }
    shape->row = shape->walk = 1;
    shape->tiles = field(insn, GANTRY_WINDOW_TILES);
    if (field(insn, GANTRY_WINDOW_TCB))
        mean_shape(insn, shape);
    else
        window_shape(insn, g, shape);
}

/* ---- Semaphores ---- */

static void signal_all(struct walk *walk, const struct gantry_insn *insn, int64_t at)
{
    int64_t mask = field(insn, GANTRY_COMMON_SIGNAL);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        struct signals *signals = &walk->signals[s];
        if (!(mask >> s & 1) || signals->count == SIGNALS_MAX) continue;
        signals->at[(signals->first + signals->count++) % SIGNALS_MAX] = at;
    }
}

/* The later of a time and of the signals that an instruction takes. */
static int64_t wait_all(struct walk *walk, const struct gantry_insn *insn, int64_t at)
{
    int64_t mask = field(insn, GANTRY_COMMON_WAIT);
    for (int32_t s = 0; s < GANTRY_SEMAPHORES; s++) {
        struct signals *signals = &walk->signals[s];
        if (!(mask >> s & 1) || signals->count == 0) continue;
        at = larger(at, signals->at[signals->first]);
        signals->first = (signals->first + 1) % SIGNALS_MAX;
        signals->count--;
    }
    return at;
}

/* ---- Transfers ---- */

static int64_t memory_cycles(const struct walk *walk, int64_t bytes)
{
    int64_t rate = walk->target->memory_bytes_per_cycle;
    return (bytes + rate - 1) / rate;
}

/* Rows are dealt out to the engines of the ports. */
static void load(struct walk *walk, const struct gantry_insn *insn)
{
    int64_t rows = field(insn, GANTRY_LOAD_ROWS), ports = walk->plan->params.ports;
    int64_t words = field(insn, GANTRY_LOAD_PIXELS) * field(insn, GANTRY_LOAD_WORDS);
    int64_t row = LOAD_ROW_CYCLES + words * LOAD_WORD_CYCLES / LOAD_WORDS;
    int64_t length = larger(memory_cycles(walk, rows * field(insn, GANTRY_LOAD_ROW_BYTES)),
                            (rows + ports - 1) / ports * larger(row, words));
    walk->load = wait_all(walk, insn, walk->load) + length;
    signal_all(walk, insn, walk->load + walk->target->memory_latency + LOAD_CYCLES);
}

static void store(struct walk *walk, const struct gantry_insn *insn)
{
    int64_t words = field(insn, GANTRY_STORE_ROWS) * field(insn, GANTRY_STORE_PIXELS) *
                    field(insn, GANTRY_STORE_WORDS);
    int64_t length = larger(words, memory_cycles(walk, words * GANTRY_CHANNELS));
    walk->store = wait_all(walk, insn, walk->store) + STORE_CYCLES + length;
    signal_all(walk, insn, walk->store + walk->target->memory_latency);
}

/* ---- COMPUTE ---- */

/* When the last line of the stream up to this instruction is in the ring. */
static int64_t stream_to(struct walk *walk, int64_t lines, int64_t before)
{
    int64_t room = walk->plan->params.ring_lines;
    int64_t at = walk->weights + memory_cycles(walk, (lines - before) * GANTRY_LINE_BYTES);
    while (walk->freed < walk->count && walk->done[walk->freed].lines + room < lines) walk->freed++;
    if (walk->freed < walk->count && lines > room) {
        const struct done *held = &walk->done[walk->freed];
        int64_t from = walk->freed > 0 ? held[-1].lines : 0;
        int64_t span = larger(held->lines - from, 1);
        /* Lines are freed while the instruction runs. */
        int64_t share = larger(lines - room - from, 0) * (held->front - held->begin) / span;
        at = larger(at, held->begin + share);
    }
    return at;
}

/* When the input of an instruction is there: the first rows, and all of them. */
static void input_of(const struct walk *walk, const struct gantry_insn *insn, int64_t *first,
                     int64_t *whole)
{
    int64_t distance = field(insn, GANTRY_CONV_DEP);
    if (distance == 0 || distance > walk->count) return;
    const struct done *producer = &walk->done[walk->count - distance];
    *whole = producer->drain;
    *first = field(insn, GANTRY_CONV_WHOLE) ? producer->drain : producer->first;
}

/* Returns the cycle in which the front has issued everything. */
static int64_t compute(struct walk *walk, const struct gantry_insn *insn)
{
    struct shape shape;
    struct done *done = &walk->done[walk->count];
    const struct done *last = walk->count > 0 ? done - 1 : NULL;
    int64_t first = 0, whole = 0, before = last ? last->lines : 0;
    shape_of(insn, walk->plan->params.g, &shape);
    input_of(walk, insn, &first, &whole);
    int64_t ready = larger(walk->target->memory_latency + FETCH_CYCLES, first);
    if (last) ready = larger(ready, last->front + DECODE_CYCLES);
    ready = wait_all(walk, insn, ready);
    done->lines = before + shape.lines;
    int64_t stream_first = stream_to(walk, before + shape.group_lines / shape.walk, before);
    walk->weights = stream_to(walk, done->lines, before);
    done->begin = larger(ready, stream_first);
    int64_t group = shape.front / shape.groups, tile = group / shape.tiles;
    int64_t end = done->begin + shape.front;
    /* The last tile needs the last lines, and the last rows of the input for its last blocks. */
    end = larger(end, walk->weights + group - tile + shape.row);
    end = larger(end, whole + (shape.diagonal ? group : shape.front - group + tile / shape.walk));
    int64_t drained = larger(done->begin + tile, last ? last->drain - RESULT_CYCLES : 0);
    drained = larger(drained + shape.drain, end + shape.last * shape.row);
    done->front = larger(end, drained - walk->plan->params.acc_rows * shape.row);
    done->drain = drained + RESULT_CYCLES;
    done->first = smaller(done->drain, done->begin + group + RESULT_CYCLES);
    walk->count++;
    signal_all(walk, insn, done->drain);
    return done->front;
}

/* ---- A launch ---- */

static uint64_t *owner(const struct gantry_plan *plan, const struct gantry_plan_segment *segment,
                       uint32_t i, struct gantry_profile_node *nodes)
{
    int32_t node = segment->insn_node[i], count = plan->graph->node_count;
    if (node == GANTRY_NODE_STORE) return &nodes[count + 1].predicted_cycles;
    return &nodes[node < 0 ? count : node].predicted_cycles;
}

uint64_t gantry_predict_segment(const struct gantry_plan *plan, int32_t index,
                                const struct gantry_target *target,
                                struct gantry_profile_node *nodes)
{
    const struct gantry_plan_segment *segment = &plan->segments[index];
    struct walk walk = {.plan = plan, .target = target};
    walk.done = gantry_allocate(plan->options.allocator, segment->insn_count, sizeof *walk.done);
    if (!walk.done) return UINT64_MAX;
    walk.load = walk.weights = FETCH_CYCLES + target->memory_latency;
    int64_t front = 0;
    for (uint32_t i = 0; i < segment->insn_count; i++) {
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, segment->program + (size_t)i * GANTRY_INSN_BYTES);
        int64_t opcode = field(&insn, GANTRY_COMMON_OPCODE);
        if (opcode == GANTRY_INSN_LOAD) load(&walk, &insn);
        if (opcode == GANTRY_INSN_STORE) store(&walk, &insn);
        if (opcode != GANTRY_INSN_CONV && opcode != GANTRY_INSN_WINDOW) continue;
        int64_t end = compute(&walk, &insn);
        *owner(plan, segment, i, nodes) += (uint64_t)(end - front);
        front = end;
    }
    int64_t end = walk.count > 0 ? walk.done[walk.count - 1].drain : front;
    if (walk.store > 0) end = larger(end, walk.store + target->memory_latency);
    end += target->memory_latency + DONE_CYCLES; /* the last record of the trace */
    nodes[plan->graph->node_count + 1].predicted_cycles += (uint64_t)(end - front);
    gantry_release(plan->options.allocator, walk.done);
    return (uint64_t)end;
}
