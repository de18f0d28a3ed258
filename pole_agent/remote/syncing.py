"""One pass: look, fetch what is new, and hand it over. Nothing of it is believed by whoever installs.

metadata/    what was verified last
targets/     this pole's files, each named with its hash
ready        what is complete; a path unit starts `apply` when it changes
sync.json    how the last pass went
budget.json  the bytes of this day
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pole_agent.errors import Frozen, RemoteError
from pole_agent.languages import phrase
from pole_agent.remote.budget import MB, Budget
from pole_agent.remote.sources import Source
from pole_agent.remote.trust import Target, Trust
from pole_agent.remote.wants import Wants
from pole_agent.replacing import replace_file

READY, STATE, BUDGET = "ready", "sync.json", "budget.json"
LARGE = MB
FREE = 200 * MB  # stay free on the disk
READABLE = 0o644


@dataclass(slots=True)
class Pass:
    """What came of it."""

    new: list[str] = field(default_factory=list)
    expires: float | None = None
    problem: RemoteError | None = None

    @property
    def state(self) -> str:
        return "ok" if self.problem is None else "frozen" if isinstance(self.problem, Frozen) else "failed"


def sync(
    folder: Path, root: bytes, source: Source, wants: Wants, budget: Budget, worth: Callable[[Target], bool]
) -> Pass:
    """Raises OSError; what the repository does wrong is in the pass."""
    done = Pass()
    try:
        trust = Trust(folder / "metadata", root, source)
        trust.refresh()
        found = [target for name in wants.names if (target := trust.find(name)) is not None]
        done.expires = trust.expiries[0].at
    except RemoteError as error:
        done.problem = error
        return done
    complete: list[Target] = []
    for target in sorted(found, key=lambda t: t.length):
        if target.sha256 == wants.have.get(target.path) or not worth(target):
            continue
        try:
            if _fetch(trust, target, folder, budget):
                done.new.append(target.path)
            complete.append(target)
        except RemoteError as error:  # what is small and complete does not wait for a large one
            done.problem = error
    _hand_over(folder, complete)
    _prune(folder / "targets", found)
    return done


def _fetch(trust: Trust, target: Target, folder: Path, budget: Budget) -> bool:
    large = target.length > LARGE
    if large and shutil.disk_usage(folder).free < target.length + FREE:
        raise RemoteError(phrase("no-room-for", target=target.path, megabytes=f"{target.length / MB:.0f}"))
    with budget.keeping_some() if large else contextlib.nullcontext():
        return trust.fetch(target, folder / "targets" / target.stored_as)


def _hand_over(folder: Path, complete: list[Target]) -> None:
    """Only what differs is written: each change starts `apply`."""
    told = {t.path: {"sha256": t.sha256, "length": t.length, "custom": dict(t.custom)} for t in complete}
    blob = json.dumps({"targets": told}, indent=1, sort_keys=True).encode()
    ready = folder / READY
    if not ready.exists() or ready.read_bytes() != blob:
        replace_file(ready, blob, READABLE)


def _prune(targets: Path, found: list[Target]) -> None:
    """What nobody wants any more goes; what is half fetched stays while it is wanted."""
    kept = {target.stored_as for target in found}
    kept |= {str(Path(target.stored_as).with_name(f"{target.sha256}.part")) for target in found}
    for file in list(targets.rglob("*")):
        if not file.is_dir() and str(file.relative_to(targets)) not in kept:
            file.unlink()


def remember(folder: Path, done: Pass, now: float) -> dict[str, Any]:
    """Write how it went, for `status.json`; the time of the last success stays."""
    before: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads((folder / STATE).read_bytes())
        before = found if isinstance(found, dict) else {}
    ok = done.problem is None
    told = {
        "state": done.state,
        "problem": None if ok else str(done.problem),
        "last_ok": round(now) if ok else before.get("last_ok"),
        "expires": round(done.expires) if done.expires else before.get("expires"),
    }
    replace_file(folder / STATE, json.dumps(told).encode(), READABLE)
    return told


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No second pass at the same time. Raises RemoteError."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RemoteError(phrase("sync-runs-already")) from error
    finally:
        os.close(lock)
