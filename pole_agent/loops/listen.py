"""Commands from the city and from the pole itself: checked, carried out or refused, answered, and each
recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pole_agent.context import Context
from pole_agent.errors import CommandRefused, OutboxError, UplinkError
from pole_agent.languages import phrase
from pole_agent.race import race
from pole_agent.uplink.command import Command, is_always_safe, read
from pole_agent.uplink.counted import Counted
from pole_agent.uplink.events import Incoming, Message, encode
from pole_agent.uplink.many import parted
from pole_agent.vocabulary import RecordEvent, Severity

log = logging.getLogger(__name__)

MAX_AHEAD_S = 60.0  # a command from further in the future than that has a wrong clock behind it
WINDOW_S = 60.0
FREE_REFUSALS, FREE_COMMANDS = 3, 20  # told one by one in a window; the rest is told as one counted line
# Told once an hour: they are of machines, and what they change is told by itself
REPORTS = ("drone/conditions", "drone/progress")
REPORTS_S = 3600.0
MAX_BODY = 512  # bytes of a command in its record
RETAINED = phrase("command-retained")
KEPT = phrase("command-kept")
Handler = Callable[[Mapping[str, Any], str], Awaitable[dict[str, Any]] | dict[str, Any]]


class Listen:
    """Routes commands by path.

    `handlers` do the work of a room and raise CommandRefused, also for what is sent to many poles
    (``uplink.many``); `at_the_pole` are those of the local socket.
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
        while True:
            async with race(self._inbox.get(), self._clock.sleep(WINDOW_S / 4)) as (waiting, _):
                if waiting.done():
                    try:
                        await self._answer(waiting.result())
                    except Exception:
                        # a mistake of our own in one command keeps nobody else from being heard
                        log.exception("a command on %s could not be handled", waiting.result().path)
                self.tell_surplus()
                self._beat()

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
        """Carry out one command; return the reply, None when a flood leaves it unanswered for now.

        One to many poles is told from one to this pole by `to`, and is otherwise the same: it is done once,
        whichever way it comes. `path` as it comes decides what is safe: a flight is never stopped by many.
        """
        command: Command | None = None
        came, (to, path) = path, parted(path)
        answer = {"pole": self._base, "to": to} if to else {}
        try:
            command = read(payload, came)
            safe = is_always_safe(came, command.body)
            if retained and not safe:
                raise CommandRefused(RETAINED)
            if not safe:
                self._in_time(path, command)
            handlers = self._at_the_pole if local_by else self._handlers
            handler = handlers.get(came)
            if handler is None:
                known = sorted(p for p in handlers if not parted(p)[0])
                raise CommandRefused(phrase("command-unknown", command=came, known=", ".join(known)))
            name = f"{path} {command.command_id}" if command.command_id is not None and not safe else None
            if name is not None and not await self._begins(name):
                return _yes(command) | {"duplicate": True} | answer
            by = command.by or local_by
            body = dict(command.body)
            if path in ("drone/approval", "drone/stop") and by:
                body["by"] = by
            extra = await self._carry_out(handler, body, by, name)
            if fault := command.fault or extra.get("malformed"):
                fault = phrase("command-malformed", fault=fault)
            if note := "; ".join(filter(None, (fault, KEPT if retained else ""))):
                extra = {k: v for k, v in extra.items() if k != "malformed"} | {"note": note}
                log.warning("command %s by %s: %s", came, by or "unknown", note)
            else:
                log.info("command %s by %s", came, by or "unknown")
            self._record(path, command, by, note, local=bool(local_by), to=to)
            return _yes(command) | extra | answer
        except CommandRefused as error:
            reply = self._refuse(
                path, command, RETAINED if retained else str(error), local=bool(local_by), to=to
            )
            return reply if reply is None else reply | answer

    def _in_time(self, path: str, command: Command) -> None:
        if command.expires is None and command.issued is None:
            return
        if not self._keeper.trusted:
            if path.startswith("drone/"):
                raise CommandRefused(phrase("command-age-unknown"))
            return
        wall = self._clock.wall()
        if command.expires is not None and command.expires <= wall:
            raise CommandRefused(phrase("command-expired"))
        if command.issued is not None and command.issued > wall + MAX_AHEAD_S:
            raise CommandRefused(phrase("command-in-future"))

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

    def _record(self, path: str, command: Command, by: str, note: str, *, local: bool, to: str) -> None:
        """Who had what done: on the pole and at the city, whatever the room itself tells."""
        now = self._clock.monotonic()
        self.tell_surplus()
        body = command.body if len(encode(command.body)) <= MAX_BODY else None
        done = {"path": path, "by": by, "command_id": command.command_id, "local": local, "body": body}
        done |= ({"to": to} if to else {}) | ({"note": note[:300]} if note else {})
        if self._accepted[path].admits(now, done):
            self._store.record(RecordEvent("command.accepted", Severity.INFO, done, now))

    def _refuse(
        self, path: str, command: Command | None, error: str, *, local: bool, to: str
    ) -> dict[str, Any] | None:
        now = self._clock.monotonic()
        self.tell_surplus()
        by, command_id = (command.by, command.command_id) if command else ("", None)
        refusal = {"path": path[:100], "error": error[:300], "by": by, "command_id": command_id}
        refusal |= {"to": to[:100]} if to else {}
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


def _yes(command: Command) -> dict[str, Any]:
    return {"command_id": command.command_id, "ok": True, "error": None}
