# SPDX-License-Identifier: Apache-2.0
"""Runs models in several runtimes, one after another and round by round, and compares.

Each measurement is a fresh process, so that no runtime profits from what another left behind.
The figure of a round is what --figure names: the median, the least or the CPU time of its
inferences. Of the rounds the median counts, of least times the least."""
import argparse
import json
import os
import statistics
import subprocess
import sys


def command(args, runtime, model):
    if runtime == "gantry":
        return [args.gantry, "bench", model, "--json", "--quiet", "--seconds", str(args.seconds),
                "--threads", str(args.threads)]
    here = os.path.dirname(os.path.abspath(__file__))
    onnx = model.endswith(".onnx")
    if runtime == "ort" and not onnx:
        model = model[:-len(".tflite")] + ".onnx"
        if not os.path.exists(model):
            return None
    if onnx and runtime != "ort":
        return None
    return [os.path.join(args.home, runtime, "bin", "python"), os.path.join(here, "one.py"),
            runtime, model, str(args.threads), str(args.seconds)]


def measure(args, runtime, model):
    words = command(args, runtime, model)
    if words is None:
        return None
    done = subprocess.run(words, capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        print(f"note: {runtime} does not run {os.path.basename(model)}: "
              f"{(done.stderr.strip().splitlines() or ['?'])[-1][:120]}", file=sys.stderr)
        return None
    return json.loads(lines[-1])[args.figure]


def compare(args):
    samples = {}
    lost = set()
    for round_number in range(args.rounds):
        for model in args.models:
            for runtime in args.runtimes:
                if (model, runtime) in lost:
                    continue
                value = measure(args, runtime, model)
                if value is None:
                    lost.add((model, runtime))
                else:
                    samples.setdefault((model, runtime), []).append(value)
        print(f"round {round_number + 1} of {args.rounds}", file=sys.stderr)
    of_rounds = min if args.figure == "min_us" else statistics.median
    return {key: of_rounds(values) for key, values in samples.items()}


def name_of(model):
    return os.path.basename(model).replace(".tflite", "")


def print_table(args, medians):
    others = [r for r in args.runtimes if r != "gantry"]
    of_rounds = "least" if args.figure == "min_us" else "median"
    print(f"microseconds of an inference ({args.figure}, {of_rounds} of {args.rounds} rounds), and "
          "how many times Gantry's")
    print(f"{'model':36s}" + "".join(f"{r:>20s}" for r in args.runtimes))
    for model in args.models:
        own = medians.get((model, "gantry"))
        cells = [f"{own:.1f}" if own else "-"]
        for other in others:
            value = medians.get((model, other))
            cells.append("-" if not value else
                         f"{value:.1f} ({value / own:.2f}x)" if own else f"{value:.1f}")
        print(f"{name_of(model):36.36s}" + "".join(f"{c:>20s}" for c in cells))


COLOURS = {"gantry": "#1b6ca8", "litert": "#e08a1e", "ort": "#7a9e3f", "tflm": "#999999"}
LABELS = {"gantry": "Gantry", "litert": "LiteRT (XNNPACK)", "ort": "ONNX Runtime",
          "tflm": "tflite-micro"}
FIGURES = {"med_us": "Median time", "min_us": "Least time", "cpu_us": "Processor time"}
LIMIT = 4.0


def chart(args, medians):
    """Bars: time relative to Gantry's; longer ones than LIMIT are cut and say their length."""
    row, gap, left, scale = 18, 14, 210, 110
    bars, y = [], 36
    for model in args.models:
        own = medians.get((model, "gantry"))
        shown = [r for r in args.runtimes if own and medians.get((model, r))]
        bars.append(f'<text x="10" y="{y + 11}">{name_of(model)[:30]}</text>')
        for index, runtime in enumerate(shown):
            value = medians[(model, runtime)]
            ratio = value / own
            width = min(ratio, LIMIT) * scale
            mark = " (cut)" if ratio > LIMIT else ""
            top = y + index * row
            bars.append(f'<rect x="{left}" y="{top}" width="{width:.1f}" height="{row - 4}" '
                        f'fill="{COLOURS[runtime]}"/>')
            bars.append(f'<text x="{left + width + 6:.1f}" y="{top + 11}">{ratio:.2f} '
                        f'{LABELS[runtime]}, {value:.1f} us{mark}</text>')
        y += row * max(len(shown), 1) + gap
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{y}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="860" height="{y}" fill="#ffffff"/>',
             f'<text x="10" y="20" font-size="13">{FIGURES[args.figure]} of an inference, '
             f'threads: {args.threads}, Gantry = 1 (shorter is better)</text>'] + bars
    parts.append("</svg>")
    with open(args.chart, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", required=True)
    parser.add_argument("--gantry", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--figure", choices=sorted(FIGURES), default="med_us")
    parser.add_argument("--chart", default="")
    parser.add_argument("--runtimes", nargs="+", required=True)
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    medians = compare(args)
    print_table(args, medians)
    if args.chart:
        chart(args, medians)


if __name__ == "__main__":
    main()
