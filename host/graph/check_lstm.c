/* SPDX-License-Identifier: Apache-2.0
 * UNIDIRECTIONAL_SEQUENCE_LSTM: float32, or int8 with int16 cells, with or without input gate,
 * peepholes and projection; or int16. */
#include "graph/check.h"

#include <math.h>

#include "kernels/op_lstm.h"

struct lstm {
    int32_t batch, features, cells, outputs;
    bool stored, wide; /* int8 or int16; int16 */
    bool coupled, peepholes, projected;
};

/* Input i is there, or not; what is there has a type and a shape (columns 0: of rank 1), and
 * weights are constants. */
static enum gantry_status check_part(const struct gantry_site *site, int32_t i, bool wanted,
                                     enum gantry_dtype dtype, int32_t rows, int32_t columns)
{
    const struct gantry_graph_tensor *tensor = gantry_site_input(site, i);
    if (!wanted && !tensor) return GANTRY_OK;
    if (!wanted || !tensor)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input %d is %s", i,
                             tensor ? "there, others of its kind are not" : "absent");
    struct gantry_shape shape = {columns ? 2 : 1, {rows, columns}};
    if (tensor->dtype != dtype)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "\"%s\" is %s (must be %s)",
                             tensor->name, gantry_dtype_name(tensor->dtype),
                             gantry_dtype_name(dtype));
    if (!gantry_shape_equal(&tensor->shape, &shape))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "\"%s\" has %d elements (must be %dx%d)",
                             tensor->name, (int)gantry_shape_elements(&tensor->shape), rows,
                             columns ? columns : 1);
    bool weights = i < GANTRY_LSTM_OUTPUT_STATE;
    if (weights ? !tensor->data : !tensor->variable)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "\"%s\" is not %s", tensor->name,
                             weights ? "constant" : "a variable");
    bool scaled = dtype == GANTRY_INT8 || dtype == GANTRY_INT16;
    if (!scaled) return GANTRY_OK;
    enum gantry_status status = gantry_check_scale(site, tensor);
    return status == GANTRY_OK && weights ? gantry_check_symmetric(site, tensor) : status;
}

static enum gantry_status check_gates(const struct gantry_site *site, const struct lstm *lstm)
{
    enum gantry_dtype weights = lstm->stored ? GANTRY_INT8 : GANTRY_FLOAT32;
    enum gantry_dtype cells = lstm->stored ? GANTRY_INT16 : GANTRY_FLOAT32;
    enum gantry_dtype bias = lstm->wide     ? GANTRY_INT64
                             : lstm->stored ? GANTRY_INT32
                                            : GANTRY_FLOAT32;
    enum gantry_status status = GANTRY_OK;
    for (int32_t g = 0; status == GANTRY_OK && g < GANTRY_LSTM_GATES; g++) {
        bool there = g != GANTRY_LSTM_INPUT || !lstm->coupled;
        status =
            check_part(site, GANTRY_LSTM_WEIGHTS + g, there, weights, lstm->cells, lstm->features);
        if (status == GANTRY_OK)
            status = check_part(site, GANTRY_LSTM_RECURRENT + g, there, weights, lstm->cells,
                                lstm->outputs);
        if (status == GANTRY_OK)
            status = check_part(site, GANTRY_LSTM_BIAS + g, there, bias, lstm->cells, 0);
    }
    for (int32_t k = 0; status == GANTRY_OK && k < 3; k++) {
        bool there = lstm->peepholes && (k != GANTRY_LSTM_INPUT || !lstm->coupled);
        status = check_part(site, GANTRY_LSTM_PEEPHOLE + k, there, cells, lstm->cells, 0);
    }
    return status;
}

/* The projection, which makes another number of outputs than cells, and the states. */
static enum gantry_status check_rest(const struct gantry_site *site, const struct lstm *lstm)
{
    enum gantry_dtype activation = site->x->dtype;
    enum gantry_dtype cell = lstm->stored ? GANTRY_INT16 : GANTRY_FLOAT32;
    bool biased = gantry_site_input(site, GANTRY_LSTM_PROJECTION + 1) != NULL;
    enum gantry_status status = check_part(site, GANTRY_LSTM_PROJECTION, lstm->projected,
                                           activation, lstm->outputs, lstm->cells);
    if (status == GANTRY_OK)
        status = check_part(site, GANTRY_LSTM_PROJECTION + 1, biased,
                            lstm->stored ? GANTRY_INT32 : GANTRY_FLOAT32, lstm->outputs, 0);
    if (status == GANTRY_OK)
        status = check_part(site, GANTRY_LSTM_OUTPUT_STATE, true, activation, lstm->batch,
                            lstm->outputs);
    if (status == GANTRY_OK)
        status = check_part(site, GANTRY_LSTM_CELL_STATE, true, cell, lstm->batch, lstm->cells);
    if (status != GANTRY_OK) return status;
    /* There LiteRT applies the peepholes to as many cells as there are outputs. */
    if (lstm->stored && lstm->peepholes && lstm->outputs != lstm->cells)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED,
                             "peepholes with a projection of %d cells to %d outputs", lstm->cells,
                             lstm->outputs);
    for (int32_t i = GANTRY_LSTM_NORMS; i < site->node->input_count; i++)
        if (gantry_site_input(site, i))
            return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "input %d: layer normalisation", i);
    return GANTRY_OK;
}

/* What those of int16 have not. */
static enum gantry_status check_wide(const struct gantry_site *site, const struct lstm *lstm)
{
    enum gantry_status status = gantry_check_symmetric(site, site->x);
    if (status == GANTRY_OK) status = gantry_check_symmetric(site, site->y);
    if (status != GANTRY_OK) return status;
    if (!lstm->coupled && !lstm->peepholes && !lstm->projected) return GANTRY_OK;
    return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "int16 with %s",
                         lstm->coupled     ? "coupled gates"
                         : lstm->projected ? "a projection"
                                           : "peepholes");
}

/* Scales that the fixed point of the cells can work with: of int8 powers of two. */
static enum gantry_status check_cells(const struct gantry_site *site)
{
    const struct gantry_graph_tensor *cell = gantry_site_input(site, GANTRY_LSTM_CELL_STATE);
    const struct gantry_lstm_attributes *lstm = &site->node->attributes.lstm;
    int exponent;
    bool power =
        frexpf(cell->quantization.scale[0], &exponent) == 0.5f || site->x->dtype == GANTRY_INT16;
    if (!power || exponent < -14 || exponent > -8 || cell->quantization.zero_point[0] != 0)
        return GANTRY_REFUSE(
            site, GANTRY_ERR_UNSUPPORTED,
            "cell state \"%s\": scale %g, zero point %d (a power of 2, 2^-15..2^-9; 0)", cell->name,
            (double)cell->quantization.scale[0], cell->quantization.zero_point[0]);
    if (!(lstm->hidden_scale > 0) || !isfinite(lstm->hidden_scale) ||
        lstm->hidden_zero < INT8_MIN || lstm->hidden_zero > INT8_MAX)
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "hidden values: scale %g, zero point %d",
                             (double)lstm->hidden_scale, lstm->hidden_zero);
    return GANTRY_OK;
}

enum gantry_status gantry_check_lstm(const struct gantry_site *site)
{
    const struct gantry_shape *x = &site->x->shape;
    bool time_major = site->node->attributes.lstm.time_major;
    const struct gantry_graph_tensor *forget =
        gantry_site_input(site, GANTRY_LSTM_WEIGHTS + GANTRY_LSTM_FORGET);
    enum gantry_status status = gantry_check_types(site);
    if (status != GANTRY_OK) return status;
    const struct gantry_graph_tensor *projection = gantry_site_input(site, GANTRY_LSTM_PROJECTION);
    if (x->rank != 3 || !forget || (projection && projection->shape.rank != 2))
        return GANTRY_REFUSE(site, GANTRY_ERR_FILE, "input of rank %d (must be 3)%s", x->rank,
                             forget ? "" : ", no forget gate");
    const struct lstm lstm = {
        .batch = x->dims[time_major],
        .features = x->dims[2],
        .cells = forget->shape.dims[0],
        .outputs = (projection ? projection : forget)->shape.dims[0],
        .stored = site->x->dtype != GANTRY_FLOAT32,
        .wide = site->x->dtype == GANTRY_INT16,
        .coupled = !gantry_site_input(site, GANTRY_LSTM_WEIGHTS + GANTRY_LSTM_INPUT),
        .peepholes = gantry_site_input(site, GANTRY_LSTM_PEEPHOLE + 2) != NULL,
        .projected = projection != NULL};
    const struct gantry_shape inferred = {3, {x->dims[0], x->dims[1], lstm.outputs}};
    if (lstm.cells < 1 || lstm.cells > GANTRY_EXTENT_LIMIT || lstm.outputs > GANTRY_EXTENT_LIMIT)
        return GANTRY_REFUSE(site, GANTRY_ERR_UNSUPPORTED, "%d cells, %d outputs (at most %d)",
                             lstm.cells, lstm.outputs, GANTRY_EXTENT_LIMIT);
    status = gantry_check_output_shape(site, &inferred);
    if (status == GANTRY_OK && lstm.wide) status = check_wide(site, &lstm);
    if (status == GANTRY_OK) status = check_gates(site, &lstm);
    if (status == GANTRY_OK) status = check_rest(site, &lstm);
    if (status == GANTRY_OK && lstm.stored) status = check_cells(site);
    if (status != GANTRY_OK) return status;
    uint64_t gates = lstm.coupled ? 3 : 4;
    uint64_t step = gates * (uint64_t)lstm.cells * (uint64_t)(lstm.features + lstm.outputs);
    if (lstm.projected) step += (uint64_t)lstm.cells * (uint64_t)lstm.outputs;
    site->node->macs = step * (uint64_t)x->dims[0] * (uint64_t)x->dims[1];
    return GANTRY_OK;
}
