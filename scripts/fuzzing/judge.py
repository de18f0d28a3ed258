"""Is it a finding? One input at a time: an exception, more than a second, or much memory.

A second is one of a core: on a busy machine a clock says nothing. Who waits may wait for longer.
"""

from __future__ import annotations

import resource
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_S = 1.0  # of a core
WAITING = 5  # times that by the clock
MOST_KB = 128 * 1024  # more than before, for one input
AGAIN = 2  # a slow input is slow each time: a busy machine is no finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`kind`: exception, lost, hang or memory. `where` makes two findings the same: one is enough."""

    kind: str
    where: str
    text: str


def judged(take: Callable[[bytes], None], data: bytes) -> Finding | None:
    """Run one input."""
    before, begun = _most_kb(), _now()
    try:
        take(data)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        return _of_exception(error)
    took = _since(begun)
    if took > LONGEST_S and slow(take, data):
        return Finding(kind="hang", where="hang", text=f"{took:.1f} s for {len(data)} bytes")
    if (grown := _most_kb() - before) > MOST_KB:
        return Finding(kind="memory", where="memory", text=f"{grown // 1024} MB for {len(data)} bytes")
    return None


def _of_exception(error: Exception) -> Finding:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "site-packages" not in f.filename and "/fuzzing/" not in f.filename]
    last = (ours or frames)[-1]
    name, kind = type(error).__name__, "lost" if type(error).__name__ == "Lost" else "exception"
    where = f"{name} at {last.filename.rpartition('/')[2]}:{last.lineno}"
    if kind == "lost":
        where = f"lost: {str(error).partition(':')[0]}"
    return Finding(kind=kind, where=where, text=f"{name}: {str(error)[:300]}")


def slow(take: Callable[[bytes], None], data: bytes, longest_s: float = LONGEST_S) -> bool:
    """Does it take so long each time?"""
    return all(_took(take, data) > longest_s for _ in range(AGAIN))


def _took(take: Callable[[bytes], None], data: bytes) -> float:
    begun = _now()
    take(data)
    return _since(begun)


def _now() -> tuple[float, float]:
    return time.process_time(), time.monotonic()


def _since(begun: tuple[float, float]) -> float:
    """Seconds of a core since then, or a share of those by the clock, whichever is more."""
    return max(time.process_time() - begun[0], (time.monotonic() - begun[1]) / WAITING)


def _most_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
