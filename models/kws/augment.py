# SPDX-License-Identifier: Apache-2.0
"""Make one-second training windows of utterances and noise, and vary their log-mel pictures."""
import argparse
import functools
import multiprocessing
import pathlib

import numpy as np
from scipy import fft, signal

import features
import synth

RATE, SAMPLES = features.RATE, features.SAMPLES
SILENCE, UNKNOWN = synth.LABELS.index("silence"), synth.UNKNOWN
SEED = 7
CHUNK = 1000            # windows of a draw of random numbers, whatever the number of processes
UNKNOWN_SHARE = 3       # windows of unknown for each of another label: so many words share it
FLOOR = np.log(features.LOG_OFFSET)
STRETCHES = np.linspace(0.82, 1.22, 21)     # vocal tract lengths, as factors of the frequency
MELS = [features.mel_matrix(s).astype(np.float32) for s in STRETCHES]
HANN = features.hann().astype(np.float32)


class Bank:
    """The utterances of one file of synth.py."""

    def __init__(self, path):
        data = np.load(path)
        self.audio, self.label, self.voice = data["audio"], data["label"], data["voice"]
        self.length = data["length"]
        self.start = np.concatenate([[0], np.cumsum(self.length)[:-1]])
        flite = np.char.startswith(self.voice, "flite")
        self.of_label = {}
        for label in set(self.label):
            rows = self.label == label
            self.of_label[label] = [np.flatnonzero(rows & ~flite), np.flatnonzero(rows & flite)]

    def get(self, row):
        start = self.start[row]
        return self.audio[start:start + self.length[row]].astype(np.float32)

    def pick(self, rng, label, flite_share):
        """A random row of the label; flite voices get the given share."""
        plain, natural = self.of_label[label]
        return rng.choice(natural if rng.random() < flite_share and len(natural) else plain)

    def any(self, rng):
        return self.get(rng.integers(len(self.length)))


@functools.cache
def bank_of(path):
    """The bank of a path, read once by each process."""
    return Bank(path)


def smooth_curve(rng, size, knots, spread):
    """A random curve of mean 0 through a few knots."""
    points = rng.normal(0, spread, knots)
    return np.interp(np.linspace(0, knots - 1, size), np.arange(knots), points)


def warp(rng, wave, speed):
    """Resample by a speed that wavers: changes tempo, pitch and formants together."""
    steps = np.exp(smooth_curve(rng, int(len(wave) / speed), 5, 0.06)) * speed
    at = np.cumsum(steps)
    return np.interp(at[at < len(wave) - 1], np.arange(len(wave)), wave).astype(np.float32)


def revoice(rng, wave):
    """Keep the envelope of the spectrum and change its source: breath, or a flat train of pulses.

    Turns any voice into a whisper or into a robot."""
    pulses = rng.random() < 0.35
    _, _, spoken = signal.stft(wave, RATE, nperseg=512, noverlap=384)
    width = int(rng.integers(7, 15))
    envelope = np.sqrt(signal.convolve(np.abs(spoken) ** 2, np.hanning(width + 2)[1:-1, None],
                                       "same").clip(0))
    if pulses:
        source = np.zeros(len(wave))
        source[::int(RATE / rng.uniform(80, 230))] = 1
        source += rng.uniform(0, 0.02) * rng.standard_normal(len(wave))
    else:
        source = rng.standard_normal(len(wave))
        envelope *= (1 + np.arange(len(envelope))[:, None] / 16) ** rng.uniform(0, 0.8)
    _, _, source = signal.stft(source, RATE, nperseg=512, noverlap=384)
    made = signal.istft(source * envelope, RATE, nperseg=512, noverlap=384)[1][:len(wave)]
    return (made * (np.abs(wave).max() / (np.abs(made).max() + 1e-9))).astype(np.float32)


def reverb(rng, wave):
    """Convolve with decaying noise behind a direct path."""
    decay = rng.uniform(0.08, 0.6)
    tail = rng.normal(0, 1, int(decay * RATE * 0.8)).astype(np.float32)
    tail *= np.exp(-6.9 * np.arange(len(tail)) / (decay * RATE)).astype(np.float32)
    tail *= rng.uniform(0.1, 0.9) / np.sqrt(np.sum(tail * tail))
    tail[0] += 1
    return signal.fftconvolve(wave, tail)[:len(wave) + len(tail) // 3].astype(np.float32)


def coloured(rng, size=SAMPLES):
    """Noise of a random colour with random resonances, band limits and loudness over time."""
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    gain = (hertz + 20) ** -rng.uniform(-0.1, 1.1)
    for _ in range(rng.integers(0, 4)):
        centre, width = np.exp(rng.uniform(np.log(80), np.log(6000))), rng.uniform(0.02, 0.4)
        gain *= 1 + rng.uniform(0, 12) * np.exp(-((hertz - centre) / (width * centre)) ** 2)
    if rng.random() < 0.3:
        gain /= 1 + (hertz / rng.uniform(400, 5000)) ** 4
    draws = rng.standard_normal((2, len(hertz)), np.float32)
    wave = fft.irfft((draws[0] + 1j * draws[1]) * gain.astype(np.float32), size)
    if rng.random() < 0.4:
        wave = wave * np.exp(smooth_curve(rng, size, int(rng.integers(3, 30)), 0.7))
    return wave / (np.std(wave) + 1e-9)


def tones(rng):
    """Mains hum, a whine or a chord with a few harmonics."""
    time = np.arange(SAMPLES) / RATE
    base = rng.choice([50, 60, rng.uniform(60, 1500)])
    wave = sum(rng.random() / k * np.sin(2 * np.pi * (base * k * time + rng.random()))
               for k in range(1, rng.integers(2, 9)))
    return wave / (np.std(wave) + 1e-9)


def clicks(rng):
    """Short decaying bursts, like dishes or a keyboard."""
    wave = np.zeros(SAMPLES)
    for _ in range(rng.integers(1, 9)):
        size = int(rng.uniform(0.005, 0.12) * RATE)
        at = rng.integers(0, SAMPLES - size)
        ring = np.sin(2 * np.pi * rng.uniform(300, 6000) * np.arange(size) / RATE)
        burst = rng.normal(0, 1, size) * rng.random() + ring * rng.random()
        wave[at:at + size] += rng.uniform(0.2, 1) * burst * np.exp(-5 * np.arange(size) / size)
    return wave / (np.std(wave) + 1e-9)


def babble(rng, bank, talkers):
    wave = np.zeros(SAMPLES)
    for _ in range(talkers * 2):
        piece = bank.any(rng)[:SAMPLES]
        at = rng.integers(0, SAMPLES - len(piece) + 1)
        wave[at:at + len(piece)] += rng.uniform(0.2, 1) * piece
    return wave / (np.std(wave) + 1e-9)


def noise(rng, bank):
    """A mixture of the noises, of deviation 1."""
    wave = coloured(rng) * (rng.random() < 0.9)
    if rng.random() < 0.2:
        wave = wave + rng.uniform(0.1, 1) * tones(rng)
    if rng.random() < 0.2:
        wave = wave + rng.uniform(0.1, 1.5) * clicks(rng)
    if rng.random() < 0.12:
        wave = wave + rng.uniform(0.1, 1) * babble(rng, bank, int(rng.integers(4, 9)))
    return wave / (np.std(wave) + 1e-9)


def place(rng, word, out, hard):
    """Put the word anywhere into the second; when hard, up to a tenth may be cut at an end."""
    if len(word) > SAMPLES:
        word = word[:SAMPLES]
    cut = min(len(word) // 10, 800) if hard and rng.random() < 0.3 else 0
    at = int(rng.integers(-cut, SAMPLES - len(word) + cut + 1))
    first, last = max(at, 0), min(at + len(word), SAMPLES)
    out[first:last] += word[first - at:last - at]
    return first, last


def neighbours(rng, bank, out, first, last):
    """Ends of a word before and starts of a word after, as a stream has them."""
    gap = int(rng.uniform(0.04, 0.2) * RATE)
    if first - gap > 800 and rng.random() < 0.6:
        size = int(rng.integers(400, first - gap))
        piece = bank.any(rng)
        piece = piece[max(len(piece) // 2, len(piece) - size):]
        out[:len(piece)] += piece * rng.uniform(0.2, 1.0)
    if SAMPLES - last - gap > 800 and rng.random() < 0.6:
        piece = bank.any(rng)
        size = min(int(rng.integers(400, SAMPLES - last - gap)), len(piece) // 3)
        out[SAMPLES - size:] += piece[:size] * rng.uniform(0.2, 1.0)


def speech(rng, bank, row, hard, revoiced):
    """One window with the utterance of the row; milder for the held-out set (hard=False)."""
    low, high = (0.8, 1.3) if hard else (0.95, 1.05)
    word = bank.get(row)
    if revoiced:
        word = revoice(rng, word)
    word = warp(rng, word, max(rng.uniform(low, high), len(word) / (0.95 * SAMPLES)))
    if rng.random() < (0.5 if hard else 0.3):
        word = reverb(rng, word)
    out = np.zeros(SAMPLES, np.float32)
    first, last = place(rng, word, out, hard)
    level = np.sqrt(np.mean(out * out) * SAMPLES / max(last - first, 1))
    if hard and rng.random() < 0.15:
        neighbours(rng, bank, out, first, last)
    if rng.random() < 0.9:
        decibel = rng.uniform(3, 40) if hard else rng.uniform(10, 40)
        out = out + level * 10 ** (-decibel / 20) * noise(rng, bank)
    return out


def fragment(rng, bank):
    """Noise with nothing but the ends of words at the edges."""
    out = np.zeros(SAMPLES, np.float32)
    middle = SAMPLES // 2 + int(rng.integers(-3000, 3000))
    neighbours(rng, bank, out, middle, middle)
    return out + rng.uniform(10, 2000) * noise(rng, bank)


def window(rng, bank, label, row=None, hard=True, revoiced=False):
    """One window of the label as whole s16 values."""
    if label == SILENCE:
        wave = noise(rng, bank)
        peak = 0 if rng.random() < 0.03 else np.exp(rng.uniform(np.log(2), np.log(30000)))
    else:
        if label == UNKNOWN and hard and rng.random() < 0.1:
            wave = fragment(rng, bank)
        else:
            row = bank.pick(rng, label, 0.35) if row is None else row
            wave = speech(rng, bank, row, hard, revoiced)
        peak = np.exp(rng.uniform(np.log(600), np.log(32000)))
        if hard and rng.random() < 0.08:
            limit = np.abs(wave).max() * rng.uniform(0.15, 0.7)
            wave = np.clip(wave, -limit, limit)
    if rng.random() < 0.5:
        wave = -wave
    return np.rint(wave * (peak / (np.abs(wave).max() + 1e-9)))


def log_mel(rng, pcm, hard):
    """[FRAMES, MEL_BANDS] of a window, the vocal tract stretched; seldom by much unless hard."""
    peak = pcm.max()
    wave = (pcm / (peak if peak > 0 else 1.0)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(wave, features.WINDOW)[::features.STRIDE]
    magnitude = np.abs(fft.rfft(frames * HANN, features.FFT))
    most = len(MELS) - 1
    stretch = rng.integers(most + 1) if hard else rng.binomial(most, 0.5)
    return np.log(magnitude @ MELS[stretch] + np.float32(features.LOG_OFFSET))


def chunk(task):
    """Log-mel float16 [N, FRAMES, MEL_BANDS] of training windows: half spoilt mildly, half hard."""
    path, seed, labels = task
    bank = bank_of(path)
    rng = np.random.default_rng(seed)
    out = np.empty((len(labels), features.FRAMES, features.MEL_BANDS), np.float16)
    for i, label in enumerate(labels):
        hard, revoiced = rng.random() < 0.5, rng.random() < 0.2
        out[i] = log_mel(rng, window(rng, bank, label, None, hard, revoiced), hard)
    return out


def pool(path, labels):
    """Training windows of the labels of the bank at path, made by all processors."""
    parts = [(path, (SEED, at), labels[at:at + CHUNK]) for at in range(0, len(labels), CHUNK)]
    with multiprocessing.get_context("fork").Pool() as workers:
        return np.concatenate(workers.map(chunk, parts, 1))


def curves(rng, count, size, basis, spread):
    """[count, size] random smooth curves from the first cosines."""
    k = np.arange(1, basis + 1)[:, None]
    cosines = np.cos(np.pi * k * (np.arange(size) + 0.5) / size) / np.sqrt(k)
    return rng.normal(0, spread, (count, basis)) @ cosines


def vary(rng, mel):
    """Colour, level, contrast and gaps of most of a batch of log-mel pictures."""
    count, frames, bands = mel.shape
    plain = mel.astype(np.float32)
    mean = plain.mean((1, 2), keepdims=True)
    mel = mean + (plain - mean) * rng.uniform(0.85, 1.15, (count, 1, 1)).astype(np.float32)
    mel += curves(rng, count, bands, 6, 0.4)[:, None, :].astype(np.float32)
    mel += (curves(rng, count, frames, 6, 0.2) + rng.normal(0, 0.3, (count, 1)))[:, :, None]
    mel += 0.1 * rng.standard_normal(mel.shape, np.float32)
    for axis, size, most in ((2, bands, 7), (1, frames, 8)):
        width = rng.integers(0, most, count)
        at = rng.integers(0, size - most, count)
        span = np.arange(size)
        mask = (span >= at[:, None]) & (span < (at + width)[:, None])
        mask = mask[:, None, :] if axis == 2 else mask[:, :, None]
        mel = np.where(mask, mean - 1.0, mel)
    kept = rng.random(count) < 0.3
    mel[kept] = plain[kept]
    return np.maximum(mel, FLOOR)


def main():
    parser = argparse.ArgumentParser(description="make the training windows of the utterances")
    parser.add_argument("bank", type=pathlib.Path, help="folder written by synth.py")
    parser.add_argument("--windows", type=int, default=6000, help="windows per label but unknown")
    arguments = parser.parse_args()
    counts = np.full(len(synth.LABELS), arguments.windows)
    counts[UNKNOWN] *= UNKNOWN_SHARE
    labels = np.random.default_rng(SEED).permutation(np.repeat(np.arange(len(counts)), counts))
    np.save(arguments.bank / "labels.npy", labels)
    np.save(arguments.bank / "pool.npy", pool(arguments.bank / "train.npz", labels))
    print(len(labels), "windows")


if __name__ == "__main__":
    main()
