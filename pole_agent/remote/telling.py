"""What the daemon tells of updates and configurations: the retained words ``config`` and ``version``.

`apply` writes what it does into a file. It may be missing, because nothing is set up, or damaged: that is
told too. What runs, the daemon knows better than any file. Nothing of the update client is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pole_agent.almanac import rfc3339
from pole_agent.languages import phrase, visible
from pole_agent.remote.setup import OWN, PATH
from pole_agent.settings.reading import regular_file

STATUS = OWN / "status.json"
MAX_BYTES = 1 << 16
MAX_PROBLEMS, MAX_KEY, MAX_WORDS = 20, 100, 200  # of one message: it is some kilobytes at most
END_OF_TIME = 253_402_300_799.0  # of the year 9999, the last that RFC 3339 can write
UNKNOWN = "unknown"

Moment = Annotated[float, Field(ge=0, le=END_OF_TIME)]
Name = Annotated[str, Field(max_length=100)]


class _Row(BaseModel):
    """Strict, as all of this file; keys of a later version are passed over."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class Found(_Row):
    key: str
    problem: str


class Part(_Row):
    """Of the configuration, or of the version."""

    wanted: Name | None = None
    running: Name | None = None
    state: Literal["none", "waiting", "held", "trying", "kept", "reverted", "refused"]
    problems: Sequence[Found] = ()
    at: Moment | None = None


class Sync(_Row):
    state: Literal["ok", "failed", "frozen"]
    problem: str | None = None
    last_ok: Moment | None = None
    expires: Moment | None = None


class Status(_Row):
    config: Part
    version: Part
    sync: Sync | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """What this daemon runs. `config`: the hash of its pole.toml (SHA-256)."""

    config: str
    version: str


@dataclass(frozen=True, slots=True)
class Told:
    """The payloads of the two topics. `trouble`: what is to be seen to, in words; empty: nothing is."""

    config: dict[str, Any]
    version: dict[str, Any]
    trouble: str = ""


@dataclass(slots=True)
class Places:
    """Where the file is, and the file that says that updates are set up. Read again only once it has changed.

    Blocks on the disk.
    """

    status: Path = STATUS
    setup: Path = PATH
    _seen: tuple[int, ...] | None = field(default=(), init=False)

    def changed(self) -> bool:
        """Since the last call; at the first one, yes."""
        try:
            now = self.status.stat()
            seen: tuple[int, ...] | None = (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
        except FileNotFoundError:
            seen = None
        except OSError as error:
            seen = (error.errno or 0,)
        self._seen, before = seen, self._seen
        return seen != before

    def read(self) -> bytes | None:
        """None where there is none. Raises OSError, ValueError."""
        try:
            return regular_file(self.status, MAX_BYTES)
        except FileNotFoundError:
            return None

    def set_up(self) -> bool:
        """Has a hand at the pole said where updates come from?"""
        return self.setup.exists()


def told(blob: bytes | None, running: Running) -> Told:
    """What to tell of the content of the file. Never raises, whatever the bytes are."""
    if blob is None:
        return Told(
            _words(Part(state="none"), running.config) | {"sync": None},
            _words(Part(state="none"), running.version),
        )
    try:
        status = Status.model_validate_json(blob)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:MAX_KEY]
        return unreadable(phrase("updates-status-damaged", where=where or "JSON"), running)
    config = _words(status.config, running.config) | {"sync": _of(status.sync)}
    return Told(config, _words(status.version, running.version), _trouble(status.sync))


def unreadable(why: str, running: Running) -> Told:
    """The state is unknown; what runs is not."""
    problems = [{"key": "", "problem": why}]

    def of(runs: str) -> dict[str, Any]:
        return {"wanted": None, "running": runs, "state": UNKNOWN, "problems": problems, "at": None}

    return Told(of(running.config) | {"sync": None}, of(running.version), why)


def _words(part: Part, running: str) -> dict[str, Any]:
    problems = [{"key": _cut(p.key, MAX_KEY), "problem": _cut(p.problem, MAX_WORDS)} for p in part.problems]
    if part.state == "kept" and part.running not in (None, running):
        problems.insert(0, {"key": "", "problem": phrase("updates-runs-another")})
    if (more := len(problems) - MAX_PROBLEMS) > 0:
        rest = phrase("updates-more-problems", count=more + 1)
        problems[MAX_PROBLEMS - 1 :] = [{"key": "", "problem": rest}]
    return {
        "wanted": part.wanted if part.wanted is None else visible(part.wanted),
        "running": running,
        "state": part.state,
        "problems": problems,
        "at": _time(part.at),
    }


def _of(sync: Sync | None) -> dict[str, Any] | None:
    if sync is None:
        return None
    problem = None if sync.problem is None else _cut(sync.problem, MAX_WORDS)
    return {
        "state": sync.state,
        "problem": problem,
        "last_ok": _time(sync.last_ok),
        "expires": _time(sync.expires),
    }


def _trouble(sync: Sync | None) -> str:
    """A line that is bad for a while is none; what nobody renews is."""
    if sync is None or sync.state != "frozen":
        return ""
    return phrase("updates-frozen", problem=_cut(sync.problem or "", MAX_WORDS))


def _time(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


def _cut(text: str, most: int) -> str:
    """In one line, and no longer than that."""
    shown = visible(text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"
