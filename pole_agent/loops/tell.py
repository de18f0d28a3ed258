"""Incidents in the log, one line each: who runs the agent sees what it sees.

A busy street is counted, not written out.
"""

from __future__ import annotations

import logging

from pole_agent.vocabulary import RecordEvent, Severity

log = logging.getLogger(__name__)

WINDOW_S, MAX_LINES = 60.0, 10  # so many lines of mere notes in a window; warnings and alarms are always told


class Tell:
    """Logs what is recorded of incidents."""

    def __init__(self) -> None:
        self._from, self._lines, self._more = float("-inf"), 0, 0

    def event(self, event: RecordEvent) -> None:
        verb = event.kind.removeprefix("incident.")
        if verb not in ("opened", "closed"):
            return
        if event.at - self._from >= WINDOW_S:
            if self._more:
                log.info("and %d more incidents within a minute", self._more)
            self._from, self._lines, self._more = event.at, 0, 0
        if event.severity < Severity.WARNING:
            self._lines += 1
            if self._lines > MAX_LINES:
                self._more += 1
                return
        data = event.data
        where = f"line {data['line']}" if "line" in data else f"zone {data['zone']}"
        what = f"{data['rule']}: {data['kind']} of a {data['class']}, camera {data['camera']}, {where}"
        lasted = f" after {data['duration_s']:g} s" if verb == "closed" else ""
        log.info("%s %s%s: %s (%s)", event.severity.word, verb, lasted, what, data["incident_id"])
