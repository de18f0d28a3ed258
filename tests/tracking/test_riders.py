"""A rider is not also a person; somebody beside a parked motorcycle is."""

from __future__ import annotations

from pole_agent.tracking.riders import Riders
from pole_agent.vocabulary import Box, Track

FRAME_S = 0.2


def bike(x: float, at: float, number: int = 1, born: float = 0.0) -> Track:
    return Track(number, "motorcycle", Box(x - 0.04, 0.5, x + 0.04, 0.7), 0.7, born, at, True)


def rider(x: float, at: float, number: int = 2, born: float = 0.0) -> Track:
    return Track(number, "person", Box(x - 0.025, 0.4, x + 0.025, 0.65), 0.7, born, at, True)


def walker(x: float, at: float, number: int = 2, born: float = 0.0) -> Track:
    return Track(number, "person", Box(x - 0.02, 0.38, x + 0.02, 0.69), 0.7, born, at, True)


def labels(tracks: list[Track]) -> list[tuple[int, str]]:
    return sorted((t.track_id, t.label) for t in tracks)


def test_a_rider_is_one_with_the_motorcycle_from_the_first_frame() -> None:
    riders = Riders()
    for step in range(30):
        at = step * FRAME_S
        assert labels(riders.join([bike(0.1 + 0.02 * step, at), rider(0.1 + 0.02 * step, at)], at)) == [(1, "motorcycle")]


def test_a_rider_who_waits_is_still_a_rider() -> None:
    riders = Riders()
    for step in range(100):
        at, x = step * FRAME_S, min(0.5, 0.1 + 0.02 * step)
        assert labels(riders.join([bike(x, at), rider(x, at)], at)) == [(1, "motorcycle")]


def test_a_motorcycle_that_the_detector_misses_for_a_moment_is_still_there_and_its_rider_is_no_person() -> None:
    riders = Riders()
    for step in range(30):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        seen = [rider(x, at)] if 10 <= step < 14 else [bike(x, at), rider(x, at)]
        joined = riders.join(seen, at)
        assert labels(joined) == [(1, "motorcycle")]
        assert abs((joined[0].box.left + joined[0].box.right) / 2 - x) < 0.01


def test_somebody_who_walks_past_a_parked_motorcycle_is_a_person() -> None:
    riders = Riders()
    for step in range(60):
        at = step * FRAME_S
        tracks = [bike(0.5, at)]
        if step >= 30:
            tracks.append(walker(0.2 + 0.02 * (step - 30), at, born=30 * FRAME_S))
        assert len(riders.join(tracks, at)) == len(tracks)


def test_one_who_gets_off_is_a_person_again() -> None:
    riders = Riders()
    for step in range(20):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        riders.join([bike(x, at), rider(x, at)], at)
    for step in range(20, 30):
        at = step * FRAME_S
        joined = riders.join([bike(0.48, at), walker(0.48 + 0.02 * (step - 18), at)], at)
    assert labels(joined) == [(1, "motorcycle"), (2, "person")]
