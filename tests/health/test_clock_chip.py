"""A clock chip is believed for the boot that it set the clock at, and for nothing after a doubt."""

from __future__ import annotations

from pathlib import Path

from pole_agent.health.trust import set_from_chip, synchronized, teller


def test_the_kernel_says_whether_it_took_the_time_from_a_chip(tmp_path: Path) -> None:
    assert not set_from_chip(root=tmp_path)
    chip = tmp_path / "rtc0"
    chip.mkdir()
    (chip / "hctosys").write_text("0\n")
    assert not set_from_chip(root=tmp_path)
    (chip / "hctosys").write_text("1\n")
    assert set_from_chip(root=tmp_path)
    assert not set_from_chip(after=1.0, root=tmp_path)


def test_a_chip_counts_only_where_it_is_configured() -> None:
    assert teller(False) is synchronized
    assert teller(True) is not synchronized
