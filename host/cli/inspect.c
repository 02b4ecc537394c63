/* SPDX-License-Identifier: Apache-2.0
 * gantry inspect: the graph, what runs where and why, segments and memory. Nothing is run. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "plan/plan.h"
#include "report/report.h"

enum { TEXT_BYTES = 96, LINE_BYTES = 1024 };

static const struct gantry_cli_option options[] = {
    GANTRY_CLI_OPTIONS_DEVICE,
    GANTRY_CLI_OPTIONS_PLACE,
    {"program", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(program),
     "print the instructions of the segments"},
    GANTRY_CLI_OPTIONS_COMMON,
};

static const char *const home_names[] = {[GANTRY_HOME_NONE] = "chip",
                                         [GANTRY_HOME_ARENA] = "arena",
                                         [GANTRY_HOME_INPUT] = "input",
                                         [GANTRY_HOME_OUTPUT] = "output",
                                         [GANTRY_HOME_CONSTANT] = "model"};

/* What an instruction writes to the activation RAM: first row and number of rows. */
struct rows {
    int64_t first, count;
};

/* Rows of the tensor that a CONV or LOAD writes into; false for the others. The height of a
 * LOAD's tensor is taken from its last row. */
static bool written_rows(const struct gantry_insn *insn, int32_t npx, struct rows *rows)
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
    rows->count = gantry_act_rows(&tensor, npx);
    return true;
}

static struct gantry_insn insn_at(const struct gantry_plan_segment *segment, uint32_t i)
{
    struct gantry_insn insn;
    gantry_insn_from_bytes(&insn, segment->program + (size_t)i * GANTRY_INSN_BYTES);
    return insn;
}

/* ---- Text ---- */

static void print_tensor(const char *what, const struct gantry_graph *graph, int32_t tensor)
{
    const struct gantry_graph_tensor *meta = &graph->tensors[tensor];
    char shape[TEXT_BYTES];
    printf("%-7s %s %s %s", what, meta->name, gantry_shape_text(&meta->shape, shape, sizeof shape),
           gantry_dtype_name(meta->dtype));
    if (meta->quantization.count == 1)
        printf(", scale %.9g, zero point %d", (double)meta->quantization.scale[0],
               meta->quantization.zero_point[0]);
    printf("\n");
}

static void print_node(const struct gantry_plan *plan, int32_t n)
{
    const struct gantry_graph_node *node = &plan->graph->nodes[n];
    const struct gantry_plan_node *planned = &plan->nodes[n];
    const struct gantry_plan_tensor *placed = &plan->tensors[node->output];
    char shape[TEXT_BYTES], where[TEXT_BYTES], home[TEXT_BYTES];
    (void)snprintf(where, sizeof where, "%s", planned->accelerator ? "accel" : "cpu");
    if (planned->fused_into >= 0) (void)snprintf(where, sizeof where, "in %d", planned->fused_into);
    (void)snprintf(home, sizeof home, "%s", home_names[placed->home]);
    if (placed->home != GANTRY_HOME_NONE && placed->home != GANTRY_HOME_CONSTANT)
        (void)snprintf(home, sizeof home, "%s+%" PRIu32, home_names[placed->home], placed->offset);
    printf("%4d  %-18s %-16s %10" PRIu64 "  %-6s %3d  %-14s %s\n", n, gantry_op_label(node->op),
           gantry_shape_text(&plan->graph->tensors[node->output].shape, shape, sizeof shape),
           node->macs, where, planned->segment, home, node->name);
    const struct gantry_reason *reason = &planned->reason;
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
        struct gantry_insn insn = insn_at(segment, i);
        struct rows rows;
        if (!written_rows(&insn, 2 * plan->params.g, &rows)) continue;
        int32_t node = segment->insn_node[i];
        printf("    %6" PRId64 " .. %-6" PRId64 " %-5s %s\n", rows.first,
               rows.first + rows.count - 1,
               gantry_insn_name((uint32_t)gantry_insn_get(&insn, GANTRY_COMMON_OPCODE)),
               node >= 0 ? plan->graph->nodes[node].name : "");
    }
}

static void print_segment(const struct gantry_plan *plan, int32_t s, bool program)
{
    const struct gantry_plan_segment *segment = &plan->segments[s];
    if (!segment->accelerator) {
        printf("segment %d: cpu, %d nodes\n", s, segment->node_count);
        return;
    }
    printf("segment %d: accelerator, %d nodes, %" PRIu32 " instructions, %zu bytes of weights, "
           "%d of %d rows\n",
           s, segment->node_count, segment->insn_count, segment->weights_bytes,
           segment->act_rows_used, plan->params.act_rows);
    print_rows(plan, segment);
    for (uint32_t i = 0; program && i < segment->insn_count; i++) {
        struct gantry_insn insn = insn_at(segment, i);
        char line[LINE_BYTES];
        printf("  %5" PRIu32 "  %s\n", i, gantry_insn_text(&insn, line, sizeof line));
    }
}

static int32_t launch_count(const struct gantry_plan *plan)
{
    int32_t launches = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) launches += plan->segments[s].accelerator;
    return launches;
}

static void print_text(const struct gantry_plan *plan, const char *device, bool program)
{
    const struct gantry_graph *graph = plan->graph;
    char percent[TEXT_BYTES];
    double offloaded = plan->macs ? 100.0 * (double)plan->macs_offloaded / (double)plan->macs : 0.0;
    printf("%s for %s\n", graph->name, device);
    for (int32_t i = 0; i < graph->input_count; i++) print_tensor("input", graph, graph->inputs[i]);
    for (int32_t i = 0; i < graph->output_count; i++)
        print_tensor("output", graph, graph->outputs[i]);
    printf("\n%4s  %-18s %-16s %10s  %-6s %3s  %-14s %s\n", "#", "op", "output", "MACs", "where",
           "seg", "output in", "layer");
    for (int32_t n = 0; n < graph->node_count; n++) print_node(plan, n);
    printf("\n");
    for (int32_t s = 0; s < plan->segment_count; s++) print_segment(plan, s, program);
    printf("\n%" PRIu64 " MACs, %s %% on the accelerator, %d launches\n"
           "memory: arena %zu, input %zu, output %zu bytes\n",
           plan->macs, gantry_report_number(offloaded, 1, percent, sizeof percent),
           launch_count(plan), plan->arena_bytes, plan->input_bytes, plan->output_bytes);
}

/* ---- JSON ---- */

static json_t *shape_json(const struct gantry_shape *shape)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < shape->rank; i++)
        json_array_append_new(list, json_integer(shape->dims[i]));
    return list;
}

static json_t *tensors_json(const struct gantry_graph *graph, const int32_t *tensors, int32_t count)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < count; i++) {
        const struct gantry_graph_tensor *meta = &graph->tensors[tensors[i]];
        bool quantized = meta->quantization.count == 1;
        json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:o, s:o, s:o}", "name", gantry_report_string(meta->name),
                      "dtype", gantry_dtype_name(meta->dtype), "shape", shape_json(&meta->shape),
                      "scale",
                      quantized ? json_real((double)meta->quantization.scale[0]) : json_null(),
                      "zero_point",
                      quantized ? json_integer(meta->quantization.zero_point[0]) : json_null()));
    }
    return list;
}

static json_t *node_json(const struct gantry_plan *plan, int32_t n)
{
    const struct gantry_graph_node *node = &plan->graph->nodes[n];
    const struct gantry_plan_node *planned = &plan->nodes[n];
    const struct gantry_plan_tensor *placed = &plan->tensors[node->output];
    return json_pack(
        "{s:i, s:o, s:s, s:s, s:o, s:I, s:o, s:i, s:o, s:{s:s, s:I, s:i}}", "index", n, "name",
        gantry_report_string(node->name), "op", gantry_op_label(node->op), "placement",
        planned->accelerator ? "accelerator" : "cpu", "reason",
        gantry_report_reason(&planned->reason), "macs", (json_int_t)node->macs, "fused_into",
        planned->fused_into >= 0 ? json_integer(planned->fused_into) : json_null(), "segment",
        planned->segment, "shape", shape_json(&plan->graph->tensors[node->output].shape), "memory",
        "home", home_names[placed->home], "offset", (json_int_t)placed->offset, "pixel_stride",
        placed->pixel_stride);
}

static json_t *program_json(const struct gantry_plan *plan,
                            const struct gantry_plan_segment *segment)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < segment->insn_count; i++) {
        struct gantry_insn insn = insn_at(segment, i);
        struct rows rows;
        char line[LINE_BYTES];
        bool writes = written_rows(&insn, 2 * plan->params.g, &rows);
        json_array_append_new(
            list, json_pack("{s:i, s:s, s:o, s:o}", "node", segment->insn_node[i], "text",
                            gantry_insn_text(&insn, line, sizeof line), "first_row",
                            writes ? json_integer(rows.first) : json_null(), "rows",
                            writes ? json_integer(rows.count) : json_null()));
    }
    return list;
}

static json_t *segment_json(const struct gantry_plan *plan, int32_t s)
{
    const struct gantry_plan_segment *segment = &plan->segments[s];
    json_t *nodes = json_array();
    for (int32_t k = 0; k < segment->node_count; k++)
        json_array_append_new(nodes, json_integer(segment->nodes[k]));
    json_t *object = json_pack("{s:s, s:o}", "placement",
                               segment->accelerator ? "accelerator" : "cpu", "nodes", nodes);
    if (!segment->accelerator) return object;
    json_object_set_new(object, "weights_bytes", json_integer((json_int_t)segment->weights_bytes));
    json_object_set_new(object, "rows_used", json_integer(segment->act_rows_used));
    json_object_set_new(object, "program", program_json(plan, segment));
    return object;
}

static int print_json(const struct gantry_plan *plan, const char *device)
{
    const struct gantry_graph *graph = plan->graph;
    json_t *root = json_object(), *nodes = json_array(), *segments = json_array();
    for (int32_t n = 0; n < graph->node_count; n++)
        json_array_append_new(nodes, node_json(plan, n));
    for (int32_t s = 0; s < plan->segment_count; s++)
        json_array_append_new(segments, segment_json(plan, s));
    json_object_set_new(root, "schema", json_integer(GANTRY_REPORT_SCHEMA));
    json_object_set_new(root, "model", gantry_report_string(graph->name));
    json_object_set_new(root, "device", json_string(device));
    json_object_set_new(root, "inputs", tensors_json(graph, graph->inputs, graph->input_count));
    json_object_set_new(root, "outputs", tensors_json(graph, graph->outputs, graph->output_count));
    json_object_set_new(root, "macs", json_integer((json_int_t)plan->macs));
    json_object_set_new(root, "macs_offloaded", json_integer((json_int_t)plan->macs_offloaded));
    json_object_set_new(root, "launches", json_integer(launch_count(plan)));
    json_object_set_new(root, "memory_bytes",
                        json_pack("{s:I, s:I, s:I}", "arena", (json_int_t)plan->arena_bytes,
                                  "input", (json_int_t)plan->input_bytes, "output",
                                  (json_int_t)plan->output_bytes));
    json_object_set_new(root, "activation_rows", json_integer(plan->params.act_rows));
    json_object_set_new(root, "nodes", nodes);
    json_object_set_new(root, "segments", segments);
    return gantry_cli_print_json(root);
}

/* ---- The command ---- */

static int run(const struct gantry_cli_args *args)
{
    struct gantry_model *model;
    struct gantry_cli_session session;
    const struct gantry_cli_session_options how = {.device = args->device};
    int code = gantry_cli_model_open(&model, NULL, args);
    if (code != GANTRY_EXIT_OK) return code;
    code = gantry_cli_session_open(&session, args, model, &how, false);
    if (code == GANTRY_EXIT_OK) {
        const char *device = gantry_device_info(session.device)->name;
        if (args->json)
            code = print_json(session.plan, device);
        else
            print_text(session.plan, device, args->program);
        gantry_cli_session_close(&session);
    }
    gantry_model_close(model);
    return code;
}

const struct gantry_cli_command gantry_cli_inspect = {
    .name = "inspect",
    .argument = "MODEL",
    .help = "Shows graph, placement with reasons, segments and memory; runs nothing.",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
