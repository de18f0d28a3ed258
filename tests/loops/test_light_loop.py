"""The loop of the lamp alone: what it drives, tells and keeps; what a restart and a reload carry over, every
field of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from pole_agent.almanac import Night, night_of
from pole_agent.clock import ManualClock
from pole_agent.context import Context
from pole_agent.errors import CommandRefused, LampError
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.lamp.controller import Configuration
from pole_agent.lamp.decide import Override
from pole_agent.lamp.faults import Feedback
from pole_agent.lamp.lamp import Luminaire
from pole_agent.lamp.street_light import LampState, StreetLight
from pole_agent.loops.light import Light
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uuid7 import uuid7
from pole_agent.vocabulary import BoostLamp, RecordEvent
from tests.lamp.test_controller import EVENING, NOON, SUMEDANG, configuration, controller, steps
from tests.loops.dispatching import SwitchedStore

TOPIC = "base/lamp/state"
HOUR_S = 3600.0


class Wire:
    """A lamp or a relay: what it was set to, in order."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.broken = False

    def set(self, value: Any) -> None:
        if self.broken:
            raise LampError("broken")
        self.seen.append(value)

    def close(self) -> None: ...


class Stand:
    """A Light with a real store on a manual clock."""

    def __init__(
        self,
        folder: Path,
        wall: float = EVENING,
        *,
        trust: Literal["auto", "system"] = "system",
        boot: str = "boot",
        now: float = 1000.0,
        before: Stand | None = None,
        lamp: Wire | None = None,
        made: Configuration | None = None,
        luminaire: Luminaire | None = None,
    ) -> None:
        self.clock: ManualClock = ManualClock(wall=wall, monotonic=now) if before is None else before.clock
        self.keeper: TimeKeeper = (
            TimeKeeper(self.clock, trust, boot, lambda _: False) if before is None else before.keeper
        )
        self.broken: set[str] = set()  # "read", "write": the disk fails
        new_store = SwitchedStore(
            self.broken, folder, 64, self.keeper.stamp, lambda: uuid7(self.clock.wall(), os.urandom), 0.05
        )
        self.store: Store = new_store if before is None else before.store
        self.told: list[RecordEvent] = []
        self.parts, self.board = Parts(self.told.append, self.clock.monotonic), Board()
        self.lamp, self.relay = lamp or Wire(), Wire()
        self.feedback: Feedback | None = None
        self.lux: float | None = None
        self.beats = 0
        self.luminaire: Luminaire = luminaire or (
            before.luminaire
            if before is not None
            else Luminaire(self.lamp, self.relay, lambda: self.lux, lambda: self.feedback)
        )
        context = Context(
            base="base",
            clock=self.clock,
            keeper=self.keeper,
            store=self.store,
            board=self.board,
            parts=self.parts,
        )
        state = LampState.begin(now) if before is None else before.light.hand_over(self.luminaire)
        street_light = StreetLight(
            made or configuration(), state, button_off_s=120.0, cell_aside=self.keeper.cell_aside
        )
        old = None if before is None else before.light
        self.light: Light = Light(context, self.luminaire, street_light, beat=self.beat, before=old)
        self.controller = self.light.controller

    def beat(self) -> None:
        self.beats += 1

    def step(self, seconds: float = 0.0) -> bool:
        self.clock.move_to(self.clock.monotonic() + seconds)
        return self.light.step(self.clock.monotonic())

    def run(self, seconds: float, every_s: float = 1.0) -> None:
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.step(every_s)

    async def kept(self) -> None:
        """Everything is on the disk, also what is only written along with something else."""
        await asyncio.sleep(0)
        while self.light._background:
            await self.store.flush()
            await asyncio.sleep(0)
        await self.store.flush()

    async def disk(self, key: str) -> Any:
        await self.kept()
        text = await self.store.read(lambda db: db.get(key))
        return None if text is None else json.loads(text)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        await self.kept()
        stored = await self.store.read(lambda db: db.list_events(1000))
        return [json.loads(s.data) for s in stored if s.kind == kind]

    @property
    def night(self) -> Night | None:
        """The one that is counted."""
        return self.light.lamp.state.nights.night

    @property
    def pause_s(self) -> float:
        """How long the loop waits now."""
        return self.light.lamp.pause_s(self.clock.monotonic())

    @property
    def notice(self) -> dict[str, Any]:
        """The newest notice of the lamp on the board."""
        message, _ = self.board._notices[TOPIC]
        assert message.retain
        assert message.topic == TOPIC
        found: dict[str, Any] = json.loads(message.payload)
        return found


@contextlib.asynccontextmanager
async def stand(
    folder: Path, wall: float = EVENING, *, restored: bool = True, **more: Any
) -> AsyncIterator[Stand]:
    made = Stand(folder, wall, **more)
    made.store.start()
    try:
        if restored:
            await made.light.restore()
        yield made
        await made.kept()
    finally:
        await made.store.stop(5.0)


async def plant(folder: Path, **kept: Any) -> None:
    """Write what a process of before has left; underscores are dots."""
    async with stand(folder, restored=False) as s:
        for key, value in kept.items():
            name, text = (
                {"default_s": "lamp.default_duration_s", "ledger": "lamp.ledger"}.get(key, key),
                json.dumps(value),
            )
            await s.store.write(lambda db, name=name, text=text: db.set(name, text))  # type: ignore[misc]


# --- overrides on the disk


async def test_an_override_that_ended_is_gone_from_the_disk(tmp_path: Path) -> None:
    """It ends by time, by a resume, by the button: a restart brings none of them back."""
    async with stand(tmp_path) as s:
        await s.light.command({"level": 0.7, "duration_s": 60}, "officer")
        assert (await s.disk("override"))["level"] == 0.7
        s.step(59.0)
        assert await s.disk("override") is not None
        s.step(1.0)
        assert s.controller.override is None
        assert await s.disk("override") is None
        await s.light.command({"level": 0.7}, "officer")
        await s.light.command({"resume": True}, "officer")
        assert await s.disk("override") is None
        s.light.press()
        assert (await s.disk("override"))["by"] == "button"
        s.light.press()
        assert await s.disk("override") is None
        resumed = [e["by"] for e in await s.events("lamp.resumed")]
        assert resumed == ["officer", "button"]


async def test_what_is_kept_and_told_of_an_override(tmp_path: Path) -> None:
    """Every field on the disk, and in the event of it."""
    async with stand(tmp_path) as s:
        command = {"level": 0.7, "duration_s": 60, "mode": "fixed", "transition": 5, "reason": "film"}
        assert await s.light.command(command, "officer", local=True) == {}
        assert await s.disk("override") == {
            "level": 0.7,
            "until": 1060.0,
            "fixed": True,
            "transition_s": 5.0,
            "by": "officer",
            "reason": "film",
            "local": True,
            "boot_id": "boot",
            "wall_until": EVENING + 60,
        }
        await s.light.command({"level": 0.6}, "other")
        assert await s.events("lamp.overridden") == [
            {
                "level": 0.7,
                "duration_s": 60.0,
                "mode": "fixed",
                "by": "officer",
                "reason": "film",
                "local": True,
            },
            {
                "level": 0.6,
                "duration_s": 3600.0,
                "mode": "adaptive",
                "by": "other",
                "reason": "",
                "local": False,
            },
        ]


KEPT = {
    "level": 0.7,
    "until": 1600.0,
    "fixed": True,
    "transition_s": 5.0,
    "by": "officer",
    "reason": "film",
    "local": True,
    "boot_id": "boot",
    "wall_until": EVENING + 300,
}
BACK = Override(0.7, 1600.0, True, None, "officer", "film", True)


@pytest.mark.parametrize(
    ("changes", "trust", "expected"),
    [
        ({}, "system", BACK),
        ({}, "auto", BACK),
        ({"until": 1000.0}, "system", None),
        ({"until": 999.0}, "system", None),
        ({"until": 1000.5}, "system", Override(0.7, 1001.0, True, None, "officer", "film", True)),
        ({"until": 1000.0 + 43_200}, "system", Override(0.7, 44_200.0, True, None, "officer", "film", True)),
        ({"until": 1000.0 + 43_201}, "system", None),
        ({"boot_id": "before"}, "system", Override(0.7, 1300.0, True, None, "officer", "film", True)),
        ({"boot_id": "before"}, "auto", None),
        ({"boot_id": "before", "wall_until": EVENING}, "system", None),
        (
            {"fixed": False, "local": False},
            "system",
            Override(0.7, 1600.0, False, None, "officer", "film", False),
        ),
        (
            {"fixed": "yes", "local": 1},
            "system",
            Override(0.7, 1600.0, False, None, "officer", "film", False),
        ),
        ({"by": "x" * 200}, "system", Override(0.7, 1600.0, True, None, "x" * 100, "film", True)),
        ({"level": 1.01}, "system", None),
        ({"level": 0.0}, "system", Override(0.0, 1600.0, True, None, "officer", "film", True)),
    ],
)
async def test_each_field_of_an_override_over_a_restart(
    tmp_path: Path, changes: Any, trust: Any, expected: Override | None
) -> None:
    """For the time that is left, on the clock that is known; what a wrong clock or a mistake leaves unknown
    is the program.
    """
    await plant(tmp_path, override=KEPT | changes)
    async with stand(tmp_path, trust=trust) as s:
        assert s.controller.override == expected


@pytest.mark.parametrize("missing", ["boot_id", "until", "fixed", "by", "reason", "local"])
async def test_a_field_that_another_version_did_not_write(tmp_path: Path, missing: str) -> None:
    """Has its default, and the wall clock where the boot or the end on it is not known."""
    kept = {key: value for key, value in KEPT.items() if key != missing}
    usual: dict[str, Any] = {"fixed": False, "by": "", "reason": "", "local": False}
    await plant(tmp_path, override=kept)
    async with stand(tmp_path) as s:
        override = s.controller.override
        assert override is not None
        assert override.until == (1300.0 if missing in ("boot_id", "until") else 1600.0)
        for name in usual:
            assert getattr(override, name) == (usual[name] if name == missing else getattr(BACK, name))


async def test_what_was_commanded_meanwhile_is_newer(tmp_path: Path) -> None:
    """What was commanded meanwhile is newer than the disk. A command and a resume before the disk answers."""
    await plant(tmp_path, override=KEPT, default_s=90)
    async with stand(tmp_path, restored=False) as s:
        await s.light.command({"resume": True}, "officer")
        await s.light.restore()
        assert s.controller.override is None
        assert s.light.lamp.state.default_s == 90.0


@pytest.mark.parametrize(
    ("kept", "usual_s"),
    [(90, 90.0), (1, 1.0), (43_200, 43_200.0), (0, 3600.0), (43_201, 3600.0), ("x", 3600.0)],
)
async def test_the_usual_duration_over_a_restart(tmp_path: Path, kept: Any, usual_s: float) -> None:
    """As it was set, within what a command may ask for; else an hour."""
    await plant(tmp_path, default_s=kept)
    async with stand(tmp_path) as s:
        await s.light.command({"level": 0.5}, "x")
        assert s.controller.override is not None
        assert s.controller.override.until == 1000.0 + usual_s


async def test_a_usual_duration_that_is_set_is_kept(tmp_path: Path) -> None:
    """And told at once."""
    async with stand(tmp_path) as s:
        await s.light.command({"default_duration_s": 90}, "x")
        assert await s.disk("lamp.default_duration_s") == 90.0
        assert s.notice["default_duration_s"] == 90.0


# --- the ledger on the disk


@pytest.mark.parametrize(
    ("kept", "boots"),
    [(None, 1), ({"boot_id": "boot", "boots": 4}, 4), ({"boot_id": "other", "boots": 4}, 5), ({}, 1)],
)
async def test_a_boot_is_counted_once(tmp_path: Path, kept: Any, boots: int) -> None:
    """Where nothing is kept it is the first; in the boot in which it was kept it is none; in another it is
    one more.
    """
    if kept is not None:
        await plant(tmp_path, ledger=kept)
    async with stand(tmp_path) as s:
        assert s.light.account()["boots"] == boots
        assert s.light.account()["switch_ons"] == boots - kept.get("boots", 0) if kept else 1


async def test_every_row_of_the_ledger_over_a_restart(tmp_path: Path) -> None:
    """Totals, the night that runs and when it began, finished nights that nobody was told of yet."""
    async with stand(tmp_path) as s:
        s.step()
        s.light.boosts.add(BoostLamp("a", 1.0, 1e9))
        s.run(HOUR_S, 60.0)
        s.light.boosts.add(BoostLamp("a", 1.0, 0.0))
        s.run(HOUR_S, 60.0)
        await s.light.keep()
        account = s.light.account()
        kept = await s.disk("lamp.ledger")
        night_start = night_of(EVENING, SUMEDANG).start
        assert {k: kept[k] for k in ("burn_s", "energy_wh", "switch_ons", "boots", "night")} == {
            k: account[k] for k in ("burn_s", "energy_wh", "switch_ons", "boots", "night")
        }
        assert (kept["boot_id"], kept["night_start"], kept["finished"]) == ("boot", night_start, [])
    async with stand(tmp_path, EVENING + 7300, now=8300.0) as s:
        after = s.light.account()
        assert {k: after[k] for k in ("burn_s", "energy_wh", "switch_ons", "boots", "night")} == {
            k: account[k] for k in ("burn_s", "energy_wh", "switch_ons", "boots", "night")
        }
        assert s.night is not None
        assert s.night.start == night_start


async def test_before_disk_was_read_nothing_is_written(tmp_path: Path) -> None:
    """Before the disk was read nothing is written over it.

    Neither the ledger nor the hours that a person sets.
    """
    await plant(tmp_path, ledger={"burn_s": 5000.0, "boot_id": "boot"})
    async with stand(tmp_path, restored=False) as s:
        s.run(3 * HOUR_S, 60.0)
        await s.light.keep()
        with pytest.raises(CommandRefused, match="not been read"):
            await s.light.command({"burn_h": 5}, "x", local=True)
        assert await s.disk("lamp.ledger") == {"burn_s": 5000.0, "boot_id": "boot"}
        await s.light.restore()
        await s.light.command({"burn_h": 5}, "x", local=True)
        assert (await s.disk("lamp.ledger"))["burn_s"] == 5 * HOUR_S


async def test_the_ledger_is_written_four_times_an_hour(tmp_path: Path) -> None:
    """While it grows; a lamp that is off costs the card nothing."""
    async with stand(tmp_path) as s:
        s.step()
        written = []
        for _ in range(60):
            s.run(60.0, 20.0)
            written.append((await s.disk("lamp.ledger") or {}).get("burn_s"))
        assert len(set(written) - {None}) in (4, 5)
        assert written[13] is None or written[13] == written[0]
    async with stand(tmp_path / "day", NOON + 600) as s:
        s.run(1000.0, 100.0)
        first = await s.disk("lamp.ledger")
        s.run(3 * HOUR_S, 100.0)
        assert await s.disk("lamp.ledger") == first


# --- nights


async def test_a_night_is_summed_up_at_noon_and_once(tmp_path: Path) -> None:
    """With its date, its beginning and its end; a step back over noon sums up nothing; the next noon does
    again.
    """
    async with stand(tmp_path, EVENING) as s:
        night = night_of(EVENING, SUMEDANG)
        s.step()
        s.step(night.end - EVENING - 5)
        assert await s.events("lamp.summarized") == []
        s.step(5.0)
        (told,) = await s.events("lamp.summarized")
        assert told["night"] == "2026-11-24"
        assert (told["from"][:16], told["to"][:16]) == ("2026-11-24T04:34", "2026-11-25T04:35")
        s.clock.set_wall(night.end - 600)
        assert s.keeper.accept() == ""
        s.run(900.0, 60.0)
        assert len(await s.events("lamp.summarized")) == 1
        s.run(24 * HOUR_S, 300.0)
        assert [e["night"] for e in await s.events("lamp.summarized")] == ["2026-11-24", "2026-11-25"]


async def test_clock_that_was_days_ahead_does_not_stop(tmp_path: Path) -> None:
    """A clock that was days ahead does not stop the nights.

    Set back by more than a day and a half, the night of the new time runs; by less, the one that was summed
    up stays.
    """
    for back_s, begins in ((10 * 86_400.0, True), (86_400.0, False)):
        async with stand(tmp_path / str(back_s), EVENING) as s:
            s.step()
            before = s.night
            s.clock.set_wall(EVENING - back_s)
            s.keeper.accept()
            s.step(1.0)
            assert before is not None
            assert s.night is not None
            assert (s.night.start < before.start) is begins
            assert await s.events("lamp.summarized") == []


async def test_without_clock_day_is_night_without_date(tmp_path: Path) -> None:
    """Without a clock a day is a night without a date. After 24 hours, not before."""
    async with stand(tmp_path, trust="auto") as s:
        s.run(24 * HOUR_S - 120, 60.0)
        assert await s.events("lamp.summarized") == []
        s.run(180.0, 60.0)
        (told,) = await s.events("lamp.summarized")
        assert (told["night"], told["from"], told["to"]) == (None, None, None)
        assert told["observed_h"] == pytest.approx(24, abs=0.05)


# --- what is driven


async def test_only_what_is_new_is_driven(tmp_path: Path) -> None:
    """One write at the start and one a change, also of the relay; a pin that does not obey ends the loop."""
    async with stand(tmp_path) as s:
        for _ in range(5):
            s.step(1.0)
        assert (s.lamp.seen, s.relay.seen) == ([0.8], [True])
        await s.kept()
        s.step(1.0)
        assert not s.light._background, "and the disk is left alone"
        await s.light.command({"level": 0.3, "transition": 0}, "x")
        s.step(1.0)
        assert (s.lamp.seen, s.relay.seen) == ([0.8, 0.3], [True])
        s.lamp.broken = True
        s.step(1.0)
        assert await s.light.command({"level": 0.5, "transition": 0}, "x") == {}, (
            "the command is kept; the loop is what fails"
        )
        with pytest.raises(LampError):
            s.step(1.0)


async def test_a_step_says_whether_a_fade_goes_on(tmp_path: Path) -> None:
    """Then the next one comes in a moment; else within a second, and at the end of what holds now."""
    async with stand(tmp_path) as s:
        assert s.step() is False
        assert s.pause_s == 1.0
        await s.light.command({"level": 0.5, "duration_s": 10}, "x")
        assert s.step(0.1) is True
        assert s.step(5.0) is False
        assert s.pause_s == 1.0
        s.step(4.4)
        assert s.pause_s == pytest.approx(0.5)
        s.clock.move_to(1010.0)
        assert s.pause_s == 0.001


async def test_loop_beats_and_hears_button_and_boosts(tmp_path: Path) -> None:
    """The loop beats and hears the button and boosts.

    It beats at every look; a press, a boost and a command wake it at once.
    """
    pressed: list[Any] = []
    async with stand(tmp_path) as s:
        s.luminaire.on_press = pressed.append
        task = asyncio.create_task(s.light.run())
        await s.clock.advance(10.0)
        assert 10 <= s.beats <= 13
        assert s.parts.report()["lamp"]["state"] == "ok"
        s.light.boosts.add(BoostLamp("a", 1.0, 1e9))
        await s.clock.advance(0.0)
        assert s.lamp.seen[-1] > 0.8
        await s.clock.advance(5.0)
        await asyncio.to_thread(pressed[0])
        for _ in range(200):
            await asyncio.sleep(0.001)
            await s.clock.advance(0.02)
        assert s.controller.override is not None
        assert (s.controller.override.by, s.controller.override.level) == ("button", 0.0)
        assert s.lamp.seen[-1] == 0.0
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_button_takes_turns(tmp_path: Path) -> None:
    """Off for its time, fixed and local; pressed again, back; over another's override it is off too."""
    async with stand(tmp_path) as s:
        s.light.press()
        assert s.controller.override == Override(
            0.0, 1120.0, True, None, "button", "button in the pole", True
        )
        s.light.press()
        assert s.controller.override is None
        await s.light.command({"level": 0.7}, "officer")
        s.light.press()
        assert s.controller.override is not None
        assert s.controller.override.by == "button"


# --- what is told


async def test_the_state_of_the_lamp_field_by_field(tmp_path: Path) -> None:
    """By program, by override, without a clock, before the first look."""
    async with stand(tmp_path) as s:
        assert (s.light.state()["state"], s.light.state()["level"], s.light.state()["reason"]) == (
            "ON",
            1.0,
            "failsafe",
        )
        assert s.light.remaining_s() is None
        s.step()
        assert s.notice == {
            "state": "ON",
            "brightness": 204,
            "level": 0.8,
            "reason": "program",
            "until": None,
            "program": "default",
            "override": None,
            "default_duration_s": 3600.0,
            "faults": [],
        }
        await s.light.command(
            {"level": 0.33333, "duration_s": 600, "mode": "fixed", "reason": "film"}, "officer"
        )
        assert s.notice == {
            "state": "ON",
            "brightness": 85,
            "level": 0.3333,
            "reason": "override",
            "until": "2026-11-24T13:10:00.000Z",
            "program": "default",
            "default_duration_s": 3600.0,
            "faults": [],
            "override": {
                "level": 0.33333,
                "mode": "fixed",
                "by": "officer",
                "reason": "film",
                "until": "2026-11-24T13:10:00.000Z",
            },
        }
        s.clock.move_to(1500.04)
        assert s.light.remaining_s() == 100.0
        s.clock.move_to(1500.16)
        assert s.light.remaining_s() == 99.8
        s.clock.move_to(9000.0)
        assert s.light.remaining_s() == 0.0
        await s.light.command({"level": 0.0, "transition": 0}, "x", local=True)
        assert (s.notice["state"], s.notice["brightness"], s.notice["override"]["mode"]) == (
            "OFF",
            0,
            "adaptive",
        )
        s.light.boosts.add(BoostLamp("a", 0.9, 9500.0))
        s.step(1.0)
        assert (s.notice["reason"], s.notice["until"], s.notice["override"]["by"]) == ("presence", None, "x")
    async with stand(tmp_path / "auto", trust="auto") as s:
        await s.light.command({"level": 0.5}, "x")
        assert (
            s.notice["reason"],
            s.notice["until"],
            s.notice["override"]["until"],
            s.notice["program"],
        ) == ("override", None, None, None)
        assert s.light.remaining_s() == 3600.0


async def test_a_change_is_told_once_and_counted(tmp_path: Path) -> None:
    """Level and reason are changes of the lamp; the first light is none; nothing new is not told."""
    async with stand(tmp_path) as s:
        s.step()
        s.board.take()
        s.step(1.0)
        assert s.board.take() is None
        assert s.light.changes == 0
        await s.light.command({"default_duration_s": 60}, "x")
        assert s.board.take() is not None
        assert s.light.changes == 0
        await s.light.command({"level": 0.8}, "x")
        assert s.light.changes == 1, "another reason for the same level"
        s.step(60.0)
        assert s.light.changes == 2


async def test_a_fault_is_told_with_its_gravity(tmp_path: Path) -> None:
    """A warning when it opens, an information when it closes, each with what was seen; and in state and
    health.
    """
    async with stand(tmp_path) as s:
        s.feedback = Feedback(False)
        s.run(30.0)
        assert await s.events("lamp.fault_opened") == [{"fault": "lamp_failure", "duty": 0.8, "lit": False}]
        assert s.notice["faults"] == ["lamp_failure"]
        assert s.parts._details["lamp"]["faults"]["lamp_failure"] is True
        assert s.light.account()["faults"]["lamp_failure"] is True
        s.feedback = Feedback(True)
        s.run(70.0)
        (closed,) = await s.events("lamp.fault_closed")
        assert (closed["fault"], closed["lit"]) == ("lamp_failure", True)
        stored = await s.store.read(lambda db: db.list_events(10))
        assert [(e.kind, e.severity.word) for e in stored if "fault" in e.kind] == [
            ("lamp.fault_opened", "warning"),
            ("lamp.fault_closed", "info"),
        ]


async def test_why_the_lamp_is_as_it_is_is_logged(tmp_path: Path) -> None:
    """At the first look of a process, at each change, and its end; without a clock the reason for that as
    well.
    """
    async with stand(tmp_path) as s:
        s.step()
        s.step(5.0)
        await s.light.command({"level": 0.5}, "x")
        await s.light.end()
        with sqlite3.connect(tmp_path / "pole.db") as disk:
            rows = [json.loads(row) for (row,) in disk.execute("SELECT data FROM lamp_log ORDER BY number")]
        assert [(r.get("began"), r.get("reason"), r.get("clock")) for r in rows] == [
            (True, "program", None),
            (False, "override", None),
            (None, None, None),
        ]
        assert rows[-1] == {"ended": True}
    async with stand(tmp_path / "auto", trust="auto") as s:
        s.step()
        await s.kept()
        with sqlite3.connect(tmp_path / "auto" / "pole.db") as disk:
            (row,) = disk.execute("SELECT data FROM lamp_log").fetchone()
        assert json.loads(row)["clock"] == s.keeper.reason != ""


# --- a disk that hangs


async def test_a_command_waits_for_a_hanging_disk_once(tmp_path: Path) -> None:
    """Half a second, and the next ones not at all; the light changes at once in any case."""
    async with stand(tmp_path) as s:
        s.step()
        await s.kept()
        loop = asyncio.get_running_loop()
        disk = sqlite3.connect(tmp_path / "pole.db", isolation_level=None)
        disk.execute("BEGIN IMMEDIATE")
        begun = loop.time()
        await s.light.command({"level": 0.3, "transition": 0}, "x")
        assert 0.4 <= loop.time() - begun < 0.95
        begun = loop.time()
        for level in (0.4, 0.5, 0.6):
            await s.light.command({"level": level, "transition": 0}, "x")
            assert s.lamp.seen[-1] == level
        assert loop.time() - begun < 0.4
        disk.execute("ROLLBACK")
        disk.close()
        assert (await s.disk("override"))["level"] == 0.6
        assert not s.light._slow, "the disk is waited for again"
        await s.light.command({"level": 0.7}, "x")
        with contextlib.closing(sqlite3.connect(tmp_path / "pole.db")) as look:
            (kept,) = look.execute("SELECT value FROM meta WHERE key = 'override'").fetchone()
        assert json.loads(kept)["level"] == 0.7, "what was answered is on the disk"


# --- a reload; every field of it is in tests/lamp/test_lamp_state.py


async def test_what_a_reload_carries_over(tmp_path: Path) -> None:
    """The override, the usual duration, what is restored, the night and its times, the photocell's memory,
    the counts, the pin.
    """
    async with stand(tmp_path) as old:
        old.step()
        await old.light.command({"default_duration_s": 90}, "x")
        await old.light.command({"level": 0.5, "transition": 0}, "x")
        old.run(50.0)
        driven = len(old.lamp.seen)
        names = (
            "default_s",
            "restored",
            "commanded",
            "nights",
            "rose_at",
            "level",
            "daylight",
            "changes",
            "driven",
        )
        kept = {name: copy.copy(getattr(old.light.lamp.state, name)) for name in names}
        override = old.controller.override
        new = Stand(tmp_path / "unused", before=old)
        state = new.light.lamp.state
        for name in names:
            assert getattr(state, name) == kept[name], name
        assert new.controller.override is override is not None
        assert state.logged is True, "it is the same process"
        new.light.step(new.clock.monotonic())
        assert len(old.lamp.seen) == driven, "the pin is as it was"
        await new.kept()
        other = configuration(place=type(SUMEDANG)(0.0, 0.0, SUMEDANG.zone))
        seen = state.daylight
        moved = Stand(tmp_path / "moved", before=new, made=other)
        assert moved.light.lamp.state.daylight is not seen, "another place, another sun"
        anew = Stand(tmp_path / "anew", before=moved, luminaire=Luminaire(Wire()))
        assert anew.light.lamp.state.driven is None, "another pin is driven anew"


def test_controller_over_a_reload() -> None:
    """Override, fade, sweep, relay, controls, photocell, faults, ledger; the rated power is that of the new
    settings.
    """
    old = controller(photocell=True, relay_s=60.0)
    old.step(EVENING, 0.0)
    old.override = Override(0.3, 1000.0)
    old.step(EVENING + 1, 1.0)
    old.step(EVENING + 2, 2.0, lux=500.0, feedback=Feedback(True))
    kept, burned = copy.deepcopy(old.state), old.ledger.state.burn_s
    new = controller(
        {"default": steps(("sunset", 0.4))},
        photocell=True,
        relay_s=60.0,
        rated_w=99.0,
        state=old.hand_over(12.0),
    )
    assert new.ledger.state is old.ledger.state
    assert (new.ledger._rated_w, new.ledger.state.burn_s) == (99.0, burned + 10.0)
    for name in ("override", "decision", "fade", "relay", "controls", "photocell", "faults"):
        assert getattr(new.state, name) == getattr(kept, name), name
