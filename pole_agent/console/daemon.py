"""Run an agent to its end: signals, logging, and an exit that happens whatever hangs.

Used by run and demo.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Protocol

from pole_agent.languages import visible

log = logging.getLogger(__name__)


class Runs(Protocol):
    """An agent, or several as one."""

    async def run(self) -> int: ...
    def stop(self) -> None: ...


HARD_STOP_S = 4.5  # a stop is promised within 5 s, even with a blocked event loop
# Then everything is loaded, and stays. Python's garbage collector need not go through it again and again:
# each time, 75 000 objects held up the event loop, and with it the lamp, for 48 ms on a PC, and for several
# times that on a small board.
SETTLED_S = 20.0


def set_up_logging(level: str) -> None:
    """To stderr, one line each; journald adds the time by itself, a terminal gets it."""
    moment = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(_OneLine(f"{moment}%(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[to_stderr])
    logging.getLogger("pole_agent.uplink.paho").setLevel(logging.ERROR)
    # Tracebacks are for debugging; a supervised failure is one line.
    if level.upper() != "DEBUG":
        for handler in logging.getLogger().handlers:
            handler.addFilter(_without_traceback)


class _OneLine(logging.Formatter):
    """What others send stands in messages: it must not look like a line of ours."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of logging
        return visible(super().formatMessage(record))


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = None
    return True


def run_to_end(
    agent: Runs,
    beside: Callable[[], Awaitable[None]] | None = None,
    renew: Callable[[], Runs | None] | None = None,
) -> int:
    """Run the agent until a signal, a FATAL failure, or the end of `beside` (a coroutine that runs along).
    Returns the exit code.

    After each orderly end, `renew` may give the agent that follows (a reload).
    """

    async def run() -> int:
        loop = asyncio.get_running_loop()
        current = [agent]
        stopped = False

        def stop(number: int) -> None:
            nonlocal stopped
            stopped = True
            log.info("%s: stopping", signal.Signals(number).name)
            timer = threading.Timer(HARD_STOP_S, os._exit, (1,))
            timer.daemon = True
            timer.start()
            current[0].stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, number)
        companion = asyncio.ensure_future(_along(agent, beside)) if beside is not None else None
        settled = loop.call_later(SETTLED_S, _settle)
        code = await agent.run()
        while code == 0 and not stopped and renew is not None:
            settled.cancel()
            if (following := renew()) is None:
                break
            current[0] = following
            settled = loop.call_later(SETTLED_S, _settle)
            code = await following.run()
        if companion is not None and companion.done() and not companion.cancelled():
            companion.result()
        return code

    # The runner is not closed: that would wait for threads that may hang in a connect or a name lookup.
    return asyncio.Runner().run(run())


def _settle() -> None:
    """Give free memory back to the system, and collect what a reload has left.

    glibc keeps freed memory between blocks in use: after a reload with cameras that is 30 to 60 MB. What
    exists when the agent first settles is frozen: collecting all of it would hold up the lamp. Without the
    collection after it, Python would wait for a quarter of 85 000 new objects, which is many reloads. After a
    reload it looks at some thousands and takes about a millisecond.
    """
    if not gc.get_freeze_count():
        gc.freeze()
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # another libc
        ctypes.CDLL(None).malloc_trim(0)


async def _along(agent: Runs, beside: Callable[[], Awaitable[None]]) -> None:
    try:
        await beside()
    finally:
        agent.stop()


def leave(code: int) -> int:
    """End the process now: threads that hang in a camera or a name lookup must not hold it up."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
