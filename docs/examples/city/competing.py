"""One of several writers: the same writer and keeper as in the small form, with another link."""

from __future__ import annotations

import asyncio
import contextlib

from city.keeper import Keeper
from city.link import LinkError
from city.services import database_of
from city.settings import Settings
from city.shards import Shards
from city.store import Database, opened
from city.stream import Stream
from city.writer import Writer, words

LOOK_S = 0.5


async def write(settings: Settings) -> None:
    """All compete for the events; one of them keeps the books and hears the words of the poles."""
    where = database_of(settings)
    async with opened(*where) as db, opened(*where) as books:
        stream = Stream(settings.nats, settings.broker.prefix)
        poles = Poles(stream)
        keeper = Keeper(books, poles)
        async with asyncio.TaskGroup() as group:
            writer = Writer(db, stream, settings.broker.prefix)
            for work in (stream.run(), writer.run(), keeper.run(), hear(settings, books, keeper, poles)):
                group.create_task(work)


class Poles:
    """The events come through NATS, all else directly from the shards: words of which only the last one
    counts, and what we say, which must expire, as only MQTT 5 does it. `shards`: None while another keeps.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.shards: Shards | None = None

    @property
    def hears(self) -> bool:
        return self.shards is not None and self.shards.hears and self._stream.hears

    @property
    def since(self) -> float:
        return max(self._stream.since, 0.0 if self.shards is None else self.shards.since)

    @property
    def refused(self) -> str:
        told = self._stream.refused, "" if self.shards is None else self.shards.refused
        return "; ".join(why for why in told if why)

    @property
    def caught_up(self) -> bool:
        """What waits in NATS is not missing."""
        return self._stream.caught_up and self.shards is not None and self.shards.caught_up

    async def publish(self, topic: str, payload: bytes) -> None:
        if self.shards is None:
            raise LinkError("not on duty")
        await self.shards.publish(topic, payload)


async def hear(settings: Settings, db: Database, keeper: Keeper, poles: Poles) -> None:
    """The words of the poles, for as long as we are the keeper."""
    prefix = settings.broker.prefix
    while True:
        await keeper.on_duty.wait()
        shards = Shards(settings.shards, f"{prefix}-city-keeper", words(prefix), session=True)
        shards.start()
        poles.shards = shards
        writing = asyncio.create_task(Writer(db, shards, prefix, keeper.keep).run())
        try:
            while keeper.on_duty.is_set():
                await asyncio.wait([writing], timeout=LOOK_S)
                if writing.done():
                    writing.result()
        finally:
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writing
            poles.shards = None
            shards.stop()
