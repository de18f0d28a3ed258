"""Jobs and their failure policy. Declared as data, supervised in one place.

FATAL: the job's failure ends the agent at once; systemd restarts it, fail-lit wiring covers the gap.
DEGRADE: the failure is logged and reported, the job is started again after a wait that grows, for ever. A job
that promised to beat and does not hangs: it is cancelled, and started again as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pole_agent.clock import Clock
from pole_agent.languages import phrase
from pole_agent.race import race

log = logging.getLogger(__name__)

FIRST_WAIT_S, MAX_WAIT_S = 1.0, 60.0
LOOK_S, LET_GO_S = 30.0, 2.0  # how often a beat is looked for, and how long a job that hangs may take to end
STEADY_S = 120.0  # a job that ran this long starts over with the shortest wait


class OnFailure(Enum):
    FATAL = "fatal"
    DEGRADE = "degrade"


@dataclass(slots=True)
class Job:
    """One named loop. With `beat_within_s` it promises to beat that often.

    The watchdog is fed only while FATAL jobs do.
    """

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]
    on_failure: OnFailure = OnFailure.DEGRADE
    beat_within_s: float | None = None


class Hangs(Exception):
    """A job has not beaten for longer than it promised."""


class Fatal(Exception):
    """A FATAL job failed; the agent must go down."""


async def supervise(
    job: Job,
    clock: Clock,
    random: Callable[[], float],
    report: Callable[[str, str], None],
    since_beat: Callable[[str], float],
) -> None:
    """Run a job by its policy. `report(name, reason)` hears of failures, with an empty reason of recoveries;
    `since_beat(name)` gives the seconds since a job's last beat.

    Returns when the job returns. Raises Fatal.
    """
    tries = 0
    while True:
        started = clock.monotonic()
        recovery = _recovery(job.name, clock, report) if tries else None
        try:
            try:
                if job.beat_within_s is None or job.on_failure is OnFailure.FATAL:
                    await job.run()
                else:
                    await _with_pulse(job, job.beat_within_s, clock, since_beat)
                return
            finally:
                if recovery is not None:
                    recovery.cancel()  # before the wait below: who waits to be started again is not well
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if job.on_failure is OnFailure.FATAL:
                log.critical("%s failed, the agent exits: %r", job.name, error, exc_info=error)
                raise Fatal(job.name) from error
            if clock.monotonic() - started >= STEADY_S:
                tries = 0
            wait = min(MAX_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries, 8)) * (0.5 + 0.5 * random())
            tries += 1
            reason = f"{type(error).__name__}: {error}"
            log.error("%s failed, retrying in %.1f s: %s", job.name, wait, reason, exc_info=error)
            report(job.name, reason)
            await clock.sleep(wait)


async def _with_pulse(job: Job, within_s: float, clock: Clock, since_beat: Callable[[str], float]) -> None:
    """Run it while it beats. Raises Hangs, and what the job raises."""
    running = asyncio.create_task(job.run(), name=f"{job.name}, its work")
    begun = clock.monotonic()
    try:
        while not running.done():
            async with race(running, clock.sleep(LOOK_S)):
                pass
            silent = min(since_beat(job.name), clock.monotonic() - begun)
            if not running.done() and silent > within_s:
                raise Hangs(phrase("no-heartbeat", seconds=f"{silent:.0f}"))
        running.result()
    finally:
        running.cancel()
        await asyncio.wait((running,), timeout=LET_GO_S)  # what does not even end is left behind


def _recovery(name: str, clock: Clock, report: Callable[[str, str], None]) -> asyncio.Task[None]:
    return asyncio.create_task(_steady(name, clock, report), name=f"{name} has recovered")


async def _steady(name: str, clock: Clock, report: Callable[[str, str], None]) -> None:
    await clock.sleep(STEADY_S)
    report(name, "")
