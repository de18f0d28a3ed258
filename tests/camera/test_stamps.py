"""Time is capture time where the source knows it, rises always, and survives stamps that cannot be true."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.camera.stamps import FAR_S, LATE_S, ClipTime, LiveTime, Thin

any_stamp = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-100, 100),
    st.sampled_from([0.0, 0.1, 0.2]),
)


def played(stamps: list[float | None], rate: float = 10.0) -> tuple[list[float], ClipTime]:
    time = ClipTime(rate)
    return [time.at(s) for s in stamps], time


@given(st.lists(any_stamp, min_size=1, max_size=60), st.floats(0.1, 1000))
def test_the_time_of_a_clip_begins_at_nought(stamps: list[float | None], rate: float) -> None:
    """The time of a clip begins at nought and rises by less than an hour."""
    times, clip = played(stamps, rate)
    assert times[0] == 0
    assert all(0 < b - a <= FAR_S + 2 / rate for a, b in itertools.pairwise(times))
    assert 0 <= clip.odd <= clip.frames == len(stamps)


def test_a_clip_keeps_its_own_steps_and_gaps() -> None:
    stamps = [3.0, 3.1, 3.2, 4.2, 5.2, 95.2, 95.3]
    times, clip = played(list(stamps))
    assert times == pytest.approx([s - 3.0 for s in stamps])
    assert clip.odd == 0


def test_stamps_that_are_missing_or_jump_are_one_step() -> None:
    """Stamps that are missing or jump are one step each and counted."""
    times, clip = played([0.0, 0.1, None, 0.3, 0.1, 0.2, 90_000.0, 90_000.1, math.nan, 90_000.3])
    assert times == pytest.approx([0.1 * n for n in range(10)])
    assert clip.odd == 4


def test_header_with_too_low_rate_leaves_time_of_clip() -> None:
    """A header with too low a rate leaves the time of the clip right.

    OpenCV gives stamps as whole multiples of the header's rate: ten pictures a second in a file that says
    two.
    """
    stamps = [round(n / 10 * 2) / 2 for n in range(101)]
    times, clip = played(list(stamps), 2.0)
    assert max(abs(t - n / 10) for n, t in enumerate(times)) <= 0.5
    assert times[-1] == pytest.approx(10.0, abs=0.26)
    assert sum(map(Thin(5).wanted, times)) == pytest.approx(50, abs=8), "and five a second are looked at"
    assert clip.odd == 0


def test_clip_whose_stamps_are_all_same_goes_by_rate() -> None:
    """A clip whose stamps are all the same goes by the rate and says so."""
    times, clip = played([7.0] * 600)
    assert times[-1] == pytest.approx(59.9, abs=1.5)
    assert clip.odd > 580


def test_clip_whose_stamps_stand() -> None:
    """A clip whose stamps stand still for a while is right again after it."""
    stamps = [n / 10 for n in range(100)] + [10.0] * 100 + [n / 10 for n in range(200, 300)]
    times, clip = played(list(stamps))
    assert times[199] == pytest.approx(19.9, abs=1.5)
    assert times[200:] == pytest.approx(stamps[200:], abs=0.01)
    assert 80 < clip.odd <= 100


def bursts(
    rate: float, every_s: float, seconds: float, clock: float = 1.0
) -> list[tuple[float, float, float]]:
    """(stamp, arrival, time) of pictures that come together."""
    found = []
    for n in range(int(seconds * rate)):
        taken = n / rate
        arrival = (math.floor(taken / every_s + 1e-9) + 1) * every_s
        found.append((7000 + taken * clock, 500 + arrival + 1e-5 * (n % 7), 500 + taken))
    return found


@pytest.mark.parametrize(("rate", "every_s"), [(15, 1.0), (10, 2.0), (25, 0.4), (10, 6.0)])
@pytest.mark.parametrize("stamped", [True, False])
def test_pictures_that_come_together_keep_times(rate: float, every_s: float, stamped: bool) -> None:
    """Pictures that come together keep their own times."""
    time = LiveTime()
    given_ = bursts(rate, every_s, 60)
    found = [(time.at(stamp if stamped else None, arrival), arrival) for stamp, arrival, _ in given_]
    late = found[len(found) // 4 :]
    steps = [b[0] - a[0] for a, b in itertools.pairwise(late) if a[0] is not None and b[0] is not None]
    assert len(steps) == len(late) - 1
    assert min(steps) > 0.5 / rate
    assert max(steps) < 1.5 / rate
    assert all(at is not None and at <= arrival + 0.001 * 60 for at, arrival in found)
    assert time.word == ("capture" if stamped else "arrival")
    thin = Thin(5)
    assert sum(thin.wanted(at) for at, _ in late if at is not None) == pytest.approx(45 * 5, rel=0.05)


@given(st.lists(st.tuples(any_stamp, st.floats(0, 30)), min_size=1, max_size=80))
def test_live_time_rises_and_is_never_later(pictures: list[tuple[float | None, float]]) -> None:
    """Live time rises and is never later than the arrival."""
    time, arrival, last = LiveTime(), 100.0, -math.inf
    for number, (stamp, pause) in enumerate(pictures):
        arrival += pause
        at = time.at(stamp, arrival)
        if at is not None:
            assert last < at <= arrival + 0.001 * (number + 1)
            assert at >= arrival - LATE_S - 1e-6
            last = at


def test_a_clock_that_drifts_is_followed_for_hours() -> None:
    time = LiveTime()
    for stamp, arrival, taken in bursts(5, 0.2, 3 * 3600, clock=1 - 200e-6):
        at = time.at(stamp, arrival)
        assert at is not None
        assert abs(at - taken - 0.2) < 0.05


@pytest.mark.parametrize("clock", [0.5, 2.0, 0.0])
def test_stamps_of_no_clock_are_left_for_the_arrival(clock: float) -> None:
    time = LiveTime()
    for stamp, arrival, _ in bursts(10, 0.1, 120, clock):
        at = time.at(stamp, arrival)
    assert time.word == "arrival"
    assert at == pytest.approx(arrival, abs=0.01)


def test_a_picture_that_comes_in_two_pieces_is_one() -> None:
    """GStreamer's key frames come from OpenCV twice, with one stamp."""
    time, taken = LiveTime(), 0
    for n in range(200):
        taken += time.at(n / 10, 50 + n / 10) is not None
        if n % 10 == 0:
            assert time.at(n / 10, 50 + n / 10 + 0.003) is None or n == 0
    assert taken == 200


@pytest.mark.parametrize("rate", [5, 6, 7.5, 10, 12.5, 25, 30])
def test_five_second_are_taken_also_when_pictures_come(rate: float) -> None:
    """Five a second are taken also when pictures come a little early or late."""
    thin = Thin(5)
    moments = [n / rate + 0.01 * math.sin(n * n) for n in range(int(60 * rate))]
    assert sum(map(thin.wanted, moments)) == pytest.approx(300, abs=3)
