"""Cut-outs of people and vehicles, from labelled photographs or from a clip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pole_agent.frame import Image

HEIGHT = 220  # pixels of a cut-out
LEAST_PX = {"person": 170, "rider": 150, "vehicle": 110}  # high in the photograph
HELD_OUT = 3  # only stills with a number divisible by it: no shipped model was trained on them
MOST = 16  # of a kind
METRES = {"person": 1.0, "rider": 1.05, "vehicle": 1.1}  # heights in those of a person
NO_WALKERS = ("01002.jpg", "01155.jpg")  # persons who ride or crouch
VEHICLES = ("car", "truck", "bus")


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """`image`: uint8 (HEIGHT, w, 3); `mask`: uint8 (HEIGHT, w), 255 inside."""

    image: Image
    mask: Image


Box = tuple[int, int, int, int]  # left, top, width, height


def of_stills(folder: Path, kind: str) -> list[Cutout]:
    """Of `kind` ("person", "rider", "vehicle"), in the order of the files."""
    found = []
    for row in json.loads((folder / "boxes.json").read_text()):
        if int(row["file"].split(".")[0]) % HELD_OUT or (kind == "person" and row["file"] in NO_WALKERS):
            continue
        boxes = list(_wanted(row["boxes"], kind))
        if not boxes:
            continue
        image = cv2.imread(str(folder / "images" / row["file"]))
        if image is None:
            continue
        for box in boxes:
            cutout = _cut(image, box)  # type: ignore[arg-type]
            found += [cutout] if cutout is not None else []
        if len(found) >= MOST:
            break
    return found[:MOST]


def _wanted(rows: list[list[object]], kind: str) -> Iterator[Box]:
    """Boxes of a kind that nothing else covers."""
    boxes = [(tuple(round(float(str(v))) for v in row[:4]), str(row[4])) for row in rows]
    for box, label in boxes:
        left, top, width, height = box
        others = [(b, n) for b, n in boxes if b is not box and _overlap(b, box) > 0.02]
        if kind == "rider" and label == "motorcycle":
            riders = [b for b, n in others if n == "person"]
            if len(riders) == 1 == len(others) and _sits(riders[0], box):
                left, top = min(left, riders[0][0]), min(top, riders[0][1])
                right = max(box[0] + box[2], riders[0][0] + riders[0][2])
                bottom = max(box[1] + box[3], riders[0][1] + riders[0][3])
                width, height = right - left, bottom - top
                if height >= LEAST_PX[kind]:
                    yield left, top, width, height
        elif not others and height >= LEAST_PX[kind]:
            slim = 0.25 < width / height < 0.42
            if (kind == "person" == label and slim) or (kind == "vehicle" and label in VEHICLES):
                yield left, top, width, height


def _sits(rider: tuple[int, ...], on: tuple[int, ...]) -> bool:
    """Is he on it? Who stands beside it has his feet on the ground and is half beside it."""
    across = min(rider[0] + rider[2], on[0] + on[2]) - max(rider[0], on[0])
    lifted = on[1] + on[3] - (rider[1] + rider[3])
    return across >= 0.85 * rider[2] and lifted >= 0.08 * on[3]


def _overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The share of `other` that `one` covers."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0, across) * max(0, down) / max(1, other[2] * other[3])


def _cut(image: Image, box: Box) -> Cutout | None:
    """What stands in the box, without what is behind it (GrabCut)."""
    left, top, width, height = box
    scale = HEIGHT / height
    pad = round(0.15 * height)
    high, wide = image.shape[:2]
    x0, y0, x1, y1 = (
        max(0, left - pad),
        max(0, top - pad),
        min(wide, left + width + pad),
        min(high, top + height + pad),
    )
    around = cv2.resize(image[y0:y1, x0:x1], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inner = [round(v * scale) for v in (left - x0, top - y0, width, height)]
    marks = np.zeros(around.shape[:2], np.uint8)
    try:
        cv2.setRNGSeed(1)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(around, marks, inner, *models, 4, cv2.GC_INIT_WITH_RECT)
    except cv2.error:
        return None
    mask = np.where((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    rows, columns = slice(inner[1], inner[1] + inner[3]), slice(inner[0], inner[0] + inner[2])
    mask, picture = mask[rows, columns], around[rows, columns]
    share = float(np.count_nonzero(mask)) / max(1, mask.size)
    if not 0.35 < share < 0.95 or not mask[: HEIGHT // 8].any() or not mask[-HEIGHT // 8 :].any():
        return None
    return Cutout(np.ascontiguousarray(picture), cv2.GaussianBlur(mask, (5, 5), 0))  # type: ignore[arg-type]


def of_clip(pictures: list[Image], empty: Image) -> list[Cutout]:
    """People in a clip: what differs from the empty street and is as slim as a person."""
    found = []
    for picture in pictures:
        changed = (cv2.absdiff(picture, empty).max(axis=2) > 30).astype(np.uint8) * 255
        changed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((9, 5), np.uint8))
        _, _, blobs, _ = cv2.connectedComponentsWithStats(changed)
        for left, top, width, height, area in blobs[1:]:
            if height < 70 or not 0.25 < width / height < 0.55 or area < 0.45 * width * height:
                continue
            rows, columns = slice(top, top + height), slice(left, left + width)
            size = (max(8, round(width * HEIGHT / height)), HEIGHT)
            image = cv2.resize(picture[rows, columns], size)
            mask = cv2.resize(changed[rows, columns], size)
            found.append(Cutout(image, cv2.GaussianBlur(mask, (5, 5), 0)))  # type: ignore[arg-type]
    return found[:MOST]
