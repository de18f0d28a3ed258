"""The one pole of the demo, with its page: what is drawn there is tried at once."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pole_agent import compose
from pole_agent.agent import Agent
from pole_agent.clock import Clock
from pole_agent.errors import ConfigError, Problem
from pole_agent.lamp.lamp import Luminaire
from pole_agent.languages import phrase
from pole_agent.settings import overlay
from pole_agent.settings.examine import examine
from pole_agent.settings.load import Loaded
from pole_agent.settings.overlay import Overlay, laid_over
from pole_agent.uplink.broker import Broker


@dataclass(slots=True)
class DemoPole:
    """`document` is its configuration. The clip begins anew after each change."""

    document: Mapping[str, Any]
    luminaire: Luminaire
    clock: Clock
    broker: Broker | None
    socket: Path
    runtime: compose.Runtime = field(init=False)
    _changed: bool = False

    def __post_init__(self) -> None:
        self.runtime = self._build(self._try_on(overlay.NONE))

    def renew(self) -> Agent | None:
        """The agent that follows after a change on the page; None when there was none."""
        if not self._changed:
            return None
        self._changed = False
        try:
            loaded = self._try_on(overlay.read(self.runtime.settings.storage.state_dir))
        except ConfigError:
            loaded = self._try_on(overlay.NONE)
        self.runtime = self._build(loaded, self.runtime)
        return self.runtime.agent

    def _build(self, loaded: Loaded, before: compose.Runtime | None = None) -> compose.Runtime:
        desk = None
        if loaded.settings.page.enabled:
            plain = self._try_on(overlay.NONE)
            desk = compose.Desk(plain=plain, try_on=self._try_on, reload=self._reload, open_to_all=True)
        return compose.build(
            loaded,
            self.luminaire,
            self.clock,
            broker=self.broker,
            socket=self.socket,
            before=before,
            desk=desk,
        )

    def _reload(self) -> None:
        self._changed = True
        self.runtime.agent.stop(reload=True, keep=True)

    def _try_on(self, drawn: Overlay) -> Loaded:
        """Raises ConfigError."""
        examined = examine(laid_over(self.document, drawn))
        if examined.problems or examined.settings is None:
            raise ConfigError(examined.problems)
        return Loaded(examined.settings, "", overlay=drawn)


def page_of(wanted: int, *, pixelated: bool) -> dict[str, Any]:
    """The [page] of the demo. Raises ConfigError."""
    picture = "pixelated" if pixelated else "full"
    return {"enabled": True, "port": free_port(wanted), "picture": picture}


def free_port(wanted: int) -> int:
    """The port that is wanted, where nobody has it; else any other. Raises ConfigError."""
    if not 1 <= wanted <= 65535:
        raise ConfigError([Problem("--page-port", phrase("number-out-of-range", given=wanted, most=65535))])
    for port in (wanted, 0):
        with socket.socket() as one, contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            return int(one.getsockname()[1])
    return wanted
