"""Where an object is in the picture, how fast it goes, and how well both are known.

A Kalman filter for each axis, of constant velocity that is disturbed by white acceleration: Bar-Shalom, Li,
Kirubarajan, "Estimation with Applications to Tracking and Navigation" (2001), chapter 6.2. Both axes are
written out, for calls are what costs here.
"""

from __future__ import annotations

from math import copysign, sqrt

SURE = 2.0  # standard deviations


class Motion:
    """A place and a velocity, with variances and covariance on each axis.

    Places are shares of the picture (across, down), velocities shares a second.
    """

    __slots__ = ("cov_x", "cov_y", "var_vx", "var_vy", "var_x", "var_y", "vx", "vy", "x", "y")

    def __init__(self, x: float, y: float, off: tuple[float, float], speed: tuple[float, float]) -> None:
        """It is at x, y; `off`: standard deviations of that, `speed`: of its velocity, which is not known."""
        self.x, self.y = x, y
        self.vx = self.vy = 0.0
        self.var_x, self.var_y = off[0] * off[0], off[1] * off[1]
        self.cov_x = self.cov_y = 0.0
        self.var_vx, self.var_vy = speed[0] * speed[0], speed[1] * speed[1]

    def predict(self, step: float, drive_x: float, drive_y: float) -> None:
        """Go on for `step` seconds.

        `drive`: the spectral density of the acceleration, squared shares a cubic second.
        """
        half = step * step / 2
        third = step * half * 2 / 3
        self.x += step * self.vx
        spread = self.cov_x + step * self.var_vx
        self.var_x += step * (self.cov_x + spread) + drive_x * third
        self.cov_x = spread + drive_x * half
        self.var_vx += drive_x * step
        self.y += step * self.vy
        spread = self.cov_y + step * self.var_vy
        self.var_y += step * (self.cov_y + spread) + drive_y * third
        self.cov_y = spread + drive_y * half
        self.var_vy += drive_y * step

    def correct(self, x: float, y: float, off_x: float, off_y: float) -> None:
        """It was seen at x, y, with these standard deviations."""
        share = 1 / (self.var_x + off_x * off_x)
        gain, turn, off = self.var_x * share, self.cov_x * share, x - self.x
        self.x += gain * off
        self.vx += turn * off
        self.var_vx -= turn * self.cov_x
        self.cov_x *= 1 - gain
        self.var_x *= 1 - gain
        share = 1 / (self.var_y + off_y * off_y)
        gain, turn, off = self.var_y * share, self.cov_y * share, y - self.y
        self.y += gain * off
        self.vy += turn * off
        self.var_vy -= turn * self.cov_y
        self.cov_y *= 1 - gain
        self.var_y *= 1 - gain

    def sure_velocity(self) -> tuple[float, float]:
        """How fast it goes on each axis at least, but for one case in twenty; 0 where that may be nothing."""
        return _least(self.vx, self.var_vx), _least(self.vy, self.var_vy)

    def fastest(self) -> tuple[float, float]:
        """How fast it goes on each axis at most, but for one case in twenty."""
        return abs(self.vx) + SURE * sqrt(self.var_vx), abs(self.vy) + SURE * sqrt(self.var_vy)

    def halt(self) -> None:
        """It is known to stand."""
        self.vx = self.vy = 0.0


def _least(velocity: float, variance: float) -> float:
    return copysign(max(0.0, abs(velocity) - SURE * sqrt(variance)), velocity)
