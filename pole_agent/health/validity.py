"""Since when a certificate is valid, read from its bytes: ssl tells its dates only once it is valid, which is
too late.

X.509 (RFC 5280, section 4.1): a Certificate holds a TBSCertificate, which holds [0] version, serialNumber,
signature, issuer and validity, two times as UTCTime or GeneralizedTime. In DER each is a tag, a length and a
value.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

from pole_agent.languages import phrase

SEQUENCE, VERSION, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
MAX_BYTES = 1_000_000


def starts(file: Path) -> list[float]:
    """The start (Unix seconds) of each certificate in a PEM file. Raises OSError, ValueError."""
    with file.open("rb") as stream:
        text = stream.read(MAX_BYTES).decode("ascii", "replace")
    found = [not_before(base64.b64decode(one)) for one in PEM.findall(text)]
    if not found:
        raise ValueError(phrase("no-certificate"))
    return found


def not_before(der: bytes) -> float:
    """The start of a certificate in DER, Unix seconds. Raises ValueError."""
    _, certificate, _ = _element(der)
    _, body, _ = _element(certificate)
    tag, _, rest = _element(body)
    if tag == VERSION:
        _, _, rest = _element(rest)  # serialNumber
    for _ in ("signature", "issuer"):
        _, _, rest = _element(rest)
    tag, validity, _ = _element(rest)
    if tag != SEQUENCE:
        raise ValueError(phrase("certificate-invalid"))
    tag, text, _ = _element(validity)
    if tag not in (UTC_TIME, GENERALIZED_TIME):
        raise ValueError(phrase("certificate-invalid"))
    digits = text.decode("ascii").removesuffix("Z")
    if tag == UTC_TIME:  # 50 to 99 are of the last century
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """(tag, value, what follows). Raises ValueError."""
    if len(data) < 2:
        raise ValueError(phrase("certificate-truncated"))
    tag, length, start = data[0], data[1], 2
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError(phrase("certificate-truncated"))
    return tag, data[start : start + length], data[start + length :]
