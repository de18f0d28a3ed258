"""Whole rooms: the loop that listens, with drones and records behind it; and requests to the page."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fuzzing.target import Lost, Ready, Target
from fuzzing.targets.commands import MARK, WALL, WORDS, keys, seeds
from fuzzing.targets.files import small

BASE = "smartpole/test/T-1"
REQUEST = "00000000-0000-7000-8000-000000000001"


def prepare_listen(folder: Path) -> Ready:
    """Commands one after the other at a pole with an open drone request; its store is a real database."""
    from pole_agent.loops.records import Records
    from pole_agent.vocabulary import RequestDrone, Severity

    numbers = itertools.count(1)
    store = _store(folder / "pole.db", lambda: f"00000000-0000-7000-8000-{next(numbers):012d}")

    _pole(store, Records)  # imports the rest

    def take(data: bytes) -> None:
        store.db.execute("SAVEPOINT fuzz")
        try:
            asyncio.run(_talk(store, data))
        finally:
            store.db.execute("ROLLBACK TO fuzz")
            store.db.execute("RELEASE fuzz")
            store.recorded.clear()

    async def _talk(store: Any, data: bytes) -> None:
        _, listen, dispatch = _pole(store, Records)
        trigger = RequestDrone(
            "watch", severity=Severity.ALARM, at=0.0, camera="c", place="road", incident_id="i"
        )
        dispatch.trigger(trigger)
        await dispatch.turn()
        for part in data.split(b"\xff\xfe")[:8]:
            topic, _, payload = part.partition(MARK.encode())
            payload = payload.replace(b"r1", next(iter(dispatch.controller.state.requests)).encode())
            refused = sum(e.kind == "command.refused" for e in store.recorded)
            reply = await listen.handle(topic.decode("latin-1"), payload)
            if reply is None and listen._refused.surplus(float("inf")) is None:
                raise Lost("a command was neither answered nor counted")
            if reply is not None:
                json.dumps(reply, allow_nan=False).encode()
                if not reply["ok"] and sum(e.kind == "command.refused" for e in store.recorded) == refused:
                    raise Lost("a refusal was not recorded")
            await dispatch.turn()
        await dispatch.close()
        for event in store.recorded:
            json.dumps(event.data, allow_nan=False).encode()

    several = b"\xff\xfe".join(seeds())
    return Ready(take=take, seeds=[*seeds(), several[:3000]], words=(*WORDS, *keys(), b"\xff\xfe", "r1"))


def _store(path: Path, new_id: Callable[[], str]) -> Any:
    """A store without its thread: what is asked is done at once, in the one transaction of the input."""
    from pole_agent.store.database import Database

    database = Database(path, 16, new_id)

    async def do(work: Callable[[Any], Any], *events: Any) -> Any:
        store.recorded.extend(events)
        return work(database)

    store = SimpleNamespace(
        db=database._db, read=do, write=do, recorded=[], committed=asyncio.Event(), changed=asyncio.Event(),
        store_id=database.store_id,
    )  # fmt: skip
    store.record = store.recorded.append
    return store


def _pole(store: Any, records_of: Any) -> Any:
    import zoneinfo

    from pole_agent.almanac import Place
    from pole_agent.clock import ManualClock
    from pole_agent.context import Context
    from pole_agent.drone import ed25519
    from pole_agent.drone.approval import Office
    from pole_agent.drone.areas import Area
    from pole_agent.drone.gates import DroneLimits
    from pole_agent.drone.rules import DroneRules
    from pole_agent.health.parts import Parts
    from pole_agent.health.trust import TimeKeeper
    from pole_agent.loops.dispatch import Dispatch
    from pole_agent.loops.listen import Listen
    from pole_agent.uplink.board import Board

    clock, numbers = ManualClock(wall=WALL), itertools.count(1)
    place = Place(-6.8586, 107.9164, zoneinfo.ZoneInfo("Asia/Jakarta"))
    fence = Area(((-6.90, 107.87), (-6.90, 107.96), (-6.82, 107.96), (-6.82, 107.87)))
    limits = DroneLimits(cooldown_s=900, ttl_s=600, geofence=fence)
    rules = DroneRules(True, place, Office(BASE, {}, ed25519.verify), limits, for_real=True)
    keeper = TimeKeeper(clock, "auto", "boot", lambda _after: True)
    context = Context(
        base=BASE,
        clock=clock,
        keeper=keeper,
        store=store,
        board=Board(),
        parts=Parts(store.record, clock.monotonic),
    )
    records = records_of(store, clock)

    async def no_rates() -> dict[str, Any]:
        return {}

    dispatch = Dispatch(context, rules, lambda: f"00000000-0000-7000-8000-{next(numbers):012d}", no_rates)
    handlers: dict[str, Any] = {
        "drone/approval": dispatch.decide,
        "drone/progress": dispatch.progress,
        "drone/conditions": dispatch.conditions,
        "drone/stop": dispatch.stop_flights,
        "outbox/resend": records.resend,
        "incident/feedback": records.feedback,
    }
    at_the_pole = handlers | {"pole/commissioned": records.commissioned}
    return context, Listen(context, handlers, at_the_pole, asyncio.Queue()), dispatch


def prepare_page(folder: Path) -> Ready:
    """Bodies of requests: an overlay to be checked, a command, a login, a step into service."""
    from pole_agent.errors import ConfigError, PoleAgentError
    from pole_agent.page.commissioning import KEY, STEP
    from pole_agent.page.rights import right_for
    from pole_agent.page.server import body_of
    from pole_agent.page.setup import Setup, told
    from pole_agent.settings.load import Loaded, parse, with_overlay

    text = small(folder)
    plain = Loaded(parse(text, "pole.toml", folder), text)
    desk = SimpleNamespace(try_on=lambda overlay: with_overlay(plain, folder / "pole.toml", overlay))
    setup = Setup(SimpleNamespace(workshop=desk))  # type: ignore[arg-type]

    async def _visit(data: bytes) -> None:
        async def read() -> bytes:
            return data

        sent = await body_of(SimpleNamespace(read=read))  # type: ignore[arg-type]
        _, problems = await setup._tried(sent.get("overlay"))
        json.dumps(await told(problems, "id"), ensure_ascii=False).encode()
        path, payload = sent.get("path"), sent.get("payload")
        if isinstance(path, str) and isinstance(payload, dict):
            right_for(path, payload)
            json.dumps(payload | {"by": "x"}).encode()
        step = sent.get("step")
        if isinstance(step, str) and STEP.fullmatch(step):
            step.encode()
        KEY.fullmatch(str(sent.get("name", "")))

    def take(data: bytes) -> None:
        try:
            asyncio.run(_visit(data))
        except (PoleAgentError, UnicodeEncodeError):  # the page answers 422 to both
            return
        except ConfigError as error:
            raise Lost(f"problems were raised, not told: {error}") from error

    overlay = {
        "zone": [{"name": "door", "camera": "street", "polygon": [[0, 0], [1, 0], [1, 1]]}],
        "rule": [{"name": "watch", "kind": "presence", "zone": "door", "classes": ["person"]}],
        "masks": {"street": [[[0, 0], [0.1, 0], [0.1, 0.1]]]},
    }
    bodies: list[dict[str, Any]] = [
        {"overlay": overlay},
        {"path": "lamp/set", "payload": {"level": 0.5}},
        {"path": "drone/approval", "payload": {"request_id": "r1", "decision": "approve"}},
        {"name": "dewi", "password": "long enough for it"},
        {"step": "lamp:sweep", "answers": {"seen": "yes"}},
    ]
    return Ready(
        take=take, seeds=[json.dumps(b).encode() for b in bodies], words=(*WORDS, *overlay, "street")
    )


TARGETS = (
    Target(
        name="listen",
        about="commands in a row, with the drone room and a store behind",
        prepare=prepare_listen,
        native="SQLite",
    ),
    Target(
        name="page", about="bodies of requests to the page", prepare=prepare_page, native="pydantic's core"
    ),
)
