"""The whole agent on a bundled street clip: mock GPIO, no configuration, no hardware, no server.

Alone, its clock starts at dusk. With --mqtt or --no-dispatcher others take part, and it keeps real time.
Every message says that it is a simulation.

It talks to the broker of --mqtt; else to a Mosquitto of its own where one is installed; else to a broker in
memory. It says which. Ctrl-C ends it; --once ends with the clip and prints a summary. --poles 5 is five of
them, to fill a dashboard.

A bench dispatcher stands in for the dock: nothing flies. At first it tells of too much wind, so that the
request for a drone is blocked, says why, and wakes when the wind drops. Approval is automatic, as in
simulations only, and each message says so; with --approval required a person decides, with the command that
the demo prints.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shlex
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pole_agent import almanac, compose
from pole_agent.clock import SystemClock
from pole_agent.commands.lamp import REASONS
from pole_agent.console.control import typed
from pole_agent.console.daemon import Runs, leave, run_to_end, set_up_logging
from pole_agent.console.request import reasons
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.health.vitals import peak_memory_mb
from pole_agent.indonesian import spoken
from pole_agent.settings import DEFAULT_PATH, Settings
from pole_agent.settings.load import Loaded
from pole_agent.simulator.broker import (
    broker_of_url,
    client_in_words,
    client_of,
    mosquitto_on_loopback,
    mosquitto_program,
)
from pole_agent.simulator.dispatcher import TICK_S, BenchDispatcher, Weather, serve
from pole_agent.uplink.events import TYPE_PREFIX, Incoming, Message
from pole_agent.words import NAMES, Both, named

HELP = "the whole agent on a bundled street clip"
FOLDER = Path(__file__).parent.parent / "demo"
LAMP, STATUS, DRONE = Both("lamp", "lampu"), Both("status", "status"), Both("drone", "drone")
TRAFFIC, DISPATCHER = Both("traffic", "lalu lintas"), Both("dispatcher", "pengendali")
OPENED = Both("{rule}: {kind} of a {class} opened", "{rule}: {kind} ({class}) dibuka")
CLOSED = Both(
    "{rule}: {kind} closed after {duration_s} s", "{rule}: {kind} ditutup setelah {duration_s} detik"
)
SIMULATION, DECIDES = Both("simulation", "simulasi"), Both("a person decides", "seorang petugas memutuskan")
LAMP_SET = '{"level": 0.6, "duration_s": 20, "by": "me"}'
BEFORE_SUNSET_S = 6.0
DRAIN_S = 10.0
MAX_POLES = 50
CLIP_S = 25.0
GUST_MS, GUST_S, HURRY = 11.4, 3.0, 12.0  # of the bench dispatcher
APART_DEGREES = 0.0004  # about 45 m, as street lamps stand


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
        default="automatic",
        help="of simulated flights; required: a person decides",
    )
    parser.add_argument(
        "--no-dispatcher",
        action="store_true",
        help="without the bench dispatcher: start your own, or scripts/dispatcher",
    )
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")


def settings_for(
    state_dir: str, broker: dict[str, Any] | None, loop: bool, number: int = 1, approval: str = "automatic"
) -> Settings:
    """The demo's pole.toml, with what only this run knows. `number`: which pole of the street it is."""
    document = tomllib.loads((FOLDER / "pole.toml").read_text())
    document["storage"] = {"state_dir": state_dir}
    document["drone"]["approval"] = approval
    pole = document["pole"]
    pole |= {"id": f"DEMO-{number}", "longitude": round(pole["longitude"] + (number - 1) * APART_DEGREES, 6)}
    pole |= {"name": f"{pole['name']} {number}"} if number > 1 else {}
    document["camera"][0] |= {"source": str(FOLDER / "street.mp4"), "loop": loop}
    if broker:
        document["mqtt"] = broker
    return Settings.model_validate(document)


def clock_for(settings: Settings, alone: bool) -> SystemClock:
    """The clock of the demo.

    Alone, the sun sets in a few seconds; with others, whose commands carry a time, it is the real one.
    """
    now = time.time()
    return SystemClock(
        almanac.night_of(now, settings.pole.place).sun["sunset"] - BEFORE_SUNSET_S - now if alone else 0.0
    )


def time_of(settings: Settings, clock: SystemClock) -> str:
    """The clock in words: the pole's local time, and what to expect of the lamp by day."""
    place, wall = settings.pole.place, clock.wall()
    local = datetime.fromtimestamp(wall, place.zone).strftime("%H:%M %Z")
    if clock.shifted:
        return f"its clock starts at dusk, {local}"
    return f"real time, {local} at the pole" + (
        "" if almanac.is_dark(wall, place) else ": the lamp stays off by day"
    )


class Narrator:
    """Tells what the city sees, from the messages themselves, and counts them for the summary."""

    def __init__(self, base: str, approve: Callable[[str], str] | None = None, language: str = "en") -> None:
        """`approve`: where a person decides, the command for it, as it can be pasted."""
        self._base, self._approve, self.language = base, approve, language
        self._begun = time.monotonic()
        self._lamp: tuple[Any, ...] = ()
        self._requests: dict[str, str] = {}
        self.kinds: Counter[str] = Counter()
        self.lamp_states = 0

    def hear(self, message: Message) -> None:
        path = message.topic.removeprefix(self._base + "/")
        try:
            document = json.loads(message.payload)
        except ValueError:
            return
        if text := self._text(path, document):
            self.say(text)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._begun:6.1f} s  {text}", flush=True)

    def _text(self, path: str, document: dict[str, Any]) -> str:
        if path == "lamp/state":
            lamp = (document["level"], document["reason"])
            if lamp == self._lamp:
                return ""
            self._lamp = lamp
            self.lamp_states += 1
            return self._line(
                LAMP, f"{document['level']:.0%} ({REASONS[document['reason']].of(self.language)})"
            )
        if path == "status":
            return self._line(STATUS, f"{document['state']} ({document['reason']})")
        if path == "drone/request":
            return self._request(document)
        if path.startswith("events/"):
            kind, data = document["type"].removeprefix(TYPE_PREFIX), document["data"]
            self.kinds[kind] += 1
            severity = NAMES[document["severity"]]
            told = data | {key: named(data[key], self.language) for key in ("kind", "class") if key in data}
            if kind == "incident.opened":
                return self._line(severity, OPENED.of(self.language).format(**told))
            if kind == "incident.closed":
                return self._line(severity, CLOSED.of(self.language).format(**told))
            if kind == "traffic.summarized":
                return self._line(TRAFFIC, json.dumps({z["zone"]: z["entered"] for z in data["zones"]}))
        return ""

    def _line(self, label: Both, text: str) -> str:
        return f"{label.of(self.language):<10} {text}"

    def _request(self, request: dict[str, Any]) -> str:
        simulated = f" ({SIMULATION.of(self.language)})" if request["simulation"] else ""
        words = "; ".join(w for w in (request["step"], reasons(request["reason"], self.language)) if w)
        if request["state"] == "pending_approval" and self._approve:
            words = f"{DECIDES.of(self.language)}: {self._approve(request['request_id'])}"
        text = self._line(
            DRONE, f"{request['state']}{simulated}: {request['rule']}" + (f" - {words}" if words else "")
        )
        if self._requests.get(request["request_id"]) == text:
            return ""
        self._requests[request["request_id"]] = text
        return text


class Fleet:
    """Several agents as one.

    Each starts a while after the one before, so that they are at different places of the clip.
    """

    def __init__(self, runtimes: Sequence[compose.Runtime]) -> None:
        self._houses, self._stopped = runtimes, asyncio.Event()

    async def run(self) -> int:
        return max(await asyncio.gather(*(self._run(number) for number in range(len(self._houses)))))

    async def _run(self, number: int) -> int:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), number * CLIP_S / len(self._houses))
        return 0 if self._stopped.is_set() else await self._houses[number].agent.run()

    def stop(self) -> None:
        self._stopped.set()
        for runtime in self._houses:
            runtime.agent.stop()


def _neighbours(
    arguments: argparse.Namespace, scratch: Path, broker: dict[str, Any], clock: SystemClock, first: Settings
) -> list[compose.Runtime]:
    """The poles beside the first one. They share its detector: one network serves them all."""
    detector, runtimes = compose.detector_of(first), []
    for number in range(1, arguments.poles + 1):
        folder = scratch / str(number)
        settings = (
            settings_for(str(folder), broker, True, number, arguments.approval) if number > 1 else first
        )
        luminaire = compose.open_lamp(settings, clock)
        socket_path = folder / compose.SOCKET_NAME if number > 1 else scratch / compose.SOCKET_NAME
        runtimes.append(
            compose.build(Loaded(settings, ""), luminaire, clock, detector=detector, socket=socket_path)
        )
    return runtimes


def _reject(arguments: argparse.Namespace) -> None:
    if not 1 <= arguments.poles <= MAX_POLES:
        raise ConfigError([Problem("--poles", f"{arguments.poles} is not possible; give 1 to {MAX_POLES}")])
    if arguments.poles > 1 and arguments.once:
        raise ConfigError(
            [Problem("--poles", "does not go with --once, which tells of one pole to the end of the clip")]
        )
    if arguments.poles > 1 and not arguments.mqtt and mosquitto_program() is None:
        raise ConfigError([Problem("--poles", "needs a broker: give --mqtt URL, or install Mosquitto")])


def run(arguments: argparse.Namespace) -> int:
    _reject(arguments)
    set_up_logging(arguments.log_level)
    with tempfile.TemporaryDirectory(prefix="pole-agent-demo-") as scratch, contextlib.ExitStack() as stack:
        broker, said = _broker(arguments, Path(scratch), stack)
        settings = settings_for(scratch, broker, not arguments.once, approval=arguments.approval)
        say(arguments, f"pole-agent demo: a street clip, mock GPIO, {said}")
        clock = clock_for(settings, alone=not arguments.mqtt and not arguments.no_dispatcher)
        say(arguments, time_of(settings, clock))
        here = argparse.Namespace(socket=Path(scratch) / compose.SOCKET_NAME, config=DEFAULT_PATH)
        approve = (
            (lambda name: typed(here, "drone", "approve", name)) if arguments.approval == "required" else None
        )
        narrator = Narrator(settings.base_topic, approve, arguments.lang)
        agent: Runs
        memory: Any = None
        if broker is not None and arguments.poles > 1:
            runtimes = _neighbours(arguments, Path(scratch), broker, clock, settings)
            runtime, agent = runtimes[0], Fleet(runtimes)
            say(arguments, f"{arguments.poles} poles, DEMO-1 to DEMO-{arguments.poles}; told here is DEMO-1")
        else:
            if broker is None:
                memory = compose.memory_broker()
                memory.on_publish = narrator.hear
            luminaire = compose.open_lamp(settings, clock)
            runtime = compose.build(
                Loaded(settings, ""),
                luminaire,
                clock,
                broker=memory,
                socket=Path(scratch) / compose.SOCKET_NAME,
            )
            agent = runtime.agent
        if not arguments.once:
            _show_what_to_type(arguments, settings, broker, here)
        bases = [
            settings_for(scratch, broker, True, number).base_topic for number in range(1, arguments.poles + 1)
        ]

        async def beside() -> None:
            listeners = []
            if broker:
                listeners.append(asyncio.ensure_future(_listen(broker, settings.base_topic, narrator)))
            if not arguments.no_dispatcher:
                listeners.append(asyncio.ensure_future(_dispatch(broker, memory, bases, clock, narrator)))
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

        code = run_to_end(agent, beside)
        if arguments.once:
            _summary(runtime, narrator, said, arguments.lang)
    return leave(code)


def _show_what_to_type(
    arguments: argparse.Namespace, settings: Settings, broker: dict[str, Any] | None, here: argparse.Namespace
) -> None:
    say(arguments, "to paste into another terminal:")
    if broker:
        site = f"{settings.prefix}/{settings.pole.site}"
        watched = shlex.quote((settings.base_topic if arguments.poles == 1 else site) + "/#")
        print(f"  {client_in_words('mosquitto_sub', broker)} -t {watched} -v")
        topic = f"{settings.base_topic}/lamp/set"
        print(f"  {client_in_words('mosquitto_pub', broker)} -q 1 -t {topic} -m '{LAMP_SET}'")
    print(f"  {typed(here, 'lamp', 'set', '0.6', '--for', '20')}")
    print(f"  {typed(here, 'drone', 'list')}", flush=True)


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
    requests = Counter(r["state"] for r in runtime.dispatch.everything())
    runs = sum(w.pipeline.detector_runs for w in runtime.watches if w.pipeline)
    frames = sum(w.pipeline.frames for w in runtime.watches if w.pipeline)
    people = sum(len(w.people_seen) for w in runtime.watches)
    delivered = runtime.upload.sent_events if runtime.upload else 0
    became = ", ".join(f"{n} {s}" for s, n in requests.items()) or spoken("none", language)
    reason = REASONS[lamp["reason"]].of(language)
    print()
    for line in (
        "summary",
        f"  people seen          {people} (tracks; {frames} frames, detector ran on {runs})",
        (
            f"  incidents            {kinds['incident.opened']} told at opening, {kinds['incident.closed']}"
            " closed"
        ),
        f"  lamp changes         {runtime.light.changes} (now {lamp['level']:.0%}, {reason})",
        f"  drone requests       {sum(requests.values())} ({became})",
        f"  messages delivered   {delivered} events, each acknowledged by the broker ({said})",
        f"  peak memory          {peak_memory_mb()} MB",
    ):
        print(spoken(line, language), flush=True)


def _broker(
    arguments: argparse.Namespace, scratch: Path, stack: contextlib.ExitStack
) -> tuple[dict[str, Any] | None, str]:
    """[mqtt] for the broker to talk to (None: in memory), and how to call it."""
    if arguments.mqtt:
        broker = broker_of_url(arguments.mqtt, arguments.ca_file, scratch)
        return broker, f"broker {broker['host']}:{broker['port']}"
    program = mosquitto_program()
    if program is None:
        return None, "broker in memory (no Mosquitto is installed here)"
    port = stack.enter_context(mosquitto_on_loopback(program, scratch, arguments.port))
    return {"host": "127.0.0.1", "port": port, "tls": False}, f"its own Mosquitto on 127.0.0.1:{port}"


async def _listen(broker: dict[str, Any], base: str, narrator: Narrator) -> None:
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


async def _dispatch(
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
            f"{DISPATCHER.of(narrator.language)} {spoken(text, narrator.language)}"
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
