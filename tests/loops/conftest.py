"""A pole that only dispatches, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.loops.dispatching import Bench, Benches


@pytest.fixture
def dispatcher(tmp_path: Path) -> Benches:
    """`async with dispatcher() as b` starts it and stops it; what is passed in are fields of the bench."""

    def make(**more: Any) -> Bench:
        return Bench(tmp_path / "state", **more)

    return make
