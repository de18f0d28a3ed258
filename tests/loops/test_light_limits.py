"""The loop of the lamp where something fails or is only just so: a disk that is broken, a photocell against
the clock, nights, the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import math
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.almanac import night_of
from pole_agent.clock import settle
from pole_agent.errors import OutboxError
from pole_agent.lamp.daylight import LIGHT
from pole_agent.lamp.decide import Override
from pole_agent.lamp.faults import Feedback
from pole_agent.vocabulary import BoostLamp, RecordEvent, Severity
from tests.lamp.test_controller import EVENING, NOON, SUMEDANG, configuration, steps
from tests.loops.test_light_loop import KEPT, Stand, plant, stand

HOUR_S, DAY_S = 3600.0, 86_400.0
NIGHT = night_of(EVENING, SUMEDANG)


# --- a disk that fails


async def test_what_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    """Who asked for it hears of the failure; the night is told once the disk works, and once only."""
    async with stand(tmp_path) as s:
        s.step()
        s.run(600.0, 60.0)
        s.controller.ledger.turn("2026-11-24", "from", "to", s.clock.monotonic())
        s.broken.add("write")
        for _ in range(2):
            with pytest.raises(OutboxError, match="the disk is broken"):
                await s.light.keep()
            assert s.controller.ledger.state.changed
            assert [night["night"] for night in s.controller.ledger.state.finished] == ["2026-11-24"]
        s.broken.clear()
        await s.light.keep()
        assert not s.controller.ledger.state.changed
        assert s.controller.ledger.state.finished == []
        kept = await s.disk("lamp.ledger")
        assert kept["finished"] == [], "with its event: a restart tells it no more"
        assert set(kept) == {
            "burn_s",
            "energy_wh",
            "switch_ons",
            "boots",
            "night",
            "finished",
            "boot_id",
            "night_start",
        }
        await s.light.keep()
        assert [night["night"] for night in await s.events("lamp.summarized")] == ["2026-11-24"]
        assert (await s.disk("lamp.ledger"))["finished"] == []


async def test_a_night_that_ends_while_one_is_written(tmp_path: Path) -> None:
    """It is told with the next one; two who write at once tell nothing twice."""
    async with stand(tmp_path) as s:
        s.step()
        ledger = s.controller.ledger
        ledger.state.finished = [{"night": "first"}]
        both = asyncio.gather(s.light.keep(), s.light.keep())
        await asyncio.sleep(0)
        ledger.state.finished.append({"night": "second"})
        await both
        await s.light.keep()
        assert [night["night"] for night in await s.events("lamp.summarized")] == ["first", "second"]
        assert ledger.state.finished == []


@pytest.mark.parametrize("slow", [False, True])
async def test_a_night_is_told_once_over_a_reload(tmp_path: Path, slow: bool) -> None:
    """The disk hangs while the agent shuts down for a reload: what was begun is ended, before or after the
    next agent writes, and tells the night once.
    """
    async with stand(tmp_path) as s:
        s.step()
        await s.kept()
        s.controller.ledger.state.finished = [{"night": "first"}]
        disk = sqlite3.connect(tmp_path / "pole.db", isolation_level=None)
        disk.execute("BEGIN IMMEDIATE")
        leaving = asyncio.ensure_future(s.light.keep())
        await asyncio.sleep(0.05)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        new = Stand(tmp_path / "unused", before=s)
        writing = asyncio.ensure_future(new.light.keep()) if slow else None
        await asyncio.sleep(0.05)
        disk.execute("ROLLBACK")
        disk.close()
        await s.kept()
        await (writing or new.light.keep())
        await new.light.keep()
        assert [night["night"] for night in await new.events("lamp.summarized")] == ["first"]
        assert new.controller.ledger.state.finished == []


async def test_a_sum_that_is_no_number_is_not_kept(tmp_path: Path) -> None:
    """What no restart could read does not replace what one can."""
    async with stand(tmp_path) as s:
        await s.light.keep()
        before = await s.disk("lamp.ledger")
        s.controller.ledger.state.energy_wh = math.nan
        with pytest.raises(ValueError, match="JSON"):
            await s.light.keep()
        assert await s.disk("lamp.ledger") == before


async def test_before_the_disk_was_read_no_night_turns(tmp_path: Path) -> None:
    """What is on the disk may belong to it: it is summed up once both are known."""
    async with stand(tmp_path, restored=False) as s:
        for _ in range(3):
            s.step(DAY_S)
        assert s.night is None
        assert s.controller.ledger.state.finished == []
        await s.light.restore()
        s.step(1.0)
        assert s.night is not None
        s.step(DAY_S)
        (told,) = await s.events("lamp.summarized")
        assert told["observed_h"] == pytest.approx(3 * 24, abs=0.01)


async def test_restore_tries_again_until_the_disk_answers(tmp_path: Path) -> None:
    """Every minute and a half; until then nothing of before is known, and nothing is lost."""
    await plant(tmp_path, override=KEPT, default_s=90, ledger={"boots": 4, "boot_id": "boot"})
    async with stand(tmp_path, restored=False) as s:
        s.broken.add("read")
        task = asyncio.ensure_future(s.light.restore())
        await s.clock.advance(89.0)
        s.broken.clear()
        await s.clock.advance(0.9)
        assert s.controller.override is None
        await s.clock.advance(0.2)
        await asyncio.wait_for(task, 5.0)
        assert s.controller.override is not None
        assert (s.light.lamp.state.default_s, s.light.account()["boots"]) == (90.0, 4)


@pytest.mark.parametrize("damaged", ["override", "lamp.default_duration_s", "lamp.ledger"])
@pytest.mark.parametrize("text", ["{", '{"burn_s": -1}', "[1]", "null", '"x"', "1e999", "{" * 5000])
async def test_one_damaged_row_spoils_no_other(
    tmp_path: Path, damaged: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is ignored and told; the others are taken up."""
    good = {"override": KEPT, "lamp.default_duration_s": 90, "lamp.ledger": {"boots": 4, "boot_id": "boot"}}
    async with stand(tmp_path, restored=False) as s:
        for key, value in good.items():
            kept = text if key == damaged else json.dumps(value)
            await s.store.write(lambda db, key=key, kept=kept: db.set(key, kept))  # type: ignore[misc]
        await s.light.restore()
        assert (s.controller.override is not None) is (damaged != "override")
        assert s.light.lamp.state.default_s == (3600.0 if damaged == "lamp.default_duration_s" else 90.0)
        assert s.light.account()["boots"] == (0 if damaged == "lamp.ledger" else 4)
        assert [r.message.split(" ")[0] for r in caplog.records if "cannot be read" in r.message] == [damaged]
        await s.light.keep()
        assert (await s.disk("lamp.ledger"))["burn_s"] == 0.0, "and from now on it is written"


async def test_what_was_stored_speaks_against_the_clock(tmp_path: Path) -> None:
    """Before it is asked how long an override of another boot lasts: by a clock that is behind what is stored
    nobody knows.
    """
    await plant(tmp_path, override=KEPT | {"boot_id": "before", "wall_until": EVENING + 4000})
    async with stand(tmp_path, EVENING + 3000) as s:
        assert s.controller.override is not None
        await s.store.write(
            lambda _: None, RecordEvent("lamp.resumed", Severity.INFO, {}, s.clock.monotonic())
        )
    async with stand(tmp_path, EVENING) as s:
        assert not s.keeper.trusted
        assert s.controller.override is None


async def test_a_broken_disk_is_one_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """However many commands come; and another once it has worked in between.

    The light follows all of them.
    """

    def lines() -> int:
        return sum("could not be stored" in r.message for r in caplog.records)

    async with stand(tmp_path) as s:
        for told in (1, 2):
            s.broken.add("write")
            for level in (0.4, 0.5, 0.6):
                assert await s.light.command({"level": level, "transition": 0}, "x") == {}
                assert s.lamp.seen[-1] == level
            assert lines() == told
            s.broken.clear()
            await s.light.command({"level": 0.7, "transition": 0}, "x")
        assert lines() == 2
        assert {r.levelno for r in caplog.records if "could not be stored" in r.message} == {logging.WARNING}


async def test_the_end_is_told_or_fails(tmp_path: Path) -> None:
    """Who stops the agent hears that the end could not be written."""
    async with stand(tmp_path) as s:
        s.broken.add("write")
        with pytest.raises(OutboxError):
            await s.light.end()
        s.broken.clear()


# --- the photocell against the clock


@contextlib.asynccontextmanager
async def cell(folder: Path, wall: float) -> AsyncIterator[Stand]:
    async with stand(
        folder, wall, made=configuration(photocell=True, fade_s=0.0, fade_down_s=0.0), restored=False
    ) as s:
        s.lux = 5.0
        yield s


async def minutes(s: Stand, count: int) -> None:
    for _ in range(count):
        s.step(60.0)


@pytest.mark.parametrize(
    ("first", "rises", "fixed", "doubted"),
    [
        (5.0, None, None, True),  # it has been dark, then it is bright
        (5.0, 30.0, None, False),  # just after the lamp rose: by its own light
        (5.0, 90.0, None, False),
        (5.0, 300.0, None, True),
        (None, None, None, False),  # nobody knows whether it was dark before the lamp was lit
        (None, None, 0.0, True),  # the lamp is off
        (None, None, 0.1, False),
    ],
)
async def test_light_in_the_night_doubts_the_clock(
    tmp_path: Path, first: float | None, rises: float | None, fixed: float | None, doubted: bool
) -> None:
    """Two hours of it around midnight, if it is not the lamp's own; then the lamp has the failsafe level."""
    async with cell(tmp_path, NIGHT.middle - 2.5 * HOUR_S) as s:
        s.lux = first
        if fixed is not None:
            s.controller.override = Override(fixed, 1e9, True, local=True)
        await minutes(s, 10)
        if rises is not None:
            s.step(30.0)
            s.light.boosts.add(BoostLamp("a", 1.0, 1e9))
            s.step(0.0)
            s.step(rises - 30.0)  # half a minute passes until the cell is believed
        s.lux = 500.0
        s.step(0.0)
        s.step(30.0)
        await minutes(s, 118)
        assert s.keeper.trusted
        await minutes(s, 4)
        assert s.keeper.trusted is not doubted
        assert (s.keeper.reason == LIGHT) is doubted
        if fixed is None and rises is None:
            s.step(1.0)
            assert s.lamp.seen[-1] == (
                1.0 if doubted else 0.5 if s.clock.wall() > EVENING + 2 * HOUR_S else 0.8
            )


async def test_a_person_is_believed_against_the_cell(tmp_path: Path) -> None:
    """Then the cell is set aside, over a restart too, and says no more."""
    async with cell(tmp_path, NIGHT.middle - 2.5 * HOUR_S) as s:
        await minutes(s, 5)
        s.lux = 500.0
        await minutes(s, 125)
        assert not s.keeper.trusted
        assert not s.keeper.cell_aside
        assert s.keeper.accept() == ""
        await minutes(s, 125)
        assert s.keeper.trusted
        assert s.keeper.cell_aside
        assert s.light.lamp.state.daylight.aside
        again = Stand(tmp_path / "again", before=s, made=configuration(photocell=True))
        assert again.light.lamp.state.daylight.aside
        for aside in (True, False):  # another place, another sun; but the same cell
            s.keeper._doubts.cell_aside = aside
            place = type(SUMEDANG)(0.0, float(aside), SUMEDANG.zone)
            other = configuration(photocell=True, place=place)
            assert Stand(tmp_path / f"{aside}", before=s, made=other).light.lamp.state.daylight.aside is aside


async def test_a_cell_that_is_taken_away_doubts_no_more(tmp_path: Path) -> None:
    """A reload without it: a day after its last contradiction the doubt is over."""
    async with cell(tmp_path, NIGHT.middle - 2.5 * HOUR_S) as s:
        await minutes(s, 5)
        s.lux = 500.0
        await minutes(s, 125)
        assert not s.keeper.trusted
        bare = Stand(tmp_path / "bare", before=s, made=configuration(fade_s=0.0, fade_down_s=0.0))
        for _ in range(24):
            bare.step(HOUR_S)
            bare.keeper.check()
            assert not bare.keeper.trusted
        for _ in range(3):
            bare.step(HOUR_S)
        bare.keeper.check()
        assert bare.keeper.trusted
        await bare.kept()


# --- nights


@pytest.mark.parametrize(("days_back", "begins"), [(1, False), (2, True), (3, True)])
async def test_how_far_a_clock_goes_back(tmp_path: Path, days_back: int, begins: bool) -> None:
    """By a day the night that was summed up stays; by two, that of the new time begins, and is written at
    once.
    """
    async with stand(tmp_path, EVENING) as s:
        s.step()
        s.clock.set_wall(EVENING - days_back * DAY_S)
        s.keeper.accept()
        s.step(1.0)
        assert s.night is not None
        assert round((NIGHT.start - s.night.start) / DAY_S) == (days_back if begins else 0)
        assert (await s.disk("lamp.ledger"))["night_start"] == s.night.start
        assert await s.events("lamp.summarized") == []


@pytest.mark.parametrize(("seconds", "told"), [(DAY_S - 1, 0), (DAY_S, 1), (2 * DAY_S - 1, 1)])
async def test_a_day_without_a_clock_to_the_second(tmp_path: Path, seconds: float, told: int) -> None:
    """From the start, or from the last night that was summed up."""
    async with stand(tmp_path, trust="auto") as s:
        s.step()
        for at in (0.0, DAY_S):
            if at < seconds:
                s.step(min(DAY_S, seconds - at))
        assert len(await s.events("lamp.summarized")) == told


@pytest.mark.parametrize(("seconds", "written"), [(899.0, False), (900.0, True)])
async def test_how_often_the_ledger_is_kept(tmp_path: Path, seconds: float, written: bool) -> None:
    """A quarter of an hour while it grows."""
    async with stand(tmp_path) as s:
        s.step()
        await s.light.keep()
        s.light.lamp.state.nights.kept_at = s.clock.monotonic()
        before = await s.disk("lamp.ledger")
        s.step(seconds)
        assert (await s.disk("lamp.ledger") != before) is written
        s.step(HOUR_S)
        assert (await s.disk("lamp.ledger"))["burn_s"] == seconds + HOUR_S


async def test_a_lamp_that_is_off_is_not_written(tmp_path: Path) -> None:
    """Unless a night is still to be told: that is tried again."""
    async with stand(tmp_path, NOON + 600) as s:
        s.step()
        await s.light.keep()
        s.controller.ledger.state.changed = False
        before = await s.disk("lamp.ledger")
        s.step(HOUR_S)
        assert await s.disk("lamp.ledger") == before
        s.controller.ledger.state.finished.append({"night": "late"})
        s.step(HOUR_S)
        assert [night["night"] for night in await s.events("lamp.summarized")] == ["late"]


@pytest.mark.parametrize("wall", [1e12, -1e12])
async def test_a_time_beyond_the_calendar_turns_no_night(tmp_path: Path, wall: float) -> None:
    """The night that runs goes on; the lamp has the failsafe level."""
    async with stand(tmp_path) as s:
        s.step()
        before = s.night
        moment = dataclasses.replace(s.light._moment(s.clock.monotonic()), offset=wall - s.clock.monotonic())
        assert list(s.light.lamp.book(moment)) == []
        assert s.night is before is not None
        assert await s.events("lamp.summarized") == []


# --- what is told and logged


async def test_what_is_a_change_and_what_is_logged(tmp_path: Path) -> None:
    """Level and reason count as changes; the log also has who asked, the clock and the program; all of it is
    told at once.
    """

    def rows() -> int:
        with contextlib.closing(sqlite3.connect(tmp_path / "pole.db")) as disk:
            found: int = disk.execute("SELECT count(*) FROM lamp_log").fetchone()[0]
        return found

    made = configuration({"default": steps(("sunset", 0.8), ("sunrise", 0.0))}, fade_s=0.0, fade_down_s=0.0)
    async with stand(tmp_path, made=made) as s:
        s.step()
        await s.kept()

        async def after(action: Any, changes: int, logged: int, told: bool) -> None:
            s.board.take()
            before, count = s.light.changes, rows()
            done = action()
            if done is not None:
                await done
            s.step(0.1)
            await s.kept()
            assert (s.light.changes - before, rows() - count, s.board.take() is not None) == (
                changes,
                logged,
                told,
            )

        assert rows() == 1
        await after(lambda: None, 0, 0, False)
        await after(lambda: s.light.command({"default_duration_s": 60}, "x"), 0, 0, True)
        # Another reason
        await after(lambda: s.light.command({"level": 0.8, "duration_s": 9000}, "x"), 1, 1, True)
        # Another person
        await after(lambda: s.light.command({"level": 0.8, "duration_s": 9000}, "y"), 0, 1, True)
        # Another level
        await after(lambda: s.light.command({"level": 0.7, "duration_s": 9000}, "y"), 1, 1, True)
        s.feedback = Feedback(False)
        s.run(19.0)
        await after(lambda: s.run(2.0), 0, 0, True)  # a fault opens
        s.feedback = Feedback(True)
        await after(lambda: s.keeper.sun_says("x", aside=False), 0, 1, True)  # the clock is doubted
        await after(lambda: s.clock.set_wall(s.clock.wall()), 0, 0, False)


async def test_a_sweep_at_the_pole(tmp_path: Path) -> None:
    """It begins at once, keeps nothing on the disk, and is no override."""
    async with stand(tmp_path) as s:
        s.step()
        await s.light.command({"sweep_s": 20}, "x", local=True)
        assert s.lamp.seen == [0.8, 1.0]
        s.step(10.0)
        assert s.lamp.seen[-1] == pytest.approx(0.1)
        s.step(10.0)
        s.step(10.0)
        assert s.lamp.seen[-1] == 0.8
        assert (s.controller.override, await s.disk("override")) == (None, None)
        assert await s.events("lamp.overridden") == []


async def test_durations_are_told_to_a_tenth(tmp_path: Path) -> None:
    """Of the seconds that were asked for."""
    async with stand(tmp_path) as s:
        await s.light.command({"level": 0.5, "duration_s": 60.26}, "x")
        (told,) = await s.events("lamp.overridden")
        assert told["duration_s"] == 60.3


async def test_a_fade_goes_on_at_once(tmp_path: Path) -> None:
    """After a command the loop does not wait for its next second."""
    async with stand(tmp_path) as s:
        task = asyncio.ensure_future(s.light.run())
        await s.clock.advance(5.0)
        seen = len(s.lamp.seen)
        await s.light.command({"level": 0.3}, "x")
        await settle()
        await s.clock.advance(0.1)
        assert len(s.lamp.seen) - seen >= 5
        assert s.lamp.seen[-1] < 0.8 - 0.1 / 4 * 0.5
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("until", "pause"), [(1010.0, 1.0), (1001.0, 1.0), (1000.25, 0.25), (1000.0005, 0.001), (999.0, 0.001)]
)
async def test_how_long_the_loop_waits(tmp_path: Path, until: float, pause: float) -> None:
    """A second, or until what holds now ends, never not at all."""
    async with stand(tmp_path) as s:
        assert s.pause_s == 1.0, "nothing is decided yet"
        s.controller.override = Override(0.5, 1e9)
        s.step()
        decision = s.controller.decision
        assert decision is not None
        object.__setattr__(decision, "until", until)
        assert s.pause_s == pytest.approx(pause)


async def test_the_lamp_that_was_never_looked_at(tmp_path: Path) -> None:
    """Is lit, as the wiring leaves it: so it is announced."""
    async with stand(tmp_path, restored=False) as s:
        s.light.announce()
        assert s.notice == {
            "state": "ON",
            "brightness": 255,
            "level": 1.0,
            "reason": "failsafe",
            "until": None,
            "program": None,
            "override": None,
            "default_duration_s": 3600.0,
            "faults": [],
        }
        assert not math.isnan(s.light.account()["burn_s"])
