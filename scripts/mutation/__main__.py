"""Plants small faults in the files that keep the promises, one at a time, and looks whether a test notices.

    scripts/mutate --sample 120 --seed 7           a quick look over all files: 120 places, one fault in each
    scripts/mutate --files 'lamp/*'                every fault in these files (patterns, more than one)
    scripts/mutate --files 'drone/gates.py' --room-only   only the tests of the room, while you write them
    scripts/mutate --survivors                     what lived in the last report, once more
    scripts/mutate --list --files 'lamp/decide.py' show them, run nothing
    scripts/mutate --one lamp.decide:3f2a9c        show one as a diff and run its tests, with their output
    scripts/mutate --planted planted.json          written faults: [{"file", "note", "old", "new"}, ...]

How it works. The tree is copied for each worker; your checkout is never touched. At first it is measured
which test reaches which line (once for each file of tests; later only those that changed). Each fault then
meets the tests that reach its line: those of the room first, the fastest first, until one fails. Tests marked
slow, alone or brokers are left out. A test that takes many times longer than it does without the fault has
noticed it. Where a test took more than 0.7 s or ran out of time, it must pass without the fault right after,
else it says nothing.

What it says. `killed`: a test failed. `survived`: no test did: write one, or change the code so that the line
is not needed. `equivalent`: listed in tests/mutation/equivalent.toml with a reason; not run. `no module`:
cannot be compiled or imported; not counted. The list of files and of the tests that come first is
tests/mutation/promises.toml.

What is kept. `.cache/mutate` holds the map of lines and tests, the journal, and the report (report.txt,
report.json). A run that was interrupted with Ctrl-C goes on where it was, as long as package and tests are
the same. The exit status is 1 where something survived, or less than --least percent was killed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mutation import report
from mutation.mutants import Mutant, compiles, find, named
from mutation.project import Project, in_room
from mutation.reach import Reach

FIRST = 25  # tests: most faults die here, so the other files of tests need not even be imported
COVERAGE = """
[run]
branch = False
parallel = True
context = ${{MUTATE_TEST-}}
source = {package}
data_file = {data}
concurrency = thread
"""


def main() -> int:
    chosen = arguments()
    project = Project(chosen.root.resolve())
    keep = project.root / ".cache" / "mutate"
    keep.mkdir(parents=True, exist_ok=True)
    try:
        mutants, gone = select(chosen, project, keep)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    if chosen.list:
        for mutant in mutants:
            print(f"{mutant.id:34} {mutant.line:4} {mutant.kind:18} {report.change(mutant)}")
        print(f"{len(mutants)} mutants")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutate-") as scratch:
        run = Run(project, Path(scratch), chosen, keep)
        try:
            return run.all(mutants, gone)
        finally:
            run.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/mutate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_argument_group("which")
    which.add_argument(
        "--files",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only these, as 'lamp/*' or 'agent.py'",
    )
    which.add_argument("--sample", type=int, metavar="N", help="N places drawn by chance, one mutant in each")
    which.add_argument("--seed", type=int, default=1, metavar="K", help="of the sample (1)")
    which.add_argument("--one", metavar="ID", help="this one, with the output of its tests")
    which.add_argument("--survivors", action="store_true", help="those that survived in the last report")
    which.add_argument("--planted", type=Path, metavar="FILE.json", help="faults that somebody wrote down")
    which.add_argument(
        "--successors",
        type=Path,
        metavar="FILE.json",
        help='where a planted text is gone: {"file: note": {"file", "old", "new"}}',
    )
    which.add_argument("--list", action="store_true", help="show them and run nothing")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="at a time (one for each core)"
    )
    how.add_argument("--room-only", action="store_true", help="only the tests of the room")
    how.add_argument(
        "--patience",
        type=float,
        default=90.0,
        metavar="S",
        help="seconds of tests for one mutant, as measured without it (90)",
    )
    how.add_argument(
        "--least",
        type=float,
        metavar="PERCENT",
        help="fail when fewer are killed, of those that are not equivalent; survivors alone do not",
    )
    how.add_argument("--again", action="store_true", help="run what is in the journal too")
    how.add_argument(
        "--fresh", action="store_true", help="measure anew which test reaches which line, and run everything"
    )
    how.add_argument(
        "--map",
        type=Path,
        metavar="FOLDER",
        help="keep the map of lines and tests here (or MUTATE_MAP), to share it",
    )
    how.add_argument("--root", type=Path, default=Path(__file__).parents[2], help=argparse.SUPPRESS)
    return parser.parse_args()


def select(
    chosen: argparse.Namespace, project: Project, keep: Path
) -> tuple[list[Mutant], list[dict[str, str]]]:
    """The mutants that are asked for; and of the planted ones those whose text is gone."""
    if chosen.planted:
        return planted(chosen, project)
    patterns = chosen.files
    files = [
        file
        for file in project.promised()
        if not patterns or any(fnmatch(file, pattern) for pattern in patterns)
    ]
    for pattern in patterns:  # a file beyond the list, named in full
        if (project.package / pattern).is_file() and pattern not in files:
            files.append(pattern)
    if not files:
        raise LookupError(
            f"no file fits {' '.join(patterns)}: they are relative to {project.package.name}/, as 'lamp/*'"
        )
    every = [mutant for file in files for mutant in find(file, project.source(file))]
    if chosen.one:
        found = [mutant for mutant in every if mutant.id == chosen.one]
        if not found:
            raise LookupError(f"no mutant {chosen.one}: its lines may have changed; --list shows all")
        return found, []
    if chosen.survivors:
        lived = {entry["id"] for entry in json.loads((keep / "report.json").read_text())["survivors"]}
        return [mutant for mutant in every if mutant.id in lived], []
    if chosen.sample is not None:
        chance = random.Random(chosen.seed)
        places: dict[tuple[str, int, int, str], list[Mutant]] = {}
        for mutant in every:
            places.setdefault((mutant.file, mutant.start, mutant.end, mutant.kind), []).append(mutant)
        drawn = chance.sample(sorted(places), min(chosen.sample, len(places)))
        return [chance.choice(places[place]) for place in drawn], []
    return every, []


def planted(chosen: argparse.Namespace, project: Project) -> tuple[list[Mutant], list[dict[str, str]]]:
    successors: dict[str, Any] = json.loads(chosen.successors.read_text()) if chosen.successors else {}
    mutants, gone = [], []
    for entry in json.loads(chosen.planted.read_text()):
        path = f"{entry['file']}: {entry['note']}"
        entry = entry | successors.get(path, {})
        if chosen.files and not any(fnmatch(entry["file"], pattern) for pattern in chosen.files):
            continue
        source = project.source(entry["file"]) if (project.package / entry["file"]).is_file() else ""
        start = source.find(entry["old"])
        if start < 0:
            gone.append(entry)
            continue
        # Only what differs is replaced: its lines decide which tests reach it.
        old, new = entry["old"], entry["new"]
        same = alike(old, new)
        tail = alike(old[same:][::-1], new[same:][::-1])
        first, end = start + same, start + len(old) - tail
        line, last = source.count("\n", 0, first) + 1, source.count("\n", 0, max(end, first)) + 1
        change = Mutant(
            entry["file"], line, entry["note"], first, end, new[same : len(new) - tail], first=line, last=last
        )
        around = next((m for m in find(entry["file"], source) if m.first <= line <= m.last), change)
        lines = {
            "first": min(line, around.first),
            "last": max(last, around.last),
            "inside": around.inside,
            "names": around.names,
        }
        mutants.append(
            named(Mutant(**(change.__dict__ | lines | {"id": f"planted:{sum_of(entry)}"})), source)
        )
    return mutants, gone


def sum_of(entry: dict[str, str]) -> str:
    return hashlib.sha256(
        json.dumps([entry[key] for key in ("file", "note", "old", "new")]).encode()
    ).hexdigest()[:8]


def alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


class Run:
    def __init__(self, project: Project, scratch: Path, chosen: argparse.Namespace, keep: Path) -> None:
        self.project, self.scratch, self.chosen, self.keep = project, scratch, chosen, keep
        shared = chosen.map or os.environ.get("MUTATE_MAP")
        self.reach = Reach(project, Path(shared) if shared else keep / "map")
        self.state = project.state()
        self.results: dict[str, dict[str, Any]] = {}
        self._workers: list[Worker] = []
        self._killers: dict[str, list[str]] = {}  # file -> the tests that noticed last
        self._lock = threading.Lock()

    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        self.reach.close()

    def all(self, mutants: list[Mutant], gone: list[dict[str, str]]) -> int:
        begun = time.monotonic()
        equivalent = {
            m.id: why for m in mutants if (why := report.reason(m, self.project.equivalents)) is not None
        }
        self.results = {} if self.chosen.one or self.chosen.fresh or self.chosen.again else self._journal()
        bad = {m.id for m in mutants if not compiles(m.applied(self.project.source(m.file)))}
        left = [m for m in mutants if m.id not in self.results and m.id not in equivalent and m.id not in bad]
        interrupted = False
        # In the background of a script, Ctrl-C is ignored unless we ask for it
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            if left:
                self._prepare(left)
                self._attempt_all(left, len(mutants))
        except KeyboardInterrupt:
            interrupted = True
            print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        if self.chosen.one:
            return 1 if any(r["outcome"] == "survived" for r in self.results.values()) else 0
        summary = report.summary(
            self.project, mutants, self.results, equivalent, gone, time.monotonic() - begun
        )
        (self.keep / "report.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
        text = report.text(summary)
        (self.keep / "report.txt").write_text(text)
        print(text, end="")
        print(f"written: {self.keep}/report.txt, report.json")
        if interrupted:
            return 130
        if self.chosen.least is not None:
            return 1 if summary["percent"] < self.chosen.least else 0
        return 1 if summary["survivors"] or gone else 0

    # Before

    def _prepare(self, mutants: list[Mutant]) -> None:
        """Copies of the tree, and the map of lines and tests."""
        first = self.scratch / "0" / "tree"
        self.project.copy(first)
        wanted = self.project.test_files()
        if self.chosen.room_only:
            rooms = [
                pattern for file in {m.file for m in mutants} for pattern in self.project.room_tests(file)
            ]
            wanted = [file for file in wanted if in_room(file, rooms)]
        missing = self.reach.missing(wanted, self.chosen.fresh)
        say(f"{len(mutants)} mutants; preparing")
        with contextlib.closing(Worker(first)) as worker:
            told = worker.ask(do="collect", files=wanted)
        if told["problem"]:
            raise SystemExit(f"the tests cannot be collected:\n{told['problem']}")
        self._modules = told["modules"]
        jobs = max(1, min(self.chosen.jobs, len(mutants)))
        for number in range(jobs):
            tree = self.scratch / str(number) / "tree"
            if number:
                shutil.copytree(first, tree)
        with contextlib.ExitStack() as stack:
            threads = []
            for number in range(jobs):
                self._workers.append(Worker(self.scratch / str(number) / "tree"))
                threads.append(
                    threading.Thread(
                        target=self._workers[-1].ask, kwargs={"do": "warm", "modules": self._modules}
                    )
                )
            for thread in threads:
                thread.start()
                stack.callback(thread.join)
        if missing:
            self._measure(missing)

    def _measure(self, files: list[str]) -> None:
        say(f"measuring which test reaches which line: {len(files)} files of tests, once until they change")
        done = Progress(len(files))

        def one(worker: Worker, file: str) -> None:
            folder = worker.tree.parent / "coverage" / file.replace("/", ".")
            folder.mkdir(parents=True)
            config = folder / "rc"  # the processes that a test starts know only this
            config.write_text(COVERAGE.format(package=self.project.package.name, data=folder / "data"))
            told = worker.ask(do="measure", file=file, config=str(config), data=str(folder / "data"))
            with self._lock:
                self.reach.learn(file, worker.tree, folder / "data", told)
                failed = f"; failed, so asked twice: {', '.join(told['failed'])}" if told["failed"] else ""
                done.step(f"{file}: {len(told['took'])} tests, {sum(told['took'].values()):.1f} s{failed}")
            shutil.rmtree(folder)

        self._share(files, one)

    # The mutants

    def _attempt_all(self, mutants: list[Mutant], total: int) -> None:
        done = Progress(len(mutants))
        journal = (self.keep / "journal.jsonl").open("a")

        def one(worker: Worker, mutant: Mutant) -> None:
            result = self._attempt(worker, mutant)
            with self._lock:
                self.results[mutant.id] = result
                if not self.chosen.one:
                    journal.write(json.dumps({"state": self._key(), "id": mutant.id} | result) + "\n")
                    journal.flush()
                if result["outcome"] == "killed" and result["by"]:
                    recent = self._killers.setdefault(mutant.file, [])
                    recent[:] = [result["by"], *[test for test in recent if test != result["by"]]][:12]
                by = f"  by {result['by']}" if result.get("by") else f"  {result.get('why', '')}"
                done.step(
                    f"{result['outcome']:9} {mutant.file}:{mutant.line}  {report.change(mutant)}{by} "
                    f" {result['seconds']:.1f} s"
                )

        with contextlib.closing(journal):
            self._share(mutants, one)

    def _attempt(self, worker: Worker, mutant: Mutant) -> dict[str, Any]:
        source = self.project.source(mutant.file)
        took = self.reach.tests(mutant)
        patterns = self.project.room_tests(mutant.file)
        recent = [test for test in self._killers.get(mutant.file, []) if test in took]

        def place(test: str) -> tuple[bool, float]:
            seconds = took[test] if test not in recent else took[test] / 4
            return not in_room(test.split("::")[0], patterns), seconds

        order = sorted(took, key=place)
        room = [test for test in order if not place(test)[0]]
        other = [test for test in order if place(test)[0]]
        if self.chosen.room_only:
            other = []
        result: dict[str, Any] = {
            "outcome": "survived",
            "by": "",
            "why": "no test reaches it" if not took else "",
            "seconds": 0.0,
            "shaky": [],
        }
        if self.chosen.one:
            print(
                mutant.diff(source),
                f"\n{len(room)} tests of the room and {len(other)} others reach it",
                flush=True,
            )
        seconds, processor_s, patience, ran = 0.0, 0.0, self.chosen.patience, 0
        for part in (room[:FIRST], room[FIRST:], other):
            tests = []
            for test in part:
                if patience - took[test] >= 0:
                    patience -= took[test]
                    tests.append([test, took[test]])
            if not tests:
                continue
            ran += len(tests)
            result = worker.ask(
                do="attempt",
                file=f"{self.project.package.name}/{mutant.file}",
                text=mutant.applied(source),
                tests=tests,
                module=self.project.module(mutant.file),
                doubtful=sorted(self.reach.doubtful & {test for test, _ in tests}),
                output=str(self.scratch / "output") if self.chosen.one else "",
            )
            self.reach.took(result.pop("passed"))
            seconds += result["seconds"]
            processor_s += result["processor_s"]
            if result["outcome"] != "survived":
                break
        if self.chosen.one and (self.scratch / "output").exists():
            print((self.scratch / "output").read_text())
        if result["outcome"] == "survived" and took:
            result["why"] = (
                f"{ran} tests"
                if ran == len(room) + len(other)
                else f"{ran} of {len(took)} tests, more take too long: --patience"
            )
        return result | {"seconds": round(seconds, 2), "processor_s": round(processor_s, 2)}

    # What is shared

    def _share(self, work: list[Any], one: Any) -> None:
        """Each worker takes the next piece, until there is none."""
        todo: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for piece in work:
            todo.put(piece)
        problems: list[BaseException] = []
        stop = threading.Event()

        def take(worker: Worker) -> None:
            try:
                while not stop.is_set():
                    one(worker, todo.get_nowait())
            except queue.Empty:
                pass
            except BaseException as problem:  # noqa: BLE001 - told below
                problems.append(problem)
                stop.set()

        threads = [threading.Thread(target=take, args=[worker], daemon=True) for worker in self._workers]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                time.sleep(0.05)
        except KeyboardInterrupt:
            stop.set()
            raise
        if problems:
            raise problems[0]

    def _key(self) -> str:
        return f"{self.state}{'-room' if self.chosen.room_only else ''}"

    def _journal(self) -> dict[str, dict[str, Any]]:
        path, kept = self.keep / "journal.jsonl", {}
        if path.exists():
            for line in path.read_text().splitlines():
                with contextlib.suppress(ValueError):  # the last line of a run that was killed
                    entry = json.loads(line)
                    if entry.pop("state") == self._key():
                        kept[entry.pop("id")] = entry
        return kept


class Worker:
    """The process that forks; see worker.py."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mutation.worker", str(tree)],
            env=environment,
            cwd=tree,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker ended with {self._process.wait()}")
        told: dict[str, Any] = json.loads(answer)
        if "error" in told:
            raise RuntimeError(f"{request.get('file', 'the tests')}: {told['error']}")
        return told

    def close(self) -> None:
        """An orderly end where it waits for us; else the fork at work is ended with it."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        self._process.terminate()
        self._process.wait(10)


class Progress:
    def __init__(self, total: int) -> None:
        self._total, self._done, self._begun = total, 0, time.monotonic()

    def step(self, text: str) -> None:
        self._done += 1
        left = (time.monotonic() - self._begun) / self._done * (self._total - self._done)
        say(f"[{self._done}/{self._total}, {duration(left)} left] {text}")


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
