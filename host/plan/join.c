/* SPDX-License-Identifier: Apache-2.0
 * CONCATENATIONs of a launch: where each part lies in the whole.
 *
 * A tensor that the launch makes is written to its place in the first whole that it is a part of.
 * Parts that come from memory are loaded to there, all others are copied. A part begins at a whole
 * block: where one before it has channels that do not fill its last block, the whole has gaps,
 * which weights of 0 meet. */
#include "plan/build.h"

static bool made_here(const struct gantry_build *build, int32_t segment, int32_t tensor)
{
    int32_t producer = build->graph->tensors[tensor].producer;
    if (producer == GANTRY_NO_NODE) return false;
    const struct gantry_plan_node *node = &build->plan->nodes[producer];
    return node->accelerator && node->segment == segment;
}

/* One more part behind the others. */
static void add_part(const struct gantry_build *build, int32_t segment, struct gantry_joins *joins,
                     struct gantry_join *join, int32_t tensor)
{
    struct gantry_extent extent;
    (void)gantry_shape_extent(&build->graph->tensors[tensor].shape, &extent);
    const struct gantry_join_part *before =
        join->part_count > 0 ? &join->parts[join->part_count - 1] : NULL;
    struct gantry_join_part *part = &join->parts[join->part_count++];
    const struct gantry_join *inner = joins->of[tensor];
    bool gaps = inner && inner->gaps;
    *part = (struct gantry_join_part){.tensor = tensor, .channels = extent.c};
    part->in_place =
        made_here(build, segment, tensor) && !joins->place[tensor] && !(join->by_rows && gaps);
    if (part->in_place && gaps) part->gaps = inner;
    part->blocks = part->gaps ? inner->blocks : gantry_div_up(extent.c, GANTRY_CHANNELS);
    if (join->by_rows) {
        join->blocks = part->blocks;
        part->row = join->rows;
        join->rows += extent.h;
    } else {
        part->block = join->blocks;
        join->blocks += part->blocks;
        join->gaps =
            join->gaps || part->gaps || (before && before->channels % GANTRY_CHANNELS != 0);
    }
    if (!part->in_place) return;
    joins->place[tensor] = part;
    joins->whole[tensor] = join->tensor;
}

static bool add_join(const struct gantry_build *build, int32_t segment, int32_t index,
                     struct gantry_arena *arena, struct gantry_joins *joins)
{
    const struct gantry_graph_node *node = &build->graph->nodes[index];
    struct gantry_join *join = gantry_arena_alloc(arena, 1, sizeof *join);
    if (!join) return false;
    join->node = index;
    join->tensor = node->outputs[0];
    join->by_rows = gantry_task_join_axis(build->graph, index) == GANTRY_JOIN_ROWS;
    join->parts = gantry_arena_alloc(arena, (size_t)node->input_count, sizeof *join->parts);
    if (!join->parts) return false;
    for (int32_t i = 0; i < node->input_count; i++)
        add_part(build, segment, joins, join, gantry_task_source(build->graph, index, i));
    joins->of[join->tensor] = join;
    return true;
}

bool gantry_joins_find(const struct gantry_build *build, int32_t segment,
                       struct gantry_arena *arena, struct gantry_joins *joins)
{
    size_t tensors = (size_t)build->graph->tensor_count;
    const struct gantry_plan_segment *s = &build->plan->segments[segment];
    joins->of = gantry_arena_alloc(arena, tensors, sizeof *joins->of);
    joins->place = gantry_arena_alloc(arena, tensors, sizeof *joins->place);
    joins->whole = gantry_arena_alloc(arena, tensors, sizeof *joins->whole);
    if (!joins->of || !joins->place || !joins->whole) return false;
    for (int32_t k = 0; k < s->node_count; k++)
        if (build->graph->nodes[s->nodes[k]].op == GANTRY_OP_CONCATENATION &&
            !add_join(build, segment, s->nodes[k], arena, joins))
            return false;
    return true;
}

int32_t gantry_joins_root(const struct gantry_joins *joins, int32_t tensor)
{
    while (joins->place[tensor]) tensor = joins->whole[tensor];
    return tensor;
}

int32_t gantry_join_channel(const struct gantry_join *join, int32_t channel)
{
    int32_t before = 0;
    for (int32_t i = 0; i < join->part_count; i++) {
        const struct gantry_join_part *part = &join->parts[i];
        int32_t at = channel - part->block * GANTRY_CHANNELS;
        if (at < part->blocks * GANTRY_CHANNELS) {
            if (part->gaps) at = gantry_join_channel(part->gaps, at);
            return at < 0 || at >= part->channels ? -1 : before + at;
        }
        before += part->channels;
    }
    return -1;
}
