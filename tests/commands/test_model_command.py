"""`pole-agent model`: as a process, with a server on loopback and the shipped model in other folders."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.console.download import fetch
from pole_agent.errors import ModelError
from pole_agent.settings.camera import DetectorSettings
from pole_agent.settings.load import load
from pole_agent.vision import card as cards
from tests.cli import call
from tests.conftest import ROOT

SHIPPED = ROOT / "models" / "nanodet-g-320-int8.onnx"
CARD = SHIPPED.with_suffix(".toml")
BLOB = SHIPPED.read_bytes()
SHA256 = hashlib.sha256(BLOB).hexdigest()


class Server:
    """Serves one file. `breaks_after`: hang up once, after so many bytes; `ranges`: understands Range."""

    def __init__(self, blob: bytes = BLOB, *, breaks_after: int | None = None, ranges: bool = True) -> None:
        self.asked: list[str | None] = []
        served = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                nonlocal breaks_after
                wanted = self.headers["Range"]
                served.asked.append(wanted)
                if self.path != "/model.onnx":
                    self.send_error(404)
                    return
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and ranges else 0
                self.send_response(206 if wanted and ranges else 200)
                self.send_header("Content-Length", str(len(blob) - start))
                self.end_headers()
                end, breaks_after = breaks_after, None
                self.wfile.write(blob[start:end])

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/model.onnx"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def start(*args: Any, **more: Any) -> Server:
        made.append(Server(*args, **more))
        return made[-1]

    yield start
    for server in made:
        server.close()


def _fetch(source: str, target: Path) -> list[int]:
    steps: list[int] = []
    fetch(source, target, len(BLOB), SHA256, lambda have, _: steps.append(have))
    return steps


def test_a_download_goes_on_where_it_broke_off(tmp_path: Path, serve: Callable[..., Server]) -> None:
    server, target = serve(breaks_after=100_000), tmp_path / "m" / "model.onnx"
    with pytest.raises(ModelError, match="100000 of"):
        _fetch(server.url, target)
    assert not target.exists()
    steps = _fetch(server.url, target)
    assert server.asked == [None, "bytes=100000-"]
    assert (steps[0] > 100_000, steps[-1]) == (True, len(BLOB))
    assert target.read_bytes() == BLOB
    assert [p.name for p in target.parent.iterdir()] == ["model.onnx"]


def test_a_server_without_ranges_sends_it_again(tmp_path: Path, serve: Callable[..., Server]) -> None:
    server, target = serve(breaks_after=100_000, ranges=False), tmp_path / "model.onnx"
    with pytest.raises(ModelError):
        _fetch(server.url, target)
    assert _fetch(server.url, target)[0] < 100_000
    assert target.read_bytes() == BLOB


@pytest.mark.parametrize("blob", [BLOB[:-1] + b"?", BLOB + b"more" * 100_000], ids=["another", "longer"])
def test_another_file_is_refused_and_gone(blob: bytes, tmp_path: Path, serve: Callable[..., Server]) -> None:
    """Neither the model nor its part stays, and a longer file is not read to its end."""
    with pytest.raises(ModelError, match="sha256"):
        _fetch(serve(blob).url, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_fetched_is_told(tmp_path: Path, serve: Callable[..., Server]) -> None:
    """Not found, refused, not encrypted, a file of another size, a file that is not there."""
    server = serve()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed_url = f"http://127.0.0.1:{nobody.getsockname()[1]}/model.onnx"
    short = tmp_path / "short.onnx"
    short.write_bytes(BLOB[:1000])
    for source, why in (
        (server.url + "x", "404"),
        (closed_url, "refused"),
        ("http://example.org/model.onnx", "https"),
        ("ftp://example.org/model.onnx", "https"),
        (str(short), "1000"),
        (str(tmp_path / "none"), "No such file"),
    ):
        with pytest.raises(ModelError, match=why):
            _fetch(source, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def _own_card(folder: Path, url: str) -> Path:
    path = folder / "own.toml"
    text = CARD.read_text().replace('name = "nanodet-g-320-int8"', 'name = "own-streets"')
    path.write_text(f'{text}\n[download]\nurl = "{url}"\nbytes = {len(BLOB)}\n')
    return path


def test_get_use_and_list(tmp_path: Path, serve: Callable[..., Server], bench: Callable[..., Path]) -> None:
    """A card of one's own is fetched, chosen and listed; the configuration keeps its comments and mode."""
    folder, config = tmp_path / "models", bench()
    got = call("model", "get", str(_own_card(tmp_path, serve().url)), "--folder", str(folder))
    assert got.returncode == 0, got.stderr
    assert (folder / SHIPPED.name).read_bytes() == BLOB
    assert cards.read(folder / "own-streets.toml").name == "own-streets"
    config.write_text("# mine\n" + config.read_text())
    config.chmod(0o640)
    used = call("model", "use", "own-streets", "--folder", str(folder), "--config", str(config))
    assert used.returncode == 0, used.stderr
    assert load(config).settings.detector.model == str(folder / "own-streets.toml")
    assert config.read_text().startswith("# mine\n")
    assert config.stat().st_mode & 0o777 == 0o640
    listed = json.loads(call("model", "list", "--json", "--folder", str(folder)).stdout)
    assert {e["name"]: e["state"] for e in listed} == {
        "nanodet-g-320-int8": "shipped",
        "nanodet-g-street-384-int8": "shipped",
        "own-streets": "installed",
        "yolox-nano": "available",
    }


def test_add_writes_the_card_of_a_file(tmp_path: Path) -> None:
    """What the file says of itself is what the shipped card says."""
    folder = tmp_path / "models"
    added = call(
        *("model", "add", str(SHIPPED), "--name", "mine", "--family", "nanodet", "--folder", str(folder)),
        *("--licence", "Apache-2.0", "--origin", 'our "own" streets'),
    )
    assert added.returncode == 0, added.stderr
    mine, shipped = cards.read(folder / "mine.toml"), cards.read(CARD)
    same = ("width", "height", "planar", "strides", "bins", "classes", "sha256", "padding", "input_name")
    assert [getattr(mine, key) for key in same] == [getattr(shipped, key) for key in same]
    assert mine.origin == 'our "own" streets'


@pytest.mark.parametrize(
    ("file", "family", "why"),
    [(SHIPPED, "yolox", "output"), (SHIPPED, "ssd", "ssd"), (CARD, "nanodet", "ONNX Runtime")],
    ids=["another family", "no family", "no model"],
)
def test_add_refuses_what_does_not_fit(file: Path, family: str, why: str, tmp_path: Path) -> None:
    """Nothing stays behind, and a model of that name goes on as it was."""
    folder = tmp_path / "models"
    (folder).mkdir()
    for name in (f"{file.stem}.onnx", f"{file.stem}.toml"):
        (folder / name).write_text("as before")
    done = call(
        *("model", "add", str(file), "--family", family, "--licence", "x", "--origin", "y"),
        *("--folder", str(folder)),
    )
    assert done.returncode == 1
    assert why in done.stderr
    assert {p.name: p.read_text() for p in folder.iterdir()} == {
        f"{file.stem}.onnx": "as before",
        f"{file.stem}.toml": "as before",
    }


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "", ".hidden", "a b", "x" * 65])
def test_a_name_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "inner" / "models"
    done = call(
        *("model", "add", str(SHIPPED), f"--name={name or ' '}", "--family", "nanodet"),
        *("--licence", "x", "--origin", "y", "--folder", str(folder)),
    )
    assert (done.returncode, "invalid model name" in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_unknown_names_are_told(tmp_path: Path, bench: Callable[..., Path]) -> None:
    config = bench()
    text = config.read_text()
    for words, why in (
        (("get", "nonsense"), "yolox-nano"),
        (("get", str(CARD)), "download"),
        (("use", "nonsense", "--config", str(config)), "nanodet-g-320-int8"),
        (("use", "yolox-nano", "--config", str(config)), "pole-agent model get yolox-nano"),
    ):
        done = call("model", *words, "--folder", str(tmp_path / "models"))
        assert (done.returncode, why in done.stderr) == (1, True), done.stderr
    assert config.read_text() == text


def test_bench_recommends_a_model(tmp_path: Path) -> None:
    done = call("bench", "--models", "--json", "--fps", "1")
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["recommended"] == DetectorSettings().model, "the more accurate one, where both keep up"
    assert {m["name"] for m in told["models"]} == set(cards.shipped())
    assert all(m["each_ms"] > 0 for m in told["models"])
