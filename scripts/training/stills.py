"""Labelled stills: a folder with `boxes.json` and `images/`, read into memory.

boxes.json is a list of {"file", "boxes": [[left, top, width, height, class], …]}, in pixels. A sixth value
in a box is a teacher's score: the box was found by another detector, not drawn by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

CLASSES = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
SIDE = 640  # pixels: larger pictures are made smaller
TRUSTED = 0.45  # a teacher's box below this score is neither right nor wrong
CHECK_EVERY = 3  # a still whose number is divisible by it is never trained on


@dataclass(frozen=True)
class Stills:
    """n pictures on one device: levels (n, 3, SIDE, SIDE) uint8 at the top left, their sizes (n, 2: width,
    height), and their boxes, at most g each: corners (n, g, 4), classes (n, g), trust (n, g; 0: none), blind.
    """

    levels: Tensor
    sizes: Tensor
    boxes: Tensor
    classes: Tensor
    trust: Tensor
    blind: Tensor


def checks(entry: dict[str, Any]) -> bool:
    """Is it one that only checks? By the number in the file's name; without one, by the name's bytes."""
    stem = Path(entry["file"]).stem
    digits = "".join(c for c in stem if c.isdigit())
    return (int(digits) if digits else sum(stem.encode())) % CHECK_EVERY == 0


def listed(folder: Path, *, check: bool) -> list[dict[str, Any]]:
    """The entries of a folder that train, or that check."""
    entries = json.loads((folder / "boxes.json").read_text())
    return [entry for entry in entries if checks(entry) == check]


def shrunk(image: Any) -> tuple[Any, float]:
    """At most SIDE pixels wide and high, and the factor."""
    factor = min(1.0, SIDE / max(image.shape[:2]))
    if factor < 1:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return image[:SIDE, :SIDE], factor


def read(folders: list[Path], device: torch.device) -> Stills:
    """Raises SystemExit, with what is wrong, for a folder that cannot be used."""
    pictures, sizes, rows = [], [], []
    for folder in folders:
        for entry in listed(folder, check=False):
            path = folder / "images" / entry["file"]
            image = cv2.imread(str(path))
            if image is None:
                raise SystemExit(f"{path}: there is no picture that can be read")
            image, factor = shrunk(image)
            square = np.zeros((3, SIDE, SIDE), np.uint8)
            square[:, : image.shape[0], : image.shape[1]] = image.transpose(2, 0, 1)
            pictures.append(torch.from_numpy(square))
            sizes.append((image.shape[1], image.shape[0]))
            rows.append([_row(box, factor, path) for box in entry["boxes"] if box[4] in CLASSES])
    if not pictures:
        raise SystemExit("there are no stills to train on")
    most = max(1, max(len(r) for r in rows))
    table = np.zeros((len(rows), most, 7), np.float32)
    for place, row in zip(table, rows, strict=True):
        place[: len(row)] = np.array(row, np.float32).reshape(-1, 7)
    boxes = torch.from_numpy(table).to(device)
    return Stills(
        torch.stack(pictures).to(device),
        torch.tensor(sizes, dtype=torch.float32, device=device),
        boxes[..., :4],
        boxes[..., 4].long(),
        boxes[..., 5],
        boxes[..., 6] > 0,
    )


def _row(box: list[Any], factor: float, path: Path) -> tuple[float, ...]:
    """left, top, right, bottom, class, trust, blind."""
    try:
        left, top, width, height = (float(v) * factor for v in box[:4])
        score = float(box[5]) if len(box) > 5 else 1.0
    except (TypeError, ValueError) as error:
        raise SystemExit(f"{path}: a box is {box}: {error}") from error
    blind = score < TRUSTED
    return left, top, left + width, top + height, CLASSES.index(box[4]), score, blind
