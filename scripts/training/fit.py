"""The training itself: a deadline in minutes, a checkpoint every minute, and a start where the last one
ended.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor

from training import loss, scenes, weather
from training.network import Network
from training.stills import Stills

SAVE_S = 60.0
TELL_S = 15.0
WARM_UP = 200  # steps
KEPT = 0.999  # of the averaged weights at each step
LEAST_RATE = 0.03  # of the first one, at the end
LARGEST_GRADIENT = 10.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`minutes` of training in all, over all its pieces; `batch` scenes a step; `rate` of learning."""

    minutes: float
    batch: int
    rate: float
    bins: int
    strides: tuple[int, ...]
    side: int
    anchor: float = 0.0  # weight of keeping to the features of the network at the start; 0: free


class Run:
    """Network, averaged weights, optimizer, and how long they have been at it."""

    def __init__(self, model: onnx.ModelProto, plan: Plan, device: torch.device) -> None:
        self.plan, self.device = plan, device
        self.network = Network(model).to(device)
        self.anchor = Network(model).to(device).requires_grad_(False)
        self.average = [p.detach().clone() for p in self.network.parameters()]
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=plan.rate, weight_decay=1e-3)
        self.spent_s, self.steps = 0.0, 0
        # Rounding to int8 is lost in bfloat16, which has as few digits
        self.exact = any(node.op_type == "QuantizeLinear" for node in model.graph.node)
        self.cells = loss.cells_of(plan.side, plan.strides, device)

    @property
    def progress(self) -> float:
        return min(1.0, self.spent_s / (60 * self.plan.minutes))

    def step(self, stills: Stills) -> dict[str, Tensor]:
        self._set_rate()
        levels, truth = scenes.scenes(stills, self.plan.batch, self.plan.side)
        clear, levels = levels, weather.through(levels).to(memory_format=torch.channels_last)
        half = self.device.type == "cuda" and not self.exact
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            outputs = self.network(levels)
            with torch.no_grad():
                meant = self.anchor(clear) if self.plan.anchor else {}
        parts = loss.loss(outputs, self.cells, truth, self.plan.strides, self.plan.bins)
        if meant:
            names = self.network.features
            off = [loss.unlike(outputs[name], meant[name]) for name in names]
            parts["anchor"] = self.plan.anchor * torch.stack(off).mean()
        total: Tensor = torch.stack(list(parts.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.steps += 1
        kept = min(KEPT, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.network.parameters()), 1 - kept)
        return {name: part.detach() for name, part in parts.items()}

    def _set_rate(self) -> None:
        fall = LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * self.progress))
        rate = self.plan.rate * fall * min(1.0, (self.steps + 1) / WARM_UP)
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def trained(self) -> onnx.ModelProto:
        """The graph with the averaged weights."""
        own = [p.detach().clone() for p in self.network.parameters()]
        self._load(self.average)
        model = self.network.write()
        self._load(own)
        return model

    def _load(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.network.parameters(), values, strict=True):
                parameter.copy_(value)

    def save(self, path: Path) -> None:
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "spent_s": self.spent_s,
            "steps": self.steps,
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.rename(path)

    def resume(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = [value.to(self.device) for value in state["average"]]
        self.spent_s, self.steps = state["spent_s"], state["steps"]


def fit(run: Run, stills: Stills, checkpoint: Path, piece_minutes: float) -> None:
    """Train until the plan's minutes are spent, or `piece_minutes` of this piece."""
    begun = last = saved = told = time.monotonic()
    sums: dict[str, Tensor] = {}
    count = 0
    while run.progress < 1 and time.monotonic() - begun < 60 * piece_minutes:
        parts = run.step(stills)
        for name, part in parts.items():
            sums[name] = sums.get(name, torch.zeros_like(part)) + part
        count += 1
        now = time.monotonic()
        run.spent_s, last = run.spent_s + now - last, now
        if now - told >= TELL_S:
            means = " ".join(f"{name} {float(value) / count:.3f}" for name, value in sums.items())
            print(f"{run.spent_s / 60:6.1f} min, step {run.steps}: {means}", flush=True)
            told, sums, count = now, {}, 0
        if now - saved >= SAVE_S:
            run.save(checkpoint)
            saved = now
    run.save(checkpoint)
