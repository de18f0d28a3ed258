"""What a stream, a device or a clip is read through:

OpenCV's capture, with the stamps of its pictures and how it comes.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

NO_STAMP = -1e15  # FFmpeg's mark for a missing stamp lies far below, whatever it was scaled by


class Capture(Protocol):
    """An open source of pictures. The names are those of ``cv2.VideoCapture``."""

    patience_s: float  # so long one `grab` may take before it hangs, counted from `heard_at`
    transport: str  # "tcp" or "udp" for RTSP, else empty
    again: bool  # the source has sent the very same data once more

    @property
    def heard_at(self) -> float:
        """When data came last (monotonic seconds); -inf where that cannot be known."""
        ...

    def grab(self) -> bool:
        """Take the next picture. False at the end. Raises CameraError."""
        ...

    def retrieve(self) -> tuple[bool, Any]:
        """The picture that was taken, uint8 (h, w, 3) BGR; False when it cannot be decoded."""
        ...

    def read(self) -> tuple[bool, Any]:
        """`grab` and `retrieve`."""
        ...

    def stamp(self) -> float | None:
        """The time of the picture that was taken by the clock of its source (seconds), None where it has
        none.
        """
        ...

    def get(self, what: int) -> float:
        """A property, by OpenCV's numbers."""
        ...

    def release(self) -> None:
        """Let go."""
        ...


class Video:
    """OpenCV's capture."""

    again = False
    heard_at = -math.inf

    def __init__(self, capture: Any, patience_s: float, transport: str = "") -> None:
        self._capture, self.patience_s, self.transport = capture, patience_s, transport

    def grab(self) -> bool:
        return bool(self._capture.grab())

    def retrieve(self) -> tuple[bool, Any]:
        ok, image = self._capture.retrieve()
        fine = ok and image is not None and image.ndim == 3 and image.size > 0
        return fine, image if fine else None

    def read(self) -> tuple[bool, Any]:
        return self.retrieve() if self.grab() else (False, None)

    def stamp(self) -> float | None:
        import cv2

        # Where there is no stamp, FFmpeg's reader makes POS_MSEC from a count and the rate.
        if self._capture.get(cv2.CAP_PROP_PTS) < NO_STAMP:
            return None
        at = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return float(at) if math.isfinite(at) else None

    def get(self, what: int) -> float:
        return float(self._capture.get(what))

    def release(self) -> None:
        self._capture.release()
