/* SPDX-License-Identifier: Apache-2.0
 * Making a plan: the steps in order, again whenever a launch does not fit the chip.
 *
 * A launch that does not fit is cut before the first node that is too much; a node that does not
 * fit alone goes to the CPU. Each round adds a cut or moves a node, so the rounds end. */
#include "plan/build.h"

#include <string.h>

/* What a round came to: every launch lowered, and the first one that does not fit, or -1. */
struct round {
    struct gantry_lowered *lowered; /* per segment */
    int32_t failed;
};

static enum gantry_status no_memory(const struct gantry_build *build)
{
    return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan of %s: out of memory",
                       build->graph->name ? build->graph->name : "a network");
}

static enum gantry_status run_round(struct gantry_build *build, struct round *round)
{
    gantry_arena_finish(&build->scratch);
    round->failed = -1;
    enum gantry_status status = gantry_build_place(build);
    if (status == GANTRY_OK) status = gantry_build_homes(build);
    if (status != GANTRY_OK) return status;
    const struct gantry_plan *plan = build->plan;
    round->lowered =
        gantry_arena_alloc(&build->scratch, (size_t)plan->segment_count, sizeof *round->lowered);
    if (!round->lowered) return no_memory(build);
    for (int32_t s = 0; s < plan->segment_count; s++) {
        if (!plan->segments[s].accelerator) continue;
        status = gantry_build_lower(build, s, &round->lowered[s]);
        if (status == GANTRY_OK) status = gantry_build_layout(build, &round->lowered[s]);
        if (status != GANTRY_OK) return status;
        if (!round->lowered[s].failed.code) continue;
        round->failed = s;
        return GANTRY_OK;
    }
    return GANTRY_OK;
}

/* Nodes of a segment that are not renamings. */
static int32_t list_tasks(const struct gantry_build *build, int32_t segment, int32_t *nodes)
{
    const struct gantry_plan_segment *s = &build->plan->segments[segment];
    int32_t count = 0;
    for (int32_t i = 0; i < s->node_count; i++)
        if (build->graph->nodes[s->nodes[i]].op != GANTRY_OP_RESHAPE) nodes[count++] = s->nodes[i];
    return count;
}

/* Makes the failed launch fit: the longest beginning that does, or its first node to the CPU. */
static enum gantry_status repair(struct gantry_build *build, struct round *round, int32_t *nodes)
{
    int32_t segment = round->failed;
    const struct gantry_lowered *lowered = &round->lowered[segment];
    if (lowered->failed_node != GANTRY_NO_NODE) {
        build->verdict[lowered->failed_node] = lowered->failed;
        return run_round(build, round);
    }
    int32_t count = list_tasks(build, segment, nodes);
    for (int32_t k = count - 1; k > 0; k--) {
        build->cut[nodes[k]] = true;
        enum gantry_status status = run_round(build, round);
        if (status != GANTRY_OK || round->failed != segment) return status;
        build->cut[nodes[k]] = false;
    }
    build->verdict[nodes[0]] = round->lowered[segment].failed;
    return run_round(build, round);
}

static void judge(struct gantry_build *build)
{
    static const struct gantry_reason elsewhere = {.code = "placement",
                                                   .rule = "Placement on the CPU was asked for"};
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        build->verdict[n] = elsewhere;
        if (build->plan->options.placement == GANTRY_PLACEMENT_ACCELERATOR)
            build->verdict[n] = gantry_plan_legality(build->graph, n, build->params);
        if (build->verdict[n].code || !gantry_task_describe(build->graph, n, &build->task[n]))
            continue;
        build->task[n].split = gantry_task_needs_split(build->graph, &build->task[n]);
    }
}

/* Segments outlive the scratch memory of the last round. */
static bool keep_segments(struct gantry_plan *plan)
{
    size_t count = (size_t)plan->segment_count;
    struct gantry_plan_segment *kept = gantry_arena_alloc(&plan->arena, count, sizeof *kept);
    if (!kept) return false;
    memcpy(kept, plan->segments, count * sizeof *kept);
    for (size_t s = 0; s < count; s++) {
        size_t nodes = (size_t)kept[s].node_count;
        kept[s].nodes = gantry_arena_alloc(&plan->arena, nodes, sizeof *kept[s].nodes);
        if (!kept[s].nodes) return false;
        memcpy(kept[s].nodes, plan->segments[s].nodes, nodes * sizeof *kept[s].nodes);
    }
    plan->segments = kept;
    return true;
}

static void count_macs(struct gantry_plan *plan)
{
    for (int32_t n = 0; n < plan->graph->node_count; n++) {
        plan->macs += plan->graph->nodes[n].macs;
        if (plan->nodes[n].accelerator) plan->macs_offloaded += plan->graph->nodes[n].macs;
    }
}

static enum gantry_status make(struct gantry_build *build)
{
    struct gantry_plan *plan = build->plan;
    struct gantry_arena *arena = &plan->arena;
    size_t nodes = (size_t)build->graph->node_count, tensors = (size_t)build->graph->tensor_count;
    plan->nodes = gantry_arena_alloc(arena, nodes, sizeof *plan->nodes);
    plan->tensors = gantry_arena_alloc(arena, tensors, sizeof *plan->tensors);
    build->task = gantry_arena_alloc(arena, nodes, sizeof *build->task);
    build->verdict = gantry_arena_alloc(arena, nodes, sizeof *build->verdict);
    build->cut = gantry_arena_alloc(arena, nodes, sizeof *build->cut);
    build->fused_add = gantry_arena_alloc(arena, nodes, sizeof *build->fused_add);
    build->is_output = gantry_arena_alloc(arena, tensors, sizeof *build->is_output);
    int32_t *list = gantry_arena_alloc(arena, nodes, sizeof *list);
    if (!plan->nodes || !plan->tensors || !build->task || !build->verdict || !build->cut ||
        !build->fused_add || !build->is_output || !list)
        return no_memory(build);
    for (int32_t i = 0; i < build->graph->output_count; i++)
        build->is_output[build->graph->outputs[i]] = true;
    judge(build);
    struct round round;
    enum gantry_status status = run_round(build, &round);
    while (status == GANTRY_OK && round.failed >= 0) status = repair(build, &round, list);
    if (status != GANTRY_OK) return status;
    if (!keep_segments(plan)) return no_memory(build);
    for (int32_t s = 0; s < plan->segment_count && status == GANTRY_OK; s++)
        if (plan->segments[s].accelerator)
            status = gantry_build_program(build, s, &round.lowered[s]);
    count_macs(plan);
    return status;
}

static void describe(const struct gantry_plan *plan)
{
    int32_t launches = 0, offloaded = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) launches += plan->segments[s].accelerator;
    for (int32_t n = 0; n < plan->graph->node_count; n++) offloaded += plan->nodes[n].accelerator;
    gantry_log_write(plan->options.log, GANTRY_LOG_DEBUG,
                     "plan: %d of %d nodes on the accelerator, %d launches, %zu bytes of arena",
                     offloaded, plan->graph->node_count, launches, plan->arena_bytes);
}

enum gantry_status gantry_plan_create(struct gantry_plan **out, const struct gantry_model *model,
                                      const struct gantry_device_info *device,
                                      const struct gantry_plan_options *options,
                                      struct gantry_error *error)
{
    static const struct gantry_plan_options defaults = GANTRY_PLAN_OPTIONS_INIT;
    *out = NULL;
    if (!model || !device)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "plan: no model or no device");
    if (!options) options = &defaults;
    struct gantry_plan *plan = gantry_allocate(options->allocator, 1, sizeof *plan);
    if (!plan) return gantry_fail(error, GANTRY_ERR_MEMORY, "plan: out of memory");
    gantry_arena_init(&plan->arena, options->allocator);
    plan->model = model;
    plan->graph = gantry_model_graph(model);
    plan->options = *options;
    if (device->accelerator)
        plan->params = (struct gantry_array_params){
            .g = device->g,
            .act_rows = device->act_rows,
            .ring_lines = device->ring_lines,
            .acc_rows = device->acc_rows,
            .ports = device->ports,
            .window = device->window,
        };
    struct gantry_build build = {
        .plan = plan, .graph = plan->graph, .params = &plan->params, .error = error};
    gantry_arena_init(&build.scratch, options->allocator);
    enum gantry_status status = make(&build);
    gantry_arena_finish(&build.scratch);
    if (status != GANTRY_OK) {
        gantry_plan_destroy(plan);
        return status;
    }
    describe(plan);
    *out = plan;
    return GANTRY_OK;
}

void gantry_plan_destroy(struct gantry_plan *plan)
{
    if (!plan) return;
    const struct gantry_allocator *allocator = plan->options.allocator;
    gantry_arena_finish(&plan->arena);
    gantry_release(allocator, plan);
}
