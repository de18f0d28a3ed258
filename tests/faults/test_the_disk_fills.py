"""Field failure 6: a small file system fills, whatever is being written.

Lamp and detection run on, alarms are kept, space comes back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CLIP, ROOT, Mosquitto, eventually
from tests.faults.kills import CONFIG, City
from tests.faults.local import ask, health

SIZE_MB = 8
# Where the disk is full: at once, or in the middle of a commit, of the log, of the file
FREE_KB = (0, 4, 16, 40, 100)


class SmallDisk:
    """A tmpfs in a mount namespace of the agent's own; seen from outside through /proc.

    An agent that is killed is started again on it, as after a power cut.
    """

    def __init__(self, folder: Path, config: Path, how: str = "rw") -> None:
        folder.mkdir(exist_ok=True)
        mount = f'mount -t tmpfs -o {how},size={SIZE_MB}m tmpfs "{folder}"'
        inside = mount + ' && while "$@"; [ $? = 137 ]; do :; done'
        environment = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")}
        environment["RUNTIME_DIRECTORY"] = str(config.parent)
        self.socket = config.parent / "control.sock"
        self.process = subprocess.Popen(
            [
                "unshare",
                "-Urm",
                "sh",
                "-c",
                inside,
                "sh",
                sys.executable,
                "-m",
                "pole_agent",
                "run",
                "--config",
                str(config),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self._inside = folder
        self.folder = Path(f"/proc/{self.process.pid}/root{folder}")

    def cut(self) -> None:
        """The power: kill the agent with signal 9."""
        os.kill(self._agent(), signal.SIGKILL)

    def end(self) -> None:
        agent = self._agent()
        self.process.kill()  # it starts nothing again
        with contextlib.suppress(ProcessLookupError):
            os.kill(agent, signal.SIGKILL)
        self.process.communicate(timeout=10)

    def _agent(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def fill(self, free_kb: int) -> None:
        """Write until so much is free."""
        with (self.folder / "filler").open("ab", buffering=0) as file:
            while (left := os.statvfs(self.folder).f_bavail * 4 - free_kb) > 0:
                try:
                    file.write(bytes(min(left, 512) * 1024))
                except OSError:
                    break  # the agent was quicker

    def remount(self, how: str) -> None:
        enter = [
            "nsenter",
            "-t",
            str(self.process.pid),
            "-U",
            "-m",
            "--preserve-credentials",
            "mount",
            "-o",
            f"remount,{how}",
            str(self._inside),
        ]
        subprocess.run(enter, check=True, capture_output=True)

    def free(self) -> None:
        (self.folder / "filler").unlink()


@pytest.fixture
def disks(
    bench: Callable[..., Path], tmp_path: Path, mosquitto: Mosquitto
) -> Iterator[Callable[[str], SmallDisk]]:
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)],
            capture_output=True,
            check=False,
        ).returncode
    ):
        pytest.skip("needs a mount namespace for a small file system (unshare -Urm)")
    config = bench(CONFIG.format(clip=CLIP, port=mosquitto.port))
    config.write_text(config.read_text().replace("[lamp]", "max_mb = 4\n[lamp]"))
    made: list[SmallDisk] = []

    def make(how: str) -> SmallDisk:
        made.append(SmallDisk(tmp_path / "state", config, how))
        return made[-1]

    yield make
    for disk in made:
        disk.end()


@pytest.fixture
def disk(disks: Callable[[str], SmallDisk]) -> SmallDisk:
    return disks("rw")


@pytest.fixture
def read_only(disks: Callable[[str], SmallDisk]) -> SmallDisk:
    return disks("ro")


def watched(city: City) -> list[bytes]:
    """What is in the street, at each change: while it grows, detection works."""
    seen: list[bytes] = []
    city._client.message_callback_add(
        "smartpole/test/T-1/active", lambda _c, _u, message: seen.append(bytes(message.payload))
    )
    city._client.subscribe("smartpole/test/T-1/active", qos=1)
    return seen


@pytest.mark.timeout(120)
def test_a_read_only_file_system_stops_nothing(read_only: SmallDisk, mosquitto: Mosquitto) -> None:
    """On a read only file system lamp and detection run and it stores when it can.

    As after a card has failed: the kernel lets nobody write any more.
    """
    disk, city = read_only, City(mosquitto.port)
    seen = watched(city)

    def part(name: str) -> dict[str, Any]:
        return dict((health(disk.socket) or {"parts": {}})["parts"].get(name, {"state": None}))

    def lamp(level: float) -> None:
        assert ask(disk.socket, path="lamp/set", payload={"level": level, "duration_s": 600, "by": "test"})[
            "ok"
        ]
        assert ask(disk.socket, question="lamp")["answer"]["override"]["level"] == level

    try:
        eventually(lambda: part("store")["state"] == "degraded", 60)
        assert "the file system is read-only" in part("store")["reason"]
        lamp(0.5)
        eventually(lambda: len(seen) > 2, 60)
        assert disk.process.poll() is None
        disk.remount("rw")
        lamp(0.6)
        eventually(lambda: part("store")["state"] == "ok", 60)
        stats = ask(disk.socket, question="outbox.stats")["answer"]
        assert stats["last_sequence"] > 3, "what waited in memory"
        eventually(lambda: city.has(stats["storeid"]) >= set(range(1, stats["last_sequence"] + 1)), 60)
        assert not city.dropped
    finally:
        city.stop()


@pytest.mark.timeout(300)
def test_a_full_disk_stops_neither_lamp_nor_detection(disk: SmallDisk, mosquitto: Mosquitto) -> None:
    """A full disk stops neither lamp nor detection and loses no alarm."""
    city = City(mosquitto.port)
    seen = watched(city)

    def works() -> bool:
        told = health(disk.socket)
        return bool(told) and told["parts"]["store"]["state"] == "ok" and told["outbox"] is not None

    def lamp(level: float) -> None:
        reply = ask(disk.socket, path="lamp/set", payload={"level": level, "duration_s": 600, "by": "test"})
        assert reply["ok"], reply

    def last() -> tuple[str, int]:
        stats = ask(disk.socket, question="outbox.stats")["answer"]
        return stats["storeid"], stats["last_sequence"]

    try:
        eventually(lambda: len(seen) > 2 and works(), 60)
        for number, free_kb in enumerate(FREE_KB):
            disk.fill(free_kb)

            def full() -> bool:
                lamp(0.5)  # is written down: it fills what room the log still had
                return bool(health(disk.socket)["parts"]["store"]["state"] == "degraded")

            eventually(full, 60)
            seen.clear()
            lamp(0.6 + number / 20)
            assert ask(disk.socket, question="lamp")["answer"]["reason"] in ("override", "presence")
            if number in (0, len(FREE_KB) - 1):
                eventually(lambda: len(seen) > 1, 30)
            disk.free()
            lamp(0.5)  # so that the store need not find out by itself, which it does within half a minute
            eventually(works, 60)
        assert disk.process.poll() is None
        store, number = last()
        assert number > 20
        eventually(lambda: city.has(store) >= set(range(1, last()[1] - 5)), 60)
        assert not city.contradictions
        assert not city.dropped, "what waited in memory was stored when there was room again"
        used = sum(p.stat().st_size for p in disk.folder.glob("pole.db*") if "shm" not in p.name)
        assert used < SIZE_MB * 1_000_000 / 2
    finally:
        city.stop()


@pytest.mark.timeout(180)
def test_a_power_cut_on_a_full_disk_while_offline(disk: SmallDisk, mosquitto: Mosquitto) -> None:
    """Nobody hears it, nothing can be written, and then the power goes: the street is lit, and what was
    stored arrives when there is room and a broker again.
    """
    city = City(mosquitto.port)

    def answer(question: str) -> dict[str, Any]:
        return dict(ask(disk.socket, question=question).get("answer") or {})

    def stored() -> int:
        return int(answer("outbox.stats").get("last_sequence") or 0)

    try:
        eventually(lambda: stored() > 3, 60)
        mosquitto.stop()
        before = stored()
        eventually(lambda: stored() > before + 3, 60)
        stats = answer("outbox.stats")
        disk.fill(0)
        eventually(
            lambda: (
                (health(disk.socket) or {"parts": {}})["parts"].get("store", {}).get("state") == "degraded"
            ),
            60,
            0.2,
        )
        disk.cut()
        eventually(lambda: answer("lamp").get("level") is not None, 60, 0.2)
        order = {"level": 0.7, "duration_s": 600, "by": "test"}
        assert ask(disk.socket, path="lamp/set", payload=order)["ok"], "the lamp obeys without a disk"
        disk.free()
        mosquitto.start()
        eventually(lambda: answer("outbox.stats").get("storeid") == stats["storeid"], 60, 0.2)
        eventually(lambda: city.has(stats["storeid"]) >= set(range(1, stats["last_sequence"] + 1)), 60, 0.1)
        assert not city.contradictions
    finally:
        city.stop()
