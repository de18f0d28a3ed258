"""A command under strace: whom it spoke to or looked up, and what it wrote.

Needs strace (apt install strace).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CALLS = (
    "connect,sendto,sendmsg,sendmmsg,bind,openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,"
    "symlink,symlinkat,link,linkat,mknod,mknodat"
)
ADDRESS = re.compile(
    r'htons\((?P<port>\d+)\).*?(?:inet_addr\("(?P<four>[^"]+)"\)|inet_pton\(AF_INET6, "(?P<six>[^"]+)")'
)
UNIX = re.compile(r'sa_family=AF_UNIX, sun_path=@?"(?P<path>[^"]*)"')
TALKS = ("connect(", "sendto(", "sendmsg(", "sendmmsg(")
OPENS = re.compile(r'open(?:at)?\((?:AT_FDCWD, |\d+, )?"(?P<path>[^"]*)", (?P<flags>[A-Z_|0-9a-z]+)')
MAKES = re.compile(
    r'(?:creat|mkdir|mkdirat|rename|renameat2?|symlink|symlinkat|link|linkat|mknod|mknodat)\(.*"(?P<path>[^"]*)"'
)
# The C library asks the name service cache of the machine about users and hosts, where there is one: that is
# a file, not a network.
MACHINE = ("/var/run/nscd/socket",)
NOWHERE = re.compile(r"/dev/(null|tty|shm/.*)|/proc/self/.*|/proc/\d+/.*")


@dataclass
class Trace:
    """What a process and its children did. Addresses are ("host", port); paths are absolute."""

    spoken_to: set[tuple[str, int]] = field(default_factory=set)
    sockets: set[str] = field(default_factory=set)  # of this machine, by path
    written: set[str] = field(default_factory=set)

    def outside(self, *folders: Path) -> set[str]:
        """What was written outside these folders."""
        inside = tuple(f"{folder}{os.sep}" for folder in folders)
        return {p for p in self.written if not f"{p}{os.sep}".startswith(inside) and not NOWHERE.fullmatch(p)}


def read(text: str, folder: Path) -> Trace:
    """The trace of strace's lines; relative paths are of `folder`."""
    trace = Trace()
    for line in text.splitlines():
        call = line.strip().partition(" ")[2]
        if call.startswith(TALKS):
            for address in ADDRESS.finditer(call):
                trace.spoken_to.add((address["four"] or address["six"], int(address["port"])))
            if call.startswith("connect(") and (found := UNIX.search(call)) and found["path"] not in MACHINE:
                trace.sockets.add(found["path"])
        elif "= -1 " not in call:
            if (found := OPENS.search(call)) and not {"O_WRONLY", "O_RDWR", "O_CREAT"} & set(
                found["flags"].split("|")
            ):
                continue
            if (
                found := found
                or MAKES.search(call)
                or (UNIX.search(call) if call.startswith("bind(") else None)
            ):
                trace.written.add(os.path.normpath(folder / found["path"]))
    return trace


class Traced:
    """Runs pole-agent under strace in a folder of its own, with a home of its own that nobody may
    write to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.scratch = folder / "here", folder / "home", folder / "tmp"
        self._file = folder / "strace.txt"
        for made in (self.folder, self.home, self.scratch):
            made.mkdir()

    def start(self, *arguments: str, log: Path | None = None) -> subprocess.Popen[str]:
        """Start it; what it prints can be read from the process, or stands in `log`."""
        environment = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("XDG_", "ORT_", "NOTIFY_", "RUNTIME_", "WATCHDOG_"))
        }
        environment |= {
            "HOME": str(self.home),
            "TMPDIR": str(self.scratch),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-s",
            "300",
            "-e",
            f"trace={CALLS}",
            "-e",
            "signal=none",
            "-o",
            str(self._file),
        ]
        command += [sys.executable, "-m", "pole_agent", *arguments]
        if log is None:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        with log.open("w") as out:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=out, stderr=out, text=True
            )

    @staticmethod
    def stop(process: subprocess.Popen[str]) -> None:
        """SIGTERM to what is traced: strace passes its own signals to nobody."""
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)
        process.communicate(timeout=30)

    def run(self, *arguments: str, timeout_s: float = 110) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        shown, errors = process.communicate(timeout=timeout_s)
        return subprocess.CompletedProcess(process.args, process.returncode, shown, errors)

    def trace(self) -> Trace:
        return read(self._file.read_text(errors="replace"), self.folder)


def nothing_else(
    traced: Traced, *addresses: tuple[str, int], folders: tuple[Path, ...] = (), sockets: tuple[str, ...] = ()
) -> None:
    """Nobody but these was spoken to; nothing was written but in these folders and the temporary one."""
    trace = traced.trace()
    assert trace.spoken_to <= set(addresses)
    assert trace.sockets <= set(sockets)
    assert trace.outside(traced.scratch, *folders) == set()
    assert list(traced.home.iterdir()) == []
