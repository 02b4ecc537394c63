/* SPDX-License-Identifier: Apache-2.0
 * manifest.json beside a model, and label files: names of classes, preparation of the input. */
#include "formats/manifest_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LABELS_MAX = 65536, LABEL_BYTES_MAX = 256 };

static enum gantry_status no_memory(const char *path, struct gantry_error *error)
{
    return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
}

enum gantry_status gantry_manifest_member(const json_t *object, const char *key, json_type type,
                                          const char *type_name, const json_t **out,
                                          const char *path, struct gantry_error *error)
{
    *out = json_object_get(object, key);
    if (!*out) return GANTRY_OK;
    bool fits = json_typeof(*out) == type;
    if (type == JSON_REAL) fits = json_is_number(*out);
    if (type == JSON_TRUE) fits = json_is_boolean(*out);
    if (fits) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_FILE, "%s: \"%s\" is not %s", path, key, type_name);
}

static enum gantry_status add_label(struct gantry_manifest *manifest, const char *text,
                                    size_t length, const char *path, struct gantry_error *error)
{
    if (length > LABEL_BYTES_MAX)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: label %d has %zu bytes (limit %d)", path,
                           manifest->label_count, length, LABEL_BYTES_MAX);
    char *copy = gantry_arena_copy(&manifest->arena, text, length);
    if (!copy) return no_memory(path, error);
    /* A label is printed on one line. */
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' ';
    manifest->labels[manifest->label_count++] = copy;
    return GANTRY_OK;
}

static enum gantry_status start_labels(struct gantry_manifest *manifest, size_t count,
                                       const char *path, struct gantry_error *error)
{
    if (count == 0 || count > LABELS_MAX)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: %zu labels (1..%d)", path, count,
                           LABELS_MAX);
    manifest->label_count = 0;
    manifest->labels = gantry_arena_alloc(&manifest->arena, count, sizeof(*manifest->labels));
    return manifest->labels ? GANTRY_OK : no_memory(path, error);
}

static enum gantry_status read_labels(struct gantry_manifest *manifest, const json_t *root,
                                      const char *path, struct gantry_error *error)
{
    const json_t *labels;
    enum gantry_status status =
        gantry_manifest_member(root, "labels", JSON_ARRAY, "an array", &labels, path, error);
    if (status != GANTRY_OK || !labels) return status;
    status = start_labels(manifest, json_array_size(labels), path, error);
    for (size_t i = 0; status == GANTRY_OK && i < json_array_size(labels); i++) {
        const json_t *label = json_array_get(labels, i);
        if (!json_is_string(label))
            return gantry_fail(error, GANTRY_ERR_FILE, "%s: label %zu is not a string", path, i);
        status =
            add_label(manifest, json_string_value(label), json_string_length(label), path, error);
    }
    return status;
}

static enum gantry_status read_number(const json_t *input, const char *key, float *out,
                                      const char *path, struct gantry_error *error)
{
    const json_t *number;
    enum gantry_status status =
        gantry_manifest_member(input, key, JSON_REAL, "a number", &number, path, error);
    if (status != GANTRY_OK || !number) return status;
    *out = (float)json_number_value(number);
    if (isfinite(*out)) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_FILE, "%s: \"%s\" is out of range", path, key);
}

static enum gantry_status read_input(struct gantry_manifest *manifest, const json_t *root,
                                     const char *path, struct gantry_error *error)
{
    const json_t *input, *kind, *invert, *resize;
    enum gantry_status status =
        gantry_manifest_member(root, "input", JSON_OBJECT, "an object", &input, path, error);
    if (status != GANTRY_OK || !input) return status;
    status = gantry_manifest_member(input, "kind", JSON_STRING, "a string", &kind, path, error);
    if (status != GANTRY_OK) return status;
    manifest->image = kind && strcmp(json_string_value(kind), "image") == 0;
    if (kind && strcmp(json_string_value(kind), "audio") == 0)
        return gantry_manifest_audio(manifest, root, input, path, error);
    if (!manifest->image) return GANTRY_OK;
    status = gantry_manifest_member(input, "resize", JSON_STRING, "a string", &resize, path, error);
    if (status != GANTRY_OK) return status;
    if (resize && strcmp(json_string_value(resize), "area") != 0)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: resize \"%.40s\" (must be \"area\")", path,
                           json_string_value(resize));
    status =
        gantry_manifest_member(input, "invert", JSON_TRUE, "true or false", &invert, path, error);
    if (status != GANTRY_OK) return status;
    manifest->image_options.invert = invert && json_is_true(invert);
    manifest->image_options.scale = 1;
    status = read_number(input, "scale", &manifest->image_options.scale, path, error);
    if (status != GANTRY_OK) return status;
    return read_number(input, "offset", &manifest->image_options.offset, path, error);
}

static enum gantry_status parse(struct gantry_manifest *manifest, const uint8_t *bytes, size_t size,
                                const char *path, struct gantry_error *error)
{
    json_error_t where;
    json_t *root = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: line %d, column %d: %s", path, where.line,
                           where.column, where.text);
    enum gantry_status status = GANTRY_OK;
    if (!json_is_object(root))
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: not an object", path);
    if (status == GANTRY_OK) status = read_labels(manifest, root, path, error);
    if (status == GANTRY_OK) status = read_input(manifest, root, path, error);
    json_decref(root);
    if (status != GANTRY_OK) return status;
    manifest->text =
        (const uint8_t *)gantry_arena_copy(&manifest->arena, (const char *)bytes, size);
    manifest->text_size = size;
    manifest->found = manifest->text != NULL;
    return manifest->found ? GANTRY_OK : no_memory(path, error);
}

enum gantry_status gantry_manifest_parse(struct gantry_manifest *manifest, const uint8_t *bytes,
                                         size_t size, const char *name,
                                         const struct gantry_allocator *allocator,
                                         struct gantry_error *error)
{
    memset(manifest, 0, sizeof *manifest);
    gantry_arena_init(&manifest->arena, allocator);
    enum gantry_status status = parse(manifest, bytes, size, name, error);
    if (status != GANTRY_OK) gantry_manifest_finish(manifest);
    return status;
}

enum gantry_status gantry_manifest_read(struct gantry_manifest *manifest, const char *model_path,
                                        const struct gantry_allocator *allocator,
                                        struct gantry_error *error)
{
    static const char name[] = "manifest.json";
    memset(manifest, 0, sizeof *manifest);
    gantry_arena_init(&manifest->arena, allocator);
    const char *slash = strrchr(model_path, '/');
    size_t folder = slash ? (size_t)(slash - model_path) + 1 : 0;
    char *path = gantry_arena_alloc(&manifest->arena, folder + sizeof name, 1);
    if (!path) return no_memory(model_path, error);
    memcpy(path, model_path, folder);
    memcpy(path + folder, name, sizeof name);
    if (access(path, F_OK) != 0) return GANTRY_OK;
    struct gantry_file file;
    enum gantry_status status = gantry_file_open(&file, path, error);
    if (status == GANTRY_OK) status = parse(manifest, file.data, file.size, path, error);
    gantry_file_close(&file);
    if (status != GANTRY_OK) gantry_manifest_finish(manifest);
    return status;
}

void gantry_manifest_finish(struct gantry_manifest *manifest)
{
    gantry_arena_finish(&manifest->arena);
    memset(manifest, 0, sizeof *manifest);
}

static size_t count_lines(const struct gantry_file *file)
{
    size_t lines = file->data[file->size - 1] != '\n';
    for (size_t i = 0; i < file->size; i++) lines += file->data[i] == '\n';
    return lines;
}

enum gantry_status gantry_labels_read(struct gantry_manifest *manifest, const char *path,
                                      struct gantry_error *error)
{
    struct gantry_file file;
    enum gantry_status status = gantry_file_open(&file, path, error);
    if (status != GANTRY_OK) return status;
    status = start_labels(manifest, count_lines(&file), path, error);
    const char *at = (const char *)file.data, *end = at + file.size;
    while (status == GANTRY_OK && at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end) line_end = end;
        size_t length = (size_t)(line_end - at);
        if (length && at[length - 1] == '\r') length--;
        if (memchr(at, 0, length))
            status = gantry_fail(error, GANTRY_ERR_FILE, "%s: label %d holds a zero byte", path,
                                 manifest->label_count);
        else
            status = add_label(manifest, at, length, path, error);
        at = line_end + (line_end < end);
    }
    gantry_file_close(&file);
    return status;
}
