"""A library of ours spoke to its vendor (onnxruntime 1.32). No address but the configured ones is ever spoken
to or looked up.

Nothing is written outside the state, the runtime folder and the files that were asked for. The next
dependency that does so fails here. The same of the whole demo: tests/uplink/test_no_picture_leaves.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from tests.conftest import CLIP, ROOT, Mosquitto, eventually, free_port
from tests.traced import Traced, nothing_else, read


@pytest.fixture
def short_clip(tmp_path: Path) -> Path:
    """A second of the bundled street."""
    path, capture = tmp_path / "short.avi", cv2.VideoCapture(str(CLIP))
    writer = None
    for _ in range(10):
        _, image = capture.read()
        writer = writer or cv2.VideoWriter(
            str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (image.shape[1], image.shape[0])
        )
        writer.write(image)
    assert writer is not None
    writer.release()
    return path


def test_the_meter_sees_a_talkative_library(traced: Traced) -> None:
    """The trace shows an address, a name that is looked up, a socket of the machine and a file in
    the home.
    """
    lines = """
    7 connect(5, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, 16) = 0
    7 sendto(5, "x", 1, 0, {sa_family=AF_INET6, sin6_port=htons(443), \
inet_pton(AF_INET6, "2001:db8::1", &sin6_addr)}, 28) = 1
    8 connect(6, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}, 42) \
= -1 ENOENT (No such file)
    8 openat(AT_FDCWD, "/root/.cache/vendor/id", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 4
    8 openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 4
    8 mkdir("beside", 0777) = 0
    """
    trace = read(lines, traced.folder)
    assert trace.spoken_to == {("192.0.2.53", 53), ("2001:db8::1", 443)}
    assert trace.sockets == {"/run/systemd/resolve/io.systemd.Resolve"}
    assert trace.outside(traced.folder) == {"/root/.cache/vendor/id"}


@pytest.mark.timeout(180)
def test_run_speaks_to_its_broker_and_camera_only(
    traced: Traced, mosquitto: Mosquitto, bench: Callable[..., Path], tmp_path: Path
) -> None:
    camera = free_port()  # nobody listens there: it is asked again and again
    config = bench(
        f'[[camera]]\nname = "street"\nsource = "{CLIP}"\nloop = true\n'
        f'[[camera]]\nname = "gate"\nsource = "rtsp://127.0.0.1:{camera}/x"\n'
        '[[rule]]\nname = "somebody"\nkind = "presence"\ncamera = "street"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n'
    )
    log = traced.scratch / "log"
    process = traced.start("run", "--config", str(config), "--log-level", "debug", log=log)
    try:
        eventually(lambda: "the detector ran" in log.read_text() and "gate: " in log.read_text(), 60)
        eventually((tmp_path / "state" / "pole.db").exists, 20)
    finally:
        traced.stop(process)
    state, runtime = tmp_path / "state", Path("/run/pole-agent")
    sockets = tuple(str(folder / "control.sock") for folder in (state, runtime))
    nothing_else(
        traced,
        ("127.0.0.1", mosquitto.port),
        ("127.0.0.1", camera),
        folders=(state, runtime),
        sockets=sockets,
    )


@pytest.mark.timeout(180)
def test_replay_speaks_to_nobody(traced: Traced, short_clip: Path) -> None:
    done = traced.run("replay", str(short_clip), "--every-frame", "--out", "events.jsonl")
    assert done.returncode == 0, done.stderr
    nothing_else(traced, folders=(traced.folder / "events.jsonl",))


@pytest.mark.timeout(180)
def test_doctor_speaks_to_what_it_examines_only(
    traced: Traced, mosquitto: Mosquitto, bench: Callable[..., Path], tmp_path: Path
) -> None:
    config = bench(
        f'[[camera]]\nsource = "{CLIP}"\n[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\ntls = false\n'
    )
    done = traced.run("doctor", "--config", str(config), "--json")
    assert "127.0.0.1" in done.stdout, done.stderr
    state = tmp_path / "state"
    nothing_else(
        traced, ("127.0.0.1", mosquitto.port), folders=(state,), sockets=(str(state / "control.sock"),)
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_bench_speaks_to_its_own_brokers_only(traced: Traced) -> None:
    done = traced.run("bench", "--rounds", "1", timeout_s=3000)
    assert done.returncode in (0, 1), done.stderr
    trace = traced.trace()
    assert {host for host, _ in trace.spoken_to} <= {"127.0.0.1"}
    assert list(traced.home.iterdir()) == []


def test_library_that_reports_by_itself_is_silent(traced: Traced) -> None:
    """A library that reports by itself is silent in ours.

    ONNX Runtime's switch is set before anything of ours can import it, and handed to every process that is
    started.
    """
    shown = subprocess.run(
        [sys.executable, "-c", "import pole_agent.vision.onnx, subprocess, sys; subprocess.run(['env'])"],
        env={k: v for k, v in os.environ.items() if not k.startswith("ORT_")} | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "ORT_DISABLE_TELEMETRY=1" in shown.splitlines()
