"""Answers to the questions of the control socket: how the lamp, the drone, the clock and the store are, and
why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pole_agent.context import Context
from pole_agent.languages import phrase
from pole_agent.uplink.events import event_document

PAGE = 200  # events
Question = Callable[[Mapping[str, Any]], Awaitable[Any]]


class Answer:
    """Answers those of the clock and the store itself; `others` are the questions that other rooms answer, by
    name; `past` those that take arguments.
    """

    def __init__(
        self, context: Context, others: Mapping[str, Callable[[], Any]], past: Mapping[str, Question]
    ) -> None:
        self._clock, self._keeper, self._store, self._base = (
            context.clock,
            context.keeper,
            context.store,
            context.base,
        )
        self._others = others
        self._own: dict[str, Question] = {
            "clock": self._of_clock,
            "outbox.stats": self._of_outbox,
            "outbox.page": self._page,
            "why.lamp": self._why_lamp,
            "why.incident": self._why_incident,
            **past,
        }

    async def __call__(self, question: str, arguments: Mapping[str, Any]) -> Any:
        """Raises ValueError for an unknown question, OutboxError when the store does not answer."""
        if question in self._own:
            return await self._own[question](arguments)
        if question not in self._others:
            raise ValueError(
                phrase(
                    "question-unknown",
                    question=f"{question!r}",
                    known=", ".join(sorted([*self._own, *self._others])),
                )
            )
        answer = self._others[question]()
        return await answer if isinstance(answer, Awaitable) else answer

    async def _of_clock(self, _: Mapping[str, Any]) -> Any:
        return self._keeper.document()

    async def _of_outbox(self, _: Mapping[str, Any]) -> Any:
        await self._store.flush()
        return await self._store.read(lambda db: db.stats())

    async def _page(self, arguments: Mapping[str, Any]) -> Any:
        await self._store.flush()
        after = int(arguments.get("after", 0))
        page = await self._store.read(lambda db: db.list_events(PAGE, after))
        return [
            event_document(self._base, self._store.store_id, e) | {"delivered": e.delivered is not None}
            for e in page
        ]

    async def _why_lamp(self, arguments: Mapping[str, Any]) -> Any:
        await self._store.flush()
        wall = arguments.get("wall")
        return await self._store.read(
            lambda db: db.lamp_log(self._clock.wall() if wall is None else float(wall))
        )

    async def _why_incident(self, arguments: Mapping[str, Any]) -> Any:
        await self._store.flush()
        return await self._store.read(lambda db: db.told_about(str(arguments["id"])))
