/* SPDX-License-Identifier: Apache-2.0
 * The preset of the MLPerf Tiny keyword benchmark against recordings and the features that were
 * derived from them, and the reference network fed from sound. */
#include "test.h"

#include <string.h>

#include "audio/audio.h"
#include "gantry/engine.h"

enum { RECORDINGS = 250, SAMPLES = 16000, FEATURES = 490, CLASSES = 12 };

static const struct gantry_tensor_info input_info = {.name = "input",
                                                     .dtype = GANTRY_INT8,
                                                     .shape = {4, {1, 49, 10, 1}},
                                                     .scale = 0.5847029089927673f,
                                                     .zero_point = 83,
                                                     .bytes = FEATURES};

static void load(struct gantry_array *array, const char *name, size_t bytes)
{
    char path[1024];
    struct gantry_error error = {0};
    if (gantry_npy_read(array, gantry_test_data(name, path, sizeof path), NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(array->bytes, bytes);
}

/* int8 features of all recordings; the caller frees. */
static int8_t *features_of_pcm(void)
{
    struct gantry_array pcm;
    struct gantry_error error = {0};
    struct gantry_frontend *frontend;
    struct gantry_audio_options options = gantry_audio_default_options();
    load(&pcm, "audio/speech_commands_1s/pcm_s16le_16k_250x16000.npy", RECORDINGS * SAMPLES * 2);
    int8_t *all = calloc(RECORDINGS, FEATURES);
    if (gantry_frontend_create(&frontend, &options, SAMPLES, NULL, &error))
        fail_msg("%s", error.message);
    for (size_t r = 0; r < RECORDINGS; r++) {
        const int16_t *raw = (const int16_t *)pcm.data + r * SAMPLES;
        static float samples[SAMPLES];
        float features[FEATURES];
        for (size_t i = 0; i < SAMPLES; i++) samples[i] = (float)raw[i] / 32768;
        assert_int_equal(gantry_frontend_push(frontend, samples, SAMPLES), SAMPLES);
        assert_true(gantry_frontend_ready(frontend));
        gantry_frontend_features(frontend, features);
        gantry_frontend_advance(frontend);
        gantry_audio_quantize(&options, &input_info, features, FEATURES, all + r * FEATURES);
    }
    gantry_frontend_destroy(frontend);
    gantry_array_finish(&pcm);
    return all;
}

static void preset__features_equal_those_of_the_benchmark(void **state)
{
    (void)state;
    struct gantry_array want;
    load(&want, "audio/speech_commands_1s/mfcc_int8_250x49x10.npy", RECORDINGS * FEATURES);
    int8_t *got = features_of_pcm();
    const int8_t *wanted = want.data;
    size_t different = 0, all = RECORDINGS * FEATURES;
    int most = 0;
    for (size_t i = 0; i < all; i++) {
        int apart = abs(got[i] - wanted[i]);
        different += apart != 0;
        if (apart > most) most = apart;
    }
    fprintf(stderr, "%zu features, %.4f %% equal, the rest off by at most %d\n", all,
            100.0 * (double)(all - different) / (double)all, most);
    assert_true(different * 100 <= all);
    assert_true(most <= 1);
    free(got);
    gantry_array_finish(&want);
}

static void read_labels(int *labels)
{
    char path[1024], line[256];
    FILE *file = fopen(gantry_test_data("eval/kws01/y_labels.csv", path, sizeof path), "r");
    assert_non_null(file);
    for (size_t i = 0; i < RECORDINGS; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        const char *comma = strrchr(line, ',');
        assert_non_null(comma);
        labels[i] = (int)strtol(comma + 1, NULL, 10);
    }
    (void)fclose(file);
}

static int count_right(struct gantry_engine *engine, const int8_t *features, const int *labels)
{
    int right = 0;
    struct gantry_error error = {0};
    for (size_t r = 0; r < RECORDINGS; r++) {
        int8_t input[FEATURES], scores[CLASSES];
        memcpy(input, features + r * FEATURES, FEATURES);
        struct gantry_tensor in = {GANTRY_INT8, input_info.shape, input, FEATURES};
        struct gantry_tensor out = {GANTRY_INT8, {2, {1, CLASSES}}, scores, CLASSES};
        if (gantry_engine_run(engine, &in, &out, 60000, &error)) fail_msg("%s", error.message);
        int best = 0;
        for (int i = 1; i < CLASSES; i++)
            if (scores[i] > scores[best]) best = i;
        right += best == labels[r];
    }
    return right;
}

static void preset__network_is_as_accurate_from_sound(void **state)
{
    (void)state;
    char path[1024];
    int labels[RECORDINGS];
    struct gantry_array given;
    struct gantry_error error = {0};
    struct gantry_model *model;
    struct gantry_device *device;
    struct gantry_plan *plan;
    struct gantry_engine *engine;
    struct gantry_device_options device_options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_plan_options plan_options = GANTRY_PLAN_OPTIONS_INIT;
    plan_options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    struct gantry_engine_options engine_options = GANTRY_ENGINE_OPTIONS_INIT;
    const char *file =
        gantry_test_data("models/mlperf-tiny/kws_ref_model.tflite", path, sizeof path);
    if (gantry_model_open(&model, file, NULL, &error) ||
        gantry_device_open(&device, "cpu", &device_options, &error) ||
        gantry_plan_create(&plan, model, gantry_device_info(device), &plan_options, &error) ||
        gantry_engine_create(&engine, plan, device, &engine_options, &error))
        fail_msg("%s", error.message);
    load(&given, "audio/speech_commands_1s/mfcc_int8_250x49x10.npy", RECORDINGS * FEATURES);
    read_labels(labels);
    int8_t *ours = features_of_pcm();
    int right_given = count_right(engine, given.data, labels);
    int right_ours = count_right(engine, ours, labels);
    fprintf(stderr, "right of %d: %d from the given features, %d from sound\n", RECORDINGS,
            right_given, right_ours);
    assert_true(abs(right_given - right_ours) * 1000 <= 5 * RECORDINGS);
    free(ours);
    gantry_array_finish(&given);
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_device_close(device);
    gantry_model_close(model);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(preset__features_equal_those_of_the_benchmark),
    cmocka_unit_test(preset__network_is_as_accurate_from_sound),
};

GANTRY_TEST_MAIN("audio_kws", tests)
