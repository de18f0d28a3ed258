"""How fast the motion gate learns what changes for nothing, and how fast it forgets: to the pixel, the grey
level and the moment.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pole_agent.frame import Image
from pole_agent.vision.motion import MotionGate
from pole_agent.vocabulary import Box

WIDTH, HEIGHT = 192, 144  # the gate works on every pixel of it
PIXELS = WIDTH * HEIGHT
Spot = tuple[int, int, int, int]  # left, top, width, height
FAR = Box(0.9, 0.9, 0.99, 0.99)


def street(spots: Sequence[Spot] = (), bright: int = 124, level: int = 100) -> Image:
    image = np.full((HEIGHT, WIDTH, 3), level, np.uint8)
    image[-12:, -16:] = 200  # a lamp: it is as bright as by day
    for left, top, width, height in spots:
        image[top : top + height, left : left + width] = bright
    return image


def calm() -> MotionGate:
    """A gate that has seen an empty street up to 2.0 s."""
    gate = MotionGate()
    for n in range(9):
        gate.moved(street(), n * 0.25)
    return gate


def box_of(spot: Spot) -> Box:
    left, top, width, height = spot
    return Box(left / WIDTH, top / HEIGHT, (left + width) / WIDTH, (top + height) / HEIGHT)


def changed(*spots: Spot, bright: int = 124) -> int:
    """How many pixels differ, for the gate."""
    gate = calm()
    gate.moved(street(spots, bright), 2.0)
    found = gate.change.around()
    return 0 if found is None else int(np.count_nonzero(gate.change._mask))


def restless(size: tuple[int, int], looks: int = 5) -> MotionGate:
    """A gate after so many looks, all at 2.0 s, that found nothing where something had changed, elsewhere
    each time.

    Half of the change is learned: then it is too little to be one, so only the new place counts.
    """
    gate, (width, height) = calm(), size
    across = WIDTH // (width + 4)
    for n in range(looks):
        spot = 2 + (n % across) * (width + 4), 2 + n // across * (height + 4), width, height
        assert gate.moved(street([spot]), 2.0)
        assert np.count_nonzero(gate.change._mask) == changed((90, 70, width, height))
        gate.learn([])
    return gate


@pytest.mark.parametrize(
    ("width", "height", "pixels", "moved"),
    [(1, 1, 4, False), (1, 3, 8, False), (2, 2, 9, True), (1, 4, 10, True), (3, 3, 16, True)],
)
def test_nine_pixels_that_hang_together_are_somebody(
    width: int, height: int, pixels: int, moved: bool
) -> None:
    """Of 27 648: a person 60 m away."""
    spot = (90, 70, width, height)
    assert changed(spot, bright=220) == (pixels if moved else changed(spot, bright=220))
    assert calm().moved(street([spot], 220), 2.0) == moved
    assert calm().moved(street([spot], 220), 2.0, [FAR]) == moved
    assert not calm().moved(street([spot], 220), 2.0, (), [box_of(spot)]), "who stands there may stir"


@pytest.mark.parametrize(("size", "storm"), [((12, 3), False), ((7, 5), True)])
def test_how_much_for_nothing_is_a_storm(size: tuple[int, int], storm: bool) -> None:
    """Three tenths of what changes for nothing are learned at the fifth look; a fifth of a thousandth of the
    picture is a storm.
    """
    pixels = changed((90, 70, *size))
    assert (0.3 * pixels / PIXELS > 0.0002) == storm
    assert restless(size).storm == storm
    assert not restless((30, 30), looks=4).storm


def least(gate: MotionGate) -> tuple[int, int]:
    """In a storm: the most pixels that are no motion, and the fewest that are."""
    idle, motion = 0, PIXELS
    for side in range(2, 60):
        spot = (190 - side, 142 - side, side, side)
        pixels, moved = changed(spot), gate.moved(street([spot]), 2.0)
        idle, motion = (idle, min(motion, pixels)) if moved else (max(idle, pixels), motion)
    return idle, motion


@pytest.mark.parametrize(("looks", "learned"), [(5, 0.3), (6, 0.51), (7, 0.657)])
def test_how_much_is_learned_to_be_restless(looks: int, learned: float) -> None:
    """Three tenths of the difference at a look; half as much again is motion."""
    size = (34, 12) if looks == 5 else (30, 10)
    gate, every = calm(), changed((90, 70, *size))
    across = WIDTH // (size[0] + 4)
    for n in range(looks):
        gate.moved(street([(2 + (n % across) * (size[0] + 4), 2 + n // across * (size[1] + 4), *size)]), 2.0)
        gate.learn([])
    idle, motion = least(gate)
    assert idle <= 1.5 * learned * every < motion
    assert motion - idle < 0.35 * motion


@pytest.mark.parametrize(("looks", "left"), [(1, 0.9), (4, 0.6561), (8, 0.43)])
def test_a_look_at_a_calm_street_forgets_a_tenth(looks: int, left: float) -> None:
    """Of what was learned to be restless, however soon after one another the looks are."""
    gate = restless((34, 12))
    for _ in range(looks):
        assert not gate.moved(street(), 2.0)
        gate.learn([])
    idle, motion = least(gate)
    assert idle <= 1.5 * 0.3 * left * changed((90, 70, 34, 12)) < motion


def test_restless_is_a_twentieth_of_it_at_most() -> None:
    """However much of it changes for nothing."""
    gate = calm()
    for n in range(5):
        gate.moved(street([(2, 2 + 27 * n, 78, 22)]), 2.0)
        gate.learn([])
    idle, motion = least(gate)
    assert idle <= 1.5 * 0.3 * 0.05 * PIXELS < motion


@pytest.mark.parametrize(
    ("steps", "storm"),
    [((0.56,), True), ((0.575,), False), ((0.3, 0.3), True), ((0.3, 0.5), True), ((0.3, 0.55), False)],
)
def test_calm_is_six_tenths_of_a_second(steps: tuple[float, ...], storm: bool) -> None:
    """Each calm picture takes away its share of them; after a longer time nothing is left, not less than
    nothing.
    """
    gate, now = restless((34, 12)), 2.0
    assert 0.0038 < 0.3 * changed((90, 70, 34, 12)) / PIXELS < 0.0040
    for step in steps:
        now += step
        assert not gate.moved(street(), now)
    assert gate.storm == storm


def test_after_long_calm_a_storm_begins_as_the_first() -> None:
    """What was forgotten is forgotten."""
    gate = restless((34, 12))
    gate.moved(street(), 4.0)
    assert not gate.storm
    for n in range(5):
        gate.moved(street([(2 + 30 * n, 100, 8, 6)]), 4.0)
        gate.learn([])
    assert gate.storm


@pytest.mark.parametrize(("rows", "light"), [(26, False), (27, False), (28, True), (29, True)])
def test_a_fifth_of_the_picture_is_light(rows: int, light: bool) -> None:
    """More than that comes once, and is learned at once."""
    gate, lit = calm(), street([(0, 60, WIDTH, rows)], 220)
    assert gate.moved(lit, 2.0)
    assert (np.count_nonzero(gate.change._mask) > 0.2 * PIXELS) == light
    gate.learn([])
    assert gate.moved(lit, 2.0) == (not light)
    if light:
        assert not gate.storm
        for n in range(4):
            gate.moved(street([(0, 60, WIDTH, rows)], 220 - 50 * (n + 1)), 2.0)
            gate.learn([])
        assert not gate.storm, "nor does it count among the looks for nothing"


@pytest.mark.parametrize(("amount", "limit"), [(2, 12), (3, 15), (4, 20), (6, 30), (8, 40), (10, 40)])
def test_a_difference_is_five_times_the_unrest(amount: int, limit: int) -> None:
    """Four times the noise, that is a quarter more than the mean difference; twelve grey levels at least,
    forty at most.
    """
    gate = MotionGate()
    stripes = np.where(np.arange(WIDTH) // 32 % 2, 1, -1) * np.ones((HEIGHT, 1), int)

    def noisy(n: int, spot: int = 0) -> Image:
        grey = 100 + (amount if n % 2 else -amount) * np.sign(stripes)
        if spot:
            grey[60:80, 70:90] = 100 + spot
        grey[-12:, -16:] = 200
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)

    for n in range(400):
        gate.moved(noisy(n), n * 0.25)
    assert gate._background is not None
    usual = float(gate._background[70, 80]) - 100
    about = 0 if amount in (2, 10) else 2
    for spot, moved in ((limit - about, False), (limit + max(1, about), True)):
        assert gate.moved(noisy(0, round(usual) + spot), 99.75) == moved


def test_noise_is_learned_in_eight_seconds() -> None:
    """A look after eight seconds tells it all; one after two a quarter."""
    for seconds, limit in ((8.0, 25), (2.0, 13), (20.0, 25)):
        gate = calm()
        gate.moved(street(level=105), 2.0 + seconds, [FAR])
        gate.moved(street(), 2.0 + seconds, [FAR])  # at the same moment: nothing is learned
        for spot, moved in ((limit - 1, False), (limit + 2, True)):
            assert (
                gate.moved(
                    street([(90, 70, 20, 20)], 100 + spot), 2.0 + seconds, [FAR, Box(0.4, 0.4, 0.6, 0.6)]
                )
                == moved
            )


@pytest.mark.parametrize(("seconds", "level"), [(4.0, 121), (2.0, 111), (8.0, 140), (20.0, 140)])
def test_while_one_goes_a_look_brings_it_up_to_date(seconds: float, level: int) -> None:
    """The average moves by the time since it did last, once, in an eighth of its way a second, also where
    something was seen.
    """
    gate, spot = calm(), (40, 40, 40, 40)
    image = street([spot], 140)
    for n in range(1, 5):
        assert gate.moved(image, 2.0 + seconds * n / 4, [box_of(spot)])
    before = gate._background
    assert before is not None
    assert float(before[60, 60]) == 100.0, "not without a look"
    for _ in range(2):
        gate.learn([box_of(spot)])
    now = 2.0 + seconds
    found = 100 + 40 * min(1.0, seconds / 8)
    assert level - 2 <= found <= level
    for difference, moved in ((12, False), (14, True)):
        other = street([spot], round(found) + difference)
        assert gate.moved(other, now, [box_of(spot)]) == (moved and round(found) + difference != 100)


@pytest.mark.parametrize(
    ("before", "calm_looks", "after", "storm"),
    [(4, 1, 1, False), (3, 1, 4, False), (3, 1, 5, True), (3, 0, 2, True)],
)
def test_only_looks_in_a_row_make_a_storm(before: int, calm_looks: int, after: int, storm: bool) -> None:
    """Five that found nothing where something had changed; one at a calm street between them, and they begin
    anew.
    """
    gate = restless((30, 10), before)
    for _ in range(calm_looks):
        assert not gate.moved(street(), 2.0)
        gate.learn([])
    for n in range(after):
        gate.moved(street([(2 + 34 * n, 120, 30, 10)]), 2.0)
        gate.learn([])
    assert gate.storm == storm


@pytest.mark.parametrize(("looks", "storm"), [(4, False), (5, True)])
def test_after_light_the_looks_are_counted_anew(looks: int, storm: bool) -> None:
    """A change of light is no look that found nothing."""
    gate = calm()
    gate.moved(street(level=200), 2.0)
    gate.learn([])
    for n in range(looks):
        gate.moved(street([(2 + 34 * n, 120, 30, 10)], 224, 200), 2.0)
        gate.learn([])
    assert gate.storm == storm


def test_what_differs_too_little_is_learned_by_time() -> None:
    """Where nothing has changed, the average moves with time alone."""
    gate = calm()
    assert not gate.moved(street(level=110), 2.0)
    gate.learn([])
    assert gate._background is not None
    assert float(gate._background[60, 60]) == pytest.approx(100.0)


def test_before_a_picture_nothing_is_known() -> None:
    """All of it may have changed, and a look teaches nothing."""
    gate = MotionGate()
    gate.learn([FAR])
    assert gate.change.within([FAR]) == [True]
    assert gate.change.around() is None
    assert not gate.storm


def test_a_new_camera_is_taken_for_one_of_little_noise() -> None:
    """Two grey levels; an eighth of what differs is learned in a second."""
    gate = MotionGate()
    gate.moved(street(), 0.0)
    gate.moved(street(level=111), 1.0, [FAR])
    assert not gate.moved(street([(90, 70, 20, 20)], 113), 1.0)
    assert gate.moved(street([(90, 70, 20, 20)], 114), 1.0)


def test_what_is_too_little_is_shown_as_it_is() -> None:
    """Fewer than nine pixels are nobody, and are not made fewer."""
    gate, image = calm(), street()
    image[70, 90:92] = 160
    assert not gate.moved(image, 2.0)
    assert gate.change.around() == box_of((90, 69, 2, 3))


@pytest.mark.parametrize(("later", "level", "usual"), [(-1.0, 108, 100), (0.0, 108, 100), (16.0, 102, 102)])
def test_time_neither_runs_back_nor_counts_twice(later: float, level: int, usual: int) -> None:
    """A picture from before teaches nothing; after a long time the usual is what is there, not something
    beyond it.
    """
    for difference, moved in ((12, False), (13, True), (-12, False), (-13, True)):
        gate = calm()
        gate.moved(street(level=level), 2.0 + later)
        assert gate.moved(street([(90, 70, 20, 20)], usual + difference, usual), 2.0 + later) == moved


@pytest.mark.parametrize(("rows", "light"), [(19, False), (20, True)])
def test_exactly_a_fifth_is_no_light(rows: int, light: bool) -> None:
    """More than that is: here each line of a hundred is a hundredth."""
    gate = MotionGate()
    for n in range(9):
        gate.moved(street()[:100, :100], n * 0.25)
    lit = street([(0, 40, WIDTH, rows)], 220)[:100, :100]
    gate.moved(lit, 2.0)
    assert np.count_nonzero(gate.change._mask) == 100 * (rows + 1)
    gate.learn([])
    assert gate.moved(lit, 2.0) == (not light)


def test_who_is_tracked_is_not_learned() -> None:
    """Nor a quarter of his size around him; all else is, be it seen or not."""
    spot = (40, 40, 40, 40)
    for tracked, seen, there in (
        ([box_of(spot)], [], 100.0),
        ([], [box_of(spot)], 120.0),
        ([FAR], [box_of(spot)], 120.0),
    ):
        gate = calm()
        gate.moved(street([spot], 140), 6.0, [box_of(spot)])
        gate.learn(seen, tracked)
        assert gate._background is not None
        assert float(gate._background[60, 60]) == pytest.approx(there)
        assert float(gate._background[5, 5]) == pytest.approx(100.0)


def test_without_a_look_nothing_is_learned_twice() -> None:
    """Where nobody is, the average moves with each picture, and a look adds nothing."""
    gate, spot = calm(), (40, 40, 40, 40)
    gate.moved(street([spot], 140), 4.0)
    gate.learn([box_of(spot)])
    assert gate._background is not None
    assert float(gate._background[60, 60]) == pytest.approx(110.0)


@pytest.mark.parametrize("looks", [1, 3])
def test_half_of_what_is_empty_is_learned(looks: int) -> None:
    """At each look that finds nothing there."""
    gate, spot = calm(), (40, 40, 40, 40)
    for _ in range(looks):
        gate.moved(street([spot], 180), 2.0)
        gate.learn([FAR])
    assert gate._background is not None
    assert float(gate._background[60, 60]) == pytest.approx(180 - 80 / 2**looks, abs=0.1)


def test_a_picture_of_another_size_begins_anew() -> None:
    """All of it may have changed; for a second everything is motion; a look teaches nothing before the second
    picture.
    """
    gate = calm()
    small = street()[:100, :120]
    assert gate.moved(small, 10.0)
    assert gate.change.within([FAR]) == [True]
    assert gate.change.around() is None
    gate.learn([])
    assert [gate.moved(small, at) for at in (10.5, 10.99, 11.0)] == [True, True, False]
    assert gate.change.within([FAR]) == [False]
    assert gate._background is not None
    assert gate._background.shape == (100, 120)


@pytest.mark.parametrize(
    ("width", "height", "small"),
    [
        (192, 144, (144, 192)),
        (640, 287, (287, 640)),
        (640, 288, (144, 320)),
        (640, 480, (160, 214)),
        (100, 100, (100, 100)),
        (60, 431, (216, 30)),
    ],
)
def test_the_gate_works_on_about_144_lines(width: int, height: int, small: tuple[int, int]) -> None:
    """Every second, third, … pixel of every second, third, … line; a small picture as it is."""
    gate = MotionGate()
    gate.moved(np.zeros((height, width, 3), np.uint8), 0.0)
    assert gate.small.shape == small


@pytest.mark.parametrize(("channel", "moved"), [(0, False), (1, True), (2, False)])
def test_the_gate_looks_at_green(channel: int, moved: bool) -> None:
    """It is nearest to brightness."""
    image = street()
    image[40:60, 40:60, channel] = 220
    assert calm().moved(image, 2.0) == moved


def test_who_goes_is_looked_at_in_a_storm() -> None:
    """Nine pixels in his box or a quarter of its size around it."""
    for side, inside, moved in ((2, True, True), (1, True, False), (2, False, False)):
        gate = restless((34, 12))
        spot = (100, 100, side, side)
        here = box_of((96, 96, 10, 10) if inside else (20, 96, 10, 10))
        assert gate.moved(street([spot], 220), 2.0, [here]) == moved


@pytest.mark.parametrize(("left", "right", "moved"), [(0.507, 0.523, False), (0.509, 0.531, True)])
def test_three_of_ten_thousand_pixels_are_rain(left: float, right: float, moved: bool) -> None:
    """Four of them in the box of one who goes are he."""
    gate = MotionGate()
    for n in range(9):
        gate.moved(street(level=130)[:100, :100], n * 0.25)
    for n in range(5):
        spot = (2 + 32 * (n % 3), 2 + 20 * (n // 3), 28, 12)
        gate.moved(street([spot], 154, 130)[:100, :100], 2.0)
        gate.learn([])
    small = street([(46, 60, 12, 8)], 154, 130)[:100, :100]
    assert not gate.moved(small, 2.0)
    one_row = Box(left, 0.645, right, 0.645)
    assert gate.moved(small, 2.0, [one_row]) == moved


@pytest.mark.parametrize(
    ("brightest", "difference", "moved"),
    [(200, 12, False), (200, 13, True), (64, 6, False), (64, 7, True), (20, 3, False), (20, 4, True)],
)
def test_in_the_dark_less_is_a_difference(brightest: int, difference: int, moved: bool) -> None:
    """As much less as the letterbox would brighten the picture, four times at most."""

    def dim(spot: int = 0) -> Image:
        image = np.full((HEIGHT, WIDTH, 3), 10, np.uint8)
        image[-30:, -30:] = brightest
        image[60:80, 70:90] += spot
        return image

    gate = MotionGate()
    for n in range(80):
        gate.moved(dim(), n * 0.25)
    assert gate.moved(dim(difference), 20.0) == moved


def test_how_bright_it_is_is_looked_at_each_second() -> None:
    """A lamp that goes on makes the gate less sensitive a second later at most."""

    def dim(brightest: int) -> Image:
        image = np.full((HEIGHT, WIDTH, 3), 10, np.uint8)
        image[-30:, -30:] = brightest
        return image

    gate = MotionGate()
    gate.moved(dim(32), 0.0)
    gate.moved(dim(32), 0.25)
    for at in (1.0, 1.2, 1.25):
        gate.moved(dim(64), at)
        assert gate._gain == (4.0 if at < 1.25 else 2.0)
