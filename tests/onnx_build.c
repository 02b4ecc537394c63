/* SPDX-License-Identifier: Apache-2.0
 * Small ONNX models for tests. */
#include "onnx_build.h"

#include <string.h>

enum { FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7 };

static void *take(struct onnx_build *b, size_t count, size_t size)
{
    void *memory = gantry_arena_alloc(&b->arena, count ? count : 1, size);
    gantry_assert(memory);
    return memory;
}

static char *text(struct onnx_build *b, const char *from)
{
    char *copy = gantry_arena_copy(&b->arena, from, strlen(from));
    gantry_assert(copy);
    return copy;
}

void onnx_build_init(struct onnx_build *b, int64_t opset)
{
    memset(b, 0, sizeof *b);
    gantry_arena_init(&b->arena, NULL);
    onnx__model_proto__init(&b->model);
    onnx__graph_proto__init(&b->graph);
    onnx__operator_set_id_proto__init(&b->opset);
    b->opset.has_version = true;
    b->opset.version = opset;
    b->opsets[0] = &b->opset;
    b->model.has_ir_version = true;
    b->model.ir_version = 8;
    b->model.opset_import = b->opsets;
    b->model.n_opset_import = 1;
    b->model.graph = &b->graph;
    b->graph.node = b->nodes;
    b->graph.initializer = b->tensors;
    b->graph.input = b->inputs;
    b->graph.output = b->outputs;
}

void onnx_build_finish(struct onnx_build *b) { gantry_arena_finish(&b->arena); }

static char **texts(struct onnx_build *b, const char *const *from, size_t *count)
{
    *count = 0;
    while (from[*count]) ++*count;
    char **copies = take(b, *count, sizeof *copies);
    for (size_t i = 0; i < *count; i++) copies[i] = text(b, from[i]);
    return copies;
}

Onnx__NodeProto *onnx_build_node(struct onnx_build *b, const char *type, const char *const *inputs,
                                 const char *const *outputs)
{
    Onnx__NodeProto *node = take(b, 1, sizeof *node);
    onnx__node_proto__init(node);
    node->op_type = text(b, type);
    node->input = texts(b, inputs, &node->n_input);
    node->output = texts(b, outputs, &node->n_output);
    gantry_assert(b->graph.n_node < ONNX_BUILD_NODES);
    b->nodes[b->graph.n_node++] = node;
    return node;
}

static Onnx__AttributeProto *attribute_of(struct onnx_build *b, Onnx__NodeProto *node,
                                          const char *name,
                                          Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *attribute = take(b, 1, sizeof *attribute);
    Onnx__AttributeProto **list = take(b, node->n_attribute + 1, sizeof *list);
    onnx__attribute_proto__init(attribute);
    attribute->name = text(b, name);
    attribute->has_type = true;
    attribute->type = type;
    for (size_t i = 0; i < node->n_attribute; i++) list[i] = node->attribute[i];
    list[node->n_attribute++] = attribute;
    node->attribute = list;
    return attribute;
}

void onnx_build_ints(struct onnx_build *b, Onnx__NodeProto *node, const char *name,
                     const int64_t *values, size_t count)
{
    Onnx__AttributeProto *attribute =
        attribute_of(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    attribute->n_ints = count;
    attribute->ints = take(b, count, sizeof *values);
    memcpy(attribute->ints, values, count * sizeof *values);
}

void onnx_build_int(struct onnx_build *b, Onnx__NodeProto *node, const char *name, int64_t value)
{
    Onnx__AttributeProto *attribute =
        attribute_of(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    attribute->has_i = true;
    attribute->i = value;
}

void onnx_build_text(struct onnx_build *b, Onnx__NodeProto *node, const char *name,
                     const char *value)
{
    Onnx__AttributeProto *attribute =
        attribute_of(b, node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    attribute->has_s = true;
    attribute->s.len = strlen(value);
    attribute->s.data = (uint8_t *)text(b, value);
}

Onnx__TensorProto *onnx_build_constant(struct onnx_build *b, const char *name, int32_t type,
                                       const int64_t *dims, size_t rank, const void *data,
                                       size_t bytes)
{
    Onnx__TensorProto *tensor = take(b, 1, sizeof *tensor);
    onnx__tensor_proto__init(tensor);
    tensor->name = text(b, name);
    tensor->has_data_type = true;
    tensor->data_type = type;
    tensor->n_dims = rank;
    tensor->dims = take(b, rank, sizeof *dims);
    if (rank) memcpy(tensor->dims, dims, rank * sizeof *dims);
    tensor->has_raw_data = true;
    tensor->raw_data.len = bytes;
    tensor->raw_data.data = take(b, bytes, 1);
    memcpy(tensor->raw_data.data, data, bytes);
    gantry_assert(b->graph.n_initializer < ONNX_BUILD_TENSORS);
    b->tensors[b->graph.n_initializer++] = tensor;
    return tensor;
}

void onnx_build_scale(struct onnx_build *b, const char *name, float value)
{
    (void)onnx_build_constant(b, name, FLOAT, NULL, 0, &value, sizeof value);
}

void onnx_build_zero(struct onnx_build *b, const char *name, int32_t type, int32_t value)
{
    (void)onnx_build_constant(b, name, type, NULL, 0, &value, type == INT32 ? 4 : 1);
}

static Onnx__ValueInfoProto *value_info(struct onnx_build *b, const char *name)
{
    Onnx__ValueInfoProto *info = take(b, 1, sizeof *info);
    onnx__value_info_proto__init(info);
    info->name = text(b, name);
    return info;
}

void onnx_build_input(struct onnx_build *b, const char *name, int32_t type, const int64_t *dims,
                      size_t rank)
{
    Onnx__ValueInfoProto *info = value_info(b, name);
    Onnx__TypeProto__Tensor *tensor = take(b, 1, sizeof *tensor);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = true;
    tensor->elem_type = type;
    tensor->shape = take(b, 1, sizeof *tensor->shape);
    onnx__tensor_shape_proto__init(tensor->shape);
    tensor->shape->n_dim = rank;
    tensor->shape->dim = take(b, rank, sizeof *tensor->shape->dim);
    for (size_t i = 0; i < rank; i++) {
        Onnx__TensorShapeProto__Dimension *dim = take(b, 1, sizeof *dim);
        onnx__tensor_shape_proto__dimension__init(dim);
        dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        dim->dim_value = dims[i];
        tensor->shape->dim[i] = dim;
    }
    info->type = take(b, 1, sizeof *info->type);
    onnx__type_proto__init(info->type);
    info->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    info->type->tensor_type = tensor;
    b->inputs[b->graph.n_input++] = info;
}

void onnx_build_free(struct onnx_build *b, size_t i, size_t d, char *name)
{
    Onnx__TensorShapeProto__Dimension *dim = b->inputs[i]->type->tensor_type->shape->dim[d];
    dim->value_case = name ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                           : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
    dim->dim_param = name;
}

void onnx_build_output(struct onnx_build *b, const char *name)
{
    b->outputs[b->graph.n_output++] = value_info(b, name);
}

uint8_t *onnx_build_pack(struct onnx_build *b, size_t *size)
{
    *size = onnx__model_proto__get_packed_size(&b->model);
    uint8_t *bytes = take(b, *size, 1);
    (void)onnx__model_proto__pack(&b->model, bytes);
    return bytes;
}

/* ---- A network ---- */

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* QuantizeLinear and DequantizeLinear of a value: from, from.q, from.r. */
static void quantised(struct onnx_build *b, const char *from, const char *stored, const char *real,
                      const char *scale, const char *zero)
{
    (void)onnx_build_node(b, "QuantizeLinear", NAMES(from, scale, zero), NAMES(stored));
    (void)onnx_build_node(b, "DequantizeLinear", NAMES(stored, scale, zero), NAMES(real));
}

static void weights(struct onnx_build *b, const char *stored, const char *real, const int64_t *dims,
                    size_t rank)
{
    int8_t data[3 * 2 * 9];
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) count *= (size_t)dims[i];
    gantry_assert(count <= sizeof data);
    for (size_t i = 0; i < count; i++) data[i] = (int8_t)(i * 37 % 41) - 20;
    (void)onnx_build_constant(b, stored, INT8, dims, rank, data, count);
    (void)onnx_build_node(b, "DequantizeLinear", NAMES(stored, "sw", "zw"), NAMES(real));
}

void onnx_build_sample(struct onnx_build *b)
{
    onnx_build_init(b, 15);
    onnx_build_input(b, "x", FLOAT, (const int64_t[]){1, 2, 4, 4}, 4);
    onnx_build_output(b, "y");
    onnx_build_scale(b, "sx", 0.02f);
    onnx_build_zero(b, "zx", UINT8, 100);
    onnx_build_scale(b, "sw", 0.01f);
    onnx_build_zero(b, "zw", INT8, 0);
    onnx_build_scale(b, "sy", 0.05f);
    onnx_build_zero(b, "zy", UINT8, 3);
    weights(b, "w.q", "w", (const int64_t[]){3, 2, 3, 3}, 4);
    weights(b, "v.q", "v", (const int64_t[]){2, 12}, 2);
    (void)onnx_build_constant(b, "bias", FLOAT, (const int64_t[]){3}, 1,
                              (const float[]){0.1f, -0.2f, 0.3f}, 12);
    quantised(b, "x", "x.q", "x.r", "sx", "zx");
    Onnx__NodeProto *conv = onnx_build_node(b, "Conv", NAMES("x.r", "w", "bias"), NAMES("c"));
    onnx_build_ints(b, conv, "pads", (const int64_t[]){1, 1, 1, 1}, 4);
    (void)onnx_build_node(b, "Relu", NAMES("c"), NAMES("a"));
    quantised(b, "a", "a.q", "a.r", "sy", "zy");
    Onnx__NodeProto *pool = onnx_build_node(b, "MaxPool", NAMES("a.r"), NAMES("p"));
    onnx_build_ints(b, pool, "kernel_shape", (const int64_t[]){2, 2}, 2);
    onnx_build_ints(b, pool, "strides", (const int64_t[]){2, 2}, 2);
    (void)onnx_build_node(b, "Flatten", NAMES("p"), NAMES("f"));
    Onnx__NodeProto *gemm = onnx_build_node(b, "Gemm", NAMES("f", "v"), NAMES("g"));
    onnx_build_ints(b, gemm, "transB", (const int64_t[]){1}, 1);
    gemm->attribute[0]->has_i = true;
    gemm->attribute[0]->i = 1;
    gemm->attribute[0]->n_ints = 0;
    quantised(b, "g", "g.q", "g.r", "sy", "zy");
    (void)onnx_build_node(b, "Softmax", NAMES("g.r"), NAMES("y"));
}
