"""What moves further than its own size between two looks is followed; what flickers here and there is not
joined.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pole_agent.tracking.tracker import Tracker
from pole_agent.vocabulary import Box, Detection, Track


def at(
    label: str,
    x: float,
    foot: float,
    width: float,
    height: float,
    score: float = 0.7,
    look: np.ndarray | None = None,
) -> Detection:
    return Detection(Box(x - width / 2, foot - height, x + width / 2, foot), score, label, look, True)


def colours(rng: np.random.Generator) -> np.ndarray:
    shares: np.ndarray = np.sqrt(np.concatenate([rng.dirichlet(np.full(64, 0.3)) for _ in range(2)]))
    return shares.astype(np.float32)


def play(looks: Iterator[list[Detection]] | list[list[Detection]], rate: float) -> list[list[Track]]:
    tracker = Tracker()
    return [tracker.update(found, index / rate) for index, found in enumerate(looks)]


@pytest.mark.parametrize("rate", [2, 5, 10, 15])
@pytest.mark.parametrize(
    ("label", "width", "height", "speed"),
    [
        ("motorcycle", 0.08, 0.09, 0.45),  # of the picture a second: 40 km/h, from the side
        ("motorcycle", 0.04, 0.09, 0.2),
        ("person", 0.03, 0.12, 0.2),  # a runner
        ("person", 0.03, 0.12, 0.065),  # a walker: at two looks a second more than his width
        ("car", 0.18, 0.1, 0.5),
    ],
)
@pytest.mark.parametrize("way", [1, -1])
def test_what_passes_fast_is_one_track(
    label: str, width: float, height: float, speed: float, rate: float, way: int
) -> None:
    """What passes fast is one track from first to last look."""
    rng = np.random.default_rng(1)
    look = colours(rng)
    places = np.arange(0.1, 0.9, speed / rate)
    if len(places) < 4:
        pytest.skip("too few looks for anybody to tell")
    looks = [
        [at(label, (x if way > 0 else 1 - x) + rng.normal(0, 0.04 * width), 0.7, width, height, look=look)]
        for x in places
    ]
    seen = play(looks, rate)
    tracks = [t for now in seen for t in now]
    assert {(t.track_id, t.label) for t in tracks} == {(1, label)}
    assert len(tracks[0].earlier) + len(tracks) == len(looks), "every look of it, once"
    assert tracks[-1].seen_now


@pytest.mark.parametrize("rate", [2, 5, 15])
def test_false_boxes_here_and_there_are_not_joined(rate: float) -> None:
    """As an IR camera in rain gives them: for a quarter of an hour one box at a look on average, of any size,
    anywhere.
    """
    rng = np.random.default_rng(7)

    def clutter() -> Iterator[list[Detection]]:
        for _ in range(int(900 * rate)):
            boxes = []
            for _ in range(rng.poisson(1.0)):
                x, foot, height = rng.uniform(0, 1), rng.uniform(0.2, 1), rng.uniform(0.05, 0.4)
                boxes.append(
                    at(
                        "person",
                        x,
                        foot,
                        height * rng.uniform(0.2, 0.5),
                        height,
                        rng.uniform(0.3, 0.8),
                        colours(rng),
                    )
                )
            yield boxes

    numbers = {t.track_id for now in play(clutter(), rate) for t in now}
    assert len(numbers) <= 2


@pytest.mark.parametrize("rate", [1, 2, 5])
def test_where_all_look_alike_somebody_is_found(rate: float) -> None:
    """In infrared looks tell nothing, which is learned; then one who walks alone is found by where he is."""
    tracker = Tracker()
    for _ in range(400):
        tracker._looks.learn(0.9, same=True)
        tracker._looks.learn(0.9, same=False)
    look = colours(np.random.default_rng(1))
    seen = [
        tracker.update([at("person", 0.2 + 0.04 * n / rate, 0.7, 0.08, 0.3, look=look)], n / rate)
        for n in range(int(10 * rate))
    ]
    assert [t.track_id for t in seen[-1]] == [1]


def test_step_that_leads_nowhere_is_not_part_of_path() -> None:
    """A step that leads nowhere is not part of the path.

    One false box, then somebody who stands a metre beside it: he did not come from there.
    """
    stands = at("person", 0.5, 0.7, 0.05, 0.2)
    seen = play([[at("person", 0.38, 0.7, 0.05, 0.2)], *[[stands]] * 12], 5)
    [first] = [t for now in seen for t in now if t.earlier]
    assert first.first_seen == pytest.approx(0.2)
    assert all(s.box.foot[0] == pytest.approx(0.5) for s in first.earlier)


def test_two_motorcycles_side_by_side_stay_two() -> None:
    rng = np.random.default_rng(3)
    looks = [colours(rng), colours(rng)]
    frames = [
        [
            at("motorcycle", 0.1 + 0.09 * i + 0.02 * k, 0.6 + 0.1 * k, 0.07, 0.09, look=looks[k])
            for k in range(2)
        ]
        for i in range(9)
    ]
    seen = play(frames, 5)
    assert {t.track_id for now in seen for t in now} == {1, 2}
    feet = {n: [round(t.box.bottom, 2) for now in seen for t in now if t.track_id == n] for n in (1, 2)}
    assert sorted(set(feet[1])) == [0.6]
    assert sorted(set(feet[2])) == [0.7]


def test_dim_car_that_is_in_picture_for_second() -> None:
    """A dim car that is in the picture for a second is a track.

    By night, and each of its boxes overlaps with the last: it has gone further than its own length, no
    flicker does.
    """
    seen = play([[at("car", 0.2 + 0.13 * i, 0.7, 0.26, 0.12, score=0.5)] for i in range(5)], 5)
    tracks = [t for now in seen for t in now]
    assert {t.track_id for t in tracks} == {1}
    assert len(tracks[0].earlier) + len(tracks) == 5
