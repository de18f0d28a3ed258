"""The failure policy of a job: what ends the agent, what is tried again and when, what is reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pole_agent.clock import ManualClock
from pole_agent.supervise import Fatal, Job, OnFailure, supervise

Run = Callable[[], Coroutine[Any, Any, None]]


class Desk:
    """One supervised job on a manual clock; what was begun and what was reported, by the seconds since the
    start.
    """

    def __init__(self, luck: float = 1.0) -> None:
        self.clock = ManualClock()
        self.began_at = self.clock.monotonic()
        self.luck = luck
        self.starts: list[float] = []
        self.said: list[tuple[float, str, str]] = []
        self.silent_s = 0.0
        self.task: asyncio.Task[None] | None = None

    @property
    def now(self) -> float:
        return round(self.clock.monotonic() - self.began_at, 3)

    def begin(
        self, run: Run, on_failure: OnFailure = OnFailure.DEGRADE, beat_within_s: float | None = None
    ) -> asyncio.Task[None]:
        async def counted() -> None:
            self.starts.append(self.now)
            await run()

        def report(name: str, reason: str) -> None:
            self.said.append((self.now, name, reason))

        job = Job("work", counted, on_failure, beat_within_s)
        self.task = asyncio.create_task(
            supervise(job, self.clock, lambda: self.luck, report, lambda _: self.silent_s)
        )
        return self.task

    async def end(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def lasts(self, *seconds: float) -> Run:
        """A job that fails after so long, each time the next of these, at last for ever."""
        left = list(seconds)

        async def run() -> None:
            await self.clock.sleep(left.pop(0) if left else 1e9)
            raise ValueError("broken")

        return run


def test_a_job_degrades_unless_it_says_fatal() -> None:
    """Nothing ends the agent by accident."""

    async def run() -> None: ...

    assert Job("work", run).on_failure is OnFailure.DEGRADE
    assert Job("work", run).beat_within_s is None


async def test_a_fatal_job_that_fails_raises_at_once() -> None:
    """No second try, no report to wait for: the agent goes down."""
    desk = Desk()
    task = desk.begin(desk.lasts(0.5), OnFailure.FATAL, beat_within_s=5.0)
    await desk.clock.advance(0.5)
    with pytest.raises(Fatal, match="work"):
        await task
    assert desk.starts == [0.0]


async def test_a_job_that_returns_is_done() -> None:
    """It is not begun again."""
    for beat_within_s in (None, 60.0):
        desk = Desk()

        async def run() -> None: ...

        await asyncio.wait_for(desk.begin(run, beat_within_s=beat_within_s), 5)
        assert (desk.starts, desk.said) == ([0.0], [])


async def test_job_that_is_cancelled_ends_and_is_no_failure() -> None:
    """A job that is cancelled ends and is no failure. A stop reaches it, with a pulse or without."""
    for on_failure in OnFailure:
        for beat_within_s in (None, 60.0):
            desk = Desk()
            task = desk.begin(desk.lasts(1e6), on_failure, beat_within_s)
            await desk.clock.advance(1.0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)
            assert desk.said == []


@pytest.mark.parametrize(
    ("luck", "waits"),
    [
        (1.0, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]),
        (0.0, [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30]),
        (0.5, [0.75, 1.5, 3, 6, 12, 24, 45, 45, 45, 45, 45, 45]),
    ],
)
async def test_the_wait_grows_to_a_minute_with_jitter(luck: float, waits: list[float]) -> None:
    """Doubled from one second on, at most 60 s, and by chance down to a half of that."""
    desk = Desk(luck)
    desk.begin(desk.lasts(*[0.0] * 12))
    await desk.clock.advance(1000.0)
    gaps = [round(b - a, 3) for a, b in zip(desk.starts, desk.starts[1:], strict=False)]
    assert gaps == waits
    await desk.end()


@pytest.mark.parametrize(("lasted", "again"), [(119.0, 8.0), (119.999, 8.0), (120.0, 1.0), (500.0, 1.0)])
async def test_a_job_that_ran_for_two_minutes_starts_over(lasted: float, again: float) -> None:
    """After a steady run the wait is the shortest again; after a shorter one it goes on growing."""
    desk = Desk()
    desk.begin(desk.lasts(0.0, 0.0, 0.0, lasted, 0.0))
    await desk.clock.advance(1 + 2 + 4 + lasted + 50)
    assert desk.starts[3] == 7.0
    assert desk.starts[4] == round(7.0 + lasted + again, 3)
    assert round(desk.starts[5] - desk.starts[4], 3) == 2 * again, "and it grows from there"
    await desk.end()


async def test_failures_are_told_at_once_and_a_recovery() -> None:
    """Failures are told at once and a recovery after two minutes.

    The reason names the failure; who has run for two minutes is well, and not before; the first start is no
    recovery.
    """
    desk = Desk()
    desk.begin(desk.lasts(300.0, 119.0))
    await desk.clock.advance(300.0)
    assert desk.said == [(300.0, "work", "ValueError: broken")]
    await desk.clock.advance(500.0)
    assert desk.said == [
        (300.0, "work", "ValueError: broken"),
        (420.0, "work", "ValueError: broken"),
        (542.0, "work", ""),
    ]
    await desk.end()


async def test_who_waits_to_be_started_again_is_not_well() -> None:
    """A recovery is not told after the run that it was to be of has failed."""
    desk = Desk()
    desk.begin(desk.lasts(*[30.0] * 40))
    await desk.clock.advance(1200.0)
    assert desk.said
    assert {reason for _, _, reason in desk.said} == {"ValueError: broken"}
    await desk.end()


# --- the pulse


@pytest.mark.parametrize(("silent_s", "hangs"), [(59.0, False), (60.0, False), (60.1, True), (1e9, True)])
async def test_a_job_that_does_not_beat_is_started_again(silent_s: float, hangs: bool) -> None:
    """Looked at every 30 s: silence for longer than promised is a failure, silence up to that is none."""
    desk = Desk()
    desk.silent_s = silent_s
    ended: list[float] = []

    async def run() -> None:
        try:
            await desk.clock.sleep(1e9)
        finally:
            ended.append(desk.now)

    desk.begin(run, beat_within_s=60.0)
    await desk.clock.advance(89.0)
    assert (desk.said, ended) == ([], []), "it has just begun: the silence is that of before"
    await desk.clock.advance(3.0)
    if hangs:
        assert desk.said == [
            (
                90.0,
                "work",
                f"Hangs: timed out: no heartbeat for {90 if silent_s > 90 else 60} s",
            )
        ]
        assert ended == [90.0], "what hung was cancelled"
        assert desk.starts == [0.0, 91.0]
    else:
        assert (desk.said, ended, desk.starts) == ([], [], [0.0])
    await desk.end()


async def test_a_job_that_just_began_is_not_silent() -> None:
    """A restart after a long failure is not taken for a hang: silence counts from the start of the run."""
    desk = Desk()
    desk.silent_s = 1e9
    desk.begin(desk.lasts(1e6), beat_within_s=45.0)
    await desk.clock.advance(59.0)
    assert desk.said == []
    await desk.clock.advance(1.0)
    assert desk.said == [(60.0, "work", "Hangs: timed out: no heartbeat for 60 s")]
    await desk.end()


async def test_who_promised_no_beat_is_not_asked_for_one() -> None:
    """Neither a job without a promise nor a FATAL one, which the watchdog looks after."""
    for on_failure, within in ((OnFailure.DEGRADE, None), (OnFailure.FATAL, 1.0)):
        desk = Desk()
        desk.silent_s = 1e9
        task = desk.begin(desk.lasts(1e6), on_failure, within)
        await desk.clock.advance(1000.0)
        assert (desk.said, desk.starts, task.done()) == ([], [0.0], False)
        await desk.end()


async def test_failure_of_job_with_pulse_is_told_as_it_is() -> None:
    """The failure of a job with a pulse is told as it is.

    Not when its beat is looked for, but when it happens.
    """
    desk = Desk()
    desk.begin(desk.lasts(12.0), beat_within_s=60.0)
    await desk.clock.advance(12.0)
    assert desk.said == [(12.0, "work", "ValueError: broken")]
    await desk.end()


async def test_what_does_not_even_end_is_left_behind() -> None:
    """A hung job that swallows its cancellation holds nobody up: the next run begins within some seconds."""
    desk = Desk()
    desk.silent_s = 1e9
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    loop = asyncio.get_running_loop()
    desk.begin(stubborn, beat_within_s=20.0)
    await desk.clock.advance(30.0)
    begun = loop.time()
    while not desk.said and loop.time() - begun < 10:
        await asyncio.sleep(0.05)
    assert [reason for _, _, reason in desk.said] == ["Hangs: timed out: no heartbeat for 30 s"]
    assert 1.95 < loop.time() - begun < 2.9, "it had two seconds to end"
    let_go.set()
    await desk.end()
