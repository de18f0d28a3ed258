"""The loops of the agent from the settings, one function each.

Imported once the lamp is lit, because the vision stack comes with it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pole_agent.camera.source import FrameSource
from pole_agent.clock import Clock
from pole_agent.compose.lamp import street_light_of
from pole_agent.compose.parts import (
    pipeline_factory,
    reference_of,
    source_factory,
)
from pole_agent.compose.recording import recorders_of
from pole_agent.compose.rooms import drone_rules
from pole_agent.context import Context
from pole_agent.health.heat import Heat
from pole_agent.health.machine import Machine
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.health.vitals import power, temperature_c
from pole_agent.lamp.lamp import Luminaire
from pole_agent.lamp.street_light import LampState
from pole_agent.loops.act import Act
from pole_agent.loops.beat import Beats
from pole_agent.loops.dispatch import Dispatch
from pole_agent.loops.light import Light
from pole_agent.loops.records import Records
from pole_agent.loops.tell import Tell
from pole_agent.loops.watch import Watch
from pole_agent.pipeline import Pipeline
from pole_agent.settings import Settings
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Incoming
from pole_agent.uuid7 import uuid7
from pole_agent.vision.detector import Detector
from pole_agent.vocabulary import Response

if TYPE_CHECKING:
    from pole_agent.compose import Runtime
    from pole_agent.frame import Frame
    from pole_agent.page.pictures import Pictures

INBOX = 100  # commands
LIGHT_BEAT_S = 5.0
PULSE_S = 60.0
# The pauses between attempts to open a camera and to reach the broker are longer
WATCH_BEAT_S, UPLOAD_BEAT_S = 180.0, 900.0
# What is known of them outlasts a reload
LASTING_PARTS = (
    "uplink",
    "mqtt",
    "events",
    "states",
    "commands",
    "groups",
    "identity",
    "updates",
    "store",
    "clock",
)
HIDDEN = ("person", "bicycle", "motorcycle", "two_wheeler")  # in pixelated pictures: riders too


def new_id_of(clock: Clock) -> Callable[[], str]:
    return lambda: uuid7(clock.wall(), os.urandom)


def context_of(
    settings: Settings, keeper: TimeKeeper, clock: Clock, kept: Runtime | None
) -> tuple[Context, asyncio.Queue[Incoming]]:
    """What the loops work with, and the inbox of commands.

    `kept`: of the runtime before, which has left its store and connection to us.
    """
    if kept is not None:
        kept.parts.start_over(LASTING_PARTS)
        store, board, parts, inbox = kept.store, kept.board, kept.parts, kept.inbox
    else:
        storage = settings.storage
        store = Store(storage.state_dir, storage.max_mb, keeper.stamp, new_id_of(clock), storage.batch_s)
        board, parts, inbox = Board(), Parts(store.record, clock.monotonic), asyncio.Queue(INBOX)
    base = settings.base_topic
    return Context(base=base, clock=clock, keeper=keeper, store=store, board=board, parts=parts), inbox


def light_of(
    context: Context, settings: Settings, luminaire: Luminaire, beats: Beats, before: Runtime | None
) -> Light:
    """The light of `before` hands over what it remembers."""
    old = None if before is None else before.light
    state = LampState.begin(context.clock.monotonic()) if old is None else old.hand_over(luminaire)
    lamp = street_light_of(settings, state, cell_aside=context.keeper.cell_aside)
    return Light(context, luminaire, lamp, beat=beats.promise("light", LIGHT_BEAT_S), before=old)


def dispatch_of(
    context: Context,
    settings: Settings,
    records: Records,
    pulses: Beats,
    before: Runtime | None,
    *,
    for_real: bool,
) -> Dispatch:
    rules, beat = drone_rules(settings, for_real), pulses.promise("dispatch", PULSE_S)
    same = (context.base, settings.storage)
    goes_on = before is not None and (before.settings.base_topic, before.settings.storage) == same
    state = before.dispatch.controller.state if before is not None and goes_on else None
    dispatch = Dispatch(context, rules, new_id_of(context.clock), records.rates, state=state, beat=beat)
    if before is not None and goes_on and context.board is not before.board:
        dispatch.announce_all()
    return dispatch


def act_of(context: Context, light: Light, dispatch: Dispatch) -> Act:
    return Act(
        boost=light.boosts.add, request=dispatch.trigger, record=context.store.record, tell=Tell().event
    )


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
    pictures: Pictures | None,
    *,
    random: Callable[[], float],
    pace: Callable[[], float],
    pulses: Beats,
) -> list[Watch]:
    """One for each camera. `sources`: of their pictures, in place of those in the settings.

    `pictures`: who shows them to people at the pole.
    """
    clock, watches = context.clock, []
    recorder_of = recorders_of(context, settings)
    for index, camera in enumerate(settings.cameras):
        reference = reference_of(settings, camera)
        make = pipeline_factory(
            settings,
            camera.name,
            detector,
            context.keeper,
            new_id_of(clock),
            reference=reference,
            recorder=partial(recorder_of, camera.name),
        )
        new_source = (
            sources[index] if sources is not None else source_factory(settings, index, clock, reference)
        )
        new_pipeline = partial(_at_now, make, clock)
        beat = pulses.promise(f"watch {camera.name}", WATCH_BEAT_S)
        watch = Watch(
            camera.name,
            camera.fps,
            new_source,
            new_pipeline,
            detector,
            act,
            context.parts,
            clock,
            random=random,
            pace=pace,
            beat=beat,
            show=None if pictures is None else partial(_shown, pictures, camera.name),
        )
        watches.append(watch)
    return watches


def _shown(pictures: Pictures, camera: str, frame: Frame, pipeline: Pipeline) -> None:
    """What may be a person is hidden where people are: also what the tracker is not sure of."""
    found = [d.box for d in pipeline.detections if d.label in HIDDEN]
    pictures.show(camera, frame, found + [t.box for t in pipeline.tracks if t.label in HIDDEN])


def _at_now(make: Callable[[float], Pipeline], clock: Clock) -> Pipeline:
    return make(clock.monotonic())
