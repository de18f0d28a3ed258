"""What this pole said before, as the broker has kept it (its retained ``status``), held against its store.
Pure.

A store that was restored or lost together with everything beside it looks whole. Only what the city has heard
knows better. But anyone with the broker, or a copy of this pole's card, can have written that status: so it
is evidence of an end, never of more loss than could be.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from pole_agent.languages import phrase

MAX_JSON_INT = 1 << 53  # of a number in JSON
MAX_BIRTHS = 1_000_000  # nobody connects more often than that between two looks at the status
SLACK, RATE_PER_S = 1000, 20.0  # so many events can have come since the newest that is stored …
MAX_EVENTS = 1_000_000  # … and no more where that time is unknown: a hundred busy days

BEHIND = phrase("status-ahead")
STRANGER = phrase("status-of-stranger")
ABSURD = phrase("status-absurd")
ANOTHER_BOOT = phrase("status-of-another-store")


@dataclass(frozen=True, slots=True)
class Known:
    """What the store says. `sequence`: its last number, `began`: that of when it was opened, before anything
    new.

    `birth` is that of this connection; `announced`: this store's status has come back from the broker before.
    `since_newest_s`: seconds since its newest event, None where no clock can tell.
    """

    storeid: str
    sequence: int
    began: int
    birth: int
    boot_id: str
    formers: tuple[str, ...]
    announced: bool
    since_newest_s: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What follows. `ends`: the cause for which a store has ended, empty: none has. `anew`: it is this one.

    `births`: the count that was reached; `alarm`: why the identity of this pole is in doubt.
    """

    ends: str = ""
    storeid: str | None = None
    anew: bool = False
    ranges: tuple[tuple[int, int], ...] = ()
    births: int = 0
    alarm: str = ""


def judge(payload: bytes, known: Known) -> Finding | None:
    """What a retained status of before this connection means; None when it is as it should be, or says
    nothing.
    """
    try:
        said = json.loads(payload)
        birth, boot_id, storeid, sequence = (
            said["birth"],
            said["boot_id"],
            said.get("storeid"),
            said.get("sequence", 0),
        )
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(boot_id, str):
        return None
    if not (_number(birth) and _number(sequence) and _name(storeid)) or birth > known.birth + MAX_BIRTHS:
        return Finding(alarm=ABSURD)
    ours = boot_id == known.boot_id
    if storeid == known.storeid:
        ahead = sequence - known.began
        if birth < known.birth and ahead <= 0:
            return None
        if birth == known.birth and ahead <= 0 and said.get("reason") == "lost":
            # The will of a connection that was let in, and killed before it was counted
            return Finding(births=birth)
        if ahead > _most(known):
            return Finding(alarm=ABSURD)
        ranges = ((known.began + 1, sequence),) if ours and ahead > 0 else ()
        return Finding("store_went_back", storeid, True, ranges, birth, BEHIND)
    if storeid in known.formers:
        return None
    # What came before is known, and it is not this
    if storeid is not None and (known.announced or known.formers):
        return Finding(alarm=STRANGER)
    if storeid is None and (known.announced or known.birth > 1):
        # Of an agent that did not name its store
        return Finding(births=birth) if birth >= known.birth else None
    if sequence > MAX_EVENTS:
        return Finding(alarm=ABSURD)
    ranges = ((1, sequence),) if ours and sequence else ()
    return Finding("store_missing", storeid, False, ranges, birth, "" if ours else ANOTHER_BOOT)


def last_words_of(payload: bytes, stores: Collection[str]) -> bool:
    """Is this retained status the last word of a pole with one of these stores, which is gone?"""
    try:
        said = json.loads(payload)
        return said["state"] == "offline" and said.get("storeid") in stores
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return False


def _most(known: Known) -> float:
    if known.since_newest_s is None:
        return MAX_EVENTS
    return min(MAX_EVENTS, SLACK + RATE_PER_S * max(0.0, known.since_newest_s))


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_JSON_INT


def _name(value: object) -> bool:
    return value is None or (
        isinstance(value, str) and 0 < len(value) <= 64 and value.isascii() and value.isalnum()
    )
