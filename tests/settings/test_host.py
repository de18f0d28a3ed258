"""The host is a name or an address and nothing else; what people paste there is refused with how
to write it.
"""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.errors import ConfigError
from pole_agent.settings.host import plain_host
from pole_agent.settings.load import parse

POLE = '[pole]\nid = "A"\nsite = "b"\nlatitude = 0.0\nlongitude = 0.0\n'
GOOD = {
    "broker": "broker",
    "broker.example.": "broker.example.",
    "my_broker": "my_broker",
    "192.0.2.7": "192.0.2.7",
    "::1": "::1",
    "[::1]": "::1",
    "[fe80::1%eth0]": "fe80::1%eth0",
    "2001:db8::7": "2001:db8::7",
    "::ffff:192.0.2.7": "::ffff:192.0.2.7",
    "7up.example": "7up.example",
}
BAD = {
    "192.0.2.7:1883": 'write host = "192.0.2.7" and port = 1883',
    "broker.example:8883": 'write host = "broker.example" and port = 8883',
    "mqtt://broker.example": 'write host = "broker.example"',
    "mqtts://broker.example:8883/": 'write host = "broker.example" and port = 8883',
    "[2001:db8::7]:1883": 'write host = "2001:db8::7" and port = 1883',
    "http://192.0.2.7": 'write host = "192.0.2.7"',
    "user:secret@broker.example:1883": "and the login as username and password_file",
    "mqtt://user@broker": "and the login as username and password_file",
    " broker ": 'write host = "broker"',
    "broker\n": 'write host = "broker"',
    "broker/path": 'write host = "broker"',
    "256.1.1.1": "invalid host name or address",
    "192.0.2": "invalid host name or address",
    "0x7f000001": "invalid host name or address",
    "::1::": "invalid host name or address",
    "a b": "invalid host name or address",
    "-x": "invalid host name or address",
    "x..y": "invalid host name or address",
    "[broker]": "invalid host name or address",
    "fe80::1%": "invalid host name or address",
    "brökér": "invalid host name or address",
}


@pytest.mark.parametrize("section", ["mqtt", "metrics", "page"])
@pytest.mark.parametrize("host", GOOD)
def test_a_name_or_an_address_is_taken(section: str, host: str) -> None:
    settings = parse(POLE + f'[{section}]\nhost = "{host}"\n')
    assert getattr(settings, section).host == GOOD[host]


@pytest.mark.parametrize("section", ["mqtt", "metrics", "page"])
@pytest.mark.parametrize("host", BAD)
def test_more_than_that_is_refused_with_how_to_write(section: str, host: str) -> None:
    """More than that is refused with how to write it."""
    with pytest.raises(ConfigError) as error:
        parse(POLE + f"[{section}]\nhost = {host!r}\n".replace("'", '"'))
    (problem,) = error.value.problems
    assert problem.path == f"{section}.host"
    assert BAD[host] in problem.text or (host == "[broker]" and "broker" in problem.text)
    assert "secret" not in problem.text, "a password is not repeated"


@given(st.ip_addresses())
def test_every_address_is_taken(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert plain_host(str(address)) == str(address)
    if address.version == 4:
        with pytest.raises(ValueError, match="and port = 1883"):
            plain_host(f"{address}:1883")


@given(st.text(max_size=40))
def test_any_text_is_a_host_or_refused(text: str) -> None:
    try:
        host = plain_host(text)
    except ValueError:
        return
    assert all(c.isascii() and (c.isalnum() or c in ".-_:%") for c in host)
