"""A small file beside pole.db that says how far the store had come: what catches a database that is gone,
empty, or older than it was.

One JSON object, replaced as a whole. Its words are a lower bound: it is written after the commit that it
tells of, so a crash between the two leaves the database ahead, never behind. `epoch` counts with it; the
database keeps the same count, and moves it in the commit before each writing. So a database whose epoch is
behind that of its witness went back in time, whichever numbers it shows.
"""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pole_agent.replacing import replace_file
from pole_agent.settings.reading import regular_file

FILE_NAME = "pole.witness"
MAX_BYTES = 4096
MAX_JSON_INT = 1 << 53  # of a number in JSON


class Unreadable(Exception):
    """There is something in its place that is no witness."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What was so at the last writing. `storeid` is empty while the very first database is being made."""

    storeid: str = ""
    epoch: int = 0
    sequence: int = 0  # the highest that was handed out
    waiting: int = 0  # events that were not delivered
    oldest: int = 0  # the lowest sequence of those
    births: int = 0
    closed: bool = False  # at an orderly stop: nothing came after it


def read(path: Path) -> Witness | None:
    """What the witness says; None where there is none.

    Raises Unreadable for anything that no agent has written there.
    """
    try:
        document = json.loads(regular_file(path, MAX_BYTES))
        check = document.pop("check")
        witness = Witness(**document)
    except FileNotFoundError:
        if path.is_symlink():
            raise Unreadable("it is a link to nowhere") from None
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}"[:200]) from error
    for field in fields(Witness):
        value = getattr(witness, field.name)
        if type(value) is not type(field.default) or (
            isinstance(value, int) and not 0 <= value <= MAX_JSON_INT
        ):
            raise Unreadable(f"{field.name} cannot be {value!r}"[:200])
    if check != _check(document):
        raise Unreadable("it was damaged on the disk")
    return witness


def write(path: Path, witness: Witness) -> None:
    """Replace it, for good when this returns. Raises OSError."""
    document = asdict(witness)
    if path.is_dir() and not path.is_symlink():  # a file cannot replace a folder
        path.rename(path.with_name(f"{path.name}.unusable-{int(time.time())}"))
    replace_file(path, json.dumps(document | {"check": _check(document)}).encode(), 0o640)


def _check(document: dict[str, object]) -> int:
    return zlib.crc32(json.dumps(document, sort_keys=True).encode())
