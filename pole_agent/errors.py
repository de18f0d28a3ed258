"""Every error that the agent names. Adapters translate foreign exceptions at their edge, with `raise … from`.

PoleAgentError
 ├── ConfigError         the configuration, with every problem found
 ├── CameraError         a source that does not open, ends, hangs or sends garbage
 ├── ModelError          a model file or card that is not what was expected
 ├── LampError           the pin or the PWM chip
 ├── OutboxError         the database cannot be read or written
 ├── CommandRefused      a command from outside that may not be acted on
 ├── RemoteError         the regency's repository: it does not answer, or what came does not verify
 │    └── Frozen           its signatures are right and too old
 └── UplinkError         the broker
      ├── Withdrawn        the message was taken back before it left
      ├── LinkLost         the connection is gone; what was not acknowledged stays ours
      └── PublishRefused   the broker answered with a reason code of failure
"""

from __future__ import annotations

from dataclasses import dataclass

from pole_agent.languages import phrase, together


class PoleAgentError(Exception):
    """The root. Its text is one line: the cause and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a configuration: the key path and what is wrong there."""

    path: str
    text: str

    def __str__(self) -> str:
        return phrase("at-key", key=self.path, problem=self.text) if self.path else self.text


MAX_TOLD = 10


class ConfigError(PoleAgentError):
    """A configuration that cannot be used; `problems` holds all of them, the text the first ones."""

    def __init__(self, problems: list[Problem]) -> None:
        more = [phrase("and-more", count=len(problems) - MAX_TOLD)] if len(problems) > MAX_TOLD else []
        super().__init__(together([*map(str, problems[:MAX_TOLD]), *more]))
        self.problems = problems


class CameraError(PoleAgentError):
    pass


class ModelError(PoleAgentError):
    pass


class LampError(PoleAgentError):
    pass


class OutboxError(PoleAgentError):
    pass


class CommandRefused(PoleAgentError):
    pass


class RemoteError(PoleAgentError):
    pass


class Frozen(RemoteError):
    """Nothing changes until the office signs anew; what runs goes on."""


class UplinkError(PoleAgentError):
    pass


class Withdrawn(UplinkError):
    pass


class LinkLost(UplinkError):
    pass


class TakenOver(LinkLost):
    """Another client came with our identity, and the broker let us go for it."""


class LinkSilent(LinkLost):
    """Nobody closed the connection, and the broker answers no more."""


class Learned(LinkLost):
    """The attempt failed, and showed what this broker does not bear: the next one goes another way."""


class NotAcknowledged(LinkLost):
    """The broker is there and answers, but leaves out acknowledgements: the line is not the cause."""


class PublishRefused(UplinkError):
    def __init__(self, reason_code: int, text: str) -> None:
        super().__init__(phrase("broker-refused", reason=text, code=f"0x{reason_code:02x}"))
        self.reason_code = reason_code
