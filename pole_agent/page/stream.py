"""What is now, as server-sent events: made once for all who look, and not at all while nobody does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

TICK_S = 0.25


class Stream:
    """`show` gives the document of now; `now` monotonic seconds."""

    def __init__(self, show: Callable[[], dict[str, Any]], now: Callable[[], float]) -> None:
        self._show, self._now = show, now
        self._made, self._text = float("-inf"), b""

    def text(self) -> bytes:
        """The document of now as one event."""
        now = self._now()
        if now - self._made >= TICK_S / 2:
            document = json.dumps(self._show(), ensure_ascii=False, separators=(",", ":"))
            self._made, self._text = now, f"data: {document}\n\n".encode()
        return self._text
