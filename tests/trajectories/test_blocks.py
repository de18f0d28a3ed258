"""A minute of looks as bytes: nothing is lost but what is rounded away, and damage costs only itself."""

import bisect
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.trajectories.blocks import (
    GAP_S,
    LONGEST_S,
    OCTAVE,
    POINT,
    SCORE,
    TICK_S,
    Block,
    blocks,
    decode,
    encode,
    span_of,
)
from pole_agent.trajectories.looks import Look, Row, RowKind, Span
from pole_agent.vocabulary import CLASSES, Box

KINDS = (
    RowKind.GUESSED,
    RowKind.SEEN,
    RowKind.SEEN | RowKind.TENTATIVE,
    RowKind.EARLIER,
    RowKind.GONE,
)
shares = st.floats(-0.5, 1.5)
sizes = st.floats(0.001, 2.0)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    left, top = draw(shares), draw(shares)
    return Row(
        kind=draw(st.sampled_from(KINDS)),
        number=draw(st.integers(0, 65_535)),
        label=draw(st.sampled_from(CLASSES)),
        box=Box(left, top, left + draw(sizes), top + draw(sizes)),
        score=draw(st.floats(0, 1)),
        age_s=draw(st.floats(0, 60)),
    )


@st.composite
def spans(draw: st.DrawFn) -> Span:
    since = draw(st.floats(0, 1e7))
    times = sorted(draw(st.lists(st.floats(0, 300), max_size=12)))
    looks = tuple(
        Look(
            at=since + at,
            blind=draw(st.booleans()),
            gap_s=draw(st.floats(0, 6000)),
            rows=tuple(draw(st.lists(rows(), max_size=5, unique_by=lambda r: (r.number, r.kind)))),
        )
        for at in times
    )
    return Span(
        run=draw(st.integers(0, 2**64 - 1)),
        part=draw(st.integers(0, 2**32 - 1)),
        since=since,
        until=since + 300,
        wall=draw(st.floats(0, 4e9)),
        trusted=draw(st.booleans()),
        aspect=draw(st.floats(0.25, 4.0, width=32)),
        looks=looks,
    )


@given(spans())
def test_round_trip(span: Span) -> None:
    """What was kept is read again: every look, every row, to half a step of its rounding."""
    (block,) = blocks(encode(span))
    assert isinstance(block, Block)
    found = span_of(block)
    for name in ("run", "part", "since", "until", "wall", "trusted", "aspect"):
        assert getattr(found, name) == getattr(span, name)
    assert len(found.looks) == len(span.looks)
    for was, look in zip(span.looks, found.looks, strict=True):
        assert abs(look.at - was.at) <= TICK_S and look.blind == was.blind
        assert abs(look.gap_s - was.gap_s) <= GAP_S
        by_key = {(r.number, r.kind): r for r in look.rows}
        assert len(by_key) == len(was.rows)
        for row in was.rows:
            _same(row, by_key[row.number, row.kind])


def _same(was: Row, now: Row) -> None:
    assert now.label == was.label
    middle, found = (was.box.left + was.box.right) / 2, (now.box.left + now.box.right) / 2
    assert abs(found - middle) <= 0.5 / POINT + 1e-9
    assert abs(now.box.bottom - was.box.bottom) <= 0.5 / POINT + 1e-9
    for size, other in ((was.box.height, now.box.height), (was.box.width, now.box.width)):
        assert abs(math.log2(size / other)) <= 0.5 / OCTAVE + 1e-6
    if was.kind in (RowKind.SEEN, RowKind.SEEN | RowKind.TENTATIVE):
        assert abs(now.score - was.score) <= 0.5 / SCORE
    else:
        assert abs(now.age_s - was.age_s) <= TICK_S


def _walk(part: int, seconds: int = 20) -> Span:
    """Somebody walks by, looked at five times a second."""
    looks = tuple(
        Look(
            at=100.0 + n / 5,
            rows=(
                Row(
                    kind=RowKind.SEEN,
                    number=7,
                    label="person",
                    box=Box(n / 200, 0.4, n / 200 + 0.1, 0.7),
                    score=0.8,
                ),
            ),
        )
        for n in range(seconds * 5)
    )
    return Span(
        run=1,
        part=part,
        since=100.0,
        until=100.0 + seconds,
        wall=1.7e9,
        trusted=True,
        aspect=4 / 3,
        looks=looks,
    )


def test_earlier_before_report() -> None:
    """Where one was before he was sure stands before where he is, in the order of time."""
    box = Box(0.1, 0.1, 0.2, 0.4)
    rows = (
        Row(kind=RowKind.EARLIER, number=3, label="person", box=box, score=0.0, age_s=0.4),
        Row(kind=RowKind.EARLIER, number=3, label="person", box=box, score=0.0, age_s=0.2),
        Row(kind=RowKind.SEEN, number=3, label="person", box=box, score=0.5),
    )
    span = Span(
        run=1,
        part=0,
        since=0.0,
        until=1.0,
        wall=0.0,
        trusted=False,
        aspect=1.0,
        looks=(Look(at=0.5, rows=rows),),
    )
    (block,) = blocks(encode(span))
    assert isinstance(block, Block)
    assert [(r.kind, round(r.age_s, 2)) for r in span_of(block).looks[0].rows] == [
        (RowKind.EARLIER, 0.4),
        (RowKind.EARLIER, 0.2),
        (RowKind.SEEN, 0.0),
    ]


@given(st.data())
def test_damage_costs_only_itself(data: st.DataObject) -> None:
    """A byte that is wrong, or a file that is cut, costs the block that it is in; it never raises."""
    whole = [encode(_walk(part)) for part in range(3)]
    text = bytearray(b"".join(whole))
    at = data.draw(st.integers(0, len(text) - 1))
    hit = bisect.bisect(list(itertools.accumulate(map(len, whole))), at)
    if cut := data.draw(st.booleans()):
        del text[at:]
    else:
        text[at] ^= data.draw(st.integers(1, 255))
    found = [b.header.part for b in blocks(bytes(text)) if isinstance(b, Block)]
    assert found == [part for part in range(3) if part < hit or (part > hit and not cut)]


@given(st.binary(max_size=300))
def test_noise_is_no_block(noise: bytes) -> None:
    """What is no block is counted, byte by byte."""
    assert sum(found for found in blocks(noise) if isinstance(found, int)) == len(noise)
    with pytest.raises(ValueError):
        decode(noise)


def test_quiet_is_small() -> None:
    """Ten minutes of an empty street take less than a hundred bytes, a second of one walker less than 50."""
    quiet = Span(run=1, part=0, since=0.0, until=600.0, wall=0.0, trusted=True, aspect=1.5)
    assert len(encode(quiet)) < 100
    assert len(encode(_walk(0, 60))) < 60 * 50


def test_too_long() -> None:
    """A span that no block can hold is refused, not cut."""
    with pytest.raises(ValueError):
        encode(Span(run=1, part=0, since=0.0, until=LONGEST_S + 1, wall=0.0, trusted=True, aspect=1.0))
