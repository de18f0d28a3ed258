"""Who may change what: one key of the configuration, two of three, or only a hand at the pole. Pure.

Whoever steals one key may rename a zone, not point the pole at another broker. What is not named here needs
two keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from pole_agent.almanac import MORNING
from pole_agent.errors import Problem
from pole_agent.languages import Phrase, phrase
from pole_agent.settings import Settings
from pole_agent.settings.lamp import ProgramStep
from pole_agent.settings.section import CREDENTIAL


class Authority(IntEnum):
    """Who vouches for a configuration, or has to."""

    ONE_KEY = 1
    TWO_KEYS = 2
    HAND = 3


ONE_KEY = (
    "pole.name", "pole.operator", "pole.contact", "pole.groups", "zone.*", "line.*", "rule.*",
    "lamp.program", "lamp.calendar", "camera.*.fps", "camera.*.masks",
)  # fmt: skip
# Identity, what is trusted, who approves flights, and where everything is kept
HAND = (
    "pole.id", "pole.site", "mqtt", "mqtt.prefix", "mqtt.ca_file",
    "drone.officer.*", "drone.approval", "storage.state_dir",
)  # fmt: skip
PATHS = ("*_file", "*.file", "drone.geofence", "drone.exclusions", "detector.model", "camera.*.source")
CREDENTIAL_FILE = re.compile(re.escape(CREDENTIAL) + r"pole_[A-Za-z0-9_-][A-Za-z0-9._-]*")
FENCE_FILE = re.compile(r"fences/[A-Za-z0-9_-][A-Za-z0-9._-]*\.geojson")
MODEL_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?<!\.toml)")
DEVICE = re.compile(r"/dev/video\d{1,3}")
STREAMS = ("rtsp", "rtsps", "http", "https")
NAMED = ("camera", "zone", "line", "rule", "drone.officer", "drone.patrol")
WHOLE = ("zone", "line", "rule")  # judged as a whole
MISSING = object()
Keys = dict[str, Any]  # a value for each key path; cameras, zones, lines and rules by their names


@dataclass(frozen=True, slots=True)
class Change:
    """A key that differs, who has to vouch for it, and why."""

    key: str
    needs: Authority
    why: Phrase


def refused(before: Settings, after: Settings, vouched: Authority) -> list[Problem]:
    """What of a new configuration is refused, because it needs more than `vouched`."""
    return [Problem(change.key, change.why) for change in changes(before, after) if change.needs > vouched]


def changes(before: Settings, after: Settings) -> list[Change]:
    """Every key that differs, with the most that it needs."""
    old, new = _keys(before), _keys(after)
    asking = {*_asking(before), *_asking(after)}
    found = []
    for key in sorted({*old, *new}):
        was, now = old.get(key, MISSING), new.get(key, MISSING)
        if was == now:
            continue
        reasons = [_by_name(key)]
        if key in asking:
            reasons.append((Authority.TWO_KEYS, phrase("change-asks-for-drone")))
        if fnmatchcase(key, "camera.*.masks") and was is not MISSING and _uncovers(was, now):
            reasons.append((Authority.TWO_KEYS, phrase("change-mask-away")))
        if isinstance(now, str) and not _may_be_read(key, now):
            reasons.append((Authority.HAND, phrase("change-path-outside", value=now)))
        needs, why = max(reasons, key=lambda reason: reason[0])
        found.append(Change(key, needs, why))
    return [*found, *_dark_steps(before, after), *_passwords(old, new)]


def _by_name(key: str) -> tuple[Authority, Phrase]:
    if any(fnmatchcase(key, pattern) for pattern in HAND):
        return Authority.HAND, phrase("change-needs-hand")
    if any(fnmatchcase(key, pattern) for pattern in ONE_KEY):
        return Authority.ONE_KEY, phrase("change-needs-one-key")
    return Authority.TWO_KEYS, phrase("change-needs-two-keys")


def _asking(settings: Settings) -> Iterator[str]:
    """The rules that ask for a drone, and the places that they look at."""
    for rule in settings.rules:
        if rule.drone:
            yield f"rule.{rule.name}"
            yield f"zone.{rule.zone}"
            yield f"line.{rule.line}"


def _uncovers(was: list[Any], now: Any) -> bool:
    return now is MISSING or any(mask not in now for mask in was)


def _may_be_read(key: str, value: str) -> bool:
    """Nothing remote makes the agent open a file of its choice: it could be a secret of somebody else,
    which a server would then be told.
    """
    if not any(fnmatchcase(key, pattern) for pattern in PATHS):
        return True
    if key == "detector.model":
        return MODEL_NAME.fullmatch(value) is not None
    if key.startswith("drone."):
        return FENCE_FILE.fullmatch(value) is not None
    if key.endswith(".source"):
        return DEVICE.fullmatch(value) is not None or urlsplit(value).scheme in STREAMS
    return CREDENTIAL_FILE.fullmatch(value) is not None


def _dark_steps(before: Settings, after: Settings) -> Iterator[Change]:
    """Steps that a night could go below the floor by. One that ends a night may: the floor holds until
    then.
    """
    had = before.lamp.program
    for index, step in enumerate(after.lamp.program):
        if step.level < after.lamp.floor and step not in had and not _ends_the_night(step):
            yield Change(f"lamp.program[{index}].level", Authority.TWO_KEYS, phrase("change-below-floor"))


def _ends_the_night(step: ProgramStep) -> bool:
    return step.time.solar in MORNING


def _passwords(old: Keys, new: Keys) -> Iterator[Change]:
    """A password goes only to the host that it was given for, and not in the clear where it was not."""
    places = {key.removesuffix(".password_file") for key in new if key.endswith(".password_file")}
    for place in sorted(places):
        file = f"{place}.password_file"
        known = {old[key] for key in old if key.endswith(".password_file")}
        if new[file] in known - {None} and _server(place, new) not in _servers_of(new[file], old):
            yield Change(file, Authority.HAND, phrase("change-password-elsewhere"))


def _servers_of(file: str, keys: Keys) -> set[tuple[Any, ...]]:
    found = [key for key in keys if key.endswith(".password_file") and keys[key] == file]
    return {_server(key.removesuffix(".password_file"), keys) for key in found}


def _server(place: str, keys: Keys) -> tuple[Any, ...]:
    if place == "mqtt":
        return keys["mqtt.host"], keys["mqtt.port"], keys["mqtt.tls"]
    parts = urlsplit(keys[f"{place}.source"])
    return parts.scheme, parts.hostname, parts.port


def _keys(settings: Settings) -> Keys:
    return dict(_flat(settings.model_dump(mode="json", by_alias=True), ""))


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Tables by their keys, lists of NAMED tables by these names; all else is one value."""
    if key in NAMED:
        for item in value:
            inner = f"{key}.{item['name']}"
            yield from _flat(item, inner) if key not in WHOLE else [(inner, item)]
    elif isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flat(item, f"{key}.{name}" if key else name)
    else:
        yield key, value
