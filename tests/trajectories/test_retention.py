"""Which files of trajectories go: the oldest, and none too early."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pole_agent.trajectories.files import File, files_of, forget, name_of
from pole_agent.trajectories.retention import DAY_S, MAX_MB_A_DAY, MB, in_the_way, too_much, too_old

NOW = 1_800_000_000.0


def _files(*ages_days: float | None, size: int = MB) -> list[File]:
    """Files of one camera in the order of writing, by their age."""
    return [
        File(
            path=Path(f"{number}"),
            number=number,
            began=None if age is None else NOW - age * DAY_S,
            size=size,
        )
        for number, age in enumerate(ages_days)
    ]


def test_nothing_older_than_promised() -> None:
    """What began more than so many days ago goes, and what was written before it."""
    files = _files(9.0, None, 7.1, 6.9, None, 0.0)
    assert [f.number for f in too_old(files, 7, NOW)] == [0, 1, 2]


def test_clock_unknown_nothing_goes() -> None:
    """While the pole does not know the date, nothing is deleted for its age."""
    assert too_old(_files(400.0, 9.0), 7, None) == []


def test_edge_of_age_stays() -> None:
    """Exactly so many days is not older."""
    assert too_old(_files(7.0), 7, NOW) == []


def test_share_of_a_camera() -> None:
    """Beyond 5 MB for each day, the oldest go, and no more of them than needed."""
    files = _files(*[1.0] * 12)
    assert [f.number for f in too_much(files, 2)] == [0, 1]
    assert too_much(files[:10], 10 / MAX_MB_A_DAY) == []


def test_short_space_takes_the_oldest() -> None:
    """When space is short, the oldest of all cameras go; those of an unknown time first."""
    files = _files(1.0, 5.0, None, 3.0)
    assert [f.number for f in in_the_way(files, 10 * MB, 12 * MB)] == [2, 1]
    assert in_the_way(files, 12 * MB, 12 * MB) == []


@given(st.lists(st.integers(1, 10 * MB), max_size=20), st.integers(0, 50 * MB), st.integers(0, 50 * MB))
def test_reserve_is_reached(sizes: list[int], free: int, reserve: int) -> None:
    """After it the reserve is free, or nothing is left; and no file was deleted beyond that."""
    files = [File(path=Path(f"{n}"), number=n, began=NOW + n, size=size) for n, size in enumerate(sizes)]
    gone = in_the_way(files, free, reserve)
    freed = free + sum(f.size for f in gone)
    assert freed >= reserve or gone == files
    assert not gone or freed - gone[-1].size < reserve


def test_files_by_number(tmp_path: Path) -> None:
    """Files come in the order of writing, whatever the clock said; what is no file of ours stays aside."""
    for name in (name_of(2, 5.0), name_of(1, 9e8), name_of(3, None), "notes.txt", "1.pat"):
        (tmp_path / name).write_bytes(b"x")
    found = files_of(tmp_path)
    assert [(f.number, f.began) for f in found] == [(1, 9e8), (2, 5.0), (3, None)]
    assert files_of(tmp_path / "missing") == []


def test_forget(tmp_path: Path) -> None:
    """All of it is deleted, of every camera; other files stay."""
    folder = tmp_path / "trajectories" / "street"
    folder.mkdir(parents=True)
    (folder / name_of(1, None)).write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    forget(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    forget(tmp_path / "elsewhere")
