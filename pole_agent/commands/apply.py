"""Install what pole-agent sync has fetched: configurations and versions that the regency has signed.

Everything is verified once more here, against a trust that only root can change. A new configuration is on
trial: it is kept when the pole is healthy and its broker has acknowledged it within confirm_min minutes
(/etc/pole-agent/remote.toml), else the former one comes back and the city is told why. What a configuration
may change depends on who signed it: docs/fleet.md.

sudo pole-agent apply what the service does whenever something was fetched sudo pole-agent apply --again
also try what was taken back before sudo pole-agent apply --settle only take back what a power cut
interrupted

It needs no network. Exit status: 0 all that is signed runs, 1 not (the reason is printed), 2 not set up.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import platform
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pole_agent import __version__
from pole_agent.almanac import Span
from pole_agent.commands import check
from pole_agent.console import control
from pole_agent.console.speech import say
from pole_agent.errors import Frozen, PoleAgentError, Problem, RemoteError
from pole_agent.languages import phrase
from pole_agent.remote import names, setup, status, wants
from pole_agent.remote.applying import Applying, Standing
from pole_agent.settings import Settings
from pole_agent.settings.load import MAX_BYTES, load
from pole_agent.settings.reading import text_file
from pole_agent.vision.card import INSTALLED

HELP = "install what the regency has signed and sync has fetched"
UNIT, PATIENCE_S = "pole-agent.service", 30.0


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument("--remote", type=Path, default=setup.PATH, metavar="F", help=f"default: {setup.PATH}")
    parser.add_argument(
        "--root", type=Path, default=setup.ROOT, metavar="F", help="the root that is trusted first"
    )
    parser.add_argument(
        "--fetched", type=Path, default=setup.STAGED, metavar="D", help="what sync has fetched"
    )
    parser.add_argument(
        "--own", type=Path, default=setup.OWN, metavar="D", help="where trust and journal are kept"
    )
    parser.add_argument("--settle", action="store_true", help="only take back what was interrupted")
    parser.add_argument("--again", action="store_true", help="try what was taken back once more")


def run(arguments: argparse.Namespace) -> int:
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    logging.getLogger("securesystemslib").setLevel(logging.WARNING)  # each key that has not signed is a line
    chosen = setup.read(arguments.remote)
    applying = Applying(
        arguments.config,
        arguments.own,
        ServicePole(arguments),
        chosen.confirm_min * 60,
        look=lambda _: [],
        tell=lambda state: status.tell(arguments.own, "config", state | {"at": time.time()}),
    )
    applying.settle()
    if arguments.settle:
        return 0
    if arguments.again:
        applying.forget()
    arguments.own.mkdir(parents=True, exist_ok=True)
    if not _is_wanted(arguments, now := load(arguments.config).settings):
        _want(arguments, now)
    done = _with_trust(arguments, applying, chosen)
    if done:
        _want(arguments, load(arguments.config).settings)
    _report(arguments)
    return 0 if done else 1


def _with_trust(arguments: argparse.Namespace, applying: Applying, chosen: setup.RemoteSettings) -> bool:
    from pole_agent.remote.files import brought
    from pole_agent.remote.release import Release
    from pole_agent.remote.sources import Folder
    from pole_agent.remote.trust import Trust

    standing = applying.pole.standing()
    if standing is None or not standing.clock:
        # Whether something is too old is only known with the time
        why = phrase("apply-no-agent") if standing is None else phrase("apply-clock-untrusted")
        applying.wait(why)
        return False
    trust = Trust(arguments.own / "metadata", arguments.root, Folder(arguments.fetched))
    try:
        trust.refresh()
    except RemoteError as error:
        state = "frozen" if isinstance(error, Frozen) else "failed"
        _tell_sync(arguments, state, str(error))
        raise
    _tell_sync(arguments, "ok", None, trust.expiries[0].at)

    def text_of(target: str) -> str | None:
        if (found := trust.find(target)) is None:
            return None
        file = arguments.own / "targets" / target
        trust.fetch(found, file)
        return text_file(file, MAX_BYTES)

    def look(settings: Settings) -> list[Problem]:
        """What is wrong with it, and was not before: a camera that is gone is no reason to refuse a name."""
        now = load(arguments.config).settings
        _want(arguments, now, settings)
        missing = brought(settings, trust, arguments.config.parent, INSTALLED)
        known = list(check.look(now))
        return missing or [p for p in check.look(settings) if p not in known]

    applying.look = look
    done = applying.configuration(text_of, standing)
    settings = load(arguments.config).settings
    release = Release(
        arguments.own,
        settings.pole.id,
        __version__,
        lambda: Span.parse(chosen.window).holds(time.time(), settings.pole.place),
        lambda state: status.tell(arguments.own, "version", state),
    )
    return release.install(_wanted_names(settings)[-1], trust, again=arguments.again) and done


def _wanted_names(settings: Settings) -> list[str]:
    """What this pole asks the repository for; the release last."""
    drone, model = settings.drone, settings.detector.model
    areas = [path.name for path in (drone.geofence, drone.exclusions) if isinstance(path, Path)]
    files = [f"fence/{name}" for name in areas] + [f"model/{model}.toml", f"model/{model}.onnx"]
    machine, minor = platform.machine(), sys.version_info.minor
    return names.names_of(settings.pole.id, machine, minor, settings.pole.groups, files)


def _is_wanted(arguments: argparse.Namespace, settings: Settings) -> bool:
    try:
        listed = wants.read(arguments.own / wants.FILE.name).names
    except RemoteError:
        return False
    return set(_wanted_names(settings)) <= set(listed)


def _want(arguments: argparse.Namespace, *settings: Settings) -> None:
    """Say what to fetch: the names, and the hashes of what is here, which need not be fetched again.

    Each change of the file starts `sync`, and what is not wanted any more is thrown away there. So what runs
    and what is to follow it are wanted together, until one of them is settled.
    """
    found = list(dict.fromkeys(name for each in settings for name in _wanted_names(each)))
    here = {name: arguments.own / "targets" / name for name in found}
    have = {n: hashlib.sha256(f.read_bytes()).hexdigest() for n, f in here.items() if f.is_file()}
    wants.write(arguments.own / wants.FILE.name, found, have)


def _tell_sync(
    arguments: argparse.Namespace, state: str, problem: str | None, expires: float | None = None
) -> None:
    before = status.read(arguments.own).get("sync", {})
    at = time.time() if problem is None else before.get("last_ok")
    found = {"state": state, "problem": problem, "last_ok": at, "expires": expires or before.get("expires")}
    status.tell(arguments.own, "sync", found)


def _report(arguments: argparse.Namespace) -> None:
    found: dict[str, Any] = status.read(arguments.own).get("config", {})
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return
    say(arguments, phrase("apply-state", state=found["state"], sha256=str(found["wanted"])[:12]))
    for problem in found["problems"]:
        say(arguments, phrase("at-key", key=problem["key"] or "-", problem=problem["problem"]))


class ServicePole:
    """The agent as a service of this machine."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments

    def standing(self) -> Standing | None:
        try:
            found = control.ask(self._arguments, "standing")
            return Standing(found["config_sha256"], found["acknowledged"], found["degraded"], found["clock"])
        except (PoleAgentError, ValueError, KeyError, TypeError):
            return None

    def reload(self) -> None:
        _systemctl("reload-or-restart", "--no-block", UNIT)

    def restarts(self) -> int:
        words = _systemctl("show", "-p", "NRestarts", "--value", UNIT)
        return int(words) if words.isdigit() else 0


def _systemctl(*words: str) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        command = ["systemctl", *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        ).stdout.strip()
    return ""
