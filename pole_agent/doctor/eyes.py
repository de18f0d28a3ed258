"""Cameras and the model: is there an answer, a picture, and enough speed?"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from pole_agent.doctor.finding import AS_ROOT, Finding, said
from pole_agent.errors import CameraError, ModelError
from pole_agent.indonesian import translate
from pole_agent.settings import Settings
from pole_agent.settings.section import is_credential, secret_file
from pole_agent.words import Both

WARM, RUNS = 3, 12
SHARE = 0.7  # of the time between frames that the network may take, with all cameras together
SEE_FRAMES_S = 3.0


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
                    said(error),
                    Both(
                        "Is it powered and on this network? pole-agent camera find looks for cameras; pole-agent camera probe tries one. "
                        "A camera for one viewer turns the doctor away while the agent looks through it.",
                        "Apakah kamera menyala dan ada di jaringan ini? pole-agent camera find mencari kamera; pole-agent camera probe mencobanya. "
                        "Kamera untuk satu penonton menolak dokter selama agen memakainya.",
                    ),
                )
                continue
            yield Finding(name, "ok", Both("it answers", "kamera menjawab"))
        elif not os.access(camera.source, os.R_OK):
            yield Finding(
                name,
                "fail",
                Both(f"{camera.source} cannot be read", f"{camera.source} tidak dapat dibaca"),
                Both(
                    "Is the camera plugged in? Is this user in the group video?",
                    "Apakah kamera terpasang? Apakah pengguna ini ada di grup video?",
                ),
            )
        else:
            yield Finding(name, "ok", Both(f"{camera.source} is there", f"{camera.source} ada"))


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
                said(error),
                Both(
                    "pole-agent camera probe tries it with more words.",
                    "pole-agent camera probe mencobanya dengan keterangan lebih banyak.",
                ),
            )
            continue
        words = Both(
            f"{found.width} × {found.height}, {found.measured_fps:.1f} frames a second",
            f"{found.width} × {found.height}, {found.measured_fps:.1f} gambar per detik",
        )
        told = advice(found, camera.fps)
        fix = Both(" ".join(told), " ".join(map(translate, told))) if told else None
        yield Finding(name, "warn" if told else "ok", words, fix)


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
            said(error),
            Both(
                "Install the agent again, or name another model in [detector].",
                "Pasang ulang agen, atau sebut model lain pada [detector].",
            ),
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
    words = Both(
        f"{settings.detector.model}: {each_ms:.1f} ms a picture, {busy:.0%} of the time when all cameras are busy",
        f"{settings.detector.model}: {each_ms:.1f} ms per gambar, {busy:.0%} dari waktu bila semua kamera sibuk",
    )
    if busy <= SHARE:
        yield Finding("model", "ok", words)
    else:
        yield Finding(
            "model",
            "warn",
            words,
            Both(
                "Lower the fps of a camera, or choose a smaller model; else it looks less often than it is told.",
                "Turunkan fps kamera, atau pilih model yang lebih kecil; bila tidak, ia melihat lebih jarang daripada yang diminta.",
            ),
        )
