# SPDX-License-Identifier: Apache-2.0
"""Draw the sample pictures: digits as pen strokes, dark on white paper, as if scanned."""
import numpy as np
from PIL import Image

import prepare

# A picture of variant n: side in pixels; pen radius, slant, height and width of the digit in shares
# of the side; ink and paper grey.
VARIANTS = [
    {"side": 64, "pen": 0.056, "slant": 0.00, "height": 0.80, "width": 0.46, "grey": (25, 250)},
    {"side": 96, "pen": 0.066, "slant": 0.12, "height": 0.86, "width": 0.50, "grey": (50, 244)},
    {"side": 90, "pen": 0.052, "slant": -0.05, "height": 0.76, "width": 0.50, "grey": (10, 255)},
]


def arc(cx, cy, rx, ry, start, stop, count=20):
    """Points of an ellipse's arc; degrees, 0 is right and 90 is down."""
    t = np.radians(np.linspace(start, stop, count))
    return [(cx + rx * np.cos(a), cy + ry * np.sin(a)) for a in t]


# Strokes in a box of 0..1 by 0..1, x right and y down.
STROKES = {
    0: [arc(0.5, 0.5, 0.5, 0.5, -90, 270)],
    1: [[(0.2, 0.25), (0.55, 0), (0.55, 1)]],
    2: [arc(0.5, 0.28, 0.46, 0.28, -170, 40) + [(0.05, 1), (1, 0.97)]],
    3: [arc(0.42, 0.25, 0.46, 0.25, -150, 90), arc(0.42, 0.75, 0.54, 0.25, -90, 150)],
    4: [[(0.45, 0), (0.02, 0.62), (1, 0.62)], [(0.72, 0.35), (0.68, 1)]],
    5: [[(0.95, 0), (0.2, 0), (0.12, 0.45)] + arc(0.42, 0.68, 0.5, 0.32, -120, 140)],
    6: [[(0.72, 0)] + arc(0.75, 0.68, 0.75, 0.6, -110, -180, 10)
        + arc(0.46, 0.72, 0.46, 0.28, 180, -180)],
    7: [[(0.02, 0.02), (0.98, 0), (0.4, 1)], [(0.25, 0.52), (0.92, 0.5)]],
    8: [arc(0.5, 0.25, 0.4, 0.25, 90, 450), arc(0.5, 0.75, 0.48, 0.25, -90, 270)],
    9: [arc(0.5, 0.28, 0.44, 0.28, 0, 360) + [(0.93, 0.5), (0.75, 1)]],
}


def distance(px, py, a, b):
    """Distance of every pixel to the segment a-b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = np.clip(((px - a[0]) * dx + (py - a[1]) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
    return np.hypot(px - a[0] - t * dx, py - a[1] - t * dy)


def draw(digit, number):
    """One picture, uint8 [side, side]."""
    v = VARIANTS[number]
    rng = np.random.default_rng(100 * digit + number)
    side = v["side"]
    py, px = np.mgrid[0:side, 0:side] + 0.5
    cx, cy = 0.5 + rng.uniform(-0.02, 0.02, 2)
    nearest = np.full((side, side), np.inf)
    for stroke in STROKES[digit]:
        box = np.array(stroke) - 0.5 + rng.uniform(-0.02, 0.02, (len(stroke), 2)).cumsum(0) * 0.25
        x = side * (cx + box[:, 0] * v["width"] - box[:, 1] * v["slant"])
        y = side * (cy + box[:, 1] * v["height"])
        for i in range(len(stroke) - 1):
            nearest = np.minimum(nearest, distance(px, py, (x[i], y[i]), (x[i + 1], y[i + 1])))
    cover = np.clip(v["pen"] * side - nearest + 0.5, 0, 1)
    ink, paper = v["grey"]
    grey = paper + (ink - paper) * cover + rng.normal(0, 2.5, (side, side))
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def main():
    prepare.SAMPLES.mkdir(exist_ok=True)
    for digit in sorted(STROKES):
        for number in range(len(VARIANTS)):
            Image.fromarray(draw(digit, number)).save(prepare.SAMPLES / f"{digit}_{number}.png")


if __name__ == "__main__":
    main()
