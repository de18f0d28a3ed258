"""What makes a camera blind, a picture on each side of every limit; and how fast what is usual follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from pole_agent.frame import Image
from pole_agent.vision.eyesight import Eyesight, _detail, _edges, _small
from tests.vision.test_motion import STREET

SCENE = np.ascontiguousarray(STREET[::3, ::3]).astype(np.uint8)  # 214 by 160 pixels, many edges
BEGUN = 5000.0  # the clock of the machine runs from its start
BLACK, FROZEN, BLURRED, TURNED = (
    "the picture is black",
    "the picture is frozen",
    "the picture is blurred",
    "the camera shows another scene",
)
Picture = Callable[[int], Image]


def coloured(grey: np.ndarray) -> Image:
    return np.ascontiguousarray(np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2))


def flat(level: int, *spots: tuple[int, int], size: tuple[int, int] = (64, 48), bright: int = 255) -> Image:
    """A picture of one level; each spot is one pixel, (x, y)."""
    grey = np.full((size[1], size[0]), level)
    for x, y in spots:
        grey[y, x] = bright
    return coloured(grey)


def chequered(low: int, high: int) -> Image:
    """All of its detail is fine, and half of the difference is its detail."""
    return coloured(np.where(np.indices((48, 64)).sum(axis=0) % 2, high, low))


def shared(level: int, share: float, bright: int = 255) -> Image:
    """That share of its 10 000 pixels is bright."""
    grey = np.full(10_000, level)
    grey[: round(share * 10_000)] = bright
    return coloured(grey.reshape(100, 100))


def last(pictures: Sequence[Image], eyes: Eyesight | None = None, since: float = 0.0) -> str:
    """What is told after the last of them, which lasts for eight seconds more; one a second."""
    eyes = eyes or Eyesight()
    for second, image in enumerate([*pictures, *[pictures[-1]] * 8]):
        told = eyes.look(image, since + second)
    return told


@pytest.mark.parametrize(
    ("level", "share", "bright", "black"),
    [
        (23, 0.0, 255, True),
        (24, 0.0, 255, False),
        (0, 0.0, 255, True),
        (10, 0.0098, 200, True),
        (10, 0.0102, 200, False),
        (10, 0.015, 200, False),
        (10, 0.005, 200, True),
        (10, 0.0102, 23, True),
        (10, 0.0102, 25, False),
    ],
)
def test_black_is_where_99_of_100_pixels_are_dark(level: int, share: float, bright: int, black: bool) -> None:
    """Darker than 24 of 255; one pixel of a hundred may be brighter: two lamps in a dark street are no black
    picture.
    """
    assert (last([shared(level, share, bright)]) == BLACK) == black


@pytest.mark.parametrize(
    ("share", "bright", "told"),
    [(0.35, 255, ""), (0.3501, 255, "35%"), (0.7, 249, ""), (0.7, 250, "70%"), (1.0, 255, "100%")],
)
def test_glare_is_where_third_of_a_picture_is_white(share: float, bright: int, told: str) -> None:
    """More than 35 of a hundred pixels of at least 250 of 255; how much is told."""
    expected = f"the camera is blinded: {told} of the picture is white" if told else ""
    assert last([shared(100, share, bright)]) == expected


def test_of_many_troubles_the_plainest_is_told() -> None:
    """Black, frozen, glare, another shape, another scene, in this order."""
    wide, white = flat(250, size=(80, 40)), flat(255)
    eyes = Eyesight((64, 48))
    assert [eyes.look(flat(0, size=(80, 40)), float(n), n > 0) for n in range(40)][-1] == BLACK
    assert [eyes.look(wide, 100.0 + n, n > 0) for n in range(30)][-1] == FROZEN
    assert [eyes.look(wide, 200.0 + n, False) for n in range(30)][-1].startswith(
        "the camera is blinded: 100%"
    )
    assert [eyes.look(flat(90, size=(80, 40)), 300.0 + n) for n in range(10)][-1].startswith(
        "picture shape changed from 64x48 to 80x40"
    )
    assert last([white], Eyesight((32, 24))).startswith("the camera is blinded"), "of the same shape"


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ((0.0, 1.0, 19.9, 27.9), ""),
        ((0.0, 1.0, 20.0, 28.0), FROZEN),
        ((0.0, 1.0, 20.0, 27.9), ""),
        # Clocks round
        ((0.0, 20.0, 22.0, 26.0, 27.9999985), ""),
        ((0.0, 20.0, 22.0, 26.0, 27.9999995), FROZEN),
    ],
)
def test_the_very_same_data_are_frozen_after_20_s(times: tuple[float, ...], told: str) -> None:
    """And eight seconds more before it is told."""
    eyes = Eyesight()
    assert [eyes.look(SCENE, at, again=at > 0) for at in times][-1] == told


@pytest.mark.parametrize(
    ("times", "told"),
    [((0.0, 1.0, 599.9, 607.9), ""), ((0.0, 1.0, 600.0, 608.0), FROZEN), ((0.0, 1.0, 600.0, 607.9), "")],
)
def test_equal_pictures_are_frozen_after_ten_minutes(times: tuple[float, ...], told: str) -> None:
    """Where a codec repeats what has not changed."""
    eyes = Eyesight()
    assert [eyes.look(SCENE, at) for at in times][-1] == told


@pytest.mark.parametrize(("later", "told"), [(3.9, FROZEN), (4.0, ""), (3.9999985, FROZEN), (3.9999995, "")])
def test_a_trouble_over_for_four_seconds_is_taken_back(later: float, told: str) -> None:
    """And not before, nor when it comes again meanwhile."""
    eyes = Eyesight()
    for second in range(30):
        eyes.look(SCENE, float(second), again=second > 0)
    assert eyes.trouble == FROZEN
    assert eyes.look(flat(40), 30.0) == FROZEN
    assert eyes.look(flat(41), 30.0 + later) == told
    soon = Eyesight()
    assert [soon.look(flat(0), at) for at in (0.0, 2.0, 4.0, 6.0, 8.0 - 1e-6)][-1] == BLACK
    back = Eyesight()
    for second, level in enumerate((0,) * 10 + (100,) * 3 + (0,) * 2 + (100,) * 4):
        assert back.look(flat(level), float(second)) == (BLACK if second >= 8 else "")


@pytest.mark.parametrize(("between", "judged"), [(0.99, False), (1.0, True)])
def test_a_second_lies_between_two_looks(between: float, judged: bool) -> None:
    """A picture that comes earlier is not looked at, and does not put off the next look."""
    eyes = Eyesight()
    eyes.look(flat(100), 5.0)
    assert eyes.look(flat(0), 5.0 + between) == ""
    assert eyes.sees == judged
    eyes.look(flat(1), 6.0)
    assert eyes.sees
    for second in range(30):
        eyes.look(flat(0), 10.0 + second)
    assert eyes.look(flat(100), 39.5) == BLACK, "what was told last, meanwhile"


class Toggled:
    """Pictures of 64 by 48 pixels in which one pixel after the other changes its level."""

    def __init__(self) -> None:
        self._grey = np.tile(np.arange(64, dtype=np.uint8) * 2 + 60, (48, 1))
        self.eyes, self.now = Eyesight(), 0.0
        self.told = ""
        self.still()

    def change(self, *pixels: tuple[int, int]) -> None:
        for x, y in pixels:
            self._grey[y, x] ^= 1
        self.still()

    def still(self, looks: int = 1) -> str:
        for _ in range(looks):
            self.told = self.eyes.look(coloured(self._grey), self.now)
            self.now += 1.0
        return self.told


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        ((56, 5), (59, 5), True),
        ((3, 5), (4, 5), False),
        ((5, 12), (5, 15), True),
        ((5, 3), (5, 4), False),
        ((5, 5), (5, 5), True),
        ((63, 47), (63, 47), True),
        ((5, 5), (63, 47), False),
    ],
)
def test_what_changes_in_one_place_is_noise(
    one: tuple[int, int], other: tuple[int, int], place: bool
) -> None:
    """A place is a sixteenth of the width and a twelfth of the height.

    Where it changes now here, now there, somebody walks.
    """
    street = Toggled()
    for look in range(46):
        street.change(one if look % 2 else other)
    assert (street.still(30) == FROZEN) == place


@pytest.mark.parametrize(
    ("first", "still", "then", "frozen"),
    [(30, 0, 15, True), (30, 1, 15, False), (30, 1, 45, True), (44, 0, 0, False)],
)
def test_noise_is_at_every_look(first: int, still: int, then: int, frozen: bool) -> None:
    """Of 45 one after the other. One still look between them, and it begins anew."""
    street = Toggled()
    for _ in range(first):
        street.change((5, 5))
    street.still(still)
    for _ in range(then):
        street.change((5, 5))
    assert (street.still(30) == FROZEN) == frozen


def test_noise_that_has_ended_before_is_none() -> None:
    """When last something changed, it was elsewhere: the place that was lively has been still since."""
    street = Toggled()
    for _ in range(50):
        street.change((5, 5))
    street.change((50, 30))
    assert street.still(60) == ""
    both = Toggled()
    for look in range(46):
        both.change((5, 5), (9 + look, 30))
    assert both.still(30) == FROZEN, "one that goes by changes nothing of that"
    for then, frozen in ((44, False), (45, True)):
        again = Toggled()
        for _ in range(30):
            again.change((5, 5))
        again.change((50, 30))
        for _ in range(then):
            again.change((5, 5))
        assert (again.still(30) == FROZEN) == frozen


def test_a_picture_of_another_size_is_a_new_beginning() -> None:
    """What repeated itself and where it was lively is of the old one; how long nothing changed runs anew."""
    street = Toggled()
    for _ in range(50):
        street.change((5, 5))
    eyes = street.eyes
    assert [eyes.look(flat(100, size=(32, 24)), street.now + n) for n in range(60)][-1] == ""
    data = Eyesight()
    for second in range(15):
        data.look(flat(100), float(second), second > 0)
    assert [data.look(flat(100, size=(32, 24)), 15.0 + n, n > 0) for n in range(28)][-1] == "", (
        "27 s of the new one"
    )
    assert data.look(flat(100, size=(32, 24)), 43.0, True) == FROZEN
    assert not data.sees, "two sizes are no two pictures that differ"


def test_opened_anew_nothing_is_known_of_repeating() -> None:
    """It looks at once, and neither what was lively nor what came again before is held against it."""
    street = Toggled()
    for _ in range(50):
        street.change((5, 5))
    street.eyes.reopened(street.now)
    assert not street.eyes.sees
    assert street.still(60) == ""
    some = Toggled()
    for _ in range(44):
        some.change((5, 5))
    some.eyes.reopened(some.now)
    some.change((5, 5))
    assert some.still(30) == "", "fewer than 45 since"
    eyes = Eyesight()
    for second in range(12):
        eyes.look(flat(100), float(second), again=second not in (0, 6))
    eyes.reopened(12.0)
    assert [eyes.look(flat(100), 12.5 + n, again=True) for n in range(29)][-1] == FROZEN, (
        "the data come again at every look since then"
    )
    soon = Eyesight()
    soon.look(flat(100), 0.0)
    soon.reopened(0.1)
    soon.look(flat(0), 0.2)
    assert soon.sees, "it need not wait for its second"


def test_frozen_ends_with_a_new_opening() -> None:
    """Found or told, it is over; what else is found goes on."""
    for seconds in (22, 40):  # found; told
        eyes = Eyesight()
        for second in range(seconds):
            eyes.look(flat(100), float(second), second > 0)
        eyes.reopened(float(seconds))
        told = [eyes.look(flat(100), seconds + float(n), n > 0) for n in range(29)]
        assert told == [""] * 28 + [FROZEN]
    dark = Eyesight()
    for second in range(5):
        dark.look(flat(0), float(second))
    dark.reopened(5.0)
    assert [dark.look(flat(0), float(n)) for n in range(5, 9)] == ["", "", "", BLACK]


@pytest.mark.parametrize(
    ("width", "height", "small"),
    [
        (640, 480, (256, 192)),
        (480, 640, (192, 256)),
        (256, 192, (256, 192)),
        (257, 128, (256, 128)),
        (255, 40, (255, 40)),
        (100, 50, (100, 50)),
        (1000, 10, (256, 8)),
        (10, 1000, (8, 256)),
        (1000, 40, (256, 10)),
        (4, 6, (8, 8)),
        (9, 7, (9, 8)),
        (8, 9, (8, 9)),
    ],
)
def test_a_picture_is_judged_at_256_pixels(width: int, height: int, small: tuple[int, int]) -> None:
    """The longer side is 256 at most, the other in its proportion, neither less than 8; a small picture is
    not made larger.
    """
    found = _small(np.zeros((height, width, 3), np.uint8))
    assert found.shape == small[::-1]


def test_a_pixel_is_the_mean_of_those_it_stands_for() -> None:
    """Grey as the eye weighs the colours."""
    chequers = coloured(np.where(np.indices((384, 512)).sum(axis=0) % 2, 200, 0))
    assert (_small(chequers) == 100).all()
    image = np.zeros((8, 8, 3), np.uint8)
    image[..., 1] = 200
    assert (_small(image) == 117).all()


def test_fine_detail_is_between_neighbours() -> None:
    """All detail is against the mean of 15 by 15 pixels, the fine one against that of 3 by 3: worked out by
    hand for chequers.
    """
    detail, share = _detail(chequered(50, 150)[..., 0])
    assert detail == pytest.approx(50 * 112 / 112.5, abs=0.01)  # 113 of its own level and 112 of the other
    assert share == pytest.approx(400 / 9 / (50 * 112 / 112.5), abs=0.001)
    assert _detail(chequered(100, 101)[..., 0]) == pytest.approx((56 / 112.5, share), abs=0.001)
    assert _detail(flat(77)[..., 0]) == (0.0, 0.0)


def test_edges_are_where_they_are_and_run_as_they_run() -> None:
    """In 24 by 18 places, apart for both directions; whatever the brightness and the contrast."""
    grey = np.full((180, 240), 50, np.uint8)
    grey[:, 125:] = 150  # within the 13th column
    edges = _edges(grey)
    assert edges.shape == (2, 18, 24)
    assert float((edges**2).sum()) == pytest.approx(1.0, abs=1e-4)
    assert edges.mean(axis=(1, 2)) == pytest.approx([0.0, 0.0], abs=1e-6)
    assert (edges[0].argmax(axis=1) == 12).all()
    assert edges[0, :, 12].min() > 20 * abs(edges[0, :, :11]).max()
    assert abs(edges[1]).max() < 0.01
    lying = np.full((180, 240), 50, np.uint8)
    lying[125:] = 150  # within the 13th row
    along = _edges(lying)
    assert abs(along[0]).max() < 0.01
    assert (along[1].argmax(axis=0) == 12).all()
    for profile in (edges[0, 5], along[1, :, 5]):
        profile = profile - profile[0]
        assert profile[11] == pytest.approx(profile[13], rel=0.01)
        assert profile[11] / profile[12] == pytest.approx(0.0111, abs=0.0005), (
            "its blur is one and a half pixels"
        )
    assert np.allclose(_edges(grey // 2 + 40), edges, atol=0.001)
    assert not _edges(flat(90)[..., 0]).any()
    assert float((_edges(flat(90, (30, 20), bright=91)[..., 0]) ** 2).sum()) == pytest.approx(
        1.0, abs=1e-4
    ), "also of one faint spot"


def softened(sigma: float) -> Image:
    return np.ascontiguousarray(cv2.GaussianBlur(SCENE, (0, 0), sigma), np.uint8)


def mixed(share: float) -> Image:
    """That share of the street as in a mirror."""
    return ((1 - share) * SCENE + share * SCENE[:, ::-1]).astype(np.uint8)


@pytest.mark.parametrize(("sigma", "told"), [(0.8, ""), (0.83, BLURRED), (2.0, BLURRED)])
def test_blurred_is_half_of_the_usual_sharpness(sigma: float, told: str) -> None:
    """Less than 55 of a hundred of the share of fine detail."""
    assert (
        _detail(_small(softened(0.8)))[1]
        > 0.55 * _detail(_small(SCENE))[1]
        > _detail(_small(softened(0.83)))[1]
    )
    assert last([SCENE, softened(sigma)]) == told


@pytest.mark.parametrize(("share", "turned"), [(0.7, False), (0.74, False), (0.75, True), (1.0, True)])
def test_turned_is_half_of_the_usual_edges(share: float, turned: bool) -> None:
    """A likeness below 0.45."""
    likeness = [float((_edges(_small(SCENE)) * _edges(_small(mixed(s)))).sum()) for s in (0.74, 0.75)]
    assert likeness[0] > 0.45 > likeness[1]
    assert last([SCENE, mixed(share)]).startswith(TURNED) == turned


@pytest.mark.parametrize(("contrast", "turned"), [(0.31, False), (0.34, True)])
def test_of_a_picture_without_detail_nothing_is_said(contrast: float, turned: bool) -> None:
    """Less than three grey levels of detail: neither is it another scene, nor is it learned where its edges
    are.
    """
    faint = (SCENE[:, ::-1] * contrast).astype(np.uint8)
    assert (_detail(_small(faint))[0] >= 3) == turned
    assert last([SCENE, faint]).startswith(TURNED) == turned
    assert last([faint, SCENE]).startswith(TURNED) == turned


def half(low: int, high: int) -> Image:
    """Chequers at the left, nothing at the right: 0.26 of the difference is its detail."""
    image = chequered(low, high)
    image[:, 32:] = low
    return image


def aged(low: int, high: int, before: int, dark: int) -> Eyesight:
    """A camera that saw chequers for so many looks, then a dark street without detail for so many."""
    eyes = Eyesight()
    for second in range(before):
        eyes.look(half(low, high), BEGUN + second)
    for second in range(before, before + dark):
        assert eyes.look(flat(40 + second % 2), BEGUN + second) == ""
    return eyes


@pytest.mark.parametrize(
    ("high", "before", "dark", "told"),
    [
        (123, 1, 0, BLURRED),
        (122, 1, 0, ""),  # usually more than six grey levels of detail
        # Two fifteenths of the difference are learned at a look at first,
        (177, 1, 8, BLURRED),
        (177, 1, 9, ""),
        (131, 29, 3, BLURRED),
        (130, 29, 3, ""),  # for thirty seconds,
        (250, 31, 1129, BLURRED),
        (250, 31, 1131, ""),  # then one of six hundred
    ],
)
def test_how_fast_the_lack_of_detail_is_learned(high: int, before: int, dark: int, told: str) -> None:
    """A bright picture without detail is fog where there usually is some; a street that has none is none."""
    assert last([flat(120)], aged(100, high, before, dark), BEGUN + before + dark) == told


@pytest.mark.parametrize(("level", "told"), [(60, BLURRED), (59, ""), (120, BLURRED)])
def test_fog_is_bright(level: int, told: str) -> None:
    """Sixty grey levels in the mean; a dark picture without detail is a night."""
    assert last([half(100, 140), flat(level)]) == told


@pytest.mark.parametrize(("looks", "told"), [(1, BLURRED), (6, BLURRED), (9, ""), (20, "")])
def test_how_fast_a_softer_picture_is_learned(looks: int, told: str) -> None:
    """A lens that gets dirty is no trouble, one that loses its focus is."""
    assert last([SCENE, *[softened(0.8)] * looks, softened(1.2)]) == told


@pytest.mark.parametrize(("looks", "turned"), [(1, True), (2, True), (3, False), (12, False)])
def test_how_fast_another_scene_is_learned(looks: int, turned: bool) -> None:
    """A street that changes bit by bit is the same; one that changes at once is another."""
    assert last([SCENE, *[mixed(0.5)] * looks, mixed(0.9)]).startswith(TURNED) == turned


@pytest.mark.parametrize(("looks", "told"), [(4, BLURRED), (5, "")])
def test_how_fast_less_detail_is_learned(looks: int, told: str) -> None:
    """Also where there is enough to compare: a street that slowly gets empty is usual."""
    assert last([half(100, 130), *[half(100, 114)] * looks, flat(120)]) == told


def test_a_new_size_is_no_new_beginning_of_learning() -> None:
    """A camera that is known is learned slowly, whatever size its pictures have."""
    eyes = aged(100, 131, 40, 0)
    for second in range(40, 43):
        eyes.look(flat(40 + second % 2, size=(96, 72)), BEGUN + second)
    assert last([flat(120, size=(96, 72))], eyes, BEGUN + 43) == BLURRED


def test_likeness_is_of_scenes_not_of_their_strength() -> None:
    """A reference that two scenes made is fainter than each; a picture without edges is like none."""
    made, likely = mixed(0.72), mixed(0.9)
    assert last([SCENE, *[made] * 2, likely]) == ""
    assert last([SCENE, chequered(100, 140)]).startswith(TURNED)


def test_what_is_wrong_is_not_learned() -> None:
    """However long it lasts: turned, blurred, of another shape, white or black, what is usual stays as it
    was.
    """
    eyes, now = Eyesight(), 0.0
    for wrong in (mixed(1.0), softened(2.0), shared(100, 0.5), flat(0)):
        for _ in range(60):
            eyes.look(SCENE, now := now + 1.0)
        for step in range(100):
            image = wrong.copy()
            image[0, 0] = step
            eyes.look(image, now := now + 1.0)
        assert eyes.trouble != ""
    for _ in range(6):
        eyes.look(SCENE, now := now + 1.0)
    assert eyes.trouble == ""
