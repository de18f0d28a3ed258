"""Field failure 15: what a busy day writes to the card, as the kernel counts it, and sends over the link, as
the broker counts it.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pole_agent.bench.day import HOURS, OBJECTS, SPEED, Day, Eye, Street, Walker, day, walkers
from pole_agent.clock import ManualClock
from pole_agent.frame import Frame
from pole_agent.vision.region import back, cut
from pole_agent.vocabulary import Box
from tests.conftest import mosquitto_program

DAY_MB, OBJECT_BYTES = 50.0, 1500.0


# The store waits in real time between its commits: a machine that cannot keep up makes more of them an hour.
CALM = 180.0


def lived(hours: float, speed: float = SPEED) -> Day:
    program = mosquitto_program()
    if program is None:
        pytest.skip("needs Mosquitto: sudo apt install mosquitto")
    if os.statvfs("/var/tmp").f_bavail == 0 or not Path("/proc/self/io").exists():
        pytest.skip("needs a disk, and a kernel that counts what is written to it (/proc/self/io)")
    return day(program, hours, speed)


def test_the_drawn_day_is_the_day_that_it_says() -> None:
    people = walkers(1, OBJECTS, 24.0)
    assert len(people) == OBJECTS
    assert [p.begin for p in people] == sorted(p.begin for p in people)
    busiest = sum(7 * 3600 <= p.begin < 8 * 3600 for p in people)
    assert busiest == pytest.approx(OBJECTS * HOURS[7] / sum(HOURS), rel=0.15)
    assert {p.label for p in people} == {"person", "motorcycle", "car"}


async def test_the_drawn_eye_sees_what_it_is_shown() -> None:
    """Shown a part of the picture it answers for that part and not for what lies beside it."""
    people = [Walker(0.0, "car", 10.0, 0.9, True), Walker(0.0, "person", 10.0, 0.9, False)]
    street = Street(ManualClock(wall=0.0), people)
    street.there = [(walker, box) for walker in people if (box := walker.box(1.0))]
    picture = np.zeros((120, 160, 3), np.uint8)
    left = Box(0.0, 0.5, 0.5, 1.0)
    whole = await Eye(street).detect(Frame(picture, 1.0, 0))
    part = await Eye(street).detect(Frame(cut(picture, left), 1.0, 0, part=left))
    assert [d.label for d in whole] == ["car", "person"]
    assert [d.label for d in part] == ["car"]
    assert back(part, left)[0].box.left == pytest.approx(whole[0].box.left)


@pytest.mark.alone
def test_an_hour_of_the_night_stays_inside_its_share() -> None:
    """An hour of the night stays inside its share.

    One with the least to share the costs of being there: health, the ledger, what is now.
    """
    outcome = lived(1.0, CALM)
    assert outcome.objects > 75
    assert outcome.stored > outcome.objects * 0.9, "nearly every object made its event"
    assert 0 < outcome.written_mb <= DAY_MB / 24
    assert outcome.sent <= OBJECT_BYTES * OBJECTS / 24


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_whole_busy_day_stays_inside_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = lived(24.0)
    with capsys.disabled():
        print(f"\na busy day: {outcome}")
    assert outcome.objects == OBJECTS
    assert outcome.stored > OBJECTS * 0.9
    assert 0 < outcome.written_mb <= DAY_MB
    assert outcome.sent / OBJECTS <= OBJECT_BYTES
