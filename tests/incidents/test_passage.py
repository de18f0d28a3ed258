"""Who crosses a line, and who only stands on it: counted against what is true."""

from __future__ import annotations

import collections
import itertools
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pole_agent.geometry import beyond, scaled
from pole_agent.incidents.facts import Opened, Summarized
from pole_agent.incidents.judge import Judge
from pole_agent.incidents.passage import BAND, Passage
from pole_agent.incidents.rules import Line, Rule, Zone
from pole_agent.vocabulary import Box, Point, Track

FRAME = Zone("frame")
PEOPLE = frozenset({"person"})
Looks = list[tuple[float, Box]]  # when, where


def box(foot: Point, height: float) -> Box:
    x, y = foot
    return Box(x - 0.01, y - height, x + 0.01, y)


def feed(
    lines: list[Line], looks: dict[int, Looks], aspect: float, rules: tuple[Rule, ...] = ()
) -> tuple[dict[str, tuple[int, int]], int]:
    """Give the judge perfect tracks; returns (forward, backward) of each line, and how many
    incidents opened.
    """
    numbers = itertools.count(1)
    judge = Judge("street", rules, [FRAME], lines, lambda: f"i{next(numbers)}", 0.0)
    frames: dict[float, list[Track]] = collections.defaultdict(list)
    for number, places in looks.items():
        for at, where in places:
            frames[at].append(Track(number, "person", where, 0.9, places[0][0], at, True))
    facts, now = [], 0.0
    for now in sorted(frames):
        remembered = [n for n, places in looks.items() if now <= places[-1][0]]
        facts += judge.step(
            frames[now], frozenset(r.name for r in rules), now, remembered=remembered, aspect=aspect
        )
    facts += judge.stop("ended", now)
    counted: collections.Counter[tuple[str, str]] = collections.Counter()
    for fact in facts:
        if isinstance(fact, Summarized):
            for line in fact.data["lines"]:  # type: ignore[attr-defined]
                for way in ("forward", "backward"):
                    counted[line["line"], way] += sum(line[way].values())
    opened = sum(isinstance(f, Opened) for f in facts)
    return {
        line.name: (counted[line.name, "forward"], counted[line.name, "backward"]) for line in lines
    }, opened


def truth(line: Line, places: Looks, aspect: float) -> tuple[int, int]:
    """A crossing is true when a foot that was clearly on one side is clearly on the other."""
    crossed, before = [0, 0], 0
    for _, where in places:
        here, start, end = scaled((where.foot, line.start, line.end), aspect)
        away = beyond(here, start, end)
        now = 0 if abs(away) <= BAND * where.height else 1 if away > 0 else -1
        if now and before and now != before:
            crossed[now < 0] += 1
        before = now or before
    return crossed[0], crossed[1]


heights = st.floats(0.05, 0.5)
aspects = st.sampled_from([9 / 16, 1.0, 4 / 3, 16 / 9, 32 / 9])
rates = st.sampled_from([2.0, 5.0, 10.0, 15.0])


@settings(max_examples=300)
@given(
    turn=st.floats(0, 2 * math.pi),
    height=heights,
    aspect=aspects,
    rate=rates,
    speed=st.floats(0.2, 4.0),
    slant=st.floats(-1.1, 1.1),
    tremble=st.floats(0, 0.05),
    seed=st.integers(0, 10_000),
    back=st.booleans(),
    first=st.floats(0.05, 1.0),
)
def test_who_walks_across_a_line_is_counted_once(
    turn: float,
    height: float,
    aspect: float,
    rate: float,
    speed: float,
    slant: float,
    tremble: float,
    seed: int,
    back: bool,
    first: float,
) -> None:
    """Who walks across a line is counted once however fast and however the box trembles.

    In box heights and seconds, around the middle of the picture. `tremble` is the standard deviation.
    """
    chance = random.Random(seed)
    reach = 10 * height
    line = Line(
        "gate",
        (0.5 - math.cos(turn) * reach / aspect, 0.5 - math.sin(turn) * reach),
        (0.5 + math.cos(turn) * reach / aspect, 0.5 + math.sin(turn) * reach),
    )
    right = (-math.sin(turn), math.cos(turn))  # of one who looks from start to end
    along, across = math.sin(slant) * speed, math.cos(slant) * speed
    # Seconds from clear on one side to the line
    half = (1.0 + speed / rate * first + 2 * max(speed, 1.0) / rate) / across
    times = [n / rate for n in range(int(2 * half * rate) + 2)]
    places: Looks = []
    for at in times:
        d = across * (at - half) * (-1 if back else 1)
        a = along * (at - half)
        x = right[0] * d + math.cos(turn) * a + chance.gauss(0, tremble)
        y = right[1] * d + math.sin(turn) * a + chance.gauss(0, tremble)
        # The picture is wide enough for all of it: only what lies between is of interest here.
        places.append(
            (
                at,
                Box(
                    0.5 + x * height / aspect - 1e-3,
                    0.5 + (y - 1) * height,
                    0.5 + x * height / aspect + 1e-3,
                    0.5 + y * height,
                ),
            )
        )
    passage = Passage(line, _middle(places[0][1]))
    ways = [passage.step(_middle(where), height, aspect, at) for at, where in places]
    assert [w for w in (*ways, passage.end()) if w] == [-1 if back else 1]


def _middle(where: Box) -> Point:
    return (where.left + where.right) / 2, where.bottom  # not clamped: simulated pictures have no border


@settings(max_examples=200)
@given(
    height=heights,
    aspect=aspects,
    rate=rates,
    off=st.floats(-0.05, 0.05),
    tremble=st.floats(0, 0.05),
    seed=st.integers(0, 10_000),
    leaves=st.sampled_from([-1, 0, 1]),
)
def test_who_stands_on_line_for_70_s_crosses(
    height: float, aspect: float, rate: float, off: float, tremble: float, seed: int, leaves: int
) -> None:
    """Who stands on a line for 70 s crosses it at most once.

    He comes from the left, stands, and goes on (1), back (-1) or is seen no more (0). `tremble`: uniform, to
    both sides.
    """
    chance = random.Random(seed)
    line = Line("gate", (0.5, 0.0), (0.5, 1.0))  # runs down: its right hand is to the left of the picture
    path = [-1.0 + 0.25 * n for n in range(4)]
    path += [off + chance.uniform(-tremble, tremble) for _ in range(int(70 * rate))]
    path += [0.25 * leaves * n for n in range(1, 6)] if leaves else []
    passage = Passage(line, (0.5 + path[0] * height / aspect, 0.8))
    ways = [
        passage.step((0.5 + d * height / aspect, 0.8), height, aspect, n / rate) for n, d in enumerate(path)
    ]
    assert [w for w in (*ways, passage.end()) if w] == ([-1] if leaves == 1 else [])


@pytest.mark.parametrize("back", [-0.05, -0.15, -0.24, -0.6])
def test_one_look_that_lies_back_is_no_crossing(back: float) -> None:
    """The feet are covered in one frame: the box ends higher."""
    path = [-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, back, 0.9, 1.2, 1.5]
    wrong = Rule("wrong", "wrong_way", Line("gate", (0.0, 0.5), (1.0, 0.5)), PEOPLE, direction="backward")
    looks = {1: [(n * 0.2, box((0.5, 0.5 + d * 0.2), 0.2)) for n, d in enumerate(path)]}
    counted, opened = feed([wrong.place], looks, 4 / 3, (wrong,))  # type: ignore[list-item]
    assert counted == {"gate": (1, 0)}
    assert not opened


def test_back_again_is_crossing_once_it_is_clearly_so() -> None:
    """Back again is a crossing once it is clearly so."""
    line = Line("gate", (0.0, 0.5), (1.0, 0.5))
    path = [-0.5, -0.3, 0.0, 0.3, 0.5, 0.3, 0.05, -0.05, 0.2, 0.5, 0.3, 0.0, -0.3, -0.5]
    looks = {1: [(n * 0.2, box((0.5, 0.5 + d * 0.2), 0.2)) for n, d in enumerate(path)]}
    assert feed([line], looks, 1.0)[0] == {"gate": (1, 1)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # Past its end, which is at 0.6
        ([(0.3, 0.4), (0.56, 0.45), (0.7, 0.55), (0.7, 0.65), (0.7, 0.75)], (0, 0)),
        ([(0.5, 0.4), (0.55, 0.49), (0.7, 0.51), (0.7, 0.6), (0.7, 0.7)], (0, 0)),  # round its end, near it
        # Through it, back round its end
        ([(0.5, 0.3), (0.5, 0.4), (0.5, 0.6), (0.5, 0.7), (0.7, 0.7), (0.7, 0.4), (0.7, 0.3)], (1, 0)),
        # Onto the line, back round its end, and past its end
        (
            [(0.5, 0.4), (0.55, 0.51), (0.7, 0.51), (0.7, 0.4), (0.7, 0.4), (0.7, 0.6), (0.7, 0.7)],
            (0, 0),
        ),
        # Through the very end: it belongs to the line
        ([(0.5, 0.4), (0.6, 0.45), (0.6, 0.55), (0.6, 0.65), (0.6, 0.7)], (1, 0)),
    ],
)
def test_passing_by_the_end_is_no_crossing(path: list[Point], expected: tuple[int, int]) -> None:
    looks = {1: [(n * 0.2, box(foot, 0.2)) for n, foot in enumerate(path)]}
    assert feed([Line("gate", (0.0, 0.5), (0.6, 0.5))], looks, 1.0)[0] == {"gate": expected}


@pytest.mark.parametrize(
    "line",
    [
        Line("gate", (0.5, 0.0), (0.5, 1.0)),
        Line("gate", (0.3, 0.2), (0.5, 1.0)),
        Line("gate", (0.7, 0.6), (0.5, 1.0)),
    ],
)
def test_line_that_ends_at_lower_border_is_crossed(line: Line) -> None:
    """A line that ends at the lower border is crossed by whoever is cut off there."""
    looks = {
        1: [
            (n * 0.2, Box(x - 0.05, 0.6, x + 0.05, 1.0 + 0.02 * (n % 3)))
            for n, x in enumerate((0.1, 0.25, 0.4, 0.6, 0.75, 0.9))
        ]
    }
    assert feed([line], looks, 4 / 3)[0] == {"gate": (0, 1)}


def test_line_that_ends_at_right_border_is_crossed() -> None:
    """A line that ends at the right border is crossed by whoever is cut off there."""
    looks = {
        1: [
            (n * 0.2, Box(0.97, y - 0.2, 1.0 + 0.03 * (1 + n % 3), y))
            for n, y in enumerate((0.3, 0.4, 0.48, 0.56, 0.7, 0.8))
        ]
    }
    assert feed([Line("gate", (0.2, 0.5), (1.0, 0.5))], looks, 16 / 9)[0] == {"gate": (1, 0)}


def test_who_is_hidden_at_the_line_has_crossed() -> None:
    """Who is hidden at the line has crossed it when he is found again."""
    path = [(0.0, -0.8), (0.2, -0.6), (0.4, -0.4), (4.0, 0.5), (4.2, 0.7), (4.4, 0.9)]
    looks = {1: [(at, box((0.5, 0.5 + d * 0.2), 0.2)) for at, d in path]}
    assert feed([Line("gate", (0.0, 0.5), (1.0, 0.5))], looks, 1.0)[0] == {"gate": (1, 0)}


def test_the_last_look_counts_also_for_an_alarm() -> None:
    """One on a motorcycle is seen once beyond the line, and has left the picture."""
    wrong = Rule("wrong", "wrong_way", Line("gate", (0.8, 0.0), (0.8, 1.0)), PEOPLE, direction="backward")
    looks = {1: [(n * 0.2, box((x, 0.5), 0.2)) for n, x in enumerate((0.2, 0.4, 0.6, 0.95))]}
    assert feed([wrong.place], looks, 1.0, (wrong,)) == ({"gate": (0, 1)}, 1)  # type: ignore[list-item]


def test_where_it_is_only_guessed() -> None:
    """Where it is only guessed to be nothing is crossed."""
    judge = Judge("street", (), [FRAME], [Line("gate", (0.0, 0.5), (1.0, 0.5))], lambda: "i", 0.0)
    for n, d in enumerate((-0.9, -0.6, -0.3, 0.3, 0.6)):
        guessed = d > 0
        judge.step(
            [Track(1, "person", box((0.5, 0.5 + d * 0.2), 0.2), 0.9, 0.0, n * 0.2, not guessed)],
            frozenset(),
            n * 0.2,
        )
    [summary] = judge.stop("ended", 2.0)
    assert isinstance(summary, Summarized)
    assert summary.data["lines"] == []


def _labels(path: Path, width: float, height: float) -> dict[int, Looks]:
    """Boxes by identity from a MOTChallenge file; the time is the number of the frame."""
    found: dict[int, Looks] = collections.defaultdict(list)
    for row in path.read_text().splitlines():
        f = [float(v) for v in row.split(",")]
        if len(f) > 6 and f[6] == 0:
            continue
        where = Box(f[2] / width, f[3] / height, (f[2] + f[4]) / width, (f[3] + f[5]) / height)
        found[int(f[1])].append((f[0], where))
    return {number: sorted(places, key=lambda p: p[0]) for number, places in found.items()}


@pytest.mark.parametrize("every", [1, 2])
def test_with_perfect_tracks_the_count_is_perfect(data: Path, every: int) -> None:
    """PETS09-S2L1, 10 frames a second: all of them, and every second one.

    What errs beyond that is the detector or the tracker.
    """
    aspect = 768 / 576
    labels = _labels(data / "pets09-s2l1" / "gt.txt", 768, 576)
    looks = {n: [(at / 10, where) for at, where in places if at % every == 0] for n, places in labels.items()}
    looks = {n: places for n, places in looks.items() if places}
    at = [round(n / 8, 3) for n in range(1, 8)]
    lines = [Line(f"x{v}", (v, 0.0), (v, 1.0)) for v in at] + [Line(f"y{v}", (0.0, v), (1.0, v)) for v in at]
    counted, _ = feed(lines, looks, aspect)
    true = {
        line.name: [
            sum(n) for n in zip(*(truth(line, places, aspect) for places in looks.values()), strict=True)
        ]
        for line in lines
    }
    crossings = sum(map(sum, true.values()))
    errors = sum(abs(a - b) for name in true for a, b in zip(true[name], counted[name], strict=True))
    assert crossings > 200
    assert errors / crossings <= 0.02
