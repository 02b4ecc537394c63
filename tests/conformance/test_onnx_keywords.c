/* SPDX-License-Identifier: Apache-2.0
 * The keyword network as an ONNX model on the 500 inputs of GANTRY_DATA/eval/kws01: its decisions
 * against ONNX Runtime's and against the labels. */
#include "test.h"

#include <string.h>

#include "formats/formats.h"
#include "gantry/engine.h"

enum { VECTORS = 500, FEATURES = 490, LABELS = 12, PATH = 1024, DIFFERENT_MAX = 5 };

/* Of the TensorFlow Lite network, whose inputs the file holds. */
static const float input_scale = 0.5847029089927673f;
static const int32_t input_zero = 83;

static int32_t greatest(const float *scores)
{
    int32_t best = 0;
    for (int32_t i = 1; i < LABELS; i++)
        if (scores[i] > scores[best]) best = i;
    return best;
}

static void read_array(struct gantry_array *array, const char *name, size_t bytes)
{
    char path[PATH];
    struct gantry_error error = {0};
    if (gantry_npy_read(array, gantry_test_data(name, path, sizeof path), NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(array->bytes, bytes);
}

/* The third column of each line. */
static void read_labels(int32_t *labels)
{
    char path[PATH], line[256];
    FILE *file = fopen(gantry_test_data("eval/kws01/y_labels.csv", path, sizeof path), "r");
    assert_non_null(file);
    for (int32_t i = 0; i < VECTORS; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        const char *last = strrchr(line, ',');
        assert_non_null(last);
        labels[i] = (int32_t)strtol(last + 1, NULL, 10);
    }
    (void)fclose(file);
}

static void run_all(const int8_t *stored, float *scores)
{
    char path[PATH];
    struct gantry_error error = {0};
    struct gantry_model *model;
    struct gantry_device *device;
    struct gantry_plan *plan;
    struct gantry_engine *engine;
    static float real[FEATURES];
    const char *name = "models/mlperf-tiny-onnx/kws_ref_model.onnx";
    if (gantry_model_open(&model, gantry_test_data(name, path, sizeof path), NULL, &error) ||
        gantry_device_open(&device, "cpu", NULL, &error) ||
        gantry_plan_create(&plan, model, gantry_device_info(device), NULL, &error) ||
        gantry_engine_create(&engine, plan, device, NULL, &error))
        fail_msg("%s", error.message);
    const struct gantry_tensor input = {GANTRY_FLOAT32, {2, {1, FEATURES}}, real, sizeof real};
    for (int32_t i = 0; i < VECTORS; i++) {
        for (int32_t k = 0; k < FEATURES; k++)
            real[k] = (float)(stored[i * FEATURES + k] - input_zero) * input_scale;
        struct gantry_tensor output = {
            GANTRY_FLOAT32, {2, {1, LABELS}}, scores + i * LABELS, LABELS * sizeof *scores};
        if (gantry_engine_run(engine, &input, &output, 60000, &error))
            fail_msg("%s", error.message);
    }
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_device_close(device);
    gantry_model_close(model);
}

static void onnx_keywords__decides_as_onnx_runtime_does(void **state)
{
    (void)state;
    static float scores[VECTORS * LABELS];
    static int32_t labels[VECTORS];
    struct gantry_array stored, wanted;
    int32_t right = 0, different = 0;
    read_array(&stored, "eval/kws01/inputs_int8_500x49x10x1.npy", VECTORS * FEATURES);
    read_array(&wanted, "eval/kws01/onnx_outputs_f32_ort_enable_all.npy", sizeof scores);
    read_labels(labels);
    run_all(stored.data, scores);
    for (int32_t i = 0; i < VECTORS; i++) {
        int32_t decision = greatest(scores + i * LABELS);
        if (decision == labels[i]) right++;
        if (decision != greatest((const float *)wanted.data + i * LABELS)) different++;
    }
    print_message("%d of %d right, %d decisions other than those of ONNX Runtime\n", right, VECTORS,
                  different);
    assert_in_range(right, 450, 452);
    assert_in_range(different, 0, DIFFERENT_MAX);
    gantry_array_finish(&stored);
    gantry_array_finish(&wanted);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(onnx_keywords__decides_as_onnx_runtime_does),
};

GANTRY_TEST_MAIN("onnx_keywords", tests)
