"""`/etc/pole-agent/remote.toml`: where this pole looks for changes. Only a hand at the pole writes it.

repository = "https://updates.example.go.id/poles"    # or a folder
ca_file = "/usr/local/share/ca-certificates/regency.crt"    # in place of the authorities of the system
budget_mb_a_day = 50
window = "sunrise..sunset"    # when a change may restart the agent
confirm_min = 10    # minutes within which a change has to prove itself
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase

DEFAULT = Path("/etc/pole-agent/remote.toml")
FIRST_ROOT = Path("/etc/pole-agent/root.json")
LARGEST = 16_384  # bytes
BOUNDS = {"budget_mb_a_day": (1, 100_000), "confirm_min": (1, 120)}


@dataclass(frozen=True, slots=True)
class Remote:
    repository: str
    ca_file: str = ""
    budget_mb_a_day: int = 50
    window: str = "sunrise..sunset"
    confirm_min: int = 10


def load(file: Path = DEFAULT) -> Remote:
    """Raises ConfigError."""
    try:
        with file.open("rb") as reading:
            found = tomllib.loads(reading.read(LARGEST).decode())
    except OSError as error:
        raise ConfigError([Problem(str(file), str(error.strerror))]) from error
    except ValueError as error:
        raise ConfigError([Problem(str(file), str(error))]) from error
    problems = list(_problems(found))
    if problems:
        raise ConfigError([Problem(f"{file.name}: {key}", text) for key, text in problems])
    return Remote(**found)


def _problems(found: dict[str, Any]) -> list[tuple[str, str]]:
    known = {field.name: field.default for field in fields(Remote)}
    problems: list[tuple[str, str]] = []
    for key, value in found.items():
        if key not in known:
            problems.append((key, phrase("unknown-key")))
        elif key in BOUNDS:
            low, high = BOUNDS[key]
            if type(value) is not int or not low <= value <= high:
                problems.append((key, phrase("whole-number-between", low=low, high=high)))
        elif not isinstance(value, str):
            problems.append((key, phrase("text-expected")))
    if "repository" not in found:
        problems.append(("repository", phrase("remote-without-repository")))
    return problems
