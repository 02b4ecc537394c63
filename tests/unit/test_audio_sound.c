/* SPDX-License-Identifier: Apache-2.0
 * Recordings: formats, rates and channels that are read, and files that are refused in one line. */
#include "test.h"

#include <string.h>

#include "audio/audio.h"
#include "sounds.h"

enum { MAX = 400000 };

/* Reads all; returns the count. */
static size_t read_all(const char *path, float *samples, struct gantry_sound *about)
{
    struct gantry_sound sound;
    struct gantry_error error = {0};
    size_t count = 0, some = 1;
    if (gantry_sound_open(&sound, path, NULL, &error)) fail_msg("%s", error.message);
    *about = sound;
    while (some) {
        if (gantry_sound_read(&sound, samples + count, MAX - count < 999 ? MAX - count : 999, &some,
                              &error))
            fail_msg("%s", error.message);
        count += some;
    }
    gantry_sound_close(&sound);
    return count;
}

static void sound__pcm_comes_as_it_is(void **state)
{
    (void)state;
    static const int formats[] = {
        SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
        SF_FORMAT_AIFF | SF_FORMAT_PCM_24, SF_FORMAT_AU | SF_FORMAT_PCM_16,
        SF_FORMAT_W64 | SF_FORMAT_PCM_32};
    static int16_t in[5000];
    static float out[MAX];
    uint64_t seed = 4;
    for (size_t i = 0; i < 5000; i++) in[i] = (int16_t)random_in(&seed, -32768, 32767);
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        struct gantry_sound about;
        SF_INFO info = {.samplerate = 22050, .channels = 1, .format = formats[k]};
        SNDFILE *file = sf_open(scratch_path("a"), SFM_WRITE, &info);
        assert_int_equal(sf_writef_short(file, in, 5000), 5000);
        assert_int_equal(sf_close(file), 0);
        assert_int_equal(read_all(scratch_path("a"), out, &about), 5000);
        assert_int_equal(about.rate, 22050);
        assert_int_equal(about.channels, 1);
        for (size_t i = 0; i < 5000; i++) assert_true(out[i] == (float)in[i] / 32768);
    }
    (void)scratch_remove("a");
}

/* Level of a 440 Hz tone in samples. */
static double tone_level(const float *x, size_t count, int rate)
{
    double s = 0, c = 0;
    for (size_t i = 0; i < count; i++) {
        double angle = 2 * 3.14159265358979 * 440 * (double)i / rate;
        s += sin(angle) * (double)x[i], c += cos(angle) * (double)x[i];
    }
    return 2 * sqrt(s * s + c * c) / (double)count;
}

static void sound__compressed_formats_are_read(void **state)
{
    (void)state;
    static const struct {
        int format, rate;
    } cases[] = {{SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100},
                 {SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000},
                 {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100},
                 {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 8000},
                 {SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000}};
    static float in[2 * 48000], out[MAX];
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int rate = cases[k].rate;
        for (int i = 0; i < rate; i++)
            in[i] = (float)(0.5 * sin(2 * 3.14159265358979 * 440 * i / rate));
        struct gantry_sound about;
        const char *path = sound_file("b", cases[k].format, rate, 1, in, (size_t)rate);
        size_t count = read_all(path, out, &about);
        double level = tone_level(out + rate / 4, (size_t)rate / 2, about.rate);
        if (count < (size_t)rate || about.rate != rate || fabs(level - 0.5) > 0.05)
            fail_msg("case %zu: %zu samples, %d Hz, level %g", k, count, about.rate, level);
    }
    (void)scratch_remove("b");
}

static void sound__channels_become_their_mean(void **state)
{
    (void)state;
    static float in[200 * 300], out[MAX];
    static const int channels[] = {2, 3, 200};
    for (size_t k = 0; k < 3; k++) {
        int n = channels[k];
        uint64_t seed = 8;
        for (int i = 0; i < 300 * n; i++) in[i] = (float)random_in(&seed, -999, 999) / 1000;
        struct gantry_sound about;
        const char *path = sound_file("c", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, n, in, 300);
        assert_int_equal(read_all(path, out, &about), 300);
        assert_int_equal(about.channels, n);
        for (int i = 0; i < 300; i++) {
            double sum = 0;
            for (int c = 0; c < n; c++) sum += (double)in[i * n + c];
            assert_true(fabs((double)out[i] - sum / n) < 1e-6);
        }
    }
    (void)scratch_remove("c");
}

static void sound__one_sample_is_a_recording(void **state)
{
    (void)state;
    static float out[MAX];
    const float one = 0.5f;
    struct gantry_sound about;
    const char *path = sound_file("d", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, &one, 1);
    assert_int_equal(read_all(path, out, &about), 1);
    assert_true(out[0] == one);
    (void)scratch_remove("d");
}

/* Opens and reads to the end, expecting an error in one line that holds words. */
static void refuse(const char *path, const char *words)
{
    struct gantry_sound sound;
    struct gantry_error error = {0};
    static float block[1000];
    size_t some = 1;
    enum gantry_status status = gantry_sound_open(&sound, path, NULL, &error);
    while (status == GANTRY_OK && some)
        status = gantry_sound_read(&sound, block, 1000, &some, &error);
    gantry_sound_close(&sound);
    assert_int_equal(status, GANTRY_ERR_FILE);
    if (!strstr(error.message, words) || strchr(error.message, '\n') ||
        !strstr(error.message, path))
        fail_msg("no '%s' in: %s", words, error.message);
}

static void sound__refuses_what_is_no_recording(void **state)
{
    (void)state;
    static const char text[] = "This is a letter, not a recording.\n";
    refuse("/nonexistent/a.wav", "cannot be opened");
    refuse(GANTRY_SOURCE_DIR, "not a regular file");
    refuse(scratch_file("e.wav", text, 0), "empty");
    refuse(scratch_file("e.wav", text, sizeof text - 1), "not a recording");
    refuse(scratch_file("e.wav", "\xf0\x7e\0\x01", 4), "sample dumps");
    refuse(scratch_file("e.wav", "RIFF\x10\0\0\0WAVE", 12), "not a recording");
    (void)scratch_remove("e.wav");
}

static void put_u32(const char *name, long at, uint32_t value)
{
    FILE *file = fopen(scratch_path(name), "r+b");
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                        (uint8_t)(value >> 24)};
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, 4, file), 4);
    assert_int_equal(fclose(file), 0);
}

static void sound__refuses_impossible_rates(void **state)
{
    (void)state;
    static const float in[100] = {0};
    static const uint32_t rates[] = {0, 1, 999, 768001, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        (void)sound_file("f.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, in, 100);
        put_u32("f.wav", 24, rates[i]);
        refuse(scratch_path("f.wav"), i == 1 ? "sample rate 1 Hz (1000..768000)" : "f.wav");
    }
    (void)scratch_remove("f.wav");
}

static void sound__refuses_samples_that_are_no_numbers(void **state)
{
    (void)state;
    static float in[600];
    static const float bad[] = {NAN, INFINITY, -INFINITY, 1e30f};
    for (size_t i = 0; i < 4; i++) {
        in[417] = bad[i];
        refuse(sound_file("g.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 2, in, 300),
               "sample 208 is ");
        in[417] = 0;
    }
    (void)scratch_remove("g.wav");
}

static void sound__a_cut_file_gives_what_is_there(void **state)
{
    (void)state;
    static float in[4000], out[MAX];
    struct gantry_sound about;
    make_speechlike(in, 4000, 1);
    const char *path = sound_file("h.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, in, 4000);
    assert_int_equal(truncate(path, 8000), 0);
    size_t count = read_all(path, out, &about);
    assert_true(count > 1900 && count < 2000);
    assert_memory_equal(in, out, count * sizeof *in);
    (void)scratch_remove("h.wav");
}

static void sound__close_takes_a_zeroed_one(void **state)
{
    (void)state;
    struct gantry_sound sound = {0};
    gantry_sound_close(&sound);
    gantry_sound_close(&sound);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sound__pcm_comes_as_it_is),
    cmocka_unit_test(sound__compressed_formats_are_read),
    cmocka_unit_test(sound__channels_become_their_mean),
    cmocka_unit_test(sound__one_sample_is_a_recording),
    cmocka_unit_test(sound__refuses_what_is_no_recording),
    cmocka_unit_test(sound__refuses_impossible_rates),
    cmocka_unit_test(sound__refuses_samples_that_are_no_numbers),
    cmocka_unit_test(sound__a_cut_file_gives_what_is_there),
    cmocka_unit_test(sound__close_takes_a_zeroed_one),
};

GANTRY_TEST_MAIN("audio_sound", tests)
