"""The daemon, in the foreground. SIGTERM or SIGINT (Ctrl-C) stops it within 5 seconds.

On a broken configuration it uses the last good copy from the state directory and says so; only with neither it exits with 2.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
from pathlib import Path

from pole_agent import compose
from pole_agent.clock import SystemClock
from pole_agent.commands.daemon import leave, run_to_end, set_up_logging
from pole_agent.settings import DEFAULT_PATH
from pole_agent.settings.load import keep_last_good, load_or_last_good, warnings

HELP = "the daemon, in the foreground"
log = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default: {DEFAULT_PATH}")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def run(arguments: argparse.Namespace) -> int:
    set_up_logging(arguments.log_level)
    loaded = load_or_last_good(arguments.config)
    settings = loaded.settings
    clock = SystemClock()
    # Before anything heavy is loaded: within half a second of the start the lamp is at a safe level.
    lamp = compose.open_lamp(settings, clock)
    if loaded.degraded:
        log.error("configuration: %s", loaded.degraded)
    for warning in warnings(settings):
        log.warning("configuration: %s", warning)
    house = compose.build(loaded, lamp, clock)
    if not loaded.degraded:
        with contextlib.suppress(OSError):  # a state directory that cannot be written is told by the store
            keep_last_good(loaded)
    log.info("pole %s at %s: running; control socket %s", settings.pole.id, settings.pole.site, house.socket)
    return leave(run_to_end(house.agent))
