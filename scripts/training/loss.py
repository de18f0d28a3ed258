"""What the network is told: which cells answer for which box, and how far off they are.

Cells are chosen by how well they do already (task-aligned assignment): for each box the ten cells within
it whose score of its class times overlap to the sixth is largest. Scores are trained to the overlap that the
cell reaches (quality focal loss), boxes by generalized IoU and the distribution over distances.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

TOP = 10  # cells for a box
SHARP = 6.0
LEAST_SIDE = 12.0  # pixels: a smaller box is given the cells within such a square
GIOU, DISTANCES = 2.0, 0.35  # weights beside the loss of scores


class Truth(NamedTuple):
    """Boxes of a batch: (n, g, 4) in input pixels; classes (n, g); trust (n, g): 1 for a box by hand, less
    for what a teacher found, 0 for an empty place; blind (n, g): what is there is neither right nor wrong.
    """

    boxes: Tensor
    classes: Tensor
    trust: Tensor
    blind: Tensor


class Cells(NamedTuple):
    """Centres (cells, 2) in input pixels and strides (cells,)."""

    centres: Tensor
    strides: Tensor


def cells_of(side: int, strides: Sequence[int], device: torch.device) -> Cells:
    centres, sizes = [], []
    for stride in strides:
        steps = (torch.arange(side // stride, device=device) + 0.5) * stride
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        centres.append(torch.stack([x, y], -1).reshape(-1, 2))
        sizes.append(torch.full((len(centres[-1]),), float(stride), device=device))
    return Cells(torch.cat(centres), torch.cat(sizes))


def corners(sides: Tensor, cells: Cells, bins: int) -> Tensor:
    """Boxes (n, cells, 4) from the distributions (n, cells, 4 * bins)."""
    n, c, _ = sides.shape
    steps = torch.arange(bins, device=sides.device, dtype=torch.float32)
    far = (sides.reshape(n, c, 4, bins).softmax(-1) * steps).sum(-1) * cells.strides[:, None]
    return torch.cat([cells.centres - far[..., :2], cells.centres + far[..., 2:]], -1)


def overlaps(a: Tensor, b: Tensor, generalized: bool = False) -> Tensor:
    """IoU of boxes (…, 4) that broadcast."""
    meet = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    inter = meet[..., 0] * meet[..., 1]
    area_a = (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1)
    area_b = (b[..., 2:] - b[..., :2]).clamp(min=0).prod(-1)
    union = area_a + area_b - inter + 1e-6
    if not generalized:
        return inter / union
    hull = (
        (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    )
    return inter / union - (hull - union) / (hull + 1e-6)


def within(cells: Cells, boxes: Tensor) -> Tensor:
    """Whether cells lie in boxes (n, g, 4): (n, g, cells)."""
    middle, half = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2:] - boxes[..., :2]) / 2
    half = half.clamp(min=LEAST_SIDE / 2)
    return ((cells.centres - middle[:, :, None]).abs() < half[:, :, None]).all(-1)


@torch.no_grad()  # type: ignore[untyped-decorator]
def assign(scores: Tensor, boxes: Tensor, cells: Cells, truth: Truth) -> tuple[Tensor, Tensor, Tensor]:
    """For each cell: the score (n, cells, classes) and box (n, cells, 4) it should have, and the weight of
    its score (n, cells).
    """
    _, count, classes = scores.shape
    there = (truth.trust > 0) & ~truth.blind
    inside = within(cells, truth.boxes)
    fits = overlaps(boxes[:, None], truth.boxes[:, :, None])  # n, g, cells
    says = scores.gather(2, truth.classes[:, None].expand(-1, count, -1)).transpose(1, 2)
    merit = (says * fits**SHARP + 1e-9) * (inside & there[..., None])
    best = merit.topk(TOP, dim=-1)
    chosen = torch.zeros_like(inside).scatter(2, best.indices, best.values > 0)
    # A cell within several boxes answers for the one that it fits best.
    owner = torch.where(chosen, fits + 1e-6, torch.zeros_like(fits)).argmax(1)
    mine = chosen & (torch.arange(chosen.shape[1], device=owner.device)[:, None] == owner[:, None])
    merit, fits = merit * mine, fits * mine
    scale = fits.amax(-1, keepdim=True) / merit.amax(-1, keepdim=True).clamp(min=1e-12)
    quality = (merit * scale).amax(1)  # n, cells
    trust = truth.trust.gather(1, owner)
    label = truth.classes.gather(1, owner)
    wanted = functional.one_hot(label, classes) * (quality * trust)[..., None]
    target = truth.boxes.gather(1, owner[..., None].expand(-1, -1, 4))
    blind = (inside & truth.blind[..., None]).any(1) & (quality == 0)
    return wanted, target, (~blind).float()


def loss(
    outputs: dict[str, Tensor], cells: Cells, truth: Truth, strides: Sequence[int], bins: int
) -> dict[str, Tensor]:
    """The three parts, weighted; their sum is minimized."""
    logits = torch.cat([outputs[f"scores_{s}"] for s in strides], 1).float()
    sides = torch.cat([outputs[f"boxes_{s}"] for s in strides], 1).float()
    boxes = corners(sides, cells, bins)
    wanted, target, weight = assign(logits.detach().sigmoid(), boxes.detach(), cells, truth)
    total = wanted.sum().clamp(min=1)
    wrong = (logits.sigmoid() - wanted).abs() ** 2
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    score = (entropy * wrong * weight[..., None]).sum() / total
    strong = wanted.amax(-1)
    at = strong > 0
    counted = strong[at]
    giou = ((1 - overlaps(boxes[at], target[at], generalized=True)) * counted).sum() / total
    centres, step = cells.centres.expand(len(at), -1, -1)[at], cells.strides.expand(len(at), -1)[at][:, None]
    far = torch.cat([centres - target[at][:, :2], target[at][:, 2:] - centres], -1) / step
    far = far.clamp(0, bins - 1.01)
    low = far.floor().long()
    spread = sides[at].reshape(-1, bins)
    below = functional.cross_entropy(spread, low.reshape(-1), reduction="none").reshape(-1, 4)
    above = functional.cross_entropy(spread, low.reshape(-1) + 1, reduction="none").reshape(-1, 4)
    distance = (below * (low + 1 - far) + above * (far - low)).mean(-1)
    return {"score": score, "giou": GIOU * giou, "distance": DISTANCES * (distance * counted).sum() / total}


def unlike(features: Tensor, meant: Tensor) -> Tensor:
    """How far features (n, c, h, w) are from what is meant, as a share of its spread."""
    features, meant = features.float(), meant.float()
    return ((features - meant) ** 2).mean() / (meant.var() + 1e-6)
