/* SPDX-License-Identifier: Apache-2.0
 * Recordings through libsndfile: one channel, block by block. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"

enum { BLOCK_SAMPLES = 16384, CHANNELS_MAX = 1024 };

/* Beyond it squares and spectra leave the range of float; full scale is 1. */
static const float sample_max = 65536.0f;

/* A MIDI sample dump: libsndfile's reader of it prints to stdout, where results go. */
static bool is_sample_dump(int fd)
{
    uint8_t head[2];
    return pread(fd, head, sizeof head, 0) == sizeof head && head[0] == 0xf0 && head[1] == 0x7e;
}

static enum gantry_status open_regular(const char *path, int *fd_out, struct gantry_error *error)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: cannot be opened (%s)", path,
                           strerror(errno));
    enum gantry_status status = GANTRY_OK;
    if (fstat(fd, &info) != 0)
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: not a regular file", path);
    else if (info.st_size == 0)
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: empty", path);
    else if (is_sample_dump(fd))
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: MIDI sample dumps are not read", path);
    if (status == GANTRY_OK)
        *fd_out = fd;
    else
        (void)close(fd);
    return status;
}

/* libsndfile's sentence without the full stop and line feed that some have. */
static void reason(SNDFILE *file, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", sf_strerror(file));
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20) *p = ' ';
    size_t length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '.')) text[--length] = 0;
}

/* Frames of the file, at most what BLOCK_SAMPLES of all channels hold. */
static sf_count_t block_frames(const struct gantry_sound *sound, size_t capacity)
{
    size_t frames = BLOCK_SAMPLES / (size_t)sound->channels;
    return (sf_count_t)(capacity < frames ? capacity : frames);
}

static enum gantry_status read_file(struct gantry_sound *sound, float *samples, size_t capacity,
                                    size_t *count_out, struct gantry_error *error)
{
    SNDFILE *file = sound->source;
    int32_t channels = sound->channels;
    *count_out = 0;
    sf_count_t frames = sf_readf_float(file, sound->interleaved, block_frames(sound, capacity));
    if (sf_error(file) != SF_ERR_NO_ERROR) {
        char why[96];
        reason(file, why, sizeof why);
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: damaged at sample %llu (%s)", sound->name,
                           (unsigned long long)sound->position, why);
    }
    if (frames < 0) frames = 0;
    for (sf_count_t i = 0; i < frames; i++) {
        double sum = 0;
        for (int32_t c = 0; c < channels; c++) sum += (double)sound->interleaved[i * channels + c];
        samples[i] = (float)(sum / channels);
    }
    *count_out = (size_t)frames;
    return GANTRY_OK;
}

static void close_file(struct gantry_sound *sound) { (void)sf_close(sound->source); }

static void describe(struct gantry_sound *sound, int format)
{
    SF_FORMAT_INFO info = {.format = format & SF_FORMAT_TYPEMASK};
    if (sf_command(NULL, SFC_GET_FORMAT_INFO, &info, sizeof info) == 0 && info.name)
        (void)snprintf(sound->format, sizeof sound->format, "%s", info.name);
}

enum gantry_status gantry_sound_open(struct gantry_sound *sound, const char *path,
                                     const struct gantry_allocator *allocator,
                                     struct gantry_error *error)
{
    int fd = -1;
    memset(sound, 0, sizeof *sound);
    enum gantry_status status = open_regular(path, &fd, error);
    if (status != GANTRY_OK) return status;
    SF_INFO info = {0};
    SNDFILE *file = sf_open_fd(fd, SFM_READ, &info, SF_TRUE);
    if (!file) {
        char why[96];
        reason(NULL, why, sizeof why);
        return gantry_fail(error, GANTRY_ERR_FILE, "%s: not a recording (%s)", path, why);
    }
    sound->source = file;
    sound->read = read_file;
    sound->close = close_file;
    sound->allocator = allocator;
    sound->rate = info.samplerate;
    sound->channels = info.channels;
    (void)snprintf(sound->name, sizeof sound->name, "%s", path);
    describe(sound, info.format);
    if (info.samplerate < GANTRY_AUDIO_RATE_MIN || info.samplerate > GANTRY_AUDIO_RATE_MAX)
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: sample rate %d Hz (%d..%d)", path,
                             info.samplerate, GANTRY_AUDIO_RATE_MIN, GANTRY_AUDIO_RATE_MAX);
    else if (info.channels < 1 || info.channels > CHANNELS_MAX)
        status = gantry_fail(error, GANTRY_ERR_FILE, "%s: %d channels (1..%d)", path, info.channels,
                             CHANNELS_MAX);
    if (status == GANTRY_OK) {
        sound->interleaved = gantry_allocate(allocator, BLOCK_SAMPLES, sizeof(float));
        if (!sound->interleaved)
            status = gantry_fail(error, GANTRY_ERR_MEMORY, "%s: out of memory", path);
    }
    if (status != GANTRY_OK) gantry_sound_close(sound);
    return status;
}

enum gantry_status gantry_sound_read(struct gantry_sound *sound, float *samples, size_t capacity,
                                     size_t *count_out, struct gantry_error *error)
{
    enum gantry_status status = sound->read(sound, samples, capacity, count_out, error);
    for (size_t i = 0; status == GANTRY_OK && i < *count_out; i++)
        if (!(fabsf(samples[i]) <= sample_max))
            status = gantry_fail(error, GANTRY_ERR_FILE,
                                 "%s: sample %llu is %g (limit %g, full scale is 1)", sound->name,
                                 (unsigned long long)(sound->position + i), (double)samples[i],
                                 (double)sample_max);
    sound->position += *count_out;
    return status;
}

void gantry_sound_close(struct gantry_sound *sound)
{
    if (sound->close) sound->close(sound);
    gantry_release(sound->allocator, sound->interleaved);
    memset(sound, 0, sizeof *sound);
}
