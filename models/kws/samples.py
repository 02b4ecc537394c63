# SPDX-License-Identifier: Apache-2.0
"""Speak samples/<word>.wav with held-out voices: demonstrations that the model reads right."""
import wave

import numpy as np

import augment
import features
import measure
import synth

SEED = 5
FOLDER = measure.HERE / "samples"
VOICES = [f"en-us+{v}" for v in ("adam", "linda", "f5", "ed", "shelby", "boris", "steph")]
NEITHER = "marvin"      # the word of unknown.wav


def one_second(rng, word, voice):
    """The word in the middle of a second of faint noise; None when it does not fit."""
    spoken = synth.espeak(word, voice, 140, 50)
    if spoken is None or len(spoken) > features.SAMPLES:
        return None
    out = rng.uniform(8, 25) * augment.coloured(rng)
    at = (features.SAMPLES - len(spoken)) // 2
    out[at:at + len(spoken)] += spoken * 0.5
    return np.rint(out).astype(np.int16)


def read_right(pcm, label):
    scale, zero = measure.input_quantisation(measure.MODEL)
    inputs = features.quantise(features.mfcc(pcm), scale, zero, "half_even")[None]
    return int(np.argmax(measure.run_int8(measure.MODEL, inputs)[0])) == label


def write(path, pcm):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(features.RATE)
        file.writeframes(pcm.astype("<i2").tobytes())


def main():
    FOLDER.mkdir(exist_ok=True)
    rng = np.random.default_rng(SEED)
    for label, name in enumerate(synth.LABELS):
        if name == "silence":
            pcm = np.rint(60 * augment.coloured(rng)).astype(np.int16)
            if not read_right(pcm, label):
                raise SystemExit("samples.py: the noise is not taken for silence")
            write(FOLDER / "silence.wav", pcm)
            continue
        first = label % len(VOICES)
        for voice in VOICES[first:] + VOICES[:first]:
            pcm = one_second(rng, NEITHER if name == "unknown" else name, voice)
            if pcm is not None and read_right(pcm, label):
                write(FOLDER / f"{name}.wav", pcm)
                print(f"{name}: {voice}")
                break
        else:
            raise SystemExit(f"samples.py: no held-out voice is read right for {name}")


if __name__ == "__main__":
    main()
