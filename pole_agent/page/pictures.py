"""The newest picture of each camera as JPEG, for people at the pole.

The only room of the page that may see a frame. What it is given has its masks burned in. Nothing is stored,
and nothing is done while nobody looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from pole_agent.frame import Frame, Image
from pole_agent.vocabulary import Box

MOST_WIDTH = 960  # pixels
QUALITY = 75  # of JPEG, 0 to 100
PAUSE_S = 0.2  # at most five pictures a second
WANTED_S = 3.0  # so long after the last question somebody is taken to look
PIXELS = 6  # across a person, where people are pixelated
AROUND = 0.1  # of the box, hidden with it


@dataclass(slots=True)
class View:
    """Of one camera. Times are those of the event loop."""

    asked: float = float("-inf")
    made: float = float("-inf")
    number: int = 0
    jpeg: bytes = b""
    busy: bool = False
    newer: asyncio.Event = field(default_factory=asyncio.Event)


class Pictures:
    """`pixelated`: what is taken for a person is made unrecognizable first."""

    def __init__(self, cameras: Sequence[str], *, pixelated: bool) -> None:
        self._views = {name: View() for name in cameras}
        self._pixelated = pixelated
        self._tasks: set[asyncio.Task[None]] = set()

    def show(self, camera: str, frame: Frame, people: Sequence[Box]) -> None:
        """A camera has looked. `people` are boxes in fractions. Returns at once."""
        view, now = self._views[camera], asyncio.get_running_loop().time()
        if view.busy or now - view.asked > WANTED_S or now - view.made < PAUSE_S:
            return
        view.busy, view.made = True, now
        hidden = list(people) if self._pixelated else []
        task = asyncio.create_task(self._make(view, frame.image, hidden), name=f"picture of {camera}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def newest(self, camera: str, after: int, within_s: float) -> tuple[int, bytes] | None:
        """Number and JPEG of a picture newer than number `after`; None when none comes in time.

        Raises KeyError for an unknown camera.
        """
        view = self._views[camera]
        view.asked = asyncio.get_running_loop().time()
        if view.number <= after or view.asked - view.made > WANTED_S:
            waiting = view.newer
            try:
                async with asyncio.timeout(within_s):
                    await waiting.wait()
            except TimeoutError:
                return None
        return view.number, view.jpeg

    async def _make(self, view: View, image: Image, hidden: Sequence[Box]) -> None:
        try:
            view.jpeg = await asyncio.to_thread(jpeg_of, image, hidden)
            view.number += 1
            newer, view.newer = view.newer, asyncio.Event()
            newer.set()
        finally:
            view.busy = False


def jpeg_of(image: Image, hidden: Sequence[Box] = ()) -> bytes:
    """`image`, uint8 (height, width, 3) BGR, as JPEG of at most MOST_WIDTH; the boxes `hidden` in coarse
    squares.
    """
    height, width = image.shape[:2]
    if width > MOST_WIDTH:
        size = (MOST_WIDTH, max(1, round(height * MOST_WIDTH / width)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    elif hidden:
        image = image.copy()
    for box in hidden:
        _hide(image, box)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()


def _hide(image: Image, box: Box) -> None:
    height, width = image.shape[:2]
    wide, high = (box.right - box.left) * AROUND, (box.bottom - box.top) * AROUND
    left, right = (round(min(1.0, max(0.0, x)) * width) for x in (box.left - wide, box.right + wide))
    top, bottom = (round(min(1.0, max(0.0, y)) * height) for y in (box.top - high, box.bottom + high))
    part = image[top:bottom, left:right]
    if part.size:
        tall = max(1, round(PIXELS * part.shape[0] / part.shape[1]))
        small = cv2.resize(part, (PIXELS, tall), interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(small, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_NEAREST)
