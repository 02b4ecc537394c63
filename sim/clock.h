/* SPDX-License-Identifier: Apache-2.0
 * Who may touch a chip, and when its clock runs.
 *
 * One thread at a time goes on with a chip. The clock runs when none does and somebody waits for
 * it; whoever waits drives it. A thread that has joined as a stream goes on until it waits for the
 * clock, for an accelerator, or leaves: what it does between takes no simulated time, unless it
 * says so by passing time. Streams that are ready go on in the order in which they became ready, so
 * a set of them takes the same cycles each time. Other threads are ready for one call. */
#ifndef GANTRY_SIM_CLOCK_H
#define GANTRY_SIM_CLOCK_H

#include <pthread.h>
#include <stdatomic.h>

#include "sim/bench.h"

enum { GANTRY_SIM_STREAMS_MAX = 128 };

enum gantry_sim_stream_state {
    GANTRY_SIM_STREAM_FREE,
    GANTRY_SIM_STREAM_READY,
    GANTRY_SIM_STREAM_RUNNING,
    GANTRY_SIM_STREAM_CLOCK,   /* waits for a cycle, or the interrupt of an accelerator */
    GANTRY_SIM_STREAM_INSTANCE /* waits for an accelerator */
};

struct gantry_sim_stream {
    enum gantry_sim_stream_state state;
    uint64_t order; /* in which it became ready, or began to wait for an accelerator */
    uint64_t until;
    int instance; /* that it waits for; -1: none */
};

struct gantry_sim_clock {
    struct gantry_sim_chip *chip;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_int knocking; /* threads that wait for the mutex, not for the clock */
    struct gantry_sim_stream streams[GANTRY_SIM_STREAMS_MAX];
    bool running, taken[GANTRY_SIM_INSTANCES_MAX];
    uint64_t orders;
};

/* The chip is borrowed. */
void gantry_sim_clock_init(struct gantry_sim_clock *clock, struct gantry_sim_chip *chip);
void gantry_sim_clock_finish(struct gantry_sim_clock *clock);

/* Around everything that touches the chip. */
struct gantry_sim_stream *gantry_sim_clock_enter(struct gantry_sim_clock *clock);
void gantry_sim_clock_leave(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream);
/* Within: lets the clock run until an accelerator's interrupt (instance -1: none), at most so many
 * cycles. */
void gantry_sim_clock_run(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream,
                          int instance, uint64_t cycles);
/* Within: an accelerator for oneself; who asks first gets it first. */
void gantry_sim_clock_take(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream,
                           int instance);
void gantry_sim_clock_give(struct gantry_sim_clock *clock, int instance);

/* A stream, for a thread that will become it: the clock stands still for it from now on. NULL: too
 * many. */
struct gantry_sim_stream *gantry_sim_clock_join(struct gantry_sim_clock *clock);
void gantry_sim_clock_become(struct gantry_sim_clock *clock, struct gantry_sim_stream *stream);
/* The calling thread is no stream any more. */
void gantry_sim_clock_part(struct gantry_sim_clock *clock);
/* Stream of the calling thread, or NULL. */
struct gantry_sim_stream *gantry_sim_clock_mine(const struct gantry_sim_clock *clock);

#endif
