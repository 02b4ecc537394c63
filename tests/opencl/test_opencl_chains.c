/* SPDX-License-Identifier: Apache-2.0
 * Random programs on OpenCL kernels against the C model and against plain loops: memory and
 * activation RAM. The chains are those of the tests on the RTL.
 *
 * TEST_LAYERS is how many layers run, the same share on each of TEST_CONFIGS. GANTRY_SEED is the
 * first chain's seed. GANTRY_CHAINS, when set, is how many chains run on each configuration
 * instead; a failure prints the seed that repeats it. */
#include "test.h"

#include <inttypes.h>
#include <string.h>

#include "chain_cover.h"
#include "chain_run.h"
#include "internal.h"

static const char *const configs[] = {TEST_CONFIGS};

static struct gantry_device *open_device(const char *config)
{
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_device *device = NULL;
    struct gantry_error error = {0};
    if (gantry_device_opencl_ops.open(&device, config, &options, &error))
        fail_msg("%s", error.message);
    return device;
}

/* A record per instruction, in order of time; those of kernels take some. */
static void check_times(struct chain_run *run)
{
    struct gantry_counters counters;
    struct gantry_error error = {0};
    uint64_t last = 0, kernels = 0;
    if (run->device->ops->counters(run->device, &counters, &error))
        chain_run_stop(run, error.message);
    if (counters.insn_done != run->chain.insn_count * run->chain.repeat)
        chain_run_stop(run, "wrong count of finished instructions");
    if (counters.trace_lost) return;
    for (uint32_t i = 0; i < counters.insn_done; i++) {
        const uint8_t *record = run->trace.host + (size_t)i * GANTRY_TRACE_BYTES;
        uint64_t from = gantry_load_u64(record + 4 * GANTRY_TRACE_START_WORD);
        uint64_t to = gantry_load_u64(record + 4 * GANTRY_TRACE_END_WORD);
        if (gantry_load_u32(record) != i % run->chain.insn_count)
            chain_run_stop(run, "records do not follow the program");
        if (from < last || to < from) chain_run_stop(run, "times do not follow each other");
        kernels += to > from;
        last = to;
    }
    if (kernels == 0) chain_run_stop(run, "nothing took any time");
}

static void run_chain(struct gantry_device *device, const char *config, uint64_t seed,
                      struct gantry_chain_cover *cover)
{
    struct chain_run run;
    chain_run_make(&run, config, seed);
    gantry_chain_cover_add(cover, &run.chain);
    chain_run_open(&run, device);
    chain_run_all(&run);
    check_times(&run);
    chain_run_compare_activations(&run);
    chain_run_close(&run);
}

static void chains__equal_the_model(void **state)
{
    uint64_t seed = chain_run_number("GANTRY_SEED", 1);
    uint64_t chains = chain_run_number("GANTRY_CHAINS", 0);
    (void)state;
    if (gantry_opencl_count() == 0) gantry_test_skip("no OpenCL device is here");
    for (size_t c = 0; c < GANTRY_COUNT(configs); c++) {
        struct gantry_chain_cover cover = {0};
        struct gantry_device *device = open_device(configs[c]);
        uint64_t count = 0;
        while (chains ? count < chains : cover.layers * GANTRY_COUNT(configs) < TEST_LAYERS)
            run_chain(device, configs[c], seed + count++, &cover);
        print_message("%s: GANTRY_SEED=%" PRIu64 " to %" PRIu64 ": %" PRIu64 " layers\n",
                      device->info.name, seed, seed + count - 1, cover.layers);
        device->ops->close(device);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(chains__equal_the_model),
};
GANTRY_TEST_MAIN("opencl_chains", tests)
