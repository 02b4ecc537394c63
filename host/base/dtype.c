/* SPDX-License-Identifier: Apache-2.0
 * Types of elements: names and sizes. */
#include "base/base.h"
#include "gantry/tensor.h"

const char *gantry_dtype_name(enum gantry_dtype dtype)
{
    switch (dtype) {
    case GANTRY_INT8:
        return "int8";
    case GANTRY_UINT8:
        return "uint8";
    case GANTRY_INT16:
        return "int16";
    case GANTRY_INT32:
        return "int32";
    case GANTRY_INT64:
        return "int64";
    case GANTRY_FLOAT32:
        return "float32";
    case GANTRY_BOOL:
        return "bool";
    }
    return "unknown";
}

size_t gantry_dtype_bytes(enum gantry_dtype dtype)
{
    static const uint8_t bytes[] = {
#define ROW(name, size, numpy) size,
        GANTRY_DTYPE_LIST(ROW)
#undef ROW
    };
    return (size_t)dtype < GANTRY_COUNT(bytes) ? bytes[dtype] : 0;
}
