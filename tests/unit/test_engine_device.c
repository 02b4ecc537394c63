/* SPDX-License-Identifier: Apache-2.0
 * The engine with a device that counts cycles, loses trace records and fails when it is told to:
 * the C model behind operations of this test. */
#include "engine_fixture.h"

#include <string.h>

#include "runtime/engine_internal.h"

enum { BUFFERS_MAX = 32, CONV_CYCLES = 10, END_CYCLES = 7, QUEUE_COMPUTE = 2 };

static struct {
    struct gantry_device_buffer buffers[BUFFERS_MAX];
    size_t count;
    struct gantry_launch launch;
    enum gantry_status next_wait; /* other than OK: what the next wait ends with */
    bool drop_record, times;      /* times: the device has these instead of cycles */
    uint64_t cycles;
    int resets;
} spy;

static enum gantry_status spy_alloc(struct gantry_device *device, size_t bytes,
                                    enum gantry_buffer_role role, struct gantry_device_buffer *out,
                                    struct gantry_error *error)
{
    enum gantry_status status = gantry_device_model_ops.alloc(device, bytes, role, out, error);
    assert_true(spy.count < BUFFERS_MAX);
    if (status == GANTRY_OK) spy.buffers[spy.count++] = *out;
    return status;
}

static uint8_t *host_of(uint64_t address)
{
    for (size_t i = 0; i < spy.count; i++)
        if (spy.buffers[i].address == address) return spy.buffers[i].host;
    fail_msg("no buffer at that address");
    return NULL;
}

static enum gantry_status spy_submit(struct gantry_device *device,
                                     const struct gantry_launch *launch, struct gantry_error *error)
{
    spy.launch = *launch;
    return gantry_device_model_ops.submit(device, launch, error);
}

/* A record per instruction and run, in program order; END owns cycles in the last run only. */
static void write_trace(void)
{
    uint8_t *trace = host_of(spy.launch.trace), *program = host_of(spy.launch.program);
    uint32_t records = spy.launch.insn_count * spy.launch.repeat;
    spy.cycles = 0;
    assert_true(spy.launch.trace_bytes >= records * GANTRY_TRACE_BYTES);
    for (uint32_t n = 0; n < records; n++) {
        uint32_t i = n % spy.launch.insn_count;
        bool last = n + 1 == records;
        struct gantry_insn insn;
        gantry_insn_from_bytes(&insn, program + (size_t)i * GANTRY_INSN_BYTES);
        uint32_t opcode = (uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE);
        bool compute = opcode == GANTRY_INSN_CONV || opcode == GANTRY_INSN_SYNC;
        uint32_t cycles = compute ? CONV_CYCLES : last ? END_CYCLES : 0;
        uint8_t *record = trace + (size_t)n * GANTRY_TRACE_BYTES;
        if (spy.drop_record && last) continue;
        memset(record, 0, GANTRY_TRACE_BYTES);
        gantry_store_u32(record + 4 * GANTRY_TRACE_INDEX_WORD, i);
        gantry_store_u32(record + 4 * GANTRY_TRACE_OPCODE_WORD,
                         opcode << GANTRY_TRACE_OPCODE_LSB | (compute ? QUEUE_COMPUTE : 0u)
                                                                 << GANTRY_TRACE_QUEUE_LSB);
        gantry_store_u64(record + 4 * GANTRY_TRACE_START_WORD, spy.cycles);
        spy.cycles += cycles;
        gantry_store_u64(record + 4 * GANTRY_TRACE_END_WORD, spy.cycles);
        if (!spy.times)
            gantry_store_u32(record + 4 * (GANTRY_TRACE_STALL0_WORD + GANTRY_STALL_BUSY), cycles);
    }
}

static enum gantry_status spy_wait(struct gantry_device *device, uint32_t timeout_ms,
                                   struct gantry_error *error)
{
    enum gantry_status wanted = spy.next_wait;
    spy.next_wait = GANTRY_OK;
    enum gantry_status status = gantry_device_model_ops.wait(device, timeout_ms, error);
    if (wanted != GANTRY_OK) return gantry_fail(error, wanted, "spy: told to fail");
    if (status == GANTRY_OK && spy.launch.trace_on) write_trace();
    return status;
}

static enum gantry_status spy_counters(struct gantry_device *device, struct gantry_counters *out,
                                       struct gantry_error *error)
{
    enum gantry_status status = gantry_device_model_ops.counters(device, out, error);
    out->cycles = out->stall[GANTRY_STALL_BUSY] = spy.times ? 0 : spy.cycles;
    out->read_bytes = 4096;
    out->write_bytes = 64;
    return status;
}

static enum gantry_status spy_reset(struct gantry_device *device, struct gantry_error *error)
{
    spy.resets++;
    return gantry_device_model_ops.reset(device, error);
}

static struct gantry_device_ops spy_ops;

/* The digit network on the model device, with the operations above. */
static void open_spied_as(struct engine_fixture *fixture, bool times)
{
    struct gantry_error error = {0};
    memset(&spy, 0, sizeof spy);
    engine_fixture_open(fixture, "model", NULL);
    spy_ops = gantry_device_model_ops;
    spy_ops.alloc = spy_alloc;
    spy_ops.submit = spy_submit;
    spy_ops.wait = spy_wait;
    spy_ops.counters = spy_counters;
    spy_ops.reset = spy_reset;
    gantry_engine_destroy(fixture->engine);
    fixture->device->ops = &spy_ops;
    spy.times = fixture->device->info.has_times = times;
    fixture->device->info.has_cycles = !times;
    assert_int_equal(
        gantry_engine_create(&fixture->engine, fixture->plan, fixture->device, NULL, &error),
        GANTRY_OK);
}

static void open_spied(struct engine_fixture *fixture) { open_spied_as(fixture, false); }

static void engine__node_cycles_sum_to_the_launches(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    open_spied(&fixture);
    for (int run = 0; run < 2; run++) {
        engine_fixture_run(&fixture);
        const struct gantry_profile *profile = gantry_engine_profile(fixture.engine);
        uint64_t cycles = 0;
        for (size_t i = 0; i < profile->node_count; i++) {
            uint64_t stalls = 0;
            for (int k = 0; k < GANTRY_PROFILE_STALLS; k++) stalls += profile->nodes[i].stalls[k];
            assert_int_equal(stalls, profile->nodes[i].cycles);
            cycles += profile->nodes[i].cycles;
            if (!profile->nodes[i].accelerator) assert_int_equal(profile->nodes[i].cycles, 0);
        }
        assert_true(cycles > 0);
        assert_int_equal(cycles, profile->accelerator_cycles);
        assert_int_equal(profile->nodes[profile->node_count - 1].cycles, END_CYCLES);
        assert_int_equal(profile->ddr_read_bytes, 4096 * profile->launches);
        assert_false(profile->trace_lost);
    }
    engine_fixture_close(&fixture);
}

static void engine__node_cycles_of_a_batch_are_sums(void **state)
{
    (void)state;
    enum { COUNT = 3 };
    struct engine_fixture fixture = {0};
    struct gantry_error error = {0};
    struct gantry_engine_options options = GANTRY_ENGINE_OPTIONS_INIT;
    uint64_t one[GANTRY_COUNT(spy.buffers)], cycles = 0;
    open_spied(&fixture);
    gantry_engine_destroy(fixture.engine);
    options.batch = COUNT;
    assert_int_equal(
        gantry_engine_create(&fixture.engine, fixture.plan, fixture.device, &options, &error),
        GANTRY_OK);
    engine_fixture_run(&fixture);
    const struct gantry_profile *profile = gantry_engine_profile(fixture.engine);
    size_t nodes = profile->node_count;
    assert_true(nodes <= GANTRY_COUNT(one));
    for (size_t i = 0; i < nodes; i++) one[i] = profile->nodes[i].cycles;
    const struct gantry_tensor inputs[] = {fixture.input, fixture.input, fixture.input};
    struct gantry_tensor outputs[] = {fixture.output, fixture.output, fixture.output};
    assert_int_equal(gantry_engine_run_batch(fixture.engine, COUNT, inputs, outputs, 60000, &error),
                     GANTRY_OK);
    assert_false(profile->trace_lost);
    for (size_t i = 0; i < nodes; i++) {
        bool tail = i + 1 == nodes; /* @store: the end of the launch */
        assert_int_equal(profile->nodes[i].cycles, tail ? END_CYCLES : COUNT * one[i]);
        cycles += profile->nodes[i].cycles;
    }
    assert_int_equal(cycles, profile->accelerator_cycles);
    engine_fixture_close(&fixture);
}

static void engine__a_node_has_a_window_of_cycles(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    uint64_t from = 0, to = 0, next_from = 0, next_to = 0;
    open_spied(&fixture);
    engine_fixture_run(&fixture);
    assert_true(gantry_engine_node_window(fixture.engine, 0, &from, &to));
    assert_true(to >= from + CONV_CYCLES);
    assert_true(gantry_engine_node_window(fixture.engine, 1, &next_from, &next_to));
    assert_true(next_from >= to);
    int32_t last = gantry_model_graph(fixture.model)->node_count - 1; /* SOFTMAX on the CPU */
    assert_false(gantry_engine_node_window(fixture.engine, last, &from, &to));
    engine_fixture_close(&fixture);
}

static void engine__times_of_a_device_belong_to_its_nodes(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    uint64_t from = 0, to = 0;
    open_spied_as(&fixture, true);
    for (int run = 0; run < 2; run++) {
        engine_fixture_run(&fixture);
        const struct gantry_profile *profile = gantry_engine_profile(fixture.engine);
        uint64_t ns = 0;
        assert_true(profile->has_times && !profile->has_cycles && !profile->trace_lost);
        for (size_t i = 0; i < profile->node_count; i++) {
            const struct gantry_profile_node *node = &profile->nodes[i];
            ns += node->device_ns;
            assert_int_equal(node->cycles, 0);
            if (!node->accelerator) assert_int_equal(node->device_ns, 0);
        }
        assert_true(profile->nodes[0].device_ns >= CONV_CYCLES);
        assert_int_equal(profile->nodes[profile->node_count - 1].device_ns, END_CYCLES);
        assert_int_equal(ns, spy.cycles); /* records follow each other without gaps here */
        assert_int_equal(profile->device_ns, spy.cycles);
        assert_int_equal(profile->segments[0].device_ns, spy.cycles);
    }
    assert_false(gantry_engine_node_window(fixture.engine, 0, &from, &to));
    engine_fixture_close(&fixture);
}

static void engine__a_lost_record_is_told(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    open_spied(&fixture);
    spy.drop_record = true;
    engine_fixture_run(&fixture);
    assert_true(gantry_engine_profile(fixture.engine)->trace_lost);
    spy.drop_record = false;
    engine_fixture_run(&fixture);
    assert_false(gantry_engine_profile(fixture.engine)->trace_lost);
    engine_fixture_close(&fixture);
}

static void engine__a_failure_resets_the_device_and_the_next_run_is_right(void **state)
{
    (void)state;
    static const enum gantry_status failures[] = {GANTRY_ERR_TIMEOUT, GANTRY_ERR_DEVICE};
    struct engine_fixture fixture = {0};
    struct gantry_error error = {0};
    uint8_t wanted[64];
    open_spied(&fixture);
    assert_true(fixture.output.bytes <= sizeof wanted);
    engine_fixture_run(&fixture);
    memcpy(wanted, fixture.output.data, fixture.output.bytes);
    for (int i = 0; i < 2; i++) {
        spy.next_wait = failures[i];
        assert_int_equal(
            gantry_engine_run(fixture.engine, &fixture.input, &fixture.output, 1000, &error),
            failures[i]);
        assert_string_equal(error.message, "spy: told to fail");
        assert_int_equal(spy.resets, i + 1);
        memset(fixture.output.data, 0, fixture.output.bytes);
        engine_fixture_run(&fixture);
        assert_memory_equal(fixture.output.data, wanted, fixture.output.bytes);
    }
    engine_fixture_close(&fixture);
}

static void engine__the_watchdog_of_the_device_reaches_the_launch(void **state)
{
    (void)state;
    struct engine_fixture fixture = {0};
    open_spied(&fixture);
    engine_fixture_run(&fixture);
    assert_int_equal(spy.launch.watchdog_cycles, 1000000);
    engine_fixture_close(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(engine__node_cycles_sum_to_the_launches),
    cmocka_unit_test(engine__node_cycles_of_a_batch_are_sums),
    cmocka_unit_test(engine__a_node_has_a_window_of_cycles),
    cmocka_unit_test(engine__times_of_a_device_belong_to_its_nodes),
    cmocka_unit_test(engine__a_lost_record_is_told),
    cmocka_unit_test(engine__a_failure_resets_the_device_and_the_next_run_is_right),
    cmocka_unit_test(engine__the_watchdog_of_the_device_reaches_the_launch),
};

GANTRY_TEST_MAIN("engine_device", tests)
