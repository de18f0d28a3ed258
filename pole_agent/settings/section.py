"""What every section of pole.toml has in common."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
FractionPoint = tuple[Fraction, Fraction]
Level = Fraction


CREDENTIAL = "$CREDENTIALS_DIRECTORY/"
CREDENTIALS, CREDENTIAL_ID = Path("/etc/pole-agent/credentials"), "pole_"  # LoadCredential= of the unit


def is_credential(path: Path | str | None) -> bool:
    """Is it a file that systemd hands over (LoadCredential=)? Only the service itself can read it."""
    return path is not None and str(path).startswith(CREDENTIAL)


def secret_file(path: Path | None) -> Path | None:
    """The file itself, for one that may be a credential of systemd.

    Outside the service root finds it where scripts/install keeps it; for anybody else it stays as it is
    written, and does not exist.
    """
    if not is_credential(path):
        return path
    name = str(path).removeprefix(CREDENTIAL)
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        return Path(folder) / name
    kept = CREDENTIALS / name.removeprefix(CREDENTIAL_ID)
    return kept if os.access(kept, os.R_OK) else path


def no_shell(path: str) -> str:
    """Nothing is filled in, as a shell would; else a folder called ~ would be made. Raises ValueError."""
    first = path.split("/", 1)[0]
    if first.startswith("~") or "/~/" in f"{path}/":
        raise ValueError(f'"{path}": ~ is not filled in here; write the whole path, from / on')
    if first.startswith("$") and not is_credential(path):
        raise ValueError(f'"{path}": {first} is not filled in here; write the whole path, from / on')
    return path


def _no_shell(path: Path) -> Path:
    return Path(no_shell(str(path)))


FilePath = Annotated[Path, AfterValidator(_no_shell)]


def nearest(word: str, known: Iterable[str]) -> str:
    """A question to add: what may have been meant. Empty when nothing is near."""
    close = difflib.get_close_matches(word.lower(), list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


class Section(BaseModel):
    """A table of pole.toml: no unknown keys, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)
