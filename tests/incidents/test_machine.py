"""Every state × every happening."""

from __future__ import annotations

from typing import get_args

import pytest

from pole_agent.incidents.machine import TABLE, Happening, State, after

EXPECTED = {
    ("forming", "met"): "forming",
    ("forming", "matured"): "open",
    ("forming", "lost"): "closed",
    ("forming", "ended"): "closed",
    ("open", "met"): "open",
    ("open", "lost"): "closing",
    ("open", "ended"): "closed",
    ("closing", "met"): "open",
    ("closing", "lost"): "closing",
    ("closing", "expired"): "closed",
    ("closing", "ended"): "closed",
}


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("happening", get_args(Happening))
def test_every_pair(state: State, happening: Happening) -> None:
    if (state, happening) in EXPECTED:
        assert after(state, happening) == EXPECTED[state, happening]
    else:
        with pytest.raises(ValueError, match="cannot be"):
            after(state, happening)


def test_from_every_state_there_is_a_way_to_closed() -> None:
    reached = {"closed"}
    for _ in TABLE:
        reached |= {s for s, ways in TABLE.items() if reached & set(ways.values())}
    assert reached == set(TABLE)
