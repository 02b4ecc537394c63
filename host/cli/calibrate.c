/* SPDX-License-Identifier: Apache-2.0
 * gantry bench --calibrate: times layers of every operator on this machine, and makes a target of
 * the figures that explain them. */
#include "cli/calibrate.h"

#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "report/report.h"
#include "runtime/engine_internal.h"

enum { LAYERS_MAX = 64, NUMBER_BYTES = 32, RUNS_MAX = 100000 };

struct calibration {
    const struct gantry_cli_args *args;
    struct gantry_target target; /* its processor is what is measured */
    enum gantry_op ops[LAYERS_MAX];
    struct gantry_target_sample samples[LAYERS_MAX];
    size_t count;
    enum gantry_isa isa;
    double worst[GANTRY_OP_COUNT]; /* relative error of the figures; negative: not measured */
};

/* Runs for so long; the least time of the node, since what is more is someone else's. */
static enum gantry_status run_layer(struct gantry_engine *engine, struct gantry_tensor *tensors,
                                    size_t inputs, double seconds,
                                    struct gantry_target_sample *sample, struct gantry_error *error)
{
    uint64_t end = gantry_now_ns() + (uint64_t)(seconds * 1e9);
    sample->ns = 0;
    for (int32_t run = 0; run < RUNS_MAX; run++) {
        enum gantry_status status =
            gantry_engine_run(engine, tensors, tensors + inputs, GANTRY_CLI_TIMEOUT_MS, error);
        if (status != GANTRY_OK) return status;
        double ns = (double)gantry_engine_profile(engine)->nodes[0].cpu_ns;
        if (sample->ns <= 0 || ns < sample->ns) sample->ns = ns;
        if (gantry_now_ns() >= end) break;
    }
    if (sample->ns < 1) sample->ns = 1;
    return GANTRY_OK;
}

static int time_model(struct calibration *c, const struct gantry_model *model, double seconds)
{
    const struct gantry_cli_session_options how = {.device = "cpu", .trace = true};
    struct gantry_cli_session session;
    struct gantry_cli_batch inputs = {0}, outputs = {0};
    struct gantry_tensor tensors[3];
    struct gantry_error error = {0};
    int code = gantry_cli_session_open(&session, c->args, model, &how, true);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_inputs(&inputs, c->args, model, NULL, true);
    if (code == GANTRY_EXIT_OK) code = gantry_cli_outputs(&outputs, model, 1);
    if (code == GANTRY_EXIT_OK) {
        struct gantry_target_sample *sample = &c->samples[c->count];
        gantry_cli_batch_vector(&inputs, 0, tensors);
        gantry_cli_batch_vector(&outputs, 0, tensors + inputs.count);
        gantry_target_work(gantry_model_graph(model), 0, &sample->macs, &sample->values);
        if (run_layer(session.engine, tensors, inputs.count, seconds, sample, &error) != GANTRY_OK)
            code = gantry_cli_failure(&error);
        c->isa = session.engine->isa;
        c->count++;
    }
    gantry_cli_batch_finish(&outputs);
    gantry_cli_batch_finish(&inputs);
    gantry_cli_session_close(&session);
    return code;
}

static int time_layers(struct calibration *c, double seconds)
{
    struct gantry_cli_progress progress;
    struct gantry_cli_layer layer;
    size_t layers = 0;
    int code = GANTRY_EXIT_OK;
    while (layers < LAYERS_MAX && gantry_cli_layer(layers, &layer)) layers++;
    gantry_cli_progress_start(&progress, c->args, "calibration");
    for (size_t i = 0; i < layers && code == GANTRY_EXIT_OK; i++) {
        struct gantry_model *model;
        struct gantry_error error = {0};
        (void)gantry_cli_layer(i, &layer);
        c->ops[i] = layer.op;
        if (gantry_cli_layer_model(&model, &layer, &error) != GANTRY_OK)
            return gantry_cli_failure(&error);
        code = time_model(c, model, seconds / (double)layers);
        gantry_model_close(model);
        gantry_cli_progress_step(&progress, i + 1, layers);
    }
    return code;
}

/* The figures of each operator; those of all together for operators that are not measured. */
static void fit(struct calibration *c)
{
    double worst;
    gantry_target_fit(c->samples, c->count, &c->target.others, &worst);
    for (int32_t op = 0; op < GANTRY_OP_COUNT; op++) {
        size_t from = 0, to;
        while (from < c->count && (int32_t)c->ops[from] != op) from++;
        for (to = from; to < c->count && (int32_t)c->ops[to] == op; to++) continue;
        c->target.kernels[op] = c->target.others;
        c->worst[op] = -1;
        if (to > from)
            gantry_target_fit(c->samples + from, to - from, &c->target.kernels[op], &c->worst[op]);
    }
    /* A renaming is no work. */
    c->target.kernels[GANTRY_OP_RESHAPE] = (struct gantry_target_kernel){0};
}

/* The processor's name as the system has it. */
static void read_cpu_name(char *out, size_t size)
{
    static const char *const keys[] = {"model name", "Hardware", "CPU part"};
    char line[256];
    (void)snprintf(out, size, "a processor");
    for (size_t k = 0; k < GANTRY_COUNT(keys); k++) {
        FILE *file = fopen("/proc/cpuinfo", "r");
        while (file && fgets(line, sizeof line, file)) {
            const char *value = strchr(line, ':');
            if (strncmp(line, keys[k], strlen(keys[k])) != 0 || !value) continue;
            value += strspn(value, ": \t");
            (void)snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
            (void)fclose(file);
            return;
        }
        if (file) (void)fclose(file);
    }
}

static void describe(struct calibration *c, char *source, size_t size)
{
    struct gantry_target *target = &c->target;
    char cpu[64], base[sizeof target->name];
    uint16_t threads = c->args->threads ? (uint16_t)c->args->threads : 1; /* engines checked it */
    read_cpu_name(cpu, sizeof cpu);
    memcpy(base, target->name, sizeof base);
    (void)snprintf(source, size,
                   "processor: gantry bench --calibrate; accelerator and transfers: target %s",
                   base);
    (void)snprintf(target->name, sizeof target->name, "host");
    (void)snprintf(target->description, sizeof target->description, "%s, accelerator of %s", cpu,
                   base);
    (void)snprintf(target->cpu, sizeof target->cpu, "%s, kernels %s, threads: %u", cpu,
                   gantry_isa_name(c->isa), threads);
}

static void print_table(const struct calibration *c)
{
    char call[NUMBER_BYTES], mac[NUMBER_BYTES], value[NUMBER_BYTES], worst[NUMBER_BYTES];
    printf("%s\n%-20s %9s %9s %9s %12s\n", c->target.cpu, "operator", "call us", "MAC ns",
           "value ns", "error up to");
    for (int32_t op = 0; op < GANTRY_OP_COUNT; op++) {
        const struct gantry_target_kernel *kernel = &c->target.kernels[op];
        if (c->worst[op] < 0) continue;
        printf("%-20s %9s %9s %9s %10s %%\n", gantry_op_label((enum gantry_op)op),
               gantry_report_number(kernel->call_ns / 1e3, 3, call, sizeof call),
               gantry_report_number(kernel->mac_ns, 4, mac, sizeof mac),
               gantry_report_number(kernel->value_ns, 3, value, sizeof value),
               gantry_report_number(100 * c->worst[op], 0, worst, sizeof worst));
    }
}

/* Writes the target, and prints it or a table. */
static int report(const struct calibration *c, const char *source)
{
    const char *path = c->args->output;
    char *text = gantry_target_text(&c->target, source, false);
    char *line = gantry_target_text(&c->target, source, true);
    int code = GANTRY_EXIT_OK;
    if (!text || !line) {
        fprintf(stderr, "gantry: calibration: out of memory\n");
        code = GANTRY_EXIT_MEMORY;
    }
    struct gantry_cli_file file;
    if (code == GANTRY_EXIT_OK && path) {
        code = gantry_cli_file_begin(&file, path);
        if (code == GANTRY_EXIT_OK) {
            fprintf(file.stream, "%s\n", text);
            code = gantry_cli_file_commit(&file);
        }
    }
    if (code == GANTRY_EXIT_OK && c->args->json)
        printf("%s\n", line);
    else if (code == GANTRY_EXIT_OK)
        print_table(c);
    gantry_release(NULL, line);
    gantry_release(NULL, text);
    return code;
}

int gantry_cli_calibrate(const struct gantry_cli_args *args, double seconds)
{
    char source[160];
    struct gantry_error error = {0};
    struct gantry_cli_args own = *args;
    struct calibration *c = gantry_allocate(NULL, 1, sizeof *c);
    if (!c) {
        fprintf(stderr, "gantry: calibration: out of memory\n");
        return GANTRY_EXIT_MEMORY;
    }
    own.model = "calibration";
    own.placement = "cpu";
    own.random = "1";
    c->args = &own;
    int code = GANTRY_EXIT_OK;
    if (gantry_target_read(&c->target, args->target, &error) != GANTRY_OK)
        code = gantry_cli_failure(&error);
    if (code == GANTRY_EXIT_OK) code = time_layers(c, seconds);
    if (code == GANTRY_EXIT_OK) {
        fit(c);
        describe(c, source, sizeof source);
        code = report(c, source);
    }
    gantry_release(NULL, c);
    return code;
}
