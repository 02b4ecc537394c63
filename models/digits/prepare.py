# SPDX-License-Identifier: Apache-2.0
"""Input preparation, data split and int8 runner that the scripts of this folder share."""
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE / "digits.tflite"
MANIFEST = HERE / "manifest.json"
SAMPLES = HERE / "samples"
SIDE = 16
SEED = 20
HELD_OUT = 0.2


def area_weights(src, dst):
    """[dst,src]: dst times the overlap of source pixel i and [x*src/dst, (x+1)*src/dst)."""
    x, i = np.arange(dst, dtype=np.int64)[:, None], np.arange(src, dtype=np.int64)
    overlap = np.minimum((x + 1) * src, (i + 1) * dst) - np.maximum(x * src, i * dst)
    return np.maximum(overlap, 0)


def resize_area(grey, height=SIDE, width=SIDE):
    """Box-filter a 2-D picture to height x width; the mean is exact and rounds half up."""
    rows = area_weights(grey.shape[0], height)
    cols = area_weights(grey.shape[1], width)
    total = rows @ grey.astype(np.int64) @ cols.T
    return ((2 * total + grey.size) // (2 * grey.size)).astype(np.uint8)


def grey_of(pixels):
    """8-bit grey of decoded pixels: [H,W] as it is, [H,W,3] weighted by 77, 150 and 29 of 256."""
    if pixels.ndim == 2:
        return pixels.astype(np.uint8)
    r, g, b = (pixels[..., i].astype(np.int32) for i in range(3))
    return ((77 * r + 150 * g + 29 * b + 128) >> 8).astype(np.uint8)


def prepare_picture(pixels):
    """Dark ink on white paper to the model's SIDE x SIDE, ink 255 and paper 0."""
    return resize_area(255 - grey_of(pixels))


def quantise(values, scale, zero):
    """Prepared 0..255 values [...,SIDE,SIDE] to the model's int8 [V,SIDE,SIDE,1]."""
    real = np.asarray(values, np.float64).reshape(-1, SIDE, SIDE, 1) * (1 / 255.0)
    return np.clip(np.rint(real / scale) + zero, -128, 127).astype(np.int8)


def load_digits_split():
    """(train x, train y, held-out x, held-out y); x is uint8 [N,8,8], ink 255, paper 0."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    data = load_digits()
    images = np.floor(data.images * (255 / 16.0) + 0.5).astype(np.uint8)
    xt, xh, yt, yh = train_test_split(images, data.target, test_size=HELD_OUT,
                                      stratify=data.target, random_state=SEED)
    return xt, yt, xh, yh


def held_out_int8():
    """The held-out digits as the model takes them, and their labels; needs the manifest."""
    spec = json.loads(MANIFEST.read_text())["input"]
    _, _, images, labels = load_digits_split()
    values = np.stack([resize_area(im) for im in images])
    return quantise(values, spec["quant_scale"], spec["quant_zero_point"]), labels


def load_samples():
    """The drawn pictures, prepared, with their labels and file names, in the order of the names."""
    from PIL import Image
    paths = sorted(SAMPLES.glob("*.png"))
    values = [prepare_picture(np.asarray(Image.open(p))) for p in paths]
    return np.stack(values), np.array([int(p.name[0]) for p in paths]), [p.name for p in paths]


def run_int8(inputs, model=MODEL):
    """Outputs int8 [V,10] of LiteRT's default interpreter (XNNPACK), one vector at a time."""
    from ai_edge_litert.interpreter import Interpreter
    interp = Interpreter(model_path=str(model), num_threads=1)
    interp.allocate_tensors()
    src, dst = interp.get_input_details()[0]["index"], interp.get_output_details()[0]["index"]
    outputs = []
    for vector in inputs:
        interp.set_tensor(src, vector[None])
        interp.invoke()
        outputs.append(interp.get_tensor(dst)[0].copy())
    return np.stack(outputs)
