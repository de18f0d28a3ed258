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

from pole_agent.almanac import Place, elevation_deg, night_of

LOOK_S = 60.0
AROUND_S = 3 * 3600.0  # of the sun's highest and lowest
AGAINST_S = 2 * 3600.0
DAY_DEG, NIGHT_DEG = 10.0, -12.0  # in between, nothing is certain: near the poles perhaps all day
CONSTANT_S = 26 * 3600.0  # no day and no night lasts so long where the sun passes both heights
AGREES_S = 25 * 3600.0
OWN_S = 120.0
SET_S = 120.0  # a clock that was set by more is looked at anew

LIGHT = (
    "the photocell has seen light for two hours around midnight by the clock: the clock or the photocell is"
    " wrong"
)
DARKNESS = (
    "the photocell has seen darkness for two hours around noon by the clock: the clock or the photocell is"
    " wrong"
)


class Daylight:
    """Looks once a minute."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._aside = False
        self._dark: bool | None = None
        self._own = False
        self._offset: float | None = None
        self._looked_at = self._since = 0.0
        self._begin_anew()

    @property
    def aside(self) -> bool:
        """It does not count until it has agreed for a day."""
        return self._aside

    def set_aside(self) -> None:
        """A person says that the clock is right."""
        self._begin_anew()
        self._aside = True

    def step(self, dark: bool | None, wall: float, now: float, lit: bool, rose_at: float) -> str:
        """What the cell says against a clock that reads `wall`; empty: nothing.

        `now`, and `rose_at` when the lamp rose, are monotonic.
        """
        if dark != self._dark:
            self._own = dark is False and (now - rose_at < OWN_S or (self._dark is None and lit))
            self._dark, self._since = dark, now
        elif now - self._looked_at < LOOK_S:
            return self.doubt
        if self._offset is None or abs(wall - now - self._offset) > SET_S:
            self._begin_anew()
        self._offset = wall - now
        passed_s, self._looked_at = min(LOOK_S, now - self._looked_at), now
        self._look(wall, now, passed_s)
        return self.doubt

    def _begin_anew(self) -> None:
        self.doubt, self._against_s, self._against_at = "", {True: 0.0, False: 0.0}, float("-inf")
        self._agreed_from: float | None = None

    def _look(self, wall: float, now: float, passed_s: float) -> None:
        known = None if self._own else self._dark
        should = self._should_be_dark(wall)
        if known is not None and should is not None:
            if known is not should:
                self._against_s[known] += passed_s
                self._against_at, self._agreed_from = now, None
            else:
                self._against_s[not known] = 0.0
                self._agreed_from = now if self._agreed_from is None else self._agreed_from
        if self._aside:
            self._aside = self._agreed_from is None or now - self._agreed_from < AGREES_S
        elif self._dark is not None and now - self._since >= CONSTANT_S:
            self._begin_anew()
        elif known is not None and self._against_s[known] >= AGAINST_S:
            self.doubt = self.doubt or (DARKNESS if known else LIGHT)
        elif self.doubt and now - self._against_at >= AGREES_S:
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
