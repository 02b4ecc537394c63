/* SPDX-License-Identifier: Apache-2.0
 * Makes an engine: buffers, program and weights on the device, bound CPU nodes, profile record. */
#include <string.h>

#include "plan/predict.h"
#include "runtime/engine_internal.h"

/* Buffers of zero bytes become this many, so that every buffer has an address. */
enum { BUFFER_BYTES_MIN = 64 };

static enum gantry_status buffer_make(struct gantry_engine *engine, size_t bytes,
                                      enum gantry_buffer_role role,
                                      struct gantry_device_buffer *buffer,
                                      struct gantry_error *error)
{
    if (bytes < BUFFER_BYTES_MIN) bytes = BUFFER_BYTES_MIN;
    if (engine->on_device) {
        gantry_device_take(engine->device);
        enum gantry_status status =
            engine->device->ops->alloc(engine->device, bytes, role, buffer, error);
        gantry_device_give(engine->device);
        if (status == GANTRY_OK) memset(buffer->host, 0, buffer->bytes);
        return status;
    }
    buffer->host = gantry_allocate(engine->options.allocator, bytes, 1);
    buffer->bytes = bytes;
    if (!buffer->host)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory (%zu bytes)",
                           engine->plan->graph->name, bytes);
    return GANTRY_OK;
}

static void buffer_drop(struct gantry_engine *engine, struct gantry_device_buffer *buffer)
{
    if (!buffer->host) return;
    if (engine->on_device) {
        gantry_device_take(engine->device);
        engine->device->ops->free(engine->device, buffer);
        gantry_device_give(engine->device);
    } else {
        gantry_release(engine->options.allocator, buffer->host);
    }
    memset(buffer, 0, sizeof *buffer);
}

static enum gantry_status buffer_fill(struct gantry_engine *engine, enum gantry_buffer_role role,
                                      struct gantry_device_buffer *buffer, const void *data,
                                      size_t bytes, struct gantry_error *error)
{
    enum gantry_status status = buffer_make(engine, bytes, role, buffer, error);
    if (status != GANTRY_OK) return status;
    if (bytes > 0) memcpy(buffer->host, data, bytes);
    return engine->device->ops->sync(engine->device, buffer, 0, buffer->bytes,
                                     GANTRY_SYNC_TO_DEVICE, error);
}

/* Program and weights: in memory of its own, or those of the owner. */
static enum gantry_status program_make(struct gantry_engine *engine, int32_t index,
                                       struct gantry_error *error)
{
    const struct gantry_plan_segment *planned = &engine->plan->segments[index];
    struct gantry_segment_state *state = &engine->segments[index];
    if (engine->owner) {
        state->program = engine->owner->segments[index].program;
        state->weights = engine->owner->segments[index].weights;
        return GANTRY_OK;
    }
    enum gantry_status status =
        buffer_fill(engine, GANTRY_ROLE_PROGRAM, &state->program, planned->program,
                    (size_t)planned->insn_count * GANTRY_INSN_BYTES, error);
    if (status != GANTRY_OK) return status;
    return buffer_fill(engine, GANTRY_ROLE_WEIGHTS, &state->weights, planned->weights,
                       planned->weights_bytes, error);
}

static enum gantry_status segment_make(struct gantry_engine *engine, int32_t index,
                                       struct gantry_error *error)
{
    const struct gantry_plan_segment *planned = &engine->plan->segments[index];
    struct gantry_segment_state *state = &engine->segments[index];
    if (!planned->accelerator) return GANTRY_OK;
    enum gantry_status status = program_make(engine, index, error);
    const struct gantry_device_info *info = &engine->device->info;
    bool trace = engine->options.trace && (info->has_cycles || info->has_times);
    if (status == GANTRY_OK && trace)
        status =
            buffer_make(engine, (size_t)engine->together * planned->insn_count * GANTRY_TRACE_BYTES,
                        GANTRY_ROLE_TRACE, &state->trace, error);
    if (status != GANTRY_OK) return status;
    state->launch = (struct gantry_launch){
        .program = state->program.address,
        .weights = state->weights.address,
        .arena = engine->arena.address,
        .input = engine->input.address,
        .output = engine->output.address,
        .trace = state->trace.address,
        .insn_count = planned->insn_count,
        .wgt_lines = planned->wgt_lines,
        .arena_bytes = (uint32_t)engine->arena.bytes,
        .input_bytes = (uint32_t)engine->input.bytes,
        .output_bytes = (uint32_t)engine->output.bytes,
        .trace_bytes = (uint32_t)state->trace.bytes,
        .run_stride = {(uint32_t)engine->plan->arena_bytes, (uint32_t)engine->plan->input_bytes,
                       (uint32_t)engine->plan->output_bytes},
        .sem_init = planned->sem_init,
        .watchdog_cycles = engine->device->watchdog_cycles,
        .trace_on = trace,
    };
    return GANTRY_OK;
}

/* Bytes that the copies of inputs and outputs move. */
static uint64_t bytes_of(const struct gantry_graph *graph, const int32_t *tensors, int32_t count)
{
    uint64_t bytes = 0;
    for (int32_t i = 0; i < count; i++) bytes += graph->tensors[tensors[i]].bytes;
    return bytes;
}

static enum gantry_status profile_make(struct gantry_engine *engine, struct gantry_error *error)
{
    const struct gantry_plan *plan = engine->plan;
    const struct gantry_graph *graph = plan->graph;
    size_t records = 0, items = (size_t)engine->options.batch * (size_t)graph->batch;
    for (int32_t s = 0; s < plan->segment_count; s++)
        if (engine->segments[s].trace.bytes > 0) records += items * plan->segments[s].insn_count;
    if (records > 0) {
        engine->events = gantry_arena_alloc(&engine->memory, records, sizeof *engine->events);
        if (!engine->events)
            return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", graph->name);
    }
    enum gantry_status status = gantry_plan_record(plan, &engine->device->info, &engine->profile,
                                                   engine->nodes, engine->parts, error);
    engine->profile.events = engine->events;
    engine->profile.inferences = 1; /* so many the planned figures are for */
    engine->profile.pack_bytes = bytes_of(graph, graph->inputs, graph->input_count);
    engine->profile.unpack_bytes = bytes_of(graph, graph->outputs, graph->output_count);
    return status;
}

static bool plan_needs_device(const struct gantry_plan *plan)
{
    for (int32_t s = 0; s < plan->segment_count; s++)
        if (plan->segments[s].accelerator) return true;
    return false;
}

/* Programs hold row addresses and stripes of one configuration. */
static enum gantry_status match_device(const struct gantry_plan *plan,
                                       const struct gantry_device_info *info,
                                       struct gantry_error *error)
{
    if (!info->accelerator)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "%s: the plan uses an accelerator, device %s has none",
                           plan->graph->name, info->name);
    const struct gantry_array_params *params = &plan->params;
    const struct {
        const char *what;
        int32_t planned, there;
    } pairs[] = {{"g", params->g, info->g},
                 {"activation rows", params->act_rows, info->act_rows},
                 {"ring lines", params->ring_lines, info->ring_lines},
                 {"accumulator rows", params->acc_rows, info->acc_rows},
                 {"ports", params->ports, info->ports},
                 {"window", params->window, info->window}};
    for (size_t i = 0; i < GANTRY_COUNT(pairs); i++)
        if (pairs[i].planned != pairs[i].there)
            return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                               "%s: planned for another device (%s %d, device %s has %d)",
                               plan->graph->name, pairs[i].what, pairs[i].planned, info->name,
                               pairs[i].there);
    return GANTRY_OK;
}

static enum gantry_status buffers_make(struct gantry_engine *engine, struct gantry_error *error)
{
    const struct gantry_plan *plan = engine->plan;
    const struct {
        size_t bytes;
        enum gantry_buffer_role role;
        struct gantry_device_buffer *buffer;
    } wanted[] = {{plan->arena_bytes, GANTRY_ROLE_ARENA, &engine->arena},
                  {plan->input_bytes, GANTRY_ROLE_INPUT, &engine->input},
                  {plan->output_bytes, GANTRY_ROLE_OUTPUT, &engine->output}};
    for (size_t i = 0; i < GANTRY_COUNT(wanted); i++) {
        size_t bytes = wanted[i].bytes * gantry_engine_slots(engine);
        if (bytes > UINT32_MAX - GANTRY_KERNEL_SLACK)
            return gantry_fail(error, GANTRY_ERR_MEMORY,
                               "%s: a buffer for %u inferences is too large (%zu, %u)",
                               plan->graph->name, engine->together, bytes, UINT32_MAX);
        enum gantry_status status = buffer_make(engine, bytes + GANTRY_KERNEL_SLACK, wanted[i].role,
                                                wanted[i].buffer, error);
        if (status != GANTRY_OK) return status;
    }
    return GANTRY_OK;
}

/* Variables begin with what stands for 0. */
static void reset_variables(struct gantry_engine *engine)
{
    const struct gantry_graph *graph = engine->plan->graph;
    for (int32_t t = 0; t < graph->tensor_count; t++) {
        const struct gantry_graph_tensor *tensor = &graph->tensors[t];
        struct gantry_view view = gantry_engine_view(engine, t);
        bool zero = tensor->dtype != GANTRY_INT8 || tensor->quantization.count != 1;
        if (tensor->variable && view.data)
            memset(view.data, zero ? 0 : tensor->quantization.zero_point[0], tensor->bytes);
    }
}

/* Kernels run one after another, in the scratch memory that the hungriest one needs. */
static enum gantry_status share_work(struct gantry_engine *engine, struct gantry_error *error)
{
    int32_t threads = engine->options.threads;
    size_t bytes = 0;
    bool shared = false;
    if (threads < 1 || threads > GANTRY_THREADS_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "threads: out of range (%d, 1..%d)", threads,
                           GANTRY_THREADS_MAX);
    for (int32_t n = 0; n < engine->plan->graph->node_count; n++) {
        struct gantry_work *work = &engine->work[n];
        if (work->kind != GANTRY_WORK_KERNEL) continue;
        work->parts = gantry_pool_parts(&work->args.kernel, threads);
        size_t part = gantry_align_size(work->args.kernel.scratch_bytes, 64);
        if (part * (size_t)work->parts > bytes) bytes = part * (size_t)work->parts;
        shared = shared || work->parts > 1;
    }
    if (shared) engine->pool = gantry_pool_create(threads);
    if (bytes > 0) engine->scratch = gantry_arena_alloc(&engine->memory, bytes, 1);
    bool served = engine->pool || !shared;
    if (served && (engine->scratch || bytes == 0)) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory (%zu bytes, %d threads)",
                       engine->plan->graph->name, bytes, threads);
}

static enum gantry_status fill(struct gantry_engine *engine, struct gantry_error *error)
{
    const struct gantry_plan *plan = engine->plan;
    const struct gantry_graph *graph = plan->graph;
    size_t nodes = (size_t)graph->node_count;
    engine->work = gantry_arena_alloc(&engine->memory, nodes, sizeof *engine->work);
    engine->nodes = gantry_arena_alloc(&engine->memory, nodes + 2, sizeof *engine->nodes);
    engine->segments =
        gantry_arena_alloc(&engine->memory, (size_t)plan->segment_count, sizeof *engine->segments);
    engine->parts =
        gantry_arena_alloc(&engine->memory, (size_t)plan->segment_count, sizeof *engine->parts);
    if (!engine->work || !engine->nodes || !engine->segments || !engine->parts)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", graph->name);
    enum gantry_status status = gantry_isa_choose(&engine->isa, error);
    if (status == GANTRY_OK) status = buffers_make(engine, error);
    if (status == GANTRY_OK) reset_variables(engine);
    for (int32_t s = 0; status == GANTRY_OK && s < plan->segment_count; s++) {
        status = segment_make(engine, s, error);
        if (plan->segments[s].accelerator) continue;
        if (status == GANTRY_OK && !gantry_segment_bind(engine, s))
            status = gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", graph->name);
        for (int32_t k = 0; status == GANTRY_OK && k < plan->segments[s].node_count; k++)
            status = gantry_work_bind(engine, plan->segments[s].nodes[k], error);
    }
    if (status == GANTRY_OK) status = share_work(engine, error);
    if (status == GANTRY_OK) status = profile_make(engine, error);
    if (status == GANTRY_OK) gantry_engine_model_host(engine);
    return status;
}

enum gantry_status gantry_engine_create_beside(struct gantry_engine **out,
                                               const struct gantry_plan *plan,
                                               struct gantry_device *device,
                                               const struct gantry_engine_options *options,
                                               const struct gantry_engine *owner,
                                               struct gantry_error *error)
{
    static const struct gantry_engine_options defaults = GANTRY_ENGINE_OPTIONS_INIT;
    *out = NULL;
    if (!options) options = &defaults;
    if (options->batch < 1 || options->batch > GANTRY_BATCH_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: batch is out of range (%u, 1..%d)",
                           plan->graph->name, options->batch, GANTRY_BATCH_MAX);
    if ((uint64_t)options->batch * (uint64_t)plan->graph->batch > INT32_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: too many items (%u batches of %d)",
                           plan->graph->name, options->batch, plan->graph->batch);
    bool on_device = plan_needs_device(plan);
    if (on_device) {
        enum gantry_status status = match_device(plan, &device->info, error);
        if (status != GANTRY_OK) return status;
    }
    struct gantry_engine *engine = gantry_allocate(options->allocator, 1, sizeof *engine);
    if (!engine)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", plan->graph->name);
    engine->plan = plan;
    engine->owner = owner;
    engine->device = device;
    engine->options = *options;
    engine->on_device = on_device;
    engine->together = gantry_plan_together(plan, options->batch);
    gantry_arena_init(&engine->memory, options->allocator);
    enum gantry_status status = fill(engine, error);
    if (status != GANTRY_OK) {
        gantry_engine_destroy(engine);
        return status;
    }
    *out = engine;
    return GANTRY_OK;
}

enum gantry_status gantry_engine_create(struct gantry_engine **out, const struct gantry_plan *plan,
                                        struct gantry_device *device,
                                        const struct gantry_engine_options *options,
                                        struct gantry_error *error)
{
    return gantry_engine_create_beside(out, plan, device, options, NULL, error);
}

void gantry_engine_destroy(struct gantry_engine *engine)
{
    if (!engine) return;
    gantry_pool_destroy(engine->pool);
    for (int32_t s = 0; engine->segments && s < engine->plan->segment_count; s++) {
        buffer_drop(engine, &engine->segments[s].trace);
        if (engine->owner) continue;
        buffer_drop(engine, &engine->segments[s].weights);
        buffer_drop(engine, &engine->segments[s].program);
    }
    buffer_drop(engine, &engine->output);
    buffer_drop(engine, &engine->input);
    buffer_drop(engine, &engine->arena);
    gantry_arena_finish(&engine->memory);
    gantry_release(engine->options.allocator, engine);
}
