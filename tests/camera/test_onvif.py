"""Finding cameras: ONVIF against a camera whose clock is an hour slow; WS-Discovery inside a network namespace of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pole_agent.camera.onvif import Found, Stream, find, prefer
from tests.camera import onvif_camera
from tests.conftest import ROOT, free_port

pytest.importorskip("onvif", reason="needs: pip install onvif-zeep-async WSDiscovery")


@pytest.fixture
def camera() -> str:
    server = onvif_camera.serve("127.0.0.1", 0)
    return f"127.0.0.1:{server.server_address[1]}"


def test_a_camera_with_a_slow_clock_is_asked_by_its_own_clock_and_its_sub_stream_is_preferred(camera: str) -> None:
    [found] = find(1.0, camera, onvif_camera.USER, onvif_camera.PASSWORD)
    assert found.trouble == ""
    assert found.name == "Acme Pole 4"
    assert -3605 < found.clock_off_s < -3595
    assert [(s.codec, s.width, s.height, s.fps) for s in found.streams] == [
        ("H.264", 2560, 1440, 25), ("H.264", 704, 576, 10), ("MJPEG", 320, 240, 5),
    ]  # fmt: skip
    assert found.preferred == found.streams[1]
    assert found.preferred.source == "rtsp://camera:554/sub?x=1", "without the credentials that the camera put in"


@pytest.mark.parametrize(("user", "password"), [(None, None), (onvif_camera.USER, "wrong")])
def test_a_camera_that_asks_for_a_password_says_so(camera: str, user: str | None, password: str | None) -> None:
    [found] = find(1.0, camera, user, password)
    assert "asks for a user and a password" in found.trouble
    assert not found.streams


def test_what_is_no_camera_is_told_as_such() -> None:
    [found] = find(1.0, f"127.0.0.1:{free_port()}", "a", "b")
    assert found == Found(found.host, trouble=found.trouble)
    assert "ONVIF" in found.trouble


def stream(height: int, codec: str = "H.264") -> Stream:
    return Stream(f"rtsp://x/{height}", codec, height * 4 // 3, height, 10)


@pytest.mark.parametrize(
    ("streams", "height"),
    [
        ([stream(1440), stream(576), stream(240)], 576),
        ([stream(720, "H.265"), stream(480)], 480),
        ([stream(1080), stream(1440)], 1080),
        ([stream(240), stream(120)], 240),
        ([], None),
    ],
)
def test_the_stream_for_a_pole_is_a_sub_stream_where_there_is_one(streams: list[Stream], height: int | None) -> None:
    chosen = prefer(streams)
    assert (chosen.height if chosen else None) == height


NAMESPACE = """
ip link set lo up && ip addr add 10.99.0.1/24 dev lo && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo
{python} {camera} {port} 10.99.0.1 > ready & server=$!
for _ in $(seq 100); do grep -q ready ready && break; sleep 0.1; done
{python} -m pole_agent camera find --seconds 3 --username 'onvif#user' --password-file secret --json
kill $server
"""


def test_cameras_are_found_on_the_network(tmp_path: Path) -> None:
    """In a network namespace, so that no packet leaves this machine."""
    if subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"], capture_output=True).returncode:
        pytest.skip("needs root and iproute2, for a network namespace")
    (tmp_path / "secret").write_text(onvif_camera.PASSWORD)
    script = NAMESPACE.format(python=sys.executable, camera=ROOT / "tests" / "camera" / "onvif_camera.py", port=free_port())
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["cameras"]
    assert found["host"].startswith("10.99.0.1:")
    assert found["preferred"]["source"] == "rtsp://camera:554/sub?x=1"
    assert "p@ss" not in done.stdout + done.stderr
