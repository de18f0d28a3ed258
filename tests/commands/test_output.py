"""Output that cannot be written: one line and an exit code, whichever command it is."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.loops.local import Local
from tests.conftest import ROOT
from tests.store.test_continuity import live, stores


def said(*words: str, out: str | None = None) -> tuple[int, str]:
    """Exit code, and what stands on standard error."""
    with open(out or os.devnull, "w") as file:
        command = [sys.executable, "-m", "pole_agent", *words]
        done = subprocess.run(
            command, stdout=file, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60, check=False
        )
    return done.returncode, done.stderr


@pytest.fixture
async def filled(bench: Callable[..., Path], tmp_path: Path) -> str:
    await live(tmp_path / "state", stores(3))
    return str(bench())


@pytest.mark.parametrize(
    ("words", "out", "reason"),
    [
        (
            ["outbox", "export", "--config", "{}", "--out", "{}.missing/e.jsonl"],
            None,
            "No such file or directory",
        ),
        (["outbox", "export", "--config", "{}", "--out", "/dev/full"], None, "No space left on device"),
        (["outbox", "export", "--config", "{}", "--out", "{}/e.jsonl"], None, "Not a directory"),
        (["outbox", "export", "--config", "{}"], "/dev/full", "No space left on device"),
        (["outbox", "list", "--config", "{}"], "/dev/full", "No space left on device"),
        (["outbox", "stats", "--config", "{}"], "/dev/full", "No space left on device"),
        (["explain", "--config", "{}"], "/dev/full", "No space left on device"),
        (["check", "--config", "{}"], "/dev/full", "No space left on device"),
    ],
)
def test_one_line_and_an_exit_code(filled: str, words: list[str], out: str | None, reason: str) -> None:
    code, errors = said(*(word.format(filled) for word in words), out=out)
    assert code == 1
    assert reason in errors
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_stream_that_is_closed_is_no_traceback(filled: str, closed: str, tmp_path: Path) -> None:
    command = (
        f"exec {sys.executable} -m pole_agent outbox export --config {filled} --out {tmp_path}/e.jsonl"
        f" {closed}"
    )
    done = subprocess.run(
        ["sh", "-c", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "" if "2>&-" in closed else "exported 3 events\n")
    assert len((tmp_path / "e.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("limit", ["-1", "many", "1.5"])
def test_a_limit_that_is_no_count_is_a_usage_error(filled: str, limit: str) -> None:
    code, errors = said("outbox", "list", "--config", filled, "--limit", limit)
    assert code == 2
    assert "invalid count" in errors


def test_full_disk_under_lock_does_not_keep_lamp_dark(tmp_path: Path) -> None:
    """A full disk under the lock does not keep the lamp dark."""
    from pole_agent.commands.run import alone

    (tmp_path / "agent.lock").symlink_to("/dev/full")
    with alone(tmp_path) as lock:  # type: ignore[union-attr]
        assert lock.fileno() > 0


async def test_control_socket_is_made_without_touching_umask(tmp_path: Path) -> None:
    """The control socket is made without touching the umask of the process.

    Another thread makes folders meanwhile: theirs came out as 0600.
    """
    path, stop = tmp_path / "control.sock", threading.Event()
    seen: set[str] = set()

    def look() -> None:
        while not stop.is_set():
            lines = Path("/proc/self/status").read_text().splitlines()
            seen.update(line for line in lines if line.startswith("Umask"))

    async def nothing(*_: Any) -> None:
        return None

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for _ in range(200):
            running = asyncio.ensure_future(Local(path, nothing, nothing).run())
            while not (path.exists() and stat.S_IMODE(path.stat().st_mode) == 0o660):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    finally:
        stop.set()
        watcher.join()
    assert len(seen) == 1


def test_a_log_line_is_one_line() -> None:
    """Names and reasons come from outside: a line end in one of them forges no line of the log."""
    code = (
        "import logging; from pole_agent.console.daemon import set_up_logging; set_up_logging('debug')\n"
        "logging.getLogger('x').info('command %s by %s', 'lamp/set', 'me\\n2026 ERROR forged\\x1b[2J')\n"
        "try: 1 / 0\nexcept ZeroDivisionError: logging.getLogger('x').exception('failed')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    assert [line for line in lines if "forged" in line] == [lines[0]]
    assert lines[0].endswith(r"INFO command lamp/set by me\n2026 ERROR forged\x1b[2J")
    assert lines[-1] == "ZeroDivisionError: division by zero"
