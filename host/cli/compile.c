/* SPDX-License-Identifier: Apache-2.0
 * gantry compile: plans a model for a device and writes the plan to a file, which every command
 * takes as a model. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/planfile_make.h"
#include "report/report.h"
#include "runtime/engine_internal.h"

static const struct gantry_cli_option options[] = {
    {"output", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(output),
     "the file that is written, also -o; usually NAME.gantry"},
    {"device", "DEVICE", GANTRY_CLI_STRING, GANTRY_CLI_AT(device),
     "what it is made for: model[:CONFIG], sim[:CONFIG] or cpu (default model)"},
    GANTRY_CLI_OPTIONS_SHAPE,
    GANTRY_CLI_OPTIONS_PLACE,
    GANTRY_CLI_OPTIONS_COMMON,
};

static int write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
    struct gantry_cli_file file;
    int code = gantry_cli_file_begin(&file, path);
    if (code != GANTRY_EXIT_OK) return code;
    (void)fwrite(bytes, 1, size, file.stream);
    return gantry_cli_file_commit(&file);
}

static int report(const struct gantry_cli_args *args, const struct gantry_plan *plan,
                  const char *device, size_t size)
{
    double share = plan->macs ? 100.0 * (double)plan->macs_offloaded / (double)plan->macs : 0;
    if (args->json)
        return gantry_cli_print_json(json_pack(
            "{s:i, s:o, s:s, s:s, s:I, s:f}", "schema", GANTRY_REPORT_SCHEMA, "file",
            gantry_report_string(args->output), "device", device, "target", plan->target.name,
            "bytes", (json_int_t)size, "macs_offloaded_percent", share));
    char text[32];
    printf("%s: %zu bytes, for %s (target %s), %s %% of the MACs on the accelerator\n",
           args->output, size, device, plan->target.name,
           gantry_report_number(share, 1, text, sizeof text));
    return GANTRY_EXIT_OK;
}

/* What lies in files beside the model becomes part of it; *own is then to be released. */
static enum gantry_status take_model(struct gantry_planfile_parts *parts, void **own,
                                     const struct gantry_model *model, struct gantry_error *error)
{
    *own = NULL;
    parts->model = gantry_model_bytes(model, &parts->model_size);
    if (!gantry_onnx_is_model(parts->model, parts->model_size)) return GANTRY_OK;
    size_t size = 0;
    enum gantry_status status =
        gantry_onnx_inline(parts->model, parts->model_size, gantry_model_graph(model)->name,
                           gantry_model_folder(model), NULL, own, &size, error);
    if (!*own) return status;
    parts->model = *own;
    parts->model_size = size;
    return status;
}

/* The weights that the engine has packed; *own is to be released. */
static enum gantry_status take_packed(struct gantry_planfile_parts *parts,
                                      struct gantry_packed **own,
                                      const struct gantry_cli_session *session,
                                      struct gantry_error *error)
{
    size_t nodes = (size_t)session->plan->graph->node_count;
    *own = gantry_allocate(NULL, nodes, sizeof **own);
    if (!*own) return gantry_fail(error, GANTRY_ERR_MEMORY, "compile: out of memory");
    for (size_t n = 0; n < nodes; n++) (*own)[n] = gantry_work_packed(session->engine, (int32_t)n);
    parts->isa = gantry_isa_name(session->engine->isa);
    parts->packed = *own;
    return GANTRY_OK;
}

static int compile(const struct gantry_cli_args *args, const struct gantry_model *model,
                   const struct gantry_manifest *manifest, const struct gantry_cli_session *session)
{
    struct gantry_error error = {0};
    struct gantry_planfile_parts parts = {.device = gantry_device_info(session->device)->name,
                                          .manifest = manifest->text,
                                          .manifest_size = manifest->text_size};
    size_t size;
    uint8_t *bytes;
    void *own;
    enum gantry_status status = take_model(&parts, &own, model, &error);
    struct gantry_packed *packed = NULL;
    if (status == GANTRY_OK) status = take_packed(&parts, &packed, session, &error);
    if (status == GANTRY_OK)
        status = gantry_planfile_make(&bytes, &size, session->plan, &parts, NULL, &error);
    gantry_release(NULL, own);
    gantry_release(NULL, packed);
    if (status != GANTRY_OK) return gantry_cli_failure(&error);
    int code = write_bytes(args->output, bytes, size);
    gantry_release(NULL, bytes);
    return code == GANTRY_EXIT_OK ? report(args, session->plan, parts.device, size) : code;
}

static int run(const struct gantry_cli_args *args)
{
    struct gantry_model *model;
    struct gantry_manifest manifest;
    struct gantry_cli_session session;
    const struct gantry_cli_session_options how = {.device = args->device ? args->device : "model",
                                                   .again = true};
    if (!args->output)
        return gantry_cli_usage("for example -o model.gantry", "compile: no --output FILE given");
    int code = gantry_cli_model_open(&model, &manifest, args);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_session_open(&session, args, model, &how, true);
    if (code == GANTRY_EXIT_OK) {
        code = compile(args, model, &manifest, &session);
        gantry_cli_session_close(&session);
    }
    gantry_manifest_finish(&manifest);
    gantry_model_close(model);
    return code;
}

const struct gantry_cli_command gantry_cli_compile = {
    .name = "compile",
    .argument = "MODEL",
    .help = "Plans a model for a device, and writes the plan to a file that runs at once.",
    .examples = "gantry compile model.tflite -o model.gantry\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
