"""The command line: `python -m city`, or scripts/city."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import logging
import os
import secrets
import sys
import time
from pathlib import Path

from city import archive, dataset, people, services
from city.reading import rfc3339
from city.settings import Settings, SettingsError, load
from city.store import StoreError, opened

HELP = """\
A city for smart poles: stores every event, proves that none is missing, shows what is open.

  scripts/city                       starts all and says the address; Ctrl-C ends all
  scripts/city --with-demo           with two demo poles that report to it
  scripts/city --large               of which each broker and writer may fail: shards, NATS, two writers
  scripts/city verify                the proof: which events of which pole are missing
  scripts/city user NAME --role officer     an account for the board: viewer, officer or admin
  scripts/city sql 'SELECT * FROM incidents_by_hour'     asks the database, reading only
  scripts/city csv FOLDER            a dataset by hour and night with metadata; --from and --to days
  scripts/city backup FILE           all tables in one file; scripts/city restore FILE into an empty database

Everything is in one folder (--folder); its city.toml says how to use another broker or database.
"""
COMMANDS = ("run", "writer", "board", "verify", "user", "sql", "csv", "backup", "restore")


def main() -> int:
    arguments = parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        services.prepare(arguments.folder)
        settings = load(arguments.folder, large=arguments.large)
        return run(settings, arguments)
    except KeyboardInterrupt:
        return 0
    except SettingsError as error:
        print(f"city: {error}", file=sys.stderr)
        return 2
    except (OSError, StoreError, people.PeopleError, archive.ArchiveError) as error:
        print(f"city: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/city", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("command", nargs="?", default="run", choices=COMMANDS)
    found.add_argument("name", nargs="?", help="of an account, a file, or a folder; a question")
    found.add_argument(
        "--from", dest="first", default="2000-01-01", metavar="DAY", help="of the dataset, YYYY-MM-DD"
    )
    found.add_argument(
        "--to", dest="last", default="2100-01-01", metavar="DAY", help="the last one, included"
    )
    found.add_argument("--role", default="officer", choices=sorted(people.RIGHTS), help="default: officer")
    found.add_argument("--password-file", type=Path, help="else the password is asked for")
    found.add_argument("--folder", type=Path, default=default_folder(), help="default: %(default)s")
    found.add_argument(
        "--large", action="store_true", help="shards of Mosquitto, three NATS servers, two writers"
    )
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
        case "board":
            asyncio.run(show(settings))
        case "user":
            return add_user(settings.folder, arguments)
        case "sql":
            return asyncio.run(ask(settings, arguments.name or "SELECT 1"))
        case "csv" | "backup" | "restore":
            return asyncio.run(files(settings, arguments))
        case "verify":
            return asyncio.run(verify(settings))
    return 0


def start(settings: Settings, demo: str | None) -> int:
    brokers = [f"mqtt://{broker.host}:{broker.port}" for broker in settings.shards]
    poles = ["--poles", "2", "--approval", "required", "--no-page", "--mqtt", brokers[0]]
    extra = [services.Child("demo", [demo, "demo", *poles], settings.folder)] if demo else []
    all_of_it = services.Services(settings, extra)
    try:
        all_of_it.start()
        url, _ = services.database_of(settings)
        address = f"http://{settings.host}:{settings.port}/"
        print(f"the board is at  {address}\n{first_account(settings.folder)}", end="")
        print(f"poles report to  {' or '.join(brokers)}\nstored in        {url}\nCtrl-C ends it", flush=True)
        all_of_it.watch()
    finally:
        all_of_it.stop()
    return 0


async def write(settings: Settings) -> None:
    if settings.large:
        from city import competing

        await competing.write(settings)
        return
    from city.keeper import Keeper
    from city.link import Link
    from city.writer import Writer, wishes

    prefix = settings.broker.prefix
    async with opened(*services.database_of(settings)) as db:
        link = Link(settings.broker, f"{prefix}-city-writer", wishes(prefix), session=True)
        keeper = Keeper(db, link)
        link.start()
        try:
            async with asyncio.TaskGroup() as group:
                for work in (keeper.run(), Writer(db, link, prefix, keeper.keep).run()):
                    group.create_task(work)
        finally:
            link.stop()


async def show(settings: Settings) -> None:
    from city.board import Board
    from city.duty import Duty
    from city.orders import Orders, wishes
    from city.shards import Shards
    from city.view import View

    client = f"{settings.broker.prefix}-city-desk"
    async with opened(*services.database_of(settings)) as db:
        link = Shards(settings.desk_shards, client, wishes(client), session=False)
        orders, view = Orders(link, client), View(db)
        duty = Duty(db, view, settings, orders)
        link.start()
        try:
            async with asyncio.TaskGroup() as group:
                for work in (orders.run(), duty.run(), Board(db, view, settings, duty, orders).run()):
                    group.create_task(work)
        finally:
            link.stop()


def add_user(folder: Path, arguments: argparse.Namespace) -> int:
    """An account; a known name gets a new password and role."""
    if arguments.name is None:
        print("city: scripts/city user NAME --role officer", file=sys.stderr)
        return 2
    if arguments.password_file is not None:
        password = (arguments.password_file.read_text().splitlines() or [""])[0]
    else:
        password = getpass.getpass("password: ")
        if getpass.getpass("again: ") != password:
            print("city: they differ", file=sys.stderr)
            return 1
    people.add(folder, arguments.name, people.made(arguments.role, password))
    print(f"{arguments.name} may log in as {arguments.role}")
    return 0


def first_account(folder: Path) -> str:
    """A city without accounts gets an admin. Returns how to log in, empty where there are accounts."""
    if people.read(folder):
        return ""
    password, file = secrets.token_urlsafe(12), folder / "first-password"
    people.add(folder, "admin", people.made("admin", password))
    file.write_text(password + "\n")
    return f"log in as        admin, {password} (also in {file}; scripts/city user admin changes it)\n"


async def ask(settings: Settings, question: str) -> int:
    """The rows, one a line, as JSON: what a pole wrote stays text."""
    async with opened(*services.database_of(settings)) as db, db.snapshot():
        for row in await db.fetch(question):
            print(json.dumps(dict(row), ensure_ascii=True, default=str))
    return 0


async def files(settings: Settings, arguments: argparse.Namespace) -> int:
    """Backup, restore, or a dataset: prints the rows of each table."""
    if arguments.name is None:
        print(f"city: scripts/city {arguments.command} PATH", file=sys.stderr)
        return 2
    path = Path(arguments.name)
    async with opened(*services.database_of(settings)) as db:
        if arguments.command == "backup":
            counts = await archive.backup(db, path)
        elif arguments.command == "restore":
            counts = await archive.restore(db, path)
        else:
            period, made = (arguments.first, arguments.last), rfc3339(time.time())
            counts = await dataset.write(db, path, settings.dataset, period, made)
    for table, count in counts.items():
        print(f"{count:10} {table}")
    return 0


async def verify(settings: Settings) -> int:
    """The proof in words. 1 where something is missing."""
    from city.store import known_books

    async with opened(*services.database_of(settings)) as db:
        books = await known_books(db)
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
