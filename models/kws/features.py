# SPDX-License-Identifier: Apache-2.0
"""MFCC of the MLPerf Tiny keyword benchmark from one second of PCM, in numpy."""
import argparse
import csv

import numpy as np

RATE = 16000
SAMPLES = 16000         # one window of the network: one second
WINDOW = 480            # 30 ms
STRIDE = 320            # 20 ms
FFT = 512
FRAMES = 1 + (SAMPLES - WINDOW) // STRIDE
MEL_BANDS = 40
MEL_LOW, MEL_HIGH = 20.0, 4000.0
LOG_OFFSET = 1e-6
COEFFICIENTS = 10
# Input quantisation of kws_ref_model.tflite, the scale as the float32 that the file holds.
REF_SCALE, REF_ZERO = 0.5847029089927673, 83


def hann():
    """Periodic Hann window."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


def mel_of(hertz):
    return 1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0)


def mel_matrix(stretch=1.0):
    """[FFT/2+1, MEL_BANDS] triangles, linear in mel, peak 1; stretch scales the frequency axis."""
    bins = mel_of(stretch * np.arange(FFT // 2 + 1) * RATE / FFT)
    edges = np.linspace(mel_of(MEL_LOW), mel_of(MEL_HIGH), MEL_BANDS + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins[:, None] - low) / (centre - low)
    falling = (high - bins[:, None]) / (high - centre)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0
    return weights


def dct_matrix():
    """[MEL_BANDS, COEFFICIENTS] DCT-II times sqrt(2/N), coefficient 0 scaled like the others."""
    n, k = np.arange(MEL_BANDS)[:, None], np.arange(COEFFICIENTS)
    return np.sqrt(2.0 / MEL_BANDS) * np.cos(np.pi * k * (n + 0.5) / MEL_BANDS)


def spectrum(pcm):
    """Magnitudes [..., FRAMES, FFT/2+1] of PCM divided by its maximum (not of the absolute)."""
    pcm = np.asarray(pcm, np.float64)
    peak = pcm.max(-1, keepdims=True)
    wave = pcm / np.where(peak > 0, peak, 1.0)
    frames = np.lib.stride_tricks.sliding_window_view(wave, WINDOW, -1)[..., ::STRIDE, :]
    return np.abs(np.fft.rfft(frames * hann(), FFT))


def mfcc(pcm):
    """float32 [..., FRAMES, COEFFICIENTS] of PCM [..., SAMPLES] in units of s16."""
    log_mel = np.log(spectrum(pcm) @ mel_matrix() + LOG_OFFSET)
    return (log_mel @ dct_matrix()).astype(np.float32)


def quantise(real, scale, zero, rounding):
    """int8; the arithmetic is float32, rounding is "toward_zero" or "half_even"."""
    value = real.astype(np.float32) / np.float32(scale) + np.float32(zero)
    value = np.trunc(value) if rounding == "toward_zero" else np.rint(value)
    return np.clip(value, -128, 127).astype(np.int8)


def labels_of(path, count):
    """The class numbers of the first rows of a y_labels.csv."""
    with open(path, newline="", encoding="utf-8") as file:
        return np.array([int(row[2]) for row in csv.reader(file)][:count])


def main():
    parser = argparse.ArgumentParser(description="compare with given int8 features")
    parser.add_argument("folder", help="data/audio/speech_commands_1s")
    folder = parser.parse_args().folder
    want = np.load(f"{folder}/mfcc_int8_250x49x10.npy").astype(int)
    pcm = np.load(f"{folder}/pcm_s16le_16k_250x16000.npy")
    got = quantise(mfcc(pcm), REF_SCALE, REF_ZERO, "toward_zero").astype(int)
    apart = np.abs(got - want)
    print(f"{want.size} features, {np.mean(apart == 0) * 100:.4f} % equal, "
          f"{np.sum(apart > 0)} differ, by at most {apart.max()}")


if __name__ == "__main__":
    main()
