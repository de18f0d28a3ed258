"""The loops of the agent from the settings, one function each. Imported once the lamp is lit, because the vision stack comes with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pole_agent import __version__
from pole_agent.camera.source import FrameSource
from pole_agent.clock import Clock
from pole_agent.compose.lamp import controller_of
from pole_agent.compose.parts import broker_of, certificate_probes, client_id_of, pipeline_factory, reference_of, source_factory
from pole_agent.compose.rooms import drone_rules, info_of, site_of, street_of
from pole_agent.conduct import digest as conduct_digest
from pole_agent.context import Context
from pole_agent.health.certificates import Certificates
from pole_agent.health.heat import Heat
from pole_agent.health.machine import Machine
from pole_agent.health.metrics import text as metrics_text
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.health.vitals import power, temperature_c
from pole_agent.lamp.boosts import Boosts
from pole_agent.lamp.lamp import Luminaire
from pole_agent.lifecycle import Lifecycle
from pole_agent.loops.announce import Announce
from pole_agent.loops.answer import Answer
from pole_agent.loops.beat import Beat, Beats, status_line
from pole_agent.loops.diagnose import Diagnose
from pole_agent.loops.dispatch import Dispatch
from pole_agent.loops.light import Light
from pole_agent.loops.listen import Listen
from pole_agent.loops.local import Local
from pole_agent.loops.metrics import Metrics
from pole_agent.loops.records import Records
from pole_agent.loops.report import Report, Sources
from pole_agent.loops.upload import Upload
from pole_agent.loops.watch import Pipeline, Watch
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.store.store import Store
from pole_agent.supervise import Job, OnFailure
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Broker
from pole_agent.uplink.events import Incoming, Message, encode
from pole_agent.uplink.homeassistant import discovery
from pole_agent.uplink.simulated import SimulatedBroker
from pole_agent.uuid7 import uuid7
from pole_agent.vision.detector import Detector
from pole_agent.vocabulary import Response

if TYPE_CHECKING:
    from pole_agent.compose import House

INBOX = 100  # commands
LIGHT_BEAT_S = 5.0
PULSE_S = 60.0
WATCH_BEAT_S, UPLOAD_BEAT_S = 180.0, 900.0  # the pauses between attempts to open a camera and to reach the broker are longer
LASTING_PARTS = ("uplink", "mqtt", "events", "states", "commands", "identity", "store", "clock")  # what is known of them outlasts a reload
ACTIVE_REQUEST = ("request_id", "state", "origin", "rule", "count", "expires_at", "simulation")


def new_id_of(clock: Clock) -> Callable[[], str]:
    return lambda: uuid7(clock.wall(), os.urandom)


def context_of(settings: Settings, keeper: TimeKeeper, clock: Clock, kept: House | None) -> tuple[Context, asyncio.Queue[Incoming]]:
    """What the loops work with, and the inbox of commands. `kept`: of the house before, which has left its store and connection to us."""
    if kept is not None:
        kept.parts.start_over(LASTING_PARTS)
        store, board, parts, inbox = kept.store, kept.board, kept.parts, kept.inbox
    else:
        storage = settings.storage
        store = Store(storage.state_dir, storage.max_mb, keeper.stamp, new_id_of(clock), storage.batch_s)
        board, parts, inbox = Board(), Parts(store.record, clock.monotonic), asyncio.Queue(INBOX)
    return Context(base=settings.base_topic, clock=clock, keeper=keeper, store=store, board=board, parts=parts), inbox


def light_of(context: Context, settings: Settings, luminaire: Luminaire, boosts: Boosts, beats: Beats, before: House | None) -> Light:
    controller, button = controller_of(settings, context.clock.monotonic()), settings.lamp.button
    light = Light(
        context, luminaire, controller, boosts, beat=beats.promise("light", LIGHT_BEAT_S), button_off_s=button.off_s if button else 0.0
    )
    if before is not None:
        light.take_over(before.light)
    return light


def dispatch_of(context: Context, settings: Settings, records: Records, pulses: Beats, before: House | None, *, for_real: bool) -> Dispatch:
    rules, beat = drone_rules(settings, for_real), pulses.promise("dispatch", PULSE_S)
    dispatch = Dispatch(context, rules, new_id_of(context.clock), records.rates, beat=beat)
    if before is not None and (before.settings.base_topic, before.settings.storage) == (context.base, settings.storage):
        dispatch.take_over(before.dispatch)
    return dispatch


def heat_of(clock: Clock) -> Heat:
    return Heat(temperature_c, lambda: power()["throttled"], clock.monotonic)


def machine_of(heat: Heat, restart: Callable[[], None]) -> Machine:
    return Machine(heat, lambda: power()["under_voltage"], restart)


def watches_of(
    context: Context,
    settings: Settings,
    detector: Detector,
    act: Callable[[Sequence[Response]], None],
    sources: Sequence[Callable[[], FrameSource]] | None,
    *,
    random: Callable[[], float],
    pace: Callable[[], float],
    pulses: Beats,
) -> list[Watch]:
    """One for each camera. `sources`: of their pictures, in place of those in the settings."""
    clock, watches = context.clock, []
    for index, camera in enumerate(settings.cameras):
        reference = reference_of(settings, camera)
        make = pipeline_factory(settings, camera.name, detector, context.keeper, new_id_of(clock), reference=reference)
        new_source = sources[index] if sources is not None else source_factory(settings, index, clock, reference)
        new_pipeline = partial(_at_now, make, clock)
        beat = pulses.promise(f"watch {camera.name}", WATCH_BEAT_S)
        watch = Watch(
            camera.name, camera.fps, new_source, new_pipeline, detector, act, context.parts, clock, random=random, pace=pace, beat=beat
        )
        watches.append(watch)
    return watches


def _at_now(make: Callable[[float], Pipeline], clock: Clock) -> Pipeline:
    return make(clock.monotonic())


def upload_of(
    context: Context,
    settings: Settings,
    broker: Broker | None,
    inbox: asyncio.Queue[Incoming],
    *,
    random: Callable[[], float],
    pulses: Beats,
    for_real: bool,
) -> Upload | None:
    """None where no broker is configured. What is not for real marks all it sends as a simulation."""
    broker = broker or broker_of(settings)
    if broker is None:
        return None
    if not for_real:
        broker = SimulatedBroker(broker)
    return Upload(context, broker, inbox, random=random, version=__version__, beat=pulses.promise("upload", UPLOAD_BEAT_S))


def report_of(
    context: Context,
    settings: Settings,
    upload: Upload | None,
    dispatch: Dispatch,
    watches: Sequence[Watch],
    records: Records,
    machine: Machine,
    pulses: Beats,
) -> Report:
    def present() -> dict[str, Any]:
        return {
            "requests": [{k: r[k] for k in ACTIVE_REQUEST} for r in dispatch.pending()],
            "counts": {w.camera: w.pipeline.counts if w.pipeline else {} for w in watches},
        }

    sent = upload.sent if upload else dict
    sources = Sources(present=present, sent=sent, rates=records.rates, drone=dispatch.state, troubles=machine.troubles)
    certificates = Certificates(certificate_probes(settings, upload), context.parts)
    return Report(
        context, sources, certificates, settings.storage.state_dir, settings.storage.ttl_s, beat=pulses.promise("report", PULSE_S)
    )


def listen_of(
    context: Context,
    settings: Settings,
    inbox: asyncio.Queue[Incoming],
    light: Light,
    dispatch: Dispatch,
    records: Records,
    report: Report,
    pulses: Beats,
) -> Listen:
    """Which room carries out which command; some only at the pole itself."""

    def examined(language: str, most_bytes: int) -> list[dict[str, Any]]:
        from pole_agent import doctor

        return doctor.report(doctor.examine(settings, doctor.QUICK), language, most_bytes)

    async def accept_clock(payload: Mapping[str, Any], by: str) -> dict[str, Any]:
        return await report.accept()

    handlers: dict[str, Any] = {
        "lamp/set": light.command,
        "drone/approval": dispatch.decide,
        "drone/progress": dispatch.progress,
        "drone/conditions": dispatch.conditions,
        "drone/stop": dispatch.stop_flights,
        "outbox/resend": records.resend,
        "incident/feedback": records.feedback,
        "diagnose": Diagnose(examined, context.board, context.clock, context.base).command,
    }
    at_the_pole = handlers | {"lamp/set": partial(light.command, local=True), "clock/accept": accept_clock}
    return Listen(context, handlers, at_the_pole, inbox, beat=pulses.promise("listen", PULSE_S))


def jobs_of(house: House, beats: Beats) -> list[Job]:
    """What runs all the time, the lamp first. `beats`: those that the watchdog waits for."""
    settings, watches = house.settings, house.watches
    jobs = [Job("light", house.light.run, OnFailure.FATAL, LIGHT_BEAT_S)]
    jobs += [Job(f"watch {w.camera}", w.run, beat_within_s=WATCH_BEAT_S) for w in watches]
    jobs += [
        Job("dispatch", house.dispatch.run, beat_within_s=PULSE_S),
        Job("listen", house.listen.run, beat_within_s=PULSE_S),
        Job("beat", Beat(beats, house.context.clock, status_of(house)).run),
        Job("report", house.report.run, beat_within_s=PULSE_S),
        Job("local", local_of(house).run),
    ]
    if house.upload is not None:
        jobs.append(Job("upload", house.upload.run, beat_within_s=UPLOAD_BEAT_S))
    if settings.metrics.enabled:
        jobs.append(Job("metrics", metrics_of(house).run))
    return jobs


def local_of(house: House) -> Local:
    """The control socket: the commands, and the questions of people at the pole."""
    context, settings, light = house.context, house.settings, house.light
    clock, keeper = context.clock, context.keeper

    async def command(path: str, payload: bytes, by: str) -> dict[str, Any] | None:
        return await house.listen.handle(path, payload, local_by=by)

    def of_lamp() -> dict[str, Any]:
        why = None if keeper.trusted else keeper.reason
        return light.state() | {"account": light.account(), "remaining_s": light.remaining_s(), "clock": why}

    others: dict[str, Callable[[], Any]] = {
        "lamp": of_lamp,
        "pole": lambda: site_of(settings) | {"wall": clock.wall()},
        "drone": house.dispatch.everything,
        "health": house.report.health,
        "conduct": partial(conduct_digest, settings),
    }
    return Local(house.socket, command, Answer(context, others))


def metrics_of(house: House) -> Metrics:
    chosen = house.settings.metrics

    async def numbers() -> str:
        return metrics_text(await house.report.health(), __version__)

    return Metrics(chosen.host, chosen.port, numbers)


def status_of(house: House) -> Callable[[], str]:
    """The line that systemctl shows."""
    context, watches = house.context, house.watches

    def status() -> str:
        lamp, degraded = house.light.state(), [name for name, part in context.parts.report().items() if part["state"] != "ok"]
        seeing = sum(w.pipeline is not None and not w.ended for w in watches)
        online = None if house.upload is None else context.board.connected
        return status_line(lamp["level"], lamp["reason"], cameras=(seeing, len(watches)), online=online, degraded=degraded)

    return status


def lifecycle_of(house: House, loaded: Loaded, luminaire: Luminaire, records: Records) -> Lifecycle:
    settings, context = house.settings, house.context
    pole, base = settings.pole, context.base
    topic, document = discovery(base, client_id_of(settings), pole.name or f"Smart pole {pole.id}", __version__, street_of(settings))
    announced = settings.mqtt is not None and settings.mqtt.homeassistant
    troubles = {"configuration": loaded.degraded, "drone": house.dispatch.trouble} | luminaire.troubles
    return Lifecycle(
        context=context,
        info=Message(f"{base}/info", encode(info_of(loaded)), retain=True),
        troubles={part: trouble for part, trouble in troubles.items() if trouble},
        announce=Announce(context.store, context.board, topic, document, enabled=announced),
        records=records,
        light=house.light,
        listen=house.listen,
        report=house.report,
        upload=house.upload,
        reloading=lambda: house.agent.reloading,
    )
