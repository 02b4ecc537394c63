/* SPDX-License-Identifier: Apache-2.0
 * The planned part of a profile record: where and why, shapes, bytes, predicted cycles. */
#include <string.h>

#include "plan/build.h"
#include "plan/predict.h"

/* Share of a CPU's CONCATENATION that is copied: parts of other memory than the whole's. */
static double share_copied(const struct gantry_plan *plan, int32_t n)
{
    const struct gantry_graph *graph = plan->graph;
    const struct gantry_graph_node *node = &graph->nodes[n];
    const struct gantry_plan_tensor *whole = &plan->tensors[node->outputs[0]];
    size_t bytes = graph->tensors[node->outputs[0]].bytes, copied = 0;
    for (int32_t i = 0; i < node->input_count; i++) {
        const struct gantry_plan_tensor *part = &plan->tensors[node->inputs[i]];
        bool inside = part->home == whole->home && part->offset >= whole->offset &&
                      part->offset - whole->offset < bytes;
        if (!inside) copied += graph->tensors[node->inputs[i]].bytes;
    }
    return (double)copied / (double)bytes;
}

/* Time of a node on the CPU as the plan has it there. */
static uint64_t estimate(const struct gantry_plan *plan, int32_t n)
{
    double ns = plan->nodes[n].cpu_ns;
    if (plan->graph->nodes[n].op == GANTRY_OP_CONCATENATION && !plan->nodes[n].accelerator)
        ns *= share_copied(plan, n);
    return (uint64_t)(ns + 0.5);
}

static void record_nodes(const struct gantry_plan *plan, struct gantry_profile_node *nodes)
{
    const struct gantry_graph *graph = plan->graph;
    static const char *const pseudo[] = {"@launch", "@store"};
    static const int32_t pseudo_index[] = {GANTRY_NODE_LAUNCH, GANTRY_NODE_STORE};
    for (int32_t i = 0; i < graph->node_count + 2; i++) {
        int32_t k = i - graph->node_count;
        nodes[i] = (struct gantry_profile_node){.other_cycles = GANTRY_UNKNOWN,
                                                .other_cpu_ns = GANTRY_UNKNOWN,
                                                .cpu_estimate_ns = GANTRY_UNKNOWN,
                                                .accelerator = true,
                                                .fused_into = GANTRY_NO_NODE,
                                                .segment = -1};
        nodes[i].index = k >= 0 ? pseudo_index[k] : i;
        nodes[i].name = k >= 0 ? pseudo[k] : graph->nodes[i].name;
        nodes[i].op = k >= 0 ? pseudo[k] : gantry_op_label(graph->nodes[i].op);
        if (k >= 0) continue;
        nodes[i].accelerator = plan->nodes[i].accelerator;
        nodes[i].reason = plan->nodes[i].reason;
        nodes[i].fused_into = plan->nodes[i].fused_into;
        nodes[i].segment = plan->nodes[i].segment;
        nodes[i].macs = graph->nodes[i].macs;
        nodes[i].cpu_estimate_ns = estimate(plan, i);
        if (!plan->nodes[i].accelerator && plan->nodes[i].accelerator_ns >= 0)
            nodes[i].other_cycles =
                (uint64_t)(plan->nodes[i].accelerator_ns * plan->target.clock_hz / 1e9 + 0.5);
    }
}

/* The node that computes n, which may be fused into another. */
static int32_t computed_by(const struct gantry_plan *plan, int32_t n)
{
    return n >= 0 && plan->nodes[n].fused_into >= 0 ? plan->nodes[n].fused_into : n;
}

static bool is_among(const struct gantry_graph_node *node, int32_t count, int32_t tensor)
{
    for (int32_t i = 0; i < count; i++)
        if (node->inputs[i] == tensor) return true;
    return false;
}

/* Bytes of the tensors that an accelerator node reads, each once: the least that could be moved. */
static void record_operands(const struct gantry_plan *plan, int32_t n,
                            struct gantry_profile_node *nodes)
{
    const struct gantry_graph *graph = plan->graph;
    const struct gantry_graph_node *node = &graph->nodes[n];
    int32_t by = computed_by(plan, n);
    if (!plan->nodes[n].accelerator) return;
    for (int32_t i = 0; i < node->input_count; i++) {
        int32_t t = node->inputs[i];
        if (t == GANTRY_NO_TENSOR || is_among(node, i, t)) continue;
        if (by != n && is_among(&graph->nodes[by], graph->nodes[by].input_count, t)) continue;
        const struct gantry_graph_tensor *tensor = &graph->tensors[t];
        if (!tensor->data && (tensor->producer < 0 || computed_by(plan, tensor->producer) != by))
            nodes[by].input_operand_bytes += tensor->bytes;
        if (tensor->data && node->macs > 0 && i > 0) /* not axes or shapes */
            nodes[by].weight_operand_bytes += tensor->bytes;
    }
}

struct gantry_insn gantry_plan_insn(const struct gantry_plan_segment *segment, uint32_t i)
{
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, segment->program + (size_t)i * GANTRY_INSN_BYTES);
    return insn;
}

static bool is_compute(const struct gantry_insn *insn)
{
    int64_t opcode = gantry_insn_get(insn, GANTRY_COMMON_OPCODE);
    return opcode == GANTRY_INSN_CONV || opcode == GANTRY_INSN_WINDOW;
}

bool gantry_plan_written_rows(const struct gantry_plan *plan, const struct gantry_insn *insn,
                              struct gantry_plan_rows *rows)
{
    struct gantry_act_tensor tensor = {0};
    switch (gantry_insn_get(insn, GANTRY_COMMON_OPCODE)) {
    case GANTRY_INSN_CONV:
    case GANTRY_INSN_WINDOW: /* has these operands in the same places */
        tensor.base = (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_BASE);
        tensor.cb = (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_CB);
        tensor.pitch = (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_PITCH);
        tensor.ps = (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_PS);
        tensor.sy = 1 + (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_SY);
        tensor.sx = 1 + (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_SX);
        tensor.h = (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_H);
        tensor.w = (int32_t)gantry_insn_get(insn, GANTRY_CONV_OUT_W);
        break;
    case GANTRY_INSN_LOAD:
        tensor.base = (int32_t)gantry_insn_get(insn, GANTRY_LOAD_BASE);
        tensor.cb = (int32_t)gantry_insn_get(insn, GANTRY_LOAD_CB);
        tensor.pitch = (int32_t)gantry_insn_get(insn, GANTRY_LOAD_PITCH);
        tensor.ps = (int32_t)gantry_insn_get(insn, GANTRY_LOAD_PS);
        tensor.sy = 1 + (int32_t)gantry_insn_get(insn, GANTRY_LOAD_SY);
        tensor.sx = 1 + (int32_t)gantry_insn_get(insn, GANTRY_LOAD_SX);
        tensor.h = (int32_t)(gantry_insn_get(insn, GANTRY_LOAD_ROW0) +
                             gantry_insn_get(insn, GANTRY_LOAD_ROWS));
        tensor.w = (int32_t)gantry_insn_get(insn, GANTRY_LOAD_PIXELS);
        break;
    default:
        return false;
    }
    rows->first = tensor.base;
    rows->count = gantry_act_rows(&tensor, 2 * plan->params.g);
    return true;
}

static bool holds(const struct gantry_plan_rows *rows, int64_t row)
{
    return row >= rows->first && row < rows->first + rows->count;
}

/* Node of the first COMPUTE behind a LOAD that reads from its rows. */
static int32_t reader(const struct gantry_plan *plan, const struct gantry_plan_segment *segment,
                      uint32_t load)
{
    struct gantry_insn insn = gantry_plan_insn(segment, load);
    struct gantry_plan_rows rows;
    if (!gantry_plan_written_rows(plan, &insn, &rows)) return GANTRY_NODE_LAUNCH;
    for (uint32_t i = load + 1; i < segment->insn_count; i++) {
        insn = gantry_plan_insn(segment, i);
        if (!is_compute(&insn)) continue;
        /* WINDOW has this operand in the same place. */
        bool reads = holds(&rows, gantry_insn_get(&insn, GANTRY_CONV_IN_BASE));
        bool residual = gantry_insn_get(&insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_CONV &&
                        gantry_insn_get(&insn, GANTRY_CONV_RES);
        if (residual) reads = reads || holds(&rows, gantry_insn_get(&insn, GANTRY_CONV_RES_BASE));
        if (reads) return segment->insn_node[i];
    }
    return GANTRY_NODE_LAUNCH;
}

/* Node of the last COMPUTE before a STORE that writes its tensor, which its first row tells. */
static int32_t writer(const struct gantry_plan_segment *segment, uint32_t store)
{
    struct gantry_insn insn = gantry_plan_insn(segment, store);
    int64_t base = gantry_insn_get(&insn, GANTRY_STORE_BASE);
    for (uint32_t i = store; i-- > 0;) {
        insn = gantry_plan_insn(segment, i);
        /* WINDOW has this operand in the same place. */
        if (is_compute(&insn) && gantry_insn_get(&insn, GANTRY_CONV_OUT_BASE) == base)
            return segment->insn_node[i];
    }
    return GANTRY_NODE_STORE;
}

static const char *path_of(const struct gantry_insn *insn)
{
    if (gantry_insn_get(insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_WINDOW)
        return gantry_insn_get(insn, GANTRY_WINDOW_TCB) ? "mean" : "window";
    return gantry_insn_get(insn, GANTRY_CONV_DIAG) ? "diagonal" : "array";
}

static void record_compute(const struct gantry_insn *insn, struct gantry_profile_node *node)
{
    bool conv = gantry_insn_get(insn, GANTRY_COMMON_OPCODE) == GANTRY_INSN_CONV;
    struct gantry_profile_shape *shape = &node->shape;
    shape->path = path_of(insn);
    shape->instructions++;
    shape->m = conv ? UINT32_C(1) << gantry_insn_get(insn, GANTRY_CONV_LOG2_M) : 1;
    shape->groups = (uint32_t)gantry_insn_get(insn, GANTRY_CONV_GROUPS);
    shape->tile_rows = (uint32_t)gantry_insn_get(insn, GANTRY_CONV_TILE);
    shape->tiles += (uint32_t)gantry_insn_get(insn, GANTRY_CONV_TILES);
    node->weight_bytes += (uint64_t)gantry_conv_lines(insn) * GANTRY_LINE_BYTES;
}

static void record_program(const struct gantry_plan *plan,
                           const struct gantry_plan_segment *segment,
                           struct gantry_profile_node *nodes)
{
    int32_t count = plan->graph->node_count;
    for (uint32_t i = 0; i < segment->insn_count; i++) {
        struct gantry_insn insn = gantry_plan_insn(segment, i);
        int64_t opcode = gantry_insn_get(&insn, GANTRY_COMMON_OPCODE);
        int32_t node = segment->insn_node[i];
        if (opcode == GANTRY_INSN_LOAD && node < 0) node = reader(plan, segment, i);
        if (opcode == GANTRY_INSN_STORE) node = writer(segment, i);
        if (node < 0) node = node == GANTRY_NODE_STORE ? count + 1 : count;
        if (opcode == GANTRY_INSN_LOAD)
            nodes[node].load_bytes += (uint64_t)(gantry_insn_get(&insn, GANTRY_LOAD_ROWS) *
                                                 gantry_insn_get(&insn, GANTRY_LOAD_ROW_BYTES));
        if (opcode == GANTRY_INSN_STORE)
            nodes[node].store_bytes +=
                (uint64_t)(gantry_insn_get(&insn, GANTRY_STORE_ROWS) *
                           gantry_insn_get(&insn, GANTRY_STORE_PIXELS) *
                           gantry_insn_get(&insn, GANTRY_STORE_WORDS) * GANTRY_CHANNELS);
        if (is_compute(&insn)) record_compute(&insn, &nodes[node]);
    }
}

static void record_totals(const struct gantry_plan *plan, const struct gantry_device_info *info,
                          const struct gantry_target *target, struct gantry_profile *profile)
{
    const struct gantry_array_params *params = &plan->params;
    *profile = (struct gantry_profile){
        .model = plan->graph->name,
        .device = info->name,
        .memory = info->memory,
        .has_cycles = info->has_cycles,
        .has_times = info->has_times,
        .macs = plan->macs,
        .macs_offloaded = plan->macs_offloaded,
        .peak_macs_per_cycle = info->accelerator ? info->peak_macs_per_cycle : 0,
        .chip_bytes = (uint64_t)(2 * params->g) * (uint64_t)params->act_rows * GANTRY_CHANNELS,
        .modelled_ns =
            plan->modelled_ns >= 0 ? (uint64_t)(plan->modelled_ns + 0.5) : GANTRY_UNKNOWN,
        .proven = plan->proven,
        .arena_bytes = plan->arena_bytes,
        .input_bytes = plan->input_bytes,
        .output_bytes = plan->output_bytes,
        .memory_bytes_per_cycle = (uint32_t)target->memory_bytes_per_cycle,
        .runs = 1,
        .equal_to_cpu = -1,
        .segment_count = (size_t)plan->segment_count,
    };
}

enum gantry_status
gantry_plan_record(const struct gantry_plan *plan, const struct gantry_device_info *info,
                   struct gantry_profile *profile, struct gantry_profile_node *nodes,
                   struct gantry_profile_segment *segments, struct gantry_error *error)
{
    bool launches = false;
    record_nodes(plan, nodes);
    for (int32_t i = 0; i < plan->graph->node_count; i++) record_operands(plan, i, nodes);
    record_totals(plan, info, &plan->target, profile);
    for (int32_t s = 0; s < plan->segment_count; s++) {
        const struct gantry_plan_segment *segment = &plan->segments[s];
        segments[s] = (struct gantry_profile_segment){.accelerator = segment->accelerator};
        if (!segment->accelerator) continue;
        launches = true;
        segments[s].instructions = segment->insn_count;
        segments[s].weight_bytes = (uint64_t)segment->wgt_lines * GANTRY_LINE_BYTES;
        segments[s].program_bytes = (uint64_t)segment->insn_count * GANTRY_INSN_BYTES;
        segments[s].chip_bytes =
            (uint64_t)(2 * plan->params.g) * (uint64_t)segment->act_rows_used * GANTRY_CHANNELS;
        record_program(plan, segment, nodes);
        segments[s].predicted_cycles = gantry_predict_segment(plan, s, &plan->target, nodes);
        if (segments[s].predicted_cycles == UINT64_MAX)
            return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", plan->graph->name);
        profile->predicted_cycles += segments[s].predicted_cycles;
    }
    profile->nodes = nodes;
    profile->segments = segments;
    profile->node_count = (size_t)plan->graph->node_count + (launches ? 2 : 0);
    return GANTRY_OK;
}
