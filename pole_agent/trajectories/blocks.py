"""A span <-> a block of bytes. Pure.

A block stands for itself: four letters, the length and a checksum, then a deflated header and two tables.
Tables are kept by column, each value as the difference to the one above (modulo 2^16, zigzag: small is small
whatever its sign), low bytes apart from high ones. Rows stand by object, so that most differences are about
nothing: a row of a busy street takes some three bytes.

Points are rounded to 1/2048 of the picture, a fifth of a line's band for the smallest object that the judge
tells from nothing; sizes to 4 %, less than a box trembles by; times to 10 ms, a twentieth of a look.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pole_agent.trajectories.looks import Look, Row, RowKind, Span
from pole_agent.vocabulary import CLASSES, Box

Table = NDArray[np.uint16]  # one row a column of the table
MAGIC = b"PAT1"
FRAME = struct.Struct("<4sII")  # magic, bytes that follow, their CRC-32
HEADER = struct.Struct("<QIdddfBII")  # run, part, since, until, wall, aspect, trusted, looks, rows
LOOK_COLUMNS, ROW_COLUMNS = 3, 9  # at, blind, gap; look, number, kind, label, x, y, height, width, score/age
POINT = 2048  # steps across the picture, …
BEYOND = 3 * POINT  # … counted from three pictures beyond it
OCTAVE = 16  # steps of a size from one to its double, …
SMALLEST = 2.0**-14  # … counted from here, …
LARGEST = 20 * OCTAVE  # … to here: sixty-four pictures
SCORE = 32
TICK_S = 0.01
GAP_S = 0.1  # a step of a gap: up to two hours, longer than anything is remembered
MOST = 65_535
MAX_BLOCK = 4_000_000  # bytes; more is no block of ours
LONGEST_S = MOST * TICK_S  # that a span may last
NO_LABEL = len(CLASSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A span as tables, for those who read weeks: `header` without looks, `looks` of shape (3, L), `rows` of
    shape (9, N).
    """

    header: Span
    looks: Table
    rows: Table


def encode(span: Span) -> bytes:
    """Raises ValueError for a span that lasts longer than `LONGEST_S`, or has more than 65 535 looks."""
    if span.until - span.since > LONGEST_S or len(span.looks) > MOST:
        raise ValueError("a span is too long for a block")
    looks = [
        (_ticks(look.at - span.since), int(look.blind), min(MOST, round(look.gap_s / GAP_S)))
        for look in span.looks
    ]
    rows = [_numbers(index, row) for index, look in enumerate(span.looks) for row in look.rows]
    rows.sort(key=lambda row: (row[1], row[2] & RowKind.TENTATIVE, row[0]))  # stable: order within a look
    head = HEADER.pack(
        span.run,
        span.part,
        span.since,
        span.until,
        span.wall,
        span.aspect,
        span.trusted,
        len(looks),
        len(rows),
    )
    body = zlib.compress(head + _packed(looks, LOOK_COLUMNS) + _packed(rows, ROW_COLUMNS), 6)
    return FRAME.pack(MAGIC, len(body), zlib.crc32(body)) + body


def decode(body: bytes) -> Block:
    """What follows the frame of a block. Raises ValueError for what is none."""
    try:
        data = zlib.decompressobj().decompress(body, MAX_BLOCK)
        run, part, since, until, wall, aspect, trusted, looks, rows = HEADER.unpack_from(data)
        times = (since, until, wall, aspect)
        if not (all(map(math.isfinite, times)) and aspect > 0 and 0 <= until - since <= LONGEST_S):
            raise ValueError("the header of a block makes no sense")
        table, end = _unpacked(data, HEADER.size, LOOK_COLUMNS, looks)
        row_table, end = _unpacked(data, end, ROW_COLUMNS, rows)
    except (zlib.error, struct.error) as error:
        raise ValueError("no block") from error
    if end != len(data) or (rows and (not looks or int(row_table[0].max()) >= looks)):
        raise ValueError("the tables of a block do not fit")
    header = Span(
        run=run, part=part, since=since, until=until, wall=wall, trusted=bool(trusted), aspect=aspect
    )
    return Block(header=header, looks=table, rows=row_table)


def blocks(data: bytes) -> Iterator[Block | int]:
    """The blocks of a file in their order, and in their place the number of bytes that are none."""
    at = 0
    while at < len(data):
        block, after = _block_at(data, at)
        if block is None:
            found = data.find(MAGIC, at + 1)
            while found >= 0 and _block_at(data, found)[0] is None:
                found = data.find(MAGIC, found + 1)
            after = len(data) if found < 0 else found
            yield after - at
        else:
            yield block
        at = after


def span_of(block: Block) -> Span:
    """The inverse of `encode`, up to rounding."""
    header = block.header
    rows: list[list[Row]] = [[] for _ in range(block.looks.shape[1])]
    for numbers in block.rows.T.tolist():
        rows[numbers[0]].append(_row(numbers))
    looks = tuple(
        Look(at=header.since + ticks * TICK_S, blind=bool(blind), gap_s=gap * GAP_S, rows=tuple(there))
        for (ticks, blind, gap), there in zip(block.looks.T.tolist(), rows, strict=True)
    )
    return Span(
        run=header.run,
        part=header.part,
        since=header.since,
        until=header.until,
        wall=header.wall,
        trusted=header.trusted,
        aspect=header.aspect,
        looks=looks,
    )


def _block_at(data: bytes, at: int) -> tuple[Block | None, int]:
    """The block that begins here, and where it ends."""
    start = at + FRAME.size
    if data[at : at + len(MAGIC)] != MAGIC or start > len(data):
        return None, at
    _, length, checksum = FRAME.unpack_from(data, at)
    body = data[start : start + length]
    if len(body) < length or zlib.crc32(body) != checksum:
        return None, at
    try:
        return decode(body), start + length
    except ValueError:
        return None, at


def _ticks(seconds: float) -> int:
    return min(MOST, max(0, round(seconds / TICK_S)))


def _numbers(look: int, row: Row) -> tuple[int, ...]:
    """A row as it stands in its table."""
    left, top, right, bottom = row.box.sides
    return (
        look,
        row.number & MOST,
        int(row.kind),
        CLASSES.index(row.label) if row.label in CLASSES else NO_LABEL,
        _step((left + right) / 2),
        _step(bottom),
        _size(bottom - top),
        _size(right - left),
        # Only one of the two is ever asked for: of what is seen now, how sure the detector is.
        min(SCORE, max(0, round(row.score * SCORE))) if _scored(row.kind) else _ticks(row.age_s),
    )


def _row(numbers: list[int]) -> Row:
    _, number, kind_bits, label, x, y, height, width, last = numbers
    kind, scored = RowKind(kind_bits & 15), _scored(RowKind(kind_bits & 15))
    middle, bottom, half = (x - BEYOND) / POINT, (y - BEYOND) / POINT, size_of(width) / 2
    return Row(
        kind=kind,
        number=number,
        label=CLASSES[label] if label < NO_LABEL else "",
        box=Box(middle - half, bottom - size_of(height), middle + half, bottom),
        score=last / SCORE if scored else 0.0,
        age_s=0.0 if scored else last * TICK_S,
    )


def _scored(kind: RowKind) -> bool:
    return kind in (RowKind.SEEN, RowKind.SEEN | RowKind.TENTATIVE)


def _step(share: float) -> int:
    return min(MOST, max(0, round(share * POINT) + BEYOND))


def _size(share: float) -> int:
    return max(0, round(OCTAVE * math.log2(max(share, SMALLEST) / SMALLEST)))


def size_of(steps: int) -> float:
    return float(SMALLEST * 2.0 ** (min(steps, LARGEST) / OCTAVE))


def _packed(rows: list[Any], columns: int) -> bytes:
    table = np.array(rows, np.uint16).reshape(len(rows), columns).T
    signed = np.diff(table, axis=1, prepend=np.uint16(0)).view(np.int16)
    zigzag = ((signed << 1) ^ (signed >> 15)).view(np.uint16)
    return (zigzag & 255).astype(np.uint8).tobytes() + (zigzag >> 8).astype(np.uint8).tobytes()


def _unpacked(data: bytes, start: int, columns: int, rows: int) -> tuple[Table, int]:
    """The table that begins here, and where it ends."""
    end = start + 2 * columns * rows
    if end > len(data):
        raise ValueError("a table of a block is cut off")
    low, high = np.frombuffer(data, np.uint8, 2 * columns * rows, start).reshape(2, columns, rows)
    zigzag = low | (high.astype(np.uint16) << 8)
    differences = (zigzag >> 1) ^ (0 - (zigzag & 1)).astype(np.uint16)
    return np.cumsum(differences, axis=1, dtype=np.uint16), end
