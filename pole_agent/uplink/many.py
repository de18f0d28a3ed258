"""Topics that many poles listen to: ``<prefix>/<site>/_all/…`` and ``<prefix>/<site>/_group/<name>/…``. Pure.

Inside the agent such a topic is a path that begins with its address, such as ``_group/north/lamp/set``. No
identifier of a pole begins with an underscore, so no path of a pole itself does.
"""

from __future__ import annotations

from collections.abc import Iterable

ALL, GROUP = "_all", "_group"
# What may be said to many poles at once. Never a decision about a flight: that is about one request.
FOR_MANY = ("lamp/set", "diagnose", "sync")


def addresses(groups: Iterable[str]) -> list[str]:
    """Where a pole of these groups listens, beside its own topics."""
    return [ALL, *(f"{GROUP}/{name}" for name in groups)]


def listened(groups: Iterable[str]) -> list[list[str]]:
    """The paths to ask a broker for, those of an address together."""
    return [[f"{address}/{path}" for path in FOR_MANY] for address in addresses(groups)]


def parted(path: str) -> tuple[str, str]:
    """The address, which is empty for a command to this pole alone, and the command."""
    head, _, rest = path.partition("/")
    if head == GROUP:
        name, _, rest = rest.partition("/")
        head = f"{GROUP}/{name}"
    elif head != ALL:
        return "", path
    return head, rest


def topic_of(base: str, path: str) -> str:
    """The topic of a path, for the pole with this base topic."""
    return f"{site_of(base)}/{path}" if parted(path)[0] else f"{base}/{path}"


def path_of(base: str, topic: str) -> str:
    """The path of a topic; a topic of neither kind stays as it is."""
    if topic.startswith(f"{base}/"):
        return topic.removeprefix(f"{base}/")
    path = topic.removeprefix(f"{site_of(base)}/")
    return path if parted(path)[0] else topic


def site_of(base: str) -> str:
    """``<prefix>/<site>``."""
    return base.rpartition("/")[0]
