"""kill -9 at random moments, the link cut and the broker stopped in between: every sequence number reaches
the city.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Mosquitto
from tests.faults.kills import prove
from tests.share import part


def test_five_kills_and_ten_cuts_lose_nothing(
    bench: Callable[..., Path], tmp_path: Path, mosquitto: Mosquitto
) -> None:
    outcome = prove(bench, tmp_path / "state", mosquitto, kills=5, seed=1, most_s=4.0, cuts=10)
    assert outcome.stored > 10
    assert outcome.cuts >= 10
    assert outcome.missing == 0
    assert not outcome.contradictions, "the same number is always the same event"


@pytest.mark.slow
@pytest.mark.essence
@pytest.mark.timeout(1800)
def test_two_hundred_kills_lose_nothing(
    bench: Callable[..., Path], tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two hundred kills and five hundred cuts lose nothing."""
    with capsys.disabled():
        outcome = prove(
            bench, tmp_path / "state", mosquitto, kills=part(200), seed=20, most_s=5.0, cuts=part(500)
        )
        print(f"\n{part(200)} kills: {outcome}")
    assert outcome.stored > part(500)
    assert outcome.cuts >= part(500)
    assert outcome.missing == 0
    assert not outcome.contradictions
