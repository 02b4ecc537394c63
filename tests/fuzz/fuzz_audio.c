/* SPDX-License-Identifier: Apache-2.0
 * Fuzzing entry: bytes as a recording, to one model input and to the windows of a stream. Whatever
 * the bytes are, the result is features that are numbers or an error in one line. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/audio.h"
#include "fuzz.h"

enum { FEATURES = 490, WINDOWS_MAX = 200 };

/* Opening a damaged file leaks inside of libsndfile and the decoders below it: not ours to free. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libsndfile.so\nleak:libvorbis.so\nleak:libvorbisenc.so\nleak:libogg.so\n"
           "leak:libFLAC.so\nleak:libopus.so\nleak:libmpg123.so\n";
}

static void check_error(enum gantry_status status, const struct gantry_error *error)
{
    gantry_assert(status != GANTRY_OK && error->status == status);
    gantry_assert(error->message[0] && !strchr(error->message, '\n'));
}

static void check_features(const float *features)
{
    for (size_t i = 0; i < FEATURES; i++) gantry_assert(isfinite(features[i]));
}

static void read_input(const char *path, enum gantry_dtype dtype)
{
    struct gantry_array array;
    struct gantry_audio_note note;
    struct gantry_error error = {0};
    struct gantry_audio_options options = gantry_audio_default_options();
    struct gantry_tensor_info info = {.name = "input",
                                      .dtype = dtype,
                                      .shape = {4, {1, 49, 10, 1}},
                                      .scale = 0.6f,
                                      .bytes = FEATURES * gantry_dtype_bytes(dtype)};
    enum gantry_status status =
        gantry_audio_read(&array, path, &info, &options, &note, NULL, &error);
    if (status != GANTRY_OK) {
        check_error(status, &error);
        return;
    }
    gantry_assert(array.bytes == info.bytes && note.seconds > 0);
    if (dtype == GANTRY_FLOAT32) check_features(array.data);
    gantry_array_finish(&array);
}

static void read_stream(const char *path)
{
    struct gantry_sound sound;
    struct gantry_stream *stream = NULL;
    struct gantry_error error = {0};
    struct gantry_audio_options options = gantry_audio_default_options();
    float features[FEATURES];
    bool ready = true;
    enum gantry_status status = gantry_sound_open(&sound, path, NULL, &error);
    if (status == GANTRY_OK)
        status = gantry_stream_create(&stream, &sound, &options, 6400, 8000, 8000, &error);
    for (int i = 0; status == GANTRY_OK && ready && i < WINDOWS_MAX; i++) {
        status = gantry_stream_next(stream, &ready, &error);
        if (status != GANTRY_OK || !ready) continue;
        gantry_frontend_features(gantry_stream_frontend(stream), features);
        check_features(features);
    }
    if (status != GANTRY_OK) check_error(status, &error);
    gantry_stream_destroy(stream);
    gantry_sound_close(&sound);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("recording", MFD_CLOEXEC);
    gantry_assert(fd >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t some = write(fd, data + done, size - done);
        gantry_assert(some > 0);
        done += (size_t)some;
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_input(path, size % 2 ? GANTRY_INT8 : GANTRY_FLOAT32);
    read_stream(path);
    (void)close(fd);
    return 0;
}
