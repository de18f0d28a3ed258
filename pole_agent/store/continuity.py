"""Does the database go on where it stood? Compared with its witness when it is opened. Pure.

A store that cannot be shown to go on has ended: numbers of it may have been given to events that it does not
know. What is left of it goes on under a new storeid, and one event tells of the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pole_agent.store.witness import Unreadable, Witness

Cause = Literal[
    "store_missing",
    "store_empty",
    "store_went_back",
    "store_replaced",
    "two_poles_one_identity",
    "board_replaced",
]
WHOLE = ("two_poles_one_identity", "board_replaced")  # the file itself has lost nothing
MAX_RANGES = 20  # an event stays small; fewer, wider ranges only name numbers that have come as well


@dataclass(frozen=True, slots=True)
class Opened:
    """The database as it was found.

    `made`: it had no tables, and is new now; `was_there`: there was a file in its place.
    """

    storeid: str
    epoch: int
    sequence: int
    formers: tuple[str, ...] = ()
    made: bool = False
    was_there: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """A store that does not go on. `storeid` None: nobody knows which. `count` of lost events, None: nobody
    knows how many.

    `exact`: `ranges` and `count` are all of it; else it is what is known, and more may be gone.
    """

    storeid: str | None
    cause: str
    ranges: tuple[tuple[int, int], ...] = ()
    count: int | None = None
    exact: bool = False

    def data(self, moved: list[list[int]]) -> dict[str, Any]:
        """What the event tells beside ranges, count and cause.

        `moved`: numbers of events that go on under other numbers.
        """
        told: dict[str, Any] = {"exact": self.exact}
        if self.storeid is not None:
            told["storeid"] = self.storeid
        if moved:
            told["moved"] = sum(last - first + 1 for first, last in moved)
        return told

    def named(self, moved: list[list[int]]) -> list[list[int]]:
        """The numbers that no receiver shall wait for under the old storeid any more."""
        named: list[list[int]] = []
        for first, last in sorted([*map(tuple, moved), *self.ranges]):
            if named and first <= named[-1][1] + 1:
                named[-1][1] = max(named[-1][1], last)
            else:
                named.append([first, last])
        return named if len(named) <= MAX_RANGES else [[named[0][0], named[-1][1]]]


def ended(witness: Witness | Unreadable | None, opened: Opened) -> Ended | None:
    """The store that has ended, None when everything goes on (or begins) as it should."""
    if opened.made:
        cause = "store_empty" if opened.was_there else "store_missing"
        if isinstance(witness, Witness):
            return _gone(witness, cause) if witness.storeid else None
        return Ended(None, cause) if opened.was_there or witness is not None else None
    if not isinstance(witness, Witness) or not witness.storeid or witness.storeid in opened.formers:
        # The witness is lost, or stems from before the last change: the database is all we have, and it is
        # whole
        return None
    if witness.storeid != opened.storeid:
        return _gone(witness, "store_replaced")
    # Within an epoch the numbers tell; an older epoch tells by itself.
    if (witness.epoch, witness.sequence) > (opened.epoch, opened.sequence):
        return _since(opened.sequence, witness)
    return None


def _gone(witness: Witness, cause: str) -> Ended:
    """Nothing is left of it: lost is what waited."""
    ranges = ((witness.oldest, witness.sequence),) if witness.waiting else ()
    return Ended(witness.storeid, cause, ranges, witness.waiting, witness.closed)


def _since(sequence: int, witness: Witness) -> Ended:
    """It stands as it stood when `sequence` was its last number: lost is what waited of those after it."""
    ahead = witness.sequence - sequence
    if ahead <= 0:
        return Ended(witness.storeid, "store_went_back", (), 0, witness.closed)
    exact = witness.closed and (witness.oldest > sequence or not witness.waiting)
    return Ended(
        witness.storeid,
        "store_went_back",
        ((sequence + 1, witness.sequence),),
        min(ahead, witness.waiting),
        exact,
    )


def damaged(
    witness: Witness | Unreadable | None, cause: str, store_id: str, sequence: int, saved: int
) -> Ended:
    """The end of a file that cannot be read.

    `store_id`, `sequence`: what could be read of it; `saved`: how many of its events could.
    """
    if isinstance(witness, Witness) and witness.storeid and store_id in ("", witness.storeid):
        return replace(_gone(witness, cause), count=max(0, witness.waiting - saved))
    return Ended(store_id or None, cause, ((1, sequence),) if store_id and sequence else ())
