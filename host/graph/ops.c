/* SPDX-License-Identifier: Apache-2.0
 * The table of operators, and what nodes say to their kernels. */
#include <math.h>
#include <string.h>

#include "graph/check.h"

/* Types as ops.def names them. */
enum {
    S8 = 1 << GANTRY_INT8,
    U8 = 1 << GANTRY_UINT8,
    S16 = 1 << GANTRY_INT16,
    S32 = 1 << GANTRY_INT32,
    S64 = 1 << GANTRY_INT64,
    F32 = 1 << GANTRY_FLOAT32,
    B1 = 1 << GANTRY_BOOL,
    ANY = S8 | U8 | S16 | S32 | S64 | F32 | B1
};

static const struct gantry_op_row rows[] = {
#define OP(name, label, check, kernel, in_min, in_max, out_min, out_max, types, array, doc) \
    {label, doc, in_min, in_max, out_min, out_max, types, array, gantry_op_##kernel},
#include "graph/ops.def"
#undef OP
};

static gantry_check_function *const checks[] = {
#define OP(name, label, check, ...) gantry_check_##check,
#include "graph/ops.def"
#undef OP
};

const struct gantry_op_row *gantry_op_row(enum gantry_op op)
{
    gantry_assert((size_t)op < GANTRY_COUNT(rows));
    return &rows[op];
}

const char *gantry_op_label(enum gantry_op op)
{
    return (size_t)op < GANTRY_COUNT(rows) ? rows[op].label : "unknown";
}

gantry_check_function *gantry_check_of(enum gantry_op op) { return checks[op]; }

bool gantry_node_edges(struct gantry_graph *graph, struct gantry_graph_node *node,
                       const int32_t *inputs, int32_t input_count, const int32_t *outputs,
                       int32_t output_count)
{
    size_t count = (size_t)input_count + (size_t)output_count;
    int32_t *edges = gantry_arena_alloc(&graph->arena, count + 1, sizeof *edges);
    if (!edges) return false;
    node->inputs = edges;
    node->outputs = edges + input_count;
    node->input_count = input_count;
    node->output_count = output_count;
    if (input_count) memcpy(node->inputs, inputs, (size_t)input_count * sizeof *inputs);
    if (output_count) memcpy(node->outputs, outputs, (size_t)output_count * sizeof *outputs);
    return true;
}

int64_t gantry_tensor_integer(const struct gantry_graph_tensor *tensor, int64_t k)
{
    const uint8_t *bytes = tensor->data;
    if (tensor->dtype == GANTRY_INT64) return (int64_t)gantry_load_u64(bytes + 8 * (size_t)k);
    return (int32_t)gantry_load_u32(bytes + 4 * (size_t)k);
}

bool gantry_node_reads(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                       int32_t i)
{
    int32_t tensor = node->inputs[i];
    return tensor != GANTRY_NO_TENSOR && !graph->tensors[tensor].data;
}

/* The range of stored values that activations limit. */
static void stored_range(enum gantry_dtype dtype, int32_t *low, int32_t *high)
{
    *low = dtype == GANTRY_INT16 ? INT16_MIN : dtype == GANTRY_UINT8 ? 0 : INT8_MIN;
    *high = dtype == GANTRY_INT16 ? INT16_MAX : dtype == GANTRY_UINT8 ? UINT8_MAX : INT8_MAX;
}

/* A real number in the quantised domain, rounded as LiteRT's default path does. */
static int32_t stored(const struct gantry_graph_tensor *tensor, float real)
{
    const struct gantry_quantization *q = &tensor->quantization;
    int32_t low, high;
    stored_range(tensor->dtype, &low, &high);
    float value = real / q->scale[0] + (float)q->zero_point[0];
    if (!(value > (float)low)) return low;
    if (value > (float)high) return high;
    return (int32_t)nearbyintf(value);
}

static void real_range(enum gantry_activation activation, float *low, float *high)
{
    *low = activation == GANTRY_ACTIVATION_NONE           ? -INFINITY
           : activation == GANTRY_ACTIVATION_RELU_N1_TO_1 ? -1.0f
                                                          : 0.0f;
    *high = activation == GANTRY_ACTIVATION_RELU6          ? 6.0f
            : activation == GANTRY_ACTIVATION_RELU_N1_TO_1 ? 1.0f
                                                           : INFINITY;
}

void gantry_node_set_activation(const struct gantry_graph *graph, struct gantry_graph_node *node,
                                enum gantry_activation activation)
{
    const struct gantry_graph_tensor *y = &graph->tensors[node->outputs[0]];
    float low, high;
    node->activation = activation;
    stored_range(y->dtype, &node->clamp_min, &node->clamp_max);
    real_range(activation, &low, &high);
    /* Without one scale there is no range; gantry_graph_check refuses the node. */
    const struct gantry_quantization *q = &y->quantization;
    if (q->count != 1 || !isfinite(q->scale[0]) || q->scale[0] <= 0) return;
    if (isfinite(low)) node->clamp_min = stored(y, low);
    if (isfinite(high)) node->clamp_max = stored(y, high);
}

bool gantry_quantization_equal(const struct gantry_quantization *a,
                               const struct gantry_quantization *b)
{
    if (a->count != b->count || (a->count > 1 && a->axis != b->axis)) return false;
    for (int32_t i = 0; i < a->count; i++)
        if (a->scale[i] != b->scale[i] || a->zero_point[i] != b->zero_point[i]) return false;
    return true;
}

bool gantry_tensor_flip(struct gantry_graph *graph, int32_t index)
{
    struct gantry_graph_tensor *tensor = &graph->tensors[index];
    const struct gantry_quantization *q = &tensor->quantization;
    if (tensor->dtype != GANTRY_UINT8 || q->count < 1) return true;
    size_t count = (size_t)q->count;
    int32_t *zero = gantry_arena_alloc(&graph->arena, count, sizeof *zero);
    if (!zero) return false;
    for (size_t c = 0; c < count; c++) zero[c] = q->zero_point[c] - 128;
    if (tensor->data) {
        uint8_t *bytes = gantry_arena_alloc(&graph->arena, tensor->bytes, 1);
        if (!bytes) return false;
        for (size_t i = 0; i < tensor->bytes; i++)
            bytes[i] = ((const uint8_t *)tensor->data)[i] ^ 0x80;
        tensor->data = bytes;
    }
    tensor->quantization.zero_point = zero;
    tensor->dtype = GANTRY_INT8;
    tensor->flipped = true;
    return true;
}

struct gantry_op_tensor gantry_tensor_dense(const struct gantry_graph *graph, int32_t index,
                                            void *data)
{
    const struct gantry_graph_tensor *tensor = &graph->tensors[index];
    const struct gantry_quantization *q = &tensor->quantization;
    /* Kernels take inputs and outputs through one type; nothing writes to a constant. */
    void *memory = tensor->data ? (void *)(uintptr_t)tensor->data : data;
    return (struct gantry_op_tensor){.dtype = tensor->dtype,
                                     .shape = tensor->shape,
                                     .data = memory,
                                     .constant = tensor->data != NULL,
                                     .scales = q->count,
                                     .axis = q->axis,
                                     .scale = q->scale,
                                     .zero_point = q->zero_point};
}

bool gantry_node_args(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                      void *const *data, struct gantry_arena *arena, struct gantry_op_args **out)
{
    size_t count = (size_t)node->input_count + (size_t)node->output_count;
    struct gantry_op_args *args = gantry_arena_alloc(arena, 1, sizeof *args);
    struct gantry_op_tensor *tensors = gantry_arena_alloc(arena, count, sizeof *tensors);
    if (!args || !tensors) return false;
    *args = (struct gantry_op_args){.inputs = tensors,
                                    .outputs = tensors + node->input_count,
                                    .input_count = node->input_count,
                                    .output_count = node->output_count,
                                    .attributes = &node->attributes,
                                    .clamp_min = node->clamp_min,
                                    .clamp_max = node->clamp_max};
    real_range(node->activation, &args->real_min, &args->real_max);
    for (int32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != GANTRY_NO_TENSOR)
            tensors[i] = gantry_tensor_dense(graph, node->inputs[i], data[i]);
    for (int32_t i = 0; i < node->output_count; i++) {
        int32_t k = node->input_count + i;
        tensors[k] = gantry_tensor_dense(graph, node->outputs[i], data[k]);
    }
    *out = args;
    return true;
}
