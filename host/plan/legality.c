/* SPDX-License-Identifier: Apache-2.0
 * Whether the accelerator can run a node, and why not. Codes: docs/placement.md. */
#include "plan/build.h"

#include <math.h>
#include <stdlib.h>

static struct gantry_reason legal(void) { return (struct gantry_reason){0}; }

static struct gantry_reason refuse(const char *code, const char *rule)
{
    return (struct gantry_reason){.code = code, .rule = rule};
}

static struct gantry_reason refuse_value(const char *code, const char *rule, int64_t limit,
                                         int64_t value)
{
    return (struct gantry_reason){
        .code = code, .rule = rule, .has_numbers = true, .limit = limit, .value = value};
}

static struct gantry_reason check_extent(const struct gantry_extent *extent)
{
    int32_t longest = gantry_max_i32(extent->h, extent->w);
    if (longest > GANTRY_EXTENT_MAX)
        return refuse_value("extent", "Height and width have 16 bits", GANTRY_EXTENT_MAX, longest);
    if (extent->c > GANTRY_CHANNELS_MAX)
        return refuse_value("channels", "A tensor has at most 256 channel blocks",
                            GANTRY_CHANNELS_MAX, extent->c);
    int64_t blocks = gantry_div_up(extent->c, GANTRY_CHANNELS);
    int64_t bytes = blocks * GANTRY_CHANNELS * extent->w;
    if (bytes > GANTRY_EXTENT_MAX)
        return refuse_value("row-bytes", "A row of a tensor in memory has 16 bits of bytes",
                            GANTRY_EXTENT_MAX, bytes);
    return legal();
}

static struct gantry_reason check_window(const struct gantry_graph_node *node,
                                         const struct gantry_task *task)
{
    int32_t kernel = gantry_max_i32(task->kernel_h, task->kernel_w);
    if (kernel > GANTRY_KERNEL_MAX)
        return refuse_value("kernel", "A kernel has at most 256 rows and columns",
                            GANTRY_KERNEL_MAX, kernel);
    int32_t stride = gantry_max_i32(task->stride_h, task->stride_w);
    if (stride > 2) return refuse_value("stride", "Strides are 1 or 2 on each axis", 2, stride);
    bool both = task->kernel_h > 1 && task->kernel_w > 1;
    if (task->kind == GANTRY_TASK_MEAN || task->kind == GANTRY_TASK_IDENTITY) return legal();
    if (both && node->attributes.window.dilation_h != node->attributes.window.dilation_w)
        return refuse_value("dilations", "Both axes have one dilation",
                            node->attributes.window.dilation_h, node->attributes.window.dilation_w);
    if (task->dilation > 256)
        return refuse_value("dilation", "Taps are at most 256 apart", 256, task->dilation);
    int32_t pad = gantry_max_i32(task->pad_top, task->pad_left);
    if (pad > 127) return refuse_value("padding", "Padding has 8 bits", 127, pad);
    return legal();
}

static struct gantry_reason check_pool(const struct gantry_graph *graph,
                                       const struct gantry_task *task)
{
    if (task->kind != GANTRY_TASK_AVERAGE) return legal();
    int64_t count = gantry_task_pool_count(task);
    if (count == 0)
        return refuse("pool-padding", "Padding makes windows of an average pool differ in size");
    /* Windows of an odd size have no ties. */
    if (graph->nodes[task->node].attributes.window.half_up && count % 2 == 0)
        return refuse("pool-ties", "Ties of an average go away from zero, in uint8 models up");
    if (count > GANTRY_POOL_MAX)
        return refuse_value("pool-size", "An average is over at most 4096 values", GANTRY_POOL_MAX,
                            count);
    return legal();
}

/* What the sums of one output channel allow. */
static struct gantry_reason check_channel(const struct gantry_graph *graph,
                                          const struct gantry_task *task, int32_t o)
{
    struct gantry_task_sums sums;
    gantry_task_sum(graph, task, o, &sums);
    int32_t reach = gantry_max_i32(-sums.least, sums.greatest);
    if (reach > 254)
        return refuse_value("weight-range", "A weight is the sum of two parts of -127..127", 254,
                            reach);
    int64_t bound = sums.magnitude * 128 + llabs((long long)sums.bias);
    if (bound > INT32_MAX || sums.bias < INT32_MIN)
        return refuse_value("accumulator-range", "Sum of products and bias stay in 32 bits",
                            INT32_MAX, bound);
    float scale = gantry_node_scale(graph, &graph->nodes[task->node], o);
    if (!(scale > 0.0f) || !isfinite(scale))
        return refuse("scale", "The scale of every channel is positive and finite");
    return legal();
}

static struct gantry_reason check_weights(const struct gantry_graph *graph,
                                          const struct gantry_task *task)
{
    if (task->kind == GANTRY_TASK_MEAN) return check_channel(graph, task, 0);
    if (task->kind != GANTRY_TASK_CONV && task->kind != GANTRY_TASK_DEPTHWISE) return legal();
    const struct gantry_graph_node *node = &graph->nodes[task->node];
    if (!graph->tensors[node->inputs[1]].data) return refuse("weights", "Weights are constants");
    if (task->kind == GANTRY_TASK_DEPTHWISE && task->in.c != task->out.c)
        return refuse_value("multiplier", "A depthwise channel has one output channel", 1,
                            task->out.c / task->in.c);
    for (int32_t o = 0; o < task->out.c; o++) {
        struct gantry_reason reason = check_channel(graph, task, o);
        if (reason.code) return reason;
    }
    return legal();
}

static struct gantry_reason check_add(const struct gantry_graph *graph, int32_t index)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    if (node->op != GANTRY_OP_ADD) return legal();
    const struct gantry_graph_tensor *a = &graph->tensors[node->inputs[0]];
    const struct gantry_graph_tensor *b = &graph->tensors[node->inputs[1]];
    if (!gantry_shape_equal(&a->shape, &b->shape))
        return refuse("add-shape", "Both operands of an ADD have one shape");
    struct gantry_add_params params;
    if (!gantry_node_add_params(graph, node, &params))
        return refuse("add-scale", "Scales of an ADD are within the reach of rule X");
    return legal();
}

/* Rows and ring lines of the node alone, each tensor in the layout that it would have. What has
 * several output rows may run in tiles of them. */
static struct gantry_reason check_room(const struct gantry_graph *graph,
                                       const struct gantry_task *task,
                                       const struct gantry_array_params *params)
{
    struct gantry_act_tensor in, out;
    gantry_act_layout(&in, params, task->in.h, task->in.w, task->in.c, task->stride_h,
                      task->stride_w, task->out.w);
    gantry_act_layout(&out, params, task->out.h, task->out.w, task->out.c, 1, 1, 1);
    int64_t rows = gantry_act_rows(&in, 2 * params->g) + gantry_act_rows(&out, 2 * params->g);
    if (rows > params->act_rows && task->out.h < 2)
        return refuse_value("onchip-memory", "Input and output fit the activation rows",
                            params->act_rows, rows);
    struct gantry_tiling tiling;
    gantry_tiling_make(&tiling, in.pitch, task->out.h, 2 * params->g);
    if (tiling.rows > GANTRY_EXTENT_MAX)
        return refuse_value("extent", "Accumulator rows of a group have 16 bits", GANTRY_EXTENT_MAX,
                            tiling.rows);
    bool split = gantry_task_needs_split(graph, task);
    int64_t lines = 1 + gantry_task_steps(task) * (split ? 4 : 2);
    if (tiling.tiles > 1 && lines > params->ring_lines)
        return refuse_value("ring", "Weights of a group stay in the ring while its tiles repeat",
                            params->ring_lines, lines);
    return legal();
}

/* A CONCATENATION is nothing but places on chip. */
static struct gantry_reason check_join(const struct gantry_graph *graph,
                                       const struct gantry_task *task,
                                       const struct gantry_array_params *params)
{
    const struct gantry_graph_node *node = &graph->nodes[task->node];
    const struct gantry_quantization *to = &graph->tensors[task->output].quantization;
    enum gantry_join_axis axis = gantry_task_join_axis(graph, task->node);
    int64_t blocks = 0;
    if (axis == GANTRY_JOIN_OTHER)
        return refuse("concat-axis", "Parts lie behind each other in channels or in rows");
    for (int32_t i = 0; i < node->input_count; i++) {
        const struct gantry_graph_tensor *part = &graph->tensors[node->inputs[i]];
        struct gantry_extent extent = {0};
        if (part->data) return refuse("concat-constant", "No part is a constant");
        if (!gantry_quantization_equal(&part->quantization, to))
            return refuse("concat-scale", "Parts have the scale and zero point of the whole");
        (void)gantry_shape_extent(&part->shape, &extent);
        if (i == 0 || axis == GANTRY_JOIN_CHANNELS)
            blocks += gantry_div_up(extent.c, GANTRY_CHANNELS);
    }
    if (blocks > GANTRY_CHANNELS_MAX / GANTRY_CHANNELS)
        return refuse_value("channels", "A tensor has at most 256 channel blocks",
                            GANTRY_CHANNELS_MAX, blocks * GANTRY_CHANNELS);
    struct gantry_act_tensor act;
    gantry_act_layout(&act, params, task->out.h, task->out.w, (int32_t)blocks * GANTRY_CHANNELS, 1,
                      1, 1);
    int64_t rows = gantry_act_rows(&act, 2 * params->g);
    if (rows > params->act_rows)
        return refuse_value("onchip-memory", "The whole fits the activation rows", params->act_rows,
                            rows);
    return legal();
}

/* A RESHAPE is nothing on the accelerator when all that read it look through it. */
static struct gantry_reason check_reshape(const struct gantry_graph *graph, int32_t index)
{
    int32_t output = graph->nodes[index].outputs[0];
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *reader = &graph->nodes[n];
        for (int32_t i = 0; i < reader->input_count; i++)
            if (reader->inputs[i] == output && gantry_task_source(graph, n, i) == output)
                return refuse("reshape", "The new shape needs another layout of the pixels");
    }
    return legal();
}

struct gantry_reason gantry_plan_legality(const struct gantry_graph *graph, int32_t node,
                                          const struct gantry_array_params *params)
{
    if (params->g == 0) return refuse("no-accelerator", "The device has no accelerator");
    if (graph->nodes[node].op == GANTRY_OP_BATCH_MATMUL &&
        gantry_node_reads(graph, &graph->nodes[node], 1))
        return refuse("product", "Weights are in memory before the launch, in the stream's order");
    if (!gantry_op_row(graph->nodes[node].op)->array)
        return refuse("operator", "The accelerator does not have this operator");
    if (!graph->nodes[node].mapped)
        return refuse("map", "The accelerator computes int8 maps of batch 1 with constant weights");
    if (graph->nodes[node].op == GANTRY_OP_RESHAPE) return check_reshape(graph, node);
    struct gantry_task task;
    if (!gantry_task_describe(graph, node, &task))
        return refuse("batch", "A tensor is one map of height, width and channels");
    struct gantry_reason reason = check_extent(&task.in);
    if (!reason.code) reason = check_extent(&task.out);
    if (task.kind == GANTRY_TASK_JOIN)
        return reason.code ? reason : check_join(graph, &task, params);
    if (!reason.code) reason = check_window(&graph->nodes[node], &task);
    if (!reason.code) reason = check_pool(graph, &task);
    if (!reason.code) reason = check_add(graph, node);
    if (!reason.code) reason = check_weights(graph, &task);
    if (!reason.code) reason = check_room(graph, &task, params);
    return reason;
}
