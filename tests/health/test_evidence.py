"""Evidence against a clock, each by itself; and the constant that a release has to look after."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.clock import ManualClock
from pole_agent.health.clock_memory import FILE_NAME, Memory, load, save
from pole_agent.health.evidence import BEHIND_S, EARLIEST_WALL, LATEST_WALL, against
from pole_agent.health.trust import TimeKeeper
from pole_agent.health.validity import not_before, starts
from tests.conftest import ROOT

NOW = 1_795_500_000.0
MAX_AGE_S = 183 * 86_400.0


def test_the_release_date_is_that_of_this_release() -> None:
    """Raise EARLIEST_WALL in health/evidence.py with a release: a clock before it is not believed, so it must
    not lie in the future.
    """
    asked = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if asked.returncode != 0 or not asked.stdout.strip():
        pytest.skip("needs the history of the project")
    changed = float(asked.stdout)
    assert changed >= EARLIEST_WALL, "it lies after the newest change"
    assert changed - EARLIEST_WALL <= MAX_AGE_S, "it is older than half a year"


@given(st.floats(-1e12, 1e13), st.floats(0, 1e8))
def test_nothing_before_release_and_nothing_beyond(wall: float, now: float) -> None:
    """Nothing before the release and nothing beyond thirty years is right."""
    kinds = [a.kind for a in against(wall, now, {}, None, "", False)]
    assert kinds == (["release"] if wall < EARLIEST_WALL else ["late"] if wall > LATEST_WALL else [])


@given(st.floats(-1e6, 1e6), st.floats(0, 1e7), st.floats(0, 1e7))
def test_time_that_passes_heals_nothing(ahead: float, begun: float, passed: float) -> None:
    """A clock runs as the monotonic one does: what was behind a mark is behind it later."""
    offset = NOW - begun
    bounds = {"known": offset + ahead}
    first = [a.kind for a in against(offset + begun, begun, bounds, None, "", False)]
    later = [a.kind for a in against(offset + begun + passed, begun + passed, bounds, None, "", False)]
    if abs(ahead - BEHIND_S) > 0.1:
        assert first == later == (["known"] if ahead > BEHIND_S else [])


def test_start_of_certificates_is_read_also_before_it(tmp_path: Path) -> None:
    """The start of certificates is read also before it."""
    ca = trustme.CA()
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
    issued = ca.issue_cert("pole", not_before=begin, not_after=begin + timedelta(days=30))
    file = tmp_path / "pole.pem"
    for blob in issued.cert_chain_pems:
        blob.write_to_path(file, append=True)
    assert starts(file)[0] == begin.timestamp()
    far = ca.issue_cert(
        "pole", not_before=datetime(2055, 1, 1, tzinfo=UTC), not_after=datetime(2056, 1, 1, tzinfo=UTC)
    )
    far.cert_chain_pems[0].write_to_path(file)
    assert starts(file)[0] == datetime(2055, 1, 1, tzinfo=UTC).timestamp(), "GeneralizedTime, from 2050 on"
    file.write_text("nothing")
    with pytest.raises(ValueError, match="no certificate"):
        starts(file)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_certificate_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        not_before(data)


def test_what_is_remembered_comes_back_and_nonsense(tmp_path: Path) -> None:
    """What is remembered comes back and nonsense is as none."""
    memory = Memory(
        NOW, "boot", 5.0, NOW - 5, NOW - 10, NOW - 9, 30.0, 40.0, NOW, True, "why", {"certificate x": NOW}
    )
    save(tmp_path, memory)
    assert load(tmp_path) == memory
    for text in (
        "",
        "[]",
        "{",
        '{"offset": "x", "behind_s": NaN, "cell_aside": 3, "false_starts": {"a": "b"}}',
        "\0",
        "[" * 100_000,
    ):
        (tmp_path / FILE_NAME).write_text(text)
        assert load(tmp_path) == Memory(known=NOW)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    assert load(tmp_path) == Memory(known=NOW)


def test_certificate_that_person_gave_up_stays_given() -> None:
    """A certificate that a person gave up stays given up and a new one counts.

    Its authority had a wrong clock when it was issued.
    """
    clock = ManualClock(wall=NOW, monotonic=100.0)
    keeper = TimeKeeper(clock, "system", "boot")
    keeper.remember("certificate mqtt.cert_file", NOW + 86_400)
    assert not keeper.trusted
    assert keeper.accept() == ""
    assert keeper.trusted
    after = TimeKeeper(ManualClock(wall=NOW + 60, monotonic=10.0), "system", "next", memory=keeper.memory())
    after.remember("certificate mqtt.cert_file", NOW + 86_400)
    assert after.trusted
    after.remember("certificate mqtt.cert_file", NOW + 90_000)
    assert not after.trusted


def test_the_certificate_of_the_broker() -> None:
    """The certificate of the broker that is not valid yet counts until it is or the clock is set."""
    clock = ManualClock(wall=NOW, monotonic=100.0)
    keeper = TimeKeeper(clock, "system", "boot")
    keeper.broker_says(too_early=True)
    keeper.check()
    assert not keeper.trusted
    assert "broker" in keeper.reason
    clock.set_wall(NOW + 8 * 3600)
    keeper.check()
    assert keeper.trusted
    keeper.broker_says(too_early=True)
    keeper.check()
    keeper.broker_says(too_early=False)
    keeper.check()
    assert keeper.trusted
