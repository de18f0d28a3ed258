"""The daemon's side of updates in the whole agent: what it tells and when, and how it passes on a nudge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pole_agent import __version__
from pole_agent.remote.telling import Places
from tests.world import World, Worlds

KEPT: dict[str, Any] = {
    "wanted": "b" * 64,
    "running": None,
    "state": "trying",
    "problems": [],
    "at": 1_795_500_000,
}
STATUS = {"config": KEPT, "version": KEPT | {"wanted": "9.9.9"}, "sync": None}


def places(folder: Path) -> Places:
    return Places(folder / "status.json", folder / "remote.toml")


def put(at: Places, document: Any) -> None:
    """As `apply` does: in one piece."""
    new = at.status.with_suffix(".new")
    new.write_text(document if isinstance(document, str) else json.dumps(document))
    new.replace(at.status)


def replies(w: World) -> list[dict[str, Any]]:
    return w.heard("reply")


async def test_both_words_are_kept_at_the_broker(world: Worlds, tmp_path: Path) -> None:
    """At the start, also where nothing is set up; retained, and said again at each birth."""
    async with world(places=places(tmp_path)) as w:
        await w.until(lambda: w.heard("config") and w.heard("version"))
        assert w.heard("config")[-1]["state"] == "none"
        nothing: dict[str, Any] = {
            "wanted": None,
            "running": __version__,
            "state": "none",
            "problems": [],
            "at": None,
        }
        assert w.heard("version") == [nothing | {"simulation": True}]
        said = [m for m in w.broker.published if m.topic.endswith(("/config", "/version"))]
        assert {(m.qos, m.retain) for m in said} == {(1, True)}
        w.broker.drop()
        await w.until(lambda: len(w.heard("config")) == 2)


async def test_a_change_is_told_within_ten_seconds(world: Worlds, tmp_path: Path) -> None:
    """Once; a file that is damaged is told as that, and a part says so until it is whole again."""
    at = places(tmp_path)
    async with world(places=at) as w:
        await w.until(lambda: w.heard("config"))
        put(at, STATUS)
        await w.until(lambda: w.heard("config")[-1]["state"] == "trying", 11)
        assert w.heard("version")[-1]["wanted"] == "9.9.9"
        before = len(w.heard("config"))
        await w.pass_time(35)
        assert len(w.heard("config")) == before
        put(at, "{")
        await w.until(lambda: w.heard("config")[-1]["state"] == "unknown", 11)
        assert "status.json is damaged" in w.runtime.parts.reason("updates")
        put(at, STATUS)
        await w.until(lambda: w.heard("config")[-1]["state"] == "trying", 11)
        assert not w.runtime.parts.is_degraded("updates")
        at.status.unlink()
        await w.until(lambda: w.heard("config")[-1]["state"] == "none", 11)


async def test_a_nudge_is_passed_on_once_a_minute(world: Worlds, tmp_path: Path) -> None:
    """The file is written anew; those who ask again within a minute are told that it was asked already."""
    at = places(tmp_path)
    at.setup.touch()
    async with world(places=at) as w:
        nudge = w.runtime.socket.parent / "sync-now"
        await w.until(lambda: w.heard("config"))
        w.send("sync", {"by": "me", "command_id": "1"})
        await w.until(lambda: replies(w))
        first = nudge.stat().st_mtime_ns
        w.send("sync", {"command_id": "2"})
        await w.until(lambda: len(replies(w)) == 2)
        assert [(r["ok"], r["already_asked"]) for r in replies(w)] == [(True, False), (True, True)]
        assert nudge.stat().st_mtime_ns == first
        await w.pass_time(60)
        w.send("sync", {"command_id": "3"})
        await w.until(lambda: len(replies(w)) == 3)
        assert replies(w)[-1]["already_asked"] is False
        assert nudge.stat().st_mtime_ns > first
        await w.until(lambda: len(w.events("command.accepted")) == 3)


async def test_many_poles_look_at_their_own_time(world: Worlds, tmp_path: Path) -> None:
    """Within a minute, at random: half of the draw is half a minute, and the next look at the clock."""
    at = places(tmp_path)
    at.setup.touch()
    async with world(places=at) as w:
        nudge = w.runtime.socket.parent / "sync-now"
        await w.until(lambda: w.heard("config"))
        w.send("_all/sync", {})
        await w.until(lambda: replies(w))
        assert {k: replies(w)[0][k] for k in ("ok", "already_asked", "within_s", "to")} == {
            "ok": True,
            "already_asked": False,
            "within_s": 60.0,
            "to": "_all",
        }
        await w.pass_time(28)
        assert not nudge.exists()
        await w.until(nudge.exists)
        nudge.unlink()
        await w.pass_time(60)
        assert not nudge.exists(), "once"


async def test_a_pole_without_updates_says_so(world: Worlds, tmp_path: Path) -> None:
    """Refused, with the file that is missing; and a word that it does not know."""
    at = places(tmp_path)
    async with world(places=at) as w:
        await w.until(lambda: w.heard("config"))
        for path in ("sync", "_all/sync"):
            w.send(path, {})
        w.send("sync", {"now": True})
        await w.until(lambda: len(replies(w)) == 3)
        why = f"updates are not set up at this pole: there is no {at.setup}"
        assert [r["error"] for r in replies(w)][:2] == [why, why]
        assert "'now'" in replies(w)[2]["error"]
        assert not (w.runtime.socket.parent / "sync-now").exists()


async def test_a_nudge_that_cannot_be_written_is_refused(world: Worlds, tmp_path: Path) -> None:
    """The next one is not told that it was asked already."""
    at = places(tmp_path)
    at.setup.touch()
    async with world(places=at) as w:
        (w.runtime.socket.parent / "sync-now").mkdir()
        await w.until(lambda: w.heard("config"))
        for _ in range(2):
            w.send("sync", {})
        await w.until(lambda: len(replies(w)) == 2)
        assert [r["error"].startswith("the request to fetch cannot be passed on: ") for r in replies(w)] == [
            True
        ] * 2
