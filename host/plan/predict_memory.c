/* SPDX-License-Identifier: Apache-2.0
 * Timing of what goes through the ports: the weight stream, LOAD and STORE.
 *
 * The read side is followed burst by burst on one port, by the rules of gantry_rd_port: requests
 * are taken one at a time, four bursts are on their way, data come in order, and LOAD goes before
 * the stream until it has had 64 beats. A beat takes as long as the memory needs for one of every
 * port that is at work. */
#include "plan/predict_clock.h"

#include <math.h>
#include <string.h>

enum {
    BURST = 64,         /* beats at most */
    BRIEF = 16,         /* of the stream while LOAD has work */
    FIRST = 64,         /* beats that a launch asks for in short bursts */
    STREAM_BRIEF = 3,   /* short bursts of the stream on their way */
    RECENT = 48,        /* cycles that the stream leaves to the next row of LOAD */
    STREAM_START = 6,   /* from the start of a launch to the stream's first request */
    PROGRAM_START = 12, /* to its first instruction, without the memory */
    ROW = 4,            /* cycles in which gantry_row_seq makes a row */
    ROWS = 4,           /* rows of an engine that wait for their words */
    LOAD_END = 5,       /* from a LOAD's last beat to its signal */
    STORE_ROW = 5,      /* cycles of an engine for a row beside its words */
    STORE_END = 13,     /* of a STORE from its turn to its signal, without words and memory */
    TRACE_END = 14      /* from the last signal to the end of the launch, without the memory */
};

/* ---- Ports ---- */

/* Cycles of a beat while so many ports are at work. */
static double beat_cycles(const struct gantry_clock *clock, double ports)
{
    double bytes = ports * GANTRY_AXI_BYTES;
    return gantry_clock_later(1, bytes / clock->target->memory_bytes_per_cycle);
}

static int64_t line_beats(const struct gantry_clock *clock)
{
    return GANTRY_LINE_BYTES / GANTRY_AXI_BYTES / clock->params->ports;
}

bool gantry_clock_ports(struct gantry_clock *clock, int64_t lines)
{
    struct gantry_clock_port *port = &clock->port;
    int64_t ring = clock->params->ring_lines * line_beats(clock);
    port->accept = STREAM_START;
    port->load = -RECENT;
    port->brief = true;
    port->total = lines * line_beats(clock);
    port->size = (int32_t)(ring / BRIEF) + 2;
    port->bursts = gantry_arena_alloc(&clock->arena, (size_t)port->size, sizeof *port->bursts);
    clock->load = clock->store = PROGRAM_START + clock->target->memory_latency;
    return port->bursts != NULL;
}

/* Takes a request at a time; returns when its first beat comes. */
static double ask(struct gantry_clock *clock, double time, int64_t beats, double cycles)
{
    struct gantry_clock_port *port = &clock->port;
    double issue = gantry_clock_later(time, port->open[0]) + 1;
    double first =
        gantry_clock_later(issue + 1 + clock->target->memory_latency, port->data + cycles);
    port->accept = issue + 1;
    port->data = first + (double)(beats - 1) * cycles;
    memmove(port->open, port->open + 1, sizeof port->open - sizeof *port->open);
    port->open[GANTRY_CLOCK_ORDER - 1] = port->data;
    return first;
}

/* ---- The weight stream ---- */

void gantry_clock_free(struct gantry_clock *clock, int64_t line, double time)
{
    clock->releases[clock->release_count++] = (struct gantry_clock_release){line, time};
}

/* Time at which the place of a line is free; INFINITY: nothing yet has freed it. */
static double released(struct gantry_clock *clock, int64_t line)
{
    if (line <= 0) return 0;
    while (clock->release_at < clock->release_count &&
           clock->releases[clock->release_at].line < line)
        clock->release_at++;
    if (clock->release_at == clock->release_count) return INFINITY;
    return clock->releases[clock->release_at].time;
}

static int64_t stream_chunk(const struct gantry_clock_port *port)
{
    int64_t burst = port->brief ? BRIEF : BURST, chunk = burst - port->asked % burst;
    return chunk < port->total - port->asked ? chunk : port->total - port->asked;
}

/* Time at which the port would take the stream's next burst; INFINITY: none is known of. */
static double stream_next(struct gantry_clock *clock)
{
    const struct gantry_clock_port *port = &clock->port;
    if (port->asked == port->total) return INFINITY;
    int64_t lines = (port->asked + stream_chunk(port) + line_beats(clock) - 1) / line_beats(clock);
    double time = released(clock, lines - clock->params->ring_lines);
    time = gantry_clock_later(time, port->weights[port->brief ? 0 : 1]);
    if (port->had < BURST) time = gantry_clock_later(time, port->load + RECENT);
    return gantry_clock_later(time, port->accept);
}

/* Asks for the stream's next burst. */
static void stream_ask(struct gantry_clock *clock, double time)
{
    struct gantry_clock_port *port = &clock->port;
    double cycles = beat_cycles(clock, clock->params->ports);
    int64_t chunk = stream_chunk(port);
    double first = ask(clock, time, chunk, cycles);
    port->asked += chunk;
    port->had = 0;
    port->brief = port->asked < FIRST || time < port->loading;
    memmove(port->weights, port->weights + 1, sizeof port->weights - sizeof *port->weights);
    port->weights[2] = port->data;
    if (port->count == port->size) {
        port->oldest = (port->oldest + 1) % port->size;
        port->count--;
    }
    port->bursts[(port->oldest + port->count++) % port->size] =
        (struct gantry_clock_burst){port->asked, first, port->data};
}

double gantry_clock_lines(struct gantry_clock *clock, int64_t lines)
{
    struct gantry_clock_port *port = &clock->port;
    clock->line += lines;
    int64_t beats = clock->line * line_beats(clock);
    while (port->asked < beats) {
        double time = stream_next(clock);
        /* A place that is freed later than now was not needed before. */
        stream_ask(clock, time < INFINITY ? time : gantry_clock_later(clock->front, port->accept));
    }
    while (port->count > 1 && port->bursts[port->oldest].beats < beats) {
        port->oldest = (port->oldest + 1) % port->size;
        port->count--;
    }
    if (port->count == 0) return 0;
    const struct gantry_clock_burst *burst = &port->bursts[port->oldest];
    double cycles = beat_cycles(clock, clock->params->ports);
    return gantry_clock_later(burst->first, burst->last - (double)(burst->beats - beats) * cycles);
}

/* ---- LOAD ---- */

/* Cycles in which gantry_row_seq multiplies by a value. */
static int32_t product_cycles(int32_t value)
{
    int32_t cycles = 2;
    while (value >> (cycles - 2)) cycles++;
    return cycles;
}

/* Cycles that an instruction takes to be set up, before it waits for semaphores. */
static double set_up(const struct gantry_insn *insn)
{
    int32_t row0 = gantry_clock_value(insn, GANTRY_LOAD_ROW0);
    if (gantry_clock_value(insn, GANTRY_LOAD_SY)) row0 >>= 1;
    return 1 + product_cycles(row0) + 3 * product_cycles(gantry_clock_value(insn, GANTRY_LOAD_CB)) +
           product_cycles(gantry_clock_value(insn, GANTRY_LOAD_WORDS));
}

/* Cycles of a word of LOAD: the banks of activations are the drain's first. words: of an engine. */
static double word_cycles(const struct gantry_clock_writes *writes, double words)
{
    if (!writes || writes->cycles <= 0) return 1;
    double share = writes->words / writes->cycles;
    if (share > 0.5) share = 0.5;
    double most = 1 / (1 - share), all = 1 + writes->words / words;
    return all < most ? all : most;
}

/* Cycles of a beat of LOAD while so many ports have rows. The others have the stream, if it goes
 * on: three short bursts at a time. */
static double row_beat_cycles(struct gantry_clock *clock, int32_t ports)
{
    int32_t others = clock->params->ports - ports;
    if (others == 0 || stream_next(clock) == INFINITY) return beat_cycles(clock, ports);
    double wait = clock->target->memory_latency + BRIEF;
    double share = gantry_clock_later(1, wait / (STREAM_BRIEF * BRIEF));
    return beat_cycles(clock, ports + others / share);
}

/* Rows of LOAD on this port. */
struct rows {
    int64_t beats;             /* of a row */
    int32_t ports;             /* that have one at the same time */
    double first, last, taken; /* beats of the row come; the port has taken all of it */
};

/* Asks for a row from a time on, with what the stream asks for before. */
static void ask_row(struct gantry_clock *clock, double time, struct rows *row)
{
    struct gantry_clock_port *port = &clock->port;
    for (int64_t done = 0; done < row->beats;) {
        double next = stream_next(clock), mine = gantry_clock_later(time, port->accept);
        if (next < mine || (next == mine && port->had >= BURST)) {
            stream_ask(clock, next);
            continue;
        }
        int64_t chunk = row->beats - done < BURST ? row->beats - done : BURST;
        double come = ask(clock, mine, chunk, row_beat_cycles(clock, row->ports));
        if (done == 0) row->first = come;
        port->load = row->taken = mine;
        port->had = gantry_min_i32(port->had + (int32_t)chunk, 2 * BURST);
        done += chunk;
    }
    row->last = port->data;
}

double gantry_clock_load(struct gantry_clock *clock, const struct gantry_insn *insn, double wait,
                         const struct gantry_clock_writes *writes)
{
    struct gantry_clock_port *port = &clock->port;
    int32_t ports = clock->params->ports, rows = gantry_clock_value(insn, GANTRY_LOAD_ROWS);
    int64_t bytes = gantry_clock_value(insn, GANTRY_LOAD_ROW_BYTES);
    int64_t stride = gantry_insn_get(insn, GANTRY_LOAD_ROW_STRIDE);
    int64_t offset = gantry_insn_get(insn, GANTRY_LOAD_OFFSET);
    double words = (double)gantry_clock_value(insn, GANTRY_LOAD_PIXELS) *
                   gantry_clock_value(insn, GANTRY_LOAD_WORDS);
    words *= word_cycles(writes, words * gantry_div_up(rows, ports));
    double turn = gantry_clock_later(clock->load + set_up(insn), wait), walked = turn;
    double walks[ROWS] = {0}; /* words of the rows before begin */
    while (stream_next(clock) < turn) stream_ask(clock, stream_next(clock));
    port->loading = INFINITY;
    double time = turn + ROW;
    struct rows row = {.taken = turn};
    for (int32_t y = 0; y < rows; y += ports) {
        int64_t align = (offset + y * stride) % GANTRY_AXI_BYTES;
        row.beats = (align + bytes + GANTRY_AXI_BYTES - 1) / GANTRY_AXI_BYTES;
        row.ports = gantry_min_i32(ports, rows - y);
        time = gantry_clock_later(gantry_clock_later(time, row.taken + 1), walks[0]);
        ask_row(clock, time + 1, &row);
        double walk = gantry_clock_later(walked, row.first) + 1;
        walked = gantry_clock_later(walk + words, row.last + 1);
        memmove(walks, walks + 1, sizeof walks - sizeof *walks);
        walks[ROWS - 1] = walk;
        time += (double)ROW * ports;
    }
    clock->load = port->loading = walked + LOAD_END;
    return clock->load;
}

/* ---- STORE ---- */

double gantry_clock_store(struct gantry_clock *clock, const struct gantry_insn *insn, double wait)
{
    int32_t ports = clock->params->ports, rows = gantry_clock_value(insn, GANTRY_STORE_ROWS);
    double words = (double)gantry_clock_value(insn, GANTRY_STORE_PIXELS) *
                   gantry_clock_value(insn, GANTRY_STORE_WORDS);
    double turn = gantry_clock_later(clock->store + set_up(insn), wait), cycles = 0;
    double bursts = ceil(words / BURST);
    for (int32_t y = 0; y < rows; y += ports) {
        int32_t busy = gantry_min_i32(ports, rows - y);
        double engine = words + STORE_ROW * bursts;
        double least = rows - y > ports ? (double)ROW * ports : 0;
        cycles +=
            gantry_clock_later(gantry_clock_later(engine, least), words * beat_cycles(clock, busy));
    }
    clock->store = turn + cycles + STORE_END + clock->target->memory_latency;
    return clock->store;
}

double gantry_clock_trace(const struct gantry_clock *clock, double time)
{
    return gantry_clock_later(time, clock->store + TRACE_END + clock->target->memory_latency);
}
