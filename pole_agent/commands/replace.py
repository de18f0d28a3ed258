"""The same pole on a new board: identity, configuration, counters and undelivered events go along.

pole-agent replace pack --out pole.tar.gz       on the old board, its agent stopped
pole-agent replace pack --out pole.tar.gz --config CARD/etc/pole-agent/pole.toml --state-dir CARD/state
                                                from the card of the old board
pole-agent replace take pole.tar.gz             on the new board, before its agent starts

Passwords, keys and certificates are not in the archive: `take` names the files that have to be put in place.
Do not start the old board again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pole_agent import __version__
from pole_agent.clock import SystemClock
from pole_agent.compose.loops import new_id_of
from pole_agent.console import control
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.health.keeper import keeper_of
from pole_agent.languages import phrase
from pole_agent.replacing import replace_file
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.files import secrets
from pole_agent.settings.load import load, parse
from pole_agent.settings.section import is_credential
from pole_agent.store.handover import PRIVATE, Archive, NoArchive, pack, take, unpack

HELP = "put the same pole on a new board"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    packing = actions.add_parser("pack", help="what the pole needs, of a board whose agent has stopped")
    packing.add_argument(
        "--out", type=Path, required=True, metavar="F", help="the archive; never overwritten"
    )
    taking = actions.add_parser("take", help="make this board that pole")
    taking.add_argument("archive", type=Path, metavar="ARCHIVE")
    for action in (packing, taking):
        action.add_argument(
            "--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}"
        )
        action.add_argument("--state-dir", type=Path, metavar="D", help="default: that of the configuration")
        action.add_argument("--socket", type=Path, metavar="S", help=argparse.SUPPRESS)
        action.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    return _pack(arguments) if arguments.action == "pack" else _take(arguments)


def _pack(arguments: argparse.Namespace) -> int:
    loaded = load(arguments.config)
    if arguments.state_dir is None:
        _nobody_runs(arguments)
    state_dir = arguments.state_dir or loaded.settings.storage.state_dir
    blob = pack(state_dir, loaded.text, loaded.settings.base_topic, __version__)
    try:
        with os.fdopen(os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(blob)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise PoleAgentError(phrase("at-key", key=arguments.out, problem=error.strerror)) from error
    if arguments.json:
        print(json.dumps({"pole": loaded.settings.base_topic, "bytes": len(blob)}))
    else:
        say(arguments, phrase("replace-packed", file=arguments.out, pole=loaded.settings.base_topic))
    return 0


def _take(arguments: argparse.Namespace) -> int:
    archive = _archive(arguments.archive)
    settings = parse(archive.configuration, str(arguments.config), arguments.config.parent)
    _configuration_fits(arguments.config, archive)
    if arguments.config.exists() or arguments.socket:
        _nobody_runs(arguments)
    state_dir = arguments.state_dir or settings.storage.state_dir
    if not arguments.config.exists():
        replace_file(arguments.config, archive.configuration.encode(), 0o640)
    clock = SystemClock()
    keeper = keeper_of(settings, clock)
    try:
        told = take(archive, state_dir, settings.storage.max_mb, keeper.stamp, new_id_of(clock))
    except sqlite3.Error as error:
        raise PoleAgentError(phrase("at-key", key=state_dir, problem=error)) from error
    _give_to_the_service(state_dir)
    missing = [str(file) for file in _to_put_in_place(settings)]
    if arguments.json:
        print(json.dumps({"pole": archive.pole, **told, "missing": missing}))
        return 0
    say(
        arguments,
        phrase("replace-taken", pole=archive.pole, store=told["storeid"], before=told["before"]),
    )
    if missing:
        say(arguments, phrase("replace-missing", files=", ".join(missing)))
    say(arguments, phrase("replace-then"))
    return 0


def _archive(file: Path) -> Archive:
    try:
        return unpack(file.read_bytes())
    except OSError as error:
        raise ConfigError([Problem("ARCHIVE", phrase("at-key", key=file, problem=error.strerror))]) from error
    except NoArchive as error:
        raise ConfigError([Problem("ARCHIVE", phrase("at-key", key=file, problem=error.args[0]))]) from error


def _configuration_fits(file: Path, archive: Archive) -> None:
    """What is there already is kept only where it is of the same pole."""
    if file.exists() and load(file).settings.base_topic != archive.pole:
        raise PoleAgentError(phrase("replace-other-pole", file=file, pole=archive.pole))


def _nobody_runs(arguments: argparse.Namespace) -> None:
    with contextlib.suppress(control.NotRunning):
        control.ask(arguments, "health")
        raise PoleAgentError(phrase("replace-agent-runs"))


def _to_put_in_place(settings: Settings) -> Iterator[Path]:
    for _, file in secrets(settings):
        if not is_credential(file) and not file.exists():
            yield file


def _give_to_the_service(state_dir: Path) -> None:
    """To whom the folder belongs, its files belong too: this may be root."""
    owner = state_dir.stat()
    for path in state_dir.iterdir():
        if path.stat().st_uid != owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid)
