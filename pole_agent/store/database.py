"""What is kept, in one SQLite file: events on their way out, open incidents, verdicts, drone requests,
commands seen, small state.

Synchronous; used by one thread. Every method works inside the transaction that `Database.transaction` opens,
so that a state change and its events are stored together or not at all.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pole_agent.store.continuity import Ended, Opened
from pole_agent.store.retention import DROPPED, GOES, QUALITIES, life_s
from pole_agent.store.salvage import Salvage
from pole_agent.store.schema import LATEST, PAGE_BYTES, connect, connect_to_read, new_store_id
from pole_agent.store.witness import Witness
from pole_agent.vocabulary import RecordEvent, Severity, Stamp, TimeQuality

SEVERITIES = frozenset(map(int, Severity))
KEEP_DELIVERED_S = 72 * 3600.0
KEEP_COMMANDS = 1000
KEEP_CLOSED_REQUESTS = 500
KEEP_LAMP_LOG = 5000  # about a megabyte
# The newest events that are looked through for an incident: a strange identifier must not hold up the store
WALK = 20_000
# Events that are asked for the latest time: a large store on a slow card must not be read through
NEWEST = 1000
KEEP_VERDICTS = 100  # of each rule: its rate is that of the last hundred that people judged
FULL_SHARE = 0.9  # of the cap; the rest is room for the work of dropping
DROP_BATCH = 200
# A megabyte, and a quarter of the file: below that shrinking only wears the card
MIN_PAGES, EMPTY_SHARE = 1_000_000 // PAGE_BYTES, 0.25
BIRTHS, EPOCH, FORMERS, ANNOUNCED = "births", "epoch", "formers", "announced"  # keys of small state
# … set when what was kept before is gone, or older than what was done; whoever has followed it up clears it
LOST = "lost"
KEEP_FORMERS = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A new event with its identifier and its moment on every clock."""

    event_id: str
    event: RecordEvent
    stamp: Stamp


class Stored(NamedTuple):
    """An event as it lies in the outbox: a row as it comes, because a backlog has a hundred thousand."""

    seq: int
    event_id: str
    kind: str
    level: int  # its severity
    data: str  # JSON
    monotonic: float
    boot_id: str
    wall: float
    quality: TimeQuality
    replayed: int
    delivered: float | None = None

    @property
    def severity(self) -> Severity:
        return Severity(self.level)

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.monotonic, self.boot_id, self.wall, self.quality)


class Outbound(NamedTuple):
    """An event on its way out: what is needed to send it and to mark it."""

    seq: int
    level: int  # its severity
    kind: str
    text: str

    @classmethod
    def read(cls, row: str) -> Outbound:
        """From a row as `Database.following` hands it out."""
        seq, level, kind, text = row.split("\x1f", 3)
        return cls(int(seq), int(level), kind, text)


# Bits that fell over in a text are seen by nobody else: what is no JSON any more is told as that, and blocks
# nothing.
DAMAGED = """'{"unreadable":"damaged on the disk"}'"""
COLUMNS = (
    f"seq, id, kind, severity, CASE WHEN json_valid(data) THEN data ELSE {DAMAGED} END AS data, "
    "monotonic, boot_id, wall, quality, replayed, delivered"
)

# The words of a row as this agent writes them. A row that has others was damaged on the disk: it is not sent,
# and told as dropped. The lengths differ where a word holds a NUL, which ends it for everything else.
WORDS = "(id || kind || boot_id)"
SOUND = (
    f"{WORDS} NOT GLOB '*[^0-9A-Za-z._-]*' AND length({WORDS}) = length(CAST({WORDS} AS BLOB)) "
    "AND quality IN ('synced', 'corrected', 'unsynced') AND severity BETWEEN 0 AND 2 "
    f"AND typeof(wall) IN ('real', 'integer') AND wall BETWEEN 0 AND {LATEST}"
)


def _text(data: Any) -> str:
    """The data of an event as JSON.

    What JSON cannot say must not stop everything behind it: it is stored as the fact that it was so.
    """
    try:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
        return text
    except (ValueError, TypeError, RecursionError) as error:
        return json.dumps({"unreadable": f"{type(error).__name__}: {error}"[:200]})


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """[1, 2, 3, 7] -> [[1, 3], [7, 7]]."""
    result: list[list[int]] = []
    for number in sorted(numbers):
        if result and number == result[-1][1] + 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result


class Database:
    """An open pole.db. Raises sqlite3.Error throughout; `store.py` translates."""

    def __init__(
        self, path: Path, max_mb: int, new_id: Callable[[], str], *, read_only: bool = False
    ) -> None:
        self.path, self._new_id = path, new_id
        self._db, self.made = (connect_to_read(str(path)), False) if read_only else connect(str(path), max_mb)
        self._page_bytes: int
        (self._page_bytes,) = self._db.execute("PRAGMA page_size").fetchone()
        self._most_pages = max_mb * 1_000_000 // self._page_bytes
        self.store_id: str
        (self.store_id,) = self._db.execute("SELECT value FROM meta WHERE key = 'storeid'").fetchone()

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- events and incidents

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
            data = _text(event.data)
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
        self._db.execute(
            "INSERT INTO outbox (id, kind, severity, data, monotonic, boot_id, wall, quality) VALUES (?, ?,"
            " ?, ?, ?, ?, ?, ?)",
            (
                entry.event_id,
                event.kind,
                int(event.severity),
                data,
                stamp.monotonic,
                stamp.boot_id,
                stamp.wall,
                stamp.quality,
            ),
        )

    def open_incidents(self) -> list[dict[str, Any]]:
        """The incidents that are open, oldest identifier first, with `severity` and `silent` added."""
        # Of a damaged row its identifier is left: it is closed as well.
        rows = self._db.execute(
            "SELECT id, severity, CASE WHEN json_valid(data) AND json_type(data) = 'object' THEN data ELSE"
            " '{}' END, silent FROM incidents WHERE severity BETWEEN 0 AND 2 ORDER BY id"
        ).fetchall()
        return [
            {"incident_id": name} | json.loads(data) | {"severity": Severity(s).word, "silent": bool(silent)}
            for name, s, data, silent in rows
        ]

    def rule_of(self, incident_id: str) -> str | None:
        """The rule of an incident that is open, was judged before, or lies among the newest events of the
        outbox.
        """
        known = '"incident_id":"' + incident_id + '"'
        for query, value in (
            (
                "SELECT json_extract(data, '$.rule') FROM incidents WHERE id = ? AND json_valid(data)",
                incident_id,
            ),
            ("SELECT rule FROM verdicts WHERE incident_id = ?", incident_id),
            (
                (
                    "SELECT json_extract(data, '$.rule') FROM outbox WHERE seq > (SELECT max(seq) FROM"
                    f" outbox) - {WALK} AND kind IN ('incident.closed', 'incident.opened') AND instr(data, ?)"
                    " AND json_valid(data) ORDER BY seq DESC LIMIT 1"
                ),
                known,
            ),
        ):
            for (rule,) in self._db.execute(query, (value,)):
                if rule is not None:
                    return str(rule)
        return None

    def judge(self, incident_id: str, rule: str, *, false: bool, by: str, wall: float) -> None:
        """Keep what a person said of an incident; a later word replaces an earlier one."""
        self._db.execute(
            "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?)", (incident_id, rule, false, by, wall)
        )
        self._db.execute(
            "DELETE FROM verdicts WHERE rule = ? AND incident_id NOT IN "
            "(SELECT incident_id FROM verdicts WHERE rule = ? ORDER BY at DESC, incident_id DESC LIMIT ?)",
            (rule, rule, KEEP_VERDICTS),
        )

    def verdicts(self) -> dict[str, tuple[int, int]]:
        """By rule: how many of its judged incidents were true, and how many false."""
        rows = self._db.execute(
            "SELECT rule, count(*) - sum(false), sum(false) FROM verdicts GROUP BY rule ORDER BY rule"
        )
        return {str(rule): (int(true), int(false)) for rule, true, false in rows}

    # --- the way out

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

    def take_in(self, salvaged: Salvage) -> int:
        """Put in what was saved of a damaged store.

        Events get new numbers and keep their identifiers; returns how many.
        """
        self._db.executemany(
            "INSERT INTO outbox (id, kind, severity, data, monotonic, boot_id, wall, quality) VALUES (?, ?,"
            " ?, ?, ?, ?, ?, ?)",
            salvaged.events,
        )
        if salvaged.store_id:
            self._name_the_store(salvaged.store_id)
        for table, rows in salvaged.tables.items():
            marks = ", ".join("?" * len(rows[0])) if rows else ""
            for row in rows:
                with contextlib.suppress(sqlite3.IntegrityError, sqlite3.InterfaceError):
                    self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)
        return len(salvaged.events)

    def purge_delivered(self, wall: float) -> int:
        """Forget events that were delivered longer ago than they are kept."""
        return self._db.execute("DELETE FROM outbox WHERE delivered < ?", (wall - KEEP_DELIVERED_S,)).rowcount

    def correct_times(self, boot_id: str, wall_minus_monotonic: float) -> int:
        """The clock is trusted now: give this boot's events, and changes of the lamp, that were stored
        without it their true times.
        """
        self._db.execute(
            "UPDATE lamp_log SET wall = monotonic + ?, quality = 'corrected' WHERE quality = 'unsynced' AND"
            " boot_id = ?",
            (wall_minus_monotonic, boot_id),
        )
        return self._db.execute(
            "UPDATE outbox SET wall = monotonic + ?, quality = 'corrected' "
            "WHERE quality = 'unsynced' AND boot_id = ? AND delivered IS NULL",
            (wall_minus_monotonic, boot_id),
        ).rowcount

    def newest_time(self) -> float:
        """The latest wall time of a trusted clock among the newest events and changes of the lamp; 0 when
        there is none.
        """
        (event,) = self._db.execute(
            "SELECT max(wall) FROM outbox WHERE seq > (SELECT max(seq) FROM outbox) - ? AND quality IN"
            " ('synced', 'corrected') AND typeof(wall) IN ('real', 'integer') AND wall BETWEEN 0 AND"
            f" {LATEST}",
            (NEWEST,),
        ).fetchone()
        (lamp,) = self._db.execute(
            "SELECT max(wall) FROM lamp_log WHERE quality IN ('synced', 'corrected') AND wall BETWEEN 0 AND"
            f" {LATEST}"
        ).fetchone()
        return float(max(filter(None, (event, lamp)), default=0.0))

    def doubt_after(self, wall: float) -> int:
        """What was stored by a clock that was ahead of this wall time has no known time any more.

        Returns how many events.
        """
        self._db.execute(
            "UPDATE lamp_log SET quality = 'unsynced' WHERE wall > ? AND quality <> 'unsynced'", (wall,)
        )
        return self._db.execute(
            "UPDATE outbox SET quality = 'unsynced' WHERE wall > ? AND quality <> 'unsynced'", (wall,)
        ).rowcount

    def list_events(self, limit: int, after: int = 0) -> list[Stored]:
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [Stored._make(r) for r in rows]

    def last_sequence(self) -> int:
        """The highest sequence number that was handed out."""
        rows = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
        return next((int(seq) for (seq,) in rows), 0)

    def newest_synced_wall(self) -> float | None:
        """The wall time of the newest event that was stored by a trusted clock; None when there is none."""
        rows = self._db.execute(
            f"SELECT wall FROM outbox WHERE quality = 'synced' AND {SOUND} ORDER BY seq DESC LIMIT 1"
        )
        return next((float(wall) for (wall,) in rows), None)

    def stats(self) -> dict[str, Any]:
        """Counts and sizes, for people and for ``health``."""
        counts = self._db.execute("SELECT severity, count(*) FROM outbox WHERE delivered IS NULL GROUP BY 1")
        waiting = {Severity(s).word: n for s, n in counts}
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

    # --- one store after another

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
        )

    def log_mark(self) -> bytes:
        """Changes whenever the write-ahead log begins anew, after its pages went to their place.

        Empty while there is none.
        """
        try:
            with self.path.with_name(f"{self.path.name}-wal").open("rb") as log:
                return log.read(24)[16:]  # the salts of its header
        except OSError:
            return b""

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
        if end.cause != "two_poles_one_identity":  # then the file itself is whole
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

    def _name_the_store(self, store_id: str) -> None:
        """Reports of drops that wait speak of the numbers of the store that they were made in."""
        self._db.execute(
            "UPDATE outbox SET data = json_set(data, '$.storeid', ?) "
            "WHERE kind = ? AND CASE WHEN json_valid(data) THEN json_type(data, '$.storeid') IS NULL END",
            (store_id, DROPPED),
        )

    # --- making room

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

    # --- drone requests, commands, small state

    def save_request(self, request_id: str, is_open: bool, wall: float, data: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?)", (request_id, is_open, wall, data)
        )
        self._db.execute(
            "DELETE FROM requests WHERE NOT open AND id NOT IN (SELECT id FROM requests WHERE NOT open ORDER"
            " BY updated DESC LIMIT ?)",
            (KEEP_CLOSED_REQUESTS,),
        )

    def load_requests(self) -> list[str]:
        return [data for (data,) in self._db.execute("SELECT data FROM requests ORDER BY updated, id")]

    def log_lamp(self, stamp: Stamp, reasons: str) -> None:
        """The lamp changed, and why. The oldest go when there are too many."""
        self._db.execute(
            "INSERT INTO lamp_log (wall, quality, data, boot_id, monotonic) VALUES (?, ?, ?, ?, ?)",
            (stamp.wall, stamp.quality, reasons, stamp.boot_id, stamp.monotonic),
        )
        self._db.execute(
            "DELETE FROM lamp_log WHERE number <= (SELECT max(number) FROM lamp_log) - ?", (KEEP_LAMP_LOG,)
        )

    def lamp_log(self, wall: float) -> list[tuple[float, str, str] | None]:
        """(wall, time quality, reasons) of the last change up to a wall time, and of the next after it; None
        where there is none.
        """
        row = "SELECT wall, quality, data FROM lamp_log WHERE wall"
        return [
            self._db.execute(f"{row} <= ? ORDER BY wall DESC, number DESC LIMIT 1", (wall,)).fetchone(),
            self._db.execute(f"{row} > ? ORDER BY wall, number LIMIT 1", (wall,)).fetchone(),
        ]

    def told_about(self, incident_id: str) -> dict[str, Any]:
        """What is kept of an incident: its events among the newest, the incident itself while it is open, and
        the verdict.
        """
        named = '"incident_id":"' + incident_id
        events = self._db.execute(
            "SELECT kind, severity, wall, quality, data FROM outbox WHERE seq > (SELECT max(seq) FROM outbox)"
            " - ? AND kind IN ('incident.closed', 'incident.opened') AND instr(data, ?) AND json_valid(data)"
            " ORDER BY seq",
            (WALK, named),
        ).fetchall()
        still_open = [
            i for i in self.open_incidents() if str(i.get("incident_id", "")).startswith(incident_id)
        ]
        said = self._db.execute(
            "SELECT false, by FROM verdicts WHERE incident_id LIKE ? || '%'", (incident_id,)
        ).fetchone()
        return {
            "events": [
                {"kind": k, "severity": Severity(s).word, "wall": w, "quality": q, "data": json.loads(d)}
                for k, s, w, q, d in events
            ],
            "open": still_open,
            "verdict": None if said is None else {"verdict": "false" if said[0] else "true", "by": said[1]},
        }

    def knows_command(self, name: str) -> bool:
        """Was this command done before?"""
        return self._db.execute("SELECT 1 FROM commands WHERE id = ?", (name,)).fetchone() is not None

    def remember_command(self, name: str, wall: float) -> None:
        """It was done; the oldest are forgotten when there are too many."""
        self._db.execute("INSERT OR IGNORE INTO commands VALUES (?, ?)", (name, wall))
        self._db.execute(
            "DELETE FROM commands WHERE id IN (SELECT id FROM commands ORDER BY seen DESC LIMIT -1 OFFSET ?)",
            (KEEP_COMMANDS,),
        )

    def get(self, key: str) -> str | None:
        rows = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,))
        return next((str(value) for (value,) in rows), None)

    def number(self, key: str) -> int:
        """A count that is kept; 0 when there is none, or when what is there is none any more (a damaged
        file).
        """
        try:
            return int(self.get(key) or 0)
        except ValueError:
            return 0

    def set(self, key: str, value: str | None) -> None:
        if value is None:
            self._db.execute("DELETE FROM meta WHERE key = ?", (key,))
        else:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
