"""The times of what is stored: corrected once the clock is known, doubted when it was wrong."""

from __future__ import annotations

from pole_agent.store.rows import SOUND, Table
from pole_agent.store.schema import LATEST

# Events that are asked for the latest time: a large store on a slow card must not be read through
NEWEST = 1000


class Times(Table):
    """Wall times in the tables outbox and lamp_log."""

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

    def newest_synced_wall(self) -> float | None:
        """The wall time of the newest event that was stored by a trusted clock; None when there is none."""
        rows = self._db.execute(
            f"SELECT wall FROM outbox WHERE quality = 'synced' AND {SOUND} ORDER BY seq DESC LIMIT 1"
        )
        return next((float(wall) for (wall,) in rows), None)

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
