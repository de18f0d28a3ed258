"""What a stream is made of, what it costs to decode, and what to change about it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pole_agent.camera.stamps import ClipTime, LiveTime
from pole_agent.camera.video import Capture
from pole_agent.errors import CameraError
from pole_agent.languages import phrase

ENOUGH_HEIGHT, MAX_HEIGHT = 480, 800  # pixels of the shorter side; models look at 256 to 416
MUCH_CPU = 0.25  # of one core for decoding alone
FEW_FRAMES = 0.7  # of what is asked for
ENOUGH_FRAMES = 3
AGREE = 0.4  # the camera's clock and ours, about the rate
MAX_WAITING_S = 3.0  # for the buffer of the opening to be empty
WIDE = 2.2  # times as long as broad: as the look at parts in turn has it
NAMES = {
    "h264": "H.264",
    "avc1": "H.264",
    "hevc": "H.265",
    "hev1": "H.265",
    "h265": "H.265",
    "mjpg": "MJPEG",
    "mp4v": "MPEG-4",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """Sizes in pixels, rates in frames a second. `decode_ms` is CPU time a frame; `core_share` that of one
    core at the rate measured.

    `time`: what the times of frames are made from. Live: "capture", the camera's own stamps, or "arrival". A
    clip: "container", its stamps, or "rate", a count. `transport`: "tcp" or "udp" for RTSP, else empty.
    """

    codec: str
    width: int
    height: int
    declared_fps: float
    measured_fps: float
    decode_ms: float
    core_share: float
    mean_level: float
    time: str = ""
    transport: str = ""


def probe(
    capture: Capture, seconds: float, now: Callable[[], float] = time.monotonic, live: bool = True
) -> Probe:
    """Read every frame for `seconds`, and measure.

    What was waiting when the stream was opened is not counted. Raises CameraError.
    """
    import cv2

    declared = float(capture.get(cv2.CAP_PROP_FPS))
    declared = declared if 0 < declared <= 1000 else 0.0
    times, clip = LiveTime(), ClipTime(declared or 1.0)
    taken: list[float] = []
    stamps: list[float] = []
    costs: list[float] = []
    image: Any = None
    begun = opened = now()
    waiting = live  # until a frame has to be waited for, they come from a buffer
    while now() - begun < seconds or len(taken) < ENOUGH_FRAMES:
        asked, spent = now(), time.thread_time()
        ok, frame = capture.read()
        if not ok or frame is None or not frame.size:
            if len(taken) > 1 or (image is not None and not live):
                break  # a clip has an end
            raise CameraError(phrase("stream-too-short"))
        image = frame
        costs.append((time.thread_time() - spent) * 1000)
        stamp = capture.stamp()
        at = times.at(stamp, now()) if live else clip.at(stamp)
        if waiting and (now() - asked >= _pause(declared) or now() - opened > MAX_WAITING_S):
            waiting, begun = False, now()
            taken, stamps = [], []
        if at is not None:
            taken.append(at)
            stamps.append(stamp or 0.0)
    measured = _rate(taken) or declared
    if live and times.word == "capture" and abs(_rate(stamps) / measured - 1) < AGREE:
        measured = _rate(stamps)  # the more exact, where both are true
    code = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    word = code.to_bytes(4, "little").decode("ascii", "replace").strip("\0 ")
    cost = statistics.median(costs)
    height, width = image.shape[:2]
    return Probe(
        NAMES.get(word.lower(), word or "unknown"),
        width,
        height,
        round(declared, 2),
        round(measured, 2),
        round(cost, 2),
        round(cost * measured / 1000, 3),
        round(float(image.mean()), 1),
        times.word if live else "container" if clip.odd <= clip.frames / 2 else "rate",
        capture.transport,
    )


def _rate(moments: Sequence[float]) -> float:
    return (len(moments) - 1) / max(1e-6, moments[-1] - moments[0]) if len(moments) > 1 else 0.0


def _pause(declared: float) -> float:
    """So long a frame is waited for that does not lie in a buffer already."""
    return min(max(0.5 / declared, 0.005), 0.25) if declared else 0.015


def advice(found: Probe, fps: float) -> list[str]:
    """What could be better, in sentences, for a pole that looks at `fps` frames a second.

    Empty when nothing.
    """
    hints: list[str] = []
    long, short = max(found.width, found.height), min(found.width, found.height)
    if long >= WIDE * short:
        hints.append(phrase("panorama", width=found.width, height=found.height))
    if short > MAX_HEIGHT:
        hints.append(phrase("picture-too-large", width=found.width, height=found.height))
    elif short < ENOUGH_HEIGHT:
        hints.append(phrase("picture-too-small", width=found.width, height=found.height))
    if found.core_share > MUCH_CPU:
        hints.append(phrase("decoding-too-costly", share=f"{found.core_share:.0%}"))
    if found.measured_fps > 2.5 * fps:
        hints.append(
            phrase("camera-too-fast", sent=f"{found.measured_fps:g}", used=f"{fps:g}", wanted=f"{2 * fps:g}")
        )
    if found.measured_fps < FEW_FRAMES * fps:
        hints.append(phrase("camera-too-slow", rate=f"{found.measured_fps:g}", wanted=f"{fps:g}"))
    if found.codec == "MJPEG":
        hints.append(phrase("mjpeg-is-costly"))
    if found.codec not in ("H.264", "H.265", "MJPEG", "MPEG-4"):
        hints.append(phrase("codec-untested", codec=found.codec))
    if found.mean_level < 16:
        hints.append(phrase("picture-nearly-black"))
    return hints
