/* SPDX-License-Identifier: Apache-2.0
 * gantry run: inputs in, outputs out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "report/report.h"

enum { TOP_DEFAULT = 5, TEXT_BYTES = 96, TOP_VECTORS_SHOWN = 20 };

static const struct gantry_cli_option options[] = {
    GANTRY_CLI_OPTIONS_DEVICE,
    GANTRY_CLI_OPTIONS_SHAPE,
    GANTRY_CLI_OPTIONS_PLACE,
    GANTRY_CLI_OPTIONS_THREADS,
    GANTRY_CLI_OPTIONS_INPUT,
    GANTRY_CLI_OPTIONS_BATCH,
    GANTRY_CLI_OPTIONS_EXPECT,
    {"output", "DIR", GANTRY_CLI_STRING, GANTRY_CLI_AT(output),
     "write outputK.npy there; the folder is made if missing"},
    {"top", "K", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(top),
     "show the K best classes (default 5 for an output of shape 1xN)"},
    {"draw", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(draw),
     "a .png: boxes that were found, or labels of pixels, on the input picture"},
    {"labels", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(labels),
     "names of the classes, one a line (default: the model's manifest)"},
    GANTRY_CLI_OPTIONS_COMMON,
};

/* What a run has: everything that printing needs. */
struct result {
    const struct gantry_cli_args *args;
    struct gantry_model *model;
    struct gantry_manifest manifest;
    struct gantry_cli_session session;
    struct gantry_cli_batch inputs, outputs;
    uint64_t elapsed_ns;
    json_t *found; /* with --json: what --draw has drawn */
};

/* ---- Best classes ---- */

static bool is_classification(const struct gantry_tensor_info *info)
{
    const struct gantry_shape *shape = &info->shape;
    return shape->rank == 2 && shape->dims[0] == 1 && shape->dims[1] > 1;
}

static size_t element_count(const struct gantry_tensor_info *info)
{
    return info->bytes / gantry_dtype_bytes(info->dtype);
}

static double score(const struct gantry_tensor_info *info, double value)
{
    return info->scale > 0 ? (double)info->scale * (value - info->zero_point) : value;
}

/* Order of classes: by value, what is no number last, of equal ones the first. */
static bool comes_before(double a, size_t a_index, double b, size_t b_index)
{
    if (isnan(a) != isnan(b)) return isnan(b);
    if (a > b || a < b) return a > b;
    return a_index < b_index;
}

/* Index of the first class that comes behind the one before; before: its index, or count. There is
 * one while fewer than count have been taken. */
static size_t next_best(const struct gantry_tensor_info *info, const uint8_t *data, size_t count,
                        size_t before)
{
    size_t best = count;
    double best_value = 0, last = 0;
    if (before < count) last = gantry_cli_element(info->dtype, data, before);
    for (size_t i = 0; i < count; i++) {
        double value = gantry_cli_element(info->dtype, data, i);
        if (before < count && !comes_before(last, before, value, i)) continue;
        if (best < count && !comes_before(value, i, best_value, best)) continue;
        best = i;
        best_value = value;
    }
    gantry_assert(best < count);
    return best;
}

static size_t top_count(const struct result *result, size_t count)
{
    bool given = result->args->top > 0;
    size_t top = given ? (size_t)result->args->top : TOP_DEFAULT;
    return top < count ? top : count;
}

static bool shows_top(const struct result *result)
{
    if (result->outputs.count == 0 || result->args->draw) return false;
    return result->args->top > 0 || is_classification(result->outputs.tensors[0].info);
}

static const char *label_of(const struct result *result, size_t index)
{
    const struct gantry_manifest *manifest = &result->manifest;
    return index < (size_t)manifest->label_count ? manifest->labels[index] : NULL;
}

static json_t *top_json(const struct result *result, size_t vector)
{
    const struct gantry_cli_tensor *tensor = &result->outputs.tensors[0];
    const uint8_t *data = tensor->data + vector * tensor->info->bytes;
    size_t count = element_count(tensor->info), index = count;
    json_t *top = json_array();
    for (size_t k = 0; k < top_count(result, count); k++) {
        index = next_best(tensor->info, data, count, index);
        const char *label = label_of(result, index);
        double value = gantry_cli_element(tensor->info->dtype, data, index);
        json_array_append_new(top,
                              json_pack("{s:I, s:o, s:o}", "index", (json_int_t)index, "label",
                                        label ? gantry_report_string(label) : json_null(), "score",
                                        gantry_report_real(score(tensor->info, value))));
    }
    return top;
}

static void print_top(const struct result *result, size_t vector)
{
    const struct gantry_cli_tensor *tensor = &result->outputs.tensors[0];
    const uint8_t *data = tensor->data + vector * tensor->info->bytes;
    size_t count = element_count(tensor->info), index = count;
    if (result->outputs.vectors > 1) printf("vector %zu\n", vector);
    for (size_t k = 0; k < top_count(result, count); k++) {
        char number[TEXT_BYTES];
        index = next_best(tensor->info, data, count, index);
        const char *label = label_of(result, index);
        double value = gantry_cli_element(tensor->info->dtype, data, index);
        printf("%10s  %4zu  %s\n",
               gantry_report_number(score(tensor->info, value), 4, number, sizeof number), index,
               label ? label : "");
    }
}

/* ---- Files ---- */

/* [V] + the output's shape; false when that has too many axes. */
static bool stacked_shape(const struct gantry_tensor_info *info, size_t vectors,
                          struct gantry_shape *shape)
{
    if (info->shape.rank >= GANTRY_RANK_MAX || vectors > INT32_MAX) return false;
    shape->rank = info->shape.rank + 1;
    shape->dims[0] = (int32_t)vectors;
    for (int32_t i = 0; i < info->shape.rank; i++) shape->dims[i + 1] = info->shape.dims[i];
    return true;
}

static void output_path(const struct result *result, size_t i, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/output%zu.npy", result->args->output, i);
}

static int write_outputs(const struct result *result)
{
    int code = gantry_cli_make_folder(result->args->output);
    struct gantry_error error = {0};
    gantry_cli_hold_signals();
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < result->outputs.count; i++) {
        const struct gantry_cli_tensor *tensor = &result->outputs.tensors[i];
        struct gantry_shape shape;
        char path[1024];
        output_path(result, i, path, sizeof path);
        enum gantry_status status =
            stacked_shape(tensor->info, result->outputs.vectors, &shape)
                ? gantry_npy_write(path, tensor->info->dtype, &shape, tensor->data,
                                   result->outputs.vectors * tensor->info->bytes, &error)
                : gantry_fail(&error, GANTRY_ERR_SHAPE, "%s: too many axes (%d, %d)", path,
                              tensor->info->shape.rank + 1, GANTRY_RANK_MAX);
        if (status != GANTRY_OK) code = gantry_cli_failure(&error);
    }
    gantry_cli_release_signals();
    return code;
}

/* ---- Printing ---- */

static json_t *outputs_json(const struct result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->outputs.count; i++) {
        const struct gantry_tensor_info *info = result->outputs.tensors[i].info;
        char path[1024];
        json_t *shape = json_array();
        json_array_append_new(shape, json_integer((json_int_t)result->outputs.vectors));
        for (int32_t k = 0; k < info->shape.rank; k++)
            json_array_append_new(shape, json_integer(info->shape.dims[k]));
        if (result->args->output) output_path(result, i, path, sizeof path);
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:s}", "name", gantry_report_string(info->name),
                            "file", result->args->output ? gantry_report_string(path) : json_null(),
                            "shape", shape, "dtype", gantry_dtype_name(info->dtype)));
    }
    return list;
}

static int print_json(const struct result *result)
{
    const struct gantry_profile *profile = gantry_engine_profile(result->session.engine);
    double ms = (double)result->elapsed_ns / 1e6 / (double)result->outputs.vectors;
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_integer(GANTRY_REPORT_SCHEMA));
    json_object_set_new(root, "model", gantry_report_string(profile->model));
    json_object_set_new(root, "device", json_string(profile->device));
    json_object_set_new(root, "vectors", json_integer((json_int_t)result->outputs.vectors));
    json_object_set_new(root, "outputs", outputs_json(result));
    json_object_set_new(root, "top", shows_top(result) ? top_json(result, 0) : json_array());
    if (result->outputs.vectors > 1 && shows_top(result)) {
        json_t *all = json_array();
        for (size_t v = 0; v < result->outputs.vectors; v++)
            json_array_append_new(all, top_json(result, v));
        json_object_set_new(root, "top_of_vectors", all);
    }
    if (result->args->draw) json_object_set(root, "found", result->found);
    json_object_set_new(root, "ms", json_real(ms));
    json_object_set_new(root, "macs_offloaded_percent",
                        json_real(gantry_report_offloaded(profile)));
    return gantry_cli_print_json(root);
}

static void print_text(const struct result *result)
{
    const struct gantry_profile *profile = gantry_engine_profile(result->session.engine);
    size_t vectors = result->outputs.vectors;
    char ms[TEXT_BYTES], percent[TEXT_BYTES], shape[TEXT_BYTES];
    if (shows_top(result)) {
        for (size_t v = 0; v < vectors && v < TOP_VECTORS_SHOWN; v++) print_top(result, v);
        if (vectors > TOP_VECTORS_SHOWN)
            printf("and %zu vectors more: --output DIR or --json has them\n",
                   vectors - TOP_VECTORS_SHOWN);
    }
    for (size_t i = 0; i < result->outputs.count; i++) {
        const struct gantry_tensor_info *info = result->outputs.tensors[i].info;
        if (result->args->output)
            printf("%s/output%zu.npy: %s, %zu x %s %s\n", result->args->output, i, info->name,
                   vectors, gantry_shape_text(&info->shape, shape, sizeof shape),
                   gantry_dtype_name(info->dtype));
        else if (!shows_top(result) && !result->args->draw)
            printf("output %zu: %s, %zu x %s %s (--output DIR writes it)\n", i, info->name, vectors,
                   gantry_shape_text(&info->shape, shape, sizeof shape),
                   gantry_dtype_name(info->dtype));
    }
    double each_ms = (double)result->elapsed_ns / 1e6 / (double)vectors;
    gantry_cli_note(
        result->args, "%s ms%s on %s, %s %% of the MACs on the accelerator",
        gantry_report_number(each_ms, 3, ms, sizeof ms), vectors > 1 ? " a vector" : "",
        profile->device,
        gantry_report_number(gantry_report_offloaded(profile), 1, percent, sizeof percent));
}

/* ---- The command ---- */

static int compare(const struct result *result)
{
    size_t count = result->outputs.count;
    int code = GANTRY_EXIT_OK;
    bool compared[GANTRY_CLI_LIST_MAX] = {false};
    struct gantry_cli_difference differences[GANTRY_CLI_LIST_MAX] = {0};
    if (result->args->expects.count == 0) return code;
    code = gantry_cli_expect(result->args, &result->outputs, differences, compared);
    if (code != GANTRY_EXIT_OK) return code;
    for (size_t i = 0; i < count; i++) {
        if (!compared[i]) continue;
        gantry_cli_difference_note(result->args, &differences[i], result->outputs.tensors[i].info);
        if (differences[i].count > 0) code = GANTRY_EXIT_DIFFERENCE;
    }
    return code;
}

static int work(struct result *result)
{
    const struct gantry_cli_args *args = result->args;
    const struct gantry_cli_session_options session = {.device = args->device};
    if (args->draw && !gantry_cli_has_ending(args->draw, ".png"))
        return gantry_cli_usage(NULL, "--draw: not the name of a .png (%s)", args->draw);
    int code = gantry_cli_model_open(&result->model, &result->manifest, args);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_inputs(&result->inputs, args, result->model, &result->manifest, false);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_outputs(&result->outputs, result->model, result->inputs.vectors);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_open(&result->session, args, result->model, &session, true);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_run(&result->session, args, &result->inputs, &result->outputs,
                                      &result->elapsed_ns);
    if (code == GANTRY_EXIT_OK && args->output) code = write_outputs(result);
    if (args->json) result->found = json_array();
    if (code == GANTRY_EXIT_OK && args->draw)
        code = gantry_cli_draw(args, &result->outputs, &result->manifest, result->found);
    if (code != GANTRY_EXIT_OK) return code;
    int compared = compare(result);
    if (compared > GANTRY_EXIT_DIFFERENCE) return compared;
    if (args->json)
        code = print_json(result);
    else
        print_text(result);
    return code != GANTRY_EXIT_OK ? code : compared;
}

static int run(const struct gantry_cli_args *args)
{
    struct result result = {.args = args};
    int code = work(&result);
    json_decref(result.found);
    gantry_cli_session_close(&result.session);
    gantry_cli_batch_finish(&result.outputs);
    gantry_cli_batch_finish(&result.inputs);
    gantry_manifest_finish(&result.manifest);
    gantry_model_close(result.model);
    return code;
}

const struct gantry_cli_command gantry_cli_run = {
    .name = "run",
    .argument = "MODEL",
    .help = "Runs a model: inputs in, outputs out.",
    .examples = "gantry run digits.tflite --input 7.png --top 3\n"
                "gantry run model.tflite --device cpu --random 1 --output results\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
