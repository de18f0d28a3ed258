"""The set-up: what was drawn is checked, rehearsed, saved, and taken back when it does not come up well.

Only zones, lines, rules and further masks can be changed here (settings/overlay.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from pole_agent.errors import ConfigError, PoleAgentError, Problem
from pole_agent.languages import in_language, phrase
from pole_agent.page.aside import answer_of
from pole_agent.page.house import House
from pole_agent.page.rights import SETUP
from pole_agent.page.routes import Route
from pole_agent.page.server import body_of, reply
from pole_agent.page.visitor import Visitor
from pole_agent.replacing import replace_file
from pole_agent.rule_kinds import KINDS
from pole_agent.settings import Settings
from pole_agent.settings import overlay as overlays
from pole_agent.settings.load import Loaded
from pole_agent.settings.overlay import Overlay
from pole_agent.settings.rules import LABELS
from pole_agent.vocabulary import Severity

REHEARSAL_S = 300.0
MOST_TOLD = 100  # problems of an overlay
CANDIDATE = "overlay.candidate.json"
TABLES = {"zone": "zones", "line": "lines", "rule": "rules"}


class Setup:
    """Handlers."""

    def __init__(self, house: House) -> None:
        self._house, self._desk = house, house.workshop
        self._saving, self._rehearsing, self._trying = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._saved = False  # and the reload, which brings another Setup, is on its way

    def routes(self) -> list[Route]:
        return [
            Route(method="GET", path="/api/setup", right=SETUP, handler=self.show),
            Route(method="POST", path="/api/setup/check", right=SETUP, handler=self.check),
            Route(method="POST", path="/api/setup/save", right=SETUP, handler=self.save),
            Route(method="POST", path="/api/setup/rehearse", right=SETUP, handler=self.rehearse),
        ]

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What is in force, what pole.toml says, and what may be chosen."""
        desk = self._desk
        trial = await asyncio.to_thread(overlays.on_trial, desk.state_dir)
        added = desk.loaded.overlay.document.get(overlays.MASKS, {})
        return reply(
            {
                "present": tables_of(desk.loaded.settings),
                "file": tables_of(desk.plain.settings),
                "masks": {c.name: c.masks for c in desk.plain.settings.cameras},
                "added": {c.name: added.get(c.name, []) for c in desk.plain.settings.cameras},
                "version": version(desk.loaded.overlay),
                "on_trial": trial,
                "saves": desk.reload is not None,
                "rehearses": desk.rehearsal is not None,
                "kinds": {name: {"on_line": k.on_line, "one_way": k.one_way} for name, k in KINDS.items()},
                "labels": LABELS,
                "severities": [s.word for s in Severity],
            }
        )

    async def check(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        sent = await body_of(request)
        _, problems = await self._tried(sent.get("overlay"))
        return reply({"problems": await told(problems, visitor.language)})

    async def save(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Check, write, reload. Whether it is kept is seen afterwards (trial.py)."""
        sent = await body_of(request)
        desk = self._desk
        if desk.reload is None:
            raise PoleAgentError(phrase("page-cannot-save"))
        async with self._saving:
            if self._saved or sent.get("version") != version(desk.loaded.overlay):
                raise web.HTTPConflict(reason=phrase("page-changed-meanwhile"))
            found, problems = await self._tried(sent.get("overlay"))
            if found is None:
                return reply({"problems": await told(problems, visitor.language)}, 422)
            try:
                await asyncio.to_thread(overlays.save, desk.state_dir, found.overlay.text)
            except OSError as error:
                reason = phrase("at-key", key=desk.state_dir / overlays.FILE, problem=error.strerror)
                raise PoleAgentError(reason) from error
            self._house.audit("configuration.changed", account_of(found, visitor.name, "trial"))
            self._saved = True
            desk.reload()
        return reply({"ok": True, "version": version(found.overlay)})

    async def rehearse(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What these rules would have done on what the pole saw, in a process of its own."""
        sent = await body_of(request)
        desk = self._desk
        found, problems = await self._tried(sent.get("overlay"))
        if found is None:
            return reply({"problems": await told(problems, visitor.language)}, 422)
        if desk.rehearsal is None:
            raise PoleAgentError(phrase("trajectories-off"))
        if self._rehearsing.locked():
            raise PoleAgentError(phrase("page-rehearses-already"))
        async with self._rehearsing:
            candidate = desk.state_dir / CANDIDATE
            text = found.overlay.text or "{}"
            await asyncio.to_thread(replace_file, candidate, text.encode(), overlays.MODE)
            found_out = await answer_of(desk.rehearsal(candidate), REHEARSAL_S)
        return reply(found_out)

    async def _tried(self, document: Any) -> tuple[Loaded | None, Sequence[Problem]]:
        """The configuration with this overlay on it, or the problems that it makes."""
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":")) if document else ""
        try:
            if len(text.encode()) > overlays.MAX_BYTES:
                raise PoleAgentError(phrase("page-overlay-too-large", most=overlays.MAX_BYTES // 1024))
            overlay = overlays.parse(text) if text else overlays.NONE
            async with self._trying:  # one takes a thread for up to two seconds
                return await asyncio.to_thread(self._desk.try_on, overlay), []
        except ConfigError as error:
            return None, error.problems


def tables_of(settings: Settings) -> dict[str, list[Any]]:
    """Zones, lines and rules as they are written in TOML, without what is the default."""
    return {
        key: [
            item.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            for item in getattr(settings, name)
        ]
        for key, name in TABLES.items()
    }


def version(overlay: Overlay) -> str:
    """Which overlay the page has started from: two people must not undo each other's work."""
    return hashlib.sha256(overlay.text.encode()).hexdigest()[:16]


def account_of(loaded: Loaded, by: str, state: str) -> Mapping[str, Any]:
    """The data of the event ``configuration.changed``."""
    settings = loaded.settings
    masks = loaded.overlay.document.get(overlays.MASKS, {})
    return {
        "by": by, "state": state, "config_sha256": loaded.digest, "zones": len(settings.zones),
        "lines": len(settings.lines), "rules": len(settings.rules),
        "masks_added": sum(len(m) for m in masks.values()),
    }  # fmt: skip


async def told(problems: Sequence[Problem], language: str) -> list[dict[str, str]]:
    """The first of them, in this language: a sentence may take a while to be found."""

    def tell() -> list[dict[str, str]]:
        return [{"path": p.path, "problem": in_language(str(p.text), language)} for p in problems[:MOST_TOLD]]

    return await asyncio.to_thread(tell)
