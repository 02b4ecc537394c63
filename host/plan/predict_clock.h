/* SPDX-License-Identifier: Apache-2.0
 * What the parts of a prediction share: the clocks of a launch's units, advanced by its program.
 * Times are cycles from the start of the launch. */
#ifndef GANTRY_PLAN_PREDICT_CLOCK_H
#define GANTRY_PLAN_PREDICT_CLOCK_H

#include "gantry_spec.h"
#include "plan/build.h"
#include "plan/predict.h"

enum {
    GANTRY_CLOCK_HISTORY = GANTRY_DEP_MAX + 1,
    GANTRY_CLOCK_CHUNKS = 16, /* pieces of a group's weights that are timed apart */
    GANTRY_CLOCK_ORDER = 4,   /* bursts of a read port on their way */
    GANTRY_CLOCK_WRITE = 8,   /* from a drained row to memory where the front may read it */
    GANTRY_CLOCK_ROWS = 4,    /* of an engine of LOAD that wait for their words */
    GANTRY_CLOCK_ROW = 4      /* cycles in which gantry_row_seq makes a row */
};

/* Accumulator rows of a tile: the drain begins, and takes so much for each. */
struct gantry_clock_mark {
    double start, row;
};

/* A COMPUTE instruction, unpacked. */
struct gantry_clock_compute {
    bool window, tcb, diagonal, residual;
    int32_t groups, m, walk_cb, kh, kw, dilation, pad_top, sy, in_h, out_h, out_w, pitch;
    int32_t tile, tiles, pixels; /* rows of a tile; tiles of a group; pixels of a row */
    int32_t passes, parts, strips, segments;
    int64_t rows, steps, lines, head;
    double drain; /* cycles in which it takes an accumulator row */
    int32_t dep;
    bool whole;
    struct gantry_pass pass[GANTRY_PASSES_MAX];
    struct gantry_clock_mark *marks; /* groups x tiles */
    double end;                      /* the last row is in memory */
};

/* Lines of the stream that have been used up, in order, and when. */
struct gantry_clock_release {
    int64_t line;
    double time;
};

/* Beats of the stream that have come, and when the last of them has. */
struct gantry_clock_burst {
    int64_t beats;
    double last, cycles; /* of a beat */
};

/* The first of the read ports. Each has the same share of the weight stream, and this one as many
 * rows of a LOAD as any other. */
struct gantry_clock_port {
    double accept;                     /* takes the next request from then on */
    double first, data;                /* first and last beat of the youngest burst come */
    double open[GANTRY_CLOCK_ORDER];   /* last beats of the youngest bursts, oldest first */
    double weights[3];                 /* of the stream's youngest bursts, oldest first */
    double load;                       /* took the last request of LOAD */
    double loading;                    /* LOAD has work until then */
    int32_t had;                       /* beats of LOAD since the last burst of weights */
    bool brief;                        /* the next burst of weights is a short one */
    int64_t asked, total;              /* beats of the stream */
    struct gantry_clock_burst *bursts; /* of the stream, a ring: those that may be asked about */
    int32_t size, oldest, count;
};

/* A LOAD whose semaphores are there: its rows on the first port. */
struct gantry_clock_load {
    struct gantry_insn insn;
    double wait;                     /* its turn at the earliest */
    int32_t y;                       /* the next row */
    double next, taken;              /* it can be asked for; the one before has been taken */
    double walks[GANTRY_CLOCK_ROWS]; /* words of the rows before begin, oldest first */
    double walked;                   /* words of the row before are over */
    double done;                     /* 0: not yet */
};

/* A STORE whose semaphores are there. */
struct gantry_clock_store {
    struct gantry_insn insn;
    double from, set_up; /* its turn at the earliest; cycles before it */
    double left;         /* beats of a port to be written */
    double done;         /* when none are left */
};

/* What a COMPUTE takes of the activation RAM: shares of the cycles in which a bank is read, and
 * written. */
struct gantry_clock_use {
    double from, to; /* INFINITY: it goes on */
    double cycles;   /* when nothing holds it up */
    double reads, writes;
};

struct gantry_clock {
    const struct gantry_array_params *params;
    const struct gantry_target *target;
    double front, drain; /* each is busy until then */
    double load;         /* LOADs are done up to the oldest of these */
    struct gantry_clock_load loads[GANTRY_LOAD_QUEUE];
    int32_t load_count;
    double store_turn; /* STOREs are done up to the oldest of these */
    double stored;     /* STOREs have been advanced until then */
    struct gantry_clock_store stores[2 * GANTRY_STORE_QUEUE];
    int32_t store_count;
    struct gantry_clock_use uses[GANTRY_COMPUTE_QUEUE]; /* a ring */
    int32_t use;                                        /* the youngest */
    struct gantry_clock_port port;
    int64_t line; /* lines of the stream asked for so far */
    struct gantry_clock_release *releases;
    size_t release_count, release_at;
    struct gantry_clock_mark tail[GANTRY_TILE_ROWS_MAX * 2]; /* tiles in the accumulator ring */
    int32_t tail_rows[GANTRY_TILE_ROWS_MAX * 2];
    int32_t tail_count, tail_sum;
    struct gantry_clock_compute history[GANTRY_CLOCK_HISTORY];
    int32_t computes;
    double signal[GANTRY_SEMAPHORES][GANTRY_SEMAPHORE_MAX + 1]; /* times not taken yet */
    int32_t signals[GANTRY_SEMAPHORES];
    struct gantry_arena arena;
};

static inline double gantry_clock_later(double a, double b) { return a > b ? a : b; }

static inline int32_t gantry_clock_value(const struct gantry_insn *insn,
                                         enum gantry_operand operand)
{
    return (int32_t)gantry_insn_get(insn, operand);
}

/* ---- predict_read.c: the weight stream and LOAD ---- */

/* The ports at the start of a launch with a stream of so many lines; memory is of clock->arena.
 * False: out of memory. */
bool gantry_clock_ports(struct gantry_clock *clock, int64_t lines);
/* Queues a LOAD whose semaphores are there at wait; there is room for one more. */
void gantry_clock_load(struct gantry_clock *clock, const struct gantry_insn *insn, double wait);
bool gantry_clock_loads_full(const struct gantry_clock *clock);
/* Runs a row of the oldest LOADs, where it is asked for before a time; false: there is none. */
bool gantry_clock_load_step(struct gantry_clock *clock, double time);
/* Runs the oldest LOAD to its end and takes it from the queue. False: there is none. */
bool gantry_clock_load_end(struct gantry_clock *clock, struct gantry_insn *insn, double *time);
/* Time at which so many further lines of the stream are in the ring. */
double gantry_clock_lines(struct gantry_clock *clock, int64_t lines);
/* The places of the stream up to a line are free from a time on. */
void gantry_clock_free(struct gantry_clock *clock, int64_t line, double time);

/* ---- predict_write.c: STORE ---- */

/* Cycles in which a LOAD or STORE is set up, before it waits for semaphores. */
double gantry_clock_set_up(const struct gantry_insn *insn);
/* A COMPUTE begins to use the activation RAM; and it has ended. */
void gantry_clock_use_begin(struct gantry_clock *clock, const struct gantry_clock_use *use);
void gantry_clock_use_end(struct gantry_clock *clock, double time);
/* Time at which an engine of LOAD has written so many words, from a time on. */
double gantry_clock_words(const struct gantry_clock *clock, double time, double words);
/* Cycles of the front for so many steps, from a time on: it leaves some to a STORE that waits. */
double gantry_clock_front(struct gantry_clock *clock, double time, double cycles);
/* Queues a STORE whose semaphores are there at wait; there is room for one more. */
void gantry_clock_store(struct gantry_clock *clock, const struct gantry_insn *insn, double wait);
bool gantry_clock_stores_full(const struct gantry_clock *clock);
/* Runs the oldest STORE to its end, with the front idle from clock->front on, and takes it from the
 * queue. False: there is none. */
bool gantry_clock_store_end(struct gantry_clock *clock, struct gantry_insn *insn, double *time);
/* Runs STOREs until the last beat of a burst that is read, which begins at first; returns the beats
 * that each port and cycle then writes. */
double gantry_clock_stores(struct gantry_clock *clock, double first, double last);
/* Time at which the launch is over, when everything else is by then: END's record is in memory. */
double gantry_clock_trace(const struct gantry_clock *clock, double time);

/* ---- predict_array.c: front and drain ---- */

/* What a COMPUTE that begins at a time takes of the activation RAM when nothing holds it up. */
struct gantry_clock_use gantry_clock_use_of(const struct gantry_insn *insn,
                                            const struct gantry_array_params *params, double from);
/* Runs a COMPUTE whose semaphores are there at wait: front and drain are then at its end. Errors:
 * GANTRY_ERR_MEMORY. */
GANTRY_MUST_USE enum gantry_status gantry_clock_compute(struct gantry_clock *clock,
                                                        const struct gantry_insn *insn, double wait,
                                                        struct gantry_error *error);

#endif
