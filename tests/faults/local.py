"""Ask an agent over its control socket, as the command line does."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any


def ask(control: Path, **request: Any) -> Any:
    """The reply to one request; {} while nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(os.fspath(control))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as file:
                return json.loads(file.readline() or b"{}")
    except OSError:
        return {}


def health(control: Path) -> dict[str, Any]:
    """The health of the agent now, {} while nobody answers."""
    answer: dict[str, Any] = ask(control, question="health").get("answer", {})
    return answer
