"""Look at the events that this pole keeps: how many wait, which, and all of them as JSON lines.

pole-agent outbox stats
pole-agent outbox list --limit 20
pole-agent outbox export --out events.jsonl
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pole_agent.console import control
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, OutboxError
from pole_agent.languages import phrase
from pole_agent.settings.pole import StorageSettings
from pole_agent.store.database import Database
from pole_agent.store.schema import FILE_NAME
from pole_agent.uplink.events import TYPE_PREFIX, event_document

HELP = "look at the events that this pole keeps"
DELIVERED, WAITING = phrase("delivered"), phrase("waiting")
T = TypeVar("T")
PAGE = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument(
        "--state-dir",
        type=Path,
        metavar="D",
        help="read the store in this folder; default: that of the configuration",
    )
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    actions.add_parser("stats", help="counts and sizes")
    listing = actions.add_parser("list", help="the newest events, one a line")
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="default 50")
    export = actions.add_parser("export", help="all events as CloudEvents, one JSON object a line")
    export.add_argument("--out", type=Path, metavar="F", help="default: standard output")
    control.everywhere(actions)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"invalid count {text!r}; expected a whole number from 0")
    return min(int(text), sys.maxsize)


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "stats":
        try:
            stats = control.ask(arguments, "outbox.stats")
        except control.NotRunning:
            stats = read_database(arguments, lambda db: db.stats())
        _show_stats(stats, arguments)
    elif arguments.action == "list":
        _list(arguments)
    else:
        _export(arguments)
    return 0


def read_database(arguments: argparse.Namespace, work: Callable[[Database], T]) -> T:
    """Read the store itself, whether the agent runs or not. Raises OutboxError."""
    folder, max_mb = getattr(arguments, "state_dir", None), StorageSettings().max_mb
    if folder is None:
        settings = control.settings_of(arguments)
        storage = settings.storage if settings else StorageSettings()
        folder, max_mb = storage.state_dir, storage.max_mb
    path = folder / FILE_NAME
    if not path.is_file():
        raise OutboxError(phrase("store-missing", folder=path))
    try:
        with contextlib.closing(Database(path, max_mb, str, read_only=True)) as database:
            return work(database)
    except sqlite3.Error as error:
        raise OutboxError(phrase("file-unreadable-because", file=path, error=error)) from error


def _show_stats(stats: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(json.dumps(stats))
        return
    waiting = ", ".join(f"{n} {s}" for s, n in stats["waiting"].items()) or phrase("none")
    kept, dropped = stats["delivered_kept"], stats["dropped"]
    say(
        arguments,
        phrase("store-counts", store=stats["storeid"], waiting=waiting, kept=kept, dropped=dropped),
    )
    say(
        arguments,
        phrase(
            "store-size",
            last=stats["last_sequence"],
            used=f"{stats['used_mb']:.1f}",
            most=f"{stats['max_mb']:.0f}",
        ),
    )


def _pages(arguments: argparse.Namespace, after: int = 0) -> Iterator[dict[str, Any]]:
    """Events as CloudEvents with `delivered` added, oldest first: from the agent, or from the store when none
    runs.
    """
    while page := _page(arguments, after):
        yield from page
        after = int(page[-1]["sequence"])


def _page(arguments: argparse.Namespace, after: int) -> list[dict[str, Any]]:
    try:
        answer: list[dict[str, Any]] = control.ask(arguments, "outbox.page", after=after)
        return answer
    except control.NotRunning:
        settings = control.settings_of(arguments) if not arguments.state_dir else None
        base = settings.base_topic if settings else "unknown"
        return read_database(
            arguments,
            lambda db: [
                event_document(base, db.store_id, e) | {"delivered": e.delivered is not None}
                for e in db.list_events(PAGE, after)
            ],
        )


def _list(arguments: argparse.Namespace) -> None:
    events = deque(_pages(arguments), arguments.limit)
    here = _here(arguments)
    for event in events:
        if arguments.json:
            print(json.dumps(event))
        else:
            mark = (DELIVERED if event["delivered"] else WAITING).of(arguments.lang)
            kind = event["type"].removeprefix(TYPE_PREFIX)
            when = here.time(event["time"], seconds=True) if here else event["time"]
            print(
                f"{event['sequence']}  {when}  {event['severity']:<7} {mark:<9} {kind} "
                f" {json.dumps(event['data'])[:100]}"
            )


def _here(arguments: argparse.Namespace) -> control.Here | None:
    """None where only a store is named: then its times are told as they stand there."""
    try:
        return control.here(arguments)
    except ConfigError:
        return None


def _export(arguments: argparse.Namespace) -> None:
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(arguments.out.open("w")) if arguments.out else sys.stdout
        count = 0
        for event in _pages(arguments):
            del event["delivered"]
            out.write(json.dumps(event) + "\n")
            count += 1
            if count % PAGE == 0 and arguments.out and sys.stderr.isatty():
                print(f"\r{count} events", end="", file=sys.stderr)
    print(f"exported {count} events", file=sys.stderr)
