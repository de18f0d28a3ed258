"""The trajectories that this pole keeps, for the commands that look at them."""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import in_language, phrase
from pole_agent.settings import Settings
from pole_agent.trajectories.blocks import Block, blocks
from pole_agent.trajectories.files import File, contents, files_of, folder_of

AGO = re.compile(r"(\d{1,4})([dhm])")
SECONDS = {"d": 86_400.0, "h": 3600.0, "m": 60.0}
FULL, PARTS = "█", " ▏▎▍▌▋▊▉"
WIDTH = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        default="7d",
        metavar="TIME",
        help='how far back from the last look: "7d", "36h", "90m"; or a date, "2026-11-20"; default: 7d',
    )
    parser.add_argument(
        "--state-dir",
        type=Path,
        metavar="D",
        help="where trajectories are kept; default: that of the configuration",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def kept(folder: Path, settings: Settings, camera: str) -> list[File]:
    """The files of a camera, in their order. Raises PoleAgentError where there are none."""
    try:
        files = files_of(folder_of(folder, camera))
    except OSError as error:
        reason = phrase("file-unreadable-because", file=folder, error=error.strerror)
        raise PoleAgentError(reason) from error
    if files:
        return files
    if not settings.storage.trajectory_days:
        raise PoleAgentError(phrase("trajectories-off"))
    raise PoleAgentError(phrase("trajectories-none", camera=camera, folder=folder_of(folder, camera)))


def since(text: str, zone: tzinfo, files: Sequence[File]) -> float:
    """The wall time that `--since` means. Raises ConfigError."""
    if match := AGO.fullmatch(text):
        return _end(files) - int(match[1]) * SECONDS[match[2]]
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise ConfigError([Problem("--since", phrase("invalid-since", given=f"{text!r}"))]) from None


def _end(files: Sequence[File]) -> float:
    """The wall time of the last look."""
    for data in (next(contents([file])) for file in reversed(files)):
        found = [b.header for b in blocks(data) if isinstance(b, Block)]
        if found:
            return max(head.wall + head.until - head.since for head in found)
    return math.inf


def wanted(files: Sequence[File], start: float) -> list[File]:
    """Those that may hold something from then on."""
    later = [n for n, file in enumerate(files) if file.began is not None and file.began <= start]
    return list(files[later[-1] :] if later else files)


def progress(language: str) -> Callable[[int, int], None]:
    """Tells a person how far it is, on standard error."""

    def tell(done: int, of: int) -> None:
        if os.isatty(2):
            text = in_language(phrase("files-read", done=min(done, of), of=of), language)
            print(f"\r{text}", end="\n" if done >= of else "", file=sys.stderr, flush=True)

    return tell


def bar(value: float, most: float, width: int = WIDTH) -> str:
    """A bar of at most `width` letters."""
    eighths = round(value / most * width * 8) if most else 0
    return FULL * (eighths // 8) + PARTS[eighths % 8].strip()
