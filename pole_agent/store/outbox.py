"""Events on their way out: in order, each with a number, until the broker has taken them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pole_agent.store.incidents import WALK
from pole_agent.store.retention import DROPPED, GOES, QUALITIES, life_s
from pole_agent.store.rows import COLUMNS, INSERT, SOUND, Entry, Stored, as_json, ranges
from pole_agent.store.schema import PAGE_BYTES
from pole_agent.store.state import State
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

SEVERITIES = frozenset(map(int, Severity))
KEEP_DELIVERED_S = 72 * 3600.0
FULL_SHARE = 0.9  # of the cap; the rest is room for the work of dropping
DROP_BATCH = 200
# A megabyte, and a quarter of the file: below that shrinking only wears the card
MIN_PAGES, EMPTY_SHARE = 1_000_000 // PAGE_BYTES, 0.25


class Outbox(State):
    """The table outbox. Makes room when the file is nearly full, and tells what was dropped."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Store events in order; each gets the next sequence number.

        Makes room first when the file is nearly full.
        """
        self._make_room(entries)
        # What opens and closes within a batch need not be kept as open: most crossings, and half of the
        # writing of a busy street.
        brief = {e.event.opens for e in entries} & {e.event.closes for e in entries}
        for entry in entries:
            event = entry.event
            data = as_json(event.data)
            if event.opens and event.opens not in brief:
                self._db.execute(
                    "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?)",
                    (event.opens, int(event.severity), data, event.silent),
                )
            if event.closes and event.closes not in brief:
                self._db.execute("DELETE FROM incidents WHERE id = ?", (event.closes,))
            if not event.silent:
                self._insert(entry, data)

    def _insert(self, entry: Entry, data: str) -> None:
        event, stamp = entry.event, entry.stamp
        times = stamp.monotonic, stamp.boot_id, stamp.wall, stamp.quality
        self._db.execute(INSERT, (entry.event_id, event.kind, int(event.severity), data, *times))

    def waiting(self, limit: int, skip: frozenset[int]) -> list[Stored]:
        """The next events to send: severity first, then age; those in `skip` are left out."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM outbox WHERE delivered IS NULL ORDER BY severity DESC, seq LIMIT ?",
            (limit + len(skip),),
        )
        return [s for s in map(Stored._make, rows) if s.seq not in skip][:limit]

    def following(
        self,
        position: tuple[int, int] | None,
        limit: int,
        text_sql: str,
        without: Collection[str] = (),
        **values: str,
    ) -> list[str]:
        """The next events on the way out after (severity, sequence), from the top with None: severity first,
        then age; none of the kinds in `without`.

        One query for each severity: each is a walk along the index, however long the backlog is. `text_sql`
        is what the message says, an SQL expression over a row and `values`. SQLite puts the text together,
        and hands all rows over as one: stepping through them, or writing them out in Python, would hold up
        the uplink that sends meanwhile, and cost a fifth of its rate. `Outbound.read` reads one row.
        """
        found: list[str] = []
        top, after = position or (int(max(Severity)), 0)
        kinds = json.dumps(list(without))
        others = "AND kind NOT IN (SELECT value FROM json_each(:without))" if without else ""
        for severity in range(top, -1, -1):
            (text,) = self._db.execute(
                "SELECT group_concat(seq || char(31) || severity || char(31) || kind || char(31) ||"
                f" {text_sql}, char(30)) FROM (SELECT {COLUMNS} FROM outbox WHERE delivered IS NULL AND"
                f" severity = :severity AND seq > :after {others} AND {SOUND} ORDER BY seq LIMIT :limit)",
                values
                | {
                    "severity": severity,
                    "after": after if severity == top else 0,
                    "limit": limit - len(found),
                    "without": kinds,
                },
            ).fetchone()
            if text:
                # No field holds these characters: JSON writes control characters as escapes, the words of a
                # sound row have none.
                found += text.split("\x1e")
            if len(found) >= limit:
                break
        return found

    def one_waiting(
        self, text_sql: str, seq: int | None = None, kind: str = "", *, newest: bool = False, **values: str
    ) -> str | None:
        """One event that waits, as `following` gives it: that number, or the oldest or newest of a kind.

        None: there is none.
        """
        rows = self._db.execute(
            f"SELECT seq || char(31) || severity || char(31) || kind || char(31) || {text_sql} FROM (SELECT"
            f" {COLUMNS} FROM outbox WHERE delivered IS NULL AND"
            f" {'kind = :kind' if seq is None else 'seq = :seq'} AND {SOUND} ORDER BY seq"
            f" {'DESC' if newest else 'ASC'} LIMIT 1)",
            values | {"kind": kind, "seq": seq},
        )
        return next((text for (text,) in rows), None)

    def mark_delivered(self, seqs: Sequence[int], wall: float, store_id: str = "") -> None:
        """The broker has acknowledged these. They stay for a resend, first to go when room is needed.

        `store_id`: where the numbers are from. After a damaged file was replaced they mean other events, and
        nothing is marked.
        """
        if store_id not in ("", self.store_id):
            return
        self._db.executemany(
            "UPDATE outbox SET delivered = ?, replayed = 0 WHERE seq BETWEEN ? AND ?",
            [(wall, *span) for span in ranges(seqs)],
        )

    def resend(self, first: int, last: int) -> int:
        """Send delivered events again, marked as replayed. Returns how many."""
        return self._db.execute(
            "UPDATE outbox SET delivered = NULL, replayed = 1 WHERE delivered IS NOT NULL AND seq BETWEEN ?"
            " AND ?",
            (first, last),
        ).rowcount

    def expire(self, wall: float, ttl_s: Mapping[str, float], stamp: Stamp) -> int:
        """Drop what waits longer than its type is kept, counted and told.

        Alarms wait for ever; so does what has no known time.
        """
        gone: list[int] = []
        for kind, severity in self._db.execute(
            "SELECT DISTINCT kind, severity FROM outbox WHERE delivered IS NULL"
        ).fetchall():
            for quality in QUALITIES if severity in SEVERITIES else ():
                if (life := life_s(kind, Severity(severity), quality, ttl_s)) is None:
                    continue
                rows = self._db.execute(
                    "SELECT seq FROM outbox WHERE delivered IS NULL AND kind = ? AND severity = ? AND quality"
                    " = ? AND wall < ?",
                    (kind, severity, quality, wall - life),
                )
                gone += [seq for (seq,) in rows]
        self._drop(gone, "expired", stamp)
        return len(gone)

    def purge_delivered(self, wall: float) -> int:
        """Forget events that were delivered longer ago than they are kept."""
        return self._db.execute("DELETE FROM outbox WHERE delivered < ?", (wall - KEEP_DELIVERED_S,)).rowcount

    def list_events(self, limit: int, after: int = 0) -> list[Stored]:
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [Stored._make(r) for r in rows]

    def latest(self, kinds: Sequence[str], since: float, limit: int) -> list[Stored]:
        """The newest events of these kinds, at most `limit`, of those the newest first; wall times from
        `since` on. Older ones than the last WALK events are not looked at.
        """
        marks = ", ".join("?" * len(kinds))
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM outbox WHERE seq > (SELECT max(seq) FROM outbox) - {WALK}"
            f" AND kind IN ({marks}) AND wall >= ? ORDER BY seq DESC LIMIT ?",
            (*kinds, since, limit),
        )
        return [Stored._make(r) for r in rows]

    def last_sequence(self) -> int:
        """The highest sequence number that was handed out."""
        rows = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
        return next((int(seq) for (seq,) in rows), 0)

    def stats(self) -> dict[str, Any]:
        """Counts and sizes, for people and for ``health``."""
        counts = self._db.execute("SELECT severity, count(*) FROM outbox WHERE delivered IS NULL GROUP BY 1")
        waiting = {Severity(s).word: n for s, n in counts if s in SEVERITIES}  # others: see drop_damaged
        (kept,) = self._db.execute("SELECT count(*) FROM outbox WHERE delivered IS NOT NULL").fetchone()
        return {
            "storeid": self.store_id,
            "waiting": waiting,
            "delivered_kept": kept,
            "last_sequence": self.last_sequence(),
            "dropped": self.number("dropped"),
            "used_mb": round(self._used_pages() * self._page_bytes / 1e6, 3),
            "max_mb": round(self._most_pages * self._page_bytes / 1e6, 1),
        }

    def _used_pages(self) -> int:
        (total,) = self._db.execute("PRAGMA page_count").fetchone()
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        return int(total - free)

    def _make_room(self, entries: Sequence[Entry]) -> None:
        """Drop when nearly full: delivered events first, then the oldest of the lowest severity, counted and
        told.
        """
        if not entries:
            return
        limit = int(self._most_pages * FULL_SHARE)
        dropped: list[int] = []
        while self._used_pages() > limit:
            gone = self._db.execute(
                "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE delivered IS NOT NULL ORDER BY"
                " seq LIMIT ?)",
                (DROP_BATCH,),
            ).rowcount
            if gone:
                continue
            # Reports of earlier drops are the last to go: a receiver needs them to prove completeness.
            victims = [
                seq
                for (seq,) in self._db.execute(
                    f"SELECT seq FROM outbox WHERE delivered IS NULL ORDER BY {GOES}, seq LIMIT ?",
                    (DROP_BATCH,),
                )
            ]
            if not victims:
                break
            self._db.executemany("DELETE FROM outbox WHERE seq = ?", [(s,) for s in victims])
            dropped += victims
        if dropped:
            self.report_dropped(ranges(dropped), len(dropped), "full", entries[0].stamp)

    def report_dropped(
        self, lost: list[list[int]], count: int | None, cause: str, stamp: Stamp, **more: Any
    ) -> None:
        """Tell of lost events, by an event of its own. `lost` names their ranges, empty when they never got a
        number.

        `count` None: nobody knows how many.
        """
        self.set("dropped", str(self.number("dropped") + (count or 0)))
        data: dict[str, Any] = {"ranges": lost, "count": count, "cause": cause, **more}
        event = RecordEvent(DROPPED, Severity.WARNING, data, stamp.monotonic)
        self._insert(Entry(self._new_id(), event, stamp), json.dumps(data, separators=(",", ":")))

    def drop_damaged(self, stamp: Stamp) -> int:
        """Drop what can never be sent, counted and told."""
        gone = [
            seq
            for (seq,) in self._db.execute(
                f"SELECT seq FROM outbox WHERE delivered IS NULL AND ({SOUND}) IS NOT TRUE"
            )
        ]
        self._drop(gone, "damaged", stamp)
        return len(gone)

    def _drop(self, seqs: list[int], cause: str, stamp: Stamp) -> None:
        if seqs:
            self._db.executemany("DELETE FROM outbox WHERE seq BETWEEN ? AND ?", ranges(seqs))
            self.report_dropped(ranges(seqs), len(seqs), cause, stamp)

    def give_back(self) -> int:
        """Shrink the file when a good part of it is empty; returns the pages given back.

        Outside a transaction.
        """
        (total,) = self._db.execute("PRAGMA page_count").fetchone()
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        if free < max(MIN_PAGES, total * EMPTY_SHARE):
            return 0
        # As a script: `execute` takes a single step of it, which gives one page back.
        self._db.executescript(f"PRAGMA incremental_vacuum({free})")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(free)
