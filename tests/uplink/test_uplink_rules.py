"""Backoff, board, events."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.store.database import Database
from pole_agent.store.rows import Entry, Outbound, Stored
from pole_agent.uplink.backoff import Backoff
from pole_agent.uplink.board import Board
from pole_agent.uplink.events import DOCUMENT_SQL, TYPE_PREFIX, Letter, Message, event_document, event_topic
from pole_agent.vocabulary import RecordEvent, Severity, Stamp


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_wait_grows_spreads_and_never_exceeds_minute(chances: list[float]) -> None:
    """The wait grows spreads and never exceeds a minute."""
    drawn = iter(chances)
    backoff = Backoff(lambda: next(drawn))
    waits = [backoff.next() for _ in chances]
    assert all(0.1 <= w <= 50 for w in waits)
    assert all(w <= 2.0**n for n, w in enumerate(waits)), "at most twice as long as before"
    backoff.reset()
    assert Backoff(lambda: 1.0).next() == 1.0


async def test_board_carries_newest_and_all_again_at_birth() -> None:
    """The board carries the newest and all again at a birth."""
    board = Board()
    board.post("a", Message("a", b"1"))
    board.post("a", Message("a", b"2"))
    board.post("once", Message("r", b"x"), at_birth=False)

    async def send(_: Letter) -> None:
        return

    def carry() -> list[bytes]:
        carried = []
        while (notice := board.take()) is not None:
            carried.append(notice[1].payload)
        return carried

    board.birth(send)
    assert carry() == [b"2", b"x"]
    board.birth(send)
    assert carry() == [b"2"]


def test_event_is_cloudevent_with_fields_of_contract() -> None:
    """An event is a cloudevent with the fields of the contract."""
    stored = Stored(7, "id", "incident.opened", Severity.ALARM, '{"a":1}', 5.0, "boot", 1.5, "corrected", 1)
    assert event_topic("smartpole/s/p", stored.kind) == "smartpole/s/p/events/incident/opened"
    assert event_document("smartpole/s/p", "store", stored) == {
        "specversion": "1.0",
        "id": "id",
        "source": "/smartpole/s/p",
        "type": "smartpole.incident.opened",
        "time": "1970-01-01T00:00:01.500Z",
        "datacontenttype": "application/json",
        "storeid": "store",
        "sequence": "000000000007",
        "bootid": "boot",
        "timequality": "corrected",
        "severity": "alarm",
        "replayed": True,
        "data": {"a": 1},
    }


@pytest.mark.parametrize(
    ("duration_s", "opened_at"),
    [(2.5, "2026-01-01T00:00:07.500Z"), (0, "2026-01-01T00:00:10.000Z"), (None, None)],
)
def test_a_closed_incident_says_when_it_opened(duration_s: float | None, opened_at: str | None) -> None:
    """By the corrected clock; after a restart nobody knows when it ended, so neither how long it took."""
    wall = datetime.fromisoformat("2026-01-01T00:00:10Z").timestamp()
    data = json.dumps({"rule": "r", "duration_s": duration_s})
    stored = Stored(7, "id", "incident.closed", Severity.INFO, data, 5.0, "boot", wall, "corrected", 0)
    assert event_document("smartpole/s/p", "store", stored)["data"].get("opened_at") == opened_at


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Severity),
            st.dictionaries(
                texts | st.just("duration_s"),
                texts | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
                max_size=4,
            ),
            st.floats(0, 4e9),
            st.sampled_from(["synced", "corrected", "unsynced"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_text_that_store_hands_out_is_document(
    rows: list[tuple[Severity, dict[str, object], float, str]],
) -> None:
    """The text that the store hands out is the document."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "pole.db", 16, lambda: "x")
        with database.transaction():
            database.append(
                [
                    Entry(
                        f"id-{n}",
                        RecordEvent("incident.closed", severity, data, 1.0),
                        Stamp(1.0, "boot", wall, quality),  # type: ignore[arg-type]
                    )
                    for n, (severity, data, wall, quality) in enumerate(rows)
                ]
            )
            database.mark_delivered([1], 1.0)
            database.resend(1, 1)
        values = {"source": "/smartpole/s/p", "prefix": TYPE_PREFIX, "storeid": database.store_id}
        outbound = {
            o.seq: json.loads(o.text)
            for o in map(Outbound.read, database.following(None, 100, DOCUMENT_SQL, **values))
        }
        for stored in database.list_events(100):
            document = event_document("smartpole/s/p", database.store_id, stored)
            text = outbound[stored.seq]
            pairs = [(text.pop("time"), document.pop("time"))]
            if opened := document["data"].pop("opened_at", None):
                pairs.append((text["data"].pop("opened_at"), opened))
            for one, other in pairs:
                assert abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) <= timedelta(
                    milliseconds=1
                )
            assert text == document
        database.close()
