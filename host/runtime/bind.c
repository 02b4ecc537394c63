/* SPDX-License-Identifier: Apache-2.0
 * Binds CPU nodes to kernels: all pointers, scales and tables are known before the first run. */
#include <assert.h>
#include <string.h>

#include "plan/planfile.h"
#include "runtime/engine_internal.h"

struct gantry_view gantry_engine_view(const struct gantry_engine *engine, int32_t tensor)
{
    const struct gantry_plan_tensor *placed = &engine->plan->tensors[tensor];
    const struct gantry_graph_tensor *meta = &engine->plan->graph->tensors[tensor];
    size_t element = gantry_dtype_bytes(meta->dtype);
    struct gantry_view view = {.pixels = (int64_t)placed->extent.h * placed->extent.w,
                               .pixel_bytes = (size_t)placed->extent.c * element,
                               .stride_bytes = (size_t)placed->pixel_stride};
    size_t last = gantry_engine_slots(engine) - 1;
    if (view.pixels <= 1) view.stride_bytes = view.pixel_bytes;
    switch (placed->home) {
    case GANTRY_HOME_ARENA:
        view.data = engine->arena.host + last * engine->plan->arena_bytes + placed->offset;
        break;
    case GANTRY_HOME_INPUT:
        view.data = engine->input.host + last * engine->plan->input_bytes + placed->offset;
        break;
    case GANTRY_HOME_OUTPUT:
        view.data = engine->output.host + last * engine->plan->output_bytes + placed->offset;
        break;
    case GANTRY_HOME_CONSTANT:
        /* Kernels take inputs and outputs through one type; nothing writes to a constant. */
        view.data = (uint8_t *)(uintptr_t)meta->data;
        view.stride_bytes = view.pixel_bytes;
        break;
    case GANTRY_HOME_NONE:
        break;
    }
    return view;
}

bool gantry_view_is_dense(const struct gantry_view *view)
{
    return view->pixels <= 1 || view->stride_bytes == view->pixel_bytes;
}

static size_t view_bytes(const struct gantry_view *view)
{
    return (size_t)view->pixels * view->pixel_bytes;
}

void gantry_view_copy(const struct gantry_view *from, const struct gantry_view *to)
{
    size_t left = view_bytes(from);
    gantry_assert(left == view_bytes(to));
    if (gantry_view_is_dense(from) && gantry_view_is_dense(to)) {
        memcpy(to->data, from->data, left);
        return;
    }
    /* Runs end where a pixel of either side ends. */
    const uint8_t *source = from->data;
    uint8_t *target = to->data;
    size_t source_left = from->pixel_bytes, target_left = to->pixel_bytes;
    while (left > 0) {
        size_t run = source_left < target_left ? source_left : target_left;
        memcpy(target, source, run);
        left -= run;
        source += run;
        target += run;
        source_left -= run;
        target_left -= run;
        if (source_left == 0) {
            source += from->stride_bytes - from->pixel_bytes;
            source_left = from->pixel_bytes;
        }
        if (target_left == 0) {
            target += to->stride_bytes - to->pixel_bytes;
            target_left = to->pixel_bytes;
        }
    }
}

/* ---- Arguments ---- */

static struct gantry_s8_map map_of(const struct gantry_engine *engine, int32_t tensor)
{
    const struct gantry_plan_tensor *placed = &engine->plan->tensors[tensor];
    struct gantry_view view = gantry_engine_view(engine, tensor);
    gantry_assert(view.data != NULL);
    return (struct gantry_s8_map){.data = (int8_t *)view.data,
                                  .h = placed->extent.h,
                                  .w = placed->extent.w,
                                  .c = placed->extent.c,
                                  .pixel_stride = (int32_t)view.stride_bytes};
}

static int32_t zero_of(const struct gantry_graph *graph, int32_t tensor)
{
    const struct gantry_quantization *q = &graph->tensors[tensor].quantization;
    return q->count > 0 && q->zero_point ? q->zero_point[0] : 0;
}

static float scale_of(const struct gantry_graph *graph, int32_t tensor)
{
    const struct gantry_quantization *q = &graph->tensors[tensor].quantization;
    return q->count > 0 ? q->scale[0] : 0.0f;
}

/* Scale per output channel, and the bias at an alignment that the file does not promise. */
static bool bind_channels(struct gantry_engine *engine, const struct gantry_graph_node *node,
                          struct gantry_s8_conv_args *args)
{
    const struct gantry_graph *graph = engine->plan->graph;
    int32_t channels = args->output.c;
    float *scale = gantry_arena_alloc(&engine->memory, (size_t)channels, sizeof *scale);
    if (!scale) return false;
    for (int32_t c = 0; c < channels; c++) scale[c] = gantry_node_scale(graph, node, c);
    args->scale = scale;
    int32_t bias_tensor = node->input_count > 2 ? node->inputs[2] : GANTRY_NO_TENSOR;
    if (bias_tensor == GANTRY_NO_TENSOR) return true;
    int32_t *bias = gantry_arena_alloc(&engine->memory, (size_t)channels, sizeof *bias);
    if (!bias) return false;
    memcpy(bias, graph->tensors[bias_tensor].data, (size_t)channels * sizeof *bias);
    args->bias = bias;
    return true;
}

/* What the plan file, if there is one, has packed for a node and these kernels. */
static struct gantry_packed find_packed(const struct gantry_engine *engine,
                                        const struct gantry_graph_node *node)
{
    struct gantry_packed packed = {NULL, 0};
    const struct gantry_planfile *file = gantry_model_planfile(engine->plan->model);
    int32_t index = (int32_t)(node - engine->plan->graph->nodes);
    if (file)
        packed.bytes = gantry_planfile_packed(file, index, gantry_isa_name(engine->isa),
                                              GANTRY_PACKED_ORDER, &packed.size);
    return packed;
}

static bool bind_conv(struct gantry_engine *engine, const struct gantry_graph_node *node,
                      struct gantry_work *work)
{
    const struct gantry_graph *graph = engine->plan->graph;
    const struct gantry_window_attributes *window = &node->attributes.window;
    struct gantry_s8_conv_args conv = {.packed = find_packed(engine, node)}, *args = &conv;
    args->input = map_of(engine, node->inputs[0]);
    args->output = map_of(engine, node->outputs[0]);
    args->weights = graph->tensors[node->inputs[1]].data;
    args->kernel_h = window->kernel_h;
    args->kernel_w = window->kernel_w;
    args->stride_h = window->stride_h;
    args->stride_w = window->stride_w;
    args->dilation_h = window->dilation_h;
    args->dilation_w = window->dilation_w;
    args->pad_top = window->pad_top;
    args->pad_left = window->pad_left;
    args->input_zero = zero_of(graph, node->inputs[0]);
    args->output_zero = zero_of(graph, node->outputs[0]);
    args->weight_zero = zero_of(graph, node->inputs[1]);
    args->clamp_min = node->clamp_min;
    args->clamp_max = node->clamp_max;
    if (!bind_channels(engine, node, args)) return false;
    work->kind = GANTRY_WORK_KERNEL;
    return node->op == GANTRY_OP_CONV_2D
               ? gantry_kernel_conv_2d(&work->args.kernel, args, engine->isa, &engine->memory)
               : gantry_kernel_depthwise_conv_2d(&work->args.kernel, args, engine->isa,
                                                 &engine->memory);
}

/* A matrix product reads its input as rows of in_features values; pixels with gaps between them
 * are packed first, when a row is more than one pixel. */
static bool bind_fully_connected(struct gantry_engine *engine, const struct gantry_graph_node *node,
                                 struct gantry_work *work)
{
    const struct gantry_graph *graph = engine->plan->graph;
    struct gantry_s8_conv_args conv = {.packed = find_packed(engine, node)}, *args = &conv;
    const struct gantry_shape *weights = &graph->tensors[node->inputs[1]].shape;
    struct gantry_view input = gantry_engine_view(engine, node->inputs[0]);
    struct gantry_view output = gantry_engine_view(engine, node->outputs[0]);
    int32_t features = weights->dims[1], units = weights->dims[0];
    work->kind = GANTRY_WORK_KERNEL;
    if (!gantry_view_is_dense(&input) && input.pixel_bytes != (size_t)features) {
        size_t bytes = view_bytes(&input);
        uint8_t *packed = gantry_arena_alloc(&engine->memory, bytes + GANTRY_KERNEL_SLACK, 1);
        if (!packed) return false;
        work->flatten = gantry_arena_alloc(&engine->memory, 1, sizeof *work->flatten);
        if (!work->flatten) return false;
        work->flatten_count = 1;
        work->flatten->from = input;
        work->flatten->to = (struct gantry_view){packed, 1, bytes, bytes};
        input = work->flatten->to;
    }
    int32_t rows = (int32_t)(view_bytes(&input) / (size_t)features);
    int32_t step = gantry_view_is_dense(&input) ? features : (int32_t)input.stride_bytes;
    args->input = (struct gantry_s8_map){(int8_t *)input.data, rows, 1, features, step};
    step = gantry_view_is_dense(&output) ? units : (int32_t)output.stride_bytes;
    args->output = (struct gantry_s8_map){(int8_t *)output.data, rows, 1, units, step};
    args->weights = graph->tensors[node->inputs[1]].data;
    args->kernel_h = args->kernel_w = args->stride_h = args->stride_w = 1;
    args->dilation_h = args->dilation_w = 1;
    args->input_zero = zero_of(graph, node->inputs[0]);
    args->output_zero = zero_of(graph, node->outputs[0]);
    args->weight_zero = zero_of(graph, node->inputs[1]);
    args->clamp_min = node->clamp_min;
    args->clamp_max = node->clamp_max;
    return bind_channels(engine, node, args) &&
           gantry_kernel_conv_2d(&work->args.kernel, args, engine->isa, &engine->memory);
}

static bool bind_add(struct gantry_engine *engine, const struct gantry_graph_node *node,
                     struct gantry_work *work)
{
    struct gantry_add_params params;
    if (!gantry_node_add_params(engine->plan->graph, node, &params)) return false;
    const struct gantry_s8_add_args args = {.input1 = map_of(engine, node->inputs[0]),
                                            .input2 = map_of(engine, node->inputs[1]),
                                            .output = map_of(engine, node->outputs[0]),
                                            .k1 = params.k1,
                                            .k2 = params.k2,
                                            .shift = params.shift,
                                            .zero1 = params.zero1,
                                            .zero2 = params.zero2,
                                            .zero_out = params.zero_out,
                                            .clamp_min = node->clamp_min,
                                            .clamp_max = node->clamp_max};
    work->kind = GANTRY_WORK_KERNEL;
    return gantry_kernel_add(&work->args.kernel, &args, engine->isa, &engine->memory);
}

static bool bind_pool(struct gantry_engine *engine, const struct gantry_graph_node *node,
                      struct gantry_work *work)
{
    const struct gantry_window_attributes *window = &node->attributes.window;
    const struct gantry_s8_pool_args args = {.input = map_of(engine, node->inputs[0]),
                                             .output = map_of(engine, node->outputs[0]),
                                             .kernel_h = window->kernel_h,
                                             .kernel_w = window->kernel_w,
                                             .stride_h = window->stride_h,
                                             .stride_w = window->stride_w,
                                             .pad_top = window->pad_top,
                                             .pad_left = window->pad_left,
                                             .half_up = window->half_up,
                                             .clamp_min = node->clamp_min,
                                             .clamp_max = node->clamp_max};
    work->kind = GANTRY_WORK_KERNEL;
    return node->op == GANTRY_OP_MAX_POOL_2D
               ? gantry_kernel_max_pool_2d(&work->args.kernel, &args, engine->isa, &engine->memory)
               : gantry_kernel_average_pool_2d(&work->args.kernel, &args, engine->isa,
                                               &engine->memory);
}

static bool bind_softmax(struct gantry_engine *engine, const struct gantry_graph_node *node,
                         struct gantry_work *work)
{
    const struct gantry_graph *graph = engine->plan->graph;
    double *table = gantry_arena_alloc(&engine->memory, 256, sizeof *table);
    if (!table) return false;
    gantry_s8_softmax_table(table, node->attributes.beta, scale_of(graph, node->inputs[0]));
    work->kind = GANTRY_WORK_KERNEL;
    const struct gantry_s8_softmax_args args = {.input = map_of(engine, node->inputs[0]),
                                                .output = map_of(engine, node->outputs[0]),
                                                .table = table,
                                                .output_scale = scale_of(graph, node->outputs[0]),
                                                .output_zero = zero_of(graph, node->outputs[0])};
    return gantry_kernel_softmax(&work->args.kernel, &args, engine->isa, &engine->memory);
}

static bool bind_mean(struct gantry_engine *engine, const struct gantry_graph_node *node,
                      struct gantry_work *work)
{
    const struct gantry_graph *graph = engine->plan->graph;
    const struct gantry_s8_mean_args args = {.input = map_of(engine, node->inputs[0]),
                                             .output = map_of(engine, node->outputs[0]),
                                             .scale = gantry_node_scale(graph, node, 0),
                                             .input_zero = zero_of(graph, node->inputs[0]),
                                             .output_zero = zero_of(graph, node->outputs[0]),
                                             .clamp_min = node->clamp_min,
                                             .clamp_max = node->clamp_max};
    work->kind = GANTRY_WORK_KERNEL;
    return gantry_kernel_mean(&work->args.kernel, &args, engine->isa, &engine->memory);
}

static int32_t least_of(const struct gantry_graph *graph, int32_t tensor)
{
    return graph->tensors[tensor].dtype == GANTRY_UINT8 ? 0 : INT8_MIN;
}

static bool bind_quantize(struct gantry_engine *engine, const struct gantry_graph_node *node,
                          struct gantry_work *work)
{
    const struct gantry_graph *graph = engine->plan->graph;
    uint8_t table[256];
    const struct gantry_x8_quantize_rule rule = {
        .factor = gantry_node_quantize_factor(graph, node),
        .input_zero = zero_of(graph, node->inputs[0]),
        .output_zero = zero_of(graph, node->outputs[0]),
        .input_least = least_of(graph, node->inputs[0]),
        .output_least = least_of(graph, node->outputs[0]),
    };
    gantry_x8_quantize_table(table, &rule);
    const struct gantry_x8_table_args args = {.input = map_of(engine, node->inputs[0]),
                                              .output = map_of(engine, node->outputs[0]),
                                              .table = table};
    work->kind = GANTRY_WORK_KERNEL;
    return gantry_kernel_table(&work->args.kernel, &args, engine->isa, &engine->memory);
}

/* An alias where the plan gave input and output one place and the bytes lie alike. */
static bool bind_reshape(struct gantry_engine *engine, const struct gantry_graph_node *node,
                         struct gantry_work *work)
{
    struct gantry_view from = gantry_engine_view(engine, node->inputs[0]);
    struct gantry_view to = gantry_engine_view(engine, node->outputs[0]);
    gantry_assert(from.data != NULL && to.data != NULL);
    gantry_assert(view_bytes(&from) == view_bytes(&to));
    bool same_pixels = from.pixel_bytes == to.pixel_bytes && from.stride_bytes == to.stride_bytes;
    if (from.data == to.data) {
        gantry_assert(same_pixels || (gantry_view_is_dense(&from) && gantry_view_is_dense(&to)));
        work->kind = GANTRY_WORK_NONE;
        return true;
    }
    work->kind = GANTRY_WORK_COPY;
    work->args.copy.from = from;
    work->args.copy.to = to;
    return true;
}

/* Memory of an input without gaps: its own, or a copy that is made before the kernel runs. */
static void *dense_input(struct gantry_engine *engine, int32_t tensor, struct gantry_work *work)
{
    struct gantry_view view = gantry_engine_view(engine, tensor);
    if (gantry_view_is_dense(&view)) return view.data;
    size_t bytes = view_bytes(&view);
    uint8_t *packed = gantry_arena_alloc(&engine->memory, bytes, 1);
    if (packed)
        work->flatten[work->flatten_count++] =
            (struct gantry_flatten){view, {packed, 1, bytes, bytes}};
    return packed;
}

/* A node by the general interface: dense tensors of any type. */
static bool bind_general(struct gantry_engine *engine, const struct gantry_graph_node *node,
                         struct gantry_work *work)
{
    const struct gantry_graph *graph = engine->plan->graph;
    struct gantry_op_args *args;
    size_t edges = (size_t)node->input_count + (size_t)node->output_count;
    void **data = gantry_arena_alloc(&engine->memory, edges, sizeof *data);
    work->flatten =
        gantry_arena_alloc(&engine->memory, (size_t)node->input_count, sizeof *work->flatten);
    if (!data || !work->flatten) return false;
    for (int32_t i = 0; i < node->input_count; i++) {
        if (!gantry_node_reads(graph, node, i)) continue;
        data[i] = dense_input(engine, node->inputs[i], work);
        if (!data[i]) return false;
    }
    for (int32_t i = 0; i < node->output_count; i++) {
        struct gantry_view view = gantry_engine_view(engine, node->outputs[i]);
        gantry_assert(view.data && gantry_view_is_dense(&view));
        data[node->input_count + i] = view.data;
    }
    work->kind = GANTRY_WORK_KERNEL;
    if (!gantry_node_args(graph, node, data, &engine->memory, &args)) return false;
    args->isa = engine->isa;
    return gantry_op_row(node->op)->bind(&work->args.kernel, args, &engine->memory);
}

/* Copies of the parts that the plan did not put where the whole has them. The whole has gaps only
 * where it is a map, of channels. */
static bool bind_concatenation(struct gantry_engine *engine, const struct gantry_graph_node *node,
                               struct gantry_work *work)
{
    const struct gantry_graph *graph = engine->plan->graph;
    const struct gantry_graph_tensor *y = &graph->tensors[node->outputs[0]];
    const struct gantry_view whole = gantry_engine_view(engine, node->outputs[0]);
    int32_t axis = gantry_op_axis(node->attributes.along.axis, y->shape.rank);
    struct gantry_op_split split = gantry_op_split_at(&y->shape, axis);
    size_t element = gantry_dtype_bytes(y->dtype), at = 0;
    for (int32_t i = 0; i < node->input_count; i++)
        if (y->dtype == GANTRY_INT8 &&
            !gantry_quantization_equal(&graph->tensors[node->inputs[i]].quantization,
                                       &y->quantization))
            return bind_general(engine, node, work);
    work->flatten =
        gantry_arena_alloc(&engine->memory, (size_t)node->input_count, sizeof *work->flatten);
    if (!work->flatten) return false;
    work->kind = GANTRY_WORK_NONE;
    for (int32_t i = 0; i < node->input_count; i++) {
        const struct gantry_shape *shape = &graph->tensors[node->inputs[i]].shape;
        size_t run = (size_t)shape->dims[axis] * (size_t)split.inner * element;
        struct gantry_view from = gantry_engine_view(engine, node->inputs[i]);
        struct gantry_view to = {whole.data + at, split.outer, run,
                                 (size_t)(split.along * split.inner) * element};
        if (!gantry_view_is_dense(&whole)) to.stride_bytes = whole.stride_bytes;
        at += run;
        if (from.data != to.data)
            work->flatten[work->flatten_count++] = (struct gantry_flatten){from, to};
    }
    return true;
}

/* How mapped nodes are bound, and those that only move bytes of anything. */
static bool (*const binders[GANTRY_OP_COUNT])(struct gantry_engine *engine,
                                              const struct gantry_graph_node *node,
                                              struct gantry_work *work) = {
    [GANTRY_OP_CONV_2D] = bind_conv,
    [GANTRY_OP_DEPTHWISE_CONV_2D] = bind_conv,
    [GANTRY_OP_ADD] = bind_add,
    [GANTRY_OP_FULLY_CONNECTED] = bind_fully_connected,
    [GANTRY_OP_AVERAGE_POOL_2D] = bind_pool,
    [GANTRY_OP_MAX_POOL_2D] = bind_pool,
    [GANTRY_OP_RESHAPE] = bind_reshape,
    [GANTRY_OP_SOFTMAX] = bind_softmax,
    [GANTRY_OP_MEAN] = bind_mean,
    [GANTRY_OP_QUANTIZE] = bind_quantize,
    [GANTRY_OP_CONCATENATION] = bind_concatenation,
};

enum gantry_status gantry_work_bind(struct gantry_engine *engine, int32_t index,
                                    struct gantry_error *error)
{
    const struct gantry_graph *graph = engine->plan->graph;
    const struct gantry_graph_node *node = &graph->nodes[index];
    bool moved = node->op == GANTRY_OP_CONCATENATION ||
                 (node->op == GANTRY_OP_RESHAPE && gantry_node_reads(graph, node, 0));
    bool mapped = binders[node->op] && (node->mapped || moved);
    if ((mapped ? binders[node->op] : bind_general)(engine, node, &engine->work[index]))
        return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: node %d %s: out of memory", graph->name,
                       index, node->name);
}

struct gantry_packed gantry_work_packed(const struct gantry_engine *engine, int32_t node)
{
    const struct gantry_work *work = &engine->work[node];
    static const struct gantry_packed none = {NULL, 0};
    return work->kind == GANTRY_WORK_KERNEL ? work->args.kernel.packed : none;
}

void gantry_work_run(const struct gantry_engine *engine, int32_t node)
{
    const struct gantry_work *work = &engine->work[node];
    for (int32_t i = 0; i < work->flatten_count; i++)
        gantry_view_copy(&work->flatten[i].from, &work->flatten[i].to);
    switch (work->kind) {
    case GANTRY_WORK_NONE:
        break;
    case GANTRY_WORK_KERNEL:
        gantry_pool_run(engine->pool, &work->args.kernel, work->parts, engine->scratch);
        break;
    case GANTRY_WORK_COPY:
        gantry_view_copy(&work->args.copy.from, &work->args.copy.to);
        break;
    }
}
