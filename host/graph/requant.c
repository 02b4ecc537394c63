/* SPDX-License-Identifier: Apache-2.0
 * Requantisation parameters of nodes: the scales of rule F, the multipliers of rules X and Q8. */
#include "graph/graph.h"

#include <math.h>

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
    /* Each step rounds to float32, in this order: it is part of rule F. */
    if (node->op == GANTRY_OP_MEAN) {
        float whole = sy * (float)gantry_node_mean_count(graph, node);
        return sx / whole;
    }
    const struct gantry_quantization *weights = quantization(graph, node->inputs[1]);
    float sw = weights->scale[weights->count == 1 ? 0 : channel];
    float product = sx * sw;
    return product / sy;
}

bool gantry_node_add_params(const struct gantry_graph *graph, const struct gantry_graph_node *node,
                            struct gantry_add_params *out)
{
    const struct gantry_quantization *q1 = quantization(graph, node->inputs[0]);
    const struct gantry_quantization *q2 = quantization(graph, node->inputs[1]);
    const struct gantry_quantization *qy = quantization(graph, node->outputs[0]);
    float r1 = q1->scale[0] / qy->scale[0];
    float r2 = q2->scale[0] / qy->scale[0];
    /* The rule holds for ratios in [2^-10, 2^8): shift is then 13..30 and no sum leaves int32. */
    const float low = 0x1p-10f, high = 0x1p8f;
    if (!(r1 >= low && r1 < high && r2 >= low && r2 < high)) return false;
    int exponent; /* of a fraction in [0.5, 1): one more than floor(log2) */
    (void)frexpf(r1 > r2 ? r1 : r2, &exponent);
    out->shift = 20 - (exponent - 1);
    out->k1 = (int32_t)nearbyintf(ldexpf(r1, out->shift));
    out->k2 = (int32_t)nearbyintf(ldexpf(r2, out->shift));
    if (node->op == GANTRY_OP_SUB) out->k2 = -out->k2;
    out->zero1 = q1->zero_point[0];
    out->zero2 = q2->zero_point[0];
    out->zero_out = qy->zero_point[0];
    return true;
}

int32_t gantry_node_quantize_factor(const struct gantry_graph *graph,
                                    const struct gantry_graph_node *node)
{
    const float low = 0x1p-8f, high = 0x1p7f;
    float sx = quantization(graph, node->inputs[0])->scale[0];
    float sy = quantization(graph, node->outputs[0])->scale[0];
    float ratio = sx / sy;
    if (!(ratio >= low && ratio <= high)) return 0;
    return (int32_t)nearbyintf(256.0f * ratio);
}
