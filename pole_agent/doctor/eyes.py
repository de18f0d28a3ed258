"""Cameras and the model: is there an answer, a picture, and enough speed?"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from pole_agent.almanac import Place, elevation_deg, from_rfc3339
from pole_agent.doctor.finding import AS_ROOT, Finding
from pole_agent.errors import CameraError, ModelError
from pole_agent.languages import phrase, together
from pole_agent.settings import Settings
from pole_agent.settings.section import is_credential, secret_file

WARM, RUNS = 3, 12
SHARE = 0.7  # of the time between frames that the network may take, with all cameras together
SEE_FRAMES_S = 3.0
HIGH_SUN_DEG = 15.0  # no camera needs infrared then
LIGHTS = {
    "day": phrase("light-day"),
    "dark": phrase("light-dark"),
    "infrared": phrase("light-infrared"),
    "monochrome": phrase("light-monochrome"),
}


def cameras(settings: Settings) -> Iterator[Finding]:
    """Each camera's host answers, its device or file is there. No picture is read."""
    from pole_agent.camera.handshake import handshake

    for camera in settings.cameras:
        name = f"camera {camera.name}"
        if "://" in camera.source:
            try:
                handshake(camera.source, camera.name)
            except CameraError as error:
                yield Finding(
                    name,
                    "fail",
                    str(error),
                    phrase("camera-unreachable-fix"),
                )
                continue
            yield Finding(name, "ok", phrase("camera-answers"))
        elif not os.access(camera.source, os.R_OK):
            yield Finding(
                name,
                "fail",
                phrase("cannot-be-read", file=camera.source),
                phrase("camera-device-fix"),
            )
        else:
            yield Finding(name, "ok", phrase("device-is-there", device=camera.source))


def pictures(settings: Settings) -> Iterator[Finding]:
    """Each camera gives pictures, and as many as it should. What is seen is not kept."""
    from pole_agent.camera.opening import open_capture
    from pole_agent.camera.probe import advice, probe

    for camera in settings.cameras:
        name = f"picture {camera.name}"
        password_file = secret_file(camera.password_file)
        if is_credential(password_file):
            yield Finding(name, "unknown", *AS_ROOT)
            continue
        try:
            capture = open_capture(camera.source, camera.username, password_file, transport=camera.transport)
            try:
                found = probe(capture, SEE_FRAMES_S, live=camera.live)
            finally:
                capture.release()
        except CameraError as error:
            yield Finding(
                name,
                "fail",
                str(error),
                phrase("picture-failed-fix"),
            )
            continue
        words = phrase(
            "picture-works", width=found.width, height=found.height, fps=f"{found.measured_fps:.1f}"
        )
        told = advice(found, camera.fps)
        yield Finding(name, "warn" if told else "ok", words, together(told))


def lights(health: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    """The light of each camera's pictures, as the running agent tells it in `health`."""
    clock = health["clock"]
    high = clock["trusted"] and elevation_deg(from_rfc3339(health["at"]), place) >= HIGH_SUN_DEG
    for part, state in health["parts"].items():
        if part.startswith("camera:") and (light := state.get("light")) in LIGHTS:
            name = f"light {part.removeprefix('camera:')}"
            if light == "monochrome" or (light == "infrared" and high):
                words = LIGHTS[light] if light == "monochrome" else phrase("light-colourless")
                yield Finding(name, "warn", words, phrase("light-colourless-fix"))
            else:
                yield Finding(name, "ok", LIGHTS[light])


def model(settings: Settings) -> Iterator[Finding]:
    """The model loads, and is fast enough for the cameras."""
    if not settings.cameras:
        return
    import numpy as np

    from pole_agent.vision import card as cards
    from pole_agent.vision.letterbox import Letterbox
    from pole_agent.vision.onnx import OnnxModel

    try:
        card = cards.read(cards.find(settings.detector.model))
        network = OnnxModel(card, settings.detector.threads)
    except ModelError as error:
        yield Finding(
            "model",
            "fail",
            str(error),
            phrase("model-fix"),
        )
        return
    letterbox = Letterbox(card.width, card.height, planar=card.planar, padding=card.padding)
    letterbox.fill(np.zeros((card.height, card.width, 3), np.uint8))
    times = []
    for _ in range(WARM + RUNS):
        begun = time.perf_counter()
        network.run(letterbox.tensor)
        times.append(time.perf_counter() - begun)
    each_ms = sorted(times[WARM:])[RUNS // 2] * 1000
    busy = each_ms / 1000 * sum(c.fps for c in settings.cameras)
    words = phrase(
        "model-speed", model=settings.detector.model, milliseconds=f"{each_ms:.1f}", busy=f"{busy:.0%}"
    )
    if busy <= SHARE:
        yield Finding("model", "ok", words)
    else:
        yield Finding(
            "model",
            "warn",
            words,
            phrase("model-slow-fix"),
        )
