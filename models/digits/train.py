# SPDX-License-Identifier: Apache-2.0
"""Train the digit network, convert it to full int8, measure it, write its manifest."""
import hashlib
import json
import os
from importlib import metadata

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf
from scipy import ndimage

import prepare

EPOCHS = 30
COPIES = 4          # augmented copies of each training digit in an epoch
BATCH = 64
CALIBRATION = 400
ALLOWED = {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE",
           "FULLY_CONNECTED", "SOFTMAX"}
PACKAGES = ["tensorflow-cpu", "keras", "numpy", "scikit-learn", "scipy", "ai-edge-litert",
            "pillow"]


def augment(image, rng):
    """One 8x8 digit to 16x16 in 0..1: smooth upscaling, a small affine map, pen and contrast."""
    zoom = rng.uniform(0.72, 1.05, 2)
    turn, shear = rng.uniform(-0.24, 0.24), rng.uniform(-0.3, 0.3)
    c, s = np.cos(turn), np.sin(turn)
    forward = np.array([[c, -s], [s, c]]) @ np.array([[1, 0], [shear, 1]]) @ np.diag(zoom)
    inverse = np.linalg.inv(forward) / 2
    shift = rng.uniform(-1.3, 1.3, 2)
    offset = 3.5 - inverse @ (7.5 + shift)
    smooth = ndimage.affine_transform(image / 255.0, inverse, offset, (16, 16),
                                      order=int(rng.choice([0, 1, 3])), mode="constant")
    # A logistic edge sharpens the blurred strokes; its threshold makes the pen thin or thick.
    gain, threshold = rng.uniform(3, 14), rng.uniform(0.25, 0.75)
    edge = 1 / (1 + np.exp(-gain * (smooth - threshold)))
    floor = 1 / (1 + np.exp(gain * threshold))
    mixed = (edge - floor) / (1 - floor) if rng.random() < 0.65 else smooth
    ink, paper = rng.uniform(0.75, 1.05), rng.uniform(0, 0.06)
    noise = rng.normal(0, rng.uniform(0, 0.04), (16, 16))
    return np.clip(paper + (ink - paper) * np.clip(mixed, 0, 1) + noise, 0, 1)


def epoch_data(images, labels, rng):
    """The plain training digits once and COPIES augmented ones, shuffled."""
    plain = np.stack([prepare.resize_area(im) for im in images]) / 255.0
    parts = [plain] + [np.stack([augment(im, rng) for im in images]) for _ in range(COPIES)]
    order = rng.permutation(len(images) * (COPIES + 1))
    x = np.concatenate(parts)[order].astype(np.float32)[..., None]
    return x, np.tile(labels, COPIES + 1)[order]


def build(batch=None):
    """The network; each stage exercises another feature of the accelerator."""
    k = tf.keras.layers

    def conv(x, n, size, stride=1, relu=True):
        x = k.Conv2D(n, size, stride, padding="same", use_bias=False)(x)
        x = k.BatchNormalization(momentum=0.9)(x)
        return k.ReLU()(x) if relu else x

    inputs = k.Input((prepare.SIDE, prepare.SIDE, 1), batch)
    x = conv(inputs, 16, 3)
    x = conv(x, 24, 3, stride=2)
    x = k.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = k.ReLU()(k.BatchNormalization(momentum=0.9)(x))
    x = conv(x, 32, 1)
    x = k.MaxPooling2D(2)(x)
    y = conv(conv(x, 32, 3), 32, 3, relu=False)
    x = k.ReLU()(k.Add()([x, y]))
    x = k.AveragePooling2D(2)(x)
    x = k.Dropout(0.25)(k.Flatten()(x))
    return tf.keras.Model(inputs, k.Dense(10, activation="softmax")(x))


def fit(model, images, labels):
    """Fixed number of epochs, fresh augmentation in each, cosine learning rate."""
    rng = np.random.default_rng(prepare.SEED)
    steps = EPOCHS * -(-len(images) * (COPIES + 1) // BATCH)
    model.compile(tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)),
                  "sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch in range(EPOCHS):
        x, y = epoch_data(images, labels, rng)
        log = model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0).history
        print(f"epoch {epoch + 1:2} loss {log['loss'][0]:.4f} "
              f"accuracy {log['accuracy'][0]:.4f}", flush=True)


def convert(model, images, labels):
    """Full int8 with a fixed batch of one, calibrated on plain and augmented training digits."""
    samples, _ = epoch_data(images, labels, np.random.default_rng(prepare.SEED + 1))
    fixed = build(batch=1)
    fixed.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(fixed)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([s[None]] for s in samples[:CALIBRATION])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def graph_of(blob):
    """Operator list with shapes and MACs, and the input's scale and zero point, from the file."""
    from ai_edge_litert import schema_py_generated as schema
    names = {v: n for n, v in vars(schema.BuiltinOperator).items() if not n.startswith("_")}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(blob, 0))
    graph = model.subgraphs[0]
    shape = [[int(d) for d in t.shape] for t in graph.tensors]
    ops = []
    for op in graph.operators:
        code = model.operatorCodes[op.opcodeIndex]
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        out = shape[op.outputs[0]]
        taps = 0
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = shape[op.inputs[1]]
            taps = np.prod(weights[1:3] if name == "DEPTHWISE_CONV_2D" else weights[1:])
        ops.append({"op": name, "output": out, "macs": int(np.prod(out) * taps)})
    quant = graph.tensors[graph.inputs[0]].quantization
    return ops, float(quant.scale[0]), int(quant.zeroPoint[0])


def accuracy(scores, labels):
    """Share of rows whose first maximum is the label, rounded for the manifest."""
    return round(float(np.mean(np.argmax(scores, -1) == labels)), 4)


def describe(blob, ops, scale, zero, figures):
    """The manifest: what a program needs to feed the model, and where it comes from."""
    return {
        "name": "digits",
        "task": "image classification",
        "description": "handwritten digits, 16x16 grey, int8",
        "model": prepare.MODEL.name,
        "sha256": hashlib.sha256(blob).hexdigest(),
        "bytes": len(blob),
        "license": "Apache-2.0; trained on data under CC BY 4.0, see data",
        "labels": [str(d) for d in range(10)],
        "input": {
            "kind": "image", "channels": 1, "height": prepare.SIDE, "width": prepare.SIDE,
            "invert": True, "resize": "area", "scale": 1 / 255.0, "offset": 0,
            "quant_scale": scale, "quant_zero_point": zero,
            "steps": [
                "decode to 8-bit grey v; from RGB: v = (77*R + 150*G + 29*B + 128) >> 8",
                "invert: v = 255 - v",
                "resize area: an output pixel (x, y) is the mean of the source over "
                "[x*sw/W, (x+1)*sw/W) by [y*sh/H, (y+1)*sh/H), edge pixels weighted by the part "
                "covered, rounded half up; exactly: wx(x,i) = max(0, min((x+1)*sw, (i+1)*W) - "
                "max(x*sw, i*W)), wy(y,j) alike, v = (2 * sum(wy*wx*src) + sw*sh) / (2*sw*sh) in "
                "integers",
                "real = v * scale + offset",
                "q = clamp(round_half_to_even(real / quant_scale) + quant_zero_point, -128, 127)",
            ],
        },
        "operators": [op["op"] for op in ops],
        "macs": sum(op["macs"] for op in ops),
        "accuracy": figures,
        "training": {
            "script": "train.py", "seed": prepare.SEED, "epochs": EPOCHS,
            "versions": {p: metadata.version(p) for p in PACKAGES},
        },
        "data": {
            "name": "Optical Recognition of Handwritten Digits (test set), as in load_digits of "
                    "scikit-learn",
            "authors": "E. Alpaydin, C. Kaynak",
            "year": 1998,
            "source": "UCI Machine Learning Repository, doi:10.24432/C50P49",
            "license": "CC BY 4.0",
            "changes": "values 0..16 scaled to 0..255; resized to 16x16; augmented for training",
            "held_out": "360 of 1797, train_test_split(test_size=0.2, stratify=target, "
                        "random_state=20); writers are not kept apart",
        },
    }


def main():
    tf.keras.utils.set_random_seed(prepare.SEED)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    images, labels, held_images, held_labels = prepare.load_digits_split()
    model = build()
    fit(model, images, labels)
    blob = convert(model, images, labels)
    ops, scale, zero = graph_of(blob)
    for op in ops:
        print(f"{op['op']:18} {str(op['output']):16} {op['macs']:7} MAC")
    foreign = {op["op"] for op in ops} - ALLOWED
    if foreign:
        raise SystemExit(f"train.py: operators {sorted(foreign)} are not allowed")
    prepare.MODEL.write_bytes(blob)
    held = np.stack([prepare.resize_area(im) for im in held_images])
    drawn, drawn_labels, names = prepare.load_samples()
    scores = model.predict((held / 255.0).astype(np.float32)[..., None], verbose=0)
    drawn_scores = prepare.run_int8(prepare.quantise(drawn, scale, zero))
    figures = {
        "held_out_digits": len(held),
        "held_out_float": accuracy(scores, held_labels),
        "held_out_int8": accuracy(prepare.run_int8(prepare.quantise(held, scale, zero)),
                                  held_labels),
        "drawn_samples": len(drawn),
        "drawn_int8": accuracy(drawn_scores, drawn_labels),
    }
    for name, want, row in zip(names, drawn_labels, drawn_scores):
        if np.argmax(row) != want:
            print(f"{name}: taken for {np.argmax(row)}")
    manifest = describe(blob, ops, scale, zero, figures)
    prepare.MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(figures), len(blob), "bytes", sum(op["macs"] for op in ops), "MAC")


if __name__ == "__main__":
    main()
