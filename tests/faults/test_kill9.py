"""kill -9 at random moments, the broker stopped and started in between: every sequence number reaches the city."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Mosquitto
from tests.faults.kills import prove


def test_five_kills_lose_nothing(bench: Callable[..., Path], tmp_path: Path, mosquitto: Mosquitto) -> None:
    stored, missing = prove(bench, tmp_path / "state", mosquitto, kills=5, seed=1, most_s=4.0)
    assert stored > 10
    assert missing == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_kills_lose_nothing(
    bench: Callable[..., Path], tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    stored, missing = prove(bench, tmp_path / "state", mosquitto, kills=20, seed=20)
    with capsys.disabled():
        print(f"\n20 kills: {stored} events stored, {missing} missing at the subscriber")
    assert stored > 50
    assert missing == 0
