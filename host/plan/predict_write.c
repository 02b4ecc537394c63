/* SPDX-License-Identifier: Apache-2.0
 * Timing of STORE, which goes on beside everything else: at each time as fast as the banks that the
 * front leaves, the memory that is left, and its engines. Its end is known when somebody needs it.
 */
#include "plan/predict_clock.h"

#include <math.h>
#include <string.h>

enum {
    BURST = 64,       /* beats at most */
    BURST_CYCLES = 5, /* of an engine for a burst, beside its words */
    STORE_END = 13,   /* from the last word in memory to the signal */
    TRACE_END = 14,   /* from the last signal to the end of the launch, without the memory */
    FRONT_SLOTS = 16  /* of which the front leaves one to a STORE that waits */
};

/* Share of the cycles in which the drain leaves a bank to LOAD. */
static const double LEAST_WRITES = 0.5;

/* ---- What LOAD and STORE have in common ---- */

/* Cycles in which gantry_row_seq multiplies by a value. */
static int32_t product_cycles(int32_t value)
{
    int32_t cycles = 2;
    while (value >> (cycles - 2)) cycles++;
    return cycles;
}

double gantry_clock_set_up(const struct gantry_insn *insn)
{
    int32_t row0 = gantry_clock_value(insn, GANTRY_LOAD_ROW0);
    if (gantry_clock_value(insn, GANTRY_LOAD_SY)) row0 >>= 1;
    return 1 + product_cycles(row0) + 3 * product_cycles(gantry_clock_value(insn, GANTRY_LOAD_CB)) +
           product_cycles(gantry_clock_value(insn, GANTRY_LOAD_WORDS));
}

/* ---- What COMPUTE leaves of the activation RAM ---- */

void gantry_clock_use_begin(struct gantry_clock *clock, const struct gantry_clock_use *use)
{
    clock->use = (clock->use + 1) % (int32_t)GANTRY_COUNT(clock->uses);
    clock->uses[clock->use] = *use;
}

void gantry_clock_use_end(struct gantry_clock *clock, double time)
{
    struct gantry_clock_use *use = &clock->uses[clock->use];
    /* The same accesses, spread over the time that it took; slots left to STORE are no reads. */
    double spread = gantry_clock_later(time - use->from, 1) / use->cycles;
    use->reads /= gantry_clock_later(1, spread * (FRONT_SLOTS - 1) / FRONT_SLOTS);
    use->writes /= spread;
    use->to = time;
}

/* Who uses the banks at a time, NULL: nobody; *until: how long. */
static const struct gantry_clock_use *use_at(const struct gantry_clock *clock, double time,
                                             double *until)
{
    *until = INFINITY;
    for (size_t i = 0; i < GANTRY_COUNT(clock->uses); i++) {
        const struct gantry_clock_use *use = &clock->uses[i];
        if (use->to <= time) continue;
        if (use->from <= time) {
            *until = use->to;
            return use;
        }
        if (use->from < *until) *until = use->from;
    }
    return NULL;
}

double gantry_clock_words(const struct gantry_clock *clock, double time, double words)
{
    while (words > 0) {
        double until;
        const struct gantry_clock_use *use = use_at(clock, time, &until);
        double rate = use ? gantry_clock_later(1 - use->writes, LEAST_WRITES) : 1;
        double part = rate * (until - time);
        if (part >= words) return time + words / rate;
        words -= part;
        time = until;
    }
    return time;
}

/* Share of the cycles in which a STORE has a bank. */
static double free_share(const struct gantry_clock *clock, double time, double *until)
{
    const struct gantry_clock_use *use = use_at(clock, time, until);
    return use ? gantry_clock_later(1 - use->reads, 1.0 / FRONT_SLOTS) : 1;
}

/* ---- STORE ---- */

/* Beats of each port and cycle that the memory has. */
static double port_beats(const struct gantry_clock *clock)
{
    double beats = clock->target->memory_bytes_per_cycle / GANTRY_AXI_BYTES;
    beats /= clock->params->ports;
    return beats < 1 ? beats : 1;
}

/* Cycles of a STORE that nothing hinders, from its turn to its last word. */
static double store_cycles(const struct gantry_clock *clock, const struct gantry_insn *insn)
{
    int32_t ports = clock->params->ports, rows = gantry_clock_value(insn, GANTRY_STORE_ROWS);
    double words = (double)gantry_clock_value(insn, GANTRY_STORE_PIXELS) *
                   gantry_clock_value(insn, GANTRY_STORE_WORDS);
    double engine = words + BURST_CYCLES * ceil(words / BURST), cycles = 0;
    double beats = clock->target->memory_bytes_per_cycle / GANTRY_AXI_BYTES;
    for (int32_t y = 0; y < rows; y += ports) {
        double least = rows - y > ports ? (double)GANTRY_CLOCK_ROW * ports : 0;
        double memory = words * gantry_min_i32(ports, rows - y) / beats;
        cycles += gantry_clock_later(gantry_clock_later(engine, least), memory);
    }
    return cycles;
}

/* Advances a STORE from a time on until another; returns how far it came. */
static double advance(const struct gantry_clock *clock, struct gantry_clock_store *store,
                      double time, double until, double memory)
{
    while (store->left > 0 && time < until) {
        double end, share = free_share(clock, time, &end);
        double rate = share < memory ? share : memory;
        if (end > until) end = until;
        if (rate * (end - time) >= store->left) {
            time += store->left / rate;
            store->left = 0;
        } else {
            store->left -= rate * (end - time);
            time = end;
        }
    }
    return time;
}

/* Advances the oldest STOREs, so many, until a time; memory: beats of each port and cycle. */
static void advance_all(struct gantry_clock *clock, int32_t count, double until, double memory)
{
    for (int32_t i = 0; i < count; i++) {
        struct gantry_clock_store *store = &clock->stores[i];
        if (store->left <= 0) continue;
        store->from = gantry_clock_later(store->from, clock->store_turn + store->set_up);
        double time = gantry_clock_later(store->from, clock->stored);
        if (time >= until) return;
        clock->stored = advance(clock, store, time, until, memory);
        if (store->left > 0) return;
        store->done = clock->store_turn = clock->stored + STORE_END + clock->target->memory_latency;
    }
}

double gantry_clock_stores(struct gantry_clock *clock, double first, double last)
{
    double until, fair = port_beats(clock) / 2;
    advance_all(clock, clock->store_count, first, port_beats(clock));
    advance_all(clock, clock->store_count, last, fair);
    for (int32_t i = 0; i < clock->store_count; i++) {
        const struct gantry_clock_store *store = &clock->stores[i];
        if (store->left <= 0) continue;
        if (store->from > last || clock->store_turn + store->set_up > last) return 0;
        double share = free_share(clock, last, &until);
        return share < fair ? share : fair;
    }
    return 0;
}

double gantry_clock_front(struct gantry_clock *clock, double time, double cycles)
{
    const struct gantry_clock_use *use = &clock->uses[clock->use];
    if (use->reads <= 1 - 1.0 / FRONT_SLOTS) return cycles;
    advance_all(clock, clock->store_count, time, port_beats(clock));
    for (int32_t i = 0; i < clock->store_count; i++) {
        const struct gantry_clock_store *store = &clock->stores[i];
        if (store->left <= 0) continue;
        return store->from <= time ? cycles * FRONT_SLOTS / (FRONT_SLOTS - 1) : cycles;
    }
    return cycles;
}

void gantry_clock_store(struct gantry_clock *clock, const struct gantry_insn *insn, double wait)
{
    gantry_assert(clock->store_count < (int32_t)GANTRY_COUNT(clock->stores));
    clock->stores[clock->store_count++] = (struct gantry_clock_store){
        .insn = *insn,
        .from = wait,
        .set_up = gantry_clock_set_up(insn),
        .left = store_cycles(clock, insn) * port_beats(clock),
    };
}

bool gantry_clock_store_end(struct gantry_clock *clock, struct gantry_insn *insn, double *time)
{
    struct gantry_clock_store *store = &clock->stores[0];
    if (clock->store_count == 0) return false;
    /* A LOAD that goes on takes its share. */
    while (store->left > 0) {
        struct gantry_clock_store alone = *store;
        double from = gantry_clock_later(alone.from, clock->store_turn + alone.set_up);
        double end = advance(clock, &alone, gantry_clock_later(from, clock->stored), INFINITY,
                             port_beats(clock));
        if (!gantry_clock_load_step(clock, end)) advance_all(clock, 1, INFINITY, port_beats(clock));
    }
    *insn = store->insn;
    *time = store->done;
    clock->store_count--;
    memmove(clock->stores, clock->stores + 1, (size_t)clock->store_count * sizeof *clock->stores);
    return true;
}

bool gantry_clock_stores_full(const struct gantry_clock *clock)
{
    return clock->store_count == (int32_t)GANTRY_COUNT(clock->stores);
}

double gantry_clock_trace(const struct gantry_clock *clock, double time)
{
    double done = clock->store_turn + TRACE_END + clock->target->memory_latency;
    return gantry_clock_later(time, done);
}
