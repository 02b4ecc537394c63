/* SPDX-License-Identifier: Apache-2.0
 * Runs plans for their tests: launches by the executor, CPU nodes by the reference kernels on the
 * plan's homes; and compares with values of a plain run. */
#include "test_plan_support.h"

#include <string.h>

#include "kernels/kernels.h"
#include "random.h"
#include "test.h"

/* The planner only asks for a model's graph: here the graph is the model. */
const struct gantry_graph *gantry_model_graph(const struct gantry_model *model)
{
    return (const struct gantry_graph *)(const void *)model;
}

const struct gantry_planfile *gantry_model_planfile(const struct gantry_model *model)
{
    (void)model;
    return NULL;
}

static int32_t zero_of(const struct gantry_graph *graph, int32_t tensor)
{
    return graph->tensors[tensor].quantization.zero_point[0];
}

static void run_conv(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                     const struct gantry_s8_map *in, const struct gantry_s8_map *out)
{
    int32_t *bias = calloc((size_t)out->c, sizeof *bias);
    float *scale = calloc((size_t)out->c, sizeof *scale);
    const struct gantry_graph_tensor *weights = &graph->tensors[node->inputs[1]];
    for (int32_t c = 0; c < out->c; c++) {
        scale[c] = gantry_node_scale(graph, node, c);
        if (node->input_count > 2)
            bias[c] = (int32_t)gantry_load_u32(
                (const uint8_t *)graph->tensors[node->inputs[2]].data + 4 * (size_t)c);
    }
    bool full = node->op == GANTRY_OP_FULLY_CONNECTED;
    struct gantry_s8_conv_args args = {
        .input = *in,
        .output = *out,
        .weights = weights->data,
        .bias = bias,
        .scale = scale,
        .kernel_h = full ? in->h : node->attributes.window.kernel_h,
        .kernel_w = full ? in->w : node->attributes.window.kernel_w,
        .stride_h = full ? 1 : node->attributes.window.stride_h,
        .stride_w = full ? 1 : node->attributes.window.stride_w,
        .dilation_h = full ? 1 : node->attributes.window.dilation_h,
        .dilation_w = full ? 1 : node->attributes.window.dilation_w,
        .pad_top = node->attributes.window.pad_top,
        .pad_left = node->attributes.window.pad_left,
        .input_zero = zero_of(graph, node->inputs[0]),
        .output_zero = zero_of(graph, node->outputs[0]),
        .weight_zero = weights->quantization.zero_point[0],
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    if (node->op == GANTRY_OP_DEPTHWISE_CONV_2D)
        gantry_s8_depthwise_conv_2d__ref(&args);
    else
        gantry_s8_conv_2d__ref(&args);
    free(bias);
    free(scale);
}

static void run_add(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                    const struct gantry_s8_map *a, const struct gantry_s8_map *b,
                    const struct gantry_s8_map *out)
{
    struct gantry_add_params p;
    assert_true(gantry_node_add_params(graph, node, &p));
    struct gantry_s8_add_args args = {
        .input1 = *a,
        .input2 = *b,
        .output = *out,
        .k1 = p.k1,
        .k2 = p.k2,
        .shift = p.shift,
        .zero1 = p.zero1,
        .zero2 = p.zero2,
        .zero_out = p.zero_out,
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    gantry_s8_add__ref(&args);
}

static void run_pool(const struct gantry_graph_node *node, const struct gantry_s8_map *in,
                     const struct gantry_s8_map *out)
{
    struct gantry_s8_pool_args args = {
        .input = *in,
        .output = *out,
        .kernel_h = node->attributes.window.kernel_h,
        .kernel_w = node->attributes.window.kernel_w,
        .stride_h = node->attributes.window.stride_h,
        .stride_w = node->attributes.window.stride_w,
        .pad_top = node->attributes.window.pad_top,
        .pad_left = node->attributes.window.pad_left,
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    if (node->op == GANTRY_OP_AVERAGE_POOL_2D)
        gantry_s8_average_pool_2d__ref(&args);
    else
        gantry_s8_max_pool_2d__ref(&args);
}

static void run_softmax(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                        const struct gantry_s8_map *in, const struct gantry_s8_map *out)
{
    double table[256];
    gantry_s8_softmax_table(table, node->attributes.beta,
                            graph->tensors[node->inputs[0]].quantization.scale[0]);
    struct gantry_s8_softmax_args args = {
        .input = *in,
        .output = *out,
        .table = table,
        .output_scale = graph->tensors[node->outputs[0]].quantization.scale[0],
        .output_zero = zero_of(graph, node->outputs[0]),
    };
    gantry_s8_softmax__ref(&args);
}

static void run_mean(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                     const struct gantry_s8_map *in, const struct gantry_s8_map *out)
{
    const struct gantry_s8_mean_args args = {
        .input = *in,
        .output = *out,
        .scale = gantry_node_scale(graph, node, 0),
        .input_zero = zero_of(graph, node->inputs[0]),
        .output_zero = zero_of(graph, node->outputs[0]),
        .clamp_min = node->clamp_min,
        .clamp_max = node->clamp_max,
    };
    gantry_s8_mean__ref(&args);
}

static void run_quantize(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                         const struct gantry_s8_map *in, const struct gantry_s8_map *out)
{
    const struct gantry_x8_quantize_rule rule = {
        .factor = gantry_node_quantize_factor(graph, node),
        .input_zero = zero_of(graph, node->inputs[0]),
        .output_zero = zero_of(graph, node->outputs[0]),
        .input_least = INT8_MIN,
        .output_least = INT8_MIN,
    };
    uint8_t table[256];
    gantry_x8_quantize_table(table, &rule);
    const struct gantry_x8_table_args args = {*in, *out, table};
    gantry_x8_table__ref(&args);
}

/* Element i of a map in NHWC order. */
static int8_t *element(const struct gantry_s8_map *map, size_t i)
{
    size_t c = (size_t)map->c;
    return map->data + i / c * (size_t)map->pixel_stride + i % c;
}

/* Part by part: channels, columns or rows of the whole. */
static void run_concat(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                       const struct gantry_s8_map *maps)
{
    const struct gantry_s8_map *out = &maps[node->outputs[0]];
    int32_t rank = graph->tensors[node->outputs[0]].shape.rank;
    int32_t axis = node->attributes.along.axis - rank, y0 = 0, x0 = 0, c0 = 0;
    for (int32_t i = 0; i < node->input_count; i++) {
        const struct gantry_s8_map *in = &maps[node->inputs[i]];
        struct gantry_extent e;
        assert_true(gantry_shape_extent(&graph->tensors[node->inputs[i]].shape, &e));
        for (size_t k = 0; k < graph->tensors[node->inputs[i]].bytes; k++) {
            size_t c = k % (size_t)e.c, pixel = k / (size_t)e.c;
            size_t x = pixel % (size_t)e.w + (size_t)x0, y = pixel / (size_t)e.w + (size_t)y0;
            out->data[(y * (size_t)out->w + x) * (size_t)out->pixel_stride + (size_t)c0 + c] =
                *element(in, k);
        }
        y0 += axis == -3 ? e.h : 0;
        x0 += axis == -2 ? e.w : 0;
        c0 += axis == -1 ? e.c : 0;
    }
}

static void run_node(const struct gantry_graph *graph, int32_t index,
                     const struct gantry_s8_map *maps)
{
    const struct gantry_graph_node *node = &graph->nodes[index];
    const struct gantry_s8_map *in = &maps[node->inputs[0]], *out = &maps[node->outputs[0]];
    switch (node->op) {
    case GANTRY_OP_CONV_2D:
    case GANTRY_OP_DEPTHWISE_CONV_2D:
    case GANTRY_OP_FULLY_CONNECTED:
        run_conv(graph, node, in, out);
        break;
    case GANTRY_OP_ADD:
        run_add(graph, node, in, &maps[node->inputs[1]], out);
        break;
    case GANTRY_OP_AVERAGE_POOL_2D:
    case GANTRY_OP_MAX_POOL_2D:
        run_pool(node, in, out);
        break;
    case GANTRY_OP_SOFTMAX:
        run_softmax(graph, node, in, out);
        break;
    case GANTRY_OP_MEAN:
        run_mean(graph, node, in, out);
        break;
    case GANTRY_OP_QUANTIZE:
        run_quantize(graph, node, in, out);
        break;
    case GANTRY_OP_CONCATENATION:
        run_concat(graph, node, maps);
        break;
    case GANTRY_OP_RESHAPE:
        for (size_t i = 0; i < graph->tensors[node->outputs[0]].bytes && in->data != out->data; i++)
            *element(out, i) = *element(in, i);
        break;
    default:
        fail_msg("node %d: operator %d", index, (int)node->op);
    }
}

void net_reference(struct graph_run *run, const struct gantry_graph *graph, uint64_t seed)
{
    graph_run_init(run, graph);
    for (int32_t i = 0; i < graph->input_count; i++)
        for (size_t k = 0; k < graph->tensors[graph->inputs[i]].bytes; k++)
            run->tensors[graph->inputs[i]][k] = (int8_t)random_in(&seed, -128, 127);
    graph_run_all(run);
}

struct gantry_plan *plan_with(const struct gantry_graph *graph,
                              const struct gantry_array_params *params,
                              const struct gantry_plan_options *options, struct gantry_error *error)
{
    struct gantry_device_info info = {
        .accelerator = params->g > 0,
        .g = params->g,
        .act_rows = params->act_rows,
        .ring_lines = params->ring_lines,
        .acc_rows = params->acc_rows,
        .ports = params->ports,
        .window = params->window,
    };
    struct gantry_plan *plan = NULL;
    const struct gantry_model *model = (const struct gantry_model *)(const void *)graph;
    return gantry_plan_create(&plan, model, &info, options, error) == GANTRY_OK ? plan : NULL;
}

struct gantry_plan *plan_for(const struct gantry_graph *graph,
                             const struct gantry_array_params *params, bool observe)
{
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_error error = {0};
    options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    options.observe = observe;
    struct gantry_plan *plan = plan_with(graph, params, &options, &error);
    if (!plan) fail_msg("%s: %s", graph->name, error.message);
    return plan;
}

struct run {
    const struct gantry_plan *plan;
    int32_t count; /* inferences */
    uint8_t *buffer[3];
    size_t bytes[3];            /* of one inference */
    struct gantry_s8_map *maps; /* per inference and tensor */
    struct gantry_accel *accel;
    uint64_t seed; /* order of the executor's queues */
};

static void open_run(struct run *run, const struct gantry_plan *plan, int32_t count)
{
    run->plan = plan;
    run->count = count;
    run->accel = NULL;
    run->bytes[GANTRY_BUFFER_ARENA] = plan->arena_bytes;
    run->bytes[GANTRY_BUFFER_INPUT] = plan->input_bytes;
    run->bytes[GANTRY_BUFFER_OUTPUT] = plan->output_bytes;
    for (int i = 0; i < 3; i++) {
        size_t bytes = run->bytes[i] * (size_t)count;
        run->buffer[i] = malloc(bytes + 1);
        memset(run->buffer[i], 0xa5, bytes);
    }
    int32_t tensors = plan->graph->tensor_count;
    run->maps = calloc((size_t)(tensors * count), sizeof *run->maps);
    for (int32_t k = 0; k < tensors * count; k++) {
        int32_t t = k % tensors;
        const struct gantry_plan_tensor *home = &plan->tensors[t];
        if (home->home == GANTRY_HOME_NONE || home->home == GANTRY_HOME_CONSTANT) continue;
        int buffer = home->home == GANTRY_HOME_INPUT    ? GANTRY_BUFFER_INPUT
                     : home->home == GANTRY_HOME_OUTPUT ? GANTRY_BUFFER_OUTPUT
                                                        : GANTRY_BUFFER_ARENA;
        uint8_t *data = run->buffer[buffer] + (size_t)(k / tensors) * run->bytes[buffer];
        run->maps[k] = (struct gantry_s8_map){(int8_t *)data + home->offset, home->extent.h,
                                              home->extent.w, home->extent.c, home->pixel_stride};
        size_t pixels = (size_t)home->extent.h * (size_t)home->extent.w;
        size_t end =
            home->offset + (pixels - 1) * (size_t)home->pixel_stride + (size_t)home->extent.c;
        assert_true(end <= run->bytes[buffer]);
    }
    if (plan->params.g == 0) return;
    struct gantry_error error = {0};
    assert_int_equal(gantry_accel_create(&run->accel, &plan->params, NULL, &error), GANTRY_OK);
}

static void close_run(struct run *run)
{
    for (int i = 0; i < 3; i++) free(run->buffer[i]);
    free(run->maps);
    gantry_accel_destroy(run->accel);
}

static void execute(void *context, const struct gantry_plan_segment *segment,
                    uint8_t *const buffers[3], const size_t bytes[3])
{
    struct run *run = context;
    struct gantry_accel_memory memory = {
        .program = segment->program,
        .insn_count = segment->insn_count,
        .weights = segment->weights,
        .wgt_lines = segment->wgt_lines,
        .repeat = (uint32_t)run->count,
        .sem_init = segment->sem_init,
    };
    for (int i = 0; i < 3; i++) {
        memory.buffer[i] = buffers[i];
        memory.buffer_bytes[i] = bytes[i] * (size_t)run->count;
        memory.run_stride[i] = (uint32_t)bytes[i];
    }
    struct gantry_accel_result result;
    gantry_accel_run(run->accel, &memory, run->seed, &result);
    if (result.cause != GANTRY_CAUSE_NONE)
        fail_msg("%s: instruction %u: %s (info %llu)", run->plan->graph->name, result.insn,
                 gantry_cause_sentence(result.cause), (unsigned long long)result.info);
}

static void compare(const struct run *run, const struct graph_run *values, int32_t tensor)
{
    const struct gantry_graph_tensor *t = &run->plan->graph->tensors[tensor];
    for (int32_t k = 0; k < run->count; k++) {
        const struct gantry_s8_map *map = &run->maps[k * run->plan->graph->tensor_count + tensor];
        const int8_t *wanted = values[k].tensors[tensor];
        assert_non_null(map->data);
        for (size_t i = 0; i < t->bytes; i++)
            if (*element(map, i) != wanted[i])
                fail_msg("%s: inference %d, tensor %s, element %zu: %d, reference %d",
                         run->plan->graph->name, k, t->name, i, *element(map, i), wanted[i]);
    }
}

static void run_and_compare(struct run *run, const struct graph_run *values,
                            const struct plan_launcher *launcher, bool all)
{
    const struct gantry_plan *plan = run->plan;
    const struct gantry_graph *graph = plan->graph;
    for (int32_t i = 0; i < graph->input_count * run->count; i++) {
        int32_t t = graph->inputs[i % graph->input_count], k = i / graph->input_count;
        const struct gantry_s8_map *map = &run->maps[k * graph->tensor_count + t];
        struct gantry_extent image;
        assert_int_equal(map->pixel_stride, map->c);
        if (plan->tensors[t].patches.rows > 0 &&
            gantry_shape_extent(&graph->tensors[t].shape, &image))
            gantry_patches_pack(&plan->tensors[t], &image, zero_of(graph, t), values[k].tensors[t],
                                map->data);
        else
            memcpy(map->data, values[k].tensors[t], graph->tensors[t].bytes);
    }
    for (int32_t s = 0; s < plan->segment_count; s++) {
        const struct gantry_plan_segment *segment = &plan->segments[s];
        if (segment->accelerator)
            launcher->launch(launcher->context, segment, run->buffer, run->bytes);
        /* Memory of a tensor is reused as soon as it is dead: compare at once. */
        for (int32_t k = 0; k < segment->node_count; k++) {
            int32_t tensor = graph->nodes[segment->nodes[k]].outputs[0];
            for (int32_t i = 0; i < run->count && !segment->accelerator; i++)
                run_node(graph, segment->nodes[k], &run->maps[i * graph->tensor_count]);
            if (all && run->maps[tensor].data) compare(run, values, tensor);
        }
    }
    for (int32_t i = 0; i < graph->output_count; i++) compare(run, values, graph->outputs[i]);
}

void plan_run_and_compare(const struct gantry_plan *plan, const struct graph_run *values,
                          int32_t count, uint64_t seed, bool all)
{
    struct run run;
    struct plan_launcher launcher = {execute, &run};
    open_run(&run, plan, count);
    run.seed = seed;
    run_and_compare(&run, values, &launcher, all);
    close_run(&run);
}

void plan_launch_and_compare(const struct gantry_plan *plan, const struct graph_run *values,
                             const struct plan_launcher *launcher)
{
    struct run run;
    open_run(&run, plan, 1);
    run_and_compare(&run, values, launcher, true);
    close_run(&run);
}
