"""Rules over the trajectories of a camera, on two cores.

Time is cut in two where a file begins. The second half begins some hours earlier, so that its judges know who
is there; what they say of that time is left out.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pole_agent.almanac import Place
from pole_agent.incidents.rules import Line, Rule
from pole_agent.rehearsal.passing import Passed, Passing
from pole_agent.rehearsal.reel import Array, Coverage, Reader, Reel
from pole_agent.rehearsal.relevant import crossing, objects, relevant
from pole_agent.rehearsal.replay import Outcome, Replay, given
from pole_agent.trajectories.files import File, contents

MINUTE_S = 60.0
LEAD_MIN = 16  # before a rule is on: who stands is a part of the street after a quarter of an hour
WARM_UP = 2  # files, of about an hour: longer than what stands is remembered
WORTH_IT = 4 * WARM_UP  # files, below which one core does it alone
ALWAYS = float("-inf")  # wall time
Progress = Callable[[int, int], None]  # files that are done, of how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is played. `rules`: judged one by one; `lines`: only counted."""

    camera: str
    rules: tuple[Rule, ...] = ()
    lines: tuple[Line, ...] = ()
    place: Place
    since: float  # wall time


@dataclass(slots=True, kw_only=True)
class Result:
    """By rule, then by line; and what the files tell of."""

    rules: list[Outcome]
    lines: list[list[Passed]]
    coverage: Coverage


def rehearse(part: Part, files: Sequence[File], progress: Progress) -> Result:
    """`files` in their order."""
    result = _in_halves(part, files, progress)
    for rule, outcome in zip(part.rules, result.rules, strict=True):
        outcome.limit(rule, part.since)
    return result


def _in_halves(part: Part, files: Sequence[File], progress: Progress) -> Result:
    cut = _half(files)
    if cut is None or len(os.sched_getaffinity(0)) < 2:
        return _play(part, files, ALWAYS, progress)
    border = files[cut].began
    assert border is not None
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    late = files[max(0, cut - WARM_UP) :]
    other = context.Process(target=_send, args=(theirs, part, late, border), daemon=True)
    other.start()
    theirs.close()
    early = _play(part, files[:cut], ALWAYS, lambda done, of: progress(2 * done, 2 * of))
    try:
        late_result: Result = ours.recv()
    except EOFError:  # it was killed, for want of memory as a rule: then one after the other
        late_result = _play(part, late, border, progress)
    other.join()
    for mine, more in zip(early.rules, late_result.rules, strict=True):
        mine.join(more)
    for passed, later in zip(early.lines, late_result.lines, strict=True):
        passed += later
    early.coverage.join(late_result.coverage)
    return early


def _half(files: Sequence[File]) -> int | None:
    """The file with which the second half begins; None where it is not worth it."""
    if len(files) < WORTH_IT:
        return None
    sizes = np.cumsum([file.size for file in files])
    cut = int(np.searchsorted(sizes, sizes[-1] / 2))
    return next((n for n in range(max(1, cut), len(files)) if files[n].began is not None), None)


def _send(pipe: Any, part: Part, files: Sequence[File], border: float) -> None:
    pipe.send(_play(part, files, border, lambda done, of: None))


def _play(part: Part, files: Sequence[File], border: float, progress: Progress) -> Result:
    """Outcomes from `border` (wall time) on: before it the judges only warm up."""
    since = max(part.since, border)
    on = [active_at(rule, part.place) for rule in part.rules]
    judges = [Replay(part.camera, rule, active, border) for rule, active in zip(part.rules, on, strict=True)]
    counters = [Passing(line, since) for line in part.lines]
    reader = Reader(since)
    for number, reel in enumerate(reader.reels(contents(files)), 1):
        if reel is not None:
            there = objects(reel)
            for judge, rule, active in zip(judges, part.rules, on, strict=True):
                kept = relevant(rule, reel, there) & awake(reel, active)[reel.look]
                judge.play(given(reel, kept))
            for counter, line in zip(counters, part.lines, strict=True):
                counter.play(given(reel, crossing(line, reel, there, np.ones(len(reel.look), bool))))
        progress(number, len(files))
    for judge in judges:
        judge.stop()
    return Result(
        rules=[judge.outcome for judge in judges],
        lines=[counter.passed for counter in counters],
        coverage=reader.coverage,
    )


def active_at(rule: Rule, place: Place) -> Callable[[float], bool]:
    """Is the rule on at this wall time? Looked up for each ten seconds, as on the pole."""
    known: dict[int, bool] = {}

    def active(wall: float) -> bool:
        ten = int(wall // 10)
        if ten not in known:
            known[ten] = rule.span.holds(ten * 10.0, place)
        return known[ten]

    return active


def awake(reel: Reel, active: Callable[[float], bool]) -> Array:
    """The looks at which the rule may be on: by the minute, and for what leads up to it."""
    minute = np.floor(reel.wall / MINUTE_S).astype(np.int64)
    names, of = np.unique(minute, return_inverse=True)
    last = int(names[-1])
    on = np.array([active(float(n) * MINUTE_S) for n in range(int(names[0]) - 1, last + LEAD_MIN + 1)])
    # On at this minute, at the one before, or at one to come: then who is there is already known.
    reach: Array = np.lib.stride_tricks.sliding_window_view(on, LEAD_MIN + 2).any(axis=1)
    return reach[names - names[0]][of] | ~reel.trusted
