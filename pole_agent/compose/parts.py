"""The moving parts from the settings: broker, detector, cameras, pipelines."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent.clock import Clock
from pole_agent.compose.rooms import places_of, rules_of, whole_frame
from pole_agent.health.trust import TimeKeeper
from pole_agent.settings import Settings
from pole_agent.settings.camera import CameraSettings
from pole_agent.settings.section import secret_file

if TYPE_CHECKING:
    from pole_agent.camera.reference import Reference
    from pole_agent.camera.source import FrameSource
    from pole_agent.loops.upload import Upload
    from pole_agent.pipeline import Pipeline, Timings
    from pole_agent.trajectories.recorder import Recorder
    from pole_agent.uplink.broker import Broker
    from pole_agent.vision.detector import Detector

RUNTIME_DIR = Path("/run/pole-agent")
SOCKET_NAME = "control.sock"


def client_id_of(settings: Settings) -> str:
    """The MQTT client identifier, which is also the pole's unique name elsewhere."""
    return f"{settings.prefix}-{settings.pole.site}-{settings.pole.id}"


def broker_of(settings: Settings) -> Broker | None:
    """The broker of [mqtt], None without that section."""
    chosen = settings.mqtt
    if chosen is None:
        return None
    from pole_agent.uplink.mqtt import Address, MqttBroker

    return MqttBroker(
        Address(
            chosen.host,
            chosen.port,
            client_id_of(settings),
            chosen.tls,
            chosen.username,
            secret_file(chosen.password_file),
            secret_file(chosen.ca_file),
            secret_file(chosen.cert_file),
            secret_file(chosen.key_file),
            chosen.protocol,
            settings.pole.groups,
        )
    )


def certificate_probes(settings: Settings, upload: Upload | None) -> dict[str, Callable[[], float | None]]:
    """The certificates of [mqtt] and of the broker, by name: when does it end?"""
    chosen = settings.mqtt
    if chosen is None or not chosen.tls or upload is None:
        return {}
    from pole_agent.health.certificates import authority_ends, own_ends

    probes: dict[str, Callable[[], float | None]] = {"broker": lambda: upload.certificate_ends}
    ca, cert, key = (secret_file(path) for path in (chosen.ca_file, chosen.cert_file, chosen.key_file))
    if ca is not None:
        probes["mqtt.ca_file"] = lambda: authority_ends(ca)
    if cert is not None:
        probes["mqtt.cert_file"] = lambda: own_ends(cert, key)
    return probes


def memory_broker() -> Any:
    """The broker in memory, for the demo on a machine without Mosquitto."""
    from pole_agent.uplink.memory import MemoryBroker

    return MemoryBroker()


def detector_of(settings: Settings, *, ahead: bool = False, before: Detector | None = None) -> Detector:
    """The detector of [detector]. With `ahead`, as many frames at a time as it has threads.

    `before` goes on where a new one would be the same, because loading a model takes a second on a small
    board and leaves memory in pieces; else it is closed.
    """
    from pole_agent.vision.onnx import OnnxDetector

    model, threads = settings.detector.model, settings.detector.threads
    if before is not None:
        if isinstance(before, OnnxDetector) and before.serves(model, threads):
            return before
        before.close()
    return OnnxDetector(model, threads, threads if ahead else 1)


def bare_inference(settings: Settings) -> Callable[[], Any]:
    """The network of [detector] alone, on noise, with all its threads: the limit of what a detector can
    reach. Raises ModelError.
    """
    import numpy as np

    from pole_agent.vision import card as cards
    from pole_agent.vision.letterbox import Letterbox
    from pole_agent.vision.onnx import OnnxModel

    card = cards.read(cards.find(settings.detector.model))
    model = OnnxModel(card, settings.detector.threads)
    letterbox = Letterbox(card.width, card.height, planar=card.planar, padding=card.padding)
    letterbox.fill(np.random.default_rng(0).integers(0, 255, (card.height, card.width, 3), np.uint8))
    return lambda: model.run(letterbox.tensor)


def scripted_detector(path: Path) -> Detector:
    """A detector that repeats the rows of a MOTChallenge file. Raises ModelError."""
    from pole_agent.vision.scripted import ScriptedDetector, read_rows

    return ScriptedDetector(read_rows(path), pixels=True)


def socket_path(settings: Settings) -> Path:
    """Where control.sock lies: systemd's runtime directory, /run/pole-agent, or the state directory."""
    if directory := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(directory.split(":")[0]) / SOCKET_NAME
    if os.access(RUNTIME_DIR, os.W_OK):
        return RUNTIME_DIR / SOCKET_NAME
    return settings.storage.state_dir / SOCKET_NAME


def pipeline_factory(
    settings: Settings,
    camera: str,
    detector: Detector,
    keeper: TimeKeeper,
    new_id: Callable[[], str],
    *,
    every_frame: bool = False,
    timings: Timings | None = None,
    reference: Reference | None = None,
    recorder: Callable[[], Recorder | None] = lambda: None,
) -> Callable[[float], Pipeline]:
    """A function that makes the pipeline of one camera, which begins at a monotonic time.

    Track numbers go on.
    """
    from pole_agent.incidents.judge import Judge
    from pole_agent.incidents.respond import Responder
    from pole_agent.pipeline import Pipeline
    from pole_agent.tracking.tracker import Tracker
    from pole_agent.tracking.tuning import Tuning

    zones, lines = places_of(settings, camera)
    rules = rules_of(settings, camera)
    next_track = itertools.count(1).__next__
    responder = Responder(camera)
    tuning = Tuning(start_score=settings.detector.min_score)

    def make(now: float) -> Pipeline:
        judge = Judge(camera, rules, zones or [whole_frame()], lines, new_id, now)
        tracker = Tracker(tuning, next_track)
        return Pipeline(
            detector,
            judge,
            responder,
            rules,
            settings.pole.place,
            keeper,
            tracker,
            every_frame=every_frame,
            timings=timings,
            drawn_on=reference.size if reference else None,
            recorder=recorder(),
        )

    return make


def reference_of(
    settings: Settings, camera: CameraSettings, *, kept: bool = True, read_only: bool = False
) -> Reference:
    """The size of picture that masks and zones were drawn on.

    `kept`: the first one ever seen is remembered in the state directory.
    """
    from pole_agent.camera.reference import Reference

    file = settings.storage.state_dir / f"picture-{camera.name}.json" if kept else None
    return Reference(camera.size, file, camera.source, read_only=read_only)


def source_factory(
    settings: Settings, index: int, clock: Clock, reference: Reference | None = None
) -> Callable[[], FrameSource]:
    """A function that makes the source of one camera."""
    from pole_agent.camera.live import LiveSource
    from pole_agent.camera.recorded import RecordedSource

    camera = settings.cameras[index]

    def make() -> FrameSource:
        if camera.live:
            password = secret_file(camera.password_file)
            return LiveSource(
                camera.source,
                camera.fps,
                camera.masks,
                clock.monotonic,
                camera.username,
                password,
                camera.transport,
                reference,
            )
        return RecordedSource(
            Path(camera.source), camera.fps, camera.masks, clock=clock, loop=camera.loop, reference=reference
        )

    return make
