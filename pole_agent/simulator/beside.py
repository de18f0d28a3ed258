"""What stands beside the poles of the demo: the city that listens, and the dock's side."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from pole_agent.clock import SystemClock
from pole_agent.console.narrator import DISPATCHER, Narrator
from pole_agent.errors import PoleAgentError
from pole_agent.languages import in_language
from pole_agent.simulator.broker import client_of
from pole_agent.simulator.dispatcher import TICK_S, BenchDispatcher, Weather
from pole_agent.simulator.serve import serve
from pole_agent.uplink.events import Incoming, Message

GUST_MS, GUST_S, HURRY = 11.4, 3.0, 12.0  # of the bench dispatcher


async def listen(broker: dict[str, Any], base: str, narrator: Narrator) -> None:
    """Be the city: subscribe, and pass on what comes."""
    import aiomqtt

    try:
        async with client_of(broker) as client:
            await client.subscribe(f"{base}/#", qos=1)
            async for message in client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                narrator.hear(Message(str(message.topic), payload))
    except aiomqtt.MqttError as error:
        print(f"demo: cannot listen to the broker: {error}", file=sys.stderr)
    except PoleAgentError as error:
        print(f"demo: {error}", file=sys.stderr)


async def dispatch(
    broker: dict[str, Any] | None, memory: Any, poles: Sequence[str], clock: SystemClock, narrator: Narrator
) -> None:
    """The dock's side, simulated: at the broker, or beside the one in memory.

    It serves `poles`, the demo's own, and no other.
    """
    import aiomqtt

    outgoing: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    dispatcher = BenchDispatcher(
        lambda topic, payload: outgoing.put_nowait((topic, payload)),
        clock.wall,
        Weather(gust_ms=GUST_MS, gust_s=GUST_S),
        hurry=HURRY,
        say=lambda text: narrator.say(
            f"{DISPATCHER.of(narrator.language)} {in_language(text, narrator.language)}"
        ),
    )
    if broker is not None:
        try:
            await serve(dispatcher, broker, poles, outgoing)
        except* aiomqtt.MqttError as group:
            print(f"demo: the bench dispatcher has lost the broker: {group.exceptions[0]}", file=sys.stderr)
        return

    def hear(message: Message) -> None:
        narrator.hear(message)
        dispatcher.hear(message.topic, message.payload)

    memory.on_publish = hear
    while True:
        dispatcher.step()
        while not outgoing.empty():
            topic, payload = outgoing.get_nowait()
            memory.send(Incoming(topic.removeprefix(f"{poles[0]}/"), json.dumps(payload).encode()))
        await asyncio.sleep(TICK_S)
