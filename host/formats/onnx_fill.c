/* SPDX-License-Identifier: Apache-2.0
 * ONNX operators whose outputs are known while the file is read: shapes, ranges, filled tensors. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "formats/onnx_reader.h"

/* A constant with elements of 8 bytes, or of 4, filled by the caller. */
static void *make(struct gantry_onnx *r, const struct gantry_onnx_node *node,
                  enum gantry_dtype dtype, const struct gantry_shape *shape)
{
    void *data;
    int32_t output = node->outputs[0];
    int32_t tensor = gantry_onnx_make_constant(r, r->values[output].name, dtype, shape, &data);
    gantry_onnx_give(r, output, tensor, gantry_onnx_identity());
    return tensor == GANTRY_NO_TENSOR ? NULL : data;
}

void gantry_onnx_read_shape(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    struct gantry_shape shape, size = {1, {1}};
    if (!gantry_onnx_shape(r, node->inputs[0], &shape)) return;
    int64_t start = gantry_onnx_int(node, "start", 0),
            end = gantry_onnx_int(node, "end", shape.rank);
    start = start < 0 ? start + shape.rank : start;
    end = end < 0 ? end + shape.rank : end;
    end = end > shape.rank ? shape.rank : end;
    if (start < 0 || end <= start) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                               "dimensions %" PRId64 " to %" PRId64 " of rank %d", start, end,
                               shape.rank);
        return;
    }
    size.dims[0] = (int32_t)(end - start);
    int64_t *data = make(r, node, GANTRY_INT64, &size);
    for (int64_t i = start; data && i < end; i++) data[i - start] = shape.dims[i];
}

void gantry_onnx_read_size(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const struct gantry_shape scalar = {0};
    struct gantry_shape shape;
    if (!gantry_onnx_shape(r, node->inputs[0], &shape)) return;
    int64_t *data = make(r, node, GANTRY_INT64, &scalar);
    if (data) *data = gantry_shape_elements(&shape);
}

/* ---- ConstantOfShape ---- */

void gantry_onnx_read_constant_of_shape(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    const Onnx__AttributeProto *value = gantry_onnx_attribute(node, "value");
    struct gantry_shape shape = {0};
    enum gantry_dtype dtype = GANTRY_FLOAT32;
    int64_t dims[GANTRY_RANK_MAX];
    static const float zero;
    const void *element = &zero;
    shape.rank = gantry_onnx_integers_of(r, node->inputs[0], dims, GANTRY_RANK_MAX, "the shape");
    if (r->status != GANTRY_OK) return;
    for (int32_t i = 0; i < shape.rank; i++)
        shape.dims[i] = dims[i] < 1 || dims[i] > INT32_MAX ? 0 : (int32_t)dims[i];
    if (value && value->t) {
        int32_t tensor = gantry_onnx_constant(r, value->t, "value");
        if (tensor == GANTRY_NO_TENSOR) return;
        const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
        if (gantry_shape_elements(&t->shape) != 1) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "a value of %d elements (must be 1)",
                                   (int)gantry_shape_elements(&t->shape));
            return;
        }
        dtype = t->dtype;
        element = t->data;
    }
    if (!gantry_onnx_afford(r, &shape)) return;
    uint8_t *data = make(r, node, dtype, &shape);
    size_t size = gantry_dtype_bytes(dtype), count = (size_t)gantry_shape_elements(&shape);
    for (size_t i = 0; data && i < count; i++) memcpy(data + i * size, element, size);
}

/* ---- Range ---- */

/* A number of a constant of one element. */
static bool number_of(struct gantry_onnx *r, const struct gantry_onnx_node *node, int32_t i,
                      enum gantry_dtype *dtype, double *out)
{
    int32_t tensor = gantry_onnx_take_logical(r, node->inputs[i]);
    if (tensor == GANTRY_NO_TENSOR) return false;
    const struct gantry_graph_tensor *t = &r->graph->tensors[tensor];
    bool known = t->data && gantry_shape_elements(&t->shape) == 1;
    *dtype = t->dtype;
    if (known && t->dtype == GANTRY_FLOAT32) {
        float value;
        memcpy(&value, t->data, sizeof value);
        *out = (double)value;
    } else if (known && (t->dtype == GANTRY_INT64 || t->dtype == GANTRY_INT32)) {
        *out = (double)gantry_tensor_integer(t, 0);
    } else {
        known = false;
    }
    if (known && fabs(*out) <= 0x1p53) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                           "input %d is not a constant number of int32, int64 or float32, up to "
                           "2^53",
                           i);
    return false;
}

void gantry_onnx_read_range(struct gantry_onnx *r, const struct gantry_onnx_node *node)
{
    enum gantry_dtype dtype[3];
    double start, limit, delta;
    if (gantry_onnx_needs(r, node, 3) || !number_of(r, node, 0, &dtype[0], &start) ||
        !number_of(r, node, 1, &dtype[1], &limit) || !number_of(r, node, 2, &dtype[2], &delta))
        return;
    double count = ceil((limit - start) / delta);
    if (dtype[0] != dtype[1] || dtype[0] != dtype[2] || !(count >= 1 && count <= INT32_MAX)) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "%g to %g by %g", start, limit, delta);
        return;
    }
    const struct gantry_shape shape = {1, {(int32_t)count}};
    if (!gantry_onnx_afford(r, &shape)) return;
    void *data = make(r, node, dtype[0], &shape);
    for (int32_t i = 0; data && i < shape.dims[0]; i++) {
        double value = start + i * delta;
        if (dtype[0] == GANTRY_FLOAT32)
            ((float *)data)[i] = (float)value;
        else if (dtype[0] == GANTRY_INT64)
            ((int64_t *)data)[i] = (int64_t)value;
        else
            ((int32_t *)data)[i] = (int32_t)value;
    }
}
