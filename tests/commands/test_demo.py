"""The demo's own folder."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import threading
from pathlib import Path

import pytest

from pole_agent.commands.demo import scratch_folder


@pytest.mark.parametrize("number", range(10))
def test_the_folder_ends_while_something_still_writes(number: int) -> None:
    """The end of the demo is no failure when a store's thread still writes into the folder."""
    ended, begun = threading.Event(), threading.Event()

    def write(folder: Path) -> None:
        for name in itertools.count():
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                (folder / str(name)).touch()
                begun.set()
            if ended.is_set():
                return

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(scratch_folder()))
        writer = threading.Thread(target=write, args=(folder / "pole",), daemon=True)
        try:
            writer.start()
            assert begun.wait(10)
            stack.close()
        finally:
            ended.set()
            writer.join(10)
            shutil.rmtree(folder, ignore_errors=True)
