"""Motion, eyesight, letterbox, appearance: a value on each side of every limit, in pictures that are not
square.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pole_agent.frame import Image
from pole_agent.vision.appearance import describe, with_appearance
from pole_agent.vision.candidates import Ballot, Candidates, ranked, suppress
from pole_agent.vision.eyesight import Eyesight
from pole_agent.vision.letterbox import Letterbox, stretch_of
from pole_agent.vision.motion import Change, MotionGate, parts_of
from pole_agent.vision.region import back, choose, cut, parts
from pole_agent.vocabulary import Box, Detection
from tests.vision.test_motion import STREET, camera

WIDTH, HEIGHT = 192, 144  # the gate works on every pixel of it
STEP_S = 0.2
LAMP = 200


def flat(level: int = 100, *spots: tuple[int, int, int, int, int]) -> Image:
    """A picture of one level with a lamp in its corner, as bright as by day; each spot: left, top, width,
    height, level.
    """
    image = np.full((HEIGHT, WIDTH, 3), level, np.uint8)
    image[-12:, -16:] = LAMP
    for left, top, width, height, bright in spots:
        image[top : top + height, left : left + width] = bright
    return image


def calm(frames: int = 10) -> MotionGate:
    """A gate that has seen an empty street up to (frames - 1) * 0.2 s."""
    gate = MotionGate()
    for n in range(frames):
        gate.moved(flat(), n * STEP_S)
    return gate


@pytest.mark.parametrize(("now", "moved"), [(0.9, True), (1.0, False)])
def test_everything_is_motion_for_a_second(now: float, moved: bool) -> None:
    """While the average is young."""
    gate = MotionGate()
    assert gate.moved(flat(), 0.0)
    assert gate.moved(flat(), now) == moved


@pytest.mark.parametrize(("level", "moved"), [(112, False), (113, True), (88, False), (87, True)])
def test_twelve_grey_levels_are_a_difference(level: int, moved: bool) -> None:
    """More than that, lighter or darker, in a picture without noise."""
    assert calm().moved(flat(100, (40, 40, 20, 20, level)), 2.0) == moved


@pytest.mark.parametrize(("side", "moved"), [(1, False), (2, True)])
def test_a_few_pixels_that_hang_together_are_somebody(side: int, moved: bool) -> None:
    """Somebody far away is two pixels broad; a single one is noise."""
    assert calm().moved(flat(100, (40, 40, side, side, 255)), 2.0) == moved


def test_single_pixels_are_noise_however_many() -> None:
    """They do not hang together."""
    image = flat()
    image[::12, ::12] = 200
    assert not calm().moved(image, 2.0)


def test_what_stays_is_learned_in_seconds() -> None:
    """A difference of 20 is one of 12 after four seconds, of an average that takes eight."""
    gate, image = calm(), flat(100, (40, 40, 20, 20, 120))
    moving = [gate.moved(image, 2.0 + n * STEP_S) for n in range(40)]
    assert moving == sorted(moving, reverse=True)
    assert sum(moving) == pytest.approx(20, abs=2)


def test_time_that_passed_is_learned_and_time() -> None:
    """Time that passed is learned and time that runs back is not.

    After eight seconds between two pictures the new one is the usual one.
    """
    gate = calm()
    assert gate.moved(flat(160), 9.9)
    assert not gate.moved(flat(160), 10.0)
    back_ = calm()
    assert back_.moved(flat(160), 1.0)
    assert back_.moved(flat(160), 1.2)


@pytest.mark.parametrize(("rows", "learned"), [(35, True), (20, False)])
def test_light_is_learned_at_one_look(rows: int, learned: bool) -> None:
    """A change of more than a fifth of the picture that the detector finds empty is light, and comes once."""
    gate, lit = calm(), flat(100, (0, 0, WIDTH, rows, 180))
    assert gate.moved(lit, 2.0)
    gate.learn([])
    assert gate.moved(lit, 2.2) == (not learned)


@pytest.mark.parametrize(("level", "looks"), [(120, 1), (140, 2), (190, 3)])
def test_half_of_what_is_found_empty_is_learned(level: int, looks: int) -> None:
    """Half of what is found empty is learned at a look. Until no more than 12 of the difference are left."""
    gate, image, count = calm(), flat(100, (40, 40, 20, 20, level)), 0
    while gate.moved(image, 2.0 + count * 0.001) and count < 20:
        gate.learn([])
        count += 1
    assert count == looks


def test_what_may_be_somebody_is_not_learned_at_a_look() -> None:
    """Nor a quarter of its size around it; who is tracked is not learned at all, so that his
    going is news.
    """
    image, here = flat(100, (40, 40, 20, 20, 190)), Box(40 / WIDTH, 40 / HEIGHT, 60 / WIDTH, 60 / HEIGHT)
    for shift, learned in ((0.0, False), (18 / WIDTH, True)):
        gate, box = calm(), Box(here.left + shift, here.top, here.right + shift, here.bottom)
        for n in range(6):
            gate.moved(image, 2.0 + n * 0.001)
            gate.learn([box])
        assert gate.moved(image, 2.1) is True or learned
        assert gate.change.within([here]) == [not learned] or learned
    tracked = calm()
    for n in range(100):
        tracked.moved(image, 2.0 + n * STEP_S, [here])
        tracked.learn([here], [here])
    assert tracked.moved(image, 22.0, [here]), "he is still a change"
    assert not tracked.moved(flat(), 22.2), "the street behind him is known"


def flicker(n: int, share: float) -> Image:
    """Something of that share of the picture, elsewhere each time."""
    height = max(2, round(share * WIDTH * HEIGHT / 24))
    return flat(100, (8 + 26 * (n % 7), 10 + 3 * (n % 5), 24, height, 220))


@pytest.mark.parametrize(("looks", "storm"), [(4, False), (5, True)])
def test_after_five_looks_for_nothing_it_is_a_storm(looks: int, storm: bool) -> None:
    """Somebody may be coming in: fewer are no rain."""
    gate = calm()
    for n in range(looks):
        assert gate.moved(flicker(n, 0.02), 2.0 + n * STEP_S)
        gate.learn([])
    assert gate.storm == storm


@pytest.mark.parametrize(("later", "storm"), [(0.3, True), (0.65, False)])
def test_a_storm_ends_when_nothing_changes(later: float, storm: bool) -> None:
    """After six tenths of a second."""
    gate, now = calm(), 2.0
    for n in range(8):
        now += STEP_S
        gate.moved(flicker(n, 0.02), now)
        gate.learn([])
    while gate.moved(flat(), now := now + 0.01) or gate.change.around() is not None:
        gate.learn([])
    assert gate.storm
    assert not gate.moved(flat(), now + later)
    assert gate.storm == storm


def test_in_a_storm_only_more_than_the_storm_is_motion() -> None:
    """Half as much again; and whoever is known to go is looked at all the same."""
    gate = calm()
    for n in range(30):
        gate.moved(flicker(n, 0.02), 2.0 + n * STEP_S)
        gate.learn([])
    assert not gate.moved(flicker(31, 0.02), 8.2)
    assert not gate.moved(flicker(32, 0.023), 8.4)
    assert gate.moved(flicker(33, 0.05), 8.6)
    left = (8 + 26 * (34 % 7)) / WIDTH
    there = Box(left, 0.1, left + 24 / WIDTH, 0.4)
    assert gate.moved(flicker(34, 0.02), 8.8, [there])
    assert not gate.moved(flicker(34, 0.02), 8.9, [Box(0.9, 0.9, 0.95, 0.99)])


def test_who_stands_may_stir() -> None:
    """In his box and a quarter around it; not further."""
    box = Box(60 / WIDTH, 40 / HEIGHT, 100 / WIDTH, 100 / HEIGHT)
    for left, moved in ((92, False), (104, False), (116, True)):
        assert calm().moved(flat(100, (left, 60, 4, 6, 220)), 2.0, (), [box]) == moved


@pytest.mark.parametrize(("rows", "changed"), [(3, False), (4, True)])
def test_third_of_box_changes_when_somebody_moves(rows: int, changed: bool) -> None:
    """A third of a box changes when somebody moves in it. More than 35 of a hundred."""
    mask = np.zeros((90, 160), np.uint8)
    mask[20 : 20 + rows, 32:48] = 255
    assert Change(mask).within([Box(32 / 160, 20 / 90, 47.5 / 160, 29.5 / 90), Box(0.8, 0.8, 0.9, 0.9)]) == [
        changed,
        False,
    ]
    assert Change(None).within([Box(0, 0, 1, 1)] * 2) == [True, True]


def test_where_the_picture_changes() -> None:
    """The smallest box around all of it, as fractions of a picture that is not square."""
    mask = np.zeros((90, 160), np.uint8)
    assert Change(mask).around() is None
    assert Change(None).around() is None
    mask[9, 16] = mask[44, 79] = 255
    assert Change(mask).around() == Box(0.1, 0.1, 0.5, 0.5)


def test_the_part_of_a_box_stays_in_the_picture() -> None:
    """With a share of its size around it, whatever reaches beyond is left out."""
    boxes = [
        Box(0.25, 0.5, 0.5, 0.75),
        Box(-0.2, -0.3, 0.1, 0.1),
        Box(0.9, 0.95, 1.4, 1.3),
        Box(-0.5, -0.5, -0.4, -0.4),
    ]
    found = [(r.start, r.stop, c.start, c.stop) for r, c in parts_of((80, 160), boxes, 0.0)]
    assert found == [(40, 61, 40, 81), (0, 9, 0, 17), (76, 81, 144, 161), (0, 1, 0, 1)]
    assert [(r.start, r.stop, c.start, c.stop) for r, c in parts_of((80, 160), boxes[:1])] == [
        (35, 66, 30, 91)
    ]


SMALL = np.ascontiguousarray(STREET[::3, ::3])  # 214 by 160 pixels


def told(eyes: Eyesight, pictures: Sequence[Image], since: float = 0.0) -> list[str]:
    return [eyes.look(image, since + n) for n, image in enumerate(pictures)]


def healthy(count: int, since: int = 0) -> list[Image]:
    return [camera(SMALL, since + n) for n in range(count)]


def dark(n: int, level: int = 10) -> Image:
    return camera(np.full_like(SMALL, level), n, 1.0)


@pytest.mark.parametrize(("level", "says"), [(18, "the picture is black"), (30, "")])
def test_black_is_told_after_eight_seconds(level: int, says: str) -> None:
    """Black is told after eight seconds and taken back after four.

    To the second; a dark night is not black.
    """
    eyes = Eyesight()
    pictures = [dark(n, level) for n in range(12)]
    assert told(eyes, pictures) == [""] * 8 + [says] * 4
    assert told(eyes, healthy(8, 12), 12.0) == [says] * 4 + [""] * 4


@pytest.mark.parametrize(("level", "says"), [(64, "the picture is blurred"), (56, "")])
def test_a_bright_picture_without_detail_is_fog(level: int, says: str) -> None:
    """A bright picture without detail is fog and a dark one is night. Where there was detail before."""
    eyes = Eyesight()
    assert not any(told(eyes, healthy(40)))
    assert told(eyes, [dark(n, level) for n in range(12)], 40.0)[-1] == says
    assert told(Eyesight(), [dark(n, level) for n in range(12)])[-1] == "", (
        "where there never was any, nothing is lost"
    )


def white(share: float, n: int) -> Image:
    image = camera(SMALL, n)
    image[:, : round(214 * share)] = 255
    return image


@pytest.mark.parametrize(("share", "says"), [(0.33, False), (0.38, True)])
def test_a_third_of_white_is_glare(share: float, says: bool) -> None:
    """More than 35 of a hundred pixels."""
    eyes = Eyesight()
    words = told(eyes, [white(share, n) for n in range(12)])
    assert ("blinded" in words[-1]) == says


def test_it_looks_once_a_second() -> None:
    """Whatever comes between is not judged."""
    eyes = Eyesight()
    for n in range(100):
        eyes.look(camera(SMALL, n) if n % 10 == 0 else dark(n), n / 10)
    assert eyes.trouble == ""


@pytest.mark.parametrize(("seconds", "frozen"), [(27, False), (28, True)])
def test_the_same_data_for_twenty_seconds_are_frozen(seconds: int, frozen: bool) -> None:
    """And eight more before it is told; one picture that is not the same in between, and it is not."""
    eyes = Eyesight()
    for n in range(seconds + 1):
        eyes.look(camera(SMALL, 1), float(n), again=n > 0)
    assert (eyes.trouble == "the picture is frozen") == frozen
    assert not eyes.sees
    other = Eyesight()
    for n in range(32):
        other.look(camera(SMALL, 1), float(n), again=n != 10)
    assert other.trouble == ""


@pytest.mark.parametrize(("looks", "frozen"), [(45, True), (44, False)])
def test_noise_at_each_of_many_looks(looks: int, frozen: bool) -> None:
    """Noise at each of many looks that ends is frozen.

    From 45 looks on; after fewer it may be somebody who went by.
    """
    eyes = Eyesight()
    told(eyes, healthy(looks + 1))
    assert (told(eyes, [camera(SMALL, looks)] * 30, looks + 1.0)[-1] == "the picture is frozen") == frozen
    assert eyes.sees


def test_a_camera_that_is_opened_anew_is_not_frozen() -> None:
    """A camera that is opened anew is not frozen until it is again.

    What the street looks like stays known; other troubles stay.
    """
    eyes = Eyesight()
    for n in range(30):
        eyes.look(camera(SMALL, 1), float(n), again=n > 0)
    assert eyes.trouble
    eyes.reopened(30.0)
    assert (eyes.trouble, eyes.sees) == ("", False)
    for n in range(27):
        assert eyes.look(camera(SMALL, 1), 30.5 + n, again=n > 0) == "", n
    blind = Eyesight()
    told(blind, [dark(n) for n in range(12)])
    blind.reopened(12.0)
    assert blind.trouble == "the picture is black"
    known = Eyesight()
    told(known, healthy(60))
    known.reopened(60.0)
    turned = np.ascontiguousarray(SMALL[:, ::-1])
    assert "turned" in told(known, [camera(turned, n) for n in range(60, 72)], 60.0)[-1]


def test_another_size_of_same_shape_is_judged() -> None:
    """Another size of the same shape is judged by its own sharpness.

    A smaller picture of a soft lens is sharper; the full one after it is not blurred. What the street looks
    like stays known.
    """
    import cv2

    soft = cv2.GaussianBlur(SMALL, (0, 0), 2)

    def full(since: int) -> list[Image]:
        return [camera(soft, since + n, 1.0) for n in range(30)]

    eyes = Eyesight()
    small = [
        np.ascontiguousarray(cv2.resize(i, (53, 40), interpolation=cv2.INTER_AREA), np.uint8) for i in full(0)
    ]
    assert not any(told(eyes, small))
    assert not any(told(eyes, full(30), 30.0))
    assert not any(told(eyes, small, 60.0))
    assert (
        "turned"
        in told(eyes, [camera(np.ascontiguousarray(soft[:, ::-1]), n, 1.0) for n in range(90, 105)], 90.0)[-1]
    )


@pytest.mark.parametrize(
    ("size", "filled"),
    [
        ((640, 360), (320, 180)),
        ((360, 640), (108, 192)),
        ((320, 192), (320, 192)),
        ((10, 1000), (2, 192)),
        ((3000, 2), (320, 1)),
    ],
)
@pytest.mark.parametrize("planar", [False, True])
def test_picture_of_any_shape_is_fitted_at_top_left(
    size: tuple[int, int], filled: tuple[int, int], planar: bool
) -> None:
    """A picture of any shape is fitted at the top left.

    Its shape is kept, the rest is padding, also after a picture of another shape.
    """
    letterbox = Letterbox(320, 192, planar=planar, padding=114)
    letterbox.fill(np.full((192, 320, 3), 7, np.uint8))
    image = np.full((size[1], size[0], 3), 200, np.uint8)
    image[..., 0] = 50
    assert letterbox.fill(image) == filled
    tensor = letterbox.tensor
    assert tensor.shape == ((1, 3, 192, 320) if planar else (1, 192, 320, 3))
    assert tensor.dtype == (np.float32 if planar else np.uint8)
    seen = tensor[0].transpose(1, 2, 0) if planar else tensor[0]
    width, height = filled
    assert (seen[:height, :width] == (50, 200, 200)).all()
    assert (seen[height:] == 114).all()
    assert (seen[:, width:] == 114).all()


@pytest.mark.parametrize(
    ("brightest", "gain"),
    [
        (255, 1.0),
        (129, 1.0),
        (128, 1.0),
        (127, 128 / 127),
        (64, 2.0),
        (33, 128 / 33),
        (32, 4.0),
        (5, 4.0),
        (0, 4.0),
    ],
)
def test_a_dark_picture_is_stretched(brightest: int, gain: float) -> None:
    """Up to the level of a day, at most four times; what is bright enough stays as it is."""
    image = np.full((192, 320, 3), brightest // 2, np.uint8)
    image[:, :32] = brightest
    letterbox = Letterbox(320, 192)
    letterbox.fill(image)
    assert stretch_of(image) == pytest.approx(gain)
    expected = np.round(image * gain).clip(0, 255)
    assert np.abs(letterbox.tensor[0].astype(int) - expected).max() <= (gain > 1)


def test_a_lamp_in_the_picture_does_not_hide_the_dark() -> None:
    """The brightest half per cent of the pixels says nothing of the street."""
    image = np.full((192, 320, 3), 20, np.uint8)
    image[: 192 // 16, : 320 // 16] = 255
    assert stretch_of(image) == 4.0
    image[: 192 // 8, : 320 // 8] = 255
    assert stretch_of(image) == 1.0


def test_a_look_is_the_colours_of_the_two_halves() -> None:
    """Of the middle of the box; each half is told apart, the background beside it does not count."""
    image = np.zeros((100, 200, 3), np.uint8)
    image[20:50, 80:100] = (255, 0, 0)
    image[50:80, 80:100] = (0, 0, 255)
    upright, upside = (
        describe(image, [Box(0.4, 0.2, 0.5, 0.8)])[0],
        describe(image[::-1], [Box(0.4, 0.2, 0.5, 0.8)])[0],
    )
    assert float(upright @ upright) == pytest.approx(2.0)
    assert float(upright @ upside) == 0.0
    assert upright[3 << 4] == upright[64 + 3] == 1.0
    wider = describe(image, [Box(0.4 - 0.02, 0.2, 0.5 + 0.02, 0.8)])[0]
    assert float(upright @ wider) == pytest.approx(2.0)
    assert describe(image, []).shape == (0, 128)
    assert describe(image, [Box(-0.5, -0.5, 1.5, 1.5)]).shape == (1, 128)


@pytest.mark.parametrize(
    ("score", "box", "look"),
    [
        (0.25, Box(0.1, 0.1, 0.3, 0.5), True),
        (0.249, Box(0.1, 0.1, 0.3, 0.5), False),
        (0.9, Box(0.3, 0.1, 0.1, 0.5), False),
    ],
)
def test_who_gets_a_look(score: float, box: Box, look: bool) -> None:
    """Whoever scores a quarter and has a box that can be read; nobody is left out or moved in the list."""
    other = Detection(Box(0.6, 0.1, 0.8, 0.5), 0.5, "car")
    found = with_appearance(
        np.zeros((90, 160, 3), np.uint8),
        [Detection(box, score, "person"), other],
        lambda boxes: [b.left < 0.5 for b in boxes],
    )
    assert [(d.box, d.score, d.label) for d in found] == [(box, score, "person"), (other.box, 0.5, "car")]
    assert [(d.look is not None, d.moving) for d in found] == [(look, look), (True, False)]
    many = with_appearance(np.zeros((90, 160, 3), np.uint8), [other] * 101, lambda boxes: [True] * len(boxes))
    assert len(many) == 101


def candidates(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    boxes = np.array([r[:4] for r in rows], np.float32).reshape(-1, 4)
    return Candidates(
        boxes, np.array([r[4] for r in rows], np.float32), np.array([r[5] for r in rows], np.int64)
    )


def test_candidates_are_ranked_and_those() -> None:
    """Candidates are ranked and those that are none are left out.

    Best first, 300 at most, over all outputs.
    """
    bad = [
        (5, 0, 5, 9, 0.9, 0),
        (0, 9, 5, 9, 0.9, 0),
        (0, 0, 2e4, 9, 0.9, 0),
        (0, 0, np.nan, 9, 0.9, 0),
        (0, 0, 5, 5, 1.1, 0),
    ]
    found = ranked(
        [candidates((0, 0, 5, 5, 0.4, 1), *bad), candidates((0, 0, 6, 6, 0.8, 2), (0, 0, 7, 7, 1.0, 3))]
    )
    assert found.classes.tolist() == [3, 2, 1]
    assert found.scores.tolist() == pytest.approx([1.0, 0.8, 0.4])
    assert found.boxes[:, 2].tolist() == [7, 6, 5]
    assert len(ranked([candidates(*[(0, 0, 5, 5, 0.001 * n, 0) for n in range(400)])]).scores) == 300
    assert len(ranked([]).scores) == 0


def test_doubles_are_suppressed_within_a_group() -> None:
    """A van is not also a car; a person in front of it is a person."""
    rows = [
        (0, 0, 100, 100, 0.9, 0),
        (5, 0, 105, 100, 0.8, 1),
        (0, 0, 100, 100, 0.7, 2),
        (60, 0, 160, 100, 0.6, 0),
    ]
    kept = suppress(candidates(*rows), np.array([0, 0, 1]), 0.5)
    assert kept.scores.tolist() == pytest.approx([0.9, 0.7, 0.6])
    assert suppress(candidates(rows[0]), np.array([0, 0, 1]), 0.5).scores.tolist() == pytest.approx([0.9])


def test_a_vote_is_of_the_group() -> None:
    """Car, bus and truck together make a vehicle; a person beside them adds nothing."""
    ballot = Ballot([0, 2, 5], ["person", "vehicle", "vehicle"])
    scores = np.array([[0.9, 0.5, 0.5], [0.9, 0.5, 0.5]], np.float32)
    assert ballot.count(scores, np.array([1, 0])).tolist() == pytest.approx([0.75, 0.9])


@pytest.mark.parametrize(
    ("moving", "size", "region"),
    [
        (Box(0.45, 0.45, 0.55, 0.55), (1280, 720), (0.375, 0.278, 0.625, 0.722)),
        (Box(0.0, 0.0, 0.05, 0.05), (1280, 720), (0.0, 0.0, 0.25, 0.444)),
        (Box(0.95, 0.95, 1.0, 1.0), (1280, 720), (0.75, 0.556, 1.0, 1.0)),
        (Box(0.3, 0.3, 0.55, 0.4), (1280, 720), (0.225, -0.0, 0.625, 0.711)),
        (Box(0.3, 0.3, 0.564, 0.4), (1280, 720), None),
        (Box(0.3, 0.2, 0.4, 0.67), (1280, 720), None),
        (Box(0.3, 0.2, 0.4, 0.66), (1280, 720), (0.1, 0.062, 0.6, 0.798)),
        (Box(0.4, 0.4, 0.5, 0.5), (568, 426), None),
        (Box(0.4, 0.4, 0.5, 0.5), (570, 428), (0.169, 0.076, 0.731, 0.824)),
    ],
)
def test_where_to_look_closely(moving: Box, size: tuple[int, int], region: tuple[float, ...] | None) -> None:
    """A square of 320 pixels or more around 1.6 times what moves, up to three quarters of the
    shorter side.
    """
    found = choose(moving, [], *size)
    assert (found is None) == (region is None)
    if found is not None and region is not None and region[1] != -0.0:
        side = (found.right - found.left) * size[0]
        assert side == pytest.approx((found.bottom - found.top) * size[1])
        assert side == pytest.approx(max(320, 1.6 * moving.width * size[0], 1.6 * moving.height * size[1]))
        middle = ((found.left + found.right) / 2, (found.top + found.bottom) / 2)
        wanted = ((moving.left + moving.right) / 2, (moving.top + moving.bottom) / 2)
        for at, here, low, high in zip(
            wanted, middle, (found.left, found.top), (found.right, found.bottom), strict=True
        ):
            assert here == pytest.approx(at) or low == pytest.approx(0, abs=1e-9) or high == pytest.approx(1)


@pytest.mark.parametrize(
    ("width", "height", "count"),
    [(2199, 1000, 0), (2200, 1000, 2), (1000, 2200, 2), (2400, 1000, 3), (4000, 1000, 4)],
)
def test_a_panorama_is_looked_at_in_parts(width: int, height: int, count: int) -> None:
    """From 2.2 to 1 on; parts of 4 to 3, a quarter of each shared with the next."""
    found = parts(width, height)
    assert len(found) == count
    if found:
        sides = [(p.left, p.right) if width > height else (p.top, p.bottom) for p in found]
        assert sides[0][0] == 0
        assert sides[-1][1] == pytest.approx(1)
        assert all(b - a == pytest.approx(4 / 3 * min(width, height) / max(width, height)) for a, b in sides)
        assert len(np.unique(np.round(np.diff([a for a, _ in sides]), 9))) == 1
        assert cut(np.zeros((height, width, 3), np.uint8), found[0]).shape[:2] == (
            (1000, 1333) if width > height else (1333, 1000)
        )


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        (Box(0.011, 0.2, 0.4, 0.6), True),
        (Box(0.009, 0.2, 0.4, 0.6), False),
        (Box(0.2, 0.011, 0.4, 0.6), True),
        (Box(0.2, 0.009, 0.4, 0.6), False),
        (Box(0.2, 0.2, 0.989, 0.6), True),
        (Box(0.2, 0.2, 0.991, 0.6), False),
        (Box(0.2, 0.2, 0.4, 0.989), True),
        (Box(0.2, 0.2, 0.4, 0.991), False),
    ],
)
def test_what_the_edge_of_a_part_cuts_is_left_out(box: Box, kept: bool) -> None:
    """Within a hundredth of it; where the edge is that of the picture, nothing is cut."""
    assert bool(back([Detection(box, 0.9, "person")], Box(0.25, 0.25, 0.75, 0.75))) == kept
    whole = back([Detection(box, 0.9, "person")], Box(0.0, 0.0, 1.0, 1.0))
    assert [(d.box, d.score, d.label) for d in whole] == [(box, 0.9, "person")]
