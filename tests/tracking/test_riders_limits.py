"""Who rides and who does not, a value on each side of every limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pole_agent.tracking.riders import Riders, sits_on
from pole_agent.vocabulary import Box, Sighting, Track

BIKE = Box(0.4, 0.5, 0.6, 0.7)
ON = Box(0.45, 0.4, 0.55, 0.65)


def bike(at: float, number: int = 1, box: Box = BIKE, born: float = 0.0, label: str = "motorcycle") -> Track:
    return Track(number, label, box, 0.7, born, at, True)


def person(at: float, number: int = 2, box: Box = ON, born: float = 0.0) -> Track:
    return Track(number, "person", box, 0.7, born, at, True)


def told(tracks: list[Track]) -> list[tuple[int, str]]:
    return sorted((t.track_id, t.label) for t in tracks)


RIDES, WALKS = [(1, "motorcycle")], [(1, "motorcycle"), (2, "person")]


@pytest.mark.parametrize(
    ("box", "sits"),
    [
        # 0.15 of its width beside its end
        (Box(0.321, 0.4, 0.421, 0.65), True),
        (Box(0.319, 0.4, 0.419, 0.65), False),
        (Box(0.579, 0.4, 0.679, 0.65), True),
        (Box(0.581, 0.4, 0.681, 0.65), False),
        (Box(0.45, 0.3, 0.55, 0.551), True),
        (Box(0.45, 0.3, 0.55, 0.549), False),  # feet a quarter down
        (Box(0.45, 0.4, 0.55, 0.719), True),
        (Box(0.45, 0.4, 0.55, 0.721), False),  # a tenth below the road
        (Box(0.45, 0.549, 0.55, 0.69), True),
        (Box(0.45, 0.551, 0.55, 0.69), False),  # the head
        (Box(0.45, 0.549, 0.55, 0.651), True),
        (Box(0.45, 0.549, 0.55, 0.648), False),  # half as tall
        (Box(0.45, 0.051, 0.55, 0.65), True),
        (Box(0.45, 0.049, 0.55, 0.65), False),  # three times as tall
    ],
)
def test_what_a_rider_looks_like(box: Box, sits: bool) -> None:
    """The middle between the ends, the feet between saddle and road, the head above, and about as tall."""
    assert sits_on(person(0.0, box=box), bike(0.0)) == sits
    assert told(Riders().join([bike(0.0), person(0.0, box=box)], 0.0)) == (RIDES if sits else WALKS)


@pytest.mark.parametrize(("stood", "rides"), [(3.0, True), (3.2, False)])
@pytest.mark.parametrize(("dx", "dy"), [(0.0, 0.0), (0.058, 0.0), (0.0, 0.058)])
def test_what_stood_for_three_seconds_has_no_rider(stood: float, rides: bool, dx: float, dy: float) -> None:
    """Three tenths of its height is standing."""
    riders = Riders()
    for n in range(round(stood / 0.2) + 1):
        moved = Box(
            BIKE.left + dx * (n % 2),
            BIKE.top + dy * (n % 2),
            BIKE.right + dx * (n % 2),
            BIKE.bottom + dy * (n % 2),
        )
        riders.join([bike(n * 0.2, box=moved)], n * 0.2)
    assert told(riders.join([bike(stood), person(stood, born=stood)], stood)) == (RIDES if rides else WALKS)


@pytest.mark.parametrize(("dx", "dy"), [(0.062, 0.0), (0.0, 0.062), (-0.062, 0.0), (0.0, -0.062)])
def test_what_has_just_moved_may_have_one(dx: float, dy: float) -> None:
    """More than three tenths of its height is moving."""
    riders = Riders()
    for n in range(31):
        riders.join(
            [
                bike(
                    n * 0.2,
                    box=BIKE
                    if n < 30
                    else Box(BIKE.left + dx, BIKE.top + dy, BIKE.right + dx, BIKE.bottom + dy),
                )
            ],
            n * 0.2,
        )
    there = Box(ON.left + dx, ON.top + dy, ON.right + dx, ON.bottom + dy)
    assert (
        told(
            riders.join(
                [
                    bike(6.2, box=Box(BIKE.left + dx, BIKE.top + dy, BIKE.right + dx, BIKE.bottom + dy)),
                    person(6.2, box=there, born=6.2),
                ],
                6.2,
            )
        )
        == RIDES
    )


@pytest.mark.parametrize(("came", "rides"), [(2.9, True), (3.1, False)])
def test_whoever_came_after_it_had_stood_is_no_rider(came: float, rides: bool) -> None:
    """Told by when he was first seen, not by when he fits."""
    riders = Riders()
    for n in range(14):
        riders.join([bike(n * 0.2)], n * 0.2)
    assert told(riders.join([bike(2.9), person(2.9, born=came)], 2.9)) == (RIDES if rides else WALKS)


def ridden(seconds: float) -> Riders:
    """Somebody has ridden since 0, seen every fifth of a second."""
    riders = Riders()
    for n in range(round(seconds / 0.2) + 1):
        assert told(riders.join([bike(n * 0.2), person(n * 0.2)], n * 0.2)) == RIDES
    return riders


OFF = Box(0.75, 0.4, 0.85, 0.7)


@pytest.mark.parametrize(
    ("fitted", "later", "rides"),
    [(4.0, 1.0, True), (4.0, 1.01, False), (0.4, 0.79, True), (0.4, 0.81, False)],
)
def test_one_who_does_not_fit_any_more_has_got_off(fitted: float, later: float, rides: bool) -> None:
    """After a second, or twice as long as he fitted, if that is shorter."""
    now = fitted + later
    assert told(ridden(fitted).join([bike(now), person(now, box=OFF)], now)) == (RIDES if rides else WALKS)


@pytest.mark.parametrize(
    ("fitted", "later", "rides"), [(4.0, 3.0, True), (4.0, 3.01, False), (1.0, 2.0, True), (1.0, 2.01, False)]
)
def test_one_whose_motorcycle_is_missed_rides(fitted: float, later: float, rides: bool) -> None:
    """One whose motorcycle is missed rides for a while.

    For three seconds, or twice as long as he fitted, if that is shorter; it is told where it must be.
    """
    now = fitted + later
    found = ridden(fitted).join([person(now, box=Box(0.55, 0.4, 0.65, 0.65))], now)
    assert told(found) == (RIDES if rides else [(2, "person")])
    if rides:
        assert found[0].box.sides == pytest.approx((0.5, 0.5, 0.7, 0.7))
        assert (found[0].last_seen, found[0].seen_now) == (now, True)


def test_it_is_told_in_sizes_of_the_rider() -> None:
    """Who comes nearer, and is twice as large, rides on something twice as large."""
    [found] = ridden(4.0).join([person(4.2, box=Box(0.4, 0.3, 0.6, 0.8))], 4.2)
    assert found.box.sides == pytest.approx((0.3, 0.5, 0.7, 0.9))


def test_a_rider_who_is_not_seen_guesses_nothing() -> None:
    """Then it is where the tracker says."""
    unseen = replace(person(4.2, box=Box(0.55, 0.4, 0.65, 0.65)), last_seen=4.0, seen_now=False)
    riders = ridden(4.0)
    assert riders.join([replace(bike(4.2), last_seen=4.0, seen_now=False), unseen], 4.2)[0].box == BIKE
    assert riders.join([unseen], 4.4) == []


@pytest.mark.parametrize(("fits", "number"), [((True, True), 2), ((True, False), 7), ((True,), 7), ((), 7)])
def test_under_which_number_a_ride_goes_on(fits: tuple[bool, ...], number: int) -> None:
    """Under that of the person, when the two were together at two looks or more, and at all, before the
    motorcycle was sure.
    """
    riders = Riders()
    for n in range(5):
        riders.join([person(n * 0.2)], n * 0.2)
    earlier = tuple(
        Sighting((3 + n - len(fits) + 1) * 0.2 + 0.2, BIKE if fit else Box(0.0, 0.5, 0.2, 0.7))
        for n, fit in enumerate(fits)
    )
    found = riders.join([replace(bike(1.0, 7), earlier=earlier), person(1.0)], 1.0)
    assert [(t.track_id, t.label) for t in found] == [(number, "motorcycle")]
    assert riders.known_as([7, 3]) == {number, 3}


@pytest.mark.parametrize(("away", "same"), [(60.0, True), (60.4, False)])
def test_number_that_is_out_of_sight_is_kept(away: float, same: bool) -> None:
    """A number that is out of sight is kept for a minute. After that the motorcycle goes by its own."""
    riders = Riders()
    for n in range(5):
        riders.join([person(n * 0.2)], n * 0.2)
    earlier = tuple(Sighting(n * 0.2, BIKE) for n in (3, 4))
    riders.join([replace(bike(1.0, 7), earlier=earlier), person(1.0)], 1.0)
    riders.join([], 1.0 + away - 0.1)
    riders.join([], 1.0 + away)
    assert riders.known_as([7]) == ({2} if same else {7})


def test_who_gets_off_takes_his_number_with_him() -> None:
    """And the motorcycle goes on under its own."""
    riders = Riders()
    for n in range(5):
        riders.join([person(n * 0.2)], n * 0.2)
    earlier = tuple(Sighting(n * 0.2, BIKE) for n in (3, 4))
    for n in range(5, 30):
        [ride] = riders.join(
            [replace(bike(n * 0.2, 7), earlier=earlier if n == 5 else ()), person(n * 0.2)], n * 0.2
        )
        assert (ride.track_id, ride.earlier) == (2, ())
    now = 30 * 0.2 + 1.2
    assert told(riders.join([bike(now, 7), person(now, box=OFF)], now)) == [(2, "person"), (7, "motorcycle")]


def test_only_a_two_wheeler_is_ridden() -> None:
    """Nobody rides a car, whatever the boxes look like; a bicycle is as good as a motorcycle."""
    assert told(Riders().join([bike(0.0, label="car"), person(0.0)], 0.0)) == [(1, "car"), (2, "person")]
    assert told(Riders().join([bike(0.0, label="bicycle"), person(0.0)], 0.0)) == [(1, "bicycle")]


def test_two_persons_ride_one_and_third_stands_beside() -> None:
    """Two persons ride one and a third stands beside. A rider more is no person more."""
    beside = person(0.0, 5, Box(0.8, 0.4, 0.9, 0.7))
    pillion = person(0.0, 6, Box(0.42, 0.4, 0.5, 0.65))
    assert told(Riders().join([bike(0.0), person(0.0), beside, pillion], 0.0)) == [
        (1, "motorcycle"),
        (5, "person"),
    ]
