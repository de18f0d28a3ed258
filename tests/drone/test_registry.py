"""The registry of drone requests: what is remembered, how long a request lives, what a call-back says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pole_agent.drone.effects import CallBack, Forget
from pole_agent.drone.registry import Registry
from pole_agent.drone.state import DroneState
from tests.drone.deciding import AT_NOON
from tests.loops.dispatching import BASE
from tests.loops.test_carried_over import FULL


def test_what_is_forgotten_of_what_is_closed() -> None:
    """All but the newest hundred, and the newest hundred of the suppressed; what is open, called back or a
    patrol of today stays.
    """
    state, since = DroneState(), AT_NOON.now
    registry = Registry(state, BASE)
    one = replace(FULL, origin="incident", call_back=False, ordered=False, boot_id="boot-1", created_at=since)
    others = {
        "open": replace(one, state="blocked"),
        "called back": replace(one, call_back=True),
        "patrol": replace(one, origin="patrol", created_at=since - 7 * 3600 + 1),
        "patrol of before": replace(one, origin="patrol", created_at=since - 7 * 3600),
    }
    every = (
        others
        | {f"d-{n}": replace(one, state="denied") for n in range(99)}
        | {f"s-{n}": replace(one, state="suppressed") for n in range(101)}
    )
    every |= {"d-99": replace(one, state="ok")}
    tables: list[dict[str, Any]] = [state.requests, state.heard_at, state.deadlines, state.unsaved]
    for name, request in every.items():
        for table, value in zip(tables, (replace(request, request_id=name), since, since, None), strict=True):
            table[name] = value
    effects = registry.prune(AT_NOON)
    gone = {"patrol of before", "s-0"}
    for table in tables:
        assert set(every) - set(table) == gone
    assert {effect.request_id for effect in effects if isinstance(effect, Forget)} == gone
    assert registry.prune(AT_NOON) == []
    assert set(every) - set(state.requests) == gone


def test_the_life_of_a_request_never_grows() -> None:
    """After a reboot, whatever the clock says: never more than it had or said before, and none by a clock
    that was ahead.
    """
    registry, wall = Registry(DroneState(), BASE), AT_NOON.wall

    def remaining(request: Any, off_s: float = 0.0) -> float | None:
        set_to = replace(AT_NOON, wall=wall + off_s, latest_wall=AT_NOON.latest_wall + off_s)
        return registry.remaining(request, set_to)

    old = replace(
        FULL,
        state="pending_approval",
        boot_id="other",
        created_at=50.0,
        expires_at=650.0,
        changed=0.0,
        timed=True,
    )
    assert remaining(replace(old, created=wall - 100, expires=wall + 500)) == pytest.approx(500.0)
    assert remaining(replace(old, request_id="b", created=wall + 50, expires=wall + 650)) == pytest.approx(
        600.0
    )
    assert remaining(replace(old, request_id="c", created=wall + 119, expires=wall + 719)) == pytest.approx(
        600.0
    )
    assert remaining(replace(old, request_id="d", created=wall + 121, expires=wall + 721)) == 0.0
    ahead = replace(old, request_id="e", created=wall, expires=wall + 600, changed=wall + 121)
    assert remaining(ahead) == 0.0
    assert remaining(replace(old, request_id="f", created=wall, expires=wall + 600, timed=False)) == 0.0
    known = replace(old, created=wall - 100, expires=wall + 500)
    assert remaining(known, -60) == pytest.approx(500.0)
    assert remaining(known, 60) == pytest.approx(440.0)
    assert remaining(known) == pytest.approx(440.0)
    own = replace(old, request_id="g", boot_id="boot-1", created=0.0, expires=0.0, expires_at=AT_NOON.now + 7)
    assert remaining(own) == pytest.approx(7.0), "in its own boot the wall clock says nothing"
    untrusted = replace(AT_NOON, trusted=False)
    assert registry.remaining(known, untrusted) is None, "of another boot, without a clock"
    assert registry.remaining(replace(known, timed=False), untrusted) == 0.0


def test_how_long_ago_something_was() -> None:
    """By the monotonic clock in the boot in which it was, by the wall in any other."""
    wall, now, since = AT_NOON.wall, AT_NOON.now, AT_NOON.since
    assert since("boot-1", wall - 1000, now - 7) == pytest.approx(7)
    assert since("boot-0", wall - 1000, now - 7) == pytest.approx(1000)
    assert since("", wall + 5, now) == pytest.approx(-5)


def test_a_call_back_says_all() -> None:
    """Which flight, of which pole, by whom, why and when."""
    registry = Registry(DroneState(), BASE)
    said = {
        "request_id": "r-full",
        "pole": BASE,
        "by": "Dewi",
        "reason": "because",
        "at": "2026-11-24T05:00:00.000Z",
    }
    assert registry.call_back(FULL, AT_NOON) == [CallBack(request_id="r-full", data=said)]
    (by_another,) = registry.call_back(FULL, AT_NOON, by="Budi")
    assert by_another == CallBack(request_id="r-full", data=said | {"by": "Budi"})
