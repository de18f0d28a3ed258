"""What is changed on the page: zones by mouse and by keyboard, faults beside their field, flights."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, Process

pytestmark = pytest.mark.browser
TRIAL_MS = 60_000


def asked(demo: Process, question: str) -> Any:
    with urllib.request.urlopen(f"{demo.url}api/ask/{question}", timeout=20) as answer:
        return json.load(answer)


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Kept: the pole runs well with it.").wait_for(timeout=TRIAL_MS)


def rule_in(page: Page, zone: str, name: str) -> None:
    """A new presence rule in this zone."""
    page.get_by_role("button", name="+ new rule").click()
    rule = page.locator("fieldset").last
    rule.get_by_label("Name").fill(name)
    rule.get_by_label("Zone").select_option(zone)
    rule.get_by_label("Severity").select_option("warning")


def opened(page: Page, rule: str) -> None:
    page.goto(page.url.partition("#")[0] + "#now")
    page.locator("li", has_text=rule).first.wait_for(timeout=TRIAL_MS)


def test_by_mouse(look: Look, own_demo: Process) -> None:
    """A zone drawn with the mouse, changed by dragging, inserting and undoing, opens an incident of its
    rule; the page says that the pole keeps it.
    """
    watched = look(own_demo.url, "en", 1280, 1200)
    page = watched.open("setup")
    # Its shape is known by the picture, a moment later by the stage too: then nothing moves any more
    page.locator('.stage svg[viewBox^="0 0 1000 75"]').wait_for()
    page.get_by_role("button", name="Draw a zone").click()
    stage = page.locator(".stage svg")
    box = stage.bounding_box()
    assert box is not None

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    for x, y in ((0.02, 0.3), (0.98, 0.3), (0.98, 0.9), (0.02, 0.9), (0.02, 0.3)):
        page.mouse.click(*at(x, y))
    page.get_by_role("heading", name="zone-1", exact=True).wait_for()
    handles = page.locator("circle.handle")
    expect(handles).to_have_count(4)
    page.mouse.move(*at(0.98, 0.9))
    page.mouse.down()
    page.mouse.move(*at(0.9, 0.8), steps=5)
    page.mouse.up()
    expect(page.get_by_label("Point 3, x")).to_have_value("0.9")
    page.mouse.click(*at(0.5, 0.3))
    expect(handles).to_have_count(5)
    page.get_by_role("button", name="Undo").click()
    expect(handles).to_have_count(4)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Point 3, x")).to_have_value(re.compile(r"0\.9[78]\d?"))
    rule_in(page, "zone-1", "in-the-yard")
    saved(page)
    opened(page, "in-the-yard")
    incidents = [e["data"] for e in asked(own_demo, "past.incidents")]
    assert any(d["rule"] == "in-the-yard" and d["zone"] == "zone-1" for d in incidents)
    assert watched.complaints == [] and watched.foreign == []


def test_by_keyboard(look: Look, own_demo: Process) -> None:
    """The same without a mouse: a zone of numbers, a point moved by arrow keys, and saved with Enter."""
    watched = look(own_demo.url, "en", 1280, 1200)
    page = watched.open("setup")
    page.get_by_role("button", name="+ Zone").press("Enter")
    for number, (x, y) in enumerate(((0.0, 0.2), (1.0, 0.2), (1.0, 1.0), (0.0, 1.0)), 1):
        page.get_by_label(f"Point {number}, x").fill(str(x))
        page.get_by_label(f"Point {number}, y").fill(str(y))
    handle = page.get_by_role("button", name="Point 1: x 0.000, y 0.200")
    handle.focus()
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_label("Point 1, y")).to_have_value("0.25")
    page.get_by_role("button", name="Insert a point after 1").press("Enter")
    expect(page.locator("circle.handle")).to_have_count(5)
    page.get_by_role("button", name="Delete point 2").press("Enter")
    expect(page.locator("circle.handle")).to_have_count(4)
    rule_in(page, "zone-1", "by-keyboard")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    page.get_by_text("Kept: the pole runs well with it.").wait_for(timeout=TRIAL_MS)
    opened(page, "by-keyboard")
    assert watched.complaints == []


def test_mask(look: Look, own_demo: Process) -> None:
    """A false box is masked with one click: then the picture itself is black there."""
    page = look(own_demo.url, "en", 1280, 1200).open("setup")
    page.get_by_role("button", name="+ Mask").click()
    for number, (x, y) in enumerate(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), 1):
        page.get_by_label(f"Point {number}, x").fill(str(x))
        page.get_by_label(f"Point {number}, y").fill(str(y))
    saved(page)
    page.goto(page.url.partition("#")[0] + "#now")
    page.wait_for_function(
        """() => { const c = document.querySelector('canvas');
        if (!c || c.width < 300) return false;
        const p = c.getContext('2d').getImageData(c.width / 4, c.height / 2, 1, 1).data;
        return p[0] + p[1] + p[2] < 12; }"""
    )


def test_problems(look: Look, demo: Process) -> None:
    """What is wrong stands beside its field, and nothing can be saved until it is right."""
    watched = look(demo.url, "en", 1280, 1200)
    page = watched.open("setup")
    rule = page.locator("fieldset").first
    rule.get_by_label("Active").fill("sunset..nonsense")
    active = rule.locator("label", has=page.get_by_text("Active", exact=True))
    active.get_by_text("invalid time").wait_for()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    rule.get_by_label("Active").fill("always")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    rule.get_by_label("Name").fill("<img src=x onerror=alert(1)>")
    rule.locator("label", has=page.get_by_text("Name", exact=True)).locator(".problem").wait_for()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    assert page.locator("img").count() == 0
    assert watched.complaints == []


def test_flights(look: Look, own_demo: Process) -> None:
    """A request is shown with its gates in words and approved with a click; flights are stopped, and a
    person lets them go on.
    """
    watched = look(own_demo.url)
    page = watched.open("drone")
    page.get_by_role("button", name="Approve the flight").click(timeout=TRIAL_MS)
    page.locator("li", has_text="the drone is flying").first.wait_for(timeout=TRIAL_MS)
    page.get_by_role("button", name="Stop all flights").click()
    page.get_by_text("All flights are stopped by demo.").wait_for()
    assert asked(own_demo, "health")["drone"]["stopped"]["by"] == "demo"
    page.get_by_role("button", name="Let flights go on").click()
    page.get_by_text("All flights are stopped by demo.").wait_for(state="detached")
    assert watched.complaints == []


def test_deny(look: Look, own_demo: Process) -> None:
    """Deny asks nothing."""
    page = look(own_demo.url).open("drone")
    page.get_by_role("button", name="Deny").click(timeout=TRIAL_MS)
    page.get_by_role("heading", name="a person denied it").wait_for()
    (request,) = [r for r in asked(own_demo, "drone") if r["state"] == "denied"]
    assert request["history"][-1]["by"] == "demo"


def test_lost(look: Look, own_demo: Process) -> None:
    """A pole that does not answer is told, and that it does again."""
    page = look(own_demo.url).open()
    page.get_by_text("● connected").wait_for()
    own_demo.send(signal.SIGSTOP)
    page.get_by_text("The pole does not answer; what you see is old.").wait_for(timeout=TRIAL_MS)
    own_demo.send(signal.SIGCONT)
    page.get_by_text("● connected").wait_for(timeout=TRIAL_MS)
    page.get_by_text("The pole does not answer; what you see is old.").wait_for(state="detached")
