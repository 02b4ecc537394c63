/* SPDX-License-Identifier: Apache-2.0
 * Requantisation parameters of nodes: the scales of rule F, the multipliers of rules X and Q8. */
#include "graph/graph.h"
#include "kernels/kernels.h"

static const struct gantry_quantization *quantization(const struct gantry_graph *graph,
                                                      int32_t tensor)
{
    return &graph->tensors[tensor].quantization;
}

int64_t gantry_node_mean_count(const struct gantry_graph *graph,
                               const struct gantry_graph_node *node)
{
    return gantry_shape_elements(&graph->tensors[node->inputs[0]].shape) /
           gantry_shape_elements(&graph->tensors[node->outputs[0]].shape);
}

float gantry_node_scale(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                        int32_t channel)
{
    float sx = quantization(graph, node->inputs[0])->scale[0];
    float sy = quantization(graph, node->outputs[0])->scale[0];
    if (node->op == GANTRY_OP_MEAN)
        return gantry_rule_f_mean_scale(sx, sy, gantry_node_mean_count(graph, node));
    const struct gantry_quantization *weights = quantization(graph, node->inputs[1]);
    return gantry_rule_f_scale(sx, weights->scale[weights->count == 1 ? 0 : channel], sy);
}

bool gantry_node_add_params(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                            struct gantry_add_params *out)
{
    const struct gantry_quantization *q1 = quantization(graph, node->inputs[0]);
    const struct gantry_quantization *q2 = quantization(graph, node->inputs[1]);
    const struct gantry_quantization *qy = quantization(graph, node->outputs[0]);
    if (!gantry_rule_x(q1->scale[0], q2->scale[0], qy->scale[0], &out->k1, &out->k2, &out->shift))
        return false;
    if (node->op == GANTRY_OP_SUB) out->k2 = -out->k2;
    out->zero1 = q1->zero_point[0];
    out->zero2 = q2->zero_point[0];
    out->zero_out = qy->zero_point[0];
    return true;
}

int32_t gantry_node_quantize_factor(const struct gantry_graph *graph,
                                    const struct gantry_graph_node *node)
{
    return gantry_rule_q8_factor(quantization(graph, node->inputs[0])->scale[0],
                                 quantization(graph, node->outputs[0])->scale[0]);
}
