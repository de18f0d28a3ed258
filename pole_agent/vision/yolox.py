"""YOLOX's output -> candidates.

YOLOX (Ge et al., arXiv 2107.08430): one row a cell of the strides, finest first: centre x and y relative to
the cell, logarithm of width and height, all in units of the stride; objectness; class scores. A detection
scores objectness × class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pole_agent.vision.candidates import NOTHING, Ballot, Candidates, Floats, ranked

MAX_LOG_SIDE = 10.0  # e^10 strides is beyond any picture; keeps the exponential finite


class YoloxDecoder:
    """Decodes the output ``output`` (1, cells, 5 + classes).

    Only the classes of the `ballot` are looked at.
    """

    output_names = ("output",)

    def __init__(self, width: int, height: int, strides: Sequence[int], ballot: Ballot) -> None:
        self._ballot = ballot
        cells, sizes = [], []
        for stride in strides:
            xs, ys = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
            cells.append(np.stack([xs.ravel(), ys.ravel()], axis=1).astype(np.float32))
            sizes.append(np.full((xs.size, 1), stride, np.float32))
        self._cells, self._sizes = np.concatenate(cells), np.concatenate(sizes)

    def decode(self, outputs: Sequence[Floats], min_score: float) -> Candidates:
        """Return the candidates that score at least `min_score`, at most 300, best first."""
        rows = outputs[0][0]
        # No class scores above 1, so objectness alone rules out nearly every cell.
        likely = np.flatnonzero(rows[:, 4] >= min_score)
        if not len(likely):
            return NOTHING
        scores = rows[likely][:, self._ballot.wanted + 5] * rows[likely, 4:5]
        columns = scores.argmax(axis=1)
        chosen = np.flatnonzero(scores[np.arange(len(likely)), columns] >= min_score)
        likely, columns = likely[chosen], columns[chosen]
        best = self._ballot.count(scores[chosen], columns)
        stride = self._sizes[likely]
        middle = (rows[likely, :2] + self._cells[likely]) * stride
        half = np.exp(np.minimum(rows[likely, 2:4], MAX_LOG_SIDE)) * stride / 2
        return ranked(
            [
                Candidates(
                    np.concatenate([middle - half, middle + half], axis=1), best, self._ballot.wanted[columns]
                )
            ]
        )
