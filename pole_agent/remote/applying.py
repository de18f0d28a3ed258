"""Put a configuration in place, on trial, and keep it or take it back: the doing around `wanted` and `trial`.

Runs as root, beside the agent, in a process that may be killed at any moment.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pole_agent.errors import ConfigError, Problem, RemoteError
from pole_agent.languages import Phrase, phrase
from pole_agent.remote import journal as journals
from pole_agent.remote.journal import Journal, OnTrial, digest
from pole_agent.remote.trial import STEADY_S, Seen, Trial, Verdict
from pole_agent.remote.wanted import Texts, wanted
from pole_agent.replacing import replace_file
from pole_agent.settings import Settings
from pole_agent.settings.load import MAX_BYTES, load
from pole_agent.settings.reading import text_file

log = logging.getLogger(__name__)

LOOK_S = 0.5
MAX_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """What the agent says of itself. `sha256`: of the configuration that runs; `acknowledged`: the broker has
    it; `degraded`: its parts that do not work.
    """

    sha256: str
    acknowledged: bool
    degraded: Collection[str]
    clock: bool


class Pole(Protocol):
    """The agent of this pole, as seen from outside. Nothing raises."""

    def standing(self) -> Standing | None:
        """None: it does not answer."""
        ...

    def reload(self) -> None:
        """Read the configuration again, or start."""
        ...

    def restarts(self) -> int:
        """How often its service was started again, since boot."""
        ...


@dataclass(slots=True)
class Applying:
    """`path`: of pole.toml; `folder`: of the journal. `look`: what else is wrong with a configuration, such
    as a model that is missing. `tell`: the state, and the problems by key.
    """

    path: Path
    folder: Path
    pole: Pole
    confirm_s: float
    look: Callable[[Settings], list[Problem]]
    tell: Callable[[dict[str, Any]], None]
    steady_s: float = STEADY_S
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _journal: Journal = field(init=False)

    def settle(self) -> None:
        """What an end in the middle has left: the former file comes back. Blocks on the disk only.

        Raises OSError.
        """
        self._journal = self._read()
        trial = self._journal.trial
        if trial is None:
            return
        if digest(self._text()) == trial.after:
            self._put(trial.before)
            self.pole.reload()
        self._taken_back([Problem("", phrase("trial-cut"))])

    def forget(self) -> None:
        """What was taken back is tried once more. After `settle`."""
        self._write(replace(self._journal, failed=None, problems=[]))

    def wait(self, why: Phrase) -> None:
        """Nothing is looked at now, and why."""
        self._tell("waiting", digest(self._text()), _told([Problem("", why)]))

    def configuration(self, of: Texts, standing: Standing) -> bool:
        """One pass, after `settle`. `of`: the verified targets; `standing`: of the agent now. Returns whether
        all that is wanted runs.

        Raises RemoteError, ConfigError for a present file that is unusable, OSError.
        """
        text = self._text()
        found = wanted(text, self._journal, of, self.path)
        told = _told(found.problems)
        after = digest(found.text)
        if after == digest(text):
            self._write(Journal(found.base, found.full, self._journal.installed))
            self._tell("refused" if told else "kept", after, told)
            return not told
        if after == self._journal.failed:
            self._tell("reverted", after, [*self._journal.problems, *told])
            return False
        if problems := self.look(found.settings):
            self._tell("refused", after, [*_told(problems), *told])
            return False
        kept = self._try(text, found.text, OnTrial(text, after, found.base, found.full), standing)
        if kept and told:
            self._tell("refused", after, told)
        return kept and not told

    def _try(self, before: str, after: str, trial: OnTrial, standing: Standing) -> bool:
        self._write(self._journal.begun(trial))
        self._tell("trying", trial.after, [])
        restarts = self.pole.restarts()
        self._put(after)
        try:
            expected = load(self.path).digest
        except ConfigError as error:
            self._put(before)
            self._taken_back(error.problems)
            return False
        self.pole.reload()
        why = self._watch(expected, standing.degraded, restarts)
        text = self._text()
        if digest(text) != trial.after:  # a hand at the pole was quicker: its file stays
            self._taken_back([Problem("", phrase("trial-by-hand"))])
            return False
        if why is None:
            self._write(self._journal.kept())
            self._tell("kept", trial.after, [])
            return True
        self._put(before)
        self.pole.reload()
        self._taken_back([Problem("", why)])
        return False

    def _watch(self, expected: str, degraded: Collection[str], restarts: int) -> str | None:
        """Why it is taken back; None when it is kept."""
        trial, begun = Trial(self.confirm_s, self.steady_s), self.now()
        while True:
            standing = self.pole.standing()
            more = self.pole.restarts() - restarts
            if standing is None:
                seen = Seen(None, None, (), more)
            else:
                worse = sorted(set(standing.degraded) - set(degraded))
                seen = Seen(standing.sha256 == expected, standing.acknowledged, worse, more)
            verdict, why = trial.judge(self.now() - begun, seen)
            if verdict is not Verdict.WAIT:
                return why
            self.sleep(LOOK_S)

    def _taken_back(self, problems: list[Problem]) -> None:
        told = _told(problems)
        self._write(self._journal.reverted(told))
        assert self._journal.failed is not None
        self._tell("reverted", self._journal.failed, told)

    def _tell(self, state: str, after: str, problems: list[dict[str, str]]) -> None:
        running = digest(self._text())
        log.info("configuration %s: %s", after[:12], state)
        for problem in problems:
            log.warning("configuration %s: %s: %s", after[:12], problem["key"] or state, problem["problem"])
        self.tell({"state": state, "wanted": after, "running": running, "problems": problems[:MAX_PROBLEMS]})

    def _read(self) -> Journal:
        try:
            return journals.read(self.folder)
        except RemoteError as error:
            log.error("%s", error)
            file = self.folder / journals.FILE
            file.replace(file.with_suffix(".damaged"))
            return Journal()

    def _write(self, journal: Journal) -> None:
        if journal != self._journal:
            journals.write(self.folder, journal)
            self._journal = journal

    def _text(self) -> str:
        return text_file(self.path, MAX_BYTES)

    def _put(self, text: str) -> None:
        """Owner and mode stay as they are."""
        status = self.path.stat()
        replace_file(self.path, text.encode(), status.st_mode & 0o777, (status.st_uid, status.st_gid))


def _told(problems: Collection[Problem]) -> list[dict[str, str]]:
    return [{"key": p.path, "problem": str(p.text)} for p in problems]
