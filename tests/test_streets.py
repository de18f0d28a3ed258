"""The simulated streets that the tracker was chosen on: the same for the same seed, and in perspective."""

from __future__ import annotations

import pytest
from streets.sight import street
from streets.world import Camera

from pole_agent.vocabulary import iou

CAMERA = Camera(fps=10, height=6.0, tilt=0.4, focal=1.0, aspect=16 / 9, far=40.0)


def test_the_same_seed_is_the_same_street() -> None:
    one, again, other = street(3, seconds=5), street(3, seconds=5), street(4, seconds=5)
    assert [truth for _, truth in one.frames] == [truth for _, truth in again.frames]
    assert [[d.box for d in found] for found, _ in one.frames] == [
        [d.box for d in found] for found, _ in again.frames
    ]
    assert one.frames[-1][1] != other.frames[-1][1]
    assert len(one.frames) == int(5 * one.fps)


@pytest.mark.parametrize("along", [8.0, 15.0, 30.0])
def test_who_is_further_away_is_smaller_and_higher(along: float) -> None:
    """A metre is so many shares of the picture as the distance to the camera tells."""
    across, down, metre = CAMERA.see(1.0, along)
    _, further_down, smaller = CAMERA.see(1.0, 2 * along)
    assert further_down < down
    assert smaller < metre
    middle, _, _ = CAMERA.see(0.0, along)
    assert middle == 0.5
    assert (across - middle) * CAMERA.aspect == pytest.approx(metre)
    edge, _, _ = CAMERA.see(CAMERA.half_width(along), along)
    assert edge == pytest.approx(1.0)


@pytest.mark.parametrize("crowd", [False, True])
def test_most_are_found_about_where_they_are(crowd: bool) -> None:
    """Boxes of those who are there lie in the picture; most that are large are found, some are not."""
    large = found = 0
    for seed in range(4):
        for detections, truth in street(seed, crowd, seconds=15).frames:
            for _, kind, box in truth:
                assert 0 <= box[0] < box[2] <= 1
                assert 0 <= box[1] < box[3] <= 1
                if box[3] - box[1] > 0.12:
                    large += 1
                    found += any(d.label == kind and iou(d.box.sides, box) > 0.5 for d in detections)
    assert large > 100
    assert 0.5 < found / large < 1
