"""Look at everything that this pole needs, and say what is wrong and what to do. It never drives the lamp and
changes nothing.

pole-agent doctor                 every check with its fix
pole-agent doctor --lang id       in Indonesian
pole-agent doctor --quick         without pictures from cameras and the model's speed
pole-agent doctor --json

Exit code 0 when nothing failed, 1 when something did.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from collections.abc import Callable, Iterator

from pole_agent.compose import drone_areas
from pole_agent.console import control
from pole_agent.doctor import MACHINE, QUICK, SLOW, examine
from pole_agent.doctor.eyes import lights
from pole_agent.doctor.finding import Finding
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import in_language, phrase, together
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.advice import warnings
from pole_agent.settings.load import load

HELP = "look at everything this pole needs, with the fix for what is wrong"
SIGNS = {
    "ok": phrase("sign-ok"),
    "warn": phrase("sign-warn"),
    "fail": phrase("sign-fail"),
    "unknown": phrase("sign-unknown"),
}
COLOURS = {"ok": "32", "warn": "33", "fail": "31;1", "unknown": "2"}
LABELS = {  # others are keys and names; --json names all in English
    "agent": phrase("agent"),
    "clock": phrase("clock"),
    "clock chip": phrase("clock-chip"),
    "configuration": phrase("configuration"),
    "disk wear": phrase("disk-wear"),
    "memory": phrase("memory"),
    "network": phrase("network"),
    "power": phrase("power"),
    "service": phrase("service"),
    "versions": phrase("versions"),
    "camera": phrase("camera"),
    "sign": phrase("sign"),
    "picture": phrase("picture"),
    "light": phrase("light-in-picture"),
}
NOBODY = {"pole": {"id": "unknown", "site": "unknown", "latitude": 0, "longitude": 0}}


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument(
        "--quick", action="store_true", help="without pictures from cameras and the model's speed"
    )


def run(arguments: argparse.Namespace) -> int:
    findings = []
    coloured = os.isatty(1) and not arguments.json

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if not arguments.json:
            print(_line(finding, arguments.lang, coloured), flush=True)

    settings = _settings(arguments, tell)
    if settings is None:
        settings, checks = Settings.model_validate(NOBODY), MACHINE
    else:
        for finding in _agent(arguments, settings):
            tell(finding)
        checks = QUICK if arguments.quick else (*QUICK, *SLOW)
    for finding in examine(settings, checks):
        tell(finding)
    counts = {state: sum(f.state == state for f in findings) for state in SIGNS}
    if arguments.json:
        print(
            json.dumps(
                {"findings": [f.as_data(arguments.lang) for f in findings], "counts": counts},
                ensure_ascii=False,
            )
        )
    else:
        summary = phrase("doctor-summary", failed=counts["fail"], warnings=counts["warn"], ok=counts["ok"])
        print(summary.of(arguments.lang))
    return 1 if counts["fail"] else 0


def _line(finding: Finding, language: str, coloured: bool) -> str:
    sign = f"{SIGNS[finding.state].of(language):<5}"
    if coloured:
        sign = f"\x1b[{COLOURS[finding.state]}m{sign}\x1b[0m"
    line = f"{sign} {_label(finding.name, language):<16} {in_language(finding.words, language)}"
    return line + (f"\n{'':22} → {in_language(finding.fix, language)}" if finding.fix else "")


def _label(name: str, language: str) -> str:
    """The name of a check, perhaps followed by that of a camera."""
    if name in LABELS:
        return LABELS[name].of(language)
    first, _, rest = name.partition(" ")
    return f"{LABELS[first].of(language)} {rest}" if first in LABELS else name


def _settings(arguments: argparse.Namespace, tell: Callable[[Finding], None]) -> Settings | None:
    """The configuration itself is the first thing that is looked at."""
    fix = phrase("check-fix", file=arguments.config)
    try:
        settings = load(arguments.config).settings
    except ConfigError as error:
        if arguments.config != DEFAULT_PATH and not arguments.config.exists():
            raise ConfigError([Problem(str(arguments.config), phrase("configuration-missing"))]) from error
        text = together(map(str, error.problems[:3]))
        tell(Finding("configuration", "fail", text, fix))
        with contextlib.suppress(ConfigError):
            return control.settings_of(arguments)
        return None
    try:
        drone_areas(settings)
    except ConfigError as error:
        tell(
            Finding(
                "drone",
                "fail",
                str(error),
                phrase("no-flight-until-then"),
            )
        )
    found = warnings(settings)
    if found:
        tell(Finding("configuration", "warn", together(found)))
    else:
        tell(Finding("configuration", "ok", str(arguments.config)))
    return settings


def _agent(arguments: argparse.Namespace, settings: Settings) -> Iterator[Finding]:
    """Does the agent run, and what does it say of itself?"""
    try:
        health = control.ask(arguments, "health")
    except control.NotRunning:
        yield Finding("agent", "unknown", phrase("agent-not-running"))
        return
    except PoleAgentError as error:
        yield Finding("agent", "unknown", str(error))
        return
    ill = {part: state["reason"] for part, state in health["parts"].items() if state["state"] != "ok"}
    if ill:
        parts = together(phrase("at-key", key=part, problem=reason) for part, reason in ill.items())
        yield Finding("agent", "warn", phrase("agent-degraded", parts=parts))
    else:
        yield Finding("agent", "ok", phrase("agent-works"))
    yield from lights(health, settings.pole.place)
