"""A rider is not also a person; somebody beside a parked motorcycle is."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from pole_agent.tracking.riders import Riders
from pole_agent.tracking.tracker import Tracker
from pole_agent.vocabulary import Box, Detection, Sighting, Track

FRAME_S = 0.2


def bike(x: float, at: float, number: int = 1, born: float = 0.0) -> Track:
    return Track(number, "motorcycle", Box(x - 0.04, 0.5, x + 0.04, 0.7), 0.7, born, at, True)


def rider(x: float, at: float, number: int = 2, born: float = 0.0) -> Track:
    return Track(number, "person", Box(x - 0.025, 0.4, x + 0.025, 0.65), 0.7, born, at, True)


def walker(x: float, at: float, number: int = 2, born: float = 0.0) -> Track:
    return Track(number, "person", Box(x - 0.02, 0.38, x + 0.02, 0.69), 0.7, born, at, True)


def labels(tracks: list[Track]) -> list[tuple[int, str]]:
    return sorted((t.track_id, t.label) for t in tracks)


def test_rider_is_one_with_motorcycle_from_first_frame() -> None:
    """A rider is one with the motorcycle from the first frame."""
    riders = Riders()
    for step in range(30):
        at = step * FRAME_S
        assert labels(riders.join([bike(0.1 + 0.02 * step, at), rider(0.1 + 0.02 * step, at)], at)) == [
            (1, "motorcycle")
        ]


def test_a_rider_who_waits_is_still_a_rider() -> None:
    riders = Riders()
    for step in range(100):
        at, x = step * FRAME_S, min(0.5, 0.1 + 0.02 * step)
        assert labels(riders.join([bike(x, at), rider(x, at)], at)) == [(1, "motorcycle")]


def test_motorcycle_that_detector_misses_for_moment() -> None:
    """A motorcycle that the detector misses for a moment is still there and its rider is no person."""
    riders = Riders()
    for step in range(30):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        seen = [rider(x, at)] if 10 <= step < 14 else [bike(x, at), rider(x, at)]
        joined = riders.join(seen, at)
        assert labels(joined) == [(1, "motorcycle")]
        assert abs((joined[0].box.left + joined[0].box.right) / 2 - x) < 0.01


def test_somebody_who_walks_past_parked_motorcycle() -> None:
    """Somebody who walks past a parked motorcycle is a person."""
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


def test_motorcycle_that_is_missed_keeps_its_own_place() -> None:
    """A motorcycle that is missed keeps its own place and size below its rider.

    At half of the looks the detector does not find it: nothing about its box may tell which ones.
    """
    riders, looks = Riders(), []
    for step in range(40):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        seen = [rider(x, at)] if step >= 4 and step % 5 in (1, 2) else [bike(x, at), rider(x, at)]
        [joined] = riders.join(seen, at)
        assert (joined.track_id, joined.label, joined.seen_now) == (1, "motorcycle", True)
        looks.append((joined.box, bike(x, at).box))
    assert all(told.sides == pytest.approx(true.sides) for told, true in looks)


def test_a_guess_where_the_motorcycle_is_gives_way() -> None:
    """A guess where the motorcycle is gives way to where its rider is."""
    riders = Riders()
    for step in range(5):
        riders.join(
            [bike(0.3 + 0.02 * step, step * FRAME_S), rider(0.3 + 0.02 * step, step * FRAME_S)],
            step * FRAME_S,
        )
    coasting = replace(bike(0.44, 1.0), last_seen=0.8, seen_now=False)
    [joined] = riders.join([coasting, rider(0.4, 1.0)], 1.0)
    assert joined.seen_now
    assert joined.box.sides == pytest.approx(bike(0.4, 1.0).box.sides)


def test_rider_whose_motorcycle_is_missed_for_seconds() -> None:
    """A rider whose motorcycle is missed for seconds is no pedestrian."""
    riders = Riders()
    for step in range(30):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        seen = [rider(x, at)] if 10 <= step < 23 else [bike(x, at), rider(x, at)]
        assert labels(riders.join(seen, at)) == [(1, "motorcycle")]


def test_motorcycle_that_is_found_again() -> None:
    """A motorcycle that is found again under another number is the same ride."""
    riders = Riders()
    for step in range(40):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        found = [bike(x, at)] if step < 10 else [bike(x, at, number=3, born=at)] if step >= 16 else []
        assert labels(riders.join([*found, rider(x, at)], at)) == [(1, "motorcycle")]


def test_who_was_told_as_person_before_motorcycle() -> None:
    """Who was told as a person before the motorcycle was found goes on under that number."""
    riders, told = Riders(), []
    for step in range(30):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        early = (
            tuple(Sighting((step - k) * FRAME_S, bike(x - 0.02 * k, at).box) for k in (2, 1))
            if step == 5
            else ()
        )
        found = [replace(bike(x, at, number=7, born=0.6), earlier=early)] if step >= 5 else []
        told += riders.join([*found, rider(x, at)], at)
    assert labels(told) == [(2, "motorcycle")] * 25 + [(2, "person")] * 5
    assert not any(t.earlier for t in told), "his own path is known"


def test_two_on_one_motorcycle_are_one_ride() -> None:
    riders = Riders()
    for step in range(30):
        at, x = step * FRAME_S, 0.1 + 0.02 * step
        seen = [rider(x, at), rider(x - 0.02, at, number=5)]
        joined = riders.join(seen if 10 <= step < 14 else [bike(x, at), *seen], at)
        assert labels(joined) == [(1, "motorcycle")]
        assert joined[0].box.sides == pytest.approx(bike(x, at).box.sides)


@pytest.mark.parametrize("sure_after", [3, 5, 7])
@pytest.mark.parametrize("rate", [5, 10, 15])
def test_motorcycle_that_passes_pedestrian(rate: int, sure_after: int) -> None:
    """A motorcycle that passes a pedestrian does not take his number or him.

    It comes from behind, is sure just before, beside or after him, and drives on out of the picture.
    """
    riders = Riders()
    for step in range(4 * rate):
        at = step / rate
        x, beside = 0.2 + 0.4 * at, 0.2 + 0.4 * sure_after / rate
        tracks = [walker(beside + 0.02 * (at - sure_after / rate), at, number=1)]
        passes = sure_after <= step and x < 0.9
        if passes:
            early = (
                tuple(Sighting(n / rate, bike(0.2 + 0.4 * n / rate, at).box) for n in range(step))
                if step == sure_after
                else ()
            )
            tracks.append(replace(bike(x, at, number=2), earlier=early))
        joined = riders.join(tracks, at)
        assert (2, "motorcycle") in labels(joined) or not passes
        far = abs(x - beside) > 0.15 and (passes or step < sure_after)
        assert (1, "person") in labels(joined) or not far or at < (sure_after / rate) + 1.0
        if not passes and step > sure_after + rate:
            assert labels(joined) == [(1, "person")]


def going(x: float, at: float, pace: float, number: int = 2, aspect: float = 16 / 9) -> Track:
    """A person of whom it is sure that he goes at `pace` own heights a second."""
    person = rider(x, at, number)
    return replace(person, velocity=(pace * person.box.height / aspect, 0.0))


@pytest.mark.parametrize("aspect", [16 / 9, 4 / 3, 9 / 16])
@pytest.mark.parametrize(("pace", "label"), [(3.05, "motorcycle"), (2.95, "person"), (-3.05, "motorcycle")])
def test_nobody_runs_like_that(pace: float, label: str, aspect: float) -> None:
    """Nothing is found below him: who goes faster than anybody runs rides, from the first report on."""
    joined = Riders().join([going(0.3, 0.0, pace, aspect=aspect)], 0.0, aspect)
    assert labels(joined) == [(2, label)]


def test_who_comes_or_goes_counts_too() -> None:
    down = replace(rider(0.3, 0.0), velocity=(0.0, 0.8))
    both = replace(rider(0.3, 0.0), velocity=(0.5, 0.6))
    for fast in (down, both):
        assert labels(Riders().join([fast], 0.0, 1.0)) == [(2, "motorcycle")]
        assert labels(Riders().join([fast], 0.0, 2.0)) == [(2, "motorcycle")]


def test_who_rode_a_moment_ago_still_rides() -> None:
    """He brakes, or is hidden: for three seconds he is no person; then he is whatever is seen."""
    riders, seen = Riders(), going(0.3, 0.0, 5.0)
    assert labels(riders.join([seen], 0.0, 16 / 9)) == [(2, "motorcycle")]
    for at in (0.4, 2.0, 3.0):
        hidden = replace(seen, last_seen=0.0, seen_now=False)
        assert labels(riders.join([hidden], at, 16 / 9)) == [(2, "motorcycle")]
    assert labels(riders.join([rider(0.4, 3.2)], 3.2, 16 / 9)) == [(2, "person")]


def test_guessed_speed_proves_nothing() -> None:
    guessed = replace(going(0.3, 0.0, 5.0), seen_now=False)
    assert labels(Riders().join([guessed], 0.2, 16 / 9)) == [(2, "person")]


def test_fast_rider_with_his_motorcycle_is_one() -> None:
    joined = Riders().join([bike(0.3, 0.0), going(0.3, 0.0, 5.0)], 0.0, 16 / 9)
    assert labels(joined) == [(1, "motorcycle")]


def test_car_that_is_fast_stays_a_car() -> None:
    car = replace(going(0.3, 0.0, 9.0), label="car")
    assert labels(Riders().join([car], 0.0, 16 / 9)) == [(2, "car")]


@pytest.mark.parametrize("rate", [3, 5, 10, 15, 25])
@pytest.mark.parametrize(("pace", "label"), [(0.8, "person"), (2.0, "person"), (5.0, "motorcycle")])
def test_speed_is_sure_when_the_track_is(rate: int, pace: float, label: str) -> None:
    """Through the tracker, with boxes as unsteady as a detector draws them: whoever is told is what he is
    from the first report on.
    """
    tracker, riders, dice = Tracker(), Riders(), random.Random(rate)
    told = []
    for step in range(round(1.6 * rate) + 1):
        at, high, wide = step / rate, 0.2, 0.08
        x = 0.05 + pace * high / (16 / 9) * at + dice.gauss(0, 0.05) * wide
        foot = 0.7 + dice.gauss(0, 0.02) * high
        box = Box(x - wide / 2, foot - high * (1 + dice.gauss(0, 0.04)), x + wide / 2, foot)
        found = [Detection(box, 0.7, "person")] if x < 0.95 else []
        told += riders.join(tracker.update(found, at), at, 16 / 9)
    assert {t.label for t in told if t.seen_now} == {label}
