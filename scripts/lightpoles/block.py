"""A process full of poles: orders come as lines of JSON, answers go back as lines of JSON.

{"do": "take"}          what was noted since the last time
{"do": "record", "n"}   each pole records so many events
{"do": "keep", "at_once"}   they are put on the disk now, by so many poles at once: the storeid of each, and
                            its last number
{"do": "stop"}          an orderly end
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lightpoles.figures import quantile
from lightpoles.pole import LightPole

STARTS_A_SECOND = 60.0  # a machine that starts a thousand poles at once measures its own start
CONNECTING = 64  # at a time: poles of one process share asyncio's threads
LAG_STEP_S = 0.05


async def lag(late: list[float]) -> None:
    """How late this process's loop is."""
    while True:
        due = time.monotonic() + LAG_STEP_S
        await asyncio.sleep(LAG_STEP_S)
        late.append(time.monotonic() - due)


def taken(poles: list[LightPole], late: list[float]) -> dict[str, Any]:
    noted = {
        "tries": [at for pole in poles for at in pole.broker.tries],
        "entries": {pole.pole: pole.broker.entries[-1] for pole in poles if pole.broker.entries},
        "away": [pole.pole for pole in poles if not pole.broker.connected],
        "pins": {pole.pole: pole.lamp.changes[0] for pole in poles if pole.lamp.changes},
        "stored": sum(pole.runtime.upload.sent_events for pole in poles if pole.runtime.upload),
        "lag_p50_s": quantile(late, 0.5),
        "lag_p99_s": quantile(late, 0.99),
    }
    for pole in poles:
        pole.broker.tries.clear()
        pole.broker.entries.clear()
        pole.lamp.changes.clear()
    late.clear()
    return noted


def say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


async def kept(poles: list[LightPole], at_once: int) -> dict[str, tuple[str, int]]:
    gate = asyncio.Semaphore(at_once)

    async def one(pole: LightPole) -> tuple[str, int]:
        async with gate:
            return await pole.kept()

    found = await asyncio.gather(*map(one, poles))
    return {pole.pole: told for pole, told in zip(poles, found, strict=True)}


async def orders(poles: list[LightPole], late: list[float]) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        order = json.loads(line)
        if order["do"] == "stop":
            return
        if order["do"] == "record":
            for pole in poles:
                pole.record(order["n"])
                await asyncio.sleep(0)
            say({"recorded": order["n"] * len(poles)})
        elif order["do"] == "keep":
            say({"kept": await kept(poles, order["at_once"])})
        else:
            say(taken(poles, late))


async def live(names: list[str], folder: Path, mqtt: dict[str, Any]) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CONNECTING))
    poles, running, late = list[LightPole](), list[asyncio.Task[Any]](), list[float]()
    for name in names:
        state = folder / name
        state.mkdir(parents=True)
        poles.append(LightPole(name, state, mqtt))
        running.append(asyncio.create_task(poles[-1].run()))
        say({"started": len(poles), "resident_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})
        await asyncio.sleep(1 / STARTS_A_SECOND)
    running.append(asyncio.create_task(lag(late)))
    await orders(poles, late)
    for pole in poles:
        pole.runtime.agent.stop()
    running.pop().cancel()
    await asyncio.gather(*running, return_exceptions=True)


def main() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # A thousand poles that lose their broker fill a screen, also where the machine cannot follow: see the lag
    logging.disable(logging.CRITICAL)
    asked = json.loads(sys.stdin.readline())
    asyncio.run(live(asked["names"], Path(asked["folder"]), asked["mqtt"]))


if __name__ == "__main__":
    main()
