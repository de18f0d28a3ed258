"""Finding cameras: ONVIF against a camera whose clock is an hour slow; WS-Discovery inside a network
namespace of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pole_agent.camera.onvif import (
    UNREADABLE,
    Found,
    Stream,
    _address,
    _host_and_port,
    address_for,
    find,
    prefer,
)
from pole_agent.errors import CameraError
from pole_agent.settings.camera import CameraSettings
from tests.camera import onvif_camera
from tests.conftest import ROOT, free_port

pytest.importorskip("onvif", reason="needs: pip install onvif-zeep-async WSDiscovery")


@pytest.fixture
def camera() -> str:
    server = onvif_camera.serve("127.0.0.1", 0)
    return f"127.0.0.1:{server.server_address[1]}"


def test_camera_with_slow_clock_is_asked_by_clock(camera: str) -> None:
    """A camera with a slow clock is asked by its own clock and its sub stream is preferred."""
    [found] = find(1.0, camera, onvif_camera.USER, onvif_camera.PASSWORD)
    assert found.trouble == ""
    assert found.name == "Acme Pole 4"
    assert -3605 < found.clock_off_s < -3595
    assert [(s.codec, s.width, s.height, s.fps) for s in found.streams] == [
        ("H.264", 2560, 1440, 25),
        ("H.264", 704, 576, 10),
        ("MJPEG", 320, 240, 5),
    ]
    assert found.preferred == found.streams[1]
    assert found.preferred.source == "rtsp://camera:554/sub?x=1", (
        "without the credentials that the camera put in"
    )


@pytest.mark.parametrize(("user", "password"), [(None, None), (onvif_camera.USER, "wrong")])
def test_a_camera_that_asks_for_a_password_says_so(
    camera: str, user: str | None, password: str | None
) -> None:
    [found] = find(1.0, camera, user, password)
    assert "needs a user and a password" in found.trouble
    assert not found.streams


@pytest.mark.parametrize("refused", [["main"], ["sub", "third"]])
def test_profiles_refused(refused: list[str]) -> None:
    """A profile that the camera refuses hides no other."""
    port = onvif_camera.serve("127.0.0.1", 0, refused).server_address[1]
    [found] = find(1.0, f"127.0.0.1:{port}", onvif_camera.USER, onvif_camera.PASSWORD)
    assert found.trouble == ""
    assert [s.source for s in found.streams] == [
        f"rtsp://camera:554/{t}?x=1" for t in onvif_camera.PROFILES if t not in refused
    ]


def test_all_profiles_refused() -> None:
    """Where no profile has an address, what the camera says is told."""
    port = onvif_camera.serve("127.0.0.1", 0, list(onvif_camera.PROFILES)).server_address[1]
    [found] = find(1.0, f"127.0.0.1:{port}", onvif_camera.USER, onvif_camera.PASSWORD)
    assert "No such profile" in found.trouble


def test_what_is_no_camera_is_told_as_such() -> None:
    [found] = find(1.0, f"127.0.0.1:{free_port()}", "a", "b")
    assert found == Found(found.host, trouble=found.trouble)
    assert "ONVIF" in found.trouble


XIONGMAI = "rtsp://192.0.2.7:554/user=admin_password=tlJwpbo6_channel=1_stream=1.sdp?real_stream"


@pytest.mark.parametrize(
    ("given", "answered", "usable"),
    [
        ("rtsp://[fd00:7::1]:554/sub", "fd00:7::1", None),
        ("rtsp://[fe80::1]/sub", "fe80::1%eth0", None),
        (XIONGMAI, "192.0.2.7", None),
        ("rtsp://192.0.2.9:8554/sub?a=1&b=%40#x", "192.0.2.7", None),
        ("rtsp://camera.local/sub", "192.0.2.7", None),
        ("rtsp://admin:p%40ss@192.0.2.7:554/sub", "192.0.2.7", "rtsp://192.0.2.7:554/sub"),
        ("rtsp://admin:p@ss@192.0.2.7:554/sub", "192.0.2.7", "rtsp://192.0.2.7:554/sub"),
        ("rtsp://0.0.0.0:554/sub", "192.0.2.7", "rtsp://192.0.2.7:554/sub"),
        ("rtsp://[::]:554/sub", "192.0.2.7", "rtsp://192.0.2.7:554/sub"),
        ("rtsp://127.0.0.1/sub", "192.0.2.7", "rtsp://192.0.2.7/sub"),
        ("rtsp://127.0.0.1/sub", "camera.local", "rtsp://camera.local/sub"),
        ("rtsp://10.1.1.4:554/sub?x", "192.0.2.7", "rtsp://192.0.2.7:554/sub?x"),
        ("rtsp://[fe80::1]:554/sub", "192.0.2.7", "rtsp://192.0.2.7:554/sub"),
        ("rtsp://192.168.1.10:554/sub", "fd00:7::1", "rtsp://[fd00:7::1]:554/sub"),
        ("rtsp:///sub", "192.0.2.7", "rtsp://192.0.2.7/sub"),
    ],
)
def test_the_address_of_a_stream_is_one_that_opens(given: str, answered: str, usable: str | None) -> None:
    found, note = address_for(given, answered)
    assert found == (usable or given)
    login = "@" in given.partition("://")[2].partition("/")[0]
    assert bool(note) == (usable is not None and not login)
    assert CameraSettings.model_validate({"source": found}).source == found, "as pole.toml takes it"
    assert "p@ss" not in found + note


@pytest.mark.parametrize(
    "given",
    [
        "rtsp://user:pa/ss@192.0.2.7/sub",
        "rtsp://user:12/ss@192.0.2.7/sub",
        "rtsp://user:pa#ss@192.0.2.7/sub",
        "rtsp://fe80::1:554/sub",
        "/live/ch0",
        "192.0.2.7:554/live",
        "rtsp://192.0.2.7:70000/sub",
        "rtsp://[fe80::1/x",
        "rtsp://[]/x",
        "http://a b/c",
    ],
)
def test_address_that_does_not_open_or_may_hold(given: str) -> None:
    """An address that does not open or may hold a password is left out."""
    assert address_for(given, "192.0.2.7") == ("", UNREADABLE)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("camera", ("camera", 80)),
        ("camera:8080", ("camera", 8080)),
        ("192.0.2.7:81", ("192.0.2.7", 81)),
        ("fd00::7", ("fd00::7", 80)),
        ("[fd00::7]:81", ("fd00::7", 81)),
        ("http://camera/", ("camera", 80)),
        ("http://192.0.2.7:81/onvif", ("192.0.2.7", 81)),
        ("https://camera", ("camera", 443)),
    ],
)
def test_a_host_may_be_an_ipv6_address(text: str, host: tuple[str, int]) -> None:
    assert _host_and_port(text) == host


@pytest.mark.parametrize("text", ["", ":", "a:b", "[fd00::7", "camera:99999"])
def test_what_is_no_host_is_one_sentence(text: str) -> None:
    with pytest.raises(CameraError, match="invalid host"):
        _host_and_port(text)


@pytest.mark.parametrize(
    "text", ["http://admin:secret@:99999", "http://admin:secret@camera:99999/x", "admin:secret@camera:99999"]
)
def test_no_host_hides_a_login(text: str) -> None:
    """A login in an address that is no host is not repeated."""
    with pytest.raises(CameraError, match="invalid host") as told:
        _host_and_port(text)
    assert "secret" not in str(told.value)


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
def test_the_stream_for_a_pole_is_a_sub_stream(streams: list[Stream], height: int | None) -> None:
    """The stream for a pole is a sub stream where there is one."""
    chosen = prefer(streams)
    assert (chosen.height if chosen else None) == height


NAMESPACE = """
ip link set lo up && ip addr add 10.99.0.1/24 dev lo && ip link set lo multicast on
ip route add 224.0.0.0/4 dev lo
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
    script = NAMESPACE.format(
        python=sys.executable, camera=ROOT / "tests" / "camera" / "onvif_camera.py", port=free_port()
    )
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


@pytest.mark.parametrize(
    "broken", ["http://[::ffff/onvif", "http://camera:bad/x", "http://camera:99999/x", ""]
)
def test_one_camera_with_address_that_cannot_be_read(broken: str) -> None:
    """One camera with an address that cannot be read hides no other."""
    assert _address([broken]) is None
    assert _address([broken, "http://192.0.2.7:8000/onvif"]) == ("192.0.2.7", 8000)
