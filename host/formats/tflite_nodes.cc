/* SPDX-License-Identifier: Apache-2.0
 * Operators of a .tflite file: their edges, options, fused activations and padding. */
#include "formats/tflite_reader.hh"

#include <math.h>
#include <stdio.h>
#include <string.h>

namespace gantry_tflite_reader
{

namespace
{

constexpr uint32_t kOperatorCodes = 1024; /* real files have a few dozen */
constexpr int32_t kWindowLimit = 1 << 15; /* beyond it gantry_graph_check refuses the node */

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
    uint32_t size = a->custom_code()->size();
    return size == b->custom_code()->size() &&
           memcmp(a->custom_code()->data(), b->custom_code()->data(), size) == 0;
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

/* The mean over height and width, as a window over the map; its axes are checked with the graph. */
gantry_status read_mean(Reader &r, gantry_graph_node *node, const fb::ReducerOptions *options)
{
    const gantry_shape &shape = r.graph->tensors[node->inputs[0]].shape;
    gantry_window_attributes &w = node->window;
    node->keep_dims = options && options->keep_dims();
    node->clamp_min = INT8_MIN;
    node->clamp_max = INT8_MAX;
    if (shape.rank == 4) {
        w.kernel_h = shape.dims[1];
        w.kernel_w = shape.dims[2];
    }
    w.stride_h = w.stride_w = w.dilation_h = w.dilation_w = 1;
    return GANTRY_OK;
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
    case GANTRY_OP_MEAN:
        return read_mean(r, node, from->builtin_options_as_ReducerOptions());
    case GANTRY_OP_RESHAPE:
    case GANTRY_OP_QUANTIZE:
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

} // namespace

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

} // namespace gantry_tflite_reader
