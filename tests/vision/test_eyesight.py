"""A camera that does not see the street says so, and what is wrong; and says when it sees again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pole_agent.frame import Image
from pole_agent.vision.eyesight import Eyesight
from tests.vision.test_motion import STREET, camera

OTHER = np.ascontiguousarray(STREET[::-1, ::-1].transpose(1, 0, 2)[:480])
OTHER = cv2.resize(OTHER, (640, 480))
WELL = 60


def play(eyes: Eyesight, begin: int, frames: list[Image]) -> list[str]:
    """One frame a second."""
    return [eyes.look(frame, float(begin + index)) for index, frame in enumerate(frames)]


def healthy(begin: int, count: int) -> list[Image]:
    return [camera(STREET, begin + i) for i in range(count)]


def blurred(index: int) -> Image:
    return camera(cv2.GaussianBlur(STREET, (0, 0), 5), index, 1.0)


def half_white(index: int) -> Image:
    image = STREET.copy()
    image[:, 200:] = 255
    return camera(image, index)


@pytest.mark.parametrize(
    ("sick", "says"),
    [
        (lambda i: camera(STREET * 0.02, i, 1.0), "black"),
        (lambda i: half_white(i), "blinded: 6"),
        (lambda i: camera(STREET, 1), "frozen"),
        (lambda i: blurred(i), "blurred"),
        (lambda i: camera(np.full_like(STREET, 120.0), i, 1.0), "blurred"),
        (lambda i: camera(OTHER, i), "turned"),
    ],
    ids=["black", "glare", "frozen", "blurred", "fog", "turned"],
)
def test_what_is_wrong_is_told_after_it_lasts(sick: object, says: str) -> None:
    """What is wrong is told after it lasts and taken back."""
    eyes = Eyesight()
    assert not any(play(eyes, 0, healthy(0, WELL)))
    assert eyes.sees
    troubles = play(eyes, WELL, [sick(WELL + i) for i in range(60)])  # type: ignore[operator]
    assert troubles[4] == "", "not at once"
    assert says in troubles[35]
    assert all(says in t for t in troubles[35:])
    after = play(eyes, WELL + 60, healthy(WELL + 60, 10))
    assert after[-1] == ""


def test_a_lorry_that_passes_close_is_no_trouble() -> None:
    eyes = Eyesight()
    play(eyes, 0, healthy(0, WELL))
    lorry = STREET.copy()
    lorry[60:460, 40:600] = 180
    assert not any(play(eyes, WELL, [camera(lorry, WELL + i) for i in range(5)] + healthy(WELL + 5, 20)))


@pytest.mark.parametrize("dusk_s", [240, pytest.param(1200, marks=pytest.mark.slow)])
def test_dusk_and_a_dark_night_are_no_trouble(dusk_s: int) -> None:
    eyes = Eyesight()
    dusk = [camera(STREET * max(0.15, 1 - i / dusk_s), i, 4.0) for i in range(dusk_s + 60)]
    assert not any(play(eyes, 0, dusk))


def test_tarmac_without_detail_is_no_trouble() -> None:
    random = np.random.default_rng(3)
    tarmac = 90 + cv2.GaussianBlur(random.normal(0, 20, STREET.shape), (0, 0), 40)
    assert not any(play(Eyesight(), 0, [camera(tarmac, i) for i in range(100)]))


def test_one_picture_for_ever_is_not_seeing() -> None:
    eyes = Eyesight()
    play(eyes, 0, [camera(STREET, 1)] * 5)
    assert not eyes.sees


NARROW = "picture shape changed from 640x480 to 640x360: masks and zones may be in the wrong place"


def narrow(index: int) -> Image:
    """The camera cuts another part out of its sensor."""
    return np.ascontiguousarray(camera(np.roll(STREET, 160, 1), index)[60:420])


def test_a_picture_of_another_shape_is_told() -> None:
    """A picture of another shape is told until the old one is back."""
    eyes = Eyesight()
    assert not any(play(eyes, 0, healthy(0, WELL)))
    told = play(eyes, WELL, [narrow(WELL + i) for i in range(700)])
    assert told[4] == ""
    assert all(t.startswith(NARROW) for t in told[10:]), "it is not learned as the usual one"
    assert 'write picture = "640x360"' in told[-1]
    after = play(eyes, WELL + 700, [camera(OTHER, WELL + 700 + i) for i in range(20)])
    assert "turned" in after[-1], "what the street looked like before is not forgotten"
    assert play(eyes, WELL + 720, healthy(WELL + 720, 10))[-1] == ""


def test_a_start_in_another_shape_is_told() -> None:
    assert play(Eyesight((640, 480)), 0, [narrow(i) for i in range(20)])[-1].startswith(NARROW)
    assert not any(play(Eyesight((640, 360)), 0, [narrow(i) for i in range(20)]))


@pytest.mark.parametrize("size", [(320, 240), (1280, 960), (640, 476)], ids=str)
def test_the_same_shape_in_another_size_is_no_trouble(size: tuple[int, int]) -> None:
    eyes = Eyesight()
    play(eyes, 0, healthy(0, WELL))
    other = [
        np.ascontiguousarray(cv2.resize(i, size, interpolation=cv2.INTER_AREA), np.uint8)
        for i in healthy(WELL, 30)
    ]
    assert not any(play(eyes, WELL, other))


def test_a_picture_that_stands_where_it_lay_is_told() -> None:
    told = play(Eyesight((640, 480)), 0, [np.ascontiguousarray(i.transpose(1, 0, 2)) for i in healthy(0, 20)])
    assert told[-1].startswith("picture shape changed from 640x480 to 480x640")


def still(begin: int, count: int, seed: int) -> list[Image]:
    """A strong codec sends the same picture until its next key frame."""
    return [camera(STREET, seed)] * count


def test_equal_pictures_of_a_strong_codec_are_alive() -> None:
    """Equal pictures of a strong codec are no frozen camera.

    A still night: the picture changes with a key frame or when somebody walks, and is the same to the last
    bit between.
    """
    eyes = Eyesight()
    pictures = [frame for turn in range(12) for frame in still(0, 40, turn)]
    assert not any(play(eyes, 0, pictures))


def test_long_walk_before_a_still_moment_is_no_noise() -> None:
    """Somebody who walks for minutes before a still moment is no sign of noise."""
    eyes = Eyesight()
    pictures = []
    for index in range(120):
        image = camera(STREET, 1).copy()
        left = (index * 37) % 560
        image[200:300, left : left + 40] = 200
        pictures.append(image)
    assert not any(play(eyes, 0, pictures + still(0, 120, 1)))


def test_clock_in_picture_that_stops_is_frozen_camera() -> None:
    """A clock in the picture that stops is a frozen camera. Nothing but the seconds in the corner changes."""
    eyes = Eyesight()

    def at(second: int) -> Image:
        image = camera(STREET, 1).copy()
        cv2.putText(
            image, f"21:07:{second % 60:02d}", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 2
        )
        return image

    assert not any(play(eyes, 0, [at(s) for s in range(100)]))
    assert play(eyes, 100, [at(99)] * 40)[-1] == "the picture is frozen"


def test_the_very_same_data_are_a_frozen_camera() -> None:
    eyes = Eyesight()
    troubles = [eyes.look(camera(STREET, 1), float(second), second > 0) for second in range(40)]
    assert troubles[-1] == "the picture is frozen"


def test_no_change_for_ten_minutes_is_a_frozen_camera() -> None:
    """No change for ten minutes is a frozen camera whatever the codec."""
    troubles = play(Eyesight(), 0, still(0, 640, 1))
    assert not any(troubles[:600])
    assert troubles[-1] == "the picture is frozen"
