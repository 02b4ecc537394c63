/* SPDX-License-Identifier: Apache-2.0
 * Placement by cost: what each node takes on either side, and the cheapest division.
 *
 * A node's time on the accelerator is its share of the launches that hold everything legal; on the
 * CPU it is the target's. A tensor that crosses costs a transfer and half a launch: one that comes
 * and one that goes make a launch. */
#include "plan/build.h"
#include "plan/cut.h"
#include "plan/predict.h"

static enum gantry_status no_memory(const struct gantry_build *build)
{
    return gantry_fail(build->error, GANTRY_ERR_MEMORY, "placement: out of memory");
}

static enum gantry_status price_segment(struct gantry_build *build, int32_t s)
{
    struct gantry_plan *plan = build->plan;
    const struct gantry_plan_segment *segment = &plan->segments[s];
    const struct gantry_allocator *allocator = build->scratch.allocator;
    double *cycles = gantry_allocate(allocator, segment->insn_count, sizeof *cycles);
    if (!cycles) return no_memory(build);
    enum gantry_status status =
        gantry_predict(&plan->params, &plan->target, segment->program, segment->insn_count,
                       segment->sem_init, allocator, cycles, build->error);
    for (uint32_t i = 0; status == GANTRY_OK && i < segment->insn_count; i++) {
        int32_t node = segment->insn_node[i];
        if (node >= 0) plan->nodes[node].accelerator_ns += cycles[i] / plan->target.clock_hz * 1e9;
    }
    gantry_release(allocator, cycles);
    return status;
}

enum gantry_status gantry_build_price(struct gantry_build *build)
{
    struct gantry_plan *plan = build->plan;
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        plan->nodes[n].cpu_ns = gantry_target_cpu_ns(&plan->target, build->graph, n);
        plan->nodes[n].accelerator_ns = plan->nodes[n].accelerator ? 0 : -1;
    }
    enum gantry_status status = GANTRY_OK;
    for (int32_t s = 0; s < plan->segment_count && status == GANTRY_OK; s++)
        if (plan->segments[s].accelerator) status = price_segment(build, s);
    return status;
}

/* Picoseconds: whole numbers that a cut can be exact about. */
static int64_t whole(double ns)
{
    double ps = ns * 1e3;
    return ps < (double)GANTRY_CUT_MOST ? (int64_t)(ps + 0.5) : GANTRY_CUT_MOST;
}

/* A graph as the cut sees it. */
struct problem {
    struct gantry_cut_node *nodes;
    struct gantry_cut_tensor *tensors;
    int32_t tensor_count;
};

static bool reads(const struct gantry_graph_node *node, int32_t tensor)
{
    for (int32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] == tensor) return true;
    return false;
}

static bool is_output(const struct gantry_graph *graph, int32_t tensor)
{
    for (int32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == tensor) return true;
    return false;
}

static bool add_tensor(const struct gantry_plan *plan, struct gantry_arena *arena,
                       struct problem *problem, int32_t t, double launch_ns)
{
    const struct gantry_graph *graph = plan->graph;
    const struct gantry_graph_tensor *meta = &graph->tensors[t];
    int32_t *readers = gantry_arena_alloc(arena, (size_t)graph->node_count, sizeof *readers);
    if (!readers) return false;
    int64_t price =
        whole(launch_ns / 2 + plan->target.tensor_ns + plan->target.byte_ns * (double)meta->bytes);
    struct gantry_cut_tensor *tensor = &problem->tensors[problem->tensor_count++];
    *tensor = (struct gantry_cut_tensor){.producer = meta->producer,
                                         .readers = readers,
                                         .output = is_output(graph, t),
                                         .load = price,
                                         .store = price};
    if (meta->producer == GANTRY_NO_NODE) tensor->producer = GANTRY_CUT_OUTSIDE;
    for (int32_t n = 0; n < graph->node_count; n++)
        if (reads(&graph->nodes[n], t)) readers[tensor->reader_count++] = n;
    return true;
}

static bool make_problem(const struct gantry_plan *plan, struct gantry_arena *arena,
                         struct problem *problem, double launch_ns)
{
    const struct gantry_graph *graph = plan->graph;
    size_t nodes = (size_t)graph->node_count, tensors = (size_t)graph->tensor_count;
    problem->nodes = gantry_arena_alloc(arena, nodes, sizeof *problem->nodes);
    problem->tensors = gantry_arena_alloc(arena, tensors, sizeof *problem->tensors);
    problem->tensor_count = 0;
    if (!problem->nodes || !problem->tensors) return false;
    for (size_t n = 0; n < nodes; n++) {
        const struct gantry_plan_node *node = &plan->nodes[n];
        problem->nodes[n].cpu = whole(node->cpu_ns);
        problem->nodes[n].accelerator =
            node->accelerator_ns >= 0 ? whole(node->accelerator_ns) : GANTRY_CUT_NEVER;
        /* A renaming goes along with what is around it. */
        if (graph->nodes[n].op == GANTRY_OP_RESHAPE) problem->nodes[n].accelerator = 0;
    }
    for (int32_t t = 0; t < graph->tensor_count; t++)
        if (!graph->tensors[t].data && !add_tensor(plan, arena, problem, t, launch_ns))
            return false;
    return true;
}

double gantry_plan_modelled_ns(const struct gantry_plan *plan, const bool *accelerator)
{
    struct gantry_arena arena;
    struct problem problem;
    gantry_arena_init(&arena, plan->options.allocator);
    int64_t cost = GANTRY_CUT_NEVER;
    if (make_problem(plan, &arena, &problem, plan->target.launch_ns))
        cost = gantry_cut_cost(problem.nodes, plan->graph->node_count, problem.tensors,
                               problem.tensor_count, accelerator);
    gantry_arena_finish(&arena);
    return cost == GANTRY_CUT_NEVER ? -1 : (double)cost / 1e3;
}

/* What pins and verdicts forbid. */
static void forbid(const struct gantry_build *build, struct problem *problem)
{
    for (int32_t n = 0; n < build->graph->node_count; n++) {
        if (build->pinned[n]) problem->nodes[n].cpu = GANTRY_CUT_NEVER;
        if (build->verdict[n].code) problem->nodes[n].accelerator = GANTRY_CUT_NEVER;
    }
}

enum gantry_status gantry_build_choose(struct gantry_build *build, double launch_ns)
{
    const struct gantry_graph *graph = build->graph;
    struct gantry_plan *plan = build->plan;
    struct problem problem;
    int64_t cost;
    bool *accelerator = gantry_arena_alloc(&build->scratch, (size_t)graph->node_count, 1);
    if (!accelerator || !make_problem(plan, &build->scratch, &problem, launch_ns))
        return no_memory(build);
    forbid(build, &problem);
    enum gantry_status status =
        gantry_cut(problem.nodes, graph->node_count, problem.tensors, problem.tensor_count,
                   build->scratch.allocator, accelerator, &cost, build->error);
    if (status != GANTRY_OK) return status;
    plan->modelled_ns = gantry_plan_modelled_ns(plan, accelerator);
    for (int32_t n = 0; n < graph->node_count; n++) {
        if (accelerator[n] || build->verdict[n].code) continue;
        build->verdict[n] = (struct gantry_reason){
            .code = "cost",
            .rule = "The processor is modelled to take less time, with what crosses (ns)",
            .has_numbers = true,
            .limit = (int64_t)plan->nodes[n].accelerator_ns,
            .value = (int64_t)plan->nodes[n].cpu_ns,
        };
    }
    return GANTRY_OK;
}
