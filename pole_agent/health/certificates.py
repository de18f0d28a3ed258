"""When do the certificates end? A pole that finds out when the broker does not let it in any more needs a
visit.

Only Python's own ssl is used: a library that parses certificates would take 11 MB of the agent's memory for
one date a day.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pole_agent.almanac import rfc3339
from pole_agent.health.parts import Parts
from pole_agent.languages import phrase
from pole_agent.vocabulary import Severity

WARN_DAYS = 30.0
DAY_S = 86_400.0
ROUNDS = 10  # of a handshake; it takes three


def authority_ends(ca_file: Path) -> float:
    """Wall time at which the last certificate authority of a file ends.

    Raises OSError, ValueError (ssl.SSLError is an OSError).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    ends = [float(ssl.cert_time_to_seconds(str(found["notAfter"]))) for found in context.get_ca_certs()]
    if not ends:
        raise ValueError(phrase("ca-file-empty", file=ca_file))
    return max(ends)


def own_ends(cert_file: Path, key_file: Path | None) -> float:
    """Wall time at which our own certificate ends. Raises OSError (ssl.SSLError), also when it has ended.

    ssl tells the dates of a certificate only to somebody who has verified it. So it introduces itself to us,
    with itself as the anchor.
    """
    guest = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    guest.check_hostname, guest.verify_mode = False, ssl.CERT_NONE
    host = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    host.verify_mode = ssl.CERT_REQUIRED
    host.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    host.load_verify_locations(cert_file)
    for context in (guest, host):
        context.load_cert_chain(cert_file, key_file)
    to_host, to_guest = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = guest.wrap_bio(to_guest, to_host), host.wrap_bio(to_host, to_guest, server_side=True)
    for _ in range(ROUNDS):
        waiting = False
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                waiting = True
        if not waiting:
            shown: dict[str, Any] = ends[1].getpeercert() or {}
            return float(ssl.cert_time_to_seconds(shown["notAfter"]))
    raise ssl.SSLError(phrase("cannot-be-read", file=cert_file))


@dataclass(frozen=True, slots=True)
class Certificates:
    """Looks at certificates by name.

    A probe gives the wall time of the end, None when that is not known (yet).
    """

    probes: Mapping[str, Callable[[], float | None]]
    parts: Parts

    def look(self, wall: float) -> None:
        """Report each as a part. `wall` is trusted. Blocks for some milliseconds."""
        for name, probe in self.probes.items():
            part = f"certificate:{name}"
            try:
                end = probe()
            except (OSError, ValueError) as error:
                ended = "expired" in str(error)
                what = (
                    phrase("certificate-expired") if ended else f"{getattr(error, 'strerror', None) or error}"
                )
                self.parts.degrade(
                    part,
                    phrase("at-key", key=name, problem=what),
                    Severity.ALARM if ended else Severity.WARNING,
                )
                continue
            if end is None:
                continue
            days = (end - wall) / DAY_S
            self.parts.note(part, ends=rfc3339(end), days_left=round(days, 1))
            if days > WARN_DAYS:
                self.parts.recover(part)
            elif days > 0:
                self.parts.degrade(
                    part,
                    phrase("certificate-expires-soon", name=name, days=f"{days:.0f}", date=rfc3339(end)[:10]),
                )
            else:
                self.parts.degrade(part, phrase("certificate-has-expired", name=name), Severity.ALARM)
