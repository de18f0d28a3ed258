"""Which files of trajectories go. Pure.

Nothing is older than was promised, no camera takes more than its share, and when space is short they go
before anything else: the oldest first.
"""

from __future__ import annotations

from collections.abc import Sequence

from pole_agent.trajectories.files import File

DAY_S = 86_400.0
MAX_MB_A_DAY = 5.0
MB = 1_000_000


def too_old(files: Sequence[File], days: float, wall: float | None) -> list[File]:
    """Those of one camera that began more than `days` ago, and whatever was written before them.

    None where the time is not known: then nothing is deleted for its age.
    """
    if wall is None:
        return []
    last = max(
        (n for n, file in enumerate(files, 1) if file.began is not None and wall - file.began > days * DAY_S),
        default=0,
    )
    return list(files[:last])


def too_much(files: Sequence[File], days: float) -> list[File]:
    """The oldest of one camera, as many as are beyond what so many days may take."""
    surplus = sum(file.size for file in files) - days * MAX_MB_A_DAY * MB
    return _oldest(files, surplus)


def in_the_way(files: Sequence[File], free: float, reserve: float) -> list[File]:
    """The oldest of all cameras, as many as bring the free bytes of the disk up to the reserve."""
    by_age = sorted(files, key=lambda file: (file.began is not None, file.began or 0.0, file.number))
    return _oldest(by_age, reserve - free)


def _oldest(files: Sequence[File], surplus: float) -> list[File]:
    gone = []
    for file in files:
        if surplus <= 0:
            break
        gone.append(file)
        surplus -= file.size
    return gone
