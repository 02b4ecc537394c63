/* SPDX-License-Identifier: Apache-2.0 */
#include "model_run.h"

#include "test.h"

enum { TENSORS_MAX = 8, TIMEOUT_MS = 600000 };

void model_require(enum gantry_status status, const char *name, const struct gantry_error *error)
{
    if (status != GANTRY_OK) fail_msg("%s: %s", name, error->message);
}

static struct gantry_tensor tensor_of(const struct gantry_tensor_info *info)
{
    struct gantry_tensor tensor = {
        .dtype = info->dtype, .shape = info->shape, .bytes = info->bytes};
    tensor.data = calloc(1, info->bytes);
    assert_non_null(tensor.data);
    return tensor;
}

const struct gantry_profile *model_run(struct gantry_engine **engine,
                                       const struct gantry_plan *plan,
                                       const struct gantry_model *model,
                                       struct gantry_device *device, const char *name)
{
    struct gantry_error error = {0};
    struct gantry_tensor inputs[TENSORS_MAX], outputs[TENSORS_MAX];
    size_t ins = gantry_model_input_count(model), outs = gantry_model_output_count(model);
    assert_true(ins <= TENSORS_MAX && outs <= TENSORS_MAX);
    for (size_t i = 0; i < ins; i++) inputs[i] = tensor_of(gantry_model_input(model, i));
    for (size_t i = 0; i < outs; i++) outputs[i] = tensor_of(gantry_model_output(model, i));
    model_require(gantry_engine_create(engine, plan, device, NULL, &error), name, &error);
    model_require(gantry_engine_run(*engine, inputs, outputs, TIMEOUT_MS, &error), name, &error);
    for (size_t i = 0; i < ins; i++) free(inputs[i].data);
    for (size_t i = 0; i < outs; i++) free(outputs[i].data);
    return gantry_engine_profile(*engine);
}
