"""Two poles with one identity, as after a copied SD card: both tell it, and neither fights for the name.
Pure: `now` is in monotonic seconds.
"""

from __future__ import annotations


class Twin:
    """`suffix`: what is added to our name at the broker. `parted`: our events go on under another store."""

    def __init__(self, boot_id: str) -> None:
        self._boot_id = boot_id
        self._meetings = 0
        self.suffix = ""
        self.parted = False

    def met(self, now: float) -> None:
        """Another client came under our name.

        We come back under it once: that throws the other out, so that it knows as well. Whoever is thrown out
        twice takes another name.
        """
        self._meetings += 1
        if self._meetings > 1 and not self.suffix:
            self.suffix = f"-twin-{self._boot_id[:4]}{int(now * 1000) % 10_000:04d}"

    @property
    def to_part(self) -> bool:
        """Is our store to end? The twin gives out the same numbers."""
        return self._meetings > 0 and not self.parted
