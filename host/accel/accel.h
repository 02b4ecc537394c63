/* SPDX-License-Identifier: Apache-2.0
 * The accelerator in C: instruction fields, the pure functions of its equations, the executor that
 * defines what every device computes, and the checker of programs.
 *
 * The RTL tests link this library; device_model executes programs with it; the planner writes
 * programs with it. Equations: docs/hardware.md. Nothing here knows about cycles. */
#ifndef GANTRY_ACCEL_H
#define GANTRY_ACCEL_H

#include "base/base.h"
#include "gantry_spec.h"

#include "accel/equations.h"

/* What a device reports of itself (registers CAP0..2). */
struct gantry_array_params {
    int32_t g;          /* pixel groups; NPX = 2g slots = activation banks */
    int32_t act_rows;   /* rows per bank */
    int32_t ring_lines; /* lines of the weight ring */
    int32_t acc_rows;
    int32_t ports;
    int32_t window;
};
/* A named configuration of hw/spec/params.def; false when there is none of that name. */
bool gantry_array_params_named(const char *name, struct gantry_array_params *out);
/* How many accelerators a device of that configuration has; 0 when there is none of that name. */
int32_t gantry_array_instances(const char *name);
/* Writes "half, tiny, unit" for messages; returns buffer. */
const char *gantry_array_names(char *buffer, size_t size);
/* Name of the index-th configuration, NULL past the last. The first is the default. */
const char *gantry_array_name(size_t index);

/* ---- Instructions: 16 words in host order in memory of the writer; bytes little-endian ---- */

struct gantry_insn {
    uint32_t word[GANTRY_INSN_WORDS];
};

/* Row of the operand table. bias: the stored value is the meant value - bias. */
struct gantry_operand_info {
    const char *name;
    int32_t opcode; /* -1: common to all */
    int32_t word, lsb, width;
    bool is_signed;
    int32_t bias;
};
const struct gantry_operand_info *gantry_operand_info(enum gantry_operand operand);
const char *gantry_insn_name(uint32_t opcode); /* "CONV", or NULL */

/* Meant value of an operand. */
int64_t gantry_insn_get(const struct gantry_insn *insn, enum gantry_operand operand);
/* Stores a meant value; false (nothing stored) when it does not fit the field. */
GANTRY_MUST_USE bool gantry_insn_set(struct gantry_insn *insn, enum gantry_operand operand,
                                     int64_t value);
/* True when every bit that no operand of its opcode names is zero. */
bool gantry_insn_reserved_clear(const struct gantry_insn *insn);
void gantry_insn_to_bytes(const struct gantry_insn *insn, uint8_t *bytes);
void gantry_insn_from_bytes(struct gantry_insn *insn, const uint8_t *bytes);
/* One line: "CONV IN_BASE=0 IN_CB=4 ..." with non-zero operands; returns buffer. */
const char *gantry_insn_text(const struct gantry_insn *insn, char *buffer, size_t size);

/* ---- Pure functions beside those of equations.h ---- */

/* Rows that a tensor of h x w takes in every bank; pitch and ps by the rules of docs/hardware.md:
 * pitch = max(plane width, min_pitch); PS mod NPX = 2 with planes when g > 1. */
void gantry_act_layout(struct gantry_act_tensor *tensor, const struct gantry_array_params *params,
                       int32_t h, int32_t w, int32_t channels, int32_t sy, int32_t sx,
                       int32_t min_pitch);
int64_t gantry_act_rows(const struct gantry_act_tensor *tensor, int32_t npx);

/* Scale word of rule F (docs/arithmetic.md): MULT and SHIFT packed; any positive finite scale.
 * Scales of 2^8 and more and below 2^-32 map to words with the same results. */
uint32_t gantry_lane_scale(float scale);
/* Rule P on the lane: 4*acc -/+ 1 with the scale word of float32(1/(4n)). */
int8_t gantry_lane_pool(int32_t acc, uint32_t scale_word, int32_t lo, int32_t hi);
void gantry_lane_res_pack(struct gantry_lane_res *out, int32_t k1, int32_t k2, int32_t shift,
                          int32_t zero1, int32_t zero2, int32_t zero_out, int32_t lo, int32_t hi);
void gantry_lane_res_to_line(const struct gantry_lane_res *res, uint8_t line[GANTRY_LINE_BYTES]);
void gantry_lane_res_from_line(struct gantry_lane_res *res, const uint8_t line[GANTRY_LINE_BYTES]);

/* Word j (16 bytes) of pixel i of a LOAD row: bytes i*step - lead + 16j .. +15 of the row, pad
 * outside of it. */
void gantry_load_word(const uint8_t *row, int32_t row_bytes, int32_t pixel, int32_t j, int32_t step,
                      int32_t lead, uint8_t pad, uint8_t out[16]);

enum gantry_operand gantry_pass_operand(int32_t index);
int32_t gantry_pass_pack(const struct gantry_pass *pass);
void gantry_pass_unpack(struct gantry_pass *pass, int32_t operand);

/* Lines of the weight stream that one group of a CONV or WINDOW takes (RES line, parameters,
 * k-steps), and of the whole instruction; 0 for other instructions. */
int64_t gantry_conv_group_lines(const struct gantry_insn *conv);
int64_t gantry_conv_lines(const struct gantry_insn *conv);

/* Striping: offset in the striped stream of byte b of line l. stripe_bytes from
 * gantry_stripe_bytes; the striped stream has ports x stripe_bytes bytes. */
int64_t gantry_stripe_bytes(int64_t lines, int32_t ports);
void gantry_stripe_lines(const uint8_t *lines, int64_t line_count, int32_t ports, uint8_t *out);

/* ---- Launch: what the registers hold ---- */

enum gantry_launch_buffer { GANTRY_BUFFER_ARENA, GANTRY_BUFFER_INPUT, GANTRY_BUFFER_OUTPUT };

/* The memories of a launch as the executor sees them. */
struct gantry_accel_memory {
    const uint8_t *program; /* insn_count x 64 bytes */
    uint32_t insn_count;
    const uint8_t *weights; /* striped stream */
    uint32_t wgt_lines;
    uint8_t *buffer[3]; /* by gantry_launch_buffer */
    size_t buffer_bytes[3];
    uint32_t repeat;        /* >= 1 */
    uint32_t run_stride[3]; /* bytes from one run's buffer to the next */
    uint64_t sem_init;      /* 16 x 4 bits */
};

/* How a launch ended: cause 0 is success. Registers ERROR, ERROR_INSN, ERROR_INFO, INSN_DONE. */
struct gantry_accel_result {
    enum gantry_cause cause;
    enum gantry_unit unit;
    uint32_t insn;
    uint64_t info;
    uint32_t insn_done;
    /* For messages and counters; 0 where a device does not know. */
    const char *insn_name; /* of the failed instruction, static */
    int64_t limit;         /* of the value in info */
    uint64_t read_bytes, write_bytes;
};
const char *gantry_cause_sentence(uint32_t cause); /* "Unknown opcode"; never NULL */
const char *gantry_unit_name(uint32_t unit);       /* "COMPUTE"; never NULL */
const char *gantry_stall_label(uint32_t index);    /* "busy"; never NULL */

/* The executor: state of the activation RAM between launches, and scratch. Opaque. */
struct gantry_accel;
GANTRY_MUST_USE enum gantry_status gantry_accel_create(struct gantry_accel **out,
                                                       const struct gantry_array_params *params,
                                                       const struct gantry_allocator *allocator,
                                                       struct gantry_error *error);
void gantry_accel_destroy(struct gantry_accel *accel);
/* Executes a launch. order_seed 0: program order; else a seeded random legal order of the three
 * queues. Allocates nothing. A deadlock of semaphores ends with cause WATCHDOG. */
void gantry_accel_run(struct gantry_accel *accel, const struct gantry_accel_memory *memory,
                      uint64_t order_seed, struct gantry_accel_result *result);
/* The activation RAM: word (16 bytes) of a bank and row; for tests. */
uint8_t *gantry_accel_act_word(struct gantry_accel *accel, int32_t bank, int32_t row);

/* ---- Program checker ---- */

/* Refuses a program with any unordered overlap of activation rows or memory ranges, a bad field,
 * an unbalanced or overflowing semaphore, a wait that nothing satisfies, waits for one semaphore
 * that have no order, a ring demand beyond
 * ring_lines, a row beyond act_rows, a byte beyond a buffer, or a wrong wgt_lines. Happens-before
 * comes from queue order, wait/signal, dep and WHOLE. memory->buffer may be NULL pointers: only
 * sizes are used. The message names both instructions and what they share.
 * Returns GANTRY_ERR_ARGUMENT for a refused program. */
GANTRY_MUST_USE enum gantry_status gantry_program_check(const struct gantry_array_params *params,
                                                        const struct gantry_accel_memory *memory,
                                                        const struct gantry_allocator *allocator,
                                                        struct gantry_error *error);

#endif
