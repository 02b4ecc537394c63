/* SPDX-License-Identifier: Apache-2.0
 * Recordings and signals that the tests of audio make. */
#ifndef GANTRY_TEST_SOUNDS_H
#define GANTRY_TEST_SOUNDS_H

#include <math.h>
#include <sndfile.h>

#include "files.h"
#include "random.h"

/* Writes interleaved samples as format (SF_FORMAT_...) and returns the path. */
static inline const char *sound_file(const char *name, int format, int rate, int channels,
                                     const float *samples, size_t frames)
{
    const char *path = scratch_path(name);
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    if (!file) fail_msg("%s: %s", path, sf_strerror(NULL));
    assert_int_equal(sf_writef_float(file, samples, (sf_count_t)frames), (sf_count_t)frames);
    assert_int_equal(sf_close(file), 0);
    return path;
}

/* Noise and a gliding tone, with a level that comes and goes. */
static inline void make_speechlike(float *samples, size_t count, uint64_t seed)
{
    double phase = 0;
    for (size_t i = 0; i < count; i++) {
        double t = (double)i / 16000;
        phase += 2 * 3.14159265358979 * (400 + 300 * sin(3 * t)) / 16000;
        double noise = random_in(&seed, -1000, 1000) / 1000.0;
        double level = 0.3 * (1.01 + sin(2 * t));
        samples[i] = (float)(level * (0.6 * sin(phase) + 0.3 * sin(3 * phase) + 0.1 * noise));
    }
}

#endif
