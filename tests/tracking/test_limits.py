"""The tracker, a value on each side of every limit; garbage is told from people."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pole_agent.tracking.tracker import Tracker
from pole_agent.vocabulary import Box, Detection, Track

LOOKS = [np.eye(128, dtype=np.float32)[n] * 2**0.5 for n in range(4)]
FRAME_S = 0.2


def person(
    x: float = 0.5,
    score: float = 0.8,
    look: int | None = None,
    y: float = 0.5,
    h: float = 0.2,
    label: str = "person",
) -> Detection:
    box = Box(x - 0.03, y - h / 2, x + 0.03, y + h / 2)
    return Detection(box, score, label, None if look is None else LOOKS[look])


def play(tracker: Tracker, frames: Sequence[Sequence[Detection]], since: int = 0) -> list[list[Track]]:
    return [tracker.update(found, (since + n) * FRAME_S) for n, found in enumerate(frames)]


def numbers(tracks: Sequence[Track]) -> list[int]:
    return sorted(t.track_id for t in tracks)


def sure(*found: Detection) -> Tracker:
    """Those who have been seen for a second, up to 1.0 s."""
    tracker = Tracker()
    play(tracker, [found] * 6)
    return tracker


BAD = {
    "not a number": Box(math.nan, 0.4, 0.56, 0.6),
    "no end": Box(0.5, 0.4, math.inf, 0.6),
    "empty": Box(0.5, 0.4, 0.5, 0.6),
    "inside out": Box(0.56, 0.4, 0.5, 0.6),
    "upside down": Box(0.5, 0.6, 0.56, 0.4),
    "beside the picture": Box(1.01, 0.4, 1.1, 0.6),
    "left of it": Box(-0.2, 0.4, -0.01, 0.6),
    "above it": Box(0.5, -0.3, 0.56, -0.01),
    "below it": Box(0.5, 1.01, 0.56, 1.2),
    "as large as ten": Box(-5, -5, 5, 5),
    "a point": Box(0.5, 0.5, 0.5 + 1e-6, 0.5 + 1e-6),
}


@pytest.mark.parametrize("box", BAD.values(), ids=BAD)
def test_a_box_that_is_none_is_never_anybody(box: Box) -> None:
    """However well it scores and however often it comes; and it holds up nobody who is there."""
    tracker = Tracker()
    seen = play(tracker, [[Detection(box, 0.9, "person"), person(0.2)]] * 20)
    assert [numbers(tracks) for tracks in seen[2:]] == [[1]] * 18
    assert tracker.remembered == {1}
    assert not tracker.has_candidates


@pytest.mark.parametrize(
    ("score", "there"), [(1.0, True), (1.001, False), (math.nan, False), (math.inf, False), (-0.8, False)]
)
def test_a_score_that_is_none_is_never_anybody(score: float, there: bool) -> None:
    """A score is a number up to 1."""
    tracker = Tracker()
    assert (numbers(play(tracker, [[person(score=score)]] * 20)[-1]) == [1]) == there


anything = st.floats(allow_nan=True, allow_infinity=True)
hostile = st.builds(
    Detection,
    st.builds(Box, anything, anything, anything, anything),
    st.floats(0.25, 1.0),
    st.sampled_from(["person", "car"]),
)


@settings(max_examples=25)
@given(st.lists(st.lists(hostile, max_size=5), min_size=8, max_size=8))
def test_garbage_that_scores_well_moves_nobody(frames: list[list[Detection]]) -> None:
    """Whoever stands there is told at every look where he is, and whatever else is told was seen as a box
    that can be one.
    """
    boxes = [d.box for found in frames for d in found if d.box.sane()]
    tracker = Tracker()
    for tracks in play(tracker, [[person(0.2), *found] for found in frames])[2:]:
        here = [
            t
            for t in tracks
            if t.label == "person" and t.box.sides == pytest.approx(person(0.2).box.sides, abs=0.02)
        ]
        assert here or any(b.left < 0.3 and b.right > 0.1 for b in boxes)
        assert len(tracks) <= 1 + len(boxes)


def test_of_too_many_the_best_are_kept() -> None:
    """Two hundred at most, those that score best, wherever in the list they stand."""
    places = [(0.03 + 0.045 * (n % 20), 0.05 + 0.08 * (n // 20)) for n in range(220)]
    flood = [
        Detection(Box(x, y, x + 0.03, y + 0.05), 0.7 + 0.001 * n, "person", None, True)
        for n, (x, y) in enumerate(places)
    ]
    for order in (flood, flood[::-1]):
        tracker = Tracker()
        seen = [tracker.update(order, n * FRAME_S) for n in range(3)][-1]
        assert len(seen) == 200
        assert min(t.score for t in seen) == pytest.approx(0.7 + 0.001 * 20)
    exact = Tracker()
    assert len([exact.update(flood[:200], n * FRAME_S) for n in range(3)][-1]) == 200


@pytest.mark.parametrize(("score", "begins"), [(0.4, True), (0.399, False)])
def test_what_may_start_a_track(score: float, begins: bool) -> None:
    """From `min_score` on."""
    tracker = Tracker()
    tracker.update([person(score=score)], 0.0)
    assert tracker.has_candidates == begins


@pytest.mark.parametrize(("score", "goes_on"), [(0.25, True), (0.249, False)])
def test_what_may_continue_one(score: float, goes_on: bool) -> None:
    """A quarter is enough for one who is in sight."""
    [track] = sure(person()).update([person(score=score)], 1.2)
    assert track.seen_now == goes_on


@pytest.mark.parametrize(("away", "there"), [(0.36, True), (0.4, False)])
def test_who_is_missed_is_told_for_a_moment(away: float, there: bool) -> None:
    """For 0.38 s, and not as seen."""
    tracks = sure(person()).update([], 1.0 + away)
    assert [t.seen_now for t in tracks] == ([False] if there else [])


@pytest.mark.parametrize(("away", "there"), [(0.9, True), (1.1, False)])
@pytest.mark.parametrize(
    ("cover", "hides"), [((0.47, 0.47), True), ((0.51, 0.57), False), ((0.47, 0.6), False)]
)
def test_who_is_covered_is_told_for_a_second(
    cover: tuple[float, float], hides: bool, away: float, there: bool
) -> None:
    """By somebody who stands nearer and covers four tenths of him."""
    left, _ = cover
    share = {(0.47, 0.47): 0.06, (0.51, 0.57): 0.02, (0.47, 0.6): 0.06}[cover]
    bottom = 0.62 if cover != (0.47, 0.6) else 0.59
    front = Detection(Box(left, 0.35, left + max(share, 0.06) if hides else left + 0.06, bottom), 0.8, "car")
    if cover == (0.51, 0.57):
        front = Detection(Box(0.509, 0.35, 0.569, 0.62), 0.8, "car")  # 0.021 of 0.06: a third
    tracker = sure(person(look=0), front)
    for n in range(1, 6):
        if n * FRAME_S < away:
            tracker.update([front], 1.0 + n * FRAME_S)
    tracks = tracker.update([front], 1.0 + away)
    assert ("person" in {t.label for t in tracks}) == (hides and there)


@pytest.mark.parametrize(("away", "same"), [(5.9, True), (6.1, False)])
def test_who_is_out_of_sight_is_known_again(away: float, same: bool) -> None:
    """For six seconds, by his look."""
    tracker = sure(person(look=0))
    tracker.update([], 1.0 + away - 0.01)
    found = [tracker.update([person(look=0)], 1.0 + away + 0.3 * n) for n in range(2)][-1]
    assert numbers(found) == ([1] if same else [2])


@pytest.mark.parametrize(
    ("stood", "away", "there"), [(8.0, 4.9, True), (8.0, 5.1, False), (7.6, 1.2, False), (8.0, 1.2, True)]
)
def test_who_has_stood_for_eight_seconds_is_told(stood: float, away: float, there: bool) -> None:
    """Who has stood for eight seconds is told for five.

    A parked car that the detector misses is still there.
    """
    tracker = Tracker()
    play(tracker, [[person(label="car")]] * (round(stood / FRAME_S) + 1))
    assert bool(tracker.update([], stood + away)) == there


@pytest.mark.parametrize(
    ("stood", "away", "known"), [(8.0, 59.0, True), (8.0, 61.0, False), (7.6, 6.1, False), (8.0, 6.1, True)]
)
def test_who_has_stood_for_eight_seconds_is_remembered(stood: float, away: float, known: bool) -> None:
    """Who has stood for eight seconds is remembered for a minute. Also while nobody looks."""
    for way in ("update", "wait"):
        tracker = Tracker()
        play(tracker, [[person(label="car", look=1)]] * (round(stood / FRAME_S) + 1))
        if way == "update":
            tracker.update([], stood + away)
        else:
            tracker.wait(stood + away)
        assert (tracker.remembered == {1}) == known, way


@pytest.mark.parametrize(("x", "same"), [(0.52, True), (0.58, False)])
def test_a_weak_box_must_lie_where_it_was_expected(x: float, same: bool) -> None:
    """Or so near that nothing else is as likely: a third of its width beside, not one and a third."""
    tracker = sure(person())
    tracks = tracker.update([person(x, score=0.3)], 1.2)
    assert any(t.seen_now for t in tracks) == same


@pytest.mark.parametrize(
    "part",
    [Box(0.0, 0.0, 0.49, 1.0), Box(0.5, 0.0, 1.0, 1.0), Box(0.0, 0.45, 1.0, 1.0), Box(0.0, 0.0, 1.0, 0.55)],
)
def test_who_is_not_wholly_in_the_part(part: Box) -> None:
    """Who is not wholly in the part that was looked at stays.

    He is told where he was, as seen, and no box of another in that part is taken for his.
    """
    tracker = sure(person(look=0))
    for n in range(1, 40):
        [track] = tracker.update([], 1.0 + n * FRAME_S, part)
        assert (track.track_id, track.seen_now) == (1, True)
        assert track.box.sides == pytest.approx(person().box.sides)
    found = [tracker.update([person(look=0)], 9.0 + n * FRAME_S, part) for n in range(2)][-1]
    assert numbers(found) == [1, 2], "what is seen there is somebody else"


def test_who_is_wholly_in_part_and_is_not_found() -> None:
    """Who is wholly in the part and is not found is gone. Also when he stands on its very edge."""
    tracker = sure(person())
    box = person().box
    assert not [tracker.update([], 1.0 + n * FRAME_S, Box(*box.sides)) for n in range(1, 4)][-1]


def test_a_car_is_not_taken_for_a_person() -> None:
    """But a bus for a car, which is of one group."""
    assert numbers(sure(person(look=0)).update([person(look=0, label="car")], 1.2)) == [1]
    tracks = sure(person(look=0, label="car")).update([person(look=0, label="bus")], 1.2)
    assert [(t.track_id, t.seen_now) for t in tracks] == [(1, True)]


def test_where_those_in_sight_are() -> None:
    """Going, or standing for a second; for a second after they were seen last."""
    for looks, which in ((5, 0), (6, 1)):
        tracker = Tracker()
        play(tracker, [[person()]] * looks)
        last = (looks - 1) * FRAME_S
        assert [len(p) for p in tracker.places(last + 1.0)] == [1 - which, which]
        assert [len(p) for p in tracker.places(last + 1.01)] == [0, 0]


@pytest.mark.parametrize("label", ["car", "truck", "motorcycle", "bicycle"])
def test_what_stands_and_is_no_person_hides_nobody(label: str) -> None:
    """It moves no hands: what changes before a parked car is news."""
    tracker = Tracker()
    play(tracker, [[person(label=label)]] * 5)
    assert [len(p) for p in tracker.places(0.8)] == [1, 0]
    play(tracker, [[person(label=label)]] * 6)
    assert [len(p) for p in tracker.places(1.0)] == [0, 0]


def test_settled_is_nobody_but_those() -> None:
    """Settled is nobody but those who stand for long and are found. Then the detector may rest."""
    for looks, settled in ((41, True), (40, False)):
        tracker = Tracker()
        play(tracker, [[person(label="car")]] * looks)
        last = (looks - 1) * FRAME_S
        assert tracker.settled(last) == settled
        if settled:
            assert tracker.settled(last + 1.0)
            assert not tracker.settled(last + 1.1), "not found at the last look"
            assert tracker.settled(last + 5.1), "it is not told any more"
            tracker.update([person(label="car"), person(0.2)], last + 0.2)
            tracker.update([person(label="car"), person(0.2)], last + 0.4)
            assert not tracker.settled(last + 0.4), "somebody has come"
    assert Tracker().settled(0.0)


def test_glimpse_is_what_was_seen_well_and_is_not_sure() -> None:
    """A glimpse is what was seen well and is not sure. Enough for the lamp."""
    for score, count in ((0.62, 1), (0.6, 0)):
        tracker = Tracker()
        tracker.update([person(score=score)], 3.0)
        assert [(g.track_id, g.box, g.last_seen) for g in tracker.tentative] == [
            (0, person().box, 3.0)
        ] * count
        tracker.advance(3.2)
        assert not tracker.has_candidates


def test_numbers_are_given_in_turn_and_may_come() -> None:
    """Numbers are given in turn and may come from outside. Each track has its own."""
    tracker = Tracker(next_id=itertools.count(70).__next__)
    assert numbers(play(tracker, [[person(0.2), person(0.8)]] * 3)[-1]) == [70, 71]
