/* SPDX-License-Identifier: Apache-2.0
 * Sound in, model inputs and words out: decoding, resampling, features, decisions.
 *
 * Everything streams: memory is bounded by the options, whatever the length of the sound, and
 * results do not depend on the pieces in which samples arrive, bit for bit. A sample is a float,
 * full scale 1. Objects are for one thread at a time and independent of each other. */
#ifndef GANTRY_AUDIO_H
#define GANTRY_AUDIO_H

#include "formats/formats.h"

enum { GANTRY_AUDIO_RATE_MIN = 1000, GANTRY_AUDIO_RATE_MAX = 768000 };

/* ---- sound.c: files that libsndfile reads; capture_*.c: a microphone ---- */

/* Where samples come from: one channel at one rate. */
struct gantry_sound {
    int32_t rate;
    int32_t channels; /* of the source; a sample is the mean of them */
    uint64_t lost;    /* times that a capture came too late and samples were lost */
    char format[64];  /* for people; empty when there is nothing to say */
    void *source;     /* the rest is for the two that make sounds */
    float *interleaved;
    uint64_t position; /* samples that were read */
    const struct gantry_allocator *allocator;
    enum gantry_status (*read)(struct gantry_sound *sound, float *samples, size_t capacity,
                               size_t *count_out, struct gantry_error *error);
    void (*close)(struct gantry_sound *sound);
    char name[128]; /* for messages */
};

/* Opens a recording. GANTRY_ERR_FILE: missing, empty, or nothing that libsndfile reads. */
GANTRY_MUST_USE enum gantry_status gantry_sound_open(struct gantry_sound *sound, const char *path,
                                                     const struct gantry_allocator *allocator,
                                                     struct gantry_error *error);
/* Opens an ALSA device ("default") near the rate that is wanted. GANTRY_ERR_MISSING when this
 * build has no ALSA; GANTRY_ERR_DEVICE when the device fails. */
GANTRY_MUST_USE enum gantry_status gantry_capture_open(struct gantry_sound *sound,
                                                       const char *device, int32_t rate,
                                                       const struct gantry_allocator *allocator,
                                                       struct gantry_error *error);
/* The next samples, at most capacity; *count_out 0: the end. A sample that is not a number, or
 * absurdly large, is an error that says where it is. */
GANTRY_MUST_USE enum gantry_status gantry_sound_read(struct gantry_sound *sound, float *samples,
                                                     size_t capacity, size_t *count_out,
                                                     struct gantry_error *error);
void gantry_sound_close(struct gantry_sound *sound); /* a zeroed one is allowed */

/* ---- resample.c ---- */

struct gantry_resampler; /* opaque */

/* From one rate to another, both GANTRY_AUDIO_RATE_MIN to _MAX. Sample n of the output is the
 * input at time n / rate_out: there is no delay. Of N samples become ceil(N rate_out / rate_in).
 * With r = the lower rate: flat within 0.01 dB up to 0.45 r, at least 90 dB down from 0.5 r on.
 * Equal rates copy. */
GANTRY_MUST_USE enum gantry_status gantry_resampler_create(struct gantry_resampler **out,
                                                           int32_t rate_in, int32_t rate_out,
                                                           const struct gantry_allocator *allocator,
                                                           struct gantry_error *error);
/* Takes up to *count samples (then how many it took) and returns how many it wrote, at most
 * capacity. It has taken all it can when it wrote less than capacity. */
size_t gantry_resampler_run(struct gantry_resampler *resampler, const float *in, size_t *count,
                            float *out, size_t capacity);
/* No more input: further runs (with *count 0) write the rest. */
void gantry_resampler_end(struct gantry_resampler *resampler);
void gantry_resampler_destroy(struct gantry_resampler *resampler); /* NULL is allowed */

/* ---- frontend.c: samples in, features of overlapping windows out ---- */

struct gantry_frontend; /* opaque */

/* hop: samples from one window to the next, a multiple of the stride; the last two of the options
 * are not used here. GANTRY_ERR_ARGUMENT names the option that is out of range. */
GANTRY_MUST_USE enum gantry_status
gantry_frontend_create(struct gantry_frontend **out, const struct gantry_audio_options *options,
                       int32_t hop, const struct gantry_allocator *allocator,
                       struct gantry_error *error);
/* Takes samples until a window is complete; returns how many. While a window is complete it takes
 * none. */
size_t gantry_frontend_push(struct gantry_frontend *frontend, const float *samples, size_t count);
bool gantry_frontend_ready(const struct gantry_frontend *frontend);
/* Of the complete window: its first sample, the sum of its squares, its features
 * (gantry_frontend_count of them, frame by frame). */
uint64_t gantry_frontend_start(const struct gantry_frontend *frontend);
double gantry_frontend_energy(const struct gantry_frontend *frontend);
void gantry_frontend_features(const struct gantry_frontend *frontend, float *features);
/* Goes on to the next window. */
void gantry_frontend_advance(struct gantry_frontend *frontend);
size_t gantry_frontend_frames(const struct gantry_frontend *frontend);
size_t gantry_frontend_count(const struct gantry_frontend *frontend);
/* Level of frame i of the complete window: the mean of its band sums. */
double gantry_frontend_level(const struct gantry_frontend *frontend, size_t i);
void gantry_frontend_destroy(struct gantry_frontend *frontend); /* NULL is allowed */

/* Features to a model input: int8 or uint8 by its scale and zero point, float32 as they are. */
void gantry_audio_quantize(const struct gantry_audio_options *options,
                           const struct gantry_tensor_info *info, const float *features,
                           size_t count, void *out);
/* Whether a model input takes these features. file: for the message. */
GANTRY_MUST_USE enum gantry_status gantry_audio_fits(const struct gantry_audio_options *options,
                                                     const struct gantry_tensor_info *info,
                                                     const char *file, struct gantry_error *error);

/* ---- stream.c: a sound, resampled, in windows ---- */

struct gantry_stream; /* opaque */

/* Borrows sound and options. lead, tail: samples of silence before and behind the sound. */
GANTRY_MUST_USE enum gantry_status gantry_stream_create(struct gantry_stream **out,
                                                        struct gantry_sound *sound,
                                                        const struct gantry_audio_options *options,
                                                        int32_t hop, int32_t lead, int32_t tail,
                                                        struct gantry_error *error);
/* Reads to the next complete window, leaving the one before; *ready_out false: there is none. */
GANTRY_MUST_USE enum gantry_status gantry_stream_next(struct gantry_stream *stream, bool *ready_out,
                                                      struct gantry_error *error);
const struct gantry_frontend *gantry_stream_frontend(const struct gantry_stream *stream);
void gantry_stream_destroy(struct gantry_stream *stream); /* NULL is allowed */

/* What gantry_audio_read took from a file. */
struct gantry_audio_note {
    int32_t rate, channels;
    double seconds; /* of the whole recording */
    double start;   /* of the window in it, s; below 0 when it was shorter and was centred */
};
/* One model input from a recording: the window of the most energy, by steps of the stride; a
 * shorter recording is centred between zeros. */
GANTRY_MUST_USE enum gantry_status
gantry_audio_read(struct gantry_array *out, const char *path, const struct gantry_tensor_info *info,
                  const struct gantry_audio_options *options, struct gantry_audio_note *note,
                  const struct gantry_allocator *allocator, struct gantry_error *error);

/* ---- decide.c: scores of windows in, words out ---- */

struct gantry_decider; /* opaque */

struct gantry_word {
    int32_t label;
    double score;      /* highest mean */
    double start, end; /* of the sound that is taken for the word, s */
    double decided;    /* end of the window after which it was decided, s */
};
/* ignored: labels flags of classes that are no words, or NULL. Copies all. */
GANTRY_MUST_USE enum gantry_status
gantry_decider_create(struct gantry_decider **out, const struct gantry_audio_options *audio,
                      const struct gantry_listen_options *options, int32_t labels,
                      const bool *ignored, const struct gantry_allocator *allocator,
                      struct gantry_error *error);
/* The scores (0..1) of the complete window of a front end. True: *word is an event. lead: samples
 * before the sound. */
bool gantry_decider_push(struct gantry_decider *decider, const struct gantry_frontend *frontend,
                         const float *scores, int32_t lead, struct gantry_word *word);
/* The end of the sound; true: *word is an event that was not decided before. */
bool gantry_decider_end(struct gantry_decider *decider, struct gantry_word *word);
void gantry_decider_destroy(struct gantry_decider *decider); /* NULL is allowed */

#endif
