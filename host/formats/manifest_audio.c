/* SPDX-License-Identifier: Apache-2.0
 * What a manifest says of audio: the features of an input, and how a stream is decided on. */
#include "formats/manifest_read.h"

#include <string.h>

enum { INTEGER_MAX = 1 << 24 };

static const char preset_name[] = "mlperf-tiny-kws";

struct gantry_audio_options gantry_audio_default_options(void)
{
    return (struct gantry_audio_options){.rate = 16000,
                                         .samples = 16000,
                                         .window = 480,
                                         .stride = 320,
                                         .fft = 512,
                                         .mel_bands = 40,
                                         .coefficients = 10,
                                         .mel_low = 20,
                                         .mel_high = 4000,
                                         .log_offset = 1e-6,
                                         .normalise_maximum = true};
}

struct gantry_listen_options gantry_listen_default_options(void)
{
    return (struct gantry_listen_options){
        .hop_ms = 40, .smooth_ms = 200, .refractory_ms = 500, .threshold = 0.8};
}

struct place {
    const json_t *object;
    const char *path;
    struct gantry_error *error;
};

static enum gantry_status read_integer(const struct place *place, const char *key, int32_t *out)
{
    const json_t *number;
    enum gantry_status status = gantry_manifest_member(
        place->object, key, JSON_INTEGER, "a whole number", &number, place->path, place->error);
    if (status != GANTRY_OK || !number) return status;
    json_int_t value = json_integer_value(number);
    if (value < 0 || value > INTEGER_MAX)
        return gantry_fail(place->error, GANTRY_ERR_FILE, "%s: \"%s\" is out of range (0..%d)",
                           place->path, key, INTEGER_MAX);
    *out = (int32_t)value;
    return GANTRY_OK;
}

static enum gantry_status read_real(const struct place *place, const char *key, double *out)
{
    const json_t *number;
    enum gantry_status status = gantry_manifest_member(place->object, key, JSON_REAL, "a number",
                                                       &number, place->path, place->error);
    if (status == GANTRY_OK && number) *out = json_number_value(number);
    return status;
}

/* A string that is one of two words; *out: whether it is the second. */
static enum gantry_status read_word(const struct place *place, const char *key, const char *no,
                                    const char *yes, bool *out)
{
    const json_t *word;
    enum gantry_status status = gantry_manifest_member(place->object, key, JSON_STRING, "a string",
                                                       &word, place->path, place->error);
    if (status != GANTRY_OK || !word) return status;
    *out = strcmp(json_string_value(word), yes) == 0;
    if (*out || strcmp(json_string_value(word), no) == 0) return GANTRY_OK;
    return gantry_fail(place->error, GANTRY_ERR_FILE, "%s: %s \"%.40s\" (\"%s\" or \"%s\")",
                       place->path, key, json_string_value(word), no, yes);
}

/* The preset is where the options start from; there is one. */
static enum gantry_status check_preset(const struct place *place)
{
    const json_t *name;
    enum gantry_status status = gantry_manifest_member(
        place->object, "preset", JSON_STRING, "a string", &name, place->path, place->error);
    if (status != GANTRY_OK || !name || strcmp(json_string_value(name), preset_name) == 0)
        return status;
    return gantry_fail(place->error, GANTRY_ERR_FILE, "%s: preset \"%.40s\" (must be \"%s\")",
                       place->path, json_string_value(name), preset_name);
}

static enum gantry_status read_features(struct gantry_audio_options *options,
                                        const struct place *place)
{
    const struct {
        const char *key;
        int32_t *out;
    } integers[] = {
        {"rate", &options->rate},
        {"samples", &options->samples},
        {"window", &options->window},
        {"stride", &options->stride},
        {"fft", &options->fft},
        {"mel_bands", &options->mel_bands},
        {"coefficients", &options->coefficients},
    };
    enum gantry_status status = check_preset(place);
    for (size_t i = 0; status == GANTRY_OK && i < GANTRY_COUNT(integers); i++)
        status = read_integer(place, integers[i].key, integers[i].out);
    if (status == GANTRY_OK) status = read_real(place, "mel_low", &options->mel_low);
    if (status == GANTRY_OK) status = read_real(place, "mel_high", &options->mel_high);
    if (status == GANTRY_OK) status = read_real(place, "log_offset", &options->log_offset);
    if (status == GANTRY_OK)
        status = read_word(place, "normalise", "none", "maximum", &options->normalise_maximum);
    if (status == GANTRY_OK)
        status = read_word(place, "spectrum", "magnitude", "power", &options->power);
    if (status == GANTRY_OK)
        status = read_word(place, "rounding", "toward_zero", "half_even", &options->half_even);
    return status;
}

static enum gantry_status read_ignored(struct gantry_manifest *manifest, const struct place *place)
{
    const json_t *list;
    enum gantry_status status = gantry_manifest_member(
        place->object, "ignore", JSON_ARRAY, "an array", &list, place->path, place->error);
    if (status != GANTRY_OK || !list) return status;
    size_t count = json_array_size(list);
    manifest->ignored = gantry_arena_alloc(&manifest->arena, count, sizeof *manifest->ignored);
    for (size_t i = 0; manifest->ignored && i < count; i++) {
        const json_t *label = json_array_get(list, i);
        if (!json_is_string(label))
            return gantry_fail(place->error, GANTRY_ERR_FILE, "%s: ignore %zu is not a string",
                               place->path, i);
        manifest->ignored[i] = gantry_arena_copy(&manifest->arena, json_string_value(label),
                                                 json_string_length(label));
        if (!manifest->ignored[i]) break;
        manifest->ignored_count++;
    }
    if ((size_t)manifest->ignored_count == count) return GANTRY_OK;
    return gantry_fail(place->error, GANTRY_ERR_MEMORY, "%s: out of memory", place->path);
}

static enum gantry_status read_listen(struct gantry_manifest *manifest, const json_t *root,
                                      struct place place)
{
    struct gantry_listen_options *options = &manifest->listen_options;
    enum gantry_status status = gantry_manifest_member(root, "listen", JSON_OBJECT, "an object",
                                                       &place.object, place.path, place.error);
    if (status != GANTRY_OK || !place.object) return status;
    status = read_integer(&place, "hop_ms", &options->hop_ms);
    if (status == GANTRY_OK) status = read_integer(&place, "smooth_ms", &options->smooth_ms);
    if (status == GANTRY_OK)
        status = read_integer(&place, "refractory_ms", &options->refractory_ms);
    if (status == GANTRY_OK) status = read_real(&place, "threshold", &options->threshold);
    if (status == GANTRY_OK) status = read_ignored(manifest, &place);
    return status;
}

enum gantry_status gantry_manifest_audio(struct gantry_manifest *manifest, const json_t *root,
                                         const json_t *input, const char *path,
                                         struct gantry_error *error)
{
    const struct place place = {input, path, error};
    manifest->audio = true;
    manifest->audio_options = gantry_audio_default_options();
    manifest->listen_options = gantry_listen_default_options();
    enum gantry_status status = read_features(&manifest->audio_options, &place);
    return status == GANTRY_OK ? read_listen(manifest, root, place) : status;
}
