"""Everything for a fleet of poles, from one table: run it on the office's computer.

pole-agent provision poles.csv --broker broker.example.go.id      the first time; asks for a passphrase
pole-agent provision poles.csv                     again: adds new rows, changes what has changed
pole-agent provision poles.csv --renew 60          and renews certificates that end within 60 days
pole-agent provision retire SMD-0042               revokes its certificates and takes its rights
pole-agent provision seal camera-password --pole SMD-0042 < secret       only that pole can open it

poles.csv has a header and a row for each pole, as a spreadsheet saves it. Needed: id, site, latitude,
longitude. Also: timezone, name, area_code, operator, contact, groups, supply, camera (an address, or rtsp://…),
camera_username, camera_password, heading_deg, range_m, pin, rated_w. The template has what no column has.

fleet/broker is the folder for /etc/mosquitto. fleet/poles/ID has pole.toml, a label to print, and
pole-agent-seed: copy that folder onto the boot partition of the pole's card, and delete it here.
docs/fleet.md goes through it.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pole_agent.console.passphrase import passphrase
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import in_language, phrase

if TYPE_CHECKING:
    from pole_agent.remote.provision.book import Book
    from pole_agent.remote.provision.making import Done, Office

HELP = "make certificates, rights and first-boot seeds for a fleet, from one table"
MANY = 10  # from so many poles on, a line tells how far it is


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="TABLE.csv | retire ID… | seal NAME")
    parser.add_argument("--out", type=Path, default=Path("fleet"), metavar="D", help="default: fleet")
    parser.add_argument(
        "--template", type=Path, metavar="F", help="a pole.toml with what all have in common; default: ours"
    )
    parser.add_argument(
        "--broker",
        nargs="+",
        metavar="HOST",
        help="how poles call the broker, the first of them, and further names of it; remembered",
    )
    parser.add_argument("--port", type=int, metavar="N", help="where it asks for certificates; default: 8884")
    parser.add_argument(
        "--repository", metavar="URL", help="of pole-agent repository, for remote.toml; remembered"
    )
    parser.add_argument("--root", type=Path, metavar="F", help="root.json of that repository")
    parser.add_argument("--renew", type=int, default=0, metavar="DAYS", help="renew what ends within so many")
    parser.add_argument(
        "--reissue",
        nargs="+",
        default=[],
        metavar="ID",
        help="new keys for these, such as after a theft; what they hold is revoked",
    )
    parser.add_argument("--pole", metavar="ID", help="of seal: who alone can open it")
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="F", help="its first line; without it, the terminal asks"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    try:
        from pole_agent.remote.provision import book, making, template  # noqa: F401
    except ImportError as error:
        raise PoleAgentError(phrase("extra-needed", extra="office", missing=error.name)) from error
    what, *rest = arguments.what
    if what == "seal" and len(rest) == 1:
        return _seal(arguments, rest[0])
    if what == "retire" and rest:
        return _retire(arguments, rest)
    if rest or what in ("seal", "retire"):
        raise ConfigError([Problem("provision", phrase("provision-usage"))])
    return _provision(arguments, Path(what))


def _office(arguments: argparse.Namespace, known: Book) -> Office:
    from pole_agent.remote.provision import making

    return making.Office(
        known,
        datetime.now(UTC).replace(microsecond=0),
        lambda file, new: passphrase(arguments, file, new=new),
    )


def _provision(arguments: argparse.Namespace, file: Path) -> int:
    from pole_agent.remote.provision import book, making, table, template

    rows, problems = table.read(file)
    document = template.read(arguments.template or template.SHIPPED)
    with book.alone(arguments.out):  # the book is read inside: another run may have written it
        known = book.Book.read(arguments.out)
        root = _remembered(arguments, known)
        wanted, more = making.plans(rows, document, known, arguments.reissue)
        if problems or more:
            told = {p.path: p for p in (*more, *problems)}  # a cell that is wrong is told once
            raise ConfigError([Problem(f"{file}:{p.path}", p.text) for p in _in_order(list(told.values()))])
        if root is not None:
            book.keep(arguments.out / "root.json", root, book.OPEN)
        office = _office(arguments, known)
        done = office.make(wanted, arguments.renew, arguments.reissue, _Progress(arguments))
    _tell(arguments, done, len(wanted), office)
    return 0


def _in_order(problems: list[Problem]) -> list[Problem]:
    def line(problem: Problem) -> int:
        head = problem.path.partition(":")[0]
        return int(head) if head.isdigit() else 0

    return sorted(problems, key=line)


def _remembered(arguments: argparse.Namespace, known: Book) -> bytes | None:
    """What holds for the whole fleet: from the flags, else as it was. root.json, where one was given."""
    known.brokers = _hosts(arguments.broker or known.brokers)
    known.port = arguments.port or known.port
    if not known.brokers:
        raise ConfigError([Problem("--broker", phrase("broker-needed"))])
    root: bytes | None = None
    if arguments.root:
        root = arguments.root.read_bytes()
    known.repository = arguments.repository or known.repository
    if root is None and known.repository and not (known.folder / "root.json").exists():
        raise ConfigError([Problem("--root", phrase("root-needed"))])
    if root is not None and not known.repository:
        raise ConfigError([Problem("--repository", phrase("repository-needed"))])
    return root


def _hosts(given: list[str]) -> list[str]:
    from pole_agent.settings.host import plain_host

    found, problems = [], []
    for one in given:
        try:
            found.append(plain_host(one))
        except ValueError as error:
            problems.append(Problem("--broker", str(error)))
    if problems:
        raise ConfigError(problems)
    return found


class _Progress:
    """A line now and then, where it takes long."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._language = arguments.lang

    def __call__(self, name: str, number: int, total: int) -> None:
        if total >= MANY and (number == total or number % max(1, total // 10) == 0):
            text = phrase("provision-progress", number=number, total=total, name=name)
            print(in_language(text, self._language), file=sys.stderr, flush=True)


def _tell(arguments: argparse.Namespace, done: Done, total: int, office: Office) -> None:
    if arguments.json:
        print(json.dumps({"poles": total} | asdict(done), ensure_ascii=False))
        return
    out = arguments.out
    say(
        arguments,
        phrase(
            "provisioned",
            total=total,
            new=len(done.new),
            changed=len(done.changed),
            renewed=len(done.renewed),
        ),
    )
    if done.new or arguments.reissue:
        say(arguments, phrase("seed-next", folder=out / "poles"))
    if done.changed:
        say(arguments, phrase("changed-next", ids=", ".join(done.changed)))
    if done.renewed:
        say(arguments, phrase("renewed-next", ids=", ".join(done.renewed)))
    if done.broker:
        say(arguments, phrase("broker-next", folder=out / "broker"))
    for name in done.absent:
        say(arguments, phrase("absent-next", id=name))
    if office.ends < datetime.now(UTC) + timedelta(days=825):
        say(arguments, phrase("authority-ends", until=f"{office.ends:%Y-%m-%d}"))


def _retire(arguments: argparse.Namespace, names: list[str]) -> int:
    from pole_agent.remote.provision import book

    with book.alone(arguments.out):
        known = book.Book.read(arguments.out)
        unknown = [
            Problem(n, phrase("pole-unknown", folder=known.folder)) for n in names if n not in known.poles
        ]
        if unknown:
            raise ConfigError(unknown)
        _office(arguments, known).retire(names)
    if arguments.json:
        print(json.dumps({"retired": names}))
    else:
        say(arguments, phrase("retired-next", ids=", ".join(names), folder=arguments.out / "broker"))
    return 0


def _seal(arguments: argparse.Namespace, name: str) -> int:
    from pole_agent.remote.provision import book, sealing

    if not arguments.pole:
        raise ConfigError([Problem("--pole", phrase("seal-for-whom"))])
    if not sealing.NAME.fullmatch(name):
        raise ConfigError([Problem(name, phrase("secret-name-invalid"))])
    pole = book.Book.read(arguments.out).pole(arguments.pole)
    if pole.retired:
        raise ConfigError([Problem(pole.id, phrase("pole-retired", id=pole.id))])
    if sys.stdin.isatty():
        secret = getpass.getpass(phrase("secret-prompt", name=name).of(arguments.lang)).encode()
    else:
        secret = sys.stdin.buffer.read(sealing.MAX_SECRET + 1)
    file = arguments.out / "poles" / pole.id / "sealed" / name
    book.keep(file, sealing.sealed(pole.sealing_key, pole.id, name, secret), book.OPEN)
    if arguments.json:
        print(json.dumps({"sealed": str(file)}))
    else:
        say(arguments, phrase("sealed-to", file=file, id=pole.id))
    return 0
