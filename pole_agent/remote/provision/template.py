"""pole.toml of one pole: what all have in common, and what its row says."""

from __future__ import annotations

import copy
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import phrase
from pole_agent.remote.provision.table import PLACES, Row, value
from pole_agent.settings import Settings
from pole_agent.settings.load import MAX_BYTES, parse
from pole_agent.settings.reading import refuse_many_dots, text_file
from pole_agent.settings.section import CREDENTIAL, CREDENTIAL_ID, nearest

SHIPPED = Path(__file__).with_name("template.toml")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
SECRETS = ("camera_password",)
SEEN = ("camera", "zone", "line", "rule")  # what a pole without a camera does not have
HEAD = "# Made by pole-agent provision for this pole. Change the table or the template, not this file.\n"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the poles find it."""

    host: str
    port: int


def credential(name: str) -> str:
    """How pole.toml names a file of the folder `credentials`."""
    return f"{CREDENTIAL}{CREDENTIAL_ID}{name}"


def read(path: Path) -> dict[str, Any]:
    """Raises ConfigError for a template that is no TOML, or that names a column that is none."""
    try:
        text = text_file(path, MAX_BYTES)
        refuse_many_dots(text)
        document = tomllib.loads(text)
    except OSError as error:
        told = phrase("configuration-unreadable", error=error.strerror)
        raise ConfigError([Problem(str(path), told)]) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError([Problem(str(path), phrase("toml-invalid", error=error))]) from error
    unknown = {name for name in _named(document) if name not in PLACES or name in SECRETS}
    if unknown:
        known = phrase("column-unknown-known", known=", ".join(PLACES))
        raise ConfigError(
            [
                Problem(f"{path}:{{{name}}}", nearest(phrase("column-unknown"), name, PLACES, known))
                for name in sorted(unknown)
            ]
        )
    return document


def _named(part: Any) -> set[str]:
    match part:
        case str():
            return set(PLACEHOLDER.findall(part))
        case dict() | list():
            return set().union(*map(_named, part.values() if isinstance(part, dict) else part))
    return set()


def pole(template: dict[str, Any], row: Row, broker: Broker) -> tuple[str, Settings]:
    """The text of its pole.toml, and what it says. Raises ConfigError with every problem of this row."""
    document = copy.deepcopy(template)
    if "camera" not in row.values and "camera" in _named(template.get("camera")):
        for table in SEEN:
            document.pop(table, None)
    document = _filled(document, row.values)
    if not isinstance(document.get("pole", {}), dict) or not isinstance(document.get("mqtt", {}), dict):
        raise ConfigError([Problem("template", phrase("template-shape"))])
    for column, text in row.values.items():
        _set(document, column, text, row, template)
    document["mqtt"] = document.get("mqtt", {}) | {
        "host": broker.host,
        "port": broker.port,
        "tls": True,
        "ca_file": credential("mqtt-ca"),
        "cert_file": credential("mqtt-cert"),
        "key_file": credential("mqtt-key"),
    }
    text = HEAD + tomli_w.dumps(document)
    try:
        return text, parse(text, folder=Path("/etc/pole-agent"))
    except ConfigError as error:
        raise ConfigError([row.problem(_told(p.path), p.text) for p in error.problems]) from error


def _filled(part: Any, values: dict[str, str]) -> Any:
    match part:
        case str():
            return PLACEHOLDER.sub(lambda found: values.get(found[1], ""), part)
        case dict():
            return {key: _filled(inside, values) for key, inside in part.items()}
        case list():
            return [_filled(inside, values) for inside in part]
    return part


def _set(document: dict[str, Any], column: str, text: str, row: Row, template: dict[str, Any]) -> None:
    table, key = PLACES[column]
    if column in SECRETS:
        said: object = credential(column.replace("_", "-"))
    elif column == "camera":
        if "/" not in text:  # an address alone: it is filled in where the template has its place
            if "camera" not in _named(template.get("camera")):
                raise ConfigError([row.problem(column, phrase("camera-without-place"))])
            return
        said = text
    else:
        said = value(column, text)
    place: Any = document.setdefault(table, [{}] if table == "camera" else {})
    if isinstance(place, list) and place:
        place = place[0]
    if not isinstance(place, dict):
        raise ConfigError([Problem("template", phrase("template-shape"))])
    place[key] = said


def _told(path: str) -> str:
    """The column that a key comes from, else the key itself."""
    plain = re.sub(r"\[0\]", "", path)
    return next((column for column, place in PLACES.items() if plain == ".".join(place)), path)
