"""A real browser (Chromium by Playwright) and poles to look at."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import free_port

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-default-apps", "--disable-dev-shm-usage",
)  # fmt: skip
START_S = 60.0
WAIT_MS = 60_000  # on a busy machine, whose disk others write to
expect.set_options(timeout=WAIT_MS)  # else 5 s


@pytest.fixture(scope="module")  # while it is open, no test can have an event loop of its own
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Chromium: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


class Watched:
    """A page, and all that it has asked for and complained of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((url, "data:", "blob:")) else self.foreign.append(asked.url)
            ),
        )

    def open(self, view: str = "now") -> Page:
        self.page.goto(f"{self.url}#{view}")
        self.page.locator("main .card").first.wait_for()
        return self.page


Look = Callable[..., Watched]


@pytest.fixture
def look(chromium: Browser) -> Iterator[Look]:
    """A function that opens a page of a pole: `look(url, language="en", width=1280)`.

    What the pages showed at the end is printed: pytest shows it where a test failed.
    """
    opened = []

    def open_(url: str, language: str = "en", width: int = 1280, height: int = 900) -> Watched:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
        opened.append(Watched(context.new_page(), url))
        return opened[-1]

    yield open_
    for watched in opened:
        print(
            f"{watched.page.url} showed:\n{watched.page.locator('body').inner_text()}\n{watched.complaints}"
        )
        watched.page.context.close()


class Process:
    """An agent with a page at `url`."""

    def __init__(self, command: list[str], url: str, folder: Path) -> None:
        self.url = url
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pole_agent", *command], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}api/me", timeout=2):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.1)

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self) -> None:
        for number in (signal.SIGCONT, signal.SIGTERM):
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def demo_in(folder: Path, *more: str) -> Process:
    port = free_port()
    command = ["demo", "--page-port", str(port), "--lang", "en", *more]
    return Process(command, f"http://127.0.0.1:{port}/", folder)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The demo, for all tests of a file: they leave it as it was."""
    process = demo_in(tmp_path_factory.mktemp("demo"))
    yield process
    process.end()


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[Process]:
    """A demo that a test may change."""
    process = demo_in(tmp_path)
    yield process
    process.end()
