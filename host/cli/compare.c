/* SPDX-License-Identifier: Apache-2.0
 * Outputs against --expect files: C order after axes of length 1 are removed, integers of
 * different width by value. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { TEXT_BYTES = 96 };

double gantry_cli_element(enum gantry_dtype dtype, const void *data, size_t i)
{
    size_t width = gantry_dtype_bytes(dtype);
    uint8_t bytes[8] = {0};
    memcpy(bytes, (const uint8_t *)data + i * width, width);
    float value;
    switch (dtype) {
    case GANTRY_INT8:
        return (int8_t)bytes[0];
    case GANTRY_UINT8:
        return bytes[0];
    case GANTRY_BOOL:
        return bytes[0] != 0;
    case GANTRY_INT16:
        return (int16_t)gantry_load_u16(bytes);
    case GANTRY_INT32:
        return (int32_t)gantry_load_u32(bytes);
    case GANTRY_INT64:
        return (double)(int64_t)gantry_load_u64(bytes);
    case GANTRY_FLOAT32:
        memcpy(&value, bytes, sizeof value);
        return (double)value;
    }
    return 0.0;
}

/* Integers of 64 bits do not fit a double. */
static int64_t integer(enum gantry_dtype dtype, const void *data, size_t i)
{
    if (dtype != GANTRY_INT64) return (int64_t)gantry_cli_element(dtype, data, i);
    uint8_t bytes[8];
    memcpy(bytes, (const uint8_t *)data + i * sizeof bytes, sizeof bytes);
    return (int64_t)gantry_load_u64(bytes);
}

static bool element_equal(enum gantry_dtype a, const void *a_data, enum gantry_dtype b,
                          const void *b_data, size_t i)
{
    if (a == GANTRY_FLOAT32)
        return memcmp((const uint8_t *)a_data + 4 * i, (const uint8_t *)b_data + 4 * i, 4) == 0;
    return integer(a, a_data, i) == integer(b, b_data, i);
}

static void squeeze(struct gantry_shape *shape)
{
    int32_t rank = 0;
    for (int32_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] != 1) shape->dims[rank++] = shape->dims[i];
    shape->rank = rank;
}

/* Without axes of length 1 the two may have ranks beyond a shape's, so V is compared apart. */
static bool shapes_fit(const struct gantry_shape *file, size_t vectors,
                       const struct gantry_shape *output)
{
    struct gantry_shape a = *file, b = *output;
    squeeze(&a);
    squeeze(&b);
    if (vectors == 1) return gantry_shape_equal(&a, &b);
    if (a.rank != b.rank + 1 || (size_t)a.dims[0] != vectors) return false;
    for (int32_t i = 0; i < b.rank; i++)
        if (a.dims[i + 1] != b.dims[i]) return false;
    return true;
}

static int check_file(const char *path, const struct gantry_array *array,
                      const struct gantry_cli_tensor *tensor, size_t vectors)
{
    struct gantry_error error;
    const struct gantry_tensor_info *info = tensor->info;
    if ((array->dtype == GANTRY_FLOAT32) != (info->dtype == GANTRY_FLOAT32)) {
        (void)gantry_fail(&error, GANTRY_ERR_SHAPE, "%s: type %s, output %s has %s", path,
                          gantry_dtype_name(array->dtype), info->name,
                          gantry_dtype_name(info->dtype));
        return gantry_cli_failure(&error);
    }
    if (shapes_fit(&array->shape, vectors, &info->shape)) return GANTRY_EXIT_OK;
    char file[TEXT_BYTES], model[TEXT_BYTES];
    (void)gantry_fail(&error, GANTRY_ERR_SHAPE,
                      "%s: shape %s does not fit %zu vectors of output %s of shape %s", path,
                      gantry_shape_text(&array->shape, file, sizeof file), vectors, info->name,
                      gantry_shape_text(&info->shape, model, sizeof model));
    return gantry_cli_failure(&error);
}

static int compare_file(const char *path, const struct gantry_cli_batch *outputs, size_t output,
                        struct gantry_cli_difference *difference)
{
    struct gantry_error error = {0};
    struct gantry_array array = {0};
    const struct gantry_cli_tensor *tensor = &outputs->tensors[output];
    if (gantry_npy_read(&array, path, NULL, &error) != GANTRY_OK) return gantry_cli_failure(&error);
    int code = check_file(path, &array, tensor, outputs->vectors);
    if (code == GANTRY_EXIT_OK) {
        enum gantry_dtype dtype = tensor->info->dtype;
        size_t elements = outputs->vectors * tensor->info->bytes / gantry_dtype_bytes(dtype);
        *difference = (struct gantry_cli_difference){.total = elements, .output = output};
        for (size_t i = 0; i < elements; i++) {
            if (element_equal(dtype, tensor->data, array.dtype, array.data, i)) continue;
            if (difference->count++ > 0) continue;
            difference->first = i;
            difference->got = gantry_cli_element(dtype, tensor->data, i);
            difference->expected = gantry_cli_element(array.dtype, array.data, i);
        }
    }
    gantry_array_finish(&array);
    return code;
}

int gantry_cli_expect(const struct gantry_cli_args *args, const struct gantry_cli_batch *outputs,
                      struct gantry_cli_difference *differences, bool *compared)
{
    const char *paths[GANTRY_CLI_LIST_MAX] = {0};
    if (outputs->count > GANTRY_CLI_LIST_MAX)
        return gantry_cli_usage(NULL, "%s: too many outputs for the command line (%zu, limit %d)",
                                args->model, outputs->count, GANTRY_CLI_LIST_MAX);
    int code = gantry_cli_assign("expect", &args->expects, outputs, paths);
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < outputs->count; i++) {
        compared[i] = paths[i] != NULL;
        if (paths[i]) code = compare_file(paths[i], outputs, i, &differences[i]);
    }
    return code;
}

const char *gantry_cli_place(const struct gantry_tensor_info *info, size_t element, char *buffer,
                             size_t size)
{
    const struct gantry_shape *shape = &info->shape;
    size_t per_vector = info->bytes / gantry_dtype_bytes(info->dtype);
    size_t rest = element % per_vector, used = 0, block = per_vector;
    int length = snprintf(buffer, size, "vector %zu at ", element / per_vector);
    for (int32_t i = 0; length > 0 && i < shape->rank; i++) {
        used += (size_t)length;
        if (used >= size) break;
        block /= (size_t)shape->dims[i];
        length = snprintf(buffer + used, size - used, i ? ",%zu" : "%zu", rest / block);
        rest %= block;
    }
    return buffer;
}

void gantry_cli_difference_note(const struct gantry_cli_args *args,
                                const struct gantry_cli_difference *difference,
                                const struct gantry_tensor_info *info)
{
    char place[TEXT_BYTES];
    if (difference->count == 0) {
        gantry_cli_note(args, "output %s: all %llu values are as expected", info->name,
                        (unsigned long long)difference->total);
        return;
    }
    fprintf(
        stderr,
        "gantry: output %s: %llu of %llu values differ, the first in %s (%.9g, expected %.9g)\n",
        info->name, (unsigned long long)difference->count, (unsigned long long)difference->total,
        gantry_cli_place(info, difference->first, place, sizeof place), difference->got,
        difference->expected);
}
