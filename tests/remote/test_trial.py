"""The trial of a new configuration, and the journal that outlives a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import RemoteError
from pole_agent.remote import journal as journals
from pole_agent.remote.journal import Journal, OnTrial
from pole_agent.remote.trial import READ_S, STEADY_S, Seen, Trial, Verdict

GOOD = Seen(running=True, acknowledged=True, worse=(), restarts=0)
SILENT = Seen(None, None, (), 0)
CONFIRM_S = 300.0


def judged(*moments: tuple[float, Seen]) -> tuple[Verdict, str]:
    trial = Trial(CONFIRM_S)
    verdict, why = Verdict.WAIT, None
    for at, seen in moments:
        verdict, why = trial.judge(at, seen)
    return verdict, str(why or "")


def test_it_is_kept_once_all_is_well_for_a_while() -> None:
    assert judged((0, SILENT), (5, GOOD)) == (Verdict.WAIT, "")
    assert judged((5, GOOD), (5 + STEADY_S, GOOD)) == (Verdict.KEEP, "")
    assert judged((5, GOOD), (9, SILENT), (5 + STEADY_S, GOOD)) == (Verdict.WAIT, "")


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (SILENT, "does not answer"),
        (Seen(running=True, acknowledged=False, worse=(), restarts=0), "broker"),
        (Seen(running=True, acknowledged=True, worse=["camera:street"], restarts=1), "camera:street"),
    ],
)
def test_it_is_reverted_when_time_is_up(seen: Seen, why: str) -> None:
    assert judged((CONFIRM_S - 1, seen))[0] is Verdict.WAIT
    verdict, told = judged((CONFIRM_S - 1, seen), (CONFIRM_S, seen))
    assert verdict is Verdict.REVERT
    assert why in told


def test_what_cannot_become_good_is_reverted_at_once() -> None:
    crashed = Seen(running=None, acknowledged=None, worse=(), restarts=2)
    refused = Seen(running=False, acknowledged=True, worse=(), restarts=0)
    assert judged((3, crashed))[0] is Verdict.REVERT
    assert judged((READ_S - 1, refused))[0] is Verdict.WAIT
    assert judged((READ_S, refused))[0] is Verdict.REVERT


SEEN = st.builds(
    Seen,
    running=st.sampled_from([None, True, False]),
    acknowledged=st.sampled_from([None, True, False]),
    worse=st.sampled_from([(), ("lamp",)]),
    restarts=st.integers(0, 3),
)


@given(st.lists(SEEN, min_size=1, max_size=40))
def test_only_what_is_well_is_kept_and_it_ends(seen: list[Seen]) -> None:
    trial = Trial(60.0)
    for number, look in enumerate([*seen, *[SILENT] * 61]):
        verdict, why = trial.judge(float(number), look)
        assert (why is not None) == (verdict is Verdict.REVERT)
        if verdict is Verdict.KEEP:
            assert look.running
            assert look.acknowledged
            assert not look.worse
        if verdict is not Verdict.WAIT:
            return
    raise AssertionError("it never ended")


def test_the_journal_is_as_it_was_written(tmp_path: Path) -> None:
    assert journals.read(tmp_path) == Journal()
    begun = Journal(base="b", installed="i").begun(OnTrial("old", "new", "base", "full"))
    journals.write(tmp_path, begun)
    assert journals.read(tmp_path) == begun
    assert (tmp_path / journals.FILE).stat().st_mode & 0o777 == 0o600
    assert begun.kept() == Journal("base", "full", "new")
    assert begun.reverted([{"key": "", "problem": "p"}]).failed == "new"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"trial": 1}', '{"trial": null, "x": 1}', "\ud800"])
def test_a_damaged_journal_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / journals.FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(RemoteError, match="journal"):
        journals.read(tmp_path)
