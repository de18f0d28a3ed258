"""How long ago the operating system's packages were brought up to date, from what apt and dpkg leave behind.
What cannot be read is None: unknown, not fine.

A run of unattended-upgrades counts only as far as the lists of packages that it knew: without a network it
succeeds with old ones. A change of the packages counts as well, by whatever hand.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pole_agent.almanac import rfc3339

DAY_S = 86_400.0
OLD_DAYS = 35.0  # Debian's security team publishes each week; a month, and some days for a pole that was off
MACHINE = Path("/")
RUNS = ("var/lib/apt/periodic/unattended-upgrades-stamp", "var/lib/apt/periodic/upgrade-stamp")
LISTS = ("var/lib/apt/periodic/update-success-stamp",)
CHANGES = ("var/lib/dpkg/status", "var/log/dpkg.log")
REBOOT = "run/reboot-required"  # /var/run on a system of before 2011
# Whoever would write that file after a new kernel; without one of them its absence says nothing
HOOKS = ("etc/kernel/postinst.d/unattended-upgrades", "usr/share/update-notifier/notify-reboot-required")


@dataclass(frozen=True, slots=True)
class Patches:
    """`updated`: wall time. `reboot`: is one pending, so that what was installed takes effect?"""

    updated: float | None
    reboot: bool | None

    def age_days(self, wall: float) -> float | None:
        """None where nothing is known, or the clock is behind it."""
        if self.updated is None or wall < self.updated:
            return None
        return round((wall - self.updated) / DAY_S, 1)


def patches(root: Path = MACHINE) -> Patches:
    """Blocks on the disk."""
    run, lists, change = (_newest(root, names) for names in (RUNS, LISTS, CHANGES))
    looked = None if run is None or lists is None else min(run, lists)
    known = [at for at in (looked, change) if at is not None]
    return Patches(max(known, default=None), _reboot(root))


def patches_told(root: Path = MACHINE, wall: float | None = None) -> dict[str, Any]:
    """For ``health``."""
    found = patches(root)
    return {
        "updated_at": None if found.updated is None else rfc3339(found.updated),
        "age_days": found.age_days(time.time() if wall is None else wall),
        "reboot_required": found.reboot,
    }


def _reboot(root: Path) -> bool | None:
    try:
        if (root / REBOOT).exists():
            return True
        return False if any((root / hook).exists() for hook in HOOKS) else None
    except OSError:
        return None


def _newest(root: Path, names: tuple[str, ...]) -> float | None:
    found = []
    for name in names:
        try:
            found.append((root / name).stat().st_mtime)
        except OSError:
            continue
    return max(found, default=None)
