"""FrameSource: pictures of the street, one after the other.

Privacy masks are burned in before a frame leaves the source.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from pole_agent.errors import CameraError
from pole_agent.frame import Frame


class ClipBrokeOff(CameraError):
    """A file ends before its end; its frames up to there were given."""


class FrameSource(Protocol):
    """One opening of a camera or a clip."""

    def open(self) -> None:
        """Start. Returns at once; trouble shows at `next`."""
        ...

    async def next(self) -> Frame | None:
        """The next frame, None at the end of a clip.

        Raises CameraError, also when nothing comes for too long; ClipBrokeOff at the end of a file that is
        not complete.
        """
        ...

    def close(self) -> None:
        """Let go; never blocks, whatever hangs. May be called twice."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A source that says more of itself than its frames do."""

    @property
    def waits(self) -> str:
        """Why no frame comes, while it is right to wait for one; else empty."""
        ...

    @property
    def facts(self) -> dict[str, str]:
        """For ``health``: ``time``, what the times of the frames are made from, and how the stream comes."""
        ...
