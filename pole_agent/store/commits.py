"""What waits to be committed, and when it is due. Pure: `now` is in monotonic seconds.

Routine events are gathered for `batch_s` or 50 of them, because a commit each would wear the card out (some
24 KB, whatever it holds); on a street that is busy for long, up to twelve times as long, so that the wear of
a day has its limit. Anything above info is due at once and takes along what waits. While the disk fails,
events wait in memory; those that do not fit there are counted, and reported later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pole_agent.store.database import Database
from pole_agent.store.retention import fate
from pole_agent.store.rows import Entry
from pole_agent.vocabulary import Severity

BATCH_ROWS = 50
# So many routine commits may follow each other after a batch's time each; then, in the long run, one in
# twelve times that
COMMITS, REFILL = 20.0, 12.0
MEMORY_ROWS = 2000  # what a failing disk may keep in memory, about 1 MB
RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """Work on the database that somebody asked for at `at`.

    `kind`: "read"; "write", at once and together with `entries`; "later", with the next commit. `answer` gets
    its result, or why there is none.
    """

    kind: Literal["read", "write", "later"]
    work: Callable[[Database], Any]
    answer: Callable[[Any, Exception | None], None]
    at: float
    entries: tuple[Entry, ...] = ()


class Budget:
    """`limit` at once; then, in the long run, one in `every_s` seconds."""

    def __init__(self, limit: float, every_s: float, now: float) -> None:
        self._limit, self._every_s = limit, every_s
        self._left, self._at = limit, now

    def left(self, now: float) -> float:
        self._left = min(self._limit, self._left + (now - self._at) / self._every_s)
        self._at = now
        return self._left

    def spend(self, now: float) -> None:
        self._left = max(0.0, self.left(now) - 1.0)

    def next_at(self, now: float) -> float:
        """When there is one to spend: in the past while there is more than one."""
        return now + (1.0 - self.left(now)) * self._every_s


class Commits:
    """`entries` wait for a commit, and so do `jobs` of the kind "later".

    `lost`: events that could not be kept, to be reported with the next commit.
    """

    def __init__(self, batch_s: float, now: float) -> None:
        self._batch_s = batch_s
        self.entries: list[Entry] = []
        self.jobs: list[Job] = []
        self.lost = 0
        self.urgent = False
        self._since = now  # when the first of the entries came
        self._budget = Budget(COMMITS, REFILL * batch_s, now)
        self._tries, self._retry_at = 0, now

    def add(self, entry: Entry, now: float) -> None:
        if not self.entries:
            self._since = now
        self.entries.append(entry)
        self.urgent |= entry.event.severity > Severity.INFO

    @property
    def full(self) -> bool:
        return len(self.entries) >= BATCH_ROWS

    @property
    def waiting(self) -> bool:
        return bool(self.entries or self.jobs or self.lost)

    def wait_s(self, now: float, *, at_once: bool = False) -> float | None:
        """Seconds until the next commit is due, None while nothing waits.

        `at_once`: something else is to be written without delay.
        """
        if not self.may_try(now):
            return self._retry_at - now
        due = [job.at + REFILL * self._batch_s for job in self.jobs[:1]]
        if self.lost or self.urgent or at_once:
            due.append(now)
        elif self.entries:
            due.append(max(self._since + self._batch_s, self._budget.next_at(now)))
        return max(0.0, min(due) - now) if due else None

    def may_try(self, now: float) -> bool:
        """False until the next retry, while the disk fails."""
        return now >= self._retry_at

    def spend(self, now: float) -> None:
        """A commit of what waits was made that nobody asked for."""
        self._budget.spend(now)

    def stored(self, now: float) -> list[Job]:
        """All that waits is on the disk. Returns the jobs that were done with it."""
        self.entries.clear()
        self.urgent, self.lost, self._tries, self._retry_at = False, 0, 0, now
        return self._take_jobs()

    def failed(self, now: float) -> list[Job]:
        """The disk failed: events wait for the next try. Returns the jobs that were not done; they do not
        wait, because the file may be another one next time.
        """
        self._back_off(now)
        self.trim()
        return self._take_jobs()

    def give_up(self, now: float) -> list[Job]:
        """The entries cannot be stored, whatever the disk does: they are lost. Returns the jobs that were not
        done.
        """
        self.lost += len(self.entries)
        self.entries.clear()
        self.urgent = False
        self._back_off(now)
        return self._take_jobs()

    def trim(self) -> None:
        """Keep what fits in memory: the oldest of the lowest severity go first, as on the disk."""
        surplus = len(self.entries) - MEMORY_ROWS
        if surplus > 0:
            fates = [fate(e.event.kind, e.event.severity, e.stamp.quality).goes for e in self.entries]
            order = sorted(range(len(self.entries)), key=lambda i: (fates[i], i))
            gone = set(order[:surplus])
            self.entries = [e for i, e in enumerate(self.entries) if i not in gone]
            self.lost += surplus

    def _back_off(self, now: float) -> None:
        self._retry_at = now + RETRY_S[min(self._tries, len(RETRY_S) - 1)]
        self._tries += 1

    def _take_jobs(self) -> list[Job]:
        jobs, self.jobs = self.jobs, []
        return jobs
