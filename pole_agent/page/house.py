"""What the page is given of the agent: questions, commands and what is now; nothing else is in reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pole_agent.settings.load import Loaded
from pole_agent.settings.overlay import Overlay


class Look(Protocol):
    """Pictures for people at the pole; a server beyond loopback has none."""

    async def newest(self, camera: str, after: int, within_s: float) -> tuple[int, bytes] | None:
        """Number and JPEG of a picture newer than number `after`; None when none comes in time.

        Raises KeyError for an unknown camera.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`live` is made new for each tick while somebody looks: it must be cheap.

    `audit(kind, data)` stores an event. `wall`: wall time in seconds.
    """

    pole: Mapping[str, Any]
    live: Callable[[], dict[str, Any]]
    ask: Callable[[str, Mapping[str, Any]], Awaitable[Any]]
    command: Callable[[str, bytes, str], Awaitable[dict[str, Any] | None]]
    audit: Callable[[str, Mapping[str, Any]], None]
    is_dark: Callable[[], bool]
    pictures: Look | None
    workshop: Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What the set-up works with. `try_on` raises ConfigError with what is wrong of an overlay.

    `reload` makes the agent read its configuration again; None where it cannot. `rehearsal(file)` is the
    command line that tries the overlay in a file on kept trajectories; None where there are none.
    `commission(options)` is that of `pole-agent commission` with these options; None where there is no pole.
    `troubles` are the parts that are degraded now, with their reasons.
    """

    state_dir: Path
    loaded: Loaded
    plain: Loaded  # without the overlay
    try_on: Callable[[Overlay], Loaded]
    reload: Callable[[], None] | None
    rehearsal: Callable[[Path], list[str]] | None
    commission: Callable[[list[str]], list[str]] | None
    troubles: Callable[[], Mapping[str, str]]
    tell: Callable[[str], None]  # a reason why the configuration is not the one asked for
