/* SPDX-License-Identifier: Apache-2.0
 * A microphone through ALSA: 16-bit samples at the device's own rate near the one wanted. */
#include <alsa/asoundlib.h>
#include <stdio.h>
#include <string.h>

#include "audio/audio.h"

/* The buffer bridges what one inference may take; a period bounds what waiting adds. */
enum { BUFFER_US = 1000000, PERIOD_US = 20000, BLOCK_SAMPLES = 16384, CHANNELS_MAX = 64 };

static enum gantry_status failure(const char *device, const char *what, int code,
                                  struct gantry_error *error)
{
    (void)gantry_fail(error, GANTRY_ERR_DEVICE, "ALSA device %s: %s (%s)", device, what,
                      snd_strerror(code));
    gantry_hint(error, "arecord -L lists the devices; --capture NAME takes another one");
    return GANTRY_ERR_DEVICE;
}

/* What alsa-lib says of its own accord would come before the error that names the device. */
static void silent(const char *file, int line, const char *function, int code, const char *format,
                   ...)
{
    (void)file, (void)line, (void)function, (void)code, (void)format;
}

static int configure(snd_pcm_t *pcm, snd_pcm_hw_params_t *params, unsigned *rate,
                     unsigned *channels)
{
    unsigned buffer_us = BUFFER_US, period_us = PERIOD_US;
    int code = snd_pcm_hw_params_any(pcm, params);
    /* Without ALSA's own resampler: gantry_resampler states its quality. */
    if (code >= 0) code = snd_pcm_hw_params_set_rate_resample(pcm, params, 0);
    if (code >= 0) code = snd_pcm_hw_params_set_access(pcm, params, SND_PCM_ACCESS_RW_INTERLEAVED);
    if (code >= 0) code = snd_pcm_hw_params_set_format(pcm, params, SND_PCM_FORMAT_S16);
    if (code >= 0) code = snd_pcm_hw_params_set_channels_near(pcm, params, channels);
    if (code >= 0) code = snd_pcm_hw_params_set_rate_near(pcm, params, rate, NULL);
    if (code >= 0) code = snd_pcm_hw_params_set_buffer_time_near(pcm, params, &buffer_us, NULL);
    if (code >= 0) code = snd_pcm_hw_params_set_period_time_near(pcm, params, &period_us, NULL);
    return code >= 0 ? snd_pcm_hw_params(pcm, params) : code;
}

static enum gantry_status read_capture(struct gantry_sound *sound, float *samples, size_t capacity,
                                       size_t *count_out, struct gantry_error *error)
{
    int16_t block[BLOCK_SAMPLES];
    size_t channels = (size_t)sound->channels, room = BLOCK_SAMPLES / channels;
    /* Small pieces: a window is not kept waiting for samples behind it. */
    size_t piece = (size_t)sound->rate / (1000000 / PERIOD_US);
    if (piece < 1) piece = 1;
    if (capacity > piece) capacity = piece;
    snd_pcm_sframes_t got = snd_pcm_readi(sound->source, block, capacity < room ? capacity : room);
    if (got == -EPIPE || got == -ESTRPIPE) {
        sound->lost++;
        int code = snd_pcm_recover(sound->source, (int)got, 1);
        if (code < 0) return failure(sound->name, "cannot go on", code, error);
        got = snd_pcm_readi(sound->source, block, capacity < room ? capacity : room);
    }
    *count_out = 0;
    if (got == -EINTR) got = 0;
    if (got < 0) return failure(sound->name, "cannot be read", (int)got, error);
    for (size_t i = 0; i < (size_t)got; i++) {
        int32_t sum = 0;
        for (size_t c = 0; c < channels; c++) sum += block[i * channels + c];
        samples[i] = (float)sum / (32768.0f * (float)channels);
    }
    *count_out = (size_t)got;
    return GANTRY_OK;
}

static void close_capture(struct gantry_sound *sound) { (void)snd_pcm_close(sound->source); }

enum gantry_status gantry_capture_open(struct gantry_sound *sound, const char *device, int32_t rate,
                                       const struct gantry_allocator *allocator,
                                       struct gantry_error *error)
{
    snd_pcm_t *pcm = NULL;
    snd_pcm_hw_params_t *params = NULL;
    unsigned wanted = (unsigned)rate, channels = 1;
    memset(sound, 0, sizeof *sound);
    (void)snd_lib_error_set_handler(silent);
    int code = snd_pcm_open(&pcm, device, SND_PCM_STREAM_CAPTURE, 0);
    if (code < 0) return failure(device, "cannot be opened", code, error);
    code = snd_pcm_hw_params_malloc(&params);
    if (code >= 0) code = configure(pcm, params, &wanted, &channels);
    if (params) snd_pcm_hw_params_free(params);
    enum gantry_status status = GANTRY_OK;
    if (code < 0)
        status = failure(device, "does not give 16-bit samples", code, error);
    else if (wanted < GANTRY_AUDIO_RATE_MIN || wanted > GANTRY_AUDIO_RATE_MAX || channels < 1 ||
             channels > CHANNELS_MAX)
        status = gantry_fail(error, GANTRY_ERR_DEVICE, "ALSA device %s: %u Hz, %u channels", device,
                             wanted, channels);
    if (status != GANTRY_OK) {
        (void)snd_pcm_close(pcm);
        return status;
    }
    sound->source = pcm;
    sound->read = read_capture;
    sound->close = close_capture;
    sound->allocator = allocator;
    sound->rate = (int32_t)wanted;
    sound->channels = (int32_t)channels;
    (void)snprintf(sound->name, sizeof sound->name, "%s", device);
    (void)snprintf(sound->format, sizeof sound->format, "ALSA");
    return GANTRY_OK;
}
