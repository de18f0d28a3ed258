"""A clock chip is believed for the boot that it set the clock at, unless it is behind the last known time; for nothing after a doubt."""

from __future__ import annotations

import time
from pathlib import Path

from pole_agent.health.trust import keep_time, last_known, set_from_chip, synchronized, teller


def _chip(root: Path, took: str) -> Path:
    folder = root / "rtc0"
    folder.mkdir(exist_ok=True)
    (folder / "hctosys").write_text(f"{took}\n")
    return root


def test_the_kernel_says_whether_it_took_the_time_from_a_chip(tmp_path: Path) -> None:
    assert not set_from_chip(root=tmp_path)
    assert not set_from_chip(root=_chip(tmp_path, "0"))
    assert set_from_chip(root=_chip(tmp_path, "1"))
    assert not set_from_chip(after=1.0, root=tmp_path)


def test_a_chip_counts_only_where_it_is_configured(tmp_path: Path) -> None:
    assert teller(False, tmp_path) is synchronized
    assert teller(True, tmp_path, _chip(tmp_path, "1"))(0.0)


def test_a_chip_behind_the_last_known_time_is_not_believed(tmp_path: Path) -> None:
    """An empty battery: the chip starts again somewhere in the past."""
    told = teller(True, tmp_path / "state", _chip(tmp_path, "1"))
    (tmp_path / "state").mkdir()
    keep_time(tmp_path / "state", time.time() + 86_400)
    assert not told(0.0)
    keep_time(tmp_path / "state", time.time() - 86_400)
    assert told(0.0)


def test_the_last_known_time_is_kept_and_none_is_no_trouble(tmp_path: Path) -> None:
    assert last_known(tmp_path / "nowhere") == 0.0
    keep_time(tmp_path, 1_800_000_000.0)
    assert last_known(tmp_path) == 1_800_000_000.0
