"""What the daemon tells of updates: of a file that is there, missing, damaged or hostile."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.remote.telling import MAX_BYTES, Places, Running, Told, told, unreadable
from pole_agent.uplink.events import encode
from tests.contracts.test_payload_contract import valid

OURS = Running("a" * 64, "0.1.0")
GOOD: dict[str, Any] = {
    "config": {
        "wanted": "a" * 64,
        "running": "a" * 64,
        "state": "kept",
        "problems": [{"key": "rule[0].zone", "problem": "no such zone"}],
        "at": 1_795_500_000,
    },
    "version": {"wanted": "0.2.0", "running": "0.1.0", "state": "held", "problems": [], "at": None},
    "sync": {"state": "ok", "problem": None, "last_ok": 1_795_500_000.5, "expires": 1_796_000_000},
}


def of(document: Any) -> Told:
    """What is told, held against the contract."""
    found = told(document if isinstance(document, bytes) else json.dumps(document).encode(), OURS)
    valid("config", found.config)
    valid("version", found.version)
    assert (found.config["running"], found.version["running"]) == (OURS.config, OURS.version)
    assert len(encode([found.config, found.version])) < 16_384
    return found


def changed(part: str, **values: Any) -> dict[str, Any]:
    return GOOD | {part: GOOD[part] | values}


def test_a_good_file_is_told_as_it_is() -> None:
    """Times as everywhere in the contract."""
    found = of(GOOD)
    assert found.config == GOOD["config"] | {
        "at": "2026-11-24T06:00:00.000Z",
        "sync": {
            "state": "ok",
            "problem": None,
            "last_ok": "2026-11-24T06:00:00.500Z",
            "expires": "2026-11-30T00:53:20.000Z",
        },
    }
    assert found.version == GOOD["version"]
    assert found.trouble == ""


def test_no_file_is_no_state() -> None:
    """Nothing is wanted, and what runs is known."""
    found = told(None, OURS)
    nothing: dict[str, Any] = {"wanted": None, "state": "none", "problems": [], "at": None}
    assert found.config == nothing | {"running": OURS.config, "sync": None}
    assert found.version == nothing | {"running": OURS.version}
    assert found.trouble == ""


def test_own_evidence_rules_over_the_file() -> None:
    """What runs is what the daemon runs; where another one was kept, that is a problem. One that is tried may
    run a moment later.
    """
    words = "the pole runs another configuration or version than the one that was kept"
    kept = of(changed("config", running="b" * 64))
    assert kept.config["problems"][0] == {"key": "", "problem": words}
    assert (
        of(changed("config", running="b" * 64, state="trying")).config["problems"]
        == GOOD["config"]["problems"]
    )
    assert of(changed("version", running="9", state="kept")).version["problems"][0]["problem"] == words


def test_a_frozen_repository_is_trouble() -> None:
    """A failure is not: the line may be bad for days."""
    frozen = of(changed("sync", state="frozen", problem="timestamp.json\nhas expired"))
    assert frozen.trouble.startswith(
        "signatures of the repository have expired, so no update is installed: timestamp"
    )
    assert "\n" not in frozen.trouble
    assert of(changed("sync", state="failed", problem="no route")).trouble == ""
    assert of({k: v for k, v in GOOD.items() if k != "sync"}).config["sync"] is None


def test_a_long_list_is_cut_and_says_so() -> None:
    """Twenty rows, the last of which counts the rest; long words are cut, and none steers a terminal."""
    rows = [{"key": "k" * 5000, "problem": "\x1b[2J" + "ä" * 900}] * 50
    problems = of(changed("config", problems=rows)).config["problems"]
    assert len(problems) == 20
    assert problems[-1] == {"key": "", "problem": "31 more problems"}
    assert (len(problems[0]["key"]), len(problems[0]["problem"])) == (100, 200)
    assert problems[0]["problem"].startswith("\\x1b[2J")
    assert len(of(changed("config", problems=rows[:20])).config["problems"]) == 20


DAMAGED: list[Any] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff\xfe",
    b"[" * 60_000,
    b'{"config":' * 5000,
    {},
    GOOD | {"config": None},
    changed("config", state="happy"),
    changed("config", wanted=7),
    changed("config", wanted="x" * 101),
    changed("config", problems=[{"key": "x"}]),
    changed("config", problems={"key": "x"}),
    changed("config", at=-1),
    changed("config", at=1e300),
    changed("config", at="now"),
    json.dumps(changed("config", at=0)).replace(": 0", ": NaN").encode(),
    json.dumps(changed("config", at=0)).replace(": 0", ": 1e999").encode(),
    json.dumps(changed("config", at=0)).replace(": 0", ": " + "9" * 5000).encode(),
    changed("version", running=["0.1.0"]),
    changed("sync", state=None),
    GOOD | {"sync": []},
]


@pytest.mark.parametrize("document", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_told(document: Any) -> None:
    """The state is unknown, never an invented one, and the pole says where it is damaged."""
    found = of(document)
    assert (found.config["state"], found.version["state"]) == ("unknown", "unknown")
    assert found.trouble.startswith("the state of updates cannot be read: status.json is damaged at ")
    assert found.config["problems"] == [{"key": "", "problem": found.trouble}]


ANYTHING = st.recursive(st.none() | st.floats() | st.text(), st.lists).map(lambda d: json.dumps(d).encode())


@given(st.binary(max_size=400) | ANYTHING)
def test_no_bytes_do_harm(blob: bytes) -> None:
    """Whatever they are, there is something to tell."""
    of(blob)


def test_a_later_version_may_say_more() -> None:
    """Keys that this one does not know are passed over."""
    assert of(changed("config", colour="blue") | {"more": 1}).config["state"] == "kept"


def test_a_change_is_seen_once(tmp_path: Path) -> None:
    """By what the file system says of it; it is not read for that."""
    places = Places(tmp_path / "status.json", tmp_path / "remote.toml")
    assert (places.changed(), places.changed(), places.read(), places.set_up()) == (True, False, None, False)
    places.status.write_text("1")
    assert (places.changed(), places.changed(), places.read()) == (True, False, b"1")
    (tmp_path / "next").write_text("2")
    os.utime(tmp_path / "next", ns=(0, places.status.stat().st_mtime_ns))
    (tmp_path / "next").replace(places.status)
    assert (places.changed(), places.read()) == (True, b"2"), "of the same size and time, but another file"
    places.status.unlink()
    places.setup.touch()
    assert (places.changed(), places.read(), places.set_up()) == (True, None, True)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a folder, a file without end: refused, and what runs is told all the same."""
    places = Places(tmp_path / "status.json")
    os.mkfifo(places.status)
    with pytest.raises(ValueError, match="file"):
        places.read()
    places.status.unlink()
    places.status.mkdir()
    with pytest.raises((OSError, ValueError)):
        places.read()
    places.status.rmdir()
    places.status.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(ValueError, match="at most 65536"):
        places.read()
    assert unreadable("why", OURS).config["running"] == OURS.config
