"""What earlier runs left in the store becomes the state. What cannot be read keeps everything on the ground.
Pure.
"""

from __future__ import annotations

import json

from pole_agent.almanac import rfc3339
from pole_agent.drone.approval import LONGEST_S, UNREADABLE, StandingBook
from pole_agent.drone.effects import Effect, Log
from pole_agent.drone.facts import Facts, StoredRows
from pole_agent.drone.request import Request
from pole_agent.drone.state import DroneState
from pole_agent.drone.stored import (
    DOCK_STOP,
    LAST_ORDER,
    STANDING,
    STOP,
    LastOrder,
    dock_stop_of,
    last_order_of,
    stop_of,
)
from pole_agent.languages import phrase


def restore(state: DroneState, rows: StoredRows, facts: Facts) -> list[Effect]:
    """Read `rows` into `state`. What was said before they could be read stays."""
    effects = _requests(state, rows, facts)
    values = rows.values
    otherwise = LastOrder("", facts.wall, facts.now, facts.boot_id)
    state.last_order = last_order_of(values[LAST_ORDER], otherwise)
    state.stop = state.stop or stop_of(
        values[STOP], {"by": phrase("stop-unreadable"), "reason": "", "since": rfc3339(facts.wall)}
    )
    state.dock_stop = dock_stop_of(values[DOCK_STOP])
    effects += _standing(state, values[STANDING], facts)
    state.restored = True
    return effects


def _requests(state: DroneState, rows: StoredRows, facts: Facts) -> list[Effect]:
    effects: list[Effect] = []
    for text in rows.requests:
        try:
            request = Request.load(text)
        except UNREADABLE as error:
            ignored = f"a stored drone request cannot be read and is ignored: {error}"
            effects.append(Log(level="warning", text=ignored))
            continue
        state.requests.setdefault(request.request_id, request)
        state.heard_at[request.request_id] = facts.now
    return effects


def _standing(state: DroneState, text: str | None, facts: Facts) -> list[Effect]:
    try:
        state.standing = StandingBook.load(text)
    except UNREADABLE as error:
        state.standing = StandingBook(closed_until=facts.wall + LONGEST_S)
        state.unsaved_values[STANDING] = state.standing.dump()
        none = (
            "the standing approvals cannot be read: none holds, and no signed one is taken for a day:"
            f" {error}"
        )
        return [Log(level="error", text=none)]
    return []


def follow_loss(state: DroneState, store_id: str, lost: str | None, mark: str, facts: Facts) -> list[Effect]:
    """Another store is in use now. `lost`: how one before it ended. It may have held a stop of all flights.

    So all flights are stopped until a person resumes them. `mark`: the key of `lost`, cleared with that.
    """
    state.store_id = store_id
    if not lost:
        return []
    state.stop = state.stop or {
        "by": phrase("stop-may-be-lost"),
        "reason": phrase("store-has-ended", cause=lost),
        "since": rfc3339(facts.wall),
    }
    state.unsaved_values |= {STOP: json.dumps(state.stop), mark: ""}
    resume = "flights are stopped until a person resumes them: pole-agent drone resume"
    return [Log(level="warning", text=f"the store was lost ({lost}): {resume}")]
