/* SPDX-License-Identifier: Apache-2.0
 * Tests of how the simulated device ends launches that fail: cause, instruction, and that the next
 * launch is good. */
#include "test.h"

#include <string.h>

#include "sim/device_sim.h"
#include "test_device_sim_rig.h"

static const struct rig_sizes sizes = {4096, 16384, 16384, 200};

enum { LOAD_AT, CONV_AT, STORE_AT, END_AT };

/* LOAD, CONV, STORE, END. */
static void good_program(struct rig *rig)
{
    struct rig_tensor in = {0, 6, 10, 1}, out = {64, 6, 10, 1};
    rig_clear(rig);
    rig_set(rig_load(rig, &in, 0), GANTRY_COMMON_SIGNAL, 1);
    struct gantry_insn *conv = rig_conv(rig, &in, &out, 3, 15);
    rig_set(conv, GANTRY_COMMON_WAIT, 1);
    rig_set(conv, GANTRY_COMMON_SIGNAL, 2);
    rig_set(rig_store(rig, &out, 0), GANTRY_COMMON_WAIT, 2);
    rig_end(rig);
}

static void open_good(struct rig *rig)
{
    rig_open(rig, "unit", NULL, &sizes);
    good_program(rig);
}

/* The message says the cause; the case of its first letter is the message's affair. */
static void expect_words(const struct gantry_error *error, enum gantry_cause cause)
{
    const char *sentence = gantry_cause_sentence(cause);
    if (!strstr(error->message, sentence + 1))
        fail_msg("'%s' does not say '%s'", error->message, sentence);
}

/* The launch fails with the cause, in registers and in words; then a good one follows. */
static void expect_fault(struct rig *rig, enum gantry_cause cause, enum gantry_unit unit,
                         uint32_t insn)
{
    struct gantry_error error = {0};
    assert_int_equal(rig_run(rig, &error), GANTRY_ERR_DEVICE);
    expect_words(&error, cause);
    uint32_t value = rig_register(rig, GANTRY_REG_ERROR);
    assert_int_equal(value & 0xFF, cause);
    assert_int_equal(value >> 8 & 0xF, unit);
    assert_int_equal(rig_register(rig, GANTRY_REG_ERROR_INSN), insn);
    assert_int_equal(rig_register(rig, GANTRY_REG_STATUS) & 3, 2); /* aborted, not running */
    rig_check_classes(rig);
}

static void expect_good(struct rig *rig)
{
    good_program(rig);
    rig_run_and_compare(rig);
    assert_int_equal(rig_register(rig, GANTRY_REG_ERROR), 0);
    assert_int_equal(rig_register(rig, GANTRY_REG_STATUS) & 3, 0);
}

/* The same, and the C model ends the launch with the same cause, unit and instruction. */
static void expect_fault_as_model(struct rig *rig, enum gantry_cause cause)
{
    struct gantry_accel_result result = rig_run_model(rig);
    assert_int_equal(result.cause, cause);
    expect_fault(rig, cause, result.unit, result.insn);
    uint64_t info = rig_register(rig, GANTRY_REG_ERROR_INFO) |
                    (uint64_t)rig_register(rig, GANTRY_REG_ERROR_INFO_HI) << 32;
    assert_int_equal(info, result.info);
    expect_good(rig);
}

/* ---- Programs that are not legal ---- */

static void device_sim__reports_a_bad_opcode(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig.insn[STORE_AT].word[0] = 63;
    expect_fault_as_model(&rig, GANTRY_CAUSE_BAD_OPCODE);
    good_program(&rig);
    rig.insn[LOAD_AT].word[0] = 7;
    expect_fault_as_model(&rig, GANTRY_CAUSE_BAD_OPCODE);
    rig_close(&rig);
}

static void device_sim__reports_reserved_bits(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig.insn[LOAD_AT].word[15] = 0x80000000U;
    expect_fault_as_model(&rig, GANTRY_CAUSE_RESERVED_BITS);
    good_program(&rig);
    rig.insn[END_AT].word[2] = 1;
    expect_fault_as_model(&rig, GANTRY_CAUSE_RESERVED_BITS);
    rig_close(&rig);
}

static void device_sim__reports_what_the_hardware_lacks(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig_set(&rig.insn[CONV_AT], GANTRY_CONV_LOG2_M, 2); /* m = 4 > G = 2 */
    expect_fault_as_model(&rig, GANTRY_CAUSE_FIELD_RANGE);
    good_program(&rig);
    memset(&rig.insn[CONV_AT], 0, sizeof rig.insn[CONV_AT]);
    rig_set(&rig.insn[CONV_AT], GANTRY_COMMON_OPCODE, GANTRY_INSN_WINDOW);
    expect_fault_as_model(&rig, GANTRY_CAUSE_FIELD_RANGE);
    rig_close(&rig);
}

static void device_sim__reports_addresses_beyond_buffers(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig_set(&rig.insn[STORE_AT], GANTRY_STORE_OFFSET, 16384 - 16);
    expect_fault_as_model(&rig, GANTRY_CAUSE_DDR_RANGE);
    good_program(&rig);
    rig_set(&rig.insn[LOAD_AT], GANTRY_LOAD_OFFSET, 16384 - 6 * 160 + 1);
    expect_fault_as_model(&rig, GANTRY_CAUSE_DDR_RANGE);
    good_program(&rig);
    rig_set(&rig.insn[LOAD_AT], GANTRY_LOAD_OFFSET, UINT32_MAX - 15);
    expect_fault_as_model(&rig, GANTRY_CAUSE_DDR_RANGE);
    rig_close(&rig);
}

static void device_sim__reports_activation_rows_beyond_the_memory(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig_set(&rig.insn[LOAD_AT], GANTRY_LOAD_BASE, 512 - 8);
    expect_fault_as_model(&rig, GANTRY_CAUSE_ACT_RANGE);
    good_program(&rig);
    rig_set(&rig.insn[CONV_AT], GANTRY_CONV_OUT_BASE, 512 - 8);
    expect_fault_as_model(&rig, GANTRY_CAUSE_ACT_RANGE);
    good_program(&rig);
    rig_set(&rig.insn[CONV_AT], GANTRY_CONV_IN_BASE, 512 - 8);
    expect_fault_as_model(&rig, GANTRY_CAUSE_ACT_RANGE);
    good_program(&rig);
    rig_set(&rig.insn[STORE_AT], GANTRY_STORE_BASE, 512 - 8);
    expect_fault_as_model(&rig, GANTRY_CAUSE_ACT_RANGE);
    rig_close(&rig);
}

static void device_sim__reports_a_program_without_end(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig.launch.insn_count = END_AT;
    expect_fault_as_model(&rig, GANTRY_CAUSE_NO_END);
    rig_close(&rig);
}

static void device_sim__reports_a_weight_stream_that_is_too_short(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig.launch.wgt_lines = 7;
    /* The hardware knows the lines that there are, the model also those that are needed. */
    assert_int_equal(rig_run_model(&rig).cause, GANTRY_CAUSE_WEIGHTS_EXHAUSTED);
    expect_fault(&rig, GANTRY_CAUSE_WEIGHTS_EXHAUSTED, GANTRY_UNIT_WEIGHT, CONV_AT);
    assert_int_equal(rig_register(&rig, GANTRY_REG_ERROR_INFO), 7);
    expect_good(&rig);
    rig_close(&rig);
}

static void device_sim__reports_semaphores_that_do_not_balance(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    rig_set(&rig.insn[STORE_AT], GANTRY_COMMON_SIGNAL, 1 << 9);
    expect_fault_as_model(&rig, GANTRY_CAUSE_SEMAPHORE);
    good_program(&rig);
    rig.launch.sem_init = UINT64_C(0xF) << 36; /* semaphore 9 is full */
    rig_set(&rig.insn[STORE_AT], GANTRY_COMMON_SIGNAL, 1 << 9);
    expect_fault_as_model(&rig, GANTRY_CAUSE_SEMAPHORE);
    rig_close(&rig);
}

/* ---- Memory that answers with errors ---- */

struct bus_fault {
    size_t buffer; /* offset in struct rig */
    enum gantry_unit unit;
    uint32_t insn;
    bool writes;
};
#define BUFFER(name) offsetof(struct rig, name)
static const struct bus_fault bus_faults[] = {
    {BUFFER(program), GANTRY_UNIT_FETCH, 0, false}, {BUFFER(weights), GANTRY_UNIT_WEIGHT, 0, false},
    {BUFFER(input), GANTRY_UNIT_LOAD, 0, false},    {BUFFER(output), GANTRY_UNIT_STORE, 2, true},
    {BUFFER(trace), GANTRY_UNIT_TRACER, 0, true},
};

static const struct gantry_device_buffer *buffer_of(const struct rig *rig, size_t offset)
{
    return (const void *)((const char *)rig + offset);
}

/* Which instruction is under way when a stream fails is a matter of time, so only LOAD and STORE
 * are asked for it. */
static void expect_bus_fault(struct rig *rig, const struct bus_fault *fault,
                             enum gantry_cause cause)
{
    struct gantry_error error = {0};
    assert_int_equal(rig_run(rig, &error), GANTRY_ERR_DEVICE);
    expect_words(&error, cause);
    uint32_t value = rig_register(rig, GANTRY_REG_ERROR);
    assert_int_equal(value & 0xFF, cause);
    assert_int_equal(value >> 8 & 0xF, fault->unit);
    if (fault->unit == GANTRY_UNIT_LOAD || fault->unit == GANTRY_UNIT_STORE)
        assert_int_equal(rig_register(rig, GANTRY_REG_ERROR_INSN), fault->insn);
}

static void device_sim__reports_slverr_of_every_unit(void **state)
{
    (void)state;
    for (size_t i = 0; i < GANTRY_COUNT(bus_faults); i++) {
        struct rig rig;
        open_good(&rig);
        struct gantry_ddr *ddr = gantry_device_sim_bench(rig.device)->ddr;
        uint64_t address = buffer_of(&rig, bus_faults[i].buffer)->address;
        gantry_ddr_fault(ddr, address, 64, true, true, GANTRY_AXI_SLVERR);
        expect_bus_fault(&rig, &bus_faults[i],
                         bus_faults[i].writes ? GANTRY_CAUSE_WRITE_SLVERR
                                              : GANTRY_CAUSE_READ_SLVERR);
        gantry_ddr_fault(ddr, address, 0, true, true, GANTRY_AXI_SLVERR);
        expect_good(&rig);
        rig_close(&rig);
    }
}

static void device_sim__reports_decerr_of_every_unit(void **state)
{
    (void)state;
    const uint64_t nowhere = UINT64_C(0x7F0000000);
    for (size_t i = 0; i < GANTRY_COUNT(bus_faults); i++) {
        struct rig rig;
        open_good(&rig);
        uint64_t *const registers[] = {&rig.launch.program, &rig.launch.weights, &rig.launch.input,
                                       &rig.launch.output, &rig.launch.trace};
        *registers[i] = nowhere;
        expect_bus_fault(&rig, &bus_faults[i],
                         bus_faults[i].writes ? GANTRY_CAUSE_WRITE_DECERR
                                              : GANTRY_CAUSE_READ_DECERR);
        expect_good(&rig);
        rig_close(&rig);
    }
}

/* ---- Launches that do not end on their own ---- */

static void device_sim__watchdog_ends_a_semaphore_deadlock(void **state)
{
    (void)state;
    for (uint32_t at = LOAD_AT; at <= STORE_AT; at++) {
        struct rig rig;
        open_good(&rig);
        rig_set(&rig.insn[at], GANTRY_COMMON_WAIT, 1 << 12); /* nobody signals it */
        rig.launch.watchdog_cycles = 3000;
        assert_int_equal(rig_run_model(&rig).cause, GANTRY_CAUSE_WATCHDOG);
        struct gantry_error error = {0};
        assert_int_equal(rig_run(&rig, &error), GANTRY_ERR_DEVICE);
        expect_words(&error, GANTRY_CAUSE_WATCHDOG);
        uint64_t cycles = rig_counters(&rig).cycles;
        assert_true(cycles > 3000 && cycles < 8000);
        expect_good(&rig);
        rig_close(&rig);
    }
}

static void device_sim__time_limit_aborts_and_the_next_launch_is_good(void **state)
{
    (void)state;
    struct rig rig;
    open_good(&rig);
    for (int i = 0; i < 3; i++) {
        struct gantry_error error = {0};
        good_program(&rig);
        rig_set(&rig.insn[i], GANTRY_COMMON_WAIT, 1 << 12);
        rig.launch.watchdog_cycles = 0;
        assert_int_equal(rig_submit(&rig, &error), GANTRY_OK);
        assert_int_equal(rig.device->ops->submit(rig.device, &rig.launch, &error),
                         GANTRY_ERR_ARGUMENT); /* under way */
        assert_int_equal(rig.device->ops->wait(rig.device, 20, &error), GANTRY_ERR_TIMEOUT);
        assert_non_null(strstr(error.message, "20 ms"));
        assert_int_equal(rig_register(&rig, GANTRY_REG_ERROR) & 0xFF, GANTRY_CAUSE_ABORTED);
        expect_good(&rig);
    }
    rig_close(&rig);
}

/* ABORT in any cycle leaves the device ready for the next launch. */
static void device_sim__abort_at_any_time_is_followed_by_a_good_launch(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
        struct rig rig;
        options.stall_seed = seed;
        rig_open(&rig, "unit", &options, &sizes);
        struct gantry_sim_bench *bench = gantry_device_sim_bench(rig.device);
        for (int delay = 0; delay < 1400; delay += 23) {
            struct gantry_error error = {0};
            good_program(&rig);
            assert_int_equal(rig_submit(&rig, &error), GANTRY_OK);
            for (int i = 0; i < delay; i++) gantry_sim_chip_cycle(bench->chip);
            bool over = bench->pins.interrupt;
            assert_true(gantry_sim_bench_write(bench, GANTRY_REG_ABORT, 1));
            enum gantry_status status = rig.device->ops->wait(rig.device, 60000, &error);
            /* The launch may end in the cycles of the register write. */
            if (over) assert_int_equal(status, GANTRY_OK);
            if (status)
                assert_int_equal(rig_register(&rig, GANTRY_REG_ERROR) & 0xFF, GANTRY_CAUSE_ABORTED);
            expect_good(&rig);
        }
        rig_close(&rig);
    }
}

static void device_sim__port_that_never_answers_is_reset(void **state)
{
    (void)state;
    static const unsigned channels[] = {GANTRY_DDR_AR, GANTRY_DDR_R, GANTRY_DDR_AW, GANTRY_DDR_W,
                                        GANTRY_DDR_B};
    for (size_t i = 0; i < GANTRY_COUNT(channels); i++) {
        struct gantry_error error = {0};
        struct rig rig;
        open_good(&rig);
        rig.launch.watchdog_cycles = 2000;
        gantry_ddr_stick(gantry_device_sim_bench(rig.device)->ddr, 0, channels[i]);
        assert_int_equal(rig_run(&rig, &error), GANTRY_ERR_DEVICE);
        expect_words(&error, GANTRY_CAUSE_WATCHDOG);
        assert_non_null(strstr(error.hint, "does not answer"));
        expect_good(&rig);
        rig_close(&rig);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(device_sim__reports_a_bad_opcode),
    cmocka_unit_test(device_sim__reports_reserved_bits),
    cmocka_unit_test(device_sim__reports_what_the_hardware_lacks),
    cmocka_unit_test(device_sim__reports_addresses_beyond_buffers),
    cmocka_unit_test(device_sim__reports_activation_rows_beyond_the_memory),
    cmocka_unit_test(device_sim__reports_a_program_without_end),
    cmocka_unit_test(device_sim__reports_a_weight_stream_that_is_too_short),
    cmocka_unit_test(device_sim__reports_semaphores_that_do_not_balance),
    cmocka_unit_test(device_sim__reports_slverr_of_every_unit),
    cmocka_unit_test(device_sim__reports_decerr_of_every_unit),
    cmocka_unit_test(device_sim__watchdog_ends_a_semaphore_deadlock),
    cmocka_unit_test(device_sim__time_limit_aborts_and_the_next_launch_is_good),
    cmocka_unit_test(device_sim__abort_at_any_time_is_followed_by_a_good_launch),
    cmocka_unit_test(device_sim__port_that_never_answers_is_reset),
};

GANTRY_TEST_MAIN("device_sim_faults", tests)
