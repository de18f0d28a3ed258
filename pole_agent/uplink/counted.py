"""So many in a window are told one by one, the rest as one line."""

from __future__ import annotations

from typing import Any


class Counted:
    """So many in a window are told one by one, the rest as one line when it is over."""

    def __init__(self, free: int, window_s: float) -> None:
        self._free, self._window_s = free, window_s
        self._from = float("-inf")
        self._seen = self._untold = 0
        self._last: dict[str, Any] = {}

    def admits(self, now: float, what: dict[str, Any]) -> bool:
        """Is this one told by itself? Ask `surplus` before."""
        if now - self._from >= self._window_s:
            self._from, self._seen = now, 0
        self._seen += 1
        if self._seen <= self._free:
            return True
        self._untold += 1
        self._last = what
        return False

    def surplus(self, now: float) -> dict[str, Any] | None:
        """The last of those that were only counted, and how many they are, once their window is over."""
        if not self._untold or now - self._from < self._window_s:
            return None
        count, self._untold = self._untold, 0
        return self._last | {"count": count, "window_s": self._window_s}
