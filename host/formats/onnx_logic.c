/* SPDX-License-Identifier: Apache-2.0
 * ONNX comparisons, logic, and what a condition chooses. */
#include "formats/onnx_reader.h"

static void read_pair(struct gantry_onnx *r, const struct gantry_onnx_node *node, enum gantry_op op)
{
    if (gantry_onnx_needs(r, node, 2)) return;
    int32_t rank =
        gantry_max_i32(gantry_onnx_rank(r, node->inputs[0]), gantry_onnx_rank(r, node->inputs[1]));
    const struct gantry_onnx_order order = gantry_onnx_common_order(r, node->inputs, 2, rank);
    int32_t a = gantry_onnx_take_broadcast(r, node->inputs[0], rank, &order);
    int32_t b = gantry_onnx_take_broadcast(r, node->inputs[1], rank, &order);
    int32_t output = gantry_onnx_tensor(r, r->values[node->outputs[0]].name, GANTRY_BOOL, NULL);
    output = gantry_onnx_emit_simple(r, op, a, b, GANTRY_NO_TENSOR, output, NULL);
    gantry_onnx_give(r, node->outputs[0], output, order);
}

#define PAIR(reader, op)                                                                       \
    void gantry_onnx_read_##reader(struct gantry_onnx *r, const struct gantry_onnx_node *node) \
    {                                                                                          \
        read_pair(r, node, GANTRY_OP_##op);                                                    \
    }
PAIR(and, LOGICAL_AND)
PAIR(equal, EQUAL)
PAIR(greater, GREATER)
PAIR(greater_or_equal, GREATER_EQUAL)
PAIR(less, LESS)
PAIR(less_or_equal, LESS_EQUAL)
PAIR(or, LOGICAL_OR)
#undef PAIR

void gantry_onnx_read_not(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_onnx_order order;
    int32_t x = gantry_onnx_take_lying(r, node->inputs[0], &order);
    int32_t output = gantry_onnx_like(r, x, r->values[node->outputs[0]].name);
    output = gantry_onnx_emit_simple(r, GANTRY_OP_LOGICAL_NOT, x, GANTRY_NO_TENSOR,
                                     GANTRY_NO_TENSOR, output, NULL);
    gantry_onnx_give(r, node->outputs[0], output, order);
}

/* A condition chooses among integers where both have one scale, else among real numbers. */
void gantry_onnx_read_where(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    if (gantry_onnx_needs(r, node, 3)) return;
    const int32_t *in = node->inputs;
    bool integers = gantry_onnx_one_scale(r, in + 1, 2);
    int32_t rank = 0, tensors[3];
    for (int32_t i = 0; i < 3; i++) rank = gantry_max_i32(rank, gantry_onnx_rank(r, in[i]));
    const struct gantry_onnx_order order = gantry_onnx_common_order(r, in, 3, rank);
    for (int32_t i = 0; i < 3; i++)
        tensors[i] = gantry_onnx_take_broadcast(r, integers ? gantry_onnx_carrier(r, in[i]) : in[i],
                                                rank, &order);
    int32_t output = gantry_onnx_like(r, tensors[1], r->values[node->outputs[0]].name);
    output = gantry_onnx_emit_simple(r, GANTRY_OP_SELECT_V2, tensors[0], tensors[1], tensors[2],
                                     output, NULL);
    if (integers)
        gantry_onnx_give_like(r, node->outputs[0], in[1], output, order);
    else
        gantry_onnx_give(r, node->outputs[0], output, order);
}
