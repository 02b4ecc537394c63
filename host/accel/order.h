/* SPDX-License-Identifier: Apache-2.0
 * The order of a launch: fetch, three queues, semaphores. What an instruction does is left to who
 * runs it: the executor in C, or a device that has each instruction executed elsewhere.
 *
 * A launch is a sequence of actions. Without a seed everything under way is finished before the
 * next instruction is fetched: program order. With a seed the next action is drawn among all that
 * the hardware's rules allow, so that a missing wait or dep shows as a wrong result: fronts read
 * while older COMPUTE instructions have not written, LOAD and STORE run early or late. Finer
 * interleavings (parts of an instruction) are not modelled. */
#ifndef GANTRY_ACCEL_ORDER_H
#define GANTRY_ACCEL_ORDER_H

#include "accel/accel.h"

/* Cause of refusal, or GANTRY_CAUSE_NONE; *field_out gets the offending operand, or
 * GANTRY_OPERAND_COUNT when no single one is to blame. This is what fetch checks, and the
 * combinations of modes that have no meaning. (fields.c) */
enum gantry_cause gantry_insn_legal(const struct gantry_array_params *params,
                                    const struct gantry_insn *insn, enum gantry_operand *field_out);
/* Queue of an opcode: GANTRY_UNIT_LOAD, _COMPUTE, _STORE, or _FETCH for the rest. (fields.c) */
enum gantry_unit gantry_insn_queue(uint32_t opcode);

/* What can happen next in a launch. */
enum gantry_action {
    GANTRY_ACTION_WRITE, /* the oldest COMPUTE instruction finishes: its words are written */
    GANTRY_ACTION_STORE,
    GANTRY_ACTION_FRONT, /* the next COMPUTE instruction reads its inputs */
    GANTRY_ACTION_LOAD,
    GANTRY_ACTION_FETCH,
    GANTRY_ACTIONS
};

struct gantry_queue_entry {
    struct gantry_insn insn;
    uint32_t index, run;
    uint64_t sequence; /* number among the queue's entries, over all runs */
    int64_t words;     /* COMPUTE, after its front: words still to write; the executor's */
};

struct gantry_queue {
    struct gantry_queue_entry entry[GANTRY_COMPUTE_QUEUE];
    int32_t depth, head, count;
    uint64_t sequence; /* of the next entry */
};

/* What the instructions do. load, store and front return false after gantry_order_fail. front and
 * write are never called for SYNC; write may be NULL when front has done everything, which is right
 * in program order. finished may be NULL; it is called for every instruction. */
struct gantry_order_ops {
    bool (*load)(void *context, struct gantry_queue_entry *entry);
    bool (*store)(void *context, struct gantry_queue_entry *entry);
    bool (*front)(void *context, struct gantry_queue_entry *entry);
    void (*write)(void *context, struct gantry_queue_entry *entry);
    void (*finished)(void *context, const struct gantry_queue_entry *entry);
};

struct gantry_order {
    const struct gantry_array_params *params;
    const struct gantry_accel_memory *memory;
    struct gantry_accel_result *result;
    const struct gantry_order_ops *ops;
    void *context;
    uint64_t random; /* state of the drawing */
    bool is_random;  /* else program order */
    uint32_t fetch_index, fetch_run;
    bool over;
    int32_t semaphore[GANTRY_SEMAPHORES];
    struct gantry_queue load, compute, store;
    int32_t fronts;                 /* entries of compute whose front is over */
    uint64_t compute_done;          /* COMPUTE instructions finished, over all runs */
    int64_t line;                   /* next line of the weight stream */
    uint32_t line_run;              /* run that line belongs to */
    uint32_t eager[GANTRY_ACTIONS]; /* random order: how eager each action is */
};

/* Starts a launch; clears the result. All pointers stay the caller's, and must live as long. */
void gantry_order_start(struct gantry_order *order, const struct gantry_array_params *params,
                        const struct gantry_accel_memory *memory, uint64_t seed,
                        const struct gantry_order_ops *ops, void *context,
                        struct gantry_accel_result *result);
/* One action; sets over with the last one. A deadlock of semaphores ends with cause WATCHDOG. */
void gantry_order_step(struct gantry_order *order);
/* Records the first error of a launch, which is then over; returns false. */
bool gantry_order_fail(struct gantry_order *order, enum gantry_cause cause, enum gantry_unit unit,
                       uint32_t index, uint64_t info);
/* Lines of the weight stream for a group of an instruction: the first of them, or -1 after an error
 * when the stream has not so many. */
int64_t gantry_order_lines(struct gantry_order *order, const struct gantry_queue_entry *entry);
/* First byte of a row of a LOAD or STORE in its buffer, or -1 after an error when the row does not
 * lie within the buffer. Counts the bytes. */
int64_t gantry_order_row(struct gantry_order *order, const struct gantry_queue_entry *entry,
                         const struct gantry_move *move, int32_t row);

#endif
