"""The models that there are: shipped, installed on this pole, or published by their authors and one command
away.

An entry of the catalogue is a card with two tables more: ``[download]`` (url, bytes) and ``[measured]``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pole_agent.errors import ModelError
from pole_agent.languages import phrase
from pole_agent.vision import card as cards

OFFERED = Path(__file__).parent / "catalogue"
GROUPS = ("person", "two_wheeler", "vehicle")
State = Literal["shipped", "installed", "available"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model by its card. `url` and `size` (bytes) of those that can be fetched; `ap50` in percent by group,
    `relative_time` of a picture on one thread, NanoDet-g 320 int8 = 1; empty and None where nobody has
    measured them.
    """

    path: Path  # of the card
    card: cards.ModelCard
    state: State
    url: str = ""
    size: int = 0
    ap50: dict[str, float] = field(default_factory=dict)
    relative_time: float | None = None


def entries(installed: Path = cards.INSTALLED) -> list[Entry]:
    """All models, each name once: shipped before installed before available. Raises ModelError for a card
    that cannot be read.
    """
    found: dict[str, Entry] = {}
    for folder, state in _folders(installed):
        for path in sorted(folder.glob("*.toml")):
            entry = read(path, state)
            found.setdefault(entry.card.name, entry)
    return list(found.values())


def read(path: Path, state: State) -> Entry:
    """One entry from its card. Raises ModelError."""
    card = cards.read(path)
    with cards.refused(path):
        more = cards.document(path)
        download: dict[str, Any] = more.get("download", {})
        measured: dict[str, float] = more.get("measured", {})
        size = int(download.get("bytes", 0))
        with contextlib.suppress(OSError):
            size = size if state == "available" else card.path.stat().st_size
        return Entry(
            path=path,
            card=card,
            state=state,
            url=str(download.get("url", "")),
            size=size,
            ap50={group: measured[f"ap50_{group}"] for group in GROUPS if f"ap50_{group}" in measured},
            relative_time=measured.get("relative_time"),
        )


def offered(name: str) -> Entry:
    """The published model of this name, or of a card of one's own with a ``[download]``. Raises ModelError
    that lists the known ones.
    """
    if name.endswith(".toml"):
        entry = read(Path(name), "available")
        if not entry.url or not entry.size:
            raise ModelError(phrase("model-without-download", card=name))
        return entry
    known = {entry.card.name: entry for entry in _offers()}
    if name not in known:
        raise ModelError(phrase("model-not-offered", name=name, known=", ".join(sorted(known))))
    return known[name]


def named(name: str, installed: Path) -> Entry:
    """The model of this name, or of the card at this path, that is on this machine. Raises ModelError."""
    if name.endswith(".toml"):
        return read(Path(name), "installed")
    here = {e.card.name: e for e in entries(installed) if e.state != "available"}
    if name in here:
        return here[name]
    if any(name == e.card.name for e in _offers()):
        raise ModelError(phrase("model-not-fetched", name=name))
    raise ModelError(phrase("model-not-here", name=name, known=", ".join(sorted(here))))


def _offers() -> Iterator[Entry]:
    for path in sorted(OFFERED.glob("*.toml")):
        yield read(path, "available")


def _folders(installed: Path) -> list[tuple[Path, State]]:
    shipped: list[tuple[Path, State]] = [(folder, "shipped") for folder in cards.SHIPPED]
    return [*shipped, (installed, "installed"), (OFFERED, "available")]
