"""What speaks against the clock. Own evidence rules over the word of time servers, chips and the operating
system. Pure.

A moment that has surely passed is a bound: the clock cannot be before it, and not before it plus the time
since. So a bound is kept as the least that wall minus monotonic can be in this boot, and a clock that is
eight hours behind does not become right by waiting eight hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pole_agent.languages import phrase

# A build-time constant: September 2026, before this release. No clock that reads earlier is right.
# scripts/bundle and a test look that it is neither in the future nor older than half a year when a release is
# made.
EARLIEST_WALL = 1_790_000_000.0
LATEST_WALL = EARLIEST_WALL + 30 * 365 * 86_400
BEHIND_S = 120.0  # a clock that is corrected by less was right enough
# So long a time server has to be heard, and to agree with the clock, until what contradicts it is given up
RELEASE_S = 86_400.0

KNOWN, STORED, EARLIER, CERTIFICATE = "known", "stored", "earlier", "certificate "
NAMES = {KNOWN: phrase("evidence-last-known"), STORED: phrase("evidence-stored")}


@dataclass(frozen=True, slots=True)
class Against:
    """One thing that speaks against the clock.

    `can_be_false`: the evidence may itself come from a clock that was wrong once.
    """

    kind: str
    words: str
    can_be_false: bool = False


@dataclass(frozen=True, slots=True)
class Jump:
    """A trusted clock jumped by so many seconds; it is doubted until a monotonic time."""

    seconds: float
    until: float


def plausible(wall: float) -> bool:
    """Can it be this late at all?"""
    return EARLIEST_WALL <= wall <= LATEST_WALL


def against(
    wall: float, now: float, bounds: Mapping[str, float], jump: Jump | None, sun: str, broker: bool
) -> Iterator[Against]:
    """Everything that speaks against a clock that reads `wall` at `now` (monotonic), the gravest first.

    `bounds`: by kind, the least that wall minus monotonic can be. `sun`: what a photocell says against it,
    empty: nothing. `broker`: its certificate is not valid yet by this clock.
    """
    if wall < EARLIEST_WALL:
        yield Against("release", phrase("clock-before-release", time=said(wall)))
    if wall > LATEST_WALL:
        yield Against("late", phrase("clock-too-late", time=said(wall)))
    for kind, least in sorted(bounds.items()):
        if wall < least + now - BEHIND_S:
            yield Against(kind, _behind(kind, wall, least + now), can_be_false=True)
    if jump is not None:
        left = max(1.0, (jump.until - now) / 60)
        yield Against("jump", phrase("clock-jumped", seconds=f"{jump.seconds:.0f}", minutes=f"{left:.0f}"))
    if sun:
        yield Against("sun", sun)
    if broker:
        yield Against(
            "broker",
            phrase("clock-against-broker", time=said(wall)),
            can_be_false=True,
        )


def _behind(kind: str, wall: float, least: float) -> str:
    reads, past = said(wall), said(least)
    if kind == EARLIER:
        return phrase("clock-behind-since-start", time=reads)
    if kind == STORED:
        return phrase("clock-behind-stored", time=reads, least=past)
    if kind == KNOWN:
        return phrase("clock-behind-last-known", time=reads, least=past)
    name = kind.removeprefix(CERTIFICATE)
    return phrase("clock-behind-certificate", time=reads, certificate=name, least=past)


def said(wall: float) -> str:
    """A wall time for people, in UTC; a time beyond the calendar as its seconds."""
    try:
        return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"{wall:.0f} s"
