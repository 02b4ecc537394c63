/* SPDX-License-Identifier: Apache-2.0
 * Random networks, planned and run on the RTL, against the reference kernels of the CPU.
 *
 * TEST_NETWORKS run on each configuration, with random stalls and either memory model; GANTRY_SEED
 * is the first network's seed. */
#include <inttypes.h>
#include <string.h>

#include "random_net.h"
#include "sim/device_sim.h"
#include "test.h"

enum { CORES_MAX = 8, TIMEOUT_MS = 60000, WATCHDOG_CYCLES = 100000, BUFFERS = 5 };

struct bench {
    struct gantry_device *device;
    const char *config;
    uint64_t seed, launches;
};

static void stop(const struct bench *bench, const char *what)
{
    fail_msg("sim:%s: GANTRY_SEED=%" PRIu64 ": %s", bench->config, bench->seed, what);
}

/* Device memory with a copy of the bytes. */
static struct gantry_device_buffer place(struct bench *bench, const uint8_t *from, size_t bytes)
{
    struct gantry_device_buffer buffer = {0};
    struct gantry_error error = {0};
    struct gantry_device *device = bench->device;
    if (device->ops->alloc(device, bytes ? bytes : 16, GANTRY_ROLE_ARENA, &buffer, &error))
        stop(bench, error.message);
    if (bytes) memcpy(buffer.host, from, bytes);
    return buffer;
}

static void launch(void *context, const struct gantry_plan_segment *segment,
                   uint8_t *const buffers[3], const size_t bytes[3])
{
    struct bench *bench = context;
    const struct gantry_device_ops *ops = bench->device->ops;
    struct gantry_error error = {0};
    struct gantry_device_buffer memory[BUFFERS];
    for (int i = 0; i < 3; i++) memory[i] = place(bench, buffers[i], bytes[i]);
    memory[3] = place(bench, segment->program, (size_t)segment->insn_count * GANTRY_INSN_BYTES);
    memory[4] = place(bench, segment->weights, segment->weights_bytes);
    struct gantry_launch registers = {
        .program = memory[3].address,
        .weights = memory[4].address,
        .arena = memory[GANTRY_BUFFER_ARENA].address,
        .input = memory[GANTRY_BUFFER_INPUT].address,
        .output = memory[GANTRY_BUFFER_OUTPUT].address,
        .insn_count = segment->insn_count,
        .wgt_lines = segment->wgt_lines,
        .arena_bytes = (uint32_t)bytes[GANTRY_BUFFER_ARENA],
        .input_bytes = (uint32_t)bytes[GANTRY_BUFFER_INPUT],
        .output_bytes = (uint32_t)bytes[GANTRY_BUFFER_OUTPUT],
        .repeat = 1,
        .sem_init = segment->sem_init,
        .watchdog_cycles = WATCHDOG_CYCLES,
    };
    if (ops->submit(bench->device, &registers, &error) ||
        ops->wait(bench->device, TIMEOUT_MS, &error))
        stop(bench, error.message);
    for (int i = 0; i < 3; i++) memcpy(buffers[i], memory[i].host, bytes[i]);
    for (int i = 0; i < BUFFERS; i++) ops->free(bench->device, &memory[i]);
    bench->launches++;
}

static uint64_t run_network(const char *config, uint64_t seed)
{
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_array_params params;
    struct gantry_error error = {0};
    struct bench bench = {.config = config, .seed = seed};
    struct plan_launcher launcher = {launch, &bench};
    struct net net;
    struct graph_run values;
    options.memory = seed % 2 ? "kv260" : "ideal";
    options.stall_seed = seed % 8 ? seed : 0; /* now and then full speed */
    assert_true(gantry_array_params_named(config, &params));
    if (gantry_device_sim_ops.open(&bench.device, config, &options, &error))
        stop(&bench, error.message);
    random_net(&net, seed);
    net_reference(&values, &net.graph, seed);
    struct gantry_plan *plan = plan_for(&net.graph, &params, seed % 3 == 0);
    plan_launch_and_compare(plan, &values, &launcher);
    gantry_plan_destroy(plan);
    graph_run_finish(&values);
    net_finish(&net);
    bench.device->ops->close(bench.device);
    return bench.launches;
}

static void plans__equal_the_kernels(void **state)
{
    const char *config = ((const struct gantry_sim_core *)*state)->config;
    const char *text = getenv("GANTRY_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 1, launches = 0;
    for (uint64_t i = 0; i < TEST_NETWORKS; i++) launches += run_network(config, seed + i);
    print_message("sim:%s: %d networks from GANTRY_SEED=%" PRIu64 ", %" PRIu64 " launches\n",
                  config, TEST_NETWORKS, seed, launches);
    assert_true(launches > 0);
}

int main(void)
{
    static char names[CORES_MAX][64];
    struct CMUnitTest tests[CORES_MAX] = {{0}};
    size_t count = 0;
    for (; gantry_sim_cores[count]; count++) {
        snprintf(names[count], sizeof names[count], "plans__%s_equals_the_kernels",
                 gantry_sim_cores[count]->config);
        /* Cores are constants; cmocka's state is not. */
        union {
            const struct gantry_sim_core *core;
            void *state;
        } core = {gantry_sim_cores[count]};
        tests[count] = (struct CMUnitTest){.name = names[count],
                                           .test_func = plans__equal_the_kernels,
                                           .initial_state = core.state};
    }
    return gantry_test_result(_cmocka_run_group_tests("plans", tests, count, NULL, NULL), count);
}
