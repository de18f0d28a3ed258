"""store -> broker: a real store, a clock that is moved by hand, and a city that plays the broker."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pole_agent.clock import ManualClock, settle
from pole_agent.context import Context
from pole_agent.errors import LinkLost, NotAcknowledged, PublishRefused, TakenOver
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.upload import Upload
from pole_agent.loops.upload.drain import WINDOW
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import Incoming, Letter, Message
from pole_agent.vocabulary import RecordEvent, Severity

BASE = "smartpole/test/T-1"
STATUS = f"{BASE}/status"
NOON = 1_795_000_000.0


class Line:
    """One connection. What the city does not acknowledge stays in `open`."""

    def __init__(self, city: City) -> None:
        self._city, self.missing, self.modern, self.certificate_ends = (
            city,
            city.missing,
            city.modern,
            city.certificate_ends,
        )
        self.open: list[Message] = []
        self.inbox: asyncio.Queue[Incoming] = asyncio.Queue()
        self.lost: asyncio.Future[LinkLost] = asyncio.get_running_loop().create_future()
        self.listened: list[bool] = []

    @property
    def unheard(self) -> Mapping[str, str]:
        return self._city.unheard

    async def publish(self, message: Letter, *, waits: bool = False) -> None:
        message = message() if callable(message) else message
        self.open.append(message)
        await asyncio.sleep(0)
        if self._city.holds(message) and not self.lost.done():
            await asyncio.wait([self.lost])
        if self.lost.done():
            raise self.lost.result()
        self.open.remove(message)
        if self._city.refuses(message):
            raise PublishRefused(0x87, "not authorized")
        self._city.take(message)

    async def listen(self, *, anew: bool = False) -> None:
        self.listened.append(anew)

    async def look_at(self, topic: str) -> bytes | None:
        if self._city.breaks_at_a_look:
            raise LinkLost("cut at the look")
        kept = self._city.retained.get(topic)
        return kept.payload if kept else None

    async def incoming(self) -> AsyncIterator[Incoming]:
        while True:
            message = asyncio.ensure_future(self.inbox.get())
            try:
                await asyncio.wait((message, self.lost), return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    raise self.lost.result()
                yield message.result()
            finally:
                message.cancel()


class City:
    """The broker. `down`: nobody answers; each attempt takes `takes_s`.

    `throws_out`: another client took the name.
    """

    name = "city:1883"

    def __init__(self, clock: ManualClock, base: str) -> None:
        self._clock, self._status = clock, f"{base}/status"
        self.knows_5, self.modern, self.missing = False, True, ""
        self.certificate_ends: float | None = None
        self.unheard: dict[str, str] = {}
        self.down, self.throws_out, self.echoes, self.breaks_at_a_look = False, False, True, False
        self.takes_s = 0.0
        self.refuses: Callable[[Message], bool] = lambda message: False
        self.holds: Callable[[Message], bool] = lambda message: False
        self.attempts: list[tuple[float, Message, str]] = []  # when, will, suffix
        self.taken: list[Message] = []
        self.retained: dict[str, Message] = {}
        self.line: Line | None = None

    @contextlib.asynccontextmanager
    async def connect(
        self,
        will: Message,
        base: str,
        suffix: str = "",
        born: Callable[[bool], Awaitable[None]] | None = None,
    ) -> AsyncIterator[Line]:
        self.attempts.append((self._clock.monotonic(), will, suffix))
        if self.takes_s:
            await self._clock.sleep(self.takes_s)
        if self.down:
            raise LinkLost("nobody is there")
        assert born is not None
        await born(self.modern)
        self.line = line = Line(self)
        if (kept := self.retained.get(self._status)) is not None:
            line.inbox.put_nowait(Incoming("status", kept.payload, True))
        try:
            yield line
        except LinkLost as error:
            if self.throws_out:
                raise TakenOver("another client came as T-1") from error
            raise
        finally:
            self.line = None

    def take(self, message: Message) -> None:
        self.taken.append(message)
        if message.retain:
            self.retained[message.topic] = message
        if self.line is not None and message.topic == self._status and self.echoes:
            self.line.inbox.put_nowait(Incoming("status", message.payload))

    def say(self, path: str, payload: bytes) -> None:
        assert self.line is not None
        self.line.inbox.put_nowait(Incoming(path, payload))

    def drop(self, error: LinkLost | None = None) -> None:
        assert self.line is not None
        self.line.lost.set_result(error or LinkLost("cut"))

    def on(self, path: str) -> list[Any]:
        return [json.loads(m.payload) for m in self.taken if m.topic == f"{BASE}/{path}"]

    def numbers(self) -> list[int]:
        return [json.loads(m.payload)["data"]["n"] for m in self.taken if "/events/incident/" in m.topic]


class Pole:
    """The uplink of one, running."""

    def __init__(self, folder: Path, boot: str = "boot-1", draw: float = 1.0, base: str = BASE) -> None:
        self.base = base
        self.clock = ManualClock(wall=NOON)
        self.keeper = TimeKeeper(self.clock, "system", boot)
        numbers = iter(range(10**9))
        self.store = Store(folder, 16, self.keeper.stamp, lambda: f"{boot}-{next(numbers)}", 0.01)
        self.told: list[RecordEvent] = []
        self.parts, self.board, self.city = (
            Parts(self.told.append, self.clock.monotonic),
            Board(),
            City(self.clock, base),
        )
        self.inbox: asyncio.Queue[Incoming] = asyncio.Queue(100)
        context = Context(
            base=base,
            clock=self.clock,
            keeper=self.keeper,
            store=self.store,
            board=self.board,
            parts=self.parts,
        )
        self.upload = Upload(context, self.city, self.inbox, random=lambda: draw, spread_s=1.0, version="0")

    def record(self, n: int, severity: Severity = Severity.WARNING, kind: str = "incident.opened") -> None:
        self.store.record(RecordEvent(kind, severity, {"n": n}, self.clock.monotonic()))

    def reason(self, part: str) -> str:
        return self.parts.reason(part)

    async def until(self, condition: Callable[[], object], within_s: float = 10.0) -> None:
        """Wait for the threads of the store; the pole's own clock stands still meanwhile."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, (self.parts.report(), self.city.taken[-5:])
            await asyncio.sleep(0.001)

    @property
    def asleep(self) -> bool:
        """Does somebody wait for time?"""
        return any(not future.done() for _, _, future in self.clock._sleepers)

    async def between(self) -> None:
        """Until the connection is gone and the pause before the next one has begun."""
        await self.until(lambda: self.city.line is None)
        await settle()
        await self.until(lambda: self.asleep)

    async def online(self, number: int = 1) -> None:
        await self.until(lambda: len(self.city.on("status")) >= number and self.upload._own.compared.is_set())
        await settle()

    async def pass_time(self, seconds: float, step_s: float = 0.5) -> None:
        """In steps, with time for the store in each."""
        while seconds > 0:
            await self.clock.advance(min(step_s, seconds))
            await self.store.read(lambda _: None)
            await settle()
            seconds -= step_s

    async def delivered(self) -> list[int]:
        await self.store.flush()
        return [
            e.seq for e in await self.store.read(lambda db: db.list_events(1000)) if e.delivered is not None
        ]


@contextlib.asynccontextmanager
async def running(pole: Pole) -> AsyncIterator[Pole]:
    pole.store.start()
    await pole.store.flush()
    job = asyncio.ensure_future(pole.upload.run())
    try:
        yield pole
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        await pole.store.stop(5)


# --- offline is a state


PAUSES_S = [1, 2.2, 4.84, 10.648, 23.4256, 50, 50, 50]


async def test_attempts_come_ever_more_rarely(tmp_path: Path) -> None:
    """Where nobody answers, the pauses at the worst draw are 1, 2.2, 4.8 … 50 s."""
    pole = Pole(tmp_path)
    pole.city.down = True
    async with running(pole):
        for n in range(1, 9):
            await pole.until(lambda n=n: len(pole.city.attempts) == n)  # type: ignore[misc]
            await pole.until(lambda: pole.asleep)
            await pole.clock.advance(PAUSES_S[n - 1])
        times = [at for at, _, _ in pole.city.attempts]
    assert [b - a for a, b in itertools.pairwise(times)][:7] == pytest.approx(PAUSES_S[:7])


@pytest.mark.parametrize(("takes_s", "news"), [(59.5, False), (60.0, True)])
async def test_offline_is_news_after_a_minute(tmp_path: Path, takes_s: float, news: bool) -> None:
    """A pole without a broker for 59 s has nothing to tell; after a minute it is told, as information."""
    pole = Pole(tmp_path)
    pole.city.down, pole.city.takes_s = True, takes_s
    async with running(pole):
        await pole.until(lambda: pole.city.attempts and pole.asleep)
        await pole.clock.advance(takes_s)
        await pole.until(lambda: pole.asleep)
        assert pole.reason("uplink") == ("city:1883: nobody is there" if news else "")
        assert [(e.kind, e.severity) for e in pole.told] == (
            [("health.degraded", Severity.INFO)] if news else []
        )


async def test_a_minute_is_counted_from_the_loss(tmp_path: Path) -> None:
    """A connection that lasted an hour and was lost is no news yet; when it is back, it is well."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        await pole.pass_time(120, 30)
        pole.city.down = True
        pole.city.drop()
        await pole.until(lambda: pole.city.line is None)
        await pole.pass_time(58, 1)
        assert len(pole.city.attempts) > 3
        assert not pole.parts.is_degraded("uplink")
        await pole.pass_time(40, 1)
        assert pole.parts.is_degraded("uplink")
        pole.city.down = False
        await pole.pass_time(60, 1)
        assert not pole.parts.is_degraded("uplink")
        assert "uplink" in pole.parts.report()


@pytest.mark.parametrize(
    ("failures", "lasts_s", "achieves", "pause_s"),
    [
        (2, 0.5, False, 4.84),
        (2, 29.5, False, 4.84),
        (2, 30.0, False, 1.0),
        (5, 0.5, False, 50.0),
        (5, 0.5, True, 4.84),
        (5, 30.0, True, 1.0),
    ],
)
async def test_what_a_connection_was_worth(
    tmp_path: Path, failures: int, lasts_s: float, achieves: bool, pause_s: float
) -> None:
    """One of half a minute starts the pauses anew, one that delivered something eases them, one that did
    neither changes nothing.
    """
    pole = Pole(tmp_path)
    pole.city.down = True
    async with running(pole):
        for n in range(failures):
            await pole.until(lambda n=n: len(pole.city.attempts) == n + 1 and pole.asleep)  # type: ignore[misc]
            pole.city.down = n < failures - 1
            await pole.clock.advance(PAUSES_S[n])
        await pole.online()
        begun = pole.clock.monotonic()
        if achieves:
            pole.record(1)
            await pole.until(lambda: pole.city.numbers())
        await pole.pass_time(lasts_s)
        assert pole.clock.monotonic() == begun + lasts_s
        pole.city.drop()
        await pole.between()
        before = len(pole.city.attempts)
        await pole.pass_time(pause_s - 0.25, 0.25)
        assert len(pole.city.attempts) == before
        await pole.clock.advance(0.25)
        await pole.until(lambda: len(pole.city.attempts) == before + 1)


async def test_a_topic_found_out_is_worth_an_attempt_at_once(tmp_path: Path) -> None:
    """Whoever hangs up at one topic is met again as after the first loss, without it."""
    pole = Pole(tmp_path)
    pole.city.holds = lambda message: message.topic.endswith("/info")
    pole.board.post("info", Message(f"{BASE}/info", b"{}", retain=True))
    async with running(pole):
        for number in range(1, 4):
            await pole.online(number)
            await pole.until(lambda: pole.city.line is not None and pole.city.line.open)
            pole.city.drop()
            await pole.between()
            await settle()
            before = len(pole.city.attempts)
            await pole.clock.advance(1.0 if number == 3 else PAUSES_S[number - 1])
            await pole.until(lambda before=before: len(pole.city.attempts) == before + 1)  # type: ignore[misc]
        await pole.online(4)
        assert pole.reason("states") == "info: the broker closes the connection at this topic"


async def test_silence_of_a_broker_is_not_hanging_up(tmp_path: Path) -> None:
    """One that answers and acknowledges nothing suspects at the first loss, and is told in its own words."""
    pole = Pole(tmp_path)
    pole.city.holds = lambda message: "/events/" in message.topic
    pole.record(1)
    async with running(pole):
        for _ in range(2):
            await pole.until(
                lambda: pole.city.line is not None and any("/events/" in m.topic for m in pole.city.line.open)
            )
            pole.city.drop(NotAcknowledged("nothing comes"))
            await pole.between()
            await pole.pass_time(3)
        await pole.until(lambda: pole.parts.is_degraded("events"))
        assert pole.reason("events") == "events/incident/opened: the broker does not acknowledge this topic"


# --- the status


async def test_the_status_of_each_connection(tmp_path: Path) -> None:
    """The will says offline and lost, the first word online and connected, both of the same birth; the next
    connection is another birth.
    """
    pole = Pole(tmp_path)
    async with running(pole):
        for birth in (1, 2):
            await pole.online(birth)
            _, will, suffix = pole.city.attempts[-1]
            last = json.loads(will.payload)
            assert (will.topic, will.retain, will.qos, suffix) == (STATUS, True, 1, "")
            assert (last["state"], last["reason"], last["birth"]) == ("offline", "lost", birth)
            first = pole.city.taken[-1]
            now = json.loads(first.payload)
            assert (first.topic, first.retain, first.qos) == (STATUS, True, 1)
            assert (now["state"], now["reason"], now["birth"]) == ("online", "connected", birth)
            assert now == last | {"state": "online", "reason": "connected"}
            assert (now["boot_id"], now["version"], now["since"][:10]) == ("boot-1", "0", "2026-11-18")
            assert (now["storeid"], now["sequence"]) == (await pole.store.read(lambda db: db.store_id), 0)
            assert pole.parts.report()["uplink"] == {"state": "ok", "births": birth}
            pole.city.drop()
            await pole.between()
            await pole.pass_time(1)


async def test_a_farewell_is_the_last_word(tmp_path: Path) -> None:
    """What is to be said, then offline and stopped, and nothing behind it: no notice, no repair."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        pole.record(1)
        await pole.until(lambda: pole.city.numbers())
        await pole.upload.shutdown([Message(f"{BASE}/active", b'{"state":"stopped"}', retain=True)])
        assert [m.topic for m in pole.city.taken[-2:]] == [f"{BASE}/active", STATUS]
        last = pole.city.on("status")[-1]
        assert (last["state"], last["reason"], last["birth"], last["sequence"]) == (
            "offline",
            "stopped",
            1,
            1,
        )
        assert pole.city.taken[-1].retain
        count = len(pole.city.taken)
        pole.board.post("info", Message(f"{BASE}/info", b"{}", retain=True))
        pole.city.say("status", b"")
        await pole.pass_time(200, 10)
        assert len(pole.city.taken) == count


async def test_a_farewell_to_nobody_is_silent(tmp_path: Path) -> None:
    """Nothing is said, and nothing fails, where there is no connection or it breaks at the word."""
    pole = Pole(tmp_path)
    async with running(pole):
        pole.city.down = True
        await pole.upload.shutdown([Message(f"{BASE}/active", b"{}")])
        assert pole.city.taken == []
    pole = Pole(tmp_path / "other")
    async with running(pole):
        await pole.online()
        pole.city.refuses = lambda message: message.topic.endswith("/active")
        await pole.upload.shutdown([Message(f"{BASE}/active", b"{}")])
        assert pole.city.on("status")[-1]["state"] == "offline", (
            "one that is refused keeps nobody from saying the other"
        )


async def test_a_wrong_status_is_said_right_again(tmp_path: Path) -> None:
    """Somebody cleared it, or an old will came late: ours again, the same word."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        first = pole.city.taken[-1]
        pole.city.say("status", b"")
        await pole.until(lambda: len(pole.city.on("status")) == 2)
        assert pole.city.taken[-1] == first
        assert pole.inbox.empty(), "it is no command"
        assert not pole.parts.is_degraded("identity")


async def test_status_that_is_refused_is_not_said_on_and_on(tmp_path: Path) -> None:
    """A status that is refused is not said on and on.

    It waits as a state does, everything else goes on, and it is told.
    """
    pole = Pole(tmp_path)
    asked: list[float] = []

    def refuse(message: Message) -> bool:
        if message.topic == STATUS:
            asked.append(pole.clock.monotonic())
        return message.topic == STATUS

    pole.city.refuses = refuse
    async with running(pole):
        await pole.until(lambda: pole.parts.is_degraded("states"))
        assert (
            pole.reason("states")
            == "status: the broker refused the message: not authorized (reason code 0x87)"
        )
        pole.record(1)
        await pole.pass_time(6, 0.25)
        await pole.until(lambda: pole.city.numbers())
        assert len(asked) == 1
        pole.city.drop()
        await pole.between()
        await pole.pass_time(3, 0.25)
        assert len(pole.city.attempts) == 2
        assert len(asked) == 1 + 1, "at a new connection what was refused is tried once more"


# --- two with one identity


async def test_who_is_thrown_out_once_comes_back(tmp_path: Path) -> None:
    """Once under the own name, so that the other one notices too; whoever is thrown out twice takes another
    name, and keeps it.
    """
    pole = Pole(tmp_path, draw=0.0)
    pole.city.throws_out = True
    suffixes = []
    async with running(pole):
        for number in range(1, 5):
            await pole.online(number)
            suffixes.append(pole.city.attempts[-1][2])
            assert pole.parts.is_degraded("identity") is (number > 1)
            pole.city.drop()
            await pole.between()
            await pole.pass_time(PAUSES_S[number])
        assert "two poles have one identity" in pole.reason("identity")
    assert suffixes[:2] == ["", ""]
    assert suffixes[2].startswith("-twin-boot")
    assert suffixes[2] == suffixes[3]
    [alarm] = [e for e in pole.told if e.data.get("part") == "identity"]
    assert alarm.severity is Severity.ALARM


async def test_a_twin_that_is_only_heard(tmp_path: Path) -> None:
    """Where the broker does not say why it let go, the other's status tells; at the second one we come back
    under another name.
    """
    pole = Pole(tmp_path, draw=0.0)
    twin = (
        b'{"state":"online","boot_id":"other","birth":9,"reason":"connected","storeid":"ffff","sequence":3}'
    )
    async with running(pole):
        await pole.online()
        pole.city.say("status", twin)
        await pole.until(lambda: pole.parts.is_degraded("identity"))
        await pole.pass_time(1)
        assert len(pole.city.attempts) == 1, "it stays"
        pole.city.say("status", twin)
        await pole.between()
        await pole.pass_time(1)
        await pole.online(2)
        assert pole.city.attempts[-1][2].startswith("-twin-")


async def test_after_a_twin_the_numbers_are_our_own(tmp_path: Path) -> None:
    """The store that both have ends: at the next attempt this pole goes on under a storeid of its own, and
    says so once.
    """
    pole = Pole(tmp_path, draw=0.0)
    pole.city.throws_out = True
    async with running(pole):
        await pole.online()
        common = await pole.store.read(lambda db: db.store_id)
        pole.city.drop()
        await pole.between()
        await pole.pass_time(1)
        await pole.online(2)
        own = await pole.store.read(lambda db: db.store_id)
        assert own != common
        pole.city.drop()
        await pole.between()
        await pole.pass_time(1)
        await pole.online(3)
        assert await pole.store.read(lambda db: db.store_id) == own
        await pole.until(lambda: any(m.topic.endswith("/outbox/dropped") for m in pole.city.taken))
        ends = [json.loads(m.payload)["data"] for m in pole.city.taken if m.topic.endswith("/outbox/dropped")]
        assert [(e["storeid"], e["cause"]) for e in ends] == [(common, "two_poles_one_identity")]


# --- events


async def test_the_gravest_goes_first_and_forty_are_out(tmp_path: Path) -> None:
    """Forty in flight and no more; by severity, then age."""
    pole = Pole(tmp_path)
    pole.city.holds = lambda message: "/events/" in message.topic
    for n in range(60):
        pole.record(n, Severity(n % 3))
    order = sorted(range(60), key=lambda n: (-(n % 3), n))
    async with running(pole):
        await pole.online()
        await pole.until(lambda: pole.city.line is not None and len(pole.city.line.open) >= 40)
        await pole.pass_time(3)
        assert pole.city.line is not None
        out = [json.loads(m.payload)["data"]["n"] for m in pole.city.line.open]
        assert out == order[:40]
        assert {(m.qos, m.retain, m.expiry_s, m.content_type) for m in pole.city.line.open} == {
            (1, False, None, "application/cloudevents+json; charset=UTF-8")
        }
        assert {m.topic for m in pole.city.line.open} == {f"{BASE}/events/incident/opened"}


async def test_what_was_not_acknowledged_goes_again(tmp_path: Path) -> None:
    """Nothing is marked before the acknowledgement; at the next connection it is sent, each once."""
    pole = Pole(tmp_path, draw=0.0)
    pole.city.holds = lambda message: "/events/" in message.topic
    for n in range(5):
        pole.record(n)
    async with running(pole):
        await pole.until(lambda: pole.city.line is not None and len(pole.city.line.open) == 5)
        assert await pole.delivered() == []
        pole.city.holds = lambda message: False
        pole.city.drop()
        await pole.between()
        await pole.pass_time(1)
        await pole.until(lambda: len(pole.city.numbers()) == 5)
        await pole.pass_time(2)
        assert pole.city.numbers() == [0, 1, 2, 3, 4]
        assert await pole.delivered() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("count", "alone"), [(1, False), (50, False), (51, True)])
async def test_few_marks_go_along_with_what_is_written_next(tmp_path: Path, count: int, alone: bool) -> None:
    """Fifty wait for the next commit, to spare the card; more have one of their own, half a second later."""
    pole = Pole(tmp_path)
    for n in range(count):
        pole.record(n)

    async def marked() -> int:
        events = await pole.store.read(lambda db: db.list_events(1000))
        return sum(e.delivered is not None for e in events)

    async with running(pole):
        await pole.until(lambda: len(pole.city.numbers()) == count)
        await pole.clock.advance(0.4)
        assert await marked() == 0
        await pole.clock.advance(0.2)
        await settle()
        assert await marked() == (count if alone else 0)
        pole.record(99)
        await pole.until(lambda: len(pole.city.numbers()) == count + 1)
        assert await marked() >= count


async def test_what_was_acknowledged_is_counted(tmp_path: Path) -> None:
    """What was acknowledged is counted and marked at a loss.

    Events and bytes by type over all connections; a mark that was still to be made is made when the
    connection ends.
    """
    pole = Pole(tmp_path, draw=0.0)
    async with running(pole):
        for round_ in (1, 2):
            pole.record(round_)
            pole.record(round_ + 10, kind="command.refused")
            await pole.until(lambda round_=round_: pole.upload.sent_events == 2 * round_)  # type: ignore[misc]
            pole.city.drop()
            await pole.between()
            await pole.pass_time(1)
            await pole.online(round_ + 1)
        assert await pole.delivered() == [1, 2, 3, 4]
        events = [m for m in pole.city.taken if "/events/" in m.topic]
        sizes = {
            kind: sum(len(m.payload) + len(m.topic) for m in events if m.topic.endswith(kind))
            for kind in ("opened", "refused")
        }
        assert pole.upload.sent() == {
            "bytes": {"incident.opened": sizes["opened"], "command.refused": sizes["refused"]},
            "events": {"incident.opened": 2, "command.refused": 2},
        }


async def test_what_is_committed_later_goes_at_once(tmp_path: Path) -> None:
    """Also an alarm that comes while the drain rests."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        await pole.pass_time(5)
        pole.record(1, Severity.ALARM)
        await pole.until(lambda: pole.city.numbers() == [1])
        pole.record(2, Severity.ALARM)
        await pole.until(lambda: pole.city.numbers() == [1, 2])


async def test_a_refused_event_is_kept_and_the_others_go(tmp_path: Path) -> None:
    """It is told, tried again after ten minutes, and then all is well a minute after the last trouble."""
    pole = Pole(tmp_path)
    tries: list[float] = []

    def refuse(message: Message) -> bool:
        bad = b'"n":1}' in message.payload and len(tries) < 1
        if b'"n":1}' in message.payload:
            tries.append(pole.clock.monotonic())
        return bad

    pole.city.refuses = refuse
    async with running(pole):
        for n in range(3):
            pole.record(n)
        await pole.until(lambda: len(pole.city.numbers()) == 2)
        await pole.pass_time(1.5)
        assert (
            pole.reason("events")
            == "events/incident/opened: the broker refused the message: not authorized (reason code 0x87)"
        )
        await pole.pass_time(590, 10)
        assert pole.city.numbers() == [0, 2]
        await pole.pass_time(30, 5)
        await pole.until(lambda: pole.city.numbers() == [0, 2, 1])
        assert tries[1] - tries[0] >= 600
        assert pole.parts.is_degraded("events")
        await pole.pass_time(90, 1)
        assert not pole.parts.is_degraded("events")


async def test_a_refused_topic_is_tried_with_one_and_opens(tmp_path: Path) -> None:
    """Five refusals, and the topic waits: one is tried at its pause, not all; once it is taken, all go."""
    pole = Pole(tmp_path)
    asked: list[int] = []
    forbidden = True

    def refuse(message: Message) -> bool:
        if "/events/incident/" in message.topic:
            asked.append(json.loads(message.payload)["data"]["n"])
        return forbidden and "/events/incident/" in message.topic

    pole.city.refuses = refuse
    for n in range(60):
        pole.record(n)
    async with running(pole):
        await pole.until(lambda: len(asked) >= 5)
        await pole.pass_time(2)
        first = len(asked)
        assert first <= 45  # the five, and what was in flight
        await pole.pass_time(45, 0.5)
        assert asked[first:] == [0, 59], "the oldest and the newest by turns"
        forbidden = False
        await pole.pass_time(30, 0.5)
        await pole.until(lambda: len(pole.city.numbers()) == 60)
        assert sorted(pole.city.numbers()) == list(range(60))


async def test_senders_start_when_needed(tmp_path: Path) -> None:
    """A connection that has nothing to send costs one task, not the whole window."""

    def senders() -> int:
        return sum(task.get_name() == "send" for task in asyncio.all_tasks())

    pole = Pole(tmp_path)
    async with running(pole):
        await pole.until(lambda: senders() > 0)
        await pole.pass_time(2)
        assert senders() == 1
        for n in range(60):
            pole.record(n)
        await pole.until(lambda: len(pole.city.numbers()) == 60)
        assert 1 < senders() <= WINDOW


# --- what else a connection brings


async def test_commands_pass_and_the_own_status_does_not(tmp_path: Path) -> None:
    """As they come, in order."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        for path, payload in (("lamp/set", b"1"), ("drone/stop", b"2")):
            pole.city.say(path, payload)
        heard = [await asyncio.wait_for(pole.inbox.get(), 5) for _ in range(2)]
        assert [(m.path, m.payload) for m in heard] == [("lamp/set", b"1"), ("drone/stop", b"2")]
        assert pole.inbox.empty()


async def test_full_inbox_makes_line_wait_and_loses_nothing(tmp_path: Path) -> None:
    """A full inbox makes the line wait and loses nothing. Behind a flood may stand a cancel."""
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        for n in range(150):
            pole.city.say("drone/approval", str(n).encode())
        await pole.until(lambda: pole.inbox.full())
        heard = [(await asyncio.wait_for(pole.inbox.get(), 5)).payload for _ in range(150)]
        assert heard == [str(n).encode() for n in range(150)]


async def test_what_the_broker_lacks_is_told_until_it_has_it(tmp_path: Path) -> None:
    """Its protections, what it does not let us listen to, and when its certificate ends."""
    pole = Pole(tmp_path, draw=0.0)
    pole.city.missing, pole.city.unheard, pole.city.certificate_ends = (
        "no retained messages",
        {"diagnose": "quota exceeded"},
        5e9,
    )
    async with running(pole):
        await pole.online()
        await pole.until(lambda: pole.parts.is_degraded("commands"))
        assert pole.reason("mqtt") == "no retained messages"
        assert pole.reason("commands") == "the broker refused the subscription to diagnose (quota exceeded)"
        assert pole.upload.certificate_ends == 5e9
        pole.city.missing, pole.city.unheard, pole.city.certificate_ends = "", {}, None
        pole.city.drop()
        await pole.between()
        await pole.pass_time(1)
        await pole.online(2)
        await pole.pass_time(1)
        assert {
            part: p["state"] for part, p in pole.parts.report().items() if part in ("mqtt", "commands")
        } == {
            "mqtt": "ok",
            "commands": "ok",
        }
        assert pole.upload.certificate_ends is None


async def test_an_echo_that_does_not_come(tmp_path: Path) -> None:
    """After two words without an echo it is told, and everything is asked for anew; events wait five seconds
    for it, and no longer.
    """
    pole = Pole(tmp_path)
    pole.city.echoes = False
    pole.record(1)
    async with running(pole):
        await pole.until(lambda: pole.city.on("status"))
        await settle()
        await pole.pass_time(4.5)
        assert pole.city.numbers() == []
        await pole.pass_time(1)
        await pole.until(lambda: pole.city.numbers() == [1])
        await pole.pass_time(14, 1)
        assert len(pole.city.on("status")) == 1
        await pole.pass_time(2, 1)
        assert len(pole.city.on("status")) == 2
        assert not pole.parts.is_degraded("commands")
        await pole.pass_time(21, 1)
        assert len(pole.city.on("status")) == 3
        assert pole.reason("commands").startswith("the broker grants the subscription but delivers nothing")
        assert pole.city.line is not None
        assert True in pole.city.line.listened
        pole.city.echoes = True
        await pole.pass_time(41, 1)
        assert not pole.parts.is_degraded("commands")


async def test_a_birth_carries_the_board_again(tmp_path: Path) -> None:
    """The newest of each, at each connection; live words only while there is one."""
    pole = Pole(tmp_path, draw=0.0)
    pole.board.post("info", Message(f"{BASE}/info", b'{"n":1}', retain=True))
    pole.board.post("info", Message(f"{BASE}/info", b'{"n":2}', retain=True))
    async with running(pole):
        await pole.online()
        await pole.until(lambda: pole.city.on("info") == [{"n": 2}])
        await pole.board.send_live(Message(f"{BASE}/reply", b"{}"))
        assert pole.city.on("reply") == [{}]
        pole.city.drop()
        await pole.between()
        assert not pole.board.connected
        with pytest.raises(LinkLost):
            await pole.board.send_live(Message(f"{BASE}/reply", b"{}"))
        await pole.pass_time(1)
        await pole.online(2)
        await pole.until(lambda: pole.city.on("info") == [{"n": 2}] * 2)
        assert pole.city.on("reply") == [{}]


async def test_state_without_qos_is_acknowledged(tmp_path: Path) -> None:
    """A state without qos is acknowledged once a connection.

    Only an acknowledgement tells whether the broker takes a topic; the following ones go with QoS 0.
    """
    pole = Pole(tmp_path)
    async with running(pole):
        await pole.online()
        for n in range(3):
            pole.board.post("health", Message(f"{BASE}/health", b'{"n":%d}' % n, qos=0, retain=True))
            await pole.until(lambda n=n: len(pole.city.on("health")) == n + 1)  # type: ignore[misc]
    assert [m.qos for m in pole.city.taken if m.topic.endswith("/health")] == [1, 0, 0]


# --- two brokers, one pole


async def test_another_broker_gets_what_the_first_has_not(tmp_path: Path) -> None:
    """What one acknowledged is not sent to the other; what it left open is; births go on, what is known of
    the first is not believed.
    """
    first = Pole(tmp_path)
    first.city.holds = lambda message: b'"n":3}' in message.payload
    for n in range(4):
        first.record(n)
    async with running(first):
        await first.until(lambda: first.city.numbers() == [0, 1, 2])
        store = await first.store.read(lambda db: db.store_id)
    second = Pole(tmp_path, "boot-2", draw=0.0)
    second.city.name = "other:1883"
    async with running(second):
        await second.until(lambda: second.city.numbers() == [3])
        await second.pass_time(3)
        assert second.city.numbers() == [3]
        [said] = second.city.on("status")
        assert (said["birth"], said["storeid"], said["boot_id"]) == (2, store, "boot-2")
        assert second.city.knows_5 is False, "only the first was seen in MQTT 5"
    third = Pole(tmp_path, "boot-3")
    third.city.name = "other:1883"
    async with running(third):
        await third.online()
        assert third.city.knows_5 is True


async def test_a_broker_seen_in_3_is_not_taken_for_one_of_5(tmp_path: Path) -> None:
    """A connection in MQTT 3.1.1 says nothing of 5."""
    first = Pole(tmp_path)
    first.city.modern = False
    async with running(first):
        await first.online()
    second = Pole(tmp_path)
    async with running(second):
        await second.online()
        assert second.city.knows_5 is False
