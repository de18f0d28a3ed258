"""Whatever lies where pole.toml should: it is refused in words, at once, and a pole that ran before starts
with the last good copy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.camera.opening import plain
from pole_agent.errors import ConfigError
from pole_agent.settings.load import LAST_GOOD, MAX_BYTES, keep_last_good, load, load_or_last_good

Bench = Callable[..., Path]
TEXTS = {
    "not UTF-8": (b'id = "\xff"\n', "UTF-8"),
    "a number without end": (b"n = " + b"9" * 5000, "TOML"),
    "a key of ten thousand dots": (b"a." * 10_000 + b"a = 1\n", "too many dots"),
    "a table of ten thousand dots": (b"[" + b"a . " * 10_000 + b"a]\n", "too many dots"),
    "quoted dots": (b'"a".' * 10_000 + b"a = 1\n", "too many dots"),
    "quoted dots with quotes in them": (b'"\\"" . a . ' * 6_000 + b"a = 1\n", "too many dots"),
    "a key of signs": (b'"$".' * 600 + b'"$" = 1\n', "too many dots"),
    "a word without end": (b"# " + b"a" * 250_000 + b"\n[nonsense]\n", "nonsense"),
    "quotes without end": (b"# " + b'\\"' * 120_000 + b"\n[nonsense]\n", "nonsense"),
    "lines without end": (b"\n" * 250_000 + b"[nonsense]\n", "nonsense"),
    "a list in a list in a list": (b"a = " + b"[" * 400 + b"]" * 400 + b"\n", "unknown key|too deeply"),
    "brackets without end": (b"a = " + b"[" * 100_000, "TOML"),
    "a NUL in a path": (
        b'[pole]\nid = "a"\nsite = "b"\nlatitude = 0\nlongitude = 0\n[storage]\nstate_dir = "s\\u0000t"\n',
        "NUL",
    ),
    "a NUL where the state directory is named": (b'[storage]\nstate_dir = "/var/l\0\0x"\n', "TOML"),
    "too large": (b"#" * (MAX_BYTES + 1), "bytes long"),
    "nothing at all": (b"", "pole"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", TEXTS)
def test_bad_text_is_refused_and_last_good_one_is_used(name: str, bench: Bench) -> None:
    """A bad text is refused and the last good one is used."""
    config = bench()
    keep_last_good(load(config))
    good, (blob, said) = load(config).settings, TEXTS[name]
    config.write_bytes(blob)
    with pytest.raises(ConfigError, match=said):
        load(config)
    loaded = load_or_last_good(config, good.storage.state_dir)
    assert loaded.settings == good
    assert re.search(said, loaded.degraded)
    assert "last good" in loaded.degraded
    assert len(loaded.degraded) < 1000


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", ["folder", "pipe", "sparse file", "link to itself", "device"])
def test_what_is_no_file_is_refused_and_not_waited_for(what: str, bench: Bench) -> None:
    config = bench()
    keep_last_good(load(config))
    state = load(config).settings.storage.state_dir
    config.unlink()
    match what:
        case "folder":
            config.mkdir()
        case "pipe":
            os.mkfifo(config)
        case "sparse file":
            config.touch()
            os.truncate(config, 1 << 40)
        case "link to itself":
            config.symlink_to(config)
        case "device":
            config.symlink_to("/dev/zero")
    with pytest.raises(ConfigError):
        load(config)
    assert "last good" in load_or_last_good(config, state).degraded


@pytest.mark.parametrize("blob", [b'id = "\xff"', b"", b"\0" * 100])
def test_a_damaged_copy_is_no_trouble(blob: bytes, bench: Bench) -> None:
    """A damaged copy is no trouble and is written anew."""
    config = bench()
    loaded = load(config)
    state = loaded.settings.storage.state_dir
    state.mkdir()
    (state / LAST_GOOD).write_bytes(blob)
    keep_last_good(loaded)
    assert (state / LAST_GOOD).read_bytes() == config.read_bytes()
    (state / LAST_GOOD).write_bytes(blob)
    config.write_text("[nonsense]\n")
    with pytest.raises(ConfigError, match="nonsense"):
        load_or_last_good(config, state)


def test_five_thousand_problems_are_told_in_few_lines(bench: Bench) -> None:
    """Five thousand problems are told in a few lines."""
    config = bench("\n".join(f"[unknown{n}]" for n in range(5000)))
    with pytest.raises(ConfigError) as told:
        load(config)
    assert len(told.value.problems) == 5000
    assert len(str(told.value)) < 5000
    assert str(told.value).endswith("and 4990 more")


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://admin:hunter2/x@10.0.0.3/stream",
        "rtsp://admin:hunter2#x@10.0.0.3/stream",
        "rtsp://admin:12345/x@10.0.0.3/stream",
        "rtsp://admin:12345?hunter2@10.0.0.3/stream",
        "admin:hunter2@10.0.0.3/stream",
        "rtsp://[::1/hunter2",
        "rtsp:///hunter2",
        "rtsp://cam/ hunter2",
        "rtsp://admin:hun@ter/hunter2@cam/x",
    ],
)
def test_address_that_may_hold_password_anywhere(source: str, bench: Bench) -> None:
    """An address that may hold a password anywhere is refused without being repeated."""
    with pytest.raises(ConfigError) as told:
        load(bench(f'[[camera]]\nsource = "{source}"\n'))
    assert "camera[0].source" in str(told.value)
    assert "hunter2" not in str(told.value)
    assert "12345" not in str(told.value)


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://10.0.0.3/stream1",
        "rtsp://admin:secret@cam.local:8554/a?b=c",
        "rtsp://[fe80::1]:554/x",
        "/dev/video0",
        "clips/a@b.mp4",
        "http://10.0.0.1/video@720p.mjpg",
        "/dev/v4l/by-path/platform-a:0@1-index0",
    ],
)
def test_an_address_that_is_one_is_taken(source: str, bench: Bench) -> None:
    assert load(bench(f'[[camera]]\nsource = "{source}"\n')).settings.cameras[0].source.endswith(source)


def test_a_long_name_of_a_file_with_dots_is_no_key(bench: Bench) -> None:
    dotted = ".".join("abcdefghijklmnopqrstuvwxyz")
    config = bench(f'[[camera]]\nsource = "/srv/{dotted}.mp4"  # {dotted}\n')
    config.write_text(config.read_text().replace("[pole]", f"# see {' '.join(dotted.split('.'))}\n[pole]"))
    assert load(config).settings.cameras[0].source.endswith(f"{dotted}.mp4")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://admin:hunter2@cam:554/live?password=hunter2", "rtsp://cam:554/live"),
        ("rtsp://cam/user=a&password=hunter2&channel=1", "rtsp://cam/user=a&password=…&channel=1"),
        ("rtsp://cam/live/admin:hunter2", "rtsp://cam/live/admin:…"),
        ("rtsp://cam/passwd:hunter2/live", "rtsp://cam/passwd:…/live"),
        ("rtsp://admin:hunter2/x@cam/live", "rtsp://…"),
        ("admin:hunter2@cam/live", "…"),
        ("/dev/v4l/by-path/a:0@1", "/dev/v4l/by-path/a:0@1"),
    ],
)
def test_people_are_shown_address_without_its_secrets(source: str, shown: str) -> None:
    """People are shown an address without its secrets."""
    assert plain(source) == shown


HOSTS = {
    "mqtt.sumedang.go.id": True,
    "10.0.0.2": True,
    "::1": True,
    "fe80::1%eth0": True,
    "pole:hunter2@broker": False,
    "mqtt://broker": False,
    "broker/x": False,
    "a b": False,
}


@pytest.mark.parametrize(("host", "fine"), HOSTS.items())
def test_the_broker_is_a_name_or_an_address(host: str, fine: bool, bench: Bench) -> None:
    config = bench(f'[mqtt]\nhost = "{host}"\n')
    if fine:
        assert load(config).settings.mqtt is not None
    else:
        with pytest.raises(ConfigError, match=r"mqtt\.host") as told:
            load(config)
        assert "hunter2" not in str(told.value)
