/* SPDX-License-Identifier: Apache-2.0
 * What the tests of the simulated device share: an open device with its buffers, small programs,
 * and the C model beside it. */
#ifndef GANTRY_TEST_DEVICE_SIM_RIG_H
#define GANTRY_TEST_DEVICE_SIM_RIG_H

#include "accel/accel.h"
#include "device/device.h"

enum { RIG_INSNS = 64, RIG_TRACE_RECORDS = 256 };

struct rig {
    struct gantry_device *device;
    struct gantry_array_params params;
    struct gantry_accel *accel;
    struct gantry_device_buffer program, weights, arena, input, output, trace;
    struct gantry_launch launch;
    struct gantry_insn insn[RIG_INSNS];
    uint32_t insns;
    uint8_t *lines; /* weight stream before striping */
    uint32_t line_count, line_room;
    uint64_t random;
};

struct rig_sizes {
    size_t arena, input, output, lines; /* bytes, but lines */
};

/* Opens "sim:config"; the test stops when that fails. options NULL: memory "ideal". */
void rig_open(struct rig *rig, const char *config, const struct gantry_device_options *options,
              const struct rig_sizes *sizes);
void rig_close(struct rig *rig);

/* Starts a new program: no instructions, no weights, registers as rig_open set them. */
void rig_clear(struct rig *rig);
/* Appends an empty instruction of the opcode. */
struct gantry_insn *rig_insn(struct rig *rig, uint32_t opcode);
/* Sets an operand; the test stops when the value does not fit. */
void rig_set(struct gantry_insn *insn, enum gantry_operand operand, int64_t value);
void rig_end(struct rig *rig);

/* A tensor in raster layout: h x w pixels of cb channel blocks from row base on. */
struct rig_tensor {
    int32_t base, h, w, cb;
};
int32_t rig_rows(const struct rig *rig, const struct rig_tensor *tensor);
/* Moves a whole tensor between the activation RAM and a buffer, from the offset on. */
struct gantry_insn *rig_load(struct rig *rig, const struct rig_tensor *to, uint32_t offset);
struct gantry_insn *rig_store(struct rig *rig, const struct rig_tensor *from, uint32_t offset);
/* A k x k convolution with SAME padding, m = 1, and random weights and parameters. */
struct gantry_insn *rig_conv(struct rig *rig, const struct rig_tensor *in,
                             const struct rig_tensor *out, int32_t k, int32_t tile_rows);
/* The same with a residual tensor of the output's shape. */
struct gantry_insn *rig_conv_residual(struct rig *rig, const struct rig_tensor *in,
                                      const struct rig_tensor *residual,
                                      const struct rig_tensor *out, int32_t k);
/* Front cycles that issue a step: accumulator rows x k-steps of an instruction. */
int64_t rig_busy(const struct gantry_insn *conv);

/* Writes program and weights into the buffers and runs it. */
enum gantry_status rig_run(struct rig *rig, struct gantry_error *error);
/* Starts it only. */
enum gantry_status rig_submit(struct rig *rig, struct gantry_error *error);
/* Runs the C model on copies of the memories, then the device, and compares arena and output. */
void rig_run_and_compare(struct rig *rig);
/* Ends a program with a run on the C model only. */
struct gantry_accel_result rig_run_model(struct rig *rig);

void rig_fill_random(struct rig *rig, struct gantry_device_buffer *buffer);
uint32_t rig_register(struct rig *rig, uint32_t reg);
struct gantry_counters rig_counters(struct rig *rig);
/* The nine classes sum to the cycles. */
void rig_check_classes(struct rig *rig);
/* The same after a launch that ended well; with trace on, the records sum to each class too. */
void rig_check_counters(struct rig *rig);

#endif
