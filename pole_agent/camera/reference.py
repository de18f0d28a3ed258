"""The size of picture that the masks, zones and lines of a camera were drawn on.

They are fractions of it. A camera that changes the shape of its picture, at night or after an update of its
own, moves them without a word. So the size is what the configuration says, else the first that this source
ever showed, kept over restarts: a pole that starts at night must not take the wrong shape for the right one.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from pole_agent.frame import Size
from pole_agent.replacing import replace_file
from pole_agent.settings.reading import regular_file
from pole_agent.threads import Thread

log = logging.getLogger(__name__)

MAX_BYTES = 4096


class Reference:
    """`size` is (width, height) in pixels; None until the first picture, when nobody knows it."""

    def __init__(
        self,
        given: Size | None = None,
        file: Path | None = None,
        source: str = "",
        *,
        read_only: bool = False,
    ) -> None:
        """`given` by a person. `file` keeps it, as long as `source` is the same."""
        self._file, self._source, self._read_only = (
            file,
            hashlib.sha256(source.encode()).hexdigest(),
            read_only,
        )
        self._kept = self._read()
        self.size = given or self._kept

    def meet(self, size: Size) -> Size:
        """A picture has come: the size that counts. It is kept by a thread of its own, a disk may hang."""
        self.size = self.size or size
        if self._file is not None and self._kept != self.size and not self._read_only:
            self._kept = self.size
            Thread("size of the picture", self._keep, self._file, self.size)
        return self.size

    def _read(self) -> Size | None:
        if self._file is None:
            return None
        try:
            kept = json.loads(regular_file(self._file, MAX_BYTES))
            width, height = int(kept["width"]), int(kept["height"])
            return (width, height) if kept["source"] == self._source and width > 0 and height > 0 else None
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _keep(self, file: Path, size: Size) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(
                file,
                json.dumps({"source": self._source, "width": size[0], "height": size[1]}).encode(),
                0o644,
            )
        except OSError as error:
            log.warning(
                "%s cannot be written: %s; the shape of the picture is forgotten at the next start",
                file,
                error.strerror,
            )
