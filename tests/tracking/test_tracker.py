"""Who is who from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pole_agent.tracking.tracker import Tracker
from pole_agent.tracking.tuning import Tuning
from pole_agent.vocabulary import Box, Detection, Track

RED, BLUE = np.eye(128, dtype=np.float32)[0] * 2**0.5, np.eye(128, dtype=np.float32)[1] * 2**0.5
FRAME_S = 0.2


def person(x: float, look: np.ndarray | None = None, score: float = 0.8, y: float = 0.5) -> Detection:
    return Detection(Box(x - 0.03, y - 0.1, x + 0.03, y + 0.1), score, "person", look)


def play(tracker: Tracker, frames: list[list[Detection]]) -> list[list[Track]]:
    return [tracker.update(found, index * FRAME_S) for index, found in enumerate(frames)]


def test_one_walker_is_one_track() -> None:
    seen = play(Tracker(), [[person(0.1 + 0.01 * i)] for i in range(40)])
    assert {t.track_id for tracks in seen for t in tracks} == {1}
    assert all(len(tracks) == 1 for tracks in seen[1:])


def test_a_single_detection_is_no_track() -> None:
    assert play(Tracker(), [[person(0.5)], [], []])[0] == []


def test_weak_detections_continue_track_but_start_none() -> None:
    """Weak detections continue a track but start none."""
    frames = [[person(0.5)], [person(0.5)]] + [[person(0.5, score=0.32)]] * 20
    assert len(play(Tracker(), frames)[-1]) == 1
    assert play(Tracker(), [[person(0.5, score=0.32)]] * 20)[-1] == []


@pytest.mark.parametrize(("min_score", "score"), [(0.4, 0.45), (0.8, 0.85), (0.95, 0.96)])
def test_what_scores_just_above_least_score_becomes(min_score: float, score: float) -> None:
    """What scores just above the least score becomes a track too.

    `min_score` of the settings is what starts a track; a dim object only has to be seen for longer, a still
    one for longest.
    """
    walker = play(
        Tracker(Tuning(start_score=min_score)), [[person(0.3 + 0.02 * i, score=score)] for i in range(10)]
    )
    assert [t.track_id for t in walker[-1]] == [1]
    sitter = play(Tracker(Tuning(start_score=min_score)), [[person(0.5, score=score)]] * 160)
    assert [t.track_id for t in sitter[-1]] == [1]


def test_somebody_behind_another_is_still_there() -> None:
    """Somebody behind another is still where they should be."""
    near = person(0.5, RED, y=0.56)
    far = [person(0.5 - 0.15 + 0.025 * i, BLUE, y=0.55) for i in range(12)]
    frames = [[near, d] if i < 5 else [near] for i, d in enumerate(far)]
    seen = play(Tracker(), frames)
    hidden = {t.track_id: t for t in seen[7] if not t.seen_now}
    assert len(hidden) == 1
    assert next(iter(hidden.values())).box.left > seen[4][-1].box.left
    assert len(seen[-1]) == 1, "and not for ever"


def test_parked_car_hidden_for_half_minute_is_same_car() -> None:
    """A parked car hidden for half a minute is the same car."""
    car = Detection(Box(0.3, 0.4, 0.5, 0.6), 0.8, "car", RED)
    frames = [[car]] * 60 + [[]] * 150 + [[car]] * 3
    seen = play(Tracker(), frames)
    assert {t.track_id for t in seen[-1]} == {1}


def test_two_who_cross_keep_identities_by_looks() -> None:
    """Two who cross keep their identities by their looks."""
    frames = [[person(0.3 + 0.02 * i, RED), person(0.7 - 0.02 * i, BLUE)] for i in range(21)]
    seen = play(Tracker(), frames)
    first = {t.track_id: round(t.box.left, 2) for t in seen[1]}
    last = {t.track_id: round(t.box.left, 2) for t in seen[-1]}
    assert len(last) == 2
    left_at_first = min(first, key=lambda k: first[k])
    assert last[left_at_first] == max(last.values())


def test_somebody_hidden_for_three_seconds_comes_back() -> None:
    """Somebody hidden for three seconds comes back as the same."""
    away = int(3 / FRAME_S)
    frames = [[person(0.3, RED)]] * 5 + [[]] * away + [[person(0.3, RED)]] * 3
    seen = play(Tracker(), frames)
    assert {t.track_id for t in seen[-1]} == {1}
    assert seen[5 + away - 1] == []


def test_a_still_scene_keeps_everybody_where_they_are() -> None:
    tracker = Tracker()
    play(tracker, [[person(0.3)]] * 3)
    for step in range(3, 300):
        assert [t.track_id for t in tracker.advance(step * FRAME_S)] == [1]


def test_a_person_never_becomes_a_car() -> None:
    car = Detection(Box(0.27, 0.4, 0.33, 0.6), 0.9, "car")
    seen = play(Tracker(), [[person(0.3)]] * 3 + [[car]] * 3)
    assert {(t.track_id, t.label) for t in seen[-1] if t.seen_now} == {(2, "car")}


anything = st.floats(allow_nan=True, allow_infinity=True)
hostile = st.builds(
    Detection,
    st.builds(Box, anything, anything, anything, anything),
    st.one_of(anything, st.floats(0.25, 1)),
    st.sampled_from(["person", "car"]),
)
ordinary = st.builds(person, st.floats(0, 1), st.sampled_from([None, RED, BLUE]), st.floats(0, 1))


@settings(max_examples=60)
@given(st.lists(st.lists(st.one_of(hostile, ordinary), max_size=8), max_size=10))
def test_garbage_does_no_harm(frames: list[list[Detection]]) -> None:
    """NaN, infinite, empty and outside boxes: no exception, only finite tracks, each number once a frame."""
    for tracks in play(Tracker(), frames):
        assert all(t.box.sane() for t in tracks)
        assert len({t.track_id for t in tracks}) == len(tracks)


def test_a_hundred_thousand_boxes_are_cut() -> None:
    """A hundred thousand boxes are cut to what a street can hold."""
    flood = [person((i % 997) / 997, score=0.9, y=(i % 89) / 89) for i in range(100_000)]
    seen = play(Tracker(), [flood, flood, flood])
    assert [len(tracks) for tracks in seen] == [0, 200, 200]


def test_what_was_seen_before_it_was_sure_is_told_once() -> None:
    seen = play(Tracker(), [[person(0.1 + 0.02 * i, score=0.5)] for i in range(12)])
    first, *others = [t for tracks in seen for t in tracks]
    assert [s.at for s in first.earlier] == pytest.approx([i * FRAME_S for i in range(len(first.earlier))])
    assert first.last_seen == pytest.approx(len(first.earlier) * FRAME_S), "every look up to this one"
    assert [s.box.foot[0] for s in first.earlier] == pytest.approx(
        [0.1 + 0.02 * i for i in range(len(first.earlier))]
    )
    assert len(first.earlier) >= 3
    assert not any(t.earlier for t in others)


def test_however_long_it_takes_to_be_sure_what_is_kept() -> None:
    """However long it takes to be sure what is kept is bounded."""
    tracker, told = Tracker(), []
    for index in range(31 * 15):
        told += tracker.update([person(0.5, score=0.45)], index / 15)
    [first] = [t for t in told if t.earlier]
    assert 8 <= len(first.earlier) <= 32
    assert first.earlier[0].at == 0


@pytest.mark.parametrize(
    "box",
    [Box(-0.1, 0.3, 0.06, 0.8), Box(0.94, 0.3, 1.1, 0.8), Box(0.4, 0.85, 0.5, 1.5), Box(0.95, 0.9, 1.2, 1.4)],
)
@pytest.mark.parametrize("rate", [2, 5, 15])
def test_one_with_most_of_box_beyond_border_is_there(box: Box, rate: float) -> None:
    """One with most of the box beyond the border is there.

    As detectors tell of whoever is cut off by the edge of the picture.
    """
    tracker = Tracker()
    seen = [tracker.update([Detection(box, 0.8, "person", RED)], n / rate) for n in range(20)]
    assert [[t.track_id for t in tracks] for tracks in seen[6:]] == [[1]] * 14
    still = [tracker.advance((20 + n) / rate) for n in range(4)]
    assert [[t.track_id for t in tracks] for tracks in still] == [[1]] * 4


def test_one_who_walks_out_of_picture_is_gone_at_once() -> None:
    """One who walks out of the picture is gone at once."""
    tracker = Tracker()
    for n in range(10):
        tracker.update([person(0.55 + 0.05 * n)], n * FRAME_S)
    assert [tracker.update([], (10 + n) * FRAME_S) for n in range(2)][-1] == []


@pytest.mark.parametrize("x", [0.0, 1.0], ids=["left", "right"])
def test_a_view_up_to_the_border_holds_who_is_cut_off(x: float) -> None:
    """Who is half out of the picture is looked for in a view that ends where the picture does; in one that
    cuts him he stays as he was.
    """

    def then(view: Box) -> list[Track]:
        tracker = Tracker()
        play(tracker, [[person(abs(x - 0.02 - 0.01 * (10 - i)))] for i in range(11)])
        return tracker.update([], 11 * FRAME_S, view)

    border, inner = sorted((x, abs(x - 0.3)))
    assert [t.seen_now for t in then(Box(border, 0.3, inner, 0.7))] == [False]
    assert [t.seen_now for t in then(Box(border, 0.5, inner, 0.7))] == [True]
