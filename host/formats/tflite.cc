/* SPDX-License-Identifier: Apache-2.0
 * Reads a .tflite file: FlatBuffers verifier, then every index, length and range that the verifier
 * does not look at, then the graph's own check. */
extern "C" {
#include "formats/formats.h"
#include "formats/tflite_names.h"
}

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tflite_generated.h"

namespace
{

namespace fb = gantry_tflite;

constexpr uint32_t kVersion = 3;
constexpr uint32_t kOperatorCodes = 1024; /* real files have a few dozen */
constexpr int32_t kWindowLimit = 1 << 15; /* beyond it gantry_graph_check refuses the node */

struct Reader {
    gantry_graph *graph;
    const char *name;
    gantry_error *error;
    const fb::Model *model;
    const fb::SubGraph *subgraph;
    /* A file can name one vector from many places. What is copied or scanned for them together is
     * bounded by a multiple of the file, so that a small file costs little. */
    size_t budget;
};

template <typename T> uint32_t count_of(const T *vector) { return vector ? vector->size() : 0; }

gantry_status out_of_memory(Reader &r)
{
    return gantry_fail(r.error, GANTRY_ERR_MEMORY, "%s: out of memory", r.name);
}

bool spend(Reader &r, size_t amount)
{
    if (amount > r.budget) return false;
    r.budget -= amount;
    return true;
}

gantry_status shared_too_often(Reader &r)
{
    return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: parts of the file are named too often",
                       r.name);
}

template <typename T> T *arena_array(Reader &r, size_t count)
{
    return static_cast<T *>(gantry_arena_alloc(&r.graph->arena, count, sizeof(T)));
}

/* ---- Tensors ---- */

bool map_type(int8_t type, gantry_dtype *out)
{
    switch (type) {
    case 0:
        *out = GANTRY_FLOAT32;
        return true;
    case 2:
        *out = GANTRY_INT32;
        return true;
    case 3:
        *out = GANTRY_UINT8;
        return true;
    case 4:
        *out = GANTRY_INT64;
        return true;
    case 6:
        *out = GANTRY_BOOL;
        return true;
    case 7:
        *out = GANTRY_INT16;
        return true;
    case 9:
        *out = GANTRY_INT8;
        return true;
    default:
        return false;
    }
}

gantry_status read_shape(Reader &r, const fb::Tensor *from, gantry_graph_tensor *to)
{
    uint32_t rank = count_of(from->shape());
    if (rank > GANTRY_RANK_MAX)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: tensor \"%s\": rank %u (limit %d)",
                           r.name, to->name, rank, GANTRY_RANK_MAX);
    to->shape.rank = static_cast<int32_t>(rank);
    for (uint32_t i = 0; i < rank; i++) {
        int32_t dim = from->shape()->Get(i);
        if (dim < 1)
            return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": dimension %u is %d",
                               r.name, to->name, i, dim);
        to->shape.dims[i] = dim;
    }
    int64_t elements = gantry_shape_elements(&to->shape);
    if (elements == 0)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: tensor \"%s\": more than 2^31 - 1 elements", r.name, to->name);
    to->bytes = static_cast<size_t>(elements) * gantry_dtype_bytes(to->dtype);
    return GANTRY_OK;
}

gantry_status read_data(Reader &r, const fb::Tensor *from, gantry_graph_tensor *to)
{
    const auto *buffers = r.model->buffers();
    uint32_t index = from->buffer();
    if (index == 0 && count_of(buffers) == 0) return GANTRY_OK;
    if (index >= count_of(buffers))
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": buffer %u (of %u)", r.name,
                           to->name, index, count_of(buffers));
    const fb::Buffer *buffer = buffers->Get(index);
    if (buffer->offset() > 1)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED,
                           "%s: tensor \"%s\": its data lies outside of the model structure",
                           r.name, to->name);
    if (count_of(buffer->data()) == 0) return GANTRY_OK;
    if (buffer->data()->size() != to->bytes)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: tensor \"%s\": %u bytes of data, its shape says %zu", r.name,
                           to->name, buffer->data()->size(), to->bytes);
    if (from->is_variable())
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": variable and constant",
                           r.name, to->name);
    to->data = buffer->data()->data();
    return GANTRY_OK;
}

gantry_status copy_quantization(Reader &r, const fb::QuantizationParameters *from,
                                gantry_graph_tensor *to)
{
    uint32_t count = from->scale()->size(), zeros = count_of(from->zero_point());
    if (!spend(r, count)) return shared_too_often(r);
    float *scale = arena_array<float>(r, count);
    int32_t *zero_point = arena_array<int32_t>(r, count);
    if (!scale || !zero_point) return out_of_memory(r);
    for (uint32_t c = 0; c < count; c++) {
        int64_t zero = from->zero_point()->Get(zeros == 1 ? 0 : c);
        if (zero < INT32_MIN || zero > INT32_MAX)
            return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: tensor \"%s\": zero point %u is %lld",
                               r.name, to->name, c, static_cast<long long>(zero));
        scale[c] = from->scale()->Get(c);
        zero_point[c] = static_cast<int32_t>(zero);
    }
    to->quantization.count = static_cast<int32_t>(count);
    to->quantization.axis = count > 1 ? from->quantized_dimension() : 0;
    to->quantization.scale = scale;
    to->quantization.zero_point = zero_point;
    return GANTRY_OK;
}

gantry_status read_quantization(Reader &r, const fb::Tensor *from, gantry_graph_tensor *to)
{
    const fb::QuantizationParameters *q = from->quantization();
    if (!q || (count_of(q->scale()) == 0 && q->details_type() == 0)) return GANTRY_OK;
    /* Some files keep the scales of the float original on tensors that are not quantised. */
    if (to->dtype == GANTRY_FLOAT32 || to->dtype == GANTRY_INT64 || to->dtype == GANTRY_BOOL)
        return GANTRY_OK;
    if (q->details_type() != 0)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED,
                           "%s: tensor \"%s\": custom quantisation", r.name, to->name);
    uint32_t count = q->scale()->size(), zeros = count_of(q->zero_point());
    if (zeros != 1 && zeros != count)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: tensor \"%s\": %u scales and %u zero points", r.name, to->name,
                           count, zeros);
    if (count > 1) {
        int32_t axis = q->quantized_dimension();
        if (axis < 0 || axis >= to->shape.rank)
            return gantry_fail(r.error, GANTRY_ERR_FILE,
                               "%s: tensor \"%s\": quantised dimension %d (rank %d)", r.name,
                               to->name, axis, to->shape.rank);
        if (count != static_cast<uint32_t>(to->shape.dims[axis]))
            return gantry_fail(r.error, GANTRY_ERR_FILE,
                               "%s: tensor \"%s\": %u scales for %d channels of dimension %d",
                               r.name, to->name, count, to->shape.dims[axis], axis);
    }
    return copy_quantization(r, q, to);
}

gantry_status read_tensor(Reader &r, const fb::Tensor *from, gantry_graph_tensor *to)
{
    const flatbuffers::String *name = from->name();
    to->name = gantry_tflite_short_name(&r.graph->arena, name ? name->c_str() : "",
                                        name ? name->size() : 0, GANTRY_NAME_MAX);
    if (!to->name) return out_of_memory(r);
    if (!map_type(from->type(), &to->dtype))
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: tensor \"%s\": type %d", r.name,
                           to->name, from->type());
    if (from->sparsity())
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: tensor \"%s\": sparse data",
                           r.name, to->name);
    gantry_status status = read_shape(r, from, to);
    if (status == GANTRY_OK) status = read_data(r, from, to);
    if (status == GANTRY_OK) status = read_quantization(r, from, to);
    return status;
}

gantry_status read_tensors(Reader &r)
{
    uint32_t count = count_of(r.subgraph->tensors());
    r.graph->tensors = arena_array<gantry_graph_tensor>(r, count);
    if (!r.graph->tensors) return out_of_memory(r);
    r.graph->tensor_count = static_cast<int32_t>(count);
    for (uint32_t i = 0; i < count; i++) {
        gantry_status status = read_tensor(r, r.subgraph->tensors()->Get(i), &r.graph->tensors[i]);
        if (status != GANTRY_OK) return status;
    }
    return GANTRY_OK;
}

gantry_status read_indices(Reader &r, const flatbuffers::Vector<int32_t> *from, int32_t **to,
                           int32_t *count)
{
    *count = static_cast<int32_t>(count_of(from));
    *to = arena_array<int32_t>(r, count_of(from));
    if (!*to) return out_of_memory(r);
    for (uint32_t i = 0; i < count_of(from); i++) (*to)[i] = from->Get(i);
    return GANTRY_OK;
}

/* ---- Operators ---- */

/* Older files fill the byte, newer ones the integer, with 127 in the byte for large codes. */
int32_t builtin_code(const fb::OperatorCode *code)
{
    int32_t deprecated = code->deprecated_builtin_code();
    return code->builtin_code() > deprecated ? code->builtin_code() : deprecated;
}

/* One text in pieces; what does not fit is shown as dots. */
struct Text {
    char text[200];
    size_t used;
    bool full;
};

void append(Text &t, const char *piece)
{
    size_t length = strlen(piece);
    if (t.full || t.used + length + 5 > sizeof t.text) {
        if (!t.full) memcpy(t.text + t.used, " ...", 5);
        t.full = true;
        return;
    }
    memcpy(t.text + t.used, piece, length + 1);
    t.used += length;
}

/* Files may hold several codes of one operator, one for each version of it. */
bool same_operator(const fb::OperatorCode *a, const fb::OperatorCode *b)
{
    if (builtin_code(a) != builtin_code(b)) return false;
    if (builtin_code(a) != GANTRY_TFLITE_CUSTOM) return true;
    if (!a->custom_code() || !b->custom_code()) return a->custom_code() == b->custom_code();
    return strcmp(a->custom_code()->c_str(), b->custom_code()->c_str()) == 0;
}

/* Appends one operator with its nodes: RESIZE_BILINEAR (nodes 12, 14). */
void append_unsupported(Reader &r, Text &t, const fb::OperatorCode *code)
{
    char piece[96], number[32], custom[72] = "";
    if (builtin_code(code) == GANTRY_TFLITE_CUSTOM && code->custom_code()) {
        char *name = gantry_tflite_short_name(&r.graph->arena, code->custom_code()->c_str(),
                                              code->custom_code()->size(), GANTRY_NAME_MAX);
        (void)snprintf(custom, sizeof custom, " \"%s\"", name ? name : "");
    }
    const char *name = gantry_tflite_operator_name(builtin_code(code), number, sizeof number);
    const auto *operators = r.subgraph->operators();
    const auto *codes = r.model->operator_codes();
    uint32_t nodes = 0, first = 0;
    for (uint32_t i = 0; i < operators->size(); i++)
        if (same_operator(codes->Get(operators->Get(i)->opcode_index()), code) && nodes++ == 0)
            first = i;
    (void)snprintf(piece, sizeof piece, "%s%s%s (node%s %u", t.used ? ", " : "", name, custom,
                   nodes > 1 ? "s" : "", first);
    append(t, piece);
    for (uint32_t i = first + 1; i < operators->size() && !t.full; i++) {
        if (!same_operator(codes->Get(operators->Get(i)->opcode_index()), code)) continue;
        (void)snprintf(piece, sizeof piece, ", %u", i);
        append(t, piece);
    }
    append(t, ")");
}

/* Whether an opcode below this one is the same operator, so that it was named already. */
bool named_before(const Reader &r, const bool *used, uint32_t opcode)
{
    const auto *codes = r.model->operator_codes();
    for (uint32_t i = 0; i < opcode; i++)
        if (used[i] && same_operator(codes->Get(i), codes->Get(opcode))) return true;
    return false;
}

/* Opcode indices are valid, and all operators are among those that are read. */
gantry_status check_operators(Reader &r)
{
    const auto *operators = r.subgraph->operators();
    uint32_t codes = count_of(r.model->operator_codes());
    if (codes > kOperatorCodes)
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: %u operator codes (limit %u)", r.name,
                           codes, kOperatorCodes);
    bool *used = arena_array<bool>(r, codes);
    if (!used) return out_of_memory(r);
    for (uint32_t i = 0; i < count_of(operators); i++) {
        uint32_t opcode = operators->Get(i)->opcode_index();
        if (opcode >= codes)
            return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: node %u: operator code %u (of %u)",
                               r.name, i, opcode, codes);
        used[opcode] = true;
    }
    Text text = {};
    for (uint32_t i = 0; i < codes && !text.full; i++) {
        gantry_op op;
        const fb::OperatorCode *code = r.model->operator_codes()->Get(i);
        if (used[i] && !gantry_tflite_op(builtin_code(code), &op) && !named_before(r, used, i))
            append_unsupported(r, text, code);
    }
    if (text.used == 0) return GANTRY_OK;
    gantry_status status = gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED,
                                       "%s: unsupported operators: %s", r.name, text.text);
    gantry_hint(r.error, "supported:"
#define OP(name, label, inputs_min, inputs_max, doc) " " label
#include "graph/ops.def"
#undef OP
    );
    return status;
}

gantry_status operator_error(Reader &r, const gantry_graph_node *node, gantry_status status,
                             const char *what, int value)
{
    return gantry_fail(r.error, status, "%s: node %d %s: %s %d", r.name,
                       static_cast<int>(node - r.graph->nodes), gantry_op_label(node->op), what,
                       value);
}

gantry_status no_options(Reader &r, const gantry_graph_node *node)
{
    return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: node %d %s: its options are missing", r.name,
                       static_cast<int>(node - r.graph->nodes), gantry_op_label(node->op));
}

/* A real number in the quantised domain of the output, rounded as LiteRT's default path does. */
int32_t quantize(const gantry_quantization &q, float real)
{
    float value = real / q.scale[0] + static_cast<float>(q.zero_point[0]);
    if (!(value > INT8_MIN)) return INT8_MIN;
    if (value > INT8_MAX) return INT8_MAX;
    return static_cast<int32_t>(nearbyintf(value));
}

/* The fused activation as a range of output values. */
gantry_status read_activation(Reader &r, gantry_graph_node *node, int8_t activation)
{
    enum { NONE, RELU, RELU_N1_TO_1, RELU6, TANH, SIGN_BIT };
    const gantry_quantization &q = r.graph->tensors[node->output].quantization;
    node->clamp_min = INT8_MIN;
    node->clamp_max = INT8_MAX;
    if (activation < NONE || activation > SIGN_BIT)
        return operator_error(r, node, GANTRY_ERR_FILE, "fused activation", activation);
    if (activation == TANH || activation == SIGN_BIT)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED, "fused activation", activation);
    /* Without one scale there is no range; gantry_graph_check refuses the node. */
    if (activation == NONE || q.count != 1 || !isfinite(q.scale[0]) || q.scale[0] <= 0)
        return GANTRY_OK;
    node->clamp_min = quantize(q, activation == RELU_N1_TO_1 ? -1.0f : 0.0f);
    if (activation == RELU_N1_TO_1) node->clamp_max = quantize(q, 1.0f);
    if (activation == RELU6) node->clamp_max = quantize(q, 6.0f);
    return GANTRY_OK;
}

/* TFLite's SAME: as many outputs as strides fit; the odd row or column goes to the end. */
void same_padding(int32_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t *before,
                  int32_t *after)
{
    if (in < 1 || kernel < 1 || stride < 1 || dilation < 1 || kernel > kWindowLimit ||
        stride > kWindowLimit || dilation > kWindowLimit)
        return;
    int64_t out = (static_cast<int64_t>(in) + stride - 1) / stride;
    int64_t span = static_cast<int64_t>(kernel - 1) * dilation + 1;
    int64_t total = (out - 1) * stride + span - in;
    if (total < 0) total = 0;
    *before = static_cast<int32_t>(total / 2);
    *after = static_cast<int32_t>(total - total / 2);
}

gantry_status read_padding(Reader &r, gantry_graph_node *node, int8_t padding)
{
    enum { SAME, VALID };
    if (padding != SAME && padding != VALID)
        return operator_error(r, node, GANTRY_ERR_FILE, "padding", padding);
    const gantry_shape &shape = r.graph->tensors[node->inputs[0]].shape;
    gantry_window_attributes &w = node->window;
    if (padding == VALID || shape.rank != 4) return GANTRY_OK;
    same_padding(shape.dims[1], w.kernel_h, w.stride_h, w.dilation_h, &w.pad_top, &w.pad_bottom);
    same_padding(shape.dims[2], w.kernel_w, w.stride_w, w.dilation_w, &w.pad_left, &w.pad_right);
    return GANTRY_OK;
}

/* Both convolutions name the same options; T is either table. */
template <typename T> gantry_status read_conv(Reader &r, gantry_graph_node *node, const T *options)
{
    if (!options) return no_options(r, node);
    const gantry_shape &weights = r.graph->tensors[node->inputs[1]].shape;
    gantry_window_attributes &w = node->window;
    if (weights.rank == 4) {
        w.kernel_h = weights.dims[1];
        w.kernel_w = weights.dims[2];
    }
    w.stride_h = options->stride_h();
    w.stride_w = options->stride_w();
    w.dilation_h = options->dilation_h_factor();
    w.dilation_w = options->dilation_w_factor();
    gantry_status status = read_padding(r, node, options->padding());
    if (status != GANTRY_OK) return status;
    return read_activation(r, node, options->fused_activation_function());
}

gantry_status read_pool(Reader &r, gantry_graph_node *node, const fb::Pool2DOptions *options)
{
    if (!options) return no_options(r, node);
    gantry_window_attributes &w = node->window;
    w.kernel_h = options->filter_height();
    w.kernel_w = options->filter_width();
    w.stride_h = options->stride_h();
    w.stride_w = options->stride_w();
    w.dilation_h = w.dilation_w = 1;
    gantry_status status = read_padding(r, node, options->padding());
    if (status != GANTRY_OK) return status;
    return read_activation(r, node, options->fused_activation_function());
}

gantry_status read_fully_connected(Reader &r, gantry_graph_node *node,
                                   const fb::FullyConnectedOptions *options)
{
    if (!options) return no_options(r, node);
    if (options->weights_format() != 0)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED, "weights format",
                              options->weights_format());
    return read_activation(r, node, options->fused_activation_function());
}

gantry_status read_options(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    switch (node->op) {
    case GANTRY_OP_CONV_2D:
        return read_conv(r, node, from->builtin_options_as_Conv2DOptions());
    case GANTRY_OP_DEPTHWISE_CONV_2D:
        return read_conv(r, node, from->builtin_options_as_DepthwiseConv2DOptions());
    case GANTRY_OP_FULLY_CONNECTED:
        return read_fully_connected(r, node, from->builtin_options_as_FullyConnectedOptions());
    case GANTRY_OP_ADD: {
        const fb::AddOptions *options = from->builtin_options_as_AddOptions();
        return read_activation(r, node, options ? options->fused_activation_function() : int8_t{0});
    }
    case GANTRY_OP_AVERAGE_POOL_2D:
    case GANTRY_OP_MAX_POOL_2D:
        return read_pool(r, node, from->builtin_options_as_Pool2DOptions());
    case GANTRY_OP_SOFTMAX:
        if (!from->builtin_options_as_SoftmaxOptions()) return no_options(r, node);
        node->beta = from->builtin_options_as_SoftmaxOptions()->beta();
        return GANTRY_OK;
    case GANTRY_OP_RESHAPE:
    case GANTRY_OP_COUNT:
        break;
    }
    return GANTRY_OK;
}

/* Inputs and output of a node; -1 is an absent input. */
gantry_status read_edges(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    uint32_t inputs = count_of(from->inputs()), outputs = count_of(from->outputs());
    if (inputs < 1 || inputs > GANTRY_NODE_INPUTS_MAX)
        return operator_error(r, node, GANTRY_ERR_FILE, "inputs:", static_cast<int>(inputs));
    if (outputs != 1)
        return operator_error(r, node, GANTRY_ERR_FILE, "outputs:", static_cast<int>(outputs));
    node->input_count = static_cast<int32_t>(inputs);
    for (uint32_t i = 0; i < inputs; i++) {
        int32_t tensor = from->inputs()->Get(i);
        if (tensor < GANTRY_NO_TENSOR || tensor >= r.graph->tensor_count)
            return operator_error(r, node, GANTRY_ERR_FILE, "input tensor", tensor);
        node->inputs[i] = tensor;
        if (tensor >= 0 && r.graph->tensors[tensor].data &&
            !spend(r, r.graph->tensors[tensor].bytes))
            return shared_too_often(r);
    }
    node->output = from->outputs()->Get(0);
    if (node->output < 0 || node->output >= r.graph->tensor_count)
        return operator_error(r, node, GANTRY_ERR_FILE, "output tensor", node->output);
    bool weights = node->op == GANTRY_OP_CONV_2D || node->op == GANTRY_OP_DEPTHWISE_CONV_2D;
    if (node->inputs[0] < 0 || (weights && (inputs < 2 || node->inputs[1] < 0)))
        return operator_error(r, node, GANTRY_ERR_FILE,
                              "an input is absent; inputs:", static_cast<int>(inputs));
    return GANTRY_OK;
}

gantry_status read_nodes(Reader &r)
{
    const auto *operators = r.subgraph->operators();
    r.graph->nodes = arena_array<gantry_graph_node>(r, operators->size());
    if (!r.graph->nodes) return out_of_memory(r);
    r.graph->node_count = static_cast<int32_t>(operators->size());
    for (uint32_t i = 0; i < operators->size(); i++) {
        const fb::Operator *from = operators->Get(i);
        gantry_graph_node *node = &r.graph->nodes[i];
        (void)gantry_tflite_op(builtin_code(r.model->operator_codes()->Get(from->opcode_index())),
                               &node->op);
        gantry_status status = read_edges(r, node, from);
        if (status == GANTRY_OK) status = read_options(r, node, from);
        if (status != GANTRY_OK) return status;
    }
    return gantry_tflite_name_nodes(r.graph) ? GANTRY_OK : out_of_memory(r);
}

/* ---- The file ---- */

gantry_status verify(Reader &r, const uint8_t *bytes, size_t size)
{
    if (size < 8 || memcmp(bytes + 4, "TFL3", 4) != 0)
        return gantry_fail(r.error, GANTRY_ERR_FILE,
                           "%s: not a TensorFlow Lite model (%zu bytes, no \"TFL3\" at byte 4)",
                           r.name, size);
    if (size >= FLATBUFFERS_MAX_BUFFER_SIZE)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: %zu bytes (limit 2^31 - 2)",
                           r.name, size);
    flatbuffers::Verifier verifier(bytes, size);
    if (!fb::VerifyModelBuffer(verifier))
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: truncated or damaged (%zu bytes)", r.name,
                           size);
    r.model = fb::GetModel(bytes);
    if (r.model->version() != kVersion)
        return gantry_fail(r.error, GANTRY_ERR_UNSUPPORTED, "%s: format version %u (must be %u)",
                           r.name, r.model->version(), kVersion);
    uint32_t subgraphs = count_of(r.model->subgraphs());
    if (subgraphs != 1)
        return gantry_fail(r.error, subgraphs ? GANTRY_ERR_UNSUPPORTED : GANTRY_ERR_FILE,
                           "%s: %u subgraphs (must be 1)", r.name, subgraphs);
    r.subgraph = r.model->subgraphs()->Get(0);
    if (count_of(r.subgraph->operators()) == 0 || count_of(r.subgraph->tensors()) == 0)
        return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: %u operators and %u tensors", r.name,
                           count_of(r.subgraph->operators()), count_of(r.subgraph->tensors()));
    return GANTRY_OK;
}

/* gantry_graph_check does not know the file; its name goes in front of the message. */
gantry_status check_graph(Reader &r)
{
    gantry_error inner = {};
    gantry_status status = gantry_graph_check(r.graph, &inner);
    if (status == GANTRY_OK) return GANTRY_OK;
    gantry_fail(r.error, status, "%s: %s", r.name, inner.message);
    if (inner.hint[0]) gantry_hint(r.error, "%s", inner.hint);
    return status;
}

} // namespace

extern "C" gantry_status gantry_tflite_read(gantry_graph *graph, const uint8_t *bytes, size_t size,
                                            const char *name, gantry_error *error)
{
    Reader r = {};
    r.graph = graph;
    r.name = name;
    r.error = error;
    r.budget = 16 * size;
    if (reinterpret_cast<uintptr_t>(bytes) % 8 != 0)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: the bytes are not aligned to 8", name);
    gantry_status status = verify(r, bytes, size);
    if (status != GANTRY_OK) return status;
    graph->name = gantry_arena_copy(&graph->arena, name, strlen(name));
    if (!graph->name) return out_of_memory(r);
    status = check_operators(r);
    if (status == GANTRY_OK) status = read_tensors(r);
    if (status == GANTRY_OK)
        status = read_indices(r, r.subgraph->inputs(), &graph->inputs, &graph->input_count);
    if (status == GANTRY_OK)
        status = read_indices(r, r.subgraph->outputs(), &graph->outputs, &graph->output_count);
    if (status == GANTRY_OK) status = read_nodes(r);
    if (status == GANTRY_OK) status = check_graph(r);
    return status;
}
