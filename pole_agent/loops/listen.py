"""Commands from the city and from the pole itself: checked, carried out or refused, answered, and each
recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pole_agent.almanac import from_rfc3339
from pole_agent.clock import wait
from pole_agent.context import Context
from pole_agent.errors import CommandRefused, OutboxError, UplinkError
from pole_agent.settings.reading import decoded
from pole_agent.uplink.events import Incoming, Message, encode
from pole_agent.vocabulary import RecordEvent, Severity

log = logging.getLogger(__name__)

MAX_BYTES = 16 * 1024
MAX_DEPTH = 16
MAX_AHEAD_S = 60.0  # a command from further in the future than that has a wrong clock behind it
WINDOW_S = 60.0
FREE_REFUSALS, FREE_COMMANDS = 3, 20  # told one by one in a window; the rest is told as one counted line
# Told once an hour: they are of machines, and what they change is told by itself
REPORTS = ("drone/conditions", "drone/progress")
REPORTS_S = 3600.0
MAX_BODY = 512  # bytes of a command in its record
MAX_NAME = 100  # characters
RETAINED = "commands are never retained; clear the topic and send it again"
KEPT = "the broker keeps this command and repeats it at each connection; clear the topic"
META = ("command_id", "by", "issued_at", "expires_at")
Handler = Callable[[Mapping[str, Any], str], Awaitable[dict[str, Any]] | dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was read: its envelope and what is left for its room."""

    command_id: str | None
    by: str
    expires: float | None  # wall time
    issued: float | None
    body: dict[str, Any]
    fault: str = ""  # what was malformed about one that is carried out all the same


def read(payload: bytes, path: str = "") -> Command:
    """Read a command. Raises CommandRefused; never anything else, whatever the bytes are.

    What keeps a drone on the ground is read however badly it is written: its room says what was malformed.
    """
    document: dict[str, Any] = {}
    try:
        document = _document(payload)
        return _command(document)
    except CommandRefused as error:
        if not is_always_safe(path, document):
            raise
        by = document.get("by")
        body = {k: v for k, v in document.items() if k not in META} or {"stop": True, "reason": str(error)}
        return Command(
            None, by if isinstance(by, str) and len(by) <= MAX_NAME else "", None, None, body, str(error)
        )


def _document(payload: bytes) -> dict[str, Any]:
    if len(payload) > MAX_BYTES:
        raise CommandRefused(f"a command has at most {MAX_BYTES} bytes")
    if not payload.strip():
        raise CommandRefused("the command is empty; it is a JSON object")
    # The nesting is counted before parsing, so that no recursion limit is met.
    depth = deepest = 0
    for byte in payload:
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise CommandRefused(f"a command nests at most {MAX_DEPTH} levels")
    try:
        text = decoded(payload)
    except ValueError as error:
        raise CommandRefused(f"the command {error}") from None
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise CommandRefused("the command is not JSON") from None
    if not isinstance(document, dict):
        raise CommandRefused("the command is not a JSON object")
    try:
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, written as an escape
        raise CommandRefused("the command holds text that is not Unicode") from None
    except ValueError:  # Python reads NaN, Infinity and 1e999; JSON does not know them
        raise CommandRefused("the command holds a number that is none") from None
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two equal keys counts differs from reader to reader."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise CommandRefused("the command names a key twice")
    return document


def _command(document: dict[str, Any]) -> Command:
    command_id, by = document.get("command_id"), document.get("by", "")
    if command_id is not None and not (isinstance(command_id, str) and 1 <= len(command_id) <= 64):
        raise CommandRefused("command_id is a text of 1 to 64 characters")
    if not isinstance(by, str) or len(by) > MAX_NAME:
        raise CommandRefused(f"by is a text of at most {MAX_NAME} characters")
    times = [_time(document, key) for key in ("issued_at", "expires_at")]
    body = {k: v for k, v in document.items() if k not in META}
    return Command(command_id, by, times[1], times[0], body)


def _time(document: Mapping[str, Any], key: str) -> float | None:
    value = document.get(key)
    if value is None:
        return None
    try:
        return from_rfc3339(value)
    except ValueError:
        raise CommandRefused(
            f"{key} is a time in RFC 3339 with its zone, for example 2026-01-31T18:00:00Z"
        ) from None


def is_always_safe(path: str, body: Mapping[str, Any]) -> bool:
    """What keeps a drone on the ground is done whenever it comes: late, twice, kept by the broker, or by a
    clock that nobody trusts.

    On ``drone/stop`` that is everything but an explicit resume, also what cannot be read.
    """
    match path:
        case "drone/stop":
            return body.get("stop") is not False
        case "drone/approval":
            return body.get("decision") in ("deny", "cancel")
    return False


class Counted:
    """So many in a window are told one by one, the rest as one line when it is over."""

    def __init__(self, free: int, window_s: float) -> None:
        self._free, self._window_s = free, window_s
        self._from = float("-inf")
        self._seen = self._untold = 0
        self._last: dict[str, Any] = {}

    def admits(self, now: float, what: dict[str, Any]) -> bool:
        """Is this one told by itself? Ask `surplus` before."""
        if now - self._from >= self._window_s:
            self._from, self._seen = now, 0
        self._seen += 1
        if self._seen <= self._free:
            return True
        self._untold += 1
        self._last = what
        return False

    def surplus(self, now: float) -> dict[str, Any] | None:
        """The last of those that were only counted, and how many they are, once their window is over."""
        if not self._untold or now - self._from < self._window_s:
            return None
        count, self._untold = self._untold, 0
        return self._last | {"count": count, "window_s": self._window_s}


class Listen:
    """Routes commands by path.

    `handlers` do the work of a room and raise CommandRefused; `at_the_pole` are those of the local socket.
    """

    def __init__(
        self,
        context: Context,
        handlers: Mapping[str, Handler],
        at_the_pole: Mapping[str, Handler],
        inbox: asyncio.Queue[Incoming],
        *,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._beat = beat
        self._handlers, self._at_the_pole, self._inbox = handlers, at_the_pole, inbox
        self._store, self._board = context.store, context.board
        self._keeper, self._clock, self._base = context.keeper, context.clock, context.base
        self._doing: set[str] = set()  # commands with an identifier that are under way
        self._refused = Counted(FREE_REFUSALS, WINDOW_S)
        self._accepted = {
            path: Counted(1, REPORTS_S) if path in REPORTS else Counted(FREE_COMMANDS, WINDOW_S)
            for path in at_the_pole
        }

    async def run(self) -> None:
        never = asyncio.Event()
        while True:
            waiting = asyncio.ensure_future(self._inbox.get())
            tick = asyncio.ensure_future(wait(self._clock, never, WINDOW_S / 4))
            try:
                await asyncio.wait((waiting, tick), return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    try:
                        await self._answer(waiting.result())
                    except Exception:
                        # a mistake of our own in one command keeps nobody else from being heard
                        log.exception("a command on %s could not be handled", waiting.result().path)
                self.tell_surplus()
                self._beat()
            finally:
                waiting.cancel()
                tick.cancel()
                await asyncio.gather(tick, return_exceptions=True)

    async def _answer(self, message: Incoming) -> None:
        if not message.payload and (message.retained or not is_always_safe(message.path, {})):
            return  # how a retained topic is cleared
        reply = await self.handle(message.path, message.payload, retained=message.retained)
        if reply is None:
            return
        topics = [f"{self._base}/reply"]
        if message.response_topic and not self._is_a_poles(message.response_topic):
            topics.append(message.response_topic)
        for topic in topics:
            try:
                await self._board.send_live(Message(topic, encode(reply), correlation=message.correlation))
            except UplinkError as error:
                log.info("a reply could not be sent: %s", error)

    def _is_a_poles(self, topic: str) -> bool:
        """Below the prefix lie commands and words of poles: nobody shall make this pole write there."""
        return topic.split("/")[0] == self._base.split("/")[0]

    async def handle(
        self, path: str, payload: bytes, *, retained: bool = False, local_by: str = ""
    ) -> dict[str, Any] | None:
        """Carry out one command; return the reply, None when a flood leaves it unanswered for now."""
        command: Command | None = None
        try:
            command = read(payload, path)
            safe = is_always_safe(path, command.body)
            if retained and not safe:
                raise CommandRefused(RETAINED)
            if not safe:
                self._in_time(path, command)
            handlers = self._at_the_pole if local_by else self._handlers
            handler = handlers.get(path)
            if handler is None:
                raise CommandRefused(f"there is no command {path}; there is {', '.join(sorted(handlers))}")
            name = f"{path} {command.command_id}" if command.command_id is not None and not safe else None
            if name is not None and not await self._begins(name):
                return {"command_id": command.command_id, "ok": True, "error": None, "duplicate": True}
            by = command.by or local_by
            body = dict(command.body)
            if path in ("drone/approval", "drone/stop") and by:
                body["by"] = by
            extra = await self._carry_out(handler, body, by, name)
            if fault := command.fault or extra.get("malformed"):
                fault = f"malformed, carried out all the same: {fault}"
            if note := "; ".join(filter(None, (fault, KEPT if retained else ""))):
                extra = {k: v for k, v in extra.items() if k != "malformed"} | {"note": note}
                log.warning("command %s by %s: %s", path, by or "unknown", note)
            else:
                log.info("command %s by %s", path, by or "unknown")
            self._record(path, command, by, note, local=bool(local_by))
            return {"command_id": command.command_id, "ok": True, "error": None, **extra}
        except CommandRefused as error:
            return self._refuse(path, command, RETAINED if retained else str(error), local=bool(local_by))

    def _in_time(self, path: str, command: Command) -> None:
        if command.expires is None and command.issued is None:
            return
        if not self._keeper.trusted:
            if path.startswith("drone/"):
                raise CommandRefused(
                    "the pole's clock is not trusted; whether this command is still valid is unknown"
                )
            return
        wall = self._clock.wall()
        if command.expires is not None and command.expires <= wall:
            raise CommandRefused("the command has expired")
        if command.issued is not None and command.issued > wall + MAX_AHEAD_S:
            raise CommandRefused("the command was issued in the future; check the clocks")

    async def _begins(self, name: str) -> bool:
        """Mark it as under way, unless it was done before or is under way: it may come by two ways at the
        same moment.
        """
        if name in self._doing:
            return False
        self._doing.add(name)
        known = True
        try:
            known = await self._store.read(lambda db: db.knows_command(name))
        except OutboxError:
            known = False
        finally:
            if known:
                self._doing.discard(name)
        return not known

    async def _carry_out(
        self, handler: Handler, body: Mapping[str, Any], by: str, name: str | None
    ) -> dict[str, Any]:
        """Let a room do it; `name` is remembered once it is done: what was refused may be sent again."""
        if name is None:
            result = handler(body, by)
            return result if isinstance(result, dict) else await result
        try:
            result = handler(body, by)
            extra = result if isinstance(result, dict) else await result
            wall = self._clock.wall()
            with contextlib.suppress(OutboxError):  # a broken disk must not lock the lamp
                await self._store.write(lambda db: db.remember_command(name, wall))
            return extra
        finally:
            self._doing.discard(name)

    def _record(self, path: str, command: Command, by: str, note: str, *, local: bool) -> None:
        """Who had what done: on the pole and at the city, whatever the room itself tells."""
        now = self._clock.monotonic()
        self.tell_surplus()
        body = command.body if len(encode(command.body)) <= MAX_BODY else None
        done = {"path": path, "by": by, "command_id": command.command_id, "local": local, "body": body}
        done |= {"note": note[:300]} if note else {}
        if self._accepted[path].admits(now, done):
            self._store.record(RecordEvent("command.accepted", Severity.INFO, done, now))

    def _refuse(
        self, path: str, command: Command | None, error: str, *, local: bool
    ) -> dict[str, Any] | None:
        now = self._clock.monotonic()
        self.tell_surplus()
        by, command_id = (command.by, command.command_id) if command else ("", None)
        refusal = {"path": path[:100], "error": error[:300], "by": by, "command_id": command_id}
        if not self._refused.admits(now, refusal):
            # A person at the pole is answered whatever a flood from elsewhere does.
            return {"command_id": command_id, "ok": False, "error": error} if local else None
        log.warning("command %s refused: %s", path[:100], error)
        self._store.record(RecordEvent("command.refused", Severity.WARNING, refusal, now))
        return {"command_id": command_id, "ok": False, "error": error}

    def tell_surplus(self, *, at_the_end: bool = False) -> None:
        """A flood becomes one line: counted, recorded and answered once its window is over, or when the agent
        stops.
        """
        now = self._clock.monotonic()
        until = float("inf") if at_the_end else now
        for counted in self._accepted.values():
            if (more := counted.surplus(until)) is not None:
                self._store.record(RecordEvent("command.accepted", Severity.INFO, more, now))
        if (more := self._refused.surplus(until)) is None:
            return
        count = more["count"]
        log.warning("%d more commands were refused within %.0f s", count, WINDOW_S)
        self._store.record(RecordEvent("command.refused", Severity.WARNING, more, now))
        reply = {
            "command_id": None,
            "ok": False,
            "error": f"{count} more commands were refused",
            "count": count,
        }
        self._board.post("reply/flood", Message(f"{self._base}/reply", encode(reply)), at_birth=False)
