# SPDX-License-Identifier: Apache-2.0
"""Make tests/vectors/kws of the samples: PCM, features, inputs and LiteRT's outputs."""
import wave

import numpy as np

import features
import measure
import synth

VECTORS = measure.HERE.parent.parent / "tests" / "vectors" / "kws"
SAMPLES = ["yes", "stop", "down", "silence", "unknown"]


def read(name):
    with wave.open(str(measure.HERE / "samples" / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def main():
    pcm = np.stack([read(name) for name in SAMPLES])
    pcm[1, :2400] = 0   # digital silence: the logarithm meets its offset alone
    mfcc = features.mfcc(pcm)
    preset = features.quantise(mfcc, features.REF_SCALE, features.REF_ZERO, "toward_zero")
    scale, zero = measure.input_quantisation(measure.MODEL)
    inputs = features.quantise(mfcc, scale, zero, "half_even")[..., None]
    outputs = measure.run_int8(measure.MODEL, inputs)
    VECTORS.mkdir(parents=True, exist_ok=True)
    for name, array in {"pcm": pcm, "mfcc": mfcc, "mfcc_int8_mlperf": preset, "input0": inputs,
                        "output0": outputs[:, None, :]}.items():
        np.save(VECTORS / f"{name}.npy", array)
    for name, row in zip(SAMPLES, outputs):
        print(f"{name}: {synth.LABELS[np.argmax(row)]} {(int(row.max()) + 128) / 256:.3f}")


if __name__ == "__main__":
    main()
