"""The name or address of a host: people copy it from a browser, a manual or another program, with scheme,
port and login.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from pole_agent.languages import phrase

NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")
# What the system's resolver reads as IPv4, also where it is none
DIGITS = re.compile(r"[0-9.]+|0[xX][0-9A-Fa-f]+")
PARTS = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<login>.*@)?(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>\d{1,5}))?(?P<path>/.*)?"
)


def plain_host(value: str) -> str:
    """A name, an IPv4 or an IPv6 address, the last without its brackets.

    Raises ValueError that says how to write it.
    """
    inner = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if _is_ipv6(inner) or (inner == value and _is_name(value)):
        return inner
    parts = PARTS.fullmatch(value.strip())
    host = parts["host"].strip("[]") if parts else ""
    if parts is None or not (_is_ipv6(host) or _is_name(host)):
        raise ValueError(phrase("host-invalid"))
    fix = f'host = "{host}"'
    if parts["port"]:
        fix = phrase("host-and-port", host=host, port=int(parts["port"]))
    if parts["login"]:
        fix = phrase("host-with-login", fix=fix)
    raise ValueError(phrase("host-with-more", fix=fix))


def _is_name(text: str) -> bool:
    if DIGITS.fullmatch(text):
        try:
            ipaddress.IPv4Address(text)
        except ValueError:
            return False
        return True
    return len(text) <= 253 and NAME.fullmatch(text) is not None


def _is_ipv6(text: str) -> bool:
    address, percent, zone = text.partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return not percent or re.fullmatch(r"[A-Za-z0-9._-]+", zone) is not None


Host = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(plain_host)]
