"""Which event goes next, and what has become of those on their way. Pure; the upload loop reads, sends and
marks.

The order is severity, then age, as the store gives it. What was read ahead is a buffer; a commit may bring
something graver, so the buffer is read again from the top then, and a live alarm overtakes any backlog.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import Generic, Protocol, TypeVar

# Rows read at a time, about 1 MB; fewer make the reading and the sending thread wait for each other more
# often
AHEAD = 1000
LOW = 300  # below this the next are read: what is sent while they come


class Waiting(Protocol):
    """What is needed of a stored event."""

    @property
    def seq(self) -> int: ...
    @property
    def level(self) -> int: ...


T = TypeVar("T", bound=Waiting)
Position = tuple[int, int]  # severity, sequence


class Outgoing(Generic[T]):
    """Events between store and broker.

    `aside`: the numbers of those that are not to go now; who made it may change it at any time.
    """

    def __init__(self, aside: Collection[int] = ()) -> None:
        self._buffer: deque[T] = deque()
        self._flying: dict[int, T] = {}  # in the order in which they left
        self._acknowledged: list[int] = []
        self._marking: set[int] = set()
        self._aside = aside
        self.position: Position | None = None  # the last row that was read; None: from the top
        self.exhausted = False
        self.round = 0  # of reading, from the top
        self.paused = False  # while something is tried alone

    def limit(self) -> int:
        """How many rows to read: from the top, those that are known already come again."""
        if self.position is not None:
            return AHEAD
        return AHEAD + len(self._flying) + len(self._acknowledged) + len(self._marking) + len(self._aside)

    def wants(self) -> bool:
        return not self.exhausted and len(self._buffer) < LOW

    def rewind(self) -> None:
        """Something was committed, or set aside: read from the top again."""
        self.position, self.exhausted = None, False
        self.round += 1
        self._buffer.clear()

    def offer(self, rows: Sequence[T], limit: int) -> None:
        """Rows in the order of the way out, read after `position` with this limit."""
        known = self._flying.keys() | set(self._acknowledged) | self._marking | set(self._aside)
        self._buffer.extend(row for row in rows if row.seq not in known)
        if rows:
            self.position = (rows[-1].level, rows[-1].seq)
        self.exhausted = len(rows) < limit

    @property
    def idle(self) -> bool:
        """Is there nothing to send now?"""
        return not self._buffer or self.paused

    def take(self) -> T | None:
        """The next to send; it is on its way from now on."""
        if self.idle:
            return None
        row = self._buffer.popleft()
        self._flying[row.seq] = row
        return row

    def depart(self, row: T) -> bool:
        """Send this one, whatever is next. False: it is on its way already, or was acknowledged."""
        if row.seq in self._flying or row.seq in self._marking or row.seq in self._acknowledged:
            return False
        self._flying[row.seq] = row
        return True

    def acknowledged(self, seq: int) -> int:
        """The broker took it. Returns how many wait to be marked."""
        self._flying.pop(seq, None)
        self._acknowledged.append(seq)
        return len(self._acknowledged)

    def refused(self, seq: int) -> None:
        """The broker did not take it."""
        self._flying.pop(seq, None)

    @property
    def flying(self) -> Sequence[T]:
        """Those on their way, the first that left first."""
        return tuple(self._flying.values())

    def to_mark(self) -> list[int]:
        """Take what is to be marked as delivered; `marked` says when it is done."""
        seqs, self._acknowledged = self._acknowledged, []
        self._marking.update(seqs)
        return seqs

    def marked(self, seqs: Sequence[int]) -> None:
        self._marking.difference_update(seqs)
