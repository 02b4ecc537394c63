/* SPDX-License-Identifier: Apache-2.0
 * Inputs of other shapes than the file's: it states the shapes of all tensors, and those that
 * depend on an input are inferred anew, node by node while they are read. */
#include "formats/tflite_reader.hh"

namespace gantry_tflite_reader
{

namespace
{

/* Dimensions of -1 in the signature, which has as many as the shape. */
uint32_t free_dims_of(const fb::Tensor *tensor)
{
    uint32_t bits = 0;
    if (count_of(tensor->shape_signature()) != count_of(tensor->shape())) return 0;
    for (uint32_t d = 0; d < count_of(tensor->shape()) && d < GANTRY_RANK_MAX; d++)
        if (tensor->shape_signature()->Get(d) == -1) bits |= uint32_t{1} << d;
    return bits;
}

gantry_status open_outputs(Reader &r)
{
    const auto *operators = r.subgraph->operators();
    bool *given = arena_array<bool>(r, static_cast<size_t>(r.graph->tensor_count));
    if (!given) return out_of_memory(r);
    for (int32_t i = 0; i < r.graph->input_count; i++) given[r.graph->inputs[i]] = true;
    for (uint32_t i = 0; i < count_of(operators); i++) {
        const auto *outputs = operators->Get(i)->outputs();
        if (!spend(r, sizeof(int32_t) * count_of(outputs))) return shared_too_often(r);
        for (uint32_t k = 0; k < count_of(outputs); k++) {
            int32_t tensor = outputs->Get(k);
            if (tensor < 0 || tensor >= r.graph->tensor_count || given[tensor]) continue;
            gantry_graph_tensor *to = &r.graph->tensors[tensor];
            if (!to->data && !to->variable) to->shape.rank = GANTRY_RANK_OPEN;
        }
    }
    return GANTRY_OK;
}

bool is_open(const Reader &r, int32_t tensor)
{
    return r.graph->tensors[tensor].shape.rank == GANTRY_RANK_OPEN;
}

/* Whether the reader of a node's options has to say its output's shape, and can. */
bool states(const Reader &r, const gantry_graph_node *node)
{
    return is_open(r, node->outputs[0]) && !is_open(r, node->inputs[0]);
}

gantry_status state(Reader &r, const gantry_graph_node *node, const gantry_shape &shape)
{
    gantry_graph_tensor *to = &r.graph->tensors[node->outputs[0]];
    int64_t elements = gantry_shape_elements(&shape);
    for (int32_t d = 0; d < shape.rank; d++)
        if (shape.dims[d] < 1 || elements == 0)
            return operator_error(r, node, GANTRY_ERR_FILE, "a dimension of its output is",
                                  shape.dims[d]);
    to->shape = shape;
    to->bytes = static_cast<size_t>(elements) * gantry_dtype_bytes(to->dtype);
    return GANTRY_OK;
}

/* Integers of a constant list; -1: it is none, or longer than limit. */
int32_t integers_of(const Reader &r, int32_t tensor, int64_t *out, int32_t limit)
{
    if (tensor < 0 || !r.graph->tensors[tensor].data) return -1;
    const gantry_graph_tensor &list = r.graph->tensors[tensor];
    int64_t count = gantry_shape_elements(&list.shape);
    if ((list.dtype != GANTRY_INT64 && list.dtype != GANTRY_INT32) || count > limit) return -1;
    for (int64_t i = 0; i < count; i++) out[i] = gantry_tensor_integer(&list, i);
    return static_cast<int32_t>(count);
}

} // namespace

gantry_status take_shapes(Reader &r, const gantry_input_shapes *shapes)
{
    for (int32_t i = 0; i < r.graph->input_count; i++) {
        int32_t tensor = r.graph->inputs[i];
        /* gantry_graph_check refuses it. */
        if (tensor < 0 || tensor >= r.graph->tensor_count) return GANTRY_OK;
        const fb::Tensor *from = r.subgraph->tensors()->Get(static_cast<uint32_t>(tensor));
        r.graph->tensors[tensor].free_dims = free_dims_of(from);
    }
    gantry_status status = gantry_inputs_shape(r.graph, shapes, r.name, &r.reshaped, r.error);
    return status == GANTRY_OK && r.reshaped ? open_outputs(r) : status;
}

gantry_status infer_node(Reader &r, int32_t i, bool *folded)
{
    gantry_error inner = {};
    gantry_status status = gantry_graph_check_node(r.graph, i, folded, &inner);
    if (status == GANTRY_OK) return GANTRY_OK;
    return gantry_fail(r.error, status, "%s: %s", r.name, inner.message);
}

gantry_status state_listed(Reader &r, const gantry_graph_node *node, int32_t list)
{
    int64_t dims[GANTRY_RANK_MAX];
    if (!states(r, node)) return GANTRY_OK;
    gantry_shape shape = {};
    shape.rank = integers_of(r, list, dims, GANTRY_RANK_MAX);
    if (shape.rank < 0)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED,
                              "its shape is no constant list; tensor", list);
    for (int32_t d = 0; d < shape.rank; d++)
        shape.dims[d] = dims[d] > INT32_MAX || dims[d] < 1 ? 0 : static_cast<int32_t>(dims[d]);
    return state(r, node, shape);
}

/* Old files have the shape in the options alone; else the rule reads the second input. */
gantry_status options_reshape(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::ReshapeOptions *options = from->builtin_options_as_ReshapeOptions();
    bool listed = node->input_count > 1 && node->inputs[1] >= 0;
    uint32_t count = options ? count_of(options->new_shape()) : 0;
    if (listed || !options || !options->new_shape() || !states(r, node)) return GANTRY_OK;
    int64_t dims[GANTRY_RANK_MAX];
    gantry_shape shape;
    if (count > GANTRY_RANK_MAX)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED, "rank", static_cast<int>(count));
    for (uint32_t d = 0; d < count; d++) dims[d] = options->new_shape()->Get(d);
    const gantry_shape &x = r.graph->tensors[node->inputs[0]].shape;
    if (gantry_shape_resolve(&x, dims, static_cast<int32_t>(count), &shape))
        return state(r, node, shape);
    char to[80], have[80];
    return gantry_fail(r.error, GANTRY_ERR_FILE, "%s: node %d RESHAPE: input of shape %s to %s",
                       r.name, static_cast<int>(node - r.graph->nodes),
                       gantry_shape_text(&x, have, sizeof have),
                       gantry_shape_text(&shape, to, sizeof to));
}

/* Without the axes that the options name, or without all of length 1. Other inputs say no more. */
gantry_status options_squeeze(Reader &r, gantry_graph_node *node, const fb::Operator *from)
{
    const fb::SqueezeOptions *options = from->builtin_options_as_SqueezeOptions();
    uint32_t count = options ? count_of(options->squeeze_dims()) : 0, gone = 0;
    node->input_count = 1;
    if (!states(r, node)) return GANTRY_OK;
    const gantry_shape &x = r.graph->tensors[node->inputs[0]].shape;
    for (uint32_t i = 0; i < count; i++) {
        int32_t axis = options->squeeze_dims()->Get(i);
        if (axis < 0) axis += x.rank;
        if (axis < 0 || axis >= x.rank)
            return operator_error(r, node, GANTRY_ERR_FILE, "axis", axis);
        gone |= uint32_t{1} << axis;
    }
    gantry_shape shape = {};
    for (int32_t d = 0; d < x.rank; d++) {
        bool drop = count ? gone >> d & 1 : x.dims[d] == 1;
        if (drop && x.dims[d] != 1)
            return operator_error(r, node, GANTRY_ERR_FILE, "an axis to squeeze has", x.dims[d]);
        if (!drop) shape.dims[shape.rank++] = x.dims[d];
    }
    return state(r, node, shape);
}

gantry_status options_expand_dims(Reader &r, gantry_graph_node *node, const fb::Operator *)
{
    int64_t axis;
    int32_t list = node->input_count > 1 ? node->inputs[1] : GANTRY_NO_TENSOR;
    node->input_count = 1;
    if (!states(r, node)) return GANTRY_OK;
    const gantry_shape &x = r.graph->tensors[node->inputs[0]].shape;
    if (integers_of(r, list, &axis, 1) != 1)
        return operator_error(r, node, GANTRY_ERR_UNSUPPORTED, "its axis is no constant; tensor",
                              list);
    if (axis < 0) axis += x.rank + 1;
    if (axis < 0 || axis > x.rank || x.rank == GANTRY_RANK_MAX)
        return operator_error(r, node, GANTRY_ERR_FILE, "a new axis for rank", x.rank);
    gantry_shape shape = {};
    for (int32_t d = 0; d <= x.rank; d++)
        shape.dims[shape.rank++] = d == axis ? 1 : x.dims[d - (d > axis)];
    return state(r, node, shape);
}

} // namespace gantry_tflite_reader
