/* SPDX-License-Identifier: Apache-2.0
 * Cases of GANTRY_DATA/vectors/cmsis-nn from their two files. */
#include "vector_case.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool vector_case_open(struct vector_case *c, const char *folder, const char *name)
{
    char path[2048];
    struct gantry_error error = {0};
    *c = (struct vector_case){.name = name};
    size_t length = strlen(name);
    if (length + 2 > sizeof c->prefix) return false;
    for (size_t i = 0; i < length; i++) c->prefix[i] = (char)toupper((unsigned char)name[i]);
    c->prefix[length] = '_';
    (void)snprintf(path, sizeof path, "%s/%s.json", folder, name);
    c->root = json_load_file(path, 0, NULL);
    (void)snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    return c->root && gantry_file_open(&c->bytes, path, &error) == GANTRY_OK;
}

void vector_case_close(struct vector_case *c)
{
    gantry_file_close(&c->bytes);
    json_decref(c->root);
}

static json_t *define(const struct vector_case *c, const char *name)
{
    char key[160];
    (void)snprintf(key, sizeof key, "%s%s", c->prefix, name);
    return json_object_get(json_object_get(c->root, "defines"), key);
}

bool vector_case_has(const struct vector_case *c, const char *name)
{
    return define(c, name) != NULL;
}

bool vector_case_says(const struct vector_case *c, const char *name, const char *word)
{
    const json_t *value = define(c, name);
    return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

int64_t vector_case_number(const struct vector_case *c, const char *name, int64_t fallback)
{
    const json_t *value = define(c, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

int32_t vector_case_list(const struct vector_case *c, const char *name, int32_t *out, int32_t max)
{
    const char *text = json_string_value(define(c, name));
    int32_t count = 0;
    for (char *end; text && *text && count < max; text = end) {
        while (*text && !isdigit((unsigned char)*text)) text++;
        if (!*text) break;
        out[count++] = (int32_t)strtol(text, &end, 10);
    }
    return count;
}

/* Files of the older of two generations of data end in _data; their cases state the size of the
 * input, as those with time steps do in either. */
static bool is_old(const json_t *array)
{
    const char *file = json_string_value(json_object_get(array, "file"));
    return file && strstr(file, "_data.h");
}

static bool has_both(const struct vector_case *c)
{
    const json_t *arrays = json_object_get(c->root, "arrays"), *array;
    size_t i, old = 0;
    json_array_foreach(arrays, i, array) old += is_old(array);
    return old > 0 && old < json_array_size(arrays);
}

static const json_t *find(const struct vector_case *c, const char *name)
{
    char key[160];
    const json_t *arrays = json_object_get(c->root, "arrays"), *array;
    bool timed = vector_case_has(c, "TIME_STEPS");
    bool both = has_both(c), old = vector_case_has(c, "INPUT_SIZE") && !timed;
    size_t i;
    (void)snprintf(key, sizeof key, "%s_%s", c->name, name);
    json_array_foreach(arrays, i, array)
    {
        const char *have = json_string_value(json_object_get(array, "name"));
        if (have && strcmp(have, key) == 0 && (!both || is_old(array) == old)) return array;
    }
    return NULL;
}

const void *vector_case_array(const struct vector_case *c, const char *const names[3],
                              const char *dtype, size_t count)
{
    const json_t *best = NULL;
    for (int i = 0; i < 3 && names[i] && !best; i++) best = find(c, names[i]);
    const char *type = json_string_value(json_object_get(best, "dtype"));
    if (!type || strcmp(type, dtype) != 0) return NULL;
    if ((size_t)json_integer_value(json_object_get(best, "count")) < count) return NULL;
    return (const uint8_t *)c->bytes.data + json_integer_value(json_object_get(best, "offset"));
}
