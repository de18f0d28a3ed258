"""What every section of pole.toml has in common."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from pole_agent.languages import Phrase, phrase

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
# Of a pole, a site, a group: in topics what begins with _ is for many poles
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-][A-Za-z0-9_-]{0,63}$")]
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
        raise ValueError(phrase("path-with-tilde", path=path))
    if first.startswith("$") and not is_credential(path):
        raise ValueError(phrase("path-with-variable", path=path, name=first))
    return path


def _no_shell(path: Path) -> Path:
    return Path(no_shell(str(path)))


FilePath = Annotated[Path, AfterValidator(_no_shell)]


def nearest(problem: Phrase, word: str, known: Iterable[str], otherwise: Phrase | None = None) -> Phrase:
    """The problem and what may have been meant; when nothing is near, `otherwise`, or the problem alone."""
    close = difflib.get_close_matches(word.lower(), list(known), 1)
    if close:
        return phrase("did-you-mean", problem=problem, name=close[0])
    return problem if otherwise is None else otherwise


class Section(BaseModel):
    """A table of pole.toml: no unknown keys, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)
