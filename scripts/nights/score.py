"""Scores of events: which entries were told, which alarms were false, and how sure that is. Pure.

The interval of a share is Wilson's (E. B. Wilson, 1927): with z = 1.96 and p = k/n it is
(p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n). That of a rate is the exact one of the Poisson
distribution (F. Garwood, 1936): the rates at which n or more, and n or fewer, have a chance of 2.5 %.
Alarms are matched as in i-LIDS (United Kingdom, Home Office, 2006): one within the window of an event counts
for it, further ones in the window count neither way, every other is false.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

NIGHT_H = 12.0
Z = 1.959964  # of 95 %
TAIL = 0.025


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An event of one rule: an alarm from `begin` to `end` is no false one, one up to `due` tells it.

    Seconds of the scene.
    """

    rule: str
    begin: float
    due: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    rule: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of one scene or many. `false`: by rule; `late_s`: from the begin to the alarm, of what was told."""

    hours: float = 0.0
    events: int = 0
    told: int = 0
    false: dict[str, int] = field(default_factory=dict)
    late_s: tuple[float, ...] = ()

    def __add__(self, other: Score) -> Score:
        rules = self.false | other.false
        return Score(
            hours=self.hours + other.hours,
            events=self.events + other.events,
            told=self.told + other.told,
            false={rule: self.false.get(rule, 0) + other.false.get(rule, 0) for rule in rules},
            late_s=self.late_s + other.late_s,
        )

    @property
    def recall(self) -> tuple[float, float, float]:
        """The share of the events that was told, and its interval."""
        return (self.told / self.events if self.events else math.nan, *wilson(self.told, self.events))

    def per_night(self, rules: Iterable[str] | None = None) -> tuple[float, float, float]:
        """False alarms in twelve hours, of `rules` or of all, and the interval."""
        count = sum(n for rule, n in self.false.items() if rules is None or rule in set(rules))
        if not self.hours:
            return math.nan, 0.0, math.inf
        low, high = (NIGHT_H / self.hours * bound for bound in poisson(count))
        return NIGHT_H / self.hours * count, low, high


def score(windows: Sequence[Window], alarms: Sequence[Alarm], seconds: float) -> Score:
    """Match the alarms of one scene of so many seconds."""
    late = []
    for window in windows:
        at = [a.at for a in alarms if a.rule == window.rule and window.begin <= a.at <= window.due]
        late += [min(at) - window.begin] if at else []
    false: dict[str, int] = {}
    for alarm in alarms:
        if not any(w.rule == alarm.rule and w.begin <= alarm.at <= w.end for w in windows):
            false[alarm.rule] = false.get(alarm.rule, 0) + 1
    return Score(hours=seconds / 3600, events=len(windows), told=len(late), false=false, late_s=tuple(late))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The interval of 95 % of a share."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, Z * Z / of
    middle, half = share + square / 2, Z * math.sqrt(share * (1 - share) / of + square / (4 * of))
    low, high = (middle - half) / (1 + square), (middle + half) / (1 + square)
    return (0.0 if not hits else low), (1.0 if hits == of else high)


def poisson(count: int) -> tuple[float, float]:
    """The interval of 95 % of the number to be expected where `count` were seen."""
    low = _solve(lambda rate: 1 - _at_most(count - 1, rate), TAIL, count) if count else 0.0
    return low, _solve(lambda rate: 1 - _at_most(count, rate), 1 - TAIL, count)


def _at_most(count: int, rate: float) -> float:
    """The chance of `count` or fewer, where `rate` are to be expected."""
    return sum(math.exp(k * math.log(rate) - rate - math.lgamma(k + 1)) for k in range(count + 1))


def _solve(rising: Callable[[float], float], wanted: float, count: int) -> float:
    low, high = 1e-9, 10.0 + count + 10 * math.sqrt(count)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return high
