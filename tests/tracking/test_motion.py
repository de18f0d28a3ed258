"""The Kalman filter of place and velocity, against its textbook form in matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pole_agent.tracking.motion import Motion

some = st.floats(0.001, 0.3)
looks = st.lists(st.tuples(st.floats(0.01, 2), st.floats(-1, 2), st.floats(-1, 2)), min_size=1, max_size=12)


def matrices(first: float, off: float, speed: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([first, 0.0]), np.diag([off * off, speed * speed])


def predicted(
    state: np.ndarray, spread: np.ndarray, step: float, drive: float
) -> tuple[np.ndarray, np.ndarray]:
    go = np.array([[1, step], [0, 1]])
    noise = drive * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
    return go @ state, go @ spread @ go.T + noise


def corrected(
    state: np.ndarray, spread: np.ndarray, seen: float, off: float
) -> tuple[np.ndarray, np.ndarray]:
    place = np.array([1.0, 0.0])
    gain = spread @ place / (place @ spread @ place + off * off)
    return state + gain * (seen - state[0]), spread - np.outer(gain, place @ spread)


@given(some, some, some, looks)
def test_it_is_the_filter_of_the_textbook(
    off: float, speed: float, drive: float, seen: list[tuple[float, float, float]]
) -> None:
    """Both axes, each with its own numbers; variances never below 0."""
    motion = Motion(0.4, 0.6, (off, 2 * off), (speed, speed / 2))
    x, y = matrices(0.4, off, speed), matrices(0.6, 2 * off, speed / 2)
    for step, at_x, at_y in seen:
        motion.predict(step, drive, drive / 3)
        motion.correct(at_x, at_y, off, 3 * off)
        x, y = predicted(*x, step, drive), predicted(*y, step, drive / 3)
        x, y = corrected(*x, at_x, off), corrected(*y, at_y, 3 * off)
        assert (motion.x, motion.vx) == pytest.approx(tuple(x[0]), rel=1e-6, abs=1e-9)
        assert (motion.y, motion.vy) == pytest.approx(tuple(y[0]), rel=1e-6, abs=1e-9)
        spreads = (motion.var_x, motion.cov_x, motion.var_vx)
        assert spreads == pytest.approx((x[1][0, 0], x[1][0, 1], x[1][1, 1]), rel=1e-6, abs=1e-9)
        spreads = (motion.var_y, motion.cov_y, motion.var_vy)
        assert spreads == pytest.approx((y[1][0, 0], y[1][0, 1], y[1][1, 1]), rel=1e-6, abs=1e-9)
        assert min(motion.var_x, motion.var_vx, motion.var_y, motion.var_vy) >= 0


def test_what_is_halted_stays() -> None:
    motion = Motion(0.1, 0.2, (0.01, 0.01), (0.1, 0.1))
    motion.vx, motion.vy = 0.1, 0.1
    motion.halt()
    motion.predict(5.0, 0.1, 0.1)
    assert (motion.x, motion.y) == (0.1, 0.2)


@pytest.mark.parametrize(
    ("velocity", "deviation", "least"),
    [(0.5, 0.1, 0.3), (-0.5, 0.1, -0.3), (0.5, 0.25, 0.0), (0.1, 0.4, 0.0), (-0.1, 0.4, 0.0)],
)
def test_what_is_sure_of_a_velocity(velocity: float, deviation: float, least: float) -> None:
    """Two standard deviations less, and never the other way."""
    motion = Motion(0.1, 0.2, (0.01, 0.01), (deviation, deviation / 2))
    motion.vx, motion.vy = velocity, 3.0
    assert motion.sure_velocity() == pytest.approx((least, 3.0 - deviation))
