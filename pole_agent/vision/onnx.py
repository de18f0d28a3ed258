"""The real detector: ONNX Runtime in daemon threads of its own.

Daemon, because asyncio waits for its worker threads at exit: an inference or a model load that hangs must not
hold up a stop. A thread that hangs is abandoned, counted, and replaced; its late result is ignored.
"""

from __future__ import annotations

import asyncio
import functools
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pole_agent.errors import ModelError
from pole_agent.frame import Frame
from pole_agent.languages import phrase
from pole_agent.threads import Thread
from pole_agent.vision import card as cards
from pole_agent.vision.candidates import Ballot, suppress
from pole_agent.vision.detector import WEAK_SCORE
from pole_agent.vision.families import FAMILIES, supported
from pole_agent.vision.letterbox import Letterbox
from pole_agent.vocabulary import CLASSES, Box, Detection, group_of

HANG_S = 15.0  # a Pi 3 needs well under a second a frame; after this the thread is given up
LOAD_S = 60.0
TYPES = {False: "tensor(uint8)", True: "tensor(float)"}


class OnnxModel:
    """A session and what belongs to it. `detect` may run in several threads at once."""

    def __init__(self, card: cards.ModelCard, threads: int) -> None:
        import onnxruntime  # here: it takes 100 ms, which the lamp does not wait for

        family = FAMILIES.get(card.family)
        if family is None:
            raise ModelError(
                phrase("family-unsupported", file=card.path, family=card.family, known=supported())
            )
        cards.verify(card)
        _small_arena()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin between frames cost five times the CPU of the work itself at 5 frames a second.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Planned memory is laid out once a run in flight, 12 MB each, and is no faster for a model of this
        # size.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(card.path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ModelError(phrase("model-not-loaded", file=card.path, error=_first_line(error))) from error
        self.card = card
        self._own, self._mean = np.array(card.calibration or ((0.0, 0.0), (1.0, 1.0))).T
        self._weak = float(np.interp(WEAK_SCORE, self._mean, self._own))
        self._check_signature(family.outputs(card))
        wanted = [i for i, name in enumerate(card.classes) if name in CLASSES]
        names = sorted({group_of(name) for name in card.classes})
        self._groups = np.array([names.index(group_of(name)) for name in card.classes], np.int64)
        self._decoder = family.decoder(card, Ballot(wanted, [group_of(card.classes[i]) for i in wanted]))
        self._warm_up()
        self._mine = threading.local()  # each thread fills a tensor of its own

    def _check_signature(self, outputs: dict[str, list[int]]) -> None:
        card = self.card
        size = [1, 3, card.height, card.width] if card.planar else [1, card.height, card.width, 3]
        expected = {card.input_name: (TYPES[card.planar], size)} | {
            n: ("tensor(float)", shape) for n, shape in outputs.items()
        }
        found = {
            v.name: (v.type, v.shape) for v in (*self._session.get_inputs(), *self._session.get_outputs())
        }
        if found != expected:
            wrong = next(n for n in (*expected, *found) if found.get(n) != expected.get(n))
            raise ModelError(
                phrase(
                    "model-mismatch",
                    file=card.path,
                    what=wrong,
                    found=found.get(wrong, "missing"),
                    expected=expected.get(wrong, "nothing of that name"),
                    supported=supported(),
                )
            )

    def _warm_up(self) -> None:
        """The first run takes several times as long, and shows whether the model runs at all."""
        card = self.card
        try:
            self.run(Letterbox(card.width, card.height, planar=card.planar, padding=card.padding).tensor)
        except Exception as error:
            raise ModelError(phrase("model-not-run", file=card.path, error=_first_line(error))) from error

    def run(self, tensor: Any) -> Any:
        """The network alone, for measuring: `tensor` as the card says -> raw outputs."""
        return self._session.run(self._decoder.output_names, {self.card.input_name: tensor})

    def detect(self, frame: Frame) -> tuple[list[Detection], float]:
        """Detections in the frame, and the milliseconds that it took to find them."""
        begun = time.perf_counter()
        card = self.card
        letterbox = getattr(self._mine, "letterbox", None)
        if letterbox is None:
            letterbox = self._mine.letterbox = Letterbox(
                card.width, card.height, planar=card.planar, padding=card.padding
            )
        width, height = letterbox.fill(frame.image)
        found = suppress(
            self._decoder.decode(self.run(letterbox.tensor), self._weak), self._groups, card.max_overlap
        )
        boxes = found.boxes / np.array((width, height, width, height), np.float32)
        scores = np.interp(found.scores, self._own, self._mean) if card.calibration else found.scores
        detections = [
            Detection(Box(*box), score, card.classes[label])
            for box, score, label in zip(boxes.tolist(), scores.tolist(), found.classes.tolist(), strict=True)
        ]
        return detections, (time.perf_counter() - begun) * 1000


class OnnxDetector:
    """Detector that runs `model` (a shipped name, or the path of a card) in threads of its own.

    A live camera is best served by one frame at a time with all `threads` (`workers` = 1: least latency), a
    clip by `workers` frames at a time that share the threads: the same work without the waits between them.
    """

    def __init__(self, model: str, threads: int, workers: int = 1) -> None:
        self._model, self._threads, self._workers = model, threads, workers
        self.took_ms = 0.0
        self._requests: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None] = (
            queue.SimpleQueue()
        )
        self._loaded: OnnxModel | None = None
        self._opening = asyncio.Lock()
        self._running: list[Thread] = []

    async def open(self) -> None:
        def load() -> OnnxModel:
            return OnnxModel(cards.read(cards.find(self._model)), max(1, self._threads // self._workers))

        # Several cameras share a detector, and each opens it whenever it comes back
        async with self._opening:
            if self._loaded is not None:
                return
            if not self._running:
                self._running = [
                    Thread(f"detector {number}", _serve, self._requests) for number in range(self._workers)
                ]
            self._loaded = await self._ask(load, LOAD_S)

    async def detect(self, frame: Frame) -> Sequence[Detection]:
        model = self._loaded
        if model is None:
            raise ModelError(phrase("detector-not-open"))
        result: list[Detection]
        try:
            result, self.took_ms = await self._ask(lambda: model.detect(frame), HANG_S)
        except ModelError:
            self._loaded = None  # the next opening loads it anew
            raise
        return result

    def serves(self, model: str, threads: int) -> bool:
        """Would a new one of these settings be the same? Reads the card."""
        if self._loaded is None or (model, threads) != (self._model, self._threads):
            return False
        try:
            return self._loaded.card == cards.read(cards.find(model))
        except ModelError:  # whoever opens a new one tells it
            return False

    def close(self) -> None:
        for thread in self._running:
            self._requests.put(None)
            thread.leave()
        self._requests = queue.SimpleQueue()
        self._loaded, self._running = None, []

    async def _ask(self, work: Callable[[], Any], limit_s: float) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._requests.put((work, future))
        try:
            async with asyncio.timeout(limit_s):
                return await future
        except TimeoutError:
            self.close()
            raise ModelError(phrase("detector-timed-out", seconds=f"{limit_s:.0f}")) from None


@functools.cache
def _small_arena() -> None:
    """Let ONNX Runtime's memory grow by what is asked for, and not to the next power of two.

    Once a process: saves some 5 MB.
    """
    import onnxruntime as ort

    as_requested = 1
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, ort.OrtArenaCfg(0, as_requested, -1, -1))


def _serve(requests: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]] | None]) -> None:
    while (request := requests.get()) is not None:
        work, future = request
        try:
            result: Any = work()
            error: Exception | None = None
        except ModelError as known:
            result, error = None, known
        except Exception as unknown:  # noqa: BLE001 - whatever it is, the loop must hear of it
            result, error = None, ModelError(phrase("detector-failed", error=_first_line(unknown)))
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
