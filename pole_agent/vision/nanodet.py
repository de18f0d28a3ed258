"""Outputs of NanoDet and NanoDet-Plus -> candidates. Work is done on candidates only: most cells hold
nothing.

NanoDet (Lyu, github.com/RangiLyu/nanodet): each cell of a stride gives class scores and, for each of the four
sides, a distribution over distances 0 to 10 in units of the stride (generalized focal loss); the distance is
its expectation. NanoDet measures from the middle of a cell, NanoDet-Plus from its corner.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pole_agent.vision.candidates import Ballot, Candidates, Floats, ranked


class NanoDetDecoder:
    """Decodes the outputs ``scores_s`` (1, cells, classes) and ``boxes_s`` (1, cells, 4 × bins) of the
    strides s.

    Only the classes of the `ballot` are looked at. `centre`: from where a cell measures, in cells.
    """

    def __init__(
        self,
        width: int,
        height: int,
        strides: Sequence[int],
        bins: int,
        ballot: Ballot,
        *,
        centre: float = 0.5,
    ) -> None:
        self._ballot = ballot
        self._bins = bins
        self._projection = np.arange(bins, dtype=np.float32)
        self._centres = []
        self._rows = []
        self._strides = list(strides)
        self.output_names = [f"{word}_{stride}" for stride in strides for word in ("scores", "boxes")]
        for stride in strides:
            xs, ys = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
            cells = np.stack([xs.ravel(), ys.ravel()], axis=1).astype(np.float32)
            self._centres.append((cells + centre) * stride)
            self._rows.append(np.arange(len(cells)))

    def decode(self, outputs: Sequence[Floats], min_score: float) -> Candidates:
        """Return the candidates that score at least `min_score`, at most 300, best first."""
        parts = []
        for index, (stride, centres) in enumerate(zip(self._strides, self._centres, strict=True)):
            wanted = outputs[2 * index][0][:, self._ballot.wanted]
            columns = wanted.argmax(axis=1)  # one class a cell
            best = wanted[self._rows[index], columns]
            cells = np.flatnonzero(best >= min_score)  # false for NaN
            if not len(cells):
                continue
            raw = outputs[2 * index + 1][0][cells].reshape(-1, 4, self._bins)
            weights = np.exp(raw - raw.max(axis=2, keepdims=True))
            distances = (weights @ self._projection) / weights.sum(axis=2) * stride
            middle = centres[cells]
            boxes = np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], axis=1)
            scores = self._ballot.count(wanted[cells], columns[cells])
            parts.append(Candidates(boxes, scores, self._ballot.wanted[columns[cells]]))
        return ranked(parts)
