/* SPDX-License-Identifier: Apache-2.0
 * Cases of operators that keep a state: the LSTM and SVDF. */
#include <stdio.h>
#include <string.h>

#include "vector_build.h"

/* A factor of a gate: of its inputs, or of what was put out before. */
static float gate_factor(const struct build *b, const char *gate, const char *of)
{
    char multiplier[64], shift[64];
    (void)snprintf(multiplier, sizeof multiplier, "%s_GATE_%s_MULTIPLIER", gate, of);
    (void)snprintf(shift, sizeof shift, "%s_GATE_%s_SHIFT", gate, of);
    return factor(number(b, multiplier), number(b, shift));
}

/* A constant of a gate ("forget_gate_bias"). */
static void add_part(struct build *b, const char *gate, const char *part, const char *dtype,
                     struct gantry_shape shape, float scale)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s_gate_%s", gate, part);
    const void *data = ARRAY(b, dtype, (size_t)gantry_shape_elements(&shape), name);
    if (!data) b->complete = false;
    if (b->complete)
        one_node_constant(&b->n,
                          strcmp(dtype, "int8") == 0    ? GANTRY_INT8
                          : strcmp(dtype, "int64") == 0 ? GANTRY_INT64
                                                        : GANTRY_INT32,
                          shape, borrowed(data), scale, 0);
}

/* What goes into a gate has 12 fraction bits; with activations of the scale 1 the weights' is that
 * of their products. */
void vector_lstm(struct build *b, enum gantry_op op)
{
    static const char *const gates[4] = {"input", "forget", "cell", "output"};
    static const char *const names[4] = {"INPUT", "FORGET", "CELL", "OUTPUT"};
    const int32_t batch = number(b, "BATCH_SIZE"), times = number(b, "TIME_STEPS");
    const int32_t features = number(b, "INPUT_SIZE"), cells = number(b, "HIDDEN_SIZE");
    const int32_t y_zero = number(b, "OUTPUT_ZERO_POINT");
    const float unit = 0x1p-12f;
    bool wide = b->dtype == GANTRY_INT16;
    bool time_major = vector_case_says(&b->c, "TIME_MAJOR", "true");
    int32_t outer = time_major ? times : batch, inner = time_major ? batch : times;
    (void)op;
    vector_input(b, SHAPE(outer, inner, features),
                 ARRAY(b, stored(b), (size_t)(batch * times * features), "input_tensor"), 1,
                 -number(b, "INPUT_ZERO_POINT"));
    for (int32_t g = 0; g < 4; g++)
        add_part(b, gates[g], "input_weights", "int8", SHAPE(cells, features),
                 gate_factor(b, names[g], "INPUT") * unit);
    for (int32_t g = 0; g < 4; g++)
        add_part(b, gates[g], "hidden_weights", "int8", SHAPE(cells, cells),
                 gate_factor(b, names[g], "HIDDEN") * unit);
    for (int32_t i = 0; i < 3; i++) one_node_absent(&b->n);
    for (int32_t g = 0; g < 4; g++)
        add_part(b, gates[g], "bias", wide ? "int64" : "int32", SHAPE(cells), 0);
    for (int32_t i = 0; i < 2; i++) one_node_absent(&b->n);
    /* Gates of 2^-15 bring 2^-30 to the cell. */
    float added = factor(number(b, "INPUT_TO_CELL_MULTIPLIER"), number(b, "INPUT_TO_CELL_SHIFT"));
    one_node_variable(&b->n, b->dtype, SHAPE(batch, cells), 1, y_zero);
    one_node_variable(&b->n, GANTRY_INT16, SHAPE(batch, cells), 0x1p-30f / added, 0);
    float hidden = factor(number(b, "OUTPUT_MULTIPLIER"), number(b, "OUTPUT_SHIFT"));
    b->n.node.attributes.lstm = (struct gantry_lstm_attributes){
        .time_major = time_major, .hidden_scale = 0x1p-30f / hidden, .hidden_zero = y_zero};
    vector_output(b, SHAPE(outer, inner, cells), "output", 1, y_zero);
}

/* Run by run; what the last one puts out is compared. */
void vector_svdf(struct build *b, enum gantry_op op)
{
    const int32_t batch = number(b, "INPUT_BATCHES"), features = number(b, "INPUT_SIZE");
    const int32_t filters = number(b, "FEATURE_BATCHES"), memory = number(b, "TIME_BATCHES");
    const int32_t rank = number(b, "RANK"), units = filters / rank, runs = 2;
    const int8_t *w = ARRAY(b, "int8", (size_t)(filters * features), "weights_feature");
    const void *time = ARRAY(b, "int16", (size_t)(filters * memory), "weights_time");
    bool narrow = !time; /* its state, too */
    if (narrow) time = ARRAY(b, "int8", (size_t)(filters * memory), "weights_time");
    const int32_t *bias = ARRAY(b, "int32", (size_t)units, "biases");
    (void)op;
    vector_input(b, SHAPE(batch, features),
                 ARRAY(b, "int8", (size_t)(runs * batch * features), "input_sequence"), 1,
                 -number(b, "INPUT_OFFSET"));
    if (!w || !time || !bias) b->complete = false;
    if (!b->complete) return;
    one_node_constant(&b->n, GANTRY_INT8, SHAPE(filters, features), borrowed(w),
                      factor(number(b, "MULTIPLIER_IN"), number(b, "SHIFT_1")), 0);
    one_node_constant(&b->n, narrow ? GANTRY_INT8 : GANTRY_INT16, SHAPE(filters, memory),
                      borrowed(time), factor(number(b, "MULTIPLIER_OUT"), number(b, "SHIFT_2")), 0);
    one_node_constant(&b->n, GANTRY_INT32, SHAPE(units), borrowed(bias), 0, 0);
    one_node_variable(&b->n, narrow ? GANTRY_INT8 : GANTRY_INT16, SHAPE(batch, filters * memory), 1,
                      0);
    b->n.node.attributes.rank = rank;
    b->n.runs = runs;
    vector_output(b, SHAPE(batch, units), "output_ref", 1, number(b, "OUTPUT_OFFSET"));
}
