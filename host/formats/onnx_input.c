/* SPDX-License-Identifier: Apache-2.0
 * Inputs of an .onnx file: their types and shapes, and what dimensions without a number are. */
#include <string.h>

#include "formats/onnx_reader.h"

static bool has_number(const Onnx__TensorShapeProto__Dimension *dim)
{
    return dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
}

/* Dimensions without a number are 1, and free. */
static bool input_shape(struct gantry_onnx *r, const Onnx__TypeProto__Tensor *type,
                        const char *name, struct gantry_shape *out, uint32_t *free_dims)
{
    size_t rank = type->shape ? type->shape->n_dim : 0;
    if (rank > GANTRY_RANK_MAX) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "input \"%s\": rank %zu (limit %d)", name,
                               rank, GANTRY_RANK_MAX);
        return false;
    }
    out->rank = (int32_t)rank;
    *free_dims = type->shape ? 0 : GANTRY_FREE_RANK;
    for (size_t i = 0; i < rank; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = type->shape->dim[i];
        bool given = has_number(dim);
        if (given && (dim->dim_value < 1 || dim->dim_value > INT32_MAX)) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                                   "input \"%s\": dimension %zu is %lld (1..2^31 - 1)", name, i,
                                   (long long)dim->dim_value);
            return false;
        }
        out->dims[i] = given ? (int32_t)dim->dim_value : 1;
        if (!given) *free_dims |= UINT32_C(1) << i;
    }
    return true;
}

/* *from: the type of an input that was added. */
static void read_input(struct gantry_onnx *r, const Onnx__ValueInfoProto *info,
                       const Onnx__TypeProto__Tensor **from)
{
    struct gantry_shape shape = {0};
    enum gantry_dtype dtype = GANTRY_FLOAT32;
    uint32_t free_dims;
    int32_t value = gantry_onnx_named(r, info->name ? info->name : "");
    /* Older files list initialisers as inputs. */
    if (value == GANTRY_NO_VALUE || r->values[value].tensor != GANTRY_NO_TENSOR) return;
    const char *name = r->values[value].name;
    if (!info->type || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "input \"%s\" is not a tensor", name);
        return;
    }
    const Onnx__TypeProto__Tensor *type = info->type->tensor_type;
    if (!gantry_onnx_dtype(type->elem_type, &dtype)) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "input \"%s\" is %s", name,
                               gantry_onnx_dtype_name(type->elem_type));
        return;
    }
    if (!input_shape(r, type, name, &shape, &free_dims)) return;
    int32_t tensor = gantry_onnx_tensor(r, name, dtype, NULL);
    gantry_onnx_set_shape(r, tensor, &shape);
    gantry_onnx_give(r, value, tensor, gantry_onnx_identity());
    if (r->status != GANTRY_OK) return;
    r->graph->tensors[tensor].free_dims = free_dims;
    from[r->graph->input_count] = type;
    r->graph->inputs[r->graph->input_count++] = tensor;
}

/* ---- Dimensions that have a name ---- */

/* The name of a free dimension; NULL: none. */
static const char *dim_name(const Onnx__TypeProto__Tensor *type, int32_t d)
{
    if (!type->shape || d >= (int32_t)type->shape->n_dim || has_number(type->shape->dim[d]))
        return NULL;
    const Onnx__TensorShapeProto__Dimension *dim = type->shape->dim[d];
    bool named = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    return named && dim->dim_param && *dim->dim_param ? dim->dim_param : NULL;
}

static bool is_given(const struct gantry_onnx *r, int32_t input)
{
    const char *name = r->graph->tensors[r->graph->inputs[input]].name;
    for (size_t k = 0; r->shapes && k < r->shapes->count; k++) {
        const char *wanted = r->shapes->items[k].input;
        if (!wanted || strcmp(wanted, name) == 0) return true;
    }
    return false;
}

/* Gives dimension d of input i to those of the same name of another input. */
static void share(struct gantry_onnx *r, const Onnx__TypeProto__Tensor **types, int32_t i,
                  int32_t d, int32_t other)
{
    const struct gantry_graph_tensor *from = &r->graph->tensors[r->graph->inputs[i]];
    struct gantry_graph_tensor *to = &r->graph->tensors[r->graph->inputs[other]];
    struct gantry_shape shape = to->shape;
    for (int32_t e = 0; e < shape.rank; e++) {
        const char *name = dim_name(types[other], e);
        if (!name || strcmp(name, dim_name(types[i], d)) != 0) continue;
        if (is_given(r, other) && shape.dims[e] != from->shape.dims[d]) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_SHAPE,
                                   "dimension \"%.40s\" is %d of input \"%s\" and %d of \"%s\"",
                                   name, from->shape.dims[d], from->name, shape.dims[e], to->name);
            return;
        }
        shape.dims[e] = from->shape.dims[d];
    }
    gantry_onnx_set_shape(r, r->graph->inputs[other], &shape);
}

static void share_names(struct gantry_onnx *r, const Onnx__TypeProto__Tensor **types)
{
    for (int32_t i = 0; i < r->graph->input_count; i++) {
        int32_t rank = r->graph->tensors[r->graph->inputs[i]].shape.rank;
        for (int32_t d = 0; is_given(r, i) && d < rank; d++)
            for (int32_t other = 0; other < r->graph->input_count; other++)
                if (dim_name(types[i], d)) share(r, types, i, d, other);
    }
}

void gantry_onnx_read_inputs(struct gantry_onnx *r, const Onnx__GraphProto *graph)
{
    struct gantry_arena *arena = &r->graph->arena;
    const Onnx__TypeProto__Tensor **types =
        gantry_arena_alloc(arena, graph->n_input + 1, sizeof(*types));
    r->graph->inputs = gantry_arena_alloc(arena, graph->n_input + 1, sizeof(int32_t));
    if (!r->graph->inputs || !types) (void)gantry_onnx_memory(r);
    for (size_t i = 0; r->status == GANTRY_OK && i < graph->n_input; i++)
        read_input(r, graph->input[i], types);
    if (r->status != GANTRY_OK || !r->shapes || r->shapes->count == 0) return;
    bool changed;
    r->status = gantry_inputs_shape(r->graph, r->shapes, r->file, &changed, r->error);
    if (r->status == GANTRY_OK) share_names(r, types);
}
