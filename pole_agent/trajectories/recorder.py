"""Gathers what the judge of one camera is given, a minute at a time, for the writer.

In the camera's loop this costs no more than a list that grows: rows, bytes and the disk are the writer's
business, in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pole_agent.trajectories.blocks import LONGEST_S
from pole_agent.trajectories.looks import Look, Row, RowKind, Span
from pole_agent.vocabulary import Stamp, Track

WRITE_S = 60.0  # what is kept in memory for longer, a power cut does not cost
QUIET_S = LONGEST_S - 60.0  # an empty street is written down this often
MOST_LOOKS = 10_000  # in a minute; more does not fit into a block


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One look as the judge was given it."""

    at: float
    blind: bool
    gap_s: float
    tracks: tuple[Track, ...] = ()
    tentative: tuple[Track, ...] = ()
    gone: tuple[Track, ...] = ()


@dataclass(slots=True, kw_only=True)
class Batch:
    """What is written at once. `stamp`: of `since`."""

    run: int
    part: int
    since: float
    aspect: float
    stamp: Stamp
    until: float = 0.0
    glances: list[Glance] = field(default_factory=list)

    def span(self) -> Span:
        looks = tuple(Look(at=g.at, blind=g.blind, gap_s=g.gap_s, rows=tuple(_rows(g))) for g in self.glances)
        return Span(
            run=self.run,
            part=self.part,
            since=self.since,
            until=self.until,
            wall=self.stamp.wall,
            trusted=self.stamp.quality != "unsynced",
            aspect=self.aspect,
            looks=looks,
        )


class Recorder:
    """Of one judge. `write` takes a batch and returns at once; `run` tells this judge from all others."""

    def __init__(self, write: Callable[[Batch], None], stamp: Callable[[float], Stamp], run: int) -> None:
        self._write, self._stamp, self._run = write, stamp, run
        self._part = 0
        self._known: dict[int, Track] = {}  # those who were reported and are not forgotten
        self._batch: Batch | None = None
        self._occupied = False  # at the last look
        self._gap_s = 0.0  # nobody looked for so long before the next one

    def look(
        self,
        now: float,
        tracks: Sequence[Track],
        tentative: Sequence[Track],
        remembered: Collection[int],
        aspect: float,
        *,
        blind: bool = False,
    ) -> None:
        """The judge is given this. Of an empty street only the first look is kept."""
        batch = self._batch_at(now, aspect)
        here = {track.track_id for track in tracks}
        gone = [t for n, t in self._known.items() if n not in here and n not in remembered]
        for track in gone:
            del self._known[track.track_id]
        self._known.update((track.track_id, track) for track in tracks)
        batch.until = now
        if tracks or tentative or gone or self._occupied or self._gap_s:
            glance = Glance(
                at=now,
                blind=blind,
                gap_s=self._gap_s,
                tracks=tuple(tracks),
                tentative=tuple(tentative),
                gone=tuple(gone),
            )
            batch.glances.append(glance)
        self._occupied, self._gap_s = bool(tracks or tentative), 0.0

    def skip(self, since: float, now: float) -> None:
        """Nobody looked from `since` to `now`."""
        self._gap_s = now - since

    def stop(self) -> None:
        """The judge is at its end."""
        if self._batch is not None:
            self._hand_over(self._batch)
        self._known.clear()

    def _batch_at(self, now: float, aspect: float) -> Batch:
        """The batch that `now` belongs to."""
        batch = self._batch
        if batch is not None and (
            now - batch.since > QUIET_S
            or (batch.glances and now - batch.glances[0].at >= WRITE_S)
            or len(batch.glances) >= MOST_LOOKS
            or aspect != batch.aspect
        ):
            self._hand_over(batch)
            batch = None
        if batch is None:
            batch = self._batch = Batch(
                run=self._run,
                part=self._part,
                since=now,
                until=now,
                aspect=aspect,
                stamp=self._stamp(now),
            )
            self._part += 1
        return batch

    def _hand_over(self, batch: Batch) -> None:
        self._batch = None
        self._write(batch)


def _rows(glance: Glance) -> Iterator[Row]:
    now = glance.at
    for track in glance.tracks:
        for seen in track.earlier:
            yield Row(
                kind=RowKind.EARLIER,
                number=track.track_id,
                label=track.label,
                box=seen.box,
                score=track.score,
                age_s=now - seen.at,
            )
        yield _row(track, RowKind.SEEN if track.seen_now else RowKind.GUESSED, now)
    for track in glance.tentative:
        yield _row(track, RowKind.SEEN | RowKind.TENTATIVE, now)
    for track in glance.gone:
        yield _row(track, RowKind.GONE, now)


def _row(track: Track, kind: RowKind, now: float) -> Row:
    return Row(
        kind=kind,
        number=track.track_id,
        label=track.label,
        box=track.box,
        score=track.score,
        age_s=max(0.0, now - track.last_seen),
    )
