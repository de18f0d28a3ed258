"""A city to test: its databases, and events as poles send them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from city import archive
from city.asking import Asking, Gap
from city.cluster import Cluster, usable
from city.keeper import Keeper
from city.link import Broker, Link
from city.postgres import Postgres
from city.store import Database, connect
from city.writer import Writer

SOURCE = "/smartpole/test/T-1"
ID = "00000000-0000-7000-8000-{:012d}"


def event(number: int, kind: str = "lamp.resumed", store: str = "store-1", /, **more: Any) -> dict[str, Any]:
    """An event as a pole sends it. `more`: its data, and some fields of the event itself."""
    own = {key: more.pop(key) for key in ("source", "severity", "time", "id", "replayed") if key in more}
    return {
        "specversion": "1.0",
        "id": ID.format(number),
        "source": SOURCE,
        "type": f"smartpole.{kind}",
        "time": f"2026-11-24T10:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
        "datacontenttype": "application/json",
        "storeid": store,
        "sequence": f"{number:012d}",
        "bootid": "b",
        "timequality": "synced",
        "severity": "info",
        "replayed": False,
        "data": more,
    } | own


@contextlib.contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL in a folder that its user can reach."""
    programs = usable()
    if programs is None:
        pytest.skip("needs PostgreSQL: sudo apt install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="city-", dir="/tmp"))
    os.chmod(folder, 0o755)
    found = Cluster(programs, folder / "pg", ("fsync=off",))
    try:
        found.start()
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One for all tests of this process."""
    with own_cluster() as found:
        yield found


class City:
    """A writer and the keeper of its books. It says nothing to any pole, unless `link` does."""

    def __init__(self, db: Database, link: Link | None = None, asking: Asking | None = None) -> None:
        self.link = link or Link(Broker(port=1), "city-test", [], session=False)
        self.keeper = Keeper(db, self.link, asking)
        self.writer = Writer(db, self.link, "smartpole", self.keeper.keep)
        self.take, self.books = self.writer.take, self.keeper.books

    async def missing(self) -> list[Gap]:
        await self.keeper.take_over()
        return self.keeper.missing()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.keeper.run())
            group.create_task(self.writer.run())


async def emptied(db: Database) -> None:
    for table in (*archive.TABLES, *(["keys"] if isinstance(db, Postgres) else [])):
        await db.many(f"DELETE FROM {table}", [()])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str | None]:
    """The address and the password of an empty database: the same tests for both."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'city.db'}", None
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url, cluster.password


@pytest.fixture
async def db(place: tuple[str, str | None]) -> AsyncIterator[Database]:
    database = await connect(*place)
    await emptied(database)
    yield database
    await database.close()
