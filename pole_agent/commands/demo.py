"""The whole agent on a bundled street clip: mock GPIO, no configuration, no hardware, no server.

Alone, its clock starts at dusk. With --mqtt or --no-dispatcher others take part, and it keeps real time.
Every message says that it is a simulation.

It talks to the broker of --mqtt; else to a Mosquitto of its own where one is installed; else to a broker in
memory. It says which. Ctrl-C ends it; --once ends with the clip and prints a summary. --poles 5 is five of
them, to fill a dashboard.

A bench dispatcher stands in for the dock: nothing flies. At first it tells of too much wind, so that the
request for a drone is blocked, says why, and wakes when the wind drops. Then a person decides, on the page
or with the command that the demo prints. Without a page approval is automatic, as in simulations only, and
each message says so.

The page shows all of it in a browser on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shlex
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pole_agent import compose
from pole_agent.console.control import typed
from pole_agent.console.daemon import Runs, leave, run_to_end, set_up_logging
from pole_agent.console.lamp_words import REASONS
from pole_agent.console.narrator import Narrator
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, Problem
from pole_agent.health.vitals import peak_memory_mb
from pole_agent.languages import phrase
from pole_agent.settings import DEFAULT_PATH
from pole_agent.simulator.beside import dispatch, listen
from pole_agent.simulator.broker import (
    broker_of_url,
    client_in_words,
    mosquitto_on_loopback,
    mosquitto_program,
)
from pole_agent.simulator.demo_pole import DemoPole, page_of
from pole_agent.simulator.poles import Fleet, clock_for, document_for, neighbours, settings_for, time_of

HELP = "the whole agent on a bundled street clip"
LAMP_SET = '{"level": 0.6, "duration_s": 20, "by": "me"}'
DRAIN_S = 10.0
MAX_POLES = 50
PAGE_PORT = 8080


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="end with the clip (25 s) and print a summary")
    parser.add_argument(
        "--mqtt", metavar="URL", help="talk to this broker: mqtt://[user:password@]host:port, or mqtts://"
    )
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="F",
        help="with mqtts://: the authority of the broker's certificate; default: the system's",
    )
    parser.add_argument(
        "--port",
        type=int,
        metavar="N",
        help="port of the demo's own Mosquitto on 127.0.0.1; default: a free one",
    )
    parser.add_argument(
        "--poles",
        type=int,
        default=1,
        metavar="N",
        help=f"so many poles, DEMO-1 to DEMO-N (1 to {MAX_POLES}), in one process",
    )
    parser.add_argument(
        "--approval",
        choices=("automatic", "required"),
        help="of simulated flights; required, the default where there is a page: a person decides",
    )
    parser.add_argument(
        "--no-dispatcher",
        action="store_true",
        help="without the bench dispatcher: start your own, or scripts/dispatcher",
    )
    parser.add_argument(
        "--page-port",
        type=int,
        default=PAGE_PORT,
        metavar="N",
        help=f"port of the page on 127.0.0.1; default: {PAGE_PORT}, or a free one",
    )
    parser.add_argument("--pixelated", action="store_true", help="people on the page's picture are pixelated")
    parser.add_argument("--no-page", action="store_true", help="without the page")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")


def _reject(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.poles <= MAX_POLES:
        raise ConfigError(
            [Problem("--poles", phrase("number-out-of-range", given=arguments.poles, most=MAX_POLES))]
        )
    if arguments.poles > 1 and arguments.once:
        raise ConfigError([Problem("--poles", phrase("not-with-once"))])
    if arguments.poles > 1 and not arguments.mqtt and mosquitto_program() is None:
        raise ConfigError([Problem("--poles", phrase("needs-a-broker"))])


def run(arguments: argparse.Namespace) -> int:
    _reject(arguments)
    alone = arguments.poles == 1 and not arguments.once and not arguments.no_page
    arguments.approval = arguments.approval or ("required" if alone else "automatic")
    set_up_logging(arguments.log_level)
    with scratch_folder() as scratch, contextlib.ExitStack() as stack:
        broker, said = _broker(arguments, Path(scratch), stack)
        settings = settings_for(scratch, broker, not arguments.once, approval=arguments.approval)
        say(arguments, phrase("demo-begins", broker=said))
        clock = clock_for(settings, alone=not arguments.mqtt and not arguments.no_dispatcher)
        say(arguments, time_of(settings, clock))
        here = argparse.Namespace(socket=Path(scratch) / compose.SOCKET_NAME, config=DEFAULT_PATH)
        approve = (
            (lambda name: typed(here, "drone", "approve", name)) if arguments.approval == "required" else None
        )
        narrator = Narrator(settings.base_topic, approve, arguments.lang)
        agent: Runs
        renew: Callable[[], Runs | None] | None = None
        memory: Any = None
        if broker is not None and arguments.poles > 1:
            runtimes = neighbours(arguments, Path(scratch), broker, clock, settings)
            runtime, agent = runtimes[0], Fleet(runtimes)
            say(arguments, phrase("demo-poles", count=arguments.poles, last=arguments.poles))
        else:
            if broker is None:
                memory = compose.memory_broker()
                memory.on_publish = narrator.hear
            document = document_for(scratch, broker, not arguments.once, approval=arguments.approval)
            if alone:
                document["page"] = page_of(arguments.page_port, pixelated=arguments.pixelated)
            luminaire = compose.open_lamp(settings, clock)
            pole = DemoPole(document, luminaire, clock, memory, here.socket)
            runtime, agent, renew = pole.runtime, pole.runtime.agent, pole.renew
        if not arguments.once:
            _show_what_to_do(arguments, runtime, broker, here)
        numbers = range(1, arguments.poles + 1)
        bases = [settings_for(scratch, broker, True, number).base_topic for number in numbers]

        async def beside() -> None:
            listeners = []
            if broker:
                listeners.append(asyncio.ensure_future(listen(broker, settings.base_topic, narrator)))
            if not arguments.no_dispatcher:
                listeners.append(asyncio.ensure_future(dispatch(broker, memory, bases, clock, narrator)))
            try:
                await _until_done(runtime, arguments.once)
                if arguments.once:
                    await _drained(runtime)
            finally:
                if broker:
                    await asyncio.sleep(0.3)
                for listener in listeners:
                    listener.cancel()
                await asyncio.gather(*listeners, return_exceptions=True)

        code = run_to_end(agent, beside, renew)
        if arguments.once:
            _summary(runtime, narrator, said, arguments.lang)
    return leave(code)


def _show_what_to_do(
    arguments: argparse.Namespace,
    runtime: compose.Runtime,
    broker: dict[str, Any] | None,
    here: argparse.Namespace,
) -> None:
    settings = runtime.settings
    if runtime.page is not None:
        say(arguments, phrase("demo-page", address=runtime.page.page.address))
    say(arguments, phrase("paste-into-terminal"))
    if broker:
        site = f"{settings.prefix}/{settings.pole.site}"
        watched = shlex.quote((settings.base_topic if arguments.poles == 1 else site) + "/#")
        print(f"  {client_in_words('mosquitto_sub', broker)} -t {watched} -v")
        topic = f"{settings.base_topic}/lamp/set"
        print(f"  {client_in_words('mosquitto_pub', broker)} -q 1 -t {topic} -m '{LAMP_SET}'")
    print(f"  {typed(here, 'lamp', 'set', '0.6', '--for', '20')}")
    print(f"  {typed(here, 'drone', 'list')}", flush=True)


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A temporary folder whose end succeeds even if files still appear in it: on a busy machine the thread of
    a store may still write when its time to stop is over.
    """
    return tempfile.TemporaryDirectory(prefix="pole-agent-demo-", ignore_cleanup_errors=True)


async def _until_done(runtime: compose.Runtime, once: bool) -> None:
    while not once or not all(w.ended for w in runtime.watches):
        await asyncio.sleep(0.2)


async def _drained(runtime: compose.Runtime) -> None:
    """Wait until everything that was stored is delivered."""
    deadline = time.monotonic() + DRAIN_S
    while time.monotonic() < deadline:
        await runtime.store.flush()
        if not await runtime.store.read(lambda db: db.waiting(1, frozenset())):
            return
        await asyncio.sleep(0.1)


def _summary(runtime: compose.Runtime, narrator: Narrator, said: str, language: str) -> None:
    kinds, lamp = narrator.kinds, runtime.light.state()
    requests = Counter(r["state"] for r in runtime.dispatch.controller.everything())
    runs = sum(w.pipeline.detector_runs for w in runtime.watches if w.pipeline)
    frames = sum(w.pipeline.frames for w in runtime.watches if w.pipeline)
    people = sum(w.people.count for w in runtime.watches)
    delivered = runtime.upload.sent_events if runtime.upload else 0
    became = ", ".join(f"{n} {s}" for s, n in requests.items()) or phrase("none")
    reason = REASONS[lamp["reason"]]
    print()
    for line in (
        phrase("summary"),
        phrase("summary-people", people=people, frames=frames, runs=runs),
        (phrase("summary-incidents", opened=kinds["incident.opened"], closed=kinds["incident.closed"])),
        phrase("summary-lamp", changes=runtime.light.changes, level=f"{lamp['level']:.0%}", reason=reason),
        phrase("summary-drones", count=sum(requests.values()), states=became),
        phrase("summary-delivered", count=delivered, broker=said),
        phrase("summary-memory", megabytes=peak_memory_mb()),
    ):
        print(line.of(language), flush=True)


def _broker(
    arguments: argparse.Namespace, scratch: Path, stack: contextlib.ExitStack
) -> tuple[dict[str, Any] | None, str]:
    """[mqtt] for the broker to talk to (None: in memory), and how to call it."""
    if arguments.mqtt:
        broker = broker_of_url(arguments.mqtt, arguments.ca_file, scratch)
        return broker, phrase("broker-named", address=f"{broker['host']}:{broker['port']}")
    program = mosquitto_program()
    if program is None:
        return None, phrase("broker-in-memory")
    port = stack.enter_context(mosquitto_on_loopback(program, scratch, arguments.port))
    return {"host": "127.0.0.1", "port": port, "tls": False}, phrase(
        "broker-own-mosquitto", address=f"127.0.0.1:{port}"
    )
