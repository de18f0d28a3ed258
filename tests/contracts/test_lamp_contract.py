"""Lamp: what every implementation keeps.

The pins are gpiozero's mock pins; the kernel's PWM is a folder that keeps the kernel's rules.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path, PosixPath
from typing import Any

import pytest

from pole_agent.errors import LampError
from pole_agent.lamp.gpio import GpioLamp, GpioRelay, pi_factory
from pole_agent.lamp.inputs import FileInput, PinButton, PinInput
from pole_agent.lamp.lamp import Lamp
from pole_agent.lamp.mock import mock_factory
from pole_agent.lamp.pwm import CHANNELS, PI5, KernelPwmLamp
from tests.conftest import eventually

PIN = 18


class KernelPath(PosixPath):
    """/sys/class/pwm as the kernel keeps it: an export makes the channel, and a state that cannot be is
    EINVAL.
    """

    writes: list[tuple[str, int]]  # of the whole class: (file, value)

    def write_text(self, data: str, *args: Any, **kwargs: Any) -> int:
        if self.name == "polarity":
            if int((self.parent / "enable").read_text()):
                raise OSError(errno.EBUSY, "the PWM runs")
            return super().write_text(data)
        value = int(data)
        if self.name == "export":
            folder = self.parent / f"pwm{value}"
            folder.mkdir()
            for name, first in (("period", "0"), ("duty_cycle", "0"), ("enable", "0")):
                PosixPath(folder / name).write_text(first + "\n")
            PosixPath(folder / "polarity").write_text("normal\n")
            return len(data)
        state = {name: int((self.parent / name).read_text()) for name in ("period", "duty_cycle")} | {
            self.name: value
        }
        if not state["period"] or state["duty_cycle"] > state["period"]:
            raise OSError(errno.EINVAL, "no such state")
        KernelPath.writes.append((self.name, value))
        return super().write_text(data)


def pwm_tree(folder: Path, device: str = "fe20c000.pwm") -> KernelPath:
    """A machine with two PWM chips; the second is `device`."""
    root = KernelPath(folder / "class")
    for number, name in enumerate(("backlight.pwm", device)):
        chip = root / f"pwmchip{number * 2}"
        chip.mkdir(parents=True)
        (folder / name).mkdir()
        (chip / "device").symlink_to(folder / name)
        PosixPath(chip / "export").write_text("")
    KernelPath.writes = []
    return root


class Bench:
    """One kind of lamp, and the light that its wire asks for."""

    def __init__(self, lamp: Callable[[bool], Lamp], wire: Callable[[], float]) -> None:
        self.lamp, self.wire = lamp, wire

    def light(self, active_low: bool) -> float:
        return 1 - self.wire() if active_low else self.wire()


@pytest.fixture
def factory() -> Iterator[Any]:
    made = mock_factory()
    yield made
    made.reset()


@pytest.fixture(params=["gpio", "pwm"])
def kind(request: pytest.FixtureRequest, factory: Any, tmp_path: Path) -> Bench:
    if request.param == "gpio":
        return Bench(
            lambda low: GpioLamp(factory, PIN, 1000, low), lambda: float(factory.pin(f"GPIO{PIN}").state)
        )
    root = pwm_tree(tmp_path)
    channel = root / "pwmchip2" / "pwm0"

    def wire() -> float:
        period, duty, on = (int((channel / name).read_text()) for name in ("period", "duty_cycle", "enable"))
        return duty / period if on else 0.0

    return Bench(lambda low: KernelPwmLamp(PIN, 1000, low, root=root), wire)


@pytest.mark.parametrize("active_low", [True, False])
def test_set_is_what_the_wire_shows(kind: Bench, active_low: bool) -> None:
    lamp = kind.lamp(active_low)
    for duty in (0.0, 0.1, 0.29, 0.5, 1.0):
        lamp.set(duty)
        assert kind.light(active_low) == pytest.approx(duty, abs=1e-5)
    lamp.close()
    lamp.close()


@pytest.mark.parametrize("active_low", [True, False])
def test_the_faintest_light_is_not_darkness(kind: Bench, active_low: bool) -> None:
    """A level of the logarithmic curve lies far below one percent."""
    lamp = kind.lamp(active_low)
    for duty in (0.001, 1e-9):
        lamp.set(duty)
        assert kind.light(active_low) > 0
    lamp.close()


def test_claiming_and_closing_are_light_with_reference(kind: Bench) -> None:
    """Claiming and closing are light with the reference wiring."""
    lamp = kind.lamp(True)
    assert kind.light(True) == 1.0
    lamp.set(0.0)
    assert kind.light(True) == 0.0
    lamp.close()
    assert kind.light(True) == 1.0


def test_every_edge_of_pin_that_is_not_set_is_full(factory: Any) -> None:
    """Every edge of the pin that is not a set is full light."""
    lamp = GpioLamp(factory, PIN, 1000, active_low=True)
    lamp.set(0.3)
    lamp.close()
    assert [round(1 - float(s.state), 3) for s in factory.pin(f"GPIO{PIN}").states] == [1.0, 0.3, 1.0]


def test_whole_percents_survive_a_driver_that_cuts_off(factory: Any) -> None:
    """lgpio computes int(value * 100): 0.29 must not become 28 %."""
    lamp = GpioLamp(factory, PIN, 1000, active_low=False)
    for percent in range(101):
        lamp.set(percent / 100)
        assert int(float(factory.pin(f"GPIO{PIN}").state) * 100) == percent


def test_a_pin_in_use_is_a_clear_error(factory: Any) -> None:
    lamp = GpioLamp(factory, PIN, 1000, active_low=True)
    with pytest.raises(LampError, match="GPIO18 cannot be driven"):
        GpioLamp(factory, PIN, 1000, active_low=True)
    lamp.close()


def test_without_gpio_the_error_says_what_to_install() -> None:
    with pytest.raises(LampError, match=r"lgpio|GPIO chip"):
        pi_factory()


# --- the kernel's PWM


@pytest.mark.parametrize(
    ("device", "pin", "channel"),
    [("fe20c000.pwm", 19, 1), ("3f20c000.pwm", 12, 0), (PI5, 18, 2), (PI5, 13, 1)],
)
def test_the_chip_is_found_by_its_device(tmp_path: Path, device: str, pin: int, channel: int) -> None:
    """The chip is found by its device and the channel by the pin."""
    root = pwm_tree(tmp_path, device)
    KernelPwmLamp(pin, 1000, True, root=root).set(0.4)
    folder = root / "pwmchip2" / f"pwm{channel}"
    assert (int((folder / "period").read_text()), int((folder / "duty_cycle").read_text())) == (
        1_000_000,
        600_000,
    )


def test_a_chip_can_be_named(tmp_path: Path) -> None:
    root = pwm_tree(tmp_path)
    KernelPwmLamp(5, 2000, False, "backlight.pwm", 3, root=root).set(0.5)
    assert int((root / "pwmchip0" / "pwm3" / "duty_cycle").read_text()) == 250_000


def test_restart_takes_running_pwm_over_without_edge(tmp_path: Path) -> None:
    """A restart takes a running pwm over without an edge.

    The process was killed; the PWM went on. Nothing is written until the new process knows a level.
    """
    root = pwm_tree(tmp_path)
    KernelPwmLamp(PIN, 1000, True, root=root).set(0.3)
    KernelPath.writes.clear()
    second = KernelPwmLamp(PIN, 1000, True, root=root)
    assert KernelPath.writes == []
    second.set(0.3)
    assert KernelPath.writes == [("duty_cycle", 700_000)]


def test_pwm_that_was_left_with_another_period(tmp_path: Path) -> None:
    """A pwm that was left with another period or polarity is set right in light."""
    root = pwm_tree(tmp_path)
    KernelPwmLamp(PIN, 100, True, root=root).set(0.2)
    KernelPath.writes.clear()
    lamp = KernelPwmLamp(PIN, 1000, True, root=root)
    assert KernelPath.writes[0] == ("duty_cycle", 0), "low is full light"
    lamp.close()
    PosixPath(root / "pwmchip2" / "pwm0" / "polarity").write_text("inversed\n")
    KernelPwmLamp(PIN, 1000, True, root=root).set(0.5)
    assert (root / "pwmchip2" / "pwm0" / "polarity").read_text() == "normal\n"


def test_without_a_chip_the_error_says_what_is_there(tmp_path: Path) -> None:
    """Without a chip the error says what is there and what to add."""
    with pytest.raises(LampError, match=r"there is: none.*dtoverlay=pwm,pin=18,func=2"):
        KernelPwmLamp(PIN, 1000, True, root=KernelPath(tmp_path))
    root = pwm_tree(tmp_path, "other.pwm")
    with pytest.raises(LampError, match=r"there is: backlight.pwm, other.pwm"):
        KernelPwmLamp(PIN, 1000, True, root=root)


def test_file_that_may_not_be_written_is_clear_error(tmp_path: Path) -> None:
    """A file that may not be written is a clear error."""
    root = pwm_tree(tmp_path)
    (root / "pwmchip2" / "export").unlink()
    (root / "pwmchip2" / "pwm0").mkdir()
    with pytest.raises(LampError, match="udev rule"):
        KernelPwmLamp(PIN, 1000, True, root=root)


def test_every_known_device_knows_the_four_pins() -> None:
    assert all(set(channels) == {12, 13, 18, 19} for channels in CHANNELS.values())


# --- the relay and the inputs


@pytest.mark.parametrize("active_low", [True, False])
def test_a_relay_that_nobody_drives_is_closed(factory: Any, active_low: bool) -> None:
    relay = GpioRelay(factory, 23, active_low)
    pin = factory.pin("GPIO23")
    idle = bool(pin.state)
    assert idle is active_low, "the coil is off"
    relay.set(False)
    assert bool(pin.state) is not idle
    relay.set(True)
    assert bool(pin.state) is idle
    relay.close()
    relay.close()


@pytest.mark.parametrize("active_low", [True, False])
def test_input_pin_is_read_and_broken_wire_is_inactive(factory: Any, active_low: bool) -> None:
    """An input pin is read and a broken wire is inactive."""
    entry = PinInput(factory, 24, active_low)
    pin = factory.pin("GPIO24")
    assert entry.active() is False
    if active_low:
        pin.drive_low()
    else:
        pin.drive_high()
    assert entry.active() is True
    entry.close()
    assert entry.active() is None


def test_file_is_read_and_what_cannot_be_read(tmp_path: Path) -> None:
    """A file is read and what cannot be read is unknown."""
    path = tmp_path / "in_illuminance_input"
    path.write_text("1500\n")
    now = [0.0]
    entry = FileInput(path, 0.01, every_s=0.02, now=lambda: now[0])

    def unknown() -> bool:
        now[0] += 0.5
        return entry.value() is None

    eventually(lambda: entry.value() == 15.0)
    path.write_text("broken")
    eventually(unknown)
    path.write_text("100")
    eventually(lambda: entry.value() == 1.0)
    path.unlink()
    eventually(unknown)
    entry.close()


def test_a_file_that_hangs_is_unknown(tmp_path: Path) -> None:
    """A file that hangs is unknown after a while and holds up nobody."""
    path = tmp_path / "power1_input"
    path.write_text("1")
    now = [0.0]
    entry = FileInput(path, every_s=0.02, now=lambda: now[0])
    eventually(lambda: entry.value() == 1.0)
    hanging = tmp_path / "fifo"
    os.mkfifo(hanging)  # nobody ever writes to it
    hanging.rename(path)

    def later() -> bool:
        now[0] += 11.0
        return entry.value() is None

    eventually(later)
    entry.close()
    os.close(os.open(path, os.O_RDWR))  # lets the reader go, if it is there


def test_a_press_is_told_once(factory: Any) -> None:
    button, pressed = PinButton(factory, 22), threading.Event()
    button.on_press(pressed.set)
    pin = factory.pin("GPIO22")
    assert not pressed.is_set()
    pin.drive_low()
    assert pressed.wait(2)
    button.close()
