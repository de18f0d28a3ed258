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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pole_agent.languages import phrase
from pole_agent.replacing import replace_file
from pole_agent.settings.reading import regular_file

FILE_NAME = "pole.witness"
MAX_BYTES = 4096
MAX_JSON_INT = 1 << 53  # of a number in JSON
MAX_RANGES, MAX_UNTOLD = 5, 8  # of one report, and reports: the file stays small


class Unreadable(Exception):
    """There is something in its place that is no witness."""


@dataclass(frozen=True, slots=True)
class Untold:
    """What a report of lost events says that the broker has not taken yet: it may be lost with its store.

    `storeid` is empty when nobody knows which store it was; `count` None when nobody knows how many.
    """

    storeid: str
    ranges: tuple[tuple[int, int], ...]
    count: int | None
    cause: str
    exact: bool

    @classmethod
    def read(cls, report: Mapping[str, Any], store_id: str) -> Untold:
        """From the data of an `outbox.dropped` of that store. Raises what a mistake in it raises."""
        ranges = tuple((_number(first), _number(last)) for first, last in report["ranges"])
        if len(ranges) > MAX_RANGES:  # fewer, wider ranges only name numbers that have come as well
            ranges = ((min(ranges)[0], max(last for _, last in ranges)),)
        count = None if report["count"] is None else _number(report["count"])
        name = str(report.get("storeid") or (store_id if ranges else ""))
        return cls(name[:64], ranges, count, str(report["cause"])[:100], report.get("exact") is True)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_JSON_INT:
        raise ValueError(phrase("event-number-invalid", value=f"{value!r}"))
    return value


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
    untold: tuple[Untold, ...] = ()


def read(path: Path) -> Witness | None:
    """What the witness says; None where there is none.

    Raises Unreadable for anything that no agent has written there.
    """
    try:
        document = json.loads(regular_file(path, MAX_BYTES))
        check = document.pop("check")
        untold = tuple(Untold.read(entry, "") for entry in document.get("untold", ()))
        witness = Witness(**document | {"untold": untold})
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
    if not witness.untold:  # an older agent knows nothing of it
        del document["untold"]
    if path.is_dir() and not path.is_symlink():  # a file cannot replace a folder
        path.rename(path.with_name(f"{path.name}.unusable-{int(time.time())}"))
    replace_file(path, json.dumps(document | {"check": _check(document)}).encode(), 0o640)


def _check(document: dict[str, object]) -> int:
    return zlib.crc32(json.dumps(document, sort_keys=True).encode())
