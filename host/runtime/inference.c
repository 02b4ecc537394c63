/* SPDX-License-Identifier: Apache-2.0
 * The inferences of a batch in the engine's buffers.
 *
 * Each item that a launch computes, an inference or one of its batch, has an arena, an input and an
 * output of its own, one behind the other: a slot. CPU nodes are bound to one slot. When that is
 * not the inference's own, what a segment of them reads is brought there, and what others read of
 * it is taken back. */
#include "runtime/engine_internal.h"

uint32_t gantry_engine_slots(const struct gantry_engine *engine)
{
    return gantry_plan_slots(engine->together);
}

struct gantry_view gantry_engine_slot_view(const struct gantry_engine *engine, int32_t tensor,
                                           uint32_t slot)
{
    const struct gantry_plan *plan = engine->plan;
    struct gantry_view view = gantry_engine_view(engine, tensor);
    size_t stride = 0;
    if (plan->tensors[tensor].home == GANTRY_HOME_ARENA) stride = plan->arena_bytes;
    if (plan->tensors[tensor].home == GANTRY_HOME_INPUT) stride = plan->input_bytes;
    if (plan->tensors[tensor].home == GANTRY_HOME_OUTPUT) stride = plan->output_bytes;
    /* The view lies in the last slot. */
    if (stride > 0) view.data -= (gantry_engine_slots(engine) - 1 - slot) * stride;
    return view;
}

static bool has_slot(const struct gantry_plan *plan, int32_t tensor)
{
    enum gantry_home home = plan->tensors[tensor].home;
    return home == GANTRY_HOME_ARENA || home == GANTRY_HOME_INPUT || home == GANTRY_HOME_OUTPUT;
}

static int32_t segment_of(const struct gantry_plan *plan, int32_t node)
{
    return node == GANTRY_NO_NODE ? -1 : plan->nodes[node].segment;
}

/* Whether anything outside of its segment reads what a node makes. */
static bool leaves(const struct gantry_plan *plan, int32_t tensor, int32_t segment)
{
    const struct gantry_graph *graph = plan->graph;
    for (int32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == tensor) return true;
    for (int32_t n = 0; n < graph->node_count; n++)
        for (int32_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == tensor && segment_of(plan, n) != segment) return true;
    return false;
}

static void add(struct gantry_segment_state *state, int32_t tensor, bool taken)
{
    for (int32_t k = 0; k < state->brought + state->taken; k++)
        if (state->crossing[k] == tensor) return;
    state->crossing[state->brought + state->taken] = tensor;
    if (taken)
        state->taken++;
    else
        state->brought++;
}

bool gantry_segment_bind(struct gantry_engine *engine, int32_t index)
{
    const struct gantry_plan *plan = engine->plan;
    const struct gantry_plan_segment *segment = &plan->segments[index];
    struct gantry_segment_state *state = &engine->segments[index];
    size_t room = 0;
    if (gantry_engine_slots(engine) == 1) return true;
    for (int32_t k = 0; k < segment->node_count; k++)
        room += (size_t)plan->graph->nodes[segment->nodes[k]].input_count +
                (size_t)plan->graph->nodes[segment->nodes[k]].output_count;
    state->crossing = gantry_arena_alloc(&engine->memory, room, sizeof *state->crossing);
    if (!state->crossing) return false;
    for (int32_t k = 0; k < segment->node_count; k++) {
        const struct gantry_graph_node *node = &plan->graph->nodes[segment->nodes[k]];
        for (int32_t i = 0; i < node->input_count; i++) {
            int32_t tensor = node->inputs[i];
            if (tensor == GANTRY_NO_TENSOR || !has_slot(plan, tensor)) continue;
            if (plan->graph->tensors[tensor].variable) continue; /* stays with the CPU nodes */
            if (segment_of(plan, plan->graph->tensors[tensor].producer) != index)
                add(state, tensor, false);
        }
    }
    for (int32_t k = 0; k < segment->node_count; k++) {
        const struct gantry_graph_node *node = &plan->graph->nodes[segment->nodes[k]];
        for (int32_t i = 0; i < node->output_count; i++) {
            int32_t tensor = node->outputs[i];
            if (has_slot(plan, tensor) && leaves(plan, tensor, index)) add(state, tensor, true);
        }
    }
    return true;
}

void gantry_segment_bring(const struct gantry_engine *engine,
                          const struct gantry_segment_state *state, uint32_t slot)
{
    for (int32_t k = 0; k < state->brought; k++) {
        struct gantry_view from = gantry_engine_slot_view(engine, state->crossing[k], slot);
        struct gantry_view to = gantry_engine_view(engine, state->crossing[k]);
        gantry_view_copy(&from, &to);
    }
}

void gantry_segment_take(const struct gantry_engine *engine,
                         const struct gantry_segment_state *state, uint32_t slot)
{
    for (int32_t k = state->brought; k < state->brought + state->taken; k++) {
        struct gantry_view from = gantry_engine_view(engine, state->crossing[k]);
        struct gantry_view to = gantry_engine_slot_view(engine, state->crossing[k], slot);
        gantry_view_copy(&from, &to);
    }
}
