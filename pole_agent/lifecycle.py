"""What the loops do together: at the start, when the configuration is announced and what a crash left is
settled; and at the end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from pole_agent.context import Context
from pole_agent.errors import OutboxError
from pole_agent.loops.announce import Announce
from pole_agent.loops.light import Light
from pole_agent.loops.listen import Listen
from pole_agent.loops.records import Records
from pole_agent.loops.report import Report
from pole_agent.loops.upload import Upload
from pole_agent.uplink.events import Message


@dataclass(slots=True, kw_only=True)
class Lifecycle:
    """`info`: the retained message of who and where; `troubles`: what did not work while the agent was built,
    by part.
    """

    context: Context
    info: Message
    troubles: dict[str, str]
    announce: Announce
    records: Records
    light: Light
    listen: Listen
    report: Report
    upload: Upload | None
    reloading: Callable[[], bool] = field(default=lambda: False)
    acknowledged: bool = field(
        default=False, init=False
    )  # the broker has `info`, so the city knows us as we are

    async def start(self) -> None:
        """Once the loop runs. Raises nothing but mistakes of our own."""
        self.context.board.post(self.info.topic, self.info, carried=self._acknowledged)
        await self.announce.start()
        for part, trouble in self.troubles.items():
            self.context.parts.degrade(part, trouble)
        await self.records.close_left_over()
        await self.light.restore()

    async def shutdown(self, goes_on: bool) -> None:
        """Keep what is to be kept, and tell the city.

        `goes_on`: the uplink does, because a reload follows.
        """
        self.listen.tell_surplus(at_the_end=True)
        with contextlib.suppress(OutboxError):
            await self.light.keep()
            await self.report.keep_time(now=True)
            if not self.reloading():
                await self.light.end()
        if self.upload is not None and not goes_on:
            await self.upload.shutdown([self.report.nothing_now()])

    def _acknowledged(self) -> None:
        self.acknowledged = True

    def tell(self, part: str, reason: str) -> None:
        """What the supervisor says of a job; no reason: it works."""
        if reason:
            self.context.parts.degrade(part, reason)
        else:
            self.context.parts.recover(part)
