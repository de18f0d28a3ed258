"""Which board this is, by what the machine says of itself."""

from __future__ import annotations

from pathlib import Path

from pole_agent.health.board import board_id


def put(root: Path, path: str, blob: bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(blob)


def test_a_board_is_known_by_its_serial_number(tmp_path: Path) -> None:
    """Of two boards it is another one; a card in another board does not change it."""
    put(tmp_path / "one", "proc/device-tree/serial-number", b"10000000abcdef01\0")
    put(tmp_path / "two", "proc/device-tree/serial-number", b"10000000abcdef02\0")
    one, two = board_id(tmp_path / "one"), board_id(tmp_path / "two")
    assert one != two
    assert len(one) == len(two) == 16
    put(tmp_path / "one", "sys/class/net/eth0/address", b"aa:bb:cc:dd:ee:ff\n")
    assert board_id(tmp_path / "one") == one
    assert "abcdef" not in one, "the number itself is told to nobody"


def test_a_board_without_a_number(tmp_path: Path) -> None:
    """Its first wired address stands for it; without that nobody knows, and nothing is said."""
    assert board_id(tmp_path) == ""
    put(tmp_path, "proc/device-tree/serial-number", b"\0")
    put(tmp_path, "sys/class/net/wlan0/address", b"aa:bb:cc:dd:ee:00\n")
    assert board_id(tmp_path) == ""
    put(tmp_path, "sys/class/net/eth0/address", b"aa:bb:cc:dd:ee:ff\n")
    assert len(board_id(tmp_path)) == 16
