"""Is a new configuration kept? It is on trial until the pole is healthy and its broker has heard of it.
Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from pole_agent.languages import Phrase, phrase

READ_S = 45.0  # so long the agent may take to read a file and to build itself anew
STEADY_S = 10.0  # as long as scripts/install waits for a new version
CRASHES = 2  # one restart may have had another reason


class Verdict(StrEnum):
    WAIT = "wait"
    KEEP = "keep"
    REVERT = "revert"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the agent said when it was last asked, or None for each thing where it did not answer.

    `running`: it runs the new configuration. `acknowledged`: the broker has it. `restarts`: of its service,
    since the trial began. `worse`: the parts that were well before and are not now.
    """

    running: bool | None
    acknowledged: bool | None
    worse: Collection[str]
    restarts: int


@dataclass(slots=True)
class Trial:
    """`confirm_s`: how long the pole has for all of it; `steady_s`: how long it has to be well. Times are
    seconds since the trial began.
    """

    confirm_s: float
    steady_s: float = STEADY_S
    _well_since: float | None = None

    def judge(self, at: float, seen: Seen) -> tuple[Verdict, Phrase | None]:
        """What becomes of it, and why it is reverted."""
        trouble = self._trouble(at, seen)
        if trouble is None:
            self._well_since = at if self._well_since is None else self._well_since
            return (Verdict.KEEP if at - self._well_since >= self.steady_s else Verdict.WAIT), None
        self._well_since = None
        hopeless = seen.restarts >= CRASHES or (seen.running is False and at >= READ_S)
        return (Verdict.REVERT, trouble) if hopeless or at >= self.confirm_s else (Verdict.WAIT, None)

    def _trouble(self, at: float, seen: Seen) -> Phrase | None:
        if seen.restarts >= CRASHES:
            return phrase("trial-crashed", count=seen.restarts)
        if seen.running is None:
            return phrase("trial-silent")
        if not seen.running:
            return phrase("trial-not-taken")
        if not seen.acknowledged:
            return phrase("trial-broker", seconds=f"{at:.0f}")
        if seen.worse:
            return phrase("trial-worse", parts=", ".join(sorted(seen.worse)))
        return None
