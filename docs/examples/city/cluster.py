"""A PostgreSQL of our own in a folder: no service, no port, a socket and a password. Debian's package is
enough; nothing of an installed cluster is touched.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

START_S = 30.0
SAFE = "listen_addresses=", "unix_socket_permissions=0777", "log_min_messages=warning"


class Cluster:
    """The cluster in `folder`, made when it is first started. PostgreSQL refuses to run as root: then it runs
    as `postgres`, for whom the folders above must be open.
    """

    def __init__(self, programs: Path, folder: Path, settings: tuple[str, ...] = ()) -> None:
        self._programs, self._folder, self._settings = programs, folder, (*SAFE, *settings)
        self._process: subprocess.Popen[bytes] | None = None
        self.password = ""

    @property
    def url(self) -> str:
        return f"postgresql://city@/city?host={self._folder / 'socket'}"

    def start(self) -> None:
        """Raises OSError with what PostgreSQL says."""
        data, sockets = self._folder / "data", self._folder / "socket"
        user = _unprivileged()
        self._folder.mkdir(parents=True, exist_ok=True)
        sockets.mkdir(exist_ok=True)
        secret = self._folder / "password"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(secrets.token_urlsafe(24) + "\n")
        self.password = secret.read_text().strip()
        if user is not None:
            for path in (self._folder, sockets, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        if not (data / "PG_VERSION").exists():
            self._run(
                "initdb", "-D", str(data), "-U", "city", "--auth=scram-sha-256", f"--pwfile={secret}",
                "--encoding=UTF8", "--locale=C.UTF-8",
            )  # fmt: skip
        settings = [f"--{setting}" for setting in self._settings]
        command = [
            *dies_with_us(signal.SIGINT),
            str(self._programs / "postgres"),
            "-D",
            str(data),
            "-k",
            str(sockets),
            *settings,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", **_identity(user), start_new_session=True
            )
        self._wait(sockets)
        self._make_database(sockets)

    def _wait(self, sockets: Path) -> None:
        deadline = time.monotonic() + START_S
        command = [str(self._programs / "pg_isready"), "-q", "-h", str(sockets)]
        while subprocess.run(command, check=False).returncode != 0:
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise OSError(f"PostgreSQL does not start: {(self._folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)

    def _make_database(self, sockets: Path) -> None:
        command = [str(self._programs / "createdb"), "-h", str(sockets), "-U", "city", "-w", "city"]
        made = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGPASSWORD": self.password},
        )
        if made.returncode and "already exists" not in made.stderr:
            raise OSError(f"PostgreSQL: {made.stderr.strip()}")

    def _run(self, program: str, *arguments: str) -> None:
        made = subprocess.run(
            [str(self._programs / program), *arguments],
            capture_output=True, text=True, check=False, cwd="/", **_identity(_unprivileged()),
        )  # fmt: skip
        if made.returncode:
            raise OSError(f"{program}: {made.stderr.strip()[-500:]}")

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def kill(self) -> None:
        """As a power cut does it; `start` recovers."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # clients are cut off, nothing is lost
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(15)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._process = None


def dies_with_us(number: signal.Signals) -> list[str]:
    """Words before a command: it gets this signal when we are killed (util-linux; nothing without)."""
    program = shutil.which("setpriv")
    return [] if program is None else [program, "--pdeathsig", number.name.removeprefix("SIG"), "--"]


def programs() -> Path | None:
    """Where PostgreSQL's programs are: Debian's newest version, else those of the path; None without."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return None if on_path is None else Path(on_path).parent


def usable() -> Path | None:
    """Programs that this user can run: root needs the user `postgres`."""
    found = programs()
    with contextlib.suppress(KeyError):
        _unprivileged()
        return found
    return None


def _unprivileged() -> pwd.struct_passwd | None:
    """Who PostgreSQL runs as, when not as ourselves. Raises KeyError where there is nobody."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
