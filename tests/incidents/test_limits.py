"""From tracks to incidents and from incidents to responses, a value on each side of every limit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pole_agent.incidents.facts import Closed, Noticed, Ongoing, Opened, Summarized
from pole_agent.incidents.judge import Fact, Judge
from pole_agent.incidents.respond import Responder
from pole_agent.incidents.rules import Incident, Line, Rule, Zone
from pole_agent.incidents.trajectory import Trajectory
from pole_agent.vocabulary import BoostLamp, Box, RecordEvent, RequestDrone, Severity, Sighting, Track

LEFT = Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
RIGHT = Zone("right", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
GATE = Line("gate", (0.5, 0.0), (0.5, 1.0))
ANY = frozenset({"person", "car"})


def track(
    number: int, x: float, at: float, label: str = "person", h: float = 0.2, score: float = 0.8
) -> Track:
    return Track(number, label, Box(x - 0.03, 0.5 - h, x + 0.03, 0.5), score, 0.0, at, True)


def rule(kind: str, place: Zone | Line = LEFT, name: str = "r", **more: Any) -> Rule:
    return Rule(name, kind, place, ANY, **more)


class Bench:
    """A judge that is shown whatever it should be shown, at any time."""

    def __init__(
        self, *rules: Rule, zones: Sequence[Zone] = (LEFT,), lines: Sequence[Line] = (GATE,)
    ) -> None:
        numbers = itertools.count(1)
        self.active = frozenset(r.name for r in rules)
        self.judge = Judge("street", rules, zones, lines, lambda: f"i{next(numbers)}", 0.0)

    def at(self, now: float, *tracks: Track, remembered: Sequence[int] = (), **more: Any) -> list[Fact]:
        return self.judge.step(
            tracks, more.pop("active", self.active), now, more.pop("tentative", ()), remembered, **more
        )

    def see(self, now: float, *people: tuple[int, float], **more: Any) -> list[Fact]:
        return self.at(now, *(track(n, x, now, more.pop("label", "person")) for n, x in people), **more)


def opened(facts: Sequence[Fact]) -> list[Incident]:
    return [f.incident for f in facts if isinstance(f, Opened)]


def closed(facts: Sequence[Fact]) -> list[Incident]:
    return [f.incident for f in facts if isinstance(f, Closed)]


def words(facts: Sequence[Fact]) -> list[str]:
    return [type(f).__name__ for f in facts]


@pytest.mark.parametrize(("away", "over"), [(2.0, False), (2.1, True)])
@pytest.mark.parametrize("kind", ["presence", "loitering"])
def test_an_incident_outlasts_two_seconds(kind: str, away: float, over: bool) -> None:
    """Whoever is outside for no longer is still the same incident; then it closes, as of when it
    held last.
    """
    bench = Bench(rule(kind))
    assert words(bench.see(1.0, (1, 0.2))) == ["Opened", "Ongoing"]
    assert words(bench.see(1.5, (1, 0.8))) == []
    facts = bench.see(1.0 + away, (1, 0.8))
    assert [(i.last_seen_at, i.end_reason) for i in closed(facts)] == ([(1.0, "gone")] if over else [])
    again = bench.see(3.2, (1, 0.2))
    assert words(again) == (["Opened", "Ongoing"] if over else ["Ongoing"])


@pytest.mark.parametrize("dwell_s", [0.0, 5.0])
def test_one_look_without_him_ends_no_incident(dwell_s: float) -> None:
    """Whoever was there at the look before is missed at this one, and gone at the next."""
    bench = Bench(rule("presence", dwell_s=dwell_s))
    bench.see(6.0 - dwell_s, (1, 0.2))
    bench.see(6.0, (1, 0.2))
    assert closed(bench.see(8.5, (1, 0.8))) == []
    assert [i.end_reason for i in closed(bench.see(8.6, (1, 0.8)))] == ["gone"]


@pytest.mark.parametrize(("stood_s", "settled"), [(3600.0, False), (3600.5, True)])
def test_when_who_stands_is_a_part_of_the_street(stood_s: float, settled: bool) -> None:
    """An hour beyond the dwell time, not at it: until then one who stepped over the edge is missed."""
    bench = Bench(rule("loitering"))
    for at in (0.0, 3599.0):
        bench.see(at, (1, 0.46))
    bench.see(3599.5, (1, 0.54))
    facts = bench.see(stood_s, (1, 0.54))
    assert [i.end_reason for i in closed(facts)] == ["settled"] * settled


@pytest.mark.parametrize(("away", "anew"), [(1.9, False), (2.1, True)])
def test_what_is_forming_is_lost_after_two_seconds(away: float, anew: bool) -> None:
    """Who is back before that goes on with his time; who is not begins it anew."""
    bench = Bench(rule("presence", dwell_s=5.0))
    for at in (0.0, 1.0):
        assert bench.see(at, (1, 0.2)) == []
    assert bench.see(1.0 + away, (1, 0.8)) == []
    assert bench.see(1.1 + away, (1, 0.2)) == []
    assert bool(opened(bench.see(5.0, (1, 0.2)))) == (not anew)
    [incident] = opened(bench.see(1.1 + away + 5.0, (1, 0.2))) if anew else [None]
    assert incident is None or incident.since == pytest.approx(1.1 + away)


@pytest.mark.parametrize("kind", ["presence", "crowd", "loitering"])
@pytest.mark.parametrize(
    ("stays", "opens"), [(5.0, True), (4.99, False), (4.9999995, True), (4.9999985, False)]
)
def test_a_dwell_time_is_reached_or_not(kind: str, stays: float, opens: bool) -> None:
    """At its very end it opens, told since when it holds."""
    bench = Bench(rule(kind, dwell_s=5.0))
    assert bench.see(1.0, (1, 0.2)) == []
    found = opened(bench.see(1.0 + stays, (1, 0.2)))
    assert [(i.since, i.opened_at, i.incident_id, i.label) for i in found] == [
        (1.0, 1.0 + stays, "i1", "person")
    ] * opens


def test_a_millionth_of_a_second_is_rounding() -> None:
    """A dwell time that is short of its end by just so much is over; so is the time to come in, and one to
    leave is not.
    """
    bench = Bench(rule("presence", dwell_s=5.0))
    bench.see(0.0, (1, 0.2))
    assert opened(bench.see(5.0 - 1e-6, (1, 0.2)))
    zone = Zone("left", LEFT.polygon, enter_s=0.5, leave_s=1.0)
    walk = Trajectory(track(1, 0.2, 0.0))
    walk.stay(zone, 0.0, 1.0)
    assert walk.stay(zone, 0.5 - 1e-6, 1.0) is not None
    inside = Trajectory(track(1, 0.2, 0.0))
    inside.stay(replace(zone, enter_s=0.0), 0.0, 1.0)
    inside.step(track(1, 0.9, 1.0), 1.0, 1.0)
    assert inside.stay(zone, 1.0 + 1e-6, 1.0) is not None


@pytest.mark.parametrize(("stood", "opens"), [(2.0, False), (2.1, True)])
def test_stopped_is_two_seconds_at_least(stood: float, opens: bool) -> None:
    """Whatever the rule says; and it counts from when it came to stand, also outside the zone."""
    bench = Bench(rule("stopped"))
    bench.see(1.0, (1, 0.2))
    assert bool(opened(bench.see(1.0 + stood, (1, 0.2)))) == opens


@pytest.mark.parametrize(
    ("count", "people", "opens"), [(2, 1, False), (2, 2, True), (2, 3, True), (1, 1, True)]
)
def test_a_crowd_is_its_count(count: int, people: int, opens: bool) -> None:
    """Of those who are in the zone: those outside do not count."""
    bench = Bench(rule("crowd", count=count))
    found = opened(bench.see(1.0, *((n, 0.1 * n) for n in range(1, people + 1)), (9, 0.9)))
    assert [(i.peak, i.track_ids) for i in found] == [(people, tuple(range(1, people + 1)))] * opens


def test_a_crowd_holds_since_its_last_one_came() -> None:
    """Of those who were told late, since they were seen there."""
    bench = Bench(rule("crowd", count=2, dwell_s=3.0))
    early = [Sighting(0.2 * n, track(2, 0.3, 0.2 * n).box) for n in range(5)]
    bench.see(0.0, (1, 0.2))
    bench.at(2.0, track(1, 0.2, 2.0), replace(track(2, 0.3, 2.0), earlier=tuple(early)))
    assert not opened(bench.see(4.9, (1, 0.2), (2, 0.3))), "the first counts from when the crowd is seen"
    assert [i.since for i in opened(bench.see(5.0, (1, 0.2), (2, 0.3)))] == [2.0]


@pytest.mark.parametrize(("label", "limit"), [("car", 60.0), ("person", 900.0)])
def test_what_stands_for_long_is_part_of_the_street(label: str, limit: float) -> None:
    """It holds no presence and keeps no lamp raised: a car after a minute, a person after a quarter of an
    hour.
    """
    bench = Bench(rule("presence"))
    for step in range(21):
        facts = bench.at(limit * step / 20, track(1, 0.2, limit * step / 20, label))
        assert "Ongoing" in words(facts)
    assert words(bench.at(limit + 0.1, track(1, 0.2, limit + 0.1, label))) == []
    found = closed(bench.at(limit + 0.2, track(1, 0.2, limit + 0.2, label)))
    assert [i.end_reason for i in found] == ["settled"]
    later = limit + 1.0
    assert words(bench.at(later, track(1, 0.2, later, label), track(2, 0.4, later))) == [
        "Opened",
        "Ongoing",
    ], "somebody beside it is news"


def test_one_more_keeps_presence_of_what_has_settled() -> None:
    """One more keeps the presence of what has settled.

    The incident of two ends as settled only when both are part of the street.
    """
    bench = Bench(rule("presence"))
    for at in range(62):
        bench.at(float(at), track(1, 0.2, at, "car"), *([track(2, 0.3, at)] if at >= 30 else []))
    bench.at(62.0, track(1, 0.2, 62.0, "car"), track(2, 0.8, 62.0))
    assert closed(bench.at(63.0, track(1, 0.2, 63.0, "car"), track(2, 0.8, 63.0))) == []
    assert [
        i.end_reason for i in closed(bench.at(64.0, track(1, 0.2, 64.0, "car"), track(2, 0.8, 64.0)))
    ] == ["gone"]


@pytest.mark.parametrize("kind", ["stopped", "loitering"])
def test_who_never_leaves_is_told_once_and_ends(kind: str) -> None:
    """Who never leaves is told once and ends after an hour.

    Beyond the rule's own time; and whoever moves on is news again.
    """
    bench = Bench(rule(kind, dwell_s=10.0))
    told: list[Fact] = []
    for step in range(0, 3611, 10):
        told += bench.see(float(step), (1, 0.2))
    assert len(opened(told)) == 1
    assert not closed(told)
    assert closed(bench.see(3610.1, (1, 0.2))) == []
    assert [i.end_reason for i in closed(bench.see(3610.2, (1, 0.2)))] == ["settled"]
    assert [
        f for at in range(3611, 3700) for f in bench.see(float(at), (1, 0.2)) if not isinstance(f, Summarized)
    ] == []
    moved = [(at, i.since) for at in range(3701, 3725) for i in opened(bench.see(float(at), (1, 0.45)))]
    assert moved == ([(3711, 3701.0)] if kind == "stopped" else [(3701, 0.0)]), (
        "he loiters wherever in the zone he stands"
    )


@pytest.mark.parametrize(
    ("direction", "way", "opens"),
    [
        ("any", 1, True),
        ("any", -1, True),
        ("forward", 1, True),
        ("forward", -1, False),
        ("backward", 1, False),
        ("backward", -1, True),
    ],
)
@pytest.mark.parametrize("kind", ["crossing", "wrong_way"])
def test_a_line_is_watched_one_way_or_both(kind: str, direction: str, way: int, opens: bool) -> None:
    """Down the picture it runs, so to the left is forward; the incident says which way it was."""
    bench = Bench(rule(kind, GATE, direction=direction))
    xs = (0.6, 0.55, 0.45, 0.4, 0.35)
    facts = [f for n, x in enumerate(xs) for f in bench.see(n * 0.2, (1, x if way > 0 else 1 - x))]
    found = [(i.direction, i.track_ids, round(i.since, 6)) for i in opened(facts)]
    assert found == [("forward" if way > 0 else "backward", (1,), 0.8)] * opens
    assert closed(bench.see(2.8, (1, 0.35))) == []
    assert len(closed(bench.see(2.81, (1, 0.35)))) == opens


def test_two_cross_as_two() -> None:
    """And each object its own way."""
    bench = Bench(rule("crossing", GATE))
    xs = (0.6, 0.55, 0.45, 0.4, 0.35)
    facts = [f for n, x in enumerate(xs) for f in bench.see(n * 0.2, (1, x), (2, 1 - x))]
    assert [(i.track_ids, i.direction) for i in opened(facts)] == [((1,), "forward"), ((2,), "backward")]


def test_who_is_seen_no_more_has_crossed_by_his() -> None:
    """Who is seen no more has crossed by his last look.

    Once the tracker has forgotten him, and not before; his path ends there.
    """
    bench = Bench(rule("crossing", GATE))
    for n, x in enumerate((0.6, 0.55, 0.4)):
        assert opened(bench.see(n * 0.2, (1, x))) == []
    assert opened(bench.see(0.6, remembered=[1])) == []
    [incident] = opened(bench.see(0.8))
    assert (incident.direction, incident.path[-1], incident.last_seen_at) == ("forward", (0.4, 0.5), 0.4)
    assert opened(bench.see(1.0)) == []
    ending = Bench(rule("crossing", GATE))
    for n, x in enumerate((0.6, 0.55, 0.4)):
        ending.see(n * 0.2, (1, x))
    assert words(ending.judge.stop("ended", 0.6)) == ["Opened", "Ongoing", "Closed", "Summarized"]
    off = Bench(rule("crossing", GATE))
    for n, x in enumerate((0.6, 0.55, 0.4)):
        off.see(n * 0.2, (1, x), active=frozenset())
    assert words(off.judge.stop("ended", 0.6)) == ["Summarized"]


def test_who_may_be_hidden_holds_his_incident() -> None:
    """For as long as the tracker would know him again, and only while he was in the zone."""
    bench = Bench(rule("presence"))
    bench.see(1.0, (1, 0.2))
    assert bench.see(9.0, remembered=[1]) == []
    assert words(bench.see(9.2, (1, 0.2))) == ["Ongoing"]
    assert bench.see(9.4) == []
    assert closed(bench.see(11.21))[0].end_reason == "gone"
    gone = Bench(rule("presence"))
    gone.see(1.0, (1, 0.2))
    gone.see(1.2, (1, 0.9))
    assert gone.see(1.4, remembered=[1]) == []
    assert len(closed(gone.see(3.1, remembered=[1]))) == 1


@pytest.mark.parametrize(("blind", "reason"), [(True, "interrupted"), (False, "gone")])
def test_an_incident_says_why_it_ended(blind: bool, reason: str) -> None:
    """Nobody seen, nobody looking, a rule that went off, an agent that stops."""
    bench = Bench(rule("presence"), rule("loitering", name="s"))
    bench.see(1.0, (1, 0.2))
    assert closed(bench.see(1.2, (1, 0.2), active=frozenset({"s"})))[0].end_reason == "inactive"
    bench.at(3.0, blind=blind)
    assert [i.end_reason for i in closed(bench.at(3.3, blind=blind))] == [reason]
    bench.see(4.0, (2, 0.2))
    assert [i.end_reason for i in closed(bench.judge.stop("stopped", 5.0))] == ["stopped", "stopped"]
    assert bench.judge.stop("stopped", 6.0) == []


@pytest.mark.parametrize("kind", ["presence", "crowd", "loitering", "stopped", "crossing", "wrong_way"])
def test_a_rule_that_is_off_says_nothing(kind: str) -> None:
    """Neither an incident that begins and ends at once, nor light; and another rule of the same place goes
    on.
    """
    place: Zone | Line = GATE if kind in ("crossing", "wrong_way") else LEFT
    bench = Bench(rule(kind, place), rule("presence", name="on"))
    told = [
        f
        for n, x in enumerate((0.6, 0.4, *[0.2] * 20))
        for f in bench.see(n * 0.2, (1, x), active=frozenset({"on"}))
    ]
    assert {f.incident.rule.name for f in told if isinstance(f, Opened | Ongoing | Closed)} == {"on"}
    off = bench.at(9.0, tentative=[track(0, 0.2, 9.0)], remembered=[1], active=frozenset())
    assert [(i.rule.name, i.end_reason) for i in closed(off)] == [("on", "inactive")]
    assert len(off) == 1


def test_time_that_nobody_looked_is_no_traffic() -> None:
    """Of a hundred seconds somebody was seen for twenty: the mean is a fifth of him, and he stayed for
    twenty.
    """
    bench = Bench()
    for at in range(11):
        bench.see(float(at), (1, 0.2))
    bench.judge.skip(10.0, 90.0)
    for at in range(91, 101):
        bench.see(float(at), (1, 0.2))
    [summary] = [f.data for f in bench.judge.stop("ended", 100.0) if isinstance(f, Summarized)]
    zones: Any = summary["zones"]
    assert zones[0]["occupancy"] == {"person": 0.2}
    assert zones[0]["dwell_s"]["counts"] == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("way", ["walks out", "is forgotten", "is there at the end"])
@pytest.mark.parametrize(
    ("stayed", "counts"),
    [(4.5, [1, 0, 0, 0, 0]), (5.0, [0, 1, 0, 0, 0]), (14.5, [0, 1, 0, 0, 0]), (15.0, [0, 0, 1, 0, 0])],
)
def test_a_stay_is_from_when_he_came_to_when_he_went(way: str, stayed: float, counts: list[int]) -> None:
    """However it ends; one who is forgotten went when he was seen last."""
    bench = Bench()
    bench.see(200.0, (1, 0.2))
    if way == "walks out":
        bench.see(200.0 + stayed, (1, 0.8))
    else:
        bench.see(200.0 + stayed, (1, 0.2))
    if way == "is forgotten":
        bench.see(250.0)
    [summary] = [f.data for f in bench.judge.stop("ended", 260.0) if isinstance(f, Summarized)]
    assert summary["zones"][0]["dwell_s"]["counts"] == counts  # type: ignore[index]


def test_who_has_seen_nothing_has_nothing_to_tell() -> None:
    """A camera that stops before its first frame: neither an incident nor a summary."""
    bench = Bench(rule("presence"), rule("crossing", GATE, "c"))
    assert bench.judge.stop("stopped", 1.0) == []
    assert bench.judge.counts == {"left": {}}


def test_time_that_nobody_looked_makes_no_incident() -> None:
    """Neither a dwell time nor a stay goes on meanwhile, nor does anybody stand for an hour."""
    bench = Bench(rule("loitering", dwell_s=10.0), rule("stopped", name="s", dwell_s=10.0))
    bench.see(0.0, (1, 0.2))
    bench.see(6.0, (1, 0.2))
    bench.judge.skip(6.0, 1006.0)
    assert opened(bench.see(1009.9, (1, 0.2))) == []
    assert [(i.rule.name, i.since) for i in opened(bench.see(1010.0, (1, 0.2)))] == [
        ("r", 1000.0),
        ("s", 1000.0),
    ]


@pytest.mark.parametrize(("later", "opens"), [(1.0, False), (1.1, True)])
def test_what_stood_for_a_second_stands_for_a_second(later: float, opens: bool) -> None:
    """What stood for a second stands for a second after a blind time.

    It has to stand for more than two seconds that somebody looked.
    """
    bench = Bench(rule("stopped"))
    bench.see(0.0, (1, 0.2))
    bench.see(1.0, (1, 0.2))
    bench.judge.skip(1.0, 1001.0)
    assert bool(opened(bench.see(1001.0 + later, (1, 0.2)))) == opens


def test_what_is_found_again_after_blind_time() -> None:
    """What is found again after a blind time is no news.

    A parked car that the camera did not see for ten minutes: the time does not count, and it is the same car.
    """
    bench = Bench(rule("stopped", dwell_s=10.0))
    told = [i for at in range(15) for i in opened(bench.at(float(at), track(1, 0.2, at, "car")))]
    assert len(told) == 1
    assert closed([*bench.at(16.9), *bench.at(17.0)]), "the tracker has forgotten it"
    bench.judge.skip(17.0, 617.0)
    assert [i for at in range(617, 650) for i in opened(bench.at(float(at), track(2, 0.2, at, "car")))] == []


@pytest.mark.parametrize("here", [False, True])
def test_what_is_found_under_another_number_goes_on(here: bool) -> None:
    """While the old number is out of sight: its incident is one, by both numbers; a second one in its place
    is another.
    """
    bench = Bench(rule("loitering", dwell_s=10.0))
    for at in range(12):
        bench.at(float(at), track(1, 0.2, at, "car"))
    both = (
        [track(1, 0.2, 12.0, "car"), track(2, 0.205, 12.0, "car")] if here else [track(2, 0.205, 12.0, "car")]
    )
    facts = bench.at(12.0, *both, remembered=[1])
    ongoing = [f.incident.track_ids for f in facts if isinstance(f, Ongoing)]
    assert ongoing == ([(1,)] if here else [(1, 2)])
    later = bench.at(22.1, *(replace(t, last_seen=22.1) for t in both))
    assert len(opened(later)) == here


def test_who_comes_elsewhere_is_somebody_else() -> None:
    """Only what is found in its place, of its kind, is the one that stood there."""
    for x, label, numbers in ((0.21, "car", (1, 2)), (0.3, "car", (2,)), (0.2, "person", (2,))):
        bench = Bench(rule("loitering", dwell_s=2.0))
        for at in range(12):
            bench.at(float(at), track(1, 0.2, at, "car"))
        for at in range(12, 15):
            facts = bench.at(float(at), track(2, x, at, label), remembered=[1])
        assert [f.incident.track_ids for f in facts if isinstance(f, Ongoing)] == [numbers]


def test_what_is_found_under_another_number_is_counted() -> None:
    """What is found under another number is counted once.

    It came in once and is still there, when the tracker has forgotten its old number.
    """
    bench = Bench()
    for at in range(12):
        bench.at(float(at), track(1, 0.2, at, "car"))
    for at in range(12, 15):
        bench.at(float(at), track(2, 0.2, at, "car"), remembered=[1])
    bench.at(15.0, track(2, 0.2, 15.0, "car"))
    assert bench.judge.counts == {"left": {"car": 1}}
    [summary] = [f.data for f in bench.judge.stop("ended", 16.0) if isinstance(f, Summarized)]
    zones: Any = summary["zones"]
    assert (zones[0]["entered"], zones[0]["dwell_s"]["counts"], zones[0]["peak"]) == (
        {"car": 1},
        [0, 0, 1, 0, 0],
        {"car": 1},
    )
    assert zones[0]["occupancy"] == {"car": 0.94}


def test_a_picture_is_as_wide_as_it_is() -> None:
    """A step across that is little in a square picture is more than his height in a wide one: he stands
    there, or has moved.
    """
    for aspect, opens in ((1.0, True), (4.0, False)):
        bench = Bench(rule("stopped", dwell_s=5.0))
        for at, x in ((0.0, 0.2), (1.0, 0.2), (1.2, 0.25)):
            bench.see(at, (1, x), aspect=aspect)
        assert bool(opened(bench.see(6.0, (1, 0.25), aspect=aspect))) == opens
    bench = Bench(rule("stopped", dwell_s=5.0))
    for at, x in ((0.0, 0.2), (1.0, 0.2), (1.2, 0.28)):
        bench.see(at, (1, x))
    assert opened(bench.see(6.0, (1, 0.28))), "square, where nobody says"


def test_a_glimpse_before_what_is_in_sight_is_news() -> None:
    """Another car beside the parked one, which is there."""
    bench = Bench(rule("presence"))
    for at in range(0, 70, 10):
        bench.at(float(at), track(1, 0.2, at, "car"))
    bench.at(71.0, track(1, 0.2, 71.0, "car"))
    assert "Noticed" in words(
        bench.at(80.0, track(1, 0.2, 80.0, "car"), tentative=[track(0, 0.2, 80.0, "car")])
    )


def test_a_glimpse_lights_and_tells_nobody() -> None:
    """Of whom the rule is about, in its zone, where nothing stood before; and only for presence."""
    for given, noticed in (
        (track(0, 0.2, 1.0), True),
        (track(0, 0.8, 1.0), False),
        (track(0, 0.2, 1.0, "bus"), False),
        (track(0, 0.2, 1.0, h=0.01), False),
    ):
        bench = Bench(rule("presence", min_height=0.05), rule("crowd", name="c", count=2, min_height=0.05))
        assert [f.rule.name for f in bench.at(1.0, tentative=[given]) if isinstance(f, Noticed)] == [
            "r"
        ] * noticed
    waits = Bench(rule("presence", count=2))
    assert words(waits.see(1.0, (1, 0.2))) == ["Noticed"], "one of two is here"
    assert words(waits.see(1.2, (1, 0.8))) == []


@pytest.mark.parametrize(("stood", "noticed"), [(60.0, True), (61.0, False)])
@pytest.mark.parametrize("remembered", [[1], []])
def test_a_glimpse_of_what_stood_there_is_no_news(stood: float, noticed: bool, remembered: list[int]) -> None:
    """A parked car that was hidden and is seen again, before the tracker is sure: whether it is remembered or
    forgotten.
    """
    bench = Bench(rule("presence"))
    for at in (0.0, stood / 2, stood):
        bench.at(at, track(1, 0.2, at, "car"))
    bench.at(stood + 5.0, remembered=remembered)
    facts = bench.at(stood + 6.0, tentative=[track(0, 0.2, stood + 6.0, "car")], remembered=remembered)
    assert ("Noticed" in words(facts)) == noticed


def test_an_incident_names_eight_and_counts_all() -> None:
    """Each number once, the first ones kept; the most at a time; the score of the surest, the class of the
    first.
    """
    bench = Bench(rule("presence"))
    bench.at(1.0, track(1, 0.2, 1.0, "car", score=0.5), track(2, 0.3, 1.0, score=0.9))
    bench.at(2.0, track(2, 0.3, 2.0, score=0.6), *(track(n, 0.02 * n, 2.0, score=0.6) for n in range(3, 12)))
    bench.at(3.0, track(20, 0.1, 3.0, score=0.6))
    [incident] = closed(bench.judge.stop("ended", 4.0))
    assert incident.track_ids == (1, 2, 3, 4, 5, 6, 7, 8)
    assert (incident.peak, incident.score, incident.label, incident.last_seen_at) == (10, 0.9, "car", 3.0)
    assert incident.path == ((0.1, 0.5),)


def test_a_coasting_one_was_seen_when_it_was_seen() -> None:
    """Who is only guessed to be there holds the incident, but not its time."""
    bench = Bench(rule("presence"))
    bench.see(1.0, (1, 0.2))
    bench.at(1.6, replace(track(1, 0.2, 1.0), seen_now=False))
    assert [i.last_seen_at for i in closed(bench.judge.stop("ended", 2.0))] == [1.0]


@pytest.mark.parametrize("order", [1, -1])
def test_an_incident_was_seen_when_any_of_them_was(order: int) -> None:
    """One of two is only guessed to be there: it opens, and ends, as of the other."""
    bench = Bench(rule("crowd", count=2))
    both = (replace(track(1, 0.2, 1.0), seen_now=False), track(2, 0.3, 1.6))[::order]
    [incident] = opened(bench.at(1.6, *both))
    assert (incident.last_seen_at, incident.peak) == (1.6, 2)
    assert [i.last_seen_at for i in closed(bench.judge.stop("ended", 2.0))] == [1.6]


def test_counts_are_of_now_by_class_and_zone() -> None:
    """Also of a zone that no rule watches; without a zone, of the whole picture."""
    bench = Bench(rule("presence"), zones=(LEFT, RIGHT))
    bench.at(1.0, track(1, 0.2, 1.0), track(2, 0.3, 1.0), track(3, 0.8, 1.0, "car"))
    assert bench.judge.counts == {"left": {"person": 2}, "right": {"car": 1}}
    bench.at(2.0, track(3, 0.8, 2.0, "car"), remembered=[1, 2])
    assert bench.judge.counts == {"left": {}, "right": {"car": 1}}
    whole = Bench(zones=())
    whole.see(1.0, (1, 0.9))
    assert whole.judge.counts == {"frame": {"person": 1}}
    whole.judge.stop("ended", 2.0)
    assert whole.judge.counts == {"frame": {}}


def test_the_summary_counts_who_came_went_and_crossed() -> None:
    """Every five minutes, each object once: stays end when it leaves or is forgotten, at the moment it was
    seen last.
    """
    watched = Zone("watched", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))
    bench = Bench(rule("presence", watched))
    for n in range(40):
        bench.see(n * 0.2, (1, 0.2), *([(2, 0.3)] if n < 10 else [(2, 0.8)]))
    bench.see(20.0)
    assert "Summarized" not in words(bench.see(299.9))
    [summary] = [f.data for f in bench.see(300.0) if isinstance(f, Summarized)]
    zones: Any = summary["zones"]
    [zone] = zones
    assert zone["zone"] == "left", "a zone of a rule alone is not counted"
    assert zone["entered"] == {"person": 2}
    assert zone["dwell_s"]["counts"] == [1, 1, 0, 0, 0]
    assert summary["lines"] == [{"line": "gate", "forward": {}, "backward": {"person": 1}}]
    assert summary["window_s"] == 300.0
    bench.see(301.0, (3, 0.2))
    bench.judge.skip(302.0, 500.0)
    [last] = [f.data for f in bench.judge.stop("ended", 501.0) if isinstance(f, Summarized)]
    assert last["zones"][0]["dwell_s"]["counts"] == [1, 0, 0, 0, 0]  # type: ignore[index]


def test_one_zone_does_not_hold_incident_of_another() -> None:
    """One zone does not hold the incident of another.

    Two rules of two zones, of one camera: each knows its own.
    """
    bench = Bench(rule("presence"), rule("presence", RIGHT, "s"), zones=(LEFT, RIGHT))
    assert [i.rule.name for i in opened(bench.see(1.0, (1, 0.2)))] == ["r"]
    assert [i.rule.name for i in opened(bench.see(1.2, (1, 0.8)))] == ["s"]
    bench.see(3.0, (1, 0.8))
    assert [i.rule.name for i in closed(bench.see(3.1, (1, 0.8)))] == ["r"]
    assert bench.see(3.2, (1, 0.8), active=frozenset({"s"}))


def test_presence_holds_one_who_only_ran_through() -> None:
    """Before he was sure to be there, at his first report; crowd and loitering do not."""
    for kind, opens in (("presence", 1), ("crowd", 0), ("loitering", 0)):
        bench = Bench(rule(kind))
        late = replace(
            track(1, 0.8, 1.0),
            earlier=(Sighting(0.6, track(1, 0.4, 0.6).box), Sighting(0.8, track(1, 0.6, 0.8).box)),
        )
        assert len(opened(bench.at(1.0, late))) == opens
        assert not opened(bench.see(1.2, (1, 0.8)))


WATCH = rule(
    "presence",
    severity=Severity.WARNING,
    lamp_level=0.7,
    lamp_hold_s=30.0,
    notify=("112",),
    drone=True,
    announce_open=True,
)


def incident(rule_: Rule, number: int = 1, at: float = 10.0, **more: Any) -> Incident:
    return Incident(
        f"i{number}",
        rule_,
        at,
        at,
        "person",
        (4, 5),
        2,
        ((0.1, 0.2), (0.3, 0.4)),
        score=0.87654,
        since=at - 3.0,
        **more,
    )


def test_an_incident_that_opens_is_told_in_full() -> None:
    """Every field of the record and of the request, light first."""
    told = Responder("street").respond([Opened(incident(WATCH)), Ongoing(incident(WATCH))], 10.0)
    data = {
        "incident_id": "i1",
        "rule": "r",
        "kind": "presence",
        "camera": "street",
        "zone": "left",
        "class": "person",
        "track_ids": [4, 5],
        "notify": ["112"],
    }
    assert told == [
        BoostLamp("street/r", 0.7, 40.0, Severity.WARNING),
        RecordEvent("incident.opened", Severity.WARNING, data, 10.0, opens="i1", silent=False),
        RequestDrone("r", "street", "left", "i1", Severity.WARNING, 10.0, 0.877, ((0.1, 0.2), (0.3, 0.4))),
    ]
    assert told[2].incident_key == ("street", "r", "left")  # type: ignore[union-attr]


def test_an_incident_that_closes_is_told_in_full() -> None:
    """As of when it was seen last; a line is a line, and says which way."""
    crossing = replace(WATCH, place=GATE, kind="crossing", notify=(), announce_open=False, drone=False)
    over = replace(incident(crossing, direction="forward", end_reason="gone"), last_seen_at=17.26)
    assert Responder("street").respond([Closed(over)], 20.0) == [
        RecordEvent(
            "incident.closed",
            Severity.WARNING,
            {
                "incident_id": "i1",
                "rule": "r",
                "kind": "crossing",
                "camera": "street",
                "line": "gate",
                "class": "person",
                "track_ids": [4, 5],
                "direction": "forward",
                "duration_s": 7.3,
                "held_s": 10.3,
                "peak": 2,
                "path": [[0.1, 0.2], [0.3, 0.4]],
                "end_reason": "gone",
            },
            17.26,
            closes="i1",
        )
    ]
    before = replace(over, last_seen_at=6.0)
    [closing] = Responder("street").respond([Closed(before)], 20.0)
    assert isinstance(closing, RecordEvent)
    assert (closing.at, closing.data["duration_s"], closing.data["held_s"]) == (10.0, 0.0, 0.0), (
        "never before it opened"
    )
    [opening] = Responder("street").respond([Opened(incident(crossing))], 10.0)
    assert isinstance(opening, RecordEvent)
    assert (opening.silent, "direction" in opening.data, "notify" in opening.data) == (True, False, False)


@pytest.mark.parametrize(("pause", "boosts"), [(0.9, 1), (1.0, 2)])
@pytest.mark.parametrize("again", [Noticed(WATCH), Ongoing(incident(WATCH))])
def test_light_is_renewed_every_second(again: Fact, pause: float, boosts: int) -> None:
    """By each rule for itself."""
    responder = Responder("street")
    other = replace(WATCH, name="s", lamp_level=None, lamp_hold_s=0.5)
    told = [r for at in (5.0, 5.0 + pause) for r in responder.respond([again, again, Noticed(other)], at)]
    assert told[:2] == [
        BoostLamp("street/r", 0.7, 35.0, Severity.WARNING),
        BoostLamp("street/s", 0.0, 7.0, Severity.WARNING),
    ]
    assert len(told) == 2 * boosts


def test_traffic_is_told_as_it_is() -> None:
    """The data of the summary, of no severity."""
    assert Responder("street").respond([Summarized({"a": 1})], 9.0) == [
        RecordEvent("traffic.summarized", Severity.INFO, {"a": 1}, 9.0)
    ]


@pytest.mark.parametrize("severity", [Severity.ALARM, Severity.WARNING])
def test_only_so_many_alarms_an_hour(severity: Severity) -> None:
    """The rest are counted, with nobody asked for a flight, told in one line later; a warning is
    not limited.
    """
    noisy = replace(WATCH, severity=severity, max_alarms_per_h=2)
    responder = Responder("street")

    def records(facts: list[Fact], at: float) -> list[str]:
        return [
            r.kind if isinstance(r, RecordEvent) else "drone"
            for r in responder.respond(facts, at)
            if not isinstance(r, BoostLamp)
        ]

    alarm = severity is Severity.ALARM
    both = ["incident.opened", "drone"]
    assert records([Opened(incident(noisy, 1))], 100.0) == both
    assert records([Opened(incident(noisy, 2))], 200.0) == both
    assert records([Opened(incident(noisy, 3))], 300.0) == ([] if alarm else both)
    assert records([Opened(incident(replace(noisy, name="other"), 9))], 300.0) == both, "each rule for itself"
    assert records([Opened(incident(noisy, 4))], 400.0) == ([] if alarm else both)
    assert records([Closed(incident(noisy, 1)), Closed(incident(noisy, 3))], 500.0) == ["incident.closed"] * (
        1 if alarm else 2
    )
    assert records([Closed(incident(noisy, 3))], 501.0) == ["incident.closed"], "it is muted once"
    assert records([], 3699.9) == []
    told = responder.respond([], 3700.0)
    surplus = {"rule": "r", "camera": "street", "surplus_alarms": 2, "window_s": 3600.0}
    assert told == ([RecordEvent("incident.summarized", Severity.WARNING, surplus, 3700.0)] if alarm else [])
    assert records([Opened(incident(noisy, 5))], 3700.0) == both
    assert records([Opened(incident(noisy, 6))], 3799.9) == ([] if alarm else both)
    assert records([Opened(incident(noisy, 7))], 3800.1) == both
    assert records([], 7299.9) == []
    assert records([], 7300.0) == (["incident.summarized"] if alarm else [])
