/* SPDX-License-Identifier: Apache-2.0
 * Cases of vectors as networks of one node: shapes, data, scales that mean the case's fixed point.
 */
#include "vector_build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vector_input(struct build *b, struct gantry_shape shape, const void *data, float scale,
                  int32_t zero)
{
    if (!data) data = b->feed;
    if (!data) b->complete = false;
    if (b->complete) one_node_input(&b->n, b->dtype, shape, borrowed(data), scale, zero);
}

void vector_output(struct build *b, struct gantry_shape shape, const char *name, float scale,
                   int32_t zero)
{
    b->count = (size_t)gantry_shape_elements(&shape);
    b->wanted = ARRAY(b, stored(b), b->count, name, "output");
    if (!b->wanted && !b->feed) b->complete = false;
    b->got = calloc(b->count, gantry_dtype_bytes(b->dtype));
    if (b->complete) one_node_output(&b->n, b->dtype, shape, b->got, scale, zero);
}

/* The range of the output, which other operators than these state, too. */
static void set_range(struct build *b, const char *least, const char *most)
{
    bool wide = b->dtype == GANTRY_INT16;
    b->n.clamped = true;
    b->n.node.clamp_min = (int32_t)vector_case_number(&b->c, least, wide ? INT16_MIN : INT8_MIN);
    b->n.node.clamp_max = (int32_t)vector_case_number(&b->c, most, wide ? INT16_MAX : INT8_MAX);
}

/* ---- Convolutions and products ---- */

/* Weights, two to a byte where the case is one of int4: the lower half comes first. */
static const void *weights_of(struct build *b, struct gantry_shape shape)
{
    size_t count = (size_t)gantry_shape_elements(&shape);
    bool int4 = strstr(b->c.name, "int4") != NULL;
    const int8_t *from =
        ARRAY(b, "int8", int4 ? (count + 1) / 2 : count, "weights", "input_weights");
    if (!int4 || !from || count > VECTOR_INT4_MAX) return int4 ? NULL : from;
    for (size_t i = 0; i < count; i++) {
        int32_t pair = from[i / 2];
        b->unpacked[i] = (int8_t)(i % 2 ? pair >> 4 : (int8_t)(pair * 16) >> 4);
    }
    return b->unpacked;
}

/* A bias of int64 says that sums have more than 32 bits, which those of "xint32" have not. */
static void add_bias(struct build *b, int32_t channels)
{
    const int32_t *words = ARRAY(b, "int32", (size_t)channels, "biases", "bias", "input_bias");
    const int64_t *longs = ARRAY(b, "int64", (size_t)channels, "biases", "bias", "input_bias");
    if (strstr(b->c.name, "xint32") && longs) {
        for (int32_t i = 0; i < channels; i++) b->bias[i] = (int32_t)longs[i];
        words = b->bias;
    }
    if (words)
        one_node_constant(&b->n, GANTRY_INT32, SHAPE(channels), borrowed(words), 0, 0);
    else if (longs)
        one_node_constant(&b->n, GANTRY_INT64, SHAPE(channels), borrowed(longs), 0, 0);
}

/* Weights. The products have the scale 1, so the weights' is that of the requantisation. */
void vector_weights(struct build *b, struct gantry_shape shape, int32_t axis)
{
    int32_t channels = shape.dims[axis];
    const void *weights = weights_of(b, shape);
    bool whole = vector_case_has(&b->c, "OUTPUT_MULTIPLIER");
    const int32_t *multiplier =
        ARRAY(b, "int32", (size_t)channels, "output_mult", "output_multiplier");
    const int32_t *shift = ARRAY(b, "int32", (size_t)channels, "output_shift");
    if (!weights || channels > VECTOR_CHANNELS_MAX || (!whole && (!multiplier || !shift)))
        b->complete = false;
    if (!b->complete) return;
    float scale = factor(number(b, "OUTPUT_MULTIPLIER"), number(b, "OUTPUT_SHIFT"));
    one_node_constant(&b->n, GANTRY_INT8, shape, borrowed(weights), whole ? scale : 1,
                      -number(b, "FILTER_OFFSET"));
    for (int32_t i = 0; i < channels && !whole; i++) b->scale[i] = factor(multiplier[i], shift[i]);
    if (!whole) one_node_channels(&b->n, axis, b->scale, b->zero);
    if (!strstr(b->c.name, "null_bias")) add_bias(b, channels);
}

static int32_t padding_behind(int32_t out, int32_t stride, int32_t span, int32_t in, int32_t before)
{
    int32_t after = (out - 1) * stride + span - in - before;
    return after > 0 ? after : 0;
}

/* Padding of a window that goes over in (of a transposed convolution: over its output). */
static void set_window(struct build *b, const int32_t *in, const int32_t *out)
{
    struct gantry_window_attributes *w = &b->n.node.attributes.window;
    w->kernel_h = number(b, "FILTER_Y");
    w->kernel_w = number(b, "FILTER_X");
    w->stride_h = number(b, "STRIDE_Y");
    w->stride_w = number(b, "STRIDE_X");
    w->dilation_h = (int32_t)vector_case_number(&b->c, "DILATION_Y", 1);
    w->dilation_w = (int32_t)vector_case_number(&b->c, "DILATION_X", 1);
    w->pad_top = number(b, "PAD_Y");
    w->pad_left = number(b, "PAD_X");
    int32_t span_h = (w->kernel_h - 1) * w->dilation_h + 1;
    int32_t span_w = (w->kernel_w - 1) * w->dilation_w + 1;
    w->pad_bottom = padding_behind(out[0], w->stride_h, span_h, in[0], w->pad_top);
    w->pad_right = padding_behind(out[1], w->stride_w, span_w, in[1], w->pad_left);
}

void vector_conv(struct build *b, enum gantry_op op)
{
    const int32_t in[2] = {number(b, "INPUT_H"), number(b, "INPUT_W")};
    const int32_t out[2] = {number(b, "OUTPUT_H"), number(b, "OUTPUT_W")};
    int32_t batch = number(b, "INPUT_BATCHES"), c = number(b, "IN_CH"), k = number(b, "OUT_CH");
    bool turned = op == GANTRY_OP_TRANSPOSE_CONV, depth = op == GANTRY_OP_DEPTHWISE_CONV_2D;
    struct gantry_shape x = SHAPE(batch, in[0], in[1], c), y = SHAPE(batch, out[0], out[1], k);
    int32_t taps = (int32_t)vector_case_number(&b->c, "FILTER_CH", c);
    set_window(b, turned ? out : in, turned ? in : out);
    const struct gantry_window_attributes *w = &b->n.node.attributes.window;
    vector_input(b, x, ARRAY(b, stored(b), (size_t)gantry_shape_elements(&x), "input"), 1,
                 -number(b, "INPUT_OFFSET"));
    vector_weights(
        b, depth ? SHAPE(1, w->kernel_h, w->kernel_w, k) : SHAPE(k, w->kernel_h, w->kernel_w, taps),
        depth ? 3 : 0);
    vector_output(b, y, "output_ref", 1, number(b, "OUTPUT_OFFSET"));
    set_range(b, "OUT_ACTIVATION_MIN", "OUT_ACTIVATION_MAX");
}

static void build_fully_connected(struct build *b, enum gantry_op op)
{
    int32_t batch = number(b, "INPUT_BATCHES"), k = number(b, "OUT_CH");
    int32_t depth = number(b, "ACCUMULATION_DEPTH");
    (void)op;
    vector_input(b, SHAPE(batch, depth), ARRAY(b, stored(b), (size_t)(batch * depth), "input"), 1,
                 -number(b, "INPUT_OFFSET"));
    vector_weights(b, SHAPE(k, depth), 0);
    vector_output(b, SHAPE(batch, k), "output_ref", 1, number(b, "OUTPUT_OFFSET"));
    set_range(b, "OUT_ACTIVATION_MIN", "OUT_ACTIVATION_MAX");
}

static struct gantry_shape matrices(const struct build *b, const char *side)
{
    static const char *const ends[4] = {"BATCH", "HEIGHT", "ROWS", "COLS"};
    struct gantry_shape shape = {.rank = 4};
    char name[32];
    for (int32_t d = 0; d < 4; d++) {
        (void)snprintf(name, sizeof name, "%s_%s", side, ends[d]);
        shape.dims[d] = number(b, name);
    }
    return shape;
}

static void build_batch_matmul(struct build *b, enum gantry_op op)
{
    struct gantry_shape left = matrices(b, "LHS"), right = matrices(b, "RHS");
    (void)op;
    b->n.node.attributes.adjoint.x = number(b, "ADJ_X") != 0;
    b->n.node.attributes.adjoint.y = number(b, "ADJ_Y") != 0;
    vector_input(b, left,
                 ARRAY(b, stored(b), (size_t)gantry_shape_elements(&left), "lhs_input_tensor"),
                 factor(number(b, "OUTPUT_MULTIPLIER"), number(b, "OUTPUT_SHIFT")),
                 -number(b, "LHS_OFFSET"));
    vector_input(b, right,
                 ARRAY(b, stored(b), (size_t)gantry_shape_elements(&right), "rhs_input_tensor"), 1,
                 -number(b, "RHS_OFFSET"));
    vector_output(b, matrices(b, "OUTPUT"), "output_ref", 1, number(b, "OUTPUT_OFFSET"));
    set_range(b, "ACTIVATION_MIN", "ACTIVATION_MAX");
}

/* ---- The others ---- */

static void build_pool(struct build *b, enum gantry_op op)
{
    struct gantry_window_attributes *w = &b->n.node.attributes.window;
    int32_t batch = (int32_t)vector_case_number(&b->c, "BATCH_SIZE", 1);
    int32_t h = number(b, "INPUT_H"), width = number(b, "INPUT_W"), c = number(b, "INPUT_C");
    int32_t out_h = number(b, "OUTPUT_H"), out_w = number(b, "OUTPUT_W");
    *w = (struct gantry_window_attributes){.kernel_h = number(b, "FILTER_H"),
                                           .kernel_w = number(b, "FILTER_W"),
                                           .stride_h = number(b, "STRIDE_H"),
                                           .stride_w = number(b, "STRIDE_W"),
                                           .dilation_h = 1,
                                           .dilation_w = 1,
                                           .pad_top = number(b, "PADDING_H"),
                                           .pad_left = number(b, "PADDING_W")};
    w->pad_bottom = padding_behind(out_h, w->stride_h, w->kernel_h, h, w->pad_top);
    w->pad_right = padding_behind(out_w, w->stride_w, w->kernel_w, width, w->pad_left);
    b->steps = op == GANTRY_OP_AVERAGE_POOL_2D;
    vector_input(b, SHAPE(batch, h, width, c),
                 ARRAY(b, stored(b), (size_t)(batch * h * width * c), "input_tensor"), 1, 0);
    vector_output(b, SHAPE(batch, out_h, out_w, c), "output_ref", 1, 0);
    set_range(b, "ACTIVATION_MIN", "ACTIVATION_MAX");
}

/* One factor for each operand and for the sum of both, of a common scale with some bits more. */
static void build_add(struct build *b, enum gantry_op op)
{
    int32_t count = number(b, "DST_SIZE");
    float common = ldexpf(factor(number(b, "OUTPUT_MULT"), number(b, "OUTPUT_SHIFT")),
                          number(b, "LEFT_SHIFT"));
    (void)op;
    vector_input(b, SHAPE(1, count), ARRAY(b, stored(b), (size_t)count, "input1"),
                 common * factor(number(b, "INPUT1_MULT"), number(b, "INPUT1_SHIFT")),
                 -number(b, "INPUT1_OFFSET"));
    vector_input(b, SHAPE(1, count), ARRAY(b, stored(b), (size_t)count, "input2"),
                 common * factor(number(b, "INPUT2_MULT"), number(b, "INPUT2_SHIFT")),
                 -number(b, "INPUT2_OFFSET"));
    vector_output(b, SHAPE(1, count), "output_ref", 1, number(b, "OUTPUT_OFFSET"));
    set_range(b, "OUT_ACTIVATION_MIN", "OUT_ACTIVATION_MAX");
}

static void build_mul(struct build *b, enum gantry_op op)
{
    int32_t count = number(b, "DST_SIZE");
    (void)op;
    vector_input(b, SHAPE(1, count), ARRAY(b, stored(b), (size_t)count, "input1"),
                 factor(number(b, "OUTPUT_MULT"), number(b, "OUTPUT_SHIFT")),
                 -number(b, "INPUT1_OFFSET"));
    vector_input(b, SHAPE(1, count), ARRAY(b, stored(b), (size_t)count, "input2"), 1,
                 -number(b, "INPUT2_OFFSET"));
    vector_output(b, SHAPE(1, count), "output_ref", 1, number(b, "OUTPUT_OFFSET"));
    set_range(b, "OUT_ACTIVATION_MIN", "OUT_ACTIVATION_MAX");
}

static void build_extreme(struct build *b, enum gantry_op op)
{
    struct gantry_shape one = SHAPE(number(b, "BATCH_1"), number(b, "HEIGHT_1"),
                                    number(b, "WIDTH_1"), number(b, "CHANNEL_1"));
    struct gantry_shape two = SHAPE(number(b, "BATCH_2"), number(b, "HEIGHT_2"),
                                    number(b, "WIDTH_2"), number(b, "CHANNEL_2"));
    (void)op;
    b->steps = 0;
    vector_input(b, one, ARRAY(b, stored(b), (size_t)gantry_shape_elements(&one), "input_tensor_1"),
                 1, 0);
    vector_input(b, two, ARRAY(b, stored(b), (size_t)gantry_shape_elements(&two), "input_tensor_2"),
                 1, 0);
    vector_output(b,
                  SHAPE(number(b, "OUTPUT_BATCH"), number(b, "OUTPUT_HEIGHT"),
                        number(b, "OUTPUT_WIDTH"), number(b, "OUTPUT_CHANNEL")),
                  "output_ref", 1, 0);
}

static void build_pad(struct build *b, enum gantry_op op)
{
    static const char letters[] = "NHWC";
    struct gantry_shape x = {.rank = 4}, y;
    int32_t counts[8];
    int8_t value = (int8_t)number(b, "PAD_VALUE");
    char name[32];
    (void)op;
    for (int32_t d = 0; d < 4; d++) {
        (void)snprintf(name, sizeof name, "INPUT_%c", letters[d]);
        x.dims[d] = number(b, name);
        (void)snprintf(name, sizeof name, "PRE_PAD_%c", letters[d]);
        counts[2 * d] = number(b, name);
        (void)snprintf(name, sizeof name, "POST_PAD_%c", letters[d]);
        counts[2 * d + 1] = number(b, name);
    }
    y = x;
    for (int32_t d = 0; d < 4; d++) y.dims[d] += counts[2 * d] + counts[2 * d + 1];
    b->steps = 0;
    vector_input(b, x, ARRAY(b, "int8", (size_t)gantry_shape_elements(&x), "input_tensor"), 1, 0);
    if (b->complete) {
        one_node_constant(&b->n, GANTRY_INT32, SHAPE(4, 2), counts, 0, 0);
        one_node_constant(&b->n, GANTRY_INT8, SHAPE(1), &value, 1, 0);
    }
    vector_output(b, y, "output_ref", 1, 0);
}

static void build_transpose(struct build *b, enum gantry_op op)
{
    struct gantry_shape x = {0}, y = {0};
    int32_t axes[GANTRY_RANK_MAX];
    (void)op;
    x.rank = vector_case_list(&b->c, "IN_DIM", x.dims, GANTRY_RANK_MAX);
    y.rank = vector_case_list(&b->c, "OUT_DIM", y.dims, GANTRY_RANK_MAX);
    int32_t count = vector_case_list(&b->c, "PERM", axes, GANTRY_RANK_MAX);
    b->steps = 0;
    if (count == 0 || x.rank < count || y.rank < count) b->complete = false;
    x.rank = y.rank = count; /* behind it they are 0 */
    vector_input(b, x, ARRAY(b, "int8", (size_t)gantry_shape_elements(&x), "input_tensor"), 1, 0);
    if (b->complete) one_node_constant(&b->n, GANTRY_INT32, SHAPE(count), axes, 0, 0);
    vector_output(b, y, "output_ref", 1, 0);
}

/* The factor brings differences to 26 fraction bits, or of int16 to 65535 for 10; probabilities
 * have steps of 1 / 256, or of 2^-15. */
static void build_softmax(struct build *b, enum gantry_op op)
{
    int32_t rows = number(b, "NUM_ROWS"), row = number(b, "ROW_SIZE");
    float input = factor(number(b, "INPUT_MULT"), number(b, "INPUT_LEFT_SHIFT"));
    bool wide = strcmp(stored(b), "int16") == 0;
    (void)op;
    b->n.node.attributes.beta = 1;
    vector_input(b, SHAPE(rows, row), ARRAY(b, stored(b), (size_t)(rows * row), "input"),
                 wide ? input * (10 / 65535.0f) : ldexpf(input, -26), 0);
    vector_output(b, SHAPE(rows, row), "output_ref", wide ? 0x1p-15f : 1.0f / 256, wide ? 0 : -128);
}

/* int8 with steps of 2^-16 from -2^15 on. */
static void build_wide_softmax(struct build *b, enum gantry_op op)
{
    int32_t rows = number(b, "NUM_ROWS"), row = number(b, "ROW_SIZE");
    float input = factor(number(b, "INPUT_MULT"), number(b, "INPUT_LEFT_SHIFT"));
    (void)op;
    b->n.node.attributes.beta = 1;
    b->dtype = GANTRY_INT8;
    vector_input(b, SHAPE(rows, row), ARRAY(b, "int8", (size_t)(rows * row), "input"),
                 ldexpf(input, -26), 0);
    b->dtype = GANTRY_INT16;
    vector_output(b, SHAPE(rows, row), "output_ref", 0x1p-16f, INT16_MIN);
}

/* ---- Which case is what ---- */

/* By the beginning of its name; the first that fits. */
static const struct vector_family families[] = {
    {"transpose_conv", GANTRY_OP_TRANSPOSE_CONV, vector_conv},
    {"reverse_transpose_conv", GANTRY_OP_TRANSPOSE_CONV, vector_conv},
    {"transpose_", GANTRY_OP_TRANSPOSE, build_transpose},
    {"depthwise", GANTRY_OP_DEPTHWISE_CONV_2D, vector_conv},
    {"dw_", GANTRY_OP_DEPTHWISE_CONV_2D, vector_conv},
    {"stride2pad1_int4", GANTRY_OP_CONV_2D, vector_conv},
    {"fully_connected", GANTRY_OP_FULLY_CONNECTED, build_fully_connected},
    {"fc_", GANTRY_OP_FULLY_CONNECTED, build_fully_connected},
    {"avgpooling", GANTRY_OP_AVERAGE_POOL_2D, build_pool},
    {"maxpool", GANTRY_OP_MAX_POOL_2D, build_pool},
    {"add", GANTRY_OP_ADD, build_add},
    {"mul", GANTRY_OP_MUL, build_mul},
    {"maximum", GANTRY_OP_MAXIMUM, build_extreme},
    {"minimum", GANTRY_OP_MINIMUM, build_extreme},
    {"pad", GANTRY_OP_PAD, build_pad},
    {"softmax_s8_s16", GANTRY_OP_SOFTMAX, build_wide_softmax},
    {"softmax", GANTRY_OP_SOFTMAX, build_softmax},
    {"batch_matmul", GANTRY_OP_BATCH_MATMUL, build_batch_matmul},
    {"lstm", GANTRY_OP_UNIDIRECTIONAL_SEQUENCE_LSTM, vector_lstm},
    {"svdf", GANTRY_OP_SVDF, vector_svdf},
    {"ds_cnn", GANTRY_OP_COUNT, NULL}, /* a network */
    {"", GANTRY_OP_CONV_2D, vector_conv},
};

const struct vector_family *vector_family_of(const char *name)
{
    const struct vector_family *family = families;
    while (strncmp(name, family->begins, strlen(family->begins)) != 0) family++;
    return family;
}
