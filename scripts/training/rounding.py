"""Training with the rounding in the loop: an int8 graph learns to answer as the float graph behind it.

Weights, biases and the range of each activation are learned (LSQ: Esser et al. 2020, arXiv:1902.08153, for
the gradient of a step), against each activation of the float graph, its answers, and the boxes of the stills.
Ranges that calibration takes from the largest value alone cost an int8 network most where values are small:
in the dark.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from training import loss, scenes, weather
from training.fit import LARGEST_GRADIENT, TELL_S, Plan
from training.network import Network, key
from training.stills import Stills

RATE, RANGE_RATE = 2e-4, 5e-3  # of learning: of weights, and of ranges
WARM_UP = 50  # steps
KEPT = 0.995  # of the averaged weights at each step
# Weights of the parts of the loss, so that they are of one size
LIKE, ANSWERS, SIDES, LABELS = 2.0, 0.1, 0.02, 0.5
SEEN = 0.1  # a cell whose score is below says nothing of a box


class Rounded(Network):
    """A quantized graph (QDQ) whose ranges are parameters, each as (logarithm of the step, zero)."""

    def __init__(self, model: onnx.ModelProto) -> None:
        own = onnx.ModelProto()  # `write` changes it
        own.CopyFrom(model)
        super().__init__(own)
        self._ranges: dict[str, str] = {}  # name of a step -> name of its zero
        for node in model.graph.node:
            if node.op_type == "QuantizeLinear" and node.input[1] not in self._ranges:
                step, zero = node.input[1:3]
                self._ranges[step] = zero
                value = [math.log(float(self._constants[step])), float(self._constants[zero])]
                self.register_parameter(f"range_{key(step)}", nn.Parameter(torch.tensor(value)))

    def split(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """The weights and biases, and the ranges."""
        named = dict(self.named_parameters())
        ranges = [p for name, p in named.items() if name.startswith("range_")]
        return [p for name, p in named.items() if not name.startswith("range_")], ranges

    def grid(self, node: onnx.NodeProto, like: Tensor) -> tuple[Tensor, Tensor]:
        learned = getattr(self, f"range_{key(node.input[1])}")
        zero = learned[1] + (learned[1].round().clamp(0, 255) - learned[1]).detach()
        share = 1 / math.sqrt(like[0].numel() * 255)  # of the gradient: a range has it from all values
        return _slowed(learned[0].exp(), share), _slowed(zero, share)

    def write(self) -> onnx.ModelProto:
        stored = {i.name: i for i in self.model.graph.initializer}
        for step, zero in self._ranges.items():
            value = getattr(self, f"range_{key(step)}").detach().float().cpu()
            whole = np.array(int(value[1].round().clamp(0, 255)), np.uint8)
            stored[step].CopyFrom(numpy_helper.from_array(np.array(float(value[0].exp()), np.float32), step))
            stored[zero].CopyFrom(numpy_helper.from_array(whole, zero))
        return super().write()


def _slowed(value: Tensor, share: float) -> Tensor:
    return value * share + (value - value * share).detach()


def pairs(small: onnx.ModelProto, exact: onnx.ModelProto) -> list[tuple[str, str]]:
    """(activation of the float graph, what the int8 graph has in its place)."""
    made = {n.output[0] for n in exact.graph.node if n.op_type in ("LeakyRelu", "Relu")}
    rounded = {n.output[0]: n.input[0] for n in small.graph.node if n.op_type == "QuantizeLinear"}
    back = [n for n in small.graph.node if n.op_type == "DequantizeLinear" and n.input[0] in rounded]
    return [(rounded[n.input[0]], n.output[0]) for n in back if rounded[n.input[0]] in made]


def unlike(meant: dict[str, Tensor], known: dict[str, Tensor], plan: Plan) -> dict[str, Tensor]:
    """How far the answers are from those of the float graph, weighted."""
    answers, sides = [], []
    for stride in plan.strides:
        logits, wanted = known[f"scores_{stride}"], meant[f"scores_{stride}"].sigmoid()
        entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        answers.append(((logits.sigmoid() - wanted).abs() * entropy).sum())
        best = wanted.amax(-1)
        shape = (*best.shape, 4, plan.bins)
        given = known[f"boxes_{stride}"].reshape(shape).log_softmax(-1)
        asked = meant[f"boxes_{stride}"].reshape(shape).softmax(-1)
        sides.append((-(asked * given).sum(-1).mean(-1) * best * (best > SEEN)).sum())
    total = {"answers": ANSWERS * torch.stack(answers).sum(), "sides": SIDES * torch.stack(sides).sum()}
    return {name: value / plan.batch for name, value in total.items()}


def teach(
    small: onnx.ModelProto, exact: onnx.ModelProto, shown: Stills, plan: Plan, device: torch.device
) -> onnx.ModelProto:
    """`small`, the int8 graph made from `exact`, after `plan.minutes` of learning; in one piece."""
    network, teacher = Rounded(small).to(device), Network(exact).to(device).requires_grad_(False)
    places = pairs(small, exact)
    weights, ranges = network.split()
    own = [*weights, *ranges]
    average = [p.detach().clone() for p in own]
    optimizer = torch.optim.AdamW(
        [{"params": weights, "lr": RATE}, {"params": ranges, "lr": RANGE_RATE, "weight_decay": 0.0}],
        weight_decay=1e-4,
    )
    first = [group["lr"] for group in optimizer.param_groups]
    cells = loss.cells_of(plan.side, plan.strides, device)
    begun = told = time.monotonic()
    steps = 0
    while (spent := (time.monotonic() - begun) / (60 * plan.minutes)) < 1:
        for group, rate in zip(optimizer.param_groups, first, strict=True):
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * spent)) * min(1.0, (steps + 1) / WARM_UP)
        levels, truth = scenes.scenes(shown, plan.batch, plan.side)
        levels = weather.through(levels)
        with torch.no_grad():
            meant = teacher.activations(levels)
        known = network.activations(levels)
        apart = torch.stack([_apart(meant[a], known[b]) for a, b in places]).mean()
        parts = {"like": LIKE * apart, **unlike(meant, known, plan)}
        labels = loss.loss(known, cells, truth, plan.strides, plan.bins)
        parts |= {name: LABELS * part for name, part in labels.items()}
        total: Any = torch.stack(list(parts.values())).sum()
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(own, LARGEST_GRADIENT)
        optimizer.step()
        steps += 1
        with torch.no_grad():
            torch._foreach_lerp_(average, own, 1 - min(KEPT, (1 + steps) / (10 + steps)))
        if time.monotonic() - told >= TELL_S:
            told = time.monotonic()
            said = " ".join(f"{name} {float(part):.3f}" for name, part in parts.items())
            print(f"rounding: {100 * spent:.0f} %, step {steps}: {said}", flush=True)
    with torch.no_grad():
        for parameter, value in zip(own, average, strict=True):
            parameter.copy_(value)
    return network.write()


def _apart(meant: Tensor, known: Tensor) -> Tensor:
    """Each picture by its own spread: those of the dark are small, and count as much."""
    spread = meant.var((1, 2, 3), keepdim=True) + 1e-4
    return (((meant - known) ** 2).mean((1, 2, 3), keepdim=True) / spread).mean()
