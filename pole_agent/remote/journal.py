"""What `apply` remembers, in one file that is replaced as a whole: a power cut at any moment leaves a state
that the next run can settle.

A new configuration goes: journal with the trial; the file; the verdict; journal without the trial. So a
trial that is found at a start was cut short, and the former file, which is in it, comes back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pole_agent.errors import RemoteError
from pole_agent.languages import phrase
from pole_agent.replacing import replace_file
from pole_agent.settings.reading import text_file

FILE, MODE = "journal.json", 0o600  # it holds configurations
MAX_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class OnTrial:
    """`before`: the text of the former file. `after`: the hash of the new one."""

    before: str
    after: str
    base: str
    full: str | None


@dataclass(frozen=True, slots=True)
class Journal:
    """`base`: the text that overlays are laid on; `full`: the hash of the target it came from, None where a
    hand left it. `installed`: the hash of the file that we wrote last: another one in its place is by a
    hand. `failed`: the hash of a configuration that was taken back or refused, so that it is not tried
    for ever, and why by key.
    """

    base: str = ""
    full: str | None = None
    installed: str | None = None
    trial: OnTrial | None = None
    failed: str | None = None
    problems: list[dict[str, str]] = field(default_factory=list)

    def begun(self, trial: OnTrial) -> Journal:
        return replace(self, trial=trial, failed=None, problems=[])

    def kept(self) -> Journal:
        assert self.trial is not None
        return Journal(self.trial.base, self.trial.full, self.trial.after)

    def reverted(self, problems: list[dict[str, str]]) -> Journal:
        assert self.trial is not None
        return replace(self, trial=None, failed=self.trial.after, problems=problems)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read(folder: Path) -> Journal:
    """A new one where there is none. Raises RemoteError for one that is damaged, OSError."""
    try:
        found: dict[str, Any] = json.loads(text_file(folder / FILE, MAX_BYTES))
        trial = found.pop("trial")
        return Journal(**found, trial=None if trial is None else OnTrial(**trial))
    except FileNotFoundError:
        return Journal()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RemoteError(
            phrase("journal-damaged", file=folder / FILE, error=type(error).__name__)
        ) from error


def write(folder: Path, journal: Journal) -> None:
    """On the disk for good when this returns. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / FILE, json.dumps(asdict(journal)).encode(), MODE)
