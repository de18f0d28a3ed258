"""The probes of the machine, at stand-ins for what they ask: a chronyc of the test's own, a flag, files as
the kernel writes them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.errors import PoleAgentError
from pole_agent.health.certificates import Certificates
from pole_agent.health.parts import Parts
from pole_agent.health.time_servers import Flag, TimeServers, read_chrony, set_from_chip
from pole_agent.health.vitals import power, temperature_c, vitals, wear_pct
from pole_agent.vocabulary import RecordEvent, Severity

NOW = 1_795_500_000.0
Chronyc = Callable[[str], None]


def line(
    stratum: int = 2,
    at: float = NOW - 30,
    offset: float = 0.0,
    delay: float = 0.0,
    dispersion: float = 0.0,
    leap: str = "Normal",
) -> str:
    first = f"C0000201,ntp.example,{stratum},{at:.4f},{offset},0.1,0.2,-12.3,0.001,0.04"
    return f"{first},{delay},{dispersion},64.2,{leap}"


# --- what chrony says


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (line(stratum=0), False),
        (line(stratum=1), True),
        (line(stratum=10), True),
        (line(stratum=11), False),
        (line(stratum=15), False),
        (line(stratum=16), False),
        (line(at=0.0), False),
        (line(at=0.5), True),
        (line(at=-1.0), False),
        (line(at=NOW + 20), True),
        (line(at=NOW + 20.5), False),
        (line(offset=119.9), True),
        (line(offset=120.1), False),
        (line(offset=-119.9), True),
        (line(offset=-120.1), False),
        (line(delay=239.8), True),
        (line(delay=240.2), False),
        (line(delay=-240.2), False),
        (line(dispersion=119.9), True),
        (line(dispersion=120.1), False),
        (line(dispersion=-120.1), False),
        (line(offset=60, delay=80, dispersion=20), True),
        (line(offset=60, delay=80, dispersion=20.1), False),
        (line(offset=-60, delay=-80, dispersion=-20.1), False),
        (line(leap="Not synchronised"), False),
        (line(leap="Delete second"), True),
        (line(dispersion=float("nan")), False),
        (line(offset=float("inf")), False),
        (line().replace("C0000201", ""), False),
        (line().replace("C0000201", "00000000"), False),
        (line().replace("C0000201", "7f7f0101"), False),
        (line().replace("C0000201,ntp.example", "7FA1B2C3,"), False),
        (",".join([*line().split(",")[:12], "Normal"]), False),
        (line() + ",more", True),
    ],
)
def test_each_limit_of_what_chrony_says(said: str, heard: bool) -> None:
    """A source counts up to its limits and not beyond them: stratum, age, distance from the clock, name, leap
    status.
    """
    found = read_chrony(said, NOW)
    assert (found.at is not None) is heard
    if heard:
        assert found.at == pytest.approx(float(said.split(",")[3]))


def test_the_words_name_the_stratum_of_whom_it_follows() -> None:
    """The source of a machine on stratum 11 is on 10; who is followed has a name, or else its reference."""
    assert read_chrony(line(stratum=11), NOW).words.endswith("which has no real clock itself (stratum 10)")
    assert read_chrony(line().replace("ntp.example", ""), NOW).words == "chrony follows C0000201 (stratum 2)"
    assert "and the clock is 200 s away from it" in read_chrony(line(offset=200), NOW).words


# --- the flag of timesyncd


@pytest.mark.parametrize(
    ("touched", "heard"),
    [
        (20.0, True),
        (20.5, False),
        (0.0, True),
        (-3600.0, True),
        (-3620.0, True),
        (-3620.5, False),
        (-1e9, False),
    ],
)
def test_flag_counts_within_this_boot_and_not_ahead(touched: float, heard: bool) -> None:
    """The flag counts within this boot and not ahead.

    An hour after boot: up to twenty seconds ahead, and back to the boot and twenty seconds more.
    """
    assert (Flag().read(NOW + touched, NOW, 3600.0).at is not None) is heard


# --- who is asked


@pytest.fixture
def chronyc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chronyc:
    """Puts a chronyc of these shell lines first on the path; without a call there is none at all."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(lines: str) -> None:
        program = folder / "chronyc"
        program.write_text(f'#!/bin/sh\n[ "$*" = "-c tracking" ] || exit 0\n{lines}\n')
        program.chmod(0o755)

    return install


def test_without_flag_and_chrony_nobody_was_heard(chronyc: Chronyc, tmp_path: Path) -> None:
    """No program, no flag: not heard, and said so."""
    servers = TimeServers(tmp_path / "none")
    assert servers.heard() is False
    assert servers.words() == "no time server was heard since boot"


def test_a_flag_counts_when_it_was_touched_after(chronyc: Chronyc, tmp_path: Path) -> None:
    """After a jump only what was touched later counts; a moment equal to it does not."""
    flag = tmp_path / "synchronized"
    flag.touch()
    at = time.time() - 5
    os.utime(flag, (at, at))
    servers = TimeServers(flag)
    at = flag.stat().st_mtime
    assert servers.heard()
    assert servers.words() == "systemd-timesyncd has set the clock from a time server"
    assert servers.heard(at - 1)
    assert not servers.heard(at)
    assert servers.words() == "no time server was heard since boot after the clock jumped"


def test_a_flag_of_the_future_is_remembered_as_false(chronyc: Chronyc, tmp_path: Path) -> None:
    """Also when chrony is not there to ask, and the next time it is looked at."""
    flag = tmp_path / "synchronized"
    flag.touch()
    os.utime(flag, (time.time() + 3600,) * 2)
    servers = TimeServers(flag)
    assert not servers.heard()
    assert not servers.heard()
    assert servers.words() == "the flag of systemd-timesyncd is in the future"


def test_chrony_is_asked_where_the_flag_says_nothing(chronyc: Chronyc, tmp_path: Path) -> None:
    """It is heard, unless that was before the doubt; a good flag comes first."""
    at = time.time() - 60
    chronyc(f"echo '{line(at=at)}'")
    servers = TimeServers(tmp_path / "none")
    assert servers.heard()
    assert servers.words() == "chrony follows ntp.example (stratum 2)"
    assert servers.heard(at - 1)
    assert not servers.heard(at + 1)
    flag = tmp_path / "synchronized"
    flag.touch()
    servers = TimeServers(flag)
    assert servers.heard()
    assert "timesyncd" in servers.words()
    os.utime(flag, (time.time() + 3600,) * 2)
    assert servers.heard(), "the flag is of another clock, chrony is not"
    assert "chrony" in servers.words()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (f"echo '{line(at=0.5, leap='Not synchronised')}'", "chrony has no source"),
        (f"echo '{line(at=9e9)}'", "chrony last heard a source at a time in the future"),
        ("echo '506 Cannot talk to daemon'", "chrony does not answer"),
        ("exit 0", "chrony does not answer"),
        (f"echo '{line(at=1.0)}'; exit 1", "no time server was heard since boot"),
        ("while :; do :; done", "no time server was heard since boot"),
    ],
)
def test_a_chrony_that_does_not_help(chronyc: Chronyc, tmp_path: Path, lines: str, words: str) -> None:
    """Not synchronised, of the future, refused, empty, failed, hanging: not heard, told why, and within a
    moment.
    """
    chronyc(lines)
    servers = TimeServers(tmp_path / "none")
    begun = time.monotonic()
    assert servers.heard() is False
    assert servers.words() == words
    assert time.monotonic() - begun < 2.0


def test_a_chip_among_several_counts(tmp_path: Path) -> None:
    """One that the kernel took is enough; one that cannot be read is passed over; after a doubt
    none counts.
    """
    for name, text in (("rtc0", "0"), ("rtc2", "1\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hctosys").write_text(text)
    (tmp_path / "rtc1" / "hctosys").mkdir(parents=True)
    assert set_from_chip(0.0, tmp_path) is True
    assert set_from_chip(0.5, tmp_path) is False
    (tmp_path / "rtc2" / "hctosys").write_text("10")
    assert set_from_chip(0.0, tmp_path) is False


# --- heat, power, wear


def put(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize("bit", range(20))
def test_each_bit_of_the_firmware(tmp_path: Path, bit: int) -> None:
    """Bit 0 is the voltage now; 1 to 3 are the processor slowed down now; what happened once says nothing of
    now.
    """
    put(tmp_path, "devices/platform/soc/soc:firmware/get_throttled", f"{1 << bit:x}\n")
    assert power(tmp_path) == {"under_voltage": bit == 0, "throttled": bit in (1, 2, 3)}


@pytest.mark.parametrize(
    ("firmware", "alarms", "low"),
    [
        (None, [], None),
        (None, ["0"], False),
        (None, ["1"], True),
        (None, ["0", "1"], True),
        (None, ["x"], None),
        (None, [""], None),
        ("0", ["1"], False),
        ("1", ["0"], True),
        ("zz", ["1"], True),
    ],
)
def test_the_voltage_by_firmware_or_else_by_an_alarm(
    tmp_path: Path, firmware: str | None, alarms: list[str], low: bool | None
) -> None:
    """The firmware rules; without it one alarm is enough; without both it is unknown, not well."""
    if firmware is not None:
        put(tmp_path, "devices/platform/soc/soc:firmware/get_throttled", firmware)
    for number, text in enumerate(alarms):
        put(tmp_path, f"class/hwmon/hwmon{number}/in0_lcrit_alarm", text)
    found = power(tmp_path)
    assert found["under_voltage"] is low
    assert (found["throttled"] is None) is (firmware in (None, "zz"))


@pytest.mark.parametrize(
    ("zones", "degrees"),
    [
        ([], None),
        (["48312"], 48.312),
        (["48312", "61000", "-5000"], 61.0),
        (["", "x"], None),
        (["-12000\n"], -12.0),
    ],
)
def test_the_hottest_zone_counts(tmp_path: Path, zones: list[str], degrees: float | None) -> None:
    """In degrees; a zone that cannot be read is left out; none is unknown, not zero."""
    for number, text in enumerate(zones):
        put(tmp_path, f"class/thermal/thermal_zone{number}/temp", text)
    assert temperature_c(tmp_path) == (None if degrees is None else pytest.approx(degrees))


@pytest.mark.parametrize(
    ("life", "pct"),
    [
        (None, None),
        ("0x00 0x00", None),
        ("0x01 0x00", 10),
        ("0x02 0x0a", 100),
        ("0x0b 0x01", 100),
        ("0x09 0x09", 90),
        ("0x01 zz", None),
    ],
)
def test_the_wear_of_a_card(tmp_path: Path, life: str | None, pct: int | None) -> None:
    """The worse of its two estimations in steps of ten, at most a hundred; none is unknown."""
    if life is not None:
        put(tmp_path, "block/mmcblk0/device/life_time", life)
    assert wear_pct(tmp_path) == pct


def test_the_vitals_of_this_machine(tmp_path: Path) -> None:
    """Each number is what the system says of itself; a folder that is gone leaves the disk unknown."""
    put(tmp_path, "class/thermal/thermal_zone0/temp", "50000")
    found = vitals(tmp_path, tmp_path)
    disk = os.statvfs(tmp_path)
    resident_mb = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    assert found["temperature_c"] == 50.0
    assert found["disk_free_mb"] == pytest.approx(disk.f_bavail * disk.f_frsize / 1e6, abs=500)
    assert found["memory_mb"] == pytest.approx(resident_mb, rel=0.1)
    assert found["memory_mb"] - 0.2 <= found["peak_memory_mb"] < 100_000
    assert found["load_1min"] == pytest.approx(os.getloadavg()[0], abs=2)
    assert found["load_1min"] >= 0
    assert (found["throttled"], found["under_voltage"], found["disk_wear_pct"]) == (None, None, None)
    assert vitals(tmp_path / "gone", tmp_path)["disk_free_mb"] is None


# --- certificates


class Ward:
    """Parts, and the events that they led to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[RecordEvent] = []
        self.parts = Parts(self.told.append, lambda: self.now)


@pytest.mark.parametrize(
    ("days", "reason", "severity"),
    [
        (400.0, "", None),
        (30.01, "", None),
        (30.0, "broker: expires in 30 days, on 2026-12-24; replace it", Severity.WARNING),
        (29.6, "broker: expires in 30 days, on 2026-12-23; replace it", Severity.WARNING),
        (0.01, "broker: expires in 0 days, on 2026-11-24; replace it", Severity.WARNING),
        (0.0, "broker: it has expired; replace it now", Severity.ALARM),
        (-5.0, "broker: it has expired; replace it now", Severity.ALARM),
    ],
)
def test_a_certificate_near_its_end(days: float, reason: str, severity: Severity | None) -> None:
    """Thirty days before the end it is told, after it that is an alarm; the numbers are in health in any
    case.
    """
    ward = Ward()
    Certificates({"broker": lambda: NOW + days * 86_400}, ward.parts).look(NOW)
    assert ward.parts.reason("certificate:broker") == reason
    assert [e.severity for e in ward.told] == ([] if severity is None else [severity])
    assert ward.parts.report()["certificate:broker"]["days_left"] == round(days, 1)


@pytest.mark.parametrize(
    ("error", "reason", "severity"),
    [
        (ValueError("certificate has expired"), "own: it has expired; replace it now", Severity.ALARM),
        (OSError("certificate has expired"), "own: it has expired; replace it now", Severity.ALARM),
        (ValueError("it is cut off"), "own: it is cut off", Severity.WARNING),
        (
            FileNotFoundError(2, "No such file or directory", "/x"),
            "own: No such file or directory",
            Severity.WARNING,
        ),
    ],
)
def test_a_certificate_that_cannot_be_looked_at(error: Exception, reason: str, severity: Severity) -> None:
    """It is told, and the others are looked at all the same; one of which nothing is known yet is no part."""
    ward = Ward()

    def broken() -> float | None:
        raise error

    Certificates({"own": broken, "later": lambda: None, "broker": lambda: NOW + 1e8}, ward.parts).look(NOW)
    assert ward.parts.reason("certificate:own") == reason
    assert [e.severity for e in ward.told] == [severity]
    assert set(ward.parts.report()) == {"certificate:own", "certificate:broker"}


def test_a_mistake_of_a_probe_is_not_hidden() -> None:
    """Only what files and certificates can raise is a state of the part."""

    def broken() -> float | None:
        raise PoleAgentError("a mistake of our own")

    with pytest.raises(PoleAgentError):
        Certificates({"own": broken}, Ward().parts).look(NOW)


# --- parts


def test_the_life_of_a_part() -> None:
    """Told when it begins, when it becomes graver, and when it is over, with its length; never twice for the
    same.
    """
    ward = Ward()
    parts = ward.parts
    parts.recover("disk")
    assert ward.told == []
    ward.now = 10.0
    parts.degrade("disk", "full")
    ward.now = 20.0
    parts.degrade("disk", "fuller")
    parts.degrade("disk", "dead", Severity.ALARM)
    parts.degrade("disk", "full again")
    parts.degrade("disk", "dead again", Severity.ALARM)
    assert parts.reason("disk") == "dead again"
    ward.now = 25.04
    parts.recover("disk")
    parts.recover("disk")
    assert [(e.kind, e.severity, e.data, e.at) for e in ward.told] == [
        ("health.degraded", Severity.WARNING, {"part": "disk", "reason": "full"}, 10.0),
        ("health.degraded", Severity.ALARM, {"part": "disk", "reason": "dead"}, 20.0),
        ("health.recovered", Severity.INFO, {"part": "disk", "lasted_s": 15.0}, 25.04),
    ]
    parts.degrade("disk", "once more")
    assert (ward.told[-1].kind, ward.told[-1].severity) == (
        "health.degraded",
        Severity.WARNING,
    ), "its gravity begins anew"


def test_a_long_reason_is_cut_to_three_hundred() -> None:
    """At the limit it stays whole; beyond it, it ends with an ellipsis and is as long as the limit."""
    parts = Ward().parts
    parts.degrade("disk", "x" * 300)
    assert parts.reason("disk") == "x" * 300
    parts.degrade("disk", "x" * 301)
    assert parts.reason("disk") == "x" * 299 + "…"


def test_what_is_known_of_parts() -> None:
    """Ill, well and unheard of; by the beginning of the reason; with the newest numbers, in order of the
    names.
    """
    parts = Ward().parts
    parts.degrade("store", "disk full")
    parts.recover("lamp")
    parts.note("lamp", level=1, hours=2)
    parts.note("lamp", level=3)
    parts.note("camera", frames=4)
    assert [parts.is_degraded(p) for p in ("store", "lamp", "none")] == [True, False, False]
    assert [parts.is_degraded("store", why) for why in ("disk", "disk full", "full")] == [True, True, False]
    assert (parts.reason("lamp"), parts.reason("none")) == ("", "")
    assert parts.report() == {
        "lamp": {"state": "ok", "level": 3, "hours": 2},
        "store": {"state": "degraded", "reason": "disk full"},
    }
    assert list(parts.report()) == ["lamp", "store"]


def test_after_a_reload_parts_start_over() -> None:
    """What is not named is forgotten, with its numbers, and told as over; what is named stays."""
    ward = Ward()
    parts = ward.parts
    parts.degrade("store", "full")
    parts.degrade("watch old", "no picture")
    parts.note("watch old", frames=1)
    parts.recover("lamp")
    parts.start_over(iter(["store"]))
    assert set(parts.report()) == {"store"}
    assert [e.data["part"] for e in ward.told if e.kind == "health.recovered"] == ["watch old"]
    parts.recover("watch old")
    assert parts.report()["watch old"] == {"state": "ok"}
