"""The keeper of the time from the settings: for the agent, for the doctor, and for the command."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from pole_agent.clock import Clock
from pole_agent.health import clock_memory
from pole_agent.health.evidence import CERTIFICATE
from pole_agent.health.time_servers import TimeServers, set_from_chip
from pole_agent.health.trust import TimeKeeper, boot_id
from pole_agent.health.validity import starts
from pole_agent.settings import Settings
from pole_agent.settings.section import secret_file


def keeper_of(settings: Settings, clock: Clock, heard: Callable[[float], bool] | None = None) -> TimeKeeper:
    """Who knows whether the clock is right, by what the state directory remembers; what is stored comes
    later. Blocks up to 0.3 s.
    """
    servers = TimeServers()
    chip = set_from_chip if settings.clock.rtc else (lambda _after: False)
    memory = clock_memory.load(settings.storage.state_dir)
    keeper = TimeKeeper(
        clock, settings.clock.trust, boot_id(), heard or servers.heard, chip, servers.words, memory
    )
    for name, start in certificate_starts(settings):
        keeper.remember(f"{CERTIFICATE}{name}", start)
    return keeper


def certificate_starts(settings: Settings) -> Iterator[tuple[str, float]]:
    """By name, since when the certificates that we hold are valid. What cannot be read is told elsewhere."""
    chosen = settings.mqtt
    if chosen is not None and chosen.tls:
        # An authority that begins later may be there in advance, beside the one of now; of our own chain all
        # have to be valid.
        for name, path, which in (
            ("mqtt.ca_file", chosen.ca_file, min),
            ("mqtt.cert_file", chosen.cert_file, max),
        ):
            if (file := secret_file(path)) is not None:
                with contextlib.suppress(OSError, ValueError):
                    yield name, which(starts(file))
