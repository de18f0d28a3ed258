"""What an earlier run has left on the disk, damaged: texts in the store and beside it, and the database."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from fuzzing.target import Lost, Ready, Target, samples
from fuzzing.targets.commands import MARK, WALL, WORDS

TRIES = 400  # to read a table that is bad all over: as a pole does with 5000, in less time
PATCH = struct.Struct("<HHBB")  # page, place in it, how many bytes, what with


def prepare_kept(folder: Path) -> Ready:
    """Name and text: each name is read as its room reads it."""
    from pole_agent.commissioning import record
    from pole_agent.drone import areas, restore
    from pole_agent.drone.facts import Facts, StoredRows
    from pole_agent.drone.state import DroneState
    from pole_agent.drone.stored import KEYS
    from pole_agent.errors import PoleAgentError
    from pole_agent.health import clock_memory
    from pole_agent.page import accounts
    from pole_agent.store import handover, witness

    facts = Facts(now=1000.0, wall=WALL, latest_wall=WALL, trusted=True, boot_id="boot", connected=True)

    def drone(text: str) -> None:
        for key in KEYS:
            values = dict.fromkeys(KEYS) | {key: text}
            state = DroneState()
            restore.restore(state, StoredRows(requests=(text,), values=values), facts)
            if not state.restored:
                raise Lost("not restored")

    def beside(name: str, read: Callable[[Path], Any], *refusals: type[Exception]) -> Callable[[bytes], None]:
        def one(data: bytes) -> None:
            (folder / name).write_bytes(data)
            with contextlib.suppress(*refusals):
                read(folder)

        return one

    def text(read: Callable[[str], Any]) -> Callable[[bytes], None]:
        def one(data: bytes) -> None:
            with contextlib.suppress(ValueError):
                read(data.decode())

        return one

    def archive(data: bytes) -> None:
        with contextlib.suppress(handover.NoArchive):
            handover.unpack(data)

    readers: dict[str, Callable[[bytes], None]] = {
        "drone": text(drone),
        "areas": text(areas.areas),
        "record": text(record.read),
        "clock": beside(clock_memory.FILE_NAME, clock_memory.load),
        "accounts": beside(accounts.FILE, accounts.read, PoleAgentError),
        "witness": beside(
            witness.FILE_NAME, lambda f: witness.read(f / witness.FILE_NAME), witness.Unreadable
        ),
        "archive": archive,
    }

    def take(data: bytes) -> None:
        name, _, rest = data.partition(MARK.encode())
        readers.get(name.decode("latin-1"), readers["drone"])(rest)

    return Ready(take=take, seeds=_kept_seeds(folder), words=(*WORDS, *(name + MARK for name in readers)))


def _kept_seeds(folder: Path) -> list[bytes]:
    from pole_agent.store import witness

    request = json.loads(samples("drone-request.json")[0])
    stored = {
        "request_id": "r1", "state": "pending_approval", "rule": "watch", "camera": "c", "severity": "alarm",
        "target": {"latitude": -6.8, "longitude": 107.9, "altitude_m": 60, "radius_m": 15}, "created": WALL,
        "expires": WALL + 600, "created_at": 1.0, "expires_at": 601.0, "boot_id": "boot", "simulation": False,
        "gates": request["gates"], "history": [{"at": WALL, "state": "requested"}],
    }  # fmt: skip
    order = {"request_id": "r1", "wall": WALL, "at": 5.0, "boot_id": "boot"}
    standing = {
        "approvals": {"round": {"plan": "p", "by": "Dewi", "until": WALL}},
        "nonces": {"n": WALL},
        "closed_until": 0,
    }
    ring = [[107.87, -6.9], [107.96, -6.9], [107.96, -6.82], [107.87, -6.9]]
    area = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}],
    }
    account = {"dewi": {"role": "viewer", "salt": "00" * 16, "hash": "00" * 32}}
    witness.write(folder / "seed", witness.Witness("abc", 1, 20, 3, 18, 2))
    found: list[tuple[str, Any]] = [
        ("drone", stored), ("drone", order), ("drone", standing), ("drone", 12.5),
        ("drone", {"by": "Dewi", "reason": "storm", "since": "2026-11-24T05:00:00Z"}), ("areas", area),
        ("areas", {"type": "GeometryCollection", "geometries": [{"type": "MultiPolygon",
        "coordinates": [[ring]]}]}),
        ("accounts", account), ("clock", {"monotonic": 5.0, "boot_id": "boot", "offsets": {"a": 1.0}}),
        ("record", {"format": 1, "about": {}, "begun": {}, "results": {}, "signed_off": None,
        "signature": None}),
    ]  # fmt: skip
    written = [(name + MARK + json.dumps(value)).encode() for name, value in found]
    return [*written, f"witness{MARK}".encode() + (folder / "seed").read_bytes()]


_numbers = itertools.count(1)  # of events that a store makes itself


def prepare_database(folder: Path) -> Ready:
    """An input is a list of patches on a database, which is then opened, written and read.

    The first byte says how its witness fares.
    """
    from pole_agent.store import salvage, witness
    from pole_agent.store.schema import PAGE_BYTES

    pristine, home = folder / "pristine", folder / "home"
    old = {f"old{number}" for number in range(60)}
    _fill(pristine, old)
    pages = (pristine / "pole.db").stat().st_size // PAGE_BYTES

    def take(data: bytes) -> None:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(pristine, home)
        whole = (pristine / "pole.db").read_bytes()
        (home / "pole.db").write_bytes(patched(whole, data[1:], pages, PAGE_BYTES))
        match data[:1]:
            case b"\1":
                (home / witness.FILE_NAME).unlink()
            case b"\2":
                (home / witness.FILE_NAME).write_bytes(data)
        with mock.patch.object(salvage, "MAX_TRIES", TRIES):
            _come_back(_worker(home), old)

    seeds = [
        b"\0",
        b"\1" + PATCH.pack(0, 24, 4, 1),
        b"\2" + PATCH.pack(1, 0, 8, 255),
        b"\0" + PATCH.pack(3, 0, 200, 0),
        b"\0" + PATCH.pack(0, 0, 100, 0) + PATCH.pack(2, 8, 2, 7),
        bytes.fromhex("004028400908310207"),  # two events of the same name
    ]
    return Ready(take=take, seeds=seeds)


def _worker(home: Path) -> Any:
    """The store's, without its thread."""
    from pole_agent.store.worker import Worker
    from pole_agent.vocabulary import Stamp

    return Worker(
        home / "pole.db", 16, lambda at: Stamp(at, "boot", 1000.0 + at, "synced"),
        lambda: f"e{next(_numbers)}", 5.0, on_stored=lambda: None, on_change=lambda: None,
    )  # fmt: skip


def _add(one: Any, name: str) -> None:
    from pole_agent.store.rows import Entry
    from pole_agent.vocabulary import RecordEvent, Severity, Stamp

    event = RecordEvent("traffic.summarized", Severity.INFO, {"name": name}, 5.0)
    one.commits.add(Entry(name, event, Stamp(5.0, "boot", 1005.0, "synced")), time.monotonic())


def _fill(folder: Path, names: set[str]) -> None:
    """A store with these events, an order to stop and a request."""
    one = _worker(folder)
    for name in sorted(names):
        _add(one, name)
    one.commit()
    with one.database.transaction():
        one.database.set("drone_stop", json.dumps({"by": "Dewi"}))
        one.database.save_request("r1", True, WALL, json.dumps({"request_id": "r1"}))
    one.close()


def _come_back(one: Any, old: set[str]) -> None:
    """It stores and reads again, and what it has lost is told. Raises Lost."""
    _add(one, "new")
    for _ in range(4):
        one.commits._retry_at = time.monotonic()
        one.commit()
        if not one.problem and one.database is not None:
            break
    else:
        raise Lost(f"the store does not come back: {one.problem}")
    told = _read(one)
    names, kinds = {name for name, _ in told.values()}, {kind for _, kind in told.values()}
    if "new" not in names:
        raise Lost("a new event was lost")
    # By number, as the city counts. A patch within a text may give an event the name of another: rows have no
    # checksum, so that is not seen, but its number still comes.
    if len(told) <= len(old) and "outbox.dropped" not in kinds:
        raise Lost(f"events were lost and nobody says so: {sorted(old - names)[:9]}")
    one.close()


def _read(one: Any) -> dict[int, tuple[str, str]]:
    """All that an agent reads: name and kind of each event by its number.

    Again when the file falls over under it: then a new one is begun.
    """
    questions: list[Callable[[Any], Any]] = [
        lambda db: [*db.list_events(10_000)],
        lambda db: db.stats(),
        lambda db: db.load_requests(),
        lambda db: db.open_incidents(),
    ]
    for _ in range(3):
        answers: list[Any] = []
        for work in questions:
            one.commits._retry_at = time.monotonic()
            one.serve(_job(work, answers))
        if all(problem is None for _, problem in answers):
            return {e.seq: (e.event_id, e.kind) for e in answers[0][0]}
        for _, problem in answers:
            if problem is not None and type(problem).__name__ != "OutboxError":
                raise problem
        _add(one, "new")
        one.commit()
    raise Lost("the store is not read again")


def patched(blob: bytes, patches: bytes, pages: int, page_bytes: int) -> bytes:
    """The file with each patch on it; one whose page is beyond the end cuts the file there."""
    data = bytearray(blob)
    for at in range(0, len(patches) - PATCH.size + 1, PATCH.size):
        page, place, count, value = PATCH.unpack_from(patches, at)
        if page >= 0xFFF0:
            del data[(place % pages) * page_bytes + value :]
            continue
        start = (page % pages) * page_bytes + place % page_bytes
        for index in range(start, min(start + max(1, count), len(data))):
            data[index] = value if value != 1 else data[index] ^ 1 << (place % 8)
    return bytes(data)


def _job(work: Callable[[Any], Any], answers: list[Any]) -> Any:
    from pole_agent.store.commits import Job

    return Job(
        kind="read", work=work, answer=lambda *answer: answers.append(answer), at=time.monotonic(), entries=()
    )


TARGETS = (
    Target(
        name="kept",
        about="texts that an earlier run has left, in the store and beside it",
        prepare=prepare_kept,
    ),
    Target(
        name="database",
        about="pole.db with damaged headers and pages, opened, written and read",
        prepare=prepare_database,
        native="SQLite",
        most_bytes=61,
        text=False,
    ),
)
