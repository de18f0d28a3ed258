"""A configuration on trial, with a real daemon and a real broker: kept, or the former one comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pole_agent.remote import journal as journals
from pole_agent.remote.applying import Applying
from pole_agent.remote.journal import digest
from tests.conftest import Mosquitto, eventually
from tests.remote.poles import ServedPole, served

MQTT = '[mqtt]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'


@pytest.fixture
def config(bench: Callable[..., Path], mosquitto: Mosquitto) -> Path:
    return bench(MQTT.format(port=mosquitto.port))


@pytest.fixture
def pole(config: Path) -> Iterator[ServedPole]:
    with served(config) as found:
        yield found


class Apply:
    """`targets`: what is signed and verified."""

    def __init__(self, config: Path, pole: Any, confirm_s: float = 40.0) -> None:
        self.targets: dict[str, str] = {}
        self.told: list[dict[str, Any]] = []
        folder = config.parent / "remote"
        self.applying = Applying(
            config, folder, pole, confirm_s, lambda _: [], self.told.append, steady_s=0.4
        )

    def once(self) -> bool:
        self.applying.settle()
        standing = self.applying.pole.standing()
        assert standing is not None
        return self.applying.configuration(self.targets.get, standing)

    @property
    def states(self) -> list[str]:
        return [told["state"] for told in self.told]

    @property
    def problems(self) -> str:
        return json.dumps(self.told[-1]["problems"])


def name_of(pole: ServedPole) -> str:
    return str(pole.ask("pole")["pole"])


def test_a_good_one_is_kept_and_withdrawn(config: Path, pole: ServedPole) -> None:
    apply, before = Apply(config, pole), config.read_text()
    assert apply.once()
    assert apply.states == ["kept"], "nothing is signed"
    apply.targets["light/T-1.toml"] = '[pole]\nname = "signed"\n'
    assert apply.once()
    assert apply.states == ["kept", "trying", "kept"]
    standing = pole.standing()
    assert standing is not None
    assert standing.sha256 == digest(config.read_text())
    assert 'name = "signed"' in config.read_text()
    assert apply.once()
    assert apply.states[3:] == ["kept"], "nothing is new"
    del apply.targets["light/T-1.toml"]
    assert apply.once()
    assert config.read_text() == before


def test_one_that_loses_the_broker_comes_back(config: Path, pole: ServedPole) -> None:
    apply, before = Apply(config, pole, confirm_s=6.0), config.read_text()
    apply.targets["full/T-1.toml"] = before.replace("port = ", "port = 1 # ")
    assert not apply.once()
    assert apply.states == ["trying", "reverted"]
    assert "broker has not acknowledged" in apply.problems
    assert config.read_text() == before
    eventually(
        lambda: (now := pole.standing()) is not None and now.acknowledged and now.sha256 == digest(before)
    )
    assert not apply.once()
    assert apply.states[2:] == ["reverted"], "it is not tried for ever"
    apply.targets["full/T-1.toml"] = before + "# mended\n"
    assert apply.once()


def test_what_one_key_may_not_change_is_left_out(config: Path, pole: ServedPole) -> None:
    apply, before = Apply(config, pole), config.read_text()
    apply.targets["light/T-1.toml"] = '[mqtt]\nhost = "evil.example"\n'
    assert not apply.once()
    assert apply.states == ["refused"]
    assert "mqtt" in apply.problems
    apply.targets["full/T-1.toml"] = before.replace('id = "T-1"', 'id = "OTHER"')
    assert not apply.once()
    assert "pole.id" in apply.problems
    assert config.read_text() == before


def test_a_hand_at_the_pole_is_the_new_base(config: Path, pole: ServedPole) -> None:
    apply = Apply(config, pole)
    apply.targets["light/T-1.toml"] = '[pole]\nname = "signed"\n'
    assert apply.once()
    config.write_text(config.read_text().replace('name = "signed"', 'name = "hand"\noperator = "by hand"'))
    assert apply.once()
    text = config.read_text()
    assert 'name = "signed"' in text
    assert 'operator = "by hand"' in text


class Killed(Exception):
    pass


class KilledPole:
    """The process of apply ends when it reloads the agent."""

    def __init__(self, pole: ServedPole) -> None:
        self._pole = pole
        self.standing, self.restarts = pole.standing, pole.restarts

    def reload(self) -> None:
        self._pole.reload()
        raise Killed


def test_a_trial_that_was_cut_is_taken_back(config: Path, pole: ServedPole) -> None:
    before = config.read_text()
    cut = Apply(config, KilledPole(pole))
    cut.targets["light/T-1.toml"] = '[pole]\nname = "signed"\n'
    with pytest.raises(Killed):
        cut.once()
    assert "signed" in config.read_text()
    apply = Apply(config, pole)
    apply.targets = cut.targets
    assert not apply.once()
    assert apply.states[0] == "reverted"
    assert config.read_text() == before
    eventually(lambda: (now := pole.standing()) is not None and now.sha256 == digest(before))


def test_a_damaged_journal_is_set_aside(config: Path, pole: ServedPole) -> None:
    apply = Apply(config, pole)
    apply.once()
    (config.parent / "remote" / journals.FILE).write_text("{")
    assert apply.once()
    assert (config.parent / "remote" / "journal.damaged").exists()
