"""Every view in both languages, on a phone and on a desk: whole, accessible, and from nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from pole_agent.page.files import words_of
from tests.browser.conftest import Look, Process, demo_in
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
VIEWS = {
    "now": ("ui-street", "ui-lamp", "ui-last-days", "ui-traffic"),
    "tonight": ("ui-tonight", "ui-override"),
    "setup": ("ui-zones-lines-masks", "ui-shapes", "ui-rules", "ui-save-title", "ui-tests", "ui-elsewhere"),
    "drone": ("ui-drone-requests",),
    "health": ("ui-parts", "ui-vitals", "ui-why-lamp", "ui-doctor", "ui-log"),
}
WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}
PICTURES = ROOT / "docs" / "pictures"


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("device", WIDTHS)
def test_views(look: Look, demo: Process, language: str, device: str) -> None:
    """All of a view is there, in the language; axe finds nothing serious; nothing is asked elsewhere."""
    watched, words = look(demo.url, language, *WIDTHS[device]), words_of(language)
    page = watched.open()
    page.wait_for_function(
        "() => document.querySelector('canvas') && document.querySelector('canvas').width > 300"
    )
    page.wait_for_function("() => document.documentElement.hasAttribute('data-dark')")  # once the sun has set
    for view, headings in VIEWS.items():
        page.locator(f'nav a[href="#{view}"]').click()
        for code in headings:
            page.get_by_role("heading", name=words[code], exact=True).first.wait_for()
        assert page.evaluate("document.documentElement.lang") == language
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= WIDTHS[device][0], f"{view} is wider than the screen"
        found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        assert not found, [(v["id"], v["nodes"][0]["html"], v["help"]) for v in found]
    assert watched.complaints == [] and watched.foreign == []


def test_light(look: Look, demo: Process) -> None:
    """By day, in the sun, the page is light, and just as readable."""
    watched = look(demo.url)
    page = watched.open("health")
    page.evaluate("document.documentElement.removeAttribute('data-dark')")
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found, [(v["id"], v["nodes"][0]["html"]) for v in found]


def test_language(look: Look, demo: Process) -> None:
    """The other language is one choice away, and is remembered."""
    page = look(demo.url, "en").open()
    page.get_by_label("Language").select_option("id")
    page.get_by_role("heading", name="Lampu", exact=True).wait_for()
    page.reload()
    page.get_by_role("heading", name="Lampu", exact=True).wait_for()


def test_lamp(look: Look, demo: Process) -> None:
    """An override is set and resumed, by keyboard."""
    page = look(demo.url).open("tonight")
    page.get_by_label("Minutes").fill("5")
    page.get_by_role("slider").press("Home")
    for _ in range(6):
        page.get_by_role("slider").press("ArrowRight")
    page.get_by_label("fixed").press("Space")
    page.get_by_role("button", name="Set", exact=True).press("Enter")
    page.locator(".big", has_text="30 %").wait_for()
    page.get_by_role("button", name="Resume the program").press("Enter")
    page.get_by_role("button", name="Resume the program", disabled=True).wait_for()


def test_incident(look: Look, demo: Process) -> None:
    """An incident of the last days shows its path over the picture, and takes a verdict."""
    page = look(demo.url).open()
    one = page.locator("li", has_text="passing").filter(has_text="crossing")
    one.first.get_by_role("button").click()
    page.locator("polyline.path").wait_for()
    page.get_by_role("button", name="False alarm").click()
    page.get_by_text("noted: false alarm").wait_for()


def test_doctor(look: Look, demo: Process) -> None:
    """The doctor examines, in words."""
    page = look(demo.url).open("health")
    page.get_by_role("button", name="Examine the pole").click()
    page.get_by_text('lamp.backend is "mock": no lamp is driven').wait_for()


@pytest.mark.skipif("PAGE_PICTURES" not in os.environ, reason="scripts/picture makes the pictures with it")
def test_pictures(look: Look, tmp_path: Path) -> None:
    """The pictures of README and manual are what a browser shows of the demo, with people pixelated."""
    process = demo_in(tmp_path, "--pixelated")
    try:
        for view in ("now", "setup"):
            page = look(process.url, "en", *WIDTHS["desk"]).open(view)
            page.wait_for_function("() => document.querySelector('canvas').width > 300")
            page.locator("rect.box").nth(3).wait_for()
            page.screenshot(path=PICTURES / f"page-{view}.jpg", type="jpeg", quality=70)
    finally:
        process.end()


def test_pictures_are_there() -> None:
    """README and manual show the page."""
    for shown in ("README.md", "README.id.md"):
        assert "docs/pictures/page-now.jpg" in (ROOT / shown).read_text()
    assert all(100 < (PICTURES / f"page-{name}.jpg").stat().st_size < 250_000 for name in ("now", "setup"))
