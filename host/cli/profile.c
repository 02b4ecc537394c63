/* SPDX-License-Identifier: Apache-2.0
 * gantry profile: runs a model and explains every layer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/measure.h"
#include "cli/streams.h"
#include "plan/predict.h"
#include "report/report.h"
#include "runtime/engine_internal.h"

enum { RUNS_MAX = 10000, NAMES_MAX = 512, STREAM_RUNS = 4 };

static const struct gantry_cli_option options[] = {
    GANTRY_CLI_OPTIONS_DEVICE,
    GANTRY_CLI_OPTIONS_SHAPE,
    GANTRY_CLI_OPTIONS_PLACE,
    GANTRY_CLI_OPTIONS_THREADS,
    GANTRY_CLI_OPTIONS_INPUT,
    GANTRY_CLI_OPTIONS_BATCH,
    GANTRY_CLI_OPTIONS_STREAMS(
        "the trace is that of so many inferences at once, each with an engine"),
    {"runs", "N", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(runs),
     "run so often; CPU times are the medians (default 1)"},
    {"csv", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(csv), "write the layers as CSV"},
    {"chrome-trace", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(chrome_trace),
     "write a trace that Perfetto and chrome://tracing open"},
    {"html", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(html),
     "write a page with timeline, roofline, stalls and layers"},
    {"compare", "OLD.json", GANTRY_CLI_STRING, GANTRY_CLI_AT(compare),
     "run nothing: MODEL is a second file of profile --json; say what became faster or slower"},
    {"waveform", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(waveform),
     "write the signals of one layer, as FST (sim); needs --waveform-layer"},
    {"waveform-layer", "NODE", GANTRY_CLI_STRING, GANTRY_CLI_AT(waveform_layer),
     "the layer, by index or name"},
    GANTRY_CLI_OPTIONS_COMMON,
};

struct work {
    const struct gantry_cli_args *args;
    struct gantry_model *model;
    struct gantry_manifest manifest;
    struct gantry_cli_session session;
    struct gantry_cli_batch inputs, outputs;
    struct gantry_cli_measured measured;
};

/* ---- Files ---- */

static int write_file(const char *path, const struct gantry_profile *profile,
                      const struct gantry_report_context *context,
                      void (*report)(FILE *out, const struct gantry_profile *profile,
                                     const struct gantry_report_context *context))
{
    if (!path) return GANTRY_EXIT_OK;
    struct gantry_cli_file file;
    int code = gantry_cli_file_begin(&file, path);
    if (code != GANTRY_EXIT_OK) return code;
    report(file.stream, profile, context);
    return gantry_cli_file_commit(&file);
}

/* ---- Waveform: a run tells the cycles of the layer, a second one records them ---- */

static int find_node(const struct work *work, int32_t *out)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    const char *wanted = work->args->waveform_layer, *names[NAMES_MAX];
    uint64_t number;
    size_t count = 0;
    bool is_number = gantry_cli_number(wanted, &number);
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct gantry_profile_node *node = &profile->nodes[i];
        if (node->index < 0) continue;
        if (count < NAMES_MAX) names[count++] = node->name;
        bool same = is_number ? number == (uint64_t)node->index : strcmp(node->name, wanted) == 0;
        if (!same) continue;
        *out = node->fused_into >= 0 ? node->fused_into : node->index;
        return GANTRY_EXIT_OK;
    }
    char hint[256];
    const char *nearest = gantry_nearest(wanted, names, count);
    if (nearest) (void)snprintf(hint, sizeof hint, "did you mean %s?", nearest);
    return gantry_cli_usage(nearest ? hint : NULL, "--waveform-layer: no such layer (%s)", wanted);
}

static int record(struct work *work)
{
    const struct gantry_cli_args *args = work->args;
    int32_t node = -1;
    uint64_t from, to;
    if (!args->waveform) return GANTRY_EXIT_OK;
    int code = find_node(work, &node);
    if (code != GANTRY_EXIT_OK) return code;
    const char *device = gantry_device_info(work->session.device)->name;
    if (!gantry_engine_node_window(work->session.engine, node, &from, &to))
        return gantry_cli_usage("layers on the accelerator of device sim have one",
                                "--waveform: layer %s on device %s has no signals",
                                args->waveform_layer, device);
    struct gantry_cli_file file;
    struct gantry_cli_session session;
    code = gantry_cli_name_begin(&file, args->waveform);
    if (code != GANTRY_EXIT_OK) return code;
    const struct gantry_cli_session_options again = {
        .device = device, .waveform = file.temporary, .waveform_from = from, .waveform_to = to};
    code = gantry_cli_session_open(&session, args, work->model, &again, true);
    if (code == GANTRY_EXIT_OK) {
        code = gantry_cli_session_run(&session, args, &work->inputs, &work->outputs, NULL);
        gantry_cli_session_close(&session); /* closes the file */
    }
    if (code == GANTRY_EXIT_OK) {
        gantry_cli_note(args, "%s: cycles %llu to %llu of layer %s", args->waveform,
                        (unsigned long long)from, (unsigned long long)to, args->waveform_layer);
        return gantry_cli_file_commit(&file);
    }
    gantry_cli_file_abandon(&file);
    return code;
}

/* ---- Several streams: a trace of their own ---- */

static int write_streams(const struct gantry_cli_streams *streams, const struct work *work)
{
    const struct gantry_report_streams about = {.model = work->session.plan->graph->name,
                                                .device =
                                                    gantry_device_info(work->session.device)->name,
                                                .target = work->session.plan->target.name,
                                                .simulated = streams->simulated,
                                                .streams = streams->streams,
                                                .accelerators = streams->accelerators,
                                                .from_ns = streams->from_ns,
                                                .spans = streams->spans,
                                                .count = streams->count};
    struct gantry_cli_file file;
    int code = gantry_cli_file_begin(&file, work->args->chrome_trace);
    if (code != GANTRY_EXIT_OK) return code;
    if (gantry_report_chrome_streams(file.stream, &about)) return gantry_cli_file_commit(&file);
    gantry_cli_file_abandon(&file);
    fprintf(stderr, "gantry: %s: no memory for the trace\n", work->args->model);
    return GANTRY_EXIT_MEMORY;
}

static int trace_streams(struct work *work)
{
    struct gantry_cli_streams streams = {0};
    size_t each = work->args->runs ? (size_t)work->args->runs : STREAM_RUNS;
    if (!work->args->streams) return GANTRY_EXIT_OK;
    int code = gantry_cli_streams_run(&streams, &work->session, work->args, &work->inputs, each, 0);
    if (code == GANTRY_EXIT_OK) code = write_streams(&streams, work);
    gantry_cli_streams_finish(&streams);
    return code;
}

/* ---- The command ---- */

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

static int report(struct work *work)
{
    const struct gantry_profile *profile = &work->measured.profile;
    const struct gantry_target *target = &work->session.plan->target;
    const struct gantry_report_context context = {
        .target = target->name, .clock_hz = (uint32_t)target->clock_hz, .colour = wants_colour()};
    int code = write_file(work->args->csv, profile, &context, gantry_report_csv);
    if (code == GANTRY_EXIT_OK && !work->args->streams)
        code = write_file(work->args->chrome_trace, profile, &context, gantry_report_chrome);
    if (code == GANTRY_EXIT_OK)
        code = write_file(work->args->html, profile, &context, gantry_report_html);
    if (code != GANTRY_EXIT_OK) return code;
    if (work->args->json) return gantry_cli_print_json(gantry_report_json(profile, &context));
    gantry_report_table(stdout, profile, &context);
    return GANTRY_EXIT_OK;
}

static int check_args(const struct gantry_cli_args *args)
{
    if (args->runs > RUNS_MAX)
        return gantry_cli_usage(NULL, "--runs: too many (%llu, %d)", (unsigned long long)args->runs,
                                RUNS_MAX);
    if ((args->waveform != NULL) != (args->waveform_layer != NULL))
        return gantry_cli_usage(NULL, "--waveform and --waveform-layer belong together");
    if (args->streams && !args->chrome_trace)
        return gantry_cli_usage("gantry bench --streams has the throughput",
                                "--streams goes with --chrome-trace");
    if (args->streams && args->batch > 1)
        return gantry_cli_usage(NULL, "--streams and --batch do not go together");
    return gantry_cli_check_streams(args);
}

/* Both sides of every layer: CPU layers have run already, the others run on the CPU too. */
static int measure(struct work *work)
{
    const struct gantry_cli_args *args = work->args;
    struct gantry_cli_measured *measured = &work->measured;
    size_t runs = args->runs ? (size_t)args->runs : 1;
    int code =
        gantry_cli_measure(&work->session, args, &work->inputs, &work->outputs, runs, measured);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_predict_other(work->model, work->session.plan,
                                        gantry_device_info(work->session.device), measured->nodes);
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < measured->profile.node_count; i++)
        if (measured->nodes[i].other_cycles != GANTRY_UNKNOWN)
            measured->nodes[i].other_cycles *= measured->profile.inferences;
    if (code == GANTRY_EXIT_OK && measured->profile.launches > 0)
        code = gantry_cli_measure_cpu(args, work->model, &work->inputs, &work->outputs, measured);
    return code;
}

static int do_work(struct work *work)
{
    const struct gantry_cli_args *args = work->args;
    const struct gantry_cli_session_options session = {.device = args->device, .trace = true};
    int code = check_args(args);
    if (code == GANTRY_EXIT_OK) code = gantry_cli_model_open(&work->model, &work->manifest, args);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_inputs(&work->inputs, args, work->model, &work->manifest, true);
    size_t batch = gantry_cli_batch_size(args);
    if (code == GANTRY_EXIT_OK && work->inputs.vectors > batch) {
        gantry_cli_note(args, "%zu of %zu vectors profiled: one run", batch, work->inputs.vectors);
        work->inputs.vectors = batch;
    }
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_outputs(&work->outputs, work->model, work->inputs.vectors);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_open(&work->session, args, work->model, &session, true);
    if (code == GANTRY_EXIT_OK) code = measure(work);
    if (code == GANTRY_EXIT_OK) code = record(work);
    if (code == GANTRY_EXIT_OK) code = trace_streams(work);
    return code == GANTRY_EXIT_OK ? report(work) : code;
}

/* ---- Comparing two files ---- */

static json_t *read_profile(const char *path)
{
    json_error_t why;
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "gantry: %s: cannot be opened (%s)\n", path, strerror(errno));
        return NULL;
    }
    json_t *root = json_loadf(file, 0, &why);
    (void)fclose(file);
    if (!root) fprintf(stderr, "gantry: %s: no JSON (line %d: %s)\n", path, why.line, why.text);
    return root;
}

static int compare(const struct gantry_cli_args *args)
{
    struct gantry_error error = {0};
    json_t *older = read_profile(args->compare), *newer = older ? read_profile(args->model) : NULL;
    json_t *result = older && newer
                         ? gantry_report_compare(older, newer, args->compare, args->model, &error)
                         : NULL;
    int code = result ? GANTRY_EXIT_OK : GANTRY_EXIT_FILE;
    if (older && newer && !result) code = gantry_cli_failure(&error);
    if (result && args->json)
        code = gantry_cli_print_json(json_incref(result));
    else if (result)
        gantry_report_compare_table(stdout, result);
    json_decref(result);
    json_decref(newer);
    json_decref(older);
    return code;
}

static int run(const struct gantry_cli_args *args)
{
    if (args->compare) return compare(args);
    struct work work = {.args = args};
    int code = do_work(&work);
    gantry_cli_measured_finish(&work.measured);
    gantry_cli_session_close(&work.session);
    gantry_cli_batch_finish(&work.outputs);
    gantry_cli_batch_finish(&work.inputs);
    gantry_manifest_finish(&work.manifest);
    gantry_model_close(work.model);
    return code;
}

const struct gantry_cli_command gantry_cli_profile = {
    .name = "profile",
    .argument = "MODEL",
    .help = "Runs a model and explains every layer: where it ran, why, and what it cost.",
    .examples =
        "gantry profile model.tflite --random 1\n"
        "gantry profile model.tflite --random 1 --html profile.html\n"
        "gantry profile model.tflite --device sim:dual --streams 3 --chrome-trace streams.json\n"
        "gantry profile --compare old.json new.json\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
