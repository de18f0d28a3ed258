"""Every route of the page: what it is called, what it needs, who answers.

The table is all there is: what does not stand here is not served, and a test walks each line with each role.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp.web import Request, StreamResponse

    from pole_agent.page.visitor import Visitor

Handler = Callable[["Request", "Visitor"], Awaitable["StreamResponse"]]
OPEN = ""  # the right of what anybody may have: the page itself, its words, the login


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A POST changes something: it must come from our own page, with the token of the session.

    `right`: see rights.py. A command needs the right of its path too.
    """

    method: str
    path: str
    right: str
    handler: Handler


def find(routes: Iterable[Route]) -> dict[tuple[str, str], Route]:
    """The routes by method and path. Raises ValueError where two are the same."""
    found: dict[tuple[str, str], Route] = {}
    for route in routes:
        if (key := (route.method, route.path)) in found:
            raise ValueError(f"{route.method} {route.path} stands twice in the table")
        found[key] = route
    return found
