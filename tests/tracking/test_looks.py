"""What likeness of looks is worth, on streets where people differ and where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.tracking.looks import LIMIT, OTHER, SAME, Discriminant
from pole_agent.tracking.tracker import Tracker
from pole_agent.vocabulary import Box, Detection


def learned(same: float, other: float, spread: float, pairs: int = 400, seed: int = 1) -> Discriminant:
    rng, looks = np.random.default_rng(seed), Discriminant()
    for _ in range(pairs):
        looks.learn(float(rng.normal(same, spread)), same=True)
        looks.learn(float(rng.normal(other, spread)), same=False)
    return looks


def test_at_first_it_is_what_most_streets_say() -> None:
    """Between the two means it says nothing; at them, as much for as against."""
    looks = Discriminant()
    assert looks.says((SAME + OTHER) / 2) == pytest.approx(0)
    assert looks.says(SAME) == pytest.approx(-looks.says(OTHER))
    assert looks.says(SAME) == pytest.approx((SAME - OTHER) ** 2 / 2 / 0.1**2)


@pytest.mark.parametrize(
    ("same", "other", "spread", "worth"),
    [
        (0.9, 0.5, 0.1, 8.0),
        (0.9, 0.8, 0.1, 0.5),
        (0.8, 0.8, 0.1, 0.0),
        (0.7, 0.8, 0.1, 0.0),
        (0.9, 0.7, 0.2, 0.5),
    ],
)
def test_what_looks_are_worth_here(same: float, other: float, spread: float, worth: float) -> None:
    """Half of the square of the distance of both means in deviations; where all look alike, nothing."""
    looks = learned(same, other, spread)
    assert looks.says(same) == pytest.approx(worth, abs=0.2 + 0.1 * worth)
    assert looks.says(other) == pytest.approx(-worth, abs=0.2 + 0.1 * worth)


def test_the_light_of_an_hour_ago_is_forgotten() -> None:
    """After some hundred pairs of another light it is worth what it is worth now."""
    looks = learned(0.9, 0.5, 0.1, pairs=5000)
    rng = np.random.default_rng(2)
    for _ in range(2000):
        looks.learn(float(rng.normal(0.7, 0.1)), same=True)
        looks.learn(float(rng.normal(0.7, 0.1)), same=False)
    assert abs(looks.says(0.9)) < 1


@given(st.lists(st.tuples(st.floats(-0.5, 1), st.booleans()), max_size=60), st.floats(-1, 1))
def test_a_look_is_never_the_only_reason(pairs: list[tuple[float, bool]], likeness: float) -> None:
    """Whatever was learned, also always the same number: within the limit, and no likeness is against one
    that is less.
    """
    looks = Discriminant()
    for value, same in pairs:
        looks.learn(value, same)
    assert -LIMIT <= looks.says(likeness) <= LIMIT
    assert looks.says(likeness) <= looks.says(likeness + 0.1)


@pytest.mark.parametrize(("apart", "learns"), [(0.5, True), (0.03, False)])
def test_a_look_is_learned_without_a_rival(apart: float, learns: bool) -> None:
    """Two who wear the same, far apart: how much a look varies is learned. Of two who could be each other it
    is not.
    """
    rng, tracker = np.random.default_rng(1), Tracker()
    for frame in range(120):
        seen = []
        for n in range(2):
            look = np.zeros(128, np.float32)
            look[:8] = 1.0
            look += rng.normal(0, 0.1, 128).astype(np.float32)
            look *= 2**0.5 / float(np.linalg.norm(look))
            x = 0.2 + apart * n + 0.001 * frame
            seen.append(Detection(Box(x - 0.03, 0.4, x + 0.03, 0.6), 0.8, "person", look))
        tracker.update(seen, 0.2 * frame)
    assert (tracker._looks._same != SAME) is learns
