# SPDX-License-Identifier: Apache-2.0
"""Write the held-out digits as input0.npy and labels.npy into a directory; no TensorFlow needed."""
import pathlib
import sys

import numpy as np

import prepare


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: eval_export.py OUTDIR")
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    inputs, labels = prepare.held_out_int8()
    np.save(out / "input0.npy", inputs)
    np.save(out / "labels.npy", labels.astype(np.int64))
    print(f"{len(inputs)} vectors in {out}")


if __name__ == "__main__":
    main()
