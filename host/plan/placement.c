/* SPDX-License-Identifier: Apache-2.0
 * What runs where, in which launch, and which ADD is computed with a convolution.
 *
 * Segments come from list scheduling that alternates sides: all CPU nodes that are ready, then all
 * accelerator nodes that are ready. A RESHAPE that the accelerator looks through belongs to no
 * step: it is filed with its producer. */
#include "plan/build.h"

static bool is_reshape(const struct gantry_build *build, int32_t node)
{
    return build->graph->nodes[node].op == GANTRY_OP_RESHAPE;
}

/* Tensor that a node reads on the side where it is placed. */
static int32_t operand(const struct gantry_build *build, int32_t node, int32_t i)
{
    if (build->plan->nodes[node].accelerator && !is_reshape(build, node) &&
        gantry_node_reads(build->graph, &build->graph->nodes[node], i))
        return gantry_task_source(build->graph, node, i);
    return build->graph->nodes[node].inputs[i];
}

/* A RESHAPE is the accelerator's when every reader of its output looks through it there. */
static bool reshape_vanishes(const struct gantry_build *build, int32_t index)
{
    const struct gantry_graph *graph = build->graph;
    int32_t output = graph->nodes[index].outputs[0], readers = 0;
    if (build->is_output[output]) return false;
    for (int32_t n = 0; n < graph->node_count; n++) {
        for (int32_t i = 0; i < graph->nodes[n].input_count; i++) {
            if (graph->nodes[n].inputs[i] != output) continue;
            readers++;
            if (!build->plan->nodes[n].accelerator) return false;
            if (!is_reshape(build, n) && operand(build, n, i) == output) return false;
        }
    }
    return readers > 0;
}

/* Whether the input of a RESHAPE is itself the result of one that the CPU has. */
static bool follows_cpu_reshape(const struct gantry_build *build, int32_t index)
{
    int32_t producer = build->graph->tensors[build->graph->nodes[index].inputs[0]].producer;
    return producer != GANTRY_NO_NODE && is_reshape(build, producer) &&
           !build->plan->nodes[producer].accelerator;
}

static void choose_sides(struct gantry_build *build)
{
    static const struct gantry_reason alias = {
        .code = "alias", .rule = "No work: the result is the input's memory, or a copy of it"};
    struct gantry_plan_node *nodes = build->plan->nodes;
    for (int32_t n = build->graph->node_count - 1; n >= 0; n--) {
        nodes[n].accelerator = build->verdict[n].code == NULL;
        nodes[n].reason = build->verdict[n];
        nodes[n].fused_into = GANTRY_NO_NODE;
        nodes[n].segment = -1;
        if (is_reshape(build, n) && nodes[n].accelerator && !reshape_vanishes(build, n))
            nodes[n].accelerator = false;
    }
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        if (!is_reshape(build, n) || build->verdict[n].code) continue;
        if (follows_cpu_reshape(build, n)) nodes[n].accelerator = false;
        if (!nodes[n].accelerator) nodes[n].reason = alias;
    }
}

static bool vanishes(const struct gantry_build *build, int32_t node)
{
    return is_reshape(build, node) && build->plan->nodes[node].accelerator;
}

/* Whether what a node reads has been made by the nodes scheduled so far. */
static bool ready(const struct gantry_build *build, int32_t node)
{
    const struct gantry_graph_node *reader = &build->graph->nodes[node];
    for (int32_t i = 0; i < reader->input_count; i++) {
        if (!gantry_node_reads(build->graph, reader, i)) continue;
        int32_t producer = build->graph->tensors[operand(build, node, i)].producer;
        if (producer != GANTRY_NO_NODE && build->plan->nodes[producer].segment < 0) return false;
    }
    return true;
}

/* Gives all ready nodes of a side to a segment, in the graph's order; returns how many. */
static int32_t take(struct gantry_build *build, bool accelerator, int32_t segment)
{
    int32_t taken = 0;
    bool alone = false;
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        struct gantry_plan_node *node = &build->plan->nodes[n];
        if (node->segment >= 0 || node->accelerator != accelerator || vanishes(build, n)) continue;
        if (!ready(build, n)) continue;
        if (accelerator && taken > 0 && (alone || build->cut[n] || build->tiled[n])) break;
        node->segment = segment;
        alone = build->tiled[n];
        taken++;
    }
    return taken;
}

/* Files vanished RESHAPEs: with the accelerator segment that makes their input, else with the
 * first one that reads them. */
static void file_reshapes(struct gantry_build *build)
{
    const struct gantry_graph *graph = build->graph;
    for (int32_t n = 0; n < graph->node_count; n++) {
        struct gantry_plan_node *node = &build->plan->nodes[n];
        if (!vanishes(build, n)) continue;
        int32_t producer = graph->tensors[graph->nodes[n].inputs[0]].producer;
        if (producer != GANTRY_NO_NODE && build->plan->nodes[producer].accelerator)
            node->segment = build->plan->nodes[producer].segment;
    }
    for (int32_t n = graph->node_count - 1; n >= 0; n--) {
        struct gantry_plan_node *node = &build->plan->nodes[n];
        if (!vanishes(build, n) || node->segment >= 0) continue;
        for (int32_t r = n + 1; r < graph->node_count; r++) {
            bool reads = false;
            for (int32_t i = 0; i < graph->nodes[r].input_count; i++)
                reads = reads || graph->nodes[r].inputs[i] == graph->nodes[n].outputs[0];
            int32_t segment = build->plan->nodes[r].segment;
            if (reads && (node->segment < 0 || segment < node->segment)) node->segment = segment;
        }
    }
}

static int32_t readers(const struct gantry_graph *graph, int32_t tensor)
{
    int32_t count = 0;
    for (int32_t n = 0; n < graph->node_count; n++)
        for (int32_t i = 0; i < graph->nodes[n].input_count; i++)
            count += graph->nodes[n].inputs[i] == tensor;
    return count;
}

/* Whether the ADD can be computed in the drain of the node that makes its operand i. */
static bool fusable(const struct gantry_build *build, int32_t add, int32_t i)
{
    const struct gantry_graph *graph = build->graph;
    int32_t tensor = graph->nodes[add].inputs[i];
    int32_t maker = graph->tensors[tensor].producer;
    if (maker == GANTRY_NO_NODE || build->is_output[tensor] || readers(graph, tensor) != 1)
        return false;
    enum gantry_op op = graph->nodes[maker].op;
    if (op != GANTRY_OP_CONV_2D && op != GANTRY_OP_DEPTHWISE_CONV_2D &&
        op != GANTRY_OP_FULLY_CONNECTED)
        return false;
    const struct gantry_plan_node *nodes = build->plan->nodes;
    if (!nodes[maker].accelerator || nodes[maker].segment != nodes[add].segment) return false;
    if (build->fused_add[maker] != GANTRY_NO_NODE) return false;
    const struct gantry_task *task = &build->task[maker];
    if (task->out.h != build->task[add].out.h || task->out.w != build->task[add].out.w ||
        task->out.c != build->task[add].out.c)
        return false;
    int64_t lines = 2 + gantry_task_steps(task) * (task->split ? 4 : 2);
    if (lines > build->params->ring_lines) return false;
    int32_t other = gantry_task_source(graph, add, 1 - i);
    int32_t source = graph->tensors[other].producer;
    if (source == GANTRY_NO_NODE || nodes[source].segment != nodes[add].segment) return true;
    /* The residual is complete before: by a node that runs, or whose ADD runs, earlier. */
    int32_t runs = nodes[source].fused_into == GANTRY_NO_NODE ? source : nodes[source].fused_into;
    return runs < maker;
}

static void fuse(struct gantry_build *build)
{
    const struct gantry_graph *graph = build->graph;
    for (int32_t n = 0; n < graph->node_count; n++) build->fused_add[n] = GANTRY_NO_NODE;
    for (int32_t n = 0; n < graph->node_count; n++) {
        if (graph->nodes[n].op != GANTRY_OP_ADD || !build->plan->nodes[n].accelerator) continue;
        for (int32_t i = 0; i < 2; i++) {
            if (!fusable(build, n, i)) continue;
            int32_t maker = graph->tensors[graph->nodes[n].inputs[i]].producer;
            build->plan->nodes[n].fused_into = maker;
            build->fused_add[maker] = n;
            break;
        }
    }
}

static enum gantry_status list_segments(struct gantry_build *build, int32_t count)
{
    struct gantry_plan *plan = build->plan;
    plan->segment_count = count;
    plan->segments = gantry_arena_alloc(&build->scratch, (size_t)count, sizeof *plan->segments);
    if (!plan->segments) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
    for (int32_t s = 0; s < count; s++) {
        struct gantry_plan_segment *segment = &plan->segments[s];
        for (int32_t n = 0; n < build->graph->node_count; n++)
            segment->node_count += plan->nodes[n].segment == s;
        segment->nodes = gantry_arena_alloc(&build->scratch, (size_t)segment->node_count,
                                            sizeof *segment->nodes);
        if (!segment->nodes) return gantry_fail(build->error, GANTRY_ERR_MEMORY, "plan: no memory");
        int32_t k = 0;
        for (int32_t n = 0; n < build->graph->node_count; n++)
            if (plan->nodes[n].segment == s) segment->nodes[k++] = n;
        segment->accelerator = plan->nodes[segment->nodes[0]].accelerator;
    }
    return GANTRY_OK;
}

/* Gives every node its segment; returns how many there are. */
static int32_t schedule(struct gantry_build *build)
{
    choose_sides(build);
    int32_t left = build->graph->node_count, segment = 0;
    for (int32_t n = 0; n < build->graph->node_count; n++) left -= vanishes(build, n);
    int32_t idle = 0;
    for (bool accelerator = false; left > 0; accelerator = !accelerator) {
        int32_t taken = take(build, accelerator, segment);
        idle = taken > 0 ? 0 : idle + 1;
        gantry_assert(idle < 3);
        segment += taken > 0;
        left -= taken;
    }
    return segment;
}

/* Whether a node reads what another one of its segment makes. */
static bool reads_from(const struct gantry_build *build, int32_t reader, int32_t maker)
{
    const struct gantry_graph_node *node = &build->graph->nodes[reader];
    if (build->plan->nodes[reader].segment != build->plan->nodes[maker].segment) return false;
    for (int32_t i = 0; i < node->input_count; i++)
        if (gantry_node_reads(build->graph, node, i) &&
            build->graph->tensors[operand(build, reader, i)].producer == maker)
            return true;
    return false;
}

/* The CPU gets a CONCATENATION that is in a launch with nothing that makes a part or reads the
 * whole; true when there was one. */
static bool leave_alone(struct gantry_build *build)
{
    static const struct gantry_reason alone = {
        .code = "concat-alone", .rule = "A launch has what makes a part, or reads the whole"};
    bool found = false;
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        if (build->graph->nodes[n].op != GANTRY_OP_CONCATENATION) continue;
        bool used = !build->plan->nodes[n].accelerator;
        for (int32_t m = 0; m < build->graph->node_count && !used; m++)
            used = reads_from(build, m, n) || reads_from(build, n, m);
        if (used) continue;
        build->verdict[n] = alone;
        found = true;
    }
    return found;
}

enum gantry_status gantry_build_place(struct gantry_build *build)
{
    int32_t segments;
    do segments = schedule(build);
    while (leave_alone(build));
    file_reshapes(build);
    fuse(build);
    return list_segments(build, segments);
}
