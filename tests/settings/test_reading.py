"""Files of people: marks, UTF-16, line ends, passwords; the same at every place where one is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import CameraError, CommandRefused, ConfigError
from pole_agent.settings.load import keep_last_good, last_good, load
from pole_agent.settings.reading import decoded, secret
from pole_agent.uplink.command import read
from pole_agent.vision import card as cards
from pole_agent.vision.scripted import read_rows
from tests.cli import call

MARKED = ("utf-8-sig", "utf-16", "utf-16-le-marked", "utf-16-be-marked", "utf-32")
Bench = Callable[..., Path]


def saved(text: str, coding: str) -> bytes:
    if coding.endswith("-marked"):
        return ("\ufeff" + text).encode(coding.removesuffix("-marked"))
    return text.encode(coding)


@pytest.mark.parametrize("coding", MARKED)
def test_a_configuration_with_a_mark_is_the_same(coding: str, bench: Bench) -> None:
    plain = bench('[[camera]]\nname = "a"\nsource = "rtsp://kamera-é"\n')
    good = load(plain)
    marked = plain.with_name("marked.toml")
    marked.write_bytes(saved(plain.read_text().replace("\n", "\r\n"), coding))
    assert load(marked).settings == good.settings
    keep_last_good(load(marked))
    kept = last_good(marked, good.settings.storage.state_dir)
    assert kept
    assert kept.settings == good.settings


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be", "utf-32-le", "latin-1"])
def test_what_is_no_utf8_and_has_no_mark_is_named(coding: str, bench: Bench) -> None:
    """What is no utf8 and has no mark is named with what to do."""
    plain = bench('name = "é"\n')
    plain.write_bytes(plain.read_text().encode(coding))
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        load(plain)


@pytest.mark.parametrize(
    ("character", "told"),
    [
        ("\ufeff", "a byte order mark; delete it"),
        ("“", "a curly quote"),
        ("\u00a0", "a no-break space"),
        ("\u200b", "zero-width"),
    ],
)
def test_what_cannot_be_seen_in_a_line_is_named(character: str, told: str, bench: Bench) -> None:
    plain = bench()
    plain.write_text(plain.read_text().replace("[lamp]", f"{character}[lamp]"))
    with pytest.raises(ConfigError, match=told):
        load(plain)


@given(st.binary(max_size=40))
def test_any_bytes_are_text_or_a_message(blob: bytes) -> None:
    try:
        text = decoded(blob)
    except ValueError as error:
        assert "save it as UTF-8" in str(error)
    else:
        assert isinstance(text, str)


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
        lambda t: t.strip() and t.strip("\ufeff") == t
    )
)
def test_password_is_line_as_it_is_however(password: str) -> None:
    """A password is its line as it is however it was saved."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "password"
        for coding in ("utf-8", *MARKED):
            for end in ("", "\n", "\r\n", "\n\n"):
                path.write_bytes(saved(password + end, coding))
                assert secret(path) == password


@pytest.mark.parametrize(
    ("blob", "told"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"  \r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"user\nsecret\n", "several lines"),
        (b"a\0b", "NUL"),
        (b"s\0e\0c\0", "UTF-16"),
        (b"\xff\xff", "not UTF-8"),
    ],
)
def test_password_file_that_holds_none_is_named(blob: bytes, told: str, bench: Bench, tmp_path: Path) -> None:
    """A password file that holds none is named by check."""
    (tmp_path / "secret").write_bytes(blob)
    with pytest.raises(ValueError, match=told):
        secret(tmp_path / "secret")
    config = bench('[[camera]]\nsource = "rtsp://127.0.0.1/x"\nusername = "u"\npassword_file = "secret"\n')
    done = call("check", "--config", str(config))
    assert done.returncode == 2
    assert "camera[0].password_file" in done.stderr
    assert told in done.stderr


def test_a_password_with_a_space_at_its_end_is_kept(bench: Bench, tmp_path: Path) -> None:
    """A password with a space at its end is kept and told."""
    (tmp_path / "secret").write_bytes(b"pass word \r\n")
    assert secret(tmp_path / "secret") == "pass word "
    config = bench('[mqtt]\nhost = "localhost"\ntls = false\nusername = "u"\npassword_file = "secret"\n')
    done = call("check", "--config", str(config))
    assert done.returncode == 0, done.stderr
    assert "mqtt.password_file: the password in" in done.stdout


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("key", ["ca_file", "cert_file", "key_file"])
def test_a_certificate_with_a_mark_is_named_by_check(
    coding: str, key: str, bench: Bench, tmp_path: Path
) -> None:
    """A certificate with a mark is named by check and by the link."""
    from pole_agent.uplink.tls import tls_context

    files = {name: tmp_path / name for name in ("ca_file", "cert_file", "key_file")}
    for name, path in files.items():
        path.write_bytes(saved("-----BEGIN CERTIFICATE-----\n", coding if name == key else "utf-8"))
    lines = "".join(f'{name} = "{path}"\n' for name, path in files.items())
    done = call("check", "--config", str(bench('[mqtt]\nhost = "b"\n' + lines)))
    assert done.returncode == 2
    assert f"mqtt.{key}: {files[key]}: begins with a byte order mark" in done.stderr
    with pytest.raises(ValueError, match="byte order mark"):
        tls_context(files[key], None, None)


@pytest.mark.parametrize("coding", ["utf-8", *MARKED])
def test_a_command_with_a_mark_is_read(coding: str) -> None:
    payload = saved(
        json.dumps({"state": "ON", "by": "Dewi é", "command_id": "c"}, ensure_ascii=False) + "\r\n", coding
    )
    assert (read(payload).by, read(payload).body) == ("Dewi é", {"state": "ON"})


def test_command_in_utf16_without_mark_is_refused() -> None:
    """A command in utf16 without a mark is refused by name."""
    with pytest.raises(CommandRefused, match="UTF-16 text without a byte order mark"):
        read('{"state": "ON"}'.encode("utf-16-le"))


@pytest.mark.parametrize("coding", MARKED)
def test_cards_detections_keys_and_messages_with_mark(coding: str, tmp_path: Path) -> None:
    """Cards detections keys and messages with a mark are read."""
    shipped = cards.find("nanodet-g-street-384-int8")
    card = tmp_path / "card.toml"
    card.write_bytes(saved(shipped.read_text(), coding))
    assert cards.read(card).sha256 == cards.read(shipped).sha256
    rows = tmp_path / "rows.txt"
    rows.write_bytes(saved("1,1,10,10,20,20,0.9\r\n", coding))
    assert list(read_rows(rows)) == [0]
    made = call("drone", "key", "--name", "Dewi", "--out", str(tmp_path / "dewi.key"))
    assert made.returncode == 0, made.stderr
    message = {"pole": "smartpole/s/P", "patrols": [{"name": "round", "plan": "at 06:00 on mon..sun"}]}
    (tmp_path / "info.json").write_bytes(saved(json.dumps(message), coding))
    (tmp_path / "dewi.key").write_bytes(saved((tmp_path / "dewi.key").read_text(), coding))
    done = call(
        "drone",
        "sign",
        str(tmp_path / "info.json"),
        "--patrol",
        "round",
        "--key",
        str(tmp_path / "dewi.key"),
        "--by",
        "Dewi",
        "--days",
        "1",
    )
    assert "cannot be read" not in done.stderr
    assert "is no private key" not in done.stderr


def test_the_cameras_password_is_named(tmp_path: Path) -> None:
    """The cameras password is named when it cannot be used."""
    from pole_agent.camera.opening import open_capture

    (tmp_path / "secret").write_bytes(b"one\ntwo\n")
    with pytest.raises(CameraError, match="several lines"):
        open_capture("rtsp://127.0.0.1:1/x", "u", tmp_path / "secret")
