"""The only file that names concrete classes: settings in, an agent out.

Imports of the vision stack stand inside the functions: the lamp is driven before numpy is even loaded.
"""

from __future__ import annotations

import itertools
import os
import random as randomness
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent import __version__
from pole_agent.clock import Clock
from pole_agent.errors import ConfigError, Problem
from pole_agent.health.trust import TIMESYNC_FLAG, TimeKeeper, boot_id, synchronized
from pole_agent.lamp.gpio import GpioLamp, pi_factory
from pole_agent.lamp.lamp import Lamp
from pole_agent.lamp.levels import duty, held
from pole_agent.lamp.program import Step, wanted
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.uuid7 import uuid7
from pole_agent.vocabulary import BoostLamp, RecordEvent, RequestDrone, Response, members

if TYPE_CHECKING:
    from pole_agent.agent import Agent
    from pole_agent.camera.source import FrameSource
    from pole_agent.drone.gates import DroneLimits
    from pole_agent.incidents.rules import Line, Rule, Zone
    from pole_agent.loops.beat import Beat
    from pole_agent.loops.dispatch import Dispatch
    from pole_agent.loops.light import Light
    from pole_agent.loops.listen import Listen
    from pole_agent.loops.upload import Upload
    from pole_agent.loops.watch import Pipeline, Timings, Watch
    from pole_agent.store.store import Store
    from pole_agent.uplink.broker import Broker
    from pole_agent.vision.detector import Detector

RUNTIME_DIR = Path("/run/pole-agent")
SOCKET_NAME = "control.sock"
INBOX = 100
PAGE = 200
LIGHT_BEAT_S = 5.0


# --- the lamp, first of all


def pin_factory(settings: Settings) -> Any:
    """gpiozero's pin factory for the backend. Raises LampError."""
    if settings.lamp.backend == "mock":
        from pole_agent.lamp.mock import mock_factory

        return mock_factory()
    return pi_factory()


def open_lamp(settings: Settings, clock: Clock, factory: Any = None) -> Lamp:
    """Claim the lamp and light it: by the program when the clock is known to be right, at the failsafe level else. Raises LampError."""
    chosen = settings.lamp
    lamp = GpioLamp(pin_factory(settings) if factory is None else factory, chosen.pin, chosen.frequency_hz, chosen.active_low)
    level = chosen.failsafe_level
    if settings.clock.trust == "system" or TIMESYNC_FLAG.exists():
        level = held(wanted(program_of(settings), clock.wall(), settings.pole.place), chosen.min_level)
    lamp.set(duty(level, chosen.curve))
    return lamp


def program_of(settings: Settings) -> list[Step]:
    return [Step(s.time, s.level) for s in settings.lamp.program]


# --- values of the rooms from the settings


def places_of(settings: Settings, camera: str) -> tuple[list[Zone], list[Line]]:
    """The zones and lines of one camera."""
    from pole_agent.incidents.rules import Line, Zone

    only = settings.cameras[0].name if settings.cameras else camera
    zones = [Zone(z.name, z.polygon, z.enter_s, z.leave_s) for z in settings.zones if (z.camera or only) == camera]
    lines = [Line(n.name, n.start, n.end) for n in settings.lines if (n.camera or only) == camera]
    return zones, lines


def whole_frame() -> Zone:
    """The zone of a rule that names none."""
    from pole_agent.incidents.rules import Zone
    from pole_agent.settings.rules import ZoneSettings

    times = {name: ZoneSettings.model_fields[name].default for name in ("enter_s", "leave_s")}
    return Zone("frame", (), **times)


def rules_of(settings: Settings, camera: str) -> list[Rule]:
    """The rules of one camera."""
    from pole_agent.incidents.rules import Rule

    zones, lines = places_of(settings, camera)
    places: dict[str, Zone | Line] = {f"zone {z.name}": z for z in zones} | {f"line {n.name}": n for n in lines}
    whole = whole_frame()
    rules = []
    for rule in settings.rules:
        if settings.camera_of(rule) != camera:
            continue
        place = places[f"line {rule.line}"] if rule.line else places[f"zone {rule.zone}"] if rule.zone else whole
        rules.append(
            Rule(
                rule.name,
                rule.kind,
                place,
                members(rule.classes),
                rule.dwell_s,
                rule.count,
                rule.direction,
                rule.span,
                rule.level,
                rule.announce == "open",
                rule.max_alarms_per_h,
                rule.notify,
                rule.lamp.level if rule.lamp else None,
                rule.lamp.hold_s if rule.lamp else 0.0,
                rule.drone,
                rule.min_height,
                rule.max_height,
            )
        )
    return rules


def drone_limits(settings: Settings) -> DroneLimits:
    """The limits of [drone], with its GeoJSON files read. Raises ConfigError."""
    from pole_agent.drone.areas import polygons
    from pole_agent.drone.gates import DroneLimits

    chosen = settings.drone

    def areas(key: str, path: Path) -> list[tuple[tuple[float, float], ...]]:
        try:
            return polygons(path.read_text())
        except (OSError, ValueError) as error:
            raise ConfigError([Problem(f"drone.{key}", f"{path}: {error}")]) from error

    fence = chosen.geofence
    if isinstance(fence, Path):
        rings = areas("geofence", fence)
        if len(rings) > 1:
            raise ConfigError([Problem("drone.geofence", f"{fence} holds {len(rings)} polygons; a geofence is one")])
        fence = rings[0]
    exclusions = tuple(areas("exclusions", chosen.exclusions)) if chosen.exclusions else ()
    return DroneLimits(
        chosen.cooldown_s, chosen.ttl_s, chosen.max_alt_agl_m, fence, exclusions,
        chosen.max_wind_ms, chosen.max_rain_mm_h, chosen.min_battery_pct,
    )  # fmt: skip


def info_of(loaded: Loaded) -> dict[str, Any]:
    """The payload of ``info``: who and where, for dashboards."""
    settings = loaded.settings
    pole = settings.pole
    cameras = []
    for camera in settings.cameras:
        zones, lines = places_of(settings, camera.name)
        cameras.append(
            {
                "name": camera.name,
                "fps": camera.fps,
                "zones": [{"name": z.name, "polygon": z.polygon} for z in zones]
                or [{"name": "frame", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}],
                "lines": [{"name": n.name, "from": n.start, "to": n.end} for n in lines],
                "masks": camera.masks,
            }
        )
    rules = [
        {
            "name": r.name,
            "kind": r.kind,
            "camera": settings.camera_of(r),
            "zone": r.zone,
            "line": r.line,
            "severity": r.severity,
            "active": r.active,
        }
        for r in settings.rules
    ]
    return {
        "id": pole.id,
        "site": pole.site,
        "name": pole.name,
        "location": {"latitude": pole.latitude, "longitude": pole.longitude},
        "timezone": pole.timezone,
        "area_code": pole.area_code,
        "cameras": cameras,
        "rules": rules,
        "model": settings.detector.model,
        "drone": settings.drone.enabled,
        "version": __version__,
        "config_sha256": loaded.digest,
        "config_degraded": loaded.degraded or None,
    }


def broker_of(settings: Settings) -> Broker | None:
    """The broker of [mqtt], None without that section."""
    chosen = settings.mqtt
    if chosen is None:
        return None
    from pole_agent.uplink.mqtt import Address, MqttBroker

    client_id = f"{chosen.prefix}-{settings.pole.site}-{settings.pole.id}"
    return MqttBroker(
        Address(
            chosen.host,
            chosen.port,
            client_id,
            chosen.tls,
            chosen.username,
            chosen.password_file,
            chosen.ca_file,
            chosen.cert_file,
            chosen.key_file,
        )
    )


def memory_broker() -> Any:
    """The broker in memory, for the demo on a machine without Mosquitto."""
    from pole_agent.uplink.memory import MemoryBroker

    return MemoryBroker()


def detector_of(settings: Settings, *, ahead: bool = False) -> Detector:
    """The detector of [detector]. With `ahead`, as many frames at a time as it has threads."""
    from pole_agent.vision.onnx import OnnxDetector

    threads = settings.detector.threads
    return OnnxDetector(settings.detector.model, threads, threads if ahead else 1)


def bare_inference(settings: Settings) -> Callable[[], Any]:
    """The network of [detector] alone, on noise, with all its threads: the limit of what a detector can reach. Raises ModelError."""
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


# --- vision


def pipeline_factory(
    settings: Settings,
    camera: str,
    detector: Detector,
    keeper: TimeKeeper,
    new_id: Callable[[], str],
    *,
    every_frame: bool = False,
    timings: Timings | None = None,
) -> Callable[[float], Pipeline]:
    """A function that makes the pipeline of one camera, for an opening at a monotonic time. Track numbers go on."""
    from pole_agent.incidents.judge import Judge
    from pole_agent.incidents.respond import Responder
    from pole_agent.loops.watch import Pipeline
    from pole_agent.tracking.tracker import Tracker, Tuning

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
        )

    return make


def source_factory(settings: Settings, index: int, clock: Clock) -> Callable[[], FrameSource]:
    """A function that makes the source of one camera."""
    from pole_agent.camera.live import LiveSource
    from pole_agent.camera.recorded import RecordedSource

    camera = settings.cameras[index]

    def make() -> FrameSource:
        if camera.live:
            return LiveSource(camera.source, camera.fps, camera.masks, clock.monotonic, camera.username, camera.password_file)
        return RecordedSource(Path(camera.source), camera.fps, camera.masks, clock=clock, loop=camera.loop)

    return make


# --- the whole


@dataclass(slots=True)
class House:
    """The agent and the loops that the demo and the tests look at."""

    agent: Agent
    keeper: TimeKeeper
    store: Store
    light: Light
    dispatch: Dispatch
    upload: Upload | None
    listen: Listen
    beat: Beat
    watches: list[Watch]
    socket: Path


def build(
    loaded: Loaded,
    lamp: Lamp,
    clock: Clock,
    *,
    broker: Broker | None = None,
    detector: Detector | None = None,
    sources: Sequence[Callable[[], FrameSource]] | None = None,
    time_server_heard: Callable[[], bool] = synchronized,
    random: Callable[[], float] = randomness.random,
    socket: Path | None = None,
) -> House:
    """Wire the rooms. What is not given is made as the settings say. Raises ConfigError."""
    import asyncio

    from pole_agent.agent import Agent
    from pole_agent.health.parts import Parts
    from pole_agent.lamp.boosts import Boosts
    from pole_agent.lamp.decide import Limits
    from pole_agent.loops.beat import Beat, Beats
    from pole_agent.loops.dispatch import Dispatch
    from pole_agent.loops.light import Light
    from pole_agent.loops.listen import Listen
    from pole_agent.loops.local import Local
    from pole_agent.loops.upload import Upload
    from pole_agent.loops.watch import Watch
    from pole_agent.store.store import Store
    from pole_agent.supervise import Job, OnFailure
    from pole_agent.uplink.board import Board
    from pole_agent.uplink.events import Message, encode, event_document

    settings = loaded.settings
    base, state_dir = settings.base_topic, settings.storage.state_dir
    socket = socket or socket_path(settings)
    limits = drone_limits(settings)
    keeper = TimeKeeper(clock, settings.clock.trust, boot_id(), time_server_heard)

    def new_id() -> str:
        return uuid7(clock.wall(), os.urandom)

    store = Store(state_dir, settings.storage.max_mb, keeper.stamp, new_id)
    parts = Parts(store.record, clock.monotonic)
    board, boosts = Board(), Boosts()
    inbox: asyncio.Queue[Any] = asyncio.Queue(INBOX)
    beats = Beats(clock.monotonic)
    chosen = settings.lamp
    light = Light(
        lamp, program_of(settings), settings.pole.place,
        Limits(chosen.floor, chosen.min_level, chosen.failsafe_level, chosen.boost_in_daylight),
        chosen.curve, chosen.fade_s, chosen.rated_w, boosts, keeper, clock, store, board, f"{base}/lamp/state",
        beats.promise("light", LIGHT_BEAT_S),
    )  # fmt: skip
    pole = settings.pole
    dispatch = Dispatch(settings.drone.enabled, (pole.latitude, pole.longitude), limits, new_id, store, board, keeper, clock, base)

    def act(responses: Sequence[Response]) -> None:
        """Carry out what the judge of a camera leads to. The lamp first, in memory; the disk second."""
        for response in responses:
            match response:
                case BoostLamp():
                    boosts.add(response)
                case RequestDrone():
                    dispatch.wish(response)
                case RecordEvent():
                    store.record(response)

    detector = detector or detector_of(settings)
    watches = []
    for index, camera in enumerate(settings.cameras):
        make = pipeline_factory(settings, camera.name, detector, keeper, new_id)
        new_source = sources[index] if sources is not None else source_factory(settings, index, clock)
        watches.append(
            Watch(camera.name, camera.fps, new_source, lambda make=make: make(clock.monotonic()), detector, act, parts, clock, random)  # type: ignore[misc]
        )

    broker = broker or broker_of(settings)
    upload = None if broker is None else Upload(broker, store, board, inbox, parts, keeper, clock, random, base, __version__)

    async def resend(payload: Any, by: str) -> dict[str, Any]:
        return await resend_events(store, payload)

    listen = Listen(
        {
            "lamp/set": light.command,
            "drone/approval": dispatch.decide,
            "drone/progress": dispatch.progress,
            "drone/conditions": dispatch.conditions,
            "outbox/resend": resend,
        },
        inbox, store, board, keeper, clock, base,
    )  # fmt: skip

    def present() -> dict[str, Any]:
        return {
            "requests": [{k: r[k] for k in ("request_id", "state", "rule", "count", "expires_at")} for r in dispatch.pending()],
            "counts": {w.camera: w.pipeline.counts if w.pipeline else {} for w in watches},
        }

    beat = Beat(beats, keeper, store, board, parts, clock, base, state_dir, present, upload.sent if upload else dict)

    async def ask(question: str, arguments: dict[str, Any]) -> Any:
        match question:
            case "lamp":
                return light.state() | {"program": [s.model_dump() for s in settings.lamp.program]}
            case "drone":
                return dispatch.everything()
            case "outbox.stats":
                await store.flush()
                return await store.read(lambda db: db.stats())
            case "outbox.page":
                await store.flush()
                after = int(arguments.get("after", 0))
                page = await store.read(lambda db: db.list_events(PAGE, after))
                return [event_document(base, store.store_id, e) | {"delivered": e.delivered is not None} for e in page]
            case "health":
                return await beat.health()
        raise ValueError(f"there is no question {question}")

    async def command(path: str, payload: bytes, by: str) -> dict[str, Any] | None:
        return await listen.handle(path, payload, local_by=by)

    jobs = [Job("light", light.run, OnFailure.FATAL, LIGHT_BEAT_S)]
    jobs += [Job(f"watch {w.camera}", w.run) for w in watches]
    jobs += [Job("dispatch", dispatch.run), Job("listen", listen.run), Job("beat", beat.run)]
    jobs += [Job("local", Local(socket, command, ask).run)]
    if upload is not None:
        jobs.append(Job("upload", upload.run))

    async def start() -> None:
        topic = f"{base}/info"
        board.post(topic, Message(topic, encode(info_of(loaded)), retain=True))
        if loaded.degraded:
            parts.ill("configuration", loaded.degraded)
        await close_left_over(store, clock.monotonic())
        await light.restore()

    async def farewell() -> None:
        if upload is not None:
            await upload.farewell()

    def report(name: str, reason: str) -> None:
        if reason:
            parts.ill(name, reason)
        else:
            parts.well(name)

    agent = Agent(jobs, lamp, store, clock, random, report, start, farewell)
    return House(agent, keeper, store, light, dispatch, upload, listen, beat, watches, socket)


async def close_left_over(store: Store, now: float) -> None:
    """Incidents that were open when the agent went down are closed now: nobody knows when they ended."""
    from pole_agent.errors import OutboxError
    from pole_agent.vocabulary import Severity

    try:
        left = await store.read(lambda db: db.open_incidents())
    except OutboxError:
        return  # the store says so itself
    for incident in left:
        severity = Severity.of(incident.pop("severity"))
        del incident["silent"]
        data = incident | {"duration_s": None, "end_reason": "restart"}
        store.record(RecordEvent("incident.closed", severity, data, now, closes=incident["incident_id"]))


async def resend_events(store: Store, payload: Any) -> dict[str, Any]:
    """Carry out ``outbox/resend``. Raises CommandRefused."""
    from pole_agent.errors import CommandRefused, OutboxError

    if payload.get("storeid") != store.store_id:
        raise CommandRefused(f"this store is {store.store_id}")
    first, last = payload.get("from"), payload.get("to")
    if not (isinstance(first, int) and isinstance(last, int) and 1 <= first <= last):
        raise CommandRefused('"from" and "to" are sequence numbers, 1 <= from <= to')
    try:
        count = await store.write(lambda db: db.resend(first, last))
    except OutboxError as error:
        raise CommandRefused(str(error)) from error
    store.committed.set()
    return {"count": count}
