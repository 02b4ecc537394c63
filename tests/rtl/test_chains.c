/* SPDX-License-Identifier: Apache-2.0
 * Random programs on the RTL against the C model and against plain loops: memory, activation RAM
 * and counters. Every chain has its own random stalls and latencies and one of the two memory
 * models; every class of layers that chain_cover.h names must occur.
 *
 * TEST_LAYERS is how many layers run, the same share on each configuration. GANTRY_SEED is the
 * first chain's seed. GANTRY_CHAINS, when set, is how many chains run on each configuration
 * instead; a failure prints the seed that repeats it. */
#include "test.h"

#include <inttypes.h>

#include "chain_cover.h"
#include "chain_run.h"
#include "sim/device_sim.h"

enum { CORES_MAX = 8 };

static struct gantry_chain_cover cover;

static struct gantry_device *open_device(const char *config, uint64_t seed)
{
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_device *device = NULL;
    struct gantry_error error = {0};
    options.memory = seed % 2 ? "kv260" : "ideal";
    options.stall_seed = seed % 8 ? seed : 0; /* now and then full speed */
    gantry_chain_cover_hit(&cover, GANTRY_CHAIN_COVER_MEMORY, seed % 2 == 0);
    gantry_chain_cover_hit(&cover, GANTRY_CHAIN_COVER_STALLS, seed % 8 != 0);
    if (gantry_device_sim_ops.open(&device, config, &options, &error))
        fail_msg("%s", error.message);
    return device;
}

/* Classes sum to the cycles; the trace records, when none was lost, to every class. */
static uint64_t check_counters(struct chain_run *run)
{
    struct gantry_counters counters;
    struct gantry_error error = {0};
    uint64_t sum = 0, traced[GANTRY_STALL_CLASSES] = {0};
    if (run->device->ops->counters(run->device, &counters, &error))
        chain_run_stop(run, error.message);
    for (int c = 0; c < GANTRY_STALL_CLASSES; c++) sum += counters.stall[c];
    if (sum != counters.cycles) chain_run_stop(run, "classes do not sum to the cycles");
    if (counters.insn_done != run->chain.insn_count * run->chain.repeat)
        chain_run_stop(run, "wrong count of finished instructions");
    if (counters.trace_lost || counters.insn_done > CHAIN_RUN_RECORDS) return sum;
    for (uint32_t i = 0; i < counters.insn_done; i++)
        for (uint32_t c = 0; c < GANTRY_STALL_CLASSES; c++)
            traced[c] += gantry_load_u32(run->trace.host + (size_t)i * GANTRY_TRACE_BYTES +
                                         4 * (GANTRY_TRACE_STALL0_WORD + c));
    for (int c = 0; c < GANTRY_STALL_CLASSES; c++)
        if (traced[c] != counters.stall[c])
            chain_run_stop(run, "trace records do not sum to the counters");
    return sum;
}

static uint64_t run_chain(const char *config, uint64_t seed)
{
    struct chain_run run;
    struct gantry_device *device = open_device(config, seed);
    chain_run_make(&run, config, seed);
    gantry_chain_cover_add(&cover, &run.chain);
    chain_run_open(&run, device);
    chain_run_all(&run);
    uint64_t cycles = check_counters(&run);
    chain_run_compare_activations(&run);
    chain_run_close(&run);
    device->ops->close(device);
    return cycles;
}

static void chains__equal_the_model(void **state)
{
    const char *config = ((const struct gantry_sim_core *)*state)->config;
    uint64_t seed = chain_run_number("GANTRY_SEED", 1),
             chains = chain_run_number("GANTRY_CHAINS", 0);
    uint64_t before = cover.layers, count = 0, cycles = 0, cores = 0;
    while (gantry_sim_cores[cores]) cores++;
    while (chains ? count < chains : (cover.layers - before) * cores < TEST_LAYERS)
        cycles += run_chain(config, seed + count++);
    print_message("sim:%s: GANTRY_SEED=%" PRIu64 " to %" PRIu64 ": %" PRIu64 " layers, %" PRIu64
                  " cycles\n",
                  config, seed, seed + count - 1, cover.layers - before, cycles);
}

static void chains__hold_every_class_of_layers(void **state)
{
    (void)state;
    int empty = gantry_chain_cover_print(&cover);
    if (getenv("GANTRY_SEED") || getenv("GANTRY_CHAINS"))
        gantry_test_skip("chosen chains need not hold every class");
    if (empty) fail_msg("%d classes have no case", empty);
}

int main(void)
{
    static char names[CORES_MAX][64];
    struct CMUnitTest tests[CORES_MAX + 1] = {{0}};
    size_t count = 0;
    for (; gantry_sim_cores[count]; count++) {
        snprintf(names[count], sizeof names[count], "chains__%s_equals_the_model",
                 gantry_sim_cores[count]->config);
        /* Cores are constants; cmocka's state is not. */
        union {
            const struct gantry_sim_core *core;
            void *state;
        } core = {gantry_sim_cores[count]};
        tests[count] = (struct CMUnitTest){.name = names[count],
                                           .test_func = chains__equal_the_model,
                                           .initial_state = core.state};
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(chains__hold_every_class_of_layers);
    return gantry_test_result(_cmocka_run_group_tests("chains", tests, count, NULL, NULL), count);
}
