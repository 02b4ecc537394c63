/* SPDX-License-Identifier: Apache-2.0
 * The front end: its arithmetic against a direct computation from the definition, windows, pieces,
 * options that are refused, quantisation. */
#include "test.h"

#include <string.h>

#include "audio/audio.h"
#include "sounds.h"

static const double pi = 3.14159265358979323846;

static struct gantry_frontend *make(const struct gantry_audio_options *options, int32_t hop)
{
    struct gantry_frontend *frontend;
    struct gantry_error error = {0};
    if (gantry_frontend_create(&frontend, options, hop, NULL, &error))
        fail_msg("%s", error.message);
    return frontend;
}

static double mel_of(double hertz) { return 1127 * log(1 + hertz / 700); }

/* |X[bin]| of one frame by the sum that defines it. */
static double spectrum_at(const struct gantry_audio_options *o, const double *frame, int32_t bin)
{
    double re = 0, im = 0;
    for (int32_t n = 0; n < o->window; n++) {
        double value = frame[n] * (0.5 - 0.5 * cos(2 * pi * n / o->window));
        re += value * cos(2 * pi * bin * n / o->fft);
        im -= value * sin(2 * pi * bin * n / o->fft);
    }
    return sqrt(re * re + im * im);
}

/* Features of one window, step by step as docs/audio.md has them. */
static void by_definition(const struct gantry_audio_options *o, const float *samples,
                          double *features)
{
    static double wave[4096], logs[64];
    double peak = -1e30, step = (mel_of(o->mel_high) - mel_of(o->mel_low)) / (o->mel_bands + 1);
    for (int32_t i = 0; i < o->samples; i++) peak = fmax(peak, 32768.0 * (double)samples[i]);
    for (int32_t i = 0; i < o->samples; i++)
        wave[i] = 32768.0 * (double)samples[i] / (o->normalise_maximum && peak > 0 ? peak : 1);
    for (int32_t at = 0; at + o->window <= o->samples; at += o->stride) {
        for (int32_t j = 0; j < o->mel_bands; j++) {
            double sum = 0, left = mel_of(o->mel_low) + j * step;
            for (int32_t b = 1; b <= o->fft / 2; b++) {
                double place = (mel_of((double)b * o->rate / o->fft) - left) / step;
                double weight = place < 1 ? place : 2 - place;
                double x = weight > 0 ? spectrum_at(o, wave + at, b) : 0;
                if (weight > 0) sum += weight * (o->power ? x * x : x);
            }
            logs[j] = log(sum + o->log_offset);
            if (o->coefficients == 0) *features++ = logs[j];
        }
        for (int32_t k = 0; k < o->coefficients; k++) {
            double sum = 0;
            for (int32_t j = 0; j < o->mel_bands; j++)
                sum += logs[j] * cos(pi * k * (j + 0.5) / o->mel_bands);
            *features++ = sum * sqrt(2.0 / o->mel_bands);
        }
    }
}

static struct gantry_audio_options small_options(int variant)
{
    struct gantry_audio_options o = gantry_audio_default_options();
    o.samples = 2000;
    if (variant == 1) o.coefficients = 0;
    if (variant == 2) o.power = true;
    if (variant == 3) o.normalise_maximum = false;
    if (variant == 4) {
        o.rate = 8000, o.window = 200, o.stride = 80, o.fft = 200, o.mel_bands = 20;
        o.mel_low = 100, o.mel_high = 3800, o.coefficients = 20;
    }
    return o;
}

static void frontend__features_are_those_of_the_definition(void **state)
{
    (void)state;
    static float samples[2000], got[4096];
    static double want[4096];
    make_speechlike(samples, 2000, 11);
    for (int variant = 0; variant < 5; variant++) {
        struct gantry_audio_options o = small_options(variant);
        struct gantry_frontend *frontend = make(&o, o.stride);
        assert_int_equal(gantry_frontend_push(frontend, samples, 2000), 2000);
        assert_true(gantry_frontend_ready(frontend));
        gantry_frontend_features(frontend, got);
        by_definition(&o, samples, want);
        size_t count = gantry_frontend_count(frontend);
        for (size_t i = 0; i < count; i++)
            if (!(fabs((double)got[i] - want[i]) < 2e-3))
                fail_msg("variant %d: feature %zu is %g, not %g", variant, i, (double)got[i],
                         want[i]);
        gantry_frontend_destroy(frontend);
    }
}

/* All windows of a signal, pushed in pieces. */
static size_t all_windows(const struct gantry_audio_options *o, int32_t hop, const float *samples,
                          size_t count, uint64_t seed, float *out)
{
    struct gantry_frontend *frontend = make(o, hop);
    size_t done = 0, windows = 0, features = gantry_frontend_count(frontend);
    while (done < count) {
        size_t piece = seed ? (size_t)random_in(&seed, 0, 900) : count;
        if (piece > count - done) piece = count - done;
        done += gantry_frontend_push(frontend, samples + done, piece);
        if (!gantry_frontend_ready(frontend)) continue;
        assert_int_equal(gantry_frontend_start(frontend), windows * (size_t)hop);
        gantry_frontend_features(frontend, out + windows++ * features);
        gantry_frontend_advance(frontend);
    }
    gantry_frontend_destroy(frontend);
    return windows;
}

static void frontend__windows_do_not_depend_on_pieces(void **state)
{
    (void)state;
    static float samples[20000], whole[90 * 600], pieces[90 * 600];
    make_speechlike(samples, 20000, 5);
    for (int variant = 0; variant < 5; variant++) {
        struct gantry_audio_options o = small_options(variant);
        int32_t hop = o.stride * 3;
        struct gantry_frontend *frontend = make(&o, hop);
        size_t features = gantry_frontend_count(frontend);
        gantry_frontend_destroy(frontend);
        size_t count = all_windows(&o, hop, samples, 20000, 0, whole);
        assert_int_equal(count, (size_t)((20000 - o.samples) / hop) + 1);
        for (uint64_t seed = 1; seed < 5; seed++) {
            assert_int_equal(all_windows(&o, hop, samples, 20000, seed, pieces), count);
            assert_memory_equal(whole, pieces, count * features * sizeof *whole);
        }
    }
}

static void frontend__a_window_of_a_stream_is_a_window_alone(void **state)
{
    (void)state;
    static float samples[12000], stream[100 * 600], alone[600];
    make_speechlike(samples, 12000, 21);
    struct gantry_audio_options o = small_options(0);
    struct gantry_frontend *frontend = make(&o, o.stride);
    size_t features = gantry_frontend_count(frontend);
    gantry_frontend_destroy(frontend);
    size_t count = all_windows(&o, o.stride, samples, 12000, 0, stream);
    for (size_t w = 0; w < count; w++) {
        size_t start = w * (size_t)o.stride;
        assert_int_equal(all_windows(&o, o.stride, samples + start, 2000, 0, alone), 1);
        assert_memory_equal(alone, stream + w * features, features * sizeof *alone);
    }
}

static void frontend__hop_may_be_longer_than_a_window(void **state)
{
    (void)state;
    static float samples[12000], far[10 * 600], near[100 * 600];
    make_speechlike(samples, 12000, 2);
    struct gantry_audio_options o = small_options(0);
    size_t features = 10 * 5;
    assert_int_equal(all_windows(&o, 3200, samples, 12000, 3, far), 4);
    (void)all_windows(&o, o.stride, samples, 12000, 0, near);
    for (size_t w = 0; w < 4; w++)
        assert_memory_equal(far + w * features, near + w * 10 * features, features * sizeof *far);
}

static void frontend__silence_has_the_logarithm_of_the_offset(void **state)
{
    (void)state;
    static float samples[2000], got[600];
    struct gantry_audio_options o = small_options(1);
    struct gantry_frontend *frontend = make(&o, o.stride);
    (void)gantry_frontend_push(frontend, samples, 2000);
    gantry_frontend_features(frontend, got);
    assert_true(gantry_frontend_energy(frontend) <= 0);
    for (size_t i = 0; i < gantry_frontend_count(frontend); i++)
        assert_true(got[i] == (float)log(1e-6));
    gantry_frontend_destroy(frontend);
}

static void frontend__energy_is_that_of_the_window(void **state)
{
    (void)state;
    static float samples[2320];
    for (size_t i = 0; i < 2320; i++) samples[i] = i < 320 ? 1.0f : 0.5f;
    struct gantry_audio_options o = small_options(0);
    struct gantry_frontend *frontend = make(&o, o.stride);
    size_t taken = gantry_frontend_push(frontend, samples, 2320);
    assert_int_equal(taken, 2000);
    const double unit = 32768.0 * 32768.0;
    assert_true(gantry_frontend_energy(frontend) == (320 + 1680 * 0.25) * unit);
    assert_int_equal(gantry_frontend_push(frontend, samples + taken, 320), 0);
    gantry_frontend_advance(frontend);
    assert_int_equal(gantry_frontend_push(frontend, samples + taken, 320), 320);
    assert_true(gantry_frontend_energy(frontend) == 2000 * 0.25 * unit);
    gantry_frontend_destroy(frontend);
}

static void frontend__refuses_options_out_of_range(void **state)
{
    (void)state;
    for (int i = 0; i < 13; i++) {
        struct gantry_audio_options o = gantry_audio_default_options();
        struct gantry_frontend *frontend;
        struct gantry_error error = {0};
        int32_t hop = 320;
        static const char *const words[] = {
            "rate",         "window",  "stride",   "samples",    "fft", "fft",   "mel_bands",
            "coefficients", "mel_low", "mel_high", "log_offset", "hop", "stride"};
        switch (i) {
        case 0:
            o.rate = 0;
            break;
        case 1:
            o.window = 1;
            break;
        case 2:
            o.stride = 0;
            break;
        case 3:
            o.samples = 479;
            break;
        case 4:
            o.fft = 479;
            break;
        case 5:
            o.fft = 513;
            break;
        case 6:
            o.mel_bands = 257;
            break;
        case 7:
            o.coefficients = 41;
            break;
        case 8:
            o.mel_low = 4000;
            break;
        case 9:
            o.mel_high = 8001;
            break;
        case 10:
            o.log_offset = 0;
            break;
        case 11:
            hop = 321;
            break;
        default:
            o.stride = 481;
            break;
        }
        assert_int_equal(gantry_frontend_create(&frontend, &o, hop, NULL, &error),
                         GANTRY_ERR_ARGUMENT);
        assert_null(frontend);
        if (!strstr(error.message, words[i])) fail_msg("no '%s' in: %s", words[i], error.message);
    }
    gantry_frontend_destroy(NULL);
}

static int quantized(float value, bool half_even, enum gantry_dtype dtype)
{
    struct gantry_audio_options o = gantry_audio_default_options();
    struct gantry_tensor_info info = {.dtype = dtype, .scale = 0.5f, .zero_point = 10};
    uint8_t byte;
    o.half_even = half_even;
    gantry_audio_quantize(&o, &info, &value, 1, &byte);
    return dtype == GANTRY_INT8 ? (int8_t)byte : byte;
}

static void quantize__rounds_and_saturates_as_asked(void **state)
{
    (void)state;
    assert_int_equal(quantized(0.9f, false, GANTRY_INT8), 11); /* 11.8 */
    assert_int_equal(quantized(0.9f, true, GANTRY_INT8), 12);
    assert_int_equal(quantized(0.25f, true, GANTRY_INT8), 10);  /* 10.5 */
    assert_int_equal(quantized(0.75f, true, GANTRY_INT8), 12);  /* 11.5 */
    assert_int_equal(quantized(-6.3f, false, GANTRY_INT8), -2); /* -2.6 */
    assert_int_equal(quantized(1e30f, false, GANTRY_INT8), 127);
    assert_int_equal(quantized(-1e30f, true, GANTRY_INT8), -128);
    assert_int_equal(quantized(NAN, true, GANTRY_INT8), -128);
    assert_int_equal(quantized(-1e30f, true, GANTRY_UINT8), 0);
    assert_int_equal(quantized(1e30f, true, GANTRY_UINT8), 255);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(frontend__features_are_those_of_the_definition),
    cmocka_unit_test(frontend__windows_do_not_depend_on_pieces),
    cmocka_unit_test(frontend__a_window_of_a_stream_is_a_window_alone),
    cmocka_unit_test(frontend__hop_may_be_longer_than_a_window),
    cmocka_unit_test(frontend__silence_has_the_logarithm_of_the_offset),
    cmocka_unit_test(frontend__energy_is_that_of_the_window),
    cmocka_unit_test(frontend__refuses_options_out_of_range),
    cmocka_unit_test(quantize__rounds_and_saturates_as_asked),
};

GANTRY_TEST_MAIN("audio_frontend", tests)
