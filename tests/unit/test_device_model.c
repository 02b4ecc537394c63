/* SPDX-License-Identifier: Apache-2.0
 * The device "model" through the seam: a small program, wrong programs, wrong addresses. */
#include "test.h"

#include "device/device.h"

#include <string.h>

enum { W = 5, H = 3, BYTES = W * H * 16, PAGE = 4096 };

struct bench {
    struct gantry_device *device;
    struct gantry_device_buffer program, weights, input, output;
    struct gantry_launch launch;
};

static void set(struct gantry_insn *insn, enum gantry_operand operand, int64_t value)
{
    assert_true(gantry_insn_set(insn, operand, value));
}

static struct gantry_insn load_insn(void)
{
    struct gantry_insn insn = {{GANTRY_INSN_LOAD}};
    set(&insn, GANTRY_COMMON_SIGNAL, 1);
    set(&insn, GANTRY_LOAD_BUFFER, GANTRY_BUFFER_INPUT);
    set(&insn, GANTRY_LOAD_ROW_STRIDE, W * 16);
    set(&insn, GANTRY_LOAD_ROWS, H);
    set(&insn, GANTRY_LOAD_ROW_BYTES, W * 16);
    set(&insn, GANTRY_LOAD_PIXELS, W);
    set(&insn, GANTRY_LOAD_STEP, 16);
    set(&insn, GANTRY_LOAD_WORDS, 1);
    set(&insn, GANTRY_LOAD_CB, 1);
    set(&insn, GANTRY_LOAD_PITCH, W);
    return insn;
}

/* A diagonal 1x1 convolution of G = 1: out = weight * in, scale 1. */
static struct gantry_insn conv_insn(void)
{
    static const struct {
        enum gantry_operand operand;
        int64_t value;
    } fields[] = {
        {GANTRY_CONV_IN_CB, 1},  {GANTRY_CONV_DILATION, 1},  {GANTRY_CONV_IN_PITCH, W},
        {GANTRY_CONV_IN_H, H},   {GANTRY_CONV_IN_W, W},      {GANTRY_CONV_KH, 1},
        {GANTRY_CONV_KW, 1},     {GANTRY_CONV_OUT_H, H},     {GANTRY_CONV_OUT_W, W},
        {GANTRY_CONV_TILE, 8},   {GANTRY_CONV_TILES, 1},     {GANTRY_CONV_GROUPS, 1},
        {GANTRY_CONV_STEP_X, 2}, {GANTRY_CONV_ROWS, 8},      {GANTRY_CONV_OUT_BASE, 100},
        {GANTRY_CONV_OUT_CB, 1}, {GANTRY_CONV_OUT_PITCH, W}, {GANTRY_CONV_BLOCKS, 1},
        {GANTRY_CONV_LO, -128},  {GANTRY_CONV_HI, 127},      {GANTRY_CONV_WALK_CB, 1},
        {GANTRY_COMMON_WAIT, 1}, {GANTRY_COMMON_SIGNAL, 2},
    };
    struct gantry_insn insn = {{GANTRY_INSN_CONV}};
    for (size_t i = 0; i < GANTRY_COUNT(fields); i++)
        set(&insn, fields[i].operand, fields[i].value);
    return insn;
}

static struct gantry_insn store_insn(void)
{
    struct gantry_insn insn = {{GANTRY_INSN_STORE}};
    set(&insn, GANTRY_COMMON_WAIT, 2);
    set(&insn, GANTRY_STORE_BUFFER, GANTRY_BUFFER_OUTPUT);
    set(&insn, GANTRY_STORE_ROW_STRIDE, W * 16);
    set(&insn, GANTRY_STORE_ROWS, H);
    set(&insn, GANTRY_STORE_PIXELS, W);
    set(&insn, GANTRY_STORE_WORDS, 1);
    set(&insn, GANTRY_STORE_BASE, 100);
    set(&insn, GANTRY_STORE_CB, 1);
    set(&insn, GANTRY_STORE_PITCH, W);
    return insn;
}

static struct gantry_device_buffer buffer_of(struct bench *bench, size_t bytes)
{
    struct gantry_device_buffer buffer;
    struct gantry_error error;
    assert_int_equal(
        bench->device->ops->alloc(bench->device, bytes, GANTRY_ROLE_ARENA, &buffer, &error),
        GANTRY_OK);
    return buffer;
}

/* Weights -2 on the diagonal, bias 3. */
static void fill_weights(uint8_t *out)
{
    uint8_t lines[3 * GANTRY_LINE_BYTES] = {0};
    for (size_t c = 0; c < 16; c++) {
        gantry_store_u32(lines + 4 * c, 3);
        gantry_store_u32(lines + 64 + 4 * c, gantry_lane_scale(1.0f));
        lines[GANTRY_LINE_BYTES + 17 * c] = (uint8_t)-2;
    }
    gantry_stripe_lines(lines, 3, 1, out);
}

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct gantry_error error;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    options.stall_seed = 5;
    if (gantry_device_open(&bench->device, "model:tiny", &options, &error) != GANTRY_OK) return -1;
    bench->program = buffer_of(bench, 4 * GANTRY_INSN_BYTES);
    bench->weights = buffer_of(bench, PAGE);
    bench->input = buffer_of(bench, BYTES);
    bench->output = buffer_of(bench, BYTES);
    struct gantry_insn insns[] = {load_insn(), conv_insn(), store_insn(), {{GANTRY_INSN_END}}};
    for (size_t i = 0; i < 4; i++)
        gantry_insn_to_bytes(&insns[i], bench->program.host + i * GANTRY_INSN_BYTES);
    fill_weights(bench->weights.host);
    for (int i = 0; i < BYTES; i++) bench->input.host[i] = (uint8_t)(i * 7);
    bench->launch = (struct gantry_launch){
        .program = bench->program.address,
        .weights = bench->weights.address,
        .input = bench->input.address,
        .output = bench->output.address,
        .insn_count = 4,
        .wgt_lines = 3,
        .input_bytes = BYTES,
        .output_bytes = BYTES,
        .repeat = 1,
    };
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    struct gantry_device_buffer *buffers[] = {&bench->program, &bench->weights, &bench->output};
    for (size_t i = 0; i < GANTRY_COUNT(buffers); i++) /* close frees the rest */
        bench->device->ops->free(bench->device, buffers[i]);
    gantry_device_close(bench->device);
    free(bench);
    return 0;
}

static enum gantry_status run(struct bench *bench, struct gantry_error *error)
{
    enum gantry_status status = bench->device->ops->submit(bench->device, &bench->launch, error);
    return status ? status : bench->device->ops->wait(bench->device, 1000, error);
}

static void device_model__runs_a_program(void **state)
{
    struct bench *bench = *state;
    struct gantry_error error;
    struct gantry_counters counters;
    assert_int_equal(run(bench, &error), GANTRY_OK);
    for (int i = 0; i < BYTES; i++) {
        int32_t want = -2 * (int8_t)bench->input.host[i] + 3;
        want = want < -128 ? -128 : want > 127 ? 127 : want;
        assert_int_equal((int8_t)bench->output.host[i], want);
    }
    assert_int_equal(bench->device->ops->counters(bench->device, &counters, &error), GANTRY_OK);
    assert_int_equal(counters.insn_done, 4);
    assert_int_equal(counters.read_bytes, 4 * 64 + 3 * 128 + BYTES);
    assert_int_equal(counters.write_bytes, BYTES);
    assert_int_equal(counters.cycles, 0);
}

static void device_model__buffers_have_addresses_beyond_32_bits_of_their_own(void **state)
{
    struct bench *bench = *state;
    const struct gantry_device_buffer *all[] = {&bench->program, &bench->weights, &bench->input,
                                                &bench->output};
    for (size_t i = 0; i < GANTRY_COUNT(all); i++) {
        assert_true(all[i]->address >= UINT64_C(0x800000000));
        assert_int_equal(all[i]->address % PAGE, 0);
        for (size_t j = 0; j < i; j++) assert_true(all[i]->address != all[j]->address);
    }
}

static void check_fault(struct bench *bench, const char *message)
{
    struct gantry_error error;
    assert_int_equal(run(bench, &error), GANTRY_ERR_DEVICE);
    if (!strstr(error.message, message)) fail_msg("%s", error.message);
}

static void put(struct bench *bench, size_t at, const struct gantry_insn *insn)
{
    gantry_insn_to_bytes(insn, bench->program.host + at * GANTRY_INSN_BYTES);
}

static void device_model__reports_errors_of_a_program_and_runs_the_next(void **state)
{
    struct bench *bench = *state;
    struct gantry_insn insn = conv_insn();
    set(&insn, GANTRY_CONV_OUT_BASE, 8190);
    put(bench, 1, &insn);
    check_fault(bench, "model:tiny: instruction 1 CONV: an activation row lies beyond ACT_ROWS "
                       "(row 8192, limit 8192), unit COMPUTE");
    insn = load_insn();
    set(&insn, GANTRY_LOAD_OFFSET, 1);
    put(bench, 0, &insn);
    char want[96];
    snprintf(want, sizeof want,
             "instruction 0 LOAD: a memory address lies outside its buffer "
             "(address 0x%llx), unit LOAD",
             (unsigned long long)(bench->input.address + 1 + 2 * W * 16));
    check_fault(bench, want);
    insn = (struct gantry_insn){{55}};
    put(bench, 0, &insn);
    check_fault(bench, "instruction 0: unknown opcode, unit FETCH");
    insn = load_insn();
    put(bench, 0, &insn);
    insn = conv_insn();
    put(bench, 1, &insn);
    device_model__runs_a_program(state);
}

static void check_submit_refused(struct bench *bench, const struct gantry_launch *launch,
                                 const char *message)
{
    struct gantry_error error;
    assert_int_equal(bench->device->ops->submit(bench->device, launch, &error),
                     GANTRY_ERR_ARGUMENT);
    if (!strstr(error.message, message)) fail_msg("%s", error.message);
}

static void device_model__refuses_addresses_of_no_buffer(void **state)
{
    struct bench *bench = *state;
    struct gantry_launch launch = bench->launch;
    launch.input &= UINT32_MAX; /* cut to 32 bits */
    check_submit_refused(bench, &launch, "INPUT at 0x");
    launch = bench->launch;
    launch.output_bytes += 1;
    check_submit_refused(bench, &launch, "OUTPUT at 0x");
    launch = bench->launch;
    launch.weights += 16;
    check_submit_refused(bench, &launch, "is not a multiple of 4096");
    launch = bench->launch;
    launch.repeat = 0;
    check_submit_refused(bench, &launch, "REPEAT");
}

static void device_model__waits_only_for_a_launch(void **state)
{
    struct bench *bench = *state;
    struct gantry_error error;
    assert_int_equal(bench->device->ops->wait(bench->device, 1, &error), GANTRY_ERR_ARGUMENT);
    assert_int_equal(bench->device->ops->submit(bench->device, &bench->launch, &error), GANTRY_OK);
    check_submit_refused(bench, &bench->launch, "under way");
    assert_int_equal(bench->device->ops->reset(bench->device, &error), GANTRY_OK);
    assert_int_equal(bench->device->ops->wait(bench->device, 1, &error), GANTRY_ERR_ARGUMENT);
}

static void device_model__syncs_only_inside_a_buffer(void **state)
{
    struct bench *bench = *state;
    struct gantry_error error;
    const struct gantry_device_ops *ops = bench->device->ops;
    assert_int_equal(
        ops->sync(bench->device, &bench->input, 16, BYTES - 16, GANTRY_SYNC_TO_DEVICE, &error),
        GANTRY_OK);
    assert_int_equal(
        ops->sync(bench->device, &bench->input, 17, BYTES - 16, GANTRY_SYNC_TO_DEVICE, &error),
        GANTRY_ERR_ARGUMENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    CASE(device_model__runs_a_program),
    CASE(device_model__buffers_have_addresses_beyond_32_bits_of_their_own),
    CASE(device_model__reports_errors_of_a_program_and_runs_the_next),
    CASE(device_model__refuses_addresses_of_no_buffer),
    CASE(device_model__waits_only_for_a_launch),
    CASE(device_model__syncs_only_inside_a_buffer),
};
GANTRY_TEST_MAIN("device_model", tests)
