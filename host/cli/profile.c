/* SPDX-License-Identifier: Apache-2.0
 * gantry profile: runs a model and explains every layer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "report/report.h"
#include "runtime/engine_internal.h"

enum { RUNS_MAX = 10000, NAMES_MAX = 512 };

static const struct gantry_cli_option options[] = {
    GANTRY_CLI_OPTIONS_DEVICE,
    GANTRY_CLI_OPTIONS_PLACE,
    GANTRY_CLI_OPTIONS_INPUT,
    {"runs", "N", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(runs),
     "run so often; CPU times are the medians (default 1)"},
    {"csv", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(csv), "write the layers as CSV"},
    {"chrome-trace", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(chrome_trace),
     "write a trace that Perfetto and chrome://tracing open"},
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
    uint64_t *samples; /* runs x (nodes + totals), CPU times */
    struct gantry_profile_node *nodes;
};

static uint64_t runs_of(const struct gantry_cli_args *args) { return args->runs ? args->runs : 1; }

/* ---- Several runs: cycles are the same each time, CPU times are not ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t median(uint64_t *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, by_value);
    return samples[count / 2];
}

/* Columns of samples: nodes, then CPU, layout and wall time of the run. */
static void sample(struct work *work, size_t run, size_t runs)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    size_t n = profile->node_count;
    for (size_t i = 0; i < n; i++) work->samples[i * runs + run] = profile->nodes[i].cpu_ns;
    work->samples[n * runs + run] = profile->cpu_ns;
    work->samples[(n + 1) * runs + run] = profile->layout_ns;
    work->samples[(n + 2) * runs + run] = profile->total_ns;
}

static int measure(struct work *work, struct gantry_profile *out)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    size_t runs = (size_t)runs_of(work->args), n = profile->node_count;
    work->samples = gantry_allocate(NULL, (n + 3) * runs, sizeof *work->samples);
    work->nodes = gantry_allocate(NULL, n + 1, sizeof *work->nodes);
    if (!work->samples || !work->nodes) {
        fprintf(stderr, "gantry: %s: out of memory\n", work->args->model);
        return GANTRY_EXIT_MEMORY;
    }
    struct gantry_cli_progress progress;
    gantry_cli_progress_start(&progress, work->args, "run");
    for (size_t run = 0; run < runs; run++) {
        int code =
            gantry_cli_session_run(&work->session, work->args, &work->inputs, &work->outputs, NULL);
        if (code != GANTRY_EXIT_OK) return code;
        sample(work, run, runs);
        gantry_cli_progress_step(&progress, run + 1, runs);
    }
    *out = *profile;
    memcpy(work->nodes, profile->nodes, n * sizeof *work->nodes);
    for (size_t i = 0; i < n; i++) work->nodes[i].cpu_ns = median(work->samples + i * runs, runs);
    out->nodes = work->nodes;
    out->cpu_ns = median(work->samples + n * runs, runs);
    out->layout_ns = median(work->samples + (n + 1) * runs, runs);
    out->total_ns = median(work->samples + (n + 2) * runs, runs);
    return GANTRY_EXIT_OK;
}

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
    const char *nearest = gantry_cli_nearest(wanted, names, count);
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

/* ---- The command ---- */

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

static int report(struct work *work, const struct gantry_profile *profile)
{
    const struct gantry_report_context context = {
        .target = "kv260",
        .clock_hz = gantry_device_info(work->session.device)->clock_hz,
        .colour = wants_colour()};
    int code = write_file(work->args->csv, profile, &context, gantry_report_csv);
    if (code == GANTRY_EXIT_OK)
        code = write_file(work->args->chrome_trace, profile, &context, gantry_report_chrome);
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
    return GANTRY_EXIT_OK;
}

static int do_work(struct work *work)
{
    const struct gantry_cli_args *args = work->args;
    const struct gantry_cli_session_options session = {.device = args->device, .trace = true};
    struct gantry_profile profile;
    int code = check_args(args);
    if (code == GANTRY_EXIT_OK) code = gantry_cli_model_open(&work->model, &work->manifest, args);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_inputs(&work->inputs, args, work->model, &work->manifest, true);
    if (code == GANTRY_EXIT_OK && work->inputs.vectors > 1) {
        gantry_cli_note(args, "the first of %zu vectors is profiled", work->inputs.vectors);
        work->inputs.vectors = 1;
    }
    if (code == GANTRY_EXIT_OK) code = gantry_cli_outputs(&work->outputs, work->model, 1);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_open(&work->session, args, work->model, &session, true);
    if (code == GANTRY_EXIT_OK) code = measure(work, &profile);
    if (code == GANTRY_EXIT_OK) code = record(work);
    return code == GANTRY_EXIT_OK ? report(work, &profile) : code;
}

static int run(const struct gantry_cli_args *args)
{
    struct work work = {.args = args};
    int code = do_work(&work);
    gantry_release(NULL, work.samples);
    gantry_release(NULL, work.nodes);
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
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
