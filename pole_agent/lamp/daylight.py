"""What a photocell says against the clock: light around midnight, darkness around noon. Pure; evidence
against a clock only, never for it.

A cell that contradicts the clock has two explanations: it is broken, or the clock is wrong. The lamp is lit
either way. Careful:

- Only hours count in which the sun leaves no question: three before and after its highest and its lowest.
  Clouds, a storm and an eclipse
  (seven minutes at most) are shorter than the two hours that it takes.
- The lamp's own light on the cell is no daylight: what turned bright just after the lamp rose does not count.
- A cell that says the same for more than a day is broken, whatever the clock says.
- The doubt ends when the clock is set, when the cell has not contradicted it for a day, or when a person
  accepts the clock; then the cell
  is set aside until it has agreed for a day.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pole_agent.almanac import Place, elevation_deg, night_of
from pole_agent.languages import phrase

LOOK_S = 60.0
AROUND_S = 3 * 3600.0  # of the sun's highest and lowest
AGAINST_S = 2 * 3600.0
DAY_DEG, NIGHT_DEG = 10.0, -12.0  # in between, nothing is certain: near the poles perhaps all day
CONSTANT_S = 26 * 3600.0  # no day and no night lasts so long where the sun passes both heights
AGREES_S = 25 * 3600.0
OWN_S = 120.0
SET_S = 120.0  # a clock that was set by more is checked again

LIGHT = phrase("light-at-midnight")
DARKNESS = phrase("dark-at-noon")


@dataclass(slots=True, kw_only=True)
class DaylightState:
    """What the cell has said so far. Times are monotonic."""

    place: Place | None = None  # at which it has said it
    aside: bool = False  # it does not count until it has agreed for a day
    dark: bool | None = None
    own: bool = False  # it sees the lamp itself
    offset: float | None = None  # of the clock: wall minus monotonic
    looked_at: float = 0.0
    since: float = 0.0  # it says the same
    doubt: str = ""
    against_s: dict[bool, float] = field(default_factory=dict)  # set at the first look
    against_at: float = float("-inf")
    agreed_from: float | None = None


class Daylight:
    """Looks once a minute."""

    def __init__(self, place: Place, state: DaylightState | None = None) -> None:
        self._place = place
        self.state = DaylightState(place=place) if state is None else state

    def set_aside(self) -> None:
        """A person says that the clock is right."""
        self._begin_anew()
        self.state.aside = True

    def step(self, dark: bool | None, wall: float, now: float, lit: bool, rose_at: float) -> str:
        """What the cell says against a clock that reads `wall`; empty: nothing.

        `now`, and `rose_at` when the lamp rose, are monotonic.
        """
        state = self.state
        if dark != state.dark:
            state.own = dark is False and (now - rose_at < OWN_S or (state.dark is None and lit))
            state.dark, state.since = dark, now
        elif now - state.looked_at < LOOK_S:
            return state.doubt
        if state.offset is None or abs(wall - now - state.offset) > SET_S:
            self._begin_anew()
        state.offset = wall - now
        passed_s, state.looked_at = min(LOOK_S, now - state.looked_at), now
        self._look(wall, now, passed_s)
        return state.doubt

    def _begin_anew(self) -> None:
        state = self.state
        state.doubt, state.against_s, state.against_at = "", {True: 0.0, False: 0.0}, float("-inf")
        state.agreed_from = None

    def _look(self, wall: float, now: float, passed_s: float) -> None:
        state = self.state
        known = None if state.own else state.dark
        should = self._should_be_dark(wall)
        if known is not None and should is not None:
            if known is not should:
                state.against_s[known] += passed_s
                state.against_at, state.agreed_from = now, None
            else:
                state.against_s[not known] = 0.0
                state.agreed_from = now if state.agreed_from is None else state.agreed_from
        if state.aside:
            state.aside = state.agreed_from is None or now - state.agreed_from < AGREES_S
        elif state.dark is not None and now - state.since >= CONSTANT_S:
            self._begin_anew()
        elif known is not None and state.against_s[known] >= AGAINST_S:
            state.doubt = state.doubt or (DARKNESS if known else LIGHT)
        elif state.doubt and now - state.against_at >= AGREES_S:
            self._begin_anew()

    def _should_be_dark(self, wall: float) -> bool | None:
        try:
            night = night_of(wall, self._place)
        except (ValueError, OverflowError):
            return None
        height = elevation_deg(wall, self._place)
        if abs(wall - night.middle) <= AROUND_S and height < NIGHT_DEG:
            return True
        if min(wall - night.start, night.end - wall) <= AROUND_S and height > DAY_DEG:
            return False
        return None
