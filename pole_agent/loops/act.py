"""What the judge of a camera asks for is carried out: the lamp first, in memory; the disk second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pole_agent.vocabulary import BoostLamp, RecordEvent, RequestDrone, Response


class Act:
    """Called with the responses of a frame. Never blocks, never raises."""

    def __init__(
        self,
        *,
        boost: Callable[[BoostLamp], None],
        request: Callable[[RequestDrone], None],
        record: Callable[[RecordEvent], None],
        tell: Callable[[RecordEvent], None],
    ) -> None:
        """`tell` writes what was recorded into the log."""
        self._boost, self._request, self._record, self._tell = boost, request, record, tell

    def __call__(self, responses: Sequence[Response]) -> None:
        for response in responses:
            match response:
                case BoostLamp():
                    self._boost(response)
                case RequestDrone():
                    self._request(response)
                case RecordEvent():
                    self._record(response)
                    self._tell(response)
