"""pole-agent clock: what the pole believes and why, and how a person at the pole releases a mark that is
false.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pole_agent.doctor import timekeeping
from pole_agent.health.clock_memory import keep_time, last_known
from pole_agent.languages import in_language
from pole_agent.settings.load import load
from pole_agent.store.database import Database
from pole_agent.store.rows import Entry
from pole_agent.store.schema import FILE_NAME
from pole_agent.vocabulary import RecordEvent, Severity, Stamp
from tests.cli import call
from tests.conftest import eventually
from tests.world import EVENING, Worlds

Start = Callable[..., "subprocess.Popen[str]"]
Bench = Callable[..., Path]
DAY_S = 86_400.0


def ahead(state: Path, seconds: float) -> None:
    """This pole once believed a clock that was so much ahead: it has a mark and an event of then."""
    state.mkdir(exist_ok=True)
    wall = time.time() + seconds
    keep_time(state, wall)
    with contextlib.closing(Database(state / FILE_NAME, 16, lambda: "x")) as database, database.transaction():
        database.append(
            [
                Entry(
                    "e",
                    RecordEvent("incident.opened", Severity.ALARM, {}, 1.0),
                    Stamp(1.0, "b", wall, "synced"),
                )
            ]
        )


def clock(config: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return call("clock", "--config", str(config), *more)


def trusted(config: Path) -> bool:
    answer = clock(config, "--json")
    return answer.returncode == 0 and bool(json.loads(answer.stdout)["trusted"])


def test_a_clock_that_nothing_speaks_against(bench: Bench) -> None:
    done = clock(bench())
    assert done.returncode == 0, done.stderr
    assert ": trusted, trusted as it is (clock.trust)" in done.stdout
    assert "NOT" not in done.stdout
    assert "dipercaya apa adanya" in clock(bench(), "--lang", "id").stdout


def test_a_false_mark_is_told_with_its_remedy(bench: Bench, tmp_path: Path) -> None:
    """A false mark is told with its remedy and released without an agent."""
    config, state = bench(), tmp_path / "state"
    ahead(state, DAY_S)
    done = clock(config)
    assert "NOT trusted, the clock reads" in done.stdout
    assert "behind the last known time" in done.stdout
    assert "behind what is stored" in done.stdout
    assert "pole-agent clock accept" in done.stdout
    assert "TIDAK dipercaya, jam menunjukkan" in clock(config, "--lang", "id").stdout
    (finding,) = timekeeping.clock(load(config).settings)
    assert finding.state == "fail"
    assert finding.fix is not None
    assert "pole-agent clock accept" in finding.fix
    assert "tertinggal" in in_language(finding.words, "id")
    accepted = clock(config, "accept")
    assert accepted.returncode == 0, accepted.stderr
    assert accepted.stdout.startswith("accepted\nthe clock reads")
    assert trusted(config)
    assert last_known(state) <= time.time()
    (finding,) = timekeeping.clock(load(config).settings)
    assert finding.state == "ok"
    with contextlib.closing(Database(state / FILE_NAME, 16, str, read_only=True)) as database:
        assert [e.quality for e in database.list_events(9)] == ["unsynced"], "its time is not known any more"


def test_a_running_agent_is_told_through_its_socket(agent: Start, bench: Bench, tmp_path: Path) -> None:
    """A running agent is told through its socket and it is recorded."""
    config, state = bench(), tmp_path / "state"
    ahead(state, DAY_S)
    first = agent("run", "--config", str(config))
    eventually(lambda: clock(config).returncode == 0 and (state / "control.sock").exists(), within_s=60)
    assert "program: unknown, because the clock reads" in call("lamp", "--config", str(config)).stdout
    eventually(
        lambda: (
            "clock      not trusted: the clock reads" in call("why", "--config", str(config), "lamp").stdout
        ),
        within_s=60,
    )
    assert (
        "jam        tidak dipercaya: jam menunjukkan"
        in call("why", "--config", str(config), "lamp", "--lang", "id").stdout
    )
    done = clock(config, "accept")
    assert done.returncode == 0, done.stderr
    assert ": trusted" in done.stdout
    first.terminate()
    assert first.wait(20) == 0
    assert trusted(config), "over the restart"
    with contextlib.closing(Database(state / FILE_NAME, 16, str, read_only=True)) as database:
        kinds = [e.kind for e in database.list_events(99) if '"clock/accept"' in e.data]
    assert kinds == ["command.accepted"]


async def test_a_clock_that_cannot_be_right_is_not_accepted(world: Worlds) -> None:
    async with world() as w:
        w.clock.set_wall(5.0)
        answer = await w.runtime.listen.handle("clock/accept", b"{}", local_by="local:root")
        assert answer is not None
        assert not answer["ok"]
        assert "set it first" in answer["error"]
        assert not w.runtime.keeper.trusted


async def test_nobody_accepts_a_clock_from_outside(world: Worlds) -> None:
    async with world() as w:
        w.clock.set_wall(EVENING - 8 * 3600)
        answer = await w.runtime.listen.handle("clock/accept", b'{"by": "local:root"}')
        assert answer is not None
        assert "unknown command clock/accept" in answer["error"]
        w.send("clock/accept", {"by": "local:root"})
        await w.pass_time(60)
        assert not w.runtime.keeper.trusted


@pytest.mark.parametrize("trust", ["auto", "system"])
async def test_health_names_the_reason_and_the_command(world: Worlds, trust: str) -> None:
    async with world(trust=trust) as w:
        w.clock.set_wall(EVENING - 8 * 3600)
        await w.pass_time(1000, 5.0)
        health = await w.runtime.report.health()
        assert not health["clock"]["trusted"]
        assert health["clock"]["against"][0]["kind"] == "known"
        assert "pole-agent clock accept" in health["parts"]["clock"]["reason"]
        assert w.light == 1.0
