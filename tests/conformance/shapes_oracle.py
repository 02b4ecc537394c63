#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models with free dimensions for several batches, Gantry against LiteRT with resized inputs.

Usage: shapes_oracle.py GANTRY DATA FOLDER

The batches are made of golden inputs. Outputs of int8 and uint8 are equal to the last bit, those of
float32 within 1e-5 of the greatest value. What LiteRT does not run in that shape is skipped."""
import glob
import os
import subprocess
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from oracle_report import write_report

BATCHES = (2, 4)


def free_inputs(path):
    """Details of the inputs, where the first dimension of each is free; else None."""
    try:
        details = Interpreter(path, num_threads=1).get_input_details()
    except (ValueError, RuntimeError):
        return None
    signatures = [list(d["shape_signature"]) for d in details]
    return details if all(s and s[0] == -1 for s in signatures) else None


def litert(path, inputs):
    interpreter = Interpreter(path, num_threads=1)
    for detail, x in zip(interpreter.get_input_details(), inputs):
        interpreter.resize_tensor_input(detail["index"], x.shape)
    interpreter.allocate_tensors()
    for detail, x in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], x)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def gantry_run(gantry, path, inputs, device, folder):
    command = [gantry, "run", path, "--device", device, "--placement", "accelerator", "--quiet",
               "--output", os.path.join(folder, "out")]
    interpreter = Interpreter(path)
    for i, x in enumerate(inputs):
        file = os.path.join(folder, "input%d.npy" % i)
        np.save(file, x)
        name = interpreter.get_input_details()[i]["name"].split(";")[0]
        command += ["--input", file, "--shape", name + "=" + "x".join(map(str, x.shape))]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    return result.stderr.decode().strip() if result.returncode else None


def golden_inputs(data, path, details, batch):
    """The first vectors of the model's golden inputs as one batch; None where there are none."""
    folder = os.path.join(data, "golden", os.path.basename(path)[:-len(".tflite")])
    files = [os.path.join(folder, "input%d.npy" % i) for i in range(len(details))]
    if not all(os.path.exists(file) for file in files):
        return None
    return [np.load(file)[:batch] for file in files]


def compare(got, wanted):
    got = got.reshape(wanted.shape)
    if wanted.dtype != np.float32:
        differ = int((got != wanted).sum())
        return differ == 0, "%d of %d values differ" % (differ, wanted.size)
    worst = float(np.abs(got - wanted).max()) / max(float(np.abs(wanted).max()), 1e-30)
    return worst <= 1e-5, "at most %.1e of the greatest value" % worst


def run_case(gantry, path, inputs, folder):
    if inputs is None:
        return "skipped: no golden inputs"
    try:
        wanted = litert(path, inputs)
    except (ValueError, RuntimeError) as reason:
        return "skipped: LiteRT: " + str(reason).splitlines()[0]
    texts = []
    for device in ("cpu", "model"):
        failure = gantry_run(gantry, path, inputs, device, folder)
        if failure:
            return "FAILED " + failure
        for i, y in enumerate(wanted):
            got = np.load(os.path.join(folder, "out", "output%d.npy" % i))
            good, text = compare(got, y)
            texts.append("%s: %s%s" % (device, "" if good else "FAILED ", text))
    return ", ".join(texts)


def main():
    gantry, data, folder = sys.argv[1:]
    failures = cases = skipped = 0
    for path in sorted(glob.glob(os.path.join(data, "models", "*", "*.tflite"))):
        details = free_inputs(path)
        for batch in BATCHES if details else ():
            inputs = golden_inputs(data, path, details, batch)
            text = run_case(gantry, path, inputs, folder)
            print("%-36s %d %s" % (os.path.basename(path), batch, text))
            failures += "FAILED" in text
            skipped += "skipped" in text
            cases += 1
    write_report("shapes_oracle", cases, failures, skipped)
    return 1 if failures or cases == skipped else 0


if __name__ == "__main__":
    sys.exit(main())
