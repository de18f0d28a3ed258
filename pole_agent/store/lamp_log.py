"""Why the lamp changed, for `pole-agent why lamp`."""

from __future__ import annotations

from pole_agent.store.rows import Table
from pole_agent.vocabulary import Stamp

KEEP_LAMP_LOG = 5000  # about a megabyte


class LampLog(Table):
    """The table lamp_log."""

    def log_lamp(self, stamp: Stamp, reasons: str) -> None:
        """The lamp changed, and why. The oldest go when there are too many."""
        self._db.execute(
            "INSERT INTO lamp_log (wall, quality, data, boot_id, monotonic) VALUES (?, ?, ?, ?, ?)",
            (stamp.wall, stamp.quality, reasons, stamp.boot_id, stamp.monotonic),
        )
        self._db.execute(
            "DELETE FROM lamp_log WHERE number <= (SELECT max(number) FROM lamp_log) - ?", (KEEP_LAMP_LOG,)
        )

    def lamp_changes(self, since: float, until: float, limit: int) -> list[tuple[float, str]]:
        """(wall, reasons) of the newest changes between two wall times, at most `limit`, in their order; and
        before them the last one up to `since`, which was in force then.
        """
        row = "SELECT wall, data, number FROM lamp_log WHERE wall"
        before = self._db.execute(f"{row} <= ? ORDER BY wall DESC, number DESC LIMIT 1", (since,)).fetchall()
        within = self._db.execute(
            f"{row} > ? AND wall <= ? ORDER BY wall DESC, number DESC LIMIT ?", (since, until, limit)
        ).fetchall()
        return [(wall, data) for wall, data, _ in [*before, *reversed(within)]]

    def lamp_log(self, wall: float) -> list[tuple[float, str, str] | None]:
        """(wall, time quality, reasons) of the last change up to a wall time, and of the next after it; None
        where there is none.
        """
        row = "SELECT wall, quality, data FROM lamp_log WHERE wall"
        return [
            self._db.execute(f"{row} <= ? ORDER BY wall DESC, number DESC LIMIT 1", (wall,)).fetchone(),
            self._db.execute(f"{row} > ? ORDER BY wall, number LIMIT 1", (wall,)).fetchone(),
        ]
