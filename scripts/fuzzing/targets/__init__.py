"""All targets. They import what they look at only when they are prepared."""

from __future__ import annotations

from fuzzing.target import Target
from fuzzing.targets import cameras, commands, files, onvif, rooms, rtsp, stored, words

TARGETS: tuple[Target, ...] = (
    *commands.TARGETS,
    *words.TARGETS,
    *files.TARGETS,
    *cameras.TARGETS,
    *onvif.TARGETS,
    *rtsp.TARGETS,
    *rooms.TARGETS,
    *stored.TARGETS,
)


def find(name: str) -> Target:
    """Raises LookupError that says which there are."""
    for target in TARGETS:
        if target.name == name:
            return target
    raise LookupError(f"no target {name!r}; there are: {', '.join(t.name for t in TARGETS)}")
