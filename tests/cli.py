"""Run pole-agent's commands, each in a process of its own, without the half second that Python takes to
import them.

A server that has imported the package forks for each command (multiprocessing's "forkserver"). What the
command writes to its standard streams goes to files, as a shell would redirect it. `python -m pole_agent`
itself is started in tests/commands/test_commands.py.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 100.0
_server = multiprocessing.get_context("forkserver")
# None of these starts a thread when it is imported.
_light = [
    "broker",
    "camera",
    "check",
    "clock",
    "doctor",
    "drone",
    "explain",
    "init",
    "lamp",
    "outbox",
    "retire",
    "why",
]
_server.set_forkserver_preload(
    ["tests.cli", "pole_agent.cli", *(f"pole_agent.commands.{name}" for name in _light)]
)


def call(
    *arguments: str, stdin: str | None = None, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """What `pole-agent ARGUMENTS` writes, and its exit status.

    `env`: in place of this process's environment. Raises TimeoutExpired.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = [str(Path(folder, name)) for name in ("stdin", "stdout", "stderr")]
        Path(streams[0]).write_text(stdin or "")
        command = _server.Process(
            target=_carry_out, args=(arguments, streams, dict(os.environ if env is None else env), str(cwd))
        )
        command.start()
        command.join(TIMEOUT_S)
        if command.exitcode is None:
            command.kill()
            raise subprocess.TimeoutExpired(["pole-agent", *arguments], TIMEOUT_S)
        stdout, stderr = (Path(name).read_text() for name in streams[1:])
        return subprocess.CompletedProcess(["pole-agent", *arguments], command.exitcode, stdout, stderr)


def _carry_out(arguments: tuple[str, ...], streams: list[str], env: dict[str, str], cwd: str) -> None:
    """In the new process."""
    for number, (name, flags) in enumerate(
        zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_APPEND] * 2), strict=True)
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (open(n, mode, encoding="utf-8") for n, mode in enumerate("rww"))  # noqa: SIM115
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["pole-agent", *arguments]
    from pole_agent.cli import main

    sys.exit(main())
