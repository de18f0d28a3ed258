"""The settings of a city: `city.toml` in its folder, every key with a default."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from city.link import Broker
from city.retention import DAYS, read_days

FILE = "city.toml"
BROKER_PORT, BOARD_PORT = 1883, 8090
OWN_SHARDS = 2
NATS_FILE = "nats.txt"  # the addresses of our own NATS servers
FIRST = Path(__file__).with_name(FILE)  # what a new city begins with
DATASET = {"title": "Smart poles", "producer": "", "contact": "", "licence": "CC-BY-4.0", "area_code": ""}


class SettingsError(Exception):
    """The settings cannot be used; the text names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`database`: None where the city has its own. `contacts`: who stands behind a label."""

    folder: Path
    database: str | None
    database_password_file: Path | None
    own_broker: bool
    large: bool
    shards: tuple[Broker, ...]  # where poles are; in the small form the one broker
    nats: tuple[str, ...]  # addresses; empty in the small form, and before its own ones are started
    writers: int
    broker: Broker
    desk_broker: Broker  # the same one, with what the desk may do there
    host: str
    port: int
    names: tuple[str, ...]
    escalate_s: tuple[float, float]
    command: tuple[str, ...]
    recorder: str
    contacts: Mapping[str, str]
    days: Mapping[str, int]  # by what is kept
    dataset: Mapping[str, str]

    @property
    def desk_shards(self) -> tuple[Broker, ...]:
        """The same ones, with what the desk may do there."""
        desk = self.desk_broker
        return tuple(replace(desk, host=shard.host, port=shard.port) for shard in self.shards)


def load(folder: Path, *, large: bool = False) -> Settings:
    """Raises SettingsError."""
    file = folder / FILE
    try:
        document = tomllib.loads(file.read_text()) if file.exists() else {}
        return _settings(folder, document, large)
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise SettingsError(f"{file}: {error}") from error


def _settings(folder: Path, document: Mapping[str, Any], large: bool) -> Settings:
    mqtt = _table(document, "mqtt", "host port prefix username password_file ca_file")
    board = _table(document, "board", "host port names username password_file")
    desk = _table(document, "desk", "escalate_s command recorder contact")
    _only(document, "", "database database_password_file mqtt large board desk retention dataset")
    broker = Broker(
        host=str(mqtt.get("host", "127.0.0.1")),
        port=_port(mqtt, BROKER_PORT),
        prefix=str(mqtt.get("prefix", "smartpole")),
        username=mqtt.get("username"),
        password_file=_path(mqtt, "password_file"),
        ca_file=_path(mqtt, "ca_file"),
    )
    wide = _table(document, "large", "shards nats writers")
    if large and [key in wide for key in ("shards", "nats")] != ["host" in mqtt] * 2:
        raise ValueError("large: name shards and nats with mqtt.host, or none of the three")
    writers = wide.get("writers", 2) if large else 1
    if type(writers) is not int or not 1 <= writers <= 64:
        raise ValueError("large.writers: 1 to 64")
    second, third = (float(s) for s in desk.get("escalate_s", [60, 180]))
    dataset = _table(document, "dataset", "title producer contact licence area_code")
    command = _texts(desk, "command")
    return Settings(
        folder=folder,
        database=document.get("database"),
        database_password_file=_path(document, "database_password_file"),
        own_broker="host" not in mqtt,
        large=large,
        shards=_shards(wide, broker) if large else (broker,),
        nats=_nats(wide, folder) if large else (),
        writers=writers,
        broker=broker,
        desk_broker=replace(
            broker,
            username=board.get("username", broker.username),
            password_file=_path(board, "password_file") or broker.password_file,
        ),
        host=str(board.get("host", "127.0.0.1")),
        port=_port(board, BOARD_PORT),
        names=tuple(str(name).lower() for name in board.get("names", [])),
        escalate_s=(second, third),
        command=tuple(command),
        recorder=str(desk.get("recorder", "")),
        contacts={str(c["label"]): str(c["who"]) for c in desk.get("contact", [])},
        days=read_days(_table(document, "retention", " ".join(DAYS))),
        dataset={key: str(dataset.get(key, default)) for key, default in DATASET.items()},
    )


def _shards(table: Mapping[str, Any], broker: Broker) -> tuple[Broker, ...]:
    """As named, host:port; else some of our own, on the ports from that of the broker on."""
    named = _texts(table, "shards")
    if not named:
        return tuple(replace(broker, port=broker.port + number) for number in range(OWN_SHARDS))
    split = [name.rpartition(":") for name in named]
    return tuple(replace(broker, host=host, port=int(port)) for host, _, port in split)


def _nats(table: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """As named; else our own, where they listen this time."""
    file = folder / NATS_FILE
    return tuple(_texts(table, "nats") or (file.read_text().split() if file.exists() else ()))


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise ValueError(f"{key}: a list of texts expected")
    return found


def _table(document: Mapping[str, Any], name: str, keys: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{name}: a table expected")
    _only(found, f"{name}.", keys)
    return found


def _only(table: Mapping[str, Any], path: str, keys: str) -> None:
    for key in table:
        if key not in keys.split():
            raise ValueError(f"{path}{key}: unknown; known are {', '.join(keys.split())}")


def _port(table: Mapping[str, Any], default: int) -> int:
    port = table.get("port", default)
    if type(port) is not int or not 1 <= port <= 65535:
        raise ValueError(f"port: {port!r} is none")
    return port


def _path(table: Mapping[str, Any], key: str) -> Path | None:
    return Path(table[key]) if key in table else None
