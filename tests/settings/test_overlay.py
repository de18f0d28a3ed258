"""The overlay: what was drawn on the page lies over pole.toml, and comes off again when it does not hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.cli import main
from pole_agent.errors import ConfigError
from pole_agent.settings import overlay
from pole_agent.settings.load import keep_last_good, load, load_or_last_good, without_overlay

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]
OTHER = [[0.6, 0.6], [0.9, 0.6], [0.9, 0.9]]
DRAWN = {
    "zone": [{"name": "yard", "polygon": SQUARE}],
    "rule": [{"name": "in-yard", "kind": "presence", "zone": "yard"}],
    "masks": {"street": [OTHER]},
}


def written(folder: Path, drawn: Any = None, more: str = "") -> Path:
    file = folder / "pole.toml"
    file.write_text(
        f"""
[pole]
id = "T-1"
site = "test"
latitude = -6.8586
longitude = 107.9164
[storage]
state_dir = "state"
[[camera]]
name = "street"
source = "rtsp://127.0.0.1/x"
masks = [{json.dumps(SQUARE)}]
[[zone]]
name = "road"
polygon = {json.dumps(OTHER)}
[[line]]
name = "gate"
from = [0.1, 0.5]
to = [0.9, 0.5]
[[rule]]
name = "on-road"
kind = "presence"
zone = "road"
{more}
"""
    )
    (folder / "state").mkdir(exist_ok=True)
    if drawn is not None:
        text = drawn if isinstance(drawn, str) else json.dumps(drawn)
        (folder / "state" / overlay.FILE).write_text(text)
    return file


def test_on_top(tmp_path: Path) -> None:
    """Zones, lines and rules take the place of those of the file, masks are added; the hash changes."""
    file = written(tmp_path)
    plain = load(file)
    written(tmp_path, DRAWN)
    found = load(file)
    assert [z.name for z in found.settings.zones] == ["yard"]
    assert [r.name for r in found.settings.rules] == ["in-yard"]
    assert [n.name for n in found.settings.lines] == ["gate"], "what was not drawn stays"
    assert [list(map(list, m)) for m in found.settings.cameras[0].masks] == [SQUARE, OTHER]
    assert found.digest != plain.digest and not found.degraded
    again = without_overlay(found, file)
    assert (again.settings, again.digest) == (plain.settings, plain.digest)


def test_unnamed_camera(tmp_path: Path) -> None:
    """A camera that has no name in pole.toml is called street, also by the masks of the overlay."""
    file = written(tmp_path, {"masks": {"street": [OTHER]}})
    file.write_text(file.read_text().replace('name = "street"\n', ""))
    found = load(file)
    assert not found.degraded
    assert [list(map(list, m)) for m in found.settings.cameras[0].masks] == [SQUARE, OTHER]


@pytest.mark.parametrize(
    ("drawn", "where"),
    [
        ({"zone": [{"name": f"zone-{n}", "polygon": OTHER} for n in range(65)]}, "zone"),
        ({"line": [{"name": f"line-{n}", "from": [0, 0], "to": [1, 1]} for n in range(65)]}, "line"),
        ({"rule": [{"name": f"{n}", "kind": "presence", "zone": f"zone-{n}"} for n in range(2000)]}, "rule"),
        ({"masks": {"street": [OTHER] * 65}}, "masks.street"),
    ],
)
def test_too_many(drawn: dict[str, Any], where: str) -> None:
    """What is too much is told as that, before names are compared: an answer took seconds, and megabytes."""
    with pytest.raises(ConfigError) as caught:
        overlay.parse(json.dumps(drawn))
    assert [p.path for p in caught.value.problems] == [where]
    assert "expected a list of at most 64" in str(caught.value)


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ("{", "overlay.json: invalid JSON"),
        ("[]", "overlay.json: not a JSON object"),
        ('"' + "x" * overlay.MAX_BYTES + '"', "overlay.json: "),
        ("[" * 100_000, "overlay.json: invalid JSON"),
        ({"lamp": {"pin": 4}}, "lamp: may not be in an overlay; expected zone, line, rule, masks"),
        ({"mqtt": {"host": "evil.example"}}, "mqtt: may not be in an overlay"),
        ({"camera": []}, "camera: may not be in an overlay"),
        ({"page": {"host": "0.0.0.0"}}, "page: may not be in an overlay"),
        ({"drone": {"approval": "automatic"}}, "drone: may not be in an overlay"),
        ({"zone": {}}, "zone: expected a list of tables"),
        ({"rule": ["x"]}, "rule: expected a list of tables"),
        ({"masks": []}, "masks: expected a list of polygons for each camera"),
        ({"masks": {"other": [OTHER]}}, "masks.other: unknown camera; expected one of street"),
        ({"masks": {"street": [[[0, 0]]]}}, "camera[0].masks[1]: "),
        ({"zone": [{"name": "z", "polygon": [[0, 0], [2, 0], [1, 1]]}]}, "zone[0].polygon[1][0]: "),
        ({"zone": []}, 'rule[0].zone: unknown zone "road"'),
        ({"rule": [{"name": "r", "kind": "presence", "zone": "q"}]}, 'rule[0].zone: unknown zone "q"'),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], drawn: Any, said: str) -> None:
    """An overlay that does not fit is left out: the pole runs with its file, and says why; `check` fails."""
    file = written(tmp_path, drawn)
    found = load(file)
    assert [z.name for z in found.settings.zones] == ["road"]
    assert found.overlay == overlay.NONE
    assert found.degraded.startswith("the overlay of the page is not used: ") and said in found.degraded
    assert main(["check", "--config", str(file)]) == 2
    assert said in capsys.readouterr().err


def test_check_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` says what comes from the page."""
    file = written(tmp_path, DRAWN, '[lamp]\nbackend = "mock"\n')
    main(["check", "--config", str(file)])
    said = capsys.readouterr().out.splitlines()[0]
    main(["explain", "--config", str(file), "--lang", "en"])
    explained = capsys.readouterr()
    assert said in explained.err and "2 parts of the picture are burned black" in explained.out
    assert said == (
        f"1 zones, 0 lines and 1 rules come from the page, and 1 masks are added by it "
        f"({tmp_path}/state/overlay.json)"
    )


masks = st.lists(st.sampled_from([SQUARE, OTHER]), max_size=4)


@given(masks)
def test_no_mask_goes(added: list[Any]) -> None:
    """Whatever the overlay says, the masks of pole.toml stay, first and whole."""
    document = {"camera": [{"name": "yard", "masks": [SQUARE]}, {"source": "x"}]}
    drawn = overlay.Overlay({"masks": {"yard": added, "street": added}})
    found = overlay.laid_over(document, drawn)
    assert found["camera"][0]["masks"] == [SQUARE, *added]
    assert found["camera"][1]["masks"] == added
    assert document == {"camera": [{"name": "yard", "masks": [SQUARE]}, {"source": "x"}]}


def test_last_good(tmp_path: Path) -> None:
    """A broken pole.toml runs as its last good copy, with the overlay that was on it."""
    file = written(tmp_path, DRAWN)
    keep_last_good(load(file))
    file.write_text('state_dir = "state"\nbroken')
    found = load_or_last_good(file)
    assert [z.name for z in found.settings.zones] == ["yard"] and "last good" in found.degraded


@pytest.mark.parametrize("before", ["", json.dumps(DRAWN)])
def test_trial(tmp_path: Path, before: str) -> None:
    """A saved overlay is on trial: taken back, the former one is there to the byte; confirmed, it stays."""
    file = tmp_path / overlay.FILE
    for end in (overlay.take_back, overlay.confirm):
        file.unlink(missing_ok=True)
        if before:
            file.write_text(before)
        for text in ('{"zone": []}', '{"line": []}'):  # the second while the first is on trial
            overlay.save(tmp_path, text)
            assert overlay.on_trial(tmp_path) and file.read_text() == text
        assert file.stat().st_mode & 0o777 == 0o600
        end(tmp_path)
        assert not overlay.on_trial(tmp_path)
        left = file.read_text() if file.exists() else ""
        assert left == (before if end is overlay.take_back else '{"line": []}')
        assert not overlay.take_back(tmp_path), "once is enough"
        assert sorted(os.listdir(tmp_path)) == ([overlay.FILE] if left else [])


def test_nothing_drawn(tmp_path: Path) -> None:
    """Back to pole.toml: an empty overlay is none, and leaves no file."""
    overlay.save(tmp_path, json.dumps(DRAWN))
    overlay.confirm(tmp_path)
    overlay.save(tmp_path, "")
    assert overlay.read(tmp_path) == overlay.NONE
    overlay.confirm(tmp_path)
    assert os.listdir(tmp_path) == []
    with pytest.raises(ConfigError):
        overlay.parse("")
