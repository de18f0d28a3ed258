"""One rule over the looks that are kept: when what it told has ended, before somebody else comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pole_agent.incidents.rules import Rule, Zone
from pole_agent.rehearsal.replay import Alarm, Given, Outcome, Replay
from pole_agent.vocabulary import Box, Severity, Track, members

ROAD = Zone("road", ((0.0, 0.2), (1.0, 0.2), (1.0, 1.0), (0.0, 1.0)))
NIGHT = Rule("night", "presence", ROAD, members(["person"]))
FRAME_S = 0.2


def look(at: float, *numbers: int, gone: tuple[int, ...] = ()) -> Given:
    box = Box(0.4, 0.4, 0.5, 0.6)
    tracks = [Track(n, "person", box, 0.8, at - FRAME_S, at, True) for n in numbers]
    return Given(at, 1e9 + at, True, 16 / 9, False, 0.0, at == 0, tracks, (), gone)


@pytest.mark.parametrize(("away", "incidents"), [(1.0, 1), (1.8, 1), (2.2, 2), (2.4, 2), (60.0, 2)])
def test_what_nobody_holds_for_two_seconds_has_ended(away: float, incidents: int) -> None:
    """As on the pole, also where a look at nobody lies in between: somebody else is another incident."""

    def looks() -> Iterator[Given]:
        for n in range(11):
            yield look(n * FRAME_S, 1)
        yield look(2.2, gone=(1,))
        for n in range(6):
            yield look(2.0 + away + n * FRAME_S, 2)

    replay = Replay("street", NIGHT, lambda wall: True)
    replay.play(looks())
    replay.stop()
    assert len(replay.outcome.alarms) == incidents


@pytest.mark.parametrize("border", [5_000.0, 9_000.0, 20_000.0])
def test_a_limit_counts_over_both_halves(border: float) -> None:
    """Which alarms are told depends on all of those before, so the limit counts over both halves."""
    rule = replace(NIGHT, severity=Severity.ALARM, max_alarms_per_h=2, drone=True)
    times = [700.0 * n for n in range(40)]
    early = Outcome([Alarm(at=at, label="person", direction="") for at in times if at < border])
    early.join(Outcome([Alarm(at=at, label="person", direction="") for at in times if at >= border]))
    early.limit(rule, 3_000.0)
    told = [alarm.at for alarm in early.alarms if not alarm.muted]
    assert told[:5] == [4_200.0, 4_900.0, 8_400.0, 9_100.0, 12_600.0]  # after 0 and 700, before `since`
    assert [alarm.at for alarm in early.alarms] == times[5:]
    assert all(alarm.drone is not alarm.muted for alarm in early.alarms)


def test_what_is_no_alarm_has_no_limit() -> None:
    outcome = Outcome([Alarm(at=float(n), label="person", direction="") for n in range(40)])
    outcome.limit(replace(NIGHT, severity=Severity.WARNING, max_alarms_per_h=2), 0.0)
    assert not any(alarm.muted or alarm.drone for alarm in outcome.alarms)
