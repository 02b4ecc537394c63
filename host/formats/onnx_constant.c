/* SPDX-License-Identifier: Apache-2.0
 * Initialisers: from raw bytes, from typed fields, from a file beside the model. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/onnx_reader.h"

/* Element types by their numbers in the format. */
static const struct {
    const char *name;
    int dtype; /* -1: Gantry has none */
} types[] = {{"undefined", -1},
             {"float32", GANTRY_FLOAT32},
             {"uint8", GANTRY_UINT8},
             {"int8", GANTRY_INT8},
             {"uint16", -1},
             {"int16", GANTRY_INT16},
             {"int32", GANTRY_INT32},
             {"int64", GANTRY_INT64},
             {"string", -1},
             {"bool", GANTRY_BOOL},
             {"float16", -1},
             {"float64", -1},
             {"uint32", -1},
             {"uint64", -1},
             {"complex64", -1},
             {"complex128", -1},
             {"bfloat16", -1},
             {"float8e4m3fn", -1},
             {"float8e4m3fnuz", -1},
             {"float8e5m2", -1},
             {"float8e5m2fnuz", -1},
             {"uint4", -1},
             {"int4", -1},
             {"float4e2m1", -1}};

bool gantry_onnx_dtype(int32_t data_type, enum gantry_dtype *out)
{
    if (data_type < 0 || (size_t)data_type >= GANTRY_COUNT(types)) return false;
    if (types[data_type].dtype < 0) return false;
    *out = (enum gantry_dtype)types[data_type].dtype;
    return true;
}

const char *gantry_onnx_dtype_name(int32_t data_type)
{
    bool known = data_type >= 0 && (size_t)data_type < GANTRY_COUNT(types);
    return known ? types[data_type].name : "of an unknown type";
}

static bool read_shape(struct gantry_onnx *r, const Onnx__TensorProto *from, const char *name,
                       struct gantry_shape *shape)
{
    if (from->n_dims > GANTRY_RANK_MAX) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "constant \"%s\": rank %zu (limit %d)",
                               name, from->n_dims, GANTRY_RANK_MAX);
        return false;
    }
    shape->rank = (int32_t)from->n_dims;
    for (int32_t i = 0; i < shape->rank; i++) {
        if (from->dims[i] < 1 || from->dims[i] > INT32_MAX) {
            (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                                   "constant \"%s\": dimension %d is %" PRId64 " (1..2^31 - 1)",
                                   name, i, from->dims[i]);
            return false;
        }
        shape->dims[i] = (int32_t)from->dims[i];
    }
    if (gantry_shape_elements(shape) > 0) return true;
    (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                           "constant \"%s\": more than 2^31 - 1 elements", name);
    return false;
}

static bool size_differs(struct gantry_onnx *r, const char *name, size_t have, size_t want)
{
    if (have == want) return false;
    (void)gantry_onnx_fail(r, GANTRY_ERR_FILE,
                           "constant \"%s\": %zu bytes of data, its shape says "
                           "%zu",
                           name, have, want);
    return true;
}

/* Elements of the typed fields; narrow types are held as int32 each. */
static void copy_typed(struct gantry_onnx *r, const Onnx__TensorProto *from, const char *name,
                       enum gantry_dtype dtype, size_t count, void *to)
{
    size_t size = gantry_dtype_bytes(dtype);
    if (dtype == GANTRY_FLOAT32 || dtype == GANTRY_INT64) {
        size_t have = dtype == GANTRY_FLOAT32 ? from->n_float_data : from->n_int64_data;
        const void *data = dtype == GANTRY_FLOAT32 ? (const void *)from->float_data
                                                   : (const void *)from->int64_data;
        if (!size_differs(r, name, have * size, count * size)) memcpy(to, data, count * size);
        return;
    }
    if (size_differs(r, name, from->n_int32_data * size, count * size)) return;
    /* Little-endian machines only: the low bytes of each element come first. */
    for (size_t i = 0; i < count; i++) memcpy((uint8_t *)to + i * size, &from->int32_data[i], size);
}

static const char *entry(const Onnx__TensorProto *from, const char *key)
{
    for (size_t i = 0; i < from->n_external_data; i++) {
        const Onnx__StringStringEntryProto *pair = from->external_data[i];
        if (pair->key && strcmp(pair->key, key) == 0) return pair->value;
    }
    return NULL;
}

/* A count of bytes in decimal; false when it is something else. */
static bool read_bytes(const char *text, size_t *out)
{
    char *end;
    if (!text) return true;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value > SIZE_MAX / 2) return false;
    *out = (size_t)value;
    return true;
}

/* Whether a location stays within the model's folder: relative, no step upwards. */
static bool inside(const char *location)
{
    if (!location || !*location || *location == '/') return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        if (*part == '/') part++;
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == 0)) return false;
    }
    return true;
}

static void copy_external(struct gantry_onnx *r, const Onnx__TensorProto *from, const char *name,
                          size_t bytes, void *to)
{
    const char *location = entry(from, "location");
    size_t offset = 0, length = bytes;
    char path[4096];
    struct gantry_file file = {0};
    if (!inside(location) || !read_bytes(entry(from, "offset"), &offset) ||
        !read_bytes(entry(from, "length"), &length)) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE,
                               "constant \"%s\": data in \"%s\" at \"%s\" (a file in the folder of "
                               "the model, offset and length in bytes)",
                               name, location ? location : "",
                               entry(from, "offset") ? entry(from, "offset") : "0");
        return;
    }
    if (!r->folder) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED,
                               "constant \"%s\" lies in the file \"%s\", the model in memory", name,
                               location);
        return;
    }
    if (size_differs(r, name, length, bytes)) return;
    int n = snprintf(path, sizeof path, "%s%s", r->folder, location);
    if (n < 0 || (size_t)n >= sizeof path) {
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE, "constant \"%s\": path of over %zu characters",
                               name, sizeof path - 1);
        return;
    }
    struct gantry_error inner = {0};
    enum gantry_status status = gantry_file_open(&file, path, &inner);
    if (status != GANTRY_OK) {
        (void)gantry_onnx_fail(r, status, "constant \"%s\": %s", name, inner.message);
        return;
    }
    if (offset > file.size || bytes > file.size - offset)
        (void)gantry_onnx_fail(r, GANTRY_ERR_FILE,
                               "constant \"%s\": bytes %zu to %zu of \"%s\" (it has %zu)", name,
                               offset, offset + bytes, location, file.size);
    else
        memcpy(to, file.data + offset, bytes);
    gantry_file_close(&file);
}

int32_t gantry_onnx_constant(struct gantry_onnx *r, const Onnx__TensorProto *from, const char *name)
{
    struct gantry_shape shape;
    enum gantry_dtype dtype;
    void *data;
    if (r->status != GANTRY_OK) return GANTRY_NO_TENSOR;
    if (!gantry_onnx_dtype(from->data_type, &dtype))
        return gantry_onnx_fail(r, GANTRY_ERR_UNSUPPORTED, "constant \"%s\" is %s", name,
                                gantry_onnx_dtype_name(from->data_type));
    if (!read_shape(r, from, name, &shape)) return GANTRY_NO_TENSOR;
    size_t count = (size_t)gantry_shape_elements(&shape);
    size_t bytes = count * gantry_dtype_bytes(dtype);
    bool external = from->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    /* A shape alone takes no memory: the data is there before it is made room for. */
    if (from->has_raw_data && !external && size_differs(r, name, from->raw_data.len, bytes))
        return GANTRY_NO_TENSOR;
    if (!from->has_raw_data && !external &&
        from->n_float_data + from->n_int32_data + from->n_int64_data < count)
        return gantry_onnx_fail(r, GANTRY_ERR_FILE, "constant \"%s\": fewer than %zu elements",
                                name, count);
    int32_t tensor = gantry_onnx_make_constant(r, name, dtype, &shape, &data);
    if (tensor == GANTRY_NO_TENSOR) return tensor;
    if (external)
        copy_external(r, from, name, bytes, data);
    else if (from->has_raw_data)
        memcpy(data, from->raw_data.data, bytes);
    else
        copy_typed(r, from, name, dtype, count, data);
    return r->status == GANTRY_OK ? tensor : GANTRY_NO_TENSOR;
}
