# SPDX-License-Identifier: Apache-2.0
"""Run an int8 model, count its hits, and measure models on recordings of people."""
import argparse
import json
import pathlib

import numpy as np

import augment
import features
import synth

HERE = pathlib.Path(__file__).resolve().parent
MODEL, MANIFEST = HERE / "kws.tflite", HERE / "manifest.json"
HELD_SEED = 11
HELD_SILENCE = 120


def run_int8(path, inputs):
    """Scores int8 [N, classes] by LiteRT's default interpreter on one thread."""
    from ai_edge_litert.interpreter import Interpreter
    model = Interpreter(str(path), num_threads=1)
    model.allocate_tensors()
    source, sink = model.get_input_details()[0], model.get_output_details()[0]
    rows = []
    for row in inputs:
        model.set_tensor(source["index"], row.reshape(source["shape"]))
        model.invoke()
        rows.append(model.get_tensor(sink["index"])[0])
    return np.array(rows)


def input_quantisation(path):
    from ai_edge_litert.interpreter import Interpreter
    parameters = Interpreter(str(path)).get_input_details()[0]["quantization_parameters"]
    return float(parameters["scales"][0]), int(parameters["zero_points"][0])


def accuracy(scores, labels):
    """Share of rows whose first maximum is the label, rounded for the manifest."""
    return round(float(np.mean(np.argmax(scores, -1) == labels)), 4)


def confusion(scores, labels):
    """Markdown table: rows are what was said, columns what the model took it for."""
    count = len(synth.LABELS)
    table = np.zeros((count, count), int)
    np.add.at(table, (labels, np.argmax(scores, -1)), 1)
    lines = ["| said | " + " | ".join(synth.LABELS) + " |", "|---|" + "--:|" * count]
    for name, row in zip(synth.LABELS, table):
        lines.append(f"| {name} | " + " | ".join(str(n) if n else "" for n in row) + " |")
    return "\n".join(lines)


def held_out(bank):
    """PCM, labels and voices of windows of the held-out voices, moderately spoilt, and noise."""
    rng = np.random.default_rng(HELD_SEED)
    rows = range(len(bank.length))
    pcm = [augment.window(rng, bank, bank.label[row], row, hard=False) for row in rows]
    pcm += [augment.window(rng, bank, augment.SILENCE) for _ in range(HELD_SILENCE)]
    labels = np.concatenate([bank.label, np.full(HELD_SILENCE, augment.SILENCE)])
    return np.array(pcm), labels, np.concatenate([bank.voice, np.full(HELD_SILENCE, "noise")])


def real(data):
    """PCM and labels of the recordings of people in DATA/audio/speech_commands_1s."""
    folder = pathlib.Path(data) / "audio" / "speech_commands_1s"
    pcm = np.load(folder / "pcm_s16le_16k_250x16000.npy")
    return pcm, features.labels_of(folder / "y_labels.csv", len(pcm))


def report_real(data, int8_path=MODEL, float_predict=None):
    """Figures of this model and of kws_ref_model on the recordings; prints the confusion."""
    pcm, labels = real(data)
    mfcc = features.mfcc(pcm)
    folder = pathlib.Path(data)
    figures = {"recordings": len(labels)}
    if float_predict is not None:
        figures["float"] = accuracy(float_predict(mfcc), labels)
    scale, zero = input_quantisation(int8_path)
    scores = run_int8(int8_path, features.quantise(mfcc, scale, zero, "half_even"))
    figures["int8"] = accuracy(scores, labels)
    ref = folder / "models" / "mlperf-tiny" / "kws_ref_model.tflite"
    ours = features.quantise(mfcc, features.REF_SCALE, features.REF_ZERO, "toward_zero")
    given = np.load(folder / "audio" / "speech_commands_1s" / "mfcc_int8_250x49x10.npy")
    figures["kws_ref_model_from_pcm"] = accuracy(run_int8(ref, ours), labels)
    figures["kws_ref_model_given_features"] = accuracy(run_int8(ref, given), labels)
    print(confusion(scores, labels))
    return figures


def main():
    parser = argparse.ArgumentParser(description="measure on recordings of people")
    parser.add_argument("data", help="folder with audio/ and models/")
    print(json.dumps(report_real(parser.parse_args().data)))


if __name__ == "__main__":
    main()
