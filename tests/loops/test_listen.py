"""Commands: read within their limits, carried out or refused, answered, and recorded one by one or as a
count.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pole_agent.almanac import rfc3339
from pole_agent.clock import ManualClock, settle
from pole_agent.context import Context
from pole_agent.errors import CommandRefused
from pole_agent.health.parts import Parts
from pole_agent.health.trust import TimeKeeper
from pole_agent.loops.listen import Listen
from pole_agent.uplink.board import Board
from pole_agent.uplink.command import is_always_safe, read
from pole_agent.uplink.counted import Counted
from pole_agent.uplink.events import Incoming, Letter, Message
from pole_agent.vocabulary import Severity
from tests.loops.dispatching import BASE, NOON, SwitchedStore

PATHS = ("lamp/set", "drone/stop", "drone/approval", "drone/conditions", "drone/progress", "outbox/resend")


class Ear:
    """A pole that only listens.

    `done`: what a room was asked to do; `says` is what a room adds to the answer.
    """

    def __init__(self, folder: Path, *, trusted: bool = True) -> None:
        self.clock = ManualClock(wall=NOON)
        self.keeper = TimeKeeper(self.clock, "auto", "boot", lambda _after: trusted)
        self.broken: set[str] = set()
        numbers = iter(range(10**6))
        self.store = SwitchedStore(
            self.broken, folder, 16, self.keeper.stamp, lambda: f"e-{next(numbers)}", 5.0
        )
        self.board, self.inbox = Board(), asyncio.Queue[Incoming]()
        self.done: list[tuple[str, dict[str, Any], str]] = []
        self.says: dict[str, Any] = {}
        self.beats = 0
        self.gate = asyncio.Event()
        self.gate.set()
        handlers = {path: self._room(path) for path in PATHS}
        many = {f"{to}/lamp/set": handlers["lamp/set"] for to in ("_all", "_group/north")}
        parts = Parts(self.store.record, self.clock.monotonic)
        context = Context(
            base=BASE, clock=self.clock, keeper=self.keeper, store=self.store, board=self.board, parts=parts
        )
        at_the_pole = handlers | {"clock/accept": self._room("clock/accept")}
        self.listen = Listen(context, handlers | many, at_the_pole, self.inbox, beat=self._beat)

    def _beat(self) -> None:
        self.beats += 1

    def _room(self, path: str) -> Any:
        async def later(body: Mapping[str, Any], by: str) -> dict[str, Any]:
            await self.gate.wait()
            return now(body, by)

        def now(body: Mapping[str, Any], by: str) -> dict[str, Any]:
            if "bad" in body:
                raise CommandRefused("it is bad")
            if "bug" in body:
                raise ZeroDivisionError
            self.done.append((path, dict(body), by))
            return dict(self.says)

        return later if path == "lamp/set" else now

    async def send(self, path: str, **document: Any) -> dict[str, Any] | None:
        """`retained` and `local_by` are how it comes, the rest is the command."""
        how = {key: document.pop(key) for key in ("retained", "local_by") if key in document}
        return await self.listen.handle(path, json.dumps(document).encode(), **how)

    async def told(self, kind: str) -> list[dict[str, Any]]:
        await self.store.flush()
        rows = await self.store.read(lambda db: db.list_events(1000))
        expected = {"command.accepted": Severity.INFO, "command.refused": Severity.WARNING}[kind]
        assert all(row.severity is expected for row in rows if row.kind == kind)
        return [json.loads(row.data) for row in rows if row.kind == kind]


@contextlib.asynccontextmanager
async def listening(folder: Path, *, trusted: bool = True) -> AsyncIterator[Ear]:
    ear = Ear(folder, trusted=trusted)
    ear.store.start()
    try:
        yield ear
    finally:
        ear.broken.clear()
        await ear.store.stop(5)


def ok(command_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {"command_id": command_id, "ok": True, "error": None, **more}


def no(error: str, command_id: str | None = None) -> dict[str, Any]:
    return {"command_id": command_id, "ok": False, "error": error}


# --- reading


def padded(size: int) -> bytes:
    return b'{"x":"' + b"y" * (size - 8) + b'"}'


def nested(depth: int) -> bytes:
    return b'{"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (padded(16_384), ""),
        (padded(16_385), "the command is too large; at most 16384 bytes are allowed"),
        (nested(16), ""),
        (nested(17), "the command is nested too deeply; at most 16 levels are allowed"),
        (b"{" * 5000, "the command is nested too deeply; at most 16 levels are allowed"),
        (b"", "the command is empty; expected a JSON object"),
        (b" \n\t", "the command is empty; expected a JSON object"),
        (b"{", "the command is not JSON"),
        (b"[]", "the command is not a JSON object"),
        (b'"x"', "the command is not a JSON object"),
        (b"\xff{}", "the command is not UTF-8 text (byte 0); save it as UTF-8"),
        (b'{"x":1,"x":1}', "the command contains a key twice"),
        (b'{"x":{"y":1,"y":2}}', "the command contains a key twice"),
        (b'{"x":NaN}', "the command contains an invalid number"),
        (b'{"x":1e999}', "the command contains an invalid number"),
        (b'{"x":"\\ud800"}', "the command contains text that is not Unicode"),
        (b'{"command_id":"c"}', ""),
        (b'{"command_id":"%s"}' % (b"c" * 64), ""),
        (b'{"command_id":"%s"}' % (b"c" * 65), "command_id must be a text of 1 to 64 characters"),
        (b'{"command_id":""}', "command_id must be a text of 1 to 64 characters"),
        (b'{"command_id":7}', "command_id must be a text of 1 to 64 characters"),
        (b'{"command_id":null}', ""),
        (b'{"by":"%s"}' % (b"b" * 100), ""),
        (b'{"by":"%s"}' % (b"b" * 101), "by must be a text of at most 100 characters"),
        (b'{"by":7}', "by must be a text of at most 100 characters"),
        (b'{"by":null}', "by must be a text of at most 100 characters"),
        (b'{"issued_at":null,"expires_at":null}', ""),
        (b'{"issued_at":"2026-01-31T18:00:00Z"}', ""),
        (
            b'{"issued_at":"2026-01-31T18:00:00"}',
            "invalid issued_at; expected a time in RFC 3339 with its zone, for example 2026-01-31T18:00:00Z",
        ),
        (
            b'{"expires_at":5}',
            "invalid expires_at; expected a time in RFC 3339 with its zone, for example 2026-01-31T18:00:00Z",
        ),
    ],
)
def test_a_command_at_each_limit(payload: bytes, error: str) -> None:
    """Read, or refused in these words."""
    if error:
        with pytest.raises(CommandRefused) as refused:
            read(payload, "lamp/set")
        assert str(refused.value) == error
    else:
        read(payload, "lamp/set")
    stop = read(payload, "drone/stop")
    assert stop.fault == error, "on drone/stop it is a stop all the same"


def test_the_envelope_is_taken_off() -> None:
    """The room gets the rest."""
    command = read(
        b'{"command_id":"c","by":"x","issued_at":"1970-01-01T00:00:01Z","expires_at":"1970-01-01T00:00:02Z","level":1,"a":{}}'
    )
    assert (command.command_id, command.by, command.issued, command.expires, command.body, command.fault) == (
        "c",
        "x",
        1.0,
        2.0,
        {"level": 1, "a": {}},
        "",
    )
    bare = read(b"{}")
    assert (bare.command_id, bare.by, bare.issued, bare.expires, bare.body) == (None, "", None, None, {})


@pytest.mark.parametrize(
    ("payload", "by", "body"),
    [
        (b"stop", "", {"stop": True, "reason": "the command is not JSON"}),
        (
            b'{"by":"x","command_id":5}',
            "x",
            {"stop": True, "reason": "command_id must be a text of 1 to 64 characters"},
        ),
        (b'{"by":"x","command_id":5,"stop":true,"reason":"r"}', "x", {"stop": True, "reason": "r"}),
        (b'{"by":"%s","issued_at":5}' % (b"x" * 100), "x" * 100, {"stop": True, "reason": None}),
        (
            b'{"by":"%s"}' % (b"x" * 101),
            "",
            {"stop": True, "reason": "by must be a text of at most 100 characters"},
        ),
        (b'{"by":7}', "", {"stop": True, "reason": "by must be a text of at most 100 characters"}),
    ],
)
def test_a_stop_that_is_written_badly(payload: bytes, by: str, body: dict[str, Any]) -> None:
    """It has no name and no times; who said it is kept where it can be read."""
    command = read(payload, "drone/stop")
    assert (command.command_id, command.by, command.expires, command.issued) == (None, by, None, None)
    assert {k: v for k, v in command.body.items() if body[k] is not None} == {
        k: v for k, v in body.items() if v is not None
    }
    assert command.fault


@pytest.mark.parametrize(
    ("path", "body", "safe"),
    [
        ("drone/stop", {}, True),
        ("drone/stop", {"stop": True}, True),
        ("drone/stop", {"stop": 0}, True),
        ("drone/stop", {"stop": None}, True),
        ("drone/stop", {"stop": False}, False),
        ("drone/approval", {"decision": "deny"}, True),
        ("drone/approval", {"decision": "cancel"}, True),
        ("drone/approval", {"decision": "approve"}, False),
        ("drone/approval", {"decision": None}, False),
        ("drone/approval", {}, False),
        ("drone/progress", {"stop": True, "decision": "cancel"}, False),
        ("lamp/set", {"decision": "cancel"}, False),
    ],
)
def test_what_keeps_a_drone_on_the_ground(path: str, body: dict[str, Any], safe: bool) -> None:
    """A stop, a denial and a cancel; nothing else, on no other topic."""
    assert is_always_safe(path, body) is safe


# --- in time

WHEN = [
    ({"expires_at": 0.0}, "the command has expired"),
    ({"expires_at": -1.0}, "the command has expired"),
    ({"expires_at": 0.001}, ""),
    ({"issued_at": 60.0}, ""),
    ({"issued_at": 60.001}, "the command was issued in the future; check the clocks"),
    ({"issued_at": -1e6}, ""),
    ({"issued_at": -5.0, "expires_at": 5.0}, ""),
    ({"issued_at": 70.0, "expires_at": 80.0}, "the command was issued in the future; check the clocks"),
    ({}, ""),
]


@pytest.mark.parametrize(("when", "error"), WHEN)
async def test_the_time_of_a_command(tmp_path: Path, when: dict[str, float], error: str) -> None:
    """It ends at its expiry, and may come from a clock that is a minute ahead."""
    times = {key: rfc3339(NOON + seconds) for key, seconds in when.items()}
    async with listening(tmp_path) as ear:
        assert await ear.send("lamp/set", level=1, **times) == (no(error) if error else ok())
        assert len(ear.done) == (not error)
        assert (await ear.send("drone/stop", stop=True, by="x", **times) or {})["ok"], "a stop is never late"


@pytest.mark.parametrize("when", [{"expires_at": 99.0}, {"issued_at": -1.0}, {}])
async def test_with_a_clock_that_nobody_trusts(tmp_path: Path, when: dict[str, float]) -> None:
    """The lamp obeys; what lets a drone fly does not, when it says a time; a stop does."""
    times = {key: rfc3339(NOON + seconds) for key, seconds in when.items()}
    blocked = (
        no("the pole's clock is not trusted, so it cannot check whether this command is still valid")
        if when
        else ok()
    )
    async with listening(tmp_path, trusted=False) as ear:
        assert await ear.send("lamp/set", expires_at=rfc3339(0.0), level=1) == ok()
        assert (
            await ear.send("drone/approval", request_id="r", decision="approve", by="x", **times) == blocked
        )
        assert await ear.send("drone/stop", stop=False, by="x", **times) == blocked
        assert await ear.send("drone/stop", stop=True, by="x", **times) == ok()
        assert await ear.send("drone/approval", request_id="r", decision="cancel", by="x", **times) == ok()


# --- carried out


async def test_retained_is_refused_but_for_what_keeps_drones(tmp_path: Path) -> None:
    """Retained is refused but for what keeps drones down. And that is told to be cleared."""
    kept = "the broker keeps this command and repeats it at each connection; clear the topic"
    async with listening(tmp_path) as ear:
        refused = no("commands are never retained; clear the topic and send it again")
        assert await ear.send("lamp/set", retained=True, level=1) == refused
        assert await ear.listen.handle("lamp/set", b"junk", retained=True) == refused
        assert ear.done == []
        assert await ear.send("drone/stop", retained=True, by="x") == ok(note=kept)
        assert await ear.listen.handle("drone/stop", b"?", retained=True) == ok(
            note=f"malformed, but carried out: the command is not JSON; {kept}"
        )
        assert next(c["note"] for c in await ear.told("command.accepted")) == kept


async def test_what_a_room_says_of_it_is_in_the_answer(tmp_path: Path) -> None:
    """A word of how it was malformed becomes a note, in the answer and in the record."""
    async with listening(tmp_path) as ear:
        ear.says = {"state": "denied", "malformed": "by is missing"}
        note = "malformed, but carried out: by is missing"
        assert await ear.send("drone/approval", request_id="r", decision="deny") == ok(
            state="denied", note=note
        )
        ear.says = {"level": 0.5}
        assert await ear.send("lamp/set", command_id="c", level=0.5) == ok("c", level=0.5)
        records = await ear.told("command.accepted")
        assert records == [
            {
                "path": "drone/approval",
                "by": "",
                "command_id": None,
                "local": False,
                "body": {"request_id": "r", "decision": "deny"},
                "note": note,
            },
            {"path": "lamp/set", "by": "", "command_id": "c", "local": False, "body": {"level": 0.5}},
        ]


async def test_whose_word_it_is(tmp_path: Path) -> None:
    """A decision about drones says who made it; at the pole that is who is logged in, unless the command says
    it.
    """
    async with listening(tmp_path) as ear:
        await ear.send("drone/approval", decision="deny", by="city")
        await ear.send("drone/approval", decision="deny", local_by="pole")
        await ear.send("drone/stop", stop=True, by="city", local_by="pole")
        await ear.send("drone/approval", decision="deny")
        await ear.send("lamp/set", level=1, local_by="pole")
        assert ear.done == [
            ("drone/approval", {"decision": "deny", "by": "city"}, "city"),
            ("drone/approval", {"decision": "deny", "by": "pole"}, "pole"),
            ("drone/stop", {"stop": True, "by": "city"}, "city"),
            ("drone/approval", {"decision": "deny"}, ""),
            ("lamp/set", {"level": 1}, "pole"),
        ]
        records = await ear.told("command.accepted")
        assert [(r["by"], r["local"]) for r in records] == [
            ("city", False),
            ("pole", True),
            ("city", True),
            ("", False),
            ("pole", True),
        ]


async def test_some_commands_are_for_people_at_the_pole(tmp_path: Path) -> None:
    """From the city there is no such command, and the answer says which there are."""
    async with listening(tmp_path) as ear:
        there = "drone/approval, drone/conditions, drone/progress, drone/stop, lamp/set, outbox/resend"
        assert await ear.send("clock/accept") == no(f"unknown command clock/accept; known: {there}")
        assert await ear.send("clock/accept", local_by="pole") == ok()
        assert ear.done == [("clock/accept", {}, "pole")]


@pytest.mark.parametrize(("size", "kept"), [(512, True), (513, False)])
async def test_a_long_body_is_not_recorded(tmp_path: Path, size: int, kept: bool) -> None:
    """512 bytes of it are; a note has at most 300 characters."""
    async with listening(tmp_path) as ear:
        text = "x" * (size - len('{"reason":""}'))
        ear.says = {"malformed": "m" * 500}
        await ear.send("lamp/set", reason=text)
        [record] = await ear.told("command.accepted")
        assert record["body"] == ({"reason": text} if kept else None)
        assert len(record["note"]) == 300


# --- once


async def test_a_name_is_done_once_even_while_it_is_done(tmp_path: Path) -> None:
    """A repeat is answered as done, the same name on another topic is another command."""
    async with listening(tmp_path) as ear:
        ear.gate.clear()
        first = asyncio.ensure_future(ear.send("lamp/set", command_id="c", level=1))
        await asyncio.sleep(0)  # it asks the store now whether the name is known
        second = ear.send("lamp/set", command_id="c", level=1)
        assert await asyncio.wait_for(second, 5) == ok("c", duplicate=True), "at the same moment"
        await ear.store.read(lambda _: None)
        await settle()
        for _ in range(2):
            assert await ear.send("lamp/set", command_id="c", level=1) == ok("c", duplicate=True)
        assert await ear.send("outbox/resend", command_id="c") == ok("c")
        ear.gate.set()
        assert await asyncio.wait_for(first, 5) == ok("c")
        assert await ear.send("lamp/set", command_id="c", level=1) == ok("c", duplicate=True)
        assert [path for path, _, _ in ear.done] == ["outbox/resend", "lamp/set"]


async def test_what_was_refused_may_come_again(tmp_path: Path) -> None:
    """Its name is free; and while the disk fails, a lamp obeys at each repeat."""
    async with listening(tmp_path) as ear:
        assert await ear.send("lamp/set", command_id="c", bad=1) == no("it is bad", "c")
        assert await ear.send("lamp/set", command_id="c") == ok("c")
        ear.broken |= {"read", "write"}
        for _ in range(2):
            assert await ear.send("lamp/set", command_id="d") == ok("d")
        assert len(ear.done) == 3


async def test_a_safe_command_is_never_a_repeat(tmp_path: Path) -> None:
    """A cancel with a name that was used is done again."""
    async with listening(tmp_path) as ear:
        for _ in range(2):
            assert await ear.send("drone/approval", command_id="c", decision="cancel", by="x") == ok("c")
        assert len(ear.done) == 2


# --- to many poles


async def test_one_to_many_is_done_as_one_to_this_pole(tmp_path: Path) -> None:
    """The answer says who answers, and the record whom it was for; once it is done, it comes no second time,
    by none of the ways.
    """
    async with listening(tmp_path) as ear:
        us = {"pole": BASE, "to": "_group/north"}
        assert await ear.send("_group/north/lamp/set", command_id="c", by="x", level=0.5) == ok("c", **us)
        again = ok("c", duplicate=True)
        assert await ear.send("_all/lamp/set", command_id="c", level=0.5) == again | us | {"to": "_all"}
        assert await ear.send("lamp/set", command_id="c", level=0.5) == again
        assert ear.done == [("lamp/set", {"level": 0.5}, "x")]
        record = {"path": "lamp/set", "by": "x", "command_id": "c", "local": False, "body": {"level": 0.5}}
        assert await ear.told("command.accepted") == [record | {"to": "_group/north"}]


@pytest.mark.parametrize(
    "path",
    [
        "_all/drone/stop",
        "_all/drone/approval",
        "_all/outbox/resend",
        "_group/south/lamp/set",
        "_all",
        "_all/_all/lamp/set",
    ],
)
async def test_many_are_told_nothing_else(path: str, tmp_path: Path) -> None:
    """Whatever the broker lets through: no decision about flights, no other group; not even a stop, which is
    always safe where it is for this pole.
    """
    async with listening(tmp_path) as ear:
        reply = await ear.send(path, stop=True, decision="cancel", by="x", command_id="c") or {}
        assert (reply["ok"], reply["pole"]) == (False, BASE)
        assert reply["error"].startswith(f"unknown command {path}")
        assert "_group" not in reply["error"].replace(path, ""), "what is known are commands, not addresses"
        assert ear.done == []
        assert [r["error"] for r in await ear.told("command.refused")] == [reply["error"]]


async def test_many_are_refused_as_one_is(tmp_path: Path) -> None:
    """Kept by the broker, too late, malformed; and all ways together are three refusals a minute."""
    async with listening(tmp_path) as ear:
        us = {"pole": BASE, "to": "_all"}
        kept = await ear.send("_all/lamp/set", retained=True, level=1)
        assert kept == no("commands are never retained; clear the topic and send it again") | us
        late = await ear.send("_all/lamp/set", level=1, expires_at=rfc3339(NOON - 1))
        assert late == no("the command has expired") | us
        assert await ear.listen.handle("_all/lamp/set", b"{") == no("the command is not JSON") | us
        assert await ear.send("_all/lamp/set", retained=True, level=1) is None
        assert await ear.send("lamp/set", retained=True, level=1) is None
        assert ear.done == []
        assert {r["to"] for r in await ear.told("command.refused")} == {"_all"}


# --- floods


async def test_the_fourth_refusal_in_a_minute_is_counted(tmp_path: Path) -> None:
    """Three are answered, the rest are one line when the minute is over; a person at the pole is always
    answered.
    """
    async with listening(tmp_path) as ear:
        for n in range(3):
            assert await ear.send("lamp/set", command_id=f"c{n}", by="x", bad=1) == no("it is bad", f"c{n}")
        assert await ear.send("lamp/set", bad=1) is None
        assert await ear.send("lamp/set", bad=1, local_by="pole") == no("it is bad")
        assert await ear.listen.handle("x" * 200, b"{}") is None
        assert len(await ear.told("command.refused")) == 3
        await ear.clock.advance(59.9)
        ear.listen.tell_surplus()
        assert ear.board.take() is None
        await ear.clock.advance(0.1)
        ear.listen.tell_surplus()
        ear.listen.tell_surplus()
        key, message = ear.board.take() or ("", Message("", b""))
        assert (key, message.topic, message.retain, message.qos) == ("reply/flood", f"{BASE}/reply", False, 1)
        assert json.loads(message.payload) == no("3 more commands were refused") | {"count": 3}
        assert ear.board.take() is None
        refused = await ear.told("command.refused")
        assert refused[0] == {"path": "lamp/set", "error": "it is bad", "by": "x", "command_id": "c0"}
        assert [(r.get("count"), r.get("window_s")) for r in refused] == [(None, None)] * 3 + [(3, 60.0)]
        assert refused[3]["path"] == "x" * 100
        assert await ear.send("lamp/set", bad=1) == no("it is bad"), "a new minute"


async def test_what_is_said_for_once_is_not_said_at_a_birth(tmp_path: Path) -> None:
    """The count of a flood is an answer, no state."""

    async def nobody(_: Letter) -> None:
        return

    async with listening(tmp_path) as ear:
        for _ in range(4):
            await ear.send("lamp/set", bad=1)
        ear.listen.tell_surplus(at_the_end=True)
        assert ear.board.take() is not None
        ear.board.birth(nobody)
        assert ear.board.take() is None
        assert [r.get("count") for r in await ear.told("command.refused")] == [None, None, None, 1]


@pytest.mark.parametrize(
    ("path", "free", "window_s"),
    [
        ("lamp/set", 20, 60.0),
        ("drone/approval", 20, 60.0),
        ("drone/conditions", 1, 3600.0),
        ("drone/progress", 1, 3600.0),
    ],
)
async def test_how_many_are_recorded_one_by_one(
    tmp_path: Path, path: str, free: int, window_s: float
) -> None:
    """Twenty a minute of a kind, reports of machines once an hour; the rest is one counted line, and all are
    answered.
    """
    async with listening(tmp_path) as ear:
        for n in range(free + 2):
            assert await ear.send(path, n=n) == ok()
        assert len(await ear.told("command.accepted")) == free
        assert await ear.send("outbox/resend") == ok()
        await ear.clock.advance(window_s - 0.1)
        ear.listen.tell_surplus()
        assert len(await ear.told("command.accepted")) == free + 1, "another kind has a count of its own"
        await ear.clock.advance(0.1)
        assert await ear.send(path, n=99) == ok()
        records = await ear.told("command.accepted")
        assert [r.get("count") for r in records[free:]] == [None, 2, None]
        assert (records[free + 1]["body"], records[free + 1]["window_s"]) == ({"n": free + 1}, window_s)
        assert records[free + 2]["body"] == {"n": 99}


def test_a_window_begins_at_its_first_and_ends() -> None:
    """A window begins at its first and ends after its length.

    At 60 s exactly a new one begins; nothing is told twice.
    """
    counted = Counted(1, 60.0)
    assert counted.surplus(0.0) is None
    assert [counted.admits(at, {"at": at}) for at in (10.0, 11.0, 69.9)] == [True, False, False]
    assert counted.surplus(69.9) is None
    assert counted.surplus(70.0) == {"at": 69.9, "count": 2, "window_s": 60.0}
    assert counted.surplus(70.0) is None
    assert [counted.admits(at, {}) for at in (70.0, 70.0)] == [True, False]
    assert counted.surplus(float("inf")) == {"count": 1, "window_s": 60.0}


# --- the loop


class Desk:
    """Where answers go."""

    def __init__(self, ear: Ear) -> None:
        self.sent: list[Message] = []
        ear.board.birth(self._send)

    async def _send(self, letter: Letter) -> None:
        self.sent.append(letter() if callable(letter) else letter)


@contextlib.asynccontextmanager
async def looping(ear: Ear) -> AsyncIterator[None]:
    job = asyncio.ensure_future(ear.listen.run())
    await settle()
    try:
        yield
    finally:
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)


async def handled(ear: Ear, *messages: Incoming) -> None:
    """Until the loop has nothing more to do."""
    for message in messages:
        ear.inbox.put_nowait(message)
    for _ in range(10):
        await ear.store.read(lambda _: None)
        await settle()
    assert ear.inbox.empty()


async def test_answers_go_to_the_reply_topic(tmp_path: Path) -> None:
    """Answers go to the reply topic and where the command says.

    With its correlation; never below the poles' own prefix.
    """
    async with listening(tmp_path) as ear, looping(ear):
        desk = Desk(ear)
        await handled(
            ear,
            Incoming("lamp/set", b"{}", False, "desk/7", b"7"),
            Incoming("lamp/set", b"{}", False, "smartpole/test/T-2/lamp/set", b"8"),
            Incoming("lamp/set", b"{}", False, "smartpole", None),
            Incoming("lamp/set", b'{"bad":1}', False, "smartpoles/desk", None),
        )
        assert [
            (m.topic, m.correlation, m.qos, m.retain, json.loads(m.payload)["ok"]) for m in desk.sent
        ] == [
            (f"{BASE}/reply", b"7", 1, False, True),
            ("desk/7", b"7", 1, False, True),
            (f"{BASE}/reply", b"8", 1, False, True),
            (f"{BASE}/reply", None, 1, False, True),
            (f"{BASE}/reply", None, 1, False, False),
            ("smartpoles/desk", None, 1, False, False),
        ]


@pytest.mark.parametrize(
    ("message", "done"),
    [
        (Incoming("lamp/set", b"", True), 0),
        (Incoming("lamp/set", b"", False), 0),
        (Incoming("drone/stop", b"", True), 0),  # how a kept stop is cleared
        (Incoming("drone/stop", b"", False), 1),
    ],
)
async def test_an_empty_message_clears_a_topic(tmp_path: Path, message: Incoming, done: int) -> None:
    """It is no command and not answered; but an empty stop is one."""
    async with listening(tmp_path) as ear, looping(ear):
        desk = Desk(ear)
        await handled(ear, message)
        assert (len(ear.done), len(desk.sent)) == (done, done)
        assert await ear.told("command.refused") == []


async def test_mistake_of_ours_in_one_command_keeps_nobody(tmp_path: Path) -> None:
    """A mistake of ours in one command keeps nobody from being heard.

    The next command is done, also without a connection for the answer; and the loop beats.
    """
    async with listening(tmp_path) as ear, looping(ear):
        await handled(
            ear,
            Incoming("lamp/set", b'{"bug":1,"command_id":"c"}'),
            Incoming("lamp/set", b'{"command_id":"c"}'),
        )
        assert [path for path, _, _ in ear.done] == ["lamp/set"]
        assert ear.beats >= 2


async def test_loop_tells_flood_without_another_command(tmp_path: Path) -> None:
    """The loop tells a flood without another command.

    Within a quarter of a minute after the minute; and it beats meanwhile.
    """
    async with listening(tmp_path) as ear, looping(ear):
        await handled(ear, *(Incoming("lamp/set", b"?") for _ in range(5)))
        beats = ear.beats
        await ear.clock.advance(75.0)
        assert ear.board.standing("reply/flood") is not None
        assert ear.beats >= beats + 4
        assert [r.get("count") for r in await ear.told("command.refused")] == [None] * 3 + [2]
