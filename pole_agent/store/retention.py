"""What may leave the store before it was delivered: because it waits for too long, or because there is no
room. One table. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pole_agent.vocabulary import Severity, TimeQuality

DROPPED = "outbox.dropped"  # tells of a loss: a receiver needs it to prove completeness
QUALITIES: tuple[TimeQuality, ...] = ("synced", "corrected", "unsynced")


class Fate(NamedTuple):
    """What may become of an event that waits."""

    expires: bool  # it may be dropped once it waits for longer than its type is kept
    goes: int  # when room is needed, the lowest number goes first, and of one number the oldest


# (it tells of a loss, its severity, its time is known) -> what may become of it
TABLE: dict[tuple[bool, Severity, bool], Fate] = {
    (False, Severity.INFO, True): Fate(True, 0),
    (False, Severity.INFO, False): Fate(False, 0),
    (False, Severity.WARNING, True): Fate(True, 1),
    (False, Severity.WARNING, False): Fate(False, 1),
    (False, Severity.ALARM, True): Fate(False, 2),
    (False, Severity.ALARM, False): Fate(False, 2),
    (True, Severity.INFO, True): Fate(False, 3),
    (True, Severity.INFO, False): Fate(False, 3),
    (True, Severity.WARNING, True): Fate(False, 3),
    (True, Severity.WARNING, False): Fate(False, 3),
    (True, Severity.ALARM, True): Fate(False, 3),
    (True, Severity.ALARM, False): Fate(False, 3),
}


def fate(kind: str, severity: Severity, quality: TimeQuality) -> Fate:
    return TABLE[kind == DROPPED, severity, quality != "unsynced"]


def life_s(kind: str, severity: Severity, quality: TimeQuality, ttl_s: Mapping[str, float]) -> float | None:
    """How long it may wait; None: for ever. `ttl_s`: by type, or by the first word of it."""
    if not fate(kind, severity, quality).expires:
        return None
    return ttl_s.get(kind, ttl_s.get(kind.partition(".")[0]))


# The same order in SQL, over the rows of the outbox.
GOES = "CASE {} ELSE 0 END".format(
    " ".join(
        f"WHEN (kind = '{DROPPED}') = {int(loss)} AND severity = {int(severity)} AND (quality <> 'unsynced')"
        f" = {int(known)} THEN {goes}"
        for (loss, severity, known), (_, goes) in TABLE.items()
    )
)
