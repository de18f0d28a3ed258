"""The record over a cut of the supply, the sign-off with its event, hash and signature, and the report."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.commissioning.notice import notice, read_notice
from pole_agent.commissioning.record import Record, read
from pole_agent.commissioning.report import page
from pole_agent.commissioning.steps import Step, steps_of
from pole_agent.commissioning.verdict import Verdict
from pole_agent.console.guide import Guide, is_genuine
from pole_agent.drone import ed25519
from pole_agent.errors import CommandRefused, PoleAgentError
from tests.commissioning.test_faults import Plan, planted
from tests.contracts.test_payload_contract import SCHEMAS, described, valid
from tests.world import Worlds

ABOUT = {
    "pole": "smartpole/test/T-1",
    "name": "Alun-alun",
    "timezone": "Asia/Jakarta",
    "version": "0.1.0",
    "config_sha256": "ab" * 32,
    "begun_at": "2026-11-24T10:00:00.000Z",
}


def signed_off(**more: Any) -> Record:
    record = Record(dict(ABOUT))
    record.settle(
        Step("clock"),
        {"trusted": True},
        {"phone": "10:00"},
        Verdict("ok", "12:00"),
        "2026-11-24T10:01:00.000Z",
    )
    failed = Verdict("fail", "the lamp is dark without the board; check the wiring, see docs/wiring.md")
    record.settle(Step("fail_lit"), {}, {"lit": "no"}, failed, "2026-11-24T10:02:00.000Z")
    record.signed_off = {
        "by": "Rini <Kartika>",
        "at": "2026-11-24T11:00:00.000Z",
        "outcome": "with_defects",
        "despite": "a new driver comes tomorrow",
    } | more
    return record


@given(
    st.dictionaries(
        st.text(max_size=5), st.dictionaries(st.text(max_size=5), st.text(max_size=9)), max_size=3
    )
)
def test_a_record_is_read_as_it_was_written(results: dict[str, dict[str, Any]]) -> None:
    record = Record(dict(ABOUT), {"x": {"at": 1.5}}, {n: r | {"state": "ok"} for n, r in results.items()})
    again = read(record.text())
    assert again == record
    assert again.digest() == record.digest()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": 2}', '{"format": 1, "about": [], "begun": 1}', "[" * 9999]
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="record"):
        read(text)


def test_the_hash_covers_all_but_the_signature() -> None:
    record, digest = signed_off(), signed_off().digest()
    record.signature = {"public_key": "a", "value": "b"}
    assert record.digest() == digest
    record.results["clock"]["answers"]["phone"] = "10:01"
    assert record.digest() != digest
    assert signed_off(by="somebody else").digest() != digest


def test_the_report_says_all_of_it_in_both_languages() -> None:
    titles = {name: lambda lang, n=name: f"{n} in {lang}" for name in ("clock", "fail_lit", "never-done")}
    record = signed_off()
    text = page(record, titles, ("id", "en"))
    assert text.count(record.digest()) == 2
    assert "Rini &lt;Kartika&gt;" in text
    assert "<Kartika>" not in text
    assert "Berita acara" in text
    assert "Commissioning report" in text
    assert "lampu gelap tanpa papan" in text, "findings are in the language of the page"
    assert "the lamp is dark without the board" in text
    assert "a new driver comes tomorrow" in text
    assert "never-done" not in text
    assert not re.search(r"src=|href=|url\(|@import", text), "it needs nothing from elsewhere"


def test_what_is_told_is_what_the_agent_reads() -> None:
    told = notice(signed_off())
    assert read_notice(told) == told
    assert told["defects"] == ["fail_lit"]
    for key, wrong in {
        "by": "",
        "outcome": "well",
        "steps": {"ok": 1},
        "defects": ["x" * 200],
        "record_sha256": "ab",
        "begun_at": "yesterday",
        "signature": {"public_key": "a"},
        "despite": "x" * 400,
        "more": 1,
    }.items():
        with pytest.raises(CommandRefused, match=key):
            read_notice(told | {key: wrong})


async def test_signing_off_tells_the_city(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    """Only when all steps are done; then the event keeps the contract, and the store knows its board."""
    async with planted(Plan(), world, bench, tmp_path) as technician:
        guide, steps = technician.guide, steps_of(technician.loaded.settings)
        with pytest.raises(PoleAgentError, match="not done yet: configuration"):
            guide.sign_off(steps, "Rini", None, None)
        await technician.path()
        key = ed25519.new_key()
        told = await technician.in_thread(lambda: guide.sign_off(steps, "Rini", None, key))
        await technician.world.until(lambda: technician.world.events("pole.commissioned"))
        (event,) = technician.world.events("pole.commissioned")
        valid("data.pole.commissioned", event["data"])
        described(SCHEMAS["$defs"]["data.pole.commissioned"], event["data"], "data")
        assert event["data"] == told
        assert event["severity"] == "info"
        assert told["record_sha256"] == guide.record.digest()
        assert is_genuine(guide.record)
        guide.record.results["clock"]["state"] = "fail"
        assert not is_genuine(guide.record)
        assert await technician.world.runtime.records.signed_off_on() is not None


async def test_defects_need_a_reason(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    async with planted(Plan(), world, bench, tmp_path) as technician:
        technician.truth.unplugged = False
        guide, steps = technician.guide, steps_of(technician.loaded.settings)
        await technician.path()
        with pytest.raises(PoleAgentError, match="failed: fail_lit"):
            guide.sign_off(steps, "Rini", None, None)
        told = await technician.in_thread(lambda: guide.sign_off(steps, "Rini", "a driver comes", None))
        assert told["outcome"] == "with_defects"
        await technician.world.until(lambda: technician.world.events("pole.commissioned"))
        assert technician.world.events("pole.commissioned")[0]["severity"] == "warning"


async def test_the_record_outlasts_the_cut(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    """The step is kept before the supply is cut, and its answer is taken in another session."""
    async with planted(Plan(), world, bench, tmp_path) as technician:
        kept: list[str] = []
        step = Step("fail_lit")
        first = Guide(technician.site, Record(dict(ABOUT)), lambda record: kept.append(record.text()))
        asked = await technician.in_thread(lambda: first.begin(step))
        assert [q.key for q in asked.questions] == ["lit"]
        second = Guide(technician.site, read(kept[-1]), lambda record: None)
        too_soon = await technician.in_thread(lambda: second.answer(step, {"lit": "yes"}))
        assert too_soon.verdict is not None
        assert too_soon.verdict.state == "fail"
        third = Guide(technician.site, read(kept[-1]), lambda record: None)
        technician.restart()
        done = await technician.in_thread(lambda: third.answer(step, {"lit": "ya"}))
        assert done.verdict is not None
        assert done.verdict.state == "ok"


async def test_an_answer_that_is_none(world: Worlds, bench: Callable[..., Path], tmp_path: Path) -> None:
    async with planted(Plan(), world, bench, tmp_path) as technician:
        guide, step = technician.guide, Step("lamp", "full")
        with pytest.raises(PoleAgentError, match="invalid answer 'bright' to sees"):
            await technician.in_thread(lambda: guide.answer(step, {"sees": "bright"}))
        again = await technician.in_thread(lambda: guide.answer(step, {}))
        assert again.verdict is None
        assert [q.key for q in again.questions] == ["sees"]


async def test_a_changed_configuration_begins_anew(
    world: Worlds, bench: Callable[..., Path], tmp_path: Path
) -> None:
    async with planted(Plan(), world, bench, tmp_path) as technician:
        guide = technician.guide
        guide.record.about["config_sha256"] = "of another one"
        guide.keep_to_one_configuration()
        assert guide.record.about["config_sha256"] == technician.loaded.digest
        await technician.path(only=["disk"])
        guide.record.about["config_sha256"] = "of another one"
        with pytest.raises(PoleAgentError, match="has changed"):
            guide.keep_to_one_configuration()


async def test_only_at_the_pole(world: Worlds) -> None:
    """The city cannot sign off a pole."""
    async with world() as w:
        w.send("pole/commissioned", json.loads(json.dumps(notice(signed_off()))))
        await w.pass_time(3, 0.1)
        reply = await w.runtime.listen.handle("pole/commissioned", json.dumps(notice(signed_off())).encode())
        assert reply is not None
        assert not reply["ok"]
        assert not w.events("pole.commissioned")
