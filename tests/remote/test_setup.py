"""remote.toml: where updates come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from pole_agent.errors import ConfigError
from pole_agent.remote.setup import read


def test_one_line_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "remote.toml"
    file.write_text('repository = "https://poles.example/r"\n')
    found = read(file)
    assert (found.folder, found.window, found.confirm_min) == (None, "sunrise..sunset", 5)
    file.write_text('repository = "/media/stick"\nbudget_mb_a_day = 3\n')
    assert read(file).folder == Path("/media/stick")
    with pytest.raises(ConfigError, match="not found"):
        read(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "repository: is required"),
        ('repository = "/r"\nconfirm_min = 0', "confirm_min: expected greater than or equal to 1; got 0"),
        ('repository = "/r"\nbudgt_mb_a_day = 1', "did you mean budget_mb_a_day"),
        ('repository = "/r"\nwindow = "always dark"', "window"),
        ("repository = ", "TOML"),
        ("repository = 1", "repository: expected text"),
        ("\udcff", "remote.toml"),
        ("a." * 60_000 + "a = 1", "remote.toml"),
    ],
)
def test_every_problem_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "remote.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as refused:
        read(file)
    assert told in str(refused.value)
