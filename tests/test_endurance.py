"""The long run: which series grow and which do not, and that a run of the agent is measured and told."""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from endurance import hours, months
from endurance.growth import BLOCKS, LEAST, WARM_UP, Measure, Point, blocks_of, judge
from endurance.months import Months
from endurance.report import Report, read, told
from endurance.sample import disk_kb, process
from endurance.street import AFTER_S, AHEAD_S, StreetClock, Visits
from hypothesis import given
from hypothesis import strategies as st

MEASURE = Measure(name="own_mb", unit="MB", floor=2.0)
COUNT = 720  # a sample every ten seconds of two hours
LEVELS = st.floats(5, 300)
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(["scripts", "."])}
SEEDS = st.integers(0, 2**32)


def series(level: float, rise: float, noise: float, seed: int = 0, count: int = COUNT) -> list[Point]:
    """From `level` up by `rise` over the whole time, each sample with noise of that deviation."""
    chance = random.Random(seed)
    return [(n * 10.0, level + rise * n / count + chance.gauss(0, noise)) for n in range(count)]


@given(LEVELS, st.floats(0, 3), SEEDS)
def test_what_stays_does_not_grow(level: float, noise: float, seed: int) -> None:
    assert judge(MEASURE, series(level, 0.0, noise, seed)).ok


@given(LEVELS, st.floats(12, 1000), st.floats(0, 2), SEEDS)
def test_what_rises_steadily_grows(level: float, rise: float, noise: float, seed: int) -> None:
    verdict = judge(MEASURE, series(level, rise, noise, seed))
    assert verdict.grows
    assert not verdict.ok
    assert verdict.rise == pytest.approx(rise * (1 - WARM_UP) * (BLOCKS - 1) / BLOCKS, abs=3)


@given(LEVELS, st.integers(8, 40), st.floats(1, 50))
def test_steps_that_go_on_are_growth(level: float, steps: int, each: float) -> None:
    """What leaks at each reload."""
    points: list[Point] = [(n * 10.0, level + each * (n * steps // COUNT)) for n in range(COUNT)]
    assert judge(MEASURE, points).grows


@given(LEVELS, st.floats(-200, 200), st.floats(0, 0.6), st.floats(0, 1), SEEDS)
def test_one_step_is_no_growth(level: float, step: float, at: float, noise: float, seed: int) -> None:
    points = series(level, 0.0, noise, seed)
    moved = [(t, y + step * (t >= at * COUNT * 10)) for t, y in points if y is not None]
    assert judge(MEASURE, moved).ok


@given(LEVELS, st.floats(0, 100), st.floats(1, 40))
def test_a_cache_that_fills_is_no_growth(level: float, size: float, filled_by: float) -> None:
    """Within the first two fifths of the time."""
    points: list[Point] = [
        (n * 10.0, level + size * min(1.0, n / (COUNT * filled_by / 100))) for n in range(COUNT)
    ]
    assert judge(MEASURE, points).ok


@given(LEVELS, st.floats(1, 100), st.integers(5, 40))
def test_a_saw_is_no_growth(level: float, height: float, teeth: int) -> None:
    """A log that is cut, a journal that is written back."""
    each = COUNT // (teeth * BLOCKS)
    points: list[Point] = [
        (n * 10.0, level + height * (n % max(1, each)) / max(1, each)) for n in range(COUNT)
    ]
    assert judge(MEASURE, points).ok


@given(LEVELS, st.sets(st.integers(0, COUNT - 1), max_size=15), SEEDS)
def test_a_few_odd_samples_change_nothing(level: float, odd: set[int], seed: int) -> None:
    points = series(level, 0.0, 0.2, seed)
    assert judge(MEASURE, [(t, 1e6 if n in odd else y) for n, (t, y) in enumerate(points)]).ok


@given(LEVELS, st.floats(0, 50), st.floats(10, 1000), SEEDS)
def test_the_begin_does_not_count(level: float, noise: float, peak: float, seed: int) -> None:
    calm = series(level, 0.0, 0.1, seed)
    loud = [(t, (y or 0.0) + (peak if n < COUNT * WARM_UP - 1 else 0.0)) for n, (t, y) in enumerate(calm)]
    assert blocks_of(loud) == blocks_of(calm)


@given(LEVELS, st.floats(-500, 500), st.floats(0.1, 60))
def test_the_scale_of_time_does_not_matter(level: float, rise: float, pace: float) -> None:
    points = series(level, rise, 0.5)
    slower = [(t * pace, y) for t, y in points]
    assert judge(MEASURE, points).grows == judge(MEASURE, slower).grows


def test_noise_alone_seldom_counts_as_growth() -> None:
    """Of noise far above the floor, one run in a hundred at most."""
    loud = Measure(name="pin_ms", unit="ms", floor=0.0)
    assert sum(judge(loud, series(50, 0.0, 20.0, seed)).grows for seed in range(300)) <= 3


def test_too_little_says_nothing() -> None:
    """And that is no pass."""
    few = series(5.0, 0.0, 0.0, count=LEAST - 1)
    for points in ([], few, [(t, None) for t, _ in series(5.0, 0.0, 0.0)]):
        verdict = judge(MEASURE, points)
        assert (verdict.rise, verdict.ok, told(verdict)) == (None, False, "too little was measured")


def test_a_limit_holds_without_growth() -> None:
    limited = Measure(name="disk_kb", unit="KB", floor=1000.0, most=16.0)
    assert judge(limited, series(15.0, 0.0, 0.0)).ok
    verdict = judge(limited, series(17.0, 0.0, 0.0))
    assert (verdict.ok, told(verdict)) == (False, "**above 16**")


def test_what_is_only_drawn_fails_nothing() -> None:
    drawn = Measure(name="waiting", unit="events", floor=0.0, judged=False)
    assert judge(drawn, series(0.0, 1e6, 0.0)).ok
    assert judge(drawn, []).ok


def test_a_process_is_measured(tmp_path: Path) -> None:
    before, handle = process(os.getpid()), (tmp_path / "a").open("wb")
    with handle:
        taken = bytearray(os.urandom(1 << 25))
        now = process(os.getpid())
        handle.write(taken[:10_000])
    assert now["own_mb"] - before["own_mb"] >= 30
    assert now["rss_mb"] >= now["pss_mb"] > 0
    assert now["handles"] >= before["handles"]
    assert now["threads"] >= 1
    assert now["cpu_s"] >= before["cpu_s"] > 0
    assert disk_kb(tmp_path) == 12
    with pytest.raises(OSError, match="No such"):
        process(2**22 + 1)


def test_the_report_says_what_grows(tmp_path: Path) -> None:
    measures = (MEASURE, Measure(name="handles", unit="open", floor=1.0))
    report = Report(tmp_path / "out", "A run", measures)
    for n in range(COUNT):
        report.add({"t": n * 10.0, "own_mb": 100 + n / 10, "handles": None if n % 7 else 15.0})
    grown, kept = report.finish(["one fact"])
    assert (grown.ok, kept.ok) == (False, True)
    text = (tmp_path / "out" / "longrun.md").read_text()
    assert "- one fact" in text
    assert [line.split("|")[-2].strip() for line in text.splitlines()[-5:-2]] == ["---", "**grows**", "ok"]
    assert (tmp_path / "out" / "samples.csv").read_text().splitlines()[2] == "10.000,100.100,"
    drawn = ET.parse(tmp_path / "out" / "longrun.svg").getroot()
    assert len(drawn.findall(".//{*}polyline")) == 2


def test_samples_of_a_run_that_was_cut_short_are_there(tmp_path: Path) -> None:
    report = Report(tmp_path, "A run", (MEASURE,))
    report.add({"t": 1.0, "own_mb": 2.0})
    assert (tmp_path / "samples.csv").read_text().splitlines() == ["t,own_mb", "1.000,2.000"]
    assert read(tmp_path) == [{"t": 1.0, "own_mb": 2.0}]


def test_a_short_run_has_larger_floors() -> None:
    """A start takes minutes; what is watched stays the same."""
    for short, long in (
        (hours.measures(0.03), hours.measures(2.0)),
        (months.measures(7), months.measures(60)),
    ):
        assert [m.name for m in short] == [m.name for m in long]
        assert all(a.floor >= b.floor for a, b in zip(short, long, strict=True))
        assert next(m for m in long if m.name == "own_mb").floor == 2.0


def test_a_calm_street_lets_the_clock_leap() -> None:
    """Wake-ups come late in calm hours only: around each visit every second counts."""
    visits = Visits(2, 5, 1, seed=3)
    assert len(visits.walkers) == 10
    assert sum(walker.stands_s > 0 for walker in visits.walkers) == 2
    busy = {second for second in range(2 * 86_400) if not visits.calm(float(second))}
    for walker in visits.walkers:
        begin, end = int(walker.begin), int(walker.begin + walker.seconds + walker.stands_s)
        assert set(range(max(0, begin - 30), min(end, 2 * 86_400))) <= busy
    assert len(busy) < 10 * (AHEAD_S + 90 + 30 + AFTER_S)


async def test_a_leaping_clock_wakes_late_never_early() -> None:
    clock = StreetClock()
    begun, woken = clock.monotonic(), list[float]()

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(clock.monotonic() - begun)

    clock.step_s = 20.0
    sleeping = [asyncio.ensure_future(sleeper(seconds)) for seconds in (0.1, 19.0, 20.0, 20.5)]
    for _ in range(3):
        await clock.advance(20.0)
    await asyncio.gather(*sleeping)
    assert woken == [20.0, 20.0, 20.0, 40.0]


async def test_three_hours_of_the_manual_clock(tmp_path: Path) -> None:
    """Everything is sampled, commands reach the pin, and the city misses nothing."""
    measures = months.MEASURES
    report = Report(tmp_path / "out", "Hours", measures)
    facts = await Months(tmp_path, 0.13, 1, lambda _: None).run(report)
    assert {name for sample in report.samples for name in sample} >= {m.name for m in measures}
    stored, came = map(int, re.findall(r"(\d+) events stored, all up to (\d+) came", facts[2])[0])
    assert 5 < stored == came
    assert "0 of them did not reach the pin" in facts[1]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_weeks_of_the_manual_clock(tmp_path: Path) -> None:
    """Without growth."""
    command = [sys.executable, "-m", "endurance", "--days", "14", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stdout
    for kind in ("incident.closed", "drone.changed", "lamp.summarized 14", "traffic.summarized"):
        assert kind in done.stdout


@pytest.mark.slow
@pytest.mark.mosquitto
@pytest.mark.timeout(300)
def test_two_minutes_of_the_whole_agent(tmp_path: Path) -> None:
    """It is started, commanded, reloaded, cut off and looked at; each measure has its values."""
    command = [sys.executable, "-m", "endurance", "--hours", "0.033", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 missing in the city" in done.stdout
    assert "the agent ended with 0" in done.stdout
    assert "too little" not in done.stdout
