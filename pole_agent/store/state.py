"""Small state by key, drone requests, and the commands that were done."""

from __future__ import annotations

from pole_agent.store.rows import Table

KEEP_COMMANDS = 1000
KEEP_CLOSED_REQUESTS = 500


class State(Table):
    """The tables meta, requests and commands."""

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
