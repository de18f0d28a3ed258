"""What passes a line: by hour of the day and class, over the last days. Counted as the pole counts traffic,
from the trajectories that it keeps (storage.trajectory_days).

pole-agent count gate                      the line "gate" of the configuration, the last seven days
pole-agent count gate --config new.toml    a line that is not in use yet
pole-agent count gate --since 24h --json

Exit code 0, 1 where no trajectories are kept, 2 for a line that is not configured.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from pole_agent import compose
from pole_agent.almanac import rfc3339
from pole_agent.console import kept
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.incidents.rules import Line
from pole_agent.languages import phrase
from pole_agent.rehearsal.passing import Passed
from pole_agent.rehearsal.reel import Coverage
from pole_agent.rehearsal.rehearse import Part, rehearse
from pole_agent.rule_kinds import named
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.load import load_or_last_good
from pole_agent.vocabulary import CLASSES

HELP = "what passes a line, by hour and class"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("line", metavar="LINE", help="its name in the configuration")
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}"
    )
    kept.arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    settings = load_or_last_good(arguments.config).settings
    camera, line = _line(settings, arguments.line)
    files = kept.kept(arguments.state_dir or settings.storage.state_dir, settings, camera)
    zone = settings.pole.place.zone
    start = kept.since(arguments.since, zone, files)
    part = Part(camera=camera, lines=(line,), place=settings.pole.place, since=start)
    result = rehearse(part, kept.wanted(files, start), kept.progress(arguments.lang))
    if result.coverage.since is None or result.coverage.until is None:
        raise PoleAgentError(phrase("trajectories-not-since", since=arguments.since))
    (passed,) = result.lines
    if arguments.json:
        print(json.dumps(document(line, camera, passed, result.coverage, zone), ensure_ascii=False))
        return 0
    for text in _told(line, passed, result.coverage, zone, arguments.lang):
        say(arguments, text)
    return 0


def _line(settings: Settings, name: str) -> tuple[str, Line]:
    """The line and its camera. Raises ConfigError."""
    lines = [(c.name, line) for c in settings.cameras for line in compose.places_of(settings, c.name)[1]]
    found = next(((camera, line) for camera, line in lines if line.name == name), None)
    if found is None:
        known = ", ".join(line.name for _, line in lines) or phrase("none")
        raise ConfigError([Problem("LINE", phrase("line-not-configured", name=name, known=known))])
    return found


def document(
    line: Line, camera: str, passed: Sequence[Passed], coverage: Coverage, zone: tzinfo
) -> dict[str, Any]:
    """The counts as JSON: for each hour of the day and each way, how many of each class."""
    assert coverage.since is not None
    assert coverage.until is not None
    hours = [
        {
            "hour": hour,
            "forward": dict(Counter(p.label for p in passed if _hour(p, zone) == hour and p.forward)),
            "backward": dict(Counter(p.label for p in passed if _hour(p, zone) == hour and not p.forward)),
        }
        for hour in range(24)
    ]
    return {
        "line": line.name,
        "camera": camera,
        "since": rfc3339(coverage.since),
        "until": rfc3339(coverage.until),
        "watched_h": round(coverage.watched_s / 3600, 2),
        "passed": len(passed),
        "forward": sum(p.forward for p in passed),
        "backward": sum(not p.forward for p in passed),
        "hours": hours,
    }


def _told(
    line: Line, passed: Sequence[Passed], coverage: Coverage, zone: tzinfo, language: str
) -> Iterator[str]:
    yield phrase(
        "count-of",
        line=line.name,
        passed=len(passed),
        forward=sum(p.forward for p in passed),
        backward=sum(not p.forward for p in passed),
        hours=f"{coverage.watched_s / 3600:.1f}",
    )
    labels = [label for label in CLASSES if any(p.label == label for p in passed)]
    if not labels:
        return
    table = Counter((_hour(p, zone), p.label) for p in passed)
    sums = [sum(table[hour, label] for label in labels) for hour in range(24)]
    names = [named(label, language) for label in labels]
    widths = [max(len(name), 6) for name in names]
    yield " " * 5 + "".join(f" {name:>{width}}" for name, width in zip(names, widths, strict=True))
    for hour in range(24):
        cells = zip(labels, widths, strict=True)
        numbers = "".join(f" {table[hour, label]:>{width}}" for label, width in cells)
        yield f"{hour:02}:00{numbers} {kept.bar(sums[hour], max(sums))}".rstrip()


def _hour(passed: Passed, zone: tzinfo) -> int:
    return datetime.fromtimestamp(passed.at, zone).hour
