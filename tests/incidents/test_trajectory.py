"""What the judge remembers of one track, a value on each side of every limit."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from pole_agent.incidents.passage import Passage, reach
from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.incidents.traffic import Traffic
from pole_agent.incidents.trajectory import StaticObjects, Trajectory
from pole_agent.vocabulary import Box, Track

ZONE = Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), enter_s=0.4, leave_s=1.0)
GATE = Line("gate", (0.5, 0.0), (0.5, 1.0))  # runs down: its right hand is to the left of the picture


def track(
    x: float, at: float, y: float = 0.5, h: float = 0.2, label: str = "person", seen: bool = True
) -> Track:
    return Track(1, label, Box(x - 0.03, y - h, x + 0.03, y), 0.8, 0.0, at, seen)


def walked(*steps: tuple[float, float], h: float = 0.2, aspect: float = 1.0, y: float = 0.5) -> Trajectory:
    """Each step: (time, x)."""
    walk = Trajectory(track(steps[0][1], steps[0][0], y, h), [GATE])
    for at, x in steps[1:]:
        walk.step(track(x, at, y, h), at, aspect)
    return walk


@pytest.mark.parametrize(
    ("x", "y", "h", "aspect", "still"),
    [
        (0.599, 0.5, 0.2, 1.0, True),
        (0.601, 0.5, 0.2, 1.0, False),
        (0.399, 0.5, 0.2, 1.0, False),
        (0.5, 0.599, 0.2, 1.0, True),
        # A wide picture
        (0.5, 0.601, 0.2, 1.0, False),
        (0.549, 0.5, 0.2, 2.0, True),
        (0.551, 0.5, 0.2, 2.0, False),
        # Exactly half of it is still
        (0.625, 0.5, 0.25, 1.0, True),
        (0.5, 0.625, 0.25, 1.0, True),
        (0.5625, 0.5, 0.25, 2.0, True),
        # A tiny box counts as a fiftieth of the picture
        (0.5, 0.509, 0.001, 1.0, True),
        (0.5, 0.511, 0.001, 1.0, False),
    ],
)
def test_half_its_height_away_it_has_moved(x: float, y: float, h: float, aspect: float, still: bool) -> None:
    """In true distances: across, a fraction of a wide picture is more than one down."""
    walk = Trajectory(track(0.5, 1.0, h=h))
    walk.alerted.add("r")
    walk.step(track(x, 3.0, y, h), 3.0, aspect)
    assert (walk.stood(3.0), walk.alerted) == ((2.0, {"r"}) if still else (0.0, set()))


def test_the_taller_of_its_boxes_counts() -> None:
    """Whoever was half hidden when he came to stand, or is so now, has not moved for that."""
    for first, then in ((0.4, 0.1), (0.1, 0.4)):
        walk = Trajectory(track(0.5, 0.0, h=first))
        walk.step(track(0.69, 1.0, h=then), 1.0, 1.0)
        assert walk.stood(1.0) == 1.0


@pytest.mark.parametrize(
    ("stood", "away", "later", "moved"),
    [
        (8.0, 0.99, 7.9, False),
        (8.0, 0.99, 8.0, True),
        (8.0, 1.01, 0.0, True),
        (7.9, 0.51, 0.0, True),
    ],
)
def test_what_has_settled_moves_by_its_whole_height(
    stood: float, away: float, later: float, moved: bool
) -> None:
    """Or by half of it for eight seconds: its box may be cut off for a moment."""
    walk = walked((0.0, 0.5), (stood, 0.5 + away * 0.2))
    assert (walk.still_since == stood) == (moved and not later)
    if later:
        walk.step(track(0.5 + away * 0.2, stood + later), stood + later, 1.0)
        assert walk.still_since == (stood if moved else 0.0), "it stands there since it came there"


def test_what_comes_back_never_left() -> None:
    """Half a height away and back again, many times, is standing."""
    walk = walked((0.0, 0.5), (8.0, 0.5))
    for turn in range(4):
        walk.step(track(0.61, 10.0 + 10 * turn), 10.0 + 10 * turn, 1.0)
        walk.step(track(0.5, 15.0 + 10 * turn), 15.0 + 10 * turn, 1.0)
    assert walk.still_since == 0.0


@pytest.mark.parametrize(("stood", "settled"), [(8.0, True), (7.9, False)])
def test_after_eight_seconds_it_has_settled(stood: float, settled: bool) -> None:
    """Until it was seen last."""
    assert walked((0.0, 0.5), (stood, 0.5)).settled == settled


@pytest.mark.parametrize(
    ("x", "label", "same"),
    [(0.519, "car", True), (0.521, "car", False), (0.5, "truck", True), (0.5, "person", False)],
)
def test_its_place_is_half_of_both_boxes(x: float, label: str, same: bool) -> None:
    """And its group of classes."""
    assert Trajectory(track(0.5, 0.0, label="car")).is_place_of(track(x, 1.0, label=label)) == same


def test_time_that_nobody_looked_is_no_time() -> None:
    """Standing, entering, leaving and crossing go on where they stopped, once it is seen again, and not
    before.
    """
    walk = walked((0.0, 0.2))
    assert walk.stay(ZONE, 0.0, 1.0) is None
    walk.step(track(0.2, 0.4), 0.4, 1.0)
    assert walk.stay(ZONE, 0.4, 1.0) == 0.4
    walk.skip(60.0)
    walk.skip(40.0)
    assert (walk.still_since, walk.entered) == (0.0, {"left": 0.0})
    walk.step(track(0.2, 101.0), 101.0, 1.0)
    assert walk.stay(ZONE, 101.0, 1.0) == 1.0
    assert walk.stood(101.0) == 1.0
    walk.step(track(0.2, 102.0), 102.0, 1.0)
    assert walk.stood(102.0) == walk.stay(ZONE, 102.0, 1.0) == 2.0, "once"
    walk.step(track(0.6, 102.5), 102.5, 1.0)
    assert walk.stay(ZONE, 102.5, 1.0) == 2.5
    walk.skip(50.0)
    walk.step(track(0.6, 152.9), 152.9, 1.0)
    assert walk.stay(ZONE, 152.9, 1.0) == pytest.approx(2.9), "outside for less than a second of looks"
    before = walked((0.0, 0.2))
    before.stay(ZONE, 0.0, 1.0)
    before.skip(10.0)
    before.step(track(0.2, 10.3), 10.3, 1.0)
    assert before.stay(ZONE, 10.3, 1.0) is None, "not inside for long enough"
    settled = walked((0.0, 0.5), (8.0, 0.5), (9.0, 0.61))
    settled.skip(100.0)
    settled.step(track(0.61, 116.9), 116.9, 1.0)
    assert settled.still_since == 100.0
    settled.step(track(0.61, 117.0), 117.0, 1.0)
    assert settled.still_since == 109.0


def test_a_crossing_waits_while_nobody_looks() -> None:
    """The second look has to be three tenths of a second of looking later."""
    for gap, ways in ((0.0, {"gate": 1}), (5.0, {})):
        walk = walked((0.0, 0.6))
        assert walk.crossings(0.0, 1.0) == {}
        walk.step(track(0.4, 1.0), 1.0, 1.0)
        assert walk.crossings(1.0, 1.0) == {}
        walk.skip(gap)
        walk.step(track(0.35, 1.1 + 5.0 if gap else 1.3), 1.1 + 5.0 if gap else 1.3, 1.0)
        assert walk.crossings(6.1 if gap else 1.3, 1.0) == ways
        assert walk.last_crossings() == ({} if ways else {"gate": 1})


@pytest.mark.parametrize(
    ("stays", "inside"), [(0.4, True), (0.39, False), (0.3999995, True), (0.3999985, False)]
)
def test_who_is_in_for_its_time_has_entered(stays: float, inside: bool) -> None:
    """Since he came, not since he was sure to be in; the edge is inside."""
    walk = walked((1.0, 0.5))
    assert walk.stay(ZONE, 1.0, 1.0) is None
    walk.step(track(0.5, 1.0 + stays), 1.0 + stays, 1.0)
    assert walk.stay(ZONE, 1.0 + stays, 1.0) == (pytest.approx(stays) if inside else None)
    assert walk.entered == ({"left": 1.0} if inside else {})


@pytest.mark.parametrize(
    ("x", "aspect", "near"),
    [(0.519, 1.0, True), (0.521, 1.0, False), (0.509, 2.0, True), (0.511, 2.0, False)],
)
def test_tenth_of_his_height_outside_is_not_clearly(x: float, aspect: float, near: bool) -> None:
    """A tenth of his height outside is not clearly outside.

    In true distances. There he neither leaves nor begins anew.
    """
    walk = walked((0.0, 0.4), (1.0, 0.4))
    walk.stay(ZONE, 0.0, aspect)
    walk.stay(ZONE, 1.0, aspect)
    for at in (2.0, 3.1):
        walk.step(track(x, at), at, aspect)
        walk.stay(ZONE, at, aspect)
    assert ("left" in walk.entered) == near
    coming = walked((0.0, 0.4))
    coming.stay(ZONE, 0.0, aspect)
    coming.step(track(x, 0.2), 0.2, aspect)
    coming.stay(ZONE, 0.2, aspect)
    coming.step(track(0.4, 0.4), 0.4, aspect)
    assert (coming.stay(ZONE, 0.4, aspect) is not None) == near


@pytest.mark.parametrize(
    ("away", "left"), [(1.0, False), (1.01, True), (1.0000005, False), (1.0000015, True)]
)
def test_who_is_clearly_outside_for_its_time_has_left(away: float, left: bool) -> None:
    """Since he was seen inside last; who comes back enters anew."""
    walk = walked((0.0, 0.4), (1.0, 0.4))
    walk.stay(ZONE, 0.0, 1.0)
    walk.stay(ZONE, 1.0, 1.0)
    walk.step(track(0.7, 1.0 + away), 1.0 + away, 1.0)
    assert (walk.stay(ZONE, 1.0 + away, 1.0) is None) == left
    walk.step(track(0.4, 3.0), 3.0, 1.0)
    assert walk.stay(ZONE, 3.0, 1.0) == (None if left else 3.0)


def test_where_it_is_guessed_to_be_it_crosses_nothing() -> None:
    """Only what was seen."""
    walk = walked((0.0, 0.6))
    walk.crossings(0.0, 1.0)
    for at in (1.0, 2.0, 5.0):
        walk.step(track(0.3, at, seen=False), at, 1.0)
        assert walk.crossings(at, 1.0) == {}
    assert walk.last_crossings() == {}


@pytest.mark.parametrize("steps", [0, 1, 2, 7, 8, 31, 32, 33, 64, 1000])
def test_a_path_is_eight_points_from_first_to_last(steps: int) -> None:
    """Evenly over its whole life, rounded to a thousandth."""
    walk = walked(*((float(n), 0.0001 + n / 1001) for n in range(steps + 1)))
    path = walk.path()
    assert len(path) == min(8, steps + 1)
    assert path[0] == (0.0, 0.5)
    assert path[-1] == (round(0.0001 + steps / 1001, 3), 0.5)
    spaces = [b[0] - a[0] for a, b in itertools.pairwise(path)]
    assert all(0 < s <= 2.5 * steps / 1001 / 7 + 0.002 for s in spaces)


def test_of_any_length_of_life_as_much_is_kept() -> None:
    """From seventeen to thirty-two points, once there are so many; the first is always one of them."""
    walk = walked((0.0, 0.0))
    for step in range(1, 300):
        walk.step(track(step / 300, float(step)), float(step), 1.0)
        assert min(step, 16) < len(walk._points) <= 32
        assert walk.path()[0] == (0.0, 0.5)


def test_a_path_is_told_to_a_thousandth() -> None:
    """Of the width and of the height."""
    walk = Trajectory(track(0.12345, 0.0, y=0.98765))
    walk.step(track(0.23456, 1.0, y=0.87654), 1.0, 1.0)
    assert walk.path() == ((0.123, 0.988), (0.235, 0.877))


def test_of_two_that_stood_there_one_is_found_again() -> None:
    """The one that was left first; the other is still to be found."""
    furniture = StaticObjects()
    furniture.leave(gone(0.5, 100.0))
    furniture.leave(gone(0.5, 150.0))
    for since in (90.0, 140.0, 200.0):
        walk = Trajectory(track(0.5, 200.0, label="car"))
        furniture.claim(walk)
        assert walk.still_since == since


def test_a_line_counts_its_own_way() -> None:
    """To the right hand of one who looks from its start to its end is +1, back again -1, each by its own
    name.
    """
    walk = Trajectory(
        track(0.6, 0.0), [GATE, Line("back", (0.5, 1.0), (0.5, 0.0)), Line("far", (0.9, 0.0), (0.9, 1.0))]
    )
    found = []
    for n, x in enumerate((0.6, 0.55, 0.45, 0.4, 0.35, 0.3)):
        walk.step(track(x, n * 0.2), n * 0.2, 1.0)
        found.append(walk.crossings(n * 0.2, 1.0))
    assert [f for f in found if f] == [{"gate": 1, "back": -1}]


FLAT = Line("gate", (0.0, 0.5), (1.0, 0.5))  # its right hand is below


def passed(
    *looks: tuple[float, float], height: float = 0.2, aspect: float = 1.0, line: Line = FLAT
) -> tuple[list[int], Passage]:
    """Each look: (time, box heights below the line)."""
    first = 0.5 + looks[0][1] * max(height, 0.02)
    passage = Passage(line, (0.5, first))
    return [passage.step((0.5, 0.5 + d * max(height, 0.02)), height, aspect, at) for at, d in looks], passage


@pytest.mark.parametrize("height", [0.2, 0.02, 0.001])
@pytest.mark.parametrize(
    ("looks", "crossed"),
    [
        # Clear by a tenth before
        ([(0, -0.11), (1, 0.16), (1.3, 0.17)], 1),
        ([(0, -0.09), (1, 0.16), (1.3, 0.17)], 0),
        # By 0.15 at each of two looks after
        ([(0, -0.3), (1, 0.151), (1.3, 0.152)], 1),
        ([(0, -0.3), (1, 0.149), (1.3, 0.148)], 0),
        # Three tenths of a second apart
        ([(0, -0.3), (1, 0.9), (1.29, 0.91)], 0),
        ([(0, -0.3), (1, 0.9), (1.31, 0.91)], 1),
        ([(0, -0.3), (1, 0.9), (1.2999985, 0.91)], 0),
        ([(0, -0.3), (1, 0.9), (1.2999995, 0.91)], 1),
        ([(-1, -0.3), (0, 0.9), (0.3 - 1e-6, 0.91)], 1),
        ([(0, -0.3), (0.4, 0.9), (0.7, 0.91)], 1),
        ([(0, -0.3), (1, 0.15), (1.3, 0.15000001)], 1),  # clocks and boxes round
        ([(0, -0.3), (1, 0.14999999975), (1.3, 0.14999999976)], 1),
        ([(0, -0.3), (1, 0.14999999925), (1.3, 0.14999999926)], 0),
        ([(0, -0.3), (1, 0.11), (2.9999985, 0.11)], 0),
        ([(0, -0.3), (1, 0.9), (1.31, 0.9)], 0),  # the very same picture is no second look
        # Two seconds there
        ([(0, -0.3), (1, 0.11), (2.9, 0.11)], 0),
        ([(0, -0.3), (1, 0.11), (3.0, 0.11)], 1),
        ([(0, -0.3), (1, 0.09), (9.0, 0.09)], 0),
        # Back in the band: what was seen of him is gone in part
        ([(0, -0.3), (1, 0.3), (1.2, 0.0), (1.4, 0.3)], 0),
        ([(0, -0.3), (1, 0.3), (1.2, -0.3), (1.4, 0.3), (1.6, 0.32)], 0),
        ([(0, -0.3), (1, 0.3), (1.2, -0.3), (1.4, 0.3), (1.71, 0.32)], 1),
    ],
)
def test_when_a_line_is_crossed(looks: list[tuple[float, float]], crossed: int, height: float) -> None:
    """Clear on the one side, then clear on the other by two looks, or for two seconds; both ways alike,
    however small the box.
    """
    ways, _ = passed(*looks, height=height)
    assert ways == [0] * (len(looks) - 1) + [crossed]
    back, _ = passed(*((at, -d) for at, d in looks), height=height)
    assert back == [-w for w in ways]


@pytest.mark.parametrize(
    ("looks", "crossed"),
    [
        ([(0, -0.3), (1, 0.11)], 1),
        ([(0, -0.3), (1, 0.09)], 0),
        ([(0, -0.05), (1, 0.9)], 0),
        ([(0, -0.3), (1, 0.2), (2, 0.05)], 0),
    ],
)
def test_a_last_look_counts_where_it_is_clear(looks: list[tuple[float, float]], crossed: int) -> None:
    """Once."""
    _, passage = passed(*looks)
    assert passage.end() == crossed
    assert passage.end() == 0


def test_distances_from_a_line_are_true() -> None:
    """In a picture twice as wide as high, a tenth of a height is half the fraction across."""
    for x, crossed in ((0.511, 1), (0.509, 0)):
        passage = Passage(GATE, (0.6, 0.5))
        passage.step((0.6, 0.5), 0.2, 2.0, 0.0)
        passage.step((1.0 - x, 0.5), 0.2, 2.0, 1.0)
        assert passage.end() == crossed


def test_a_reach_never_shrinks_to_nothing() -> None:
    """A tenth of its height, of a fiftieth of the picture at least."""
    assert [reach(h) for h in (0.5, 0.021, 0.019, 0.0)] == pytest.approx([0.05, 0.0021, 0.002, 0.002])
    assert reach(0.5, 1.0) == 0.5


def gone(x: float, at: float, stood: float = 10.0, label: str = "car") -> Trajectory:
    walk = Trajectory(track(x, at - stood, label=label))
    walk.step(track(x, at, label=label), at, 1.0)
    return walk


@pytest.mark.parametrize(("later", "kept"), [(3599.0, True), (3600.0, False)])
def test_what_stood_somewhere_is_remembered_for_hour(later: float, kept: bool) -> None:
    """What stood somewhere is remembered for an hour.

    Counted from when it was seen last to when another goes.
    """
    furniture = StaticObjects()
    furniture.leave(gone(0.5, 100.0))
    furniture.leave(gone(0.9, 100.0 + later))
    assert bool(furniture.at(track(0.5, 9999.0, label="car"))) == kept
    assert furniture.at(track(0.9, 9999.0, label="car"))


def test_of_more_than_hundred_last_are_remembered() -> None:
    """Of more than a hundred the last are remembered. One beyond a hundred, while the next one comes."""
    furniture = StaticObjects()
    for n in range(105):
        furniture.leave(gone(n / 10, 100.0 + n))
    kept = [n for n in range(105) if furniture.at(track(n / 10, 0.0, label="car"))]
    assert kept == list(range(4, 105))


def test_found_again_it_is_the_same_and_is_found_once() -> None:
    """Since when it stands, what was told of it and where it was go over; the time that nobody looked does
    not count.
    """
    furniture, before = StaticObjects(), gone(0.5, 100.0)
    before.alerted.add("r")
    before.visited.add("left")
    furniture.leave(before)
    furniture.skip(50.0)
    again, other = Trajectory(track(0.5, 200.0, label="car")), Trajectory(track(0.5, 200.0, label="car"))
    furniture.claim(again)
    assert (again.still_since, again.alerted, again.visited) == (140.0, {"r"}, {"left"})
    again.alerted.add("s")
    assert before.alerted == {"r"}
    furniture.claim(other)
    assert (other.still_since, other.alerted) == (200.0, set())


@pytest.mark.parametrize(("height", "fits"), [(0.1, True), (0.099, False), (0.5, True), (0.501, False)])
def test_a_rule_is_about_a_size(height: float, fits: bool) -> None:
    """Both limits belong to it."""
    rule = Rule("r", "presence", ZONE, frozenset({"person"}), min_height=0.1, max_height=0.5)
    assert rule.fits(replace(track(0.5, 0.0), box=Box(0.4, 0.0, 0.5, height))) == fits
    assert not rule.fits(replace(track(0.5, 0.0, label="car"), box=Box(0.4, 0.0, 0.5, height)))
    whole = Rule("r", "presence", ZONE, frozenset({"person"}))
    assert whole.fits(replace(track(0.5, 0.0), box=Box(0.4, -0.2, 0.5, 1.3))), (
        "cut off by the picture it is as high as the picture"
    )
    assert whole.fits(replace(track(0.5, 0.0), box=Box(0.4, 0.5, 0.5, 0.5001)))


L_SHAPE = Zone("l", ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9), (0.6, 0.4), (0.1, 0.4)))


@pytest.mark.parametrize(
    ("point", "holds"),
    [
        ((0.2, 0.2), True),
        ((0.8, 0.8), True),
        ((0.2, 0.8), False),
        ((0.59, 0.41), False),
        ((0.6, 0.4), True),
        ((0.95, 0.5), False),
    ],
)
def test_a_concave_zone_has_a_corner_that_is_outside(point: tuple[float, float], holds: bool) -> None:
    """And every edge is inside."""
    assert L_SHAPE.holds(point) == holds
    assert Zone("all").holds(point)


def test_the_distance_from_a_zone_is_true() -> None:
    """In picture heights, from the nearest edge, from either side; without a polygon there is no edge."""
    assert L_SHAPE.distance((0.3, 0.6), 1.0) == pytest.approx(0.2)
    assert L_SHAPE.distance((0.5, 0.6), 2.0) == pytest.approx(0.2)
    assert L_SHAPE.distance((0.58, 0.7), 2.0) == pytest.approx(0.04)
    assert Zone("all").distance((0.3, 0.3), 2.0) == 0.0


def test_what_came_by_is_summed_up() -> None:
    """Each number of the summary from a few passers-by, and an empty one is none."""
    traffic = Traffic(100.0)
    assert not traffic.due(399.9)
    assert traffic.due(400.0)
    person, car = Trajectory(track(0.5, 0.0)), Trajectory(track(0.5, 0.0, label="car"))
    traffic.enter("left", person)
    traffic.enter("left", car)
    traffic.enter("a", person)
    traffic.inside({"left": {"person": 1, "car": 1}}, 110.0)
    traffic.inside({"left": {"person": 3}}, 130.0)
    traffic.skip(200.0)
    traffic.inside({"left": {"person": 2}}, 210.0)
    for stayed in (0.0, 4.9, 5.0, 14.9, 15.0, 59.0, 60.0, 299.0, 300.0, 301.0):
        traffic.leave("left", stayed)
    for way in (1, 1, -1):
        traffic.cross("gate", way, person)
    traffic.cross("bar", -1, car)
    assert traffic.summary("street", 300.0) == {
        "camera": "street",
        "window_s": 200.0,
        "zones": [
            {
                "zone": "a",
                "entered": {"person": 1},
                "peak": {},
                "occupancy": {},
                "dwell_s": {"edges": [5, 15, 60, 300], "counts": [0] * 5},
            },
            {
                "zone": "left",
                "entered": {"person": 1, "car": 1},
                "peak": {"person": 3, "car": 1},
                "occupancy": {"person": 0.45, "car": 0.05},
                "dwell_s": {"edges": [5, 15, 60, 300], "counts": [2, 2, 2, 2, 2]},
            },
        ],
        "lines": [
            {"line": "bar", "forward": {}, "backward": {"car": 1}},
            {"line": "gate", "forward": {"person": 2}, "backward": {"person": 1}},
        ],
    }
    assert not traffic.due(599.9)
    assert traffic.due(600.0)
    traffic.inside({"left": {"car": 1}}, 600.0)
    assert traffic.summary("street", 600.0) is None, "what only stands there is no traffic"


@pytest.mark.parametrize("what", ["enter", "leave", "cross"])
def test_one_who_came_by_is_traffic(what: str) -> None:
    """Whether he came, went or crossed; also at the very moment of the last summary."""
    traffic, walk = Traffic(0.0), Trajectory(track(0.5, 0.0))
    {
        "enter": lambda: traffic.enter("z", walk),
        "leave": lambda: traffic.leave("z", 1.0),
        "cross": lambda: traffic.cross("l", 1, walk),
    }[what]()
    data = traffic.summary("street", 0.0)
    assert data is not None
    assert len(data["zones"]) == (what != "cross")
    assert len(data["lines"]) == (what == "cross")
