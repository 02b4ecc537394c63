/* SPDX-License-Identifier: Apache-2.0
 * Rational resampling by a windowed sinc, one row of coefficients per phase.
 *
 * Output n lies at input time n M / L (the rates divided by their greatest common divisor), between
 * inputs index = floor(n M / L) and index + 1, at phase (n M mod L) / L. It is the sum of the
 * inputs index - half + 1 .. index + half, each times h(its distance). Where L rows would take too
 * much memory, PHASES rows stand for all, and results between two rows are interpolated: the error
 * of a straight line between rows is below (pi / PHASES)^2 / 24 = -116 dB.
 *
 * h is a sinc through a Kaiser window. Its transition band is 0.45 to 0.5 of the lower rate; a
 * window of 128 periods of that rate gives 100 dB of attenuation at this width. */
#include <math.h>
#include <string.h>

#include "audio/audio.h"

enum {
    CROSSINGS = 64, /* periods of the lower rate on each side */
    PHASES = 512,
    ROWS_ELEMENTS_MAX = 1 << 20,
    BLOCK = 4096,
    LANES = 8
};
static const double beta = 10.056; /* 0.1102 (100 dB - 8.7) */
static const double centre = 0.95; /* of half the lower rate */
static const double pi = 3.14159265358979323846;

struct gantry_resampler {
    const struct gantry_allocator *allocator;
    int32_t l, m;       /* rate_out and rate_in without their common divisor */
    int32_t half, taps; /* taps = 2 half, filled up to LANES */
    int32_t phases;     /* L, or PHASES when interpolated */
    bool interpolated;
    float *rows;         /* [phases + 1][taps] */
    float *held;         /* inputs, the first for index -half + 1 of the next output */
    size_t count, start; /* held; where the next output's inputs begin, maybe beyond count */
    int32_t phase;       /* n M mod L */
    bool ended;
};

static int32_t common_divisor(int32_t a, int32_t b)
{
    while (b) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Modified Bessel function of order 0, by its series. */
static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; term > sum * 1e-17; k++) {
        term *= x / (2 * k) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

/* The impulse response at a distance in input samples, without its factor. */
static double response(const struct gantry_resampler *r, double distance)
{
    double ratio = distance / r->half;
    if (ratio <= -1 || ratio >= 1) return 0;
    double cutoff = centre * (r->l < r->m ? (double)r->l / r->m : 1.0);
    double x = pi * cutoff * distance;
    double sinc = fabs(x) < 1e-9 ? 1 : sin(x) / x;
    return sinc * bessel(beta * sqrt(1 - ratio * ratio));
}

/* A row sums to 1, so that a constant stays what it is at every phase. The responses are computed
 * once, into work; the last phases are the first ones from behind. */
static void make_rows(const struct gantry_resampler *r, double *work)
{
    int32_t width = 2 * r->half;
    for (int32_t phase = 0; phase <= r->phases - phase; phase++) {
        float *row = r->rows + (size_t)phase * (size_t)r->taps;
        float *mirror = r->rows + (size_t)(r->phases - phase) * (size_t)r->taps;
        double at = (double)phase / r->phases, sum = 0;
        for (int32_t j = 0; j < width; j++) sum += work[j] = response(r, at - (j - r->half + 1));
        for (int32_t j = 0; j < width; j++) row[j] = mirror[width - 1 - j] = (float)(work[j] / sum);
    }
}

static void design(struct gantry_resampler *r)
{
    double step = r->m > r->l ? (double)r->m / r->l : 1;
    r->half = (int32_t)ceil(CROSSINGS * step);
    r->taps = (int32_t)gantry_align_size((size_t)r->half * 2, LANES);
    r->interpolated = (int64_t)r->l * r->taps > ROWS_ELEMENTS_MAX;
    r->phases = r->interpolated ? PHASES : r->l;
}

enum gantry_status gantry_resampler_create(struct gantry_resampler **out, int32_t rate_in,
                                           int32_t rate_out,
                                           const struct gantry_allocator *allocator,
                                           struct gantry_error *error)
{
    *out = NULL;
    int32_t low = rate_in < rate_out ? rate_in : rate_out;
    int32_t high = rate_in < rate_out ? rate_out : rate_in;
    if (low < GANTRY_AUDIO_RATE_MIN || high > GANTRY_AUDIO_RATE_MAX)
        return gantry_fail(error, GANTRY_ERR_ARGUMENT, "resampler: rates %d and %d Hz (%d..%d)",
                           rate_in, rate_out, GANTRY_AUDIO_RATE_MIN, GANTRY_AUDIO_RATE_MAX);
    struct gantry_resampler *r = gantry_allocate(allocator, 1, sizeof *r);
    if (!r) return gantry_fail(error, GANTRY_ERR_MEMORY, "resampler: out of memory");
    int32_t divisor = common_divisor(rate_in, rate_out);
    r->allocator = allocator;
    r->l = rate_out / divisor;
    r->m = rate_in / divisor;
    *out = r;
    if (r->l == r->m) return GANTRY_OK;
    design(r);
    size_t rows = (size_t)r->phases + 1, taps = (size_t)r->taps;
    r->rows = gantry_allocate(allocator, rows * taps, sizeof(float));
    r->held = gantry_allocate(allocator, taps + (size_t)r->half + BLOCK, sizeof(float));
    double *work = gantry_allocate(allocator, taps, sizeof *work);
    if (!r->rows || !r->held || !work) {
        gantry_release(allocator, work);
        gantry_resampler_destroy(r);
        *out = NULL;
        return gantry_fail(error, GANTRY_ERR_MEMORY, "resampler: out of memory");
    }
    make_rows(r, work);
    gantry_release(allocator, work);
    r->count = (size_t)r->half - 1; /* zeros before the first sample */
    return GANTRY_OK;
}

/* The order of the additions is fixed: LANES sums, then these. */
static float dot(const float *a, const float *b, int32_t count)
{
    float sums[LANES] = {0};
    for (int32_t i = 0; i < count; i += LANES)
        for (int32_t k = 0; k < LANES; k++) sums[k] += a[i + k] * b[i + k];
    float sum = 0;
    for (int32_t k = 0; k < LANES; k++) sum += sums[k];
    return sum;
}

static float output(const struct gantry_resampler *r)
{
    const float *inputs = r->held + r->start;
    if (!r->interpolated) return dot(inputs, r->rows + (size_t)r->phase * (size_t)r->taps, r->taps);
    int64_t scaled = (int64_t)r->phase * PHASES;
    const float *row = r->rows + (size_t)(scaled / r->l) * (size_t)r->taps;
    float part = (float)(scaled % r->l) / (float)r->l;
    float before = dot(inputs, row, r->taps), after = dot(inputs, row + r->taps, r->taps);
    return before + (after - before) * part;
}

/* Writes outputs while their inputs are held. */
static size_t write_outputs(struct gantry_resampler *r, float *out, size_t capacity)
{
    size_t written = 0;
    /* The row is filled up with zeros to a whole number of lanes; what they meet does not count,
     * but it is read and must be a number: held has room for it. */
    while (written < capacity && r->start + 2 * (size_t)r->half <= r->count) {
        out[written++] = output(r);
        int64_t next = (int64_t)r->phase + r->m;
        r->start += (size_t)(next / r->l);
        r->phase = (int32_t)(next % r->l);
    }
    return written;
}

static void drop_used(struct gantry_resampler *r)
{
    size_t used = r->start < r->count ? r->start : r->count;
    if (used == 0) return;
    memmove(r->held, r->held + used, (r->count - used) * sizeof *r->held);
    r->count -= used;
    r->start -= used;
}

size_t gantry_resampler_run(struct gantry_resampler *r, const float *in, size_t *count, float *out,
                            size_t capacity)
{
    size_t given = *count, taken = 0, written = 0;
    if (!r->rows) {
        taken = given < capacity ? given : capacity;
        if (taken) memcpy(out, in, taken * sizeof *out);
        *count = taken;
        return taken;
    }
    for (;;) {
        written += write_outputs(r, out + written, capacity - written);
        if (written == capacity || taken == given) break;
        drop_used(r);
        size_t room = 2 * (size_t)r->half + BLOCK / 2 - r->count, left = given - taken;
        size_t some = left < room ? left : room;
        memcpy(r->held + r->count, in + taken, some * sizeof *in);
        r->count += some;
        taken += some;
    }
    *count = taken;
    return written;
}

void gantry_resampler_end(struct gantry_resampler *r)
{
    if (!r->rows || r->ended) return;
    r->ended = true;
    drop_used(r);
    /* With half zeros behind the last sample its own index is the last that has all inputs. */
    memset(r->held + r->count, 0, (size_t)r->half * sizeof *r->held);
    r->count += (size_t)r->half;
}

void gantry_resampler_destroy(struct gantry_resampler *r)
{
    if (!r) return;
    gantry_release(r->allocator, r->rows);
    gantry_release(r->allocator, r->held);
    gantry_release(r->allocator, r);
}
