"""Where the detector looks next: whoever is far away has his turn, what is near is not kept waiting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.vision.attention import Attention, Look, by_turns, far
from pole_agent.vision.motion import Change
from pole_agent.vocabulary import Box

SIZE = (960, 540)
ALL = (0.0, 0.0, 1.0, 1.0)
NEAR = Box(0.5, 0.2, 0.65, 0.9)
STEP_S = 0.2


def person(x: float, y: float, height: float = 0.08) -> Box:
    """Somebody `height` of the picture high, with his head at that place."""
    return Box(x, y, x + height * 0.2, y + height)


def change(*things: Box) -> Change:
    mask = np.zeros((180, 320), np.uint8)
    for t in things:
        mask[
            round(t.top * 180) : max(round(t.bottom * 180), round(t.top * 180) + 6),
            round(t.left * 320) : max(round(t.right * 320), round(t.left * 320) + 5),
        ] = 255
    return Change(mask)


def views(
    looks: int,
    *things: Box,
    going: Sequence[Box] = (),
    standing: Sequence[Box] = (),
    size: tuple[int, int] = SIZE,
) -> list[Look]:
    """Looks at five a second, while the same things move."""
    attention = Attention()
    return [
        attention.next(100 + n * STEP_S, size, change(*things) if things else None, going, standing)
        for n in range(looks)
    ]


def side_of(view: Box, size: tuple[int, int] = SIZE) -> float:
    assert view.width * size[0] == pytest.approx(view.height * size[1])
    return view.width * size[0]


def inside(view: Box | None, thing: Box) -> bool:
    return view is not None and (
        view.left <= thing.left
        and view.top <= thing.top
        and view.right >= thing.right
        and view.bottom >= thing.bottom
    )


places = st.lists(st.tuples(st.floats(0.02, 0.95), st.floats(0.02, 0.88)), min_size=1, max_size=6)


@given(places, st.floats(0.03, 0.1))
def test_each_has_a_turn(found: list[tuple[float, float]], height: float) -> None:
    """Wherever they are, each is looked at closely, and not cut, within as many looks as there are."""
    things = [person(x, y, height) for x, y in found]
    seen: list[Look] = []
    for n in range(3 * len(things)):
        view = by_turns(things, SIZE, seen)
        assert view is not None
        assert min(view.sides) >= -1e-9
        assert max(view.sides) <= 1 + 1e-9
        assert 160 - 1e-6 <= side_of(view) <= 320 + 1e-6
        seen.append(Look(view=view, at=n * STEP_S))
    for start in range(2 * len(things)):
        turn = seen[start : start + len(things)]
        assert all(any(inside(look.view, thing) for look in turn) for thing in things)


@given(places)
def test_all_of_the_picture_has_its_turn_too(found: list[tuple[float, float]]) -> None:
    """One look costs what it did: there is one place to look at, and all of it every two seconds."""
    looks = views(40, *(person(x, y) for x, y in found))
    whole = [look.at for look in looks if look.view is None]
    assert looks[0].view is None
    assert max(b - a for a, b in zip(whole, [*whole[1:], 108.0], strict=True)) <= 2.0 + 1e-6


def test_one_far_away_is_shown_large() -> None:
    """He is a quarter of a square around him, of 160 pixels at least."""
    for height, side in ((0.04, 160.0), (0.08, 172.8), (0.12, 259.2)):
        thing = person(0.6, 0.4, height)
        view = by_turns([thing], SIZE, [])
        assert view is not None
        assert side_of(view) == pytest.approx(side)
        assert (view.left + view.right) / 2 == pytest.approx((thing.left + thing.right) / 2)


def test_who_are_close_share_a_turn() -> None:
    one, beside, away = person(0.2, 0.4), person(0.35, 0.4), person(0.9, 0.4)
    first = by_turns([one, beside, away], SIZE, [])
    assert inside(first, one)
    assert inside(first, beside)
    assert first is not None
    assert side_of(first) <= 320
    second = by_turns([one, beside, away], SIZE, [Look(view=first, at=1.0)])
    assert inside(second, away)


@pytest.mark.parametrize(
    ("height", "size", "is_far"),
    [
        (0.133, (960, 540), True),  # 72 of 960 pixels are 24 of 320
        (0.134, (960, 540), False),
        (0.099, (640, 480), True),
        (0.101, (640, 480), False),
        (0.099, (4000, 1000), True),  # of a panorama, a part is shown at a time
        (0.101, (4000, 1000), False),
        (0.074, (540, 960), True),
        (0.076, (540, 960), False),
    ],
)
def test_who_is_far_away(height: float, size: tuple[int, int], is_far: bool) -> None:
    """Who is less high than 24 pixels of 320 once the picture is scaled down."""
    assert bool(far([person(0.5, 0.5, height)], size)) == is_far


def test_too_many_are_rain() -> None:
    """Up to six have turns; more are looked at together, as before."""
    things = [person(0.02 + 0.14 * n, 0.4) for n in range(7)]
    assert len(far(things[:6], SIZE)) == 6
    assert far(things, SIZE) == []
    assert any(look.view for look in views(10, *things[:6]))
    assert not any(look.view for look in views(10, *things))


def test_a_busy_street_has_no_turns() -> None:
    """Where something near moves, or somebody near is known to go, all of the picture is looked at."""
    there = person(0.05, 0.1)
    assert not any(look.view for look in views(20, there, NEAR))
    assert not any(look.view for look in views(20, there, going=[NEAR]))
    assert any(look.view for look in views(20, there, standing=[NEAR])), "a parked car is not in the way"


def test_a_hand_of_who_stands_is_not_far() -> None:
    """What moves within a quarter of his size around one who stands may be a part of him.

    It is shown no closer than before.
    """
    hand, elsewhere = Box(0.66, 0.5, 0.68, 0.56), Box(0.75, 0.5, 0.77, 0.56)
    for thing, close in ((hand, False), (elsewhere, True)):
        shown = [look.view for look in views(5, thing, standing=[NEAR]) if look.view]
        assert shown
        assert all((side_of(view) < 320) == close for view in shown)


def test_who_is_known_far_away_is_looked_at() -> None:
    """In turn with all of the picture; one who is near needs no closer look."""
    attention, near = Attention(), Attention()
    looks = [attention.next(n * 2.0, SIZE, None, [], [person(0.5, 0.5)]).view for n in range(6)]
    assert [view is None for view in looks] == [True, False] * 3
    assert inside(looks[1], person(0.5, 0.5))
    assert all(near.next(n * 2.0, SIZE, None, [], [NEAR]).view is None for n in range(6))


def test_a_reopened_camera_is_looked_at_as_a_whole() -> None:
    attention, thing = Attention(), person(0.5, 0.5)
    assert attention.next(1.0, SIZE, change(thing)).view is None
    assert attention.next(1.2, SIZE, change(thing)).view is not None
    attention.start_over()
    assert attention.next(1.4, SIZE, change(thing)).view is None


def test_what_a_look_cannot_find_is_said() -> None:
    """All of the picture does not show who is far away; a close look, and any look at who is near, does."""
    looks = views(2, person(0.5, 0.5))
    assert looks[0].view is None
    assert len(looks[0].unseen) == 1
    assert looks[1].view is not None
    assert not looks[1].unseen
    assert not views(1, person(0.05, 0.1), NEAR)[0].unseen


def test_a_small_picture_is_looked_at_as_a_whole() -> None:
    """160 pixels are more than three quarters of 200."""
    assert not any(look.view for look in views(5, person(0.5, 0.5), size=(320, 200)))
    assert any(look.view for look in views(5, person(0.5, 0.5), size=(380, 216)))


def test_a_panorama_has_far_people_too() -> None:
    looks = views(12, person(0.5, 0.5, 0.09), size=(4000, 1000))
    wide = [look.view for look in looks if look.view and look.view.height == 1.0]
    assert len({view.left for view in wide}) == 2, "two seconds, two parts"
    close = [look.view for look in looks if look.view and look.view.height < 1.0]
    assert len(close) + len(wide) == 12
    assert all(side_of(view, (4000, 1000)) <= 400 for view in close)


def test_by_day_nobody_has_turns() -> None:
    """What moves is looked at no closer than 320 pixels, once all of the picture has been."""
    attention, thing = Attention(), person(0.5, 0.5)
    looks = [attention.next(n * STEP_S, SIZE, change(thing), night=False) for n in range(5)]
    assert looks[0].view is None
    assert not looks[0].unseen
    assert all(look.view and side_of(look.view) == pytest.approx(320) for look in looks[1:])
