"""Who keeps the trajectories of what the cameras see, if anybody does."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial

from pole_agent.context import Context
from pole_agent.settings import Settings
from pole_agent.settings.pole import StorageSettings
from pole_agent.threads import Thread
from pole_agent.trajectories.files import forget
from pole_agent.trajectories.recorder import Batch, Recorder
from pole_agent.trajectories.writer import Writer

log = logging.getLogger(__name__)
MB = 1_000_000
ROOM_MB = 16  # of the disk, beside what the store may still need: trajectories leave it alone
PART = "trajectories"


def recorders_of(context: Context, settings: Settings) -> Callable[[str], Recorder | None]:
    """A function that makes the recorder of a camera; None where no trajectories are kept.

    Then those of an earlier configuration are deleted.
    """
    storage = settings.storage
    if not storage.trajectory_days:
        Thread("forget", _forget, storage)
        return lambda camera: None
    writer = Writer(storage.state_dir, storage.trajectory_days, partial(still_to_grow, storage))

    def write(camera: str, batch: Batch) -> None:
        writer.write(camera, batch)
        if writer.problem:
            context.parts.degrade(PART, writer.problem)
        else:
            context.parts.recover(PART)

    return lambda camera: Recorder(
        partial(write, camera), context.keeper.stamp, int.from_bytes(os.urandom(8))
    )


def still_to_grow(storage: StorageSettings) -> float:
    """Bytes of the disk that the store may still come to need. Raises OSError."""
    with os.scandir(storage.state_dir) as entries:
        taken = sum(e.stat().st_size for e in entries if e.name in ("pole.db", "pole.db-wal"))
    return max(0, storage.max_mb * MB - taken) + ROOM_MB * MB


def _forget(storage: StorageSettings) -> None:
    try:
        forget(storage.state_dir)
    except OSError as error:
        log.warning("trajectories cannot be deleted: %s", error)
