"""What this pole wants, told by the side that knows its configuration: `apply` writes, `sync` reads.

The fetching process cannot read the configuration. It gets names, and the hashes of what runs already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.names import kind_of
from pole_agent.replacing import replace_file

FILE = Path("/var/lib/pole-agent-remote/wants.json")
LARGEST, MOST = 65_536, 200


@dataclass(frozen=True, slots=True)
class Wants:
    names: tuple[str, ...]
    have: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of what need not be fetched again


def write(file: Path, names: Iterable[str], have: Mapping[str, str]) -> bool:
    """Only what differs is written, so that a watcher of the file has a reason. True: it was."""
    blob = json.dumps({"names": list(names), "have": dict(have)}, indent=1).encode()
    if file.exists() and file.read_bytes() == blob:
        return False
    replace_file(file, blob, 0o644)
    return True


def read(file: Path) -> Wants:
    """Raises RemoteError."""
    try:
        with file.open("rb") as reading:
            found = json.loads(reading.read(LARGEST))
        names, have = found["names"], found.get("have", {})
        if not isinstance(names, list) or not isinstance(have, dict):
            raise TypeError("names")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RemoteError(phrase("wants-unreadable", file=file, error=error)) from error
    good = tuple(name for name in names[:MOST] if isinstance(name, str) and kind_of(name))
    return Wants(good, {str(name): str(sha256) for name, sha256 in have.items()})
