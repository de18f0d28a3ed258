"""How often the witness is written, and what it says at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from pole_agent.store import witness
from pole_agent.store.continuity import Ended
from pole_agent.store.database import Database
from pole_agent.store.witness_writer import WitnessWriter
from pole_agent.vocabulary import Stamp

NOW = 100_000.0


class Card:
    """A database and the writer of its witness, which has written it once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pole.witness"
        self.database = Database(folder / "pole.db", 16, str)
        self.writer = WitnessWriter(self.path, NOW)
        self.writer.write(self.database)

    @property
    def epoch(self) -> int:
        found = witness.read(self.path)
        assert found is not None
        return found.epoch

    def commit(self, now: float) -> None:
        with self.database.transaction():
            self.database.set("word", str(now))
            self.writer.begin(self.database, now)
        self.writer.committed(self.database, now)

    def spend(self, now: float) -> None:
        """All that may be written at once."""
        for _ in range(20):
            self.commit(now)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    one = Card(tmp_path)
    yield one
    one.database.close()


@pytest.mark.parametrize(
    ("passed_s", "written"), [(0.0, 0), (299.9, 0), (300.0, 1), (19 * 300.0 + 150, 19), (1e7, 20)]
)
def test_how_often_it_is_written(passed_s: float, written: int, card: Card) -> None:
    """Twenty times at once; then at one commit in five minutes, and never more than twenty in a row."""
    before = card.epoch
    card.spend(NOW)
    assert card.epoch == before + 20
    card.commit(NOW)
    assert card.epoch == before + 20
    seen = []
    for _ in range(22):
        card.commit(NOW + passed_s)
        seen.append(card.epoch - before - 20)
        assert card.epoch == card.database.number("epoch")
    assert seen == [min(n, written) for n in range(1, 23)]


def test_a_new_store_is_witnessed_in_any_case(card: Card) -> None:
    """Its name is written at once, whoever ended the one before; that is not owed afterwards."""
    card.spend(NOW)
    with card.database.transaction():
        card.database.end(Ended("other", "two_poles_one_identity"), Stamp(1.0, "boot", 1.0, "synced"))
    card.commit(NOW)
    found = witness.read(card.path)
    assert found is not None
    assert (found.storeid, found.epoch) == (card.database.store_id, card.database.number("epoch"))
    assert card.writer.store_id == card.database.store_id
    before = card.epoch
    for now, expected in ((NOW + 299.0, before), (NOW + 300.0, before + 1)):
        card.commit(now)
        assert card.epoch == expected


def test_a_log_that_began_anew_is_told(card: Card) -> None:
    """Once the pages of the log went to their place, at the next commit, whether it is due or not; then the
    card is spared again.
    """
    card.spend(NOW)
    before = card.epoch
    for expected in (0, 1, 1):
        card.commit(NOW)
        assert card.epoch == before + expected == card.database.number("epoch")
        if not expected:
            card.database._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_it_cannot_be_written_is_said_once(card: Card, caplog: pytest.LogCaptureFixture) -> None:
    """The store goes on without; once it works again, a second failure is said again."""
    part = card.path.with_name("pole.witness.part")
    for expected, stands_in_the_way in ((1, True), (1, True), (1, False), (2, True)):
        if stands_in_the_way:
            part.mkdir(exist_ok=True)
        else:
            part.rmdir()
        card.commit(NOW)
        assert sum("may go unnoticed" in line for line in caplog.messages) == expected


@pytest.mark.parametrize("complete", [True, False])
def test_an_orderly_end_says_whether_it_is_one(complete: bool, card: Card) -> None:
    """Nothing came after it, when all was stored; its epoch is a new one."""
    before = card.epoch
    card.writer.close(card.database, complete=complete)
    found = witness.read(card.path)
    assert found is not None
    assert (found.closed, found.epoch) == (complete, before + 1)


def test_a_disk_that_fails_at_the_end(card: Card) -> None:
    """The old witness stays: it says less, and nothing that is not so."""
    before = card.path.read_bytes()
    card.database._db.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        card.database.last_sequence()
    card.writer.close(card.database, complete=True)
    assert card.path.read_bytes() == before
