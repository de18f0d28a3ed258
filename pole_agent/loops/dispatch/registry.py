"""The registry of this pole's drone requests: each is kept in the store before it is told. Small states lie
beside them: the last order, a stop of all flights, standing approvals.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import asdict, replace
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.context import Context
from pole_agent.drone.approval import LONGEST_S, UNREADABLE, StandingBook
from pole_agent.drone.machine import Transition
from pole_agent.drone.request import Request
from pole_agent.errors import CommandRefused, OutboxError
from pole_agent.health.evidence import BEHIND_S, STORED
from pole_agent.loops.dispatch.rows import LastOrder, dock_stop_of, last_order_of, stop_of
from pole_agent.store.succession import LOST
from pole_agent.uplink.events import Message, encode
from pole_agent.vocabulary import RecordEvent, Severity

log = logging.getLogger(__name__)

SAVE_S = 10.0  # counts, reasons and steps of flights are written so often
CALL_BACK_S, FORGOTTEN_S = 4 * 3600.0, 86_400.0  # no drone is in the air for so long; nor is one after a day
OCCASION_S = 7 * 3600.0  # longer than any patrol's window
KEEP_CLOSED = 100
# Keys in the store
LAST_ORDER, STOP, DOCK_STOP, STANDING = "last_order", "drone_stop", "drone_dock_stop", "drone_standing"
# The safe ways out happen even when the disk cannot keep them.
ALWAYS: frozenset[Transition] = frozenset({"cancel", "deny", "expire", "time_out"})
# What goes on over a reload beside what others see.
KEPT_TO_ITSELF = ("_deadlines", "_unsaved", "_unsaved_words", "_saved_at", "_of", "_told_at")


class Registry:
    """Requests by id. Every method is called under the lock of the dispatch loop."""

    def __init__(self, context: Context) -> None:
        self._store, self._board, self._keeper = context.store, context.board, context.keeper
        self._clock, self._base = context.clock, context.base
        self.requests: dict[str, Request] = {}
        self.heard_at: dict[str, float] = {}  # monotonic: when anything was heard of a request
        self.last_order: LastOrder | None = None
        self.stop: dict[str, Any] | None = None  # of all flights: by whom, why, since when
        self.dock_stop: float | None = None  # when the dispatcher said that its dock is stopped, wall seconds
        self.standing = StandingBook()
        self.restored = False
        self.sending: dict[str, asyncio.Future[None]] = {}  # orders that the broker has not acknowledged
        self._deadlines: dict[str, float] = {}  # monotonic, of requests of an earlier boot
        self._unsaved: dict[str, None] = {}
        self._unsaved_words: dict[str, str] = {}  # of the small states
        self._saved_at = float("-inf")
        self._of = ""  # the store that this is kept in
        self._told_at: dict[str, float | None] = {}  # monotonic, of call-backs: since when it could be heard

    async def keep_word(self, key: str, word: str, *, insist: bool = False) -> None:
        """Keep one of the small states.

        Raises OutboxError; `insist`: what cannot be kept now is kept later.
        """
        if insist:
            self._unsaved_words[key] = word
            await self.save_changes()
        else:
            await self._store.write(lambda db: db.set(key, word))
            self._unsaved_words.pop(key, None)

    def take_over(self, before: Registry) -> None:
        """After a reload: all goes on as it was in memory, also what the disk could not keep."""
        for name in (
            "requests",
            "heard_at",
            "last_order",
            "stop",
            "dock_stop",
            "standing",
            "restored",
            *KEPT_TO_ITSELF,
        ):
            setattr(self, name, getattr(before, name))
        if self._board is not before._board:
            self._tell()

    async def follow_loss(self) -> None:
        """A store that was lost took with it whether somebody has stopped all flights: until a person resumes
        them, they are.

        Raises OutboxError.
        """
        if self._of == self._store.store_id:
            return
        lost = await self._store.read(lambda db: db.get(LOST))
        self._of = self._store.store_id
        if lost:
            who = "nobody: what was kept before is lost, a stop too"
            self.stop = self.stop or {
                "by": who,
                "reason": f"the store has ended: {lost}",
                "since": rfc3339(self._clock.wall()),
            }
            self._unsaved_words |= {STOP: json.dumps(self.stop), LOST: ""}
            log.warning(
                "the store was lost (%s): flights are stopped until a person resumes them: pole-agent drone"
                " resume",
                lost,
            )

    async def restore(self) -> bool:
        """Read what an earlier run left, and tell what is open; False when that was done before.

        Raises OutboxError.
        """
        if self.restored:
            return False

        def read(db: Any) -> tuple[float, list[str], list[str | None]]:
            return (
                db.newest_time(),
                db.load_requests(),
                [db.get(key) for key in (LAST_ORDER, STOP, DOCK_STOP, STANDING)],
            )

        stored, texts, (last, stop, dock_stop, standing) = await self._store.read(read)
        # Before any request is looked at: a clock that is behind it is not trusted
        self._keeper.remember(STORED, stored)
        now, wall = self._clock.monotonic(), self._clock.wall()
        for text in texts:
            try:
                request = Request.load(text)
            except UNREADABLE as error:
                log.warning("a stored drone request cannot be read and is ignored: %s", error)
                continue
            self.requests.setdefault(request.request_id, request)
            self.heard_at[request.request_id] = now
        # What cannot be read keeps everything on the ground.
        self.last_order = last_order_of(last, LastOrder("", wall, now, self._keeper.boot_id))
        self.stop = self.stop or stop_of(
            stop, {"by": "nobody: it cannot be read", "reason": "", "since": rfc3339(wall)}
        )
        self.dock_stop = dock_stop_of(dock_stop)
        try:
            self.standing = StandingBook.load(standing)
        except UNREADABLE as error:
            log.error(
                "the standing approvals cannot be read: none holds, and no signed one is taken for a day: %s",
                error,
            )
            self.standing = StandingBook(closed_until=wall + LONGEST_S)
            self._unsaved_words[STANDING] = self.standing.dump()
        self.restored = True
        self._tell()
        return True

    def _tell(self) -> None:
        """What is open, and who is called back: to a board that does not know."""
        wall = self._clock.wall()
        for request in list(self.requests.values()):
            if request.is_open:
                self.announce(request)
            elif request.call_back and not (self._keeper.trusted and wall - request.changed > FORGOTTEN_S):
                self.tell_call_back(request)

    def moved(self, request: Request, transition: Transition, by: str, reason: str = "") -> Request:
        return request.moved(transition, self._clock.wall(), self._clock.monotonic(), by=by, reason=reason)

    def since(self, boot_id: str, wall: float, at: float) -> float:
        """Seconds since a moment: on the monotonic clock within a boot, else on the wall clock."""
        return self._clock.monotonic() - at if boot_id == self._keeper.boot_id else self._clock.wall() - wall

    def remaining(self, request: Request) -> float | None:
        """Seconds to live; None when it cannot be known (another boot, and no trusted clock).

        It never rises, whatever the clocks do.
        """
        now = self._clock.monotonic()
        if request.boot_id == self._keeper.boot_id:
            return request.expires_at - now
        known = self._deadlines.get(request.request_id)
        if not request.timed:
            return 0.0  # made before a restart, by a clock that was not trusted: it may be of any age
        if self._keeper.trusted and max(request.created, request.changed) > self._clock.wall() + BEHIND_S:
            # Made, or moved, by a clock that was ahead of one that was accepted since: it may be of any age
            return 0.0
        if self._keeper.trusted:
            deadline = now + min(
                request.expires - self._clock.wall(), request.expires_at - request.created_at
            )
            known = self._deadlines[request.request_id] = deadline if known is None else min(known, deadline)
            return known - now
        return None

    def known(self, request_id: str) -> Request:
        request = self.requests.get(request_id)
        if request is None:
            raise CommandRefused(f"there is no request {request_id}")
        return request

    async def move(self, request: Request, transition: Transition, by: str, reason: str = "") -> Request:
        """Something happened to it: keep that, then tell.

        Raises ValueError, and OutboxError except for the safe ways out.
        """
        return await self.keep(request, self.moved(request, transition, by, reason), transition)

    async def keep(
        self, before: Request, request: Request, transition: Transition, *, dispatcher: bool = False
    ) -> Request:
        """Store the new state with its event, then tell. Raises OutboxError, except for the safe ways out."""
        now = self._clock.monotonic()
        ended_by_us = (
            request.ordered
            and not request.is_open
            and transition in ("cancel", "deny", "time_out")
            and not dispatcher
        )
        request = replace(request, call_back=ended_by_us)
        severity = Severity.INFO if request.state == "suppressed" else Severity.WARNING
        event = RecordEvent(
            "drone.changed", severity, request.message(self._base) | {"was": before.state}, now
        )
        order = (
            LastOrder(request.request_id, self._clock.wall(), now, self._keeper.boot_id)
            if transition == "send"
            else None
        )

        def save(db: Any) -> None:
            if request.state != "suppressed":
                db.save_request(request.request_id, request.is_open, self._clock.wall(), request.dump())
            if order is not None:
                db.set(LAST_ORDER, json.dumps(asdict(order)))

        try:
            await self._store.write(save, event)
            self._unsaved.pop(request.request_id, None)
        except OutboxError:
            if transition not in ALWAYS:
                raise
            self._store.record(event)
            self._unsaved[request.request_id] = None
        self.last_order = order or self.last_order
        self.requests[request.request_id] = request
        if not request.is_open and (sending := self.sending.get(request.request_id)):
            sending.cancel()  # it may still wait for its turn at the broker
        self.heard_at[request.request_id] = now
        log.info(
            "drone request %s: %s -> %s %s", request.request_id, before.state, request.state, request.reason
        )
        if request.state != "suppressed":
            self.announce(request)
        if ended_by_us:
            self.tell_call_back(request)
        self._prune()
        return request

    async def save(self, request: Request) -> None:
        await self._store.write(
            lambda db: db.save_request(
                request.request_id, request.is_open, self._clock.wall(), request.dump()
            )
        )

    def change(self, request: Request, *, announce: bool = False) -> None:
        """A change that is no transition: kept soon, told then, or at once where it is only what the
        dispatcher or the weather says.
        """
        self.requests[request.request_id] = request
        self._unsaved[request.request_id] = None
        if announce:
            self.announce(request)

    async def save_changes(self) -> None:
        now = self._clock.monotonic()
        if not self._unsaved_words and (not self._unsaved or now - self._saved_at < SAVE_S):
            return
        changed = [self.requests[i] for i in self._unsaved if i in self.requests]
        wall, words = self._clock.wall(), dict(self._unsaved_words)

        def save(db: Any) -> None:
            for request in changed:
                db.save_request(request.request_id, request.is_open, wall, request.dump())
            for key, word in words.items():
                db.set(key, word)

        await self._store.write(save)
        self._saved_at = now
        self._unsaved.clear()
        self._unsaved_words.clear()
        for request in changed:
            if request.is_open:
                self.announce(request)

    def _prune(self) -> None:
        for suppressed in (True, False):
            closed = [
                r
                for r in self.requests.values()
                if not r.is_open
                and (r.state == "suppressed") is suppressed
                and not r.call_back
                and not self._remembers(r)
            ]
            for request in closed[:-KEEP_CLOSED]:
                key = request.request_id
                self._board.remove(f"drone/request/{key}")
                for table in (self.requests, self._deadlines, self.heard_at, self._unsaved):
                    table.pop(key, None)

    def _remembers(self, request: Request) -> bool:
        """A patrol whose window may still be open: it must not be made twice."""
        return (
            request.origin == "patrol"
            and abs(self.since(request.boot_id, request.created, request.created_at)) < OCCASION_S
        )

    def announce(self, request: Request) -> None:
        key = f"drone/request/{request.request_id}"
        self._board.post(
            key,
            Message(f"{self._base}/drone/request", encode(request.message(self._base))),
            at_birth=request.is_open,
        )

    def tell_call_back(self, request: Request, by: str = "") -> None:
        """Tell whoever flies it to stop; at each birth again, until the dispatcher says that it is over."""
        self._told_at.setdefault(request.request_id, None)
        self.change(replace(request, call_back=True))
        self._board.post(
            f"drone/cancel/{request.request_id}",
            self.cancel(request.request_id, by or request.by, request.reason),
        )

    def cancel(self, request_id: str, by: str, reason: str) -> Message:
        told = {
            "request_id": request_id,
            "pole": self._base,
            "by": by,
            "reason": reason,
            "at": rfc3339(self._clock.wall()),
        }
        return Message(f"{self._base}/drone/cancel", encode(told))

    async def call_backs(self) -> None:
        """A call-back ends when no drone can be in the air any more: hours of a link after it was told,
        whatever the clocks say.
        """
        now = self._clock.monotonic()
        for request_id, since in list(self._told_at.items()):
            if since is None and self._board.connected:
                self._told_at[request_id] = now
            elif since is not None and now - since > CALL_BACK_S:
                await self.called_back(self.requests[request_id])

    async def called_back(self, request: Request) -> None:
        """The dispatcher says that it is over, or it must be."""
        self._board.remove(f"drone/cancel/{request.request_id}")
        self._told_at.pop(request.request_id, None)
        request = replace(request, call_back=False)
        self.change(request)
        with contextlib.suppress(OutboxError):
            await self.save(request)
