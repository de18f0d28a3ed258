"""The only place that names concrete classes: settings in, an agent out. `lamp`, `rooms` and `parts` make the parts; the whole is here.

Imports of the vision stack stand inside the functions: the lamp is driven before numpy is even loaded.
"""

from __future__ import annotations

import logging
import os
import random as randomness
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent import __version__
from pole_agent.clock import Clock
from pole_agent.compose.lamp import attach, claim_lamp, controller_of, open_lamp, pin_factory, plan_of
from pole_agent.compose.parts import (
    RUNTIME_DIR,
    SOCKET_NAME,
    bare_inference,
    broker_of,
    certificate_probes,
    client_id_of,
    detector_of,
    memory_broker,
    pipeline_factory,
    reference_of,
    scripted_detector,
    socket_path,
    source_factory,
)
from pole_agent.compose.rooms import drone_areas, drone_rules, info_of, places_of, rules_of, site_of, street_of
from pole_agent.health.keeper import keeper_of
from pole_agent.health.trust import TimeKeeper
from pole_agent.lamp.lamp import Luminaire
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.uuid7 import uuid7
from pole_agent.vocabulary import BoostLamp, RecordEvent, RequestDrone, Response

if TYPE_CHECKING:
    from pole_agent.agent import Agent
    from pole_agent.camera.source import FrameSource
    from pole_agent.health.parts import Parts
    from pole_agent.loops.dispatch import Dispatch
    from pole_agent.loops.light import Light
    from pole_agent.loops.listen import Listen
    from pole_agent.loops.report import Report
    from pole_agent.loops.upload import Upload
    from pole_agent.loops.watch import Watch
    from pole_agent.store.store import Store
    from pole_agent.uplink.board import Board
    from pole_agent.uplink.broker import Broker
    from pole_agent.vision.detector import Detector

__all__ = [
    "RUNTIME_DIR",
    "SOCKET_NAME",
    "House",
    "attach",
    "bare_inference",
    "broker_of",
    "build",
    "claim_lamp",
    "client_id_of",
    "controller_of",
    "detector_of",
    "drone_areas",
    "drone_rules",
    "lasts",
    "memory_broker",
    "open_lamp",
    "pin_factory",
    "pipeline_factory",
    "places_of",
    "plan_of",
    "reference_of",
    "rules_of",
    "scripted_detector",
    "site_of",
    "socket_path",
    "source_factory",
    "street_of",
]

log = logging.getLogger(__name__)

INBOX = 100
MOST_HANGING = 32  # threads; each may hold a picture and a connection
PAGE = 200
LIGHT_BEAT_S = 5.0
PULSE_S = 60.0
WATCH_BEAT_S, UPLOAD_BEAT_S = 180.0, 900.0  # the pauses between attempts to open a camera and to reach the broker are longer
LASTING = ("upload",)  # jobs that go on over a reload, with the store, the board and …
LASTING_PARTS = ("uplink", "mqtt", "events", "states", "commands", "identity", "store", "clock")  # … what is known of them
ACTIVE_REQUEST = ("request_id", "state", "origin", "rule", "count", "expires_at", "simulation")


@dataclass(slots=True)
class House:
    """The agent and the loops that the demo and the tests look at."""

    settings: Settings
    agent: Agent
    keeper: TimeKeeper
    parts: Parts
    store: Store
    light: Light
    dispatch: Dispatch
    upload: Upload | None
    listen: Listen
    report: Report
    detector: Detector
    watches: list[Watch]
    board: Board
    inbox: Any
    socket: Path


def lasts(old: Settings, new: Settings) -> bool:
    """May store and connection go on over this change of the configuration?"""
    return all(getattr(old, part) == getattr(new, part) for part in ("base_topic", "storage", "mqtt", "clock"))


def build(
    loaded: Loaded,
    luminaire: Luminaire,
    clock: Clock,
    *,
    broker: Broker | None = None,
    detector: Detector | None = None,
    sources: Sequence[Callable[[], FrameSource]] | None = None,
    time_server_heard: Callable[[float], bool] | None = None,
    random: Callable[[], float] = randomness.random,
    socket: Path | None = None,
    before: House | None = None,
    for_real: bool = False,
) -> House:
    """Wire the rooms. What is not given is made as the settings say. Raises ConfigError.

    `for_real`: this is a pole on a street. Only `pole-agent run` says so; whatever else is built here marks all it sends as a simulation.

    `before`: the house whose lamp is taken over, and, when it has kept them, store and connection too.
    """
    import asyncio
    import contextlib
    from functools import partial

    from pole_agent.agent import Agent
    from pole_agent.conduct import digest as conduct_digest
    from pole_agent.errors import OutboxError
    from pole_agent.health.certificates import Certificates
    from pole_agent.health.heat import Heat
    from pole_agent.health.metrics import text as metrics_text
    from pole_agent.health.parts import Parts
    from pole_agent.health.vitals import power, temperature_c
    from pole_agent.lamp.boosts import Boosts
    from pole_agent.loops.announce import Announce
    from pole_agent.loops.beat import Beat, Beats
    from pole_agent.loops.diagnose import Diagnose
    from pole_agent.loops.dispatch import Dispatch
    from pole_agent.loops.light import Light
    from pole_agent.loops.listen import Listen
    from pole_agent.loops.local import Local
    from pole_agent.loops.metrics import Metrics
    from pole_agent.loops.records import Records
    from pole_agent.loops.report import Report
    from pole_agent.loops.tell import Tell
    from pole_agent.loops.upload import Upload
    from pole_agent.loops.watch import Watch
    from pole_agent.store.store import Store
    from pole_agent.supervise import Job, OnFailure
    from pole_agent.threads import hanging
    from pole_agent.uplink.board import Board
    from pole_agent.uplink.events import Message, encode, event_document
    from pole_agent.uplink.homeassistant import discovery
    from pole_agent.uplink.simulated import SimulatedBroker

    settings = loaded.settings
    base, state_dir = settings.base_topic, settings.storage.state_dir
    socket = socket or socket_path(settings)
    rules = drone_rules(settings, for_real)
    if before is not None and before.settings.clock == settings.clock:
        keeper = before.keeper
    else:
        keeper = keeper_of(settings, clock, time_server_heard)

    def new_id() -> str:
        return uuid7(clock.wall(), os.urandom)

    adopted = before.agent.kept if before is not None else None
    if before is not None and adopted is not None:
        store, parts, board, inbox = before.store, before.parts, before.board, before.inbox
        parts.start_over(LASTING_PARTS)
    else:
        store = Store(state_dir, settings.storage.max_mb, keeper.stamp, new_id, settings.storage.batch_s)
        parts, board, inbox = Parts(store.record, clock.monotonic), Board(), asyncio.Queue(INBOX)
    boosts = Boosts() if before is None else before.light.boosts
    beats, pulses = Beats(clock.monotonic), Beats(clock.monotonic)  # of what the watchdog watches, and of the others
    button = settings.lamp.button
    light = Light(
        luminaire, controller_of(settings, clock.monotonic()), boosts, keeper, clock, store, board, parts, f"{base}/lamp/state",
        beats.promise("light", LIGHT_BEAT_S), button.off_s if button else 0.0,
    )  # fmt: skip
    if before is not None:
        light.take_over(before.light)
    pole = settings.pole
    records = Records(store, clock)
    dispatch = Dispatch(rules, new_id, records.rates, store, board, keeper, parts, clock, base, pulses.promise("dispatch", PULSE_S))
    if before is not None and (before.settings.base_topic, before.settings.storage) == (base, settings.storage):
        dispatch.take_over(before.dispatch)

    journal = Tell()

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
                    journal.event(response)

    if before is not None:
        before.detector.close()
    detector = detector or detector_of(settings)
    heat = Heat(temperature_c, lambda: power()["throttled"], clock.monotonic)
    watches = []
    for index, camera in enumerate(settings.cameras):
        reference = reference_of(settings, camera)
        make = pipeline_factory(settings, camera.name, detector, keeper, new_id, reference=reference)
        new_source = sources[index] if sources is not None else source_factory(settings, index, clock, reference)
        pulse = pulses.promise(f"watch {camera.name}", WATCH_BEAT_S)
        new_pipeline = partial(_at_now, make, clock)
        watches.append(Watch(camera.name, camera.fps, new_source, new_pipeline, detector, act, parts, clock, random, heat.pace, pulse))

    if before is not None and adopted is not None:
        upload = before.upload
    else:
        broker = broker or broker_of(settings)
        if broker is not None and not for_real:
            broker = SimulatedBroker(broker)
        upload = None if broker is None else Upload(broker, store, board, inbox, parts, keeper, clock, random, base, __version__,
                        pulses.promise("upload", UPLOAD_BEAT_S))  # fmt: skip

    def examined(language: str, most_bytes: int) -> list[dict[str, Any]]:
        from pole_agent import doctor

        return doctor.report(doctor.examine(settings, doctor.QUICK), language, most_bytes)

    handlers: dict[str, Any] = {
        "lamp/set": light.command,
        "drone/approval": dispatch.decide,
        "drone/progress": dispatch.progress,
        "drone/conditions": dispatch.conditions,
        "drone/stop": dispatch.stop_flights,
        "outbox/resend": records.resend,
        "incident/feedback": records.feedback,
        "diagnose": Diagnose(examined, board, clock, base).command,
    }

    async def accept_clock(payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        return await report.accept()

    at_the_pole = handlers | {"lamp/set": partial(light.command, local=True), "clock/accept": accept_clock}

    listen = Listen(
        handlers, at_the_pole, inbox, store, board, keeper, clock, base,
        pulses.promise("listen", PULSE_S),
    )  # fmt: skip

    def present() -> dict[str, Any]:
        return {
            "requests": [{k: r[k] for k in ACTIVE_REQUEST} for r in dispatch.pending()],
            "counts": {w.camera: w.pipeline.counts if w.pipeline else {} for w in watches},
        }

    def troubles() -> dict[str, str]:
        heat.pace()
        left = hanging()
        if len(left) >= MOST_HANGING:
            log.critical("%d threads hang: the agent starts anew, before memory runs out", len(left))
            agent.stop()
        return {
            "temperature": heat.why,
            "voltage": "it is too low: use a stronger supply and a shorter cable" if power()["under_voltage"] else "",
            "threads": f"{len(left)} hang and were left behind, the last in {left[-1]}" if left else "",
        }

    def status() -> str:
        lamp = light.state()
        ill = [name for name, part in parts.report().items() if part["state"] != "ok"]
        seeing = sum(w.pipeline is not None and not w.ended for w in watches)
        words = [f"lamp {lamp['level']:.0%} by {lamp['reason']}", f"{seeing} of {len(watches)} cameras"]
        words.append("no broker" if upload is None else "online" if board.connected else "offline, events are kept")
        return "; ".join([*words, f"not well: {', '.join(ill)}" if ill else "all well"])

    sent = upload.sent if upload else dict
    certificates = Certificates(certificate_probes(settings, upload), parts)
    report = Report(
        keeper, store, board, parts, clock, base, state_dir, present, sent, settings.storage.ttl_s, records.rates, dispatch.state,
        troubles, pulses.promise("report", PULSE_S), certificates,
    )  # fmt: skip

    async def ask(question: str, arguments: dict[str, Any]) -> Any:
        match question:
            case "lamp":
                why = None if keeper.trusted else keeper.reason
                return light.state() | {"account": light.account(), "remaining_s": light.remaining_s(), "clock": why}
            case "pole":
                return site_of(settings) | {"wall": clock.wall()}
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
                return await report.health()
            case "clock":
                return keeper.document()
            case "why.lamp":
                await store.flush()
                wall = arguments.get("wall")
                return await store.read(lambda db: db.lamp_log(clock.wall() if wall is None else float(wall)))
            case "why.incident":
                await store.flush()
                return await store.read(lambda db: db.told_about(str(arguments["id"])))
            case "conduct":
                return conduct_digest(settings)
        raise ValueError(f"there is no question {question}")

    async def command(path: str, payload: bytes, by: str) -> dict[str, Any] | None:
        return await listen.handle(path, payload, local_by=by)

    jobs = [Job("light", light.run, OnFailure.FATAL, LIGHT_BEAT_S)]
    jobs += [Job(f"watch {w.camera}", w.run, beat_within_s=WATCH_BEAT_S) for w in watches]
    jobs += [
        Job("dispatch", dispatch.run, beat_within_s=PULSE_S),
        Job("listen", listen.run, beat_within_s=PULSE_S),
        Job("beat", Beat(beats, clock, status).run),
        Job("report", report.run, beat_within_s=PULSE_S),
    ]
    jobs += [Job("local", Local(socket, command, ask).run)]
    if upload is not None:
        jobs.append(Job("upload", upload.run, beat_within_s=UPLOAD_BEAT_S))
    if settings.metrics.enabled:

        async def numbers() -> str:
            return metrics_text(await report.health(), __version__)

        jobs.append(Job("metrics", Metrics(settings.metrics.host, settings.metrics.port, numbers).run))

    ha_topic, document = discovery(base, client_id_of(settings), pole.name or f"Smart pole {pole.id}", __version__, street_of(settings))
    announce = Announce(store, board, ha_topic, document, enabled=settings.mqtt is not None and settings.mqtt.homeassistant)

    async def start() -> None:
        topic = f"{base}/info"
        board.post(topic, Message(topic, encode(info_of(loaded)), retain=True))
        await announce.start()
        if loaded.degraded:
            parts.ill("configuration", loaded.degraded)
        if rules.trouble and rules.enabled:
            parts.ill("drone", f"nothing flies: {rules.trouble}")
        for part, trouble in luminaire.troubles.items():
            parts.ill(part, trouble)
        await records.close_left_over()
        await light.restore()

    async def farewell(goes_on: bool) -> None:
        listen.tell_surplus(at_the_end=True)
        with contextlib.suppress(OutboxError):
            await light.keep()
            await report.keep_time(now=True)
            if not agent.reloading:
                await light.end()
        if upload is not None and not goes_on:
            await upload.farewell([report.nothing_now()])

    def tell(name: str, reason: str) -> None:
        if reason:
            parts.ill(name, reason)
        else:
            parts.well(name)

    agent = Agent(jobs, store, clock, random, tell, start, farewell, pulses.since, LASTING, adopted)
    return House(settings, agent, keeper, parts, store, light, dispatch, upload, listen, report, detector, watches, board, inbox, socket)


def _at_now(make: Callable[[float], Any], clock: Clock) -> Any:
    return make(clock.monotonic())
