"""Two minutes of a made-up street through tracker, riders, judge and responder: what they tell, number by
number.

The tables beside the rooms hold each rule at its limits. This holds them together: whoever changes a constant
of the tracker or the judge sees here what the street makes of it, and renews the file when it is meant:
``python -m tests.replay.test_street``.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pole_agent.incidents.judge import Judge
from pole_agent.incidents.respond import Responder
from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.tracking.riders import Riders
from pole_agent.tracking.tracker import Tracker
from pole_agent.vocabulary import BoostLamp, Box, Detection, RecordEvent, Response, Severity, Track, members

GOLDEN = Path(__file__).with_name("street.json")
FRAME_S = 0.2
FRAMES = 700
ASPECT = 16 / 9
# An L
BAY = Zone("bay", ((0.05, 0.4), (0.75, 0.4), (0.75, 0.95), (0.55, 0.95), (0.55, 0.6), (0.05, 0.6)), 0.3, 1.0)
KERB = Zone("kerb", ((0.0, 0.7), (1.0, 0.7), (1.0, 1.0), (0.0, 1.0)))
GATE, BAR = Line("gate", (0.5, 0.0), (0.5, 1.0)), Line("bar", (0.2, 0.62), (0.9, 0.62))
ANYBODY = members(["person", "vehicle", "two_wheeler"])
PEOPLE = members(["person"])
ALARM, WARNING = Severity.ALARM, Severity.WARNING
RULES = [
    Rule("somebody", "presence", BAY, PEOPLE, lamp_level=1.0, lamp_hold_s=30.0),
    Rule("gathering", "crowd", BAY, PEOPLE, dwell_s=1.0, count=2, severity=WARNING, announce_open=True),
    Rule(
        "staying",
        "loitering",
        BAY,
        PEOPLE,
        dwell_s=6.0,
        severity=ALARM,
        announce_open=True,
        max_alarms_per_h=2,
        drone=True,
    ),
    Rule("parking", "stopped", KERB, members(["vehicle"]), dwell_s=10.0, severity=WARNING, notify=("112",)),
    Rule("passing", "crossing", GATE, ANYBODY),
    Rule(
        "against",
        "wrong_way",
        BAR,
        ANYBODY,
        direction="backward",
        severity=ALARM,
        announce_open=True,
        drone=True,
    ),
]
ACTIVE = frozenset(r.name for r in RULES)


Path3 = list[tuple[float, float, float]]


class Actor:
    """Somebody who goes from place to place: (time, x, foot) at each; the box is `width` by `height`."""

    def __init__(
        self, label: str, size: tuple[float, float], path: Path3, look: int, score: float = 0.75
    ) -> None:
        self.label, self.size, self.path, self.look, self.score = label, size, path, look, score

    def at(self, now: float) -> tuple[float, float] | None:
        if not self.path[0][0] <= now <= self.path[-1][0]:
            return None
        times, xs, feet = zip(*self.path, strict=True)
        return float(np.interp(now, times, xs)), float(np.interp(now, times, feet))


ACTORS = [
    Actor("person", (0.05, 0.2), [(1, 0.02, 0.55), (20, 0.6, 0.55), (40, 0.6, 0.58), (60, 1.02, 0.9)], 0),
    Actor("person", (0.04, 0.16), [(5, 0.98, 0.5), (25, 0.3, 0.5), (32, 0.3, 0.5), (50, 0.02, 0.5)], 1, 0.6),
    Actor("person", (0.05, 0.22), [(12, 0.3, 0.7), (45, 0.7, 0.58), (80, 0.2, 0.58), (100, 0.1, 0.98)], 2),
    Actor("person", (0.015, 0.06), [(3, 0.4, 0.45), (60, 0.5, 0.42), (130, 0.4, 0.45)], 3, 0.5),
    Actor("car", (0.2, 0.16), [(0, 0.2, 0.85), (90, 0.2, 0.85), (95, 0.8, 0.9), (97, 1.1, 0.9)], 4, 0.8),
    Actor("bus", (0.35, 0.3), [(33, 1.1, 0.95), (38, 0.2, 0.95), (42, -0.1, 0.95)], 5, 0.7),
    Actor("motorcycle", (0.07, 0.1), [(22, 0.02, 0.8), (24.4, 0.98, 0.8)], 6, 0.65),
    Actor(
        "motorcycle",
        (0.08, 0.12),
        [(50, 0.02, 0.7), (58, 0.7, 0.66), (72, 0.7, 0.66), (78, 0.02, 0.5)],
        7,
        0.7,
    ),
    Actor(
        "person",
        (0.05, 0.17),
        [(50, 0.02, 0.66), (58, 0.7, 0.62), (66, 0.7, 0.62), (74, 0.9, 0.7), (90, 0.9, 0.3)],
        8,
        0.7,
    ),
    Actor("bicycle", (0.06, 0.1), [(100, 0.95, 0.6), (112, 0.05, 0.7)], 9, 0.55),
]
WALL = (0.33, 0.45)  # between these the feet of whoever passes on the pavement are hidden


def look_of(number: int, rng: np.random.Generator) -> Any:
    base = np.zeros(128, np.float32)
    base[number], base[64 + number], base[40], base[104] = 0.9, 0.9, 0.3, 0.3
    noisy = np.abs(base + rng.normal(0, 0.05, 128).astype(np.float32) * (base > 0))
    halves = noisy.reshape(2, 64)
    return (halves / np.linalg.norm(halves, axis=1, keepdims=True)).reshape(128)


def seen(now: float, rng: np.random.Generator) -> list[Detection]:
    """What a detector tells of the street: boxes that tremble, some missed, some weak, some of another class,
    some of nobody.
    """
    found = []
    for actor in ACTORS:
        place = actor.at(now)
        tremble = rng.normal(0, 0.02, 4) * np.tile(actor.size, 2)
        chance, label = rng.uniform(), actor.label
        score = float(np.clip(actor.score + rng.normal(0, 0.08), 0.05, 0.99))
        if place is None or chance < 0.06 or (actor.label == "car" and 40 < now < 47):
            continue
        x, foot = place
        width, height = actor.size
        if chance < 0.2:
            score *= 0.55
        if label == "bus" and chance > 0.7:
            label = "truck" if chance > 0.85 else "car"
        bottom = foot - (0.4 * height if WALL[0] < x < WALL[1] and actor.label == "person" else 0)
        box = Box(*(np.array((x - width / 2, foot - height, x + width / 2, bottom)) + tremble).tolist())
        found.append(
            Detection(
                box,
                score,
                label,
                None if score < 0.3 else look_of(actor.look, rng),
                actor.label != "car" and chance > 0.3,
            )
        )
    if rng.uniform() < 0.15:
        x, y, h = rng.uniform(0, 1), rng.uniform(0.3, 1), rng.uniform(0.05, 0.3)
        nobody = (
            Box(x - h / 5, y - h, x + h / 5, y),
            float(rng.uniform(0.3, 0.7)),
            "person",
            look_of(int(rng.integers(10, 30)), rng),
        )
        found.append(Detection(*nobody))
    return found


def track_row(track: Track) -> list[Any]:
    return [
        track.track_id,
        track.label,
        *(round(side, 4) for side in track.box.sides),
        round(track.score, 4),
        round(track.last_seen, 4),
    ]


def played() -> Iterator[list[Any]]:
    """A row a frame: who is there, and what is told of it."""
    rng, numbers = np.random.default_rng(42), itertools.count(1)
    tracker, riders = Tracker(), Riders()
    judge = Judge("street", RULES, [BAY, KERB], [GATE, BAR], lambda: f"i{next(numbers)}", 0.0)
    responder = Responder("street")
    for index in range(FRAMES):
        now = round(index * FRAME_S, 6)
        found = seen(now, rng)
        if index % 23 == 22:  # nothing moved, the motion gate says
            tracks = tracker.advance(now)
        elif index % 17 == 16:  # a look at the right half only
            half = Box(0.45, 0.0, 1.0, 1.0)
            tracks = tracker.update([d for d in found if d.box.left >= 0.45], now, half)
        else:
            tracks = tracker.update(found, now)
        going, standing = tracker.places(now)
        joined = riders.join(tracks, now)
        known = riders.known_as(tracker.remembered)
        if 500 <= index < 505:  # nobody looked for a second
            judge.skip(now - FRAME_S, now)
            continue
        facts = judge.step(joined, ACTIVE, now, tracker.tentative, known, ASPECT)
        told = responder.respond(facts, now)
        ids = " ".join(f"{t.track_id}{'' if t.seen_now else 'h'}{len(t.earlier) or ''}" for t in joined)
        sight = (
            f"{len(tracker.tentative)} {len(going)} {len(standing)} {int(tracker.has_candidates)}"
            f" {int(tracker.settled(now))} {len(known)}"
        )
        counts = " ".join(
            f"{zone}:{label}:{n}"
            for zone, labels in judge.counts.items()
            for label, n in sorted(labels.items())
        )
        yield [
            f"{ids} | {sight} | {counts}",
            [track_row(t) for t in joined] if index % 12 == 0 else [],
            [row(r) for r in told],
        ]
    yield [
        "",
        [],
        [row(r) for r in responder.respond(judge.stop("ended", FRAMES * FRAME_S), FRAMES * FRAME_S)],
    ]


def row(response: Response) -> list[Any]:
    if isinstance(response, BoostLamp):
        return ["boost", response.source, response.level, round(response.until, 4), int(response.severity)]
    values = {f: getattr(response, f) for f in type(response).__slots__}
    if isinstance(response, RecordEvent):
        values["data"] = dict(response.data)
    return [type(response).__name__, json.loads(json.dumps(values))]


def same(now: Any, before: Any) -> bool:
    """Equal, but for the last digits that another CPU may round otherwise."""
    if isinstance(now, float):
        return math.isclose(now, before, abs_tol=2e-3)
    if isinstance(now, dict) and isinstance(before, dict):
        return now.keys() == before.keys() and all(same(now[k], before[k]) for k in now)
    if isinstance(now, list) and isinstance(before, list):
        return len(now) == len(before) and all(map(same, now, before))
    return bool(now == before)


def test_the_street_is_told_as_ever() -> None:
    """Who is there, where, and what is told of it are what the file says."""
    golden = json.loads(GOLDEN.read_text())
    for number, (now, before) in enumerate(itertools.zip_longest(played(), golden)):
        assert same(now, before), f"row {number}: {now} was {before}"


if __name__ == "__main__":
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in played()) + "\n]\n")
