"""New scenes from stills: zoomed, shifted, mirrored, squeezed, or four of them in one.

Small far people come from zooming out, close ones and cut ones from zooming in.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from training.loss import Truth
from training.stills import SIDE, Stills

FOURS = 0.45  # of the scenes are made of four stills
AS_IS = 0.2  # are a still as the agent would see it
MOST = 96  # boxes in a scene
LEAST_SEEN = 0.35  # of a box: with less of it in the picture it is neither right nor wrong
LEAST_PX = 4.0
PADDINGS = (0.0, 114.0)  # grey levels around a picture: the agent's own, and that of other tools


class Layer(NamedTuple):
    """Stills (m,) put into scenes at `place` (m, 4: left, top, right, bottom): a pixel x of the still goes to
    zoom * x + shift (m, 2 each).
    """

    still: Tensor
    zoom: Tensor
    shift: Tensor
    place: Tensor


def uniform(low: float, high: float, shape: tuple[int, ...], device: torch.device) -> Tensor:
    return torch.rand(shape, device=device) * (high - low) + low


def zooms(count: int, low: float, high: float, device: torch.device) -> Tensor:
    """Equally likely on a scale of logarithms, (count, 2), squeezed by up to 15 % either way."""
    both = uniform(math.log(low), math.log(high), (count, 1), device)
    squeeze = uniform(-0.14, 0.14, (count, 1), device)
    return torch.cat([both + squeeze / 2, both - squeeze / 2], 1).exp()


def one(stills: Stills, count: int, side: int) -> Layer:
    """A still a scene, a fifth of them as the agent would see them."""
    device = stills.sizes.device
    still = torch.randint(len(stills.sizes), (count,), device=device)
    size = stills.sizes[still]
    fit = side / size.amax(1, keepdim=True)
    plain = torch.rand((count, 1), device=device) < AS_IS
    zoom = torch.where(plain, fit, fit * zooms(count, 0.4, 2.0, device))
    room = side - size * zoom  # negative where the still is larger than the scene
    shift = torch.where(plain, torch.zeros_like(room), room * torch.rand((count, 2), device=device))
    place = torch.tensor([0.0, 0.0, side, side], device=device).expand(count, 4)
    return Layer(still, zoom, shift, place)


def four(stills: Stills, count: int, side: int) -> list[Layer]:
    """Four stills a scene, around a point near its middle."""
    device = stills.sizes.device
    cross = uniform(0.3, 0.7, (count, 2), device) * side
    layers = []
    for right, low in ((0, 0), (1, 0), (0, 1), (1, 1)):
        corner = torch.tensor([right, low], device=device)
        start, end = cross * corner, torch.where(corner > 0, torch.full_like(cross, side), cross)
        still = torch.randint(len(stills.sizes), (count,), device=device)
        size = stills.sizes[still]
        zoom = side / size.amax(1, keepdim=True) * zooms(count, 0.35, 1.3, device)
        room = (end - start) - size * zoom
        shift = start + room * torch.rand((count, 2), device=device)
        layers.append(Layer(still, zoom, shift, torch.cat([start, end], 1)))
    return layers


def painted(stills: Stills, layer: Layer, side: int, flip: Tensor, canvas: Tensor) -> Tensor:
    """`canvas` (m, 3, side, side) with the stills in their places; `flip` (m,) mirrors a still in itself."""
    device = canvas.device
    steps = torch.arange(side, device=device) + 0.5
    x = (steps - layer.shift[:, :1]) / layer.zoom[:, :1]  # m, side: pixels of the still
    y = (steps - layer.shift[:, 1:]) / layer.zoom[:, 1:]
    size = stills.sizes[layer.still]
    inside_x = (x >= 0) & (x < size[:, :1]) & (steps >= layer.place[:, :1]) & (steps < layer.place[:, 2:3])
    inside_y = (y >= 0) & (y < size[:, 1:]) & (steps >= layer.place[:, 1:2]) & (steps < layer.place[:, 3:4])
    x = torch.where(flip[:, None], size[:, :1] - x, x)
    m = len(x)
    grid = (
        torch.stack([x[:, None].expand(m, side, side), y[:, :, None].expand(m, side, side)], -1) * (2 / SIDE)
        - 1
    )
    source = stills.levels[layer.still].to(canvas.dtype)
    sharp = torch.rand((m, 1, 1, 1), device=device) < 0.5  # or averaged first, as a good camera does it
    soft = functional.interpolate(functional.avg_pool2d(source, 2), scale_factor=2, mode="nearest")
    source = torch.where(sharp | (layer.zoom.amax(1) > 0.75).view(m, 1, 1, 1), source, soft)
    drawn = functional.grid_sample(
        source, grid.to(canvas.dtype), mode="bilinear", padding_mode="border", align_corners=False
    )
    return torch.where((inside_y[:, :, None] & inside_x[:, None])[:, None], drawn, canvas)


def moved(stills: Stills, layer: Layer, flip: Tensor) -> tuple[Tensor, ...]:
    """Boxes, classes, trust and blindness of a layer's stills in their scenes, cut to their places."""
    boxes, width = stills.boxes[layer.still], stills.sizes[layer.still][:, None, :1]
    left, top, right, bottom = boxes.split(1, -1)
    mirrored = torch.cat([width - right, top, width - left, bottom], -1)
    boxes = torch.where(flip[:, None, None], mirrored, boxes)
    boxes = boxes * layer.zoom.repeat(1, 2)[:, None] + layer.shift.repeat(1, 2)[:, None]
    area = (boxes[..., 2:] - boxes[..., :2]).prod(-1)
    place = layer.place[:, None]
    cut = torch.cat(
        [
            torch.minimum(torch.maximum(boxes[..., :2], place[..., :2]), place[..., 2:]),
            torch.minimum(torch.maximum(boxes[..., 2:], place[..., :2]), place[..., 2:]),
        ],
        -1,
    )
    sides = cut[..., 2:] - cut[..., :2]
    seen = sides.prod(-1) / area.clamp(min=1e-6)
    trust = torch.where((sides > 1).all(-1), stills.trust[layer.still], torch.zeros_like(area))
    blind = stills.blind[layer.still] | (seen < LEAST_SEEN) | (sides.amax(-1) < LEAST_PX)
    return cut, stills.classes[layer.still], trust, blind


def scenes(stills: Stills, count: int, side: int) -> tuple[Tensor, Truth]:
    """`count` scenes (count, 3, side, side), levels 0 to 255, and what is in them."""
    device = stills.sizes.device
    fours = round(FOURS * count)
    padding = torch.tensor(PADDINGS, device=device)[torch.randint(len(PADDINGS), (count,), device=device)]
    canvas = padding.view(-1, 1, 1, 1).expand(count, 3, side, side)
    parts: list[list[tuple[Tensor, ...]]] = [[], []]
    drawn = []
    for group, layers, start in (
        (0, [one(stills, count - fours, side)], 0),
        (1, four(stills, fours, side), count - fours),
    ):
        picture = canvas[start : start + len(layers[0].still)]
        for layer in layers:
            flip = torch.rand(len(layer.still), device=device) < 0.5
            picture = painted(stills, layer, side, flip, picture)
            parts[group].append(moved(stills, layer, flip))
        drawn.append(picture)
    return torch.cat(drawn), truth_of(parts)


def truth_of(parts: list[list[tuple[Tensor, ...]]]) -> Truth:
    """Of each group of scenes what its layers hold, side by side; empty places last and cut off."""
    most = max(sum(layer[2].shape[1] for layer in group) for group in parts)
    columns: list[list[Tensor]] = [[], [], [], []]
    for group in parts:
        for index, column in enumerate(columns):
            value = torch.cat([layer[index] for layer in group], 1)
            pad = [0, 0] * (value.ndim - 2) + [0, most - value.shape[1]]
            column.append(functional.pad(value, pad))
    boxes, classes, trust, blind = (torch.cat(column) for column in columns)
    order = trust.argsort(1, descending=True)[:, :MOST]
    used = max(1, int((trust > 0).sum(1).max()))
    order = order[:, :used]
    return Truth(
        boxes.gather(1, order[..., None].expand(-1, -1, 4)),
        classes.gather(1, order),
        trust.gather(1, order),
        blind.gather(1, order),
    )
