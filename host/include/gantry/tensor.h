/* SPDX-License-Identifier: Apache-2.0
 * Tensors at the interface: dense, C order, channels last, borrowed memory. */
#ifndef GANTRY_TENSOR_H
#define GANTRY_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "gantry/version.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GANTRY_RANK_MAX = 6 };

/* X(name, bytes, numpy type string without byte order) */
#define GANTRY_DTYPE_LIST(X) \
    X(INT8, 1, "i1")         \
    X(UINT8, 1, "u1")        \
    X(INT16, 2, "i2")        \
    X(INT32, 4, "i4")        \
    X(INT64, 8, "i8")        \
    X(FLOAT32, 4, "f4")      \
    X(BOOL, 1, "b1")

enum gantry_dtype {
#define GANTRY_DTYPE_ENUM(name, bytes, numpy) GANTRY_##name,
    GANTRY_DTYPE_LIST(GANTRY_DTYPE_ENUM)
#undef GANTRY_DTYPE_ENUM
};

/* rank 0 is a scalar; each dimension is 1 .. 2^31 - 1. */
struct gantry_shape {
    int32_t rank;
    int32_t dims[GANTRY_RANK_MAX];
};

/* A tensor whose memory somebody else owns. bytes = elements x size of dtype. */
struct gantry_tensor {
    enum gantry_dtype dtype;
    struct gantry_shape shape;
    void *data;
    size_t bytes;
};

/* The shape that an input gets where the model leaves dimensions free. */
struct gantry_input_shape {
    const char *input; /* its name; NULL: the only one */
    struct gantry_shape shape;
};

/* Free dimensions of an input that may have any rank. */
#define GANTRY_FREE_RANK UINT32_MAX

/* What a model says of one of its inputs or outputs. name is borrowed from the model.
 * scale 0 means: not quantised; else real = scale * (value - zero_point). */
struct gantry_tensor_info {
    const char *name;
    enum gantry_dtype dtype;
    struct gantry_shape shape;
    float scale;
    int32_t zero_point;
    size_t bytes;
    uint32_t free_dims; /* of an input: bit d, when the model leaves dimension d free */
};

/* Name in lower case ("int8") and bytes of one element. Thread-safe. */
GANTRY_API const char *gantry_dtype_name(enum gantry_dtype dtype);
GANTRY_API size_t gantry_dtype_bytes(enum gantry_dtype dtype);

#ifdef __cplusplus
}
#endif

#endif
