"""FrameSource: pictures of the street, one after the other. Privacy masks are burned in before a frame leaves the source."""

from __future__ import annotations

from typing import Protocol

from pole_agent.frame import Frame


class FrameSource(Protocol):
    """One opening of a camera or a clip."""

    def open(self) -> None:
        """Start. Returns at once; trouble shows at `next`."""
        ...

    async def next(self) -> Frame | None:
        """The next frame, None at the end of a clip. Raises CameraError, also when nothing comes for too long."""
        ...

    def close(self) -> None:
        """Let go; never blocks, whatever hangs. May be called twice."""
        ...
