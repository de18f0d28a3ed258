"""A clock chip is believed for the boot that it set the clock at, unless it is behind the last known time;
for nothing after a doubt.
"""

from __future__ import annotations

from pathlib import Path

from pole_agent.clock import ManualClock
from pole_agent.health.clock_memory import Memory, keep_time, last_known
from pole_agent.health.time_servers import set_from_chip
from pole_agent.health.trust import TimeKeeper

NOW = 1_795_500_000.0


def _chip(root: Path, took: str) -> Path:
    folder = root / "rtc0"
    folder.mkdir(exist_ok=True)
    (folder / "hctosys").write_text(f"{took}\n")
    return root


def _keeper(root: Path, known: float = 0.0, behind_s: float = 0.0) -> TimeKeeper:
    memory = Memory(known=known, boot_id="before", behind_s=behind_s)
    clock = ManualClock(wall=NOW, monotonic=20.0)
    return TimeKeeper(
        clock, "auto", "boot", lambda _: False, lambda after: set_from_chip(after, root), memory=memory
    )


def test_kernel_says_whether_it_took_time_from_chip(tmp_path: Path) -> None:
    """The kernel says whether it took the time from a chip."""
    assert not set_from_chip(root=tmp_path)
    assert not set_from_chip(root=_chip(tmp_path, "0"))
    assert set_from_chip(root=_chip(tmp_path, "1"))
    assert not set_from_chip(after=1.0, root=tmp_path)


def test_a_chip_is_believed_for_its_boot(tmp_path: Path) -> None:
    assert not _keeper(_chip(tmp_path, "0")).trusted
    keeper = _keeper(_chip(tmp_path, "1"))
    assert keeper.trusted
    assert "clock chip" in keeper.source()


def test_chip_behind_last_known_time_is_not_believed(tmp_path: Path) -> None:
    """A chip behind the last known time is not believed.

    An empty battery: the chip starts again somewhere in the past.
    """
    chip = _chip(tmp_path, "1")
    assert not _keeper(chip, known=NOW + 86_400).trusted
    assert _keeper(chip, known=NOW - 86_400).trusted


def test_chip_that_was_behind_before_long_outage(tmp_path: Path) -> None:
    """A chip that was behind before a long outage is still behind after it.

    The outage was longer than the chip is behind: by the last known time alone it would look right.
    """
    keeper = _keeper(_chip(tmp_path, "1"), known=NOW - 3600, behind_s=8 * 3600)
    assert not keeper.trusted
    assert "nobody has set it since" in keeper.reason


def test_the_last_known_time_is_kept(tmp_path: Path) -> None:
    """The last known time is kept and none is no trouble."""
    assert last_known(tmp_path / "nowhere") == 0.0
    keep_time(tmp_path, 1_800_000_000.0)
    assert last_known(tmp_path) == 1_800_000_000.0
