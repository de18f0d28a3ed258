"""Which part works and which does not, with the reason.

A change is an event: ``health.degraded``, ``health.recovered``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pole_agent.vocabulary import RecordEvent, Severity

MAX_REASON = 300  # characters: it goes out with every health message


class Parts:
    """The state of every part. `tell` stores an event; `now` is monotonic."""

    def __init__(self, tell: Callable[[RecordEvent], None], now: Callable[[], float]) -> None:
        self._tell, self._now = tell, now
        self._reasons: dict[str, str] = {}
        self._details: dict[str, dict[str, Any]] = {}
        self._since: dict[str, float] = {}
        self._told: dict[str, Severity] = {}

    def note(self, part: str, **details: Any) -> None:
        """Numbers of a part for ``health``."""
        self._details.setdefault(part, {}).update(details)

    def recover(self, part: str) -> None:
        """This part works."""
        if self._reasons.get(part):
            lasted = round(self._now() - self._since[part], 1)
            self._tell(
                RecordEvent(
                    "health.recovered", Severity.INFO, {"part": part, "lasted_s": lasted}, self._now()
                )
            )
        self._reasons[part] = ""

    def degrade(self, part: str, reason: str, severity: Severity = Severity.WARNING) -> None:
        """This part does not work, and why (one line).

        Told when it begins, and again when it becomes graver.
        """
        reason = reason if len(reason) <= MAX_REASON else reason[: MAX_REASON - 1] + "…"
        news = not self._reasons.get(part)
        if news:
            self._since[part] = self._now()
        if news or severity > self._told[part]:
            self._told[part] = severity
            self._tell(
                RecordEvent("health.degraded", severity, {"part": part, "reason": reason}, self._now())
            )
        self._reasons[part] = reason

    def start_over(self, but: Iterable[str]) -> None:
        """After a reload: what is not named in `but` is forgotten, as if it were well; whoever still exists
        speaks up again.
        """
        for part in [p for p in self._reasons if p not in set(but)]:
            self.recover(part)
            del self._reasons[part]
            self._details.pop(part, None)

    def is_degraded(self, part: str, because: str = "") -> bool:
        """Does it not work, for a reason that begins with `because`?"""
        reason = self._reasons.get(part, "")
        return bool(reason) and reason.startswith(because)

    def reason(self, part: str) -> str:
        """Why it does not work; empty when it does, or when nothing is known of it."""
        return self._reasons.get(part, "")

    def report(self) -> dict[str, Any]:
        """State, reason and numbers by part."""
        return {
            part: {
                "state": "degraded" if reason else "ok",
                **({"reason": reason} if reason else {}),
                **self._details.get(part, {}),
            }
            for part, reason in sorted(self._reasons.items())
        }
