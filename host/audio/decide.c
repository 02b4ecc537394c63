/* SPDX-License-Identifier: Apache-2.0
 * From the scores of overlapping windows to one event per word.
 *
 * Scores are averaged over the last windows. A label whose mean reaches the threshold is a
 * candidate; it is decided when its mean no longer rises. The word is taken to be the sound around
 * the loudest place near the middle of the window, cut where the level comes down to the noise. A
 * sound makes one event: a candidate whose sound lies in that of the last event is the same word
 * seen again, or a part of it. */
#include <math.h>
#include <string.h>

#include "audio/audio.h"

enum { LABELS_MAX = 65536, SMOOTH_MAX = 1024 };

static const double peak_range = 20;    /* factor between the peak and the edge of a sound: 26 dB */
static const double floor_range = 2;    /* factor between the noise and the edge of a sound: 6 dB */
static const double gap_seconds = 0.12; /* a stop within a word is no longer */

struct span {
    double start, end;
};

struct gantry_decider {
    struct gantry_arena arena;
    const struct gantry_allocator *allocator;
    struct gantry_audio_options audio;
    struct gantry_listen_options options;
    int32_t labels, smooth;
    bool *ignored;
    float *ring;   /* [smooth][labels] */
    double *means; /* [labels] */
    double *levels, *sorted;
    uint64_t windows;
    int32_t candidate; /* label, or -1 */
    uint64_t risen;    /* window at which its mean last rose */
    struct gantry_word word;
    double last_end;    /* of the sound of the last event */
    double *last_start; /* [labels]: of the label's last event */
    double now;         /* end of the last window */
};

static enum gantry_status check(const struct gantry_listen_options *options, int32_t labels,
                                int32_t smooth, struct gantry_error *error)
{
    if (labels < 1 || labels > LABELS_MAX)
        return gantry_fail(error, GANTRY_ERR_SHAPE, "listening: %d scores (1..%d)", labels,
                           LABELS_MAX);
    if (options->hop_ms < 1 || options->hop_ms > 10000)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "listening: hop of %d ms (1..10000)",
                           options->hop_ms);
    if (smooth > SMOOTH_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "listening: mean of %d windows (1..%d)",
                           smooth, SMOOTH_MAX);
    if (!(options->threshold > 0 && options->threshold <= 1))
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "listening: threshold %g (above 0, to 1)",
                           options->threshold);
    return GANTRY_OK;
}

enum gantry_status gantry_decider_create(struct gantry_decider **out,
                                         const struct gantry_audio_options *audio,
                                         const struct gantry_listen_options *options,
                                         int32_t labels, const bool *ignored,
                                         const struct gantry_allocator *allocator,
                                         struct gantry_error *error)
{
    *out = NULL;
    int32_t smooth = options->hop_ms > 0 ? options->smooth_ms / options->hop_ms : 0;
    if (smooth < 1) smooth = 1;
    enum gantry_status status = check(options, labels, smooth, error);
    if (status != GANTRY_OK) return status;
    struct gantry_decider *d = gantry_allocate(allocator, 1, sizeof *d);
    if (!d) return gantry_fail(error, GANTRY_ERR_MEMORY, "listening: out of memory");
    size_t count = (size_t)labels, frames = (size_t)(audio->samples / audio->stride) + 1;
    gantry_arena_init(&d->arena, allocator);
    d->allocator = allocator;
    d->audio = *audio;
    d->options = *options;
    d->labels = labels;
    d->smooth = smooth;
    d->candidate = -1;
    d->last_end = -INFINITY;
    d->ignored = gantry_arena_alloc(&d->arena, count, sizeof *d->ignored);
    d->ring = gantry_arena_alloc(&d->arena, count * (size_t)smooth, sizeof *d->ring);
    d->means = gantry_arena_alloc(&d->arena, count, sizeof *d->means);
    d->last_start = gantry_arena_alloc(&d->arena, count, sizeof *d->last_start);
    d->levels = gantry_arena_alloc(&d->arena, frames, sizeof *d->levels);
    d->sorted = gantry_arena_alloc(&d->arena, frames, sizeof *d->sorted);
    if (!d->ignored || !d->ring || !d->means || !d->last_start || !d->levels || !d->sorted) {
        gantry_decider_destroy(d);
        return gantry_fail(error, GANTRY_ERR_MEMORY, "listening: out of memory");
    }
    for (int32_t i = 0; i < labels; i++) d->last_start[i] = -INFINITY;
    if (ignored) memcpy(d->ignored, ignored, count * sizeof *ignored);
    *out = d;
    return GANTRY_OK;
}

void gantry_decider_destroy(struct gantry_decider *d)
{
    if (!d) return;
    gantry_arena_finish(&d->arena);
    gantry_release(d->allocator, d);
}

/* ---- Where the word is ---- */

/* The level that a tenth of the frames stay below. */
static double noise_level(struct gantry_decider *d, int32_t frames)
{
    int32_t rank = frames / 10;
    memcpy(d->sorted, d->levels, (size_t)frames * sizeof *d->sorted);
    for (int32_t i = 0; i <= rank; i++) { /* the few least, in order */
        int32_t least = i;
        for (int32_t k = i + 1; k < frames; k++)
            if (d->sorted[k] < d->sorted[least]) least = k;
        double value = d->sorted[least];
        d->sorted[least] = d->sorted[i];
        d->sorted[i] = value;
    }
    return d->sorted[rank];
}

/* The frame that counts most, weighted by a cosine over the window. */
static int32_t middle_of(const struct gantry_decider *d, int32_t frames)
{
    int32_t best = 0;
    double most = -1;
    for (int32_t i = 0; i < frames; i++) {
        double weight = sin(3.14159265358979323846 * (i + 0.5) / frames) * d->levels[i];
        if (weight > most) {
            most = weight;
            best = i;
        }
    }
    return best;
}

/* From a frame outward: the last one above the edge before a gap. step: 1 or -1. */
static int32_t reach(const struct gantry_decider *d, int32_t from, int32_t step, int32_t frames,
                     double edge, int32_t gap)
{
    int32_t last = from;
    for (int32_t i = from; i >= 0 && i < frames && (i - last) * step <= gap; i += step)
        if (d->levels[i] >= edge) last = i;
    return last;
}

static struct span locate(struct gantry_decider *d, const struct gantry_frontend *frontend,
                          int32_t lead)
{
    const struct gantry_audio_options *a = &d->audio;
    int32_t frames = (int32_t)gantry_frontend_frames(frontend);
    for (int32_t i = 0; i < frames; i++) d->levels[i] = gantry_frontend_level(frontend, (size_t)i);
    int32_t middle = middle_of(d, frames);
    double peak = d->levels[middle], noise = noise_level(d, frames);
    double edge = fmax(peak / peak_range, noise * floor_range);
    if (edge > peak / floor_range) edge = peak / floor_range;
    int32_t gap = (int32_t)(gap_seconds * a->rate / a->stride);
    int32_t first = reach(d, middle, -1, frames, edge, gap);
    int32_t last = reach(d, middle, 1, frames, edge, gap);
    double origin = (double)gantry_frontend_start(frontend) - lead + (a->window - a->stride) / 2.0;
    return (struct span){(origin + (double)first * a->stride) / a->rate,
                         (origin + ((double)last + 1) * a->stride) / a->rate};
}

/* ---- When it is decided ---- */

static void smooth_scores(struct gantry_decider *d, const float *scores)
{
    size_t count = (size_t)d->labels, slot = (size_t)(d->windows % (uint64_t)d->smooth);
    memcpy(d->ring + slot * count, scores, count * sizeof *scores);
    d->windows++;
    for (size_t i = 0; i < count; i++) {
        double sum = 0; /* of the ring as it lies: a running sum would collect rounding */
        for (size_t k = 0; k < (size_t)d->smooth; k++) sum += (double)d->ring[k * count + i];
        d->means[i] = sum / d->smooth;
    }
}

static int32_t best_label(const struct gantry_decider *d)
{
    int32_t best = -1;
    for (int32_t i = 0; i < d->labels; i++)
        if (!d->ignored[i] && (best < 0 || d->means[i] > d->means[best])) best = i;
    return best;
}

static void note_peak(struct gantry_decider *d, struct span span)
{
    d->word.label = d->candidate;
    d->word.score = d->means[d->candidate];
    d->word.start = span.start;
    d->word.end = span.end;
    d->risen = d->windows;
}

/* A new candidate, unless its sound has had its event. */
static void consider(struct gantry_decider *d, const struct gantry_frontend *frontend, int32_t lead)
{
    int32_t best = best_label(d);
    if (best < 0 || d->means[best] < d->options.threshold) return;
    struct span span = locate(d, frontend, lead);
    if ((span.start + span.end) / 2 < d->last_end) return;
    /* What is left of it at the beginning of the window reads as another word: stop as up. */
    double middle = d->now - d->audio.samples / 2.0 / d->audio.rate;
    if (span.start < d->last_end && span.end < middle) return;
    if (span.start - d->last_start[best] < d->options.refractory_ms / 1000.0) return;
    d->candidate = best;
    note_peak(d, span);
}

static bool decide(struct gantry_decider *d, struct gantry_word *word)
{
    *word = d->word;
    word->decided = d->now;
    d->last_end = word->end;
    d->last_start[word->label] = word->start;
    d->candidate = -1;
    return true;
}

bool gantry_decider_push(struct gantry_decider *d, const struct gantry_frontend *frontend,
                         const float *scores, int32_t lead, struct gantry_word *word)
{
    double end = (double)gantry_frontend_start(frontend) + d->audio.samples - lead;
    d->now = end / d->audio.rate;
    smooth_scores(d, scores);
    if (d->candidate < 0) {
        consider(d, frontend, lead);
        return false;
    }
    int32_t best = best_label(d);
    if (d->means[best] > d->word.score) {
        d->candidate = best; /* a better reading of the same sound takes its place */
        note_peak(d, locate(d, frontend, lead));
        return false;
    }
    return decide(d, word);
}

bool gantry_decider_end(struct gantry_decider *d, struct gantry_word *word)
{
    return d->candidate >= 0 && decide(d, word);
}
