"""What the wires get: every write to the kernel's PWM in its order, the pins of lamp, relay, button and
inputs, and what is refused how.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path, PosixPath
from typing import Any

import pytest

from pole_agent.clock import SystemClock
from pole_agent.compose.lamp import MOCK_EDGES, open_lamp
from pole_agent.errors import LampError
from pole_agent.lamp.faults import Feedback
from pole_agent.lamp.gpio import GpioLamp, GpioRelay, pi_factory
from pole_agent.lamp.inputs import FileInput, PinButton, PinInput
from pole_agent.lamp.lamp import Luminaire
from pole_agent.lamp.mock import mock_factory
from pole_agent.lamp.pwm import KernelPwmLamp, find_chip
from pole_agent.settings.load import load
from tests.contracts.test_lamp_contract import KernelPath, pwm_tree


@pytest.fixture
def factory() -> Iterator[Any]:
    made = mock_factory()
    yield made
    made.reset()


# --- the kernel's PWM


def left(tmp_path: Path, **state: int | str) -> KernelPath:
    """A machine on which somebody has used channel 0 before."""
    root = pwm_tree(tmp_path)
    folder = PosixPath(root / "pwmchip2" / "pwm0")
    folder.mkdir()
    for name, value in {"period": 0, "duty_cycle": 0, "enable": 0, "polarity": "normal", **state}.items():
        (folder / name).write_text(f"{value}\n")
    return root


@pytest.mark.parametrize(
    ("state", "writes"),
    [
        # a channel that nobody has used has no period, and then no duty can be set
        ({}, [("period", 1_000_000), ("duty_cycle", 0), ("enable", 1)]),
        ({"period": 500_000}, [("duty_cycle", 0), ("period", 1_000_000), ("duty_cycle", 0), ("enable", 1)]),
        # one that runs as it should is taken over as it is
        ({"period": 1_000_000, "duty_cycle": 700_000, "enable": 1}, []),
        # one that stands, or runs with another period or polarity, is set to light first: low
        (
            {"period": 1_000_000, "duty_cycle": 700_000, "enable": 0},
            [("duty_cycle", 0), ("period", 1_000_000), ("duty_cycle", 0), ("enable", 1)],
        ),
        (
            {"period": 9_000_000, "duty_cycle": 9_000_000, "enable": 1},
            [("duty_cycle", 0), ("period", 1_000_000), ("duty_cycle", 0), ("enable", 1)],
        ),
        (
            {"period": 1_000_000, "duty_cycle": 700_000, "enable": 1, "polarity": "inversed"},
            [("enable", 0), ("duty_cycle", 0), ("period", 1_000_000), ("duty_cycle", 0), ("enable", 1)],
        ),
    ],
)
def test_every_write_at_the_start(
    tmp_path: Path, state: dict[str, int | str], writes: list[tuple[str, int]]
) -> None:
    """In the order that the kernel takes; with low, which the wiring shows as full light."""
    root = left(tmp_path, **state)
    KernelPwmLamp(18, 1000, True, root=root)
    assert KernelPath.writes == writes
    folder = root / "pwmchip2" / "pwm0"
    assert (folder / "polarity").read_text().strip() == "normal"
    assert [(folder / name).read_text().strip() for name in ("period", "enable")] == ["1000000", "1"]


def test_a_new_channel_is_exported_and_started(tmp_path: Path) -> None:
    """The channel of the pin, once, with the period of its frequency; lit until a level is known."""
    root = pwm_tree(tmp_path)
    KernelPwmLamp(13, 300, True, root=root)
    assert [folder.name for folder in (root / "pwmchip2").glob("pwm*")] == ["pwm1"]
    assert KernelPath.writes == [("period", 3_333_333), ("duty_cycle", 0), ("enable", 1)]


@pytest.mark.parametrize(
    ("duty", "lit_ns"),
    [
        (-1.0, 0),
        (0.0, 0),
        (1e-9, 1),
        (0.4e-6, 1),
        (0.6e-6, 1),
        (1.6e-6, 2),
        (0.25, 250_000),
        (1.0, 1_000_000),
        (1.5, 1_000_000),
    ],
)
@pytest.mark.parametrize("active_low", [True, False])
def test_the_nanoseconds_of_a_duty(tmp_path: Path, duty: float, lit_ns: int, active_low: bool) -> None:
    """Lit is never rounded to dark, and nothing is longer than the period."""
    lamp = KernelPwmLamp(18, 1000, active_low, root=pwm_tree(tmp_path))
    KernelPath.writes.clear()
    lamp.set(duty)
    assert KernelPath.writes == [("duty_cycle", 1_000_000 - lit_ns if active_low else lit_ns)]


def test_closing_lets_the_wiring_decide(tmp_path: Path) -> None:
    """Low and then off, once; also where the files are gone."""
    lamp = KernelPwmLamp(18, 1000, True, root=pwm_tree(tmp_path))
    lamp.set(0.3)
    KernelPath.writes.clear()
    lamp.close()
    lamp.close()
    assert KernelPath.writes == [("duty_cycle", 0), ("enable", 0)]
    root = pwm_tree(tmp_path / "gone")
    other = KernelPwmLamp(18, 1000, True, root=root)
    folder = root / "pwmchip2" / "pwm0"
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(LampError, match=r"pwm0: setting the PWM failed: .*No such file"):
        other.set(0.5)
    other.close()
    assert not folder.exists()


class Watched(KernelPath):
    """The same, and it knows how often a file was opened."""

    opened = 0

    def open(self, *args: Any, **kwargs: Any) -> Any:
        Watched.opened += 1
        return super().open(*args, **kwargs)


def test_it_waits_for_the_owner_of_the_files(tmp_path: Path) -> None:
    """After the export udev needs a moment; what cannot be opened then, for a second, cannot be driven.

    It asks every hundredth of one.
    """
    root = Watched(left(tmp_path))
    duty = PosixPath(root / "pwmchip2" / "pwm0" / "duty_cycle")
    duty.unlink()
    threading.Timer(0.1, lambda: duty.write_text("0\n")).start()
    lamp = KernelPwmLamp(18, 1000, True, root=root)
    lamp.set(1.0)
    assert duty.read_text() == "0\n"
    duty.unlink()
    Watched.opened, begun = 0, time.monotonic()
    with pytest.raises(
        LampError,
        match=r"pwm0 cannot be driven: .*; check that this user may write there \(group gpio, udev rule\)",
    ):
        KernelPwmLamp(18, 1000, True, root=root)
    assert 1.0 <= time.monotonic() - begun < 1.9
    assert 5 <= Watched.opened <= 102


@pytest.mark.parametrize("device", ["1f00098000.pwm", "fe20c000.pwm", "3f20c000.pwm", "2020c000.pwm"])
@pytest.mark.parametrize(("pin", "on_pi5", "before"), [(12, 0, 0), (13, 1, 1), (18, 2, 0), (19, 3, 1)])
def test_the_channel_of_a_pin(tmp_path: Path, device: str, pin: int, on_pi5: int, before: int) -> None:
    """As the Raspberry Pi documents it; a Pi 5 has four channels."""
    root = pwm_tree(tmp_path, device)
    assert find_chip(root, pin, None, None) == (
        root / "pwmchip2",
        on_pi5 if device == "1f00098000.pwm" else before,
    )
    assert find_chip(root, pin, "backlight.pwm", 7) == (root / "pwmchip0", 7)
    for given in (("backlight.pwm", None), (None, 7)):  # half a name is none
        assert find_chip(root, pin, *given)[0] == root / "pwmchip2"


@pytest.mark.parametrize(
    ("pin", "device", "channel", "words"),
    [
        (
            5,
            None,
            None,
            (
                "no PWM chip of a Raspberry Pi for GPIO5 (there is: backlight.pwm, fe20c000.pwm); add a PWM"
                " overlay to"
            ),
        ),
        (
            12,
            "x.pwm",
            0,
            (
                "no PWM chip x.pwm for GPIO12 (there is: backlight.pwm, fe20c000.pwm); add"
                " dtoverlay=pwm,pin=12,func=4 to"
            ),
        ),
        (
            13,
            "x.pwm",
            0,
            (
                "no PWM chip x.pwm for GPIO13 (there is: backlight.pwm, fe20c000.pwm); add"
                " dtoverlay=pwm,pin=13,func=4 to"
            ),
        ),
        (
            19,
            "x.pwm",
            0,
            (
                "no PWM chip x.pwm for GPIO19 (there is: backlight.pwm, fe20c000.pwm); add"
                " dtoverlay=pwm,pin=19,func=2 to"
            ),
        ),
    ],
)
def test_a_chip_that_is_not_there(
    tmp_path: Path, pin: int, device: str | None, channel: int | None, words: str
) -> None:
    """It is said what is there, and the overlay with the function of that pin."""
    with pytest.raises(LampError) as refused:
        find_chip(pwm_tree(tmp_path), pin, device, channel)
    assert str(refused.value).startswith(words)


def test_where_the_kernel_has_its_chips(tmp_path: Path) -> None:
    """There it is looked for them; where there is none, that is said."""
    assert inspect.signature(KernelPwmLamp).parameters["root"].default == Path("/sys/class/pwm")
    with pytest.raises(LampError) as refused:
        KernelPwmLamp(18, 1000, True, root=tmp_path)
    assert (
        str(refused.value)
        == "no PWM chip of a Raspberry Pi for GPIO18 (there is: none); add dtoverlay=pwm,pin=18,func=2 to"
        ' /boot/firmware/config.txt and restart, or set [lamp] backend = "gpio"'
    )


# --- GPIO


@pytest.mark.parametrize(
    ("duty", "percent"),
    [
        (-1.0, 0),
        (0.0, 0),
        (1e-9, 1),
        (0.004, 1),
        (0.014, 1),
        (0.016, 2),
        (0.29, 29),
        (0.99, 99),
        (1.0, 100),
        (1.5, 100),
    ],
)
@pytest.mark.parametrize("active_low", [True, False])
def test_the_percents_of_a_duty(factory: Any, duty: float, percent: int, active_low: bool) -> None:
    """Whole ones, after a driver that cuts off too; lit is never rounded to dark."""
    lamp = GpioLamp(factory, 18, 1000, active_low)
    lamp.set(0.5)
    lamp.set(duty)
    wire = float(factory.pin("GPIO18").state)
    assert 0.0 <= wire <= 1.0
    asked = 100 - percent if active_low else percent
    assert int(wire * 100) == asked
    assert asked or wire == 0.0, "nothing is nothing"
    assert factory.pin("GPIO18").frequency == 1000
    lamp.close()
    with pytest.raises(LampError, match="setting the lamp pin failed"):
        lamp.set(0.5)


def test_pins_in_memory_do_not_grow(bench: Callable[..., Path]) -> None:
    """A lamp of the backend "mock" may fade for weeks; its pin keeps the last edges only."""
    luminaire = open_lamp(load(bench()).settings, SystemClock())
    pin = luminaire.factory.pin("GPIO18")
    try:
        for number in range(3 * MOCK_EDGES):
            luminaire.lamp.set(number % 100 / 100)
        assert len(pin.states) == MOCK_EDGES
        assert pin.states[-1].state == pin.state
    finally:
        luminaire.close()


def test_pins_that_are_in_use_are_named(factory: Any) -> None:
    """Each kind by its own words; what is closed is free again."""
    parts: list[Any] = [GpioRelay(factory, 23, True), PinInput(factory, 24, False), PinButton(factory, 25)]
    with pytest.raises(LampError, match=r"^relay pin GPIO23 cannot be driven: "):
        GpioRelay(factory, 23, True)
    with pytest.raises(LampError, match=r"^input GPIO24 cannot be read: "):
        PinInput(factory, 24, False)
    with pytest.raises(LampError, match=r"^button GPIO25 cannot be read: "):
        PinButton(factory, 25)
    for part in parts:
        part.close()
        part.close()
    again: list[Any] = [GpioRelay(factory, 23, True), PinInput(factory, 24, False), PinButton(factory, 25)]
    for part in again:
        part.close()


def test_a_relay_that_is_closed_does_not_obey(factory: Any) -> None:
    """And says so, whatever it is asked for."""
    relay = GpioRelay(factory, 23, True)
    relay.close()
    with pytest.raises(LampError, match="setting the relay pin failed"):
        relay.set(True)


@pytest.mark.parametrize(("active_low", "pull"), [(True, "up"), (False, "down")])
def test_inputs_are_pulled_to_inactive(factory: Any, active_low: bool, pull: str) -> None:
    """A broken wire reads as inactive; a button is pulled up and bounces for a twentieth of a second."""
    entry = PinInput(factory, 24, active_low)
    assert factory.pin("GPIO24").pull == pull
    entry.close()
    button = PinButton(factory, 25)
    assert (factory.pin("GPIO25").pull, factory.pin("GPIO25").bounce) == ("up", 0.05)
    button.close()


# --- lgpio


@pytest.fixture
def lgpio(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """A machine with the package lgpio; gpiozero's factory on it is imported anew."""
    module = types.ModuleType("lgpio")
    for name in ("gpiochip_open", "gpiochip_close", "gpio_get_chip_info"):
        setattr(module, name, lambda *_: [0, 0, "", ""])
    for name in (
        "SET_PULL_NONE",
        "SET_PULL_UP",
        "SET_PULL_DOWN",
        "RISING_EDGE",
        "FALLING_EDGE",
        "BOTH_EDGES",
    ):
        setattr(module, name, 0)
    monkeypatch.setitem(sys.modules, "lgpio", module)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.delenv("LG_WD", raising=False)
    yield module
    sys.modules.pop("gpiozero.pins.lgpio", None)


def test_a_stub_of_lgpio_is_told(lgpio: types.ModuleType) -> None:
    """The empty package of that name in the index can do nothing."""
    with pytest.raises(LampError, match=r"an empty stub \(0\.0\.0\.2\); install python3-lgpio"):
        pi_factory()


def test_a_machine_without_a_chip_is_told(lgpio: types.ModuleType) -> None:
    """With what the driver says, and what to set in place of it."""

    def refuse(*_: Any) -> None:
        raise OSError("can not open gpiochip")

    lgpio.tx_pwm = refuse  # type: ignore[attr-defined]
    lgpio.gpiochip_open = refuse  # type: ignore[attr-defined]
    with pytest.raises(
        LampError,
        match=r'^no GPIO chip here: .*; on a machine without GPIO set \[lamp\] backend = "mock"$',
    ):
        pi_factory()


def test_without_the_package_it_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of the package of Debian and of the index."""
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(
        LampError, match=r"^GPIO needs the package lgpio: sudo apt install python3-lgpio, or pip install"
    ):
        pi_factory()


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ({}, None),
        ({"RUNTIME_DIRECTORY": "/run/a:/run/b"}, "/run/a"),
        ({"RUNTIME_DIRECTORY": "/run/a", "LG_WD": "/x"}, "/x"),
    ],
)
def test_where_lgpio_writes_its_file(
    lgpio: types.ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: dict[str, str],
    folder: str | None,
) -> None:
    """In the first runtime directory, else in the one for temporary files; never in place of what somebody
    has set.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LampError):
        pi_factory()
    assert os.environ["LG_WD"] == (folder or str(tmp_path))
    monkeypatch.delenv("LG_WD")


# --- files of kernel drivers


@pytest.mark.parametrize(("age_s", "value"), [(0.0, 3.0), (9.9, 3.0), (10.0, 3.0), (10.1, None)])
def test_a_reading_is_good_for_ten_seconds(tmp_path: Path, age_s: float, value: float | None) -> None:
    """And unknown after that; in the unit that its scale makes of it."""
    now = [100.0]
    path = tmp_path / "in_illuminance_input"
    path.write_text("1500\n")
    entry = FileInput(path, 0.002, every_s=60.0, now=lambda: now[0])
    wait(lambda: entry.value() is not None)
    now[0] += age_s
    assert entry.value() == value
    entry.close()


class Counted(PosixPath):
    """A file that knows how often it was read."""

    reads = 0
    at: tuple[float, ...] = ()

    def read_text(self, *args: Any, **kwargs: Any) -> str:
        text = super().read_text(*args, **kwargs)
        Counted.reads += 1
        Counted.at = (*Counted.at[-1:], time.monotonic())
        return text


def test_a_sensor_is_read_once_a_second(tmp_path: Path) -> None:
    """So often a bus can be asked, and the lamp looks as often."""
    path = Counted(tmp_path / "power1_input")
    path.write_text("5")
    before = Counted.reads
    entry = FileInput(path)
    wait(lambda: Counted.reads == before + 2)
    entry.close()
    assert 0.95 < Counted.at[1] - Counted.at[0] < 1.95


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf"])
def test_a_reading_that_is_no_number_is_none(tmp_path: Path, text: str) -> None:
    """It neither counts nor hides the one of before; and the reading goes on."""
    path = Counted(tmp_path / "power1_input")
    path.write_text("5")
    entry = FileInput(path, every_s=0.001)
    wait(lambda: entry.value() == 5.0)
    path.write_text(text)
    before = Counted.reads
    wait(lambda: Counted.reads > before + 1)
    assert entry.value() == 5.0
    path.write_text("6")
    wait(lambda: entry.value() == 6.0)
    assert entry._thread.left_at is None
    entry.close()
    assert entry._thread.left_at is not None, "if it hung now it would be counted"
    wait(lambda: not entry._thread.is_alive())


def wait(fact: Any) -> None:
    for _ in range(2000):
        if fact():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not come in time")


# --- the whole of a pole


class Part:
    def __init__(self, name: str, story: list[str]) -> None:
        self.name, self.story = name, story

    def set(self, _: Any) -> None: ...

    def close(self) -> None:
        self.story.append(self.name)


def test_a_luminaire_lets_go_of_everything() -> None:
    """Sensors, relay, and the lamp last; what is detached reads unknown."""
    story: list[str] = []
    whole = Luminaire(
        Part("lamp", story),
        Part("relay", story),
        lambda: 5.0,
        lambda: Feedback(True),
        lambda call: call(),
        [Part("cell", story), Part("button", story)],
        {"lux": "broken"},
    )
    assert (whole.lux(), whole.feedback()) == (5.0, Feedback(True))
    whole.detach()
    assert story == ["cell", "button", "relay"]
    assert (whole.relay, whole.lux(), whole.feedback(), whole.inputs, whole.troubles) == (
        None,
        None,
        None,
        [],
        {},
    )
    whole.on_press(lambda: story.append("pressed"))
    whole.close()
    assert story == ["cell", "button", "relay", "lamp"]
    Luminaire(Part("lamp", story), Part("relay", story), inputs=[Part("cell", story)]).close()
    assert story[4:] == ["cell", "relay", "lamp"]
    bare = Luminaire(Part("bare", story))
    assert (bare.relay, bare.lux(), bare.feedback(), bare.inputs, bare.troubles) == (None, None, None, [], {})
