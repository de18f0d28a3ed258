"""Write a short, commented pole.toml from a few questions, or from flags (then only what is needed and not
given is asked).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path

from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import Phrase, in_language, phrase, together
from pole_agent.settings.load import parse

HELP = "write a short, commented pole.toml"
QUESTIONS: tuple[tuple[str, Phrase, str], ...] = (
    (
        "id",
        phrase("question-pole"),
        "POLE-1",
    ),
    ("site", phrase("question-site"), "bench"),
    (
        "latitude",
        phrase("question-latitude"),
        "",
    ),
    (
        "longitude",
        phrase("question-longitude"),
        "",
    ),
    ("timezone", phrase("question-time-zone"), "Asia/Jakarta"),
    (
        "camera",
        phrase("question-camera"),
        "",
    ),
    (
        "pin",
        phrase("question-pin"),
        "",
    ),
    (
        "mqtt",
        phrase("question-broker"),
        "",
    ),
    (
        "trajectories",
        phrase("question-trajectories"),
        "0",
    ),
)
NEEDED = ("latitude", "longitude")  # no default: the lamp of another place would follow another sun
RIGHT = {
    "id": "P",
    "site": "s",
    "latitude": "0",
    "longitude": "0",
    "timezone": "UTC",
    "camera": "",
    "pin": "",
    "mqtt": "",
    "trajectories": "0",
}
NUMBERS = {
    "latitude": r"[+-]?\d{1,3}(\.\d{1,15})?",
    "longitude": r"[+-]?\d{1,3}(\.\d{1,15})?",
    "pin": r"\d{1,3}",
    "trajectories": r"\d{1,2}",
}
EXAMPLES = {"pin": "18", "trajectories": "7"}
NONE = phrase("none")


def arguments(parser: argparse.ArgumentParser) -> None:
    for key, question, default in QUESTIONS:
        parser.add_argument(f"--{key}", help=question + (f"; default: {default}" if default else ""))
    parser.add_argument("--out", type=Path, default=Path("pole.toml"), metavar="F", help="default: pole.toml")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


def run(arguments: argparse.Namespace) -> int:
    out: Path = arguments.out
    if out.exists() and not arguments.force:
        raise ConfigError([Problem(str(out), phrase("init-exists"))])
    answers = _answers(arguments)
    text = render(answers)
    parse(text, str(out), out.parent)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError([Problem(str(out), phrase("unwritable-because", error=error.strerror))]) from error
    lang = "" if arguments.lang == "en" else f" --lang {arguments.lang}"
    say(arguments, phrase("init-written", file=out, next=f"pole-agent check --config {out}{lang}"))
    return 0


def _answers(arguments: argparse.Namespace) -> dict[str, str]:
    """What was given or answered.

    Every answer is looked at when it is given. Raises ConfigError with all flags that are wrong.
    """
    given: dict[str, str | None] = {key: getattr(arguments, key) for key, _, _ in QUESTIONS}
    problems = [
        Problem(f"--{key}", wrong)
        for key, answer in given.items()
        if answer is not None and (wrong := fault(key, answer))
    ]
    if problems:
        raise ConfigError(problems)
    at_terminal, ask_all = sys.stdin.isatty(), not any(given.values())
    answers: dict[str, str] = {}
    for key, question, default in QUESTIONS:
        answer = given[key]
        pointless = key == "trajectories" and not answers["camera"]
        if answer is None and at_terminal and (key in NEEDED or (ask_all and not pointless)):
            answer = _asked(key, question.of(arguments.lang), default, arguments.lang)
        elif answer is None and key in NEEDED:
            problems.append(Problem(f"--{key}", phrase("init-position-required")))
        answers[key] = default if answer is None else answer
    if problems:
        raise ConfigError(problems)
    return answers


def _asked(key: str, question: str, default: str, language: str) -> str:
    """Asks until the answer can be used. Raises ConfigError when nobody answers any more."""
    hint = "" if key in NEEDED else f" [{default or NONE.of(language)}]"
    while True:
        try:
            answer = input(f"{question}{hint}: ").strip() or default
        except EOFError:
            raise ConfigError([Problem(f"--{key}", phrase("init-unanswered"))]) from None
        if not (wrong := fault(key, answer)):
            return answer
        print(in_language(wrong, language))


def fault(key: str, answer: str) -> str:
    """What is wrong with one answer, in words; empty when nothing is."""
    if key in NEEDED and not answer:
        return phrase("init-position-required")
    if key in NUMBERS and answer and not re.fullmatch(NUMBERS[key], answer, re.ASCII):
        return phrase("invalid-number", given=f"{answer!r}", example=EXAMPLES.get(key, "-6.8586"))
    try:
        parse(render(RIGHT | {key: answer}), folder=Path("/"))
    except ConfigError as error:
        return together(p.text for p in error.problems)
    return ""


def _host_and_port(text: str) -> tuple[str, str]:
    """host, host:port, an IPv6 address, or one in brackets with a port."""
    if match := re.fullmatch(r"\[([^\]]+)\](?::(.+))?", text):
        host, port = match[1], match[2] or ""
    elif text.count(":") > 1:
        host, port = text, ""
    else:
        host, _, port = text.partition(":")
    if port and not port.isdigit():
        raise ConfigError([Problem("mqtt", phrase("invalid-port", given=f"{port!r}"))])
    return host, port


def render(answers: dict[str, str]) -> str:
    """The text of pole.toml. Raises ConfigError for a port that is none."""
    quote = json.dumps  # a JSON string is a TOML string
    lines = [
        (
            "# pole.toml of pole-agent. Everything that can be set, with comments: config/pole.toml of the"
            " project."
        ),
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
        host, port = _host_and_port(answers["mqtt"])
        local = host in ("localhost", "127.0.0.1", "::1")
        lines += ["", "[mqtt]", f"host = {quote(host)}"]
        lines += [f"port = {port}"] if port else []
        lines += (
            ["tls = false               # without encryption: on this machine only"]
            if local
            else ["tls = true"]
        )
    if os.geteuid() != 0 or int(answers["trajectories"]):
        lines += ["", "[storage]"]
    if int(answers["trajectories"]):
        lines += [
            f"trajectory_days = {answers['trajectories']}      # keep where what was seen went, without"
            " pictures, to rehearse rules; the sign says so"
        ]
    if os.geteuid() != 0:
        lines += [
            (
                'state_dir = "pole-state"    # beside this file; the service of the system keeps it in'
                " /var/lib/pole-agent"
            ),
        ]
    return "\n".join(lines) + "\n"
