"""The office's repository: what poles take as release, configuration, model or geofence, signed by people.

pole-agent repository key dewi                 each person, at their own computer: dewi.key, dewi.pub
pole-agent repository init regency --root dewi.pub budi.pub sari.pub --release dewi.pub budi.pub \\
    --full dewi.pub budi.pub --light sari.pub --snapshot office.pub --timestamp office.pub
pole-agent repository add regency light/SMD-0042.toml brighter.toml
pole-agent repository add regency release/aarch64-py3.11.tar.gz bundle.tar.gz --version 0.2.0 --percent 10
pole-agent repository sign regency --key dewi.key       shows what changes, and adds one signature
pole-agent repository publish regency --key office.key
pole-agent repository status regency           what ends when, and who has to come; exit 1 within 30 days

root, release and full need two signatures, light one. regency/public is the folder that poles fetch: copy it
to any web server, or onto a USB stick. regency/root.json goes into /etc/pole-agent of each pole, by hand.
What waits lies in regency/staging: carry the folder to whoever signs, or mail one file of it, which
`sign staging/release.json` signs and `collect` takes back.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pole_agent.console.passphrase import passphrase
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import phrase

if TYPE_CHECKING:
    from pole_agent.remote.repository.folder import Repository
    from pole_agent.remote.repository.keys import NaclSigner

HELP = "the office's repository of releases and configurations"
KEYED = ("root", "release", "full", "light", "snapshot", "timestamp")


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)

    def action(name: str, text: str, folder: bool = True) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if folder:
            made.add_argument("folder", type=Path, metavar="FOLDER", help="of the repository")
        made.add_argument("--json", action="store_true", help="print one JSON object")
        return made

    key = action("key", "make the key of a person, or of the office, under a passphrase", folder=False)
    key.add_argument("name", help="the holder: small letters, digits, dots, hyphens")
    key.add_argument("--out", type=Path, default=Path(), metavar="D", help="the folder for both files")
    begin = action("init", "begin a repository: a first root and its roles, to be signed")
    for role in KEYED:
        least = {"root": "three, of which two sign", "light": "one or more, of which one signs"}
        least |= dict.fromkeys(("release", "full"), "two or more, of which two sign")
        begin.add_argument(
            f"--{role}",
            type=Path,
            nargs="+",
            required=True,
            metavar="PUB",
            help=least.get(role, "the office's"),
        )
    _adding(action("add", "put a file under a name, or change the fields of the one that is there"))
    remove = action("remove", "take a name away; poles keep what they have")
    remove.add_argument("name")
    sign = action("sign", "show what waits for this key, and add its signature")
    sign.add_argument("--yes", action="store_true", help="do not ask")
    collect = action("collect", "take the signatures of files that came back")
    collect.add_argument("file", type=Path, nargs="+", metavar="FILE")
    publish = action(
        "publish", "write the static files, once enough have signed; renews snapshot and timestamp"
    )
    renew = action("renew", "sign roles again for a year, with nothing changed in them")
    renew.add_argument("role", nargs="+", choices=("root", "targets", "release", "full", "light"))
    rotate = action("rotate", "change who may sign: after a loss, a theft, or when somebody leaves")
    rotate.add_argument("role", choices=KEYED)
    rotate.add_argument("--out", metavar="HOLDER", help="whose key goes")
    rotate.add_argument("--new", type=Path, metavar="PUB", help="the key that comes")
    action("status", "what ends when, and who has to come to sign; exit 1 when something ends within 30 days")
    for signing in (sign, publish):
        signing.add_argument(
            "--key", type=Path, required=True, action="append", metavar="F", help="a private key"
        )
    for secret in (key, sign, publish):
        secret.add_argument(
            "--passphrase-file", type=Path, metavar="F", help="its first line; without it, the terminal asks"
        )


def _adding(add: argparse.ArgumentParser) -> None:
    add.add_argument("name", help="such as light/SMD-0042.toml, light/group/north.toml, full/SMD-0042.toml")
    add.add_argument("file", type=Path, nargs="?", metavar="FILE", help="without it, only fields change")
    add.add_argument(
        "--version", metavar="V", help="of a release: what the agent of this bundle calls itself"
    )
    add.add_argument("--canary", metavar="IDS", help="poles that take it first, with commas between them")
    add.add_argument("--percent", type=int, metavar="N", help="of the other poles, 0 to 100")
    add.add_argument(
        "--hold", action=argparse.BooleanOptionalAction, default=None, help="no further pole takes it"
    )
    add.add_argument("--note", metavar="TEXT", help="why, for those who sign and those who look later")


def run(arguments: argparse.Namespace) -> int:
    try:
        from pole_agent.remote.repository import folder
    except ImportError as error:
        raise PoleAgentError(phrase("extra-needed", extra="office", missing=error.name)) from error
    if arguments.action == "key":
        return _key(arguments)
    repository = folder.Repository(arguments.folder)
    doing = {"init": _init, "sign": _sign, "collect": _collect, "publish": _publish, "status": _status}
    return doing.get(arguments.action, _stage)(arguments, repository)


def _key(arguments: argparse.Namespace) -> int:
    from pole_agent.remote.repository import keys

    signer = keys.new_signer(arguments.name)
    file = arguments.out / f"{arguments.name}{keys.KEY_ENDING}"
    public = keys.write_key(file, signer, passphrase(arguments, file, new=True))
    if arguments.json:
        print(json.dumps({"key": str(file), "public": str(public), "keyid": signer.public_key.keyid}))
    else:
        say(arguments, phrase("key-made", file=file, public=public))
    return 0


def _init(arguments: argparse.Namespace, repository: Repository) -> int:
    from pole_agent.remote.repository import keys, staging

    given = {role: [keys.read_public(file) for file in getattr(arguments, role)] for role in KEYED}
    staging.begin(repository, given, _now())
    return _waits(arguments, repository)


def _stage(arguments: argparse.Namespace, repository: Repository) -> int:
    from pole_agent.remote.repository import keys, staging

    if arguments.action == "add":
        repository.newest("root")  # a folder that is none is said to be none
        staging.add(repository, arguments.name, arguments.file, _custom(arguments, repository), _now())
    elif arguments.action == "remove":
        staging.remove(repository, arguments.name, _now())
    elif arguments.action == "renew":
        staging.renew(repository, arguments.role, _now())
    else:
        if not (arguments.out or arguments.new):
            raise ConfigError([Problem("rotate", phrase("rotate-what"))])
        new = keys.read_public(arguments.new) if arguments.new else None
        staging.rotate(repository, arguments.role, arguments.out, new, _now())
    return _waits(arguments, repository)


def _custom(arguments: argparse.Namespace, repository: Repository) -> dict[str, Any]:
    """The fields of a target; of a wave those that were given, beside those that stand there."""
    from pole_agent.remote.repository.roles import ROLE_OF

    custom = {key: value for key in ("version", "note") if (value := getattr(arguments, key)) is not None}
    wave: dict[str, Any] = {}
    if arguments.canary is not None:
        wave["canary"] = [pole for pole in arguments.canary.split(",") if pole]
    if arguments.percent is not None:
        if not 0 <= arguments.percent <= 100:
            raise ConfigError([Problem("--percent", phrase("percent-invalid"))])
        wave["percent"] = arguments.percent
    if arguments.hold is not None:
        wave["hold"] = arguments.hold
    release = arguments.name.startswith("release/")
    if not release and (wave or arguments.version):
        raise ConfigError([Problem(arguments.name, phrase("wave-of-release-only"))])
    if release:
        before = repository.newest(ROLE_OF["release"]).signed.targets.get(arguments.name)
        # A new bundle begins with its canaries; a wave that goes on keeps what was set.
        start = {"canary": [], "percent": 0, "hold": False}
        known = (before.custom or {}).get("wave", {}) if before and not arguments.file else {}
        custom["wave"] = start | known | wave
    return custom


def _waits(arguments: argparse.Namespace, repository: Repository) -> int:
    from pole_agent.remote.repository.publishing import told_missing
    from pole_agent.remote.repository.signing import lacking

    waiting = repository.waiting()
    missing = lacking(repository, waiting)
    if arguments.json:
        print(json.dumps({"waiting": waiting, "missing": {m.role: m.missing for m in missing}}))
        return 0
    for found in missing:
        say(arguments, told_missing(found))
    if waiting and not missing:
        say(arguments, phrase("all-signed", roles=", ".join(waiting)))
    return 0


def _sign(arguments: argparse.Namespace, repository: Repository) -> int:
    from pole_agent.remote.repository import signing

    for file in arguments.key:
        signer = _signer(arguments, file)
        if arguments.folder.is_file():
            signing.sign_file(arguments.folder, signer)
            say(arguments, phrase("file-signed", file=arguments.folder))
            continue
        roles = signing.may_sign(repository, signer)
        if not roles:
            raise PoleAgentError(phrase("nothing-to-sign", holder=signer.public_key.holder))
        if not arguments.json:
            for role in roles:
                for line in signing.changes(repository, role):
                    say(arguments, line)
        if not (arguments.yes or _agreed(arguments)):
            say(arguments, phrase("nothing-changed"))
            return 1
        for role in roles:
            signing.sign(repository, role, signer)
    return 0 if arguments.folder.is_file() else _waits(arguments, repository)


def _collect(arguments: argparse.Namespace, repository: Repository) -> int:
    from pole_agent.remote.repository import signing

    for file in arguments.file:
        signing.collect(repository, file)
    return _waits(arguments, repository)


def _publish(arguments: argparse.Namespace, repository: Repository) -> int:
    from pole_agent.remote.repository import publishing

    signers = [_signer(arguments, file) for file in arguments.key]
    changed = publishing.publish(repository, signers, _now())
    timestamp = repository.published("timestamp")
    assert timestamp is not None
    until = f"{timestamp.signed.expires:%Y-%m-%d}"
    if arguments.json:
        print(json.dumps({"changed": changed, "until": until}))
    else:
        say(arguments, phrase("published", folder=repository.public, until=until))
    return 0


def _status(arguments: argparse.Namespace, repository: Repository) -> int:
    from pole_agent.remote.repository import calendar

    now = _now()
    found = calendar.entries(repository)
    if arguments.json:
        print(json.dumps({"roles": [calendar.as_json(entry, now) for entry in found]}, ensure_ascii=False))
    else:
        for line in calendar.lines(found, now):
            say(arguments, line)
    return int(any(entry.warns(now) for entry in found))


def _signer(arguments: argparse.Namespace, file: Path) -> NaclSigner:
    from pole_agent.remote.repository import keys

    return keys.read_key(file, passphrase(arguments, file, new=False))


def _agreed(arguments: argparse.Namespace) -> bool:
    try:
        return input(phrase("sign-question").of(arguments.lang)).strip().lower() in ("y", "yes", "ya")
    except EOFError:  # nobody is there
        return False


def _now() -> datetime:
    return datetime.now(UTC)
