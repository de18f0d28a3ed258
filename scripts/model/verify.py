"""Does the quantized model still see what the float model sees?

The float model's confident detections on the bundled clip serve as truth; the figure is the average precision
(AP50, all-point) of the quantized model against them. With --labels, both are also scored against real ground
truth.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from model.translate import STRIDES

from pole_agent.vision.candidates import Ballot, suppress
from pole_agent.vision.letterbox import Letterbox
from pole_agent.vision.nanodet import NanoDetDecoder
from pole_agent.vocabulary import Box, overlap

BINS = 11
PERSON = 0
MAX_OVERLAP = 0.6
ONE_GROUP = np.zeros(1, np.int64)
TRUTH_SCORE = 0.4
Scored = list[tuple[float, Box]]


def frames(clip: Path, every: int) -> Iterator[tuple[int, Any]]:
    """Yield (number from 1, image) of every nth frame."""
    capture = cv2.VideoCapture(str(clip))
    number = 0
    while True:
        ok, image = capture.read()
        if not ok:
            return
        number += 1
        if (number - 1) % every == 0:
            if sys.stderr.isatty():
                print(f"\rframe {number}", end="", file=sys.stderr)
            yield number, image


def people(model: bytes, size: int, clip: Path, every: int) -> dict[int, Scored]:
    """Run a model over a clip: frame number -> (score, box in pixels of the clip) of every person from score
    0.05.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    letterbox = Letterbox(size, size)
    decoder = NanoDetDecoder(size, size, STRIDES, BINS, Ballot([PERSON], ["person"]))
    found: dict[int, Scored] = {}
    for number, image in frames(clip, every):
        width, _ = letterbox.fill(image)
        scale = image.shape[1] / width
        outputs = session.run(decoder.output_names, {"image": letterbox.tensor})
        candidates = suppress(decoder.decode(outputs, 0.05), ONE_GROUP, MAX_OVERLAP)
        boxes = [Box(*(side * scale for side in box)) for box in candidates.boxes.tolist()]
        found[number] = list(zip(candidates.scores.tolist(), boxes, strict=True))
    return found


def average_precision(found: dict[int, Scored], truth: dict[int, list[Box]]) -> float:
    """AP at IoU 0.5: area under the precision envelope over recall."""
    total = sum(len(truth.get(n, [])) for n in found)
    ranked = sorted(((s, n, b) for n, scored in found.items() for s, b in scored), key=lambda r: -r[0])
    free = {n: list(truth.get(n, [])) for n in found}
    hits = np.zeros(len(ranked))
    for index, (_, number, box) in enumerate(ranked):
        best = max(free[number], key=lambda b: overlap(box, b), default=None)
        if best is not None and overlap(box, best) >= 0.5:
            free[number].remove(best)
            hits[index] = 1
    recall = np.cumsum(hits) / max(1, total)
    precision = np.cumsum(hits) / np.arange(1, len(ranked) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * envelope))


def read_labels(path: Path) -> dict[int, list[Box]]:
    """Read MOTChallenge ground truth (pixels, frame from 1); rows with confidence 0 are left out."""
    truth: dict[int, list[Box]] = {}
    for line in path.read_text().splitlines():
        frame, _, left, top, width, height, confidence = map(float, line.split(",")[:7])
        if confidence:
            truth.setdefault(int(frame), []).append(Box(left, top, left + width, top + height))
    return truth


def confident(found: dict[int, Scored]) -> dict[int, list[Box]]:
    return {n: [b for s, b in scored if s >= TRUTH_SCORE] for n, scored in found.items()}
