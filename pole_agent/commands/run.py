"""The daemon, in the foreground. SIGTERM or SIGINT (Ctrl-C) stops it within 5 seconds.

SIGHUP reads the configuration again: the lamp keeps its light, its override and its hours; the store and the
connection to the broker go on unless their own settings change; everything else restarts. A broken file is
reported and changes nothing.

On a broken configuration at the start it uses the last good copy from the state directory and says so; only
with neither it exits with 2.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import IO

from pole_agent import compose
from pole_agent.agent import Agent
from pole_agent.clock import Clock, SystemClock
from pole_agent.console.daemon import leave, run_to_end, set_up_logging
from pole_agent.errors import ConfigError, LampError, PoleAgentError, Problem
from pole_agent.health.notify import notify
from pole_agent.lamp.lamp import Luminaire
from pole_agent.languages import phrase
from pole_agent.settings import DEFAULT_PATH, overlay
from pole_agent.settings.advice import warnings
from pole_agent.settings.load import (
    Loaded,
    keep_last_good,
    last_good,
    load,
    load_or_last_good,
    overlay_told,
    with_overlay,
    without_overlay,
)
from pole_agent.threads import Thread

LOCK = "agent.lock"
READ_S = 20.0  # after which a file that does not come is told
HELP = "the daemon, in the foreground"
# A change means to let go of the lamp's pin
LAMP = {"backend", "pin", "pwm_device", "pwm_channel", "active_low", "frequency_hz"}
BESIDE = {"relay", "photocell", "feedback", "button"}
log = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}"
    )
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def run(arguments: argparse.Namespace) -> int:
    early = threading.Event()
    # Until there is a loop: a reload that comes at once must not end us
    signal.signal(signal.SIGHUP, lambda *_: early.set())
    set_up_logging(arguments.log_level)
    clock = SystemClock()
    loaded = settled(load_or_last_good(arguments.config), arguments.config)
    lock = alone(loaded.settings.storage.state_dir)
    # Before anything heavy is loaded: within half a second of the start the lamp is at a safe level.
    loaded, luminaire = lit(arguments.config, loaded, clock)
    notify("STATUS=the lamp is lit; the rest starts")
    daemon = Daemon(arguments.config, loaded, luminaire, clock, early)
    code = run_to_end(daemon.runtime.agent, daemon.listen_for_reload, daemon.renew)
    daemon.luminaire.close()  # the last thing of all: then the wiring keeps the street lit
    del lock
    return leave(code)


def settled(loaded: Loaded, path: Path) -> Loaded:
    """Without a change of the page that was still on trial when the last agent ended: it may have been the
    reason.
    """
    try:
        if not overlay.take_back(loaded.settings.storage.state_dir):
            return loaded
    except OSError as error:
        log.error("the overlay cannot be taken back: %s", error)
        return loaded
    why = phrase("overlay-taken-back", reason=phrase("overlay-trial-cut"))
    found = load_or_last_good(path)
    return replace(found, degraded=found.degraded or why)


def lit(path: Path, loaded: Loaded, clock: Clock) -> tuple[Loaded, Luminaire]:
    """Take the lamp; when that of a new configuration cannot be driven, the one of the last that worked.

    Raises LampError.
    """
    try:
        return loaded, compose.open_lamp(loaded.settings, clock)
    except LampError as error:
        before = last_good(path, loaded.settings.storage.state_dir)
        if before is None or before.text == loaded.text:
            raise
        why = phrase("lamp-undrivable", file=path, error=error, consequence=before.degraded)
        return replace(before, degraded=why), compose.open_lamp(before.settings, clock)


def alone(state_dir: Path) -> IO[str] | None:
    """Hold the lock of the state directory as long as the result lives; None where it cannot be made. Raises
    PoleAgentError.

    Two agents would share a store, a socket and a name at the broker. The kernel lets go of the lock whatever
    ends the process.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        file = (state_dir / LOCK).open("a+")
    except OSError:
        return None  # the store tells of it
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise PoleAgentError(
            phrase(
                "agent-already-running", folder=state_dir, process=file.read().strip() or phrase("unknown")
            )
        ) from None
    with contextlib.suppress(OSError):  # a full disk: the number is only for people, the lock holds
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
    return file


class Daemon:
    """The runtime that runs now, and how it is followed by the next one on SIGHUP."""

    def __init__(
        self, path: Path, loaded: Loaded, luminaire: Luminaire, clock: Clock, early: threading.Event
    ) -> None:
        """`early` is set when a SIGHUP came before `listen_for_reload`."""
        self._path, self._loaded, self._clock, self._early = path, loaded, clock, early
        self.luminaire = luminaire
        self._next: Loaded | None = None
        self._asked = 0  # how often SIGHUP came
        self._reader: Thread | None = None
        self.runtime = self._build(loaded)

    def _build(self, loaded: Loaded, before: compose.Runtime | None = None) -> compose.Runtime:
        settings = loaded.settings
        if loaded.degraded:
            log.error("configuration: %s", loaded.degraded)
        if loaded.overlay.document:
            log.info("configuration: %s", overlay_told(loaded))
        for warning in warnings(settings):
            log.warning("configuration: %s", warning)
        runtime = compose.build(
            loaded, self.luminaire, self._clock, before=before, for_real=True, desk=self._desk(loaded)
        )
        if not loaded.degraded:
            # A state directory that cannot be written is told by the store
            with contextlib.suppress(OSError):
                keep_last_good(loaded)
        log.info(
            "pole %s at %s: running; control socket %s", settings.pole.id, settings.pole.site, runtime.socket
        )
        return runtime

    def _desk(self, loaded: Loaded) -> compose.Desk | None:
        """For the page; None where it is off, so that nothing of it is imported."""
        if not loaded.settings.page.enabled:
            return None
        plain = without_overlay(loaded, self._path)
        return compose.Desk(
            plain=plain,
            try_on=lambda overlay: with_overlay(plain, self._path, overlay),
            reload=lambda: self._read_again(asyncio.get_running_loop()),
            path=self._path,
        )

    async def listen_for_reload(self) -> None:
        """Runs beside the agents."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._read_again, loop)
        if self._early.is_set():
            self._read_again(loop)
        await asyncio.Event().wait()

    def _read_again(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread, because a disk may hang and a large file take its time: the lamp does not wait for
        either.
        """
        self._asked += 1
        asked = self._asked

        def read() -> None:
            found: Loaded | ConfigError
            try:
                found = load(self._path)
                compose.drone_areas(found.settings)
            except ConfigError as error:
                found = error
            except Exception as error:  # noqa: BLE001 - a thread must not die in silence
                found = ConfigError(
                    [Problem(str(self._path), phrase("unusable", error=type(error).__name__))]
                )
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for it any more
                loop.call_soon_threadsafe(self._reload, found, asked)

        if self._reader is not None:
            self._reader.leave()
        self._reader = Thread("reload", read)
        loop.call_later(READ_S, self._read_too_long, self._reader)

    def _read_too_long(self, reader: Thread) -> None:
        if reader.is_alive() and reader is self._reader:
            reader.leave()
            log.error("SIGHUP: the configuration cannot be read: the disk does not answer")
            self.runtime.parts.degrade("configuration", phrase("reload-timed-out"))

    def _reload(self, found: Loaded | ConfigError, asked: int) -> None:
        if asked != self._asked:
            return  # somebody has asked again meanwhile
        if isinstance(found, ConfigError):
            log.error("SIGHUP: reload refused, the configuration is unchanged: %s", found)
            self.runtime.parts.degrade("configuration", phrase("reload-refused", problems=found))
            return
        log.info("SIGHUP: reloading the configuration")
        self._next = found
        self.runtime.agent.stop(reload=True, keep=compose.lasts(self._loaded.settings, found.settings))

    def renew(self) -> Agent | None:
        """The agent after a reload, None when there was none.

        Raises LampError when not even the old lamp can be had again.
        """
        if self._next is None:
            return None
        loaded, self._next = self._next, None
        old, new = self._loaded.settings, loaded.settings
        if old.lamp.model_dump(include=LAMP) == new.lamp.model_dump(include=LAMP):
            if old.lamp.model_dump(include=BESIDE) != new.lamp.model_dump(include=BESIDE):
                self.luminaire.detach()
                compose.attach(self.luminaire, new)
        else:
            self.luminaire.close()
            try:
                self.luminaire = compose.open_lamp(new, self._clock)
            except LampError as error:
                log.error(
                    "the lamp of the new configuration cannot be driven; keeping the old configuration: %s",
                    error,
                )
                loaded = Loaded(old, self._loaded.text, phrase("new-lamp-undrivable", error=error))
                self.luminaire = compose.open_lamp(old, self._clock)
        self.runtime = self._build(loaded, self.runtime)
        self._loaded = loaded
        return self.runtime.agent
