"""Open incidents, and what people said of them."""

from __future__ import annotations

import json
from typing import Any

from pole_agent.store.rows import Table
from pole_agent.vocabulary import Severity

# The newest events that are looked through for an incident: a strange identifier must not hold up the store
WALK = 20_000
KEEP_VERDICTS = 100  # of each rule: its rate is that of the last hundred that people judged


class Incidents(Table):
    """The tables incidents and verdicts."""

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

    def false_since(self, wall: float) -> dict[str, int]:
        """By rule: how many incidents were called false since that wall time; none where it was none."""
        rows = self._db.execute(
            "SELECT rule, count(*) FROM verdicts WHERE false AND at >= ? GROUP BY rule", (wall,)
        )
        return {str(rule): int(count) for rule, count in rows}

    def told_about(self, incident_id: str) -> dict[str, Any]:
        """What is kept of an incident: its events among the newest, the incident itself while it is open, and
        the verdict.
        """
        named = '"incident_id":"' + incident_id
        events = self._db.execute(
            "SELECT kind, severity, wall, quality, data FROM outbox WHERE seq > (SELECT max(seq) FROM outbox)"
            " - ? AND kind IN ('incident.closed', 'incident.opened') AND instr(data, ?) AND json_valid(data)"
            " AND severity BETWEEN 0 AND 2 ORDER BY seq",
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
