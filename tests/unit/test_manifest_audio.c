/* SPDX-License-Identifier: Apache-2.0
 * What manifests say of sound: the preset, what overrides it, and errors that say where. */
#include "test.h"

#include "files.h"
#include "formats/formats.h"

static enum gantry_status read_text(struct gantry_manifest *manifest, const char *text,
                                    struct gantry_error *error)
{
    (void)scratch_file("manifest.json", text, strlen(text));
    enum gantry_status status =
        gantry_manifest_read(manifest, scratch_path("m.tflite"), NULL, error);
    (void)scratch_remove("manifest.json");
    return status;
}

static void manifest__audio_alone_is_the_preset(void **state)
{
    (void)state;
    struct gantry_manifest manifest;
    struct gantry_error error = {0};
    if (read_text(&manifest, "{\"input\": {\"kind\": \"audio\", \"preset\": \"mlperf-tiny-kws\"}}",
                  &error))
        fail_msg("%s", error.message);
    struct gantry_audio_options audio = manifest.audio_options;
    assert_true(manifest.audio && !manifest.image && manifest.ignored_count == 0);
    assert_true(audio.rate == 16000 && audio.samples == 16000 && audio.window == 480);
    assert_true(audio.stride == 320 && audio.fft == 512 && audio.mel_bands == 40);
    assert_true(audio.coefficients == 10 && audio.mel_low == 20 && audio.mel_high == 4000);
    assert_true(audio.log_offset == 1e-6 && audio.normalise_maximum);
    assert_true(!audio.power && !audio.half_even);
    assert_true(manifest.listen_options.threshold == gantry_listen_default_options().threshold);
    gantry_manifest_finish(&manifest);
}

static void manifest__audio_options_override_the_preset(void **state)
{
    (void)state;
    struct gantry_manifest manifest;
    struct gantry_error error = {0};
    if (read_text(&manifest,
                  "{\"input\": {\"kind\": \"audio\", \"rate\": 8000, \"samples\": 4000, "
                  "\"window\": 200, \"stride\": 100, \"fft\": 256, \"mel_bands\": 20, "
                  "\"coefficients\": 0, \"mel_low\": 50.5, \"mel_high\": 3900, "
                  "\"log_offset\": 0.01, \"normalise\": \"none\", \"spectrum\": \"power\", "
                  "\"rounding\": \"half_even\"}, \"listen\": {\"hop_ms\": 60, \"smooth_ms\": 120, "
                  "\"refractory_ms\": 900, \"threshold\": 0.5, \"ignore\": [\"silence\", \"?\"]}}",
                  &error))
        fail_msg("%s", error.message);
    struct gantry_audio_options audio = manifest.audio_options;
    struct gantry_listen_options listen = manifest.listen_options;
    assert_true(audio.rate == 8000 && audio.samples == 4000 && audio.window == 200);
    assert_true(audio.stride == 100 && audio.fft == 256 && audio.mel_bands == 20);
    assert_true(audio.coefficients == 0 && audio.mel_low == 50.5 && audio.mel_high == 3900);
    assert_true(audio.log_offset == 0.01 && !audio.normalise_maximum);
    assert_true(audio.power && audio.half_even);
    assert_true(listen.hop_ms == 60 && listen.smooth_ms == 120 && listen.refractory_ms == 900);
    assert_true(listen.threshold == 0.5 && manifest.ignored_count == 2);
    assert_string_equal(manifest.ignored[0], "silence");
    assert_string_equal(manifest.ignored[1], "?");
    gantry_manifest_finish(&manifest);
}

static void manifest__errors_of_audio_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"{\"input\": {\"kind\": \"audio\", \"preset\": \"other\"}}", "preset \"other\""},
        {"{\"input\": {\"kind\": \"audio\", \"rate\": \"fast\"}}",
         "\"rate\" is not a whole number"},
        {"{\"input\": {\"kind\": \"audio\", \"rate\": 8000.5}}", "\"rate\" is not a whole number"},
        {"{\"input\": {\"kind\": \"audio\", \"stride\": -1}}", "\"stride\" is out of range"},
        {"{\"input\": {\"kind\": \"audio\", \"fft\": 99999999999}}", "\"fft\" is out of range"},
        {"{\"input\": {\"kind\": \"audio\", \"mel_low\": []}}", "\"mel_low\" is not a number"},
        {"{\"input\": {\"kind\": \"audio\", \"rounding\": \"up\"}}", "rounding \"up\""},
        {"{\"input\": {\"kind\": \"audio\"}, \"listen\": 1}", "\"listen\" is not an object"},
        {"{\"input\": {\"kind\": \"audio\"}, \"listen\": {\"ignore\": [1]}}",
         "ignore 0 is not a string"},
        {"{\"input\": {\"kind\": \"audio\"}, \"listen\": {\"threshold\": \"x\"}}",
         "\"threshold\" is not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gantry_manifest manifest;
        struct gantry_error error = {0};
        assert_int_equal(read_text(&manifest, cases[i].text, &error), GANTRY_ERR_FILE);
        if (!strstr(error.message, cases[i].words))
            fail_msg("no '%s' in: %s", cases[i].words, error.message);
        assert_false(manifest.audio);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(manifest__audio_alone_is_the_preset),
    cmocka_unit_test(manifest__audio_options_override_the_preset),
    cmocka_unit_test(manifest__errors_of_audio_say_where),
};

GANTRY_TEST_MAIN("manifest_audio", tests)
