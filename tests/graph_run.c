/* SPDX-License-Identifier: Apache-2.0
 * Runs a graph node by node with the reference kernels. */
#include "graph_run.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/op.h"

static void *take_memory(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    gantry_assert(memory);
    return memory;
}

void graph_run_init(struct graph_run *run, const struct gantry_graph *graph)
{
    run->graph = graph;
    run->tensors = take_memory((size_t)graph->tensor_count, sizeof(*run->tensors));
    for (int32_t i = 0; i < graph->input_count; i++)
        run->tensors[graph->inputs[i]] = take_memory(graph->tensors[graph->inputs[i]].bytes, 1);
    for (int32_t i = 0; i < graph->node_count; i++) {
        for (int32_t k = 0; k < graph->nodes[i].output_count; k++) {
            int32_t output = graph->nodes[i].outputs[k];
            run->tensors[output] = take_memory(graph->tensors[output].bytes, 1);
        }
    }
}

void graph_run_finish(struct graph_run *run)
{
    for (int32_t i = 0; i < run->graph->tensor_count; i++) free(run->tensors[i]);
    free(run->tensors);
    run->tensors = NULL;
}

static struct gantry_s8_map map_of(const struct graph_run *run, int32_t tensor)
{
    struct gantry_extent e;
    gantry_assert(gantry_shape_extent(&run->graph->tensors[tensor].shape, &e));
    return (struct gantry_s8_map){run->tensors[tensor], e.h, e.w, e.c, e.c};
}

static struct gantry_s8_map flat(struct gantry_s8_map map)
{
    int32_t elements = map.h * map.w * map.c;
    return (struct gantry_s8_map){map.data, 1, 1, elements, elements};
}

static int32_t zero_of(const struct graph_run *run, int32_t tensor)
{
    return run->graph->tensors[tensor].quantization.zero_point[0];
}

static void fill_window(struct gantry_s8_conv_args *args, const struct gantry_graph_node *node)
{
    const struct gantry_window_attributes *w = &node->attributes.window;
    args->kernel_h = w->kernel_h;
    args->kernel_w = w->kernel_w;
    args->stride_h = w->stride_h;
    args->stride_w = w->stride_w;
    args->dilation_h = w->dilation_h;
    args->dilation_w = w->dilation_w;
    args->pad_top = w->pad_top;
    args->pad_left = w->pad_left;
}

static void run_conv(struct graph_run *run, const struct gantry_graph_node *node)
{
    const struct gantry_graph *graph = run->graph;
    struct gantry_s8_conv_args args = {
        .input = map_of(run, node->inputs[0]),
        .output = map_of(run, node->outputs[0]),
        .weights = graph->tensors[node->inputs[1]].data,
        .input_zero = zero_of(run, node->inputs[0]),
        .output_zero = zero_of(run, node->outputs[0]),
        .weight_zero = zero_of(run, node->inputs[1]),
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    if (node->op == GANTRY_OP_FULLY_CONNECTED) {
        args.input = flat(args.input);
        args.output = flat(args.output);
        args.kernel_h = args.kernel_w = args.stride_h = args.stride_w = 1;
        args.dilation_h = args.dilation_w = 1;
    } else {
        fill_window(&args, node);
    }
    size_t channels = (size_t)args.output.c;
    float *scale = take_memory(channels, sizeof *scale);
    int32_t *bias = take_memory(channels, sizeof *bias);
    for (int32_t c = 0; c < args.output.c; c++) scale[c] = gantry_node_scale(graph, node, c);
    if (node->input_count > 2 && node->inputs[2] != GANTRY_NO_TENSOR)
        memcpy(bias, graph->tensors[node->inputs[2]].data, channels * sizeof *bias);
    args.scale = scale;
    args.bias = bias;
    if (node->op == GANTRY_OP_DEPTHWISE_CONV_2D)
        gantry_s8_depthwise_conv_2d__ref(&args);
    else
        gantry_s8_conv_2d__ref(&args);
    free(scale);
    free(bias);
}

static void run_add(struct graph_run *run, const struct gantry_graph_node *node)
{
    struct gantry_add_params params;
    gantry_assert(gantry_node_add_params(run->graph, node, &params));
    struct gantry_s8_add_args args = {
        .input1 = map_of(run, node->inputs[0]),
        .input2 = map_of(run, node->inputs[1]),
        .output = map_of(run, node->outputs[0]),
        .k1 = params.k1,
        .k2 = params.k2,
        .shift = params.shift,
        .zero1 = params.zero1,
        .zero2 = params.zero2,
        .zero_out = params.zero_out,
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    gantry_s8_add__ref(&args);
}

static void run_pool(struct graph_run *run, const struct gantry_graph_node *node)
{
    struct gantry_s8_pool_args args = {
        .input = map_of(run, node->inputs[0]),
        .output = map_of(run, node->outputs[0]),
        .kernel_h = node->attributes.window.kernel_h,
        .kernel_w = node->attributes.window.kernel_w,
        .stride_h = node->attributes.window.stride_h,
        .stride_w = node->attributes.window.stride_w,
        .pad_top = node->attributes.window.pad_top,
        .pad_left = node->attributes.window.pad_left,
        .half_up = node->attributes.window.half_up,
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    if (node->op == GANTRY_OP_AVERAGE_POOL_2D)
        gantry_s8_average_pool_2d__ref(&args);
    else
        gantry_s8_max_pool_2d__ref(&args);
}

static void run_reshape(struct graph_run *run, const struct gantry_graph_node *node)
{
    struct gantry_s8_map input = flat(map_of(run, node->inputs[0]));
    struct gantry_s8_map output = flat(map_of(run, node->outputs[0]));
    gantry_s8_copy__ref(&input, &output);
}

static void run_softmax(struct graph_run *run, const struct gantry_graph_node *node)
{
    const struct gantry_graph_tensor *tensors = run->graph->tensors;
    double table[256];
    gantry_s8_softmax_table(table, node->attributes.beta,
                            tensors[node->inputs[0]].quantization.scale[0]);
    struct gantry_s8_softmax_args args = {
        .input = map_of(run, node->inputs[0]),
        .output = map_of(run, node->outputs[0]),
        .table = table,
        .output_scale = tensors[node->outputs[0]].quantization.scale[0],
        .output_zero = zero_of(run, node->outputs[0]),
    };
    gantry_s8_softmax__ref(&args);
}

static void run_mean(struct graph_run *run, const struct gantry_graph_node *node)
{
    const struct gantry_s8_mean_args args = {
        .input = map_of(run, node->inputs[0]),
        .output = map_of(run, node->outputs[0]),
        .scale = gantry_node_scale(run->graph, node, 0),
        .input_zero = zero_of(run, node->inputs[0]),
        .output_zero = zero_of(run, node->outputs[0]),
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    gantry_s8_mean__ref(&args);
}

static int32_t least_of(const struct graph_run *run, int32_t tensor)
{
    return run->graph->tensors[tensor].dtype == GANTRY_UINT8 ? 0 : INT8_MIN;
}

static void run_quantize(struct graph_run *run, const struct gantry_graph_node *node)
{
    const struct gantry_x8_quantize_rule rule = {
        .factor = gantry_node_quantize_factor(run->graph, node),
        .input_zero = zero_of(run, node->inputs[0]),
        .output_zero = zero_of(run, node->outputs[0]),
        .input_least = least_of(run, node->inputs[0]),
        .output_least = least_of(run, node->outputs[0]),
    };
    uint8_t table[256];
    gantry_x8_quantize_table(table, &rule);
    const struct gantry_x8_table_args args = {map_of(run, node->inputs[0]),
                                              map_of(run, node->outputs[0]), table};
    gantry_x8_table__ref(&args);
}

/* By the kernel that the operator's row names. */
static void run_general(struct graph_run *run, const struct gantry_graph_node *node)
{
    struct gantry_arena arena;
    struct gantry_kernel kernel = {0};
    struct gantry_op_args *args;
    gantry_arena_init(&arena, NULL);
    size_t edges = (size_t)node->input_count + (size_t)node->output_count;
    void **data = gantry_arena_alloc(&arena, edges, sizeof *data);
    gantry_assert(data);
    for (int32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != GANTRY_NO_TENSOR) data[i] = run->tensors[node->inputs[i]];
    for (int32_t i = 0; i < node->output_count; i++)
        data[node->input_count + i] = run->tensors[node->outputs[i]];
    gantry_assert(gantry_node_args(run->graph, node, data, &arena, &args));
    gantry_assert(gantry_op_row(node->op)->bind(&kernel, args, &arena));
    gantry_kernel_run(&kernel, NULL);
    gantry_arena_finish(&arena);
}

void graph_run_node(struct graph_run *run, int32_t index)
{
    static void (*const mapped[GANTRY_OP_COUNT])(struct graph_run * run,
                                                 const struct gantry_graph_node *node) = {
        [GANTRY_OP_CONV_2D] = run_conv,
        [GANTRY_OP_DEPTHWISE_CONV_2D] = run_conv,
        [GANTRY_OP_FULLY_CONNECTED] = run_conv,
        [GANTRY_OP_ADD] = run_add,
        [GANTRY_OP_AVERAGE_POOL_2D] = run_pool,
        [GANTRY_OP_MAX_POOL_2D] = run_pool,
        [GANTRY_OP_RESHAPE] = run_reshape,
        [GANTRY_OP_SOFTMAX] = run_softmax,
        [GANTRY_OP_MEAN] = run_mean,
        [GANTRY_OP_QUANTIZE] = run_quantize,
    };
    const struct gantry_graph_node *node = &run->graph->nodes[index];
    if (node->mapped && mapped[node->op])
        mapped[node->op](run, node);
    else
        run_general(run, node);
}

void graph_run_all(struct graph_run *run)
{
    for (int32_t i = 0; i < run->graph->node_count; i++) graph_run_node(run, i);
}
