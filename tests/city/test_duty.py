"""The desk at work on both databases, by a manual clock: rows, calls, and what the poles are told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from city import desk
from city import store as tables
from city.duty import Duty
from city.link import Broker, Link, LinkError
from city.orders import Orders
from city.reading import rfc3339
from city.settings import Settings, load
from city.store import Database
from city.view import View

from tests.city.conftest import ID, SOURCE, City, event
from tests.city.test_folding import OPENED
from tests.city.test_writer import message

NOW = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.wall = NOW

    def __call__(self) -> float:
        return self.wall


class Scene:
    """A writer and a desk on one database, and their clock."""

    def __init__(self, db: Database, folder: Path, command: str = "") -> None:
        (folder / "city.toml").write_text(f"[desk]\n{command}\n")
        self.db, self.clock = db, Clock()
        self.settings: Settings = load(folder)
        self.view = View(db)
        link = Link(Broker(port=1), "desk", [], session=False)
        self.duty = Duty(db, self.view, self.settings, Orders(link, "desk"), self.clock)
        self.keeper, self.writer = (city := City(db)).keeper, city.writer
        self.writer._wall = self.clock

    async def tick(self, after_s: float = 0.0, *, hears: bool = True) -> list[desk.Case]:
        """So much later, the writer beats and the desk looks: the rows that are not done."""
        self.clock.wall += after_s
        if hears:
            beat = {
                "at": rfc3339(self.clock.wall),
                "connected": True,
                "since": rfc3339(NOW - 9000),
                "why": "",
            }
            await tables.set_fact(self.db, "writer", json.dumps(beat))
        await self.duty.tick()
        return [case for case in self.view.cases.values() if not case.done_by]

    async def alarm(self, number: int, ago_s: float = 0.0, kind: str = "opened", **more: Any) -> None:
        at = rfc3339(self.clock.wall - ago_s)
        data = OPENED | {"incident_id": ID.format(more.pop("incident", number))} | more
        found = event(number, f"incident.{kind}", **data, severity="alarm", time=at)
        await self.writer.take([message(found)])

    async def state(self, pole: str, path: str, document: dict[str, Any]) -> None:
        row = pole, path, rfc3339(self.clock.wall), 0, json.dumps(document)
        await tables.save_states(self.db, [row])

    async def audit(self) -> list[str]:
        return [row["what"] for row in await self.db.fetch("SELECT what FROM audit ORDER BY at, id")]


@pytest.fixture
async def scene(db: Database, tmp_path: Path) -> Scene:
    return Scene(db, tmp_path)


async def test_an_alarm_is_a_row_and_repeats_join_it(scene: Scene) -> None:
    assert await scene.tick() == []
    await scene.alarm(1)
    await scene.alarm(2)
    (case,) = await scene.tick(1.0)
    assert (case.count, case.calls, case.facts["rule"], case.facts["notify"]) == (2, True, "staying", ["112"])
    await scene.alarm(3, kind="closed", incident=1, duration_s=1.0, end_reason="ended")
    (case,) = await scene.tick(1.0)
    assert (case.count, case.ended_at) == (2, None)
    await scene.alarm(4, kind="closed", incident=2, duration_s=1.0, end_reason="ended")
    (case,) = await scene.tick(1.0)
    assert (case.ended_at, case.calls) == (NOW + 3.0, True)


class Line:
    """Link: not connected at first; what is published is noted."""

    def __init__(self) -> None:
        self.connected, self.told = asyncio.Event(), asyncio.Event()

    async def publish(self, topic: str, _payload: bytes, _response: object, *, patient: bool) -> None:
        if patient:
            await self.connected.wait()
        if not self.connected.is_set():
            raise LinkError(topic)
        self.told.set()


async def test_a_person_waits_for_the_broker(scene: Scene) -> None:
    """It is back within seconds when it restarts. Calls to other people must not wait for it."""
    line = Line()
    orders = Orders(line, "desk")  # type: ignore[arg-type]
    assert await orders.send(SOURCE, "incident/feedback", {}) is None
    waiting = asyncio.create_task(orders.send(SOURCE, "drone/approval", {}, patient=True))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not line.told.is_set() and not waiting.done()
    line.connected.set()
    async with asyncio.timeout(5):
        await line.told.wait()
    waiting.cancel()


async def test_a_desk_that_starts_again_has_the_same_rows(scene: Scene, tmp_path: Path) -> None:
    """And wakes nobody for what is done."""
    await scene.alarm(1)
    (case,) = await scene.tick(1.0)
    await scene.duty.keep([desk.finished(case, "rini", scene.clock.wall)])
    await scene.alarm(2)
    (second,) = await scene.tick(1.0)
    again = Scene(scene.db, tmp_path)
    again.clock.wall = scene.clock.wall
    assert await again.tick(1.0) == [second]
    assert len(again.view.cases) == 2


async def test_an_alarm_of_an_old_backlog_wakes_nobody(scene: Scene) -> None:
    await scene.alarm(1, ago_s=7200.0)
    (case,) = await scene.tick(1.0)
    assert (case.late, case.calls) == (True, False)


async def test_nobody_looks_a_second_person_is_called(scene: Scene) -> None:
    await scene.alarm(1)
    assert [c.level for c in await scene.tick(59.0)] == [0]
    assert [c.level for c in await scene.tick(1.0)] == [1]
    assert [c.level for c in await scene.tick(120.0)] == [2]
    assert await scene.audit() == ["second", "command"]
    kept = await scene.db.fetch("SELECT document FROM cases")
    assert [json.loads(row["document"])["level"] for row in kept] == [2]


async def test_the_command_gets_the_case_and_no_shell(db: Database, tmp_path: Path) -> None:
    """Whatever a pole writes into its rule: it is text on an input, never a word of a command."""
    out = tmp_path / "out"
    program = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + sys.stdin.read())"
    command = json.dumps([sys.executable, "-c", program, str(out), "; touch x"])
    scene = Scene(
        db,
        tmp_path,
        f'escalate_s = [1, 2]\ncommand = {command}\n[[desk.contact]]\nlabel = "112"\nwho = "Budi"',
    )
    await scene.alarm(1, rule="$(touch /tmp/x); `id`")
    await scene.tick(5.0)
    async with asyncio.timeout(20):
        while not any("exit code" in what for what in await scene.audit()):
            await asyncio.sleep(0.02)
    said = out.read_text()
    assert said.startswith("; touch x")
    told = json.loads(said.removeprefix("; touch x"))
    assert told["case"]["facts"]["rule"] == "$(touch /tmp/x); `id`"
    assert told["contacts"] == {"112": "Budi"}
    assert sorted(await scene.audit()) == ["command", "command: exit code 0"]


async def test_a_command_that_is_not_there_is_told(db: Database, tmp_path: Path) -> None:
    scene = Scene(db, tmp_path, 'escalate_s = [1, 2]\ncommand = ["/nowhere/at/all"]')
    await scene.alarm(1)
    await scene.tick(5.0)
    async with asyncio.timeout(20):
        while len(await scene.audit()) < 2:
            await asyncio.sleep(0.02)
    assert "No such file" in " ".join(await scene.audit())


async def test_half_the_fleet_cut_is_one_row_and_comes_back(scene: Scene) -> None:
    poles = [f"/smartpole/test/P-{n}" for n in range(40)]
    for pole in poles:
        await scene.state(pole, "status", {"state": "online"})
        await scene.state(pole, "health", {})
    assert await scene.tick(10.0) == []
    scene.clock.wall += 170.0
    for pole in poles[:20]:
        await scene.state(pole, "health", {})
    (case,) = await scene.tick(5.0)
    assert (case.kind, case.count, case.severity) == (desk.OUTAGE, 20, "alarm")
    assert set(case.members) == set(poles[20:])
    assert [c.level for c in await scene.tick(60.0)] == [1]
    for pole in poles:
        await scene.state(pole, "health", {})
    assert await scene.tick(1.0) == []


async def test_who_said_that_it_stops_is_no_outage(scene: Scene) -> None:
    await scene.state("/smartpole/test/P-1", "status", {"state": "offline", "reason": "stopped"})
    assert await scene.tick(1.0) == []
    await scene.state("/smartpole/test/P-1", "status", {"state": "offline", "reason": "lost"})
    (case,) = await scene.tick(1.0)
    assert (case.severity, case.members) == ("warning", ("/smartpole/test/P-1",))


async def test_a_deaf_writer_is_seen_and_blames_no_pole(scene: Scene) -> None:
    """Within 60 s; and what was known stays."""
    await scene.state("/smartpole/test/P-1", "status", {"state": "online"})
    await scene.tick(1.0)
    assert scene.view.document(scene.clock.wall)["writer"]["hears"]
    assert await scene.tick(40.0, hears=False) == []
    shown = scene.view.document(scene.clock.wall)
    assert (shown["writer"]["hears"], shown["poles"][0]["presence"]) == (False, "online")
    assert await scene.tick(9000.0, hears=False) == []


async def test_a_request_is_a_row_until_it_is_decided(scene: Scene) -> None:
    request = {"request_id": ID.format(7), "state": "pending_approval", "rule": "staying",
               "expires_at": rfc3339(NOW + 600)}  # fmt: skip
    topic = f"{SOURCE[1:]}/drone/request"
    await scene.writer.take([message(request, topic)])
    (case,) = await scene.tick(1.0)
    assert (case.kind, case.facts["request_id"]) == ("request", ID.format(7))
    await scene.writer.take([message(request | {"state": "blocked"}, topic)])
    assert len(await scene.tick(1.0)) == 1
    await scene.writer.take([message(request | {"state": "denied"}, topic)])
    assert await scene.tick(1.0) == []
    await scene.writer.take([message(request | {"request_id": ID.format(8)}, topic)])
    assert len(await scene.tick(1.0)) == 1
    assert await scene.tick(700.0) == []  # its time is over, and its pole says nothing


async def test_verdicts_are_kept_until_a_pole_answers(scene: Scene) -> None:
    await scene.alarm(1)
    await scene.alarm(2)
    (case,) = await scene.tick(1.0)
    await scene.duty.judge(case, "true", "rini")
    await scene.duty.judge(case, "false", "rini")
    rows = await scene.db.fetch("SELECT incident_id, verdict, answered FROM verdicts ORDER BY incident_id")
    assert [(r["incident_id"], r["verdict"], r["answered"]) for r in rows] == [
        (ID.format(1), "false", 0), (ID.format(2), "false", 0),
    ]  # fmt: skip


async def test_a_desk_that_fails_goes_on_and_says_so(scene: Scene) -> None:
    """A row that cannot be read must not leave a queue on the screen that nobody renews."""
    await scene.tick(1.0)
    await scene.alarm(1)
    again = Duty(scene.db, view := View(scene.db), scene.settings, scene.duty._orders, scene.clock)
    await scene.db.many("INSERT INTO cases VALUES ('x', '2026-01-01', 0, '{}')", [()])
    running = asyncio.create_task(again.run())
    await asyncio.sleep(0.2)
    assert not running.done()
    assert not view.document(scene.clock.wall)["writer"]["hears"]
    await scene.db.many("DELETE FROM cases WHERE id = 'x'", [()])
    async with asyncio.timeout(20):
        while not view.document(scene.clock.wall)["writer"]["hears"]:
            await asyncio.sleep(0.02)
    assert len(view.document(scene.clock.wall)["cases"]) == 1
    assert not view.document(scene.clock.wall + 40)["writer"]["hears"]
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
