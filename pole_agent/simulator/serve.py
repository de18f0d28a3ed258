"""Serve the bench dispatcher at a broker; scripts/dispatcher runs this."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.errors import ConfigError, PoleAgentError
from pole_agent.simulator.broker import broker_of_url, client_of
from pole_agent.simulator.dispatcher import FAILURES, TICK_S, BenchDispatcher, Weather


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mqtt",
        metavar="URL",
        default="mqtt://127.0.0.1:1883",
        help="mqtt://[user:password@]host:port, or mqtts://",
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="F", help="with mqtts://: the authority of the broker's certificate"
    )
    parser.add_argument(
        "--prefix", default="smartpole", help="the first word of the poles' topics; default: smartpole"
    )
    parser.add_argument("--site", default="+", help="only the poles of this site")
    words = "; ".join(f"{k}: {v}" for k, v in FAILURES.items())
    parser.add_argument("--fail", choices=FAILURES, default="", help=words)
    parser.add_argument(
        "--wind", type=float, default=4.2, metavar="MS", help="wind that is told, m/s; default 4.2"
    )
    parser.add_argument(
        "--gust",
        type=float,
        metavar="MS",
        help="wind before the first request, and --gust-for seconds after it",
    )
    parser.add_argument("--gust-for", type=float, default=10.0, metavar="S")
    parser.add_argument("--rain", type=float, default=0.0, metavar="MM_H")
    parser.add_argument("--temperature", type=float, default=27.0, metavar="C")
    parser.add_argument(
        "--hurry", type=float, default=1.0, metavar="N", help="flights take an N-th of the time"
    )


async def serve(
    dispatcher: BenchDispatcher, broker: dict[str, Any], poles: Sequence[str], outgoing: asyncio.Queue[Any]
) -> None:
    """Listen and talk until cancelled.

    `poles`: base topics, wildcards allowed; no other pole hears of it. Raises aiomqtt.MqttError.
    """
    async with client_of(broker) as client:
        for base in poles:
            for path in ("status", "drone/request", "drone/cancel", "drone/order"):
                await client.subscribe(f"{base}/{path}", qos=1)

        async def listen() -> None:
            async for message in client.messages:
                dispatcher.hear(
                    str(message.topic), message.payload if isinstance(message.payload, bytes) else b""
                )

        async def talk() -> None:
            while True:
                topic, payload = await outgoing.get()
                await client.publish(topic, json.dumps(payload), qos=1)

        async def tick() -> None:
            while True:
                dispatcher.step()
                await asyncio.sleep(TICK_S)

        async with asyncio.TaskGroup() as group:
            for job in (listen, talk, tick):
                group.create_task(job())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/dispatcher", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments(parser)
    chosen = parser.parse_args(argv)
    outgoing: asyncio.Queue[Any] = asyncio.Queue()
    weather = Weather(
        chosen.wind,
        chosen.wind if chosen.gust is None else chosen.gust,
        chosen.gust_for,
        chosen.rain,
        chosen.temperature,
    )
    dispatcher = BenchDispatcher(
        lambda topic, payload: outgoing.put_nowait((topic, payload)),
        time.time,
        weather,
        chosen.fail,
        chosen.hurry,
        lambda text: print(f"{rfc3339(time.time())}  {text}", flush=True),
    )
    import aiomqtt

    try:
        with tempfile.TemporaryDirectory(prefix="pole-agent-dispatcher-") as scratch:
            broker = broker_of_url(chosen.mqtt, chosen.ca_file, Path(scratch))
            print(
                f"bench dispatcher at {broker['host']}:{broker['port']}, for {chosen.prefix}/{chosen.site}/+;"
                " Ctrl-C ends it",
                flush=True,
            )
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(serve(dispatcher, broker, [f"{chosen.prefix}/{chosen.site}/+"], outgoing))
    except ConfigError as error:
        print(f"dispatcher: {error}", file=sys.stderr)
        return 2
    except PoleAgentError as error:
        print(f"dispatcher: {error}", file=sys.stderr)
        return 1
    except BaseExceptionGroup as group:
        print(f"dispatcher: {group.exceptions[0]}", file=sys.stderr)
        return 1
    except aiomqtt.MqttError as error:
        print(f"dispatcher: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
