"""Which test reaches which line, measured once for each file of tests and kept until that file changes.

Where the source has changed since, its lines are found again by their text: a line that moved is followed,
and for a new line those around it count. So a commit costs the measuring of the tests that it touched, not of
all.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mutation.mutants import Mutant
from mutation.project import Project
from mutation.worker import ALL

_Then = Callable[[int], list[int]]  # a line of today -> the lines of then


@dataclass(frozen=True)
class Measured:
    """One file of tests: how long each test took, and what it reached."""

    took: dict[str, float]
    failed: list[str]
    sources: dict[str, str]  # file of the package -> sum of its text then
    lines: dict[str, dict[int, list[str]]]  # file of the package -> line -> tests


class Reach:
    def __init__(self, project: Project, folder: Path) -> None:
        self._project, self._folder = project, folder
        self.known: dict[str, Measured] = {}
        (folder / "sources").mkdir(parents=True, exist_ok=True)
        self._times = folder / "times.json"
        self._took: dict[str, float] = json.loads(self._times.read_text()) if self._times.exists() else {}

    @property
    def doubtful(self) -> set[str]:
        """Tests that failed while it was measured what they reach."""
        return {test for measured in self.known.values() for test in measured.failed}

    def took(self, tests: dict[str, float]) -> None:
        """How long tests take, without coverage and perhaps with less beside them than when they were
        measured.
        """
        self._took |= {test: min(seconds, self._took.get(test, 1e9)) for test, seconds in tests.items()}

    def close(self) -> None:
        kept = json.loads(self._times.read_text()) if self._times.exists() else {}
        self._times.write_text(
            json.dumps(
                {t: min(self._took.get(t, 1e9), kept.get(t, 1e9)) for t in sorted({*kept, *self._took})}
            )
        )

    def missing(self, test_files: Iterable[str], fresh: bool = False) -> list[str]:
        """Those that are to be measured; the others are read."""
        missing = []
        for file in test_files:
            path = self._place(file)
            if fresh or not path.exists():
                missing.append(file)
            else:
                kept = json.loads(gzip.decompress(path.read_bytes()))
                lines = {
                    name: {int(line): tests for line, tests in of.items()}
                    for name, of in kept.pop("lines").items()
                }
                self.known[file] = Measured(lines=lines, **kept)
        return missing

    def learn(self, file: str, root: Path, data: Path, told: dict[str, Any]) -> None:
        """Read what coverage wrote, of the tests and of the processes that they started."""
        import coverage

        package = self._project.package.name
        lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        sources = {}
        for part in data.parent.glob(f"{data.name}*"):
            read = coverage.CoverageData(str(part))
            try:
                read.read()
            except coverage.exceptions.CoverageException:
                continue  # of a process that was killed while it wrote
            for name in read.measured_files():
                if not name.startswith(f"{root}/{package}/"):
                    continue
                short = name.removeprefix(f"{root}/{package}/")
                for line, contexts in read.contexts_by_lineno(name).items():
                    lines[short][line].update(
                        test for context in contexts for test in context.split("|") if test
                    )
        for short in lines:
            text = self._project.source(short)
            sources[short] = hashlib.sha256(text.encode()).hexdigest()[:16]
            (self._folder / "sources" / sources[short]).write_text(text)
        for tests in (tests for of in lines.values() for tests in of.values()):
            if any(test.endswith(f"::{ALL}") for test in tests):  # a fixture of all
                tests.update(told["took"])
        kept = {
            name: {line: sorted(tests & told["took"].keys()) for line, tests in of.items()}
            for name, of in lines.items()
        }
        measured = Measured(told["took"], told["failed"], sources, kept)
        self._place(file).write_bytes(gzip.compress(json.dumps(measured.__dict__).encode()))
        self.known[file] = measured

    def _place(self, file: str) -> Path:
        text = (self._project.root / file).read_bytes()
        return self._folder / f"{file.replace('/', '.')}-{hashlib.sha256(text).hexdigest()[:12]}.json.gz"

    def tests(self, mutant: Mutant) -> dict[str, float]:
        """The tests that reach the lines of a mutant, with the seconds that they take without it."""
        if mutant.inside:
            return self._of_lines(mutant.file, range(mutant.first, mutant.last + 1))
        # A line of a module or a class runs once, whoever imports it first: who uses what it defines?
        return self._by_name(mutant.names) or self._of_file(mutant.file)

    def _of_lines(self, file: str, lines: Iterable[int]) -> dict[str, float]:
        found: dict[str, float] = {}
        wanted = list(lines)
        for measured in self.known.values():
            of = measured.lines.get(file)
            if of:
                then = self._then(file, measured.sources[file])
                reached = {test for line in wanted for old in then(line) for test in of.get(old, ())}
                found |= {
                    test: min(measured.took[test], self._took.get(test, 1e9))
                    for test in reached
                    if test in measured.took
                }
        return found

    def _of_file(self, file: str) -> dict[str, float]:
        return self._of_lines(file, range(1, self._project.source(file).count("\n") + 2))

    def _by_name(self, names: tuple[str, ...]) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in names:
            word = re.compile(rf"\b{re.escape(name)}\b")
            for path in sorted(self._project.package.rglob("*.py")):
                uses = [
                    number
                    for number, line in enumerate(self._text(path).splitlines(), 1)
                    if word.search(line)
                ]
                if uses:
                    found |= self._of_lines(str(path.relative_to(self._project.package)), uses)
        return found

    @staticmethod
    @cache
    def _text(path: Path) -> str:
        return path.read_text()

    def _then(self, file: str, sum_then: str) -> _Then:
        text = self._text(self._project.package / file)
        if hashlib.sha256(text.encode()).hexdigest()[:16] == sum_then:
            return _same
        return self._moved(self._folder / "sources" / sum_then, text)

    @cache  # noqa: B019 - lives as long as the run
    def _moved(self, before: Path, text: str) -> _Then:
        old, new = before.read_text().splitlines(), text.splitlines()
        places: dict[int, list[int]] = {}
        for what, old_first, old_last, new_first, new_last in difflib.SequenceMatcher(
            None, old, new, autojunk=False
        ).get_opcodes():
            for number in range(new_first, new_last):
                if what == "equal":
                    places[number + 1] = [old_first + number - new_first + 1]
                else:
                    places[number + 1] = list(range(old_first, old_last + 2))
        return lambda line: places.get(line, [])


def _same(line: int) -> list[int]:
    return [line]
