"""Hostile input to the daemon as a process: one clear line, lamp lit, a stop within 5 s, nothing
stored lost.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, eventually

Start = Callable[..., "subprocess.Popen[str]"]


class Output:
    """Collects the lines of a process while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self.process = process
        assert process.stderr is not None
        self._thread = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._thread.start()

    def _read(self, stream: Iterator[str]) -> None:
        self.lines.extend(line.rstrip("\n") for line in stream)

    def wait_for(self, text: str, within_s: float = 20.0) -> str:
        eventually(
            lambda: any(text in line for line in list(self.lines)) or self.process.poll() is not None,
            within_s,
        )
        found = [line for line in list(self.lines) if text in line]
        assert found, "\n".join(self.lines)
        return found[0]

    def stop(self) -> float:
        """SIGTERM; returns the seconds until the end."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        return time.monotonic() - begun


@pytest.fixture
def silent_camera() -> Iterator[str]:
    """Accepts connections, and says nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def accept() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield f"rtsp://user:secret@127.0.0.1:{server.getsockname()[1]}/stream"
    server.close()
    for connection in held:
        connection.close()


def camera(source: str) -> str:
    return f'[[camera]]\nsource = "{source}"\n'


def test_camera_that_hangs_holds_up_nothing(
    agent: Start, bench: Callable[..., Path], silent_camera: str
) -> None:
    """A camera that hangs holds up neither lamp nor stop."""
    output = Output(agent("run", "--config", str(bench(camera(silent_camera)))))
    output.wait_for("running; control socket")
    output.wait_for("lamp ")
    assert output.stop() < 5
    assert output.process.returncode == 0
    assert not any("secret" in line for line in output.lines)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (camera("nowhere.mp4"), "no such file"),
        (
            camera("rtsp://127.0.0.1:1/x"),
            "Connection refused; check that the camera is on and the address is right",
        ),
        (
            camera(str(ROOT / "pole_agent/demo/street.mp4")) + '[detector]\nmodel = "unknown"\n',
            'unknown model "unknown"; shipped: nanodet-g-320-int8, nanodet-g-street-384-int8',
        ),
    ],
)
def test_trouble_with_camera_or_model_is_one_line(
    agent: Start, bench: Callable[..., Path], config: str, says: str
) -> None:
    """Trouble with camera or model is one line and the lamp is lit."""
    output = Output(agent("run", "--config", str(bench(config))))
    output.wait_for(says)
    output.wait_for("lamp ")
    assert output.stop() < 5
    assert sum(says in line for line in output.lines) == 1
    assert not any("Traceback" in line for line in output.lines)


def test_unwritable_state_folder_stops_nothing(
    agent: Start, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """A state folder that cannot be written stops nothing.

    A file in the place of the folder: that fails for root too.
    """
    path = bench()
    (tmp_path / "state").write_text("in the way")
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path / "run")}
    del environment["RUNTIME_DIRECTORY"]
    output = Output(agent("run", "--config", str(path)))
    output.wait_for("cannot be written")
    output.wait_for("lamp ")
    assert output.stop() < 5


def test_a_database_full_of_noise_is_set_aside(
    agent: Start, bench: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "pole.db").write_bytes(os.urandom(50_000))
    output = Output(agent("run", "--config", str(bench())))
    output.wait_for("set aside and a new one is started")
    assert output.stop() < 5
    assert list((tmp_path / "state").glob("pole.db.corrupt-*"))


def test_broken_configuration_without_copy_exits_2(agent: Start, bench: Callable[..., Path]) -> None:
    """A broken configuration without a good copy exits 2 with every problem."""
    process = agent("run", "--config", str(bench("pni = 1\n[mqtt]\nhost = 3\n[lmap]\n")))
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 2
    assert {line.split(": ")[1] for line in stderr.splitlines()} == {"lamp.pni", "mqtt.host", "lmap"}


def test_broken_configuration_falls_back_to_last_good(agent: Start, bench: Callable[..., Path]) -> None:
    """A broken configuration falls back to the last good copy."""
    path = bench()
    first = Output(agent("run", "--config", str(path)))
    first.wait_for("running")
    first.wait_for("lamp ")
    first.stop()
    path.write_text(path.read_text() + "[[[")
    second = Output(agent("run", "--config", str(path)))
    second.wait_for("the last good copy")
    second.wait_for("lamp ")
    assert second.stop() < 5


def test_the_lamp_is_lit_half_a_second_after_the_start(agent: Start, bench: Callable[..., Path]) -> None:
    """Not a timing test: the lamp is driven before anything heavy is imported, and that order is what is
    looked at.
    """
    import sys

    code = (
        "import sys\n"
        "from pole_agent import compose\n"
        "from pole_agent.clock import SystemClock\n"
        "from pole_agent.commands import run\n"
        "from pole_agent.settings.load import load\n"
        "from pathlib import Path\n"
        "compose.open_lamp(load(Path(sys.argv[1])).settings, SystemClock())\n"
        "print(sorted({'numpy', 'cv2', 'onnxruntime', 'aiomqtt'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bench())], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"
