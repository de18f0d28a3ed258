"""One rule over the looks that are kept: when what it told has ended, before somebody else comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pole_agent.incidents.rules import Rule, Zone
from pole_agent.rehearsal.replay import Given, Replay
from pole_agent.vocabulary import Box, Track, members

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

    replay = Replay("street", NIGHT, [ROAD], [], lambda wall: True)
    replay.play(looks())
    replay.stop()
    assert len(replay.outcome.alarms) == incidents
