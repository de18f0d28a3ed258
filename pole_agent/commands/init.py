"""Write a short, commented pole.toml from a few questions, or from flags (then nothing is asked)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from pole_agent.errors import ConfigError, Problem
from pole_agent.settings.load import parse

HELP = "write a short, commented pole.toml"
QUESTIONS = (
    ("id", "identifier of the pole (letters, digits, _ and -)", "POLE-1"),
    ("site", "site, for example the regency", "bench"),
    ("latitude", "latitude in degrees", "-6.8586"),
    ("longitude", "longitude in degrees", "107.9164"),
    ("timezone", "time zone", "Asia/Jakarta"),
    ("camera", "camera: rtsp://…, /dev/video0 or a file (empty: none)", ""),
    ("pin", "GPIO pin of the lamp, BCM number (empty: none, in memory only)", ""),
    ("mqtt", "MQTT broker, host or host:port (empty: none)", ""),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    for key, question, default in QUESTIONS:
        parser.add_argument(f"--{key}", help=question + (f"; default: {default}" if default else ""))
    parser.add_argument("--out", type=Path, default=Path("pole.toml"), metavar="F", help="default: pole.toml")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(arguments: argparse.Namespace) -> int:
    out: Path = arguments.out
    if out.exists() and not arguments.force:
        raise ConfigError([Problem(str(out), "is there already; --force replaces it, --out names another")])
    given = {key: getattr(arguments, key) for key, _, _ in QUESTIONS}
    ask = sys.stdin.isatty() and not any(given.values())
    answers = {}
    for key, question, default in QUESTIONS:
        answer = given[key]
        if answer is None:
            answer = input(f"{question} [{default or 'none'}]: ").strip() or default if ask else default
        answers[key] = answer
    text = render(answers)
    parse(text, str(out), out.parent)
    try:
        out.write_text(text)
    except OSError as error:
        raise ConfigError([Problem(str(out), f"cannot be written: {error.strerror}")]) from error
    print(f"wrote {out}; next: pole-agent check --config {out}")
    return 0


def render(answers: dict[str, str]) -> str:
    """The text of pole.toml. Raises ConfigError for numbers that are none."""
    quote = json.dumps  # a JSON string is a TOML string
    for key in ("latitude", "longitude", "pin"):
        try:
            float(answers[key] or 0)
        except ValueError:
            raise ConfigError([Problem(key, f"{answers[key]!r} is no number")]) from None
    lines = [
        "# pole.toml of pole-agent. Everything that can be set, with comments: config/pole.toml of the project.",
        "[pole]",
        f"id = {quote(answers['id'])}",
        f"site = {quote(answers['site'])}",
        f"latitude = {answers['latitude']}",
        f"longitude = {answers['longitude']}",
        f"timezone = {quote(answers['timezone'])}",
        "",
        "[lamp]",
    ]
    if answers["pin"]:
        lines += [f"pin = {answers['pin']}                  # BCM number; low or floating = lit"]
    else:
        lines += ['backend = "mock"          # in memory only; on the pole: backend = "gpio" and pin = 18']
    if answers["camera"]:
        lines += [
            "",
            "[[camera]]",
            f"source = {quote(answers['camera'], ensure_ascii=False)}",
            "",
            "# Somebody in the picture at night raises the lamp for 30 seconds.",
            "[[rule]]",
            'name = "presence"',
            'kind = "presence"',
            'active = "sunset..sunrise"',
            "lamp = { level = 1.0, hold_s = 30 }",
        ]
    if answers["mqtt"]:
        host, _, port = answers["mqtt"].partition(":")
        local = host in ("localhost", "127.0.0.1")
        lines += ["", "[mqtt]", f"host = {quote(host)}"]
        lines += [f"port = {port}"] if port else []
        lines += ["tls = false               # without encryption: on this machine only"] if local else ["tls = true"]
    if os.geteuid() != 0:
        lines += [
            "",
            "[storage]",
            'state_dir = "pole-state"    # beside this file; the service of the system keeps it in /var/lib/pole-agent',
        ]
    return "\n".join(lines) + "\n"
