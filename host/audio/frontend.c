/* SPDX-License-Identifier: Apache-2.0
 * Features of overlapping windows: frames, Hann window, FFT, mel bands, logarithm, DCT.
 *
 * A frame is computed once, when its samples are there: its band sums go into a ring, from which
 * each window takes the frames that it covers. Only the division by the window's maximum, the
 * logarithm and the DCT are done per window: the maximum scales the band sums of a frame and
 * nothing else. The maximum and the energy are kept per block of gcd(samples, stride) samples. */
#include <kiss_fftr.h>
#include <math.h>
#include <string.h>

#include "audio/audio.h"

enum { WINDOW_MAX = 1 << 16, SAMPLES_MAX = 1 << 20, BANDS_MAX = 256, BLOCKS_MAX = 1 << 16 };
static const double pi = 3.14159265358979323846;
static const double full_scale = 32768; /* the arithmetic is in units of 16-bit samples */

struct block {
    double energy;
    float maximum;
};

struct gantry_frontend {
    struct gantry_arena arena;
    const struct gantry_allocator *allocator;
    struct gantry_audio_options options;
    int32_t hop, frames, bins;
    int32_t block, blocks; /* samples of a block, blocks of a window */
    float *hann;           /* [window] */
    double *weights;       /* [mel_bands][bins] */
    int32_t *first, *last; /* bins of a band with weight, last is behind */
    double *cosines;       /* [coefficients][mel_bands] */
    kiss_fftr_cfg fft;
    float *samples;  /* [fft]: the frame that is being filled */
    float *windowed; /* [fft], zeros behind window */
    kiss_fft_cpx *spectrum;
    double *sums;         /* ring [frames][mel_bands] */
    struct block *maxima; /* ring [blocks] */
    int32_t filled, block_filled;
    uint64_t frame_count, block_count, position, next;
};

/* ---- Options ---- */

static const char *bad_option(const struct gantry_audio_options *o, int32_t hop, double *value)
{
    const struct {
        bool good;
        const char *text;
        double value;
    } rules[] = {
        {o->rate >= GANTRY_AUDIO_RATE_MIN && o->rate <= GANTRY_AUDIO_RATE_MAX,
         "rate (1000..768000 Hz)", o->rate},
        {o->window >= 2 && o->window <= WINDOW_MAX, "window (2..65536 samples)", o->window},
        {o->stride >= 1 && o->stride <= o->window, "stride (1..window)", o->stride},
        {o->samples >= o->window && o->samples <= SAMPLES_MAX, "samples (window..1048576)",
         o->samples},
        {o->fft >= o->window && o->fft <= WINDOW_MAX && o->fft % 2 == 0,
         "fft (even, window..65536)", o->fft},
        {o->mel_bands >= 1 && o->mel_bands <= BANDS_MAX, "mel_bands (1..256)", o->mel_bands},
        {o->coefficients >= 0 && o->coefficients <= o->mel_bands, "coefficients (0..mel_bands)",
         o->coefficients},
        {o->mel_low >= 0 && o->mel_low < o->mel_high, "mel_low (0..mel_high Hz)", o->mel_low},
        {o->mel_high * 2 <= o->rate, "mel_high (to half the rate)", o->mel_high},
        {o->log_offset > 0 && o->log_offset <= 1e6, "log_offset (above 0)", o->log_offset},
        {hop >= 1 && o->stride >= 1 && hop % o->stride == 0, "hop (a multiple of stride)", hop},
    };
    for (size_t i = 0; i < GANTRY_COUNT(rules); i++)
        if (!rules[i].good) {
            *value = rules[i].value;
            return rules[i].text;
        }
    return NULL;
}

static int32_t frames_of(const struct gantry_audio_options *options)
{
    return 1 + (options->samples - options->window) / options->stride;
}

static int32_t features_a_frame(const struct gantry_audio_options *options)
{
    return options->coefficients ? options->coefficients : options->mel_bands;
}

/* ---- Tables ---- */

static double mel_of(double hertz) { return 1127 * log(1 + hertz / 700); }

static void make_bands(struct gantry_frontend *f)
{
    const struct gantry_audio_options *o = &f->options;
    double low = mel_of(o->mel_low), width = (mel_of(o->mel_high) - low) / (o->mel_bands + 1);
    for (int32_t j = 0; j < o->mel_bands; j++) {
        double *row = f->weights + (size_t)j * (size_t)f->bins;
        double left = low + j * width, middle = low + (j + 1) * width,
               right = low + (j + 2) * width;
        f->first[j] = f->bins;
        for (int32_t b = 1; b < f->bins; b++) {
            double m = mel_of((double)b * o->rate / o->fft);
            double rising = (m - left) / (middle - left), falling = (right - m) / (right - middle);
            row[b] = fmax(0, fmin(rising, falling));
            if (!(row[b] > 0)) continue;
            if (f->first[j] == f->bins) f->first[j] = b;
            f->last[j] = b + 1;
        }
    }
}

static void make_tables(struct gantry_frontend *f)
{
    const struct gantry_audio_options *o = &f->options;
    for (int32_t n = 0; n < o->window; n++)
        f->hann[n] = (float)(0.5 - 0.5 * cos(2 * pi * n / o->window));
    double factor = sqrt(2.0 / o->mel_bands);
    for (int32_t k = 0; k < o->coefficients; k++)
        for (int32_t j = 0; j < o->mel_bands; j++)
            f->cosines[k * o->mel_bands + j] = factor * cos(pi * k * (j + 0.5) / o->mel_bands);
    make_bands(f);
}

static bool allocate(struct gantry_frontend *f)
{
    const struct gantry_audio_options *o = &f->options;
    struct gantry_arena *arena = &f->arena;
    size_t bands = (size_t)o->mel_bands, bins = (size_t)f->bins, fft_bytes = 0;
    (void)kiss_fftr_alloc(o->fft, 0, NULL, &fft_bytes);
    void *fft = gantry_arena_alloc(arena, 1, fft_bytes);
    f->hann = gantry_arena_alloc(arena, (size_t)o->window, sizeof *f->hann);
    f->weights = gantry_arena_alloc(arena, bands * bins, sizeof *f->weights);
    f->first = gantry_arena_alloc(arena, bands, sizeof *f->first);
    f->last = gantry_arena_alloc(arena, bands, sizeof *f->last);
    f->cosines = gantry_arena_alloc(arena, (size_t)o->coefficients * bands, sizeof *f->cosines);
    f->samples = gantry_arena_alloc(arena, (size_t)o->window, sizeof *f->samples);
    f->windowed = gantry_arena_alloc(arena, (size_t)o->fft, sizeof *f->windowed);
    f->spectrum = gantry_arena_alloc(arena, bins, sizeof *f->spectrum);
    f->sums = gantry_arena_alloc(arena, (size_t)f->frames * bands, sizeof *f->sums);
    f->maxima = gantry_arena_alloc(arena, (size_t)f->blocks, sizeof *f->maxima);
    if (!fft || !f->hann || !f->weights || !f->first || !f->last || !f->cosines || !f->samples ||
        !f->windowed || !f->spectrum || !f->sums || !f->maxima)
        return false;
    f->fft = kiss_fftr_alloc(o->fft, 0, fft, &fft_bytes);
    return f->fft != NULL;
}

enum gantry_status gantry_frontend_create(struct gantry_frontend **out,
                                          const struct gantry_audio_options *options, int32_t hop,
                                          const struct gantry_allocator *allocator,
                                          struct gantry_error *error)
{
    double value;
    *out = NULL;
    const char *bad = bad_option(options, hop, &value);
    if (bad)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "audio options: %g is no %s", value, bad);
    int32_t a = options->samples, b = options->stride;
    while (b) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    if (options->samples / a > BLOCKS_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                           "audio options: samples %d and stride %d have no common divisor of use",
                           options->samples, options->stride);
    struct gantry_frontend *f = gantry_allocate(allocator, 1, sizeof *f);
    if (!f) return gantry_fail(error, GANTRY_ERR_MEMORY, "audio: out of memory");
    gantry_arena_init(&f->arena, allocator);
    f->allocator = allocator;
    f->options = *options;
    f->hop = hop;
    f->frames = frames_of(options);
    f->bins = options->fft / 2 + 1;
    f->block = a;
    f->blocks = options->samples / a;
    if (!allocate(f)) {
        gantry_frontend_destroy(f);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "audio: out of memory");
    }
    make_tables(f);
    *out = f;
    return GANTRY_OK;
}

void gantry_frontend_destroy(struct gantry_frontend *f)
{
    if (!f) return;
    gantry_arena_finish(&f->arena);
    gantry_release(f->allocator, f);
}

/* ---- Samples in ---- */

static double magnitude(const struct gantry_frontend *f, int32_t bin)
{
    double re = (double)f->spectrum[bin].r, im = (double)f->spectrum[bin].i;
    double square = re * re + im * im;
    return f->options.power ? square : sqrt(square);
}

static void compute_frame(struct gantry_frontend *f)
{
    const struct gantry_audio_options *o = &f->options;
    for (int32_t n = 0; n < o->window; n++) f->windowed[n] = f->samples[n] * f->hann[n];
    kiss_fftr(f->fft, f->windowed, f->spectrum);
    double *sums = f->sums + (size_t)(f->frame_count % (uint64_t)f->frames) * (size_t)o->mel_bands;
    for (int32_t j = 0; j < o->mel_bands; j++) {
        const double *row = f->weights + (size_t)j * (size_t)f->bins;
        double sum = 0;
        for (int32_t b = f->first[j]; b < f->last[j]; b++) sum += row[b] * magnitude(f, b);
        sums[j] = sum;
    }
    f->frame_count++;
}

static void add_sample(struct gantry_frontend *f, float value)
{
    const struct gantry_audio_options *o = &f->options;
    float sample = value * (float)full_scale;
    struct block *block = &f->maxima[f->block_count % (uint64_t)f->blocks];
    if (f->block_filled == 0) *block = (struct block){.energy = 0, .maximum = sample};
    if (sample > block->maximum) block->maximum = sample;
    block->energy += (double)sample * (double)sample;
    if (++f->block_filled == f->block) {
        f->block_filled = 0;
        f->block_count++;
    }
    f->samples[f->filled++] = sample;
    if (f->filled < o->window) return;
    compute_frame(f);
    f->filled = o->window - o->stride;
    memmove(f->samples, f->samples + o->stride, (size_t)f->filled * sizeof *f->samples);
}

bool gantry_frontend_ready(const struct gantry_frontend *f)
{
    return f->position == f->next + (uint64_t)f->options.samples;
}

size_t gantry_frontend_push(struct gantry_frontend *f, const float *samples, size_t count)
{
    size_t taken = 0;
    for (; taken < count && !gantry_frontend_ready(f); taken++) {
        add_sample(f, samples[taken]);
        f->position++;
    }
    return taken;
}

/* ---- Features out ---- */

uint64_t gantry_frontend_start(const struct gantry_frontend *f) { return f->next; }
size_t gantry_frontend_frames(const struct gantry_frontend *f) { return (size_t)f->frames; }
size_t gantry_frontend_count(const struct gantry_frontend *f)
{
    return (size_t)f->frames * (size_t)features_a_frame(&f->options);
}
void gantry_frontend_advance(struct gantry_frontend *f) { f->next += (uint64_t)f->hop; }

double gantry_frontend_energy(const struct gantry_frontend *f)
{
    double sum = 0;
    uint64_t first = f->block_count - (uint64_t)f->blocks;
    for (int32_t i = 0; i < f->blocks; i++)
        sum += f->maxima[(first + (uint64_t)i) % (uint64_t)f->blocks].energy;
    return sum;
}

static double window_maximum(const struct gantry_frontend *f)
{
    float maximum = f->maxima[0].maximum;
    for (int32_t i = 1; i < f->blocks; i++)
        if (f->maxima[i].maximum > maximum) maximum = f->maxima[i].maximum;
    return (double)maximum;
}

/* Band sums of frame i of the complete window. */
static const double *frame_sums(const struct gantry_frontend *f, size_t i)
{
    uint64_t frame = f->next / (uint64_t)f->options.stride + i;
    return f->sums + (size_t)(frame % (uint64_t)f->frames) * (size_t)f->options.mel_bands;
}

double gantry_frontend_level(const struct gantry_frontend *f, size_t i)
{
    const double *sums = frame_sums(f, i);
    double sum = 0;
    for (int32_t j = 0; j < f->options.mel_bands; j++) sum += sums[j];
    return sum / f->options.mel_bands;
}

void gantry_frontend_features(const struct gantry_frontend *f, float *features)
{
    const struct gantry_audio_options *o = &f->options;
    double divisor = window_maximum(f);
    if (!o->normalise_maximum || !(divisor > 0)) divisor = 1;
    if (o->power) divisor *= divisor;
    for (int32_t i = 0; i < f->frames; i++) {
        double logs[BANDS_MAX];
        const double *sums = frame_sums(f, (size_t)i);
        for (int32_t j = 0; j < o->mel_bands; j++) logs[j] = log(sums[j] / divisor + o->log_offset);
        for (int32_t j = 0; o->coefficients == 0 && j < o->mel_bands; j++)
            *features++ = (float)logs[j];
        for (int32_t k = 0; k < o->coefficients; k++) {
            const double *row = f->cosines + (size_t)k * (size_t)o->mel_bands;
            double sum = 0;
            for (int32_t j = 0; j < o->mel_bands; j++) sum += logs[j] * row[j];
            *features++ = (float)sum;
        }
    }
}

/* ---- Model inputs ---- */

void gantry_audio_quantize(const struct gantry_audio_options *options,
                           const struct gantry_tensor_info *info, const float *features,
                           size_t count, void *out)
{
    if (info->dtype == GANTRY_FLOAT32) {
        memcpy(out, features, count * sizeof *features);
        return;
    }
    uint8_t *bytes = out;
    float low = info->dtype == GANTRY_INT8 ? -128.0f : 0.0f;
    for (size_t i = 0; i < count; i++) {
        float value = features[i] / info->scale + (float)info->zero_point;
        value = options->half_even ? rintf(value) : truncf(value);
        if (!(value > low)) value = low;
        if (value > low + 255.0f) value = low + 255.0f;
        bytes[i] = (uint8_t)(int32_t)value;
    }
}

enum gantry_status gantry_audio_fits(const struct gantry_audio_options *options,
                                     const struct gantry_tensor_info *info, const char *file,
                                     struct gantry_error *error)
{
    double value;
    char text[80];
    const char *bad = bad_option(options, options->stride, &value);
    if (bad)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: manifest: %g is no %s", file, value, bad);
    bool byte = (info->dtype == GANTRY_INT8 || info->dtype == GANTRY_UINT8) && info->scale > 0;
    if (!byte && info->dtype != GANTRY_FLOAT32)
        return gantry_fail(error, GANTRY_ERR_SHAPE,
                           "%s: sound does not fit input \"%s\" of type %s", file, info->name,
                           gantry_dtype_name(info->dtype));
    int64_t count = (int64_t)frames_of(options) * features_a_frame(options);
    if (gantry_shape_elements(&info->shape) == count) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_SHAPE,
                       "%s: %dx%d features do not fit input \"%s\" of shape %s", file,
                       frames_of(options), features_a_frame(options), info->name,
                       gantry_shape_text(&info->shape, text, sizeof text));
}
