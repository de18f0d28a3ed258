"""What chrony and systemd-timesyncd say, and what of it is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.health.time_servers import Flag, read_chrony

NOW = 1_795_500_000.0


def line(
    reference: str = "C0000201",
    name: str = "ntp.example",
    stratum: str = "2",
    at: str = f"{NOW - 30:.3f}",
    offset: str = "0.000012",
    dispersion: str = "0.001",
    leap: str = "Normal",
) -> str:
    first = f"{reference},{name},{stratum},{at},{offset},0.000001,0.000002,-12.3,0.001,0.04,0.012"
    return f"{first},{dispersion},64.2,{leap}\n"


@pytest.mark.parametrize(
    "true",
    [
        line(),
        line(leap="Insert second"),
        line(reference="47505300", name="GPS", stratum="1"),
        line(reference="50505300", name="PPS", stratum="1"),
        line(reference="4C4F434C", name="76.79.67.76"),  # an address of the same four bytes as LOCL
        line(reference="7FA1B2C3", name="2001:db8::1"),  # the hash of an IPv6 address
        # Two days without a link: it was heard, and runs well
        line(at=f"{NOW - 40 * 3600:.1f}", dispersion="2.5"),
    ],
)
def test_a_source_is_one(true: str) -> None:
    assert read_chrony(true, NOW).at is not None


@pytest.mark.parametrize(
    ("false", "why"),
    [
        (line(reference="7F7F0101", name="", stratum="10"), "itself"),
        (line(reference="7F7F0101", name="", stratum="1"), "itself"),
        (line(reference="4C4F434C", name="LOCL", stratum="10"), "itself"),
        (line(reference="7F000001", name="localhost", stratum="11"), "itself"),
        (line(reference="7F000001", name="127.0.0.1", stratum="3"), "itself"),
        (line(reference="7F000000", name="gateway", stratum="3"), "itself"),
        (line(reference="A1B2C3D4", name="::1", stratum="3"), "itself"),
        (line(reference="A1B2C3D4", name="localhost6", stratum="3"), "itself"),
        (line(reference="C0A80101", name="localhost.localdomain", stratum="3"), "itself"),
        (line(reference="C0A80101", name="192.168.1.1", stratum="11"), "no real clock"),
        (line(reference="00000000", name="", stratum="0", at="0.0", leap="Not synchronised"), "no source"),
        (line(leap="Not synchronised"), "no source"),
        (line(stratum="16"), "no source"),
        (line(at="0.000"), "future"),
        (line(at=f"{NOW + 3600:.1f}"), "future"),
        (line(offset="28800.5"), "28801 s away"),
        (line(offset="-28800.5"), "28801 s away"),
        (line(dispersion="4000"), "4000 s away"),
        (line(offset="nan"), "away"),
        (line(stratum="x"), "does not answer"),
        ("506 Cannot talk to daemon\n", "does not answer"),
        ("", "does not answer"),
    ],
)
def test_these_are_none(false: str, why: str) -> None:
    heard = read_chrony(false, NOW)
    assert heard.at is None
    assert why in heard.words


@given(st.lists(st.text(max_size=12), max_size=16).map(",".join), st.floats(allow_nan=True))
def test_whatever_it_says_it_is_read(text: str, wall: float) -> None:
    heard = read_chrony(text, wall)
    assert heard.at is None or heard.at <= wall + 20


def test_flag_counts_when_it_was_touched_in_this_boot() -> None:
    """The flag counts when it was touched in this boot."""
    assert Flag().read(NOW - 60, NOW, 3600.0).at == NOW - 60
    assert Flag().read(None, NOW, 3600.0).at is None
    assert "earlier boot" in Flag().read(NOW - 7200, NOW, 3600.0).words
    assert "future" in Flag().read(NOW + 60, NOW, 3600.0).words


def test_flag_of_another_clock_does_not_become_right() -> None:
    """A flag of another clock does not become right by waiting.

    The clock was set back by eight hours after it was touched.
    """
    flag = Flag()
    assert flag.read(NOW + 8 * 3600, NOW, 9 * 3600.0).at is None
    assert flag.read(NOW + 8 * 3600, NOW + 9 * 3600, 18 * 3600.0).at is None
    assert flag.read(NOW + 9 * 3600, NOW + 9 * 3600, 18 * 3600.0).at is not None, "touched anew"
