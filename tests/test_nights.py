"""The bench of nights: what counts, how sure it is, what the script says, and some minutes of a street."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nights import cutouts
from nights.__main__ import line, table, told_at_once
from nights.backgrounds import DEMO, PLACES, Street, empty, pictures_of, street
from nights.play import card_of, play, settings_of
from nights.scenes import KINDS, scene
from nights.score import Alarm, Score, Window, poisson, score, wilson
from nights.script import PAUSE_S, Perspective, along, entries, truth
from nights.script import Path as Way

from pole_agent import compose

VIEW = Perspective(far=0.2, near=0.4)


def window(begin: float, due: float, end: float, rule: str = "a") -> Window:
    return Window(rule=rule, begin=begin, due=due, end=end)


@pytest.mark.parametrize(
    ("windows", "at", "told", "false"),
    [
        ([], [], 0, 0),
        ([], [5.0], 0, 1),
        ([window(10, 20, 60)], [10.0], 1, 0),
        ([window(10, 20, 60)], [9.9], 0, 1),
        ([window(10, 20, 60)], [20.0, 40.0, 60.0], 1, 0),
        ([window(10, 20, 60)], [20.1], 0, 0),
        ([window(10, 20, 60)], [60.1], 0, 1),
        ([window(10, 20, 30), window(40, 50, 60)], [15.0, 35.0, 45.0], 2, 1),
        ([window(10, 20, 60, "b")], [15.0], 0, 1),
    ],
)
def test_what_counts(windows: Sequence[Window], at: Sequence[float], told: int, false: int) -> None:
    """One alarm in time tells an event, further ones in its window are ignored, every other is false."""
    result = score(windows, [Alarm(rule="a", at=t) for t in at], 7200)
    assert (result.events, result.told, sum(result.false.values())) == (len(windows), told, false)
    assert result.hours == 2
    assert result.per_night()[0] == pytest.approx(6 * false)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 0, 0, 1),
        (0, 10, 0, 0.2775),
        (10, 10, 0.7225, 1),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
    ],
)
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    """The last two are those of Newcombe's table of 1998, without correction."""
    assert wilson(hits, of) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (0, 0, 3.6889),
        (1, 0.0253, 5.5716),
        (2, 0.2422, 7.2247),
        (10, 4.7954, 18.3904),
        (100, 81.3639, 121.6273),
    ],
)
def test_poisson(count: int, low: float, high: float) -> None:
    """Garwood's limits, as in tables of the Poisson distribution."""
    assert poisson(count) == pytest.approx((low, high), abs=1e-3)


@given(st.integers(0, 300), st.integers(0, 300))
def test_intervals_hold_what_was_seen(one: int, more: int) -> None:
    """An interval holds its estimate and what is possible, and more of the same make it narrower."""
    of = one + more
    low, high = wilson(one, of)
    assert 0 <= low <= (one / of if of else 0.5) <= high <= 1
    wide_low, wide_high = wilson(10 * one, 10 * of)
    assert wide_high - wide_low <= high - low
    least, most = poisson(one)
    assert 0 <= least <= one <= most


@given(st.lists(st.floats(0, 1000)), st.lists(st.floats(0, 990)))
def test_every_alarm_is_true_or_false(at: list[float], begins: list[float]) -> None:
    """No more false alarms than alarms, no more told events than events; and scenes add up."""
    windows = [window(b, b + 5, b + 10) for b in begins]
    alarms = [Alarm(rule="a", at=t) for t in at]
    result = score(windows, alarms, 1000)
    assert sum(result.false.values()) <= len(at)
    assert result.told <= result.events == len(begins)
    both = result + result
    assert (both.events, both.told) == (2 * result.events, 2 * result.told)
    assert both.per_night()[0] == pytest.approx(result.per_night()[0])


def test_nothing_played_says_nothing() -> None:
    """Without an hour there is no rate, without an event no recall."""
    assert math.isnan(Score().recall[0])
    assert math.isnan(Score().per_night()[0])
    assert Score(hours=12, false={"a": 1, "b": 2}).per_night(["b"])[0] == 2


def test_what_the_default_rules_have_to_say() -> None:
    """Who walks by is somebody; who comes down over the line goes into the yard; who stays is loitering."""

    def said(*way: tuple[float, float, float]) -> list[tuple[str, float]]:
        return [(w.rule, round(w.due - w.begin, 6)) for w in truth([along(0, 100.0, way, VIEW)])]

    assert said((-0.1, 0.8, 0), (1.1, 0.8, 0)) == [("somebody", 11.0)]
    assert said((-0.1, 0.4, 0), (1.1, 0.4, 0)) == []
    assert [r for r, _ in said((0.5, 0.4, 0), (0.5, 0.9, 0))] == ["somebody", "into-the-yard"]
    assert [r for r, _ in said((0.5, 0.9, 0), (0.5, 0.4, 0))] == ["somebody"]
    assert [r for r, _ in said((-0.1, 0.8, 0), (0.5, 0.8, 70), (1.1, 0.8, 0))] == [
        "somebody",
        "night-loitering",
    ]
    assert [r for r, _ in said((-0.1, 0.8, 0), (0.5, 0.8, 20), (1.1, 0.8, 0))] == ["somebody"]


def test_the_script_follows_the_configuration() -> None:
    """Rules, zone, line and dwell are those of config/pole.toml; a change there has to be one here."""
    from nights import script

    settings = settings_of(None)
    (zone,), (gate,) = settings.zones, settings.lines
    assert zone.polygon == ((0.1, 0.5), (0.9, 0.5), (0.9, 1.0), (0.1, 1.0)), script.ZONE
    assert (gate.start, gate.end) == ((script.LINE_X[0], script.LINE_Y), (script.LINE_X[1], script.LINE_Y))
    rules = {r.name: r for r in settings.rules}
    assert set(rules) == {"somebody", "night-loitering", "into-the-yard"}
    assert rules["night-loitering"].dwell_s == script.DWELL_S
    assert told_at_once(settings) == {"night-loitering"}


@given(st.integers(0, 1000), st.floats(600, 4000))
def test_people_come_one_by_one(seed: int, seconds: float) -> None:
    """Nobody comes before the last has gone for a while, and all have gone before the end."""
    paths = entries(seconds, 150.0, 5, VIEW, random.Random(seed))
    assert all(b.begin - a.end >= PAUSE_S - 1e-6 for a, b in itertools.pairwise(paths))
    assert all(p.end < seconds for p in paths)
    assert paths


def test_a_path_is_followed() -> None:
    """Nobody before and after; between, in proportion to time."""
    way = Way(who=0, points=((10.0, 0.0, 0.6), (20.0, 1.0, 0.8), (30.0, 1.0, 0.8)))
    assert way.at(9.9) is None is way.at(30.1)
    assert way.at(12.5) == pytest.approx((0.25, 0.65))
    assert way.at(25.0) == pytest.approx((1.0, 0.8))


@pytest.fixture(scope="module")
def walkers() -> dict[str, list[cutouts.Cutout]]:
    people = cutouts.of_clip(pictures_of(DEMO, 8), empty(pictures_of(DEMO, 8)))
    return {"person": people, "rider": people[:1], "vehicle": people[:1]}


@pytest.fixture(scope="module")
def ground() -> Street:
    return street(PLACES[0], Path(), infrared=False)


@pytest.mark.parametrize("kind", KINDS)
def test_scenes_repeat(kind: str, ground: Street, walkers: dict[str, list[cutouts.Cutout]]) -> None:
    """The same seed gives the same pictures; time passes in them; another seed gives others."""
    first, again, other = (scene(kind, ground, 300, walkers, seed) for seed in (1, 1, 2))
    pictures = [[s.picture(t / 5) for t in range(8)] for s in (first, again, other)]
    assert all(np.array_equal(a, b) for a, b in zip(pictures[0], pictures[1], strict=True))
    assert not np.array_equal(pictures[0][0], pictures[0][1])
    assert not np.array_equal(pictures[0][3], pictures[2][3])
    assert pictures[0][0].shape == (432, 768, 3)


def test_an_entry_is_told_at_once(ground: Street, walkers: dict[str, list[cutouts.Cutout]]) -> None:
    """Through the real pipeline: who walks through the quiet street by night is told, and nobody else."""
    settings = settings_of(None)
    made = scene("quiet", ground, 240, walkers, 1)
    detector = compose.detector_of(settings)

    async def run() -> Score:
        await detector.open()
        played = await play(made, settings, detector)
        assert played.frames == 1200
        assert played.runs < 0.2 * played.frames
        assert "quiet | 0.07 | 1 of 1" in line("quiet", [played])
        assert "not met" not in table([played], {"somebody"})[-2]
        return played.score

    try:
        result = asyncio.run(run())
    finally:
        detector.close()
    assert (result.events, result.told, result.false) == (1, 1, {})


def test_a_model_is_named_by_its_card() -> None:
    """A name and a card stay, an ONNX file stands for the card beside it."""
    assert card_of("nanodet-g-320-int8") == "nanodet-g-320-int8"
    assert card_of("a/b.toml") == "a/b.toml"
    assert card_of("a/b.onnx") == "a/b.toml"
    assert settings_of("x").detector.model == "x"
