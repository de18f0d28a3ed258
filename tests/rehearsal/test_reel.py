"""Files of trajectories as tables: where a judge begins, what is lost, and what is left out."""

from __future__ import annotations

from pole_agent.rehearsal.reel import Reader
from pole_agent.trajectories.blocks import encode
from pole_agent.trajectories.looks import Look, Row, RowKind, Span
from pole_agent.vocabulary import Box


def block(run: int, part: int, *, rows: int = 1, since: float = 0.0) -> bytes:
    """A minute in which somebody is seen at so many looks."""
    there = Row(kind=RowKind.SEEN, number=1, label="person", box=Box(0.1, 0.1, 0.2, 0.5), score=0.5)
    looks = tuple(Look(at=since + n, rows=(there,)) for n in range(rows))
    return encode(
        Span(
            run=run,
            part=part,
            since=since,
            until=since + 60,
            wall=1e9 + since,
            trusted=True,
            aspect=1.0,
            looks=looks,
        )
    )


def begins(*files: bytes) -> list[list[bool]]:
    """At which looks a judge begins, by file."""
    return [[] if reel is None else reel.begins.tolist() for reel in Reader().reels(files)]


def test_parts_go_on_over_files() -> None:
    """A judge begins with a run, and goes on over the next part and the next file."""
    files = block(1, 0, rows=2) + block(1, 1), block(1, 2)
    assert begins(*files) == [[True, False, False], [False]]


def test_a_lost_part_begins_anew() -> None:
    """Where a part is missing or damaged, or another run begins, nobody knows who is there."""
    damaged = bytearray(block(1, 1))
    damaged[-1] ^= 1
    assert begins(block(1, 0) + block(1, 2)) == [[True, True]]
    assert begins(block(1, 0) + bytes(damaged) + block(1, 2)) == [[True, True]]
    assert begins(block(1, 0) + block(2, 0)) == [[True, True]]


def test_quiet_parts_hand_on_the_beginning() -> None:
    """A run that begins on an empty street begins with the first who is seen, also in a later file."""
    assert begins(block(1, 0, rows=0), block(1, 1, rows=0) + block(1, 2)) == [[], [True]]
    assert begins(block(1, 0) + block(1, 1, rows=0) + block(1, 2)) == [[True, False]]


def test_coverage() -> None:
    """What was watched, what is lost, and since when; what came before is there to warm up."""
    reader = Reader(since=1e9 + 100)
    files = [
        block(1, 0),
        block(1, 1, since=60.0),
        b"noise",
        block(1, 2, since=120.0),
        block(2, 0, since=300.0),
    ]
    assert [reel is not None for reel in reader.reels(files)] == [True, True, False, True, True]
    coverage = reader.coverage
    assert (coverage.watched_s, coverage.since, coverage.until) == (180, 1e9 + 60, 1e9 + 360)
    assert (coverage.lost_bytes, coverage.breaks, coverage.rows) == (5, 1, 3)
