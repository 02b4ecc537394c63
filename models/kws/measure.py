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


def groups(voices, labels):
    """Names of kinds of held-out windows, with their rows."""
    kinds = {"breathing voices": np.char.endswith(voices, "whisperf"),
             "flite": np.char.startswith(voices, "flite"), "noise": voices == "noise",
             "other words": labels == synth.UNKNOWN}
    kinds["the ten words by the other voices"] = ~np.any(list(kinds.values()), 0)
    return kinds


def report_held_out(folder, int8_path=MODEL, float_predict=None):
    """Figures on the held-out voices; prints the confusion and what each kind of window gets."""
    pcm, labels, voices = held_out(augment.Bank(folder / "held.npz"))
    mfcc = features.mfcc(pcm)
    figures = {"windows": len(labels), "voices": len(set(voices)) - 1}
    if float_predict is not None:
        figures["float"] = accuracy(float_predict(mfcc), labels)
    scale, zero = input_quantisation(int8_path)
    scores = run_int8(int8_path, features.quantise(mfcc, scale, zero, "half_even"))
    figures["int8"] = accuracy(scores, labels)
    for name, rows in groups(voices, labels).items():
        print(f"{name}: {rows.sum()} windows, {100 * accuracy(scores[rows], labels[rows]):.1f} %")
    print(confusion(scores, labels))
    return figures


def export(folder, bank, int8_path=MODEL):
    """Write the held-out windows as inputs of the model and their labels, for other programs."""
    pcm, labels, _ = held_out(augment.Bank(bank / "held.npz"))
    scale, zero = input_quantisation(int8_path)
    inputs = features.quantise(features.mfcc(pcm), scale, zero, "half_even")[..., None]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "input0.npy", inputs)
    np.save(folder / "labels.npy", labels.astype(np.int64))


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
    parser = argparse.ArgumentParser(description="measure the network as it stands")
    parser.add_argument("--model", type=pathlib.Path, default=MODEL)
    parser.add_argument("--bank", type=pathlib.Path, help="folder with held.npz of synth.py")
    parser.add_argument("--data", help="folder with audio/ and models/")
    parser.add_argument("--export", type=pathlib.Path, help="only write the held-out inputs there")
    arguments = parser.parse_args()
    if arguments.export:
        export(arguments.export, arguments.bank, arguments.model)
        return
    figures = {}
    if arguments.bank:
        figures["held_out"] = report_held_out(arguments.bank, arguments.model)
    if arguments.data:
        figures["people"] = report_real(arguments.data, arguments.model)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
