"""What a city starts where its ports are taken: another city, or the broker that Debian starts by itself."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from city import services, settings

from tests.conftest import free_port


@contextlib.contextmanager
def taken(port: int = 0) -> Iterator[int]:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody else has it: as good
            one.bind(("127.0.0.1", port))
            one.listen()
        yield one.getsockname()[1]


def test_a_new_city_takes_free_ports(tmp_path: Path) -> None:
    with taken(settings.BROKER_PORT), taken(settings.BOARD_PORT):
        services.prepare(tmp_path)
        chosen = settings.load(tmp_path)
        assert settings.BROKER_PORT < chosen.broker.port < settings.BROKER_PORT + 100
        assert settings.BOARD_PORT < chosen.port < settings.BOARD_PORT + 100
    services.prepare(tmp_path)
    assert settings.load(tmp_path) == chosen, "what is written stays"


@pytest.mark.parametrize("table", ["mqtt", "board"])
def test_a_port_that_is_in_use_is_told(tmp_path: Path, table: str) -> None:
    """Before anything is started: else the city would talk to somebody else's."""
    with taken() as port:
        ports = {"mqtt": free_port(), "board": free_port(), table: port}
        lines = [f"[{name}]\nport = {number}\n" for name, number in ports.items()]
        (tmp_path / settings.FILE).write_text("".join(lines))
        starting = services.Services(settings.load(tmp_path))
        with pytest.raises(OSError, match=f"port {port} is in use"):
            starting.start()
        assert starting._children == []
