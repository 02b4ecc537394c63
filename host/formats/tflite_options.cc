/* SPDX-License-Identifier: Apache-2.0
 * Options of the operators of a .tflite file: attributes, fused activations, padding. */
#include "formats/tflite_reader.hh"

namespace gantry_tflite_reader
{

namespace
{

constexpr int32_t kWindowLimit = 1 << 15; /* beyond it gantry_graph_check refuses the node */

gantry_status no_options(Reader &r, const gantry_graph_node *node)
{
    return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: node %d %s: its options are missing", r.name,
                       static_cast<int>(node - r.graph->nodes), gantry_op_label(node->op));
}

/* The fused activation as a range of output values. */
gantry_status read_activation(Reader &r, gantry_graph_node *node, int8_t activation)
{
    enum { NONE, RELU, RELU_N1_TO_1, RELU6, TANH, SIGN_BIT };
    static const gantry_activation known[] = {GANTRY_ACTIVATION_NONE, GANTRY_ACTIVATION_RELU,
                                              GANTRY_ACTIVATION_RELU_N1_TO_1,
                                              GANTRY_ACTIVATION_RELU6};
    if (activation < NONE || activation > SIGN_BIT)
        return operator_error(r, node, GANTRY_ERR_FILE, "fused activation", activation);
    if (activation == TANH || activation == SIGN_BIT)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED, "fused activation", activation);
    gantry_node_set_activation(r.graph, node, known[activation]);
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

/* tensor: whose extent the window slides over. */
gantry_status read_padding(Reader &r, gantry_graph_node *node, int32_t tensor, int8_t padding)
{
    enum { SAME, VALID };
    if (padding != SAME && padding != VALID)
        return operator_error(r, node, GANTRY_ERR_FILE, "padding", padding);
    const gantry_shape &shape = r.graph->tensors[tensor].shape;
    gantry_window_attributes &w = node->attributes.window;
    if (padding == VALID || shape.rank != 4) return GANTRY_OK;
    same_padding(shape.dims[1], w.kernel_h, w.stride_h, w.dilation_h, &w.pad_top, &w.pad_bottom);
    same_padding(shape.dims[2], w.kernel_w, w.stride_w, w.dilation_w, &w.pad_left, &w.pad_right);
    return GANTRY_OK;
}

/* Kernel, from the weights, and strides. */
template <typename T> void read_window(Reader &r, gantry_graph_node *node, const T *options)
{
    const gantry_shape &weights = r.graph->tensors[node->inputs[1]].shape;
    gantry_window_attributes &w = node->attributes.window;
    if (weights.rank == 4) {
        w.kernel_h = weights.dims[1];
        w.kernel_w = weights.dims[2];
    }
    w.stride_h = options->stride_h();
    w.stride_w = options->stride_w();
}

/* Both convolutions name the same options; T is either table. */
template <typename T> gantry_status read_conv(Reader &r, gantry_graph_node *node, const T *options)
{
    if (!options) return no_options(r, node);
    gantry_window_attributes &w = node->attributes.window;
    read_window(r, node, options);
    w.dilation_h = options->dilation_h_factor();
    w.dilation_w = options->dilation_w_factor();
    gantry_status status = read_padding(r, node, node->inputs[0], options->padding());
    if (status != GANTRY_OK) return status;
    return read_activation(r, node, options->fused_activation_function());
}

/* Options that may be missing and hold a fused activation alone. */
template <typename T> gantry_status read_fused(Reader &r, gantry_graph_node *node, const T *options)
{
    return read_activation(r, node, options ? options->fused_activation_function() : int8_t{0});
}

template <typename T> gantry_status read_resize(Reader &, gantry_graph_node *node, const T *options)
{
    if (options)
        node->attributes.resize = {options->align_corners(), options->half_pixel_centers()};
    return GANTRY_OK;
}

} // namespace

gantry_status options_none(Reader &, gantry_graph_node *, const fb::Operator *)
{
    return GANTRY_OK;
}

#define OPTIONS(reader) \
    gantry_status options_##reader(Reader &r, gantry_graph_node *node, const fb::Operator *from)

/* A fused activation alone. */
#define FUSED(reader, table) \
    OPTIONS(reader) { return read_fused(r, node, from->builtin_options_as_##table()); }
FUSED(add, AddOptions)
FUSED(sub, SubOptions)
FUSED(mul, MulOptions)
FUSED(div, DivOptions)
#undef FUSED

/* One option, which must be there. */
#define NEEDED(reader, table, attribute, option)                  \
    OPTIONS(reader)                                               \
    {                                                             \
        const auto *options = from->builtin_options_as_##table(); \
        if (!options) return no_options(r, node);                 \
        node->attributes.attribute = options->option();           \
        return GANTRY_OK;                                         \
    }
NEEDED(softmax, SoftmaxOptions, beta, beta)
NEEDED(leaky_relu, LeakyReluOptions, alpha, alpha)
NEEDED(pack, PackOptions, along.axis, axis)
NEEDED(unpack, UnpackOptions, along.axis, axis)
NEEDED(depth_to_space, DepthToSpaceOptions, block, block_size)
NEEDED(space_to_depth, SpaceToDepthOptions, block, block_size)
#undef NEEDED

OPTIONS(resize_bilinear)
{
    return read_resize(r, node, from->builtin_options_as_ResizeBilinearOptions());
}

OPTIONS(resize_nearest)
{
    return read_resize(r, node, from->builtin_options_as_ResizeNearestNeighborOptions());
}
#undef OPTIONS

/* The axes are an input. */
gantry_status options_reduce(Reader &, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::ReducerOptions *options = from->builtin_options_as_ReducerOptions();
    node->attributes.keep_dims = options && options->keep_dims();
    return GANTRY_OK;
}

gantry_status options_gelu(Reader &, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::GeluOptions *options = from->builtin_options_as_GeluOptions();
    node->attributes.approximate = options && options->approximate();
    return GANTRY_OK;
}

gantry_status options_conv(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    return read_conv(r, node, from->builtin_options_as_Conv2DOptions());
}

gantry_status options_depthwise(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    return read_conv(r, node, from->builtin_options_as_DepthwiseConv2DOptions());
}

/* The inputs are shape, weights, map and bias; they become map, weights and bias. The shape is the
 * output's, which the padding refers to. */
gantry_status options_transpose_conv(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::TransposeConvOptions *options = from->builtin_options_as_TransposeConvOptions();
    if (!options) return no_options(r, node);
    if (node->input_count < 3 || node->inputs[2] < 0)
        return operator_error(r, node, GANTRY_ERR_FILE, "inputs:", node->input_count);
    int32_t shape = node->inputs[0];
    node->inputs[0] = node->inputs[2];
    node->inputs[2] = node->input_count > 3 ? node->inputs[3] : GANTRY_NO_TENSOR;
    node->input_count = 3;
    read_window(r, node, options);
    node->attributes.window.dilation_h = node->attributes.window.dilation_w = 1;
    gantry_status status = state_listed(r, node, shape);
    if (status != GANTRY_OK) return status;
    status = read_padding(r, node, node->outputs[0], options->padding());
    if (status != GANTRY_OK) return status;
    return read_activation(r, node, options->fused_activation_function());
}

/* Between int8 and uint8 LiteRT's default path has another rule than within one of them. */
gantry_status options_quantize(Reader &r, gantry_graph_node *node, const fb::Operator *)
{
    const gantry_graph_tensor &x = r.graph->tensors[node->inputs[0]];
    const gantry_graph_tensor &y = r.graph->tensors[node->outputs[0]];
    node->attributes.mixed =
        x.dtype == GANTRY_INT8 && y.dtype == GANTRY_INT8 && x.flipped != y.flipped;
    return GANTRY_OK;
}

gantry_status options_lstm(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    constexpr uint32_t kHidden = 4; /* of the intermediate tensors; the others belong to norms */
    constexpr int8_t kTanh = 4;
    const auto *options = from->builtin_options_as_UnidirectionalSequenceLSTMOptions();
    if (!options) return no_options(r, node);
    if (options->fused_activation_function() != kTanh)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED, "fused activation (must be 4)",
                              options->fused_activation_function());
    gantry_lstm_attributes &lstm = node->attributes.lstm;
    lstm.cell_clip = options->cell_clip();
    lstm.projection_clip = options->proj_clip();
    lstm.time_major = options->time_major();
    if (count_of(from->intermediates()) <= kHidden) return GANTRY_OK;
    int32_t index = from->intermediates()->Get(kHidden);
    if (index < 0 || index >= r.graph->tensor_count)
        return operator_error(r, node, GANTRY_ERR_FILE, "intermediate tensor", index);
    const gantry_quantization &hidden = r.graph->tensors[index].quantization;
    if (hidden.count != 1) return GANTRY_OK;
    lstm.hidden_scale = hidden.scale[0];
    lstm.hidden_zero = hidden.zero_point[0];
    return GANTRY_OK;
}

gantry_status options_batch_matmul(Reader &, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::BatchMatMulOptions *options = from->builtin_options_as_BatchMatMulOptions();
    node->attributes.adjoint.x = options && options->adj_x();
    node->attributes.adjoint.y = options && options->adj_y();
    return GANTRY_OK;
}

/* LiteRT takes RELU alone for int8, and does not limit what it stores. */
gantry_status options_svdf(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::SVDFOptions *options = from->builtin_options_as_SVDFOptions();
    if (!options) return no_options(r, node);
    node->attributes.rank = options->rank();
    if (r.graph->tensors[node->inputs[0]].dtype == GANTRY_INT8)
        return read_activation(r, node, int8_t{0});
    return read_activation(r, node, options->fused_activation_function());
}

gantry_status options_pool(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::Pool2DOptions *options = from->builtin_options_as_Pool2DOptions();
    if (!options) return no_options(r, node);
    gantry_window_attributes &w = node->attributes.window;
    w.kernel_h = options->filter_height();
    w.kernel_w = options->filter_width();
    w.stride_h = options->stride_h();
    w.stride_w = options->stride_w();
    w.dilation_h = w.dilation_w = 1;
    /* uint8 models round their own values, which are not below 0. */
    w.half_up = r.graph->tensors[node->inputs[0]].flipped;
    gantry_status status = read_padding(r, node, node->inputs[0], options->padding());
    if (status != GANTRY_OK) return status;
    return read_activation(r, node, options->fused_activation_function());
}

gantry_status options_fully_connected(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::FullyConnectedOptions *options = from->builtin_options_as_FullyConnectedOptions();
    if (!options) return no_options(r, node);
    if (options->weights_format() != 0)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED, "weights format",
                              options->weights_format());
    node->attributes.keep_dims = options->keep_num_dims();
    return read_activation(r, node, options->fused_activation_function());
}

gantry_status options_concatenation(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::ConcatenationOptions *options = from->builtin_options_as_ConcatenationOptions();
    if (!options) return no_options(r, node);
    node->attributes.along.axis = options->axis();
    return read_activation(r, node, options->fused_activation_function());
}

gantry_status options_strided_slice(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::StridedSliceOptions *options = from->builtin_options_as_StridedSliceOptions();
    if (!options) return no_options(r, node);
    node->attributes.slice = {options->begin_mask(), options->end_mask(), options->ellipsis_mask(),
                              options->new_axis_mask(), options->shrink_axis_mask()};
    return GANTRY_OK;
}

/* The axis comes first in the file, and last here. */
gantry_status options_split(Reader &, gantry_graph_node *node, const fb::Operator *)
{
    int32_t axis = node->inputs[0];
    node->inputs[0] = node->inputs[1];
    node->inputs[1] = axis;
    return GANTRY_OK;
}

gantry_status options_gather(Reader &, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::GatherOptions *options = from->builtin_options_as_GatherOptions();
    if (options) node->attributes.along = {options->axis(), options->batch_dims()};
    return GANTRY_OK;
}

gantry_status options_mirror_pad(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    enum { REFLECT, SYMMETRIC };
    const fb::MirrorPadOptions *options = from->builtin_options_as_MirrorPadOptions();
    if (!options) return no_options(r, node);
    if (options->mode() != REFLECT && options->mode() != SYMMETRIC)
        return operator_error(r, node, GANTRY_ERR_FILE, "mode", options->mode());
    node->attributes.symmetric = options->mode() == SYMMETRIC;
    return GANTRY_OK;
}

} // namespace gantry_tflite_reader
