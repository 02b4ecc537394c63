/* SPDX-License-Identifier: Apache-2.0
 * Tests of the simulated device: opening, small programs against the C model, counters, module. */
#include "test.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/device_sim.h"
#include "test_device_sim_rig.h"

extern const struct gantry_sim_core gantry_sim_core_unit, TEST_TINY;

/* ---- A device of another specification: answers ID and a wrong hash ---- */

static void *other_create(void)
{
    static int nothing;
    return &nothing;
}
static void other_destroy(void *model) { (void)model; }
static void other_cycle(void *model, struct gantry_sim_pins *pins, bool reset)
{
    (void)model;
    struct gantry_axil_response *r = &pins->control;
    r->rvalid = !reset && pins->host.arvalid;
    r->arready = r->rvalid;
    r->rdata = pins->host.araddr == GANTRY_REG_ID ? (uint32_t)GANTRY_DEVICE_ID : 0x12345678U;
}
static const struct gantry_sim_core other_core = {"other",     other_create, other_destroy,
                                                  other_cycle, NULL,         NULL};

const struct gantry_sim_core *const gantry_sim_cores[] = {
    &gantry_sim_core_unit,
    &TEST_TINY,
    &other_core,
    NULL,
};

static const struct rig_sizes small = {4096, 65536, 65536, 400};
static const char *const configs[] = {"unit", "tiny"};

/* LOAD, 3 x 3 convolution, STORE. */
static void small_program(struct rig *rig)
{
    struct rig_tensor in = {0, 9, 10, 1}, out = {64, 9, 10, 2};
    rig_clear(rig);
    rig_set(rig_load(rig, &in, 0), GANTRY_COMMON_SIGNAL, 1);
    struct gantry_insn *conv = rig_conv(rig, &in, &out, 3, 16);
    rig_set(conv, GANTRY_COMMON_WAIT, 1);
    rig_set(conv, GANTRY_COMMON_SIGNAL, 2);
    rig_set(rig_store(rig, &out, 128), GANTRY_COMMON_WAIT, 2);
    rig_end(rig);
}

/* ---- Opening ---- */

static void device_sim__reports_what_its_registers_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < GANTRY_COUNT(configs); i++) {
        struct rig rig;
        rig_open(&rig, configs[i], NULL, &small);
        const struct gantry_device_info *info = &rig.device->info;
        assert_int_equal(info->g, rig.params.g);
        assert_int_equal(info->act_rows, rig.params.act_rows);
        assert_int_equal(info->ring_lines, rig.params.ring_lines);
        assert_int_equal(info->acc_rows, rig.params.acc_rows);
        assert_int_equal(info->ports, rig.params.ports);
        assert_int_equal(info->window, rig.params.window);
        assert_true(info->spec_hash == GANTRY_SPEC_HASH);
        assert_true(info->accelerator && info->has_cycles);
        assert_int_equal(info->clock_hz, 300000000);
        assert_string_equal(info->memory, "ideal");
        rig_close(&rig);
    }
}

static void expect_refusal(const char *config, const struct gantry_device_options *options,
                           enum gantry_status status, const char *words)
{
    struct gantry_device *device = NULL;
    struct gantry_error error = {0};
    assert_int_equal(gantry_device_sim_ops.open(&device, config, options, &error), status);
    assert_non_null(strstr(error.message, words));
    assert_null(device);
}

static void device_sim__refuses_unknown_names_and_lists_the_known(void **state)
{
    (void)state;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    expect_refusal("huge", &options, GANTRY_ERR_ARGUMENT, "'huge'");
    expect_refusal("huge", &options, GANTRY_ERR_ARGUMENT, "unit, tiny");
    options.memory = "hbm";
    expect_refusal("unit", &options, GANTRY_ERR_ARGUMENT, "'hbm' (there are: kv260, ideal)");
}

static void device_sim__refuses_another_specification_naming_both(void **state)
{
    (void)state;
    char library[32];
    snprintf(library, sizeof library, "%016llx", (unsigned long long)GANTRY_SPEC_HASH);
    expect_refusal("other", NULL, GANTRY_ERR_DEVICE, "1234567812345678");
    expect_refusal("other", NULL, GANTRY_ERR_DEVICE, library);
}

static void device_sim__refuses_waveforms_where_it_has_none(void **state)
{
    (void)state;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    options.waveform = "/tmp/gantry-no-wave.fst";
    expect_refusal("unit", &options, GANTRY_ERR_MISSING, "built without waveforms");
}

/* Opens a configuration of a module of the build, NULL the first. */
static void check_module(const char *path, const char *config, const char *name)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) fail_msg("%s", dlerror());
    const struct gantry_device_module *module = dlsym(handle, "gantry_device_module");
    assert_non_null(module);
    assert_null(dlsym(handle, "gantry_device_sim_ops"));
    assert_true(module->spec_hash == GANTRY_SPEC_HASH);
    assert_string_equal(module->library_version, GANTRY_VERSION_STRING);
    struct gantry_device *device = NULL;
    struct gantry_error error = {0};
    if (module->ops->open(&device, config, NULL, &error)) fail_msg("%s", error.message);
    assert_string_equal(device->info.name, name);
    assert_string_equal(device->info.memory, "kv260");
    module->ops->close(device);
    dlclose(handle);
}

static void device_sim__module_exports_its_operations(void **state)
{
    (void)state;
    check_module(GANTRY_BUILD_DIR "/lib/libgantry-sim.so", NULL, "sim:k26");
}

static void device_sim__module_with_waveforms_has_the_same_face(void **state)
{
    (void)state;
    if (!TEST_TINY.wave_open) gantry_test_skip("built without waveforms");
    check_module(GANTRY_BUILD_DIR "/lib/libgantry-sim-waves.so", "tiny", "sim:tiny");
}

/* ---- Programs ---- */

static void device_sim__small_program_equals_the_model(void **state)
{
    (void)state;
    static const char *const memories[] = {"ideal", "kv260"};
    for (size_t i = 0; i < GANTRY_COUNT(configs); i++)
        for (size_t m = 0; m < GANTRY_COUNT(memories); m++)
            for (uint64_t seed = 0; seed < 3; seed++) {
                struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
                struct rig rig;
                options.memory = memories[m];
                options.stall_seed = seed;
                rig_open(&rig, configs[i], &options, &small);
                small_program(&rig);
                rig_run_and_compare(&rig);
                rig_check_counters(&rig);
                rig_close(&rig);
            }
}

static void device_sim__launches_follow_each_other_without_reset(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "unit", NULL, &small);
    small_program(&rig);
    rig_run_and_compare(&rig);
    uint64_t cycles = rig_counters(&rig).cycles;
    for (int i = 0; i < 3; i++) {
        rig_fill_random(&rig, &rig.input);
        rig_run_and_compare(&rig);
        assert_int_equal(rig_counters(&rig).cycles, cycles);
    }
    rig_close(&rig);
}

static void device_sim__repeat_steps_through_inputs_and_outputs(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "unit", NULL, &small);
    small_program(&rig);
    /* The next run's LOAD waits for this run's CONV, the next CONV for this run's STORE. */
    rig_set(&rig.insn[0], GANTRY_COMMON_WAIT, 4);
    rig_set(&rig.insn[1], GANTRY_COMMON_SIGNAL, 2 + 4);
    rig_set(&rig.insn[1], GANTRY_COMMON_WAIT, 1 + 8);
    rig_set(&rig.insn[2], GANTRY_COMMON_SIGNAL, 8);
    rig.launch.sem_init = 0x1100;
    rig.launch.repeat = 4;
    rig.launch.run_stride[GANTRY_BUFFER_INPUT] = 1504;
    rig.launch.run_stride[GANTRY_BUFFER_OUTPUT] = 4096;
    rig_run_and_compare(&rig);
    rig_check_counters(&rig);
    rig_close(&rig);
}

/* Short layers whose residual is what the layer before them writes: random programs seldom meet the
 * few cycles in which the fetch could be too early. */
static void device_sim__residual_of_the_layer_before_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < GANTRY_COUNT(configs); i++)
        for (int32_t h = 1; h <= 6; h++) {
            struct rig rig;
            struct rig_tensor in = {0, h, 2, 1}, old = {0, h, 2, 1};
            rig_open(&rig, configs[i], NULL, &small);
            rig_set(rig_load(&rig, &in, 0), GANTRY_COMMON_SIGNAL, 1);
            for (int32_t layer = 0; layer < 8; layer++) {
                struct rig_tensor out = {16 + 16 * layer, h, 2, 1};
                struct gantry_insn *conv = rig_conv_residual(&rig, &in, &old, &out, 1);
                if (layer == 0) rig_set(conv, GANTRY_COMMON_WAIT, 1);
                if (layer == 7) rig_set(conv, GANTRY_COMMON_SIGNAL, 2);
                old = out;
            }
            rig_set(rig_store(&rig, &old, 0), GANTRY_COMMON_WAIT, 2);
            rig_end(&rig);
            rig_run_and_compare(&rig);
            rig_close(&rig);
        }
}

static uint64_t cycles_with_seed(uint64_t seed)
{
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct rig rig;
    options.stall_seed = seed;
    rig_open(&rig, "unit", &options, &small);
    small_program(&rig);
    rig_run_and_compare(&rig);
    uint64_t cycles = rig_counters(&rig).cycles;
    rig_close(&rig);
    return cycles;
}

static void device_sim__cycles_depend_on_the_stall_seed_alone(void **state)
{
    (void)state;
    assert_int_equal(cycles_with_seed(0), cycles_with_seed(0));
    assert_int_equal(cycles_with_seed(5), cycles_with_seed(5));
    assert_true(cycles_with_seed(5) > cycles_with_seed(0));
}

static void device_sim__counts_the_bytes_of_memory(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, "unit", NULL, &small);
    small_program(&rig);
    rig.launch.trace_on = false;
    rig_run_and_compare(&rig);
    struct gantry_counters counters = rig_counters(&rig);
    const struct gantry_ddr_counters *ddr =
        gantry_ddr_counters(gantry_device_sim_bench(rig.device)->ddr);
    uint64_t read = 0, written = 0;
    for (int p = 0; p < GANTRY_SIM_PORTS; p++) {
        read += ddr->read_beats[p];
        written += ddr->write_beats[p];
    }
    assert_int_equal(counters.read_bytes, 16 * read);
    assert_int_equal(counters.write_bytes, 16 * written);
    assert_int_equal(counters.write_bytes, 9 * 10 * 2 * GANTRY_CHANNELS);
    rig_close(&rig);
}

/* ---- Waveform ---- */

static void device_sim__writes_a_waveform_of_the_window(void **state)
{
    (void)state;
    char path[] = "/tmp/gantry-wave-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    off_t size[2];
    for (int i = 0; i < 2; i++) {
        struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
        struct rig rig;
        struct stat stats;
        options.waveform = path;
        options.waveform_from = 100;
        options.waveform_to = i ? UINT64_MAX : 120;
        if (!TEST_TINY.wave_open) gantry_test_skip("built without waveforms");
        rig_open(&rig, "tiny", &options, &small);
        small_program(&rig);
        rig_run_and_compare(&rig);
        rig_close(&rig);
        assert_int_equal(stat(path, &stats), 0);
        size[i] = stats.st_size;
    }
    assert_true(size[0] > 0);
    assert_true(size[1] > size[0]);
    unlink(path);
}

static void device_sim__names_a_waveform_that_cannot_be_written(void **state)
{
    (void)state;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_error error = {0};
    struct rig rig;
    options.waveform = "/nonexistent/wave.fst";
    if (!TEST_TINY.wave_open) gantry_test_skip("built without waveforms");
    rig_open(&rig, "tiny", &options, &small);
    small_program(&rig);
    assert_int_equal(rig_run(&rig, &error), GANTRY_ERR_FILE);
    assert_non_null(strstr(error.message, "/nonexistent/wave.fst"));
    rig_close(&rig);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(device_sim__reports_what_its_registers_say),
    cmocka_unit_test(device_sim__refuses_unknown_names_and_lists_the_known),
    cmocka_unit_test(device_sim__refuses_another_specification_naming_both),
    cmocka_unit_test(device_sim__refuses_waveforms_where_it_has_none),
    cmocka_unit_test(device_sim__module_exports_its_operations),
    cmocka_unit_test(device_sim__module_with_waveforms_has_the_same_face),
    cmocka_unit_test(device_sim__small_program_equals_the_model),
    cmocka_unit_test(device_sim__launches_follow_each_other_without_reset),
    cmocka_unit_test(device_sim__repeat_steps_through_inputs_and_outputs),
    cmocka_unit_test(device_sim__residual_of_the_layer_before_is_complete),
    cmocka_unit_test(device_sim__cycles_depend_on_the_stall_seed_alone),
    cmocka_unit_test(device_sim__counts_the_bytes_of_memory),
    cmocka_unit_test(device_sim__writes_a_waveform_of_the_window),
    cmocka_unit_test(device_sim__names_a_waveform_that_cannot_be_written),
};

GANTRY_TEST_MAIN("device_sim", tests)
