/* SPDX-License-Identifier: Apache-2.0
 * Streams of a chip: a baton that they hand on, and the clock that runs while nobody holds it. */
#include "sim/clock.h"

#include <sched.h>
#include <string.h>

#include "base/base.h"

enum { SLICE_CYCLES = 4096 /* between looks for threads at the door */ };

/* The chip and the stream that the calling thread is. */
static _Thread_local const struct gantry_sim_clock *own_clock;
static _Thread_local struct gantry_sim_stream *own_stream;

struct gantry_sim_stream *gantry_sim_clock_mine(const struct gantry_sim_clock *clock)
{
    return own_clock == clock ? own_stream : NULL;
}

void gantry_sim_clock_init(struct gantry_sim_clock *clock, struct gantry_sim_chip *chip)
{
    memset(clock, 0, sizeof *clock);
    clock->chip = chip;
    (void)pthread_mutex_init(&clock->mutex, NULL);
    (void)pthread_cond_init(&clock->changed, NULL);
    atomic_init(&clock->knocking, 0);
}

void gantry_sim_clock_finish(struct gantry_sim_clock *clock)
{
    (void)pthread_cond_destroy(&clock->changed);
    (void)pthread_mutex_destroy(&clock->mutex);
}

static void lock(struct gantry_sim_clock *clock)
{
    (void)atomic_fetch_add(&clock->knocking, 1);
    (void)pthread_mutex_lock(&clock->mutex);
    (void)atomic_fetch_sub(&clock->knocking, 1);
}

static void unlock(struct gantry_sim_clock *clock) { (void)pthread_mutex_unlock(&clock->mutex); }

/* ---- With the mutex ---- */

static void set_ready(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream)
{
    stream->state = GANTRY_SIM_STREAM_READY;
    stream->order = clock->orders++;
}

/* The oldest stream in a state; instance -1: whatever it waits for. */
static struct gantry_sim_stream *oldest(struct gantry_sim_clock *clock,
                                        enum gantry_sim_stream_state state, int instance)
{
    struct gantry_sim_stream *best = NULL;
    for (int i = 0; i < GANTRY_SIM_STREAMS_MAX; i++) {
        struct gantry_sim_stream *stream = &clock->streams[i];
        if (stream->state != state || (instance >= 0 && stream->instance != instance)) continue;
        if (!best || stream->order < best->order) best = stream;
    }
    return best;
}

/* Lets the oldest ready stream go on; false when none is ready. */
static bool hand_on(struct gantry_sim_clock *clock)
{
    struct gantry_sim_stream *next = oldest(clock, GANTRY_SIM_STREAM_READY, -1);
    if (!next) return false;
    next->state = GANTRY_SIM_STREAM_RUNNING;
    clock->running = true;
    (void)pthread_cond_broadcast(&clock->changed);
    return true;
}

static void stop_running(struct gantry_sim_clock *clock)
{
    clock->running = false;
    (void)hand_on(clock);
    (void)pthread_cond_broadcast(&clock->changed);
}

static bool has_interrupt(const struct gantry_sim_clock *clock, int instance)
{
    return instance >= 0 && clock->chip->bench[instance]->pins.interrupt;
}

/* Makes ready who waits for the cycle or the interrupts that have come. */
static void wake(struct gantry_sim_clock *clock)
{
    for (int i = 0; i < GANTRY_SIM_STREAMS_MAX; i++) {
        struct gantry_sim_stream *stream = &clock->streams[i];
        if (stream->state != GANTRY_SIM_STREAM_CLOCK) continue;
        if (clock->chip->cycles >= stream->until || has_interrupt(clock, stream->instance))
            set_ready(clock, stream);
    }
}

/* Runs the clock until somebody who waits for it is ready, at most a slice. */
static void drive(struct gantry_sim_clock *clock)
{
    struct gantry_sim_chip *chip = clock->chip;
    uint64_t until = chip->cycles + SLICE_CYCLES;
    bool awaited[GANTRY_SIM_INSTANCES_MAX] = {false}, over = false;
    for (int i = 0; i < GANTRY_SIM_STREAMS_MAX; i++) {
        const struct gantry_sim_stream *stream = &clock->streams[i];
        if (stream->state != GANTRY_SIM_STREAM_CLOCK) continue;
        if (stream->until < until) until = stream->until;
        if (stream->instance >= 0) awaited[stream->instance] = true;
    }
    while (!over && chip->cycles < until) {
        for (int i = 0; i < chip->count; i++)
            over = over || (awaited[i] && has_interrupt(clock, i));
        if (!over) gantry_sim_chip_cycle(chip);
    }
    wake(clock);
}

/* Waits until a stream goes on. */
static void await_turn(struct gantry_sim_clock *clock, const struct gantry_sim_stream *stream)
{
    while (stream->state != GANTRY_SIM_STREAM_RUNNING) {
        if (!clock->running && hand_on(clock)) continue;
        if (clock->running || !oldest(clock, GANTRY_SIM_STREAM_CLOCK, -1)) {
            (void)pthread_cond_wait(&clock->changed, &clock->mutex);
            continue;
        }
        drive(clock);
        while (atomic_load(&clock->knocking) > 0) {
            unlock(clock);
            (void)sched_yield();
            (void)pthread_mutex_lock(&clock->mutex);
        }
    }
}

/* A stream that is ready; NULL when there are too many. */
static struct gantry_sim_stream *claim(struct gantry_sim_clock *clock)
{
    for (int i = 0; i < GANTRY_SIM_STREAMS_MAX; i++) {
        struct gantry_sim_stream *stream = &clock->streams[i];
        if (stream->state != GANTRY_SIM_STREAM_FREE) continue;
        stream->instance = -1;
        set_ready(clock, stream);
        return stream;
    }
    return NULL;
}

static void release(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream)
{
    stream->state = GANTRY_SIM_STREAM_FREE;
    stop_running(clock);
}

/* ---- Calls ---- */

struct gantry_sim_stream *gantry_sim_clock_enter(struct gantry_sim_clock *clock)
{
    struct gantry_sim_stream *stream = gantry_sim_clock_mine(clock);
    if (stream) return stream;
    lock(clock);
    while (!(stream = claim(clock))) (void)pthread_cond_wait(&clock->changed, &clock->mutex);
    await_turn(clock, stream);
    unlock(clock);
    return stream;
}

void gantry_sim_clock_leave(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream)
{
    if (stream == gantry_sim_clock_mine(clock)) return;
    lock(clock);
    release(clock, stream);
    unlock(clock);
}

void gantry_sim_clock_run(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream,
                          int instance, uint64_t cycles)
{
    lock(clock);
    stream->state = GANTRY_SIM_STREAM_CLOCK;
    stream->instance = instance;
    stream->until = clock->chip->cycles + cycles;
    wake(clock); /* an interrupt may be there */
    stop_running(clock);
    await_turn(clock, stream);
    unlock(clock);
}

void gantry_sim_clock_take(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream,
                           int instance)
{
    lock(clock);
    if (clock->taken[instance]) {
        stream->state = GANTRY_SIM_STREAM_INSTANCE;
        stream->instance = instance;
        stream->order = clock->orders++;
        stop_running(clock);
        await_turn(clock, stream);
    }
    clock->taken[instance] = true;
    unlock(clock);
}

void gantry_sim_clock_give(struct gantry_sim_clock *clock, int instance)
{
    lock(clock);
    struct gantry_sim_stream *next = oldest(clock, GANTRY_SIM_STREAM_INSTANCE, instance);
    clock->taken[instance] = next != NULL; /* at once, so that nobody comes between */
    if (next) set_ready(clock, next);
    if (next && !clock->running) (void)hand_on(clock); /* of a thread that is no stream */
    unlock(clock);
}

struct gantry_sim_stream *gantry_sim_clock_join(struct gantry_sim_clock *clock)
{
    lock(clock);
    struct gantry_sim_stream *stream = claim(clock);
    unlock(clock);
    return stream;
}

void gantry_sim_clock_become(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream)
{
    own_clock = clock;
    own_stream = stream;
    lock(clock);
    await_turn(clock, stream);
    unlock(clock);
}

void gantry_sim_clock_part(struct gantry_sim_clock *clock)
{
    struct gantry_sim_stream *stream = gantry_sim_clock_mine(clock);
    if (!stream) return;
    own_clock = NULL;
    own_stream = NULL;
    lock(clock);
    release(clock, stream);
    unlock(clock);
}
