"""Detector: a picture goes in, detections come out. The real one runs ONNX in a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pole_agent.frame import Frame
from pole_agent.vocabulary import Detection

WEAK_SCORE = 0.1  # the tracker sees detections from here; `min_score` of the settings starts a track


class Detector(Protocol):
    """Finds people and vehicles in frames.

    Frames may be given ahead; their results come in the same order.
    """

    took_ms: float  # milliseconds that the latest detection took, without waiting in line

    async def open(self) -> None:
        """Get ready. Raises ModelError when the model is not what was expected."""
        ...

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        """Detections in the frame, boxes as fractions of it.

        Raises ModelError when the detector fails or hangs.
        """
        ...

    def close(self) -> None:
        """Let go; never blocks. May be called twice."""
        ...
