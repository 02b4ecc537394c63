/* SPDX-License-Identifier: Apache-2.0
 * Tensors in files: which file belongs to which input or output, shapes, types, comparison. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"

enum { TEXT_BYTES = 96 };

size_t gantry_cli_vectors(const struct gantry_shape *file, const struct gantry_shape *model)
{
    if (gantry_shape_equal(file, model)) return 1;
    if (file->rank < 1) return 0;
    struct gantry_shape rest = *file;
    rest.dims[0] = 1;
    if (model->rank >= 1 && model->dims[0] == 1 && gantry_shape_equal(&rest, model))
        return (size_t)file->dims[0];
    rest.rank = file->rank - 1;
    for (int32_t i = 0; i < rest.rank; i++) rest.dims[i] = file->dims[i + 1];
    return gantry_shape_equal(&rest, model) ? (size_t)file->dims[0] : 0;
}

bool gantry_cli_has_ending(const char *path, const char *ending)
{
    size_t a = strlen(path), b = strlen(ending);
    return a >= b && strcasecmp(path + a - b, ending) == 0;
}

bool gantry_cli_is_picture(const char *path)
{
    return gantry_cli_has_ending(path, ".png") || gantry_cli_has_ending(path, ".jpg") ||
           gantry_cli_has_ending(path, ".jpeg") || gantry_cli_has_ending(path, ".bmp");
}

bool gantry_cli_is_sound(const char *path)
{
    static const char *const endings[] = {".wav", ".flac", ".ogg",  ".oga", ".opus", ".mp3",
                                          ".au",  ".aif",  ".aiff", ".w64", ".caf",  ".rf64"};
    for (size_t i = 0; i < GANTRY_COUNT(endings); i++)
        if (gantry_cli_has_ending(path, endings[i])) return true;
    return false;
}

/* ---- Which file is for which tensor ---- */

static int unknown_name(const char *option, const char *item, size_t length,
                        const struct gantry_cli_batch *batch)
{
    const char *names[GANTRY_CLI_LIST_MAX];
    char word[TEXT_BYTES], hint[TEXT_BYTES * 2];
    size_t count = 0;
    for (; count < batch->count && count < GANTRY_CLI_LIST_MAX; count++)
        names[count] = batch->tensors[count].info->name;
    (void)snprintf(word, sizeof word, "%.*s", (int)length, item);
    const char *nearest = gantry_nearest(word, names, count);
    if (nearest)
        (void)snprintf(hint, sizeof hint, "did you mean %s?", nearest);
    else
        (void)snprintf(hint, sizeof hint, "gantry inspect MODEL lists the names");
    return gantry_cli_usage(hint, "--%s %s: the model has no %s of that name", option, item,
                            strcmp(option, "expect") == 0 ? "output" : "input");
}

int gantry_cli_assign(const char *option, const struct gantry_cli_list *list,
                      const struct gantry_cli_batch *batch, const char **paths)
{
    size_t next = 0;
    for (size_t k = 0; k < list->count; k++) {
        const char *item = list->items[k], *equals = strchr(item, '=');
        size_t i = batch->count, length = equals ? (size_t)(equals - item) : 0;
        for (size_t t = 0; equals && t < batch->count; t++) {
            const char *name = batch->tensors[t].info->name;
            if (strlen(name) == length && strncmp(name, item, length) == 0) i = t;
        }
        const char *path = i < batch->count ? equals + 1 : item;
        if (i == batch->count && equals && !memchr(item, '/', length))
            return unknown_name(option, item, length, batch);
        if (i == batch->count) {
            while (next < batch->count && paths[next]) next++;
            i = next;
        }
        if (i == batch->count)
            return gantry_cli_usage(NULL, "--%s %s: too many files (%zu, the model has %zu)",
                                    option, item, list->count, batch->count);
        if (paths[i])
            return gantry_cli_usage(NULL, "--%s %s: given twice for %s", option, item,
                                    batch->tensors[i].info->name);
        paths[i] = path;
    }
    return GANTRY_EXIT_OK;
}

/* ---- Reading ---- */

/* Ends of the integers of a quantised input; false where it is none that is converted to. */
static bool integer_range(const struct gantry_tensor_info *info, float *low, float *high)
{
    static const struct {
        enum gantry_dtype dtype;
        float low, high;
    } ranges[] = {{GANTRY_INT8, INT8_MIN, INT8_MAX},
                  {GANTRY_UINT8, 0, UINT8_MAX},
                  {GANTRY_INT16, INT16_MIN, INT16_MAX}};
    for (size_t i = 0; info->scale > 0.0f && i < GANTRY_COUNT(ranges); i++) {
        if (ranges[i].dtype != info->dtype) continue;
        *low = ranges[i].low;
        *high = ranges[i].high;
        return true;
    }
    return false;
}

/* Fills the tensor from float32 values. */
static enum gantry_status quantize(struct gantry_cli_tensor *tensor, const uint8_t *values,
                                   size_t count, const char *path, struct gantry_error *error)
{
    const struct gantry_tensor_info *info = tensor->info;
    size_t bytes = gantry_dtype_bytes(info->dtype);
    float low = 0, high = 0;
    (void)integer_range(info, &low, &high);
    tensor->data = gantry_allocate(NULL, count, bytes);
    if (!tensor->data) return gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, values + i * sizeof value, sizeof value);
        if (isnan(value))
            return gantry_fail(error, GANTRY_ERR_FILE, "%s: value %zu is no number", path, i);
        float q = rintf(value / info->scale) + (float)info->zero_point;
        int16_t integer = (int16_t)fminf(fmaxf(q, low), high);
        memcpy(tensor->data + i * bytes, &integer, bytes); /* little-endian */
    }
    return GANTRY_OK;
}

/* Moves an array into the tensor's memory, converting float32 when that was asked for. */
static int take_array(const struct gantry_cli_args *args, struct gantry_cli_tensor *tensor,
                      struct gantry_array *array, size_t vectors, const char *path)
{
    const struct gantry_tensor_info *info = tensor->info;
    struct gantry_error error = {0};
    float low = 0, high = 0;
    if (array->dtype == info->dtype) {
        tensor->data = array->data;
        array->data = NULL;
        return GANTRY_EXIT_OK;
    }
    bool convertible = array->dtype == GANTRY_FLOAT32 && integer_range(info, &low, &high);
    if (!convertible || !args->quantize) {
        (void)gantry_fail(&error, GANTRY_ERR_SHAPE, "%s: type %s, input %s has %s", path,
                          gantry_dtype_name(array->dtype), info->name,
                          gantry_dtype_name(info->dtype));
        if (convertible)
            gantry_hint(&error,
                        "--quantize converts float32 with the input's scale and zero point");
        return gantry_cli_failure(&error);
    }
    size_t count = vectors * info->bytes / gantry_dtype_bytes(info->dtype);
    if (quantize(tensor, array->data, count, path, &error) != GANTRY_OK)
        return gantry_cli_failure(&error);
    gantry_cli_note(args, "input %s: float32 quantised to %s", path,
                    gantry_dtype_name(info->dtype));
    return GANTRY_EXIT_OK;
}

static int read_picture(const struct gantry_cli_args *args, struct gantry_array *array,
                        const char *path, const struct gantry_tensor_info *info,
                        const struct gantry_manifest *manifest)
{
    struct gantry_error error = {0};
    struct gantry_image_options options = gantry_image_default_options(info);
    struct gantry_image_size size;
    bool known = manifest && manifest->found && manifest->image;
    if (known) options = manifest->image_options;
    if (gantry_image_read(array, path, info, &options, &size, NULL, &error) != GANTRY_OK)
        return gantry_cli_failure(&error);
    char text[TEXT_BYTES];
    const char *how = info->dtype != GANTRY_UINT8 && options.scale < 1.0f
                          ? "no manifest: values 0..255 taken as 0..1"
                          : "no manifest: values 0..255 as they are";
    gantry_cli_note(args, "input %s: %s picture of %d x %d -> %s %s (%s)", path,
                    info->shape.dims[3] == 1 ||
                            (info->shape.dims[3] != 3 && info->shape.dims[1] == 1)
                        ? "grey"
                        : "colour",
                    size.w, size.h, gantry_shape_text(&info->shape, text, sizeof text),
                    gantry_dtype_name(info->dtype), known ? "manifest" : how);
    return GANTRY_EXIT_OK;
}

/* Elements as they are in memory, of any number of vectors; *vectors: how many. */
static enum gantry_status read_raw(struct gantry_array *array, const char *path,
                                   const struct gantry_tensor_info *info, size_t *vectors,
                                   struct gantry_error *error)
{
    struct gantry_file file;
    enum gantry_status status = gantry_file_open(&file, path, error);
    if (status != GANTRY_OK) return status;
    *array = (struct gantry_array){.dtype = info->dtype, .shape = info->shape, .bytes = file.size};
    *vectors = file.size / info->bytes;
    char shape[TEXT_BYTES];
    if (file.size == 0 || file.size % info->bytes != 0)
        status = gantry_fail(error, GANTRY_ERR_SHAPE,
                             "%s: %zu bytes, input %s of %s %s has %zu (or a multiple of that)",
                             path, file.size, info->name, gantry_dtype_name(info->dtype),
                             gantry_shape_text(&info->shape, shape, sizeof shape), info->bytes);
    else if (!(array->data = gantry_allocate(NULL, file.size, 1)))
        status = gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    else
        memcpy(array->data, file.data, file.size);
    gantry_file_close(&file);
    return status;
}

static int read_input(const struct gantry_cli_args *args, struct gantry_cli_batch *batch, size_t i,
                      const char *path, const struct gantry_manifest *manifest)
{
    struct gantry_error error = {0};
    struct gantry_cli_tensor *tensor = &batch->tensors[i];
    struct gantry_array array = {0};
    size_t vectors = 0;
    int code = GANTRY_EXIT_OK;
    if (gantry_cli_is_picture(path)) {
        code = read_picture(args, &array, path, tensor->info, manifest);
    } else if (gantry_cli_is_sound(path)) {
        code = gantry_cli_sound(args, &array, path, tensor->info, manifest);
    } else if (gantry_cli_has_ending(path, ".npy")) {
        if (gantry_npy_read(&array, path, NULL, &error) != GANTRY_OK)
            code = gantry_cli_failure(&error);
    } else if (gantry_cli_has_ending(path, ".raw") || gantry_cli_has_ending(path, ".bin")) {
        if (read_raw(&array, path, tensor->info, &vectors, &error) != GANTRY_OK)
            code = gantry_cli_failure(&error);
    } else {
        (void)gantry_fail(&error, GANTRY_ERR_FILE,
                          "%s: unknown kind of file (.npy, .raw, .bin, .png, .jpg, .bmp, .wav, "
                          ".flac)",
                          path);
        code = gantry_cli_failure(&error);
    }
    if (code != GANTRY_EXIT_OK) return code;
    if (vectors == 0) vectors = gantry_cli_vectors(&array.shape, &tensor->info->shape);
    if (vectors == 0) {
        char file[TEXT_BYTES], model[TEXT_BYTES];
        (void)gantry_fail(&error, GANTRY_ERR_SHAPE,
                          "%s: shape %s does not fit input %s of shape %s", path,
                          gantry_shape_text(&array.shape, file, sizeof file), tensor->info->name,
                          gantry_shape_text(&tensor->info->shape, model, sizeof model));
        code = gantry_cli_failure(&error);
    } else if (batch->vectors != 0 && batch->vectors != vectors) {
        (void)gantry_fail(&error, GANTRY_ERR_SHAPE, "%s: %zu vectors, the inputs before have %zu",
                          path, vectors, batch->vectors);
        code = gantry_cli_failure(&error);
    } else {
        batch->vectors = vectors;
        code = take_array(args, tensor, &array, vectors, path);
    }
    gantry_array_finish(&array);
    return code;
}

/* ---- Batches ---- */

static int out_of_memory(const char *what)
{
    fprintf(stderr, "gantry: %s: out of memory\n", what);
    return GANTRY_EXIT_MEMORY;
}

static int batch_make(struct gantry_cli_batch *batch, size_t count)
{
    memset(batch, 0, sizeof *batch);
    batch->tensors = gantry_allocate(NULL, count ? count : 1, sizeof *batch->tensors);
    if (!batch->tensors) return out_of_memory("tensors");
    batch->count = count;
    return GANTRY_EXIT_OK;
}

void gantry_cli_batch_finish(struct gantry_cli_batch *batch)
{
    for (size_t i = 0; batch->tensors && i < batch->count; i++)
        gantry_release(NULL, batch->tensors[i].data);
    gantry_release(NULL, batch->tensors);
    memset(batch, 0, sizeof *batch);
}

void gantry_cli_batch_vector(const struct gantry_cli_batch *batch, size_t v,
                             struct gantry_tensor *tensors)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct gantry_tensor_info *info = batch->tensors[i].info;
        tensors[i] = (struct gantry_tensor){.dtype = info->dtype,
                                            .shape = info->shape,
                                            .data = batch->tensors[i].data + v * info->bytes,
                                            .bytes = info->bytes};
    }
}

/* splitmix64: every bit of a seed counts, and the sequence is the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static int fill_random(struct gantry_cli_batch *batch, size_t vectors, uint64_t seed)
{
    uint64_t state = seed;
    batch->vectors = vectors;
    for (size_t i = 0; i < batch->count; i++) {
        struct gantry_cli_tensor *tensor = &batch->tensors[i];
        size_t bytes = tensor->info->bytes * vectors;
        tensor->data = gantry_allocate(NULL, bytes, 1);
        if (!tensor->data) return out_of_memory(tensor->info->name);
        if (tensor->info->dtype != GANTRY_FLOAT32) {
            for (size_t b = 0; b < bytes; b++) tensor->data[b] = (uint8_t)next_random(&state);
            continue;
        }
        for (size_t b = 0; b < bytes; b += sizeof(float)) {
            float value = (float)(int32_t)(next_random(&state) >> 40) / 8388608.0f - 1.0f;
            memcpy(tensor->data + b, &value, sizeof value);
        }
    }
    return GANTRY_EXIT_OK;
}

static int read_inputs(struct gantry_cli_batch *batch, const struct gantry_cli_args *args,
                       const struct gantry_manifest *manifest)
{
    const char *paths[GANTRY_CLI_LIST_MAX] = {0};
    if (batch->count > GANTRY_CLI_LIST_MAX)
        return gantry_cli_usage(NULL, "%s: too many inputs for the command line (%zu, limit %d)",
                                args->model, batch->count, GANTRY_CLI_LIST_MAX);
    int code = gantry_cli_assign("input", &args->inputs, batch, paths);
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < batch->count; i++)
        if (!paths[i])
            code = gantry_cli_usage(NULL, "%s: no file for input %s (%zu given, the model has %zu)",
                                    args->model, batch->tensors[i].info->name, args->inputs.count,
                                    batch->count);
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < batch->count; i++)
        code = read_input(args, batch, i, paths[i], manifest);
    return code;
}

int gantry_cli_inputs(struct gantry_cli_batch *batch, const struct gantry_cli_args *args,
                      const struct gantry_model *model, const struct gantry_manifest *manifest,
                      bool fallback_random)
{
    uint64_t seed = GANTRY_CLI_DEFAULT_SEED;
    memset(batch, 0, sizeof *batch);
    if (args->random && !gantry_cli_number(args->random, &seed))
        return gantry_cli_usage(NULL, "--random: not a whole number (%s)", args->random);
    if (args->random && args->inputs.count > 0)
        return gantry_cli_usage(NULL, "--random fills all inputs: leave out --input");
    bool random = args->random || (fallback_random && args->inputs.count == 0);
    if (!random && args->inputs.count == 0)
        return gantry_cli_usage("give --input FILE, or --random SEED", "%s: no input", args->model);
    int code = batch_make(batch, gantry_model_input_count(model));
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < batch->count; i++)
        batch->tensors[i].info = gantry_model_input(model, i);
    if (code == GANTRY_EXIT_OK && random) {
        if (!args->random)
            gantry_cli_note(args, "no input given: all inputs random, seed %llu",
                            (unsigned long long)seed);
        code = fill_random(batch, gantry_cli_batch_size(args), seed);
    } else if (code == GANTRY_EXIT_OK) {
        code = read_inputs(batch, args, manifest);
    }
    if (code != GANTRY_EXIT_OK) gantry_cli_batch_finish(batch);
    return code;
}

int gantry_cli_outputs(struct gantry_cli_batch *batch, const struct gantry_model *model,
                       size_t vectors)
{
    int code = batch_make(batch, gantry_model_output_count(model));
    if (code == GANTRY_EXIT_OK) batch->vectors = vectors;
    for (size_t i = 0; code == GANTRY_EXIT_OK && i < batch->count; i++) {
        struct gantry_cli_tensor *tensor = &batch->tensors[i];
        tensor->info = gantry_model_output(model, i);
        tensor->data = gantry_allocate(NULL, vectors, tensor->info->bytes);
        if (!tensor->data) code = out_of_memory(tensor->info->name);
    }
    if (code != GANTRY_EXIT_OK) gantry_cli_batch_finish(batch);
    return code;
}
