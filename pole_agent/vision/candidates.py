"""Boxes as they come out of a network, before they are detections, and the suppression of doubles
among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
MAX_CANDIDATES = 300  # a hostile or broken model may call every cell an object
MAX_SIDE = 1e4  # pixels; beyond it a number is no box


class Candidates(NamedTuple):
    """n boxes in input pixels (n, 4: left, top, right, bottom), their scores (n,) and class indices (n,).

    Best first.
    """

    boxes: Floats
    scores: Floats
    classes: Ints


NOTHING = Candidates(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


class Ballot:
    """Which class a cell stands for, and how surely, among the `wanted` class indices with their `groups`.

    A detector that wavers between car, bus and truck gives each of them little. What counts is whether a
    vehicle is there: the score is the chance of any class of the best one's group, as if they were
    independent (noisy or).
    """

    def __init__(self, wanted: Sequence[int], groups: Sequence[str]) -> None:
        self.wanted = np.array(wanted, np.int64)
        self._apart = np.array([[a != b for b in groups] for a in groups])

    def count(self, scores: Floats, columns: Ints) -> Floats:
        """Scores (n,) of the groups of the best `columns` (n,) of `scores` (n, wanted)."""
        total: Floats = 1 - np.prod(1 - scores, axis=1, where=~self._apart[columns])
        return total


def ranked(parts: Sequence[Candidates]) -> Candidates:
    """Join what several outputs gave, best first, at most 300.

    Boxes that are not finite or have no area are left out.
    """
    if not parts:
        return NOTHING
    boxes, scores, classes = (np.concatenate(column) for column in zip(*parts, strict=True))
    real = (
        (boxes[:, 2] > boxes[:, 0])
        & (boxes[:, 3] > boxes[:, 1])
        & (np.abs(boxes) < MAX_SIDE).all(axis=1)
        & (scores <= 1)
    )
    order = np.argsort(-scores, kind="stable")
    order = order[real[order]][:MAX_CANDIDATES]
    return Candidates(boxes[order], scores[order], classes[order])


def suppress(found: Candidates, groups: Ints, max_overlap: float) -> Candidates:
    """Non-maximum suppression within a group of classes: a van is not also a car and a truck.

    `groups` (classes,) gives the group of each class. `found` is sorted, best first; so is the result.
    """
    if len(found.scores) < 2:
        return found
    rectangles = found.boxes.copy()
    rectangles[:, 2:] -= rectangles[:, :2]
    boxes: Any = rectangles  # OpenCV's stubs know lists only
    scores: Any = found.scores
    classes: Any = groups[found.classes]
    kept: Ints = np.sort(np.asarray(cv2.dnn.NMSBoxesBatched(boxes, scores, classes, 0.0, max_overlap)))
    return Candidates(found.boxes[kept], found.scores[kept], found.classes[kept])
