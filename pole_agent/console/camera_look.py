"""A few seconds of a camera as the agent opens it: do pictures come, are they different ones, and are they
black where they are masked? One picture is written for the person to look at, masked.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from pole_agent import compose
from pole_agent.camera.masks import covered
from pole_agent.clock import SystemClock
from pole_agent.errors import CameraError, PoleAgentError
from pole_agent.frame import Frame, same_shape, size_of
from pole_agent.languages import phrase
from pole_agent.settings import Settings

WATCH_S, OPEN_S = 4.0, 20.0
MOST_FRAMES = 400
GRID = (720, 1280)  # on which shares of a zone are counted
PRIVATE = 0o600  # a picture is for its owner only


def look_at(settings: Settings, name: str, picture: Path) -> dict[str, Any]:
    """Facts of this camera; `error` where no picture comes. Raises PoleAgentError for a picture that cannot
    be written.
    """
    index = next(n for n, camera in enumerate(settings.cameras) if camera.name == name)
    camera = settings.cameras[index]
    reference = compose.reference_of(settings, camera, read_only=True)
    found: dict[str, Any] = {
        "camera": name,
        "error": None,
        "masks": len(camera.masks),
        "picture": str(picture),
    }
    try:
        frames = asyncio.run(_frames(compose.source_factory(settings, index, SystemClock(), reference)()))
    except CameraError as error:
        return found | {"error": str(error)}
    if not frames:
        return found | {"error": phrase("stream-gave-no-picture", source=name)}
    last = frames[-1].image
    size, drawn_on = size_of(last), reference.size or size_of(last)
    hidden = covered(camera.masks, size, size) if camera.masks else np.zeros(last.shape[:2], bool)
    _write(settings, name, last, picture)
    took = max(1e-3, frames[-1].at - frames[0].at)
    return found | {
        "width": size[0],
        "height": size[1],
        "size": list(size),
        "drawn_on": list(drawn_on),
        "same_shape": same_shape(drawn_on, size),
        "frames": len(frames),
        "different": len({frame.image.tobytes() for frame in frames[-8:]}),
        "fps": round((len(frames) - 1) / took, 2),
        "wanted_fps": camera.fps,
        "brightness": round(float(last[~hidden].mean()) if not hidden.all() else 0.0, 1),
        "masked": round(float(hidden.mean()), 4),
        "leaking": int(sum((frame.image[hidden] != 0).any(axis=-1).sum() for frame in frames[-3:])),
    }


async def _frames(source: Any) -> list[Frame]:
    """Those of some seconds, from the first on. Raises CameraError."""
    frames: list[Frame] = []
    until = time.monotonic() + OPEN_S
    source.open()
    try:
        while time.monotonic() < until and len(frames) < MOST_FRAMES:
            frame = await source.next()
            if frame is None:
                break
            if not frames:
                until = time.monotonic() + WATCH_S
            frames = [*frames, frame][-MOST_FRAMES:]
    finally:
        source.close()
    return frames


def _write(settings: Settings, name: str, image: Any, file: Path) -> None:
    import cv2

    from pole_agent.camera.drawing import draw

    zones, lines = compose.places_of(settings, name)
    masks = next(camera.masks for camera in settings.cameras if camera.name == name)
    drawn = draw(image, {z.name: z.polygon for z in zones}, {n.name: (n.start, n.end) for n in lines}, masks)
    _, blob = cv2.imencode(".jpg", drawn)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as out:
            out.write(blob.tobytes())
    except OSError as error:
        raise PoleAgentError(phrase("at-key", key=file, problem=error.strerror)) from error


def masked_share(settings: Settings, camera: str, zone: str) -> float:
    """The share of a zone that lies under masks."""
    masks = next(c.masks for c in settings.cameras if c.name == camera)
    polygon = next((z.polygon for z in settings.zones if z.name == zone), None)
    if not masks:
        return 0.0
    size = GRID[1], GRID[0]
    inside = covered([polygon], size, size) if polygon else np.ones(GRID, bool)
    return round(float(covered(masks, size, size)[inside].mean()), 4)
