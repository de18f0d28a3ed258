"""The command line: `python -m city`, or scripts/city."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from city import services
from city.link import Link
from city.settings import Settings, SettingsError, load
from city.store import StoreError, opened

HELP = """\
A city for smart poles: stores every event, proves that none is missing.

  scripts/city                       starts all and says the address; Ctrl-C ends all
  scripts/city --with-demo           with two demo poles that report to it
  scripts/city verify                the proof: which events of which pole are missing

Everything is in one folder (--folder); its city.toml says how to use another broker or database.
"""
COMMANDS = ("run", "writer", "verify")


def main() -> int:
    arguments = parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        services.prepare(arguments.folder)
        settings = load(arguments.folder)
        return run(settings, arguments)
    except KeyboardInterrupt:
        return 0
    except SettingsError as error:
        print(f"city: {error}", file=sys.stderr)
        return 2
    except (OSError, StoreError) as error:
        print(f"city: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/city", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("command", nargs="?", default="run", choices=COMMANDS)
    found.add_argument("--folder", type=Path, default=default_folder(), help="default: %(default)s")
    found.add_argument("--with-demo", dest="demo", metavar="PROGRAM", help=argparse.SUPPRESS)
    return found


def default_folder() -> Path:
    if os.geteuid() == 0:  # PostgreSQL runs as another user, who cannot pass through the home of root
        return Path("/var/lib/pole-city")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "pole-city"


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "run":
            return start(settings, arguments.demo)
        case "writer":
            asyncio.run(write(settings))
        case "verify":
            return asyncio.run(verify(settings))
    return 0


def start(settings: Settings, demo: str | None) -> int:
    broker = f"{settings.broker.host}:{settings.broker.port}"
    poles = ["--poles", "2", "--approval", "required", "--no-page", "--mqtt", f"mqtt://{broker}"]
    extra = [services.Child("demo", [demo, "demo", *poles], settings.folder)] if demo else []
    all_of_it = services.Services(settings, extra)
    try:
        all_of_it.start()
        url, _ = services.database_of(settings)
        print(f"poles report to  mqtt://{broker}\nstored in        {url}\nCtrl-C ends it", flush=True)
        all_of_it.watch()
    finally:
        all_of_it.stop()
    return 0


async def write(settings: Settings) -> None:
    from city.writer import Writer, wishes

    prefix = settings.broker.prefix
    async with opened(*services.database_of(settings)) as db:
        link = Link(settings.broker, f"{prefix}-city-writer", wishes(prefix), session=True)
        link.start()
        try:
            await Writer(db, link, prefix).run()
        finally:
            link.stop()


async def verify(settings: Settings) -> int:
    """The proof in words. 1 where something is missing."""
    from city.store import load_books

    async with opened(*services.database_of(settings)) as db:
        books = await load_books(db)
        stored = (await db.fetch("SELECT count(*) AS n FROM events"))[0]["n"]
    for (source, name), book in sorted(books.items()):
        gaps = book.gaps()
        ended = f"; ended ({book.ended})" if book.ended else ""
        said = f"missing {book.missing}: {gaps[:10]}" if gaps else "complete"
        print(f"{source} store {name}: 1 to {book.last}, {said}{ended}")
    missing = sum(book.missing for book in books.values() if book.ended is None)
    print(f"{stored} events of {len(books)} stores; {missing} missing")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
