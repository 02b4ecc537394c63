# SPDX-License-Identifier: Apache-2.0
"""Times one model in one other runtime; prints one JSON line.

usage: one.py litert|ort|tflm MODEL THREADS SECONDS"""
import json
import sys
import time

import numpy as np


def random(shape, dtype):
    shape = [d if isinstance(d, int) and d > 0 else 1 for d in shape]
    if np.issubdtype(dtype, np.floating):
        return np.random.default_rng(0).random(shape).astype(dtype)
    info = np.iinfo(dtype)
    return np.random.default_rng(0).integers(info.min, info.max + 1, shape).astype(dtype)


def litert(path, threads):
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(path, num_threads=threads)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], random(detail["shape"].tolist(), detail["dtype"]))
    return interpreter.invoke


def ort(path, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    types = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8}
    binding = session.io_binding()
    for detail in session.get_inputs():
        binding.bind_cpu_input(detail.name, random(detail.shape, types[detail.type]))
    for detail in session.get_outputs():
        binding.bind_output(detail.name, "cpu")
    return lambda: session.run_with_iobinding(binding)


def tflm(path, threads):
    from tflite_micro.python.tflite_micro import runtime
    interpreter = runtime.Interpreter.from_file(path)
    detail = interpreter.get_input_details(0)
    interpreter.set_input(random([int(d) for d in detail["shape"]], detail["dtype"]), 0)
    return interpreter.invoke


def main():
    runtime, path, threads, seconds = sys.argv[1:]
    run = {"litert": litert, "ort": ort, "tflm": tflm}[runtime](path, int(threads))
    for _ in range(4):
        run()
    clock, samples = time.perf_counter_ns, []
    cpu, end = time.process_time_ns(), time.perf_counter_ns() + int(float(seconds) * 1e9)
    while clock() < end or len(samples) < 3:
        start = clock()
        run()
        samples.append(clock() - start)
    cpu = (time.process_time_ns() - cpu) / len(samples)
    samples.sort()
    print(json.dumps({"min_us": samples[0] / 1e3, "med_us": samples[len(samples) // 2] / 1e3,
                      "cpu_us": cpu / 1e3}))


main()
