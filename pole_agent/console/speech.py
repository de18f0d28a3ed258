"""What a command says to the person who called it, in that person's language."""

from __future__ import annotations

import argparse

from pole_agent.indonesian import spoken


def say(arguments: argparse.Namespace, text: str) -> None:
    """Print an English sentence, or its Indonesian."""
    print(spoken(text, arguments.lang), flush=True)
