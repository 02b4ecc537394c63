/* SPDX-License-Identifier: Apache-2.0
 * Every model of GANTRY_DATA that has golden outputs, on TEST_DEVICE: stored values equal LiteRT's
 * default outputs byte by byte, float32 those of LiteRT or ONNX Runtime within 1e-5 of the greatest
 * of them. Prints a table: a model with operators that are not there is named with them, and counts
 * as skipped. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/formats.h"
#include "gantry/engine.h"
#include "kernels/kernel.h"
#include "tally.h"

enum { PATH_BYTES = 1024, TENSORS_MAX = 16, MODELS_MAX = 1024, TIMEOUT_MS = 600000 };

struct session {
    struct gantry_model *model;
    struct gantry_device *device;
    struct gantry_plan *plan;
    struct gantry_array inputs[TENSORS_MAX], wanted[TENSORS_MAX];
    struct gantry_tensor outputs[TENSORS_MAX];
};

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

/* ---- Comparison ---- */

static double value_at(enum gantry_dtype dtype, const void *data, size_t i)
{
    switch (dtype) {
    case GANTRY_INT8:
        return ((const int8_t *)data)[i];
    case GANTRY_UINT8:
    case GANTRY_BOOL:
        return ((const uint8_t *)data)[i];
    case GANTRY_INT16:
        return ((const int16_t *)data)[i];
    case GANTRY_INT32:
        return ((const int32_t *)data)[i];
    case GANTRY_INT64:
        return (double)((const int64_t *)data)[i];
    case GANTRY_FLOAT32:
        return (double)((const float *)data)[i];
    }
    return NAN;
}

/* Elements of output o that differ from those of a vector. Files may hold labels in fewer bytes. */
static size_t differences(const struct session *s, size_t o, size_t vector)
{
    const struct gantry_tensor *got = &s->outputs[o];
    const struct gantry_array *wanted = &s->wanted[o];
    size_t count = got->bytes / gantry_dtype_bytes(got->dtype), differ = 0;
    double tolerance = 0;
    if (got->dtype == GANTRY_FLOAT32) {
        size_t all = wanted->bytes / sizeof(float);
        for (size_t i = 0; i < all; i++)
            tolerance = fmax(tolerance, fabs(value_at(wanted->dtype, wanted->data, i)));
        tolerance *= 1e-5;
    }
    for (size_t i = 0; i < count; i++) {
        double want = value_at(wanted->dtype, wanted->data, vector * count + i);
        if (!(fabs(value_at(got->dtype, got->data, i) - want) <= tolerance)) differ++;
    }
    return differ;
}

/* ---- One model ---- */

static enum gantry_status read_arrays(struct session *s, const char *folder,
                                      struct gantry_error *error)
{
    char path[PATH_BYTES + 64];
    enum gantry_status status = GANTRY_OK;
    for (size_t i = 0; status == GANTRY_OK && i < gantry_model_input_count(s->model); i++) {
        (void)snprintf(path, sizeof path, "%s/input%zu.npy", folder, i);
        status = gantry_npy_read(&s->inputs[i], path, NULL, error);
    }
    for (size_t i = 0; status == GANTRY_OK && i < gantry_model_output_count(s->model); i++) {
        const struct gantry_tensor_info *info = gantry_model_output(s->model, i);
        static const char *const sets[] = {"xnn", "ref", "ort_enable_all"};
        for (size_t k = 0; k < GANTRY_COUNT(sets); k++) {
            (void)snprintf(path, sizeof path, "%s/output%zu_%s.npy", folder, i, sets[k]);
            if (exists(path)) break;
        }
        status = gantry_npy_read(&s->wanted[i], path, NULL, error);
        s->outputs[i] = (struct gantry_tensor){
            .dtype = info->dtype, .shape = info->shape, .bytes = info->bytes};
        s->outputs[i].data = calloc(info->bytes, 1);
    }
    return status;
}

/* Vectors of a file, and that it holds so many of the model's. */
static size_t vectors_of(const struct session *s)
{
    const struct gantry_tensor_info *info = gantry_model_input(s->model, 0);
    return s->inputs[0].dtype == info->dtype ? s->inputs[0].bytes / info->bytes : 0;
}

/* A fresh engine for every vector: state that a network keeps is that of a first run. */
static enum gantry_status run_vector(struct session *s, size_t vector, struct gantry_error *error)
{
    struct gantry_tensor inputs[TENSORS_MAX];
    struct gantry_engine *engine;
    for (size_t i = 0; i < gantry_model_input_count(s->model); i++) {
        const struct gantry_tensor_info *info = gantry_model_input(s->model, i);
        inputs[i] =
            (struct gantry_tensor){.dtype = s->inputs[i].dtype,
                                   .shape = info->shape,
                                   .data = (uint8_t *)s->inputs[i].data + vector * info->bytes,
                                   .bytes = info->bytes};
    }
    enum gantry_status status = gantry_engine_create(&engine, s->plan, s->device, NULL, error);
    if (status == GANTRY_OK)
        status = gantry_engine_run(engine, inputs, s->outputs, TIMEOUT_MS, error);
    gantry_engine_destroy(engine);
    return status;
}

static enum gantry_status open_session(struct session *s, const char *model, const char *folder,
                                       struct gantry_error *error)
{
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    enum gantry_status status = gantry_model_open(&s->model, model, NULL, error);
    if (status == GANTRY_OK) status = gantry_device_open(&s->device, TEST_DEVICE, NULL, error);
    if (status == GANTRY_OK)
        status =
            gantry_plan_create(&s->plan, s->model, gantry_device_info(s->device), &options, error);
    return status == GANTRY_OK ? read_arrays(s, folder, error) : status;
}

static void close_session(struct session *s)
{
    for (size_t i = 0; i < TENSORS_MAX; i++) {
        gantry_array_finish(&s->inputs[i]);
        gantry_array_finish(&s->wanted[i]);
        free(s->outputs[i].data);
    }
    gantry_plan_destroy(s->plan);
    gantry_device_close(s->device);
    gantry_model_close(s->model);
}

static void run_model(const char *model, const char *folder, const char *name, struct tally *counts)
{
    struct session s = {0};
    struct gantry_error error = {0};
    size_t differ = 0, all = 0, vectors = 0;
    enum gantry_status status = open_session(&s, model, folder, &error);
    if (status == GANTRY_OK) vectors = vectors_of(&s);
    for (size_t v = 0; status == GANTRY_OK && v < vectors; v++) {
        status = run_vector(&s, v, &error);
        for (size_t o = 0; status == GANTRY_OK && o < gantry_model_output_count(s.model); o++) {
            differ += differences(&s, o, v);
            all += s.outputs[o].bytes / gantry_dtype_bytes(s.outputs[o].dtype);
        }
    }
    close_session(&s);
    if (status == GANTRY_ERR_UNSUPPORTED) {
        printf("unsupported  %-48s %s\n", name, error.message);
        counts->skipped++;
    } else if (status != GANTRY_OK || vectors == 0 || differ > 0) {
        printf("FAILED       %-48s %zu of %zu values differ; %s\n", name, differ, all,
               error.message);
        counts->failed++;
    } else {
        printf("equal        %-48s %zu values of %zu vectors\n", name, all, vectors);
        counts->passed++;
    }
}

/* ---- All models ---- */

static void run_folder(const char *root, const char *set, struct tally *counts)
{
    static const char *const golden[] = {"golden/", "golden/tflm-seanet/"};
    char path[PATH_BYTES], folder[PATH_BYTES], *names[MODELS_MAX];
    (void)snprintf(path, sizeof path, "%s/models/%s", root, set);
    size_t count = tally_list(path, names, MODELS_MAX);
    for (size_t i = 0; i < count; i++) {
        char *ending = strrchr(names[i], '.');
        bool onnx = ending && strcmp(ending, ".onnx") == 0;
        if (!ending || (!onnx && strcmp(ending, ".tflite") != 0)) continue;
        (void)snprintf(path, sizeof path, "%s/models/%s/%s", root, set, names[i]);
        *ending = 0;
        for (size_t g = 0; g < GANTRY_COUNT(golden); g++) {
            (void)snprintf(folder, sizeof folder, "%s/%s%s%s", root, golden[g], onnx ? "onnx-" : "",
                           names[i]);
            if (exists(folder)) run_model(path, folder, names[i], counts);
        }
    }
    for (size_t i = 0; i < count; i++) free(names[i]);
}

/* By the kernels of every instruction set of this machine, the reference ones where it has none; a
 * device other than the CPU by the best. */
static void run_all(const char *root, char **sets, size_t count, struct tally *counts)
{
    bool any = false;
    for (int isa = GANTRY_ISA_COUNT - 1; isa >= GANTRY_ISA_REF; isa--) {
        const char *name = gantry_isa_name((enum gantry_isa)isa);
        if (!gantry_isa_usable((enum gantry_isa)isa) || (any && isa == GANTRY_ISA_REF)) continue;
        any = true;
        if (setenv("GANTRY_ISA", name, 1) != 0) abort();
        printf("---- %s, kernels %s\n", TEST_DEVICE, name);
        for (size_t i = 0; i < count; i++) run_folder(root, sets[i], counts);
        if (strcmp(TEST_DEVICE, "cpu") != 0) return;
    }
}

int main(void)
{
    char path[PATH_BYTES], *sets[MODELS_MAX];
    struct tally counts = {0};
    const char *root = getenv("GANTRY_DATA");
    if (!root || !*root) {
        printf("skipped: GANTRY_DATA is not set\n");
        return 77;
    }
    (void)snprintf(path, sizeof path, "%s/models", root);
    size_t count = tally_list(path, sets, MODELS_MAX);
    run_all(root, sets, count, &counts);
    for (size_t i = 0; i < count; i++) free(sets[i]);
    printf("%d equal, %d unsupported, %d failed\n", counts.passed, counts.skipped, counts.failed);
    tally_write(&counts, "golden_models");
    if (counts.failed) return 1;
    return counts.passed ? 0 : 77;
}
