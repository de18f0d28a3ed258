"""Tracks -> facts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pole_agent.incidents.facts import Closed, Noticed, Ongoing, Opened, Summarized
from pole_agent.incidents.judge import Fact, Judge
from pole_agent.incidents.respond import Responder
from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.rule_kinds import KINDS, RuleKind
from pole_agent.settings.rules import RuleSettings
from pole_agent.vocabulary import (
    BoostLamp,
    Box,
    RecordEvent,
    RequestDrone,
    Severity,
    Sighting,
    Track,
    members,
)

LEFT = Zone("left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
GATE = Line("gate", (0.5, 0.0), (0.5, 1.0))  # looking down: the right hand is to the left of the picture
FRAME_S = 0.2
PEOPLE = frozenset({"person"})


def track(number: int, x: float, at: float, label: str = "person", y: float = 0.5) -> Track:
    return Track(number, label, Box(x - 0.03, y - 0.2, x + 0.03, y), 0.8, 0.0, at, True)


class Memory:
    """Which tracks are not over: as the tracker, 6 s after they were seen, a minute where they had been
    standing for 8 s.
    """

    def __init__(self) -> None:
        self._seen: dict[int, tuple[float, float, float]] = {}  # number -> x, since when there, when last

    def see(self, tracks: Sequence[Track], now: float) -> list[int]:
        for t in tracks:
            x, since, _ = self._seen.get(t.track_id, (t.box.foot[0], now, now))
            there = (x, since) if abs(x - t.box.foot[0]) < 0.25 * t.box.height else (t.box.foot[0], now)
            self._seen[t.track_id] = (*there, now)
        return [
            n for n, (_, since, last) in self._seen.items() if now - last <= (60 if last - since >= 8 else 6)
        ]


class Scene:
    """Plays frames: each a list of (track number, x)."""

    def __init__(self, *rules: Rule) -> None:
        numbers = itertools.count(1)
        self.rules = rules
        self.judge = Judge("street", rules, [LEFT], [GATE], lambda: f"i{next(numbers)}", 0.0)
        self.now = 0.0
        self.memory = Memory()
        self.facts: list[tuple[float, Fact]] = []

    def walk(
        self, number: int, start: float, end: float, *others: tuple[int, float], step: float = 0.01
    ) -> list[Fact]:
        """Somebody walks from x = `start` to `end`, a twentieth of his height a frame."""
        count = round(abs(end - start) / step)
        return [
            f
            for i in range(count + 1)
            for f in self.play(1, (number, start + (end - start) * i / count), *others)
        ]

    def play(
        self, frames: int, *people: tuple[int, float], active: frozenset[str] | None = None
    ) -> list[Fact]:
        new: list[Fact] = []
        names = frozenset(r.name for r in self.rules) if active is None else active
        for _ in range(frames):
            self.now = round(self.now + FRAME_S, 6)
            tracks = [track(n, x, self.now) for n, x in people]
            new += self.judge.step(tracks, names, self.now, remembered=self.memory.see(tracks, self.now))
        self.facts += [(self.now, f) for f in new]
        return new


Kind = TypeVar("Kind")


def kinds(facts: Sequence[Fact], kind: type[Kind]) -> list[Kind]:
    return [f for f in facts if isinstance(f, kind)]


def zones(summary: Summarized) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", summary.data["zones"])


def rule(kind: str, place: Zone | Line = LEFT, **more: object) -> Rule:
    return Rule("r", kind, place, PEOPLE, **more)  # type: ignore[arg-type]


def test_presence_opens_at_the_first_frame() -> None:
    """Presence opens at the first frame and closes once the tracker forgets."""
    scene = Scene(rule("presence"))
    assert len(kinds(scene.play(1, (1, 0.2)), Opened)) == 1
    assert not kinds(scene.play(20, (1, 0.2), (2, 0.3)), Opened)
    assert not kinds(scene.play(29), Closed), "he may be hidden"
    closed = kinds(scene.play(3), Closed)
    assert len(closed) == 1
    incident = closed[0].incident
    assert incident.peak == 2
    assert incident.last_seen_at == pytest.approx(21 * FRAME_S)
    assert incident.end_reason == "gone"


def test_presence_outside_the_zone_is_none() -> None:
    assert not Scene(rule("presence")).play(10, (1, 0.9))


def test_somebody_hidden_for_a_second_opens_once() -> None:
    """Somebody hidden for a second does not open twice."""
    scene = Scene(rule("presence"))
    scene.play(5, (1, 0.2))
    scene.play(5)
    scene.play(5, (1, 0.2))
    assert len(kinds([f for _, f in scene.facts], Opened)) == 1
    assert not kinds([f for _, f in scene.facts], Closed)


def test_loitering_is_one_incident_for_each_who_stays() -> None:
    scene = Scene(rule("loitering", dwell_s=2.0))
    early = scene.play(9, (1, 0.2), (2, 0.3))
    assert not kinds(early, Opened)
    assert len(kinds(scene.play(3, (1, 0.2), (2, 0.3)), Opened)) == 2


def test_one_who_comes_back_starts_to_loiter_anew() -> None:
    """One who leaves and comes back starts to loiter anew."""
    scene = Scene(rule("loitering", dwell_s=3.0))
    scene.play(10, (1, 0.2))
    scene.play(15, (1, 0.9))
    assert not kinds(scene.play(10, (1, 0.2)), Opened)


def test_a_crowd_takes_as_many_as_the_rule_says() -> None:
    scene = Scene(rule("crowd", count=3))
    assert not scene.play(5, (1, 0.1), (2, 0.2))
    assert len(kinds(scene.play(1, (1, 0.1), (2, 0.2), (3, 0.3)), Opened)) == 1


@pytest.mark.parametrize(("direction", "opened"), [("any", 1), ("forward", 1), ("backward", 0)])
def test_crossing_knows_its_direction(direction: str, opened: int) -> None:
    """From right to left over a line that runs down is towards its right hand: forward."""
    scene = Scene(rule("crossing", GATE, direction=direction))
    facts = [*scene.walk(1, 0.6, 0.4), *scene.play(20, (1, 0.4))]
    assert len(kinds(facts, Opened)) == opened == len(kinds(facts, Closed))
    if opened:
        assert kinds(facts, Closed)[0].incident.direction == "forward"


def test_foot_that_trembles_on_line_crosses_it_once() -> None:
    """A foot that trembles on the line crosses it once."""
    scene = Scene(rule("crossing", GATE))
    scene.walk(1, 0.6, 0.51)
    for _ in range(175):
        scene.play(1, (1, 0.505))
        scene.play(1, (1, 0.485))
    assert not scene.facts, "he is not over yet"
    scene.walk(1, 0.49, 0.4)
    assert len(kinds([f for _, f in scene.facts], Opened)) == 1


def test_stopped_is_standing_in_one_place() -> None:
    scene = Scene(rule("stopped", dwell_s=4.0))
    for step in range(30):
        scene.play(1, (1, 0.05 + step * 0.01))
    assert not [f for _, f in scene.facts]
    assert len(kinds(scene.play(30, (1, 0.4)), Opened)) == 1


def test_a_rule_that_goes_off_ends_its_incident() -> None:
    scene = Scene(rule("presence"))
    scene.play(3, (1, 0.2))
    closed = kinds(scene.play(1, (1, 0.2), active=frozenset()), Closed)
    assert [f.incident.end_reason for f in closed] == ["inactive"]


def test_traffic_is_summarized_every_five_minutes() -> None:
    """Traffic is summarized every five minutes each track once and empty ones are skipped."""
    scene = Scene()
    assert not scene.play(1600)
    scene.play(10, (1, 0.6), (2, 0.2))
    for _ in range(5):
        scene.walk(1, 0.6, 0.4, (2, 0.2))
        scene.walk(1, 0.4, 0.6, (2, 0.2))
    summaries = kinds(scene.play(1600), Summarized)
    assert len(summaries) == 1
    data = summaries[0].data
    assert data["zones"][0]["entered"] == {"person": 2}  # type: ignore[index]
    assert data["zones"][0]["peak"] == {"person": 2}  # type: ignore[index]
    assert sum(data["zones"][0]["dwell_s"]["counts"]) >= 2  # type: ignore[index]
    assert data["lines"][0] == {"line": "gate", "forward": {"person": 5}, "backward": {"person": 5}}  # type: ignore[index]


moves = st.lists(st.tuples(st.integers(1, 4), st.floats(0, 1)), max_size=4, unique_by=lambda m: m[0])
every_kind = [
    Rule(
        kind,
        kind,
        GATE if kind in ("crossing", "wrong_way") else LEFT,
        PEOPLE,
        dwell_s=0.6,
        direction="forward",
    )
    for kind in ("presence", "loitering", "crowd", "crossing", "wrong_way", "stopped")
]


@settings(max_examples=80)
@given(st.lists(moves, max_size=40))
def test_every_incident_closes_once_nobody_is_there(frames: list[list[tuple[int, float]]]) -> None:
    scene = Scene(*every_kind)
    for people in frames:
        scene.play(1, *people)
    scene.play(350)
    facts = [f for _, f in scene.facts]
    opened = [f.incident.incident_id for f in facts if isinstance(f, Opened)]
    closed = [f.incident.incident_id for f in facts if isinstance(f, Closed)]
    assert sorted(opened) == sorted(closed)
    assert len(set(opened)) == len(opened)
    assert all(len(f.incident.path) <= 8 for f in facts if isinstance(f, Closed))


def test_responses_light_first_then_record_then_drone() -> None:
    watched = rule(
        "presence",
        lamp_level=1.0,
        lamp_hold_s=30,
        drone=True,
        severity=Severity.ALARM,
        announce_open=True,
        notify=("112",),
    )
    scene = Scene(watched)
    responder = Responder("street")
    responses = responder.respond(scene.play(1, (1, 0.2)), scene.now)
    assert [type(r) for r in responses] == [BoostLamp, RecordEvent, RequestDrone]
    boost = responses[0]
    assert isinstance(boost, BoostLamp)
    assert boost.until == scene.now + 30
    assert not responder.respond(scene.play(1, (1, 0.2)), scene.now), "nothing new within a second"
    opened = responses[1]
    assert isinstance(opened, RecordEvent)
    assert opened.data["notify"] == ["112"]


def test_an_info_incident_is_told_once_at_its_close() -> None:
    """An info incident is told once at its close and fits in a kilobyte."""
    scene = Scene(rule("presence"))
    responder = Responder("street")
    told = []
    for step in range(60):
        told += responder.respond(
            scene.play(1, *[(n, 0.01 * n + 0.001 * step) for n in range(1, 12)]), scene.now
        )
    told += responder.respond(scene.play(200), scene.now)
    records = [r for r in told if isinstance(r, RecordEvent)]
    assert [(r.kind, r.silent) for r in records] == [("incident.opened", True), ("incident.closed", False)]
    assert len(json.dumps(records[-1].data)) < 700  # the envelope takes some 330 bytes more


def test_surplus_alarms_become_one_counted_event() -> None:
    noisy = rule("crossing", GATE, severity=Severity.ALARM, announce_open=True, max_alarms_per_h=3)
    scene, responder = Scene(noisy), Responder("street")
    told: list[RecordEvent] = []
    for number in range(1, 11):
        for facts in (scene.walk(number, 0.6, 0.4), scene.play(30, (number, 0.4))):
            told += [r for r in responder.respond(facts, scene.now) if isinstance(r, RecordEvent)]
    assert (
        sum(r.kind == "incident.opened" for r in told) == 3 == sum(r.kind == "incident.closed" for r in told)
    )
    scene.now += 3600
    later = [
        r
        for r in responder.respond(scene.play(1), scene.now)
        if isinstance(r, RecordEvent) and r.kind == "incident.summarized"
    ]
    assert [r.data["surplus_alarms"] for r in later] == [7]


def test_ongoing_fact_comes_at_each_frame_of_open() -> None:
    """An ongoing fact comes at each frame of an open incident."""
    scene = Scene(rule("presence"))
    assert len(kinds(scene.play(7, (1, 0.2)), Ongoing)) == 7


def of(label: str = "person", height: float = 0.2) -> Callable[[int, float, float], Track]:
    def make(number: int, x: float, at: float) -> Track:
        return Track(number, label, Box(x - 0.03, 0.5 - height, x + 0.03, 0.5), 0.8, 0.0, at, True)

    return make


def test_an_edge_has_inertia_in_and_out() -> None:
    zone = Zone("left", LEFT.polygon, enter_s=0.4, leave_s=1.0)
    scene = Scene(rule("presence", zone, lamp_level=1.0))
    scene.judge = Judge("street", scene.rules, [zone], [], lambda: "i1", 0.0)
    glimpsed = scene.play(2, (1, 0.49))
    assert not kinds(glimpsed, Opened), "two frames are 0.2 s inside"
    assert kinds(glimpsed, Noticed), "but the lamp does not wait"
    assert len(kinds(scene.play(1, (1, 0.49)), Opened)) == 1
    trembling = [f for _ in range(10) for x in (0.51, 0.49) for f in scene.play(1, (1, x))]
    assert not kinds(trembling, Closed)
    assert not kinds(trembling, Opened)
    assert len(kinds(scene.play(25, (1, 0.6)), Closed)) == 1


def test_a_glimpse_raises_the_lamp_and_tells_nobody() -> None:
    watched = rule("presence", lamp_level=1.0, lamp_hold_s=30)
    scene = Scene(watched)
    facts = scene.judge.step([], frozenset({"r"}), 0.2, [track(0, 0.2, 0.2)])
    assert [type(f) for f in facts] == [Noticed]
    assert [type(r) for r in Responder("street").respond(facts, 0.2)] == [BoostLamp]
    assert not scene.judge.step([], frozenset({"r"}), 0.4, [track(0, 0.9, 0.4)]), "outside the zone"


@pytest.mark.parametrize(("height", "opened"), [(0.05, 0), (0.2, 1), (0.6, 0)])
def test_what_is_too_small_or_too_large_does_not_count(height: float, opened: int) -> None:
    scene = Scene(rule("presence", min_height=0.1, max_height=0.5))
    make = of(height=height)
    facts = [
        f
        for i in range(5)
        for f in scene.judge.step([make(1, 0.2, i * FRAME_S)], frozenset({"r"}), i * FRAME_S)
    ]
    assert len(kinds(facts, Opened)) == opened


def test_a_group_stands_for_its_classes() -> None:
    assert members(["vehicle", "person"]) == {"car", "bus", "truck", "person"}
    assert members(["two_wheeler"]) == {"bicycle", "motorcycle"}


class Street:
    """Plays one vehicle that stands, under track numbers that may change."""

    def __init__(self, kind: str, **more: object) -> None:
        self.rule = Rule("r", kind, LEFT, members(["vehicle"]), **more)  # type: ignore[arg-type]
        numbers = itertools.count(1)
        self.judge = Judge("street", [self.rule], [LEFT], [], lambda: f"i{next(numbers)}", 0.0)
        self.make = of("car")
        self.now = 0.0
        self.memory = Memory()

    def play(self, seconds: float, number: int | None, x: float = 0.2) -> list[Fact]:
        facts: list[Fact] = []
        for _ in range(int(seconds / FRAME_S)):
            self.now = round(self.now + FRAME_S, 6)
            tracks = [] if number is None else [self.make(number, x, self.now)]
            facts += self.judge.step(
                tracks, frozenset({"r"}), self.now, remembered=self.memory.see(tracks, self.now)
            )
        return facts


@pytest.mark.parametrize("kind", ["stopped", "loitering"])
def test_a_parked_car_alerts_once_whatever_hides_it(kind: str) -> None:
    street = Street(kind, dwell_s=5.0)
    assert len(kinds(street.play(20, 1), Opened)) == 1
    assert not street.play(20, None), "behind a bus for 20 s: still the same incident"
    assert not kinds(street.play(20, 1), Opened)
    closed = kinds(street.play(120, None), Closed)
    assert len(closed) == 1
    assert not kinds(street.play(60, 7), Opened), "found again under a new number, it is no news"
    moved = [f for step in range(20) for f in street.play(FRAME_S, 7, 0.2 + 0.01 * step)]
    assert len(kinds(moved + street.play(20, 7, 0.4), Opened)) == 1, "it drove on, and parked anew"


def test_presence_of_what_has_parked_ends() -> None:
    """Presence of what has parked ends and does not begin again."""
    street = Street("presence", lamp_level=1.0)
    assert len(kinds(street.play(5, 1), Opened)) == 1
    ended = kinds(street.play(120, 1), Closed)
    assert [f.incident.end_reason for f in ended] == ["settled"]
    assert not [f for f in street.play(290, 1) if not isinstance(f, Summarized)], (
        "neither an incident, nor a lamp that burns for a parked car"
    )
    street.play(45, None)
    assert not [f for f in street.play(60, 2) if not isinstance(f, Summarized)]


def test_incident_of_one_who_never_leaves_ends() -> None:
    """An incident of one who never leaves ends all the same."""
    street = Street("stopped", dwell_s=5.0)
    facts = street.play(4000, 1)
    assert len(kinds(facts, Opened)) == 1
    assert [f.incident.end_reason for f in kinds(facts, Closed)] == ["settled"]


def test_occupancy_is_the_mean_number_present() -> None:
    scene = Scene()
    scene.play(750, (1, 0.2), (2, 0.3))
    summaries = kinds(scene.play(760), Summarized)
    [zone] = zones(summaries[0])
    assert zone["occupancy"]["person"] == pytest.approx(1.0, abs=0.02)
    assert zone["peak"] == {"person": 2}


def late(number: int, at: float, *earlier: tuple[float, float]) -> Track:
    """A track in its first report; `earlier` and last: (time, x). The foot is at y = 0.5."""
    *before, (_, x) = earlier
    return replace(
        track(number, x, at), earlier=tuple(Sighting(t, track(number, x, t).box) for t, x in before)
    )


def test_a_line_crossed_and_a_zone_entered() -> None:
    """A line crossed and a zone entered before it was sure count."""
    judge = Judge("street", [], [LEFT], [GATE], lambda: "i", 0.0)
    judge.step([late(1, 1.0, (0.4, 0.7), (0.6, 0.6), (0.8, 0.4), (1.0, 0.3))], frozenset(), 1.0)
    judge.step([track(1, 0.2, 1.2)], frozenset(), 1.2)
    [summary] = [f.data for f in judge.stop("ended", 1.4) if isinstance(f, Summarized)]
    assert summary["lines"] == [{"line": "gate", "forward": {"person": 1}, "backward": {}}]
    assert summary["zones"][0]["entered"] == {"person": 1}  # type: ignore[index]


@pytest.mark.parametrize("kind", ["crossing", "wrong_way"])
def test_line_crossed_before_it_was_sure_is_incident(kind: str) -> None:
    """A line crossed before it was sure is an incident."""
    crossing = rule(kind, GATE, direction="forward")
    judge = Judge("street", [crossing], [LEFT], [GATE], lambda: "i", 0.0)
    facts = judge.step([late(1, 1.2, (0.6, 0.7), (0.8, 0.4), (1.0, 0.3), (1.2, 0.2))], frozenset({"r"}), 1.2)
    assert [f.incident.direction for f in facts if isinstance(f, Opened)] == ["forward"]


@pytest.mark.parametrize("kind", ["presence", "loitering", "stopped", "crowd"])
def test_time_before_it_was_sure_is_time_in_zone(kind: str) -> None:
    """The time before it was sure is time in the zone."""
    judge = Judge("street", [rule(kind, dwell_s=10.0)], [LEFT], [GATE], lambda: "i", 0.0)
    stood = [(0.2 * i, 0.2) for i in range(46)]
    opened = []
    for index in range(45, 60):
        now = 0.2 * index
        seen = late(1, now, *stood) if index == 45 else track(1, 0.2, now)
        opened += [now for f in judge.step([seen], frozenset({"r"}), now) if isinstance(f, Opened)]
    assert opened == pytest.approx([10.0])


def test_who_ran_through_a_zone_unsure_was_there() -> None:
    """Who has run through a zone before it was sure was there."""
    judge = Judge("street", [rule("presence")], [LEFT], [GATE], lambda: "i", 0.0)
    facts = judge.step([late(1, 1.0, (0.6, 0.6), (0.8, 0.45), (1.0, 0.7))], frozenset({"r"}), 1.0)
    assert len(kinds(facts, Opened)) == 1
    for index in range(40):
        facts += judge.step([track(1, 0.9, 1.2 + 0.2 * index)], frozenset({"r"}), 1.2 + 0.2 * index)
    assert len(kinds(facts, Opened)) == len(kinds(facts, Closed)) == 1


# Frame by frame, one who walks over the line to the left and stands: when each kind of rule opens, and with
# which direction
OPENS = {
    "presence": (0.4, ""),
    "crowd": (0.4, ""),
    "loitering": (0.4, ""),  # he is in the zone
    # Three tenths of a second after he is clearly over
    "crossing": (0.8, "forward"),
    "wrong_way": (0.8, "forward"),
    "stopped": (2.8, ""),  # he has stood for more than two seconds
}


@pytest.mark.parametrize("kind", get_args(RuleKind))
def test_each_kind_of_rule_opens_for_what_it_is_about(kind: str) -> None:
    """Each kind in the list is known to the settings; of one who comes, it opens one incident, at its own
    moment.
    """
    place: Zone | Line = GATE if KINDS[kind].on_line else LEFT
    named = {"line": "gate"} if KINDS[kind].on_line else {"zone": "left"}
    assert (
        RuleSettings.model_validate({"name": "r", "kind": kind, "direction": "forward", **named}).kind == kind
    )
    scene = Scene(rule(kind, place, direction="forward"))
    for x in (0.6, 0.4, 0.3, *[0.2] * 12):
        scene.play(1, (1, x))
    assert [(at, f.incident.direction) for at, f in scene.facts if isinstance(f, Opened)] == [OPENS[kind]]


@pytest.mark.parametrize("kind", ["crossing", "wrong_way"])
def test_a_rule_about_crossing_says_nothing_of_a_zone(kind: str) -> None:
    """Whoever comes into a zone has crossed no line."""
    scene = Scene(rule(kind, LEFT))
    for x in (0.6, 0.4, *[0.2] * 20):
        scene.play(1, (1, x))
    assert scene.facts == []


def test_unknown_kind_is_not_taken_for_loitering() -> None:
    """A kind that nobody has written is not taken for loitering."""
    with pytest.raises(KeyError, match="fallen"):
        Scene(rule("fallen")).play(5, (1, 0.2))


def test_foot_that_trembles_on_a_zone_comes_in_once() -> None:
    """A foot that trembles on the edge of a zone for 70 s comes in once and stays.

    It is seen outside for longer than the zone's `leave_s`, time and again: the picture is still, and nobody
    looks anew.
    """
    zone = Zone("left", LEFT.polygon, enter_s=0.2, leave_s=1.0)
    scene = Scene(rule("presence", zone), Rule("stay", "loitering", zone, PEOPLE, dwell_s=30.0))
    scene.judge = Judge("street", scene.rules, [zone], [], iter(f"i{n}" for n in range(99)).__next__, 0.0)
    for _ in range(20):
        scene.play(8, (1, 0.51))
        scene.play(9, (1, 0.49))
    opened = [f.incident.rule.name for _, f in scene.facts if isinstance(f, Opened)]
    assert opened == ["r", "stay"]
    assert not kinds([f for _, f in scene.facts], Closed)
    left = scene.play(60, (1, 0.6))
    assert len(kinds(left, Closed)) == 2, "clearly outside"
    [summary] = kinds(scene.judge.stop("ended", scene.now), Summarized)
    assert zones(summary)[0]["entered"] == {"person": 1}


@pytest.mark.parametrize("kind", ["stopped", "presence"])
def test_parked_car_half_hidden_has_not_moved(kind: str) -> None:
    """A parked car that is half hidden for a moment has not moved.

    Somebody walks by in front of it: its box ends higher, by half its height.
    """
    street = Street(kind, dwell_s=5.0 if kind == "stopped" else 0.0)
    assert len(kinds(street.play(90, 1), Opened)) == 1
    whole = street.make
    for _ in range(5):
        street.make = lambda number, x, at: Track(
            number, "car", Box(x - 0.03, 0.3, x + 0.03, 0.37), 0.8, 0.0, at, True
        )
        hidden = street.play(3, 1)
        street.make = whole
        assert not kinds(hidden + street.play(20, 1), Opened)


def test_what_closes_says_how_long_it_held() -> None:
    """What closes says how long it held dwell included."""
    scene, responder = Scene(rule("loitering", dwell_s=5.0)), Responder("street")
    told = responder.respond([*scene.play(28, (1, 0.2)), *scene.play(40)], scene.now)
    [closed] = [r for r in told if isinstance(r, RecordEvent) and r.kind == "incident.closed"]
    assert (closed.data["duration_s"], closed.data["held_s"]) == (0.4, 5.4)
