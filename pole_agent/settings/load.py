"""Reading pole.toml: every problem at once, each with its key path, and the last good copy."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pole_agent.errors import ConfigError, Problem
from pole_agent.languages import Phrase, phrase
from pole_agent.replacing import replace_file
from pole_agent.settings import Settings
from pole_agent.settings import overlay as overlays
from pole_agent.settings.examine import Examined, examine
from pole_agent.settings.overlay import NONE, Overlay, laid_over
from pole_agent.settings.reading import refuse_many_dots, regular_file, text_file
from pole_agent.settings.section import is_credential

MAX_BYTES = 1 << 18
LAST_GOOD = "last-good.toml"
CONFIG_MODE = 0o600
FLAT_MASK = 1e-6  # of the picture: less than a pixel
LOOK_ALIKES = (
    dict.fromkeys("“”„«»", phrase("curly-double-quote"))
    | dict.fromkeys("‘’", phrase("curly-single-quote"))
    | {
        "\ufeff": phrase("byte-order-mark"),
        "\u00a0": phrase("no-break-space"),
        "\u200b": phrase("zero-width-space"),
    }
)
PULLED_HIGH = 8  # GPIO0 to GPIO8 of a Raspberry Pi are pulled high after power-on, the others low


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, the text they came from, and why they are not the ones asked for (empty when they are)."""

    settings: Settings
    text: str
    degraded: str = ""
    overlay: Overlay = NONE

    @property
    def digest(self) -> str:
        return hashlib.sha256((self.text + self.overlay.text).encode()).hexdigest()


def load(path: Path, overlay: Overlay | None = None) -> Loaded:
    """Read and check a configuration file, with the overlay of its state directory on it, or `overlay`.

    An overlay that does not fit is left out, and `degraded` says so. Raises ConfigError with all problems of
    the file.
    """
    text = _text(path)
    plain = Loaded(parse(text, str(path), path.parent), text)
    try:
        return with_overlay(plain, path, overlay)
    except ConfigError as error:
        return replace(plain, degraded=phrase("overlay-refused", problems=error))


def with_overlay(plain: Loaded, path: Path, overlay: Overlay | None = None) -> Loaded:
    """`plain`, read from `path`, with an overlay on it: by default that of its state directory. Raises
    ConfigError with all problems that the overlay makes.
    """
    if overlay is None:
        overlay = overlays.read(plain.settings.storage.state_dir)
    if not overlay.document:
        return plain
    document = _anchored(_document(plain.text, str(path)), path.parent)
    try:
        examined = examine(laid_over(document, overlay))
    except RecursionError as error:
        raise ConfigError([Problem(overlays.FILE, phrase("toml-too-deep"))]) from error
    if examined.problems or examined.settings is None:
        raise ConfigError(examined.problems)
    return replace(plain, settings=examined.settings, overlay=overlay)


def overlay_told(loaded: Loaded) -> Phrase:
    """What of the configuration was drawn on the page, for people."""
    document = loaded.overlay.document
    return phrase(
        "overlay-is-used",
        zones=len(document.get("zone", [])),
        lines=len(document.get("line", [])),
        rules=len(document.get("rule", [])),
        masks=sum(len(m) for m in document.get(overlays.MASKS, {}).values()),
        file=loaded.settings.storage.state_dir / overlays.FILE,
    )


def without_overlay(loaded: Loaded, path: Path) -> Loaded:
    """The same configuration, read from `path`, as it is without its overlay."""
    if not loaded.overlay.document:
        return loaded
    return replace(loaded, settings=parse(loaded.text, str(path), path.parent), overlay=NONE)


def examine_file(path: Path) -> Examined:
    """All problems of a configuration file, and what is left of it without them.

    Raises ConfigError when it is no TOML.
    """
    return _examine(_text(path), str(path), path.parent)


def _text(path: Path) -> str:
    try:
        return text_file(path, MAX_BYTES)
    except OSError as error:
        raise ConfigError(
            [Problem(str(path), phrase("configuration-unreadable", error=error.strerror))]
        ) from error
    except ValueError as error:
        raise ConfigError([Problem(str(path), str(error))]) from error


def parse(text: str, name: str = "pole.toml", folder: Path | None = None) -> Settings:
    """Check the text of a configuration. File names in it are relative to `folder`. Raises ConfigError."""
    examined = _examine(text, name, folder)
    if examined.problems or examined.settings is None:
        raise ConfigError(examined.problems)
    return examined.settings


def _examine(text: str, name: str, folder: Path | None) -> Examined:
    try:
        return examine(_anchored(_document(text, name), folder))
    except RecursionError as error:
        raise ConfigError([Problem(name, phrase("toml-too-deep"))]) from error


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        refuse_many_dots(text)
    except ValueError as error:
        raise ConfigError([Problem(name, str(error))]) from error
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # also a number of thousands of digits
        raise ConfigError(
            [Problem(name, phrase("toml-invalid", error=_look_alike(text, str(error))))]
        ) from error
    if where := _with_nul(document):
        raise ConfigError([Problem(where, phrase("nul-character"))])
    return document


def _look_alike(text: str, error: str) -> str:
    """The error, with what cannot be seen in that line: editors, chats and word processors put such
    characters there.
    """
    lines = text.split("\n")
    line = int(match[1]) if (match := re.search(r"line (\d+)", error)) else len(lines)
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    found = next((words for character, words in LOOK_ALIKES.items() if character in here), "")
    return phrase("toml-look-alike", error=error, character=found) if found else error


def load_or_last_good(path: Path, state_dir: Path | None = None) -> Loaded:
    """What a starting daemon uses: the file, else the last good copy (`degraded` says why), else
    ConfigError.
    """
    try:
        return load(path)
    except ConfigError as error:
        if before := last_good(path, state_dir):
            return replace(before, degraded=phrase("joined", first=str(error), rest=before.degraded))
        raise


def last_good(path: Path, state_dir: Path | None = None) -> Loaded | None:
    """The last configuration that worked in the place of `path`; None when there is none that can be used."""
    for folder in _state_dirs(path, state_dir):
        try:
            text = text_file(folder / LAST_GOOD, MAX_BYTES)
            plain = Loaded(parse(text, folder=path.parent), text, phrase("last-good-is-used", folder=folder))
        except (OSError, ValueError, ConfigError):
            continue
        try:
            return with_overlay(plain, path)
        except ConfigError:
            return plain
    return None


def keep_last_good(loaded: Loaded) -> None:
    """Keep a copy of a configuration that works, for its owner only: it may hold passwords. A power cut
    leaves the old copy or the new one.

    A disk that cannot is no reason to stop: raises OSError.
    """
    folder = loaded.settings.storage.state_dir
    target = folder / LAST_GOOD
    folder.mkdir(parents=True, exist_ok=True)
    blob = loaded.text.encode()
    if target.exists() and target.read_bytes() == blob and stat.S_IMODE(target.stat().st_mode) == CONFIG_MODE:
        return
    replace_file(target, blob, CONFIG_MODE)


def _with_nul(value: Any, path: str = "") -> str:
    """Where a text holds a NUL: no path and no name may. Empty when none does."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [
        _with_nul(v, f"{path}[{k}]" if isinstance(k, int) else f"{path}.{k}".removeprefix("."))
        for k, v in inside
    ]
    return path if isinstance(value, str) and "\0" in value else next(filter(None, found), "")


def _state_dirs(path: Path, state_dir: Path | None) -> list[Path]:
    """Where a last good copy may lie: the folder asked for, the one a broken file still names,
    the default.
    """
    folders = [state_dir] if state_dir else []
    try:
        # By eye, not by parser: the file may be broken anywhere.
        if named := re.search(
            r"^[ \t]*state_dir[ \t]*=[ \t]*[\"']([^\"'\0\n]+)[\"']",
            regular_file(path, MAX_BYTES).decode(errors="replace"),
            re.MULTILINE,
        ):
            folders.append(path.parent / named[1])
    except (OSError, ValueError):
        pass
    if variable := os.environ.get("STATE_DIRECTORY"):  # set by systemd
        folders.append(Path(variable.split(":")[0]))
    return [*folders, Settings.model_fields["storage"].default.state_dir]


def schema() -> dict[str, Any]:
    """JSON Schema of pole.toml, for editors."""
    document = Settings.model_json_schema(by_alias=True)
    document["title"] = "pole.toml of pole-agent"
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


FILE_KEYS = {
    "storage": ("state_dir",),
    "camera": ("source", "password_file"),
    "detector": ("model",),
    "mqtt": ("password_file", "ca_file", "cert_file", "key_file"),
    "drone": ("geofence", "exclusions"),
    "page": ("cert_file", "key_file"),
}


def _anchored(document: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Make relative file names absolute: relative to the file that names them, not to the working
    directory.
    """
    if folder is None:
        return document
    result = dict(document)
    for section, keys in FILE_KEYS.items():
        tables = result.get(section)
        many = isinstance(tables, list)
        fixed = []
        for table in tables if isinstance(tables, list) else [tables]:
            if isinstance(table, dict):
                table = {
                    k: _absolute(v, folder) if k in keys and _is_path(section, k, v) else v
                    for k, v in table.items()
                }
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
