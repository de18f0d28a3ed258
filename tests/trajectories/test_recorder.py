"""What is kept of a street: every look at somebody, the first at nobody, and nothing else."""

from pole_agent.trajectories.blocks import encode
from pole_agent.trajectories.looks import RowKind, Span
from pole_agent.trajectories.recorder import QUIET_S, WRITE_S, Batch, Recorder
from pole_agent.vocabulary import Box, Sighting, Stamp, Track

BOX = Box(0.4, 0.3, 0.5, 0.6)


class Kept:
    """A recorder and what it has handed over."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.recorder = Recorder(self.batches.append, lambda at: Stamp(at, "boot", at + 1e9, "synced"), 5)

    @property
    def spans(self) -> list[Span]:
        return [batch.span() for batch in self.batches]


def track(number: int, at: float, *, seen: bool = True, earlier: tuple[Sighting, ...] = ()) -> Track:
    return Track(number, "person", BOX, 0.7, 0.0, at if seen else at - 0.4, seen, earlier)


def test_walk() -> None:
    """Each look at somebody is kept, then the one at which he is not there, then that he is forgotten."""
    kept = Kept()
    for n in range(100):
        now = n / 5
        there = [track(1, now, seen=n != 12)] if 10 <= n < 20 else []
        kept.recorder.look(now, there, (), {1} if 10 <= n < 50 else (), 1.5)
    kept.recorder.stop()
    (span,) = kept.spans
    assert (span.run, span.part, span.since, span.until, span.wall) == (5, 0, 0.0, 19.8, 1e9)
    assert [round(look.at * 5) for look in span.looks] == [*range(10, 21), 50]
    assert [[r.kind for r in look.rows] for look in span.looks] == [
        *([[RowKind.SEEN]] * 2),
        [RowKind.GUESSED],
        *([[RowKind.SEEN]] * 7),
        [],
        [RowKind.GONE],
    ]


def test_empty_street_is_no_look() -> None:
    """An empty street is only said to have been watched, now and then."""
    kept = Kept()
    for n in range(5 * int(QUIET_S)):
        kept.recorder.look(n / 2, (), (), (), 1.0)
    kept.recorder.stop()
    assert len(kept.spans) == 3
    assert not any(span.looks for span in kept.spans)
    assert [s.part for s in kept.spans] == [0, 1, 2]
    assert all(len(encode(span)) < 100 for span in kept.spans)


def test_last_minute_only() -> None:
    """Nothing that was seen waits for longer than a minute and a look, however quiet it is afterwards."""
    kept = Kept()
    kept.recorder.look(0.0, (), (), (), 1.0)
    kept.recorder.look(100.0, [track(1, 100.0)], (), {1}, 1.0)
    kept.recorder.look(100.0 + WRITE_S - 0.2, (), (), {1}, 1.0)
    assert not kept.batches
    kept.recorder.look(100.0 + WRITE_S, (), (), {1}, 1.0)
    assert len(kept.batches) == 1


def test_before_it_was_sure() -> None:
    """Where a track was before it was sure, and what is no track yet, are kept too."""
    kept = Kept()
    kept.recorder.look(1.0, (), [track(9, 1.0)], (), 1.0)
    kept.recorder.look(2.0, [track(1, 2.0, earlier=(Sighting(1.5, BOX), Sighting(1.8, BOX)))], (), {1}, 1.0)
    kept.recorder.stop()
    first, second = kept.spans[0].looks
    assert [r.kind for r in first.rows] == [RowKind.SEEN | RowKind.TENTATIVE]
    assert [(r.kind, round(r.age_s, 3)) for r in second.rows] == [
        (RowKind.EARLIER, 0.5),
        (RowKind.EARLIER, 0.2),
        (RowKind.SEEN, 0.0),
    ]


def test_blind_and_unwatched() -> None:
    """That no frame came is kept, and for how long nobody had looked: also where nobody is there then."""
    kept = Kept()
    kept.recorder.look(1.0, [track(1, 1.0)], (), {1}, 1.0)
    kept.recorder.look(2.0, (), (), {1}, 1.0, blind=True)
    kept.recorder.skip(1.0, 31.0)
    kept.recorder.look(31.0, (), (), {1}, 1.0)
    kept.recorder.look(31.2, (), (), {1}, 1.0)
    kept.recorder.stop()
    assert [(k.at, k.blind, k.gap_s) for k in kept.spans[0].looks] == [
        (1.0, False, 0.0),
        (2.0, True, 0.0),
        (31.0, False, 30.0),
    ]


def test_another_picture_begins_another_span() -> None:
    """A span has one shape of picture."""
    kept = Kept()
    kept.recorder.look(1.0, [track(1, 1.0)], (), {1}, 1.0)
    kept.recorder.look(2.0, [track(1, 2.0)], (), {1}, 1.5)
    kept.recorder.stop()
    assert [s.aspect for s in kept.spans] == [1.0, 1.5]
