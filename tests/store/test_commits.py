"""When what waits is committed: by the clock that is given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.store.commits import Budget, Commits, Job
from pole_agent.store.rows import Entry
from pole_agent.vocabulary import RecordEvent, Severity, Stamp

INFO, WARNING, ALARM = Severity.INFO, Severity.WARNING, Severity.ALARM
NOW = 100_000.0
HOUR_S = 3600.0


def entry(severity: Severity = INFO, name: str = "id", kind: str = "traffic.summarized") -> Entry:
    return Entry(name, RecordEvent(kind, severity, {}, 5.0), Stamp(5.0, "boot", 1005.0, "synced"))


def later(at: float = NOW) -> Job:
    return Job(kind="later", work=lambda db: None, answer=lambda result, problem: None, at=at)


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [
        ({}, None),
        ({"batch": 0.0}, 5.0),
        ({"batch": 3.0}, 2.0),
        ({"batch": 9.0}, 0.0),
        ({"urgent": True, "batch": 0.0}, 0.0),
        ({"lost": 1}, 0.0),
        ({"aside": True}, 0.0),
        ({"later": [0.0]}, 60.0),
        ({"later": [50.0]}, 10.0),
        ({"later": [61.0]}, 0.0),
        ({"later": [0.0, 50.0]}, 60.0),
        ({"later": [50.0, 0.0]}, 10.0),
        ({"later": [20.0], "batch": 0.0}, 5.0),
        ({"later": [58.0], "batch": 0.0}, 2.0),
        ({"batch": 0.0, "spent": 19}, 5.0),
        ({"batch": 0.0, "spent": 20, "idle": 30.0}, 30.0),
        ({"batch": 0.0, "spent": 20}, 60.0),
        ({"batch": 0.0, "spent": 20, "idle": 45.0}, 15.0),
        ({"batch": 3.0, "spent": 20, "idle": 59.0}, 2.0),
        ({"lost": 1, "batch": 0.0, "spent": 20}, 0.0),
        ({"failed": 1}, 1.0),
        ({"failed": 2, "urgent": True, "batch": 0.0}, 2.0),
        ({"failed": 2, "lost": 1, "aside": True}, 2.0),
        ({"failed": 1, "idle": 1.0, "batch": 0.0}, 5.0),
        ({"failed": 1, "idle": 1.0}, None),
    ],
)
def test_how_long_until_a_commit(waits: dict[str, Any], seconds: float | None) -> None:
    """A batch for 5 s, or longer when there were many; what can wait a minute; a failed disk for its retry;
    all else not at all. `idle`: so long ago were the commits that were spent, and the failures.
    """
    begun = NOW - waits.get("idle", 0.0)
    commits = Commits(5.0, begun)
    for _ in range(waits.get("spent", 0)):
        commits.spend(begun)
    for _ in range(waits.get("failed", 0)):
        commits.failed(begun)
    if "batch" in waits:
        commits.add(entry(WARNING if waits.get("urgent") else INFO), NOW - waits["batch"])
        commits.add(entry(), NOW)
    commits.jobs = [later(NOW - since) for since in waits.get("later", [])]
    commits.lost = waits.get("lost", 0)
    assert commits.wait_s(NOW, at_once=waits.get("aside", False)) == seconds


@pytest.mark.parametrize(("severity", "urgent"), [(INFO, False), (WARNING, True), (ALARM, True)])
def test_what_is_urgent(severity: Severity, urgent: bool) -> None:
    """Anything above info, and it stays so until it is stored, whatever comes after it."""
    commits = Commits(5.0, NOW)
    for one in (severity, INFO):
        commits.add(entry(one), NOW)
        assert commits.urgent is urgent
    commits.stored(NOW)
    assert (commits.urgent, commits.waiting, commits.entries) == (False, False, [])


def test_fifty_are_full() -> None:
    """And forty-nine are not."""
    commits = Commits(5.0, NOW)
    for number in range(1, 51):
        commits.add(entry(), NOW)
        assert commits.full is (number == 50)


@pytest.mark.parametrize("waits", ["entries", "jobs", "lost"])
def test_what_waits(waits: str) -> None:
    """An event, a mark and a loss each are reason enough for a commit; a store that is new has none."""
    commits = Commits(5.0, NOW)
    assert not commits.waiting
    setattr(commits, waits, {"entries": [entry()], "jobs": [later()], "lost": 1}[waits])
    assert commits.waiting
    jobs = commits.stored(NOW)
    assert (len(jobs), commits.waiting) == (int(waits == "jobs"), False)


@pytest.mark.parametrize("idle_s", [0.0, 1e6])
def test_twenty_batches_may_follow_each_other(idle_s: float) -> None:
    """Then one in a minute, however long it was quiet before."""
    commits, now = Commits(5.0, NOW - idle_s), NOW
    waits = []
    for _ in range(23):
        commits.add(entry(), now)
        waits.append(commits.wait_s(now))
        commits.spend(now)
        commits.stored(now)
    assert waits == [5.0] * 20 + [60.0] * 3


@given(st.lists(st.floats(0.0, 1e5), max_size=60))
def test_the_wear_of_a_day_has_its_limit(pauses: list[float]) -> None:
    """Whatever comes when: never more commits than twenty and one in an hour, in the long run."""
    commits, now = Commits(HOUR_S / 12, NOW), NOW
    for made, pause in enumerate(pauses, 1):
        now += pause
        commits.add(entry(), now)
        wait_s = commits.wait_s(now)
        assert wait_s is not None
        now += wait_s
        commits.spend(now)
        commits.stored(now)
        assert made <= 20 + (now - NOW) / HOUR_S + 1e-6


@given(st.lists(st.tuples(st.floats(0.0, 1e4), st.booleans()), max_size=60))
def test_a_budget_is_neither_overdrawn_nor_hoarded(steps: list[tuple[float, bool]]) -> None:
    """It holds 0 to its limit, and says when there is one to spend."""
    budget, now = Budget(3.0, 60.0, NOW), NOW
    for pause, spends in steps:
        now += pause
        if spends:
            budget.spend(now)
        assert 0.0 <= budget.left(now) <= 3.0
        there = budget.next_at(now)
        assert budget.left(max(now, there + 1e-6)) >= 1.0


# --- a disk that fails


def test_a_failing_disk_is_tried_ever_more_rarely() -> None:
    """After 1, 2, 5, 15 and then every 30 s; once it works, it begins anew, and at once."""
    commits, now = Commits(5.0, NOW), NOW
    for wait_s in (1.0, 2.0, 5.0, 15.0, 30.0, 30.0):
        commits.failed(now)
        assert commits.wait_s(now) == wait_s
        assert not commits.may_try(now + wait_s - 0.01)
        now += wait_s
        assert commits.may_try(now)
    commits.stored(now)
    assert commits.may_try(now)
    commits.failed(now)
    assert commits.wait_s(now) == 1.0


def test_a_failure_keeps_events_and_gives_jobs_back() -> None:
    """The file may be another one next time: who asked decides what then."""
    commits, job = Commits(5.0, NOW), later()
    commits.add(entry(WARNING), NOW)
    commits.jobs = [job]
    assert commits.failed(NOW) == [job]
    assert (len(commits.entries), commits.jobs, commits.lost, commits.urgent) == (1, [], 0, True)


def test_what_cannot_be_stored_is_lost_and_counted() -> None:
    """Whatever the disk does: the next commit tells of it."""
    commits, job = Commits(5.0, NOW), later()
    commits.lost = 1
    for severity in (INFO, ALARM):
        commits.add(entry(severity), NOW)
    commits.jobs = [job]
    assert commits.give_up(NOW) == [job]
    assert (commits.entries, commits.jobs, commits.lost, commits.urgent) == ([], [], 3, False)
    assert commits.wait_s(NOW) == 1.0


def test_two_thousand_fit_in_memory() -> None:
    """Of what is too much the oldest of the lowest severity goes, reports of losses last."""
    commits = Commits(5.0, NOW)
    first = [
        entry(INFO, "told", "outbox.dropped"),
        entry(ALARM, "alarm"),
        entry(WARNING, "warning"),
        entry(INFO, "a"),
        entry(INFO, "b"),
    ]
    for one in (*first, *(entry(WARNING, "more") for _ in range(1998))):
        commits.add(one, NOW)
    commits.trim()
    kept = [e.event_id for e in commits.entries]
    assert (len(kept), commits.lost, kept[:3]) == (2000, 3, ["told", "alarm", "more"])
    commits.trim()
    assert (len(commits.entries), commits.lost) == (2000, 3)
