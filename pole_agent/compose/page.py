"""The local page of a pole, where it is enabled: what it may ask, show and change.

Imported only then. The picture goes to a page on loopback only: any other is built without that room.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent.almanac import is_dark, rfc3339
from pole_agent.compose.desk import Desk
from pole_agent.compose.rooms import drone_areas, places_of
from pole_agent.errors import ConfigError
from pole_agent.loops.answer import Answer
from pole_agent.page import files
from pole_agent.page.commissioning import Commissioning
from pole_agent.page.doors import Doors
from pole_agent.page.house import House, Look, Workshop
from pole_agent.page.server import Page
from pole_agent.page.setup import Setup
from pole_agent.page.trial import Trial
from pole_agent.page.views import Views
from pole_agent.settings import Settings
from pole_agent.settings.load import Loaded
from pole_agent.vocabulary import RecordEvent, Severity

if TYPE_CHECKING:
    from pole_agent.compose import Runtime
    from pole_agent.page.pictures import Pictures
    from pole_agent.pipeline import Pipeline

CONFIGURATION = "configuration"
BRIEF = ("request_id", "state", "rule", "camera", "place", "expires_at", "simulation")


class ServedPage:
    """The page and the trial of what was saved on it."""

    def __init__(self, page: Page, trial: Trial) -> None:
        self.page, self.trial = page, trial

    async def run(self) -> None:
        trial = asyncio.create_task(self.trial.run(), name="trial of the overlay")
        try:
            await self.page.run()
        finally:
            trial.cancel()


def pictures_of(settings: Settings) -> Pictures | None:
    """Who shows pictures: nobody, beyond loopback or where they are switched off."""
    chosen = settings.page
    if not (chosen.enabled and chosen.loopback and chosen.picture != "off" and settings.cameras):
        return None
    from pole_agent.page.pictures import Pictures

    return Pictures([c.name for c in settings.cameras], pixelated=chosen.picture == "pixelated")


def page_of(
    runtime: Runtime,
    loaded: Loaded,
    answer: Answer,
    desk: Desk,
    pictures: Look | None,
    before: Runtime | None,
    *,
    for_real: bool,
) -> ServedPage:
    """Who is logged in stays so over a reload."""
    settings, clock = loaded.settings, runtime.context.clock
    old = before.page if before is not None else None
    house = house_of(runtime, loaded, answer, desk, pictures, for_real=for_real)
    doors = Doors(clock)
    routes = [
        *files.routes(), *doors.routes(), *Views(house, clock).routes(), *Setup(house).routes(),
        *Commissioning(house).routes(),
    ]  # fmt: skip
    page = doors.page = Page(
        settings.page,
        settings.storage.state_dir,
        clock,
        routes,
        before=None if old is None else old.page,
        open_to_all=desk.open_to_all,
        reloading=lambda: runtime.agent.reloading,
    )
    return ServedPage(page, Trial(house, clock, {} if old is None else old.trial.former()))


def house_of(
    runtime: Runtime, loaded: Loaded, answer: Answer, desk: Desk, pictures: Look | None, *, for_real: bool
) -> House:
    context, settings = runtime.context, loaded.settings
    clock, parts = context.clock, context.parts

    async def command(path: str, payload: bytes, by: str) -> dict[str, Any] | None:
        return await runtime.listen.handle(path, payload, local_by=by)

    def audit(kind: str, data: Mapping[str, Any]) -> None:
        context.store.record(RecordEvent(kind, Severity.INFO, dict(data), clock.monotonic()))

    def commission(options: list[str]) -> list[str]:
        where = ["--config", str(desk.path), "--socket", str(runtime.socket)]
        return [sys.executable, "-m", "pole_agent", "commission", *where, *options]

    def rehearsal(candidate: Path) -> list[str]:
        return [
            sys.executable, "-m", "pole_agent", "rehearse", "--json",
            "--config", str(desk.path), "--overlay", str(candidate),
        ]  # fmt: skip

    keeps = desk.path is not None and settings.storage.trajectory_days > 0
    workshop = Workshop(
        state_dir=settings.storage.state_dir,
        loaded=loaded,
        plain=desk.plain,
        try_on=desk.try_on,
        reload=desk.reload,
        rehearsal=rehearsal if keeps else None,
        commission=None if desk.path is None else commission,
        troubles=lambda: {name: part["reason"] for name, part in parts.report().items() if "reason" in part},
        tell=lambda reason: parts.degrade(CONFIGURATION, reason),
    )
    return House(
        pole=pole_told(loaded, for_real=for_real),
        live=lambda: live(runtime, loaded),
        ask=answer,
        command=command,
        audit=audit,
        is_dark=lambda: is_dark(clock.wall(), settings.pole.place),
        pictures=pictures,
        workshop=workshop,
    )


def pole_told(loaded: Loaded, *, for_real: bool) -> dict[str, Any]:
    """What of this pole does not change while the configuration stays."""
    settings, pole = loaded.settings, loaded.settings.pole
    drone = settings.drone
    return {
        "name": pole.name or pole.id,
        "base": settings.base_topic,
        "timezone": pole.timezone,
        "place": [pole.latitude, pole.longitude],
        "simulation": not for_real,
        "version": loaded.digest[:16],
        "cameras": {c.name: camera_told(settings, c.name, c.masks) for c in settings.cameras},
        "drone": {"enabled": drone.enabled, "signed": [o.name for o in drone.officers]} | _areas(settings),
    }


def camera_told(settings: Settings, name: str, masks: Any) -> dict[str, Any]:
    zones, lines = places_of(settings, name)
    return {
        "zones": [{"name": z.name, "polygon": z.polygon} for z in zones],
        "lines": [{"name": n.name, "from": n.start, "to": n.end} for n in lines],
        "masks": masks,
    }


def _areas(settings: Settings) -> dict[str, Any]:
    try:
        fence, exclusions = drone_areas(settings)
    except ConfigError:
        return {"geofence": None, "exclusions": []}  # `health` and the gates say so
    return {"geofence": fence and fence.outer, "exclusions": [area.outer for area in exclusions]}


def live(runtime: Runtime, loaded: Loaded) -> dict[str, Any]:
    """What is now: while somebody looks, some times a second."""
    context, light = runtime.context, runtime.light
    reasons = {n: p["reason"] for n, p in context.parts.report().items() if "reason" in p}
    return {
        "version": loaded.digest[:16],
        "at": rfc3339(float(int(context.clock.wall()))),  # so that it changes once a second
        "dark": is_dark(context.clock.wall(), loaded.settings.pole.place),
        "clock": None if context.keeper.trusted else context.keeper.reason,
        "online": None if runtime.upload is None else context.board.connected,
        "lamp": light.state() | {"remaining_s": light.remaining_s()},
        "cameras": {w.camera: _seen(w.pipeline, ended=w.ended) for w in runtime.watches},
        "incidents": runtime.report.open_incidents,
        "requests": [{key: r[key] for key in BRIEF} for r in runtime.dispatch.controller.pending()],
        "stopped": runtime.dispatch.controller.state.stop,
        "degraded": reasons,
    }


def _seen(pipeline: Pipeline | None, *, ended: bool) -> dict[str, Any]:
    if pipeline is None:
        return {"tracks": [], "counts": {}, "aspect": None, "frames": 0, "ended": ended}
    return {
        "tracks": [
            [t.track_id, t.label, *(round(side, 4) for side in t.box.sides), round(t.score, 2), t.seen_now]
            for t in pipeline.tracks
        ],
        "counts": pipeline.counts,
        "aspect": round(pipeline.aspect, 4) if pipeline.frames else None,  # not known before the first
        "frames": pipeline.frames,
        "light": pipeline.light,
        "ended": ended,
    }
