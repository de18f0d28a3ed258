"""The way out of the pole, read from files as the kernel writes them."""

from __future__ import annotations

from pathlib import Path

from pole_agent.health.link import link

ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "wwan0\t00000000\t0120A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n"
    "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
    "eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0\n"
)
ROUTES_6 = (
    "0" * 32
    + " 00 "
    + "0" * 32
    + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     wwan0\n"
)
ROUTES_6 += (
    "0" * 32 + " 00 " + "0" * 32 + " 00 " + "0" * 32 + " ffffffff 00000001 00000000 00200200       lo\n"
)
WIRELESS = (
    "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
    " wlan0: 0000   54.  -56.  -256        0      0      0      0     12        0\n"
)


def put(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def interface(root: Path, name: str) -> None:
    put(root, f"sys/class/net/{name}/carrier", "1\n")
    for key, value in {
        "rx_bytes": 3_100_000,
        "tx_bytes": 11_800_000,
        "rx_errors": 1,
        "tx_errors": 2,
        "rx_dropped": 3,
        "tx_dropped": 4,
    }.items():
        put(root, f"sys/class/net/{name}/statistics/{key}", f"{value}\n")


def test_the_least_metric_is_the_way_out(tmp_path: Path) -> None:
    put(tmp_path, "proc/net/route", ROUTES)
    put(tmp_path, "proc/net/wireless", WIRELESS)
    interface(tmp_path, "wlan0")
    assert link(tmp_path) == {
        "interface": "wlan0",
        "carrier": True,
        "signal_dbm": -56.0,
        "received_mb": 3.1,
        "sent_mb": 11.8,
        "errors": 10,
    }


def test_mobile_network_may_have_only_newer_protocol(tmp_path: Path) -> None:
    """A mobile network may have only the newer protocol."""
    put(tmp_path, "proc/net/route", ROUTES.splitlines()[0])
    put(tmp_path, "proc/net/ipv6_route", ROUTES_6)
    found = link(tmp_path)
    assert found is not None
    assert (found["interface"], found["carrier"], found["signal_dbm"], found["errors"]) == (
        "wwan0",
        None,
        None,
        None,
    )


def test_no_route_is_no_link(tmp_path: Path) -> None:
    assert link(tmp_path) is None
    put(tmp_path, "proc/net/route", "Iface\tDestination\n")
    put(tmp_path, "proc/net/ipv6_route", ROUTES_6.splitlines()[1])
    assert link(tmp_path) is None
