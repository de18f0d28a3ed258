"""One value is changed in the text of a configuration, and nothing else."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.settings.edit import with_value

CASES = {
    "there": (
        '[detector]\nmodel = "a" # why\nthreads = 2\n',
        '[detector]\nmodel = "new" # why\nthreads = 2\n',
    ),
    "commented": ('[detector]\n# model = "a"\n', '[detector]\nmodel = "new"\n# model = "a"\n'),
    "no key": ("[detector]\nthreads = 2\n[lamp]\n", '[detector]\nmodel = "new"\nthreads = 2\n[lamp]\n'),
    "no section": ("[lamp]\npin = 4", '[lamp]\npin = 4\n\n[detector]\nmodel = "new"\n'),
    "of another section": (
        '[other]\nmodel = "x"\n[detector]\n',
        '[other]\nmodel = "x"\n[detector]\nmodel = "new"\n',
    ),
    "windows": ('[detector]\r\nmodel = "a"\r\n', '[detector]\r\nmodel = "new"\r\n'),
    "hash in the value": ("[detector]\nmodel = 'a#b'\n", '[detector]\nmodel = "new"\n'),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_only_the_value_changes(before: str, after: str) -> None:
    assert with_value(before, "detector", "model", "new") == after


@pytest.mark.parametrize(
    "text",
    [
        'detector = { model = "a" }\n',
        'detector.model = "a"\n',
        '[detector]\nmodel = """a\nb"""\n',
        'x = """\n[detector]\nmodel = "a"\n"""\n',
    ],
)
def test_what_is_not_safe_is_refused(text: str) -> None:
    """An inline table, a dotted key, a text of several lines, a section within a text."""
    with pytest.raises(ValueError, match=r"detector\.model"):
        with_value(text, "detector", "model", "new")


@given(st.text(max_size=30))
def test_any_value_is_read_back(value: str) -> None:
    try:
        text = with_value('[detector]\nmodel = "a" # why\n', "detector", "model", value)
    except ValueError:
        return
    assert tomllib.loads(text) == {"detector": {"model": value}}
