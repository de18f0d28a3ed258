"""One target in one process of atheris: `python -m fuzzing.worker TARGET FOLDER INPUTS SECONDS`.

It writes its counts into FOLDER/TARGET/state.json twice a second. libFuzzer ends the process itself.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from pathlib import Path

import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

from fuzzing.judge import judged
from fuzzing.kept import Kept
from fuzzing.mutate import mutator
from fuzzing.targets import find

SAY_S = 0.5
HANGS_S = 20  # libFuzzer ends the process then
MOST_MB = 2048
PACKAGES = ["pole_agent", "city", "tomllib", "json", "zeep", "onvif"]


class Seen:
    """Counts, and keeps what is found, each kind once."""

    def __init__(self, name: str, kept: Kept, take: object) -> None:
        self._name, self._kept, self._take = name, kept, take
        self._inputs, self._findings = 0, dict[str, str]()
        self._begun = self._said = time.monotonic()

    def __call__(self, data: bytes) -> None:
        self._inputs += 1
        finding = judged(self._take, data)  # type: ignore[arg-type]
        if finding is not None and finding.where not in self._findings:
            self._findings[finding.where] = f"{finding.kind}: {finding.text}"
            self._kept.keep(self._name, finding, data)
        if time.monotonic() - self._said > SAY_S:
            self.say()

    def say(self) -> None:
        self._said = time.monotonic()
        state = {
            "inputs": self._inputs,
            "seconds": self._said - self._begun,
            "findings": self._findings,
        }
        file = self._kept.folder / self._name / "state.json"
        file.with_suffix(".new").write_text(json.dumps(state))
        file.with_suffix(".new").replace(file)


def main() -> None:
    name, folder, inputs, seconds = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    logging.disable(logging.CRITICAL)
    kept, target = Kept(folder), find(name)
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=scratch()) as own:
        with atheris.instrument_imports(include=PACKAGES):
            ready = target.prepare(Path(own))
        corpus, words = kept.corpus(name, ready), kept.dictionary(name, ready)
        seen = Seen(name, kept, ready.take)
        seen.say()
        arguments = [
            "fuzz",
            f"-runs={inputs}",
            f"-max_total_time={seconds}",
            f"-max_len={target.most_bytes}",
            f"-timeout={HANGS_S}",
            f"-rss_limit_mb={MOST_MB}",
            f"-artifact_prefix={folder / name}/stopped-",
            *([f"-dict={words}"] if ready.words else []),
            "-len_control=20",
            "-reload=0",
            str(corpus),
        ]
        if target.text:
            atheris.Setup(
                arguments, seen, custom_mutator=mutator(ready, lambda data, most: atheris.Mutate(data, most))
            )
        else:
            atheris.Setup(arguments, seen)
        atheris.Fuzz()


def scratch() -> str | None:
    """Memory, where there is a file system of it."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    main()
