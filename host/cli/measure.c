/* SPDX-License-Identifier: Apache-2.0
 * Runs for a profile: times over several runs, and what the other side would cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/measure.h"
#include "plan/predict.h"

/* The other side runs so often when a run is short. */
enum { CPU_RUNS = 5, CPU_REPEAT_NS = 200000000 };

static int no_memory(const struct gantry_cli_args *args)
{
    fprintf(stderr, "gantry: %s: out of memory\n", args->model);
    return GANTRY_EXIT_MEMORY;
}

/* ---- Several runs: cycles are the same each time, CPU times are not ---- */

int gantry_cli_by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts the samples. */
static struct gantry_profile_spread spread_of(uint64_t *samples, size_t count)
{
    struct gantry_profile_spread spread = {.first_ns = samples[0]};
    uint64_t sum = 0;
    qsort(samples, count, sizeof *samples, gantry_cli_by_value);
    for (size_t i = 0; i < count; i++) sum += samples[i];
    spread.mean_ns = sum / count;
    spread.p50_ns = samples[count / 2];
    spread.p99_ns = samples[(99 * count + 99) / 100 - 1];
    spread.max_ns = samples[count - 1];
    return spread;
}

/* Columns of samples: nodes, then CPU, pack, unpack and wall time of the run. */
enum { TOTALS = 4 };

static void sample(const struct gantry_profile *profile, uint64_t *samples, size_t run, size_t runs)
{
    size_t n = profile->node_count;
    const uint64_t totals[TOTALS] = {profile->cpu_ns, profile->pack_ns, profile->unpack_ns,
                                     profile->total_ns};
    for (size_t i = 0; i < n; i++) samples[i * runs + run] = profile->nodes[i].cpu_ns;
    for (size_t i = 0; i < TOTALS; i++) samples[(n + i) * runs + run] = totals[i];
}

static void summarise(struct gantry_cli_measured *out, uint64_t *samples, size_t runs)
{
    struct gantry_profile *profile = &out->profile;
    size_t n = profile->node_count;
    for (size_t i = 0; i < n; i++) {
        out->nodes[i].cpu = spread_of(samples + i * runs, runs);
        out->nodes[i].cpu_ns = out->nodes[i].cpu.p50_ns;
    }
    profile->cpu = spread_of(samples + n * runs, runs);
    profile->cpu_ns = profile->cpu.p50_ns;
    profile->pack_ns = spread_of(samples + (n + 1) * runs, runs).p50_ns;
    profile->unpack_ns = spread_of(samples + (n + 2) * runs, runs).p50_ns;
    profile->layout_ns = profile->pack_ns + profile->unpack_ns;
    profile->wall = spread_of(samples + (n + 3) * runs, runs);
    profile->total_ns = profile->wall.p50_ns;
    profile->runs = (uint32_t)runs;
}

static uint64_t checksum_of(const struct gantry_cli_batch *outputs)
{
    uint64_t hash = GANTRY_FNV1A_START;
    for (size_t t = 0; t < outputs->count; t++) {
        const struct gantry_cli_tensor *tensor = &outputs->tensors[t];
        hash = gantry_fnv1a(hash, tensor->data, outputs->vectors * tensor->info->bytes);
    }
    return hash;
}

/* The record of the last run as one of its own. */
static void keep(struct gantry_cli_measured *out, const struct gantry_profile *profile,
                 const struct gantry_cli_batch *outputs)
{
    out->profile = *profile;
    memcpy(out->nodes, profile->nodes, profile->node_count * sizeof *out->nodes);
    out->profile.nodes = out->nodes;
    out->profile.checksum = checksum_of(outputs);
}

int gantry_cli_measure(struct gantry_cli_session *session, const struct gantry_cli_args *args,
                       const struct gantry_cli_batch *inputs, struct gantry_cli_batch *outputs,
                       size_t runs, struct gantry_cli_measured *out)
{
    size_t n = gantry_engine_profile(session->engine)->node_count, done = 0;
    struct gantry_cli_progress progress;
    int code = GANTRY_EXIT_OK;
    uint64_t *samples = gantry_allocate(NULL, (n + TOTALS) * runs, sizeof *samples);
    out->nodes = gantry_allocate(NULL, n + 1, sizeof *out->nodes);
    if (!samples || !out->nodes) code = no_memory(args);
    gantry_cli_progress_start(&progress, args, "run");
    while (code == GANTRY_EXIT_OK && done < runs) {
        bool fallen = session->fallen;
        code = gantry_cli_session_run(session, args, inputs, outputs, NULL);
        if (code != GANTRY_EXIT_OK) break;
        /* The CPU instead of a device that failed: its runs are what is measured. */
        if (session->fallen != fallen) {
            runs -= done;
            done = 0;
        }
        sample(gantry_engine_profile(session->engine), samples, done++, runs);
        gantry_cli_progress_step(&progress, done, runs);
    }
    if (code == GANTRY_EXIT_OK) {
        keep(out, gantry_engine_profile(session->engine), outputs);
        summarise(out, samples, runs);
    }
    gantry_release(NULL, samples);
    return code;
}

void gantry_cli_measured_finish(struct gantry_cli_measured *measured)
{
    gantry_release(NULL, measured->nodes);
    memset(measured, 0, sizeof *measured);
}

/* ---- The other side ---- */

static bool same_outputs(const struct gantry_cli_batch *a, const struct gantry_cli_batch *b)
{
    for (size_t t = 0; t < a->count; t++)
        if (memcmp(a->tensors[t].data, b->tensors[t].data,
                   a->vectors * a->tensors[t].info->bytes) != 0)
            return false;
    return true;
}

int gantry_cli_measure_cpu(const struct gantry_cli_args *args, const struct gantry_model *model,
                           const struct gantry_cli_batch *inputs,
                           const struct gantry_cli_batch *outputs,
                           struct gantry_cli_measured *measured)
{
    const struct gantry_cli_session_options options = {.device = "cpu", .trace = true};
    struct gantry_cli_args quiet = *args;
    struct gantry_cli_session session;
    struct gantry_cli_batch again = {0};
    struct gantry_cli_measured cpu = {0};
    quiet.verbose = false;
    int code = gantry_cli_session_open(&session, &quiet, model, &options, true);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_outputs(&again, model, outputs->vectors);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_measure(&session, &quiet, inputs, &again, 1, &cpu);
    if (code == GANTRY_EXIT_OK && cpu.profile.total_ns < CPU_REPEAT_NS) {
        gantry_cli_measured_finish(&cpu);
        code = gantry_cli_measure(&session, &quiet, inputs, &again, CPU_RUNS, &cpu);
    }
    if (code == GANTRY_EXIT_OK) {
        size_t count = measured->profile.node_count, most = cpu.profile.node_count;
        for (size_t i = 0; i < count && i < most; i++)
            if (measured->nodes[i].accelerator)
                measured->nodes[i].other_cpu_ns = cpu.nodes[i].cpu_ns;
        measured->profile.equal_to_cpu = same_outputs(outputs, &again);
    }
    gantry_cli_measured_finish(&cpu);
    gantry_cli_batch_finish(&again);
    gantry_cli_session_close(&session);
    return code;
}

static int predict_nodes(const struct gantry_plan *plan, const struct gantry_device_info *info,
                         struct gantry_profile_node *nodes)
{
    size_t count = (size_t)plan->graph->node_count;
    struct gantry_error error = {0};
    struct gantry_profile profile;
    struct gantry_profile_node *others = gantry_allocate(NULL, count + 2, sizeof *others);
    struct gantry_profile_segment *segments =
        gantry_allocate(NULL, (size_t)plan->segment_count + 1, sizeof *segments);
    enum gantry_status status = GANTRY_ERR_MEMORY;
    if (others && segments)
        status = gantry_plan_record(plan, info, &profile, others, segments, &error);
    else
        (void)gantry_fail(&error, status, "%s: out of memory", plan->graph->name);
    for (size_t i = 0; status == GANTRY_OK && i < count; i++)
        if (!nodes[i].accelerator && others[i].accelerator)
            nodes[i].other_cycles = others[i].predicted_cycles;
    gantry_release(NULL, segments);
    gantry_release(NULL, others);
    return status == GANTRY_OK ? GANTRY_EXIT_OK : gantry_cli_failure(&error);
}

int gantry_cli_predict_other(const struct gantry_model *model, const struct gantry_plan *own,
                             const struct gantry_device_info *info,
                             struct gantry_profile_node *nodes)
{
    bool wanted = false;
    for (int32_t i = 0; i < own->graph->node_count; i++) wanted = wanted || !nodes[i].accelerator;
    /* Other placements know both sides, or have everything legal on the accelerator already. */
    if (own->options.placement != GANTRY_PLACEMENT_CPU) wanted = false;
    if (!wanted || !info->accelerator) return GANTRY_EXIT_OK;
    struct gantry_error error = {0};
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_plan *plan;
    options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    if (gantry_plan_create(&plan, model, info, &options, &error) != GANTRY_OK)
        return gantry_cli_failure(&error);
    int code = predict_nodes(plan, info, nodes);
    gantry_plan_destroy(plan);
    return code;
}
