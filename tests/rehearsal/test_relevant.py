"""What is left out of a reel changes nothing that a rule says."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.rehearsal.passing import Passing
from pole_agent.rehearsal.reel import Reader, Reel
from pole_agent.rehearsal.relevant import crossing, objects, relevant
from pole_agent.rehearsal.replay import Replay, given
from pole_agent.trajectories.blocks import encode
from pole_agent.trajectories.recorder import Batch, Recorder
from pole_agent.vocabulary import Box, Stamp, Track
from tests.rehearsal.street import agreement

GATE = Line("gate", (0.5, 0.0), (0.5, 1.0))
SLANTED = Line("slanted", (0.2, 0.9), (0.8, 0.3))
YARD = Zone("yard", ((0.3, 0.3), (0.8, 0.3), (0.8, 0.95), (0.3, 0.95)), 0.2, 1.0)
ANYBODY = frozenset({"person", "car"})
RULES = [
    Rule("gate", "crossing", GATE, ANYBODY),
    Rule("slanted", "crossing", SLANTED, ANYBODY, direction="forward"),
    Rule("presence", "presence", YARD, frozenset({"person"}), lamp_level=1.0, lamp_hold_s=5.0),
    Rule("crowd", "crowd", YARD, ANYBODY, count=3, dwell_s=1.0),
    Rule("loitering", "loitering", YARD, ANYBODY, dwell_s=20.0),
    Rule("stopped", "stopped", YARD, frozenset({"car"}), dwell_s=15.0),
]


def walk(chance: random.Random, begin: float) -> list[tuple[float, Box, bool]]:
    """Somebody wanders through the picture, and may stand for a while: time, box, seen."""
    x, y, height = chance.random(), chance.uniform(0.35, 0.98), chance.uniform(0.08, 0.35)
    speed, way = chance.choice((0.0, 0.02, 0.05, 0.15)), chance.uniform(0, 2 * math.pi)
    stops = chance.uniform(5, 20), chance.choice((0.0, 3.0, 25.0))
    looks = []
    for n in range(int(chance.uniform(2, 60) * 5)):
        going = not stops[0] <= n / 5 < sum(stops)
        if n % 25 == 24:
            way += chance.uniform(-1, 1)
        x += going * speed / 5 * math.cos(way)
        y += going * speed / 5 * math.sin(way) * 0.3
        if not (-0.1 < x < 1.1 and 0.2 < y < 1.1):
            break
        foot = x + chance.gauss(0, 0.01) * height, y + chance.gauss(0, 0.01) * height
        box = Box(foot[0] - height / 6, foot[1] - height, foot[0] + height / 6, foot[1])
        looks.append((begin + n / 5, box, chance.random() > 0.05))
    return looks


def reel(seed: int, minutes: int = 10, objects_a_minute: int = 8) -> Reel:
    """What is kept of so many minutes of such a street."""
    chance = random.Random(seed)
    written: list[Batch] = []
    recorder = Recorder(written.append, lambda at: Stamp(at, "b", 1.8e9 + at, "synced"), seed)
    walks = [
        (
            number,
            chance.choice(("person", "car")),
            walk(chance, 0.2 * round(chance.uniform(0, minutes * 300))),
        )
        for number in range(1, minutes * objects_a_minute)
    ]
    at_look: dict[int, list[Track]] = {}
    ends = {number: looks[-1][0] for number, _, looks in walks if looks}
    for number, label, looks in walks:
        last = 0.0
        for at, box, seen in looks:
            last = at if seen or not last else last
            track = Track(number, label, box, 0.7, looks[0][0], last, last == at)
            at_look.setdefault(round(at * 5), []).append(track)
    for n in range(minutes * 300 + 400):
        remembered = {number for number, end in ends.items() if end + 6 > n / 5}
        recorder.look(n / 5, at_look.get(n, []), (), remembered, 4 / 3)
    recorder.stop()
    data = b"".join(encode(batch.span()) for batch in written)
    (found,) = Reader().reels([data])
    assert found is not None
    return found


def alarms(rule: Rule, tape: Reel, kept: Any) -> list[float]:
    judge = Replay("street", rule, lambda wall: True)
    judge.play(given(tape, kept))
    judge.stop()
    return [alarm.at for alarm in judge.outcome.alarms]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_nothing_is_missed(rule: Rule) -> None:
    """With the rows that matter alone, a rule alarms as with all of them, in 98 of 100 cases; and they are
    fewer.
    """
    all_of_it: list[float] = []
    some: list[float] = []
    rows = kept_rows = 0
    for seed in range(6):
        tape = reel(seed)
        kept = relevant(rule, tape, objects(tape))
        shift = seed * 1e5
        all_of_it += [at + shift for at in alarms(rule, tape, np.ones(len(tape.look), bool))]
        some += [at + shift for at in alarms(rule, tape, kept)]
        rows, kept_rows = rows + len(tape.look), kept_rows + int(kept.sum())
    assert len(all_of_it) >= 15
    assert agreement(all_of_it, some) >= 0.98
    assert kept_rows < rows / 2


def test_line_counts_are_those_of_all_rows() -> None:
    """Counting a line needs few of the rows, and finds who crossed it, and which way."""
    whole: list[tuple[str, bool]] = []
    few: list[tuple[str, bool]] = []
    for seed in range(6):
        tape = reel(seed)
        everything = np.ones(len(tape.look), bool)
        for kept, found in ((everything, whole), (crossing(GATE, tape, objects(tape), everything), few)):
            counter = Passing(GATE)
            counter.play(given(tape, kept))
            found += [(p.label, p.forward) for p in counter.passed]
    assert len(whole) > 40
    for kind in set(whole):
        assert abs(whole.count(kind) - few.count(kind)) <= 0.02 * len(whole)


def test_other_classes_matter_to_nobody() -> None:
    """Of classes that a rule does not name, no row is kept; a bus is kept for a rule about cars."""
    tape = reel(1, minutes=2)
    bus = Rule("bus", "loitering", YARD, frozenset({"bus"}), dwell_s=5.0)
    bicycle = Rule("bicycle", "loitering", YARD, frozenset({"bicycle"}), dwell_s=5.0)
    assert relevant(bus, tape, objects(tape)).any()
    assert not relevant(bicycle, tape, objects(tape)).any()
