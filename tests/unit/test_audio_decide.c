/* SPDX-License-Identifier: Apache-2.0
 * The decider: one event per word, where the sound is, labels that are no words, and the same
 * result at any hop. Scores are scripted: a word is recognised while a window holds all of it. */
#include "test.h"

#include <string.h>

#include "audio/audio.h"
#include "sounds.h"

enum { RATE = 16000, LABELS = 4, LENGTH = 10 * RATE, SILENCE = 3, WORDS_MAX = 32 };

struct spoken {
    int32_t label;
    double start, end;
    double stop; /* where 90 ms of the word are silent; 0: nowhere */
    double tail; /* until when it dies away; 0: it does not */
};
enum { NO_REST = -1 };

/* Noise with a burst for each word. */
static void make_speech(float *samples, const struct spoken *words, size_t count)
{
    uint64_t seed = 77;
    for (size_t i = 0; i < LENGTH; i++) samples[i] = (float)random_in(&seed, -100, 100) / 1e5f;
    for (size_t w = 0; w < count; w++)
        for (size_t i = (size_t)(words[w].start * RATE); i < (size_t)(words[w].end * RATE); i++) {
            double since = (double)i / RATE - words[w].stop;
            if (words[w].stop > 0 && since >= 0 && since < 0.09) continue;
            samples[i] += (float)random_in(&seed, -10000, 10000) / 3e4f;
        }
    for (size_t w = 0; w < count; w++)
        for (size_t i = (size_t)(words[w].end * RATE); i < (size_t)(words[w].tail * RATE); i++) {
            double gone = ((double)i / RATE - words[w].end) / (words[w].tail - words[w].end);
            samples[i] += (float)(random_in(&seed, -10000, 10000) / 3e4 * exp(-6 * gone));
        }
}

/* rest: how a window reads that holds but the end of a word, dying away. */
static void script_scores(float *scores, const struct spoken *words, size_t count, double start,
                          int32_t rest)
{
    for (int32_t i = 0; i < LABELS; i++) scores[i] = 0;
    scores[SILENCE] = 0.97f;
    for (size_t w = 0; w < count; w++)
        if (words[w].start >= start && words[w].end <= start + 1) {
            scores[SILENCE] = 0.02f;
            scores[words[w].label] = 0.95f;
            return;
        } else if (rest != NO_REST && words[w].start < start &&
                   (words[w].end + words[w].tail) / 2 > start + 0.1) {
            scores[SILENCE] = 0.02f;
            scores[rest] = 0.95f;
        }
}

static size_t decide_with_rest(const struct spoken *words, size_t count, int32_t rest,
                               const struct gantry_listen_options *options,
                               struct gantry_word *events)
{
    static float samples[LENGTH];
    struct gantry_audio_options audio = gantry_audio_default_options();
    struct gantry_decider *decider;
    struct gantry_frontend *frontend;
    struct gantry_error error = {0};
    const bool ignored[LABELS] = {[SILENCE] = true};
    size_t at = 0, found = 0;
    make_speech(samples, words, count);
    if (gantry_frontend_create(&frontend, &audio, options->hop_ms * RATE / 1000, NULL, &error) ||
        gantry_decider_create(&decider, &audio, options, LABELS, ignored, NULL, &error))
        fail_msg("%s", error.message);
    for (;;) {
        float scores[LABELS];
        at += gantry_frontend_push(frontend, samples + at, LENGTH - at);
        if (!gantry_frontend_ready(frontend)) break;
        script_scores(scores, words, count, (double)gantry_frontend_start(frontend) / RATE, rest);
        found += gantry_decider_push(decider, frontend, scores, 0, &events[found]);
        assert_true(found < WORDS_MAX);
        gantry_frontend_advance(frontend);
    }
    found += gantry_decider_end(decider, &events[found]);
    gantry_decider_destroy(decider);
    gantry_frontend_destroy(frontend);
    return found;
}

static size_t decide_all(const struct spoken *words, size_t count,
                         const struct gantry_listen_options *options, struct gantry_word *events)
{
    return decide_with_rest(words, count, NO_REST, options, events);
}

static const struct spoken sentence[] = {{0, 0.8, 1.2, 0, 0}, {1, 2.0, 2.5, 0, 0},
                                         {0, 3.1, 3.4, 0, 0}, {2, 4.4, 4.9, 0, 0},
                                         {2, 5.9, 6.4, 0, 0}, {1, 7.3, 7.6, 0, 0}};
enum { SPOKEN = sizeof sentence / sizeof *sentence };

static void decider__finds_every_word_once_in_its_place(void **state)
{
    (void)state;
    static const int32_t hops[] = {20, 40, 60, 100};
    for (size_t h = 0; h < 4; h++) {
        struct gantry_word events[WORDS_MAX];
        struct gantry_listen_options options = gantry_listen_default_options();
        options.hop_ms = hops[h];
        assert_int_equal(decide_all(sentence, SPOKEN, &options, events), SPOKEN);
        for (size_t w = 0; w < SPOKEN; w++) {
            assert_int_equal(events[w].label, sentence[w].label);
            if (fabs(events[w].start - sentence[w].start) > 0.05 ||
                fabs(events[w].end - sentence[w].end) > 0.05)
                fail_msg("hop %d: word %zu from %.3f to %.3f s", hops[h], w, events[w].start,
                         events[w].end);
            assert_true(events[w].score >= options.threshold && events[w].score <= 0.96);
            /* After the word, and before the window has left it. */
            assert_true(events[w].decided >= sentence[w].end);
            assert_true(events[w].decided <= sentence[w].end + 0.5);
        }
    }
}

static void decider__a_stop_within_a_word_does_not_end_it(void **state)
{
    (void)state;
    const struct spoken word[] = {{0, 3.0, 3.5, 3.2, 0}};
    struct gantry_word events[WORDS_MAX];
    struct gantry_listen_options options = gantry_listen_default_options();
    assert_int_equal(decide_all(word, 1, &options, events), 1);
    assert_true(fabs(events[0].start - 3.0) < 0.05 && fabs(events[0].end - 3.5) < 0.05);
}

static void decider__the_rest_of_a_word_is_no_other_word(void **state)
{
    (void)state;
    const struct spoken word[] = {{0, 3.0, 3.3, 0, 3.8}};
    struct gantry_word events[WORDS_MAX];
    struct gantry_listen_options options = gantry_listen_default_options();
    assert_int_equal(decide_with_rest(word, 1, 1, &options, events), 1);
    assert_int_equal(events[0].label, 0);
}

static void decider__ignored_labels_are_no_events(void **state)
{
    (void)state;
    const struct spoken words[] = {{SILENCE, 2, 2.5, 0, 0}};
    struct gantry_word events[WORDS_MAX];
    struct gantry_listen_options options = gantry_listen_default_options();
    assert_int_equal(decide_all(words, 1, &options, events), 0);
}

static void decider__threshold_is_of_the_mean(void **state)
{
    (void)state;
    struct gantry_word events[WORDS_MAX];
    struct gantry_listen_options options = gantry_listen_default_options();
    options.threshold = 0.96;
    assert_int_equal(decide_all(sentence, SPOKEN, &options, events), 0);
    /* A second and a bit of mean: no word fills it. */
    options.threshold = 0.5;
    options.smooth_ms = 2000;
    assert_int_equal(decide_all(sentence, SPOKEN, &options, events), 0);
}

static void decider__the_same_word_rests(void **state)
{
    (void)state;
    struct gantry_word events[WORDS_MAX];
    struct gantry_listen_options options = gantry_listen_default_options();
    options.refractory_ms = 2000;
    /* The second "2" is 1.5 s after the first; the second "0" 2.3 s, the second "1" 5.3 s. */
    assert_int_equal(decide_all(sentence, SPOKEN, &options, events), SPOKEN - 1);
    assert_int_equal(events[3].label, 2);
    assert_int_equal(events[4].label, 1);
}

static void decider__refuses_options_out_of_range(void **state)
{
    (void)state;
    struct gantry_audio_options audio = gantry_audio_default_options();
    struct gantry_decider *decider;
    struct gantry_error error = {0};
    for (int i = 0; i < 6; i++) {
        struct gantry_listen_options options = gantry_listen_default_options();
        int32_t labels = 12;
        switch (i) {
        case 0:
            labels = 0;
            break;
        case 1:
            options.hop_ms = 0;
            break;
        case 2:
            options.threshold = 0;
            break;
        case 3:
            options.threshold = 1.01;
            break;
        case 4:
            options.threshold = NAN;
            break;
        default:
            options.smooth_ms = 1 << 24;
            break;
        }
        assert_int_not_equal(
            gantry_decider_create(&decider, &audio, &options, labels, NULL, NULL, &error),
            GANTRY_OK);
        assert_null(decider);
    }
    gantry_decider_destroy(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(decider__finds_every_word_once_in_its_place),
    cmocka_unit_test(decider__a_stop_within_a_word_does_not_end_it),
    cmocka_unit_test(decider__the_rest_of_a_word_is_no_other_word),
    cmocka_unit_test(decider__ignored_labels_are_no_events),
    cmocka_unit_test(decider__threshold_is_of_the_mean),
    cmocka_unit_test(decider__the_same_word_rests),
    cmocka_unit_test(decider__refuses_options_out_of_range),
};

GANTRY_TEST_MAIN("audio_decide", tests)
