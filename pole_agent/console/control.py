"""Talk to the running agent through control.sock. Used by lamp, drone and outbox."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import socket
import sys
import time
import zoneinfo
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from pole_agent import compose
from pole_agent.almanac import from_rfc3339
from pole_agent.errors import ConfigError, PoleAgentError
from pole_agent.languages import phrase
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.load import Loaded, load_or_last_good
from pole_agent.words import local_time

TIMEOUT_S = 10.0


class NotRunning(PoleAgentError):
    pass


@dataclass(frozen=True, slots=True)
class Here:
    """Where the pole stands, and what time it has: that of a demo is its own.

    `rules` as they are configured.
    """

    base: str
    zone: tzinfo
    latitude: float
    longitude: float
    wall: float
    rules: list[dict[str, Any]]

    def time(self, moment: float | str, *, seconds: bool = False) -> str:
        """A wall time, or one of a message, as people read it at the pole."""
        wall = from_rfc3339(moment) if isinstance(moment, str) else moment
        return local_time(wall, self.zone, self.wall, seconds=seconds)


def here(arguments: argparse.Namespace) -> Here:
    """Of the running agent, else of the configuration. Raises ConfigError."""
    try:
        told = ask(arguments, "pole")
    except NotRunning:
        told = compose.site_of(load_or_last_good(arguments.config).settings) | {"wall": time.time()}
    zone = zoneinfo.ZoneInfo(told["timezone"])
    return Here(told["pole"], zone, told["latitude"], told["longitude"], told["wall"], told["rules"])


def typed(arguments: argparse.Namespace, *words: str) -> str:
    """A command of pole-agent as it can be pasted into this shell, for the same pole."""
    where = ["--socket", str(arguments.socket)] if arguments.socket else []
    where += ["--config", str(arguments.config)] if arguments.config != DEFAULT_PATH else []
    return shlex.join([*program(), *words, *where])


def program() -> list[str]:
    """How pole-agent is called here: by its name only where the shell finds this very one."""
    me = Path(sys.argv[0]).absolute()
    found = shutil.which("pole-agent")
    if found and Path(found).absolute() == me:
        return ["pole-agent"]
    return [str(me)] if me.name == "pole-agent" else [sys.executable, "-m", "pole_agent"]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}"
    )
    parser.add_argument(
        "--socket",
        type=Path,
        metavar="S",
        help="control socket of the agent; default: found by the configuration",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def everywhere(actions: Any) -> None:
    """Take the options after the action too: nobody remembers where they go."""
    for parser in actions.choices.values():
        parser.add_argument(
            "--config", type=Path, default=argparse.SUPPRESS, metavar="F", help=argparse.SUPPRESS
        )
        parser.add_argument(
            "--socket", type=Path, default=argparse.SUPPRESS, metavar="S", help=argparse.SUPPRESS
        )
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def settings_of(arguments: argparse.Namespace) -> Settings | None:
    loaded = loaded_of(arguments)
    return None if loaded is None else loaded.settings


def loaded_of(arguments: argparse.Namespace) -> Loaded | None:
    try:
        return load_or_last_good(arguments.config)
    except ConfigError:
        if arguments.config != DEFAULT_PATH:
            raise
        return None


def _socket(arguments: argparse.Namespace) -> Path:
    if arguments.socket:
        return Path(arguments.socket)
    usual = compose.RUNTIME_DIR / compose.SOCKET_NAME
    if usual.exists():
        return usual
    settings = settings_of(arguments)
    return usual if settings is None else compose.socket_path(settings)


def _exchange(arguments: argparse.Namespace, request: dict[str, Any]) -> dict[str, Any]:
    path = _socket(arguments)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(os.fspath(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as file:
                line = file.readline()
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning(phrase("agent-not-here", socket=path)) from error
    except PermissionError as error:
        raise PoleAgentError(phrase("agent-not-permitted", socket=path)) from error
    except OSError as error:
        raise PoleAgentError(phrase("at-key", key=path, problem=error)) from error
    if not line:
        raise PoleAgentError(phrase("agent-closed-connection", socket=path))
    reply: dict[str, Any] = json.loads(line)
    if not reply.get("ok"):
        raise PoleAgentError(str(reply.get("error")))
    return reply


def ask(arguments: argparse.Namespace, question: str, **details: Any) -> Any:
    """The answer of the agent. Raises NotRunning, PoleAgentError."""
    return _exchange(arguments, {"question": question, "arguments": details})["answer"]


def command(arguments: argparse.Namespace, path: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Carry out a command, the same as over MQTT. Raises NotRunning, PoleAgentError."""
    return _exchange(arguments, {"path": path, "payload": payload})
