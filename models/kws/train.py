# SPDX-License-Identifier: Apache-2.0
"""Train the keyword network on the spoken bank, convert it to int8, measure it, describe it."""
import argparse
import hashlib
import json
import os
import pathlib
import subprocess
from importlib import metadata

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"

import numpy as np
import tensorflow as tf

import augment
import features
import measure
import synth

SEED = 7
BATCH = 128
EPOCHS = 13
RATE_TOP = 3e-3
CALIBRATION = 400
ALLOWED = {"CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED",
           "SOFTMAX"}
PACKAGES = ["tensorflow-cpu", "keras", "numpy", "scipy", "ai-edge-litert"]
DCT = features.dct_matrix().astype(np.float32)


def build(batch=None):
    """Depthwise separable network; its last three stages work at half the resolution."""
    k = tf.keras.layers

    def unit(x):
        return k.ReLU()(k.BatchNormalization(momentum=0.95)(x))

    inputs = k.Input((features.FRAMES, features.COEFFICIENTS, 1), batch)
    x = unit(k.Conv2D(64, (10, 4), 2, padding="same", use_bias=False)(inputs))
    for channels, stride in ((96, 1), (96, 1), (144, 2), (144, 1), (160, 1)):
        x = unit(k.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x))
        x = unit(k.Conv2D(channels, 1, use_bias=False)(x))
    x = k.AveragePooling2D(x.shape[1:3])(x)
    x = k.Dropout(0.2)(k.Flatten()(x))
    return tf.keras.Model(inputs, k.Dense(len(synth.LABELS), activation="softmax")(x))


def batches(rng, mel, labels, epochs):
    """Batches of varied MFCC with slightly smoothed one-hot labels; some mixed in pairs."""
    hot = np.eye(len(synth.LABELS), dtype=np.float32) * 0.97 + 0.03 / len(synth.LABELS)
    for _ in range(epochs):
        order = rng.permutation(len(labels))
        for at in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[at:at + BATCH]
            x, y = (augment.vary(rng, mel[rows]) @ DCT)[..., None], hot[labels[rows]]
            if rng.random() < 0.15:
                part = rng.beta(0.3, 0.3, (BATCH, 1)).astype(np.float32)
                other = rng.permutation(BATCH)
                x = part[:, :, None, None] * x + (1 - part[:, :, None, None]) * x[other]
                y = part * y + (1 - part) * y[other]
            yield x.astype(np.float32), y


def fit(model, mel, labels, arguments):
    """Cosine learning rate over a fixed number of steps."""
    steps = len(labels) // BATCH
    schedule = tf.keras.optimizers.schedules.CosineDecay(RATE_TOP, arguments.epochs * steps)
    model.compile(tf.keras.optimizers.AdamW(schedule, weight_decay=1e-3),
                  "categorical_crossentropy", metrics=["accuracy"])
    stream = batches(np.random.default_rng(arguments.seed), mel, labels, arguments.epochs)
    for epoch in range(arguments.epochs):
        total = np.zeros(2)
        for _ in range(steps):
            total += model.train_on_batch(*next(stream))
            model.reset_metrics()
        print(f"epoch {epoch + 1:2} loss {total[0] / steps:.4f} accuracy {total[1] / steps:.4f}",
              flush=True)


def even(model):
    """Take the share of unknown among the windows out of the scores: all labels alike likely."""
    weights, bias = model.layers[-1].get_weights()
    bias[synth.UNKNOWN] -= np.log(augment.UNKNOWN_SHARE)
    model.layers[-1].set_weights([weights, bias])


def convert(model, mel):
    """Full int8 with a fixed batch of one, calibrated on training windows."""
    fixed = build(batch=1)
    fixed.set_weights(model.get_weights())
    samples = (mel[:CALIBRATION].astype(np.float32) @ DCT)[..., None]
    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([s[None]] for s in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def operators_of(blob):
    """Operator names with output shapes and MACs, from the file."""
    from ai_edge_litert import schema_py_generated as schema
    names = {v: n for n, v in vars(schema.BuiltinOperator).items() if not n.startswith("_")}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(blob, 0))
    graph = model.subgraphs[0]
    shape = [[int(d) for d in t.shape] for t in graph.tensors]
    operators = []
    for op in graph.operators:
        code = model.operatorCodes[op.opcodeIndex]
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        out, taps = shape[op.outputs[0]], 0
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = shape[op.inputs[1]]
            taps = np.prod(weights[1:3] if name == "DEPTHWISE_CONV_2D" else weights[1:])
        operators.append({"op": name, "output": out, "macs": int(np.prod(out) * taps)})
    return operators


def tool_version(*command):
    text = subprocess.run(command, check=False, capture_output=True, text=True)
    return (text.stdout + text.stderr).strip().splitlines()[0].split("  Data")[0].strip()


def describe_input():
    """Everything that a front end needs to make the input tensor from PCM."""
    scale, zero = measure.input_quantisation(measure.MODEL)
    return {
        "kind": "audio", "preset": "mlperf-tiny-kws", "rate": features.RATE,
        "samples": features.SAMPLES, "window": features.WINDOW, "stride": features.STRIDE,
        "fft": features.FFT, "spectrum": "magnitude", "mel_bands": features.MEL_BANDS,
        "mel_low": features.MEL_LOW, "mel_high": features.MEL_HIGH,
        "log_offset": features.LOG_OFFSET, "coefficients": features.COEFFICIENTS,
        "normalise": "maximum", "rounding": "half_even",
        "quant_scale": scale, "quant_zero_point": zero,
        "steps": [
            "x: one second of PCM, divided by max(x) (not of the absolute) when that is above 0",
            "49 frames of window samples, each stride; periodic Hann window; filled to fft points",
            "band j = sum of |X[b]| * weight; triangles of peak 1, linear in 1127*ln(1+f/700), "
            "edges equally spaced there from mel_low to mel_high; bin 0 left out",
            "ln(band + log_offset); DCT-II times sqrt(2/mel_bands), the first coefficients",
            "q = clamp(round_half_to_even(float32(c / quant_scale + quant_zero_point)), -128, 127)",
        ],
    }


def describe(blob, operators, figures, arguments, windows):
    """The manifest: what a program needs to feed the model, and where it comes from."""
    return {
        "name": "kws", "task": "keyword spotting",
        "description": "ten spoken words, unknown and silence in one second of audio, int8",
        "model": measure.MODEL.name, "sha256": hashlib.sha256(blob).hexdigest(),
        "bytes": len(blob), "license": "Apache-2.0; trained on synthetic speech, see data",
        "labels": synth.LABELS, "input": describe_input(),
        "listen": {"hop_ms": 40, "smooth_ms": 200, "refractory_ms": 500, "threshold": 0.75,
                   "ignore": ["silence", "unknown"]},
        "operators": [op["op"] for op in operators],
        "macs": sum(op["macs"] for op in operators), "accuracy": figures,
        "training": {
            "script": "train.py", "seed": arguments.seed, "epochs": arguments.epochs,
            "windows_per_label": int(windows[0]),
            "windows_of_unknown": int(windows[synth.UNKNOWN]),
            "versions": {p: metadata.version(p) for p in PACKAGES}
            | {"espeak-ng": tool_version("espeak-ng", "--version"),
               "flite": tool_version("flite", "--version")},
        },
        "data": {
            "name": "utterances spoken by synth.py", "seed": synth.SEED,
            "source": "the programs espeak-ng (GPL-3.0-or-later) and flite (BSD-like, Carnegie "
                      "Mellon University) with their own voices; only their audio output is used",
            "license": "Apache-2.0",
            "held_out": f"voices unseen by training: accent {synth.HELD_ACCENT}, espeak-ng "
                        f"variants {' '.join(synth.HELD_VARIANTS)}, flite "
                        f"{' '.join(synth.HELD_FLITE)}",
            "recordings_of_people": "none used for training; those measured are of Speech "
                                    "Commands v2, P. Warden, 2018, CC BY 4.0",
        },
    }


def parse():
    parser = argparse.ArgumentParser(description="train and describe the keyword network")
    parser.add_argument("bank", type=pathlib.Path, help="folder of synth.py and augment.py")
    parser.add_argument("--data", help="folder with audio/ and models/, to measure on people")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=SEED, help="of weights and order")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main():
    arguments = parse()
    tf.keras.utils.set_random_seed(arguments.seed)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    mel, labels = (np.load(arguments.bank / f"{name}.npy") for name in ("pool", "labels"))
    model = build()
    fit(model, mel, labels, arguments)
    even(model)
    blob = convert(model, mel)
    operators = operators_of(blob)
    for op in operators:
        print(f"{op['op']:18} {str(op['output']):16} {op['macs']:7} MAC")
    foreign = {op["op"] for op in operators} - ALLOWED
    if foreign:
        raise SystemExit(f"train.py: operators {sorted(foreign)} are not allowed")
    measure.MODEL.write_bytes(blob)

    def predict(mfcc):
        return model.predict(mfcc[..., None], batch_size=256, verbose=0)

    figures = {"held_out": measure.report_held_out(arguments.bank, measure.MODEL, predict)}
    if arguments.data:
        figures["people"] = measure.report_real(arguments.data, measure.MODEL, predict)
    manifest = describe(blob, operators, figures, arguments, np.bincount(labels))
    measure.MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(figures), len(blob), "bytes", manifest["macs"], "MAC")


if __name__ == "__main__":
    main()
