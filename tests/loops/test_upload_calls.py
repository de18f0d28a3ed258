"""What is carried, held back, tried alone and tried again, call by call: a line that answers as told, a clock
that is moved by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pole_agent.clock import ManualClock, settle
from pole_agent.errors import LinkLost, PublishRefused, UplinkError
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.upload.carry import Carry
from pole_agent.loops.upload.drain import Drain
from pole_agent.loops.upload.trials import Trials
from pole_agent.store.rows import Outbound
from pole_agent.store.store import Store
from pole_agent.uplink.board import Board
from pole_agent.uplink.broker import Session
from pole_agent.uplink.events import Letter, Message
from pole_agent.uplink.quarantine import Quarantine
from pole_agent.vocabulary import RecordEvent, Severity
from tests.loops.test_upload import BASE, NOON

INFO, REPLY, ORDER, CANCEL = (f"{BASE}/{path}" for path in ("info", "reply", "drone/order", "drone/cancel"))
OPENED, CLOSED = f"{BASE}/events/incident/opened", f"{BASE}/events/incident/closed"
NO = PublishRefused(0x87, "not authorized")


class Line:
    """One connection: `fails` says what becomes of a message, `seen` is called while it is under way."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.fails: Callable[[Message], BaseException | None] = lambda message: None
        self.seen: Callable[[], object] = lambda: None

    async def publish(self, message: Letter, *, waits: bool = False) -> None:
        message = message() if callable(message) else message
        self.sent.append(message)
        self.seen()
        await asyncio.sleep(0)
        if (error := self.fails(message)) is not None:
            raise error

    @property
    def topics(self) -> list[str]:
        return [message.topic for message in self.sent]


@dataclass
class Bench:
    line: Line = field(default_factory=Line)
    board: Board = field(default_factory=Board)
    quarantine: Quarantine = field(default_factory=Quarantine)
    clock: ManualClock = field(default_factory=lambda: ManualClock(wall=NOON))

    def __post_init__(self) -> None:
        self.session = cast(Session, self.line)
        self.carry = Carry(self.session, self.board, self.quarantine, self.clock, BASE)

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def hold(self, topic: str, *, hung: bool) -> None:
        """Let a topic wait: a minute where it hangs up, else five seconds."""
        self.quarantine.refused(topic, None, "why", self.now, hung=hung)


# --- a notice


@pytest.mark.parametrize("topic", [INFO, ORDER])
@pytest.mark.parametrize("hung", [True, False])
@pytest.mark.parametrize("tried", [True, False])
async def test_a_notice_waits_with_its_topic(topic: str, hung: bool, tried: bool) -> None:
    """Unless it is what is tried, or an order whose topic was only refused: those are never held back for a
    no.
    """
    b = Bench()
    b.hold(topic, hung=hung)
    goes = tried or (topic == ORDER and not hung)
    if goes:
        await b.carry.send("k", Message(topic, b"{}"), tried=tried)
    else:
        with pytest.raises(PublishRefused, match="its topic waits") as refused:
            await b.carry.send("k", Message(topic, b"{}"), tried=tried)
        assert refused.value.reason_code == 0x97
    assert b.line.topics == [topic] * goes
    assert (topic in b.quarantine.topics) is not goes, "what was taken opens its topic"
    assert b.carry.in_flight == {}


async def test_a_topic_that_opens_is_carried_again() -> None:
    """What stands there on the board is due once more; of a topic that was open nothing is."""
    b = Bench()
    b.board.post("i", Message(INFO, b"{}"))
    b.board.post("r", Message(REPLY, b"{}"))
    while b.board.take():
        pass
    await b.carry.send("i", Message(INFO, b"{}"))
    assert b.board.take() is None
    b.hold(INFO, hung=True)
    await b.carry.send("i", Message(INFO, b"{}"), tried=True)
    assert (b.board.take() or ("",))[0] == "i"
    assert b.board.take() is None


async def test_how_a_state_of_qos_0_is_acknowledged() -> None:
    """The first of a connection, and each that is tried, with QoS 1; the others are unconfirmed until
    something later is.
    """
    b = Bench()
    health = Message(f"{BASE}/health", b"{}", qos=0)
    told: list[str] = []
    b.board.post("h", health, carried=lambda: told.append("carried"))
    for tried, qos in ((False, 1), (False, 0), (False, 0), (True, 1), (False, 0)):
        await b.carry.send("h", health, tried=tried)
        assert b.line.sent[-1].qos == qos
        assert b.carry.in_flight == ({} if qos else {"h": health.topic})
    b.quarantine.suspects["h"] = health.topic
    b.quarantine.empty = False
    await b.carry.send("i", Message(INFO, b"{}"))
    assert (b.carry.in_flight, b.quarantine.suspects) == ({}, {}), "the broker has seen what left before"
    assert [m.qos for m in b.line.sent].count(0) == 3


async def test_a_refused_notice_waits_and_is_news_once(caplog: pytest.LogCaptureFixture) -> None:
    """Its topic waits for five seconds, it is told in the log, and nothing of it is in flight."""
    b = Bench()
    b.line.fails = lambda message: NO
    for _ in range(2):
        with pytest.raises(PublishRefused, match="not authorized"):
            await b.carry.send("i", Message(INFO, b"{}"), tried=True)
    assert (b.carry.in_flight, b.quarantine.topics[INFO].until) == ({}, b.now + 5)
    assert caplog.text.count("retrying later") == 1


async def test_a_notice_is_told_as_carried_once_it_is(tmp_path: Path) -> None:
    """By the acknowledgement, and only what still stands there."""
    b, told = Bench(), list[int]()
    first, second = Message(INFO, b"1"), Message(INFO, b"2")
    b.board.post("i", first, carried=lambda: told.append(1))
    b.line.fails = lambda message: LinkLost("cut")
    with pytest.raises(LinkLost):
        await b.carry.send("i", first)
    assert (told, b.carry.in_flight) == ([], {"i": INFO}), "what was in flight when the line went may be why"
    b.line.fails = lambda message: None
    b.board.post("i", second, carried=lambda: told.append(2))
    await b.carry.send("i", first)
    assert told == []
    await b.carry.send("i", second)
    assert told == [2]


@pytest.mark.parametrize("how", ["lost", "cancelled"])
async def test_what_could_not_be_carried_is_put_back(how: str) -> None:
    """It stays due; what was refused does not, and what is closed says nothing more."""
    b = Bench()
    b.line.fails = lambda message: (
        NO if message.topic == REPLY else LinkLost("cut") if how == "lost" else None
    )
    b.board.post("r", Message(REPLY, b"{}"))
    b.board.post("i", Message(INFO, b"{}"))
    running = asyncio.ensure_future(b.carry.run())
    if how == "cancelled":
        b.line.seen = lambda: running.cancel() if b.line.topics[-1] == INFO else None
    with pytest.raises((LinkLost, asyncio.CancelledError)):
        await running
    assert b.line.topics == [REPLY, INFO]
    assert (b.board.take() or ("",))[0] == "i"
    assert b.board.take() is None
    b.carry.closed = True
    b.board.post("i", Message(INFO, b"{}"))
    running = asyncio.ensure_future(b.carry.run())
    await settle()
    assert (b.line.topics, running.done()) == ([REPLY, INFO], False)
    running.cancel()


async def test_notices_go_one_after_the_other() -> None:
    """While somebody tries something alone, none goes; and the board is looked at again at each change."""
    b = Bench()
    running = asyncio.ensure_future(b.carry.run())
    async with b.carry.alone:
        b.board.post("i", Message(INFO, b"{}"))
        await settle()
        assert b.line.sent == []
    await settle()
    held: list[bool] = []
    b.line.seen = lambda: held.append(b.carry.alone.locked())
    b.board.post("c", Message(CANCEL, b"{}"))
    await settle()
    assert (b.line.topics, held) == ([INFO, CANCEL], [True])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


# --- what is said now or never


@pytest.mark.parametrize(
    ("hung", "later_s", "goes"),
    [(True, 0.0, False), (True, 59.9, False), (True, 60.0, True), (False, 0.0, True), (None, 0.0, True)],
)
async def test_a_reply_waits_where_the_broker_hangs_up(hung: bool | None, later_s: float, goes: bool) -> None:
    """Until the pause of its topic is over; a topic that was only refused, or none, holds nothing back."""
    b = Bench()
    if hung is not None:
        b.hold(REPLY, hung=hung)
    await b.clock.advance(later_s)
    if goes:
        seen: list[dict[Any, str]] = []
        b.line.seen = lambda: seen.append(dict(b.carry.in_flight))
        await b.carry.live(Message(REPLY, b"{}"))
        assert seen == [{f"live/{REPLY}": REPLY}]
        assert REPLY not in b.quarantine.topics, "what was taken opens its topic"
    else:
        with pytest.raises(PublishRefused, match="its topic waits: why") as refused:
            await b.carry.live(Message(REPLY, b"{}"))
        assert refused.value.reason_code == 0x97
    assert (b.line.topics, b.carry.in_flight) == ([REPLY] * goes, {})


@pytest.mark.parametrize("letter", [lambda: Message(ORDER, b"{}"), Message(ORDER, b"{}")])
@pytest.mark.parametrize("error", [None, NO, LinkLost("cut")])
async def test_nobody_is_suspected_for_an_order(letter: Letter, error: UplinkError | None) -> None:
    """It goes though its topic waits, is never in flight for the quarantine, and says what became of it."""
    b = Bench()
    b.hold(ORDER, hung=True)
    b.line.fails = lambda message: error
    seen: list[dict[Any, str]] = []
    b.line.seen = lambda: seen.append(dict(b.carry.in_flight))
    with contextlib.nullcontext() if error is None else pytest.raises(type(error)):
        await b.carry.live(letter)
    assert (b.line.topics, seen, b.carry.in_flight) == ([ORDER], [{}], {})
    assert ORDER in b.quarantine.topics


@pytest.mark.parametrize(
    ("error", "suspected"), [(NO, False), (LinkLost("cut"), True), (asyncio.CancelledError(), False)]
)
async def test_what_became_of_a_reply(error: BaseException, suspected: bool) -> None:
    """Only what was in flight when the line went stays in flight."""
    b = Bench()
    b.line.fails = lambda message: error
    with pytest.raises(type(error)):
        await b.carry.live(Message(REPLY, b"{}"))
    assert b.carry.in_flight == ({f"live/{REPLY}": REPLY} if suspected else {})
    assert b.quarantine.topics == {}


# --- what is tried again


@dataclass
class Trial(Bench):
    """With a drain over a real store that sends nothing by itself."""

    folder: Path = field(default_factory=Path)

    def open(self) -> None:
        keeper, numbers = TimeKeeper(self.clock, "system", "boot-1"), iter(range(10**6))
        self.store = Store(self.folder, 16, keeper.stamp, lambda: f"id-{next(numbers)}", 0.01)
        self.store.start()
        self.sent: dict[str, list[int]] = {}
        self.drain = Drain(self.store, self.clock, BASE, self.quarantine, self.sent, lambda: None)
        self.trials = Trials(
            self.session, self.drain, self.carry, self.board, self.quarantine, self.clock, BASE
        )

    async def record(self, *kinds: str) -> None:
        for kind in kinds:
            self.store.record(RecordEvent(kind, Severity.WARNING, {}, self.now))
        await self.store.flush()

    def numbers(self) -> list[int]:
        return [
            int(m.payload.split(b'"sequence":"')[1][:12]) for m in self.line.sent if "/events/" in m.topic
        ]


@contextlib.asynccontextmanager
async def trial(folder: Path) -> AsyncIterator[Trial]:
    t = Trial(folder=folder)
    t.open()
    try:
        yield t
    finally:
        await t.store.stop(5)


async def test_each_suspect_is_tried_alone(tmp_path: Path) -> None:
    """With nothing else under way, each in its way; who is not there any more is no suspect, and a reply's
    topic waits.
    """
    async with trial(tmp_path) as t:
        await t.record("incident.opened", "incident.closed")
        t.board.post("i", Message(INFO, b"{}", qos=0))
        t.quarantine.suspects = {
            2: CLOSED,
            "i": INFO,
            99: OPENED,
            "gone": INFO,
            f"live/{REPLY}": REPLY,
            1: OPENED,
        }
        seen: list[object] = []
        t.line.seen = lambda: seen.append((t.trials.trying, t.drain.out.paused, t.carry.alone.locked()))
        rounds = t.drain.out.round
        await t.trials.suspects()
        assert seen == [((2, CLOSED), True, True), (("i", INFO), True, True), ((1, OPENED), True, True)]
        assert t.line.topics == [CLOSED, INFO, OPENED]
        assert [m.qos for m in t.line.sent] == [1, 1, 1]
        assert (t.quarantine.suspects, list(t.quarantine.topics)) == ({}, [REPLY])
        assert (t.quarantine.topics[REPLY].hung, t.quarantine.topics[REPLY].until) == (True, t.now + 60)
        assert (t.trials.trying, t.drain.out.paused, t.carry.alone.locked()) == (None, False, False)
        assert t.sent == {
            kind: [1, len(m.payload) + len(m.topic)]
            for kind, m in (("incident.closed", t.line.sent[0]), ("incident.opened", t.line.sent[2]))
        }
        assert (t.drain.out.to_mark(), t.drain.out.round > rounds) == ([2, 1], True)


async def test_who_ends_the_line_in_a_trial_is_known(tmp_path: Path) -> None:
    """It stays named for whoever asks why the line is gone; what was paused before stays so."""
    async with trial(tmp_path) as t:
        await t.record("incident.opened")
        t.quarantine.suspects = {1: OPENED}
        t.drain.out.paused = True
        t.line.fails = lambda message: LinkLost("cut")
        with pytest.raises(LinkLost):
            await t.trials.suspects()
        assert (t.trials.trying, t.drain.out.paused, [row.seq for row in t.drain.out.flying]) == (
            (1, OPENED),
            True,
            [1],
        )


async def test_a_suspect_whose_topic_waits_is_not_tried(tmp_path: Path) -> None:
    """The first is refused, the fifth no in a row of its topic: the second waits with it."""
    async with trial(tmp_path) as t:
        await t.record("incident.opened", "incident.opened")
        for seq in range(90, 94):
            t.quarantine.refused(OPENED, seq, "no", t.now)
        t.quarantine.suspects = {1: OPENED, 2: OPENED}
        t.line.fails = lambda message: NO
        begun, trying = t.now, asyncio.ensure_future(t.trials.suspects())
        while not t.line.sent or t.drain.out.flying:
            await asyncio.sleep(0.001)
        await settle()
        assert not trying.done(), "some brokers hang up after their no: a second"
        await t.clock.advance(0.9)
        assert not trying.done()
        await t.clock.advance(0.1)
        await trying
        assert (t.numbers(), list(t.quarantine.topics), t.now) == ([1], [OPENED], begun + 1)


async def test_a_trial_waits_for_what_flies(tmp_path: Path) -> None:
    """Nothing else is under way when it leaves; what is under way itself is not sent twice."""
    async with trial(tmp_path) as t:
        await t.record("incident.opened", "incident.opened")
        row = await t.drain.find(2)
        assert row is not None
        assert t.drain.out.depart(row)
        t.quarantine.suspects = {1: OPENED}
        trying = asyncio.ensure_future(t.trials.suspects())
        for _ in range(4):
            await asyncio.sleep(0.02)
        assert (t.line.sent, t.trials.trying, t.drain.out.paused) == ([], None, True)
        t.drain.out.acknowledged(2)
        await asyncio.wait_for(trying, 5)
        assert t.numbers() == [1]
        t.quarantine.suspects = {2: OPENED}
        await t.trials.suspects()
        assert t.numbers() == [1], "it was acknowledged"


@pytest.mark.parametrize("hung", [False, True])
async def test_one_of_a_topic_that_waits(hung: bool, tmp_path: Path) -> None:
    """By turns the oldest and the newest of its kind; alone only where the topic costs the connection."""
    async with trial(tmp_path) as t:
        await t.record(
            "incident.opened", "incident.closed", "incident.opened", "incident.opened", "incident.closed"
        )
        t.quarantine.refused(OPENED, None, "no", t.now, hung=hung)
        alone: list[bool] = []
        t.line.seen = lambda: alone.append(t.carry.alone.locked())
        t.line.fails = lambda message: NO
        for tries in range(1, 5):
            assert t.quarantine.topics[OPENED].tries == tries
            await t.clock.advance(9000)
            job = asyncio.ensure_future(t.trials._one_of(OPENED))
            while len(t.line.sent) < tries or t.drain.out.flying:
                await asyncio.sleep(0.001)
            t.quarantine.topics[OPENED].hung = hung
            if hung:  # else the next trial does not wait until the broker hangs up
                await t.clock.advance(1.0)
            await asyncio.wait_for(job, 5)
        assert (t.numbers(), alone) == ([1, 4, 1, 4], [hung] * 4)


async def test_a_topic_of_which_nothing_is_there_opens(tmp_path: Path) -> None:
    """The next message of it will show; one that opened meanwhile is not asked for."""
    async with trial(tmp_path) as t:
        for topic in (OPENED, INFO):
            t.hold(topic, hung=False)
            await t.trials._one_of(topic)
            assert topic not in t.quarantine.topics
        t.board.post("i", Message(INFO, b"{}"))
        await t.trials._one_of(INFO)
        assert t.line.sent == []
        t.hold(INFO, hung=True)
        alone: list[bool] = []
        t.line.seen = lambda: alone.append(t.drain.out.paused)
        await t.trials._one_of(INFO)
        t.hold(INFO, hung=False)
        await t.trials._one_of(INFO)
        assert (t.line.topics, alone, t.quarantine.topics) == ([INFO, INFO], [True, False], {})


@pytest.mark.parametrize(("pause_s", "sent_s"), [(0.0, 0.5), (5.0, 5.0), (60.0, 60.0), (95.0, 95.0)])
async def test_a_topic_is_tried_when_its_pause_is_over(pause_s: float, sent_s: float, tmp_path: Path) -> None:
    """Not before, and not sooner than half a second after the connection; the suspects and the others go
    first.
    """
    async with trial(tmp_path) as t:
        t.board.post("i", Message(INFO, b"{}"))
        t.board.post("r", Message(REPLY, b"{}"))
        t.hold(INFO, hung=False)
        t.quarantine.topics[INFO].until = t.now + pause_s
        t.quarantine.suspects["r"] = REPLY
        t.drain.out.paused = True
        begun, at = t.now, list[float]()
        t.line.seen = lambda: at.append(t.now - begun)
        running = asyncio.ensure_future(t.trials.run())
        await settle()
        assert (t.line.topics, t.drain.out.paused) == ([REPLY], False)
        rounds = t.drain.out.round
        while t.now < begun + 100:
            await t.clock.advance(0.5)
        assert (t.line.topics, at) == ([REPLY, INFO], [0.0, sent_s])
        assert t.drain.out.round == rounds, "a notice moves no events"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("hung", [False, True])
async def test_an_event_that_waited_long_enough(hung: bool, tmp_path: Path) -> None:
    """A refused one goes with the others again after ten minutes; one that cost the connection is tried alone
    then.
    """
    async with trial(tmp_path) as t:
        await t.record("incident.opened")
        t.quarantine.refused(OPENED, 1, "no", t.now, hung=hung)
        running = asyncio.ensure_future(t.trials.run())
        await settle()
        rounds = t.drain.out.round
        for _ in range(60):
            await t.clock.advance(9.99)
        assert (t.drain.out.round, t.line.sent) == (rounds, [])
        await t.clock.advance(11)
        for _ in range(200):
            if t.drain.out.round > rounds and (t.line.sent or not hung):
                break
            await asyncio.sleep(0.005)
        assert (t.numbers(), t.quarantine.events) == ([1] * hung, {})
        assert t.drain.out.round > rounds
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


# --- the drain


async def test_which_event_is_found(tmp_path: Path) -> None:
    """By its number, or the oldest of a kind, the newest where that is asked for; what is not
    there is none.
    """
    async with trial(tmp_path) as t:
        await t.record("incident.opened", "incident.closed", "incident.opened")
        asked: list[dict[str, Any]] = [
            {"seq": 3},
            {"kind": "incident.opened"},
            {"kind": "incident.opened", "newest": True},
            {"seq": 9},
        ]
        for find in (t.drain.find, t.trials._find):
            rows = [await find(**more) for more in asked]
            assert [row and (row.seq, row.kind) for row in rows] == [
                (3, "incident.opened"),
                (1, "incident.opened"),
                (3, "incident.opened"),
                None,
            ]
        message = t.drain.message(cast(Outbound, await t.drain.find(2)))
        assert message[2:] == (1, False, None, None, "application/cloudevents+json; charset=UTF-8")
        assert (message.topic, b'"sequence":"000000000002"' in message.payload) == (CLOSED, True)


async def test_marks_are_made_at_the_first_and_at_4000(tmp_path: Path) -> None:
    """Half a second after the first, at once when there are four thousand, and not for each between."""
    async with trial(tmp_path) as t:
        message, stirred = Message(OPENED, b"12345"), list[int]()
        for seq in range(1, 4003):
            t.drain.taken(Outbound(seq, 1, "incident.opened", ""), message)
            if t.drain._taken.is_set():
                stirred.append(seq)
                t.drain._taken.clear()
        assert stirred == [1, 4000]
        assert t.sent == {"incident.opened": [4002, 4002 * (5 + len(OPENED))]}


async def test_a_quiet_drain_looks_every_half_minute(tmp_path: Path) -> None:
    """It beats as often, and whoever wakes it in between leaves no task behind."""
    async with trial(tmp_path) as t:
        beats: list[float] = []
        t.drain._beat = lambda: beats.append(t.now)
        running = asyncio.ensure_future(t.drain.run(t.session))
        while not beats:
            await asyncio.sleep(0.001)
        await settle()
        begun, tasks = t.now, len(asyncio.all_tasks())
        for _ in range(179):
            await t.clock.advance(0.5)
        assert beats == [begun, begun + 30, begun + 60]
        for number in range(1, 6):
            await t.record("incident.opened")
            while len(t.line.sent) < number:
                await asyncio.sleep(0.001)
        await settle()
        assert t.numbers() == [1, 2, 3, 4, 5]
        assert len(asyncio.all_tasks()) <= tasks + 2, "the mark of the first half second at most"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await t.store.flush()
        marked = await t.store.read(lambda db: db.list_events(10))
        assert [e.delivered is not None for e in marked] == [True] * 5


async def test_a_drain_ends_with_its_line(tmp_path: Path) -> None:
    """For the reason for which the line went; what flew is still known, nothing else of it runs on."""
    async with trial(tmp_path) as t:
        await t.record("incident.opened")
        t.line.fails = lambda message: LinkLost("cut here")
        before = asyncio.all_tasks()
        with pytest.raises(LinkLost, match="cut here"):
            await asyncio.wait_for(t.drain.run(t.session), 5)
        assert asyncio.all_tasks() <= before
        assert [row.seq for row in t.drain.out.flying] == [1]


async def test_a_refused_event_moves_nothing_but_its_topic(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One that is refused alone waits alone: nothing is read again; the fifth no makes the drain look past
    its kind.
    """
    async with trial(tmp_path) as t:
        await t.record(*["incident.opened"] * 6)
        for seq in range(1, 6):
            row = cast(Outbound, await t.drain.find(seq))
            assert t.drain.out.depart(row)
            rounds = t.drain.out.round
            t.drain.refused(row, OPENED, NO)
            assert (t.drain.out.round > rounds) is (seq == 5)
            assert (t.drain._room.is_set(), t.drain._ready.is_set()) == (seq == 5, seq == 5)
        assert len(t.drain.out.flying) == 0
        assert caplog.text.count("kept, retrying later") == 1, "news once"
