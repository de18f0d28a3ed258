"""When the tracker is sure, whom it takes for whom and how long it waits: each rule by itself, a value on
each side of every limit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pole_agent.tracking.tracker import Tracker
from pole_agent.tracking.tuning import Tuning
from pole_agent.vocabulary import Box, Detection

LOOKS = [np.eye(128, dtype=np.float32)[n] * 2**0.5 for n in range(3)]


class Seen:
    """One of whom only the place is looked at."""

    def __init__(self, sides: tuple[float, float, float, float]) -> None:
        self.sides = sides


@pytest.mark.parametrize(
    ("front", "hides"),
    [
        # All; 0.4 of his width
        ((0.45, 0.3, 0.55, 0.7), True),
        ((0.45, 0.3, 0.4901, 0.61), True),
        ((0.5099, 0.3, 0.55, 0.61), True),
        ((0.45, 0.3, 0.4899, 0.61), False),
        ((0.5101, 0.3, 0.55, 0.61), False),
        ((0.4, 0.5201, 0.6, 0.7), False),
        ((0.4, 0.5199, 0.6, 0.7), True),  # of his height
        # Who stands nearer ends lower
        ((0.45, 0.3, 0.55, 0.6), False),
        ((0.45, 0.3, 0.55, 0.6001), True),
        ((0.45, 0.3, 0.55, 0.5), False),
        ((0.2, 0.3, 0.4, 0.7), False),
        ((0.6, 0.3, 0.9, 0.7), False),
        ((0.45, 0.61, 0.55, 0.9), False),
        ((0.0, 0.9, 0.1, 0.99), False),
    ],
)
def test_who_hides_another_is_nearer_and_covers_him(
    front: tuple[float, float, float, float], hides: bool
) -> None:
    """Four tenths of his box, by one who is in sight, whichever of many that is."""
    tracker = Tracker(Tuning(hidden_share=0.4))
    him = Seen(sides=(0.45, 0.4, 0.55, 0.6))
    aside = (0.0, 0.0, 0.1, 0.9)
    for in_sight in ([front], [aside, front], [front, aside]):
        assert tracker._is_hidden(him, in_sight) == hides  # type: ignore[arg-type]
    assert not tracker._is_hidden(him, [])  # type: ignore[arg-type]


def person(
    x: float = 0.5, score: float = 0.8, look: int | None = None, label: str = "person", foot: float = 0.6
) -> Detection:
    return Detection(
        Box(x - 0.03, foot - 0.2, x + 0.03, foot), score, label, None if look is None else LOOKS[look]
    )


def sure(*found: Detection, looks: int = 5, step: float = 0.25) -> Tracker:
    """Those who were seen last at 1.0 s, times that are exact as floats."""
    tracker = Tracker()
    for n in range(looks):
        tracker.update(found, n * step)
    return tracker


@pytest.mark.parametrize(("away", "found"), [(0.75, True), (1.0, True), (1.0625, False)])
def test_a_weak_box_is_for_those_in_sight(away: float, found: bool) -> None:
    """For a second, exactly; who has been away for longer is not found by a box that starts nothing."""
    tracker = sure(person(look=0))
    assert [t.seen_now for t in tracker.update([person(score=0.3, look=0)], 1.0 + away)] == [True] * found


@pytest.mark.parametrize(("x", "away", "same"), [(0.5, 0.25, True), (0.515, 0.25, False), (0.5, 1.0, False)])
def test_light_changes_a_look_but_not_a_place(x: float, away: float, same: bool) -> None:
    """Where he was a moment ago he is the same one, whatever he looks like now; a little aside or later that
    is another.
    """
    tracks = sure(person(look=0)).update([person(x, look=1)], 1.0 + away)
    assert any(t.seen_now for t in tracks) == same


@pytest.mark.parametrize(("tuned", "last", "there"), [(1.5, 1.5, True), (1.5, 1.5625, False)])
def test_time_out_of_sight_belongs_to_it(tuned: float, last: float, there: bool) -> None:
    """Told and remembered: to the very end of the time."""
    tracker = Tracker(Tuning(coast_s=0.5, memory_s=tuned))
    for n in range(5):
        tracker.update([person()], n * 0.25)
    tracker.update([], 1.0 + last)
    assert tracker.remembered == ({1} if there else frozenset())
    told = Tracker(Tuning(coast_s=tuned))
    for n in range(5):
        told.update([person()], n * 0.25)
    assert [t.track_id for t in told.update([], 1.0 + last)] == [1] * there


@pytest.mark.parametrize(("stood", "memory"), [(8.0, 60.0), (7.75, 6.0)])
def test_what_stood_for_long_is_remembered_for_long(stood: float, memory: float) -> None:
    """To the very end of a minute, or of six seconds; so are those who are told, five seconds, or as long as
    anybody.
    """
    for away, there in ((memory, True), (memory + 0.0625, False)):
        tracker = sure(person(label="car"), looks=int(stood * 4) + 1)
        tracker.wait(stood + away)
        assert bool(tracker.remembered) == there
    coast = 5.0 if stood >= 8 else 0.375
    for away, there in ((coast, True), (coast + 0.0625, False)):
        tracker = sure(person(label="car"), looks=int(stood * 4) + 1)
        assert bool(tracker.update([], stood + away)) == there


def test_while_nobody_looks_nobody_is_wondered_at() -> None:
    """What was seen once has to be seen again at the next look, or begins anew."""
    for way in ("wait", "advance"):
        tracker = Tracker()
        tracker.update([person()], 0.0)
        assert tracker.has_candidates
        getattr(tracker, way)(0.25)
        assert not tracker.has_candidates
        assert tracker.tentative == []


def test_while_nobody_looks_who_walks_out_is_gone() -> None:
    """He goes on at his speed, and is forgotten beyond the border; one who stands there is not."""
    for speed, known in ((0.05, frozenset()), (0.0, {1})):
        tracker = Tracker()
        for n in range(9):
            tracker.update([person(0.55 + speed * n)], n * 0.25)
        tracker.wait(3.0)
        assert tracker.remembered == known


@pytest.mark.parametrize("score", [0.3, 0.41])
@pytest.mark.parametrize("first", [0.5, 0.9])
def test_what_is_fresh_goes_on_by_any_box(first: float, score: float) -> None:
    """By the evidence of both; never by what is elsewhere or another thing."""
    tracker = Tracker()
    tracker.update([person(score=first)], 0.0)
    tracker.update([person(score=score)], 0.25)
    assert tracker.has_candidates == (first < 0.6)
    assert bool(tracker.remembered) == (first > 0.6)
    for aside in (person(score=score, label="car"), person(0.9, score=score)):
        other = Tracker()
        other.update([person(score=first)], 0.0)
        other.update([aside], 0.25)
        assert not other.remembered
        for n in range(12):
            other.update([], 0.5 + 0.25 * n)
        assert not other.has_candidates, "what is not found again is forgotten"


def test_a_dim_box_starts_nothing_beside_a_good_one() -> None:
    """A good box elsewhere does not make it one."""
    tracker = Tracker()
    tracker.update([person(0.2, score=0.5), person(score=0.39)], 0.0)
    assert [t.first_seen for t in tracker.update([person(score=0.9)], 0.25)] == []
    assert [t.first_seen for t in tracker.update([person(score=0.9)], 0.5)] == [0.25]


def test_of_two_looks_that_differ_none_makes_a_track() -> None:
    """Two boxes must be alike, in look and in size."""
    tracker = Tracker()
    tracker.update([person(score=0.9, look=0)], 0.0)
    assert not tracker.update([person(score=0.9, look=1)], 0.25)
    assert [t.first_seen for t in tracker.update([person(score=0.9, look=1)], 0.5)] == [0.25]
    size = Tracker()
    size.update([person(score=0.9)], 0.0)
    assert not size.update([Detection(Box(0.485, 0.5, 0.515, 0.6), 0.9, "person")], 0.25), "half as large"


def test_a_look_that_was_landed_on_begins_anew() -> None:
    """What a leap led to is still there, alone: it is as old as its own first look, and what was before is
    nobody.
    """
    tracker = Tracker()
    tracker.update([person(0.38, 0.7)], 0.0)
    tracker.update([person(0.5, 0.7)], 0.25)
    [track] = tracker.update([person(0.5, 0.7)], 0.5)
    assert (track.first_seen, [s.at for s in track.earlier]) == (0.25, [0.25])
    for n in range(8):
        told = tracker.update([person(0.5, 0.7)], 0.75 + 0.25 * n)
    assert [t.track_id for t in told] == [1]
    assert not tracker.has_candidates, "what was before is nobody"
    dim = Tracker()
    dim.update([person(0.38, 0.7)], 0.0)
    dim.update([person(0.5, 0.7)], 0.25)
    [track] = dim.update([person(0.5, 0.3)], 0.5)
    assert track.first_seen == 0.25, "also by a weak box"


def test_what_settles_is_halted() -> None:
    """One that has been standing for eight seconds does not drift while it is not found."""
    for looks, drifts in ((32, True), (33, True), (34, False)):
        tracker = Tracker()
        for n in range(looks):  # so slowly that it is within a quarter of its height
            tracker.update([person(0.5 + 0.0007 * n, label="car")], n * 0.25)
        first, second = (tracker.update([], (looks - 1) * 0.25 + away)[0].box.left for away in (0.3, 0.35))
        assert (first != second) == drifts


def test_of_many_too_many_only_the_best_count() -> None:
    """The two hundred that score best, wherever they stand in the list."""
    places = [(0.01 + 0.045 * (n % 20), 0.02 + 0.08 * (n // 20)) for n in range(240)]
    tracker = Tracker()
    for n in range(2):
        flood = [
            Detection(Box(x, y, x + 0.03, y + 0.05), 0.7 + 0.001 * k, "person", None, True)
            for k, (x, y) in enumerate(places)
        ]
        told = tracker.update(flood if n else flood[::-1], n * 0.25)
    assert sorted(round(t.score, 3) for t in told) == [round(0.7 + 0.001 * k, 3) for k in range(40, 240)]


@pytest.mark.parametrize(("looks", "told"), [(3, False), (4, True)])
def test_four_looks_at_one_who_travels_are_enough(looks: int, told: bool) -> None:
    """However dim he is: what moves is looked at anew each time, what stands is the same picture again."""
    tracker = Tracker()
    tracks = [
        tracker.update([Detection(Box(x, 0.45, x + 0.06, 0.55), 0.5, "person")], n * 0.125)
        for n, x in enumerate((0.3, 0.335, 0.37, 0.405))
    ]
    assert bool(tracks[looks - 1]) == told
    still = Tracker()
    assert not any(still.update([person(score=0.5)], n * 0.125) for n in range(40))


@pytest.mark.parametrize(("away", "x", "same"), [(0.5, 0.58, True), (0.5, 0.65, False), (3.0, 0.65, True)])
def test_the_longer_away_the_further_he_may_be(away: float, x: float, same: bool) -> None:
    """Who stood may have gone, no faster than people go."""
    tracks = sure(person(look=0)).update([person(x, look=0)], 1.0 + away)
    assert any(t.seen_now for t in tracks) == same


def test_who_is_wholly_in_the_part_is_found_there() -> None:
    """The same one, as in a look at all of it."""
    tracker = sure(person())
    for n in range(1, 5):
        assert [
            (t.track_id, t.seen_now)
            for t in tracker.update([person()], 1.0 + n * 0.25, Box(0.3, 0.3, 0.7, 0.7))
        ] == [(1, True)]
    assert not tracker.has_candidates


@pytest.mark.parametrize(("away", "settled"), [(1.0, True), (1.0625, False), (5.0, False), (5.0625, True)])
def test_settled_is_for_those_who_are_told(away: float, settled: bool) -> None:
    """A parked car that is not found is looked for until it is told no more."""
    assert sure(person(label="car"), looks=33).settled(8.0 + away) == settled


@pytest.mark.parametrize(("missed", "there"), [(1, True), (2, False)])
def test_who_stands_is_missed_no_longer_than_others(missed: int, there: bool) -> None:
    """One who has stood for two seconds is no parked car: missed twice, he is not there again because the
    picture is still.
    """
    tracker = sure(person(), looks=9)
    for n in range(missed):
        tracker.update([], 2.0 + (n + 1) * 0.25)
    assert [t.track_id for t in tracker.advance(2.0 + (missed + 1) * 0.25)] == [1] * there


@pytest.mark.parametrize(("right", "hides"), [(0.5, True), (0.5 - 2**-20, False)])
def test_exactly_that_share_is_covered(right: float, hides: bool) -> None:
    """Half of him, where half is asked for."""
    tracker = Tracker(Tuning(hidden_share=0.5))
    him: Any = Seen(sides=(0.25, 0.25, 0.75, 0.75))
    assert tracker._is_hidden(him, [(0.0, 0.0, right, 1.0)]) == hides


@pytest.mark.parametrize(
    ("score", "speed", "moving", "h", "expected"),
    [
        # Two looks, where one alone is 20 to 1
        (0.61, 0.0, False, 0.2, 0.1),
        (0.9, 0.0, False, 0.2, 0.1),
        # It stands: each look repeats the one before
        (0.5, 0.0, False, 0.2, 7.9),
        (0.45, 0.0, False, 0.2, 17.9),
        (0.4, 0.0, False, 0.2, 52.8),
        (0.5, 0.0, True, 0.2, 7.9),
        # It moves, since it is further than a quarter of its height
        (0.5, 0.05, False, 0.2, 0.8),
        (0.4, 0.05, False, 0.2, 2.4),
        (0.5, 0.2, False, 0.2, 0.5),
        # It is large and the picture changes there
        (0.5, 0.0, True, 0.35, 0.3),
        (0.4, 0.0, True, 0.35, 1.9),
    ],
)
def test_how_long_it_takes_to_be_sure(
    score: float, speed: float, moving: bool, h: float, expected: float
) -> None:
    """At ten looks a second, by score and by whether it moves; the picture that stays says nothing new."""
    tracker = Tracker()
    for n in range(600):
        x = 0.1 + speed * n / 10
        if tracker.update(
            [Detection(Box(x, 0.5 - h / 2, x + 0.06, 0.5 + h / 2), score, "person", None, moving)], n / 10
        ):
            break
    assert n / 10 == pytest.approx(expected, abs=0.15 + 0.02 * expected)


@pytest.mark.parametrize("rate", [2, 5, 10, 25])
def test_looks_that_follow_faster_say_no_more(rate: int) -> None:
    """The same person is sure at the same time, however often the camera looks, to the time of one look."""
    tracker = Tracker()
    for n in range(10 * rate):
        if tracker.update([person(0.1 + 0.1 * n / rate, score=0.45)], n / rate):
            break
    assert n / rate == pytest.approx(1.0, abs=0.15 + 1 / rate)


@pytest.mark.parametrize(("least", "score"), [(0.4, 0.45), (0.6, 0.65), (0.8, 0.85)])
def test_the_least_score_moves_the_whole_scale(least: float, score: float) -> None:
    """`min_score` says from where a score speaks for somebody: just above it, a walker is one."""
    tracker = Tracker(Tuning(start_score=least))
    told = [tracker.update([person(0.1 + 0.02 * n, score=score)], n * 0.2) for n in range(12)]
    assert told[-1]
    dim = Tracker(Tuning(start_score=least))
    assert not any(dim.update([person(0.1 + 0.02 * n, score=least - 0.01)], n * 0.2) for n in range(12))


def test_what_is_not_found_is_believed_less_and_less() -> None:
    """Who is missed at every other look is there; who is missed for longer has to be seen for longer."""
    tracker = sure(person(), looks=9)
    assert all(tracker.update([person()] if n % 2 else [], 2.0 + 0.25 * n) for n in range(1, 20))
    tracker = sure(person(look=0), looks=9)
    for n in range(16):
        tracker.update([], 2.0 + 0.25 * (n + 1))
    told = [
        [t.track_id for t in tracker.update([person(score=0.5, look=0)], 6.25 + 0.1 * n)] for n in range(9)
    ]
    assert told[0] == [], "once is not enough, if he is dim"
    assert told[-1] == [1]


def test_who_is_hidden_loses_nothing() -> None:
    """What covers him explains why he is not found."""
    front = Detection(Box(0.4, 0.3, 0.6, 0.7), 0.8, "car")
    tracker = sure(person(look=0), front)
    for n in range(16):
        tracker.update([front], 1.25 + 0.25 * n)
    back = tracker.update([person(look=0), front], 5.25)
    assert sorted(t.track_id for t in back) == [1, 2]


def test_who_is_not_sure_waits_for_his_part() -> None:
    """It was not looked for, so it was not missed; at the next look that holds it, it goes on."""
    tracker, aside = Tracker(), Box(0.6, 0.0, 1.0, 1.0)
    tracker.update([person(0.3, score=0.9)], 0.0)
    assert tracker.update([], 0.25, aside) == []
    assert tracker.has_candidates
    [track] = tracker.update([person(0.3, score=0.9)], 0.5)
    assert [s.at for s in track.earlier] == [0.0]
    tracker.update([person(0.3), person(0.1, score=0.5)], 0.75)
    for n in range(8):
        tracker.update([person(0.3)], 1.0 + 0.25 * n)
    assert not tracker.has_candidates, "here it was looked for"


@pytest.mark.parametrize("moving", [True, False])
def test_good_looks_make_up_for_a_dim_first_one(moving: bool) -> None:
    """Where the picture changes; a post that scores well now and then is a post."""
    tracker, (dim, good) = Tracker(), (replace(person(score=s), moving=moving) for s in (0.45, 0.9))
    told = [tracker.update([seen], n / 5) for n, seen in enumerate((dim, good, good, good))]
    assert [bool(tracks) for tracks in told] == [False, moving, moving, moving]


@pytest.mark.parametrize(("speed", "told"), [(0.1, True), (0.0, False)])
def test_who_moved_is_there_though_he_scores_low(speed: float, told: bool) -> None:
    """Who stood from the first is given up, who walked a while is not: a post does not walk."""
    tracker = Tracker()
    for n in range(60):
        tracks = tracker.update([person(0.2 + speed * min(n, 10) / 5, 0.7 if n < 10 else 0.28)], n / 5)
    assert bool(tracks) == told


@pytest.mark.parametrize("label", ["person", "truck"])
def test_what_was_seen_once_behind_a_car_is_forgotten(label: str) -> None:
    """It was no track: perhaps it was a part of the car that seems to cover it."""
    tracker, car = Tracker(), Detection(Box(0.3, 0.4, 0.7, 0.9), 0.8, "car")
    for n in range(10):
        tracker.update([car], n / 5)
    ghost = Detection(Box(0.4, 0.5, 0.5, 0.7), 0.9, label)
    tracker.update([car, ghost], 2.0)
    assert tracker.has_candidates
    assert tracker.tentative
    for n in range(20):
        tracker.update([car], 2.2 + n / 5)
    assert not tracker.has_candidates
    assert not tracker.tentative


@pytest.mark.parametrize("seen_s", [2.0, 30.0])
def test_who_is_looked_for_in_vain_is_gone(seen_s: float) -> None:
    """Nothing moves, and a look every two seconds does not find him: he has left between two frames. One who
    had been standing for long is remembered for a minute.
    """
    tracker, looks = Tracker(), round(seen_s * 5)
    for n in range(looks):
        tracker.update([person(0.03, 0.7)], n / 5)
    told, known = 0.0, 0.0
    for n in range(looks, looks + 5 * 120):
        now = n / 5
        tracks = tracker.advance(now) if n % 10 else tracker.update([], now)
        told, known = now if tracks else told, now if tracker.remembered else known
    assert told - seen_s < 12
    assert known - told <= (6 if seen_s < 8 else 60)


def test_who_stands_is_there_though_a_look_misses_him() -> None:
    tracker = Tracker()
    for n in range(20):
        tracker.update([person()], n / 5)
    tracker.update([], 4.0)
    assert [t.track_id for n in range(1, 10) for t in tracker.advance(4.0 + n / 5)] == [1] * 9
