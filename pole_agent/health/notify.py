"""Tell systemd: ready, alive, stopping. Without systemd (no NOTIFY_SOCKET) it does nothing."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(text: str) -> None:
    """Send one sd_notify message, for example ``READY=1``. Never raises."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto(text.encode(), address)


def watchdog_s() -> float | None:
    """How often systemd wants to hear from us (half of its limit), None when it does not."""
    try:
        microseconds = int(os.environ["WATCHDOG_USEC"])
    except (KeyError, ValueError):
        return None
    pid = os.environ.get("WATCHDOG_PID")
    return microseconds / 2e6 if pid in (None, str(os.getpid())) else None
