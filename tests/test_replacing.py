"""A small file of state is replaced whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pole_agent.replacing import replace_file


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_the_mode_is_that_which_was_asked_for(tmp_path: Path, mode: int, umask: int) -> None:
    """Whatever the umask of the process: other users read some of these files, and none may read others."""
    old = os.umask(umask)
    try:
        replace_file(tmp_path / "file", b"x", mode)
    finally:
        os.umask(old)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode
