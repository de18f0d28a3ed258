"""A pole moves to another board: no number comes twice, none is missing, and nothing that waits is lost."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pole_agent.store.database import Database
from pole_agent.store.handover import MANIFEST, PART, NoArchive, pack, take, unpack
from pole_agent.store.schema import FILE_NAME
from pole_agent.store.succession import BIRTHS, SIGNED_OFF
from pole_agent.store.witness import FILE_NAME as WITNESS
from pole_agent.store.witness import read
from pole_agent.uplink.memory import MemoryBroker
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.contracts.test_receiver_example import example
from tests.world import BASE, EVENING, World, Worlds

CONFIG = '[pole]\nid = "T-1"\n'


def stamp(at: float) -> Stamp:
    return Stamp(at, "new-boot", EVENING, "synced")


def moved(archive: bytes, folder: Path) -> dict[str, Any]:
    numbers = iter(range(1_000))
    return take(unpack(archive), folder, 64, stamp, lambda: f"{folder.name}-{next(numbers)}")


async def lived(world: Worlds, bench: Callable[..., Path], folder: Path, broker: MemoryBroker) -> Path:
    """A pole that has told much, and then lost its broker: what waits lies in its store. Its state."""
    async with world(bench('[mqtt]\nhost = "127.0.0.1"\ntls = false\n'), broker=broker, waits=False) as w:
        w.broker = broker
        await w.until(lambda: w.heard("lamp/state"))
        await record(w, 5)
        await w.until(lambda: len(w.events("health.degraded")) == 5)
        broker.down = True
        broker.drop()
        await record(w, 4)
    return folder / "state"


async def record(w: World, count: int) -> None:
    for n in range(count):
        w.runtime.store.record(
            RecordEvent(
                "health.degraded", Severity.WARNING, {"part": f"x{n}", "reason": "r"}, w.clock.monotonic()
            )
        )
    await w.runtime.store.flush()


def booked(broker: MemoryBroker) -> Any:
    """The receiver of the manual, with all that the broker took."""
    receiver = example.Receiver(io.StringIO())
    for message in broker.published:
        if "/events/" in message.topic:
            receiver.take(json.loads(message.payload))
    return receiver


async def test_a_swap_loses_and_doubles_nothing(
    world: Worlds, bench: Callable[..., Path], tmp_path: Path
) -> None:
    """Over the receiver of the manual; the new board goes on with counters and connection."""
    broker = MemoryBroker()
    state = await lived(world, bench, tmp_path, broker)
    archive = pack(state, CONFIG, BASE, "0.1.0")
    shutil.move(state, tmp_path / "old board")
    told = moved(archive, state)
    assert told["waiting"] >= 4
    broker.down = False
    async with world(tmp_path / "pole.toml", broker=broker, waits=False) as w:
        w.broker = broker
        await record(w, 3)
        await w.until(lambda: len(w.events("health.degraded")) >= 12)
        await w.until(lambda: w.events("outbox.dropped"))
        assert w.runtime.store.store_id == told["storeid"]
        assert await w.runtime.store.read(lambda db: db.number(BIRTHS)) == 2, "connections are counted on"
        assert not w.runtime.parts.is_degraded("identity")
    events = [json.loads(m.payload) for m in broker.published if "/events/" in m.topic]
    numbers = [(e["source"], e["storeid"], e["sequence"]) for e in events]
    assert len(numbers) == len(set(numbers))
    names = [e["id"] for e in events]
    assert len(names) == len(set(names)), "what waited keeps its identifier, and is sent once"
    (dropped,) = [e for e in events if e["type"] == "smartpole.outbox.dropped"]
    assert (dropped["data"]["cause"], dropped["data"]["count"]) == ("board_replaced", 0)
    assert dropped["data"]["exact"] is True
    assert {e["storeid"] for e in events} == {told["before"], told["storeid"]}
    for store in (told["before"], told["storeid"]):
        mine = {int(e["sequence"]) for e in events if e["storeid"] == store}
        named = {
            n
            for first, last in dropped["data"]["ranges"]
            for n in range(first, last + 1)
            if dropped["data"]["storeid"] == store
        }
        assert mine | named == set(range(1, max(mine | named) + 1)), "every number came, or is named"
        assert not mine & named
    books = {store: book for (_, store), book in booked(broker).books.items()}
    assert [books[told[key]].gaps() for key in ("before", "storeid")] == [[], []]
    assert (books[told["before"]].ended, books[told["before"]].after) == ("board_replaced", 0)
    assert books[told["storeid"]].ended is None


async def test_two_boards_of_one_archive(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    """Each is a store of its own, and so is the old one if it comes back."""
    state = await lived(world, bench, tmp_path, MemoryBroker())
    archive = pack(state, CONFIG, BASE, "0.1.0")
    one, two = moved(archive, tmp_path / "one"), moved(archive, tmp_path / "two")
    assert one["before"] == two["before"]
    assert len({one["storeid"], two["storeid"], one["before"]}) == 3


async def test_what_is_taken_is_whole(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    """One file, its witness, the sizes of pictures; nobody has signed off this board."""
    state = await lived(world, bench, tmp_path, MemoryBroker())
    (state / "picture-street.json").write_text("{}")
    (state / "page-accounts.json").write_text("{}")
    (state / "somebody's notes.txt").write_text("mine")
    database = Database(state / FILE_NAME, 64, str)
    with database.transaction():
        database.set(SIGNED_OFF, '{"board": "old"}')
    archive = pack(state, CONFIG, BASE, "0.1.0")
    database.close()
    assert f"{FILE_NAME}-wal" in unpack(archive).files, "a card that was pulled out has a log"
    told = moved(archive, tmp_path / "new")
    names = {p.name for p in (tmp_path / "new").iterdir()}
    assert names == {FILE_NAME, WITNESS, "picture-street.json", "page-accounts.json"}
    modes = {p.name: p.stat().st_mode & 0o777 for p in (tmp_path / "new").iterdir()}
    assert modes["page-accounts.json"] == 0o600, "hashes of passwords are for their owner"
    assert modes[FILE_NAME] == 0o600, "events name people"
    taken = Database(tmp_path / "new" / FILE_NAME, 64, str)
    assert taken.get(SIGNED_OFF) is None
    assert taken.formers()[-1] == told["before"]
    witness = read(tmp_path / "new" / WITNESS)
    assert witness is not None
    assert (witness.storeid, witness.sequence) == (told["storeid"], taken.last_sequence())
    taken.close()


async def test_a_cut_while_taking(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    """What a cut left is thrown away, and it is taken again; a store that is there is not touched."""
    archive = pack(await lived(world, bench, tmp_path, MemoryBroker()), CONFIG, BASE, "0.1.0")
    new = tmp_path / "new"
    (new / PART).mkdir(parents=True)
    (new / PART / FILE_NAME).write_bytes(b"half of it")
    told = moved(archive, new)
    assert not (new / PART).exists()
    with pytest.raises(FileExistsError):
        moved(archive, new)
    database = Database(new / FILE_NAME, 64, str)
    assert database.store_id == told["storeid"]
    database.close()


def test_a_board_that_has_no_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pack(tmp_path, CONFIG, BASE, "0.1.0")


def tar_of(content: dict[str, bytes], **manifest: Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, blob in {MANIFEST: json.dumps(manifest).encode(), **content}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(blob)
            tar.addfile(entry, io.BytesIO(blob))
    return out.getvalue()


async def test_what_is_no_archive(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    """Nothing is written anywhere but by names that are ours."""
    good = pack(await lived(world, bench, tmp_path, MemoryBroker()), CONFIG, BASE, "0.1.0")
    files = dict(unpack(good).files)
    hashes = json.loads(_manifest(good))["files"]
    head = {"format": 1, "pole": BASE, "version": "0.1.0"}
    assert unpack(tar_of(files, **head, files=hashes)).pole == BASE
    changed = files | {FILE_NAME: files[FILE_NAME] + b"x"}
    escaped = files | {"../escaped": b""}
    for blob in (
        b"",
        b"no tar",
        good[: len(good) // 2],
        tar_of(files, **head, files={}),
        tar_of(changed, **head, files=hashes),
        tar_of(escaped, **head, files=hashes | {"../escaped": _hash(b"")}),
        tar_of(files, **(head | {"format": 2}), files=hashes),
    ):
        with pytest.raises(NoArchive):
            unpack(blob)


def _manifest(blob: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(blob), mode="r:gz") as tar:
        file = tar.extractfile(MANIFEST)
        assert file is not None
        return file.read()


def _hash(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()
