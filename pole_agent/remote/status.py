"""What `apply` and `sync` say of themselves, in a file that the daemon reads and tells the city
(telling.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pole_agent.replacing import replace_file
from pole_agent.settings.reading import text_file

FILE, MODE = "status.json", 0o644
MAX_BYTES = 1 << 18
NOTHING: dict[str, Any] = {"config": {"state": "none"}, "version": {"state": "none"}}


def read(folder: Path) -> dict[str, Any]:
    """Empty where there is none, or a damaged one: it is written anew each time. Raises OSError."""
    try:
        found = json.loads(text_file(folder / FILE, MAX_BYTES))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def tell(folder: Path, part: str, state: dict[str, Any]) -> None:
    """The state of a part: "config", "version" or "sync". Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    found = NOTHING | read(folder) | {part: state}
    replace_file(folder / FILE, json.dumps(found, ensure_ascii=False).encode(), MODE)
