"""The agent: its jobs run side by side, an orderly start, and a stop within 5 s whatever hangs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from pole_agent.clock import Clock
from pole_agent.health.notify import notify
from pole_agent.store.store import Store
from pole_agent.supervise import Fatal, Job, supervise

log = logging.getLogger(__name__)

SHUTDOWN_S = CANCEL_S = 0.8  # each may come twice
# A stop is promised within 5 s. The store gets what the others leave of STOP_S, and STORE_S at least.
STOP_S, STORE_S = 4.2, 1.0


class Agent:
    """Built by compose. `start` runs once the loop runs; `shutdown(reload)` settles what is to be settled
    before the end.

    `lasting` names jobs that go on over a reload, with the store: the next agent gets them as `adopted`
    (None: nothing went on).
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        store: Store,
        clock: Clock,
        random: Callable[[], float],
        report: Callable[[str, str], None],
        start: Callable[[], Coroutine[Any, Any, None]],
        shutdown: Callable[[bool], Awaitable[None]],
        *,
        since_beat: Callable[[str], float] = lambda _: 0.0,
        lasting: Sequence[str] = (),
        adopted: Mapping[str, asyncio.Task[None]] | None = None,
    ) -> None:
        self.jobs, self._store, self._clock = jobs, store, clock
        self._since_beat = since_beat
        self._lasting, self._adopted = lasting, adopted
        self.kept: dict[str, asyncio.Task[None]] | None = None
        self._random, self._report, self._start, self._shutdown = random, report, start, shutdown
        self._stop = asyncio.Event()
        self._reloading = self._keeping = False

    def stop(self, *, reload: bool = False, keep: bool = False) -> None:
        """Ask the agent to stop; `run` returns within 5 s. `reload`: another one follows at once, in this
        process.

        `keep`: it takes over the store and the lasting jobs, which go on meanwhile.
        """
        if self._stop.is_set() and not self._reloading:
            return  # a stop for good stays one
        self._reloading, self._keeping = reload, keep
        self._stop.set()

    @property
    def reloading(self) -> bool:
        """Does another agent follow at once?"""
        return self._reloading

    async def run(self) -> int:
        """Run until `stop`. Returns 0 after a stop, 1 after the failure of a FATAL job."""
        if self._adopted is None:
            self._store.start()
        adopted = self._adopted or {}
        tasks = [adopted.get(job.name) or self._begin(job) for job in self.jobs]
        starting = asyncio.create_task(self._start(), name="start")
        stopping = asyncio.create_task(self._stop.wait(), name="stop")
        code = 0
        try:
            await self._until_stopped([*tasks, starting], stopping)
        except Fatal:
            code = 1
        finally:
            notify(
                f"RELOADING=1\nMONOTONIC_USEC={int(self._clock.monotonic() * 1e6)}"
                if self._reloading
                else "STOPPING=1"
            )
            await self._shut_down([*tasks, starting, stopping], orderly=code == 0)
        return code

    def _begin(self, job: Job) -> asyncio.Task[None]:
        return asyncio.create_task(
            supervise(job, self._clock, self._random, self._report, self._since_beat), name=job.name
        )

    async def _until_stopped(self, tasks: Sequence[asyncio.Task[None]], stopping: asyncio.Task[bool]) -> None:
        running: set[asyncio.Task[None] | asyncio.Task[bool]] = {*tasks, stopping}
        while stopping in running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task is not stopping:
                    task.result()  # Fatal, or a mistake of our own in `start`

    async def _shut_down(
        self, tasks: Sequence[asyncio.Task[None] | asyncio.Task[bool]], *, orderly: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        begun, keep = loop.time(), orderly and self._keeping
        if orderly:
            await self._call_shutdown(keep)
        going = {t.get_name(): t for t in tasks if keep and t.get_name() in self._lasting and not t.done()}
        await _end([t for t in tasks if t.get_name() not in going])
        if keep and self._keeping:
            self.kept = going  # type: ignore[assignment]
            return
        if keep:  # meanwhile a stop has come, or a reload with which they cannot go on
            await self._call_shutdown(False)
            await _end(list(going.values()))
        # The lamp is not touched: as long as anything takes, it stays as it was. Who opened it closes it;
        # then the wiring keeps it lit.
        await self._store.stop(max(STORE_S, begun + STOP_S - loop.time()))

    async def _call_shutdown(self, keep: bool) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHUTDOWN_S):
                await self._shutdown(keep)


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=CANCEL_S)
