/* SPDX-License-Identifier: Apache-2.0
 * The registry: names, modules, lists, messages. */
#include "test.h"

#include "device/registry.h"

#include <string.h>

/* hint "": there is none. */
static void check_refused(const char *name, const char *message, const char *hint)
{
    struct gantry_device *device;
    struct gantry_error error;
    assert_int_equal(gantry_device_open(&device, name, NULL, &error), GANTRY_ERR_ARGUMENT);
    assert_null(device);
    if (!strstr(error.message, message) || !strstr(error.hint, hint) || (error.hint[0] && !*hint))
        fail_msg("%s: %s | %s", name, error.message, error.hint);
}

static void device__refuses_unknown_names_and_names_the_nearest(void **state)
{
    (void)state;
    check_refused(
        "modle", "device 'modle': no such device (cpu, model[:CONFIG], sim[:CONFIG], xrt[:INDEX], ",
        "did you mean 'model'?");
    check_refused("", "no such device", "");
    check_refused("simm:half", "k26, half, tiny, dual, unit, unit4", "did you mean 'sim'?");
    check_refused("model:hlf",
                  "no such configuration (there are: k26, half, tiny, dual, unit, unit4)",
                  "did you mean 'model:half'?");
    check_refused("sim:", "no such configuration", "");
    check_refused("nothing", "no such device", "");
    check_refused("cpu:half", "cpu has no configurations", "did you mean 'cpu'?");
    check_refused("a-name-that-is-much-longer-than-any-device-has-ever-had", "no such device", "");
}

static void device__opens_the_first_configuration_by_default(void **state)
{
    (void)state;
    struct gantry_device *device;
    struct gantry_error error;
    assert_int_equal(gantry_device_open(&device, "model", NULL, &error), GANTRY_OK);
    const struct gantry_device_info *info = gantry_device_info(device);
    assert_string_equal(info->name, "model:k26");
    assert_true(info->accelerator && !info->has_cycles);
    assert_int_equal(info->g, 4);
    assert_int_equal(info->peak_macs_per_cycle, 2048);
    assert_true(info->spec_hash == GANTRY_SPEC_HASH);
    gantry_device_close(device);
    assert_int_equal(gantry_device_open(&device, "model:tiny", NULL, &error), GANTRY_OK);
    assert_int_equal(gantry_device_info(device)->act_rows, 8192);
    gantry_device_close(device);
    gantry_device_close(NULL);
}

static void device__cpu_opens_and_refuses_launches(void **state)
{
    (void)state;
    struct gantry_device *device;
    struct gantry_error error;
    struct gantry_device_buffer buffer;
    assert_int_equal(gantry_device_open(&device, "cpu", NULL, &error), GANTRY_OK);
    assert_false(gantry_device_info(device)->accelerator);
    assert_int_equal(device->ops->alloc(device, 16, GANTRY_ROLE_ARENA, &buffer, &error),
                     GANTRY_ERR_ARGUMENT);
    assert_string_equal(error.message, "cpu: takes no launches");
    gantry_device_close(device);
}

static enum gantry_status open_module(const char *name, void **handle, struct gantry_error *error)
{
    char path[512];
    const struct gantry_device_module *module;
    snprintf(path, sizeof path, "%s/test-modules/%s.so", GANTRY_BUILD_DIR, name);
    return gantry_module_open_file(path, &module, handle, error);
}

static void device__takes_only_modules_of_its_own_version_and_specification(void **state)
{
    (void)state;
    struct gantry_error error;
    void *handle;
    assert_int_equal(open_module("module_good", &handle, &error), GANTRY_OK);
    gantry_module_close(handle);
    assert_int_equal(open_module("module_other_spec", &handle, &error), GANTRY_ERR_DEVICE);
    char mine[32];
    snprintf(mine, sizeof mine, "0x%016llx", (unsigned long long)GANTRY_SPEC_HASH);
    assert_non_null(strstr(error.message, "0x0000000000001234"));
    assert_non_null(strstr(error.message, mine));
    assert_int_equal(open_module("module_other_seam", &handle, &error), GANTRY_ERR_DEVICE);
    assert_non_null(strstr(error.message, "built from other sources"));
    assert_int_equal(open_module("module_other_version", &handle, &error), GANTRY_ERR_DEVICE);
    assert_non_null(strstr(error.message, "0.0.9"));
    assert_non_null(strstr(error.message, GANTRY_VERSION_STRING));
    assert_int_equal(open_module("module_no_symbol", &handle, &error), GANTRY_ERR_MISSING);
    assert_int_equal(open_module("module_absent", &handle, &error), GANTRY_ERR_MISSING);
}

static void device__a_missing_module_is_said(void **state)
{
    (void)state;
    const struct gantry_device_module *module;
    struct gantry_error error;
    void *handle;
    assert_int_equal(gantry_module_open("absent", &module, &handle, &error), GANTRY_ERR_MISSING);
    assert_non_null(strstr(error.message, "libgantry-absent.so is not installed"));
}

static void device__waveforms_have_a_module_of_their_own(void **state)
{
    (void)state;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_device *device;
    struct gantry_error error = {0};
    options.waveform = "layer.fst"; /* made when a launch comes to it */
    enum gantry_status status = gantry_device_open(&device, "sim:tiny", &options, &error);
    if (status == GANTRY_OK) {
        gantry_device_close(device);
        return;
    }
    assert_int_equal(status, GANTRY_ERR_MISSING);
    assert_non_null(strstr(error.message, "libgantry-sim-waves.so is not installed"));
    assert_non_null(strstr(error.hint, "gantry_sim_waves"));
}

static void device__refuses_an_accelerator_that_there_is_not(void **state)
{
    (void)state;
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_device *device;
    struct gantry_error error = {0};
    options.accelerator = 1;
    assert_int_equal(gantry_device_open(&device, "model", &options, &error), GANTRY_ERR_ARGUMENT);
    assert_string_equal(error.message, "model: no accelerator 1 (there are 0..0)");
    options.accelerator = 0;
    assert_int_equal(gantry_device_open(&device, "model", &options, &error), GANTRY_OK);
    assert_int_equal(gantry_device_info(device)->instances, 1);
    gantry_device_close(device);
}

static void device__lists_what_opens_here(void **state)
{
    (void)state;
    struct gantry_device_entry entries[32];
    size_t count = gantry_device_list(entries, GANTRY_COUNT(entries));
    assert_in_range(count, 15, GANTRY_COUNT(entries)); /* more OpenCL devices may be there */
    assert_int_equal(gantry_device_list(NULL, 0), count);
    assert_string_equal(entries[0].name, "cpu");
    assert_string_equal(entries[1].name, "model:k26");
    assert_string_equal(entries[7].name, "sim:k26");
    for (size_t i = 0; i < count; i++) {
        struct gantry_device *device;
        struct gantry_error error;
        bool opens = gantry_device_open(&device, entries[i].name, NULL, &error) == GANTRY_OK;
        if (opens) gantry_device_close(device);
        assert_int_equal(entries[i].available, opens);
        assert_true(entries[i].detail[0] != 0);
    }
}

/* The first that is there of board, simulation and model. */
static void device__default_is_the_nearest_to_a_board(void **state)
{
    (void)state;
    static const char *const order[] = {"xrt", "sim", "model"};
    struct gantry_device_entry entries[32];
    const char *reason;
    const char *name = gantry_device_default(&reason);
    size_t count = gantry_device_list(entries, GANTRY_COUNT(entries)), best = 0;
    for (bool found = false; !found && best < GANTRY_COUNT(order); best += !found)
        for (size_t i = 0; i < count; i++)
            found = found || (entries[i].available &&
                              strncmp(entries[i].name, order[best], strlen(order[best])) == 0);
    assert_string_equal(name, order[best]);
    assert_true(reason && *reason);
    assert_string_equal(gantry_device_default(NULL), name);
}

static void device__fault_names_instruction_cause_and_unit(void **state)
{
    (void)state;
    struct gantry_error error;
    struct gantry_accel_result result = {.cause = GANTRY_CAUSE_ACT_RANGE,
                                         .unit = GANTRY_UNIT_COMPUTE,
                                         .insn = 12,
                                         .info = 33000,
                                         .insn_name = "CONV",
                                         .limit = 32768};
    assert_int_equal(gantry_device_fault(&error, "sim:half", &result), GANTRY_ERR_DEVICE);
    assert_string_equal(error.message,
                        "sim:half: instruction 12 CONV: an activation row lies beyond ACT_ROWS "
                        "(row 33000, limit 32768), unit COMPUTE");
    result = (struct gantry_accel_result){
        .cause = GANTRY_CAUSE_NO_END, .insn = 3, .unit = GANTRY_UNIT_FETCH};
    assert_int_equal(gantry_device_fault(&error, "sim:half", &result), GANTRY_ERR_DEVICE);
    assert_string_equal(error.message,
                        "sim:half: instruction 3: INSN_COUNT was reached without END, unit FETCH");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(device__refuses_unknown_names_and_names_the_nearest),
    cmocka_unit_test(device__opens_the_first_configuration_by_default),
    cmocka_unit_test(device__cpu_opens_and_refuses_launches),
    cmocka_unit_test(device__takes_only_modules_of_its_own_version_and_specification),
    cmocka_unit_test(device__a_missing_module_is_said),
    cmocka_unit_test(device__waveforms_have_a_module_of_their_own),
    cmocka_unit_test(device__refuses_an_accelerator_that_there_is_not),
    cmocka_unit_test(device__lists_what_opens_here),
    cmocka_unit_test(device__default_is_the_nearest_to_a_board),
    cmocka_unit_test(device__fault_names_instruction_cause_and_unit),
};
GANTRY_TEST_MAIN("device", tests)
