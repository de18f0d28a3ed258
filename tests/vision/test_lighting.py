"""Which light a picture is in: each limit from both sides, and real stills where they are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.frame import Image
from pole_agent.vision.lighting import Lighting, LightState, Sample, sample_of, step

STREETS = Path(__file__).parents[3] / "shared" / "data" / "streets"
GREY, COLOUR = 0.0, 0.2
NIGHT_S = 16 * 3600


def seen(*times: tuple[float, int, float], before: LightState | None = None) -> LightState:
    """The state after (seconds, brightest level, coloured share), one look a second."""
    light = before or LightState()
    now = max(0.0, light.at + 1.0)
    for seconds, brightest, coloured in times:
        for _ in range(round(seconds)):
            light = step(light, Sample(brightest=brightest, coloured=coloured), now)
            now += 1.0
    return light


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([(30, 200, COLOUR)], ""),
        ([(31, 200, COLOUR)], "day"),
        ([(31, 128, COLOUR)], "day"),
        ([(31, 127, COLOUR)], "dark"),
        ([(60, 200, GREY)], "day"),
        ([(61, 200, GREY)], "infrared"),
        ([(61, 60, GREY)], "infrared"),
        ([(61, 24, GREY)], "infrared"),
        ([(600, 23, GREY)], "dark"),  # nobody can tell whether black has a colour
        ([(61, 200, 0.003)], "infrared"),
        ([(600, 200, 0.0031)], "day"),  # neither a proof of colour nor of its absence
        ([(40, 200, COLOUR), (29, 111, COLOUR)], "day"),
        ([(40, 200, COLOUR), (30, 111, COLOUR)], "dark"),
        ([(40, 200, COLOUR), (600, 112, COLOUR)], "day"),
        ([(40, 90, COLOUR), (600, 143, COLOUR)], "dark"),
        ([(40, 90, COLOUR), (29, 144, COLOUR)], "dark"),
        ([(40, 90, COLOUR), (30, 144, COLOUR)], "day"),
        ([(40, 200, COLOUR), (20, 90, COLOUR), (1, 130, COLOUR), (20, 90, COLOUR)], "day"),
        ([(61, 200, GREY), (1, 200, 1.0)], "infrared"),  # a broken picture
        ([(61, 200, GREY), (1, 200, 1.0), (1, 200, GREY), (1, 200, 1.0)], "infrared"),
        ([(61, 200, GREY), (1, 200, 1.0), (1, 200, 0.005), (1, 200, 1.0)], "infrared"),
        ([(61, 200, GREY), (2, 200, 0.01)], "day"),
        ([(61, 200, GREY), (600, 200, 0.0099)], "infrared"),
        ([(61, 200, GREY), (2, 200, 0.01), (59, 200, GREY)], "day"),
        ([(61, 200, GREY), (2, 200, 0.01), (60, 200, GREY)], "infrared"),
        ([(61, 200, GREY), (600, 10, GREY)], "infrared"),  # the infrared light has failed
    ],
)
def test_what_is_told(looks: Sequence[tuple[float, int, float]], told: str) -> None:
    """Day and dark after 30 s, infrared after 60, colour after two looks; else nothing changes."""
    assert seen(*looks).told == told


def test_a_monochrome_camera_is_told_after_a_night() -> None:
    """Sixteen hours without colour are longer than a night; colour ends that too."""
    light = seen((NIGHT_S, 200, GREY))
    assert light.told == "infrared"
    light = seen((1, 200, GREY), before=light)
    assert light.told == "monochrome"
    assert seen((3600, 90, GREY), before=light).told == "monochrome"
    assert seen((2, 200, COLOUR), before=light).told == "day"


def test_time_without_pictures_does_not_count() -> None:
    """An hour without pictures is five seconds of grey, and day stays day."""
    light = seen((40, 200, COLOUR), (10, 90, GREY))
    assert (light.told, light.other_s, light.colourless_s) == ("day", 10, 10)
    later = step(light, Sample(brightest=90, coloured=GREY), light.at + 3600)
    assert (later.told, later.other_s, later.colourless_s) == ("day", 15, 15)
    back = step(light, Sample(brightest=90, coloured=GREY), light.at - 5)
    assert (back.told, back.other_s, back.colourless_s) == ("day", 10, 10)


LOOKS = st.lists(
    st.tuples(st.integers(0, 255), st.sampled_from((0.0, 0.003, 0.005, 0.01, 0.5)), st.integers(1, 40)),
    max_size=60,
)


@given(LOOKS)
def test_light_does_not_flap(looks: list[tuple[int, float, int]]) -> None:
    """Between two changes of day and dark lie 30 s; infrared is not told within 60 s of two looks with
    colour; and once known, something is told.
    """
    light, now, changed_at, colour_at = LightState(), 0.0, 0.0, -60.0
    for brightest, coloured, seconds in looks:
        for _ in range(seconds):
            before, light = light, step(light, Sample(brightest=brightest, coloured=coloured), now)
            if coloured >= 0.01 and brightest >= 24 and before.colours:
                colour_at = now
            if before.level and light.level != before.level:
                assert now - changed_at >= 30
                changed_at = now
            assert light.told or not before.told
            assert light.told not in ("infrared", "monochrome") or now - colour_at >= 60
            now += 1.0


@given(LOOKS, st.integers(112, 143))
def test_inside_the_margin_nothing_changes(looks: list[tuple[int, float, int]], brightest: int) -> None:
    """A picture between the limits never turns day to dark or dark to day."""
    light = seen(*((seconds, level, coloured) for level, coloured, seconds in looks), (1, 200, GREY))
    assert seen((100, brightest, 0.005), before=light).level == light.level


def painted(level: int, colour: int = 0, share: float = 0.0, noise: int = 2) -> Image:
    """A street of `level` with grey noise; a `share` of it is `colour` levels off in blue."""
    grain = np.random.default_rng(1).integers(-noise, noise + 1, (480, 640, 1))
    picture = np.repeat(np.clip(level + grain, 0, 255), 3, axis=2).astype(np.uint8)
    rows = round(480 * share)
    picture[:rows, :, 0] = np.clip(picture[:rows, :, 0].astype(int) + colour, 0, 255)
    return picture


@pytest.mark.parametrize(
    ("picture", "brightest", "coloured"),
    [
        (painted(100), 102, 0.0),
        (painted(100, colour=10, share=0.5), 102, 0.0),
        (painted(100, colour=11, share=0.5), 103, 0.5),
        (painted(40, colour=60, share=0.1, noise=0), 47, 0.1),
        (painted(100)[:3, :5], 102, 0.0),
    ],
)
def test_a_sample_of_a_picture(picture: Image, brightest: int, coloured: float) -> None:
    """More than ten levels between the channels are a colour."""
    sample = sample_of(picture)
    assert sample.brightest == pytest.approx(brightest, abs=1)
    assert sample.coloured == pytest.approx(coloured, abs=0.01)


def test_one_look_a_second() -> None:
    """Pictures in between are not looked at: with one a tenth of a second, grey lasts 60 s all the same."""
    lighting = Lighting()
    for tenth in range(600):
        lighting.look(painted(200), tenth / 10)
    assert lighting.told == "day"
    lighting.look(painted(200), 60.0)
    assert lighting.told == "infrared"


def test_a_look_costs_nearly_nothing() -> None:
    """Less than two milliseconds a look, also of a large picture: a fifth of a per cent of a core."""
    picture = np.zeros((1080, 1920, 3), np.uint8)
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        sample_of(picture)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.002


def stills() -> Iterator[Path]:
    yield from sorted((STREETS / "idn-street-stills" / "images").glob("*.jpg"))[::20]


@pytest.mark.skipif(not STREETS.exists(), reason="the labelled streets are not on this machine")
def test_real_streets_by_day_have_colour() -> None:
    """No still of a street by day looks like infrared, nor is it dark by mistake of the margin."""
    for path in stills():
        image = cv2.imread(str(path))
        assert image is not None
        sample = sample_of(image)  # type: ignore[arg-type]
        assert sample.coloured >= 0.01, path.name
        assert (
            sample_of(np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)).coloured == 0
        )
        assert sample_of((image * 0.3).astype(np.uint8)).brightest < 112


@pytest.mark.skipif(not STREETS.exists(), reason="the clips of nights are not on this machine")
@pytest.mark.parametrize(("clip", "told"), [("ir-insects", "infrared"), ("night-dark-yard", "dark")])
def test_real_nights(clip: str, told: str) -> None:
    """Infrared with insects and a dark yard are told as such, however often the clip is played."""
    capture = cv2.VideoCapture(str(STREETS / clip / "clip.mp4"))
    pictures = []
    while (taken := capture.read())[0]:
        pictures.append(sample_of(taken[1]))  # type: ignore[arg-type]
    light = LightState()
    for second in range(180):
        light = step(light, pictures[second * 7 % len(pictures)], float(second))
    assert light.told == told
