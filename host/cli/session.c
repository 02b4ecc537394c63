/* SPDX-License-Identifier: Apache-2.0
 * Opens what a command works with, and says which device it took and why. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "plan/planfile.h"

static void write_log(void *context, enum gantry_log_level level, const char *line)
{
    const struct gantry_cli_args *args = context;
    if (level == GANTRY_LOG_DEBUG && !args->verbose) return;
    if (level == GANTRY_LOG_NOTICE && args->quiet) return;
    fprintf(stderr, "gantry: %s%s\n", level == GANTRY_LOG_WARNING ? "warning: " : "", line);
}

/* That of a plan file is the one that lay beside its model. */
static enum gantry_status read_manifest(struct gantry_manifest *manifest,
                                        const struct gantry_cli_args *args,
                                        const struct gantry_model *model,
                                        struct gantry_error *error)
{
    const struct gantry_planfile *plan = gantry_model_planfile(model);
    enum gantry_status status =
        plan && plan->manifest
            ? gantry_manifest_parse(manifest, plan->manifest, plan->manifest_size, args->model,
                                    NULL, error)
            : gantry_manifest_read(manifest, args->model, NULL, error);
    if (status == GANTRY_OK && args->labels)
        status = gantry_labels_read(manifest, args->labels, error);
    return status;
}

int gantry_cli_model_open(struct gantry_model **model, struct gantry_manifest *manifest,
                          const struct gantry_cli_args *args)
{
    struct gantry_error error = {0};
    struct gantry_input_shape shapes[GANTRY_CLI_LIST_MAX];
    char names[GANTRY_CLI_SHAPE_TEXT];
    struct gantry_model_options options = GANTRY_MODEL_OPTIONS_INIT;
    int code = gantry_cli_shapes(args, shapes, names);
    if (code != GANTRY_EXIT_OK) return code;
    options.shapes = shapes;
    options.shape_count = args->shapes.count;
    if (manifest) memset(manifest, 0, sizeof *manifest);
    if (gantry_model_open(model, args->model, &options, &error) != GANTRY_OK)
        return gantry_cli_failure(&error);
    if (!manifest) return GANTRY_EXIT_OK;
    if (read_manifest(manifest, args, *model, &error) == GANTRY_OK) return GANTRY_EXIT_OK;
    gantry_manifest_finish(manifest);
    gantry_model_close(*model);
    *model = NULL;
    return gantry_cli_failure(&error);
}

/* The log outlives the session: it is a view of args. */
static int open_device(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                       const struct gantry_cli_session_options *options)
{
    struct gantry_error error = {0};
    struct gantry_device_options device_options = GANTRY_DEVICE_OPTIONS_INIT;
    device_options.memory = args->memory;
    device_options.waveform = options->waveform;
    device_options.waveform_from = options->waveform_from;
    device_options.waveform_to = options->waveform_to;
    device_options.log = &session->log;
    if (gantry_device_open(&session->device, options->device, &device_options, &error) != GANTRY_OK)
        return gantry_cli_failure(&error);
    const struct gantry_device_info *info = gantry_device_info(session->device);
    if (options->reason || args->verbose)
        gantry_cli_note(args, "device %s (%s)%s%s", info->name,
                        options->reason ? options->reason : "asked for",
                        info->memory[0] ? ", memory " : "", info->memory);
    return GANTRY_EXIT_OK;
}

static int open_all(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                    const struct gantry_model *model,
                    const struct gantry_cli_session_options *options, bool engine)
{
    struct gantry_error error = {0};
    memset(session, 0, sizeof *session);
    if (args->batch > GANTRY_BATCH_MAX)
        return gantry_cli_usage(NULL, "--batch: too many (%llu, limit %d)",
                                (unsigned long long)args->batch, GANTRY_BATCH_MAX);
    session->model = model;
    session->trace = options->trace;
    session->log.write = write_log;
    session->log.context = (void *)(uintptr_t)args;
    int code = open_device(session, args, options);
    if (code != GANTRY_EXIT_OK) return code;
    struct gantry_plan_options plan_options = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_plan_pin pins[GANTRY_CLI_LIST_MAX];
    if (options->comparing) plan_options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    code = gantry_cli_plan_options(&plan_options, pins, args, model);
    if (code != GANTRY_EXIT_OK) {
        gantry_cli_session_close(session);
        return code;
    }
    plan_options.again = options->again;
    plan_options.observe = options->observe;
    plan_options.log = &session->log;
    struct gantry_engine_options engine_options = GANTRY_ENGINE_OPTIONS_INIT;
    engine_options.trace = options->trace;
    if (args->threads > 0)
        engine_options.threads = args->threads > INT_MAX ? INT_MAX : (int)args->threads;
    /* What is observed is read tensor by tensor. */
    engine_options.batch = options->observe ? 1 : gantry_cli_batch_size(args);
    engine_options.log = &session->log;
    enum gantry_status status = gantry_plan_create(
        &session->plan, model, gantry_device_info(session->device), &plan_options, &error);
    bool judged = !options->comparing || gantry_device_info(session->device)->accelerator;
    if (status == GANTRY_OK && judged) {
        code = gantry_cli_check_placement(args, session->plan);
        if (code != GANTRY_EXIT_OK) {
            gantry_cli_session_close(session);
            return code;
        }
    }
    if (status == GANTRY_OK && engine)
        status = gantry_engine_create(&session->engine, session->plan, session->device,
                                      &engine_options, &error);
    if (status == GANTRY_OK) return GANTRY_EXIT_OK;
    gantry_cli_session_close(session);
    return gantry_cli_failure(&error);
}

static bool falls_back(const struct gantry_cli_args *args)
{
    return args->on_fault && strcmp(args->on_fault, "cpu") == 0;
}

/* Opens on the CPU instead of a device that failed with that code, where this is wanted. */
static int fall_back(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                     const struct gantry_model *model, const char *device, bool trace, int code)
{
    const struct gantry_cli_session_options options = {.device = "cpu", .trace = trace};
    bool fault = code == GANTRY_EXIT_DEVICE || code == GANTRY_EXIT_TIMEOUT ||
                 code == GANTRY_EXIT_MEMORY || code == GANTRY_EXIT_FILE;
    if (!falls_back(args) || !fault || strcmp(device, "cpu") == 0) return code;
    fprintf(stderr, "gantry: warning: device %s failed; going on with the CPU\n", device);
    code = open_all(session, args, model, &options, true);
    session->fallen = code == GANTRY_EXIT_OK;
    return code;
}

int gantry_cli_session_open(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                            const struct gantry_model *model,
                            const struct gantry_cli_session_options *options, bool engine)
{
    struct gantry_cli_session_options chosen = *options;
    if (!chosen.device) chosen.device = gantry_device_default(&chosen.reason);
    int code = open_all(session, args, model, &chosen, engine);
    if (code == GANTRY_EXIT_OK || !engine || options->comparing) return code;
    return fall_back(session, args, model, chosen.device, options->trace, code);
}

uint32_t gantry_cli_batch_size(const struct gantry_cli_args *args)
{
    return args->batch ? (uint32_t)args->batch : 1;
}

void gantry_cli_session_close(struct gantry_cli_session *session)
{
    gantry_engine_destroy(session->engine);
    gantry_plan_destroy(session->plan);
    gantry_device_close(session->device);
    memset(session, 0, sizeof *session);
}

static int run_once(const struct gantry_cli_session *session, const struct gantry_cli_args *args,
                    uint32_t count, const struct gantry_tensor *inputs,
                    struct gantry_tensor *outputs)
{
    struct gantry_error error = {0};
    uint64_t limit = args->timeout_ms ? args->timeout_ms : GANTRY_CLI_TIMEOUT_MS;
    uint64_t timeout_ms = limit * count; /* the launch is so much longer */
    if (limit > GANTRY_CLI_TIMEOUT_MS_MAX || timeout_ms > GANTRY_CLI_TIMEOUT_MS_MAX)
        timeout_ms = GANTRY_CLI_TIMEOUT_MS_MAX;
    if (gantry_engine_run_batch(session->engine, count, inputs, outputs, (uint32_t)timeout_ms,
                                &error) == GANTRY_OK)
        return GANTRY_EXIT_OK;
    return gantry_cli_failure(&error);
}

/* A failing device is replaced by the CPU where this is wanted, and the run repeated. */
static int run_together(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                        uint32_t count, const struct gantry_tensor *inputs,
                        struct gantry_tensor *outputs)
{
    char device[sizeof gantry_device_info(session->device)->name];
    const struct gantry_model *model = session->model;
    bool trace = session->trace;
    int code = run_once(session, args, count, inputs, outputs);
    if (code == GANTRY_EXIT_OK || !falls_back(args)) return code;
    (void)snprintf(device, sizeof device, "%s", gantry_device_info(session->device)->name);
    gantry_cli_session_close(session);
    code = fall_back(session, args, model, device, trace, code);
    return code == GANTRY_EXIT_OK ? run_once(session, args, count, inputs, outputs) : code;
}

int gantry_cli_session_run(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                           const struct gantry_cli_batch *inputs, struct gantry_cli_batch *outputs,
                           uint64_t *elapsed_ns)
{
    struct gantry_cli_progress progress;
    uint64_t sum = 0;
    size_t batch = gantry_cli_batch_size(args), ins = inputs->count, outs = outputs->count;
    struct gantry_tensor *tensors = gantry_allocate(NULL, (ins + outs) * batch, sizeof *tensors);
    int code = GANTRY_EXIT_OK;
    if (!tensors) {
        struct gantry_error error = {0};
        gantry_fail(&error, GANTRY_ERR_MEMORY, "%s: out of memory", args->model);
        return gantry_cli_failure(&error);
    }
    gantry_cli_progress_start(&progress, args, gantry_device_info(session->device)->name);
    for (size_t v = 0; code == GANTRY_EXIT_OK && v < inputs->vectors; v += batch) {
        size_t n = inputs->vectors - v < batch ? inputs->vectors - v : batch;
        for (size_t i = 0; i < n; i++) {
            gantry_cli_batch_vector(inputs, v + i, tensors + i * ins);
            gantry_cli_batch_vector(outputs, v + i, tensors + n * ins + i * outs);
        }
        uint64_t start = gantry_now_ns();
        code = run_together(session, args, (uint32_t)n, tensors, tensors + n * ins);
        sum += gantry_now_ns() - start;
        gantry_cli_progress_step(&progress, v + n, inputs->vectors);
    }
    gantry_release(NULL, tensors);
    if (elapsed_ns) *elapsed_ns = sum;
    return code;
}
