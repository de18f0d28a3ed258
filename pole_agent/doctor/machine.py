"""The machine: versions, clock, disk, memory, power, watchdog, and the service itself."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pole_agent import __version__
from pole_agent.doctor.finding import Finding
from pole_agent.health.heat import WARM_C
from pole_agent.health.vitals import power as power_vitals
from pole_agent.health.vitals import temperature_c, wear_pct
from pole_agent.settings import Settings
from pole_agent.words import Both

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
ACCEPT_FIX = Both(
    "Compare it with a watch. If it is right: sudo pole-agent clock accept. If not: look at the time server, the clock chip and its battery. The lamp shines at its failsafe level meanwhile.",
    "Bandingkan dengan jam tangan. Bila benar: sudo pole-agent clock accept. Bila tidak: periksa server waktu, chip jam, dan baterainya. Sementara itu lampu menyala pada tingkat aman.",
)


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
            Both(f"not installed: {names}", f"belum dipasang: {names}"),
            Both("Install again: scripts/install.", "Pasang ulang: scripts/install."),
        )
    else:
        yield Finding("versions", "ok", Both(words, words))


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
            Both(f"{folder} lies on a read-only file system", f"{folder} berada di sistem berkas hanya-baca"),
            Both(
                "dmesg tells whether the card failed: then replace it. On purpose? Give the state a partition of its own (docs/read-only.md).",
                "dmesg memberi tahu apakah kartu rusak: bila ya, ganti. Disengaja? Beri data partisi sendiri (docs/read-only.md).",
            ),
        )
    elif not writable:
        yield Finding(
            "disk",
            "warn",
            Both(f"{folder} cannot be written by this user", f"{folder} tidak dapat ditulis pengguna ini"),
            Both(
                f"The service's user must own it: sudo chown -R pole-agent {folder}",
                f"Pengguna layanan harus memilikinya: sudo chown -R pole-agent {folder}",
            ),
        )
    elif free_mb < settings.storage.max_mb + ROOM_MB:
        yield Finding(
            "disk",
            "warn",
            Both(
                f"{free_mb:.0f} MB are free, the store may take {settings.storage.max_mb}",
                f"{free_mb:.0f} MB kosong, penyimpanan boleh memakai {settings.storage.max_mb}",
            ),
            Both(
                "Lower storage.max_mb, or make room: sudo journalctl --vacuum-size=50M, sudo apt clean.",
                "Turunkan storage.max_mb, atau kosongkan ruang: sudo journalctl --vacuum-size=50M, sudo apt clean.",
            ),
        )
    else:
        yield Finding(
            "disk", "ok", Both(f"{free_mb:.0f} MB are free at {place}", f"{free_mb:.0f} MB kosong di {place}")
        )


def wear(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """An eMMC says how much of its life is used; SD cards do not."""
    used = wear_pct(root / "sys")
    if used is None:
        yield Finding(
            "disk wear", "unknown", Both("this storage does not tell", "penyimpanan ini tidak memberi tahu")
        )
    elif used >= 80:
        yield Finding(
            "disk wear",
            "warn",
            Both(f"{used} % of its life is used", f"{used} % umurnya terpakai"),
            Both(
                "Plan to replace it; everything that was told as stored is still there.",
                "Rencanakan penggantian; yang sudah tersimpan masih ada.",
            ),
        )
    else:
        yield Finding("disk wear", "ok", Both(f"{used} % of its life is used", f"{used} % umurnya terpakai"))


def memory(settings: Settings) -> Iterator[Finding]:
    """There is room for the agent, and nothing was killed for lack of memory."""
    numbers = {line.split(":")[0]: int(line.split()[1]) for line in MEMINFO.read_text().splitlines()}
    free_mb = numbers["MemAvailable"] / 1024
    kills = next(
        (int(line.split()[1]) for line in VMSTAT.read_text().splitlines() if line.startswith("oom_kill ")), 0
    )
    words = Both(
        f"{free_mb:.0f} of {numbers['MemTotal'] / 1024:.0f} MB are free",
        f"{free_mb:.0f} dari {numbers['MemTotal'] / 1024:.0f} MB kosong",
    )
    fix = Both(
        "Stop what else runs here; a pole needs 1 GB.", "Hentikan program lain di sini; tiang perlu 1 GB."
    )
    scarce = bool(kills) or free_mb < MIN_MEMORY_MB
    if kills:
        words = Both(
            f"{words.en}; {kills} process(es) were killed for lack of memory since boot",
            f"{words.id}; {kills} proses dihentikan karena kekurangan memori sejak menyala",
        )
    yield Finding("memory", "warn" if scarce else "ok", words, fix if scarce else None)


def power(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """Temperature, throttling, voltage."""
    hot, state = temperature_c(root / "sys"), power_vitals(root / "sys")
    if hot is None and state["throttled"] is None and state["under_voltage"] is None:
        yield Finding(
            "power",
            "unknown",
            Both(
                "this board tells neither temperature nor voltage",
                "papan ini tidak memberi suhu maupun tegangan",
            ),
        )
        return
    shown = "?" if hot is None else f"{hot:.0f}"
    words = Both(f"{shown} °C", f"{shown} °C")
    if state["under_voltage"]:
        yield Finding(
            "power",
            "fail",
            Both(f"{shown} °C, the voltage is too low", f"{shown} °C, tegangan terlalu rendah"),
            Both(
                "Use a stronger supply (5.1 V, 3 A; Pi 5: 5 A) and a short thick cable.",
                "Gunakan catu daya lebih kuat (5,1 V, 3 A; Pi 5: 5 A) dan kabel pendek tebal.",
            ),
        )
    elif state["throttled"] or (hot is not None and hot >= WARM_C):
        yield Finding(
            "power",
            "warn",
            Both(f"{shown} °C, the processor is slowed down", f"{shown} °C, prosesor diperlambat"),
            Both(
                "Give the case air or a heat sink. The detector slows down first, the lamp never.",
                "Beri sirkulasi udara atau pendingin. Detektor melambat dahulu, lampu tidak pernah.",
            ),
        )
    else:
        yield Finding("power", "ok", words)


def watchdog(settings: Settings, root: Path = MACHINE) -> Iterator[Finding]:
    """The hardware resets a board that hangs as a whole."""
    if not (root / WATCHDOG).exists():
        yield Finding(
            "watchdog",
            "warn",
            Both(
                "there is no hardware watchdog (/dev/watchdog)",
                "tidak ada watchdog perangkat keras (/dev/watchdog)",
            ),
            Both(
                "On a Raspberry Pi: dtparam=watchdog=on in /boot/firmware/config.txt.",
                "Di Raspberry Pi: dtparam=watchdog=on di /boot/firmware/config.txt.",
            ),
        )
        return
    asked = _systemctl("show", "-p", "RuntimeWatchdogUSec", "--value")
    if asked in (None, "", "0", "infinity"):
        yield Finding(
            "watchdog",
            "warn",
            Both("it is there, but systemd does not use it", "ada, tetapi tidak dipakai systemd"),
            Both(
                "scripts/install writes RuntimeWatchdogSec=15 to /etc/systemd/system.conf.d; restart after it. More than 15 s switches that of a Pi 4 off.",
                "scripts/install menulis RuntimeWatchdogSec=15 ke /etc/systemd/system.conf.d; nyalakan ulang sesudahnya. Lebih dari 15 detik mematikan watchdog Pi 4.",
            ),
        )
    else:
        yield Finding("watchdog", "ok", Both(f"systemd feeds it, {asked}", f"dipakai systemd, {asked}"))


def service(settings: Settings) -> Iterator[Finding]:
    """The unit is installed, enabled and runs."""
    if shutil.which("systemctl") is None or not Path("/run/systemd/system").exists():
        yield Finding(
            "service", "unknown", Both("systemd does not run here", "systemd tidak berjalan di sini")
        )
        return
    enabled, active = _systemctl("is-enabled", UNIT), _systemctl("is-active", UNIT)
    restarts = _systemctl("show", "-p", "NRestarts", "--value", UNIT) or "0"
    words = Both(
        f"{enabled or 'not installed'}, {active}, {restarts} restarts",
        f"{enabled or 'belum dipasang'}, {active}, {restarts} kali mulai ulang",
    )
    if enabled != "enabled" or active != "active":
        yield Finding(
            "service",
            "fail",
            words,
            Both(
                f"sudo systemctl enable --now {UNIT}; journalctl -u {UNIT} -n 50 tells why it does not run.",
                f"sudo systemctl enable --now {UNIT}; journalctl -u {UNIT} -n 50 memberi tahu mengapa tidak berjalan.",
            ),
        )
    elif restarts != "0":
        yield Finding(
            "service",
            "warn",
            words,
            Both(
                f"journalctl -u {UNIT} tells why it restarted.",
                f"journalctl -u {UNIT} memberi tahu mengapa mulai ulang.",
            ),
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
