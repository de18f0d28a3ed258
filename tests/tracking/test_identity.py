"""One object over time, a value on each side of every limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pole_agent.tracking.identity import Identity
from pole_agent.tracking.tuning import Tuning
from pole_agent.vocabulary import Box, Detection

W, H = 0.04, 0.2


def at(
    x: float,
    y: float = 0.5,
    w: float = W,
    h: float = H,
    score: float = 0.8,
    label: str = "person",
    moving: bool = False,
) -> Detection:
    """Its middle is at (x, y)."""
    return Detection(Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2), score, label, None, moving)


def middle(identity: Identity) -> tuple[float, float]:
    left, top, right, bottom = identity.sides
    return (left + right) / 2, (top + bottom) / 2


def follow(*steps: tuple[float, Detection]) -> Identity:
    (first, seen), *others = steps
    identity = Identity(seen, first, Tuning())
    for now, found in others:
        identity.predict(now)
        identity.see(found, now)
    return identity


def stands(seconds: float, h: float = H, step: float = 0.2) -> Identity:
    """Seen at one place for so long."""
    return follow(*((n * step, at(0.5, h=h)) for n in range(round(seconds / step) + 1)))


def test_out_of_sight_it_goes_on() -> None:
    """As it went, and it is known less and less where; time never goes back."""
    identity = follow(*((0.25 * n, at(0.3 + 0.01 * n)) for n in range(9)))
    assert identity.motion.vx == pytest.approx(0.04, rel=1e-3)
    reach = identity.reach()
    identity.predict(6.0)
    here = middle(identity)
    assert here == pytest.approx((0.38 + 4 * 0.04, 0.5), abs=1e-3)
    assert all(after > before for before, after in zip(reach, identity.reach(), strict=True))
    identity.predict(6.0)
    identity.predict(4.0)
    assert middle(identity) == here


@pytest.mark.parametrize("rate", [2, 5, 15])
@pytest.mark.parametrize("speed", [0.05, 0.3])
def test_a_walk_is_followed_by_its_velocity(rate: int, speed: float) -> None:
    """After a few looks it is predicted where it will be, however fast the camera looks."""
    identity = follow(*((n / rate, at(0.1 + speed * n / rate)) for n in range(6)))
    identity.predict(6 / rate)
    assert middle(identity) == pytest.approx((0.1 + speed * 6 / rate, 0.5), abs=0.05 * W)


def test_its_size_follows_by_two_thirds() -> None:
    """Of a change of width or height, 0.68 is taken at once."""
    identity = follow((0.0, at(0.5)), (0.2, at(0.5, w=0.06, h=0.3)))
    assert identity.box.width == pytest.approx(0.04 + 0.68 * 0.02)
    assert identity.box.height == pytest.approx(0.2 + 0.68 * 0.1)
    assert identity.seen_box == at(0.5, w=0.06, h=0.3).box


def test_its_look_changes_slowly() -> None:
    """It is the mean of the first looks, then of the last five seconds; the first one counts whole, also when
    it comes later; what was given is left alone.
    """
    one, two = np.eye(128, dtype=np.float32)[:2]
    given = one.copy()
    identity = Identity(Detection(at(0.5).box, 0.8, "person", given), 0.0, Tuning())
    identity.see(Detection(at(0.5).box, 0.8, "person", two), 0.2)
    assert identity.look == pytest.approx((one + two) / 2)
    identity.see(at(0.5), 0.4)
    assert identity.look == pytest.approx((one + two) / 2)
    assert (given == one).all()
    for n in range(3, 100):
        identity.see(Detection(at(0.5).box, 0.8, "person", one), 0.2 * n)
    before = np.array(identity.look)
    identity.see(Detection(at(0.5).box, 0.8, "person", two), 0.2 * 100)
    gain = 1 - math.exp(-0.2 / 5)
    assert identity.look == pytest.approx(before + gain * (two - before))
    later = Identity(at(0.5), 0.0, Tuning())
    assert later.look is None
    later.see(Detection(at(0.5).box, 0.8, "person", two), 0.2)
    assert later.look == pytest.approx(two)


@pytest.mark.parametrize(
    ("dx", "dy", "moves"),
    [
        # Across, in a picture of 16 to 9
        (0.135, 0, False),
        (0.146, 0, True),
        (-0.146, 0, True),
        (0, 0.24, False),
        (0, 0.26, True),
        (0, -0.26, True),
    ],
)
def test_a_quarter_of_its_height_is_standing(dx: float, dy: float, moves: bool) -> None:
    """What stays within a quarter of its height stands still since it came there; what goes further has
    moved.
    """
    identity = follow((0.0, at(0.5)), (0.4, at(0.5 + dx * H, 0.5 + dy * H)))
    assert identity.still_since == (0.4 if moves else 0.0)
    assert identity.moved == moves


@pytest.mark.parametrize(
    ("height", "first", "later", "moved"),
    [
        (0.31, True, False, True),
        (0.31, False, True, True),
        (0.29, True, True, False),
        (0.31, False, False, False),
    ],
)
def test_large_one_has_moved_where_picture_changed(
    height: float, first: bool, later: bool, moved: bool
) -> None:
    """A large one has moved where the picture changed.

    Of one that takes three tenths of the picture a change is its own; of a smaller one it may be somebody
    else's.
    """
    identity = follow(
        (0.0, at(0.5, h=height, moving=first)),
        (0.2, at(0.5, h=height, moving=later)),
        (0.4, at(0.5, h=height)),
    )
    assert identity.moved == moved


@pytest.mark.parametrize(
    ("x", "y", "dx", "dy", "left"),
    [
        (0.97, 0.5, 0.02, 0, False),
        (0.97, 0.5, 0.04, 0, True),
        (0.03, 0.5, -0.02, 0, False),
        (0.03, 0.5, -0.04, 0, True),
        (0.5, 0.05, 0, -0.04, False),
        (0.5, 0.05, 0, -0.06, True),
        (0.5, 1.03, 0, 0.06, False),
        (0.5, 1.03, 0, 0.08, True),
    ],
)
def test_whose_middle_goes_over_the_edge_has_left(
    x: float, y: float, dx: float, dy: float, left: bool
) -> None:
    """The lower edge is a tenth of the picture further: there most of a box may lie beyond."""
    step = 0.01 if dx else 0.1
    first = at(x - dx / abs(dx or 1) * step, y - dy / abs(dy or 1) * step) if dx or dy else at(x, y)
    identity = follow((0.0, first), (0.2, at(x, y)))
    motion = identity.motion
    identity.predict(0.2 + ((x + dx - motion.x) / motion.vx if dx else (y + dy - motion.y) / motion.vy))
    assert middle(identity) == pytest.approx((x + dx, y + dy))
    assert identity.left_picture == left


def middle_of(found: Detection) -> tuple[float, float]:
    return (found.box.left + found.box.right) / 2, (found.box.top + found.box.bottom) / 2


@pytest.mark.parametrize(
    ("box", "left"),
    [(Box(0.98, 0.3, 1.1, 0.6), False), (Box(1.01, 0.3, 1.1, 0.6), True), (Box(0.4, 0.9, 0.5, 1.4), False)],
)
def test_who_is_cut_off_by_the_edge_is_there(box: Box, left: bool) -> None:
    """Its middle lies beyond the picture, but a part of it is seen."""
    assert Identity(Detection(box, 0.8, "person"), 0.0, Tuning()).left_picture == left


def test_who_was_in_sight_stands_while_nothing_moves() -> None:
    """It is seen as long as the picture is still, and does not drift."""
    identity = follow((0.0, at(0.5)), (0.2, at(0.51)))
    for now in (0.4, 5.0, 50.0):
        identity.stand_still(now, 0.0)
        assert identity.last_seen == now
        assert middle(identity)[0] == pytest.approx(0.51)
    identity.predict(51.0)
    assert middle(identity)[0] == pytest.approx(0.51, abs=1e-4), "its velocity is gone"


@pytest.mark.parametrize(("seconds", "goes"), [(0.8, True), (1.2, False)])
def test_who_was_going_and_is_hidden_goes_on_unseen(seconds: float, goes: bool) -> None:
    """Who stood for a second does not, and is where he was."""
    identity = follow(*((n * 0.2, at(0.5 + 0.002 * n)) for n in range(round(seconds / 0.2) + 1)))
    before = middle(identity)[0]
    identity.predict(seconds + 0.2)  # a look without him
    identity.stand_still(seconds + 0.4, 1.0)
    assert (identity.last_seen == pytest.approx(seconds)) == goes
    assert middle(identity)[0] > before
    here = middle(identity)[0]
    identity.stand_still(seconds + 0.6, 1.0)
    assert (middle(identity)[0] > here) == goes


@pytest.mark.parametrize(("within", "seen"), [(0.35, True), (0.25, False)])
def test_who_stood_and_is_missed_is_there_for_a_while(within: float, seen: bool) -> None:
    """A still picture brings back whom the last look missed, unless it missed him for longer than is
    believed.
    """
    identity = stands(2.0)
    identity.predict(2.3)
    identity.stand_still(9.0, within)
    assert identity.last_seen == (9.0 if seen else 2.0)


def test_a_halted_one_stays() -> None:
    """What is known to stand does not drift."""
    identity = follow((0.0, at(0.5)), (0.2, at(0.505, 0.505)))
    identity.motion.halt()
    identity.predict(5.0)
    assert middle(identity) == pytest.approx((0.505, 0.505), abs=1e-4)


def feet(identity: Identity, h: float, now: float, taller: float = 0.0) -> float:
    """Where its foot is after one more look whose upper edge stays, `h` high."""
    identity.predict(now)
    top = 0.5 - H / 2 + taller
    identity.see(Detection(Box(0.48, top, 0.52, top + h), 0.8, "person"), now)
    return identity.sides[3]


FOOT = 0.6


@pytest.mark.parametrize(
    ("steady", "share", "held"),
    [(1.0, 0.84, True), (1.0, 0.86, False), (0.6, 0.6, False), (1.0, 1.16, True), (1.0, 1.14, False)],
)
def test_box_that_ends_elsewhere(steady: float, share: float, held: bool) -> None:
    """A box that ends elsewhere at once is not believed.

    By more than 15 % of the height, of one that was steady for a second before this look: his foot stays
    where it was.
    """
    foot = feet(stands(steady), share * H, steady + 0.2)
    assert (abs(foot - FOOT) < 1e-9) == held


@pytest.mark.parametrize(("raised", "held"), [(0.04, True), (0.06, False)])
def test_a_box_whose_upper_edge_moves_too_is_believed(raised: float, held: bool) -> None:
    """When the upper edge is off by half of what the lower one is off by, he has really gone smaller."""
    identity = stands(2.0)
    foot = feet(identity, H - 0.1 - raised, 2.2, taller=raised)
    assert (foot > 0.6 + raised - 0.02) == held


@pytest.mark.parametrize(("steady", "share", "last"), [(2.0, 0.6, 2.2), (20.0, 0.6, 8.0), (20.0, 1.5, 0.5)])
def test_how_long_it_is_not_believed(steady: float, share: float, last: float) -> None:
    """As long as it was steady up to then; legs are hidden for 8 s at most, and a box is too long for half a
    second.
    """
    for later, held in ((last - 0.1, True), (last, False)):
        identity = stands(steady)
        assert feet(identity, share * H, steady + 0.2) == pytest.approx(FOOT)
        foot = feet(identity, share * H, steady + 0.2 + later + 1e-6)
        assert (abs(foot - FOOT) < 1e-9) == held, later


def test_a_box_that_is_right_again_is_believed() -> None:
    """A box that is right again is believed for as long as ever.

    Hidden twice for a moment is not hidden for long.
    """
    identity = stands(3.0)
    assert feet(identity, 0.6 * H, 3.2) == pytest.approx(FOOT)
    assert feet(identity, H, 5.8) == pytest.approx(FOOT)
    assert feet(identity, 0.6 * H, 6.0) == pytest.approx(FOOT)
    assert feet(identity, 0.6 * H, 8.8) == pytest.approx(FOOT)


@pytest.mark.parametrize(
    ("seen", "label"),
    [
        ([("car", 0.6), ("bus", 0.8)], "car"),
        ([("car", 0.6), ("bus", 0.9)], "bus"),
        ([("car", 0.6), ("truck", 0.8)], "car"),
        ([("bus", 0.9), ("car", 0.6), ("car", 0.1)], "car"),
        ([("car", 0.5), ("car", 0.3), ("truck", 0.9)], "car"),
    ],
)
def test_its_class_is_what_its_life_voted_for(seen: list[tuple[str, float]], label: str) -> None:
    """By score; a bus or a truck takes more to be believed than a car."""
    identity = follow(*((0.2 * n, at(0.5, label=what, score=score)) for n, (what, score) in enumerate(seen)))
    assert identity.label == label
    assert identity.score == seen[-1][1]


def test_what_was_seen_before_it_was_sure_is_told() -> None:
    """What was seen before it was sure is told once and never grows.

    Up to 32 sightings, the first among them, evenly over its life, oldest first.
    """
    for looks in (2, 31, 32, 33, 64, 65, 500):
        identity = follow(*((float(n), at(0.5)) for n in range(looks)))
        identity.confirm(7, float(looks - 1))
        track = identity.track(float(looks - 1))
        times = [s.at for s in track.earlier]
        assert track.track_id == 7
        assert times == sorted(times)
        assert times[0] == 0.0
        assert times[-1] < looks - 1
        assert min(looks - 1, 15) <= len(times) <= 32
        if looks <= 32:
            assert times == list(range(looks - 1))
        assert len(set(np.diff(times))) <= 1
        assert identity.track(looks + 1.0).earlier == ()
        identity.see(at(0.5), float(looks))
        assert identity.track(float(looks)).earlier == ()


def test_leap_that_leads_nowhere_leaves_what_it_landed() -> None:
    """What its last step led to is something of its own, first seen where and when the step ended."""
    identity = follow((0.0, at(0.3)), (0.2, at(0.4)))
    assert identity.leapt
    landed = identity.landed()
    assert (landed.first_seen, landed.hits) == (0.2, 1)
    assert middle(landed) == pytest.approx((0.4, 0.5))
    assert [follow((0.0, at(0.3)), (0.2, at(x))).leapt for x in (0.326, 0.327)] == [False, True], (
        "a fifth of the two boxes overlap"
    )
    identity.see(at(0.5), 0.4)
    assert not identity.leapt, "it goes on"


@pytest.mark.parametrize("off", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("w", "h"), [(1.0, 1.0), (1.1, 1.0), (0.9, 0.95)])
def test_how_likely_a_box_is(off: float, w: float, h: float) -> None:
    """The log of a normal density of middle and size: how far the box may be off, and the object.

    Against one that may be anywhere in the picture, whose density is 1.
    """
    tuning = Tuning()
    identity = follow((0.0, at(0.5)), (0.2, at(0.5)))
    identity.predict(0.4)
    motion, found = identity.motion, at(0.5 + off * W, 0.5, w * W, h * H)
    spreads = [
        math.hypot(math.sqrt(motion.var_x), tuning.across * W * max(1, w)),
        math.hypot(math.sqrt(motion.var_y), tuning.down * H * max(1, h)),
        tuning.width,
        tuning.height,
    ]
    offs = [off * W, 0.0, math.log(w), math.log(h)]
    density = math.prod(
        math.exp(-((o / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))
        for o, s in zip(offs, spreads, strict=True)
    )
    assert identity.likeness(found.box) == pytest.approx(math.log(density))


@pytest.mark.parametrize("end", [-1, 1])
def test_a_box_cut_off_at_one_end_is_likely(end: int) -> None:
    """Half of him hidden, or a head under a roof: the other end is where it was."""
    identity = follow(*((0.2 * n, at(0.5)) for n in range(5)))
    identity.predict(1.0)
    whole, cut = identity.likeness(at(0.5).box), identity.likeness(at(0.5, 0.5 + end * H / 4, h=H / 2).box)
    assert whole - cut == pytest.approx(2.0, abs=1e-6), "half of the square of two standard deviations"
    assert identity.likeness(at(0.5, h=H / 2).box) < cut - 4, "shorter at both ends is another"


def test_evidence_adds_up_and_has_its_ends() -> None:
    """The log of the odds, by score: none at nine tenths of the least score, never beyond what a few looks
    can change.
    """
    tuning = Tuning()
    for score, odds in ((0.36, 0.0), (0.46, 1.2), (0.61, 3.0), (1.0, 6.0)):
        assert Identity(at(0.5, score=score), 0.0, tuning).evidence == pytest.approx(odds)
    identity = follow(*((0.2 * n, at(0.3 + 0.1 * n, w=0.2)) for n in range(4)))
    assert identity.evidence == 2 * tuning.sure
    for _ in range(50):
        identity.miss(0.2)
    assert identity.evidence == -tuning.sure


@pytest.mark.parametrize(("step", "lost"), [(0.3, 1 - math.exp(-1)), (0.03, 1 - math.exp(-0.1)), (30.0, 1.0)])
def test_what_a_look_without_it_takes(step: float, lost: float) -> None:
    """Looks that follow fast take less: they miss the same thing for the same reason."""
    identity = Identity(at(0.5, score=0.6), 0.0, Tuning())
    before = identity.evidence
    identity.miss(step)
    assert before - identity.evidence == pytest.approx(lost * Tuning().miss)


@pytest.mark.parametrize(
    ("sure", "moves", "time"), [(False, False, 10.0), (False, True, 0.3), (True, False, 0.3)]
)
def test_what_a_look_at_it_gives(sure: bool, moves: bool, time: float) -> None:
    """What stands and is not sure to be there gives little: a post looks the same each time."""
    identity = Identity(at(0.5, score=0.5), 0.0, Tuning())
    if sure:
        identity.confirm(1, 0.0)
    before = identity.evidence
    identity.predict(0.2)
    identity.see(at(0.5 + (0.06 if moves else 0.0), score=0.5), 0.2)
    assert identity.evidence - before == pytest.approx((1 - math.exp(-0.2 / time)) * 12 * 0.14)
