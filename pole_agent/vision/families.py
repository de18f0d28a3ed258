"""The model families that the agent understands. A card names its family; everything else follows from here.

To add one: a decoder in a file of its own, and an entry in FAMILIES.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pole_agent.vision.candidates import Ballot, Candidates, Floats
from pole_agent.vision.card import ModelCard
from pole_agent.vision.nanodet import NanoDetDecoder
from pole_agent.vision.yolox import YoloxDecoder


class Decoder(Protocol):
    """Raw outputs of a network, in the order of `output_names` -> candidates in input pixels."""

    @property
    def output_names(self) -> Sequence[str]: ...

    def decode(self, outputs: Sequence[Floats], min_score: float) -> Candidates: ...


@dataclass(frozen=True, slots=True)
class Family:
    """How models of one family answer: `outputs` are the names and shapes expected, `decoder` reads them."""

    outputs: Callable[[ModelCard], dict[str, list[int]]]
    decoder: Callable[[ModelCard, Ballot], Decoder]
    answer: str


def _nanodet_outputs(card: ModelCard) -> dict[str, list[int]]:
    shapes = {}
    for stride in card.strides:
        cells = (card.width // stride) * (card.height // stride)
        shapes[f"scores_{stride}"] = [1, cells, len(card.classes)]
        shapes[f"boxes_{stride}"] = [1, cells, 4 * card.bins]
    return shapes


def _yolox_outputs(card: ModelCard) -> dict[str, list[int]]:
    cells = sum((card.width // s) * (card.height // s) for s in card.strides)
    return {"output": [1, cells, 5 + len(card.classes)]}


FAMILIES = {
    "nanodet": Family(
        _nanodet_outputs,
        lambda card, ballot: NanoDetDecoder(card.width, card.height, card.strides, card.bins, ballot),
        "for each stride s, scores_s (1, cells, classes) and boxes_s (1, cells, 4 × bins)",
    ),
    "nanodet-plus": Family(
        _nanodet_outputs,
        lambda card, ballot: NanoDetDecoder(
            card.width, card.height, card.strides, card.bins, ballot, centre=0.0
        ),
        "as nanodet; a cell measures from its corner",
    ),
    "yolox": Family(
        _yolox_outputs,
        lambda card, ballot: YoloxDecoder(card.width, card.height, card.strides, ballot),
        "output (1, cells of all strides, 5 + classes)",
    ),
}


def supported() -> str:
    """The families and the outputs they must have, one line."""
    return "; ".join(f"{name}: {family.answer}" for name, family in FAMILIES.items())
