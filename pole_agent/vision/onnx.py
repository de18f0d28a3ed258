"""The real detector: ONNX Runtime in a daemon thread of its own.

Daemon, because asyncio waits for its worker threads at exit: an inference or a model load that hangs must not hold up a stop.
A thread that hangs is abandoned, counted, and replaced; its late result is ignored.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from pole_agent.errors import ModelError
from pole_agent.frame import Frame
from pole_agent.vision import card as cards
from pole_agent.vision.decode import NanoDetDecoder, suppress
from pole_agent.vision.detector import WEAK_SCORE
from pole_agent.vision.letterbox import Letterbox
from pole_agent.vocabulary import Box, Detection

WANTED = ("person", "bicycle", "car", "motorcycle", "bus", "truck")
FAMILIES = ("nanodet",)
HANG_S = 15.0  # a Pi 3 needs well under a second a frame; after this the thread is given up
LOAD_S = 60.0


class OnnxModel:
    """A session and what belongs to it. Runs in one thread only."""

    def __init__(self, card: cards.ModelCard, threads: int) -> None:
        import onnxruntime  # here: it takes 100 ms, which the lamp does not wait for

        if card.family not in FAMILIES:
            raise ModelError(f'{card.path}: the family "{card.family}" is not supported; supported: {", ".join(FAMILIES)}')
        blob = cards.verify(card)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin between frames cost five times the CPU of the work itself at 5 frames a second.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(f"{card.path}: ONNX Runtime cannot load this model: {_first_line(error)}") from error
        self._check_signature(card)
        wanted = [i for i, name in enumerate(card.classes) if name in WANTED]
        self._names = card.classes
        self._max_overlap = card.max_overlap
        self._letterbox = Letterbox(card.width, card.height)
        self._decoder = NanoDetDecoder(card.width, card.height, card.strides, card.bins, wanted)

    def _check_signature(self, card: cards.ModelCard) -> None:
        expected: dict[str, tuple[str, list[int]]] = {"image": ("tensor(uint8)", [1, card.height, card.width, 3])}
        for stride in card.strides:
            cells = (card.width // stride) * (card.height // stride)
            expected[f"scores_{stride}"] = ("tensor(float)", [1, cells, len(card.classes)])
            expected[f"boxes_{stride}"] = ("tensor(float)", [1, cells, 4 * card.bins])
        found = {v.name: (v.type, v.shape) for v in (*self._session.get_inputs(), *self._session.get_outputs())}
        if found != expected:
            wrong = next(n for n in (*expected, *found) if found.get(n) != expected.get(n))
            raise ModelError(
                f"{card.path}: the model does not fit its card: {wrong} is {found.get(wrong, 'missing')}, "
                f"expected {expected.get(wrong, 'nothing of that name')}"
            )

    def detect(self, frame: Frame) -> list[Detection]:
        width, height = self._letterbox.fill(frame.image)
        outputs = self._session.run(self._decoder.output_names, {"image": self._letterbox.tensor})
        found = suppress(self._decoder.decode(outputs, WEAK_SCORE), self._max_overlap)
        boxes = [Box(a / width, b / height, c / width, d / height) for a, b, c, d in found.boxes.tolist()]
        return [
            Detection(box, score, self._names[label])
            for box, score, label in zip(boxes, found.scores.tolist(), found.classes.tolist(), strict=True)
        ]


class OnnxDetector:
    """Detector that runs `model` (a shipped name, or the path of a card) in its own thread."""

    def __init__(self, model: str, threads: int) -> None:
        self._model, self._threads = model, threads
        self._requests: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._loaded: OnnxModel | None = None
        self._running = False
        self.abandoned = 0

    async def open(self) -> None:
        def load() -> OnnxModel:
            return OnnxModel(cards.read(cards.find(self._model)), self._threads)

        if not self._running:
            threading.Thread(target=_serve, args=(self._requests,), name="detector", daemon=True).start()
            self._running = True
        self._loaded = await self._ask(load, LOAD_S)

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        model = self._loaded
        if model is None:
            raise ModelError("the detector is not open")
        result: list[Detection] = await self._ask(lambda: model.detect(frame), HANG_S)
        return result

    def close(self) -> None:
        self._requests.put(None)
        self._requests = queue.SimpleQueue()
        self._loaded, self._running = None, False

    async def _ask(self, work: Callable[[], Any], limit_s: float) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._requests.put((work, future))
        try:
            return await asyncio.wait_for(future, limit_s)
        except TimeoutError:
            self.abandoned += 1
            self.close()
            raise ModelError(f"the detector did not answer for {limit_s:.0f} s; its thread was replaced") from None


def _serve(requests: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None]) -> None:
    while (request := requests.get()) is not None:
        work, future = request
        try:
            result: Any = work()
            error: Exception | None = None
        except ModelError as known:
            result, error = None, known
        except Exception as unknown:  # noqa: BLE001 - whatever it is, the loop must hear of it
            result, error = None, ModelError(f"the detector failed: {_first_line(unknown)}")
            error.__cause__ = unknown
        try:
            future.get_loop().call_soon_threadsafe(_settle, future, result, error)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more
        del request, work, future, result


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():  # given up in the meantime
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]
