/* SPDX-License-Identifier: Apache-2.0
 * Programs and comparisons of the tests of the simulated device. */
#include "test_device_sim_rig.h"

#include <string.h>

#include "random.h"
#include "sim/device_sim.h"
#include "test.h"

enum { TIMEOUT_MS = 60000, WATCHDOG_CYCLES = 20000 };

static void allocate(struct rig *rig, struct gantry_device_buffer *buffer, size_t bytes)
{
    struct gantry_error error = {0};
    if (rig->device->ops->alloc(rig->device, bytes, GANTRY_ROLE_ARENA, buffer, &error))
        fail_msg("%s", error.message);
}

void rig_open(struct rig *rig, const char *config, const struct gantry_device_options *options,
              const struct rig_sizes *sizes)
{
    struct gantry_device_options ideal = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_error error = {0};
    ideal.memory = "ideal";
    memset(rig, 0, sizeof *rig);
    rig->random = 1;
    if (gantry_device_sim_ops.open(&rig->device, config, options ? options : &ideal, &error))
        fail_msg("%s", error.message);
    assert_true(gantry_array_params_named(config, &rig->params));
    if (gantry_accel_create(&rig->accel, &rig->params, NULL, &error)) fail_msg("%s", error.message);
    rig->line_room = (uint32_t)sizes->lines;
    rig->lines = gantry_allocate(NULL, sizes->lines, GANTRY_LINE_BYTES);
    allocate(rig, &rig->program, RIG_INSNS * GANTRY_INSN_BYTES);
    size_t stripes = (size_t)gantry_stripe_bytes((int64_t)sizes->lines, rig->params.ports);
    allocate(rig, &rig->weights, stripes * (size_t)rig->params.ports);
    allocate(rig, &rig->arena, sizes->arena);
    allocate(rig, &rig->input, sizes->input);
    allocate(rig, &rig->output, sizes->output);
    allocate(rig, &rig->trace, (size_t)RIG_TRACE_RECORDS * GANTRY_TRACE_BYTES);
    rig_fill_random(rig, &rig->input);
    rig_fill_random(rig, &rig->arena);
    rig_clear(rig);
}

void rig_close(struct rig *rig)
{
    struct gantry_device_buffer *buffers[] = {&rig->program, &rig->weights, &rig->arena,
                                              &rig->input,   &rig->output,  &rig->trace};
    for (size_t i = 0; i < GANTRY_COUNT(buffers); i++)
        rig->device->ops->free(rig->device, buffers[i]);
    rig->device->ops->close(rig->device);
    gantry_accel_destroy(rig->accel);
    gantry_release(NULL, rig->lines);
}

void rig_clear(struct rig *rig)
{
    rig->insns = rig->line_count = 0;
    rig->launch = (struct gantry_launch){
        .program = rig->program.address,
        .weights = rig->weights.address,
        .arena = rig->arena.address,
        .input = rig->input.address,
        .output = rig->output.address,
        .trace = rig->trace.address,
        .arena_bytes = (uint32_t)rig->arena.bytes,
        .input_bytes = (uint32_t)rig->input.bytes,
        .output_bytes = (uint32_t)rig->output.bytes,
        .trace_bytes = (uint32_t)rig->trace.bytes,
        .repeat = 1,
        .watchdog_cycles = WATCHDOG_CYCLES,
        .trace_on = true,
    };
}

struct gantry_insn *rig_insn(struct rig *rig, uint32_t opcode)
{
    assert_true(rig->insns < RIG_INSNS);
    struct gantry_insn *insn = &rig->insn[rig->insns++];
    memset(insn, 0, sizeof *insn);
    rig_set(insn, GANTRY_COMMON_OPCODE, opcode);
    return insn;
}

void rig_set(struct gantry_insn *insn, enum gantry_operand operand, int64_t value)
{
    if (!gantry_insn_set(insn, operand, value))
        fail_msg("%s: %lld does not fit", gantry_operand_info(operand)->name, (long long)value);
}

void rig_end(struct rig *rig) { (void)rig_insn(rig, GANTRY_INSN_END); }

static int32_t slots(const struct rig *rig) { return 2 * rig->params.g; }

int32_t rig_rows(const struct rig *rig, const struct rig_tensor *tensor)
{
    return gantry_div_up(tensor->h * tensor->w, slots(rig)) * tensor->cb;
}

struct gantry_insn *rig_load(struct rig *rig, const struct rig_tensor *to, uint32_t offset)
{
    struct gantry_insn *insn = rig_insn(rig, GANTRY_INSN_LOAD);
    int32_t pixel_bytes = to->cb * GANTRY_CHANNELS;
    rig_set(insn, GANTRY_LOAD_BUFFER, GANTRY_BUFFER_INPUT);
    rig_set(insn, GANTRY_LOAD_OFFSET, offset);
    rig_set(insn, GANTRY_LOAD_ROW_STRIDE, to->w * pixel_bytes);
    rig_set(insn, GANTRY_LOAD_ROWS, to->h);
    rig_set(insn, GANTRY_LOAD_ROW_BYTES, to->w * pixel_bytes);
    rig_set(insn, GANTRY_LOAD_PIXELS, to->w);
    rig_set(insn, GANTRY_LOAD_STEP, pixel_bytes);
    rig_set(insn, GANTRY_LOAD_WORDS, to->cb);
    rig_set(insn, GANTRY_LOAD_BASE, to->base);
    rig_set(insn, GANTRY_LOAD_CB, to->cb);
    rig_set(insn, GANTRY_LOAD_PITCH, to->w);
    return insn;
}

struct gantry_insn *rig_store(struct rig *rig, const struct rig_tensor *from, uint32_t offset)
{
    struct gantry_insn *insn = rig_insn(rig, GANTRY_INSN_STORE);
    rig_set(insn, GANTRY_STORE_BUFFER, GANTRY_BUFFER_OUTPUT);
    rig_set(insn, GANTRY_STORE_OFFSET, offset);
    rig_set(insn, GANTRY_STORE_ROW_STRIDE, from->w * from->cb * GANTRY_CHANNELS);
    rig_set(insn, GANTRY_STORE_ROWS, from->h);
    rig_set(insn, GANTRY_STORE_PIXELS, from->w);
    rig_set(insn, GANTRY_STORE_WORDS, from->cb);
    rig_set(insn, GANTRY_STORE_BASE, from->base);
    rig_set(insn, GANTRY_STORE_CB, from->cb);
    rig_set(insn, GANTRY_STORE_PITCH, from->w);
    return insn;
}

static uint8_t *new_line(struct rig *rig)
{
    assert_true(rig->line_count < rig->line_room);
    uint8_t *line = rig->lines + (size_t)rig->line_count++ * GANTRY_LINE_BYTES;
    memset(line, 0, GANTRY_LINE_BYTES);
    return line;
}

static void parameter_line(struct rig *rig, int32_t steps)
{
    uint8_t *line = new_line(rig);
    for (int32_t i = 0; i < GANTRY_CHANNELS; i++) {
        float scale = (float)random_in(&rig->random, 100, 400) / (100.0F * 1024.0F * (float)steps);
        gantry_store_u32(line + 4 * (GANTRY_PARAM_WORD_BIAS + i),
                         (uint32_t)random_in(&rig->random, -5000, 5000));
        gantry_store_u32(line + 4 * (GANTRY_PARAM_WORD_SCALE + i), gantry_lane_scale(scale));
    }
}

static void residual_line(struct rig *rig)
{
    struct gantry_lane_res res;
    gantry_lane_res_pack(&res, 1 << 20, 3 << 19, 22, 3, -5, 1, -128, 127);
    gantry_lane_res_to_line(&res, new_line(rig));
}

static void weight_lines(struct rig *rig, int32_t steps)
{
    for (int32_t i = 0; i < 2 * steps; i++) {
        uint8_t *line = new_line(rig);
        for (int32_t b = 0; b < GANTRY_LINE_BYTES; b++)
            line[b] = (uint8_t)random_in(&rig->random, -127, 127);
    }
}

static void set_conv(struct rig *rig, struct gantry_insn *insn, const struct rig_tensor *in,
                     const struct rig_tensor *out, int32_t k, int32_t tile_rows)
{
    int32_t rows = gantry_div_up(out->h * out->w, slots(rig));
    if (tile_rows > rows) tile_rows = rows;
    const int32_t fields[][2] = {
        {GANTRY_CONV_IN_BASE, in->base},
        {GANTRY_CONV_IN_CB, in->cb},
        {GANTRY_CONV_DILATION, 1},
        {GANTRY_CONV_IN_PITCH, in->w},
        {GANTRY_CONV_IN_H, in->h},
        {GANTRY_CONV_IN_W, in->w},
        {GANTRY_CONV_KH, k},
        {GANTRY_CONV_KW, k},
        {GANTRY_CONV_PAD_TOP, k / 2},
        {GANTRY_CONV_PAD_LEFT, k / 2},
        {GANTRY_CONV_OUT_H, out->h},
        {GANTRY_CONV_OUT_W, out->w},
        {GANTRY_CONV_TILE, tile_rows},
        {GANTRY_CONV_GROUPS, out->cb},
        {GANTRY_CONV_STEP_Y, slots(rig) / in->w},
        {GANTRY_CONV_STEP_X, slots(rig) % in->w},
        {GANTRY_CONV_ROWS, rows},
        {GANTRY_CONV_OUT_BASE, out->base},
        {GANTRY_CONV_OUT_CB, out->cb},
        {GANTRY_CONV_OUT_PITCH, out->w},
        {GANTRY_CONV_BLOCKS, out->cb},
        {GANTRY_CONV_ZERO_POINT, 3},
        {GANTRY_CONV_LO, -128},
        {GANTRY_CONV_HI, 127},
        {GANTRY_CONV_TILES, gantry_div_up(rows, tile_rows)},
        {GANTRY_CONV_WALK_CB, in->cb},
    };
    for (size_t i = 0; i < GANTRY_COUNT(fields); i++)
        rig_set(insn, (enum gantry_operand)fields[i][0], fields[i][1]);
}

struct gantry_insn *rig_conv(struct rig *rig, const struct rig_tensor *in,
                             const struct rig_tensor *out, int32_t k, int32_t tile_rows)
{
    struct gantry_insn *insn = rig_insn(rig, GANTRY_INSN_CONV);
    set_conv(rig, insn, in, out, k, tile_rows);
    for (int32_t group = 0; group < out->cb; group++) {
        parameter_line(rig, in->cb * k * k);
        weight_lines(rig, in->cb * k * k);
    }
    return insn;
}

struct gantry_insn *rig_conv_residual(struct rig *rig, const struct rig_tensor *in,
                                      const struct rig_tensor *residual,
                                      const struct rig_tensor *out, int32_t k)
{
    struct gantry_insn *insn = rig_insn(rig, GANTRY_INSN_CONV);
    set_conv(rig, insn, in, out, k, GANTRY_TILE_ROWS_MAX);
    rig_set(insn, GANTRY_CONV_RES, 1);
    rig_set(insn, GANTRY_CONV_RES_BASE, residual->base);
    rig_set(insn, GANTRY_CONV_RES_CB, residual->cb - 1);
    rig_set(insn, GANTRY_CONV_RES_PITCH, residual->w);
    for (int32_t group = 0; group < out->cb; group++) {
        residual_line(rig);
        parameter_line(rig, in->cb * k * k);
        weight_lines(rig, in->cb * k * k);
    }
    return insn;
}

int64_t rig_busy(const struct gantry_insn *conv)
{
    return gantry_insn_get(conv, GANTRY_CONV_ROWS) * gantry_insn_get(conv, GANTRY_CONV_GROUPS) *
           gantry_insn_get(conv, GANTRY_CONV_KH) * gantry_insn_get(conv, GANTRY_CONV_KW) *
           gantry_insn_get(conv, GANTRY_CONV_WALK_CB);
}

/* ---- Running ---- */

static void write_program(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->insns; i++)
        gantry_insn_to_bytes(&rig->insn[i], rig->program.host + (size_t)i * GANTRY_INSN_BYTES);
    if (rig->line_count)
        gantry_stripe_lines(rig->lines, rig->line_count, rig->params.ports, rig->weights.host);
    if (!rig->launch.insn_count) rig->launch.insn_count = rig->insns;
    if (!rig->launch.wgt_lines) rig->launch.wgt_lines = rig->line_count;
}

enum gantry_status rig_submit(struct rig *rig, struct gantry_error *error)
{
    write_program(rig);
    return rig->device->ops->submit(rig->device, &rig->launch, error);
}

enum gantry_status rig_run(struct rig *rig, struct gantry_error *error)
{
    enum gantry_status status = rig_submit(rig, error);
    return status ? status : rig->device->ops->wait(rig->device, TIMEOUT_MS, error);
}

static struct gantry_accel_result run_model(struct rig *rig, uint8_t *arena, uint8_t *output)
{
    write_program(rig);
    struct gantry_accel_memory memory = {
        .program = rig->program.host,
        .insn_count = rig->launch.insn_count,
        .weights = rig->weights.host,
        .wgt_lines = rig->launch.wgt_lines,
        .buffer = {arena, rig->input.host, output},
        .buffer_bytes = {rig->launch.arena_bytes, rig->launch.input_bytes,
                         rig->launch.output_bytes},
        .repeat = rig->launch.repeat,
        .run_stride = {rig->launch.run_stride[0], rig->launch.run_stride[1],
                       rig->launch.run_stride[2]},
        .sem_init = rig->launch.sem_init,
    };
    struct gantry_accel_result result = {0};
    gantry_accel_run(rig->accel, &memory, 0, &result);
    return result;
}

static uint8_t *copy_of(const struct gantry_device_buffer *buffer)
{
    uint8_t *copy = gantry_allocate(NULL, buffer->bytes, 1);
    assert_non_null(copy);
    memcpy(copy, buffer->host, buffer->bytes);
    return copy;
}

struct gantry_accel_result rig_run_model(struct rig *rig)
{
    uint8_t *arena = copy_of(&rig->arena), *output = copy_of(&rig->output);
    struct gantry_accel_result result = run_model(rig, arena, output);
    gantry_release(NULL, arena);
    gantry_release(NULL, output);
    return result;
}

static void compare_memory(const char *name, const struct gantry_device_buffer *got,
                           const uint8_t *wanted)
{
    size_t wrong = 0, first = 0;
    for (size_t i = got->bytes; i-- > 0;)
        if (got->host[i] != wanted[i]) {
            wrong++;
            first = i;
        }
    if (wrong)
        fail_msg("%s: %zu of %zu bytes differ, the first at %zu: 0x%02X, not 0x%02X", name, wrong,
                 got->bytes, first, got->host[first], wanted[first]);
}

void rig_run_and_compare(struct rig *rig)
{
    struct gantry_error error = {0};
    uint8_t *arena = copy_of(&rig->arena), *output = copy_of(&rig->output);
    struct gantry_accel_result result = run_model(rig, arena, output);
    assert_int_equal(result.cause, GANTRY_CAUSE_NONE);
    if (rig_run(rig, &error)) fail_msg("%s", error.message);
    compare_memory("arena", &rig->arena, arena);
    compare_memory("output", &rig->output, output);
    assert_int_equal(rig_counters(rig).insn_done, result.insn_done);
    gantry_release(NULL, arena);
    gantry_release(NULL, output);
}

void rig_fill_random(struct rig *rig, struct gantry_device_buffer *buffer)
{
    for (size_t i = 0; i < buffer->bytes; i++) buffer->host[i] = (uint8_t)random_u64(&rig->random);
}

uint32_t rig_register(struct rig *rig, uint32_t reg)
{
    uint32_t value = 0;
    assert_true(gantry_sim_bench_read(gantry_device_sim_bench(rig->device), reg, &value));
    return value;
}

struct gantry_counters rig_counters(struct rig *rig)
{
    struct gantry_counters counters;
    struct gantry_error error = {0};
    if (rig->device->ops->counters(rig->device, &counters, &error)) fail_msg("%s", error.message);
    return counters;
}

void rig_check_classes(struct rig *rig)
{
    struct gantry_counters counters = rig_counters(rig);
    uint64_t sum = 0;
    for (int i = 0; i < GANTRY_STALL_CLASSES; i++) sum += counters.stall[i];
    assert_int_equal(sum, counters.cycles);
}

void rig_check_counters(struct rig *rig)
{
    struct gantry_counters counters = rig_counters(rig);
    uint64_t traced[GANTRY_STALL_CLASSES] = {0};
    rig_check_classes(rig);
    if (!rig->launch.trace_on || counters.trace_lost) return;
    uint32_t records = rig->insns * rig->launch.repeat;
    assert_true(records <= RIG_TRACE_RECORDS);
    for (uint32_t i = 0; i < records; i++) {
        const uint8_t *record = rig->trace.host + (size_t)i * GANTRY_TRACE_BYTES;
        for (uint32_t c = 0; c < GANTRY_STALL_CLASSES; c++)
            traced[c] += gantry_load_u32(record + 4 * (GANTRY_TRACE_STALL0_WORD + c));
    }
    for (int i = 0; i < GANTRY_STALL_CLASSES; i++) assert_int_equal(traced[i], counters.stall[i]);
}
