/* SPDX-License-Identifier: Apache-2.0
 * The resampler: what passes, what does not, where samples lie, and that pieces do not matter. */
#include "test.h"

#include <string.h>

#include "audio/audio.h"
#include "sounds.h"

static const double pi = 3.14159265358979323846;

/* Resamples all of in, in pieces of random size when seed is not 0; the caller frees. */
static float *resample(int32_t rate_in, int32_t rate_out, const float *in, size_t count,
                       uint64_t seed, size_t *written)
{
    struct gantry_error error = {0};
    struct gantry_resampler *r;
    if (gantry_resampler_create(&r, rate_in, rate_out, NULL, &error)) fail_msg("%s", error.message);
    size_t capacity = (size_t)((double)count * rate_out / rate_in) + 16, done = 0, out = 0;
    float *samples = calloc(capacity, sizeof *samples);
    bool ended = false;
    for (;;) {
        size_t piece = seed ? (size_t)random_in(&seed, 0, 700) : count;
        size_t room = seed ? (size_t)random_in(&seed, 1, 300) : capacity;
        if (piece > count - done) piece = count - done;
        if (room > capacity - out) room = capacity - out;
        size_t taken = piece;
        size_t some = gantry_resampler_run(r, in + done, &taken, samples + out, room);
        assert_true(some <= room && taken <= piece);
        if (some < room) assert_int_equal(taken, piece);
        done += taken;
        out += some;
        if (ended && some == 0) break;
        if (done == count && !ended) {
            gantry_resampler_end(r);
            ended = true;
        }
    }
    gantry_resampler_destroy(r);
    *written = out;
    return samples;
}

static float *make_tone(double hertz, int32_t rate, size_t count)
{
    float *samples = calloc(count, sizeof *samples);
    for (size_t i = 0; i < count; i++) samples[i] = (float)sin(2 * pi * hertz * (double)i / rate);
    return samples;
}

/* Amplitude of the best fit of a tone, and root mean square of the rest, away from the ends. */
static double fit_tone(const float *x, size_t count, double hertz, int32_t rate, double *rest)
{
    size_t from = count / 4, to = count - count / 4;
    double ss = 0, cc = 0, sc = 0, xs = 0, xc = 0, sum = 0;
    for (size_t i = from; i < to; i++) {
        double s = sin(2 * pi * hertz * (double)i / rate);
        double c = cos(2 * pi * hertz * (double)i / rate), v = (double)x[i];
        ss += s * s, cc += c * c, sc += s * c, xs += v * s, xc += v * c;
    }
    double determinant = ss * cc - sc * sc;
    double a = (xs * cc - xc * sc) / determinant, b = (xc * ss - xs * sc) / determinant;
    for (size_t i = from; i < to; i++) {
        double s = sin(2 * pi * hertz * (double)i / rate);
        double c = cos(2 * pi * hertz * (double)i / rate);
        double v = (double)x[i] - a * s - b * c;
        sum += v * v;
    }
    *rest = sqrt(sum / (double)(to - from));
    return a;
}

static double decibel(double ratio) { return 20 * log10(ratio + 1e-30); }

/* Pairs of rates: exact phases and interpolated ones, up and down. */
static const int32_t rates[][2] = {{48000, 16000}, {44100, 16000}, {8000, 16000},  {11025, 16000},
                                   {22050, 16000}, {96000, 16000}, {44101, 16000}, {15999, 16000},
                                   {16000, 44100}, {1000, 16000},  {768000, 16000}};

static void resampler__passes_tones_below_its_edge(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        int32_t in = rates[k][0], out = rates[k][1], low = in < out ? in : out;
        size_t count = (size_t)in / 2, written;
        static const double parts[] = {0.01, 0.1, 0.25, 0.4, 0.45};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            double hertz = parts[i] * low, rest;
            float *tone = make_tone(hertz, in, count);
            float *result = resample(in, out, tone, count, 0, &written);
            /* The fit is of the sine alone: a delay would show as a cosine, in the rest. */
            double gain = fit_tone(result, written, hertz, out, &rest);
            if (fabs(decibel(gain)) > 0.01 || decibel(rest) > -88)
                fail_msg("%d -> %d Hz: %g Hz has gain %.4f dB, rest %.1f dB", in, out, hertz,
                         decibel(gain), decibel(rest));
            free(tone);
            free(result);
        }
    }
}

static double root_mean_square(const float *x, size_t count)
{
    double sum = 0;
    size_t from = count / 4, to = count - count / 4;
    for (size_t i = from; i < to; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum / (double)(to - from));
}

static void resampler__rejects_aliases_by_90_db(void **state)
{
    (void)state;
    double worst = -300;
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        int32_t in = rates[k][0], out = rates[k][1];
        if (in <= out) continue;
        size_t count = (size_t)in / 2, written;
        for (int step = 0; step < 12; step++) {
            double hertz = 0.5 * out + (0.5 * in - 0.5 * out) * step / 12;
            float *tone = make_tone(hertz + 1, in, count);
            float *result = resample(in, out, tone, count, 0, &written);
            double level = decibel(root_mean_square(result, written) * sqrt(2));
            if (level > worst) worst = level;
            if (level > -90)
                fail_msg("%d -> %d Hz: %g Hz leaves %.1f dB", in, out, hertz + 1, level);
            free(tone);
            free(result);
        }
    }
    fprintf(stderr, "worst alias %.1f dB\n", worst);
}

static void resampler__rejects_images_by_90_db(void **state)
{
    (void)state;
    /* Upwards, all that is not the tone is image: passes_tones has the rest below -88 dB of the
     * tone's amplitude; here at the band's edge, where an image is nearest. */
    size_t written;
    double rest;
    float *tone = make_tone(3600, 8000, 8000);
    float *result = resample(8000, 16000, tone, 8000, 0, &written);
    (void)fit_tone(result, written, 3600, 16000, &rest);
    assert_true(decibel(rest * sqrt(2)) < -90);
    free(tone);
    free(result);
}

static void resampler__results_do_not_depend_on_pieces(void **state)
{
    (void)state;
    static float in[30000];
    make_speechlike(in, 30000, 7);
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        size_t whole, pieces;
        float *a = resample(rates[k][0], rates[k][1], in, 30000, 0, &whole);
        for (uint64_t seed = 1; seed < 4; seed++) {
            float *b = resample(rates[k][0], rates[k][1], in, 30000, seed, &pieces);
            assert_int_equal(whole, pieces);
            assert_memory_equal(a, b, whole * sizeof *a);
            free(b);
        }
        free(a);
    }
}

static void resampler__length_is_that_of_the_sound(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 441, 44100, 44101};
    static float in[44101];
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            size_t written, in_rate = (size_t)rates[k][0], out_rate = (size_t)rates[k][1];
            free(resample(rates[k][0], rates[k][1], in, counts[i], 0, &written));
            assert_int_equal(written, (counts[i] * out_rate + in_rate - 1) / in_rate);
        }
}

static void resampler__keeps_a_constant(void **state)
{
    (void)state;
    static float in[48000];
    for (size_t i = 0; i < 48000; i++) in[i] = 0.25f;
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        size_t written;
        float *out = resample(rates[k][0], rates[k][1], in, 48000, 0, &written);
        for (size_t i = written / 4; i < written - written / 4; i++)
            assert_true(fabsf(out[i] - 0.25f) < 1e-6f);
        free(out);
    }
}

static void resampler__equal_rates_copy(void **state)
{
    (void)state;
    static float in[5000];
    size_t written;
    make_speechlike(in, 5000, 3);
    float *out = resample(16000, 16000, in, 5000, 5, &written);
    assert_int_equal(written, 5000);
    assert_memory_equal(in, out, sizeof in);
    free(out);
}

static void resampler__refuses_rates_out_of_range(void **state)
{
    (void)state;
    struct gantry_resampler *r;
    struct gantry_error error = {0};
    static const int32_t bad[][2] = {{0, 16000}, {16000, 999}, {768001, 16000}, {-5, 16000}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(gantry_resampler_create(&r, bad[i][0], bad[i][1], NULL, &error),
                         GANTRY_ERR_ARGUMENT);
        assert_null(r);
    }
    gantry_resampler_destroy(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(resampler__passes_tones_below_its_edge),
    cmocka_unit_test(resampler__rejects_aliases_by_90_db),
    cmocka_unit_test(resampler__rejects_images_by_90_db),
    cmocka_unit_test(resampler__results_do_not_depend_on_pieces),
    cmocka_unit_test(resampler__length_is_that_of_the_sound),
    cmocka_unit_test(resampler__keeps_a_constant),
    cmocka_unit_test(resampler__equal_rates_copy),
    cmocka_unit_test(resampler__refuses_rates_out_of_range),
};

GANTRY_TEST_MAIN("audio_resample", tests)
