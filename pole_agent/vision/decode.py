"""From raw network outputs to boxes. Work is done on candidates only: most cells hold nothing.

NanoDet (Lyu, github.com/RangiLyu/nanodet): each cell of a stride gives class scores and, for each of the four sides, a
distribution over distances 0 to 10 in units of the stride (generalized focal loss); the distance is its expectation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
MAX_CANDIDATES = 300  # a hostile or broken model may call every cell an object


class Candidates(NamedTuple):
    """n boxes in input pixels (n, 4: left, top, right, bottom), their scores (n,) and class indices (n,)."""

    boxes: Floats
    scores: Floats
    classes: Ints


class NanoDetDecoder:
    """Decodes the outputs ``scores_s`` (1, cells, classes) and ``boxes_s`` (1, cells, 4 × bins) of the strides s.

    Only the classes in `wanted` (indices) are looked at.
    """

    def __init__(self, width: int, height: int, strides: Sequence[int], bins: int, wanted: Sequence[int]) -> None:
        self._wanted = np.array(wanted, np.int64)
        self._bins = bins
        self._projection = np.arange(bins, dtype=np.float32)
        self._centres = []
        self._rows = []
        self._strides = list(strides)
        self.output_names = [f"{word}_{stride}" for stride in strides for word in ("scores", "boxes")]
        for stride in strides:
            xs, ys = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
            cells = np.stack([xs.ravel(), ys.ravel()], axis=1).astype(np.float32)
            self._centres.append((cells + 0.5) * stride)
            self._rows.append(np.arange(len(cells)))

    def decode(self, outputs: Sequence[Floats], min_score: float) -> Candidates:
        """Return the candidates that score at least `min_score`, at most 300, best first."""
        boxes, scores, classes = [], [], []
        for index, (stride, centres) in enumerate(zip(self._strides, self._centres, strict=True)):
            wanted = outputs[2 * index][0][:, self._wanted]
            columns = wanted.argmax(axis=1)  # one class a cell
            best = wanted[self._rows[index], columns]
            cells = np.flatnonzero(best >= min_score)  # false for NaN
            if not len(cells):
                continue
            columns = columns[cells]
            raw = outputs[2 * index + 1][0][cells].reshape(-1, 4, self._bins)
            weights = np.exp(raw - raw.max(axis=2, keepdims=True))
            distances = (weights @ self._projection) / weights.sum(axis=2) * stride
            middle = centres[cells]
            boxes.append(np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1))
            scores.append(best[cells])
            classes.append(self._wanted[columns])
        if not boxes:
            return Candidates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
        found = Candidates(np.concatenate(boxes), np.concatenate(scores), np.concatenate(classes))
        order = np.argsort(-found.scores, kind="stable")[:MAX_CANDIDATES]
        return Candidates(found.boxes[order], found.scores[order], found.classes[order])


def suppress(found: Candidates, max_overlap: float) -> Candidates:
    """Non-maximum suppression within a class. `found` is sorted, best first; so is the result."""
    count = len(found.scores)
    if count < 2:
        return found
    boxes = found.boxes
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    union = areas[:, None] + areas[None, :] - shared
    rivals = (shared > max_overlap * union) & (found.classes[:, None] == found.classes[None, :])
    kept = np.ones(count, bool)
    for index in range(count - 1):
        if kept[index]:
            kept[index + 1 :] &= ~rivals[index, index + 1 :]
    return Candidates(boxes[kept], found.scores[kept], found.classes[kept])
