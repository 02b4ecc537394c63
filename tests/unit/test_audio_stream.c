/* SPDX-License-Identifier: Apache-2.0
 * From a sound to windows: any pieces of reading give the same windows; one input from a file. */
#include "test.h"

#include <string.h>

#include "audio/audio.h"
#include "sounds.h"

enum { FEATURES = 490 };

/* A sound in memory that hands out pieces of random size. */
struct memory {
    const float *samples;
    size_t count, at;
    uint64_t seed;
};

static enum gantry_status read_memory(struct gantry_sound *sound, float *samples, size_t capacity,
                                      size_t *count_out, struct gantry_error *error)
{
    (void)error;
    struct memory *memory = sound->source;
    size_t left = memory->count - memory->at;
    size_t piece = memory->seed ? (size_t)random_in(&memory->seed, 1, 800) : capacity;
    if (piece > capacity) piece = capacity;
    if (piece > left) piece = left;
    if (piece) memcpy(samples, memory->samples + memory->at, piece * sizeof *samples);
    memory->at += piece;
    *count_out = piece;
    return GANTRY_OK;
}

static size_t windows_of(int32_t rate, const float *samples, size_t count, uint64_t seed,
                         float *features)
{
    struct memory memory = {samples, count, 0, seed};
    struct gantry_sound sound = {
        .rate = rate, .channels = 1, .source = &memory, .read = read_memory};
    struct gantry_audio_options options = gantry_audio_default_options();
    struct gantry_stream *stream;
    struct gantry_error error = {0};
    size_t windows = 0;
    bool ready = true;
    if (gantry_stream_create(&stream, &sound, &options, 640, 8000, 8000, &error))
        fail_msg("%s", error.message);
    while (ready) {
        if (gantry_stream_next(stream, &ready, &error)) fail_msg("%s", error.message);
        if (ready)
            gantry_frontend_features(gantry_stream_frontend(stream),
                                     features + FEATURES * windows++);
    }
    gantry_stream_destroy(stream);
    return windows;
}

static void stream__windows_do_not_depend_on_pieces(void **state)
{
    (void)state;
    static const int32_t rates[] = {16000, 44100, 8000, 44101};
    static float samples[88202], whole[200 * FEATURES], pieces[200 * FEATURES];
    make_speechlike(samples, 88202, 9);
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        size_t length = (size_t)rates[k] * 2;
        size_t count = windows_of(rates[k], samples, length, 0, whole);
        assert_int_equal(count, 1 + (16000 * 2) / 640);
        for (uint64_t seed = 1; seed < 4; seed++) {
            assert_int_equal(windows_of(rates[k], samples, length, seed, pieces), count);
            assert_memory_equal(whole, pieces, count * FEATURES * sizeof *whole);
        }
    }
}

static void stream__of_no_samples_is_the_silence_around(void **state)
{
    (void)state;
    static float features[4 * FEATURES];
    assert_int_equal(windows_of(44100, NULL, 0, 0, features), 1);
    assert_true(features[1] < 1e-3f && features[1] > -1e-3f);
}

static struct gantry_tensor_info info_of(int32_t frames)
{
    return (struct gantry_tensor_info){.name = "in",
                                       .dtype = GANTRY_FLOAT32,
                                       .shape = {4, {1, frames, 10, 1}},
                                       .bytes = (size_t)frames * 40};
}

static void read_one(const char *path, float *features, struct gantry_audio_note *note)
{
    struct gantry_array array;
    struct gantry_error error = {0};
    struct gantry_tensor_info info = info_of(49);
    struct gantry_audio_options options = gantry_audio_default_options();
    if (gantry_audio_read(&array, path, &info, &options, note, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(array.bytes, info.bytes);
    assert_true(gantry_shape_equal(&array.shape, &info.shape));
    memcpy(features, array.data, info.bytes);
    gantry_array_finish(&array);
}

static void read__a_second_is_taken_as_it_is(void **state)
{
    (void)state;
    static float samples[16000], got[FEATURES], want[FEATURES];
    struct gantry_audio_note note;
    struct gantry_audio_options options = gantry_audio_default_options();
    struct gantry_frontend *frontend;
    make_speechlike(samples, 16000, 6);
    read_one(sound_file("a.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples, 16000), got,
             &note);
    assert_int_equal(gantry_frontend_create(&frontend, &options, 320, NULL, NULL), GANTRY_OK);
    (void)gantry_frontend_push(frontend, samples, 16000);
    gantry_frontend_features(frontend, want);
    gantry_frontend_destroy(frontend);
    assert_memory_equal(got, want, sizeof got);
    assert_true(note.start == 0 && note.seconds == 1 && note.rate == 16000);
    (void)scratch_remove("a.wav");
}

/* A burst of 0.3 s in otherwise silent seconds, and the window that holds it in its middle. */
static void read__finds_the_loudest_second(void **state)
{
    (void)state;
    static float samples[80000], got[FEATURES];
    struct gantry_audio_note note;
    make_speechlike(samples + 48000, 4800, 3);
    read_one(sound_file("b.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples, 80000), got,
             &note);
    assert_true(note.seconds == 5);
    assert_true(note.start >= 2.3 && note.start <= 3.0);
    (void)scratch_remove("b.wav");
}

static void read__centres_what_is_shorter(void **state)
{
    (void)state;
    static float samples[16000], got[FEATURES], want[FEATURES];
    struct gantry_audio_note note;
    make_speechlike(samples + 4000, 8000, 3);
    const int format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    read_one(sound_file("c.wav", format, 16000, 1, samples, 16000), want, &note);
    read_one(sound_file("c.wav", format, 16000, 1, samples + 4000, 8000), got, &note);
    assert_memory_equal(got, want, sizeof got);
    assert_true(note.start == -0.25 && note.seconds == 0.5);
    read_one(sound_file("c.wav", format, 16000, 1, samples + 4100, 1), got, &note);
    assert_true(note.seconds == 1.0 / 16000);
    (void)scratch_remove("c.wav");
}

static void read__rates_and_channels_make_little_difference(void **state)
{
    (void)state;
    static float samples[16000], high[2 * 48000], want[FEATURES], got[FEATURES];
    struct gantry_audio_note note;
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < 48000; i++) {
        double t = (double)i / 48000;
        float v = (float)(0.3 * sin(2 * pi * 700 * t) * sin(pi * t) + 0.2 * sin(2 * pi * 1900 * t));
        high[2 * i] = v * 0.5f, high[2 * i + 1] = v * 1.5f;
        if (i % 3 == 0) samples[i / 3] = v;
    }
    const int format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
    read_one(sound_file("d.wav", format, 16000, 1, samples, 16000), want, &note);
    read_one(sound_file("d.wav", format, 48000, 2, high, 48000), got, &note);
    assert_true(note.rate == 48000 && note.channels == 2 && note.seconds == 1);
    for (size_t i = 10; i < FEATURES - 10; i++) assert_true(fabsf(got[i] - want[i]) < 0.5f);
    (void)scratch_remove("d.wav");
}

static void read__refuses_inputs_that_do_not_fit(void **state)
{
    (void)state;
    static float samples[16000];
    struct gantry_array array;
    struct gantry_audio_note note;
    struct gantry_error error = {0};
    struct gantry_audio_options options = gantry_audio_default_options();
    const char *path =
        sound_file("e.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples, 16000);
    struct gantry_tensor_info info = info_of(48);
    assert_int_equal(gantry_audio_read(&array, path, &info, &options, &note, NULL, &error),
                     GANTRY_ERR_SHAPE);
    assert_non_null(strstr(error.message, "49x10"));
    info = info_of(49);
    info.dtype = GANTRY_INT32;
    assert_int_equal(gantry_audio_read(&array, path, &info, &options, &note, NULL, &error),
                     GANTRY_ERR_SHAPE);
    info = info_of(49);
    options.stride = 0;
    assert_int_equal(gantry_audio_read(&array, path, &info, &options, &note, NULL, &error),
                     GANTRY_ERR_FILE);
    options.stride = 320;
    path = sound_file("e.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, samples, 0);
    assert_int_equal(gantry_audio_read(&array, path, &info, &options, &note, NULL, &error),
                     GANTRY_ERR_FILE);
    assert_non_null(strstr(error.message, "no samples"));
    (void)scratch_remove("e.wav");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stream__windows_do_not_depend_on_pieces),
    cmocka_unit_test(stream__of_no_samples_is_the_silence_around),
    cmocka_unit_test(read__a_second_is_taken_as_it_is),
    cmocka_unit_test(read__finds_the_loudest_second),
    cmocka_unit_test(read__centres_what_is_shorter),
    cmocka_unit_test(read__rates_and_channels_make_little_difference),
    cmocka_unit_test(read__refuses_inputs_that_do_not_fit),
};

GANTRY_TEST_MAIN("audio_stream", tests)
