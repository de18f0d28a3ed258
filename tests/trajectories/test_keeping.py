"""The agent keeps trajectories where that is configured, and only there; none of them leaves the pole."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

from pole_agent.trajectories.blocks import Block, blocks, span_of
from pole_agent.trajectories.files import files_of, folder_of, name_of
from pole_agent.trajectories.looks import RowKind
from tests.conftest import ROOT, eventually
from tests.world import BASE, NIGHT, STREET, WALKER, World

KEPT = "trajectory_days = 7\n[lamp]\n"


def kept(state: Path) -> list[Block]:
    return [
        block
        for file in files_of(folder_of(state, "street"))
        for block in blocks(file.path.read_bytes())
        if isinstance(block, Block)
    ]


def configured(bench: Callable[..., Path], square_clip: Path, more: str = KEPT) -> Path:
    path = bench(STREET.format(clip=square_clip))
    path.write_text(path.read_text().replace("[lamp]\n", more))
    return path


async def test_agent_keeps_what_its_judge_was_given(
    bench: Callable[..., Path], square_clip: Path, tmp_path: Path
) -> None:
    """Who walks by is kept with class, place and size; look by look."""
    async with World(configured(bench, square_clip), NIGHT, sees=WALKER, waits=False) as w:
        await w.until(lambda: w.events("incident.closed"))
    eventually(lambda: kept(tmp_path / "state"))
    rows = [row for block in kept(tmp_path / "state") for look in span_of(block).looks for row in look.rows]
    seen = [row for row in rows if row.kind == RowKind.SEEN]
    assert len(seen) >= 10
    assert {row.label for row in seen} == {"person"}
    assert all(abs(row.box.bottom - 0.7) < 0.05 and abs(row.box.height - 0.3) < 0.05 for row in seen)
    assert [block.header.part for block in kept(tmp_path / "state")] == list(
        range(len(kept(tmp_path / "state")))
    )


async def test_none_leaves_the_pole(bench: Callable[..., Path], square_clip: Path, tmp_path: Path) -> None:
    """Of a walk the city gets the eight points of its incidents, and no path beside them."""
    async with World(configured(bench, square_clip), NIGHT, sees=WALKER, waits=False) as w:
        await w.until(lambda: w.events("incident.closed"))
    eventually(lambda: kept(tmp_path / "state"))
    for message in w.broker.published:
        assert "traject" not in message.topic
        assert b"traject" not in message.payload or message.topic.endswith(("/health", "/info"))
        points = re.findall(rb"\[\s*[01]?\.\d+,\s*[01]?\.\d+\s*\]", message.payload)
        assert len(points) <= 8 or message.topic == f"{BASE}/info"


def test_who_may_read_them() -> None:
    """Only the pipeline, who joins it, and the commands of a person at the pole import what reads or writes
    trajectories: no part that speaks with the broker, the control socket or a drone does.
    """
    package = ROOT / "pole_agent"
    importing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pole_agent.trajectories")
    }
    allowed = re.compile(
        r"trajectories/.*|rehearsal/.*|pipeline\.py|compose/(recording|parts)\.py|conduct/keeping\.py"
        r"|commands/(rehearse|count)\.py|console/kept\.py"
    )
    assert not [path for path in importing if not allowed.fullmatch(path)]


async def test_switched_off_deletes(bench: Callable[..., Path], square_clip: Path, tmp_path: Path) -> None:
    """An agent that is told to keep none deletes those that are there."""
    folder = folder_of(tmp_path / "state", "street")
    folder.mkdir(parents=True)
    (folder / name_of(1, None)).write_bytes(b"x")
    async with World(configured(bench, square_clip, "[lamp]\n"), NIGHT):
        eventually(lambda: not files_of(folder))


async def test_no_disk_no_difference(bench: Callable[..., Path], square_clip: Path, tmp_path: Path) -> None:
    """Trajectories that cannot be written are reported, and nothing else is: light and incidents go on."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "trajectories").write_text("in the way")
    config = configured(bench, square_clip)
    config.write_text(config.read_text().replace("fps = 5", "fps = 5\nloop = true"))
    async with World(config, NIGHT, sees=WALKER, waits=False) as w:
        await w.until(lambda: w.events("incident.opened"))
        assert 1.0 in w.edges()
        await w.until(lambda: w.runtime.parts.is_degraded("trajectories"), 400)
        await w.until(lambda: w.events("health.degraded"))
        assert {e["data"]["part"] for e in w.events("health.degraded")} <= {"trajectories", "camera:street"}
