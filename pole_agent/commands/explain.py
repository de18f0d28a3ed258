"""The pole states its own conduct: its light, what raises an alarm, what leaves it and what never does, how
long things stay, and who approves flights.

pole-agent explain                          of the running agent, else of the configuration; in both languages
pole-agent explain --lang id
pole-agent explain --page sign.html         the sign (A4, a draft), and behind it the whole statement

The hash stands in the pole's info message (conduct_sha256): while it is the same as on the sign, the pole
still does what the sign says.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from pole_agent.conduct import conduct, digest, lines
from pole_agent.conduct.page import page
from pole_agent.console import control
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import LANGUAGES, language_of, phrase
from pole_agent.settings.load import overlay_told

HELP = "the pole states its own conduct, in English and Indonesian"


def arguments(parser: argparse.ArgumentParser) -> None:
    control.arguments(parser)
    parser.add_argument(
        "--lang", choices=("en", "id", "both"), default="both", help="English, Indonesian; default: both"
    )
    parser.add_argument(
        "--page",
        type=Path,
        metavar="F",
        help="write the sign and the statement as A4 pages (HTML) for a browser to print",
    )


def run(arguments: argparse.Namespace) -> int:
    languages = LANGUAGES if arguments.lang == "both" else (arguments.lang,)
    language = language_of(os.environ) if arguments.lang == "both" else arguments.lang
    loaded = control.loaded_of(arguments)
    if loaded is None:
        raise ConfigError([Problem(str(arguments.config), phrase("name-the-configuration"))])
    settings = loaded.settings
    name, chapters = digest(settings), conduct(settings)
    try:
        running = control.ask(arguments, "conduct")
    except control.NotRunning:
        running = None
    if running is not None and running != name:
        raise PoleAgentError(phrase("conduct-differs", hash=running))
    if arguments.page:
        try:
            arguments.page.write_text(page(settings, chapters, name, languages), encoding="utf-8")
        except OSError as error:
            raise PoleAgentError(phrase("at-key", key=arguments.page, problem=error.strerror)) from error
        print(phrase("sign-written", file=arguments.page).of(language))
    elif arguments.json:
        told = {
            lang: {c.title.of(lang): [s.of(lang) for s in c.sentences] for c in chapters}
            for lang in languages
        }
        print(
            json.dumps({"conduct_sha256": name, "running": running is not None, **told}, ensure_ascii=False)
        )
    else:
        for each in languages:
            print("\n".join(lines(chapters, each)), end="\n\n")
        print(f"conduct_sha256 {name}")
    if loaded.overlay.document and not arguments.json:
        print(overlay_told(loaded).of(language), file=sys.stderr)
    if running is None and not arguments.json:
        print(phrase("explain-from-configuration").of(language), file=sys.stderr)
    return 0
