/* SPDX-License-Identifier: Apache-2.0
 * gantry bench: how long a model takes on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/calibrate.h"
#include "cli/measure.h"
#include "cli/streams.h"
#include "report/report.h"
#include "runtime/engine_internal.h"

enum { SAMPLES_MAX = 100000, WARM_RUNS = 3, RUNS_MIN = 3, NUMBER_BYTES = 32, STREAM_RUNS = 16 };
static const double seconds_default = 1.0, seconds_max = 3600.0;

static const struct gantry_cli_option options[] = {
    {"device", "DEVICE", GANTRY_CLI_STRING, GANTRY_CLI_AT(device),
     "cpu (default), model[:CONFIG], sim[:CONFIG], xrt[:INDEX] or opencl[:INDEX][:CONFIG]"},
    GANTRY_CLI_OPTIONS_SHAPE,
    GANTRY_CLI_OPTIONS_PLACE,
    GANTRY_CLI_OPTIONS_THREADS,
    GANTRY_CLI_OPTIONS_STREAMS("so many inferences at once, each with an engine: inferences/s"),
    GANTRY_CLI_OPTIONS_INPUT,
    {"seconds", "S", GANTRY_CLI_STRING, GANTRY_CLI_AT(duration),
     "run for so long (default 1); 0: load, run once, stop"},
    {"calibrate", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(calibrate),
     "no MODEL: measure every operator, for a target of this machine's processor"},
    {"output", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(output),
     "with --calibrate: the target file, also -o; --target takes it"},
    {"per-op", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(per_op),
     "the least time of every node as well"},
    GANTRY_CLI_OPTIONS_COMMON,
};

struct work {
    const struct gantry_cli_args *args;
    double seconds;
    struct gantry_model *model;
    struct gantry_manifest manifest;
    struct gantry_cli_session session;
    struct gantry_cli_batch inputs, outputs;
    struct gantry_tensor *tensors; /* of the first vector: inputs, then outputs */
    uint64_t *samples;             /* wall times of runs */
    uint64_t *node_ns;             /* least time of each node, with --per-op */
    size_t runs;
};

struct result {
    double load_ms, first_ms, min_us, med_us, p99_us, cpu_us;
    double gmacs, peak; /* 10^9 multiply-accumulates per second; peak 0: unknown */
    double rss_mb;
};

static uint64_t cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Peak of this program; what getrusage says outlives exec and may be that of who started it. */
static double rss_mb(void)
{
    enum { LINE_BYTES = 128 };
    char line[LINE_BYTES];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return 0;
    while (fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %ld", &kb) != 1) continue;
    (void)fclose(status);
    return (double)kb / 1024;
}

static int run_once(const struct work *work)
{
    struct gantry_error error = {0};
    if (gantry_engine_run(work->session.engine, work->tensors, work->tensors + work->inputs.count,
                          GANTRY_CLI_TIMEOUT_MS, &error) == GANTRY_OK)
        return GANTRY_EXIT_OK;
    return gantry_cli_failure(&error);
}

static void keep_nodes(struct work *work)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    for (size_t i = 0; i < profile->node_count; i++)
        if (work->runs == 0 || profile->nodes[i].cpu_ns < work->node_ns[i])
            work->node_ns[i] = profile->nodes[i].cpu_ns;
}

/* Runs for the time asked for; the first run is not among the samples. */
static int measure(struct work *work, struct result *result)
{
    uint64_t start = gantry_now_ns();
    int code = run_once(work);
    result->first_ms = (double)(gantry_now_ns() - start) / 1e6;
    if (code != GANTRY_EXIT_OK || work->seconds <= 0) return code;
    for (int i = 0; i < WARM_RUNS && code == GANTRY_EXIT_OK; i++) code = run_once(work);
    uint64_t cpu = cpu_ns(), from = gantry_now_ns();
    uint64_t end = from + (uint64_t)(work->seconds * 1e9);
    while (code == GANTRY_EXIT_OK && work->runs < SAMPLES_MAX) {
        code = run_once(work);
        uint64_t to = gantry_now_ns();
        if (work->args->per_op) keep_nodes(work);
        work->samples[work->runs++] = to - from;
        if (to >= end && work->runs >= RUNS_MIN) break;
        from = work->args->per_op ? gantry_now_ns() : to;
    }
    if (code == GANTRY_EXIT_OK)
        result->cpu_us = (double)(cpu_ns() - cpu) / 1e3 / (double)work->runs;
    return code;
}

static void evaluate(struct work *work, struct result *result)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    enum gantry_isa isa = work->session.engine->isa;
    size_t n = work->runs;
    result->rss_mb = rss_mb();
    if (n == 0) return;
    qsort(work->samples, n, sizeof *work->samples, gantry_cli_by_value);
    result->min_us = (double)work->samples[0] / 1e3;
    result->med_us = (double)work->samples[n / 2] / 1e3;
    result->p99_us = (double)work->samples[n - 1 - n / 100] / 1e3;
    result->gmacs = (double)profile->macs / result->med_us / 1e3;
    if (profile->macs_offloaded == 0) result->peak = gantry_isa_peak(isa) / 1e9;
}

/* ---- Output ---- */

static json_t *real_or_null(bool known, double value)
{
    return known ? json_real(value) : json_null();
}

static json_t *nodes_json(const struct work *work)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    json_t *nodes = json_array();
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct gantry_profile_node *node = &profile->nodes[i];
        double us = (double)work->node_ns[i] / 1e3;
        json_array_append_new(
            nodes,
            json_pack("{s:i, s:o, s:s, s:I, s:f, s:o}", "index", node->index, "name",
                      gantry_report_string(node->name), "op", node->op, "macs",
                      (json_int_t)node->macs, "min_us", us, "gmacs",
                      real_or_null(us > 0 && node->macs > 0, (double)node->macs / us / 1e3)));
    }
    return nodes;
}

static int print_json(const struct work *work, const struct result *r)
{
    bool timed = work->runs > 0;
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    json_t *root = json_pack(
        "{s:i, s:o, s:s, s:s, s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:f, s:f, s:f, s:o, s:o}",
        "schema", GANTRY_REPORT_SCHEMA, "model", gantry_report_string(profile->model), "device",
        profile->device, "isa", gantry_isa_name(work->session.engine->isa), "threads",
        work->session.engine->options.threads, "macs", (json_int_t)profile->macs, "runs",
        (json_int_t)work->runs, "min_us", real_or_null(timed, r->min_us), "med_us",
        real_or_null(timed, r->med_us), "p99_us", real_or_null(timed, r->p99_us), "cpu_us",
        real_or_null(timed, r->cpu_us), "load_ms", r->load_ms, "first_ms", r->first_ms, "rss_mb",
        r->rss_mb, "gmacs", real_or_null(timed, r->gmacs), "percent_of_peak",
        real_or_null(timed && r->peak > 0, 100 * r->gmacs / r->peak));
    if (root && work->args->per_op) json_object_set_new(root, "nodes", nodes_json(work));
    return gantry_cli_print_json(root);
}

static const char *text(double value, int digits, char *buffer)
{
    return gantry_report_number(value, digits, buffer, NUMBER_BYTES);
}

static void print_nodes(const struct work *work, double peak)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    char a[NUMBER_BYTES], b[NUMBER_BYTES], c[NUMBER_BYTES];
    printf("\n%5s  %-18s %10s %9s %8s  %s\n", "node", "operator", "min us", "GMAC/s", "of peak",
           "name");
    for (size_t i = 0; i < profile->node_count; i++) {
        const struct gantry_profile_node *node = &profile->nodes[i];
        double us = (double)work->node_ns[i] / 1e3,
               rate = us > 0 ? (double)node->macs / us / 1e3 : 0;
        bool known = node->macs > 0 && us > 0;
        printf("%5d  %-18s %10s %9s %7s%%  %.40s\n", node->index, node->op, text(us, 2, a),
               known ? text(rate, 1, b) : "-",
               known && peak > 0 ? text(100 * rate / peak, 1, c) : "-", node->name);
    }
}

static void print_text(const struct work *work, const struct result *r)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    char a[NUMBER_BYTES], b[NUMBER_BYTES], c[NUMBER_BYTES];
    printf("%s on %s, kernels %s\n", profile->model, profile->device,
           gantry_isa_name(work->session.engine->isa));
    printf("load %s ms, first run %s ms, peak memory %s MB\n", text(r->load_ms, 2, a),
           text(r->first_ms, 2, b), text(r->rss_mb, 1, c));
    if (work->runs == 0) return;
    printf("%zu runs: min %s us, median %s us, ", work->runs, text(r->min_us, 1, a),
           text(r->med_us, 1, b));
    printf("99 %% below %s us, CPU %s us\n", text(r->p99_us, 1, a), text(r->cpu_us, 1, b));
    printf("%s GMAC/s", text(r->gmacs, 1, a));
    if (r->peak > 0)
        printf(", %s %% of the measured peak of a core (%s)", text(100 * r->gmacs / r->peak, 1, b),
               text(r->peak, 0, c));
    printf("\n");
    if (work->args->per_op) print_nodes(work, r->peak);
}

/* ---- The command ---- */

static int parse_seconds(struct work *work)
{
    const char *duration = work->args->duration;
    work->seconds = seconds_default;
    if (!duration) return GANTRY_EXIT_OK;
    char *end;
    work->seconds = strtod(duration, &end);
    if (end != duration && *end == 0 && work->seconds >= 0 && work->seconds <= seconds_max)
        return GANTRY_EXIT_OK;
    return gantry_cli_usage(NULL, "--seconds: not a number of seconds (%s, 0..3600)", duration);
}

static int make_room(struct work *work)
{
    const struct gantry_profile *profile = gantry_engine_profile(work->session.engine);
    size_t tensors = work->inputs.count + work->outputs.count;
    work->tensors = gantry_allocate(NULL, tensors + 1, sizeof *work->tensors);
    if (work->seconds > 0) {
        work->samples = gantry_allocate(NULL, SAMPLES_MAX, sizeof *work->samples);
        work->node_ns = gantry_allocate(NULL, profile->node_count + 1, sizeof *work->node_ns);
    }
    if (work->tensors && (work->seconds <= 0 || (work->samples && work->node_ns))) {
        gantry_cli_batch_vector(&work->inputs, 0, work->tensors);
        gantry_cli_batch_vector(&work->outputs, 0, work->tensors + work->inputs.count);
        return GANTRY_EXIT_OK;
    }
    fprintf(stderr, "gantry: %s: out of memory\n", work->args->model);
    return GANTRY_EXIT_MEMORY;
}

static int measure_streams(struct work *work)
{
    const struct gantry_cli_args *args = work->args;
    const struct gantry_cli_session_options session = {.device =
                                                           args->device ? args->device : "cpu"};
    struct gantry_cli_streams streams = {0};
    int code = gantry_cli_model_open(&work->model, &work->manifest, args);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_open(&work->session, args, work->model, &session, false);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_inputs(&work->inputs, args, work->model, &work->manifest, true);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_streams_run(&streams, &work->session, args, &work->inputs, STREAM_RUNS,
                                      work->seconds);
    if (code == GANTRY_EXIT_OK) code = gantry_cli_streams_print(&streams, &work->session, args);
    gantry_cli_streams_finish(&streams);
    return code;
}

static int do_work(struct work *work)
{
    const struct gantry_cli_args *args = work->args;
    const struct gantry_cli_session_options session = {
        .device = args->device ? args->device : "cpu", .trace = args->per_op};
    struct result result = {0};
    if (args->per_op && work->seconds <= 0)
        return gantry_cli_usage(NULL, "--per-op needs --seconds above 0");
    uint64_t start = gantry_now_ns();
    int code = gantry_cli_model_open(&work->model, &work->manifest, args);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_open(&work->session, args, work->model, &session, true);
    result.load_ms = (double)(gantry_now_ns() - start) / 1e6;
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_inputs(&work->inputs, args, work->model, &work->manifest, true);
    if (code == GANTRY_EXIT_OK && work->inputs.vectors > 1)
        gantry_cli_note(args, "the first of %zu vectors is run", work->inputs.vectors);
    if (code == GANTRY_EXIT_OK) code = gantry_cli_outputs(&work->outputs, work->model, 1);
    if (code == GANTRY_EXIT_OK) code = make_room(work);
    if (code == GANTRY_EXIT_OK) code = measure(work, &result);
    if (code != GANTRY_EXIT_OK) return code;
    evaluate(work, &result);
    if (args->json) return print_json(work, &result);
    print_text(work, &result);
    return GANTRY_EXIT_OK;
}

static int check_args(const struct gantry_cli_args *args)
{
    if (args->calibrate && args->model)
        return gantry_cli_usage(NULL, "bench: --calibrate takes no MODEL (%s)", args->model);
    if (!args->calibrate && !args->model)
        return gantry_cli_usage("gantry --help shows the commands", "bench: no MODEL given");
    if (args->calibrate && args->device && strcmp(args->device, "cpu") != 0)
        return gantry_cli_usage(NULL, "bench: --calibrate measures the cpu (%s)", args->device);
    if (args->output && !args->calibrate)
        return gantry_cli_usage(NULL, "bench: --output goes with --calibrate");
    if (args->per_op && args->streams)
        return gantry_cli_usage(NULL, "bench: --per-op and --streams do not go together");
    return gantry_cli_check_streams(args);
}

static int run(const struct gantry_cli_args *args)
{
    struct work work = {.args = args};
    int code = check_args(args);
    if (code == GANTRY_EXIT_OK) code = parse_seconds(&work);
    if (code != GANTRY_EXIT_OK) return code;
    if (args->calibrate) return gantry_cli_calibrate(args, work.seconds);
    code = args->streams ? measure_streams(&work) : do_work(&work);
    gantry_release(NULL, work.node_ns);
    gantry_release(NULL, work.samples);
    gantry_release(NULL, work.tensors);
    gantry_cli_session_close(&work.session);
    gantry_cli_batch_finish(&work.outputs);
    gantry_cli_batch_finish(&work.inputs);
    gantry_manifest_finish(&work.manifest);
    gantry_model_close(work.model);
    return code;
}

const struct gantry_cli_command gantry_cli_bench = {
    .name = "bench",
    .argument = "[MODEL]",
    .help = "Measures how long a model takes on this machine, or the machine itself.",
    .examples = "gantry bench model.tflite --seconds 2 --threads 4\n"
                "gantry bench model.tflite --device sim:dual --streams 2\n"
                "gantry bench --calibrate -o target.json\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
