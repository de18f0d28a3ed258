"""The machine: versions, clock, disk, memory, power, watchdog, and the service itself."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from pole_agent import __version__
from pole_agent.doctor.finding import Finding, State
from pole_agent.health.heat import WARM_C
from pole_agent.health.patches import OLD_DAYS, patches
from pole_agent.health.vitals import power as power_vitals
from pole_agent.health.vitals import temperature_c, wear_pct
from pole_agent.languages import phrase
from pole_agent.settings import Settings

PACKAGES = (
    "aiomqtt",
    "gpiozero",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "paho-mqtt",
    "pydantic",
    "pynacl",
    "segno",
)
MACHINE = Path("/")
RTC, WATCHDOG = "dev/rtc0", "dev/watchdog"
MEMINFO, VMSTAT = Path("/proc/meminfo"), Path("/proc/vmstat")
ROOM_MB, MIN_MEMORY_MB = 100, 150
UNIT = "pole-agent.service"
ACCEPT_FIX = phrase("clock-accept-fix")


def versions(settings: Settings) -> Iterator[Finding]:
    """Every library is installed."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    words = f"pole-agent {__version__}, Python {platform.python_version()}, {platform.machine()}, {', '.join(found)}"
    if missing:
        names = ", ".join(missing)
        yield Finding(
            "versions",
            "fail",
            phrase("packages-missing", names=names),
            phrase("packages-missing-fix"),
        )
    else:
        yield Finding("versions", "ok", words)


def disk(settings: Settings) -> Iterator[Finding]:
    """The state directory can be written, and there is room for the store."""
    folder = settings.storage.state_dir
    place = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    writable = os.access(place, os.W_OK)
    stat = os.statvfs(place)
    free_mb = stat.f_bavail * stat.f_frsize / 1e6
    if stat.f_flag & os.ST_RDONLY:
        yield Finding(
            "disk",
            "fail",
            phrase("folder-read-only", folder=folder),
            phrase("folder-read-only-fix"),
        )
    elif not writable:
        yield Finding(
            "disk",
            "warn",
            phrase("folder-not-writable", folder=folder),
            phrase("folder-not-writable-fix", folder=folder),
        )
    elif free_mb < settings.storage.max_mb + ROOM_MB:
        yield Finding(
            "disk",
            "warn",
            phrase("disk-scarce", free=f"{free_mb:.0f}", most=settings.storage.max_mb),
            phrase("disk-scarce-fix"),
        )
    else:
        yield Finding("disk", "ok", phrase("disk-free", free=f"{free_mb:.0f}", place=place))


def wear(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """An eMMC says how much of its life is used; SD cards do not."""
    used = wear_pct(root / "sys")
    if used is None:
        yield Finding("disk wear", "unknown", phrase("wear-unknown"))
    elif used >= 80:
        yield Finding(
            "disk wear",
            "warn",
            phrase("wear-used", percent=used),
            phrase("wear-used-fix"),
        )
    else:
        yield Finding("disk wear", "ok", phrase("wear-used", percent=used))


def patched(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """The operating system's packages are not old, and what was installed of them runs."""
    found = patches(root)
    age = found.age_days(time.time())
    old = age is not None and age > OLD_DAYS
    words = phrase("patches-unknown") if age is None else phrase("patches-age", days=f"{age:.0f}")
    fix: str = phrase("patches-fix") if old or age is None else ""
    if found.reboot:
        words, fix = phrase("patches-reboot-pending", age=words), phrase("patches-reboot-fix")
    state: State = "warn" if old or found.reboot else "unknown" if age is None else "ok"
    yield Finding("patches", state, words, fix)


def memory(settings: Settings) -> Iterator[Finding]:
    """There is room for the agent, and nothing was killed for lack of memory."""
    numbers = {line.split(":")[0]: int(line.split()[1]) for line in MEMINFO.read_text().splitlines()}
    free_mb = numbers["MemAvailable"] / 1024
    kills = next(
        (int(line.split()[1]) for line in VMSTAT.read_text().splitlines() if line.startswith("oom_kill ")), 0
    )
    words = phrase("memory-free", free=f"{free_mb:.0f}", total=f"{numbers['MemTotal'] / 1024:.0f}")
    fix = phrase("memory-scarce-fix")
    scarce = bool(kills) or free_mb < MIN_MEMORY_MB
    if kills:
        words = phrase("processes-killed", memory=words, kills=kills)
    yield Finding("memory", "warn" if scarce else "ok", words, fix if scarce else "")


def power(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """Temperature, throttling, voltage."""
    hot, state = temperature_c(root / "sys"), power_vitals(root / "sys")
    if hot is None and state["throttled"] is None and state["under_voltage"] is None:
        yield Finding(
            "power",
            "unknown",
            phrase("board-unknown"),
        )
        return
    shown = "?" if hot is None else f"{hot:.0f}"
    words = phrase("board-temperature", celsius=shown)
    if state["under_voltage"]:
        yield Finding(
            "power",
            "fail",
            phrase("voltage-too-low", celsius=shown),
            phrase("voltage-too-low-fix"),
        )
    elif state["throttled"] or (hot is not None and hot >= WARM_C):
        yield Finding(
            "power",
            "warn",
            phrase("board-throttled", celsius=shown),
            phrase("board-throttled-fix"),
        )
    else:
        yield Finding("power", "ok", words)


def watchdog(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """The hardware resets a board that hangs as a whole."""
    if not (root / WATCHDOG).exists():
        yield Finding(
            "watchdog",
            "warn",
            phrase("no-watchdog"),
            phrase("no-watchdog-fix"),
        )
        return
    asked = _systemctl("show", "-p", "RuntimeWatchdogUSec", "--value")
    if asked in (None, "", "0", "infinity"):
        yield Finding(
            "watchdog",
            "warn",
            phrase("watchdog-unused"),
            phrase("watchdog-unused-fix"),
        )
    else:
        yield Finding("watchdog", "ok", phrase("watchdog-used", timeout=asked))


def service(settings: Settings) -> Iterator[Finding]:
    """The unit is installed, enabled and runs."""
    if shutil.which("systemctl") is None or not Path("/run/systemd/system").exists():
        yield Finding("service", "unknown", phrase("no-systemd"))
        return
    enabled, active = _systemctl("is-enabled", UNIT), _systemctl("is-active", UNIT)
    restarts = _systemctl("show", "-p", "NRestarts", "--value", UNIT) or "0"
    words = phrase("service-state", enabled=enabled or "not installed", active=active, restarts=restarts)
    if enabled != "enabled" or active != "active":
        yield Finding(
            "service",
            "fail",
            words,
            phrase("service-fix", unit=UNIT),
        )
    elif restarts != "0":
        yield Finding(
            "service",
            "warn",
            words,
            phrase("service-restarts-fix", unit=UNIT),
        )
    else:
        yield Finding("service", "ok", words)


def _systemctl(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["systemctl", *words],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
