"""What only the command that runs the agent knows, for the page. Imports nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pole_agent.settings.load import Loaded
from pole_agent.settings.overlay import Overlay


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`path`: of pole.toml; None where there is none.

    `open_to_all`: without a login; for the demo.
    """

    plain: Loaded  # without the overlay of the page
    try_on: Callable[[Overlay], Loaded]
    reload: Callable[[], None] | None = None
    path: Path | None = None
    open_to_all: bool = False
