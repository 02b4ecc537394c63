/* SPDX-License-Identifier: Apache-2.0
 * gantry listen: a stream of sound in, one event per word out. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audio/audio.h"
#include "cli/cli.h"
#include "report/report.h"

enum { TEXT_BYTES = 64, PERCENT_MAX = 100, SECONDS_MAX = 1000000 };

static const struct gantry_cli_option options[] = {
    GANTRY_CLI_OPTIONS_DEVICE,
    GANTRY_CLI_OPTIONS_PLACE,
    {"input", "FILE", GANTRY_CLI_LIST, GANTRY_CLI_AT(inputs), "a recording, of any length"},
    {"mic", NULL, GANTRY_CLI_FLAG, GANTRY_CLI_AT(mic), "the microphone, until Ctrl-C"},
    {"capture", "NAME", GANTRY_CLI_STRING, GANTRY_CLI_AT(capture),
     "ALSA device for --mic (default: \"default\")"},
    {"seconds", "N", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(seconds), "stop after so long"},
    {"hop", "MS", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(hop),
     "from one window to the next (default: the manifest's, else 40)"},
    {"threshold", "PERCENT", GANTRY_CLI_NUMBER, GANTRY_CLI_AT(threshold),
     "least mean score of a word (default: the manifest's, else 80)"},
    {"labels", "FILE", GANTRY_CLI_STRING, GANTRY_CLI_AT(labels),
     "names of the classes, one a line (default: the model's manifest)"},
    GANTRY_CLI_OPTIONS_COMMON,
};

struct listener {
    const struct gantry_cli_args *args;
    struct gantry_model *model;
    struct gantry_manifest manifest;
    struct gantry_cli_session session;
    struct gantry_sound sound;
    struct gantry_stream *stream;
    struct gantry_decider *decider;
    struct gantry_listen_options options;
    int32_t hop, lead; /* samples */
    size_t count;      /* scores */
    float *features, *scores;
    bool *ignored;
    uint8_t *input, *output;
    uint64_t windows, words, longest_ns;
    double latency_s; /* sum over words */
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static int failed(const struct gantry_error *error) { return gantry_cli_failure(error); }

static int out_of_memory(void)
{
    fprintf(stderr, "gantry: listen: out of memory\n");
    return GANTRY_EXIT_MEMORY;
}

/* ---- Setting up ---- */

static int check_arguments(const struct gantry_cli_args *args)
{
    if (args->inputs.count > 1)
        return gantry_cli_usage(NULL, "listen: one --input at a time (%zu)", args->inputs.count);
    if (args->mic && args->inputs.count)
        return gantry_cli_usage(NULL, "listen: --input or --mic, not both");
    if (!args->mic && args->inputs.count == 0)
        return gantry_cli_usage("give --input FILE or --mic", "listen: nothing to listen to");
    if (args->capture && !args->mic) return gantry_cli_usage(NULL, "--capture goes with --mic");
    if (args->threshold > PERCENT_MAX)
        return gantry_cli_usage(NULL, "--threshold: %llu percent (1..100)",
                                (unsigned long long)args->threshold);
    if (args->hop > 10000)
        return gantry_cli_usage(NULL, "--hop: %llu ms (1..10000)", (unsigned long long)args->hop);
    if (args->seconds > SECONDS_MAX)
        return gantry_cli_usage(NULL, "--seconds: %llu (1..%d)", (unsigned long long)args->seconds,
                                SECONDS_MAX);
    return GANTRY_EXIT_OK;
}

/* One input that takes the features, one output of scores. */
static int check_model(struct listener *l)
{
    struct gantry_error error = {0};
    size_t inputs = gantry_model_input_count(l->model), outputs;
    outputs = gantry_model_output_count(l->model);
    if (!l->manifest.audio) {
        (void)gantry_fail(&error, GANTRY_ERR_FILE,
                          "%s: no manifest beside it says how sound becomes its input",
                          l->args->model);
        gantry_hint(&error, "docs/audio.md shows manifest.json with \"kind\": \"audio\"");
        return failed(&error);
    }
    if (inputs != 1 || outputs != 1) {
        (void)gantry_fail(&error, GANTRY_ERR_SHAPE, "%s: %zu inputs, %zu outputs (1 and 1)",
                          l->args->model, inputs, outputs);
        return failed(&error);
    }
    const struct gantry_tensor_info *output = gantry_model_output(l->model, 0);
    if (gantry_audio_fits(&l->manifest.audio_options, gantry_model_input(l->model, 0),
                          l->args->model, &error) != GANTRY_OK)
        return failed(&error);
    l->count = output->bytes / gantry_dtype_bytes(output->dtype);
    return GANTRY_EXIT_OK;
}

static const char *label_of(const struct listener *l, int32_t label, char *number, size_t size)
{
    if (label < l->manifest.label_count) return l->manifest.labels[label];
    (void)snprintf(number, size, "%d", label);
    return number;
}

static void find_ignored(struct listener *l)
{
    for (size_t i = 0; i < l->count && i < (size_t)l->manifest.label_count; i++)
        for (int32_t k = 0; k < l->manifest.ignored_count; k++)
            if (strcmp(l->manifest.labels[i], l->manifest.ignored[k]) == 0) l->ignored[i] = true;
}

/* The hop becomes a whole number of strides, at least one. */
static void take_options(struct listener *l)
{
    const struct gantry_audio_options *audio = &l->manifest.audio_options;
    l->options = l->manifest.listen_options;
    if (l->args->hop) l->options.hop_ms = (int32_t)l->args->hop;
    if (l->args->threshold) l->options.threshold = (double)l->args->threshold / PERCENT_MAX;
    int64_t hop = (int64_t)l->options.hop_ms * audio->rate / 1000 / audio->stride * audio->stride;
    l->hop = hop > audio->stride ? (int32_t)hop : audio->stride;
    l->options.hop_ms = (int32_t)((int64_t)l->hop * 1000 / audio->rate);
    if (l->options.hop_ms < 1) l->options.hop_ms = 1;
    l->lead = audio->samples / 2;
}

static int open_sound(struct listener *l)
{
    struct gantry_error error = {0};
    const struct gantry_audio_options *audio = &l->manifest.audio_options;
    enum gantry_status status;
    if (l->args->mic)
        status = gantry_capture_open(&l->sound, l->args->capture ? l->args->capture : "default",
                                     audio->rate, NULL, &error);
    else
        status = gantry_sound_open(&l->sound, l->args->inputs.items[0], NULL, &error);
    if (status == GANTRY_OK)
        status =
            gantry_stream_create(&l->stream, &l->sound, audio, l->hop, l->lead, l->lead, &error);
    return status == GANTRY_OK ? GANTRY_EXIT_OK : failed(&error);
}

static int prepare(struct listener *l)
{
    struct gantry_error error = {0};
    take_options(l);
    int code = open_sound(l);
    if (code != GANTRY_EXIT_OK) return code;
    size_t features = gantry_frontend_count(gantry_stream_frontend(l->stream));
    l->features = gantry_allocate(NULL, features, sizeof *l->features);
    l->scores = gantry_allocate(NULL, l->count, sizeof *l->scores);
    l->ignored = gantry_allocate(NULL, l->count, sizeof *l->ignored);
    l->input = gantry_allocate(NULL, gantry_model_input(l->model, 0)->bytes, 1);
    l->output = gantry_allocate(NULL, gantry_model_output(l->model, 0)->bytes, 1);
    if (!l->features || !l->scores || !l->ignored || !l->input || !l->output)
        return out_of_memory();
    find_ignored(l);
    if (gantry_decider_create(&l->decider, &l->manifest.audio_options, &l->options,
                              (int32_t)l->count, l->ignored, NULL, &error) != GANTRY_OK)
        return failed(&error);
    gantry_cli_note(l->args, "listening to %s: %d Hz, %d channel%s; a window of %d ms every %d ms",
                    l->sound.name, l->sound.rate, l->sound.channels,
                    l->sound.channels == 1 ? "" : "s",
                    (int32_t)((int64_t)l->manifest.audio_options.samples * 1000 /
                              l->manifest.audio_options.rate),
                    l->options.hop_ms);
    return GANTRY_EXIT_OK;
}

/* ---- Printing ---- */

static int print_word(struct listener *l, const struct gantry_word *word)
{
    char number[TEXT_BYTES], start[TEXT_BYTES], end[TEXT_BYTES], score[TEXT_BYTES],
        latency[TEXT_BYTES];
    const char *label = label_of(l, word->label, number, sizeof number);
    double latency_s = word->decided - word->end;
    l->words++;
    l->latency_s += latency_s;
    int code = GANTRY_EXIT_OK;
    if (l->args->json)
        code = gantry_cli_print_json(json_pack("{s:s, s:o, s:i, s:f, s:f, s:f, s:f, s:f}", "event",
                                               "word", "word", gantry_report_string(label), "index",
                                               word->label, "score", word->score, "start_s",
                                               word->start, "end_s", word->end, "decided_s",
                                               word->decided, "latency_ms", latency_s * 1000));
    else
        printf("%9s .. %s s  %-12s %s  (decided %s s later)\n",
               gantry_report_number(word->start, 2, start, sizeof start),
               gantry_report_number(word->end, 2, end, sizeof end), label,
               gantry_report_number(word->score, 3, score, sizeof score),
               gantry_report_number(latency_s, 2, latency, sizeof latency));
    (void)fflush(stdout);
    return code;
}

static double cpu_seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int print_end(const struct listener *l, double cpu)
{
    char text[4][TEXT_BYTES];
    const char *device = gantry_device_info(l->session.device)->name;
    double seconds = (double)l->sound.position / l->sound.rate;
    double factor = seconds > 0 ? cpu / seconds : 0;
    double latency = l->words ? l->latency_s / (double)l->words : 0;
    gantry_cli_note(l->args,
                    "%s s of sound, %llu word%s, decided %s s after their end on average; %s of "
                    "real time on one core with %s, longest inference %s ms",
                    gantry_report_number(seconds, 2, text[0], sizeof text[0]),
                    (unsigned long long)l->words, l->words == 1 ? "" : "s",
                    gantry_report_number(latency, 2, text[1], sizeof text[1]),
                    gantry_report_number(factor, 4, text[2], sizeof text[2]), device,
                    gantry_report_number((double)l->longest_ns / 1e6, 2, text[3], sizeof text[3]));
    if (l->sound.lost)
        gantry_cli_note(l->args,
                        "warning: sound was lost %llu times: this machine is too slow for "
                        "a window every %d ms (--hop MS)",
                        (unsigned long long)l->sound.lost, l->options.hop_ms);
    if (!l->args->json) return GANTRY_EXIT_OK;
    return gantry_cli_print_json(
        json_pack("{s:s, s:i, s:o, s:s, s:f, s:I, s:I, s:f, s:f, s:I}", "event", "end", "schema",
                  GANTRY_REPORT_SCHEMA, "model", gantry_report_string(l->args->model), "device",
                  device, "seconds", seconds, "windows", (json_int_t)l->windows, "words",
                  (json_int_t)l->words, "latency_ms", latency * 1000, "real_time_factor", factor,
                  "lost", (json_int_t)l->sound.lost));
}

/* ---- Listening ---- */

static int infer(struct listener *l)
{
    struct gantry_error error = {0};
    const struct gantry_tensor_info *in = gantry_model_input(l->model, 0);
    const struct gantry_tensor_info *out = gantry_model_output(l->model, 0);
    const struct gantry_frontend *frontend = gantry_stream_frontend(l->stream);
    gantry_frontend_features(frontend, l->features);
    gantry_audio_quantize(&l->manifest.audio_options, in, l->features,
                          gantry_frontend_count(frontend), l->input);
    struct gantry_tensor input = {in->dtype, in->shape, l->input, in->bytes};
    struct gantry_tensor output = {out->dtype, out->shape, l->output, out->bytes};
    uint64_t start = gantry_now_ns();
    if (gantry_engine_run(l->session.engine, &input, &output, GANTRY_CLI_TIMEOUT_MS, &error) !=
        GANTRY_OK)
        return failed(&error);
    uint64_t took = gantry_now_ns() - start;
    if (took > l->longest_ns) l->longest_ns = took;
    l->windows++;
    for (size_t i = 0; i < l->count; i++) {
        double value = gantry_cli_element(out->dtype, l->output, i);
        l->scores[i] =
            (float)(out->scale > 0 ? (double)out->scale * (value - out->zero_point) : value);
    }
    return GANTRY_EXIT_OK;
}

/* By the end of the last window, so that it does not depend on the pieces that were read. */
static bool time_is_over(const struct listener *l)
{
    const struct gantry_audio_options *audio = &l->manifest.audio_options;
    if (stopped) return true;
    if (!l->args->seconds || l->windows == 0) return false;
    uint64_t end = gantry_frontend_start(gantry_stream_frontend(l->stream));
    end += (uint64_t)(audio->samples - l->lead);
    return end >= l->args->seconds * (uint64_t)audio->rate;
}

static int listen(struct listener *l)
{
    struct gantry_error error = {0};
    struct gantry_word word;
    int code = GANTRY_EXIT_OK;
    while (code == GANTRY_EXIT_OK && !time_is_over(l)) {
        bool ready;
        if (gantry_stream_next(l->stream, &ready, &error) != GANTRY_OK) return failed(&error);
        if (!ready) break;
        code = infer(l);
        if (code == GANTRY_EXIT_OK &&
            gantry_decider_push(l->decider, gantry_stream_frontend(l->stream), l->scores, l->lead,
                                &word))
            code = print_word(l, &word);
    }
    if (code == GANTRY_EXIT_OK && gantry_decider_end(l->decider, &word))
        code = print_word(l, &word);
    return code;
}

static int work(struct listener *l)
{
    const struct gantry_cli_session_options session = {.device = l->args->device};
    int code = check_arguments(l->args);
    if (code == GANTRY_EXIT_OK) code = gantry_cli_model_open(&l->model, &l->manifest, l->args);
    if (code == GANTRY_EXIT_OK) code = check_model(l);
    if (code == GANTRY_EXIT_OK)
        code = gantry_cli_session_open(&l->session, l->args, l->model, &session, true);
    if (code == GANTRY_EXIT_OK) code = prepare(l);
    if (code != GANTRY_EXIT_OK) return code;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = stop;
    action.sa_flags = (int)SA_RESETHAND; /* a second Ctrl-C ends at once */
    if (l->args->mic) (void)sigaction(SIGINT, &action, NULL);
    double cpu = cpu_seconds();
    code = listen(l);
    return code == GANTRY_EXIT_OK ? print_end(l, cpu_seconds() - cpu) : code;
}

static int run(const struct gantry_cli_args *args)
{
    struct listener l = {.args = args};
    int code = work(&l);
    gantry_decider_destroy(l.decider);
    gantry_stream_destroy(l.stream);
    gantry_sound_close(&l.sound);
    gantry_release(NULL, l.features);
    gantry_release(NULL, l.scores);
    gantry_release(NULL, l.ignored);
    gantry_release(NULL, l.input);
    gantry_release(NULL, l.output);
    gantry_cli_session_close(&l.session);
    gantry_manifest_finish(&l.manifest);
    gantry_model_close(l.model);
    return code;
}

const struct gantry_cli_command gantry_cli_listen = {
    .name = "listen",
    .argument = "MODEL",
    .help = "Listens to a recording or a microphone: one event per word.",
    .examples = "gantry listen kws.tflite --input recording.wav\n"
                "gantry listen kws.tflite --mic\n",
    .options = options,
    .option_count = GANTRY_COUNT(options),
    .run = run,
};
