"""What time does to those who are out of sight."""

from __future__ import annotations

import pytest

from pole_agent.tracking.tracker import Tracker
from pole_agent.tracking.tuning import Tuning
from pole_agent.vocabulary import Box, Detection, Track

FRAME_S = 0.2


def person(x: float) -> Detection:
    return Detection(Box(x - 0.03, 0.4, x + 0.03, 0.6), 0.8, "person")


def walk(tracker: Tracker, frames: int = 15, speed: float = 0.02) -> float:
    """Somebody walks from x = 0.1; returns where he is."""
    x = 0.1
    for n in range(frames):
        x = 0.1 + speed * n
        tracker.update([person(x)], n * FRAME_S)
    return x


def test_who_walks_behind_something_goes() -> None:
    """Who walks behind something goes on though the picture is still."""
    tracker = Tracker()
    x, now = walk(tracker), 14 * FRAME_S
    tracker.update([], now + FRAME_S)  # a look that does not find him
    for n in range(2, 5):
        reported = tracker.advance(now + n * FRAME_S)
        assert not any(t.seen_now for t in reported), "nobody has seen him"
    [found] = tracker.update([person(x + 0.02 * 5)], now + 5 * FRAME_S)
    assert found.track_id == 1


def test_who_stands_and_is_missed_once_is_still_there() -> None:
    """Who stands and is missed once is still there while the picture is still."""
    tracker = Tracker()
    walk(tracker, speed=0.0)
    tracker.update([], 15 * FRAME_S)
    [standing] = tracker.advance(16 * FRAME_S)
    assert standing.box.foot[0] == pytest.approx(0.1, abs=0.005)


def test_who_was_in_sight_stands_where_he() -> None:
    """Who was in sight stands where he was while the picture is still."""
    tracker = Tracker()
    x = walk(tracker)
    tracks: list[Track] = []
    for n in range(15, 30):
        tracks = tracker.advance(n * FRAME_S)
    assert tracks[0].seen_now
    assert tracks[0].box.foot[0] == pytest.approx(x, abs=0.005)


@pytest.mark.parametrize(
    ("frames", "speed", "memory_s"), [(15, 0.02, Tuning().memory_s), (60, 0.0, Tuning().settled_memory_s)]
)
def test_without_look_everybody_is_remembered_for_his(frames: int, speed: float, memory_s: float) -> None:
    """Without a look everybody is remembered for his time and then over."""
    tracker = Tracker()
    walk(tracker, frames, speed)
    last = (frames - 1) * FRAME_S
    tracker.wait(last + memory_s - 0.1)
    assert tracker.remembered == {1}
    tracker.wait(last + memory_s + 0.1)
    assert tracker.remembered == frozenset()
