"""Try rules before they count: what would they have done in the last days? The judge of the pole goes once
more over what its cameras saw (storage.trajectory_days; no picture is kept, and none is needed).

pole-agent rehearse --config new.toml               the last seven days, beside today's rules
pole-agent rehearse --config new.toml --since 36h   or since a date: --since 2026-11-20
pole-agent rehearse --config new.toml --list        each alarm with its time
pole-agent rehearse                                 today's rules alone

For each rule: how often it would have alarmed, when, and for what; beside that, what today's rules do with
the same street. For the lamp: in which hours presence raises it, for how many minutes, and the energy.
Overrides, sensors and fades are left out. Nothing is changed, on the pole or in a file.

Exit code 0, 1 where no trajectories are kept, 2 for a configuration that cannot be used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from pole_agent import compose
from pole_agent.console import kept
from pole_agent.console.rehearsed import Rehearsal, Tried, document, told
from pole_agent.console.speech import say
from pole_agent.errors import PoleAgentError
from pole_agent.languages import phrase
from pole_agent.rehearsal.light import light
from pole_agent.rehearsal.reel import Coverage
from pole_agent.rehearsal.rehearse import Part, rehearse
from pole_agent.rehearsal.replay import Outcome
from pole_agent.settings import DEFAULT_PATH, Settings, overlay
from pole_agent.settings.load import load, load_or_last_good, with_overlay
from pole_agent.settings.reading import text_file

HELP = "try rules on what the pole saw in the last days"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_PATH,
        metavar="F",
        help=f"the rules to try; default: {DEFAULT_PATH}",
    )
    parser.add_argument(
        "--beside",
        type=Path,
        default=DEFAULT_PATH,
        metavar="F",
        help=f"the rules of today; default: {DEFAULT_PATH}",
    )
    parser.add_argument(
        "--overlay",
        type=Path,
        metavar="F",
        help="with this overlay of the page on it, beside the rules in force; default: the one that is saved",
    )
    parser.add_argument("--list", action="store_true", help="each alarm with its time, class and way")
    kept.arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.overlay is None:
        new = load(arguments.config).settings
        today = _today(arguments, new)
    else:
        today = load(arguments.config).settings
        new = _with(arguments.config, arguments.overlay)
    found = _rehearsed(arguments, new, today)
    zone = new.pole.place.zone
    if arguments.json:
        print(json.dumps(document(found), ensure_ascii=False))
        return 0
    for line in told(found, zone, arguments):
        say(arguments, line)
    return 0


def _with(path: Path, file: Path) -> Settings:
    """Raises ConfigError, OSError."""
    plain = load(path, overlay.NONE)
    return with_overlay(plain, path, overlay.parse(text_file(file, overlay.MAX_BYTES))).settings


def _today(arguments: argparse.Namespace, new: Settings) -> Settings | None:
    """The configuration to compare with, or None if it is the same one or missing."""
    if arguments.beside == arguments.config or (
        arguments.beside == DEFAULT_PATH and not DEFAULT_PATH.exists()
    ):
        return None
    settings = load_or_last_good(arguments.beside).settings
    return None if settings == new else settings


def _rehearsed(arguments: argparse.Namespace, new: Settings, today: Settings | None) -> Rehearsal:
    folder = arguments.state_dir or (today or new).storage.state_dir
    coverage: dict[str, Coverage] = {}
    tried: list[Tried] = []
    for camera in new.cameras:
        files = kept.kept(folder, today or new, camera.name)
        start = kept.since(arguments.since, new.pole.place.zone, files)
        ours = compose.rules_of(new, camera.name)
        known = [c.name for c in today.cameras] if today else []
        theirs = compose.rules_of(today, camera.name) if today and camera.name in known else []
        different = [*ours, *(rule for rule in theirs if rule not in ours)]
        part = Part(camera=camera.name, rules=tuple(different), place=new.pole.place, since=start)
        result = rehearse(part, kept.wanted(files, start), kept.progress(arguments.lang))
        outcomes = list(zip(different, result.rules, strict=True))
        coverage[camera.name] = result.coverage
        for rule, outcome in outcomes:
            before = next((o for r, o in outcomes if r in theirs and r.name == rule.name), None)
            if rule in ours:
                tried.append(Tried(camera=camera.name, rule=rule, new=outcome, today=before))
            elif rule.name not in {r.name for r in ours}:
                tried.append(Tried(camera=camera.name, rule=rule, new=None, today=outcome))
    since = min((c.since for c in coverage.values() if c.since is not None), default=None)
    until = max((c.until for c in coverage.values() if c.until is not None), default=None)
    if since is None or until is None:
        raise PoleAgentError(phrase("trajectories-not-since", since=arguments.since))
    return Rehearsal(
        since=since,
        until=until,
        coverage=coverage,
        tried=tried,
        new=light(compose.configuration_of(new), _boosts(t.new for t in tried), since, until),
        today=None
        if today is None
        else light(compose.configuration_of(today), _boosts(t.today for t in tried), since, until),
    )


def _boosts(outcomes: Iterator[Outcome | None]) -> list[tuple[float, float, float]]:
    return [boost for outcome in outcomes if outcome is not None for boost in outcome.boosts]
