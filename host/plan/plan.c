/* SPDX-License-Identifier: Apache-2.0
 * Making a plan: the steps in order, again whenever a launch does not fit the chip.
 *
 * A launch that does not fit is cut before the first node that is too much; a node that does not
 * fit alone runs in row tiles, or on the CPU when even those are too large. Each round adds a cut,
 * tiles a node or moves one, so the rounds end. */
#include "plan/build.h"
#include "plan/planfile.h"

#include <stdio.h>
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
    if (status != GANTRY_OK) return status;
    gantry_build_patches(build);
    status = gantry_build_homes(build);
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

/* What does not fit alone runs in row tiles, and on the CPU when that is not enough. */
static void leave_or_tile(struct gantry_build *build, int32_t node,
                          const struct gantry_reason *failed)
{
    bool room = strcmp(failed->code, "onchip-memory") == 0 || strcmp(failed->code, "extent") == 0;
    room = room && build->task[node].kind != GANTRY_TASK_JOIN;
    if (room && !build->tiled[node])
        build->tiled[node] = true;
    else
        build->verdict[node] = *failed;
}

/* Makes the failed launch fit: the longest beginning that does, or its first node
 * in tiles or on the CPU. */
static enum gantry_status repair(struct gantry_build *build, struct round *round, int32_t *nodes)
{
    int32_t segment = round->failed;
    const struct gantry_lowered *lowered = &round->lowered[segment];
    if (lowered->failed_node != GANTRY_NO_NODE) {
        leave_or_tile(build, lowered->failed_node, &lowered->failed);
        return run_round(build, round);
    }
    int32_t count = list_tasks(build, segment, nodes);
    for (int32_t k = count - 1; k > 0; k--) {
        build->cut[nodes[k]] = true;
        enum gantry_status status = run_round(build, round);
        if (status != GANTRY_OK || round->failed != segment) return status;
        build->cut[nodes[k]] = false;
    }
    leave_or_tile(build, nodes[0], &round->lowered[segment].failed);
    return run_round(build, round);
}

/* The verdict on a node that is pinned, or that the placement has a word on. */
static void judge_node(struct gantry_build *build, int32_t n, bool to_cpu)
{
    static const struct gantry_reason elsewhere = {.code = "placement",
                                                   .rule = "Placement on the CPU was asked for"};
    bool cpu = build->plan->options.placement == GANTRY_PLACEMENT_CPU && !build->pinned[n];
    build->verdict[n] = elsewhere;
    if (!cpu && !to_cpu) build->verdict[n] = gantry_plan_legality(build->graph, n, build->params);
    if (build->verdict[n].code || !gantry_task_describe(build->graph, n, &build->task[n])) return;
    build->task[n].split = gantry_task_needs_split(build->graph, &build->task[n]);
}

static enum gantry_status judge(struct gantry_build *build, bool *to_cpu)
{
    const struct gantry_plan_options *options = &build->plan->options;
    const struct gantry_graph *graph = build->graph;
    for (size_t i = 0; i < options->pin_count; i++) {
        const struct gantry_plan_pin *pin = &options->pins[i];
        if (pin->node < 0 || pin->node >= graph->node_count)
            return gantry_fail(build->error, GANTRY_ERR_ARGUMENT, "pin: no node %d (0..%d)",
                               pin->node, graph->node_count - 1);
        bool *mine = pin->accelerator ? build->pinned : to_cpu;
        if ((pin->accelerator ? to_cpu : build->pinned)[pin->node])
            return gantry_fail(build->error, GANTRY_ERR_ARGUMENT,
                               "pin: node %d (%s) is pinned to both sides", pin->node,
                               graph->nodes[pin->node].name);
        mine[pin->node] = true;
    }
    for (int32_t n = 0; n < graph->node_count; n++) judge_node(build, n, to_cpu[n]);
    return GANTRY_OK;
}

/* A node that must be on the accelerator and is not: a pin that cannot hold. */
static enum gantry_status check_pins(struct gantry_build *build)
{
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        const struct gantry_reason *reason = &build->verdict[n];
        if (!build->pinned[n] || !reason->code) continue;
        char numbers[64] = "";
        if (reason->has_numbers)
            (void)snprintf(numbers, sizeof numbers, " (%lld, limit %lld)", (long long)reason->value,
                           (long long)reason->limit);
        return gantry_fail(build->error, GANTRY_ERR_ARGUMENT,
                           "pin: node %d (%s) cannot run on the accelerator: %s: %s%s", n,
                           build->graph->nodes[n].name, reason->code, reason->rule, numbers);
    }
    return GANTRY_OK;
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

/* Rounds until every launch fits. */
static enum gantry_status solve(struct gantry_build *build, struct round *round, int32_t *list)
{
    enum gantry_status status = run_round(build, round);
    while (status == GANTRY_OK && round->failed >= 0) status = repair(build, round, list);
    return status;
}

static enum gantry_status write_programs(struct gantry_build *build, struct round *round)
{
    enum gantry_status status = GANTRY_OK;
    for (int32_t s = 0; s < build->plan->segment_count && status == GANTRY_OK; s++)
        if (build->plan->segments[s].accelerator)
            status = gantry_build_program(build, s, &round->lowered[s]);
    return status;
}

static int32_t count_launches(const struct gantry_plan *plan)
{
    int32_t launches = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) launches += plan->segments[s].accelerator;
    return launches;
}

/* Divides at a price of a launch, and makes the launches fit. */
static enum gantry_status divide_at(struct gantry_build *build, struct round *round, int32_t *list,
                                    const struct gantry_reason *legal, double launch_ns)
{
    size_t nodes = (size_t)build->graph->node_count;
    memcpy(build->verdict, legal, nodes * sizeof *legal);
    memset(build->cut, 0, nodes * sizeof *build->cut);
    memset(build->tiled, 0, nodes * sizeof *build->tiled);
    enum gantry_status status = gantry_build_choose(build, launch_ns);
    return status == GANTRY_OK ? solve(build, round, list) : status;
}

/* Raises the price of a launch until there are no more than allowed, and lowers it again as far as
 * that holds. */
static enum gantry_status divide_dearer(struct gantry_build *build, struct round *round,
                                        int32_t *list, const struct gantry_reason *legal)
{
    enum { HALVINGS = 8 };
    struct gantry_plan *plan = build->plan;
    int32_t most = plan->options.max_segments;
    double low = plan->target.launch_ns + 1, high = low;
    enum gantry_status status = GANTRY_OK;
    while (status == GANTRY_OK && count_launches(plan) > most) {
        low = high;
        high *= 2;
        if (high > 1e15)
            return gantry_fail(build->error, GANTRY_ERR_ARGUMENT,
                               "max-segments: pins and memory need %d launches (limit %d)",
                               count_launches(plan), most);
        status = divide_at(build, round, list, legal, high);
    }
    for (int i = 0; i < HALVINGS && status == GANTRY_OK; i++) {
        double middle = (low + high) / 2;
        status = divide_at(build, round, list, legal, middle);
        if (count_launches(plan) > most)
            low = middle;
        else
            high = middle;
    }
    return status == GANTRY_OK ? divide_at(build, round, list, legal, high) : status;
}

/* Prices all that is legal, then divides. */
static enum gantry_status divide(struct gantry_build *build, struct round *round, int32_t *list)
{
    struct gantry_plan *plan = build->plan;
    size_t nodes = (size_t)build->graph->node_count;
    struct gantry_reason *legal = gantry_arena_alloc(&plan->arena, nodes, sizeof *legal);
    if (!legal) return no_memory(build);
    build->costing = true;
    enum gantry_status status = write_programs(build, round);
    if (status == GANTRY_OK) status = gantry_build_price(build);
    build->costing = false;
    memcpy(legal, build->verdict, nodes * sizeof *legal);
    if (status == GANTRY_OK) status = divide_at(build, round, list, legal, plan->target.launch_ns);
    int32_t most = plan->options.max_segments;
    plan->proven = most <= 0 || count_launches(plan) <= most;
    if (status != GANTRY_OK || plan->proven) return status;
    return divide_dearer(build, round, list, legal);
}

static bool allocate(struct gantry_build *build, bool **to_cpu, int32_t **list)
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
    build->pinned = gantry_arena_alloc(arena, nodes, sizeof *build->pinned);
    build->tiled = gantry_arena_alloc(arena, nodes, sizeof *build->tiled);
    *to_cpu = gantry_arena_alloc(arena, nodes, sizeof **to_cpu);
    *list = gantry_arena_alloc(arena, nodes, sizeof **list);
    return plan->nodes && plan->tensors && build->task && build->verdict && build->cut &&
           build->fused_add && build->is_output && build->pinned && build->tiled && *to_cpu &&
           *list;
}

static enum gantry_status make(struct gantry_build *build)
{
    struct gantry_plan *plan = build->plan;
    bool *to_cpu;
    int32_t *list;
    if (!allocate(build, &to_cpu, &list)) return no_memory(build);
    for (int32_t i = 0; i < build->graph->output_count; i++)
        build->is_output[build->graph->outputs[i]] = true;
    struct round round;
    enum gantry_status status = judge(build, to_cpu);
    if (status == GANTRY_OK) status = solve(build, &round, list);
    if (status == GANTRY_OK) status = check_pins(build);
    plan->modelled_ns = -1;
    if (status == GANTRY_OK && plan->options.placement == GANTRY_PLACEMENT_OPTIMAL)
        status = divide(build, &round, list);
    if (status == GANTRY_OK) status = check_pins(build);
    if (status != GANTRY_OK) return status;
    if (!keep_segments(plan)) return no_memory(build);
    status = write_programs(build, &round);
    if (status == GANTRY_OK && plan->options.placement != GANTRY_PLACEMENT_OPTIMAL)
        status = gantry_build_price(build);
    count_macs(plan);
    return status;
}

/* The memory that a simulated device has stands for the target's unless one is named; ports of 16
 * bytes limit either. */
static void fit_target(struct gantry_target *target, const struct gantry_device_info *device,
                       bool named)
{
    if (!named) gantry_target_set_memory(target, device->memory);
    double beats = (double)device->ports * GANTRY_AXI_BYTES;
    if (device->accelerator && target->memory_bytes_per_cycle > beats)
        target->memory_bytes_per_cycle = beats;
}

static void describe(const struct gantry_plan *plan)
{
    int32_t offloaded = 0;
    for (int32_t n = 0; n < plan->graph->node_count; n++) offloaded += plan->nodes[n].accelerator;
    for (int32_t i = 0; i < plan->graph->input_count; i++) {
        const struct gantry_plan_tensor *input = &plan->tensors[plan->graph->inputs[i]];
        if (input->patches.rows == 0) continue;
        gantry_log_write(plan->options.log, GANTRY_LOG_DEBUG,
                         "plan: input %d is packed by the host: %d x %d patches of %d x %d pixels",
                         i, input->extent.h, input->extent.w, input->patches.rows,
                         input->patches.columns);
    }
    gantry_log_write(plan->options.log, GANTRY_LOG_DEBUG,
                     "plan: %d of %d nodes on the accelerator, %d launches, %zu bytes of arena",
                     offloaded, plan->graph->node_count, count_launches(plan), plan->arena_bytes);
}

static void set_params(struct gantry_array_params *params, const struct gantry_device_info *device)
{
    if (!device->accelerator) return;
    *params = (struct gantry_array_params){
        .g = device->g,
        .act_rows = device->act_rows,
        .ring_lines = device->ring_lines,
        .acc_rows = device->acc_rows,
        .ports = device->ports,
        .window = device->window,
    };
}

uint32_t gantry_plan_together(const struct gantry_plan *plan, uint32_t inferences)
{
    uint64_t items = (uint64_t)inferences * (uint64_t)plan->graph->batch;
    if (plan->options.observe || count_launches(plan) == 0) return 1;
    return items < GANTRY_BATCH_MAX ? (uint32_t)items : GANTRY_BATCH_MAX;
}

uint32_t gantry_plan_slots(uint32_t together) { return together > 1 ? together + 1 : 1; }

size_t gantry_plan_device_bytes(const struct gantry_plan *plan)
{
    size_t bytes = (plan->arena_bytes + plan->input_bytes + plan->output_bytes) *
                   gantry_plan_slots(gantry_plan_together(plan, 1));
    for (int32_t s = 0; s < plan->segment_count; s++)
        bytes += plan->segments[s].weights_bytes +
                 (size_t)plan->segments[s].insn_count * GANTRY_INSN_BYTES;
    return bytes;
}

static enum gantry_status check_arena(const struct gantry_plan *plan, struct gantry_error *error)
{
    size_t bytes = gantry_plan_device_bytes(plan);
    if (plan->options.arena_limit == 0 || bytes <= plan->options.arena_limit) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_MEMORY,
                       "%s: needs %zu bytes of device memory (limit %llu)", plan->graph->name,
                       bytes, (unsigned long long)plan->options.arena_limit);
}

/* Plans anew. */
static enum gantry_status plan_model(struct gantry_plan *plan,
                                     const struct gantry_device_info *device,
                                     struct gantry_error *error)
{
    const char *target = plan->options.target;
    struct gantry_build build = {
        .plan = plan, .graph = plan->graph, .params = &plan->params, .error = error};
    gantry_arena_init(&build.scratch, plan->options.allocator);
    set_params(&plan->params, device);
    int32_t rows = plan->params.act_rows, limit = plan->options.onchip_limit;
    if (limit < 0 || (device->accelerator && limit > rows))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "onchip-limit: out of range (%d, 1..%d)",
                           limit, rows);
    if (limit > 0) plan->params.act_rows = limit;
    enum gantry_status status = gantry_target_read(&plan->target, target, error);
    if (status == GANTRY_OK) fit_target(&plan->target, device, target != NULL);
    if (status == GANTRY_OK) status = make(&build);
    plan->params.act_rows = rows;
    gantry_arena_finish(&build.scratch);
    return status;
}

/* Whether the plan of a plan file is what the options ask for. */
static bool wants_stored(const struct gantry_plan_options *options,
                         const struct gantry_device_info *device)
{
    return device->accelerator && options->placement == GANTRY_PLACEMENT_OPTIMAL &&
           options->pin_count == 0 && options->max_segments == 0 && !options->target &&
           options->onchip_limit == 0 && !options->observe && !options->again;
}

static enum gantry_status read_stored(struct gantry_plan *plan, const struct gantry_planfile *file,
                                      const struct gantry_device_info *device,
                                      struct gantry_error *error)
{
    struct gantry_array_params wanted = {0};
    set_params(&wanted, device);
    enum gantry_status status = gantry_planfile_read(plan, file, error);
    if (status != GANTRY_OK) return status;
    count_macs(plan);
    if (memcmp(&plan->params, &wanted, sizeof wanted) == 0) return GANTRY_OK;
    (void)gantry_fail(error, GANTRY_ERR_ARGUMENT,
                      "%s: compiled for %s (G = %d, %d rows), the device is %s (G = %d, %d rows)",
                      plan->graph->name, file->device, plan->params.g, plan->params.act_rows,
                      device->name, wanted.g, wanted.act_rows);
    gantry_hint(error,
                "gantry compile FILE --device NAME -o NEW.gantry makes one for another device");
    return GANTRY_ERR_ARGUMENT;
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
    const struct gantry_planfile *file = gantry_model_planfile(model);
    enum gantry_status status = file && wants_stored(options, device)
                                    ? read_stored(plan, file, device, error)
                                    : plan_model(plan, device, error);
    if (status == GANTRY_OK) status = check_arena(plan, error);
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
