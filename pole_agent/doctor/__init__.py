"""The doctor looks at everything that a pole needs, and says what is wrong and what to do, in words a
technician can follow.

It never drives the lamp, claims no pin and changes nothing. Each check is a function of the settings that
returns what it found; a check that breaks, or takes too long, is itself a finding. `quick` leaves out what
costs much: the model's speed and pictures from cameras.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pole_agent.doctor import board, eyes, link, machine, sign, timekeeping
from pole_agent.doctor.finding import Check, Finding
from pole_agent.languages import phrase
from pole_agent.settings import Settings
from pole_agent.threads import Thread

TIMEOUT_S = 20.0
# What can be looked at without any configuration.
MACHINE: tuple[Check, ...] = (
    machine.versions,
    timekeeping.clock_chip,
    machine.memory,
    machine.patched,
    machine.power,
    machine.watchdog,
    machine.service,
    link.network,
)
QUICK: tuple[Check, ...] = (
    machine.versions,
    board.gpio,
    board.pwm,
    board.sensors,
    eyes.cameras,
    timekeeping.clock,
    timekeeping.clock_chip,
    machine.disk,
    machine.wear,
    machine.memory,
    machine.patched,
    machine.power,
    machine.watchdog,
    machine.service,
    sign.sign,
    link.secrets,
    link.network,
    link.broker,
    link.certificates,
)
SLOW: tuple[Check, ...] = (eyes.pictures, eyes.model)
EACH_CAMERA = (eyes.cameras, eyes.pictures)  # a silent one takes its own time only


@dataclass(slots=True)
class _Run:
    found: list[Finding] = field(default_factory=list)
    error: Exception | None = None


def examine(
    settings: Settings, checks: Iterable[Check] = (*QUICK, *SLOW), timeout_s: float = TIMEOUT_S
) -> Iterator[Finding]:
    """All findings, one check after the other.

    A check has `timeout_s`; one that hangs is left behind in its own thread.
    """
    for check in checks:
        if check in EACH_CAMERA:
            for camera in settings.cameras:
                alone = settings.model_copy(update={"cameras": (camera,)})
                yield from _examine(check, f"{check.__name__} {camera.name}", alone, timeout_s)
        else:
            yield from _examine(check, check.__name__, settings, timeout_s)


def _examine(check: Check, name: str, settings: Settings, timeout_s: float) -> Iterator[Finding]:
    run = _Run()
    thread = Thread(f"doctor {name}", _look, check, settings, run)
    thread.join(timeout_s)
    if thread.is_alive():
        thread.leave()
        words = phrase("timed-out", seconds=f"{timeout_s:.0f}")
        fix = phrase("check-timed-out-fix")
        yield Finding(name, "fail", words, fix)
    elif run.error is not None:
        what = type(run.error).__name__  # its text may hold an address with a password
        yield Finding(
            name,
            "unknown",
            phrase("check-failed", error=what),
        )
    else:
        yield from run.found


def _look(check: Callable[[Settings], Iterable[Finding]], settings: Settings, run: _Run) -> None:
    try:
        run.found = list(check(settings))
    except Exception as error:  # noqa: BLE001 - a doctor that falls ill is a finding
        run.error = error


def report(findings: Iterable[Finding], language: str, most_bytes: int) -> list[dict[str, Any]]:
    """The findings as JSON of at most so many bytes: what is well is left out first."""
    told = [f.as_data(language) for f in findings]
    order = {"ok": 0, "unknown": 1, "warn": 2, "fail": 3}
    while len(json.dumps(told, ensure_ascii=False).encode()) > most_bytes and len(told) > 1:
        told.remove(min(told, key=lambda f: order[f["state"]]))
    return told
