"""Files that people or a power cut damage: configuration, overlay, model cards, blocks of trajectories."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fuzzing.target import ROOT, Lost, Ready, Target

TOML_WORDS = (
    "[[", "]]", "[", "]", " = ", "inf", "-inf", "nan", "1e400", "0x", "'''", '"""', "\\u0000", "\\ud800",
    "true",
    "2026-11-24", "2026-11-24T05:00:00Z", "05:00:00", "1_0", "9" * 30, "{", "}", ".", "\ufeff", "\u00a0",
    "sunset-1h",
    "{ a = 1 }", "[[0,0],[1,0],[1,1]]", "rtsp://[::1", "http://a:b@c:99999/",
)  # fmt: skip


def prepare_configuration(folder: Path) -> Ready:
    from pole_agent.errors import ConfigError
    from pole_agent.settings import Settings
    from pole_agent.settings.load import examine_file

    file = folder / "pole.toml"

    def take(data: bytes) -> None:
        file.write_bytes(data)
        try:
            examined = examine_file(file)
        except ConfigError as error:
            _told(error)
            return
        if examined.settings is None and not examined.problems:
            raise Lost("a configuration that is neither accepted nor refused")

    known = ROOT / "config"
    seeds = [
        known / "pole.toml",
        ROOT / "pole_agent" / "demo" / "pole.toml",
        *sorted((known / "sites").rglob("*.toml")),
    ]
    return Ready(
        take=take,
        seeds=[bare(s).encode() for s in seeds],
        words=(*TOML_WORDS, *_keys(Settings.model_json_schema())),
    )


def prepare_overlay(folder: Path) -> Ready:
    from pole_agent.errors import ConfigError
    from pole_agent.settings import overlay
    from pole_agent.settings.load import Loaded, parse, with_overlay

    file = folder / overlay.FILE
    pole = folder / "pole.toml"
    text = small(folder)
    plain = Loaded(parse(text, str(pole), folder), text)

    def take(data: bytes) -> None:
        file.write_bytes(data)
        try:
            with_overlay(plain, pole, overlay.read(folder))
        except ConfigError as error:
            _told(error)

    drawn: dict[str, Any] = {
        "zone": [{"name": "door", "camera": "street", "polygon": [[0, 0], [1, 0], [1, 1]]}],
        "line": [{"name": "kerb", "camera": "street", "from": [0, 0.5], "to": [1, 0.5]}],
        "rule": [{"name": "watch", "kind": "presence", "zone": "door", "classes": ["person"], "after_s": 5}],
        "masks": {"street": [[[0, 0], [0.1, 0], [0.1, 0.1]]]},
    }
    seeds = [json.dumps(drawn).encode(), *(json.dumps({k: v}).encode() for k, v in drawn.items())]
    words = (
        "zone",
        "line",
        "rule",
        "masks",
        "street",
        "NaN",
        "1e999",
        "null",
        "[[0,0],[1,1]]",
        '"\\ud800"',
        "\\u0000",
    )
    return Ready(take=take, seeds=seeds, words=words)


def bare(path: Path) -> str:
    """A TOML file without its comments: mutations shall meet what counts."""
    lines = re.sub(r"(?m)^#.*\n|[ \t]+#[^\"'\n]*$", "", path.read_text())
    return re.sub(r"\n{2,}", "\n", lines)


def small(folder: Path) -> str:
    return f"""
[pole]
id = "T-1"
site = "test"
latitude = -6.8586
longitude = 107.9164
[storage]
state_dir = "{folder}"
[[camera]]
name = "street"
source = "rtsp://192.0.2.1/a"
"""


def prepare_cards(folder: Path) -> Ready:
    from pole_agent.errors import ModelError
    from pole_agent.vision import card, catalogue

    file = folder / "model.toml"

    def take(data: bytes) -> None:
        file.write_bytes(data)
        try:
            card.verify(catalogue.read(file, "available").card)
        except ModelError:
            return

    seeds = [
        re.sub(r"classes = \[.*?\]", 'classes = ["person", "car"]', bare(path), flags=re.DOTALL).encode()
        for path in sorted((ROOT / "models").glob("*.toml"))
    ]
    return Ready(take=take, seeds=seeds, words=TOML_WORDS)


def prepare_blocks(_: Path) -> Ready:
    """An input is a file of blocks, or, behind a first byte 1, what lies deflated in one."""
    import zlib

    from pole_agent.trajectories.blocks import FRAME, HEADER, MAGIC, Block, blocks, encode, span_of
    from pole_agent.trajectories.looks import Look, Row, RowKind, Span
    from pole_agent.vocabulary import Box

    def take(data: bytes) -> None:
        kind, data = data[:1], data[1:]
        if kind == b"\1":
            body = zlib.compress(data, 1)
            data = FRAME.pack(MAGIC, len(body), zlib.crc32(body)) + body
        lost = found = 0
        for part in blocks(data):
            if isinstance(part, Block):
                found += 1
                span = span_of(part)
                encode(span)
            else:
                lost += part
        if (data and not (lost or found)) or lost > len(data):
            raise Lost("bytes that are neither block nor rest")

    row = Row(kind=RowKind.SEEN, number=3, label="person", box=Box(0.1, 0.1, 0.2, 0.4), score=0.9, age_s=0.0)
    looks = tuple(Look(at=10.0 + n / 5, blind=False, gap_s=0.0, rows=(row,)) for n in range(4))
    span = Span(run=1, part=0, since=10.0, until=12.0, wall=1e9, trusted=True, aspect=1.78, looks=looks)
    whole = encode(span)
    inside = zlib.decompress(whole[FRAME.size :])
    return Ready(
        take=take,
        seeds=[b"\0" + whole, b"\0" + whole + b"rest" + whole, b"\1" + inside, b"\1" + inside[: HEADER.size]],
        words=(MAGIC,),
    )


def _told(error: Any) -> None:
    """Whoever reads it needs a line for each problem."""
    if not str(error).strip() or not error.problems:
        raise Lost("a refusal without a reason")


def _keys(schema: Any) -> list[str]:
    found: set[str] = set()
    match schema:
        case dict():
            found = {str(k) for k in schema.get("properties", {})}
            found |= {str(v) for v in schema.get("enum", ()) if isinstance(v, str)}
            for inner in schema.values():
                found |= set(_keys(inner))
        case list():
            for inner in schema:
                found |= set(_keys(inner))
    return sorted(found)


TARGETS = (
    Target(
        name="configuration",
        about="pole.toml, with all its problems",
        prepare=prepare_configuration,
        most_bytes=6000,
        native="pydantic's core",
    ),
    Target(name="overlay", about="overlay.json, read and laid over a pole.toml", prepare=prepare_overlay),
    Target(name="cards", about="the card of a model", prepare=prepare_cards),
    Target(
        name="blocks", about="files of trajectories", prepare=prepare_blocks, text=False, native="numpy, zlib"
    ),
)
