/* SPDX-License-Identifier: Apache-2.0
 * The conformance cases of the ONNX project (GANTRY_DATA/vectors/onnx-node) on the processor: one
 * operator each, inputs and outputs as TensorProto. Where an operator takes parameters as inputs
 * that Gantry wants constant, all inputs but the first become initialisers. Prints a table: a case
 * that is not supported is named with the reason, and counts as skipped. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/formats.h"
#include "gantry/engine.h"
#include "onnx.pb-c.h"
#include "tally.h"

enum { PATH_BYTES = 1024, TENSORS_MAX = 16, CASES_MAX = 1024, TIMEOUT_MS = 60000 };

/* Cases whose files are not what the operator's text says. */
static const struct {
    const char *name, *why;
} exceptions[] = {
    {"test_averagepool_2d_ceil_last_window_starts_on_pad", "the values have four digits"},
    {"test_qlinearmatmul_2D_int8_float32", "a sum beyond int8 wraps there, and is to saturate"},
};

static const char *exception_of(const char *name)
{
    for (size_t i = 0; i < GANTRY_COUNT(exceptions); i++)
        if (strcmp(exceptions[i].name, name) == 0) return exceptions[i].why;
    return NULL;
}

struct node_case {
    struct gantry_file file;
    Onnx__ModelProto *model;
    Onnx__TensorProto *inputs[TENSORS_MAX], *outputs[TENSORS_MAX];
    size_t input_count, output_count;
};

static Onnx__TensorProto *read_tensor(const char *folder, const char *kind, size_t i)
{
    char path[2 * PATH_BYTES + 64];
    struct gantry_file file;
    struct gantry_error error = {0};
    (void)snprintf(path, sizeof path, "%s/test_data_set_0/%s_%zu.pb", folder, kind, i);
    if (gantry_file_open(&file, path, &error) != GANTRY_OK) return NULL;
    Onnx__TensorProto *tensor = onnx__tensor_proto__unpack(NULL, file.size, file.data);
    gantry_file_close(&file);
    return tensor;
}

static bool read_case(struct node_case *c, const char *folder)
{
    char path[2 * PATH_BYTES + 64];
    struct gantry_error error = {0};
    (void)snprintf(path, sizeof path, "%s/model.onnx", folder);
    if (gantry_file_open(&c->file, path, &error) != GANTRY_OK) return false;
    c->model = onnx__model_proto__unpack(NULL, c->file.size, c->file.data);
    if (!c->model || !c->model->graph) return false;
    while (c->input_count < TENSORS_MAX &&
           (c->inputs[c->input_count] = read_tensor(folder, "input", c->input_count)))
        c->input_count++;
    while (c->output_count < TENSORS_MAX &&
           (c->outputs[c->output_count] = read_tensor(folder, "output", c->output_count)))
        c->output_count++;
    return c->input_count == c->model->graph->n_input && c->output_count > 0;
}

static void close_case(struct node_case *c)
{
    for (size_t i = 0; i < TENSORS_MAX; i++) {
        if (c->inputs[i]) onnx__tensor_proto__free_unpacked(c->inputs[i], NULL);
        if (c->outputs[i]) onnx__tensor_proto__free_unpacked(c->outputs[i], NULL);
    }
    if (c->model) onnx__model_proto__free_unpacked(c->model, NULL);
    gantry_file_close(&c->file);
}

/* The file with all inputs but the first as initialisers; size is that of the returned memory. */
static uint8_t *with_constants(const struct node_case *c, size_t *size)
{
    Onnx__GraphProto *graph = c->model->graph;
    Onnx__TensorProto **before = graph->initializer;
    size_t count = graph->n_initializer, inputs = graph->n_input;
    Onnx__TensorProto *constants[2 * TENSORS_MAX];
    if (count > TENSORS_MAX) return NULL;
    for (size_t i = 0; i < count; i++) constants[i] = before[i];
    char *names[TENSORS_MAX];
    for (size_t i = 1; i < c->input_count; i++) {
        names[i] = c->inputs[i]->name;
        c->inputs[i]->name = graph->input[i]->name;
        constants[count + i - 1] = c->inputs[i];
    }
    graph->initializer = constants;
    graph->n_initializer = count + c->input_count - 1;
    graph->n_input = 1;
    *size = onnx__model_proto__get_packed_size(c->model);
    uint8_t *bytes = malloc(*size);
    if (bytes) (void)onnx__model_proto__pack(c->model, bytes);
    graph->initializer = before;
    graph->n_initializer = count;
    graph->n_input = inputs;
    for (size_t i = 1; i < c->input_count; i++) c->inputs[i]->name = names[i];
    return bytes;
}

/* Elements of a TensorProto as they are in memory; the cases have them as raw data. */
static bool same_size(const Onnx__TensorProto *tensor, size_t bytes)
{
    return tensor->has_raw_data && tensor->raw_data.len == bytes;
}

static size_t differences(const struct gantry_tensor *got, const Onnx__TensorProto *wanted)
{
    size_t count = got->bytes / gantry_dtype_bytes(got->dtype), differ = 0;
    if (!same_size(wanted, got->bytes)) return count ? count : 1;
    if (got->dtype != GANTRY_FLOAT32) {
        size_t size = gantry_dtype_bytes(got->dtype);
        for (size_t i = 0; i < count; i++)
            if (memcmp((uint8_t *)got->data + i * size, wanted->raw_data.data + i * size, size) !=
                0)
                differ++;
        return differ;
    }
    float most = 0, want;
    for (size_t i = 0; i < count; i++) {
        memcpy(&want, wanted->raw_data.data + 4 * i, sizeof want);
        most = fmaxf(most, fabsf(want));
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(&want, wanted->raw_data.data + 4 * i, sizeof want);
        if (!(fabsf(((float *)got->data)[i] - want) <= 1e-5f * most)) differ++;
    }
    return differ;
}

/* Runs the model on as many of the inputs as it has. */
static enum gantry_status run_model(const struct node_case *c, const struct gantry_model *model,
                                    struct gantry_tensor *outputs, struct gantry_error *error)
{
    struct gantry_device *device = NULL;
    struct gantry_plan *plan = NULL;
    struct gantry_engine *engine = NULL;
    struct gantry_tensor inputs[TENSORS_MAX];
    for (size_t i = 0; i < gantry_model_input_count(model); i++) {
        const struct gantry_tensor_info *info = gantry_model_input(model, i);
        if (!same_size(c->inputs[i], info->bytes))
            return gantry_fail(error, GANTRY_ERR_ARGUMENT, "input %zu has another size", i);
        inputs[i] = (struct gantry_tensor){info->dtype, info->shape, c->inputs[i]->raw_data.data,
                                           info->bytes};
    }
    for (size_t i = 0; i < gantry_model_output_count(model); i++) {
        const struct gantry_tensor_info *info = gantry_model_output(model, i);
        outputs[i] = (struct gantry_tensor){info->dtype, info->shape, NULL, info->bytes};
        outputs[i].data = calloc(info->bytes, 1);
    }
    enum gantry_status status = gantry_device_open(&device, "cpu", NULL, error);
    if (status == GANTRY_OK)
        status = gantry_plan_create(&plan, model, gantry_device_info(device), NULL, error);
    if (status == GANTRY_OK) status = gantry_engine_create(&engine, plan, device, NULL, error);
    if (status == GANTRY_OK) status = gantry_engine_run(engine, inputs, outputs, TIMEOUT_MS, error);
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_device_close(device);
    return status;
}

static enum gantry_status open_case(const struct node_case *c, const char *name, bool constants,
                                    struct gantry_model **model, uint8_t **bytes,
                                    struct gantry_error *error)
{
    size_t size = c->file.size;
    *error = (struct gantry_error){0};
    *bytes = constants ? with_constants(c, &size) : malloc(size);
    if (!*bytes) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", name);
    if (!constants) memcpy(*bytes, c->file.data, size);
    return gantry_model_open_memory(model, *bytes, size, name, NULL, error);
}

static void run_case(const char *folder, const char *name, struct tally *tally)
{
    struct node_case c = {0};
    struct gantry_model *model = NULL;
    struct gantry_error error = {0};
    struct gantry_tensor outputs[TENSORS_MAX] = {0};
    uint8_t *bytes = NULL;
    size_t differ = 0;
    const char *exception = exception_of(name);
    if (exception || !read_case(&c, folder)) {
        printf("%-52s skipped: %s\n", name, exception ? exception : "files of another form");
        close_case(&c);
        tally->skipped++;
        return;
    }
    enum gantry_status status = open_case(&c, name, false, &model, &bytes, &error);
    if (status != GANTRY_OK && c.input_count > 1) {
        free(bytes);
        status = open_case(&c, name, true, &model, &bytes, &error);
    }
    if (status == GANTRY_OK) status = run_model(&c, model, outputs, &error);
    if (status == GANTRY_ERR_UNSUPPORTED) {
        printf("%-52s skipped: %s\n", name, error.message);
        tally->skipped++;
    } else if (status != GANTRY_OK) {
        printf("%-52s FAILED: %s\n", name, error.message);
        tally->failed++;
    } else {
        for (size_t i = 0; i < gantry_model_output_count(model); i++)
            differ += differences(&outputs[i], c.outputs[i]);
        *(differ ? &tally->failed : &tally->passed) += 1;
        printf("%-52s %s\n", name, differ ? "FAILED: values differ" : "equal");
    }
    for (size_t i = 0; i < TENSORS_MAX; i++) free(outputs[i].data);
    gantry_model_close(model);
    free(bytes);
    close_case(&c);
}

int main(void)
{
    static char *names[CASES_MAX];
    char folder[PATH_BYTES], path[2 * PATH_BYTES];
    struct tally tally = {0};
    const char *data = getenv("GANTRY_DATA");
    (void)snprintf(folder, sizeof folder, "%s/vectors/onnx-node", data ? data : "");
    size_t count = data ? tally_list(folder, names, CASES_MAX) : 0;
    if (count == 0) {
        printf("skipped: GANTRY_DATA has no vectors/onnx-node\n");
        return 77;
    }
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        run_case(path, names[i], &tally);
        free(names[i]);
    }
    printf("%d equal, %d failed, %d not supported\n", tally.passed, tally.failed, tally.skipped);
    tally_write(&tally, "onnx_nodes");
    return tally.failed > 0 || tally.passed == 0;
}
