"""Reading pole.toml: every problem at once, each with its key path, and the last good copy."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pole_agent.errors import ConfigError, Problem
from pole_agent.settings import Settings
from pole_agent.settings.lamp import DEFAULT
from pole_agent.settings.reading import regular_file
from pole_agent.settings.rules import LineSettings, ZoneSettings
from pole_agent.settings.section import is_credential

MAX_BYTES = 1 << 18
# tomllib takes the square of the parts of a key: minutes for a long one. Both patterns take the length of the text, whatever is in it.
NO_KEY = re.compile(r""""(?:[^"\\\n]++|\\.)*+"?|'[^'\n]*+'?|#[^\n]*+""")  # strings and comments
DOTS = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){20}")
LAST_GOOD = "last-good.toml"
CONFIG_MODE = 0o600
PULLED_HIGH = 8  # GPIO0 to GPIO8 of a Raspberry Pi are pulled high after power-on, the others low


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, the text they came from, and why they are not the ones asked for (empty when they are)."""

    settings: Settings
    text: str
    degraded: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def load(path: Path) -> Loaded:
    """Read and check a configuration file. Raises ConfigError with all problems."""
    try:
        blob = regular_file(path, MAX_BYTES)
    except OSError as error:
        raise ConfigError([Problem(str(path), f"cannot be read: {error.strerror}; write one with: pole-agent init")]) from error
    except ValueError as error:
        raise ConfigError([Problem(str(path), str(error))]) from error
    try:
        text = blob.decode()
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(str(path), f"is not UTF-8 text (byte {error.start})")]) from error
    return Loaded(parse(text, str(path), path.parent), text)


def parse(text: str, name: str = "pole.toml", folder: Path | None = None) -> Settings:
    """Check the text of a configuration. File names in it are relative to `folder`. Raises ConfigError."""
    try:
        return _parse(text, name, folder)
    except RecursionError as error:
        raise ConfigError([Problem(name, "is not valid TOML: too deeply nested")]) from error


def _parse(text: str, name: str, folder: Path | None) -> Settings:
    bare = NO_KEY.sub("q", text)
    if match := DOTS.search(bare):
        line = bare.count("\n", 0, match.start()) + 1
        raise ConfigError([Problem(name, f"is not valid TOML: a key with too many dots (line {line})")])
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # also a number of thousands of digits
        raise ConfigError([Problem(name, f"is not valid TOML: {error}")]) from error
    if where := _with_nul(document):
        raise ConfigError([Problem(where, "holds a NUL character")])
    try:
        settings = Settings.model_validate(_anchored(document, folder))
    except ValidationError as error:
        errors = error.errors()
        inner = {e["loc"][:depth] for e in errors for depth in range(len(e["loc"]))}
        follows = ("default_factory_not_called", "too_short")  # from another problem, when that lies inside
        found = [_problem(e) for e in errors if e["type"] not in follows or (e["type"] == "too_short" and e["loc"] not in inner)]
        raise ConfigError(found) from None
    if problems := references(settings):
        raise ConfigError(problems)
    return settings


def load_or_last_good(path: Path, state_dir: Path | None = None) -> Loaded:
    """What a starting daemon uses: the file, else the last good copy (`degraded` says why), else ConfigError."""
    try:
        return load(path)
    except ConfigError as error:
        if before := last_good(path, state_dir):
            return replace(before, degraded=f"{error}; {before.degraded}")
        raise


def last_good(path: Path, state_dir: Path | None = None) -> Loaded | None:
    """The last configuration that worked in the place of `path`; None when there is none that can be used."""
    for folder in _state_dirs(path, state_dir):
        try:
            text = regular_file(folder / LAST_GOOD, MAX_BYTES).decode()
            return Loaded(parse(text, folder=path.parent), text, f"the last good copy in {folder} is used")
        except (OSError, ValueError, ConfigError):
            continue
    return None


def keep_last_good(loaded: Loaded) -> None:
    """Keep a copy of a configuration that works. A disk that cannot is no reason to stop: raises OSError."""
    folder = loaded.settings.storage.state_dir
    target, part = folder / LAST_GOOD, folder / (LAST_GOOD + ".part")
    folder.mkdir(parents=True, exist_ok=True)
    blob = loaded.text.encode()
    if target.exists() and target.read_bytes() == blob:
        return
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, CONFIG_MODE), "wb") as file:
        file.write(blob)
        file.flush()
        os.fsync(file.fileno())
    part.rename(target)


def _with_nul(value: Any, path: str = "") -> str:
    """Where a text holds a NUL: no path and no name may. Empty when none does."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [_with_nul(v, f"{path}[{k}]" if isinstance(k, int) else f"{path}.{k}".lstrip(".")) for k, v in inside]
    return path if isinstance(value, str) and "\0" in value else next(filter(None, found), "")


def _state_dirs(path: Path, state_dir: Path | None) -> list[Path]:
    """Where a last good copy may lie: the folder asked for, the one a broken file still names, the default."""
    folders = [state_dir] if state_dir else []
    try:
        # By eye, not by parser: the file may be broken anywhere.
        if named := re.search(
            r"^[ \t]*state_dir[ \t]*=[ \t]*[\"']([^\"'\0\n]+)[\"']", regular_file(path, MAX_BYTES).decode(errors="replace"), re.MULTILINE
        ):
            folders.append(path.parent / named[1])
    except (OSError, ValueError):
        pass
    if variable := os.environ.get("STATE_DIRECTORY"):  # set by systemd
        folders.append(Path(variable.split(":")[0]))
    return [*folders, Settings.model_fields["storage"].default.state_dir]


def references(settings: Settings) -> list[Problem]:
    """Names that are used twice, or used and never given."""
    problems = []
    cameras = {c.name for c in settings.cameras}
    zones, lines = {z.name: z for z in settings.zones}, {n.name: n for n in settings.lines}
    for key, things in (
        ("camera", settings.cameras),
        ("zone", settings.zones),
        ("line", settings.lines),
        ("rule", settings.rules),
    ):
        names = [t.name for t in things]
        problems += [Problem(key, f'the name "{n}" is used {k} times') for n, k in Counter(names).items() if k > 1]
    zoned: tuple[tuple[str, Sequence[ZoneSettings | LineSettings]], ...] = (("zone", settings.zones), ("line", settings.lines))
    for key, places in zoned:
        for index, place in enumerate(places):
            path = f"{key}[{index}].camera"
            if place.camera is None and len(cameras) != 1:
                problems.append(Problem(path, f"there are {len(cameras)} cameras; say which one: {_listed(cameras)}"))
            elif place.camera is not None and place.camera not in cameras:
                problems.append(Problem(path, f'there is no camera "{place.camera}"; there is {_listed(cameras)}'))
    programs = settings.lamp.programs()
    if DEFAULT not in programs:
        problems.append(Problem("lamp.program", f'there is no program "{DEFAULT}"; it holds on every night that no calendar rule names'))
    for index, entry in enumerate(settings.lamp.calendar):
        if entry.program not in programs:
            problems.append(
                Problem(f"lamp.calendar[{index}].program", f'there is no program "{entry.program}"; there is {_listed(programs)}')
            )
    for index, rule in enumerate(settings.rules):
        path = f"rule[{index}]"
        if rule.zone is not None and rule.zone not in zones:
            problems.append(Problem(f"{path}.zone", f'there is no zone "{rule.zone}"; there is {_listed(zones)}'))
        if rule.line is not None and rule.line not in lines:
            problems.append(Problem(f"{path}.line", f'there is no line "{rule.line}"; there is {_listed(lines)}'))
        if rule.camera is not None and rule.camera not in cameras:
            problems.append(Problem(f"{path}.camera", f'there is no camera "{rule.camera}"; there is {_listed(cameras)}'))
        elif not cameras:
            problems.append(Problem(path, "there is no [[camera]] to look through"))
        elif rule.camera is None and rule.zone is None and rule.line is None and len(cameras) > 1:
            problems.append(Problem(f"{path}.camera", f"there are {len(cameras)} cameras; say which one: {_listed(cameras)}"))
        if rule.drone and not settings.drone.enabled:
            problems.append(Problem(f"{path}.drone", "is true, but [drone] enabled is false"))
    return problems


def warnings(settings: Settings) -> list[str]:
    """What is allowed but deserves a word."""
    found = []
    mqtt = settings.mqtt
    if mqtt is None:
        found.append("mqtt: there is no broker; events are kept on the pole only")
    elif not mqtt.tls and not mqtt.loopback:
        found.append(f"mqtt.tls: is false for {mqtt.host}; passwords and events can be read on the way")
    if settings.metrics.enabled and settings.metrics.host not in ("127.0.0.1", "::1", "localhost"):
        found.append(f"metrics.host: {settings.metrics.host} is not the pole itself; whoever reaches it can read the numbers")
    if not settings.lamp.active_low:
        found.append("lamp.active_low: is false; an undriven pin means a dark street")
    elif settings.lamp.pin <= PULLED_HIGH and settings.lamp.backend != "mock":
        found.append(f"lamp.pin: GPIO{settings.lamp.pin} is pulled high at power-on: dark until the agent starts; use a pin from 9 to 27")
    relay = settings.lamp.relay
    if relay is not None and (relay.pin <= PULLED_HIGH) is not relay.active_low:
        found.append(f"lamp.relay: GPIO{relay.pin} switches the coil on, and the lamp off, while nobody drives it; see docs/wiring.md")
    found += _lamp_warnings(settings)
    found += _drone_warnings(settings)
    if not settings.cameras:
        found.append("camera: there is none; the lamp runs by its program")
    return found


def _drone_warnings(settings: Settings) -> list[str]:
    drone, found = settings.drone, []
    if not drone.enabled:
        return []
    if drone.geofence is None:
        found.append("drone.geofence: is missing; every request will be blocked by that gate")
    if not drone.night_permit:
        found.append("drone.night_permit: is false; between sunset and sunrise every request will be blocked by that gate")
    if drone.approval == "automatic":
        found.append('drone.approval: is "automatic", which is for simulation only; every message says so, and no real drone may obey')
    elif not drone.officers and settings.mqtt is not None and not settings.mqtt.loopback:
        found.append("drone.officer: there is none; whoever may write to drone/approval at the broker may approve flights")
    return found


def _lamp_warnings(settings: Settings) -> list[str]:
    """What is allowed in [lamp], and most likely a mistake."""
    lamp, found = settings.lamp, []
    for index, entry in enumerate(lamp.calendar[:-1]):
        if entry.days is None and entry.dates is None:
            found.append(f"lamp.calendar[{index}]: has neither days nor dates, so it holds always; the rules below it never do")
    for name, steps in lamp.programs().items():
        for at, count in Counter(s.at for s in steps).items():
            if count > 1:
                found.append(f'lamp.program "{name}": has {count} steps at {at}; the last one counts')
    if lamp.min_level > lamp.floor > 0:
        found.append(f"lamp.floor: {lamp.floor:.0%} is below min_level, so the floor is {lamp.min_level:.0%}")
    for index, control in enumerate(lamp.control):
        if control.kind == "max" and control.level < lamp.floor:
            found.append(f"lamp.control[{index}].level: a maximum of {control.level:.0%} lies below the floor of {lamp.floor:.0%}")
    shares = [share for _, share in lamp.clo]
    if shares != sorted(shares, reverse=True):
        found.append("lamp.clo: the shares rise; a lamp gives less light as it ages")
    return found


def schema() -> dict[str, Any]:
    """JSON Schema of pole.toml, for editors."""
    document = Settings.model_json_schema(by_alias=True)
    document["title"] = "pole.toml of pole-agent"
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


def _listed(names: Any) -> str:
    return ", ".join(f'"{n}"' for n in sorted(names)) or "none"


FILE_KEYS = {
    "storage": ("state_dir",),
    "camera": ("source", "password_file"),
    "detector": ("model",),
    "mqtt": ("password_file", "ca_file", "cert_file", "key_file"),
    "drone": ("geofence", "exclusions"),
}


def _anchored(document: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Make relative file names absolute: relative to the file that names them, not to the working directory."""
    if folder is None:
        return document
    result = dict(document)
    for section, keys in FILE_KEYS.items():
        tables = result.get(section)
        many = isinstance(tables, list)
        fixed = []
        for table in tables if isinstance(tables, list) else [tables]:
            if isinstance(table, dict):
                table = {k: _absolute(v, folder) if k in keys and _is_path(section, k, v) else v for k, v in table.items()}
            fixed.append(table)
        if section in result:
            result[section] = fixed if many else fixed[0]
    return result


def _is_path(section: str, key: str, value: Any) -> bool:
    if not isinstance(value, str) or "://" in value or is_credential(value):
        return False
    return not (section == "detector" and not value.endswith(".toml"))


def _absolute(value: str, folder: Path) -> str:
    return str((folder / value).absolute())


def _problem(error: ErrorDetails) -> Problem:
    path = ""
    for part in error["loc"]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.isidentifier() or "-" in part:
            path += f".{part}" if path else part
    kind, text = error["type"], error["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        known = _known_keys(error["loc"][:-1])
        close = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        text = f"unknown key; did you mean {close[0]}?" if close else f"unknown key; known here: {', '.join(known)}"
    elif kind == "missing":
        text = "is required"
    elif kind == "string_pattern_mismatch":
        text = "use letters, digits, _ and - only, 1 to 64 of them"
    elif (kind == "too_short" and "polygon" in path) or (kind == "too_short" and "masks" in path):
        text = f"a polygon has at least 3 points; this has {error['ctx']['actual_length']}"
    elif kind != "value_error":
        given = repr(error["input"])
        text = f"{text[0].lower()}{text[1:]}; given: {given if len(given) < 60 else given[:57] + '…'}"
    return Problem(path, text)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        for name, info in model.model_fields.items():
            if part in (name, info.alias):
                model = _model_in(info.annotation) or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_in(inner):
            return found
    return None
