/* SPDX-License-Identifier: Apache-2.0
 * Nodes that another one can do on the way, or that change nothing: zeros put around the input of
 * a convolution become its padding; a QUANTIZE to the same scale and zero point, as of an input of
 * uint8 that becomes int8, and a PAD by nothing are left out. */
#include <string.h>

#include "graph/graph.h"

static const struct gantry_graph_tensor *tensor_of(const struct gantry_graph *graph, int32_t tensor)
{
    return &graph->tensors[tensor];
}

static bool is_output(const struct gantry_graph *graph, int32_t tensor)
{
    for (int32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == tensor) return true;
    return false;
}

static bool is_convolution(const struct gantry_graph_node *node)
{
    return node->op == GANTRY_OP_CONV_2D || node->op == GANTRY_OP_DEPTHWISE_CONV_2D;
}

/* Calls visit for every input that reads a tensor; false when one of them returned false. */
static bool each_reader(const struct gantry_graph *graph, int32_t tensor,
                        bool (*visit)(struct gantry_graph_node *node, int32_t input, int32_t with),
                        int32_t with)
{
    for (int32_t n = 0; n < graph->node_count; n++)
        for (int32_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == tensor && !visit(&graph->nodes[n], i, with))
                return false;
    return true;
}

static bool replace(struct gantry_graph_node *node, int32_t input, int32_t with)
{
    node->inputs[input] = with;
    return true;
}

/* ---- QUANTIZE ---- */

/* Readers that look at the stored bytes, their scale and zero point alone. */
static bool reads_bytes(struct gantry_graph_node *node, int32_t input, int32_t with)
{
    (void)input, (void)with;
    return is_convolution(node) || node->op == GANTRY_OP_FULLY_CONNECTED ||
           node->op == GANTRY_OP_ADD || node->op == GANTRY_OP_MEAN || node->op == GANTRY_OP_PAD;
}

static bool changes_nothing(const struct gantry_graph *graph, const struct gantry_graph_node *node)
{
    if (node->op != GANTRY_OP_QUANTIZE || is_output(graph, node->outputs[0])) return false;
    const struct gantry_graph_tensor *x = tensor_of(graph, node->inputs[0]);
    const struct gantry_graph_tensor *y = tensor_of(graph, node->outputs[0]);
    return x->dtype == GANTRY_INT8 && y->dtype == GANTRY_INT8 && x->quantization.count == 1 &&
           gantry_quantization_equal(&x->quantization, &y->quantization) &&
           each_reader(graph, node->outputs[0], reads_bytes, 0);
}

/* ---- PAD ---- */

static bool pads_nothing(const struct gantry_graph *graph, const struct gantry_graph_node *node)
{
    if (node->op != GANTRY_OP_PAD || is_output(graph, node->outputs[0])) return false;
    const struct gantry_graph_tensor *x = tensor_of(graph, node->inputs[0]);
    const struct gantry_graph_tensor *y = tensor_of(graph, node->outputs[0]);
    return gantry_shape_equal(&x->shape, &y->shape) &&
           gantry_quantization_equal(&x->quantization, &y->quantization);
}

/* Whether what is put around the tensor stands for 0. */
static bool pads_zeros(const struct gantry_graph *graph, const struct gantry_graph_node *node)
{
    const struct gantry_graph_tensor *y = tensor_of(graph, node->outputs[0]);
    if (node->input_count < 3 || node->inputs[2] == GANTRY_NO_TENSOR) return true;
    const void *value = tensor_of(graph, node->inputs[2])->data;
    if (!value) return false;
    if (y->dtype == GANTRY_INT8) return *(const int8_t *)value == y->quantization.zero_point[0];
    float real;
    memcpy(&real, value, sizeof real);
    return real == 0;
}

/* The only node that reads a tensor, as its first input; NULL when there are others. */
static struct gantry_graph_node *only_reader(struct gantry_graph *graph, int32_t tensor)
{
    struct gantry_graph_node *reader = NULL;
    if (is_output(graph, tensor)) return NULL;
    for (int32_t n = 0; n < graph->node_count; n++)
        for (int32_t i = 0; i < graph->nodes[n].input_count; i++) {
            if (graph->nodes[n].inputs[i] != tensor) continue;
            if (reader || i > 0) return NULL;
            reader = &graph->nodes[n];
        }
    return reader;
}

/* Adds the counts to the padding of a convolution; false, and nothing changed, when a window could
 * then lie outside of the input altogether. */
static bool widen(struct gantry_window_attributes *window, const int64_t *counts)
{
    int64_t span_h = (int64_t)(window->kernel_h - 1) * window->dilation_h + 1;
    int64_t span_w = (int64_t)(window->kernel_w - 1) * window->dilation_w + 1;
    if (window->pad_top + counts[0] >= span_h || window->pad_bottom + counts[1] >= span_h ||
        window->pad_left + counts[2] >= span_w || window->pad_right + counts[3] >= span_w)
        return false;
    window->pad_top += (int32_t)counts[0];
    window->pad_bottom += (int32_t)counts[1];
    window->pad_left += (int32_t)counts[2];
    window->pad_right += (int32_t)counts[3];
    return true;
}

static bool becomes_padding(struct gantry_graph *graph, const struct gantry_graph_node *node)
{
    enum { COUNTS = 8 };
    int64_t counts[COUNTS];
    if (node->op != GANTRY_OP_PAD) return false;
    const struct gantry_graph_tensor *y = tensor_of(graph, node->outputs[0]);
    const struct gantry_graph_tensor *list = tensor_of(graph, node->inputs[1]);
    struct gantry_graph_node *reader = only_reader(graph, node->outputs[0]);
    bool known = y->dtype == GANTRY_INT8 ? y->quantization.count == 1 : y->dtype == GANTRY_FLOAT32;
    if (!known || !reader || !is_convolution(reader) || y->shape.rank != 4 || !list->data ||
        !pads_zeros(graph, node))
        return false;
    for (int32_t i = 0; i < COUNTS; i++) counts[i] = gantry_tensor_integer(list, i);
    if (counts[0] || counts[1] || counts[6] || counts[7]) return false;
    return widen(&reader->attributes.window, counts + 2);
}

enum gantry_status gantry_pass_absorb(struct gantry_graph *graph, struct gantry_error *error)
{
    int32_t kept = 0;
    bool *gone = gantry_allocate(graph->arena.allocator, (size_t)graph->node_count, sizeof *gone);
    if (!gone) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", graph->name);
    for (int32_t n = 0; n < graph->node_count; n++) {
        const struct gantry_graph_node *node = &graph->nodes[n];
        gone[n] = changes_nothing(graph, node) || pads_nothing(graph, node) ||
                  becomes_padding(graph, node);
        if (gone[n]) (void)each_reader(graph, node->outputs[0], replace, node->inputs[0]);
    }
    for (int32_t n = 0; n < graph->node_count; n++)
        if (!gone[n]) graph->nodes[kept++] = graph->nodes[n];
    bool changed = kept < graph->node_count;
    graph->node_count = kept;
    gantry_release(graph->arena.allocator, gone);
    return changed ? gantry_graph_check(graph, error) : GANTRY_OK;
}
