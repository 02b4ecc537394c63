/* SPDX-License-Identifier: Apache-2.0
 * gantry verify: one model on several devices; no byte may differ between them, and no value from
 * what is expected. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verify.h"
#include "plan/plan.h"
#include "report/report.h"

enum { ENTRIES_MAX = 32, TEXT_BYTES = 96 };

static const struct gantry_cli_option options[] = {
    {"devices", "DEVICE,...", GANTRY_CLI_STRING, GANTRY_CLI_AT(devices),
     "the devices; default: cpu, model and, if it is there, sim"},
    GANTRY_CLI_OPTIONS_SHAPE,
    GANTRY_CLI_OPTIONS_PLACE,
    GANTRY_CLI_OPTIONS_INPUT,
    GANTRY_CLI_OPTIONS_BATCH,
    GANTRY_CLI_OPTIONS_EXPECT,
    {"layers", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(layers),
     "compare every tensor with the CPU's, too"},
    GANTRY_CLI_OPTIONS_COMMON,
};

/* ---- Which devices ---- */

static int add_device(struct gantry_verify *verify, const char *name, size_t length)
{
    if (length == 0 || length >= GANTRY_VERIFY_NAME_BYTES)
        return gantry_cli_usage(NULL, "--devices: not a name (%.*s)", (int)length, name);
    if (verify->count == GANTRY_VERIFY_DEVICES_MAX)
        return gantry_cli_usage(NULL, "--devices: too many (limit %d)", GANTRY_VERIFY_DEVICES_MAX);
    struct gantry_verify_column *column = &verify->columns[verify->count++];
    (void)snprintf(column->device, sizeof column->device, "%.*s", (int)length, name);
    return GANTRY_EXIT_OK;
}

/* Whether a kind of device opens in any configuration. */
static bool is_available(const struct gantry_device_entry *entries, size_t count, const char *kind)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(entries[i].name, ":");
        if (entries[i].available && strlen(kind) == length &&
            strncmp(entries[i].name, kind, length) == 0)
            return true;
    }
    return false;
}

static int choose_devices(struct gantry_verify *verify)
{
    static const char *const usual[] = {"cpu", "model", "sim"};
    struct gantry_device_entry entries[ENTRIES_MAX];
    int code = GANTRY_EXIT_OK;
    for (const char *at = verify->args->devices; at && code == GANTRY_EXIT_OK;) {
        size_t length = strcspn(at, ",");
        code = add_device(verify, at, length);
        at = at[length] ? at + length + 1 : NULL;
    }
    if (verify->args->devices) return code;
    size_t count = gantry_device_list(entries, ENTRIES_MAX);
    for (size_t k = 0; k < GANTRY_COUNT(usual) && code == GANTRY_EXIT_OK; k++)
        if (is_available(entries, count < ENTRIES_MAX ? count : ENTRIES_MAX, usual[k]))
            code = add_device(verify, usual[k], strlen(usual[k]));
    return code;
}

/* ---- Running and comparing ---- */

static int run_column(struct gantry_verify *verify, struct gantry_verify_column *column)
{
    struct gantry_cli_session session;
    const struct gantry_cli_session_options options_session = {.device = column->device,
                                                               .comparing = true};
    int code = gantry_cli_outputs(&column->outputs, verify->model, verify->inputs.vectors);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_session_open(&session, verify->args, verify->model, &options_session, true);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_session_run(&session, verify->args, &verify->inputs, &column->outputs, NULL);
    if (code == GANTRY_EXIT_OK) {
        const struct gantry_profile *profile = gantry_engine_profile(session.engine);
        column->macs = session.plan->macs;
        column->macs_offloaded = session.plan->macs_offloaded;
        column->offloaded_percent = gantry_report_offloaded(profile);
    }
    gantry_cli_session_close(&session);
    return code;
}

static void compare_with_first(struct gantry_verify *verify, struct gantry_verify_column *column)
{
    const struct gantry_cli_batch *first = &verify->columns[0].outputs;
    column->is_equal = true;
    for (size_t i = 0; i < first->count; i++) {
        const struct gantry_tensor_info *info = first->tensors[i].info;
        const uint8_t *wanted = first->tensors[i].data, *got = column->outputs.tensors[i].data;
        size_t bytes = first->vectors * info->bytes;
        column->bytes += bytes;
        for (size_t b = 0; b < bytes; b++) {
            if (wanted[b] == got[b]) continue;
            column->differing_bytes++;
            if (!column->is_equal) continue;
            size_t element = b / gantry_dtype_bytes(info->dtype);
            column->is_equal = false;
            column->difference.output = i;
            column->difference.first = element;
            column->difference.got = gantry_cli_element(info->dtype, got, element);
            column->difference.expected = gantry_cli_element(info->dtype, wanted, element);
        }
    }
}

static int compare_with_files(struct gantry_verify *verify, struct gantry_verify_column *column)
{
    bool compared[GANTRY_CLI_LIST_MAX] = {false};
    struct gantry_cli_difference differences[GANTRY_CLI_LIST_MAX] = {0};
    if (verify->args->expects.count == 0) return GANTRY_EXIT_OK;
    int code = gantry_cli_expect(verify->args, &column->outputs, differences, compared);
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < column->outputs.count; i++) {
        if (!compared[i] || differences[i].count == 0) continue;
        column->expected_differing += differences[i].count;
        if (column->is_equal) column->difference = differences[i];
        column->is_equal = false;
    }
    return code;
}

static int compare(struct gantry_verify *verify, struct gantry_verify_column *column)
{
    compare_with_first(verify, column);
    int code = compare_with_files(verify, column);
    bool layers = verify->args->layers && strcmp(column->device, "cpu") != 0;
    if (code == GANTRY_EXIT_OK && layers) code = gantry_verify_layers(verify, column);
    if (code == GANTRY_EXIT_OK && !gantry_verify_layers_equal(verify, column))
        column->is_equal = false;
    return code;
}

/* ---- Printing ---- */

/* The first difference is one of outputs; layers may differ while outputs are equal. */
static bool has_difference(const struct gantry_verify_column *column)
{
    return column->differing_bytes > 0 || column->expected_differing > 0;
}

static json_t *difference_json(const struct gantry_verify_column *column)
{
    if (!has_difference(column)) return json_null();
    char place[TEXT_BYTES];
    const struct gantry_cli_difference *difference = &column->difference;
    const struct gantry_tensor_info *info = column->outputs.tensors[difference->output].info;
    return json_pack("{s:i, s:I, s:s, s:o, s:o}", "output", (int)difference->output, "element",
                     (json_int_t)difference->first, "place",
                     gantry_cli_place(info, difference->first, place, sizeof place), "value",
                     gantry_report_real(difference->got), "expected",
                     gantry_report_real(difference->expected));
}

static json_t *column_json(const struct gantry_verify *verify,
                           const struct gantry_verify_column *column)
{
    json_t *object = json_object();
    bool expects = verify->args->expects.count > 0;
    json_object_set_new(object, "device", json_string(column->device));
    json_object_set_new(object, "macs", json_integer((json_int_t)column->macs));
    json_object_set_new(object, "macs_offloaded", json_integer((json_int_t)column->macs_offloaded));
    json_object_set_new(object, "macs_offloaded_percent", json_real(column->offloaded_percent));
    json_object_set_new(object, "equal", json_boolean(column->is_equal));
    json_object_set_new(object, "bytes", json_integer((json_int_t)column->bytes));
    json_object_set_new(object, "differing_bytes",
                        json_integer((json_int_t)column->differing_bytes));
    json_object_set_new(object, "differing_from_expected",
                        expects ? json_integer((json_int_t)column->expected_differing)
                                : json_null());
    json_object_set_new(object, "first_difference", difference_json(column));
    if (!column->layers) return object;
    json_object_set_new(object, "observed_equal", json_boolean(column->observed_equal));
    json_object_set_new(object, "layers", gantry_verify_layers_json(verify, column));
    return object;
}

static int print_json(const struct gantry_verify *verify, bool equal)
{
    json_t *list = json_array();
    for (size_t i = 0; i < verify->count; i++)
        json_array_append_new(list, column_json(verify, &verify->columns[i]));
    const struct gantry_graph *graph = gantry_model_graph(verify->model);
    return gantry_cli_print_json(
        json_pack("{s:i, s:o, s:I, s:b, s:o}", "schema", GANTRY_REPORT_SCHEMA, "model",
                  gantry_report_string(graph->name), "vectors", (json_int_t)verify->inputs.vectors,
                  "equal", equal, "devices", list));
}

static void print_column(const struct gantry_verify *verify,
                         const struct gantry_verify_column *column)
{
    char number[TEXT_BYTES], place[TEXT_BYTES];
    printf("%-12s %5s %% of the MACs on the accelerator, ", column->device,
           gantry_report_number(column->offloaded_percent, 1, number, sizeof number));
    printf("%" PRIu64 " of %" PRIu64 " bytes differ from %s", column->differing_bytes,
           column->bytes, verify->columns[0].device);
    if (verify->args->expects.count > 0)
        printf(", %" PRIu64 " values from the expected ones", column->expected_differing);
    printf("\n");
    if (!has_difference(column)) return;
    const struct gantry_cli_difference *difference = &column->difference;
    const struct gantry_tensor_info *info = column->outputs.tensors[difference->output].info;
    printf("%-12s first: output %s, %s (%.9g, not %.9g)\n", "", info->name,
           gantry_cli_place(info, difference->first, place, sizeof place), difference->got,
           difference->expected);
}

static void print_text(const struct gantry_verify *verify, bool equal)
{
    for (size_t i = 0; i < verify->count; i++) print_column(verify, &verify->columns[i]);
    for (size_t i = 0; i < verify->count; i++)
        if (verify->columns[i].layers) gantry_verify_print_layers(verify, &verify->columns[i]);
    printf("%s: %zu vector%s, %zu device%s\n", equal ? "equal" : "DIFFERENT",
           verify->inputs.vectors, verify->inputs.vectors == 1 ? "" : "s", verify->count,
           verify->count == 1 ? "" : "s");
}

/* ---- The command ---- */

static int work(struct gantry_verify *verify)
{
    const struct gantry_cli_args *args = verify->args;
    bool equal = true;
    int code = choose_devices(verify);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_model_open(&verify->model, &verify->manifest, args);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_inputs(&verify->inputs, args, verify->model, &verify->manifest, true);
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < verify->count; i++)
        code = run_column(verify, &verify->columns[i]);
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < verify->count; i++) {
        code = compare(verify, &verify->columns[i]);
        equal = equal && verify->columns[i].is_equal;
    }
    if (code != GANTRY_EXIT_OK) return code;
    if (args->json)
        code = print_json(verify, equal);
    else
        print_text(verify, equal);
    if (code != GANTRY_EXIT_OK) return code;
    return equal ? GANTRY_EXIT_OK : GANTRY_EXIT_DIFFERENCE;
}

static int run(const struct gantry_cli_args *args)
{
    struct gantry_verify verify = {.args = args};
    int code = work(&verify);
    for (size_t i = 0; i < verify.count; i++) {
        gantry_cli_batch_finish(&verify.columns[i].outputs);
        gantry_release(NULL, verify.columns[i].layers);
    }
    gantry_cli_batch_finish(&verify.inputs);
    gantry_manifest_finish(&verify.manifest);
    gantry_model_close(verify.model);
    return code;
}

const struct gantry_cli_command gantry_cli_verify = {
    .name = "verify",
    .argument = "MODEL",
    .help = "Runs a model on several devices and compares the outputs byte for byte.",
    .examples = "gantry verify model.tflite --devices cpu,model,sim --random 1\n"
                "gantry verify model.tflite --input x.npy --expect y.npy\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
