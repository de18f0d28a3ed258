"""A detector that says what it was told: rows of a MOTChallenge file, or a script of a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pole_agent.errors import ModelError
from pole_agent.frame import Frame
from pole_agent.languages import phrase
from pole_agent.settings.reading import decoded
from pole_agent.vision.detector import WEAK_SCORE
from pole_agent.vision.region import WHOLE, within
from pole_agent.vocabulary import Box, Detection


class ScriptedDetector:
    """Gives the detections of `script` by frame index (from 0).

    Boxes are fractions, or pixels when `pixels` is true.
    """

    def __init__(self, script: Mapping[int, Sequence[Detection]], *, pixels: bool = False) -> None:
        self._script = script
        self._pixels = pixels
        self._open = False
        self.took_ms = 0.0

    async def open(self) -> None:
        self._open = True

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        if not self._open:
            raise ModelError(phrase("detector-not-open"))
        found = [d for d in self._script.get(frame.index, ()) if d.score >= WEAK_SCORE]
        height, width = frame.image.shape[:2]
        part = frame.part or WHOLE
        if self._pixels:
            found = [
                Detection(scale(d.box, part.width / width, part.height / height), d.score, d.label)
                for d in found
            ]
        return (
            found
            if frame.part is None
            else [Detection(b, d.score, d.label) for d in found if (b := within(d.box, part))]
        )

    def close(self) -> None:
        self._open = False


def scale(box: Box, x: float, y: float) -> Box:
    return Box(box.left * x, box.top * y, box.right * x, box.bottom * y)


def read_rows(path: Path, label: str = "person") -> dict[int, list[Detection]]:
    """Read MOTChallenge rows (``frame,id,left,top,width,height,score,…``, frame from 1, pixels).

    Raises ModelError.
    """
    script: dict[int, list[Detection]] = {}
    try:
        lines = decoded(path.read_bytes()).splitlines()
    except (OSError, ValueError) as error:
        raise ModelError(phrase("detections-unreadable", file=path, error=error)) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            frame, _, left, top, width, height, score = map(float, line.split(",")[:7])
            index = int(frame) - 1
        except (ValueError, OverflowError) as error:
            raise ModelError(
                phrase("detections-line-invalid", file=path, line=number, error=error)
            ) from error
        script.setdefault(index, []).append(
            Detection(Box(left, top, left + width, top + height), score, label)
        )
    return script
