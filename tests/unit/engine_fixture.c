/* SPDX-License-Identifier: Apache-2.0
 * Opens and closes what the tests of the engine work with. */
#include "engine_fixture.h"

#include "base/base.h"

static void require(enum gantry_status status, const struct gantry_error *error)
{
    if (status != GANTRY_OK) fail_msg("%s", error->message);
}

static struct gantry_tensor tensor_of(const struct gantry_tensor_info *info)
{
    struct gantry_tensor tensor = {
        .dtype = info->dtype, .shape = info->shape, .bytes = info->bytes};
    tensor.data = gantry_allocate(NULL, info->bytes, 1);
    assert_non_null(tensor.data);
    return tensor;
}

void engine_fixture_open_model(struct engine_fixture *fixture, const char *path, const char *device,
                               bool observe, const struct gantry_allocator *allocator)
{
    struct gantry_error error = {0};
    struct gantry_device_options device_options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_plan_options plan_options = GANTRY_PLAN_OPTIONS_INIT;
    plan_options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    struct gantry_engine_options engine_options = GANTRY_ENGINE_OPTIONS_INIT;
    const struct gantry_model_options model_options = {.allocator = allocator};
    device_options.allocator = allocator;
    plan_options.allocator = allocator;
    plan_options.observe = observe;
    engine_options.allocator = allocator;
    if (fixture->threads > 0) engine_options.threads = fixture->threads;
    require(gantry_model_open(&fixture->model, path, &model_options, &error), &error);
    require(gantry_device_open(&fixture->device, device, &device_options, &error), &error);
    require(gantry_plan_create(&fixture->plan, fixture->model, gantry_device_info(fixture->device),
                               &plan_options, &error),
            &error);
    require(gantry_engine_create(&fixture->engine, fixture->plan, fixture->device, &engine_options,
                                 &error),
            &error);
    fixture->input = tensor_of(gantry_model_input(fixture->model, 0));
    fixture->output = tensor_of(gantry_model_output(fixture->model, 0));
}

void engine_fixture_open(struct engine_fixture *fixture, const char *device,
                         const struct gantry_allocator *allocator)
{
    engine_fixture_open_model(fixture, ENGINE_DIGITS, device, false, allocator);
}

void engine_fixture_close(struct engine_fixture *fixture)
{
    gantry_release(NULL, fixture->output.data);
    gantry_release(NULL, fixture->input.data);
    gantry_engine_destroy(fixture->engine);
    gantry_plan_destroy(fixture->plan);
    gantry_device_close(fixture->device);
    gantry_model_close(fixture->model);
}

void engine_fixture_run(struct engine_fixture *fixture)
{
    struct gantry_error error = {0};
    require(gantry_engine_run(fixture->engine, &fixture->input, &fixture->output, 60000, &error),
            &error);
}

void engine_fixture_read(struct gantry_array *array, const char *path)
{
    struct gantry_error error = {0};
    require(gantry_npy_read(array, path, NULL, &error), &error);
}
