"""What stands around the loops: the jobs, the control socket, the start and the end.

Imported once the lamp is lit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pole_agent import __version__
from pole_agent.agent import Agent
from pole_agent.compose.lamp import plan_of
from pole_agent.compose.loops import LIGHT_BEAT_S, PULSE_S, UPLOAD_BEAT_S, WATCH_BEAT_S
from pole_agent.compose.parts import client_id_of
from pole_agent.compose.rooms import info_of, site_of, street_of
from pole_agent.conduct import digest as conduct_digest
from pole_agent.health.board import board_id
from pole_agent.health.metrics import text as metrics_text
from pole_agent.lamp.lamp import Luminaire
from pole_agent.lifecycle import Lifecycle
from pole_agent.loops.announce import Announce
from pole_agent.loops.answer import Answer, Question
from pole_agent.loops.beat import Beat, Beats, status_line
from pole_agent.loops.local import Local
from pole_agent.loops.metrics import Metrics
from pole_agent.loops.past import Past
from pole_agent.loops.records import Records
from pole_agent.settings.load import Loaded
from pole_agent.supervise import Job, OnFailure
from pole_agent.uplink.events import Message, encode
from pole_agent.uplink.homeassistant import discovery

if TYPE_CHECKING:
    from pole_agent.compose import Runtime

MAX_FINDINGS = 1 << 16  # bytes of the doctor's report
LASTING = ("upload",)  # jobs that go on over a reload, with the store and the board


def agent_of(
    runtime: Runtime,
    loaded: Loaded,
    luminaire: Luminaire,
    records: Records,
    kept: Runtime | None,
    *,
    random: Callable[[], float],
    beats: Beats,
    pulses: Beats,
) -> Agent:
    """The agent around the loops of `runtime`. What `kept` has left running is adopted."""
    life = runtime.life = lifecycle_of(runtime, loaded, luminaire, records)
    return Agent(
        jobs_of(runtime, beats),
        runtime.store,
        runtime.context.clock,
        random,
        life.tell,
        life.start,
        life.shutdown,
        since_beat=pulses.since,
        lasting=LASTING,
        adopted=None if kept is None else kept.agent.kept,
    )


def jobs_of(runtime: Runtime, beats: Beats) -> list[Job]:
    """What runs all the time, the lamp first. `beats`: those that the watchdog waits for."""
    settings, watches = runtime.settings, runtime.watches
    jobs = [Job("light", runtime.light.run, OnFailure.FATAL, LIGHT_BEAT_S)]
    jobs += [Job(f"watch {w.camera}", w.run, beat_within_s=WATCH_BEAT_S) for w in watches]
    jobs += [
        Job("dispatch", runtime.dispatch.run, beat_within_s=PULSE_S),
        Job("listen", runtime.listen.run, beat_within_s=PULSE_S),
        Job("beat", Beat(beats, runtime.context.clock, status_of(runtime)).run),
        Job("report", runtime.report.run, beat_within_s=PULSE_S),
        Job("local", runtime.local.run),
    ]
    if runtime.upload is not None:
        jobs.append(Job("upload", runtime.upload.run, beat_within_s=UPLOAD_BEAT_S))
    if settings.metrics.enabled:
        jobs.append(Job("metrics", metrics_of(runtime).run))
    if runtime.page is not None:
        jobs.append(Job("page", runtime.page.run))
    return jobs


def local_of(runtime: Runtime, before: Runtime | None) -> Local:
    """The control socket: the commands, and the questions of people at the pole.

    That of the runtime `before` goes on listening, where its path stays.
    """

    async def command(path: str, payload: bytes, by: str) -> dict[str, Any] | None:
        return await runtime.listen.handle(path, payload, local_by=by)

    listener = before.local.hand_over(runtime.socket) if before is not None else None
    return Local(
        runtime.socket,
        command,
        answer_of(runtime),
        listener=listener,
        reloading=lambda: runtime.agent.reloading,
    )


def answer_of(runtime: Runtime) -> Answer:
    """The questions of people at the pole, by the control socket or on the page."""
    context, settings, light = runtime.context, runtime.settings, runtime.light
    clock, keeper = context.clock, context.keeper

    def of_lamp() -> dict[str, Any]:
        why = None if keeper.trusted else keeper.reason
        return light.state() | {"account": light.account(), "remaining_s": light.remaining_s(), "clock": why}

    async def examined() -> list[dict[str, Any]]:
        from pole_agent import doctor

        return await asyncio.to_thread(
            lambda: doctor.report(doctor.examine(settings, doctor.QUICK), "en", MAX_FINDINGS)
        )

    others: dict[str, Callable[[], Any]] = {
        "lamp": of_lamp,
        "pole": lambda: site_of(settings) | {"wall": clock.wall()},
        "drone": runtime.dispatch.controller.everything,
        "health": runtime.report.health,
        "conduct": partial(conduct_digest, settings),
        "doctor": examined,
        "commissioning": partial(commissioning_of, runtime),
        "standing": partial(standing_of, runtime),
    }
    past = Past(context, plan_of(settings), settings.lamp.rated_w, settings.lamp.floor)
    answers: dict[str, Question] = {
        "past.incidents": past.incidents,
        "past.traffic": past.traffic,
        "past.commands": past.commands,
        "past.night": past.night,
        "why.light": past.light,
    }
    return Answer(context, others, answers)


def standing_of(runtime: Runtime) -> dict[str, Any]:
    """What decides whether a new configuration is kept (pole-agent apply).

    `acknowledged`: the broker has had our `info` since this configuration began; true where there is none.
    """
    parts = runtime.parts.report()
    return {
        "config_sha256": runtime.config_sha256,
        "acknowledged": runtime.life.acknowledged or runtime.upload is None,
        "degraded": [name for name, part in parts.items() if part["state"] != "ok"],
        "clock": runtime.keeper.trusted,
    }


async def commissioning_of(runtime: Runtime) -> dict[str, Any]:
    """What a person who takes the pole into service looks at, beside its health and its lamp."""
    store, settings = runtime.store, runtime.settings
    formers = await store.read(lambda db: db.formers())
    signed_off_on = await runtime.records.signed_off_on()
    return {
        "config_sha256": runtime.config_sha256,
        "board": board_id(),
        "signed_off_on": signed_off_on,
        "storeid": store.store_id,
        "formers": list(formers),
        "lit": runtime.light.lit() if settings.lamp.feedback else None,
        "cameras": {w.camera: w.pipeline.counts if w.pipeline else {} for w in runtime.watches},
    }


def metrics_of(runtime: Runtime) -> Metrics:
    chosen = runtime.settings.metrics

    async def numbers() -> str:
        return metrics_text(await runtime.report.health(), __version__)

    return Metrics(chosen.host, chosen.port, numbers)


def status_of(runtime: Runtime) -> Callable[[], str]:
    """The line that systemctl shows."""
    context, watches = runtime.context, runtime.watches

    def status() -> str:
        lamp, degraded = (
            runtime.light.state(),
            [name for name, part in context.parts.report().items() if part["state"] != "ok"],
        )
        seeing = sum(w.pipeline is not None and not w.ended for w in watches)
        online = None if runtime.upload is None else context.board.connected
        return status_line(
            lamp["level"], lamp["reason"], cameras=(seeing, len(watches)), online=online, degraded=degraded
        )

    return status


def lifecycle_of(runtime: Runtime, loaded: Loaded, luminaire: Luminaire, records: Records) -> Lifecycle:
    settings, context = runtime.settings, runtime.context
    pole, base = settings.pole, context.base
    topic, document = discovery(
        base, client_id_of(settings), pole.name or f"Smart pole {pole.id}", __version__, street_of(settings)
    )
    announced = settings.mqtt is not None and settings.mqtt.homeassistant
    troubles = {
        "configuration": loaded.degraded,
        "drone": runtime.dispatch.controller.trouble,
    } | luminaire.troubles
    return Lifecycle(
        context=context,
        info=Message(f"{base}/info", encode(info_of(loaded)), retain=True),
        troubles={part: trouble for part, trouble in troubles.items() if trouble},
        announce=Announce(context.store, context.board, topic, document, enabled=announced),
        records=records,
        light=runtime.light,
        listen=runtime.listen,
        report=runtime.report,
        upload=runtime.upload,
        reloading=lambda: runtime.agent.reloading,
    )
