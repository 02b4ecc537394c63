# SPDX-License-Identifier: Apache-2.0
"""Make the reference vectors of tests/vectors/digits: prepared inputs and LiteRT's outputs."""
import json

import numpy as np

import prepare

VECTORS = prepare.HERE.parent.parent / "tests" / "vectors" / "digits"
HELD_OUT_VECTORS = 12


def main():
    spec = json.loads(prepare.MANIFEST.read_text())["input"]
    drawn, drawn_labels, names = prepare.load_samples()
    drawn = prepare.quantise(drawn, spec["quant_scale"], spec["quant_zero_point"])
    held, held_labels = prepare.held_out_int8()
    inputs = np.concatenate([drawn, held[:HELD_OUT_VECTORS]])
    labels = np.concatenate([drawn_labels, held_labels[:HELD_OUT_VECTORS]])
    outputs = prepare.run_int8(inputs)
    best = np.argmax(outputs, -1)
    wrong = [name for name, got, want in zip(names, best, labels) if got != want]
    if wrong:
        raise SystemExit(f"golden.py: drawn samples taken for another digit: {wrong}")
    VECTORS.mkdir(parents=True, exist_ok=True)
    np.save(VECTORS / "input0.npy", inputs)
    np.save(VECTORS / "output0.npy", outputs[:, None, :])
    np.save(VECTORS / "labels.npy", labels.astype(np.int64))
    print(f"{len(inputs)} vectors, {int(np.sum(best == labels))} classified right, "
          f"lowest score of a drawn sample {(int(outputs[:len(names)].max(-1).min()) + 128) / 256}")


if __name__ == "__main__":
    main()
