"""What the lamp wants done beside the pin: the loop carries it out. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from pole_agent.vocabulary import RecordEvent


@dataclass(frozen=True, slots=True)
class Keep:
    """Write this row of the store, and the event in the same transaction. `text` None: the row goes."""

    key: str
    text: str | None
    event: RecordEvent | None = None


@dataclass(frozen=True, slots=True)
class KeepLedger:
    """Write the ledger, and the nights that are finished as events with it."""


@dataclass(frozen=True, slots=True)
class Record:
    """Store this event."""

    event: RecordEvent


@dataclass(frozen=True, slots=True)
class LogReasons:
    """Why the lamp is as it is from now on, as JSON for `pole-agent why lamp`. Written along with what is
    written next.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Announce:
    """The state of the lamp has changed: tell it."""


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the journal; `warning`: somebody should look."""

    text: str
    warning: bool = False


Effect = Keep | KeepLedger | Record | LogReasons | Announce | Log
