/* SPDX-License-Identifier: Apache-2.0
 * Dense arrays in NumPy's .npy files, versions 1.0 to 3.0: strict about the header, as NumPy
 * itself writes it. */
#include "formats/formats.h"
#include "formats/write.h"

#include <stdio.h>
#include <string.h>

enum { PREFIX_BYTES = 10, HEADER_LIMIT = 65536 };

static const struct {
    const char *text;
    enum gantry_dtype dtype;
} types[] = {
#define ROW(name, bytes, numpy) {numpy, GANTRY_##name},
    GANTRY_DTYPE_LIST(ROW)
#undef ROW
};

/* The header is a Python dictionary; at walks over it. */
struct header {
    const char *at, *end;
    bool has_type, has_order, has_shape;
    bool fortran;
    enum gantry_dtype dtype;
    struct gantry_shape shape;
};

static void skip_spaces(struct header *h)
{
    while (h->at < h->end && (*h->at == ' ' || *h->at == '\n')) h->at++;
}

static bool take(struct header *h, char c)
{
    skip_spaces(h);
    if (h->at >= h->end || *h->at != c) return false;
    h->at++;
    return true;
}

/* A quoted word into text. */
static bool take_string(struct header *h, char *text, size_t size)
{
    skip_spaces(h);
    if (h->at >= h->end || (*h->at != '\'' && *h->at != '"')) return false;
    char quote = *h->at++;
    size_t used = 0;
    while (h->at < h->end && *h->at != quote) {
        if (used + 1 >= size || *h->at == '\\') return false;
        text[used++] = *h->at++;
    }
    text[used] = 0;
    return take(h, quote);
}

static bool take_word(struct header *h, const char *word)
{
    skip_spaces(h);
    size_t length = strlen(word);
    if ((size_t)(h->end - h->at) < length || memcmp(h->at, word, length) != 0) return false;
    h->at += length;
    return true;
}

static bool take_number(struct header *h, int32_t *out)
{
    skip_spaces(h);
    int64_t value = 0;
    const char *start = h->at;
    while (h->at < h->end && *h->at >= '0' && *h->at <= '9' && value <= INT32_MAX)
        value = value * 10 + (*h->at++ - '0');
    *out = (int32_t)(value <= INT32_MAX ? value : 0);
    return h->at > start && value <= INT32_MAX;
}

static bool take_shape(struct header *h)
{
    if (!take(h, '(')) return false;
    h->shape.rank = 0;
    bool comma = true;
    while (!take(h, ')')) {
        int32_t dim;
        if (!comma || h->shape.rank == GANTRY_RANK_MAX || !take_number(h, &dim)) return false;
        h->shape.dims[h->shape.rank++] = dim;
        comma = take(h, ',');
    }
    /* A tuple of one element has a comma. */
    return h->shape.rank != 1 || comma;
}

/* Native byte order is little endian on every machine the library runs on; single bytes have
 * none. */
static bool take_type(struct header *h, char *text, size_t size)
{
    if (!take_string(h, text, size)) return false;
    bool order = text[0] == '<' || text[0] == '|' || text[0] == '=';
    for (size_t i = 0; order && i < GANTRY_COUNT(types); i++) {
        if (strcmp(text + 1, types[i].text) != 0) continue;
        h->dtype = types[i].dtype;
        return text[0] != '|' || gantry_dtype_bytes(h->dtype) == 1;
    }
    return false;
}

/* One "key: value"; why says what is wrong with it. */
static bool take_item(struct header *h, char *why, size_t size)
{
    char key[24], type[24] = "";
    if (!take_string(h, key, sizeof key) || !take(h, ':')) {
        (void)snprintf(why, size, "the header is not a dictionary");
        return false;
    }
    if (strcmp(key, "descr") == 0 && !h->has_type) {
        h->has_type = take_type(h, type, sizeof type);
        if (!h->has_type) (void)snprintf(why, size, "type \"%s\" is not read", type);
        return h->has_type;
    }
    if (strcmp(key, "fortran_order") == 0 && !h->has_order) {
        h->fortran = take_word(h, "True");
        h->has_order = h->fortran || take_word(h, "False");
        if (!h->has_order) (void)snprintf(why, size, "fortran_order is neither True nor False");
        return h->has_order;
    }
    if (strcmp(key, "shape") == 0 && !h->has_shape) {
        h->has_shape = take_shape(h);
        if (!h->has_shape)
            (void)snprintf(why, size, "the shape is not a tuple of up to %d sizes",
                           GANTRY_RANK_MAX);
        return h->has_shape;
    }
    (void)snprintf(why, size, "key \"%s\" is unknown or twice", key);
    return false;
}

static bool parse(struct header *h, char *why, size_t size)
{
    (void)snprintf(why, size, "the header is not a dictionary");
    if (!take(h, '{')) return false;
    while (!take(h, '}')) {
        if (!take_item(h, why, size)) return false;
        (void)snprintf(why, size, "the header is not a dictionary");
        if (take(h, ',')) continue;
        if (!take(h, '}')) return false;
        break;
    }
    skip_spaces(h);
    if (h->at != h->end) return false;
    (void)snprintf(why, size, "the header lacks descr, fortran_order or shape");
    return h->has_type && h->has_order && h->has_shape;
}

/* Finds header and data in the file. */
static enum gantry_status split(const struct gantry_file *file, const char *path, struct header *h,
                                size_t *data_at, struct gantry_error *error)
{
    if (file->size < PREFIX_BYTES || memcmp(file->data, "\x93NUMPY", 6) != 0)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: not a .npy file", path);
    uint8_t major = file->data[6], minor = file->data[7];
    if (major < 1 || major > 3 || minor != 0)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: .npy version %d.%d (1.0 to 3.0)", path,
                           major, minor);
    size_t prefix = major == 1 ? PREFIX_BYTES : PREFIX_BYTES + 2;
    if (file->size < prefix)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: truncated (%zu bytes)", path, file->size);
    size_t length = major == 1 ? gantry_load_u16(file->data + 8) : gantry_load_u32(file->data + 8);
    if (length > HEADER_LIMIT || length > file->size - prefix)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: header of %zu bytes in a file of %zu", path,
                           length, file->size);
    h->at = (const char *)file->data + prefix;
    h->end = h->at + length;
    *data_at = prefix + length;
    return GANTRY_OK;
}

static enum gantry_status read_array(struct gantry_array *array, const struct gantry_file *file,
                                     const char *path, struct gantry_error *error)
{
    struct header h = {0};
    size_t data_at = 0;
    enum gantry_status status = split(file, path, &h, &data_at, error);
    if (status != GANTRY_OK) return status;
    char why[96];
    if (!parse(&h, why, sizeof why))
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: %s", path, why);
    if (h.fortran)
        return gantry_fail(error, GANTRY_ERR_FILE,
                           "%s: the array is in Fortran order (C order is read)", path);
    for (int32_t i = 0; i < h.shape.rank; i++)
        if (h.shape.dims[i] < 1)
            return gantry_fail(error, GANTRY_ERR_FILE, "%s: dimension %d is 0", path, i);
    int64_t elements = gantry_shape_elements(&h.shape);
    size_t bytes = (size_t)elements * gantry_dtype_bytes(h.dtype);
    if (elements == 0 || bytes != file->size - data_at)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: %zu bytes of data, the shape says %zu",
                           path, file->size - data_at, bytes);
    array->data = gantry_allocate(array->allocator, bytes, 1);
    if (!array->data)
        return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: no memory for %zu bytes", path, bytes);
    memcpy(array->data, file->data + data_at, bytes);
    array->dtype = h.dtype;
    array->shape = h.shape;
    array->bytes = bytes;
    return GANTRY_OK;
}

enum gantry_status gantry_npy_read(struct gantry_array *array, const char *path,
                                   const struct gantry_allocator *allocator,
                                   struct gantry_error *error)
{
    memset(array, 0, sizeof *array);
    array->allocator = allocator;
    struct gantry_file file;
    enum gantry_status status = gantry_file_open(&file, path, error);
    if (status == GANTRY_OK) status = read_array(array, &file, path, error);
    gantry_file_close(&file);
    return status;
}

void gantry_array_finish(struct gantry_array *array)
{
    gantry_release(array->allocator, array->data);
    memset(array, 0, sizeof *array);
}

/* Version 1.0; the data starts at a multiple of 64, as NumPy does. Returns the header's bytes. */
static size_t make_header(uint8_t *header, size_t size, enum gantry_dtype dtype,
                          const struct gantry_shape *shape)
{
    char text[192];
    int used = snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                        gantry_dtype_bytes(dtype) == 1 ? '|' : '<', types[dtype].text);
    for (int32_t i = 0; i < shape->rank; i++)
        used +=
            snprintf(text + used, sizeof text - (size_t)used, i ? ", %d" : "%d", shape->dims[i]);
    used +=
        snprintf(text + used, sizeof text - (size_t)used, "%s), }", shape->rank == 1 ? "," : "");
    size_t total = gantry_align_size(PREFIX_BYTES + (size_t)used + 1, 64);
    gantry_assert(total <= size && (size_t)used < sizeof text);
    memset(header, ' ', total);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (uint8_t)(total - PREFIX_BYTES);
    header[9] = (uint8_t)((total - PREFIX_BYTES) >> 8);
    memcpy(header + PREFIX_BYTES, text, (size_t)used);
    header[total - 1] = '\n';
    return total;
}

enum gantry_status gantry_npy_write(const char *path, enum gantry_dtype dtype,
                                    const struct gantry_shape *shape, const void *data,
                                    size_t bytes, struct gantry_error *error)
{
    int64_t elements = gantry_shape_elements(shape);
    if (shape->rank < 0 || shape->rank > GANTRY_RANK_MAX || elements < 1 ||
        bytes != (size_t)elements * gantry_dtype_bytes(dtype) || bytes == 0)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "%s: %zu bytes for another shape", path,
                           bytes);
    uint8_t header[256];
    size_t header_bytes = make_header(header, sizeof header, dtype, shape);
    const struct gantry_piece pieces[] = {{header, header_bytes}, {data, bytes}};
    return gantry_write_file(path, pieces, GANTRY_COUNT(pieces), error);
}
