/* SPDX-License-Identifier: Apache-2.0
 * What the parts of a prediction share: the clocks of a launch's units, advanced by its program.
 * Times are cycles from the start of the launch. */
#ifndef GANTRY_PLAN_PREDICT_CLOCK_H
#define GANTRY_PLAN_PREDICT_CLOCK_H

#include "plan/build.h"
#include "plan/predict.h"

enum {
    GANTRY_CLOCK_HISTORY = GANTRY_DEP_MAX + 1,
    GANTRY_CLOCK_CHUNKS = 16, /* pieces of a group's weights that are timed apart */
    GANTRY_CLOCK_ORDER = 4,   /* bursts of a read port on their way */
    GANTRY_CLOCK_WRITE = 8    /* from a drained row to memory where the front may read it */
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
    double first, last;
};

/* The first of the read ports. Each has the same share of the weight stream, and this one as many
 * rows of a LOAD as any other. */
struct gantry_clock_port {
    double accept;                     /* takes the next request from then on */
    double data;                       /* the last beat asked for so far comes */
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

struct gantry_clock {
    const struct gantry_array_params *params;
    const struct gantry_target *target;
    double front, drain; /* each is busy until then */
    double load, store;
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

/* ---- predict_memory.c: what goes through the ports ---- */

/* The ports at the start of a launch with a stream of so many lines; memory is of clock->arena.
 * False: out of memory. */
bool gantry_clock_ports(struct gantry_clock *clock, int64_t lines);
/* What a COMPUTE writes to each bank of the activation RAM, while its front takes so long. */
struct gantry_clock_writes {
    double words, cycles;
};
/* Runs a LOAD whose semaphores are there at wait, beside a COMPUTE that writes (NULL: none);
 * returns when it is done. */
double gantry_clock_load(struct gantry_clock *clock, const struct gantry_insn *insn, double wait,
                         const struct gantry_clock_writes *writes);
/* The same of a STORE. */
double gantry_clock_store(struct gantry_clock *clock, const struct gantry_insn *insn, double wait);
/* Time at which so many further lines of the stream are in the ring. */
double gantry_clock_lines(struct gantry_clock *clock, int64_t lines);
/* The places of the stream up to a line are free from a time on. */
void gantry_clock_free(struct gantry_clock *clock, int64_t line, double time);
/* Time at which the launch is over, when everything else is by then: END's record is in memory. */
double gantry_clock_trace(const struct gantry_clock *clock, double time);

/* ---- predict_array.c: front and drain ---- */

struct gantry_clock_writes gantry_clock_writes_of(const struct gantry_insn *insn,
                                                  const struct gantry_array_params *params);
/* Runs a COMPUTE whose semaphores are there at wait; *end: its last row is in memory.
 * Errors: GANTRY_ERR_MEMORY. */
GANTRY_MUST_USE enum gantry_status gantry_clock_compute(struct gantry_clock *clock,
                                                        const struct gantry_insn *insn, double wait,
                                                        double *end, struct gantry_error *error);

#endif
