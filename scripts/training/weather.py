"""What light, weather, lens and codec do to a picture, on batches (n, 3, h, w) of levels 0 to 255, BGR.

Each effect is drawn for each picture alone; several come together, in the order of the world: light and
weather, lens, sensor, codec.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from pole_agent.vision.letterbox import BRIGHT, BRIGHTEST_SHARE, MAX_GAIN

GREY = (0.114, 0.587, 0.299)  # of blue, green, red
Effect = Callable[[Tensor], Tensor]


def rand(low: float, high: float, like: Tensor, per: int = 1) -> Tensor:
    """A number a picture (n, per, 1, 1)."""
    return torch.rand((len(like), per, 1, 1), device=like.device, dtype=like.dtype) * (high - low) + low


def grey_of(x: Tensor) -> Tensor:
    return (x * torch.tensor(GREY, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)).sum(1, keepdim=True)


def axes(x: Tensor) -> tuple[Tensor, Tensor]:
    """Places from 0 to 1 across and down: (1, 1, 1, w), (1, 1, h, 1)."""
    across = torch.linspace(0, 1, x.shape[3], device=x.device, dtype=x.dtype).view(1, 1, 1, -1)
    down = torch.linspace(0, 1, x.shape[2], device=x.device, dtype=x.dtype).view(1, 1, -1, 1)
    return across, down


def spots(x: Tensor, count: int, small: float, large: float) -> Tensor:
    """Soft round spots (n, 1, h, w), 1 in the middle of the brightest; sizes as a share of the picture."""
    across, down = axes(x)
    total = torch.zeros_like(x[:, :1])
    for _ in range(count):
        wide = rand(small, large, x)
        high = wide * rand(0.6, 1.6, x)
        there = (rand(0, 1, x) < 0.7).to(x.dtype)
        off = ((across - rand(0, 1, x)) / wide) ** 2 + ((down - rand(0, 1, x)) / high) ** 2
        total = torch.maximum(total, there * rand(0.4, 1, x) * (-off).exp())
    return total


def light(x: Tensor) -> Tensor:
    """Exposure, contrast, gamma and tint."""
    x = x * rand(0.6, 1.4, x)
    middle = x.mean((1, 2, 3), keepdim=True)
    x = ((x - middle) * rand(0.6, 1.35, x) + middle).clamp(0, 255)
    x = 255 * (x / 255 + 1e-4) ** (rand(-0.4, 0.4, x).exp())
    grey = grey_of(x)
    return (grey + (x - grey) * rand(0.2, 1.5, x)) * rand(0.9, 1.1, x, 3)


def night(x: Tensor) -> Tensor:
    """Little light, lamps that light parts of it, often yellow; noise grows with the gain of the camera."""
    lamps = rand(0.1, 1, x) + spots(x, 3, 0.1, 0.6) * rand(0, 1.5, x)
    tint = torch.cat([rand(0.45, 1.1, x), rand(0.8, 1.05, x), rand(0.9, 1.2, x)], 1)
    x = 255 * (x / 255 + 1e-4) ** rand(1, 1.8, x) * lamps * tint
    gain = torch.exp(rand(math.log(0.07), math.log(0.6), x))
    x = (x * gain).clamp(0, 255)
    noise = torch.randn_like(x) * rand(0.3, 4, x)
    gain = gain_of(x)
    return (x + noise) * torch.where(rand(0, 1, x) < 0.3, gain, torch.ones_like(gain))  # as some cameras do


def gain_of(x: Tensor) -> Tensor:
    """The factor (n, 1, 1, 1) by which the agent brightens dark pictures (pole_agent/vision/letterbox.py)."""
    peak = torch.quantile(grey_of(x).flatten(1)[:, ::5].float(), 1 - BRIGHTEST_SHARE, dim=1)
    return (BRIGHT / peak.clamp(min=1)).clamp(1, MAX_GAIN).view(-1, 1, 1, 1).to(x.dtype)


def infrared(x: Tensor) -> Tensor:
    """Grey, lit from the camera: bright near the middle, dark behind; leaves and cloth shine alike."""
    mix = torch.softmax(torch.randn((len(x), 3, 1, 1), device=x.device, dtype=x.dtype), 1)
    grey = (x * mix).sum(1, keepdim=True)
    flat = functional.avg_pool2d(grey, 31, 1, 15, count_include_pad=False)
    grey = grey * rand(0.3, 1, x) + (grey - flat) * rand(0, 0.8, x) + rand(0, 90, x)
    across, down = axes(x)
    off = ((across - rand(0.3, 0.7, x)) ** 2 + (down - rand(0.3, 0.9, x)) ** 2) / rand(0.15, 1.5, x)
    grey = grey.clamp(0, 255) * (rand(0.1, 0.5, x) + (-off).exp()) * rand(0.4, 1.3, x)
    return (grey + torch.randn_like(grey) * rand(0.5, 6, x)).expand_as(x)


def insects(x: Tensor) -> Tensor:
    """Bright blurred spots and strokes before the lens: nobody."""
    return x + spots(x, 5, 0.008, 0.06) * rand(60, 255, x)


def glare(x: Tensor) -> Tensor:
    """Headlights, the sun, and their haze."""
    return x + spots(x, 3, 0.01, 0.12) * rand(100, 500, x) + spots(x, 1, 0.2, 0.8) * rand(0, 110, x)


def fog(x: Tensor) -> Tensor:
    """Haze, spray, a wet lens: towards one grey, more so above."""
    _, down = axes(x)
    thick = (rand(0.1, 0.7, x) * (1 - down * rand(0, 0.9, x))).clamp(0, 1)
    return x * (1 - thick) + rand(70, 230, x) * thick


def rain(x: Tensor) -> Tensor:
    """Streaks, all of a picture the same way."""
    drops = (torch.rand_like(x[:, :1]) > rand(0.992, 0.999, x)).to(x.dtype)
    streaks = moved_by(drops, length=21, lean=0.35) * rand(300, 1200, x)
    return x * rand(0.7, 1, x) + streaks.clamp(0, 140)


def lines(x: Tensor, length: int, lean: float | None) -> Tensor:
    """A line kernel for each picture (n, 1, k, k); nearly upright for a `lean`, else any way."""
    steps = torch.arange(length, device=x.device, dtype=torch.float32) - length // 2
    y, z = torch.meshgrid(steps, steps, indexing="ij")
    free = rand(0, math.pi, x).float() if lean is None else rand(-lean, lean, x).float()
    across = y[None, None] * torch.sin(free) - z[None, None] * torch.cos(free)
    along = y[None, None] * torch.cos(free) + z[None, None] * torch.sin(free)
    kernel = (-(across**2) / 0.5).exp() * (along.abs() <= rand(length / 6, length / 2, x).float())
    return kernel / kernel.sum((2, 3), keepdim=True).clamp(min=1e-6)


def moved_by(x: Tensor, length: int, lean: float | None = None) -> Tensor:
    """Blurred along a line."""
    n, c, h, w = x.shape
    kernel = lines(x, length, lean).to(x.dtype).expand(n, c, length, length).reshape(n * c, 1, length, length)
    return functional.conv2d(x.reshape(1, n * c, h, w), kernel, padding=length // 2, groups=n * c).reshape(
        n, c, h, w
    )


def shake(x: Tensor) -> Tensor:
    return moved_by(x, 9)


def blur(x: Tensor) -> Tensor:
    """Out of focus."""
    n, c, h, w = x.shape
    steps = torch.arange(9, device=x.device, dtype=torch.float32) - 4
    bell = (-(steps**2) / (2 * rand(0.4, 2.2, x).view(n, 1).float() ** 2)).exp()
    bell = (bell / bell.sum(1, keepdim=True)).to(x.dtype).repeat_interleave(c, 0)
    x = functional.conv2d(x.reshape(1, n * c, h, w), bell.view(n * c, 1, 1, 9), padding=(0, 4), groups=n * c)
    return functional.conv2d(x, bell.view(n * c, 1, 9, 1), padding=(4, 0), groups=n * c).reshape(n, c, h, w)


def coarse(x: Tensor) -> Tensor:
    """A camera of few pixels."""
    factor = float(torch.rand(()) * 1.6 + 1.2)
    small = functional.interpolate(x, scale_factor=1 / factor, mode="area")
    return functional.interpolate(small, size=x.shape[2:], mode="bilinear", align_corners=False)


def noise(x: Tensor) -> Tensor:
    return x + torch.randn_like(x) * rand(1, 14, x)


def hidden(x: Tensor) -> Tensor:
    """Something before the street: a post, a leaf, a sign."""
    across, down = axes(x)
    for _ in range(2):
        wide, high = rand(0.01, 0.12, x), rand(0.03, 0.4, x)
        left, top = rand(0, 1, x), rand(0, 1, x)
        there = (across > left) & (across < left + wide) & (down > top) & (down < top + high)
        x = torch.where(there, rand(0, 255, x, 3) + torch.zeros_like(x), x)
    return x


LUMA = (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99)  # fmt: skip  # noqa: E501


def compressed(x: Tensor) -> Tensor:
    """Blocks of 8 x 8 whose cosine waves are rounded, as JPEG and the video codecs do it."""
    n, _, h, w = x.shape
    b, g, r = x.unbind(1)
    y = 0.299 * r + 0.587 * g + 0.114 * b
    planes = torch.stack([y, (b - y) * 0.564, (r - y) * 0.713], 1)
    step = torch.arange(8, device=x.device, dtype=x.dtype)
    wave = torch.cos((2 * step[None] + 1) * step[:, None] * math.pi / 16) * 0.5
    wave[0] *= math.sqrt(0.5)
    blocks = planes.reshape(n, 3, h // 8, 8, w // 8, 8).permute(0, 1, 2, 4, 3, 5)
    waves = wave @ blocks @ wave.T
    table = torch.tensor(LUMA, device=x.device, dtype=x.dtype).view(8, 8)
    rough = rand(0.6, 4, x).view(n, 1, 1, 1, 1, 1) * torch.tensor(
        [1.0, 1.8, 1.8], device=x.device, dtype=x.dtype
    ).view(1, 3, 1, 1, 1, 1)
    table = (table * rough).clamp(min=1)
    blocks = wave.T @ ((waves / table).round() * table) @ wave
    y, u, v = blocks.permute(0, 1, 2, 4, 3, 5).reshape(n, 3, h, w).unbind(1)
    return torch.stack([y + u / 0.564, y - 0.344 * u / 0.564 - 0.714 * v / 0.713, y + v / 0.713], 1)


# Effect and chance, in order. Night and infrared exclude each other.
EFFECTS: tuple[tuple[Effect, float], ...] = (
    (hidden, 0.15),
    (light, 0.6),
    (night, 0.22),
    (infrared, 0.2),
    (fog, 0.08),
    (rain, 0.1),
    (glare, 0.12),
    (insects, 0.08),
    (blur, 0.2),
    (shake, 0.1),
    (coarse, 0.15),
    (noise, 0.15),
    (compressed, 0.35),
)


def through(x: Tensor) -> Tensor:
    """A batch through a drawn part of the effects, brightened where it is dark, as the agent does it."""
    dark = torch.rand(len(x), device=x.device)
    x = x.contiguous().clone()
    for effect, chance in EFFECTS:
        if effect is night:
            chosen = dark < chance
        elif effect is infrared:
            chosen = dark > 1 - chance
        else:
            chosen = torch.rand(len(x), device=x.device) < chance
        at = chosen.nonzero().flatten()
        if len(at):
            x[at] = effect(x[at]).clamp(0, 255)
    x = x.round()
    return (x * gain_of(x)).clamp(0, 255).round()
