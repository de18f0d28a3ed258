"""Whatever a detector says, tracker, riders, zones and judge go on:

NaN, infinite, empty, outside, and 100 000 boxes.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pole_agent.incidents.facts import Closed, Opened
from pole_agent.incidents.judge import Judge
from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.tracking.riders import Riders
from pole_agent.tracking.tracker import Tracker
from pole_agent.vision.appearance import with_appearance
from pole_agent.vocabulary import CLASSES, Box, Detection

IMAGE = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
ZONE = Zone("left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)), 0.2, 1.0)
LINE = Line("gate", (0.5, 0.0), (0.5, 1.0))
ALL = frozenset(CLASSES)
RULES = [
    Rule(
        kind, kind, LINE if kind in ("crossing", "wrong_way") else ZONE, ALL, dwell_s=0.4, direction="forward"
    )
    for kind in ("presence", "loitering", "crowd", "crossing", "wrong_way", "stopped")
]
ACTIVE = frozenset(r.name for r in RULES)

anything = st.floats(allow_nan=True, allow_infinity=True)
label = st.sampled_from(CLASSES)
hostile = st.builds(Detection, st.builds(Box, anything, anything, anything, anything), anything, label)
near = st.floats(-0.5, 1.5)
plausible = st.builds(
    lambda x, y, w, h, score, what: Detection(Box(x, y, x + w, y + h), score, what),
    near,
    near,
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    label,
)


class Rooms:
    """Detections in, facts out: the pure part of the pipeline."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.tracker, self.riders = Tracker(), Riders()
        self.judge = Judge("street", RULES, [ZONE], [LINE], lambda: f"i{next(numbers)}", 0.0)
        self.now = 0.0
        self.opened: list[str] = []
        self.closed: list[str] = []

    def step(self, found: list[Detection]) -> None:
        self.now = round(self.now + 0.2, 6)
        described = with_appearance(IMAGE, found, lambda boxes: [True] * len(boxes))
        tracks = self.riders.join(self.tracker.update(described, self.now), self.now)
        assert all(np.isfinite([t.box.left, t.box.top, t.box.right, t.box.bottom]).all() for t in tracks)
        for fact in self.judge.step(tracks, ACTIVE, self.now, self.tracker.tentative):
            if isinstance(fact, Opened):
                self.opened.append(fact.incident.incident_id)
            if isinstance(fact, Closed):
                self.closed.append(fact.incident.incident_id)
                assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in fact.incident.path)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.one_of(hostile, plausible), max_size=8), max_size=15))
def test_no_detection_does_harm(frames: list[list[Detection]]) -> None:
    """No detection does harm and every incident ends."""
    rooms = Rooms()
    for found in frames:
        rooms.step(found)
    for _ in range(400):
        rooms.step([])
    assert sorted(rooms.opened) == sorted(rooms.closed)


@pytest.mark.parametrize("label", ["person", "car", "motorcycle"])
def test_a_hundred_thousand_boxes_a_frame_do_no_harm(label: str) -> None:
    """Two hundred of them are followed, the best; of equals the first; and each of these is counted where it
    stands.
    """
    random = np.random.default_rng(5)
    corners = random.uniform(0, 0.9, (100_000, 2))
    flood = [Detection(Box(x, y, x + 0.05, y + 0.1), 0.9, label) for x, y in corners.tolist()]
    rooms = Rooms()
    for _ in range(3):
        rooms.step(flood)
    feet = [(x + 0.025, y + 0.1) for x, y in corners[:200].tolist()]
    assert rooms.judge.counts == {"left": {label: sum(x <= 0.5 for x, _ in feet)}}
    assert len(rooms.tracker.remembered) == 200
