"""One store after another: which store this is, which were before it, and what the witness is to say."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from pole_agent.store.continuity import WHOLE, Ended, Opened
from pole_agent.store.outbox import Outbox
from pole_agent.store.retention import DROPPED
from pole_agent.store.rows import INSERT, ranges
from pole_agent.store.salvage import Salvage
from pole_agent.store.schema import new_store_id
from pole_agent.store.witness import MAX_UNTOLD, Untold, Witness
from pole_agent.vocabulary import Severity, Stamp

BIRTHS, EPOCH, FORMERS, ANNOUNCED = "births", "epoch", "formers", "announced"  # keys of small state
# Set when what was kept before is gone, or older than what was done. Whoever has followed it up clears it.
LOST = "lost"
SIGNED_OFF = "signed_off"  # on which board, and the hash of the record
KEEP_FORMERS = 20


class Succession(Outbox):
    """A store that was lost, restored or shared goes on under a new storeid."""

    def opened(self, was_there: bool) -> Opened:
        """How it was found, to be held against the witness."""
        return Opened(
            self.store_id, self.number(EPOCH), self.last_sequence(), self.formers(), self.made, was_there
        )

    def formers(self) -> tuple[str, ...]:
        """The stores before this one, the newest last."""
        try:
            return tuple(map(str, json.loads(self.get(FORMERS) or "[]")))
        except (ValueError, TypeError, RecursionError):
            return ()

    def move_epoch(self, least: int = 0) -> None:
        """The witness is written after this commit: from now on, a file from before it can be told."""
        self.set(EPOCH, str(max(self.number(EPOCH), least) + 1))

    def witness(self, closed: bool) -> Witness:
        """What the witness is to say of what is committed."""
        waiting, oldest = self._db.execute(
            "SELECT count(*), min(seq) FROM outbox WHERE delivered IS NULL"
        ).fetchone()
        return Witness(
            self.store_id,
            self.number(EPOCH),
            self.last_sequence(),
            waiting,
            oldest or 0,
            self.number(BIRTHS),
            closed,
            self.untold(),
        )

    def untold(self) -> tuple[Untold, ...]:
        """What the reports of lost events say that still wait, the newest last."""
        found: list[Untold] = []
        for (text,) in self._db.execute(
            "SELECT data FROM outbox WHERE delivered IS NULL AND severity = ? AND kind = ? ORDER BY seq",
            (int(Severity.WARNING), DROPPED),
        ):
            with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
                found.append(Untold.read(json.loads(text), self.store_id))
        return tuple(found[-MAX_UNTOLD:])

    def tell_again(self, untold: Iterable[Untold], stamp: Stamp) -> None:
        """Reports of lost events that were lost themselves, with the store that they waited in."""
        for lost in untold:
            self.succeed(lost.storeid)
            more = {"storeid": lost.storeid} if lost.storeid else {}
            listed = [list(span) for span in lost.ranges]
            self.report_dropped(listed, lost.count, lost.cause, stamp, exact=lost.exact, **more)

    def log_mark(self) -> bytes:
        """Changes whenever the write-ahead log begins anew, after its pages went to their place.

        Empty while there is none.
        """
        try:
            with self.path.with_name(f"{self.path.name}-wal").open("rb") as log:
                return log.read(24)[16:]  # the salts of its header
        except OSError:
            return b""

    def settle_log(self) -> None:
        """Bring all that is in the write-ahead log to its place: the file stands for itself then."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def begin_anew(self) -> list[list[int]]:
        """Go on under a new storeid. What waits gets new numbers and keeps its identifier; returns the ranges
        of the old numbers.

        What was delivered is forgotten: it belongs to the numbers of the old store.
        """
        self._db.execute("DELETE FROM outbox WHERE delivered IS NOT NULL")
        self._name_the_store(self.store_id)
        seqs = [seq for (seq,) in self._db.execute("SELECT seq FROM outbox ORDER BY seq")]
        # In order, each number moves down to one that is free.
        self._db.executemany(
            "UPDATE outbox SET seq = ? WHERE seq = ?",
            (pair for pair in enumerate(seqs, 1) if pair[0] != pair[1]),
        )
        self._db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'", (len(seqs),))
        self.succeed(self.store_id)
        self.store_id = new_store_id()
        self.set("storeid", self.store_id)
        self.set(ANNOUNCED, None)
        return ranges(seqs)

    def end(self, end: Ended, stamp: Stamp, *, anew: bool = True, **more: Any) -> None:
        """A store has ended: go on under a new storeid (`anew`, unless this one is new), and tell."""
        this, moved = self.store_id, self.begin_anew() if anew else []
        self.succeed(end.storeid)
        if end.cause not in WHOLE:
            self.set(LOST, end.cause)
        if moved and end.storeid not in (None, this):
            self.report_dropped(
                Ended(this, end.cause).named(moved),
                0,
                end.cause,
                stamp,
                **Ended(this, end.cause, exact=True).data(moved),
            )
            moved = []
        self.report_dropped(end.named(moved), end.count, end.cause, stamp, **end.data(moved), **more)
        self.move_epoch()

    def succeed(self, store_id: str | None) -> None:
        """This store follows that one."""
        if store_id and store_id not in self.formers():
            self.set(FORMERS, json.dumps([*self.formers(), store_id][-KEEP_FORMERS:]))

    def take_in(self, salvaged: Salvage) -> int:
        """Put in what was saved of a damaged store.

        Events get new numbers and keep their identifiers; returns how many.
        """
        self._db.executemany(INSERT, salvaged.events)
        if salvaged.store_id:
            self._name_the_store(salvaged.store_id)
        for table, rows in salvaged.tables.items():
            marks = ", ".join("?" * len(rows[0])) if rows else ""
            for row in rows:
                with contextlib.suppress(sqlite3.IntegrityError, sqlite3.InterfaceError):
                    self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)
        return len(salvaged.events)

    def _name_the_store(self, store_id: str) -> None:
        """Reports of drops that wait speak of the numbers of the store that they were made in."""
        self._db.execute(
            "UPDATE outbox SET data = json_set(data, '$.storeid', ?) "
            "WHERE kind = ? AND CASE WHEN json_valid(data) THEN json_type(data, '$.storeid') IS NULL END",
            (store_id, DROPPED),
        )
