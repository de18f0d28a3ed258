"""The sign at the pole: does it still say what the pole does?"""

from __future__ import annotations

from collections.abc import Iterator

from pole_agent.conduct import digest
from pole_agent.doctor.finding import Finding
from pole_agent.languages import phrase
from pole_agent.settings import Settings


def sign(settings: Settings) -> Iterator[Finding]:
    """The hash on it, as `[pole] sign` gives it, is that of today's conduct.

    Where nobody has said which sign hangs there, one is sure: keeping trajectories is off by default, so an
    older sign does not tell of it.
    """
    now, printed = digest(settings), settings.pole.sign
    fix = phrase("sign-fix", hash=now[:8])
    if printed and now.startswith(printed):
        yield Finding("sign", "ok", phrase("sign-current", hash=printed[:8]))
    elif printed:
        yield Finding("sign", "warn", phrase("sign-outdated", printed=printed[:8], now=now[:8]), fix)
    elif settings.cameras and settings.storage.trajectory_days:
        yield Finding("sign", "warn", phrase("sign-before-trajectories"), fix)
    else:
        yield Finding("sign", "unknown", phrase("sign-not-given"), fix)
