"""MQTT 5 or 3.1.1? Pure. Times are monotonic seconds.

MQTT 5 has what protects orders and commands, so it is given up only for a reason: the broker says that it
does not know it, or it closes five times in a row without a word, as RabbitMQ 3.10 does with a version that
it cannot read. A link that breaks, a port that is closed and a broker that was once seen in 5 are none. 5 is
asked for again every hour.
"""

from __future__ import annotations

SILENT_CLOSES = 5
AGAIN_S = 3600.0


class Versions:
    """What is to be spoken next. `protocol`: "auto", "5" or "3.1.1", as configured."""

    def __init__(self, protocol: str) -> None:
        self._auto = protocol == "auto"
        self._old_until = float("inf") if protocol == "3.1.1" else 0.0
        self._closes = 0
        self._changed = False
        self.knows_5 = False  # this broker was seen in MQTT 5

    def modern(self, now: float) -> bool:
        """Is the next attempt in MQTT 5?"""
        return now >= self._old_until

    def again_at(self) -> float:
        """When 5 is to be asked for again; infinite when it is not to be asked for."""
        return self._old_until if self._auto and self._old_until else float("inf")

    def postpone(self, now: float) -> None:
        """The broker still knows no 5."""
        self._old_until = now + AGAIN_S

    def answered(self, modern: bool) -> None:
        """The broker answered, whatever it said."""
        self._closes = 0
        if modern:
            self.knows_5, self._old_until = True, 0.0 if self._auto else self._old_until

    def unsupported(self, now: float) -> bool:
        """The broker says that it does not know 5. True: 3.1.1 is next."""
        if self._auto:
            self._old_until = now + AGAIN_S
        return self._auto

    def closed(self, modern: bool, now: float) -> bool:
        """It closed without a word. True: the other version is next."""
        if not self._auto or self.knows_5:
            return False
        self._closes += 1
        if self._closes < SILENT_CLOSES:
            return False
        self._closes, self._changed = 0, True
        self._old_until = now + AGAIN_S if modern else 0.0
        return True

    @property
    def deciding(self) -> bool:
        """Some closes without a word tell something, until the other version was tried once."""
        return self._closes > 0 and not self._changed

    def broken(self) -> None:
        """Nobody was there, or nothing came in time: that says nothing of versions."""
        self._closes = 0
