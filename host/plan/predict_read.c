/* SPDX-License-Identifier: Apache-2.0
 * Timing of what is read: the weight stream and LOAD.
 *
 * They are followed burst by burst on one port, by the rules of gantry_rd_port: requests are taken
 * one at a time, four bursts are on their way, data come in order, and LOAD goes before the stream
 * until it has had 64 beats. A beat takes as long as the memory needs for one of every port that is
 * at work, with what STORE leaves. */
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
    LOAD_END = 5,       /* from a LOAD's last beat to its signal */
};

/* ---- Ports ---- */

/* Cycles of the next beat while so many ports are at work. */
static double beat_cycles(struct gantry_clock *clock, double ports)
{
    double beats = clock->target->memory_bytes_per_cycle / GANTRY_AXI_BYTES;
    double written = gantry_clock_stores(clock, clock->port.first, clock->port.data);
    return gantry_clock_later(1, ports / (beats - written * clock->params->ports));
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
    clock->load = clock->store_turn = PROGRAM_START + clock->target->memory_latency;
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
    port->first = first;
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
    (void)ask(clock, time, chunk, cycles);
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
        (struct gantry_clock_burst){port->asked, port->data, cycles};
}

/* ---- LOAD ---- */

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

static bool load_done(const struct gantry_clock_load *load) { return load->done > 0; }

/* The LOAD under way, or next; NULL: none. */
static struct gantry_clock_load *current_load(struct gantry_clock *clock)
{
    for (int32_t i = 0; i < clock->load_count; i++)
        if (!load_done(&clock->loads[i])) return &clock->loads[i];
    return NULL;
}

/* Time at which its next row is asked for. */
static double load_next(const struct gantry_clock *clock, const struct gantry_clock_load *load)
{
    if (!load) return INFINITY;
    if (load->y > 0)
        return gantry_clock_later(gantry_clock_later(load->next, load->taken), load->walks[0]) + 1;
    double turn = clock->load + gantry_clock_set_up(&load->insn);
    return gantry_clock_later(turn, load->wait) + GANTRY_CLOCK_ROW;
}

/* Runs the next row of the LOAD under way. */
static void load_row(struct gantry_clock *clock, struct gantry_clock_load *load)
{
    const struct gantry_insn *insn = &load->insn;
    int32_t ports = clock->params->ports, rows = gantry_clock_value(insn, GANTRY_LOAD_ROWS);
    int64_t offset = gantry_insn_get(insn, GANTRY_LOAD_OFFSET) +
                     load->y * gantry_insn_get(insn, GANTRY_LOAD_ROW_STRIDE);
    int64_t bytes = gantry_clock_value(insn, GANTRY_LOAD_ROW_BYTES), until;
    double words = (double)gantry_clock_value(insn, GANTRY_LOAD_PIXELS) *
                   gantry_clock_value(insn, GANTRY_LOAD_WORDS);
    double time = load_next(clock, load);
    until = offset % GANTRY_AXI_BYTES + bytes + GANTRY_AXI_BYTES - 1;
    struct rows row = {until / GANTRY_AXI_BYTES, gantry_min_i32(ports, rows - load->y), 0, 0, 0};
    if (load->y == 0) {
        while (stream_next(clock) < time) stream_ask(clock, stream_next(clock));
        clock->port.loading = INFINITY;
    }
    ask_row(clock, time, &row);
    double walk = gantry_clock_later(load->walked, row.first) + 1;
    load->taken = row.taken;
    load->walked = gantry_clock_later(gantry_clock_words(clock, walk, words), row.last + 1);
    memmove(load->walks, load->walks + 1, sizeof load->walks - sizeof *load->walks);
    load->walks[GANTRY_CLOCK_ROWS - 1] = walk;
    load->next = time + (double)GANTRY_CLOCK_ROW * ports;
    load->y += ports;
    if (load->y < rows) return;
    clock->load = clock->port.loading = load->done = load->walked + LOAD_END;
}

void gantry_clock_load(struct gantry_clock *clock, const struct gantry_insn *insn, double wait)
{
    gantry_assert(!gantry_clock_loads_full(clock));
    clock->loads[clock->load_count++] = (struct gantry_clock_load){.insn = *insn, .wait = wait};
}

bool gantry_clock_loads_full(const struct gantry_clock *clock)
{
    return clock->load_count == (int32_t)GANTRY_COUNT(clock->loads);
}

bool gantry_clock_load_step(struct gantry_clock *clock, double time)
{
    struct gantry_clock_load *load = current_load(clock);
    if (load_next(clock, load) >= time) return false;
    load_row(clock, load);
    return true;
}

bool gantry_clock_load_end(struct gantry_clock *clock, struct gantry_insn *insn, double *time)
{
    if (clock->load_count == 0) return false;
    while (!load_done(&clock->loads[0])) load_row(clock, &clock->loads[0]);
    *insn = clock->loads[0].insn;
    *time = clock->loads[0].done;
    clock->load_count--;
    memmove(clock->loads, clock->loads + 1, (size_t)clock->load_count * sizeof *clock->loads);
    return true;
}

/* ---- What COMPUTE waits for ---- */

double gantry_clock_lines(struct gantry_clock *clock, int64_t lines)
{
    struct gantry_clock_port *port = &clock->port;
    clock->line += lines;
    int64_t beats = clock->line * line_beats(clock);
    while (port->asked < beats) {
        double time = stream_next(clock);
        if (gantry_clock_load_step(clock, time)) continue;
        /* A place that is freed later than now was not needed before. */
        stream_ask(clock, time < INFINITY ? time : gantry_clock_later(clock->front, port->accept));
    }
    while (port->count > 1 && port->bursts[port->oldest].beats < beats) {
        port->oldest = (port->oldest + 1) % port->size;
        port->count--;
    }
    if (port->count == 0) return 0;
    const struct gantry_clock_burst *burst = &port->bursts[port->oldest];
    return burst->last - (double)(burst->beats - beats) * burst->cycles;
}
