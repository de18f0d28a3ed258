"""What the board shows: read from the database, made once for all who look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from city import desk, shown
from city import store as tables
from city.desk import Case
from city.presence import Ear, Word, ear_of, last_sign, presence
from city.reading import rfc3339, wall_of
from city.store import Database

OVERLAP_S = 10.0  # what a transaction may take between its time and its commit
OPEN, CLOSED, DONE = 200, 50, 20  # rows at most
ENERGY_S, BOOKS_S, ALL_S = 15.0, 5.0, 60.0  # so often these are read again
DAY_S = 86_400.0
BLIND_S = 30.0


class View:
    """A copy of what is now, brought up to date by `refresh`. Times are wall seconds."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.words: dict[str, dict[str, Word]] = {}  # by source and path
        self.cases: dict[str, Case] = {}
        self.ear = Ear()
        self.ticked = float("-inf")  # when the desk last looked
        self._states_until = self._read_all = self._read_energy = self._read_books = 0.0
        self._energy: dict[str, Mapping[str, Any]] = {}
        self._stores: list[dict[str, Any]] = []
        self._tables: dict[str, list[dict[str, Any]]] = {}

    async def refresh(self, now: float) -> None:
        """Raises StoreError."""
        whole = now - self._read_all >= ALL_S
        rows = await self._db.fetch("SELECT value FROM facts WHERE name = 'writer'")
        self.ear = ear_of(json.loads(rows[0]["value"])) if rows else Ear()
        await self._refresh_states(0.0 if whole else self._states_until - OVERLAP_S, now)
        if now - self._read_books >= BOOKS_S:
            self._read_books = now
            self._stores = [
                {"source": source, "store": name, "last": book.last, "missing": book.missing,
                 "gaps": book.gaps()[:5], "ended": book.ended}
                for (source, name), book in sorted((await tables.known_books(self._db)).items())
            ]  # fmt: skip
        if now - self._read_energy >= ENERGY_S:
            self._read_energy = now
            await self._refresh_energy(now)
        await self._refresh_tables(now)

    async def _refresh_states(self, since: float, now: float) -> None:
        """All of them now and then: where the database failed, the writer stores old words late."""
        rows = await self._db.fetch("SELECT * FROM states WHERE came >= $1", rfc3339(max(0.0, since)))
        self._read_all = now if since <= 0.0 else self._read_all
        for row in rows:
            word = Word(
                path=row["path"], came=wall_of(row["came"]), retained=bool(row["retained"]),
                document=json.loads(row["document"]),
            )  # fmt: skip
            self.words.setdefault(row["source"], {})[word.path] = word
        self._states_until = now

    async def _refresh_energy(self, now: float) -> None:
        rows = await self._db.fetch(
            "SELECT source, data FROM events WHERE kind = 'lamp.summarized' AND time > $1 ORDER BY time",
            rfc3339(now - 2 * DAY_S),
        )
        self._energy = {row["source"]: json.loads(row["data"]) for row in rows}

    async def _refresh_tables(self, now: float) -> None:
        fetch = self._db.fetch
        recent = rfc3339(now - DAY_S)
        self._tables = {
            "open": [
                _incident(row)
                for row in await fetch(
                    "SELECT * FROM incidents WHERE closed_at IS NULL AND came > $1 ORDER BY came DESC LIMIT"
                    f" {OPEN}",
                    rfc3339(now - 7 * DAY_S),
                )
            ],
            "closed": [
                _incident(row)
                for row in await fetch(
                    "SELECT * FROM incidents WHERE closed_at IS NOT NULL AND came > $1 ORDER BY came DESC"
                    f" LIMIT {CLOSED}",
                    recent,
                )
            ],
            "requests": [
                shown.request(row["source"], row["state"], json.loads(row["document"]))
                for row in await fetch(
                    "SELECT * FROM requests WHERE came > $1 ORDER BY came DESC LIMIT 50", recent
                )
            ],
            "aside": [
                {k: row[k] for k in ("came", "topic", "reason")}
                for row in await fetch("SELECT * FROM aside ORDER BY came DESC LIMIT 5")
            ],
        }

    async def load_cases(self, now: float) -> None:
        """Those that wait, and what was done in the last day. Raises StoreError."""
        rows = await self._db.fetch(
            "SELECT document FROM cases WHERE done = 0 OR opened_at > $1", rfc3339(now - DAY_S)
        )
        self.cases = {case.id: case for row in rows if (case := desk.load(json.loads(row["document"])))}

    def presence(self, now: float) -> dict[str, str]:
        """By source."""
        return {source: presence(words, self.ear, now) for source, words in self.words.items()}

    def document(self, now: float) -> dict[str, Any]:
        waiting = sorted((c for c in self.cases.values() if not c.done_by), key=lambda c: -c.opened_at)
        done = sorted((c for c in self.cases.values() if c.done_by), key=lambda c: -(c.done_at or 0.0))
        ear = self.ear
        return {
            "writer": {
                "hears": ear.hears(now) and now - self.ticked < BLIND_S,
                "at": rfc3339(ear.at),
                "why": ear.why,
            },
            "poles": [self._pole(source, state) for source, state in sorted(self.presence(now).items())],
            "stores": self._stores,
            "cases": [_case(case) for case in waiting],
            "done": [_case(case) for case in done[:DONE]],
            **self._tables,
        }

    def _pole(self, source: str, state: str) -> dict[str, Any]:
        words = {path: word.document for path, word in self.words[source].items()}
        sign = last_sign(self.words[source].values())
        heard = {"presence": state, "heard": None if sign is None else rfc3339(sign)}
        return shown.pole(source, words, self._energy.get(source, {})) | heard


def _incident(row: Mapping[str, Any]) -> dict[str, Any]:
    names = "source", "incident_id", "rule", "kind", "camera", "place", "class", "severity"
    times = "opened_at", "closed_at", "duration_s"
    return {name: row[name] for name in (*names, *times)} | {"simulation": bool(row["simulation"])}


def _case(case: Case) -> dict[str, Any]:
    told = desk.dump(case) | {
        "calls": case.calls,
        "size": len(case.members),
        "members": list(case.members[-20:]),
    }
    for name in ("opened_at", "last_at", "acknowledged_at", "ended_at", "done_at"):
        told[name] = None if told[name] is None else rfc3339(told[name])
    told["notes"] = [[by, rfc3339(at), text] for by, at, text in case.notes]
    return told
