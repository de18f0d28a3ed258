"""Where somebody stands when the detector's box ends elsewhere for a while."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pole_agent.tracking.tracker import Tracker
from pole_agent.vocabulary import Box, Detection, Track

HEIGHT, TOP = 0.2, 0.4
LOOK = np.eye(128, dtype=np.float32)[0] * 2**0.5


def walk(
    rate: float, seconds: float, shape: Callable[[float], tuple[float, float]]
) -> list[tuple[float, Track]]:
    """Somebody walks to the right.

    `shape`: time -> upper and lower edge of the box, to which a little unrest is added.
    """
    rng, tracker, told = np.random.default_rng(5), Tracker(), []
    for index in range(int(seconds * rate)):
        now = index / rate
        top, bottom = (edge + rng.normal(0, 0.01 * HEIGHT) for edge in shape(now))
        x = 0.1 + 0.04 * now
        told += [
            (now, t)
            for t in tracker.update(
                [Detection(Box(x - 0.035, top, x + 0.035, bottom), 0.8, "person", LOOK)], now
            )
        ]
    assert {t.track_id for _, t in told} == {1}
    return told


def feet(told: list[tuple[float, Track]], since: float, until: float) -> list[float]:
    found = [t.box.bottom for now, t in told if since <= now < until]
    assert found
    return found


@pytest.mark.parametrize("rate", [2, 5, 10, 15])
def test_legs_behind_a_wall_for_three_seconds(rate: float) -> None:
    """Legs behind a wall for three seconds are still where they were."""
    told = walk(rate, 12, lambda now: (TOP, TOP + HEIGHT * (0.55 if 4 <= now < 7 else 1)))
    assert max(abs(foot - TOP - HEIGHT) for foot in feet(told, 3, 12)) < 0.05 * HEIGHT


@pytest.mark.parametrize("rate", [5, 10, 15])
def test_box_that_takes_in_what_is_below_for_two_looks(rate: float) -> None:
    """A box that takes in what is below for two looks moves nobody."""
    told = walk(rate, 8, lambda now: (TOP, TOP + HEIGHT * (1.5 if 4 <= now < 4 + 2 / rate - 1e-6 else 1)))
    assert max(abs(foot - TOP - HEIGHT) for foot in feet(told, 3, 8)) < 0.05 * HEIGHT


@pytest.mark.parametrize("rate", [2, 5, 15])
def test_who_sits_down_is_smaller_at_once(rate: float) -> None:
    told = walk(rate, 12, lambda now: (TOP + (0.4 * HEIGHT if now >= 4 else 0), TOP + HEIGHT))
    assert max(abs(foot - TOP - HEIGHT) for foot in feet(told, 3, 12)) < 0.15 * HEIGHT
    assert max(abs(foot - TOP - HEIGHT) for foot in feet(told, 6, 12)) < 0.05 * HEIGHT
    assert next(t.box.height for now, t in told if now >= 6) == pytest.approx(0.6 * HEIGHT, abs=0.1 * HEIGHT)


@pytest.mark.parametrize("rate", [2, 5, 15])
def test_who_comes_out_from_behind_wall_has_legs(rate: float) -> None:
    """Who comes out from behind a wall has legs within a second."""
    told = walk(rate, 8, lambda now: (TOP, TOP + HEIGHT * (0.5 if now < 4 else 1)))
    assert feet(told, 5, 8) == pytest.approx([TOP + HEIGHT] * len(feet(told, 5, 8)), abs=0.05 * HEIGHT)


def test_a_box_that_stays_short_is_believed_in_the_end() -> None:
    told = walk(5, 30, lambda now: (TOP, TOP + HEIGHT * (1 if now < 10 else 0.6)))
    assert feet(told, 20, 30) == pytest.approx(
        [TOP + 0.6 * HEIGHT] * len(feet(told, 20, 30)), abs=0.05 * HEIGHT
    )


def test_who_comes_in_over_lower_edge_grows_upwards() -> None:
    """Who comes in over the lower edge grows upwards only.

    As on a real clip, somebody who walks towards the middle: head first, then the rest, always cut off at the
    lower edge.
    """
    tops = [0.64, 0.53, 0.36, 0.22, 0.19, 0.14, 0.09, 0.09, 0.08, 0.07, 0.05, 0.04]
    tracker, told = Tracker(), []
    for index, top in enumerate(tops):
        told += tracker.update([Detection(Box(0.45, top, 0.66, 0.98), 0.7, "person", LOOK)], index / 5)
    assert {t.track_id for t in told} == {1}
    assert all(t.box.bottom > 0.9 for t in told)
