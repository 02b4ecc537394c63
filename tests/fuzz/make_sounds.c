/* SPDX-License-Identifier: Apache-2.0
 * Tiny recordings of many formats, rates and channels, from which fuzzing starts.
 *
 * Usage: make_sounds FOLDER */
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int format, rate, channels, frames;
} kinds[] = {
    {"pcm16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 600},
    {"pcm8.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 8000, 2, 300},
    {"pcm24.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 44100, 6, 60},
    {"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1, 300},
    {"double.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 48000, 1, 100},
    {"ulaw.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1, 600},
    {"ima.wav", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 8000, 1, 505},
    {"ms.wav", SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, 22050, 1, 500},
    {"gsm.wav", SF_FORMAT_WAV | SF_FORMAT_GSM610, 8000, 1, 640},
    {"one.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 1},
    {"none.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 0},
    {"big.rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"a.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 11025, 1, 100},
    {"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 32000, 2, 100},
    {"a.au", SF_FORMAT_AU | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"a.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"alac.caf", SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 16000, 1, 400},
    {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 1, 600},
    {"vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 16000, 1, 600},
    {"opus.ogg", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 1, 960},
    {"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000, 1, 1152},
    {"a.voc", SF_FORMAT_VOC | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"a.mat", SF_FORMAT_MAT5 | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"a.nist", SF_FORMAT_NIST | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"a.paf", SF_FORMAT_PAF | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"a.svx", SF_FORMAT_SVX | SF_FORMAT_PCM_16, 16000, 1, 100},
    {"a.xi", SF_FORMAT_XI | SF_FORMAT_DPCM_16, 44100, 1, 100},
};

/* Returns 1 when the format could not be written here. */
static int write_sound(const char *folder, size_t kind)
{
    char path[4096];
    static float samples[6 * 1152];
    SF_INFO info = {.samplerate = kinds[kind].rate,
                    .channels = kinds[kind].channels,
                    .format = kinds[kind].format};
    (void)snprintf(path, sizeof path, "%s/%s", folder, kinds[kind].name);
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    if (!file) return 1;
    for (int i = 0; i < kinds[kind].frames * info.channels; i++)
        samples[i] = 0.4f * sinf(0.11f * (float)i) + 0.2f * sinf(0.7f * (float)i);
    sf_count_t written = sf_writef_float(file, samples, kinds[kind].frames);
    return sf_close(file) != 0 || written != kinds[kind].frames;
}

int main(int count, char **words)
{
    size_t missing = 0, all = sizeof kinds / sizeof *kinds;
    if (count != 2) return 2;
    for (size_t i = 0; i < all; i++)
        if (write_sound(words[1], i)) {
            fprintf(stderr, "not written: %s\n", kinds[i].name);
            missing++;
        }
    return missing > all / 2;
}
