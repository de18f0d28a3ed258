"""The only place that names concrete classes: settings in, an agent out. `lamp`, `rooms` and `parts` make the
parts; the whole is here.

Imports of the vision stack stand inside the functions: the lamp is driven before numpy is even loaded.
"""

from __future__ import annotations

import random as randomness
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pole_agent.clock import Clock
from pole_agent.compose.desk import Desk
from pole_agent.compose.lamp import attach, claim_lamp, configuration_of, open_lamp, pin_factory, plan_of
from pole_agent.compose.parts import (
    RUNTIME_DIR,
    SOCKET_NAME,
    bare_inference,
    broker_of,
    client_id_of,
    detector_of,
    memory_broker,
    pipeline_factory,
    reference_of,
    scripted_detector,
    socket_path,
    source_factory,
)
from pole_agent.compose.rooms import drone_areas, drone_rules, places_of, rules_of, site_of, street_of
from pole_agent.health.keeper import keeper_of
from pole_agent.health.trust import TimeKeeper
from pole_agent.lamp.lamp import Luminaire
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded

if TYPE_CHECKING:
    import asyncio

    from pole_agent.agent import Agent
    from pole_agent.camera.source import FrameSource
    from pole_agent.compose.page import ServedPage
    from pole_agent.context import Context
    from pole_agent.health.parts import Parts
    from pole_agent.lifecycle import Lifecycle
    from pole_agent.loops.dispatch import Dispatch
    from pole_agent.loops.light import Light
    from pole_agent.loops.listen import Listen
    from pole_agent.loops.local import Local
    from pole_agent.loops.records import Records
    from pole_agent.loops.report import Report
    from pole_agent.loops.updates import Updates
    from pole_agent.loops.upload import Upload
    from pole_agent.loops.watch import Watch
    from pole_agent.page.pictures import Pictures
    from pole_agent.remote.telling import Places
    from pole_agent.store.store import Store
    from pole_agent.uplink.board import Board
    from pole_agent.uplink.broker import Broker
    from pole_agent.uplink.events import Incoming
    from pole_agent.vision.detector import Detector

__all__ = [
    "RUNTIME_DIR",
    "SOCKET_NAME",
    "Desk",
    "Runtime",
    "attach",
    "bare_inference",
    "broker_of",
    "build",
    "claim_lamp",
    "client_id_of",
    "configuration_of",
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


@dataclass(slots=True)
class Runtime:
    """The agent and the loops that the demo and the tests look at."""

    settings: Settings
    context: Context
    light: Light
    dispatch: Dispatch
    upload: Upload | None
    listen: Listen
    report: Report
    detector: Detector
    watches: list[Watch]
    inbox: asyncio.Queue[Incoming]
    socket: Path
    records: Records = field(init=False)
    config_sha256: str = field(init=False)
    agent: Agent = field(init=False)
    updates: Updates = field(init=False)
    life: Lifecycle = field(init=False)
    local: Local = field(init=False)
    page: ServedPage | None = None

    @property
    def keeper(self) -> TimeKeeper:
        return self.context.keeper

    @property
    def parts(self) -> Parts:
        return self.context.parts

    @property
    def store(self) -> Store:
        return self.context.store

    @property
    def board(self) -> Board:
        return self.context.board


def lasts(old: Settings, new: Settings) -> bool:
    """May store and connection go on over this change of the configuration?"""
    parts = "base_topic", "storage", "mqtt", "clock"
    # Groups are topics to listen to, and those are asked for at the connect
    return old.pole.groups == new.pole.groups and all(getattr(old, p) == getattr(new, p) for p in parts)


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
    before: Runtime | None = None,
    for_real: bool = False,
    desk: Desk | None = None,
    places: Places | None = None,
) -> Runtime:
    """Wire the rooms. What is not given is made as the settings say. Raises ConfigError.

    `for_real`: this is a pole on a street. Only `pole-agent run` says so; whatever else is built here marks
    all it sends as a simulation. `before`: the runtime whose lamp is taken over, and, when it has kept them,
    store and connection too. `desk`: what the page needs of the command that runs the agent; without it there
    is no page. `places`: of what the agent is told of updates.
    """
    from pole_agent.compose import city
    from pole_agent.compose import loops as make
    from pole_agent.compose.agent import agent_of, local_of
    from pole_agent.loops.beat import Beats
    from pole_agent.loops.records import Records

    settings = loaded.settings
    keeper = _kept_keeper(settings, before) or keeper_of(settings, clock, time_server_heard)
    kept = before if before is not None and before.agent.kept is not None else None
    context, inbox = make.context_of(settings, keeper, clock, kept)
    beats, pulses = Beats(clock.monotonic), Beats(clock.monotonic)  # those of the watchdog, and the others
    light = make.light_of(context, settings, luminaire, beats, before)
    records = Records(context.store, clock)
    dispatch = make.dispatch_of(context, settings, records, pulses, before, for_real=for_real)
    detector = detector or detector_of(settings, before=None if before is None else before.detector)
    heat, act = make.heat_of(clock), make.act_of(context, light, dispatch)
    pictures = None if desk is None else _pictures_of(settings)
    watches = make.watches_of(
        context, settings, detector, act, sources, pictures, pace=heat.pace, random=random, pulses=pulses
    )
    upload = city.upload_of(
        context, settings, broker, inbox, kept, for_real=for_real, random=random, pulses=pulses
    )
    socket, machine = socket or socket_path(settings), make.machine_of(heat, lambda: agent.stop())
    updates = city.updates_of(context, loaded, socket.parent, places, before, random)
    report = city.report_of(context, settings, upload, dispatch, watches, records, machine, updates, pulses)
    listen = city.listen_of(context, settings, inbox, light, dispatch, records, report, updates, pulses)
    runtime = Runtime(
        settings, context, light, dispatch, upload, listen, report, detector, watches, inbox, socket
    )
    runtime.updates = updates
    runtime.records, runtime.config_sha256, runtime.local = records, loaded.digest, local_of(runtime, before)
    runtime.page = _page_of(runtime, loaded, desk, pictures, before, for_real=for_real)
    agent = runtime.agent = agent_of(
        runtime, loaded, luminaire, records, kept, beats=beats, random=random, pulses=pulses
    )
    return runtime


def _kept_keeper(settings: Settings, before: Runtime | None) -> TimeKeeper | None:
    return before.keeper if before is not None and before.settings.clock == settings.clock else None


def _pictures_of(settings: Settings) -> Pictures | None:
    if not settings.page.enabled:
        return None
    from pole_agent.compose.page import pictures_of

    return pictures_of(settings)


def _page_of(
    runtime: Runtime,
    loaded: Loaded,
    desk: Desk | None,
    pictures: Pictures | None,
    before: Runtime | None,
    *,
    for_real: bool,
) -> ServedPage | None:
    if desk is None or not loaded.settings.page.enabled:
        return None
    from pole_agent.compose.agent import answer_of
    from pole_agent.compose.page import page_of

    return page_of(runtime, loaded, answer_of(runtime), desk, pictures, before, for_real=for_real)
