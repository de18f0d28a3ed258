"""Where the files of a repository come from: a folder, such as a USB stick, or what `sync` left for `apply`.

Whatever a source gives is verified by its reader. A source only has to be bounded: it must not hang, follow a
link, or read from a device.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase

CHUNK = 65536
VERSIONED = re.compile(r"\d+\.(?!root\.)(.+\.json)")


class NotThere(Exception):
    """The source answers, and has no file of this name."""


class Source(Protocol):
    """Both methods raise NotThere or RemoteError, also while they are read."""

    where: str  # for people

    def metadata(self, name: str) -> Iterator[bytes]:
        """The file, such as `timestamp.json` or `4.snapshot.json`."""
        ...

    def target(self, name: str, start: int) -> tuple[int, Iterator[bytes]]:
        """The file from this byte on, or from an earlier one: where it begins, and what follows."""
        ...


class Folder:
    """`metadata/` and `targets/`, laid out as the web server offers them.

    In the store of a client (`Trust`) the metadata have no version in their name, but for the roots, which
    lie in `root_history`; those are found too.
    """

    def __init__(self, folder: Path) -> None:
        self.where = str(folder)
        self._metadata, self._targets = folder / "metadata", folder / "targets"

    def metadata(self, name: str) -> Iterator[bytes]:
        places = [self._metadata / name, self._metadata / "root_history" / name]
        if found := VERSIONED.fullmatch(name):
            places.append(self._metadata / found[1])
        for place in places:
            try:
                return _chunks(_open(place), place)
            except NotThere:
                continue
        raise NotThere(name)

    def target(self, name: str, start: int) -> tuple[int, Iterator[bytes]]:
        place = self._targets / name
        file = _open(place)
        return os.lseek(file, start, os.SEEK_SET), _chunks(file, place)


def _open(place: Path) -> int:
    """A plain file, opened: no link, no device, and no pipe that would wait for a writer."""
    try:
        file = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotThere(place.name) from error
    except OSError as error:
        raise RemoteError(phrase("at-key", key=place, problem=error.strerror)) from error
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise RemoteError(phrase("repository-not-a-file", file=place))


def _chunks(file: int, place: Path) -> Iterator[bytes]:
    with os.fdopen(file, "rb") as opened:
        try:
            while chunk := opened.read(CHUNK):
                yield chunk
        except OSError as error:  # a stick that was pulled out
            raise RemoteError(phrase("at-key", key=place, problem=error.strerror)) from error
