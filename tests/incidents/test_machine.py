"""Every state × every transition."""

from __future__ import annotations

from typing import get_args

import pytest

from pole_agent.incidents.machine import TABLE, State, Transition, after

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
@pytest.mark.parametrize("transition", get_args(Transition))
def test_every_pair(state: State, transition: Transition) -> None:
    if (state, transition) in EXPECTED:
        assert after(state, transition) == EXPECTED[state, transition]
    else:
        with pytest.raises(ValueError, match="cannot be"):
            after(state, transition)


def test_from_every_state_there_is_a_way_to_closed() -> None:
    reached = {"closed"}
    for _ in TABLE:
        reached |= {s for s, ways in TABLE.items() if reached & set(ways.values())}
    assert reached == set(TABLE)
