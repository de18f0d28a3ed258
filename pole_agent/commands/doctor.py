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
from collections.abc import Callable

from pole_agent.compose import drone_areas
from pole_agent.console import control
from pole_agent.doctor import MACHINE, QUICK, SLOW, examine
from pole_agent.doctor.finding import Finding, said
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.indonesian import translate
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.advice import warnings
from pole_agent.settings.load import load
from pole_agent.words import Both

HELP = "look at everything this pole needs, with the fix for what is wrong"
SIGNS = {
    "ok": Both("ok  ", "baik "),
    "warn": Both("look", "lihat"),
    "fail": Both("BAD ", "BURUK"),
    "unknown": Both("?   ", "?    "),
}
COLOURS = {"ok": "32", "warn": "33", "fail": "31;1", "unknown": "2"}
LABELS = {  # in Indonesian; others are the same in both languages, and --json names all in English
    "agent": "agen",
    "clock": "jam",
    "clock chip": "chip jam",
    "configuration": "konfigurasi",
    "disk wear": "keausan disk",
    "memory": "memori",
    "network": "jaringan",
    "power": "daya",
    "service": "layanan",
    "versions": "versi",
    "camera": "kamera",
    "picture": "gambar",
}
NOBODY = {"pole": {"id": "unknown", "site": "unknown", "latitude": 0, "longitude": 0}}
SUMMARY = Both(
    "{bad} failed, {look} to look at, {ok} fine", "{bad} gagal, {look} perlu diperhatikan, {ok} baik"
)


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
        tell(_agent(arguments))
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
        print(SUMMARY.of(arguments.lang).format(bad=counts["fail"], look=counts["warn"], ok=counts["ok"]))
    return 1 if counts["fail"] else 0


def _line(finding: Finding, language: str, coloured: bool) -> str:
    sign = SIGNS[finding.state].of(language)
    if coloured:
        sign = f"\x1b[{COLOURS[finding.state]}m{sign}\x1b[0m"
    line = f"{sign} {_label(finding.name, language):<16} {finding.words.of(language)}"
    return line + (f"\n{'':21} → {finding.fix.of(language)}" if finding.fix else "")


def _label(name: str, language: str) -> str:
    """The name of a check, perhaps followed by that of a camera."""
    if language != "id":
        return name
    first, _, rest = name.partition(" ")
    return LABELS.get(name) or f"{LABELS.get(first, first)} {rest}".strip()


def _settings(arguments: argparse.Namespace, tell: Callable[[Finding], None]) -> Settings | None:
    """The configuration itself is the first thing that is looked at."""
    fix = Both(
        f"pole-agent check --config {arguments.config}",
        f"pole-agent check --config {arguments.config} --lang id",
    )
    try:
        settings = load(arguments.config).settings
    except ConfigError as error:
        if arguments.config != DEFAULT_PATH and not arguments.config.exists():
            raise ConfigError(
                [Problem(str(arguments.config), "cannot be read; write one with: pole-agent init")]
            ) from error
        text = "; ".join(map(str, error.problems[:3]))
        tell(Finding("configuration", "fail", said(text), fix))
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
                said(error),
                Both("Until then nothing flies.", "Sampai saat itu tidak ada yang terbang."),
            )
        )
    found = warnings(settings)
    if found:
        tell(Finding("configuration", "warn", Both("; ".join(found), "; ".join(map(translate, found)))))
    else:
        tell(Finding("configuration", "ok", Both(str(arguments.config), str(arguments.config))))
    return settings


def _agent(arguments: argparse.Namespace) -> Finding:
    """Does the agent run, and what does it say of itself?"""
    try:
        health = control.ask(arguments, "health")
    except control.NotRunning:
        return Finding("agent", "unknown", Both("it does not run", "agen tidak berjalan"))
    except PoleAgentError as error:
        return Finding("agent", "unknown", said(error))
    ill = {part: state["reason"] for part, state in health["parts"].items() if state["state"] != "ok"}
    if not ill:
        return Finding(
            "agent",
            "ok",
            Both("it runs, and all its parts work", "agen berjalan, dan semua bagiannya bekerja"),
        )
    en = "; ".join(f"{part}: {reason}" for part, reason in ill.items())
    indonesian = "; ".join(f"{part}: {translate(reason)}" for part, reason in ill.items())
    return Finding("agent", "warn", Both(f"it runs; {en}", f"agen berjalan; {indonesian}"))
