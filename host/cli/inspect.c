/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect: the graph, what runs where and why, segments and memory. Nothing is run. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/inspect.h"
#include "cli/measure.h"
#include "plan/predict.h"
#include "report/report.h"

enum { TEXT_BYTES = 96, LINE_BYTES = 1024 };

static const struct gantry_cli_option options[] = {
    GANTRY_CLI_OPTIONS_DEVICE,
    GANTRY_CLI_OPTIONS_SHAPE,
    GANTRY_CLI_OPTIONS_PLACE,
    {"program", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(program),
     "print the instructions of the segments"},
    {"dot", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(dot),
     "write the partitioned graph in the language of Graphviz"},
    {"svg", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(svg),
     "the same as a drawing, by the program dot"},
    {"coverage", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(coverage),
     "of all MODELs: operators that are read, that the accelerator has, and why not the rest"},
    GANTRY_CLI_OPTIONS_COMMON,
};

const char *const gantry_cli_home_names[] = {[GANTRY_HOME_NONE] = "chip",
                                             [GANTRY_HOME_ARENA] = "arena",
                                             [GANTRY_HOME_INPUT] = "input",
                                             [GANTRY_HOME_OUTPUT] = "output",
                                             [GANTRY_HOME_CONSTANT] = "model"};

/* ---- Text ---- */

static void print_tensor(const char *what, const struct gantry_graph *graph, int32_t tensor)
{
    const struct gantry_graph_tensor *meta = &graph->tensors[tensor];
    const struct gantry_shape outer = gantry_graph_outer_shape(graph, tensor);
    char shape[TEXT_BYTES];
    printf("%-7s %s %s %s", what, meta->name, gantry_shape_text(&outer, shape, sizeof shape),
           gantry_dtype_name(meta->dtype));
    if (meta->free_dims)
        printf(", free: %s", gantry_shape_signature(&outer, meta->free_dims, shape, sizeof shape));
    if (meta->quantization.count == 1)
        printf(", scale %.9g, zero point %d", (double)meta->quantization.scale[0],
               meta->quantization.zero_point[0]);
    printf("\n");
}

uint64_t gantry_cli_accelerator_cycles(const struct gantry_profile_node *node)
{
    return node->accelerator ? node->predicted_cycles : node->other_cycles;
}

/* Cost on both sides: predicted cycles there, estimated time on the target's CPU. */
static void put_costs(const struct gantry_profile_node *node, char *cycles, char *cpu)
{
    char number[TEXT_BYTES / 2];
    uint64_t there = gantry_cli_accelerator_cycles(node);
    (void)snprintf(cycles, TEXT_BYTES, "-");
    (void)snprintf(cpu, TEXT_BYTES, "-");
    if (there != GANTRY_UNKNOWN && node->fused_into < 0)
        (void)snprintf(cycles, TEXT_BYTES, "%" PRIu64, there);
    if (node->cpu_estimate_ns != GANTRY_UNKNOWN)
        (void)snprintf(
            cpu, TEXT_BYTES, "%s us",
            gantry_report_number((double)node->cpu_estimate_ns / 1000.0, 1, number, sizeof number));
}

static void print_node(const struct gantry_cli_view *view, int32_t n)
{
    const struct gantry_plan *plan = view->plan;
    const struct gantry_graph_node *node = &plan->graph->nodes[n];
    const struct gantry_profile_node *record = &view->nodes[n];
    const struct gantry_plan_tensor *placed = &plan->tensors[node->outputs[0]];
    char shape[TEXT_BYTES], where[TEXT_BYTES], home[TEXT_BYTES], cycles[TEXT_BYTES],
        cpu[TEXT_BYTES];
    (void)snprintf(where, sizeof where, "%s", record->accelerator ? "accel" : "cpu");
    if (record->fused_into >= 0) (void)snprintf(where, sizeof where, "in %d", record->fused_into);
    (void)snprintf(home, sizeof home, "%s", gantry_cli_home_names[placed->home]);
    if (placed->home != GANTRY_HOME_NONE && placed->home != GANTRY_HOME_CONSTANT)
        (void)snprintf(home, sizeof home, "%s+%" PRIu32, gantry_cli_home_names[placed->home],
                       placed->offset);
    put_costs(record, cycles, cpu);
    printf("%4d  %-18s %-16s %10" PRIu64 "  %-6s %3d %9s %9s  %-14s %s\n", n,
           gantry_op_label(node->op),
           gantry_shape_text(&plan->graph->tensors[node->outputs[0]].shape, shape, sizeof shape),
           node->macs, where, record->segment, cycles, cpu, home, node->name);
    const struct gantry_reason *reason = &record->reason;
    if (!reason->code) return;
    printf("      %s: %s", reason->code, reason->rule ? reason->rule : "");
    if (reason->has_numbers)
        printf(" (%" PRId64 ", limit %" PRId64 ")", reason->value, reason->limit);
    printf("\n");
}

static void print_rows(const struct gantry_plan *plan, const struct gantry_plan_segment *segment)
{
    printf("  rows of the activation RAM, in order of writing\n");
    for (uint32_t i = 0; i < segment->insn_count; i++) {
        struct gantry_insn insn = gantry_plan_insn(segment, i);
        struct gantry_plan_rows rows;
        if (!gantry_plan_written_rows(plan, &insn, &rows)) continue;
        int32_t node = segment->insn_node[i];
        printf("    %6" PRId64 " .. %-6" PRId64 " %-6s %s\n", rows.first,
               rows.first + rows.count - 1,
               gantry_insn_name((uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE)),
               node >= 0 ? plan->graph->nodes[node].name : "");
    }
}

static void print_segment(const struct gantry_cli_view *view, int32_t s, bool program)
{
    const struct gantry_plan *plan = view->plan;
    const struct gantry_plan_segment *segment = &plan->segments[s];
    if (!segment->accelerator) {
        printf("segment %d: cpu, %d nodes\n", s, segment->node_count);
        return;
    }
    printf("segment %d: accelerator, %d nodes, %" PRIu32 " instructions, %zu bytes of weights, "
           "%d of %d rows, %" PRIu64 " cycles predicted\n",
           s, segment->node_count, segment->insn_count, segment->weights_bytes,
           segment->act_rows_used, plan->params.act_rows, view->segments[s].predicted_cycles);
    print_rows(plan, segment);
    for (uint32_t i = 0; program && i < segment->insn_count; i++) {
        struct gantry_insn insn = gantry_plan_insn(segment, i);
        char line[LINE_BYTES];
        printf("  %5" PRIu32 "  %s\n", i, gantry_insn_text(&insn, line, sizeof line));
    }
}

/* Tensors with a home in device memory. */
static void print_memory(const struct gantry_plan *plan)
{
    printf("\nmemory map\n");
    for (int32_t t = 0; t < plan->graph->tensor_count; t++) {
        const struct gantry_plan_tensor *placed = &plan->tensors[t];
        if (placed->home == GANTRY_HOME_NONE || placed->home == GANTRY_HOME_CONSTANT) continue;
        printf("  %-6s +%-9" PRIu32 " %9zu bytes  %s\n", gantry_cli_home_names[placed->home],
               placed->offset, plan->graph->tensors[t].bytes, plan->graph->tensors[t].name);
    }
}

static void print_text(const struct gantry_cli_view *view, bool program)
{
    const struct gantry_plan *plan = view->plan;
    const struct gantry_graph *graph = plan->graph;
    char percent[TEXT_BYTES];
    int32_t launches = 0;
    double offloaded = plan->macs ? 100.0 * (double)plan->macs_offloaded / (double)plan->macs : 0.0;
    printf("%s for %s\n", graph->name, view->device);
    for (int32_t i = 0; i < graph->input_count; i++) print_tensor("input", graph, graph->inputs[i]);
    for (int32_t i = 0; i < graph->output_count; i++)
        print_tensor("output", graph, graph->outputs[i]);
    if (graph->batch > 1)
        printf("batch   %" PRId32 " items, which do not meet: all figures are of one\n",
               graph->batch);
    printf("\n%4s  %-18s %-16s %10s  %-6s %3s %9s %9s  %-14s %s\n", "#", "op", "output", "MACs",
           "where", "seg", "cycles", "cpu", "output in", "layer");
    for (int32_t n = 0; n < graph->node_count; n++) print_node(view, n);
    printf("\n");
    for (int32_t s = 0; s < plan->segment_count; s++) {
        launches += plan->segments[s].accelerator;
        print_segment(view, s, program);
    }
    print_memory(plan);
    printf("\n%" PRIu64 " MACs, %s %% on the accelerator, %d launch%s, %" PRIu64
           " cycles predicted\n"
           "memory: arena %zu, input %zu, output %zu bytes; %zu with programs and weights\n"
           "cycles: predicted for the accelerator, - where the reason forbids it; cpu: estimate "
           "for the\ntarget's processor, - where there is none (profile measures it here)\n",
           plan->macs, gantry_report_number(offloaded, 1, percent, sizeof percent), launches,
           launches == 1 ? "" : "es", view->profile.predicted_cycles, plan->arena_bytes,
           plan->input_bytes, plan->output_bytes, gantry_plan_device_bytes(plan));
}

/* ---- The command ---- */

static int write_dot(const struct gantry_cli_args *args, const struct gantry_cli_view *view)
{
    struct gantry_cli_file file;
    int code = gantry_cli_file_begin(&file, args->dot);
    if (code != GANTRY_EXIT_OK) return code;
    gantry_cli_inspect_dot(file.stream, view);
    return gantry_cli_file_commit(&file);
}

static int show(const struct gantry_cli_args *args, const struct gantry_cli_view *view)
{
    int code = GANTRY_EXIT_OK;
    if (args->dot) code = write_dot(args, view);
    if (code == GANTRY_EXIT_OK && args->svg) code = gantry_cli_inspect_svg(args->svg, view);
    if (code != GANTRY_EXIT_OK) return code;
    if (args->json) return gantry_cli_print_json(gantry_cli_inspect_json(view));
    print_text(view, args->program);
    return GANTRY_EXIT_OK;
}

static int inspect(const struct gantry_cli_args *args, const struct gantry_model *model,
                   const struct gantry_cli_session *session)
{
    const struct gantry_plan *plan = session->plan;
    const struct gantry_device_info *info = gantry_device_info(session->device);
    size_t count = (size_t)plan->graph->node_count;
    struct gantry_error error = {0};
    struct gantry_cli_view view = {.plan = plan, .device = info->name};
    enum gantry_status status = GANTRY_ERR_MEMORY;
    view.nodes = gantry_allocate(NULL, count + 2, sizeof *view.nodes);
    view.segments = gantry_allocate(NULL, (size_t)plan->segment_count + 1, sizeof *view.segments);
    if (view.nodes && view.segments)
        status = gantry_plan_record(plan, info, &view.profile, view.nodes, view.segments, &error);
    else
        (void)gantry_fail(&error, status, "%s: out of memory", args->model);
    int code = status == GANTRY_OK ? GANTRY_EXIT_OK : gantry_cli_failure(&error);
    if (code == GANTRY_EXIT_OK) code = gantry_cli_predict_other(model, plan, info, view.nodes);
    if (code == GANTRY_EXIT_OK) code = show(args, &view);
    gantry_release(NULL, view.segments);
    gantry_release(NULL, view.nodes);
    return code;
}

static int run(const struct gantry_cli_args *args)
{
    struct gantry_model *model;
    struct gantry_cli_session session;
    const struct gantry_cli_session_options how = {.device = args->device};
    if (args->coverage && args->shapes.count > 0)
        return gantry_cli_usage(NULL, "--shape is for one model, not for --coverage");
    if (args->coverage && (args->dot || args->svg || args->program))
        return gantry_cli_usage(NULL, "--dot, --svg and --program are for one model, not for "
                                      "--coverage");
    if (args->coverage) return gantry_cli_coverage(args);
    if (args->more.count > 0)
        return gantry_cli_usage("--coverage takes several models",
                                "inspect: unexpected argument (%s)", args->more.items[0]);
    int code = gantry_cli_model_open(&model, NULL, args);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_session_open(&session, args, model, &how, false);
    if (code == GANTRY_EXIT_OK) {
        code = inspect(args, model, &session);
        gantry_cli_session_close(&session);
    }
    gantry_model_close(model);
    return code;
}

const struct gantry_cli_command gantry_cli_inspect = {
    .name = "inspect",
    .argument = "MODEL...",
    .help = "Shows graph, placement with reasons, costs on both sides, segments and memory; runs "
            "nothing.",
    .examples = "gantry inspect model.tflite\n"
                "gantry inspect model.tflite --svg graph.svg\n"
                "gantry inspect --coverage models/*.tflite\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
