"""Writes what the recorders gather, in a thread of its own, and deletes what has had its time.

A disk that is full, slow or broken costs trajectories and nothing else: space that the store may still need
is left alone, and a thread that hangs is not waited for.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pole_agent.languages import phrase
from pole_agent.threads import Thread
from pole_agent.trajectories.blocks import encode
from pole_agent.trajectories.files import FOLDER, File, cameras_of, files_of, folder_of, name_of
from pole_agent.trajectories.recorder import Batch
from pole_agent.trajectories.retention import in_the_way, too_much, too_old

log = logging.getLogger(__name__)

FILE_S = 3600.0  # that a file lasts
WAITING = 20  # batches: a disk that has hung for so long is not given more


class Writer:
    """Of all cameras. `days`: how long it is kept; `reserve`: bytes of the disk that it leaves alone.

    `problem`: one line, empty while the disk works.
    """

    def __init__(self, state_dir: Path, days: float, reserve: Callable[[], float]) -> None:
        self._state_dir, self._days, self._reserve = state_dir, days, reserve
        self._waiting: deque[tuple[str, Batch]] = deque()
        self._lock = threading.Lock()
        self._writing = False
        self._files: dict[str, tuple[Path, float]] = {}  # camera -> file, when it was begun (monotonic)
        self.problem = ""

    def write(self, camera: str, batch: Batch) -> None:
        """Returns at once. The thread ends when nothing is left to write."""
        with self._lock:
            if len(self._waiting) >= WAITING:
                self.problem = phrase("trajectories-late")
                return
            self._waiting.append((camera, batch))
            if not self._writing:
                self._writing = True
                Thread("trajectories", self._run)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._writing = False
                    return
                camera, batch = self._waiting.popleft()
            try:
                self._append(camera, batch)
            except (OSError, ValueError) as error:
                log.warning("trajectories: %s", error)
                reason = getattr(error, "strerror", None) or str(error)
                self.problem = phrase("trajectories-unwritable", reason=reason)

    def _append(self, camera: str, batch: Batch) -> None:
        data = encode(batch.span())
        wall = batch.stamp.wall if batch.stamp.quality != "unsynced" else None
        path, begun = self._files.get(camera, (None, 0.0))
        if path is None or not 0 <= batch.since - begun < FILE_S:
            self._clear(wall)
            path = self._new_file(camera, wall)
            self._files[camera] = path, batch.since
        if not self._room(len(data)):
            self._files.pop(camera)
            self.problem = phrase("trajectories-no-room")
            return
        with path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        self.problem = ""

    def _new_file(self, camera: str, wall: float | None) -> Path:
        folder = folder_of(self._state_dir, camera)
        folder.mkdir(parents=True, exist_ok=True)
        number = max((file.number for file in files_of(folder)), default=0) + 1
        return folder / name_of(number, wall)

    def _clear(self, wall: float | None) -> None:
        """Delete what has had its time, of all cameras: also of those that are not in use any more."""
        for camera in cameras_of(self._state_dir):
            files = files_of(folder_of(self._state_dir, camera))
            old = too_old(files, self._days, wall)
            _delete([*old, *too_much(files[len(old) :], self._days)])

    def _room(self, needed: int) -> bool:
        """Is there space for so much, beside what the store may need? If not, old files make way."""
        short = self._reserve() + needed - self._free()
        if short <= 0:
            return True
        files = [f for c in cameras_of(self._state_dir) for f in files_of(folder_of(self._state_dir, c))]
        _delete(in_the_way(files, self._free(), self._reserve() + needed))
        return self._free() >= self._reserve() + needed

    def _free(self) -> int:
        return shutil.disk_usage(self._state_dir / FOLDER).free


def _delete(files: list[File]) -> None:
    for file in files:
        file.path.unlink(missing_ok=True)
