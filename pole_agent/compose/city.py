"""The loops that talk with the city: what is sent, what the pole says of itself, what it is told.

Imported once the lamp is lit.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent import __version__
from pole_agent.compose.loops import PULSE_S, UPLOAD_BEAT_S
from pole_agent.compose.parts import broker_of, certificate_probes
from pole_agent.context import Context
from pole_agent.health.certificates import Certificates
from pole_agent.health.machine import Machine
from pole_agent.loops.beat import Beats
from pole_agent.loops.diagnose import Diagnose
from pole_agent.loops.dispatch import Dispatch
from pole_agent.loops.light import Light
from pole_agent.loops.listen import Listen
from pole_agent.loops.records import Records
from pole_agent.loops.report import Report, Sources
from pole_agent.loops.updates import Updates
from pole_agent.loops.upload import Upload
from pole_agent.loops.watch import Watch
from pole_agent.remote.telling import Places, Running
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.uplink.broker import Broker
from pole_agent.uplink.events import Incoming
from pole_agent.uplink.many import FOR_MANY, addresses
from pole_agent.uplink.simulated import SimulatedBroker

if TYPE_CHECKING:
    from pole_agent.compose import Runtime

SYNC_NOW = "sync-now"  # in the runtime directory; pole-agent-sync.path waits for it
ACTIVE_REQUEST = ("request_id", "state", "origin", "rule", "count", "expires_at", "simulation")


def upload_of(
    context: Context,
    settings: Settings,
    broker: Broker | None,
    inbox: asyncio.Queue[Incoming],
    kept: Runtime | None,
    *,
    random: Callable[[], float],
    pulses: Beats,
    for_real: bool,
) -> Upload | None:
    """The one that `kept` has left running, else a new one; None where no broker is configured.

    What is not for real marks all it sends as a simulation.
    """
    if kept is not None:
        return kept.upload
    broker = broker or broker_of(settings)
    if broker is None:
        return None
    if not for_real:
        broker = SimulatedBroker(broker)
    return Upload(
        context,
        broker,
        inbox,
        random=random,
        spread_s=settings.mqtt.reconnect_spread_s if settings.mqtt else 1.0,
        version=__version__,
        beat=pulses.promise("upload", UPLOAD_BEAT_S),
    )


def updates_of(
    context: Context,
    loaded: Loaded,
    runtime_dir: Path,
    places: Places | None,
    before: Runtime | None,
    random: Callable[[], float],
) -> Updates:
    """What `before` was asked for is not forgotten over a reload."""
    running = Running(hashlib.sha256(loaded.text.encode()).hexdigest(), __version__)
    former = None if before is None else before.updates
    nudge = runtime_dir / SYNC_NOW
    return Updates(context, running, nudge, places or Places(), random=random, before=former)


def report_of(
    context: Context,
    settings: Settings,
    upload: Upload | None,
    dispatch: Dispatch,
    watches: Sequence[Watch],
    records: Records,
    machine: Machine,
    updates: Updates,
    pulses: Beats,
) -> Report:
    def present() -> dict[str, Any]:
        return {
            "requests": [{k: r[k] for k in ACTIVE_REQUEST} for r in dispatch.controller.pending()],
            "counts": {w.camera: w.pipeline.counts if w.pipeline else {} for w in watches},
        }

    sent = upload.sent if upload else dict
    sources = Sources(
        present=present,
        sent=sent,
        rates=records.rates,
        drone=dispatch.health,
        troubles=machine.troubles,
        look=updates.look,
    )
    certificates = Certificates(certificate_probes(settings, upload), context.parts)
    return Report(
        context,
        sources,
        certificates,
        settings.storage.state_dir,
        settings.storage.ttl_s,
        beat=pulses.promise("report", PULSE_S),
    )


def listen_of(
    context: Context,
    settings: Settings,
    inbox: asyncio.Queue[Incoming],
    light: Light,
    dispatch: Dispatch,
    records: Records,
    report: Report,
    updates: Updates,
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
        "sync": updates.sync,
    }
    shared = handlers | {"sync": updates.sync_soon}
    of_many = {f"{to}/{path}": shared[path] for to in addresses(settings.pole.groups) for path in FOR_MANY}
    at_the_pole = handlers | {
        "lamp/set": partial(light.command, local=True),
        "clock/accept": accept_clock,
        "pole/commissioned": records.commissioned,
    }
    return Listen(context, handlers | of_many, at_the_pole, inbox, beat=pulses.promise("listen", PULSE_S))
