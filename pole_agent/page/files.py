"""The files of the page itself, compressed once, and its words in each language."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

from aiohttp import web

from pole_agent.languages import LANGUAGES, phrases
from pole_agent.page.routes import OPEN, Handler, Route
from pole_agent.page.visitor import Visitor
from pole_agent.rule_kinds import KINDS, named
from pole_agent.settings.rules import LABELS
from pole_agent.vocabulary import Severity

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
CODES = re.compile(r'["`](ui-[a-z0-9-]+)')  # of sentences, and the beginning of those of a family
LAMP_REASONS = ("failsafe", "program", "override", "presence", "warning", "sweep")
FAMILIES = ("meaning-", "choice-")  # of words that come from the pole
CHAIN = ("clock", "photocell", "program", "sun", "floor", "override", "presence", "control")


def routes() -> list[Route]:
    found = []
    for file in sorted(FOLDER.rglob("*")):
        if file.suffix in TYPES:
            name = file.relative_to(FOLDER).as_posix()
            path = "/" if name == "index.html" else f"/{name}"
            handler = _serving(file.read_bytes(), TYPES[file.suffix])
            found.append(Route(method="GET", path=path, right=OPEN, handler=handler))
    for language in LANGUAGES:
        words = json.dumps(words_of(language), ensure_ascii=False).encode()
        handler = _serving(words, "application/json; charset=utf-8")
        found.append(Route(method="GET", path=f"/words/{language}.json", right=OPEN, handler=handler))
    return found


def codes() -> set[str]:
    """The codes of all sentences that the page says: its own scripts are asked."""
    known, found = phrases("en"), set[str]()
    for file in FOLDER.glob("*.js"):
        for code in CODES.findall(file.read_text(encoding="utf-8")):
            family = f"{code.rstrip('-')}-"
            found |= {code} if code in known else {each for each in known if each.startswith(family)}
    return found | {code for code in known if code.startswith(FAMILIES)}


def words_of(language: str) -> dict[str, str]:
    """The sentences of the page by their codes, in English where the language does not have one; and the
    words of the wire, by family.
    """
    said = {**phrases("en"), **phrases(language)}
    wire: dict[str, dict[str, str]] = {
        "class": {label: named(label, language) for label in LABELS},
        "severity": {s.word: named(s.word, language) for s in Severity},
        "kind": {kind.replace("_", "-"): named(kind, language) for kind in KINDS},
        "reason": {reason: said[reason] for reason in LAMP_REASONS},
        "chain": {name: said[name] for name in CHAIN},
    }
    words = {f"{family}-{word}": text for family, table in wire.items() for word, text in table.items()}
    return {code: said[code] for code in sorted(codes())} | {
        key.replace("_", "-"): text for key, text in words.items()
    }


def _serving(body: bytes, content_type: str) -> Handler:
    packed, tag = gzip.compress(body, 9), f'"{hashlib.sha256(body).hexdigest()[:16]}"'

    async def serve(request: web.Request, _: Visitor) -> web.StreamResponse:
        headers = {
            "Content-Type": content_type,
            "ETag": tag,
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=packed, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=body, headers=headers)

    return serve
