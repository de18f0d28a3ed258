"""Look once at the regency's repository and fetch what is new for this pole: verified, not yet installed.

pole-agent sync                       as pole-agent-sync.timer does
sudo pole-agent sync --from /media/stick    the folder `public` of the repository, on a USB stick

/etc/pole-agent/remote.toml says where it looks, and how many megabytes a day it may cost. What comes is
verified against /etc/pole-agent/root.json, kept in /var/lib/pole-agent-sync, and installed by
pole-agent-apply.service, which verifies it again. Exit code 0: new or nothing new; 1: the line says why.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pole_agent import __version__
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem, RemoteError
from pole_agent.languages import phrase
from pole_agent.remote import wants

if TYPE_CHECKING:
    from pole_agent.remote.budget import Budget
    from pole_agent.remote.setup import RemoteSettings
    from pole_agent.remote.sources import Source
    from pole_agent.remote.trust import Target

HELP = "fetch what is new for this pole from the regency's repository"
REMOTE, FIRST_ROOT = Path("/etc/pole-agent/remote.toml"), Path("/etc/pole-agent/root.json")
STATE_DIR = Path("/var/lib/pole-agent-sync")
CREDENTIALS = "CREDENTIALS_DIRECTORY"  # the unit gets both files so: their folder is closed to it


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FOLDER", help="look here, and not in the web"
    )
    for name, default in (("remote", REMOTE), ("root", FIRST_ROOT)):
        parser.add_argument(
            f"--{name}", type=Path, default=_credential(default), metavar="F", help=f"default: {default}"
        )
    parser.add_argument("--wants", type=Path, default=wants.FILE, metavar="F", help=f"default: {wants.FILE}")
    parser.add_argument(
        "--state-dir", type=Path, default=STATE_DIR, metavar="D", help=f"default: {STATE_DIR}"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    try:
        from pole_agent.remote import budget, setup, syncing
    except ImportError as error:
        raise PoleAgentError(phrase("extra-needed", extra="remote", missing=error.name)) from error
    remote = setup.read(arguments.remote)
    try:
        root = arguments.root.read_bytes()
    except OSError as error:
        raise ConfigError([Problem("root", phrase("first-root-missing", file=arguments.root))]) from error
    folder = arguments.state_dir
    _be_the_owner_of(folder)
    with syncing.alone(folder):
        spending = budget.Budget(folder / syncing.BUDGET, int(remote.budget_mb_a_day * budget.MB))
        try:
            with _source(arguments, remote, spending) as source:
                done = syncing.sync(folder, root, source, wants.read(arguments.wants), spending, _worth)
        except RemoteError as error:
            done = syncing.Pass(problem=error)
        finally:
            spending.save()
        told = syncing.remember(folder, done, time.time())
    if arguments.json:
        print(json.dumps({**told, "new": done.new, "bytes_today": spending.used}, ensure_ascii=False))
    elif done.problem is None:
        until = time.strftime("%Y-%m-%d", time.gmtime(done.expires))
        if done.new:
            say(arguments, phrase("sync-new", names=", ".join(done.new)))
        else:
            say(arguments, phrase("sync-nothing-new", until=until))
    if done.problem is not None and not arguments.json:
        raise done.problem
    return int(done.problem is not None)


@contextlib.contextmanager
def _source(arguments: argparse.Namespace, remote: RemoteSettings, spending: Budget) -> Iterator[Source]:
    from pole_agent.remote.fetching import Web
    from pole_agent.remote.sources import Folder

    folder = arguments.source or remote.folder
    if folder is not None:
        yield Folder(folder)
        return
    web = Web(remote.repository, remote.ca_file, spending.spend)
    with contextlib.closing(web):
        yield web


def _worth(target: Target) -> bool:
    """A release that runs already is not fetched."""
    return not (target.path.startswith("release/") and target.custom.get("version") == __version__)


def _be_the_owner_of(folder: Path) -> None:
    """Root gives its rights away before it reads what others wrote."""
    if os.geteuid() == 0 and folder.exists() and (owner := folder.stat()).st_uid != 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def _credential(file: Path) -> Path:
    given = os.environ.get(CREDENTIALS)
    return Path(given, file.name) if given and Path(given, file.name).exists() else file
