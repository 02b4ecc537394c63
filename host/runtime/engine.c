/* SPDX-License-Identifier: Apache-2.0
 * Runs a plan, segment by segment. Allocates nothing. */
#include <string.h>

#include "runtime/engine_internal.h"

enum { TIMEOUT_MS_MAX = 3600000 };

/* ---- Checks of what the caller gives ---- */

static enum gantry_status check_tensor(const struct gantry_graph *graph, const char *what,
                                       int32_t i, int32_t tensor, const struct gantry_tensor *given,
                                       struct gantry_error *error)
{
    const struct gantry_graph_tensor *wanted = &graph->tensors[tensor];
    const struct gantry_shape shape = gantry_graph_outer_shape(graph, tensor);
    size_t bytes = wanted->bytes * (size_t)graph->batch;
    char given_text[80], wanted_text[80];
    enum gantry_dtype dtype = wanted->flipped ? GANTRY_UINT8 : wanted->dtype;
    if (given->dtype != dtype)
        return gantry_fail(error, GANTRY_ERR_SHAPE, "%s: %s %d %s: type %s, the model has %s",
                           graph->name, what, i, wanted->name, gantry_dtype_name(given->dtype),
                           gantry_dtype_name(dtype));
    if (given->shape.rank < 0 || given->shape.rank > GANTRY_RANK_MAX)
        return gantry_fail(error, GANTRY_ERR_SHAPE, "%s: %s %d %s: rank is out of range (%d, %d)",
                           graph->name, what, i, wanted->name, given->shape.rank, GANTRY_RANK_MAX);
    if (!gantry_shape_equal(&given->shape, &shape))
        return gantry_fail(error, GANTRY_ERR_SHAPE, "%s: %s %d %s: shape %s, the model has %s",
                           graph->name, what, i, wanted->name,
                           gantry_shape_text(&given->shape, given_text, sizeof given_text),
                           gantry_shape_text(&shape, wanted_text, sizeof wanted_text));
    if (given->bytes != bytes)
        return gantry_fail(error, GANTRY_ERR_SHAPE, "%s: %s %d %s: %zu bytes, the model has %zu",
                           graph->name, what, i, wanted->name, given->bytes, bytes);
    if (!given->data)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: %s %d %s: no data", graph->name, what,
                           i, wanted->name);
    return GANTRY_OK;
}

static enum gantry_status check_call(const struct gantry_engine *engine, uint32_t count,
                                     const struct gantry_tensor *inputs,
                                     const struct gantry_tensor *outputs, uint32_t timeout_ms,
                                     struct gantry_error *error)
{
    const struct gantry_graph *graph = engine->plan->graph;
    if (count < 1 || count > engine->options.batch)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "%s: inferences of a run are out of range (%u, the engine has 1..%u)",
                           graph->name, count, engine->options.batch);
    if (timeout_ms < 1 || timeout_ms > TIMEOUT_MS_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: timeout_ms is out of range (%u, %d)",
                           graph->name, timeout_ms, TIMEOUT_MS_MAX);
    enum gantry_status status = GANTRY_OK;
    for (uint32_t k = 0; status == GANTRY_OK && k < count; k++) {
        for (int32_t i = 0; status == GANTRY_OK && i < graph->input_count; i++)
            status = check_tensor(graph, "input", i, graph->inputs[i], inputs++, error);
        for (int32_t i = 0; status == GANTRY_OK && i < graph->output_count; i++)
            status = check_tensor(graph, "output", i, graph->outputs[i], outputs++, error);
    }
    return status;
}

/* ---- Dense tensors of the caller to and from their homes ---- */

static struct gantry_view view_dense(void *data, size_t bytes)
{
    return (struct gantry_view){
        .data = data, .pixels = 1, .pixel_bytes = bytes, .stride_bytes = bytes};
}

/* One item of what the caller's tensors hold. */
static struct gantry_view item_view(const struct gantry_engine *engine, int32_t tensor,
                                    const struct gantry_tensor *outer, uint32_t item)
{
    size_t bytes = engine->plan->graph->tensors[tensor].bytes;
    return view_dense((uint8_t *)outer->data + (size_t)item * bytes, bytes);
}

/* uint8 at the interface is int8 inside. */
static void flip(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) bytes[i] ^= 0x80;
}

/* As gantry_view_copy, and flips. */
static void copy_flipped(const struct gantry_view *from, const struct gantry_view *to)
{
    if (!gantry_view_is_dense(from) || !gantry_view_is_dense(to)) {
        gantry_view_copy(from, to);
        flip(to->data, (size_t)to->pixels * to->stride_bytes);
        return;
    }
    const uint8_t *restrict source = from->data;
    uint8_t *restrict target = to->data;
    size_t count = (size_t)to->pixels * to->stride_bytes;
    for (size_t i = 0; i < count; i++) target[i] = source[i] ^ 0x80;
}

/* Packs an input that its home holds in patches. */
static bool pack_patches(const struct gantry_engine *engine, int32_t tensor,
                         const struct gantry_view *dense, const struct gantry_view *home)
{
    const struct gantry_plan_tensor *placed = &engine->plan->tensors[tensor];
    const struct gantry_graph_tensor *meta = &engine->plan->graph->tensors[tensor];
    struct gantry_extent image;
    if (placed->patches.rows == 0 || !gantry_shape_extent(&meta->shape, &image)) return false;
    int32_t pad = meta->quantization.zero_point[0] + (meta->flipped ? 128 : 0);
    gantry_patches_pack(placed, &image, pad, dense->data, home->data);
    return true;
}

static void pack_inputs(struct gantry_engine *engine, uint32_t slot,
                        const struct gantry_tensor *inputs, uint32_t item)
{
    const struct gantry_graph *graph = engine->plan->graph;
    for (int32_t i = 0; i < graph->input_count; i++) {
        struct gantry_view home = gantry_engine_slot_view(engine, graph->inputs[i], slot);
        struct gantry_view dense = item_view(engine, graph->inputs[i], &inputs[i], item);
        bool flipped = graph->tensors[graph->inputs[i]].flipped;
        if (!home.data) continue; /* nothing reads it */
        if (pack_patches(engine, graph->inputs[i], &dense, &home)) {
            if (flipped) flip(home.data, (size_t)home.pixels * home.stride_bytes);
        } else {
            (flipped ? copy_flipped : gantry_view_copy)(&dense, &home);
        }
    }
}

static void unpack_outputs(const struct gantry_engine *engine, uint32_t slot,
                           const struct gantry_tensor *outputs, uint32_t item)
{
    const struct gantry_graph *graph = engine->plan->graph;
    for (int32_t i = 0; i < graph->output_count; i++) {
        struct gantry_view home = gantry_engine_slot_view(engine, graph->outputs[i], slot);
        struct gantry_view dense = item_view(engine, graph->outputs[i], &outputs[i], item);
        gantry_assert(home.data != NULL);
        gantry_view_copy(&home, &dense);
        if (graph->tensors[graph->outputs[i]].flipped) flip(dense.data, dense.pixel_bytes);
    }
}

bool gantry_engine_read_tensor(const struct gantry_engine *engine, int32_t tensor, void *data,
                               size_t bytes)
{
    struct gantry_view home = gantry_engine_view(engine, tensor);
    bool packed = engine->plan->tensors[tensor].patches.rows > 0;
    if (!home.data || packed || bytes != engine->plan->graph->tensors[tensor].bytes) return false;
    struct gantry_view dense = view_dense(data, bytes);
    gantry_view_copy(&home, &dense);
    return true;
}

/* ---- Segments ---- */

/* Reading the clock takes as long as the smallest layers: only a traced run does it per node. */
static void run_nodes(struct gantry_engine *engine, const struct gantry_plan_segment *segment)
{
    uint64_t start = gantry_now_ns(), from = start, to = start;
    for (int32_t k = 0; k < segment->node_count; k++) {
        int32_t node = segment->nodes[k];
        gantry_work_run(engine, node);
        if (!engine->options.trace) continue;
        to = gantry_now_ns();
        engine->nodes[node].cpu_ns += to - from;
        from = to;
    }
    if (!engine->options.trace) to = gantry_now_ns();
    engine->profile.cpu_ns += to - start;
}

/* The copies between slots are layout, like those of inputs and outputs. */
static void run_cpu(struct gantry_engine *engine, int32_t index, uint32_t count)
{
    const struct gantry_plan_segment *segment = &engine->plan->segments[index];
    const struct gantry_segment_state *state = &engine->segments[index];
    uint64_t host_ns = engine->parts[index].modelled_host_ns;
    if (!state->crossing) {
        run_nodes(engine, segment);
        gantry_engine_pass(engine, host_ns);
        return;
    }
    for (uint32_t slot = 0; slot < count; slot++) {
        uint64_t start = gantry_now_ns();
        gantry_segment_bring(engine, state, slot);
        engine->profile.pack_ns += gantry_now_ns() - start;
        run_nodes(engine, segment);
        start = gantry_now_ns();
        gantry_segment_take(engine, state, slot);
        engine->profile.unpack_ns += gantry_now_ns() - start;
        gantry_engine_pass(engine, host_ns);
    }
}

static enum gantry_status sync_whole(struct gantry_engine *engine,
                                     struct gantry_device_buffer *buffer,
                                     enum gantry_sync direction, struct gantry_error *error)
{
    return engine->device->ops->sync(engine->device, buffer, 0, buffer->bytes, direction, error);
}

static enum gantry_status sync_before(struct gantry_engine *engine,
                                      struct gantry_segment_state *state,
                                      struct gantry_error *error)
{
    enum gantry_status status = sync_whole(engine, &engine->input, GANTRY_SYNC_TO_DEVICE, error);
    if (status == GANTRY_OK)
        status = sync_whole(engine, &engine->arena, GANTRY_SYNC_TO_DEVICE, error);
    if (status == GANTRY_OK)
        status = sync_whole(engine, &engine->output, GANTRY_SYNC_TO_DEVICE, error);
    if (status == GANTRY_OK && state->launch.trace_on) {
        /* All ones mark a record that the device has not written. */
        memset(state->trace.host, 0xFF, state->trace.bytes);
        status = sync_whole(engine, &state->trace, GANTRY_SYNC_TO_DEVICE, error);
    }
    return status;
}

static enum gantry_status sync_after(struct gantry_engine *engine,
                                     struct gantry_segment_state *state, struct gantry_error *error)
{
    enum gantry_status status = sync_whole(engine, &engine->arena, GANTRY_SYNC_FROM_DEVICE, error);
    if (status == GANTRY_OK)
        status = sync_whole(engine, &engine->output, GANTRY_SYNC_FROM_DEVICE, error);
    if (status == GANTRY_OK && state->launch.trace_on)
        status = sync_whole(engine, &state->trace, GANTRY_SYNC_FROM_DEVICE, error);
    return status;
}

static void account(struct gantry_engine *engine, int32_t index, uint32_t count,
                    const struct gantry_counters *counters)
{
    const struct gantry_plan_segment *segment = &engine->plan->segments[index];
    const struct gantry_segment_state *state = &engine->segments[index];
    struct gantry_profile *profile = &engine->profile;
    engine->parts[index].cycles += counters->cycles;
    profile->launches++;
    profile->accelerator_cycles += counters->cycles;
    profile->ddr_read_bytes += counters->read_bytes;
    profile->ddr_write_bytes += counters->write_bytes;
    for (int k = 0; k < GANTRY_STALL_CLASSES; k++) profile->stalls[k] += counters->stall[k];
    if (!state->launch.trace_on) return;
    size_t wanted = (size_t)count * segment->insn_count;
    size_t records =
        gantry_trace_attribute(state->trace.host, wanted, segment->insn_node, segment->insn_count,
                               engine->nodes, engine->plan->graph->node_count);
    if (profile->has_times) {
        uint64_t ns =
            gantry_trace_times(state->trace.host, records, segment->insn_node, segment->insn_count,
                               engine->nodes, engine->plan->graph->node_count);
        engine->parts[index].device_ns += ns;
        profile->device_ns += ns;
    }
    profile->event_count +=
        gantry_trace_events(state->trace.host, records, segment->insn_node, segment->insn_count,
                            index, engine->events + profile->event_count);
    if (counters->trace_lost || records != wanted) profile->trace_lost = true;
}

/* One launch, and what it counted. */
static enum gantry_status launch(struct gantry_device *device, const struct gantry_launch *launch,
                                 uint32_t timeout_ms, struct gantry_counters *counters,
                                 struct gantry_error *error)
{
    enum gantry_status status = device->ops->submit(device, launch, error);
    if (status == GANTRY_OK) status = device->ops->wait(device, timeout_ms, error);
    /* The failure is what the caller has to hear; the next run tells if this did not help. */
    if (status != GANTRY_OK)
        (void)device->ops->reset(device, NULL);
    else
        status = device->ops->counters(device, counters, error);
    return status;
}

static enum gantry_status run_accelerator(struct gantry_engine *engine, int32_t index,
                                          uint32_t count, uint32_t timeout_ms,
                                          struct gantry_error *error)
{
    struct gantry_segment_state *state = &engine->segments[index];
    struct gantry_profile_segment *part = &engine->parts[index];
    struct gantry_counters counters;
    uint64_t from = gantry_now_ns();
    enum gantry_status status = sync_before(engine, state, error);
    if (status != GANTRY_OK) return status;
    part->before_ns += gantry_now_ns() - from;
    state->launch.repeat = count;
    gantry_engine_pass(engine, part->modelled_host_ns / 2);
    gantry_device_take(engine->device);
    part->from_ns = gantry_engine_now(engine) - engine->profile.start_ns;
    status = launch(engine->device, &state->launch, timeout_ms, &counters, error);
    part->to_ns = gantry_engine_now(engine) - engine->profile.start_ns;
    gantry_device_give(engine->device);
    if (status != GANTRY_OK) return status;
    gantry_engine_pass(engine, part->modelled_host_ns - part->modelled_host_ns / 2);
    from = gantry_now_ns();
    status = sync_after(engine, state, error);
    if (status != GANTRY_OK) return status;
    part->after_ns += gantry_now_ns() - from;
    account(engine, index, count, &counters);
    return GANTRY_OK;
}

static bool weights_stay(const struct gantry_plan *plan, int32_t segment)
{
    return segment >= 0 && plan->segments[segment].wgt_lines <= (uint32_t)plan->params.ring_lines;
}

/* What is planned for one inference, times those of a run. */
static void profile_scale(struct gantry_engine *engine, uint32_t inferences)
{
    struct gantry_profile *profile = &engine->profile;
    uint64_t from = profile->inferences, to = inferences;
    uint64_t *const totals[] = {&profile->macs, &profile->macs_offloaded,
                                &profile->predicted_cycles, &profile->pack_bytes,
                                &profile->unpack_bytes};
    if (from == to) return;
    for (size_t k = 0; k < GANTRY_COUNT(totals); k++) *totals[k] = *totals[k] / from * to;
    for (int32_t i = 0; i < engine->plan->graph->node_count + 2; i++) {
        struct gantry_profile_node *node = &engine->nodes[i];
        uint64_t *const planned[] = {&node->macs,        &node->predicted_cycles,
                                     &node->load_bytes,  &node->input_operand_bytes,
                                     &node->store_bytes, &node->weight_bytes};
        /* Weights that fit the ring are read once for all. */
        size_t count = GANTRY_COUNT(planned) - weights_stay(engine->plan, node->segment);
        for (size_t k = 0; k < count; k++) *planned[k] = *planned[k] / from * to;
    }
    profile->inferences = inferences;
}

static void profile_clear(struct gantry_engine *engine, uint32_t inferences)
{
    struct gantry_profile *profile = &engine->profile;
    profile_scale(engine, inferences);
    profile->trace_lost = false;
    profile->accelerator_cycles = profile->device_ns = 0;
    profile->cpu_ns = profile->pack_ns = profile->unpack_ns = profile->total_ns = 0;
    profile->launches = 0;
    profile->event_count = 0;
    profile->ddr_read_bytes = profile->ddr_write_bytes = 0;
    memset(profile->stalls, 0, sizeof profile->stalls);
    for (int32_t i = 0; i < engine->plan->graph->node_count + 2; i++) {
        engine->nodes[i].cycles = engine->nodes[i].cpu_ns = engine->nodes[i].device_ns = 0;
        memset(engine->nodes[i].stalls, 0, sizeof engine->nodes[i].stalls);
    }
    for (int32_t s = 0; s < engine->plan->segment_count; s++) {
        struct gantry_profile_segment *part = &engine->parts[s];
        part->cycles = part->device_ns = part->before_ns = part->after_ns = 0;
    }
}

/* The work of the segments, in order, for the items in slots 0 .. count - 1. */
static enum gantry_status run_segments(struct gantry_engine *engine, uint32_t count,
                                       uint32_t timeout_ms, struct gantry_error *error)
{
    enum gantry_status status = GANTRY_OK;
    for (int32_t s = 0; status == GANTRY_OK && s < engine->plan->segment_count; s++) {
        struct gantry_profile_segment *part = &engine->parts[s];
        if (engine->plan->segments[s].accelerator) {
            status = run_accelerator(engine, s, count, timeout_ms, error);
            continue;
        }
        part->from_ns = gantry_engine_now(engine) - engine->profile.start_ns;
        run_cpu(engine, s, count);
        part->to_ns = gantry_engine_now(engine) - engine->profile.start_ns;
    }
    return status;
}

/* Items first .. first + count - 1 of a call, in slots 0 .. count - 1. */
static enum gantry_status run_together(struct gantry_engine *engine, uint32_t first, uint32_t count,
                                       const struct gantry_tensor *inputs,
                                       const struct gantry_tensor *outputs, uint32_t timeout_ms,
                                       struct gantry_error *error)
{
    struct gantry_profile *profile = &engine->profile;
    const struct gantry_graph *graph = engine->plan->graph;
    uint32_t batch = (uint32_t)graph->batch;
    uint64_t pack = gantry_now_ns();
    for (uint32_t i = 0; i < count; i++)
        pack_inputs(engine, i, inputs + (size_t)((first + i) / batch) * (size_t)graph->input_count,
                    (first + i) % batch);
    profile->pack_ns += gantry_now_ns() - pack;
    enum gantry_status status = run_segments(engine, count, timeout_ms, error);
    if (status != GANTRY_OK) return status;
    uint64_t unpack = gantry_now_ns();
    for (uint32_t i = 0; i < count; i++)
        unpack_outputs(engine, i,
                       outputs + (size_t)((first + i) / batch) * (size_t)graph->output_count,
                       (first + i) % batch);
    profile->unpack_ns += gantry_now_ns() - unpack;
    return GANTRY_OK;
}

enum gantry_status gantry_engine_run_batch(struct gantry_engine *engine, uint32_t count,
                                           const struct gantry_tensor *inputs,
                                           struct gantry_tensor *outputs, uint32_t timeout_ms,
                                           struct gantry_error *error)
{
    enum gantry_status status = check_call(engine, count, inputs, outputs, timeout_ms, error);
    if (status != GANTRY_OK) return status;
    struct gantry_profile *profile = &engine->profile;
    uint32_t items = count * (uint32_t)engine->plan->graph->batch;
    profile_clear(engine, items);
    uint64_t start = gantry_now_ns();
    profile->start_ns = gantry_engine_now(engine);
    for (uint32_t i = 0; status == GANTRY_OK && i < items; i += engine->together) {
        uint32_t rest = items - i, some = rest < engine->together ? rest : engine->together;
        status = run_together(engine, i, some, inputs, outputs, timeout_ms, error);
    }
    if (status != GANTRY_OK) return status;
    profile->layout_ns = profile->pack_ns + profile->unpack_ns;
    profile->cpu_ns += profile->layout_ns;
    profile->total_ns = gantry_now_ns() - start;
    return GANTRY_OK;
}

enum gantry_status gantry_engine_run(struct gantry_engine *engine,
                                     const struct gantry_tensor *inputs,
                                     struct gantry_tensor *outputs, uint32_t timeout_ms,
                                     struct gantry_error *error)
{
    return gantry_engine_run_batch(engine, 1, inputs, outputs, timeout_ms, error);
}

const struct gantry_profile *gantry_engine_profile(const struct gantry_engine *engine)
{
    return &engine->profile;
}
