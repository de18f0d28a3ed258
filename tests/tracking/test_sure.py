"""When the tracker is sure, whom it takes for whom and how long it waits: each rule by itself, a value on
each side of every limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pole_agent.tracking.association import grown
from pole_agent.tracking.identity import Identity
from pole_agent.tracking.tracker import Tracker
from pole_agent.tracking.tuning import Tuning
from pole_agent.vocabulary import Box, Detection, group_of, iou

LOOKS = [np.eye(128, dtype=np.float32)[n] * 2**0.5 for n in range(3)]
# Limits that are exact as floats, so that both sides of each can be tried.
EXACT = Tuning(
    start_score=0.5,
    confirm_above=0.5,
    confirm_s=0.25,
    patient_s=1.25,
    large=0.5,
    still_hits=10,
    still_above=0.25,
    still_s=32.0,
    travelled_hits=4,
)


class Seen:
    """One who is not sure yet: all that the rule looks at."""

    def __init__(self, **facts: Any) -> None:
        self.leaps, self.best, self.mean_score, self.hits, self.first_seen = 0, 0.5, 0.5, 2, 100.0
        self.travelled = self.moved = False
        self.sides = (0.4, 0.25, 0.5, 0.75)
        vars(self).update(facts)


@pytest.mark.parametrize(
    ("facts", "least"),
    [
        # Half of the way from the least score to 1
        ({"best": 0.75}, 0.25),
        ({"best": 1.0}, 0.25),
        ({"best": 0.7499}, 32.0),
        ({"best": 0.75, "leaps": 1}, None),
        ({"best": 0.75, "leaps": 2}, 0.25),  # a leap has to be proved
        ({"travelled": True, "hits": 4}, 0.25),
        ({"travelled": True, "hits": 3}, 32.0),
        ({"travelled": True, "hits": 5}, 0.25),
        ({"travelled": True, "hits": 4, "leaps": 1}, None),
        # Half of the picture's height and more
        ({"moved": True}, 0.25),
        ({"moved": True, "sides": (0.4, 0.2, 0.5, 0.9)}, 0.25),
        ({"moved": True, "sides": (0.4, 0.25, 0.5, 0.5)}, 0.75),
        ({"moved": True, "sides": (0.1, 0.5, 0.9, 0.625)}, 1.0),
        ({"moved": True, "sides": (0.4, 0.5, 0.5, 0.5)}, 1.25),
        ({"moved": True, "mean_score": 1.0, "hits": 9}, 0.25),
        ({"mean_score": 0.625, "hits": 10}, 0.0),
        ({"mean_score": 0.625, "hits": 9}, None),
        ({"mean_score": 0.624, "hits": 99}, 32.0),
        ({}, 32.0),
    ],
)
def test_how_long_it_takes_to_be_sure(facts: dict[str, Any], least: float | None) -> None:
    """So many seconds after it was seen first, to the rounding of a clock; None: however long."""
    tracker, seen = Tracker(EXACT), Seen(**facts)
    for age in (0.0, 0.2499, 0.25, 0.7499, 0.75, 0.9999, 1.0, 1.2499, 1.25, 31.9999, 32.0, 1000.0):
        expected = least is not None and age >= least
        assert tracker._is_sure(seen, 100.0 + age) == expected, age  # type: ignore[arg-type]
    if least:
        assert tracker._is_sure(seen, 100.0 + least - 5e-7)  # type: ignore[arg-type]
        assert not tracker._is_sure(seen, 100.0 + least - 2e-6)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", [0.0, 0.25, 0.5, 0.75])
@pytest.mark.parametrize("above", [0.0, 0.25, 0.5, 1.0])
def test_what_is_clear_is_a_share_of_the_way_to_one(start: float, above: float) -> None:
    """From the least score on, whatever both are: 0 is the least score itself, 1 is 1."""
    tracker, limit = Tracker(Tuning(start_score=start, confirm_above=above)), start + above * (1 - start)
    for best in (limit - 2**-20, limit, limit + 2**-20):
        assert tracker._is_clear(Seen(best=best)) == (best >= limit)  # type: ignore[arg-type]
    assert (limit == start, limit == 1) == (above == 0, above == 1)


box = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.floats(0.01, 0.5),
    st.floats(0.01, 0.5),
)
detections = st.builds(
    Detection, box, st.just(0.8), st.sampled_from(["person", "car", "bus"]), st.sampled_from([None, *LOOKS])
)


@settings(max_examples=60)
@given(
    st.lists(detections, max_size=8),
    st.lists(detections, max_size=8),
    st.sampled_from([0.0, 0.2, 0.9, 1.0, 7.0]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_whatever_overlaps_is_a_pair(
    before: list[Detection], after: list[Detection], away: float, weight: float
) -> None:
    """Of one group, each box grown a little, the one that is away the more; by place, and by look where both
    have one.
    """
    tracker = Tracker(Tuning(look_weight=weight, margin=0.125, margin_per_s=0.25, most_margin=0.375))
    known = [Identity(d, 10.0) for d in before]
    expected = {}
    for row, one in enumerate(before):
        for column, other in enumerate(after):
            mine, theirs = (
                grown(one.box.sides, min(0.375, 0.125 + 0.25 * away)),
                grown(other.box.sides, 0.125),
            )
            apart = (
                mine[0] >= theirs[2] or theirs[0] >= mine[2] or mine[1] >= theirs[3] or theirs[1] >= mine[3]
            )
            if apart or group_of(one.label) != group_of(other.label):
                continue
            place = iou(mine, theirs)
            both = one.look is not None and other.look is not None
            alike = (
                float(one.look @ other.look) / 2 if one.look is not None and other.look is not None else 0.0
            )
            expected[row, column] = (1 - weight) * place + weight * alike if both else place
    found = tracker._pairs(known, after, [d.box.sides for d in after], 10.0 + away)
    assert {(r, c): pytest.approx(v, abs=1e-6) for v, r, c in found} == expected
    assert len(found) == len(expected)


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
    tracker = Tracker(Tuning(hidden_share=0.4, hidden_coast_s=1.0, coast_s=0.38))
    him = Seen(sides=(0.45, 0.4, 0.55, 0.6))
    aside = (0.0, 0.0, 0.1, 0.9)
    for in_sight in ([front], [aside, front], [front, aside]):
        assert tracker._hidden(him, in_sight) == (1.0 if hides else 0.38)  # type: ignore[arg-type]
    assert tracker._hidden(him, []) == 0.38  # type: ignore[arg-type]


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
def test_in_sight_is_up_to_a_second(away: float, found: bool) -> None:
    """For a weak box, and for one who looks another way now; exactly a second is in sight."""
    tracker = sure(person(look=0))
    assert [t.seen_now for t in tracker.update([person(score=0.3, look=0)], 1.0 + away)] == [True] * found
    other = sure(person(look=0))
    assert [t.seen_now for t in other.update([person(look=1)], 1.0 + away)] == [True] * found


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


@pytest.mark.parametrize(("score", "found"), [(0.39, False), (0.41, True)])
@pytest.mark.parametrize("first", [0.5, 0.9])
def test_what_is_fresh_goes_on_by_good_boxes(first: float, score: float, found: bool) -> None:
    """Or by any, where it was clear at first or has moved; never by what is elsewhere or another thing."""
    tracker = Tracker()
    tracker.update([person(score=first)], 0.0)
    tracker.update([person(score=score)], 0.25)
    assert tracker.has_candidates == (found and first < 0.6)
    assert bool(tracker.remembered) == (first > 0.6)
    other = Tracker()
    other.update([person(score=first)], 0.0)
    other.update([person(score=score, label="car")], 0.25)
    assert other.has_candidates == found
    assert not other.remembered


def test_a_dim_box_is_no_good_one_beside_another() -> None:
    """A good box elsewhere does not make it one: who was dim and is seen as a weak box is not seen again."""
    tracker = Tracker()
    tracker.update([person(score=0.5)], 0.0)
    tracker.update([person(0.2, score=0.5), person(score=0.39)], 0.25)
    assert tracker.update([person(score=0.9)], 0.5) == []
    assert [t.first_seen for t in tracker.update([person(score=0.9)], 0.75)] == [0.5]


def test_of_two_looks_that_differ_none_makes_a_track() -> None:
    """Two boxes must be alike; a third look may differ."""
    tracker = Tracker()
    tracker.update([person(score=0.9, look=0)], 0.0)
    assert not tracker.update([person(score=0.9, look=1)], 0.25)
    assert [t.track_id for t in tracker.update([person(score=0.9, look=2)], 0.5)] == [1]
    size = Tracker()
    size.update([person(score=0.9)], 0.0)
    assert not size.update([Detection(Box(0.47, 0.4, 0.53, 0.5), 0.9, "person")], 0.25), "half as high"


def test_a_look_that_was_landed_on_begins_anew() -> None:
    """What a leap led to is still there, alone: it is as old as its own first look, and what was before is
    nobody.
    """
    tracker = Tracker()
    tracker.update([person(0.38, 0.7)], 0.0)
    tracker.update([person(0.5, 0.7)], 0.25)
    [track] = tracker.update([person(0.5, 0.7)], 0.5)
    assert (track.first_seen, [s.at for s in track.earlier]) == (0.25, [0.25])
    assert not tracker.has_candidates
    dim = Tracker()
    dim.update([person(0.38, 0.7)], 0.0)
    dim.update([person(0.5, 0.7)], 0.25)
    [track] = dim.update([person(0.5, 0.3)], 0.5)
    assert track.first_seen == 0.25, "also by a weak box"


def test_what_settles_is_halted() -> None:
    """One that has been standing for eight seconds does not drift while it is not found."""
    shake = [0.0, 0.004, -0.003, 0.005]
    for looks, drifts in ((32, True), (33, True), (34, False)):
        tracker = Tracker()
        for n in range(looks):
            told = tracker.update([person(0.5 + shake[n % 4], label="car")], n * 0.25)
        [before], [after] = told, tracker.update([], (looks - 1) * 0.25 + 0.3)
        assert (after.box.left != before.box.left) == drifts


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
    """However dim he is: he is further than his own size from where he was first, at the third look too."""
    tracker = Tracker()
    tracks = [
        tracker.update([Detection(Box(x, 0.45, x + 0.06, 0.55), 0.5, "person")], n * 0.125)
        for n, x in enumerate((0.3, 0.335, 0.37, 0.405))
    ]
    assert bool(tracks[looks - 1]) == told


@pytest.mark.parametrize(
    ("away", "x", "same"),
    [(0.5, 0.5762, True), (0.5, 0.5775, False), (3.0, 0.586, True), (3.0, 0.588, False)],
)
def test_the_longer_away_the_further_he_may_be(away: float, x: float, same: bool) -> None:
    """Each second adds 36 hundredths of his size to the five at each side, up to forty; the box that is seen
    has five.
    """
    tracks = sure(person(look=0)).update([person(x, look=0)], 1.0 + away)
    assert [t.track_id for t in tracks if t.seen_now] == [1] * same


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
    tracker = Tracker(Tuning(hidden_share=0.5, hidden_coast_s=1.0, coast_s=0.5))
    him: Any = Seen(sides=(0.25, 0.25, 0.75, 0.75))
    assert tracker._hidden(him, [(0.0, 0.0, right, 1.0)]) == (1.0 if hides else 0.5)
