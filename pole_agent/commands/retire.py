"""A pole goes: clear everything that the broker keeps of it, so that no dashboard shows it any more.

The agent must be stopped first. Events that were not delivered stay in its store: look with pole-agent outbox
stats.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from pathlib import Path

from pole_agent import compose
from pole_agent.console import control
from pole_agent.console.speech import say
from pole_agent.errors import PoleAgentError, PublishRefused
from pole_agent.languages import phrase
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.load import load_or_last_good
from pole_agent.uplink import homeassistant
from pole_agent.uplink.events import RETAINED, Message

HELP = "clear what the broker keeps of a pole that goes"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}"
    )
    parser.add_argument(
        "--socket",
        type=Path,
        metavar="S",
        help="control socket of the agent; default: found by the configuration",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> int:
    settings = load_or_last_good(arguments.config).settings
    with contextlib.suppress(control.NotRunning):
        control.ask(arguments, "health")
        raise PoleAgentError(phrase("agent-would-publish-again"))
    if compose.broker_of(settings) is None:
        raise PoleAgentError(phrase("retire-without-broker"))
    question = phrase("retire-question", topic=settings.base_topic).of(arguments.lang)
    if not arguments.yes and not _agreed(question):
        say(arguments, phrase("nothing-changed"))
        return 1
    cleared = asyncio.run(clear(settings))
    say(arguments, phrase("retire-cleared", topics=", ".join(cleared)))
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes", "ya")
    except EOFError:  # nobody is there
        return False


async def clear(settings: Settings) -> list[str]:
    """Publish nothing, retained, on every retained topic. Raises LinkLost, PoleAgentError."""
    broker, base = compose.broker_of(settings), settings.base_topic
    assert broker is not None
    announcement = homeassistant.topic(compose.client_id_of(settings))
    cleared = []
    async with broker.connect(Message(f"{base}/status", b"", retain=True), base) as session:
        for topic in (announcement, *(f"{base}/{path}" for path in RETAINED)):
            try:
                await session.publish(Message(topic, b"", retain=True))
                cleared.append(topic)
            except PublishRefused as error:
                if topic != announcement:  # without Home Assistant a pole may have no right to that topic
                    raise PoleAgentError(phrase("at-key", key=topic, problem=error)) from error
    return cleared
