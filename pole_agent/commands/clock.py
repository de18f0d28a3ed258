"""What this pole believes of its clock, and why.

pole-agent clock            what the clock reads, whether it is trusted, and each piece of evidence
pole-agent clock accept     a person at the pole says that the clock is right: other evidence is given up

A clock that is not trusted means: the lamp at its failsafe level, drones on the ground, events without a
certain time. Compare the clock with a watch before you accept it. It is no time server: where one is asked
(trust = "auto"), one has still to be heard.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from pole_agent.clock import SystemClock
from pole_agent.commands.outbox import read_database
from pole_agent.console import control
from pole_agent.errors import CommandRefused, ConfigError, OutboxError, PoleAgentError, Problem
from pole_agent.health.clock_memory import save
from pole_agent.health.evidence import CERTIFICATE, NAMES, STORED, said
from pole_agent.health.keeper import keeper_of
from pole_agent.health.trust import TimeKeeper
from pole_agent.languages import in_language, phrase
from pole_agent.settings import Settings
from pole_agent.store.database import Database
from pole_agent.store.schema import FILE_NAME

HELP = "what the pole believes of its clock, and why; accept it"
READS = phrase("clock-reads")
TRUSTED, DOUBTED = phrase("trusted"), phrase("not-trusted")
AGAINST, SURELY = phrase("against"), phrase("surely-past")
AGREED = phrase("time-server-agrees")
ASIDE = phrase("cell-set-aside")
CELL = phrase("photocell")
FIX = phrase("clock-accept-here")
ACCEPTED = phrase("accepted")


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    actions = parser.add_subparsers(dest="action", metavar="action")
    actions.add_parser("show", help="what is believed, and why (the default)")
    actions.add_parser("accept", help="the clock is right: give up what speaks against it")
    control.everywhere(actions)


def run(arguments: argparse.Namespace) -> int:
    settings = control.settings_of(arguments)
    if settings is None:
        raise ConfigError([Problem(str(arguments.config), phrase("name-the-configuration"))])
    accepting = arguments.action == "accept"
    try:
        if accepting:
            control.command(arguments, "clock/accept", {})
        document = control.ask(arguments, "clock")
    except control.NotRunning:
        keeper = _keeper(arguments, settings)
        if accepting:
            _accept(keeper, settings)
        document = keeper.document()
    if arguments.json:
        print(json.dumps(document | {"accepted": accepting}))
        return 0
    for line in _lines(
        document, settings.pole.place.zone, arguments.lang, accepting, settings.lamp.photocell is not None
    ):
        print(line)
    return 0


def _keeper(arguments: argparse.Namespace, settings: Settings) -> TimeKeeper:
    """By the state directory, while no agent runs."""
    keeper = keeper_of(settings, SystemClock())
    with contextlib.suppress(OutboxError):  # there is none yet
        keeper.remember(STORED, read_database(arguments, lambda db: db.newest_time()))
    return keeper


def _accept(keeper: TimeKeeper, settings: Settings) -> None:
    """On the state directory. Raises PoleAgentError."""
    folder, wall = settings.storage.state_dir, keeper.clock.wall()
    if why := keeper.accept():
        raise CommandRefused(why)
    try:
        if (folder / FILE_NAME).is_file():
            with (
                contextlib.closing(Database(folder / FILE_NAME, settings.storage.max_mb, str)) as database,
                database.transaction(),
            ):
                database.doubt_after(wall)
        folder.mkdir(parents=True, exist_ok=True)
        save(folder, keeper.memory())
    except (OSError, sqlite3.Error) as error:
        raise PoleAgentError(phrase("clock-memory-unwritable", folder=folder, error=error)) from error


def _lines(document: dict[str, Any], zone: tzinfo, language: str, accepted: bool, cell: bool) -> list[str]:
    word = partial(in_language, language=language)
    state = TRUSTED if document["trusted"] else DOUBTED
    why = document["source"] if document["trusted"] else document["reason"]
    lines = [f"{READS.of(language)} {_time(document['wall'], zone)}: {state.of(language)}, {word(why)}"]
    if accepted:
        lines.insert(0, ACCEPTED.of(language))
    lines += [f"  {AGAINST.of(language)}: {word(a['words'])}" for a in document["against"]]
    release = phrase("evidence-release").of(language)
    lines.append(f"  {SURELY.of(language)}: {_time(document['release'], zone)} ({release})")
    for kind, wall in sorted(document["surely"].items()):
        name = kind if kind.startswith(CERTIFICATE) else NAMES.get(kind, phrase("evidence-behind"))
        lines.append(f"  {SURELY.of(language)}: {_time(wall, zone)} ({word(name)})")
    if document["agreed_s"] > 0:
        hours = phrase("server-agrees-for", hours=f"{document['agreed_s'] / 3600:.1f}")
        lines.append(f"  {AGREED.of(language)}: {hours.of(language)}")
    if document["cell_aside"] and cell:
        lines.append(f"  {CELL.of(language)}: {ASIDE.of(language)}")
    if document["against"] and document["kind"] not in ("release", "late"):
        lines.append(FIX.of(language))
    return lines


def _time(wall: float, zone: tzinfo) -> str:
    try:
        return datetime.fromtimestamp(wall, zone).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return said(wall)
