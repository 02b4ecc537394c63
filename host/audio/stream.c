/* SPDX-License-Identifier: Apache-2.0
 * From a sound to windows of features: reading, resampling, silence around, one input from a file.
 */
#include <string.h>

#include "audio/audio.h"

enum { CHUNK = 1024 };

struct gantry_stream {
    const struct gantry_allocator *allocator;
    struct gantry_sound *sound;
    struct gantry_resampler *resampler;
    struct gantry_frontend *frontend;
    int32_t lead, tail; /* zeros that are still to come */
    bool started, ended;
    float read[CHUNK], resampled[CHUNK], *at;
    size_t read_count, read_at, count; /* of read; of resampled, not yet pushed */
};

enum gantry_status gantry_stream_create(struct gantry_stream **out, struct gantry_sound *sound,
                                        const struct gantry_audio_options *options, int32_t hop,
                                        int32_t lead, int32_t tail, struct gantry_error *error)
{
    const struct gantry_allocator *allocator = sound->allocator;
    *out = NULL;
    struct gantry_stream *s = gantry_allocate(allocator, 1, sizeof *s);
    if (!s) return gantry_fail(error, GANTRY_ERR_MEMORY, "audio: out of memory");
    s->allocator = allocator;
    s->sound = sound;
    s->lead = lead;
    s->tail = tail;
    enum gantry_status status =
        gantry_frontend_create(&s->frontend, options, hop, allocator, error);
    if (status == GANTRY_OK)
        status =
            gantry_resampler_create(&s->resampler, sound->rate, options->rate, allocator, error);
    if (status == GANTRY_OK)
        *out = s;
    else
        gantry_stream_destroy(s);
    return status;
}

void gantry_stream_destroy(struct gantry_stream *s)
{
    if (!s) return;
    gantry_frontend_destroy(s->frontend);
    gantry_resampler_destroy(s->resampler);
    gantry_release(s->allocator, s);
}

const struct gantry_frontend *gantry_stream_frontend(const struct gantry_stream *s)
{
    return s->frontend;
}

static void take_zeros(struct gantry_stream *s, int32_t *left)
{
    size_t some = *left < CHUNK ? (size_t)*left : CHUNK;
    memset(s->resampled, 0, some * sizeof *s->resampled);
    s->at = s->resampled;
    s->count = some;
    *left -= (int32_t)some;
}

/* Fills resampled; leaves it empty at the end of everything. */
static enum gantry_status refill(struct gantry_stream *s, struct gantry_error *error)
{
    if (s->lead > 0) {
        take_zeros(s, &s->lead);
        return GANTRY_OK;
    }
    while (s->count == 0) {
        if (s->read_at == s->read_count && !s->ended) {
            enum gantry_status status =
                gantry_sound_read(s->sound, s->read, CHUNK, &s->read_count, error);
            if (status != GANTRY_OK) return status;
            s->read_at = 0;
            s->ended = s->read_count == 0;
            if (s->ended) gantry_resampler_end(s->resampler);
        }
        size_t taken = s->read_count - s->read_at;
        s->at = s->resampled;
        s->count =
            gantry_resampler_run(s->resampler, s->read + s->read_at, &taken, s->resampled, CHUNK);
        s->read_at += taken;
        if (s->count > 0 || !s->ended) continue;
        if (s->tail > 0) take_zeros(s, &s->tail);
        break;
    }
    return GANTRY_OK;
}

enum gantry_status gantry_stream_next(struct gantry_stream *s, bool *ready_out,
                                      struct gantry_error *error)
{
    *ready_out = false;
    if (gantry_frontend_ready(s->frontend)) gantry_frontend_advance(s->frontend);
    while (!gantry_frontend_ready(s->frontend)) {
        if (s->count == 0) {
            enum gantry_status status = refill(s, error);
            if (status != GANTRY_OK) return status;
            if (s->count == 0) return GANTRY_OK;
        }
        size_t taken = gantry_frontend_push(s->frontend, s->at, s->count);
        s->at += taken;
        s->count -= taken;
    }
    *ready_out = true;
    return GANTRY_OK;
}

/* ---- One input from a file ---- */

/* Samples of the network's rate that a sound has, counted up to limit. */
static enum gantry_status count_samples(const char *path,
                                        const struct gantry_audio_options *options, int32_t *count,
                                        const struct gantry_allocator *allocator,
                                        struct gantry_error *error)
{
    struct gantry_sound sound;
    float block[CHUNK];
    size_t some = 1;
    uint64_t limit = (uint64_t)options->samples;
    enum gantry_status status = gantry_sound_open(&sound, path, allocator, error);
    uint64_t rate_out = (uint64_t)options->rate, rate_in = (uint64_t)sound.rate, samples = 0;
    while (status == GANTRY_OK && some > 0 && samples < limit) {
        status = gantry_sound_read(&sound, block, CHUNK, &some, error);
        samples = (sound.position * rate_out + rate_in - 1) / (rate_in ? rate_in : 1);
    }
    if (status == GANTRY_OK && samples == 0)
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: no samples", path);
    *count = (int32_t)(samples < limit ? samples : limit);
    gantry_sound_close(&sound);
    return status;
}

/* Keeps the features of the window of the most energy, of equal ones the first. */
static enum gantry_status loudest(struct gantry_stream *stream, float *features, uint64_t *start,
                                  struct gantry_error *error)
{
    const struct gantry_frontend *frontend = stream->frontend;
    double most = -1;
    bool ready = true;
    while (ready) {
        enum gantry_status status = gantry_stream_next(stream, &ready, error);
        if (status != GANTRY_OK) return status;
        if (!ready || !(gantry_frontend_energy(frontend) > most)) continue;
        most = gantry_frontend_energy(frontend);
        *start = gantry_frontend_start(frontend);
        gantry_frontend_features(frontend, features);
    }
    return GANTRY_OK;
}

static enum gantry_status convert(struct gantry_array *out, struct gantry_sound *sound,
                                  const struct gantry_tensor_info *info,
                                  const struct gantry_audio_options *options, int32_t samples,
                                  struct gantry_audio_note *note, struct gantry_error *error)
{
    struct gantry_stream *stream = NULL;
    int32_t missing = options->samples - samples, lead = missing / 2;
    size_t count = (size_t)gantry_shape_elements(&info->shape);
    uint64_t start = 0;
    float *features = gantry_allocate(out->allocator, count, sizeof *features);
    out->data = gantry_allocate(out->allocator, info->bytes, 1);
    enum gantry_status status = GANTRY_OK;
    if (!features || !out->data)
        status = gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", sound->name);
    if (status == GANTRY_OK)
        status = gantry_stream_create(&stream, sound, options, options->stride, lead,
                                      missing - lead, error);
    if (status == GANTRY_OK) status = loudest(stream, features, &start, error);
    if (status == GANTRY_OK) {
        gantry_audio_quantize(options, info, features, count, out->data);
        out->dtype = info->dtype;
        out->shape = info->shape;
        out->bytes = info->bytes;
        *note = (struct gantry_audio_note){
            .rate = sound->rate,
            .channels = sound->channels,
            .seconds = (double)sound->position / sound->rate,
            .start = ((double)start - lead) / options->rate,
        };
    }
    gantry_stream_destroy(stream);
    gantry_release(out->allocator, features);
    return status;
}

enum gantry_status
gantry_audio_read(struct gantry_array *out, const char *path, const struct gantry_tensor_info *info,
                  const struct gantry_audio_options *options, struct gantry_audio_note *note,
                  const struct gantry_allocator *allocator, struct gantry_error *error)
{
    struct gantry_sound sound;
    int32_t samples = 0;
    memset(out, 0, sizeof *out);
    out->allocator = allocator;
    enum gantry_status status = gantry_audio_fits(options, info, path, error);
    if (status == GANTRY_OK) status = count_samples(path, options, &samples, allocator, error);
    if (status != GANTRY_OK) return status;
    status = gantry_sound_open(&sound, path, allocator, error);
    if (status == GANTRY_OK) status = convert(out, &sound, info, options, samples, note, error);
    gantry_sound_close(&sound);
    if (status != GANTRY_OK) gantry_array_finish(out);
    return status;
}
