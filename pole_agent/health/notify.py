"""Tell systemd: ready, alive, stopping. Without systemd (no NOTIFY_SOCKET) it does nothing."""

from __future__ import annotations

import functools
import os
import socket


def notify(text: str) -> bool:
    """Send one sd_notify message, for example ``READY=1``.

    Never raises, never waits; False when it could not be sent now.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return True
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        _socket().sendto(text.encode(), address)
    except OSError:
        return False
    return True


@functools.cache
def _socket() -> socket.socket:
    """Kept open: where no file can be opened any more, the watchdog is fed all the same."""
    kept = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    kept.setblocking(False)  # nobody waits for a systemd that is busy
    return kept


def watchdog_s() -> float | None:
    """How often systemd wants to hear from us (half of its limit), None when it does not."""
    try:
        microseconds = int(os.environ["WATCHDOG_USEC"])
    except (KeyError, ValueError):
        return None
    pid = os.environ.get("WATCHDOG_PID")
    return microseconds / 2e6 if pid in (None, str(os.getpid())) else None
