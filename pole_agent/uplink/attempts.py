"""When to connect again, and what is told of an uplink that is lost. Pure: `now` is in monotonic seconds.

A broker that closes the connection has closed all of them: the poles come back one after the other. One that
falls silent is most often behind a bad line of this pole alone: it tries again at once, and then like the
others. GROWTH, LEAST and MOST_S were chosen by simulation: docs/decisions/137.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pole_agent.uplink.backoff import Backoff

OFFLINE_IS_NEWS_S = 60.0
STEADY_S = 30.0  # a session that lasted this long resets the backoff
QUICK_S = 1.0  # for the first attempt after a silence
GROWTH, LEAST, MOST_S = 2.2, 0.4, 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What follows from an attempt that ended.

    `first`: it was connected until now. `news`: it has been offline for so long that health tells it.
    """

    first: bool
    news: bool
    pause_s: float


class Attempts:
    """`random` gives 0 to 1 for the pauses; the first comes within `spread_s`.

    `delivered` counts events that the broker took, `held` the topics that it does not take.
    """

    def __init__(self, random: Callable[[], float], now: float, spread_s: float) -> None:
        self._backoff = Backoff(random, spread_s, MOST_S, GROWTH, LEAST)
        self._quick = Backoff(random, min(QUICK_S, spread_s))
        self._online, self._offline_since = False, now
        self.begin(now, 0, 0)

    def begin(self, now: float, delivered: int, held: int) -> None:
        """An attempt starts."""
        self._started, self._delivered, self._held = now, delivered, held

    def connected(self) -> None:
        self._online = True

    def lost(
        self, now: float, delivered: int, held: int, *, silent: bool = False, learned: bool = False
    ) -> Lost:
        """The attempt, or the session that came of it, is over. `silent`: nobody closed it; `learned`: the
        next goes another way.
        """
        first, self._online = self._online, False
        if first:
            self._offline_since = now
        if now - self._started >= STEADY_S or learned or held > self._held:
            self._backoff.reset()
        elif delivered > self._delivered:
            self._backoff.ease()
        news = now - self._offline_since >= OFFLINE_IS_NEWS_S
        if first and silent:
            self._quick.reset()
            return Lost(first=first, news=news, pause_s=self._quick.next())
        return Lost(first=first, news=news, pause_s=self._backoff.next())
