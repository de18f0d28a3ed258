"""Who has sent a request: as far as the page knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """`name` is empty before a login. `still`: is the session that the request came with still alive?

    `near`: the request came over loopback, and nobody has passed it on.
    """

    address: str
    language: str
    near: bool
    name: str = ""
    role: str = ""
    rights: frozenset[str] = frozenset()
    csrf: str = ""
    token: str = ""
    still: Callable[[], bool] = lambda: True
