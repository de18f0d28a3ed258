"""What a command says to the person who called it, in that person's language."""

from __future__ import annotations

import argparse

from pole_agent.languages import in_language


def say(arguments: argparse.Namespace, text: str) -> None:
    """Print a sentence in the language of the user."""
    print(in_language(text, arguments.lang), flush=True)
