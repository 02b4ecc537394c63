#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Networks quantised by ONNX Runtime's static quantiser, Gantry against ONNX Runtime.

Usage: onnx_oracle.py GANTRY FOLDER

Random float networks: of maps with products and maxima alone and of products of rows with each
other, whose results must be equal to the last bit; with sums, averages and products of maps and an
encoder of rows (attention, normalisation, GELU in its parts), whose rules differ from ONNX
Runtime's by rounding (docs/onnx.md): there at most 2 steps of the output. Each in QDQ and QOperator
form, with int8 and uint8 activations, with a scale for each tensor and for each channel. The first
dimension is free: vectors are run one by one, and so many at a time. And an attention of float32
for several numbers of items and times. Prints the seed."""
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                      quantize_static)

from oracle_report import write_report

SEED = 20261128
SIZE, CHANNELS, CLASSES, VECTORS, BATCH = 12, 8, 10, 64, 16
ROWS, FEATURES = 10, 16


class Builder:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, *shape):
        self.count += 1
        name = "c%d" % self.count
        values = self.random.normal(0, 0.3, shape).astype(np.float32)
        self.constants.append(onnx.numpy_helper.from_array(values, name))
        return name

    def node(self, kind, *inputs, **attributes):
        self.count += 1
        name = "t%d" % self.count
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def conv(self, x, inputs, outputs, kernel, stride=1, group=1, relu=True):
        weights = self.constant(outputs, inputs // group, kernel, kernel)
        y = self.node("Conv", x, weights, self.constant(outputs), group=group,
                      pads=[kernel // 2] * 4, strides=[stride] * 2, kernel_shape=[kernel] * 2)
        return self.node("Relu", y) if relu else y


def finish(b, x_shape, y_shape):
    b.nodes[-1].output[0] = "y"
    graph = helper.make_graph(
        b.nodes, "random", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x_shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, y_shape)], b.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def maps(seed, exact):
    b = Builder(seed)
    x = b.conv("x", 3, CHANNELS, 3)
    y = b.conv(x, CHANNELS, CHANNELS, 3, group=CHANNELS)
    y = b.conv(y, CHANNELS, CHANNELS, 1, relu=exact)
    if not exact:
        y = b.node("Add", x, y)
        y = b.node("Concat", y, x, axis=1)
    y = b.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    channels = CHANNELS if exact else 2 * CHANNELS
    y = b.conv(y, channels, 2 * CHANNELS, 5, stride=2)
    if not exact:
        y = b.node("GlobalAveragePool", y)
    y = b.node("Flatten", y)
    features = 2 * CHANNELS * (9 if exact else 1)
    b.node("Gemm", y, b.constant(CLASSES, features), b.constant(CLASSES), transB=1)
    return finish(b, ["n", 3, SIZE, SIZE], ["n", CLASSES])


def rows(seed, exact):
    b = Builder(seed)
    query, key, value = (b.node("MatMul", "x", b.constant(FEATURES, FEATURES)) for _ in range(3))
    scores = b.node("MatMul", query, b.node("Transpose", key, perm=[0, 2, 1]))
    if exact:
        b.node("MatMul", scores, value)
        return finish(b, ["n", ROWS, FEATURES], ["n", ROWS, FEATURES])
    mixed = b.node("MatMul", b.node("Softmax", b.node("Mul", scores, b.constant(1))), value)
    y = b.node("LayerNormalization", b.node("Add", mixed, "x"), b.constant(FEATURES),
               b.constant(FEATURES))
    y = b.node("MatMul", y, b.constant(FEATURES, FEATURES))
    error = b.node("Erf", b.node("Mul", y, b.constant(1)))
    y = b.node("Mul", y, b.node("Add", error, b.constant(1)))
    b.node("MatMul", b.node("HardSigmoid", y, alpha=0.2), b.constant(FEATURES, FEATURES))
    return finish(b, ["n", ROWS, FEATURES], ["n", ROWS, FEATURES])


def attention(seed):
    """Of float32: items and times are free, and a RESHAPE joins the times of an item."""
    b = Builder(seed)
    q, k, v = (b.node("MatMul", "x", b.constant(CHANNELS, CHANNELS)) for _ in range(3))
    y = b.node("MatMul", q, b.node("Transpose", k, perm=[0, 2, 1]))
    y = b.node("MatMul", b.node("Softmax", y, axis=-1), v)
    for name, numbers in (("first", [0]), ("rest", [-1])):
        b.constants.append(onnx.numpy_helper.from_array(np.array(numbers, np.int64), name))
    items = b.node("Gather", b.node("Shape", "x"), "first")
    b.node("Reshape", y, b.node("Concat", items, "rest", axis=0))
    return finish(b, ["n", "t", CHANNELS], ["n", "u"])


class Reader(CalibrationDataReader):
    def __init__(self, vectors):
        self.rest = [{"x": v} for v in vectors]

    def get_next(self):
        return self.rest.pop() if self.rest else None


def compare(got, wanted, exact):
    """Whether results are near enough, how many differ, and by how many steps of the output."""
    values = np.unique(wanted)
    step = float(np.min(np.diff(values))) if len(values) > 1 else 1.0
    worst = float(np.abs(got - wanted).max()) / step
    differ = int((got != wanted).sum())
    return differ == 0 if exact else worst < 2.5, differ, worst


def gantry_run(gantry, path, batches):
    """Outputs of batches, which are the first dimension; or what went wrong."""
    np.save(path + ".npy", batches)
    shape = "x=" + "x".join(map(str, batches.shape[1:]))
    result = subprocess.run([gantry, "run", path + ".onnx", "--device", "cpu", "--quiet", "--input",
                             path + ".npy", "--output", path + "-out", "--shape", shape],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if result.returncode:
        return result.stderr.decode().strip()
    return np.load(os.path.join(path + "-out", "output0.npy"))


def run_attention(gantry, folder, seed):
    """Several numbers of items and times, against ONNX Runtime within rounding."""
    random = np.random.default_rng(seed)
    path = os.path.join(folder, "attention")
    onnx.save(attention(seed), path + ".onnx")
    session = onnxruntime.InferenceSession(path + ".onnx", providers=["CPUExecutionProvider"])
    worst = 0.0
    for items, times in ((1, 1), (1, 7), (3, 20), (5, 2)):
        x = random.normal(0, 1, (1, items, times, CHANNELS)).astype(np.float32)
        wanted = session.run(None, {"x": x[0]})[0]
        got = gantry_run(gantry, path, x)
        if isinstance(got, str):
            return "FAILED " + got
        if got.shape[1:] != wanted.shape:
            return "FAILED %s, not %s" % (got.shape[1:], wanted.shape)
        worst = max(worst, float(np.abs(got[0] - wanted).max() / np.abs(wanted).max()))
    verdict = "equal," if worst <= 1e-5 else "FAILED"
    return "%s at most %.1e of the greatest value" % (verdict, worst)


def run_case(gantry, folder, name, seed, kind, exact, options):
    random = np.random.default_rng(seed)
    model = kind(seed, exact)
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    vectors = random.normal(0, 1, [VECTORS, 1] + shape).astype(np.float32)
    path = os.path.join(folder, name)
    onnx.save(model, path + "-float.onnx")
    quantize_static(path + "-float.onnx", path + ".onnx", Reader(vectors), **options)
    session = onnxruntime.InferenceSession(path + ".onnx", providers=["CPUExecutionProvider"])
    texts = []
    for batch in (1, BATCH):
        wanted = [session.run(None, {"x": np.concatenate(vectors[i:i + batch])})[0]
                  for i in range(0, VECTORS, batch)]
        wanted = np.concatenate(wanted)
        got = gantry_run(gantry, path, vectors.reshape(-1, batch, *vectors.shape[2:]))
        if isinstance(got, str):
            return "FAILED " + got
        got = got.reshape(wanted.shape)
        good, differ, worst = compare(got, wanted, exact)
        texts.append("batch %d: %s %d of %d values differ, at most %.1f steps" % (
            batch, "equal," if good else "FAILED", differ, wanted.size, worst))
    return "; ".join(texts)


def main():
    gantry, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    failures = cases = 0
    print("seed", SEED)
    for kind, exact in ((maps, True), (maps, False), (rows, True), (rows, False)):
        for form in (QuantFormat.QDQ, QuantFormat.QOperator):
            for activation in (QuantType.QUInt8, QuantType.QInt8):
                for per_channel in (False, True):
                    options = {"quant_format": form, "activation_type": activation,
                               "weight_type": QuantType.QInt8, "per_channel": per_channel}
                    name = "-".join([kind.__name__, "exact" if exact else "mixed", form.name,
                                     activation.name, "channel" if per_channel else "tensor"])
                    text = run_case(gantry, folder, name, SEED + cases, kind, exact, options)
                    print("%-42s %s" % (name, text))
                    failures += "FAILED" in text
                    cases += 1
    text = run_attention(gantry, folder, SEED)
    print("%-42s %s" % ("attention", text))
    failures += "FAILED" in text
    cases += 1
    write_report("onnx_oracle", cases, failures, 0)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
