"""The targets of scripts/fuzz: each takes its seeds and refuses garbage; and what a finding is."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from fuzzing import judge
from fuzzing.judge import Finding, judged
from fuzzing.kept import Kept
from fuzzing.mutate import mutator
from fuzzing.target import Lost, Ready, Target
from fuzzing.targets import TARGETS, find

from pole_agent.health import clock_memory

SLOW = {
    "database": 4,
    "listen": 40,
    "configuration": 20,
    "onvif": 20,
    "rtsp": 1,
}  # inputs, of a target that takes long for one
MANY = 100


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def garbage(ready: Ready, count: int) -> Iterator[bytes]:
    """Mutated seeds, the same at each run."""
    random = Random(1)

    def plain(data: bytes, _most: int) -> bytes:
        at = random.randrange(len(data) + 1)
        return data[:at] + random.randbytes(random.randrange(8)) + data[at + random.randrange(8) :]

    mutate = mutator(ready, plain)
    for number in range(count):
        yield mutate(random.choice(ready.seeds), 4096, number)


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.name)
def test_a_target_takes_seeds_and_garbage(target: Target, tmp_path: Path) -> None:
    ready = target.prepare(tmp_path)
    assert ready.seeds
    count = SLOW.get(target.name, MANY)
    for data in (*ready.seeds[:count], b"", b"\xff" * 40, *garbage(ready, count)):
        assert judged(ready.take, data) is None, data


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "database",
            bytes.fromhex("0a0716d800b308ff087e01ffffd62b"),
        ),  # a row that claims to be larger than all memory
        (
            "database",
            bytes.fromhex("0831636302022f2ffeff08feff080001ff02"),
        ),  # and so at the check of the file
        ("database", bytes.fromhex("0140ffffffffe700")),  # a schema that is no text
        ("database", bytes.fromhex("0018232188ff13002a23001808")),  # a format of the future
        ("database", b"\0" + bytes((0, 0, 18, 0, 1, 9))),  # one that may not be written
        ("database", bytes.fromhex("02c4ef4401000009ff")),  # a severity that is none
        ("kept", b'clock\0{"monotonic": ' + b"9" * 400 + b"}"),
    ],
)
def test_what_was_a_finding_is_none(name: str, found: bytes, tmp_path: Path) -> None:
    assert judged(find(name).prepare(tmp_path).take, found) is None


def test_a_clock_of_a_thousand_digits_is_none(tmp_path: Path) -> None:
    (tmp_path / clock_memory.FILE_NAME).write_text('{"monotonic": ' + "9" * 1000 + ', "boot_id": "b"}')
    memory = clock_memory.load(tmp_path)
    assert (memory.monotonic, memory.boot_id) == (clock_memory.Memory().monotonic, "b")


def fails(data: bytes) -> None:
    if data == b"lost":
        raise Lost("nobody counted it: 7")
    raise KeyError(data)


def test_what_a_finding_is() -> None:
    """One for each place, whatever the input was; slow is what is slow each time."""
    found = [judged(fails, data) for data in (b"a", b"b", b"lost")]
    assert all(found)
    assert found[0] and found[1] and found[0].where == found[1].where
    assert found[2] == Finding(
        kind="lost", where="lost: nobody counted it", text="Lost: nobody counted it: 7"
    )
    waits = [0.05, 0.0]
    assert judge.slow(lambda _: time.sleep(waits.pop(0)), b"", 0.009) is False
    assert judge.slow(lambda _: time.sleep(0.05), b"", 0.009) is True
    assert judge.slow(lambda _: time.sleep(0.05), b"", 0.05) is False
    assert judged(lambda _: None, b"") is None


def test_what_stays_between_runs(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    ready = Ready(take=fails, seeds=[b"one", b"two"], words=['"x"', b"\xff\n"])
    assert sorted(f.read_bytes() for f in kept.corpus("t", ready).iterdir()) == [b"one", b"two"]
    assert kept.dictionary("t", ready).read_text() == '"\\x22x\\x22"\n"\\xff\\x0a"\n'
    finding = Finding(kind="lost", where="here", text="why")
    file = kept.keep("t", finding, b"data")
    assert file.read_bytes() == b"data"
    assert file.with_suffix(".txt").read_text().splitlines()[-1] == f"scripts/fuzz t --one {file}"
    assert kept.keep("t", finding, b"other") == file
    assert (kept.add({"t": 3}), kept.add({"t": 4, "u": 1})) == (3, 8)
    assert json.loads((tmp_path / "total.json").read_text()) == {"t": 7, "u": 1}


def test_an_unknown_target_is_told() -> None:
    with pytest.raises(LookupError, match="there are: commands, "):
        find("nothing")
