"""The detector slows down before the board does; voltage and wear are read where they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pole_agent.health.heat import Heat
from pole_agent.health.vitals import power, temperature_c, wear_pct


def test_down_at_once_and_up_again_when_it_has_cooled() -> None:
    now, hot, throttled = 0.0, 50.0, False
    heat = Heat(lambda: hot, lambda: throttled, lambda: now)
    seen = []
    for degrees in (50, 79, 80, 78, 77, 76.9, 84, 82, 81, 80.9, 77, 70):
        hot = degrees
        now += 10
        seen.append(heat.pace())
    assert seen == [1, 1, 0.5, 0.5, 0.5, 1, 0.25, 0.25, 0.25, 0.5, 0.5, 1]
    throttled, now = True, now + 10
    assert heat.pace() == 0.5
    assert "half" in heat.why


def test_what_is_unknown_slows_nothing() -> None:
    """What is unknown slows nothing and the sensors are not read for each frame."""
    reads = 0

    def read() -> None:
        nonlocal reads
        reads += 1

    heat = Heat(read, lambda: None, lambda: 1.0)
    assert [heat.pace() for _ in range(100)] == [1.0] * 100
    assert reads == 1


def _write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("bits", "throttled", "low"),
    [
        ("0", False, False),
        ("1", False, True),
        ("4", True, False),
        ("50005", True, True),
        ("50000", False, False),
        ("8", True, False),
    ],
)
def test_the_firmware_of_a_raspberry_pi(tmp_path: Path, bits: str, throttled: bool, low: bool) -> None:
    _write(tmp_path, "devices/platform/soc/soc:firmware/get_throttled", bits)
    assert power(tmp_path) == {"throttled": throttled, "under_voltage": low}


def test_other_boards(tmp_path: Path) -> None:
    assert power(tmp_path) == {"throttled": None, "under_voltage": None}
    assert (temperature_c(tmp_path), wear_pct(tmp_path)) == (None, None)
    _write(tmp_path, "class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert power(tmp_path)["under_voltage"] is True
    _write(tmp_path, "class/thermal/thermal_zone0/temp", "48312\n")
    _write(tmp_path, "class/thermal/thermal_zone1/temp", "61000\n")
    _write(tmp_path, "class/thermal/thermal_zone2/temp", "broken\n")
    assert temperature_c(tmp_path) == 61.0
    _write(tmp_path, "block/mmcblk0/device/life_time", "0x01 0x03\n")
    assert wear_pct(tmp_path) == 30
    _write(tmp_path, "block/mmcblk0/device/life_time", "0x0b 0x03\n")
    assert wear_pct(tmp_path) == 100
