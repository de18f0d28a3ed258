"""A pole with accounts: the login, what a role sees, and an approval that the browser signs."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pole_agent.drone import ed25519
from pole_agent.drone.approval import facts_of, text
from pole_agent.page import accounts as book
from tests.browser.conftest import Look, Process
from tests.conftest import CLIP, ROOT, free_port
from tests.page.served import MADE, PASSWORD
from tests.page.test_trial import CONFIG

pytestmark = pytest.mark.browser
WRITTEN_S = 90.0
REQUEST = json.loads((ROOT / "docs/samples/drone-request.json").read_text())


@pytest.fixture
def pole(tmp_path: Path) -> Iterator[Process]:
    port = free_port()
    kept = CONFIG.replace("[storage]\n", "[storage]\ntrajectory_days = 1\n")
    (tmp_path / "pole.toml").write_text(kept.format(clip=CLIP, port=port))
    book.write(tmp_path / "state", {f"the {role}": account for role, account in MADE.items()})
    process = Process(["run", "--config", str(tmp_path / "pole.toml")], f"http://127.0.0.1:{port}/", tmp_path)
    yield process
    process.end()


def test_login(look: Look, pole: Process) -> None:
    """Without a login nothing of the street is told; a viewer looks, and cannot change anything."""
    watched = look(pole.url)
    page = watched.open()
    page.get_by_label("Name").fill("the viewer")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").get_by_text("wrong name or password").wait_for()
    assert page.locator("canvas").count() == 0
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.wait_for_function(
        "() => document.querySelector('canvas') && document.querySelector('canvas').width > 300"
    )
    page.goto(f"{pole.url}#setup")
    page.get_by_text("Your role may look at this, not change it.").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    refused = [c for c in watched.complaints if "401" not in c]  # the browser tells of the wrong password
    assert refused == [] and watched.foreign == []


def test_rehearsal(look: Look, pole: Process) -> None:
    """A new rule is tried on what the pole has seen: how often it would have told somebody, beside today's
    rules. What is seen is written down once a minute.
    """
    watched = look(pole.url, "en", 1280, 1200)
    page = watched.open()
    page.get_by_label("Name").fill("the technician")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.goto(f"{pole.url}#setup")
    page.get_by_role("button", name="+ new rule").click()
    rule = page.locator("fieldset").last
    rule.get_by_label("Name").fill("on-the-road")
    rule.get_by_label("Severity").select_option("warning")
    row = page.get_by_role("row", name="on-the-road")
    deadline = time.monotonic() + WRITTEN_S
    while True:
        page.get_by_role("button", name="Rehearse on the last 7 days").click()
        row.or_(page.get_by_text("no trajectories")).first.wait_for()
        if row.count() or time.monotonic() > deadline:
            break
        time.sleep(5)
    new, today = row.locator("td").all_inner_texts()
    assert new.startswith("1 (")
    assert today == "–"
    assert page.get_by_text("Wh").count() >= 1


def test_commission(look: Look, pole: Process, tmp_path: Path) -> None:
    """The path into service on a phone: a step is done, its question answered, and stays so; no picture of
    the camera is left behind. With steps open nobody signs off.
    """
    page = look(pole.url, "en", 390, 844).open()
    page.get_by_label("Name").fill("the technician")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.goto(f"{pole.url}#setup")
    page.get_by_role("link", name="Step by step").click()
    page.get_by_role("button", name="Lamp: full light").click()
    page.get_by_role("button", name="Do this step").click()
    page.get_by_role("radio", name="full light").check()
    page.get_by_role("button", name="Answer", exact=True).click()
    page.get_by_text("asked for full light, seen so, at 100%").first.wait_for()
    page.get_by_role("button", name="Camera: street").click()
    page.get_by_role("button", name="Do this step").click()
    page.get_by_role("radio", name="no").check()
    page.get_by_role("button", name="Answer", exact=True).click()
    page.locator("li", has_text="Camera: street").get_by_text("failed").wait_for()
    assert list((tmp_path / "state" / "commissioning").glob("*.jpg")) == []
    page.get_by_role("button", name="Sign off").click()
    page.get_by_text("not done yet: ").wait_for()
    page.reload()
    page.locator("li", has_text="Lamp: full light").get_by_text("ok").wait_for()


def test_signature(look: Look, demo_url: str) -> None:
    """The browser signs the very text that the pole checks, with a key made by `drone key`, which stays in
    the browser.
    """
    private = ed25519.new_key()
    page = look(demo_url).open()
    signature = page.evaluate(
        """async ([key, request]) => {
          const { readKey, signed } = await import("/sign.js");
          return signed(await readKey(new File([key + "\\n"], "key")), request, "Ibu Sari"); }""",
        [private, REQUEST],
    )
    said = text(REQUEST["pole"], facts_of(REQUEST), "Ibu Sari", signature["nonce"], signature["expires_at"])
    public = ed25519.public_key_of(private)
    assert ed25519.verify(public, base64.b64decode(signature["value"]), said.encode())
    assert not ed25519.verify(
        public, base64.b64decode(signature["value"]), said.replace("Sari", "Sri").encode()
    )


@pytest.fixture
def demo_url(demo: Process) -> str:
    return demo.url
