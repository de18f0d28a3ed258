"""What a model finds on stills that it never saw: AP50 by group, by day, in the dark and in infrared.

The pictures of the dark and of infrared are the same stills, darkened the way the training does it, with
chance fixed: they compare models with each other and stand for no real night. Read with the agent's own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from pole_agent.frame import Frame
from pole_agent.vision import card as cards
from pole_agent.vision.onnx import OnnxModel
from pole_agent.vocabulary import group_of
from training import weather
from training.stills import listed, shrunk

CANVAS, GREY = 640, 114
CONDITIONS = ("day", "dark", "infrared")
GROUPS = ("person", "two_wheeler", "vehicle")
SMALL = 0.12 * CANVAS  # pixels high
REPORTED = 0.4  # the score from which a track starts
Rows = list[tuple[float, bool]]


def pictures(folder: Path, *, check: bool = True) -> list[tuple[Any, list[Any]]]:
    """(image on a grey square, boxes [left, top, right, bottom, class]), of the stills that only check."""
    found = []
    for entry in listed(folder, check=check):
        image, factor = shrunk(cv2.imread(str(folder / "images" / entry["file"])))
        canvas = np.full((CANVAS, CANVAS, 3), GREY, np.uint8)
        canvas[: image.shape[0], : image.shape[1]] = image
        boxes = [
            [x * factor, y * factor, (x + w) * factor, (y + h) * factor, name]
            for x, y, w, h, name, *score in entry["boxes"]
            if not score
        ]
        found.append((canvas, boxes))
    return found


def seen_in(condition: str, image: Any, number: int) -> Any:
    if condition == "day":
        return image
    torch.manual_seed(number)
    effect = weather.night if condition == "dark" else weather.infrared
    levels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    done = effect(levels).clamp(0, 255).round()[0].permute(1, 2, 0)
    return np.ascontiguousarray(done.numpy().astype(np.uint8))


def overlaps(box: Any, others: Any) -> Any:
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    inter = np.clip(high - low, 0, None).prod(1)
    return inter / ((box[2:4] - box[:2]).prod() + (others[:, 2:4] - others[:, :2]).prod(1) - inter + 1e-9)


def matched(found: list[Any], true: list[Any], small: bool) -> tuple[Rows, int]:
    """(score, right?) of what counts, and how many there are to find; with `small` only small boxes count."""
    boxes = np.array(true, float).reshape(-1, 4)
    counts = (boxes[:, 3] - boxes[:, 1] < SMALL) | (not small)
    free = np.ones(len(boxes), bool)
    rows: Rows = []
    for box, score in sorted(found, key=lambda f: -f[1]):
        fits = np.where(free, overlaps(np.array(box), boxes), 0) if len(boxes) else np.zeros(1)
        best = int(fits.argmax())
        if fits[best] < 0.5:
            rows.append((score, False))
            continue
        free[best] = False
        if counts[best]:
            rows.append((score, True))
    return rows, int(counts.sum())


def average_precision(rows: Rows, total: int) -> float:
    """101 points, in percent."""
    rows = sorted(rows, key=lambda r: -r[0])
    right = np.cumsum([r[1] for r in rows])
    recall, precision = right / max(1, total), right / np.arange(1, len(rows) + 1)
    return 100 * float(np.mean([precision[recall >= r].max(initial=0) for r in np.linspace(0, 1, 101)]))


def by_group(model: OnnxModel, image: Any, boxes: list[Any]) -> dict[str, tuple[list[Any], list[Any]]]:
    """By group: the (box, score) that the model finds, and the boxes that are there, in pixels."""
    found, _ = model.detect(Frame(image, 0.0, 0))
    return {
        group: (
            [
                ([v * CANVAS for v in (d.box.left, d.box.top, d.box.right, d.box.bottom)], d.score)
                for d in found
                if group_of(d.label) == group
            ],
            [box[:4] for box in boxes if group_of(box[4]) == group],
        )
        for group in GROUPS
    }


def score(card: Path, shown: Sequence[tuple[Any, list[Any]]], condition: str) -> dict[str, float]:
    """By group: AP50; recall and precision at the score that starts a track; recall there of small ones."""
    model = OnnxModel(cards.read(card), 1)
    rows: dict[tuple[str, bool], Rows] = {(g, s): [] for g in GROUPS for s in (False, True)}
    totals = dict.fromkeys(rows, 0)
    for number, (image, boxes) in enumerate(shown):
        for group, (mine, true) in by_group(model, seen_in(condition, image, number), boxes).items():
            for small in (False, True):
                new, count = matched(mine, true, small)
                rows[group, small] += new
                totals[group, small] += count
    result = {}
    for (group, small), each in rows.items():
        start = [right for value, right in each if value >= REPORTED]
        recall = sum(start) / max(1, totals[group, small])
        if small:
            result[f"{group} small recall"] = recall
        else:
            result[f"{group} AP50"] = average_precision(each, totals[group, small])
            result[f"{group} recall"] = recall
            result[f"{group} precision"] = sum(start) / max(1, len(start))
    return result
