/* SPDX-License-Identifier: Apache-2.0
 * Inside of the program checker: the unrolled program, what it touches, what comes before what. */
#ifndef GANTRY_ACCEL_CHECK_H
#define GANTRY_ACCEL_CHECK_H

#include "accel/execute.h"

enum {
    GANTRY_CHECK_RUNS = 3,    /* runs of REPEAT that are laid out one behind the other */
    GANTRY_CHECK_PIECES = 8,  /* four planes, each in two pieces */
    GANTRY_CHECK_ACT = 3,     /* space of an access: a launch buffer, or the activation RAM */
    GANTRY_CHECK_ACCESSES = 3 /* of one instruction */
};

/* Moments of an instruction. LOAD and STORE read and write between START and END; a CONV reads its
 * input between START and READ, and reads its residual and writes between BACK and END. */
enum gantry_check_moment {
    GANTRY_MOMENT_START,
    GANTRY_MOMENT_READ,
    GANTRY_MOMENT_BACK,
    GANTRY_MOMENT_END,
    GANTRY_MOMENTS
};

/* Pixels q0..q1 (both included) of channel blocks block0..block1 - 1 in tensors of cb blocks that
 * start at a multiple of cb rows. Two pieces of one cb meet when both ranges do. */
struct gantry_check_piece {
    int32_t block0, block1;
    int64_t q0, q1;
};

struct gantry_check_access {
    int32_t insn; /* in the unrolled program */
    int32_t space;
    bool write;
    enum gantry_check_moment begin, end;
    /* Activation RAM */
    int32_t cb, piece_count;
    struct gantry_check_piece piece[GANTRY_CHECK_PIECES];
    int64_t row0, row1; /* least and greatest row of a bank */
    /* Memory: rows of row_bytes bytes, stride apart */
    int64_t offset, stride, rows, row_bytes;
};

struct gantry_check_insn {
    struct gantry_insn insn;
    uint32_t opcode, index, run;
    enum gantry_unit queue;
    int32_t previous; /* of its queue, or -1 */
    int32_t fetched;  /* last NOP or END before it, or -1 */
    int32_t dep;      /* COMPUTE instruction that DEP names, or -1 */
    bool whole;       /* DEP waits for all of it */
    uint16_t wait, signal;
};

struct gantry_check {
    const struct gantry_array_params *params;
    const struct gantry_accel_memory *memory;
    const struct gantry_allocator *allocator;
    struct gantry_error *error;
    int32_t npx, count, runs;
    struct gantry_check_insn *insns;
    struct gantry_check_access *accesses;
    int32_t access_count;
    /* Bit (b, a): moment a is over when moment b begins. Moment m of i is number 4i + m. */
    size_t words;
    uint64_t *before, *scratch;
};

/* Fields of one instruction beyond gantry_insn_legal, and DEP against its producer. */
enum gantry_status gantry_check_fields(struct gantry_check *check, int32_t insn);
/* Fills the accesses of one instruction, at most GANTRY_CHECK_ACCESSES; returns how many. */
int32_t gantry_check_list(const struct gantry_check *check, int32_t insn,
                          struct gantry_check_access *out);
/* Whether two accesses may touch the same word or byte. */
bool gantry_check_overlap(const struct gantry_check_access *a, const struct gantry_check_access *b);
/* Whether output and residual of one instruction are word for word the same place. */
bool gantry_check_same_place(const struct gantry_check_access *a,
                             const struct gantry_check_access *b);

/* Semaphores: balance, satisfaction in program order, greatest value in any order. */
enum gantry_status gantry_check_semaphores(struct gantry_check *check);
/* Waits for one semaphore must have an order, or a later one could take what an earlier one needs,
 * and all would wait for ever. Uses check->before. */
enum gantry_status gantry_check_takes(struct gantry_check *check);
/* Fills check->before. */
void gantry_check_order(struct gantry_check *check);
bool gantry_check_is_before(const struct gantry_check *check, int32_t insn_a,
                            enum gantry_check_moment a, int32_t insn_b, enum gantry_check_moment b);

#endif
