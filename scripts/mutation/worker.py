"""Runs tests in a copy of the tree, again and again, each time in a fork of this process.

What costs seconds to import (pytest, NumPy, OpenCV, ONNX Runtime, pydantic) is imported here once; the agent
and its tests are imported anew in each fork. Asked in lines of JSON on standard input, answers in lines of
JSON.

    {"do": "collect", "files": [...]}                      which tests are there, and what was imported
    {"do": "measure", "file": ..., "data": ...}            which test of a file reaches which line
    {"do": "attempt", "file": ..., "text": ..., "tests": [[test, seconds], ...]}    one mutant
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

MIN_S = 8.0  # a test may take this long and
TIMES = 8.0  # that many times what it takes without a mutant,
MAX_S = 90.0  # but no longer than this
START_S = 60.0  # to import and collect
SURE_S = 0.7  # a test that is faster than this does not fail because the machine is busy
PR_SET_CHILD_SUBREAPER = 36
ALL = "*"
MARK = ".measured-test"
START_COVERAGE = f"""
import os, pathlib
mark = pathlib.Path(__file__).parent / "{MARK}"
if "COVERAGE_PROCESS_START" not in os.environ and mark.exists():
    os.environ["COVERAGE_PROCESS_START"], os.environ["MUTATE_TEST"] = mark.read_text().split("\\n", 1)
    import coverage
    coverage.process_startup()
    del os.environ["COVERAGE_PROCESS_START"], os.environ["MUTATE_TEST"]
"""


def main() -> None:
    root = Path(sys.argv[1])
    asked, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(2, 1)  # what a library prints is no answer
    os.chdir(root)
    sys.path[0] = str(root)
    os.environ["PYTHONPATH"] = str(root)  # for the processes that tests start
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # as the agent does: it is imported here before the agent
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what a killed test leaves becomes our child
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # the fork at work is ended on the way out
    worker = Worker(root)
    for line in asked:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except RuntimeError as error:
            answer = {"error": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Worker:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._shaky: set[str] = set()  # failed without a mutant too
        self._mutants = 0

    def warm(self, modules: list[str]) -> dict[str, Any]:
        """Import once what is not ours."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in modules:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
        return {}

    def collect(self, files: list[str]) -> dict[str, Any]:
        """Which tests there are; it also writes the bytecode that all mutants share."""
        told: dict[str, Any] = {"tests": [], "modules": [], "problem": ""}
        for event in self._fork(
            lambda tell: _pytest(["--collect-only", *files], [Collected(tell, self.root)]), 600.0
        ):
            told |= event
        return told

    def measure(self, file: str, config: str, data: str) -> dict[str, Any]:
        """Run one file of tests under coverage, with the test as context."""

        def run(tell: Callable[[dict[str, Any]], None]) -> int:
            import coverage

            os.environ["COVERAGE_PROCESS_START"] = config  # for the processes that tests start
            # And for those that they start with an environment of their own
            (self.root / "sitecustomize.py").write_text(START_COVERAGE)
            covered = coverage.Coverage(config_file=config, data_file=data)
            covered.start()
            try:
                return _pytest([file], [Measured(tell, covered, self.root / MARK, config)])
            finally:
                covered.stop()
                covered.save()

        took: dict[str, float] = {}
        failed: list[str] = []
        ours = [self.root / "sitecustomize.py", self.root / MARK]
        for event in self._fork(run, 1800.0):
            if event.get("late"):
                raise RuntimeError("it takes more than half an hour")
            if "test" in event:
                took[event["test"]] = event["took"]
                failed += [event["test"]] * (not event["passed"])
            elif event.get("done", 0) not in (0, 1, 5):
                raise RuntimeError(f"pytest ended with {event['done']}")
        for path in ours:
            path.unlink(missing_ok=True)
        return {"took": took, "failed": failed}

    def attempt(
        self, file: str, text: str, module: str, tests: list[list[Any]], doubtful: list[str], output: str = ""
    ) -> dict[str, Any]:
        """Run the tests with the mutant until one fails:

        `killed`, `survived`, or `no module` where it cannot even be imported.
        """
        begun, used = time.monotonic(), _processor_s()
        left = [(test, seconds) for test, seconds in tests if test not in self._shaky]
        while True:
            with self._mutated(file, text):
                outcome = self._try(left, module, output)
            doubt = outcome["late"] or outcome["took"] > SURE_S or outcome["by"] in doubtful
            if outcome["outcome"] == "killed" and outcome["by"] and doubt:
                # Was it the mutant, or the load of this machine?
                with self._mutated(file, ""):
                    again = self._try([t for t in left if t[0] == outcome["by"]], module, output)
                if again["outcome"] == "killed":
                    self._shaky.add(outcome["by"])
                    left = [t for t in left if t[0] != outcome["by"]]
                    continue
            seconds = {"seconds": time.monotonic() - begun, "processor_s": _processor_s() - used}
            return outcome | seconds | {"shaky": sorted(self._shaky)}

    @contextlib.contextmanager
    def _mutated(self, file: str, text: str) -> Iterator[None]:
        """The text in place of the file. Bytecode is told by size and second: none is written here, and the
        one that is there must not fit.

        A process that a test starts with an environment of its own writes some all the same: so each mutant
        has a second of its own.
        """
        path = self.root / file
        before, stamp = path.read_bytes(), path.stat()
        try:
            if text:
                path.write_text(text)
                self._mutants += 1
                os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + self._mutants * 10_000_000_000))
            yield
        finally:
            if text:
                path.write_bytes(before)
                os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    def _try(self, tests: list[tuple[str, float]], module: str, output: str) -> dict[str, Any]:
        limits = {test: min(MAX_S, MIN_S + TIMES * seconds) for test, seconds in tests}
        order = list(limits)

        def run(tell: Callable[[dict[str, Any]], None]) -> int:
            sys.dont_write_bytecode = True
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            if module:
                try:
                    importlib.import_module(module)
                except BaseException as error:  # noqa: BLE001 - told
                    tell({"no module": f"{type(error).__name__}: {error}"})
                    return 0
            files = list(dict.fromkeys(test.split("::")[0] for test in order))
            return _pytest(["-x", *files], [Ordered(tell, order)])

        passed: dict[str, float] = {}
        result: dict[str, Any] = {
            "outcome": "killed",
            "by": "",
            "why": "the process ended",
            "took": 0.0,
            "late": False,
            "passed": passed,
        }
        limit, running, since = START_S, "", time.monotonic()
        events = self._fork(run, lambda: since + limit - time.monotonic(), output)
        for event in events:
            since = time.monotonic()
            if "no module" in event:
                return result | {"outcome": "no module", "why": event["no module"]}
            if "broken" in event:
                return result | {"outcome": "no module", "why": event["broken"]}
            if "starts" in event:
                running, limit = event["starts"], limits[event["starts"]]
            elif "late" in event:
                result |= {"by": running, "why": "time is up", "took": limit, "late": True}
            elif "test" in event:
                limit = START_S  # until the next begins, or until all is taken down
                if not event["passed"]:
                    events.close()
                    return result | {"by": event["test"], "why": event["why"], "took": event["took"]}
                running, passed[event["test"]] = "", event["took"]
            elif event.get("done") in (0, 5):
                result["outcome"] = "survived"
        if result["outcome"] == "killed" and running and not result["by"]:
            result |= {"by": running, "took": SURE_S + 1}
        return result

    def _fork(
        self,
        work: Callable[[Callable[[dict[str, Any]], None]], int],
        limit: float | Callable[[], float],
        output: str = "",
    ) -> Generator[dict[str, Any], None, None]:
        """What the fork tells, until it ends or takes too long; nothing that it started is left."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.setsid()
            os.close(reading)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            log = os.open(output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            with os.fdopen(writing, "w") as pipe:
                _told(pipe)({"done": work(_told(pipe))})
            os._exit(0)
        os.close(writing)
        ends = time.monotonic() + limit if isinstance(limit, float) else 0.0
        try:
            with os.fdopen(reading, "rb", buffering=0) as pipe_in:
                rest = b""
                while True:
                    left = ends - time.monotonic() if isinstance(limit, float) else limit()
                    if not select.select([pipe_in], [], [], max(left, 0.0))[0]:
                        yield {"late": True}
                        return
                    piece = pipe_in.read(65536)
                    if not piece:
                        return
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in lines:
                        event = json.loads(line)
                        yield event
                        if "done" in event:
                            return
        finally:
            _end(child)


def _processor_s() -> float:
    """Of all forks so far, and of what they started."""
    times = os.times()
    return times.children_user + times.children_system


def _told(pipe: IO[str]) -> Callable[[dict[str, Any]], None]:
    def tell(event: dict[str, Any]) -> None:
        pipe.write(json.dumps(event) + "\n")
        pipe.flush()

    return tell


def _end(child: int) -> None:
    """Kill the fork and everything below it: what loses its parent becomes a child of ours."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    while True:
        for orphan in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def _pytest(arguments: list[str], plugins: list[object]) -> int:
    ours = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*ours, *arguments], plugins=plugins))


class Collected:
    def __init__(self, tell: Callable[[dict[str, Any]], None], root: Path) -> None:
        self._tell, self._root = tell, root

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tell({"problem": str(report.longrepr)[-2000:]})

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._tell(
            {
                "tests": [
                    [item.nodeid, sorted({mark.name for mark in item.iter_markers()})]
                    for item in session.items
                ]
            }
        )
        known = [
            (name, getattr(module, "__file__", None) or "") for name, module in list(sys.modules.items())
        ]
        ours = str(self._root)
        self._tell(
            {
                "modules": [
                    name
                    for name, file in known
                    if not file.startswith(ours) and not name.startswith(("__main__", "tests"))
                ]
            }
        )


class Steady:
    """Hypothesis: the same examples each time, and no search for the smallest one, which costs a minute for
    each mutant.
    """

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        with contextlib.suppress(ImportError):
            from hypothesis import Phase, settings

            phases = (Phase.explicit, Phase.generate, Phase.target)
            settings.register_profile(
                "mutate", settings.default, deadline=None, database=None, derandomize=True, phases=phases
            )
            settings.load_profile("mutate")


class Measured(Steady):
    def __init__(self, tell: Callable[[dict[str, Any]], None], covered: Any, mark: Path, config: str) -> None:
        self._tell, self._covered, self._mark, self._config = tell, covered, mark, config

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not any(item.get_closest_marker(mark) for mark in NOT_RUN)]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._goes_to(item.nodeid)
        self.since, self.passed = time.monotonic(), True
        yield
        self._tell({"test": item.nodeid, "took": time.monotonic() - self.since, "passed": self.passed})

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: pytest.FixtureRequest) -> Iterator[None]:
        if fixturedef.scope == "function":
            yield
            return
        before = os.environ["MUTATE_TEST"]  # what many tests share is made in the first of them
        self._goes_to(f"{before.split('::')[0]}::{ALL}")
        yield
        self._goes_to(before)

    def _goes_to(self, test: str) -> None:
        """What is reached from now on is reached by this test, here and in the processes that it starts."""
        self._covered.switch_context(test)
        os.environ["MUTATE_TEST"] = test
        self._mark.write_text(f"{self._config}\n{test}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.passed = self.passed and not report.failed


class Ordered(Steady):
    def __init__(self, tell: Callable[[dict[str, Any]], None], order: list[str]) -> None:
        self._tell, self._place = tell, {test: place for place, test in enumerate(order)}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tell({"broken": str(report.longrepr)[-300:]})

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self._place), key=lambda i: self._place[i.nodeid])

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._tell({"starts": item.nodeid})
        self.since, self.why = time.monotonic(), ""
        yield
        self._tell(
            {
                "test": item.nodeid,
                "took": time.monotonic() - self.since,
                "passed": not self.why,
                "why": self.why,
            }
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.why = self.why or str(crash.message if crash else report.longrepr).splitlines()[0][:200]


NOT_RUN = ("slow", "alone", "brokers")

if __name__ == "__main__":
    main()
