"""A repository in a folder and on a web server, and poles that look at it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pole_agent.remote.fetching import Patience, Web
from pole_agent.remote.trust import Trust
from tests.remote.office import LIGHT, NOW, TEXT, Office
from tests.remote.web import Site, served

HASTY, PATIENT = Patience(silence_s=1.0, answer_s=1.0, floor=2000), Patience()
Look = Callable[..., Trust]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path / "public")
    made.add(LIGHT, TEXT, {"why": "a darker street"})
    made.publish("light")
    return made


@pytest.fixture
def site(office: Office) -> Iterator[Site]:
    with served(office.folder) as site:
        yield site


@pytest.fixture
def look(office: Office, site: Site, tmp_path: Path) -> Iterator[Look]:
    """A pole looks over the web; it keeps its store from one look to the next."""
    used = contextlib.ExitStack()
    first_root = tmp_path / "root.json"
    first_root.write_bytes(office.first_root.read_bytes())

    def looks(store: str = "store", later_s: float = 0.0, patience: Patience = PATIENT) -> Trust:
        web = used.enter_context(contextlib.closing(Web(site.address, patience=patience)))
        trust = Trust(tmp_path / store, first_root, web)
        trust.refresh(NOW.timestamp() + later_s)
        return trust

    with used:
        yield looks
