"""Jobs and their failure policy. Declared as data, supervised in one place.

FATAL: the job's failure ends the agent at once; systemd restarts it, fail-lit wiring covers the gap.
DEGRADE: the failure is logged and reported, the job is started again after a wait that grows, for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from pole_agent.clock import Clock

log = logging.getLogger(__name__)

FIRST_WAIT_S, MOST_WAIT_S = 1.0, 60.0
STEADY_S = 120.0  # a job that ran this long starts over with the shortest wait


class OnFailure(Enum):
    FATAL = "fatal"
    DEGRADE = "degrade"


@dataclass(slots=True)
class Job:
    """One named loop. With `beat_within_s` it promises to call `beat` that often; the watchdog is fed only while it does."""

    name: str
    run: Callable[[], Awaitable[None]]
    on_failure: OnFailure = OnFailure.DEGRADE
    beat_within_s: float | None = None


class Fatal(Exception):
    """A FATAL job failed; the agent must go down."""


async def supervise(job: Job, clock: Clock, random: Callable[[], float], report: Callable[[str, str], None]) -> None:
    """Run a job by its policy. `report(name, reason)` hears of failures, with an empty reason of recoveries.

    Returns when the job returns. Raises Fatal. The only place that catches broadly.
    """
    tries = 0
    while True:
        started = clock.monotonic()
        recovery = asyncio.ensure_future(_steady(job.name, clock, report)) if tries else None
        try:
            await job.run()
            return
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if job.on_failure is OnFailure.FATAL:
                log.critical("%s failed, the agent goes down: %r", job.name, error, exc_info=error)
                raise Fatal(job.name) from error
            if clock.monotonic() - started >= STEADY_S:
                tries = 0
            wait = min(MOST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries, 8)) * (0.5 + 0.5 * random())
            tries += 1
            reason = f"{type(error).__name__}: {error}"
            log.error("%s failed, again in %.1f s: %s", job.name, wait, reason, exc_info=error)
            report(job.name, reason)
            await clock.sleep(wait)
        finally:
            if recovery is not None:
                recovery.cancel()


async def _steady(name: str, clock: Clock, report: Callable[[str, str], None]) -> None:
    await clock.sleep(STEADY_S)
    report(name, "")
