/* SPDX-License-Identifier: Apache-2.0
 * The case that is a network: its layers are run one after the other, each on what the one before
 * put out. Their names and numbers begin otherwise than those of single operators. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vector_build.h"

static void build_pool(struct build *b, enum gantry_op op)
{
    struct gantry_shape x =
        SHAPE(1, number(b, "INPUT_H"), number(b, "INPUT_W"), number(b, "IN_CH"));
    (void)op;
    b->n.node.attributes.window = (struct gantry_window_attributes){.kernel_h = x.dims[1],
                                                                    .kernel_w = x.dims[2],
                                                                    .stride_h = 1,
                                                                    .stride_w = 1,
                                                                    .dilation_h = 1,
                                                                    .dilation_w = 1};
    vector_input(b, x, NULL, 1, 0);
    vector_output(b, SHAPE(1, 1, 1, x.dims[3]), "output", 1, 0);
}

/* Inputs and outputs are exchanged in the names of its numbers. */
static void build_fully_connected(struct build *b, enum gantry_op op)
{
    int32_t depth = number(b, "OUT_CH"), classes = number(b, "IN_CH");
    (void)op;
    vector_input(b, SHAPE(1, depth), NULL, 1, -number(b, "INPUT_OFFSET"));
    vector_weights(b, SHAPE(classes, depth), 0);
    vector_output(b, SHAPE(1, classes), "output", 1, number(b, "OUTPUT_OFFSET"));
}

static void build_softmax(struct build *b, enum gantry_op op)
{
    const struct gantry_shape row = SHAPE(number(b, "NUM_ROWS"), number(b, "ROW_SIZE"));
    (void)op;
    b->n.node.attributes.beta = 1;
    vector_input(b, row, NULL, ldexpf(factor(number(b, "MULT"), number(b, "SHIFT")), -26), 0);
    vector_output(b, row, "output", 1.0f / 256, -128);
}

static const struct {
    const char *prefix, *name;
    enum gantry_op op;
    void (*build)(struct build *b, enum gantry_op op);
} layers[] = {
#define CONV(number)                                                                     \
    {                                                                                    \
        "CONV_2D_" #number "_", "ds_cnn_s_layer_" #number "_conv_2d", GANTRY_OP_CONV_2D, \
            vector_conv                                                                  \
    }
#define DEPTHWISE(number)                                                                 \
    {                                                                                     \
        "DEPTHWISE_CONV_2D_" #number "_", "ds_cnn_s_layer_" #number "_depthwise_conv_2d", \
            GANTRY_OP_DEPTHWISE_CONV_2D, vector_conv                                      \
    }
    CONV(1),
    DEPTHWISE(2),
    CONV(3),
    DEPTHWISE(4),
    CONV(5),
    DEPTHWISE(6),
    CONV(7),
    DEPTHWISE(8),
    CONV(9),
#undef DEPTHWISE
#undef CONV
    {"AVERAGE_POOL_2D_10_", "ds_cnn_s", GANTRY_OP_AVERAGE_POOL_2D, build_pool},
    {"FULLY_CONNECTED_12_", "ds_cnn_s_layer_12_fully_connected", GANTRY_OP_FULLY_CONNECTED,
     build_fully_connected},
    {"SOFTMAX_13_", "ds_cnn_s", GANTRY_OP_SOFTMAX, build_softmax},
};

static enum gantry_status run_layers(struct build *b, const void *x)
{
    enum gantry_status status = GANTRY_OK;
    void *before = NULL;
    for (size_t i = 0; i < GANTRY_COUNT(layers); i++) {
        const struct vector_case c = b->c;
        memset(b, 0, sizeof *b);
        b->c = c;
        b->c.name = layers[i].name;
        (void)snprintf(b->c.prefix, sizeof b->c.prefix, "%s", layers[i].prefix);
        b->complete = true;
        b->dtype = GANTRY_INT8;
        b->feed = before ? before : x;
        one_node_begin(&b->n, layers[i].op);
        layers[i].build(b, layers[i].op);
        if (b->complete) status = one_node_try(&b->n);
        free(before);
        before = b->got;
        if (!b->complete || status != GANTRY_OK) break;
    }
    return status;
}

enum gantry_status vector_run_network(struct build *b)
{
    const char *name = b->c.name;
    const void *x = ARRAY(b, "int8", 490, "input"), *wanted = ARRAY(b, "int8", 12, "output_ref");
    if (!x || !wanted) {
        b->complete = false;
        return GANTRY_OK;
    }
    enum gantry_status status = run_layers(b, x);
    b->c.name = name;
    b->steps = 2;
    b->wanted = wanted;
    return status;
}
