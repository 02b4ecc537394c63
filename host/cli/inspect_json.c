/* SPDX-License-Identifier: Apache-2.0
 * What inspect shows, as JSON. */
#include "cli/inspect.h"
#include "report/report.h"

enum { LINE_BYTES = 1024 };

static json_t *shape_json(const struct gantry_shape *shape)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < shape->rank; i++)
        json_array_append_new(list, json_integer(shape->dims[i]));
    return list;
}

/* Dimensions that the model leaves free; null: the rank, too. */
static json_t *free_json(const struct gantry_graph_tensor *meta)
{
    if (meta->free_dims == GANTRY_FREE_RANK) return json_null();
    json_t *list = json_array();
    for (int32_t d = 0; d < meta->shape.rank; d++)
        if (meta->free_dims >> d & 1) json_array_append_new(list, json_integer(d));
    return list;
}

static json_t *tensors_json(const struct gantry_graph *graph, const int32_t *tensors, int32_t count)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < count; i++) {
        const struct gantry_graph_tensor *meta = &graph->tensors[tensors[i]];
        const struct gantry_shape shape = gantry_graph_outer_shape(graph, tensors[i]);
        bool quantized = meta->quantization.count == 1;
        json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "name", gantry_report_string(meta->name),
                      "dtype", gantry_dtype_name(meta->dtype), "shape", shape_json(&shape),
                      "free_dims", free_json(meta), "scale",
                      quantized ? json_real((double)meta->quantization.scale[0]) : json_null(),
                      "zero_point",
                      quantized ? json_integer(meta->quantization.zero_point[0]) : json_null()));
    }
    return list;
}

static json_t *cycles_json(uint64_t cycles)
{
    return cycles == GANTRY_UNKNOWN ? json_null() : json_integer((json_int_t)cycles);
}

static json_t *us_json(uint64_t ns)
{
    return ns == GANTRY_UNKNOWN ? json_null() : json_real((double)ns / 1000.0);
}

static json_t *bytes_json(const struct gantry_profile_node *node)
{
    if (!node->accelerator) return json_null();
    return json_pack("{s:I, s:I, s:I}", "weights", (json_int_t)node->weight_bytes,
                     "activations_read", (json_int_t)node->load_bytes, "activations_written",
                     (json_int_t)node->store_bytes);
}

static json_t *node_json(const struct gantry_cli_view *view, int32_t n)
{
    const struct gantry_plan *plan = view->plan;
    const struct gantry_graph_node *node = &plan->graph->nodes[n];
    const struct gantry_profile_node *record = &view->nodes[n];
    const struct gantry_plan_tensor *placed = &plan->tensors[node->outputs[0]];
    json_t *object = json_pack(
        "{s:i, s:o, s:s, s:s, s:o, s:I, s:o, s:i, s:o, s:{s:s, s:I, s:i}}", "index", n, "name",
        gantry_report_string(node->name), "op", gantry_op_label(node->op), "placement",
        record->accelerator ? "accelerator" : "cpu", "reason",
        gantry_report_reason(&record->reason), "macs", (json_int_t)node->macs, "fused_into",
        record->fused_into >= 0 ? json_integer(record->fused_into) : json_null(), "segment",
        record->segment, "shape", shape_json(&plan->graph->tensors[node->outputs[0]].shape),
        "memory", "home", gantry_cli_home_names[placed->home], "offset", (json_int_t)placed->offset,
        "pixel_stride", placed->pixel_stride);
    json_object_set_new(object, "accelerator_cycles",
                        cycles_json(gantry_cli_accelerator_cycles(record)));
    json_object_set_new(object, "cpu_estimate_us", us_json(record->cpu_estimate_ns));
    json_object_set_new(object, "path",
                        record->shape.path ? json_string(record->shape.path) : json_null());
    json_object_set_new(object, "bytes", bytes_json(record));
    return object;
}

static json_t *program_json(const struct gantry_plan *plan,
                            const struct gantry_plan_segment *segment)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < segment->insn_count; i++) {
        struct gantry_insn insn = gantry_plan_insn(segment, i);
        struct gantry_plan_rows rows;
        char line[LINE_BYTES];
        bool writes = gantry_plan_written_rows(plan, &insn, &rows);
        json_array_append_new(
            list, json_pack("{s:i, s:s, s:o, s:o}", "node", segment->insn_node[i], "text",
                            gantry_insn_text(&insn, line, sizeof line), "first_row",
                            writes ? json_integer(rows.first) : json_null(), "rows",
                            writes ? json_integer(rows.count) : json_null()));
    }
    return list;
}

static json_t *segment_json(const struct gantry_cli_view *view, int32_t s)
{
    const struct gantry_plan *plan = view->plan;
    const struct gantry_plan_segment *segment = &plan->segments[s];
    json_t *nodes = json_array();
    for (int32_t k = 0; k < segment->node_count; k++)
        json_array_append_new(nodes, json_integer(segment->nodes[k]));
    json_t *object = json_pack("{s:s, s:o}", "placement",
                               segment->accelerator ? "accelerator" : "cpu", "nodes", nodes);
    if (!segment->accelerator) return object;
    json_object_set_new(object, "predicted_cycles",
                        json_integer((json_int_t)view->segments[s].predicted_cycles));
    json_object_set_new(object, "weights_bytes", json_integer((json_int_t)segment->weights_bytes));
    json_object_set_new(object, "rows_used", json_integer(segment->act_rows_used));
    json_object_set_new(object, "program", program_json(plan, segment));
    return object;
}

/* Every tensor with a home in device memory. */
static json_t *memory_map_json(const struct gantry_plan *plan)
{
    json_t *list = json_array();
    for (int32_t t = 0; t < plan->graph->tensor_count; t++) {
        const struct gantry_plan_tensor *placed = &plan->tensors[t];
        if (placed->home == GANTRY_HOME_NONE || placed->home == GANTRY_HOME_CONSTANT) continue;
        json_array_append_new(list, json_pack("{s:o, s:s, s:I, s:i, s:I}", "tensor",
                                              gantry_report_string(plan->graph->tensors[t].name),
                                              "memory", gantry_cli_home_names[placed->home],
                                              "offset", (json_int_t)placed->offset, "pixel_stride",
                                              placed->pixel_stride, "bytes",
                                              (json_int_t)plan->graph->tensors[t].bytes));
    }
    return list;
}

static int32_t launch_count(const struct gantry_plan *plan)
{
    int32_t launches = 0;
    for (int32_t s = 0; s < plan->segment_count; s++) launches += plan->segments[s].accelerator;
    return launches;
}

static json_t *memory_bytes_json(const struct gantry_cli_view *view)
{
    const struct gantry_plan *plan = view->plan;
    uint64_t peak = 0;
    for (int32_t s = 0; s < plan->segment_count; s++)
        if (view->segments[s].chip_bytes > peak) peak = view->segments[s].chip_bytes;
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "arena", (json_int_t)plan->arena_bytes, "input",
                     (json_int_t)plan->input_bytes, "output", (json_int_t)plan->output_bytes,
                     "chip", (json_int_t)view->profile.chip_bytes, "chip_peak", (json_int_t)peak);
}

json_t *gantry_cli_inspect_json(const struct gantry_cli_view *view)
{
    const struct gantry_plan *plan = view->plan;
    const struct gantry_graph *graph = plan->graph;
    json_t *root = json_object(), *nodes = json_array(), *segments = json_array();
    for (int32_t n = 0; n < graph->node_count; n++)
        json_array_append_new(nodes, node_json(view, n));
    for (int32_t s = 0; s < plan->segment_count; s++)
        json_array_append_new(segments, segment_json(view, s));
    json_object_set_new(root, "schema", json_integer(GANTRY_REPORT_SCHEMA));
    json_object_set_new(root, "model", gantry_report_string(graph->name));
    json_object_set_new(root, "device", json_string(view->device));
    json_object_set_new(root, "inputs", tensors_json(graph, graph->inputs, graph->input_count));
    json_object_set_new(root, "outputs", tensors_json(graph, graph->outputs, graph->output_count));
    json_object_set_new(root, "batch", json_integer(graph->batch));
    json_object_set_new(root, "macs", json_integer((json_int_t)plan->macs));
    json_object_set_new(root, "macs_offloaded", json_integer((json_int_t)plan->macs_offloaded));
    json_object_set_new(root, "launches", json_integer(launch_count(plan)));
    json_object_set_new(root, "predicted_cycles",
                        json_integer((json_int_t)view->profile.predicted_cycles));
    json_object_set_new(root, "memory_bytes", memory_bytes_json(view));
    json_object_set_new(root, "memory_map", memory_map_json(plan));
    json_object_set_new(root, "activation_rows", json_integer(plan->params.act_rows));
    json_object_set_new(root, "nodes", nodes);
    json_object_set_new(root, "segments", segments);
    return root;
}
