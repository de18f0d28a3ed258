"""The card of a model: a TOML file beside it that says what goes in, what comes out, where it is from, and
its sha256.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pole_agent.errors import ModelError
from pole_agent.languages import phrase
from pole_agent.settings.reading import refuse_many_dots, text_file

MAX_BYTES = 1 << 18
LAYOUTS = {("NHWC", "uint8"): False, ("NCHW", "float32"): True}  # all of them BGR, levels 0 to 255
# Wheel, checkout
INSTALLED = Path("/var/lib/pole-agent/models")  # where ``pole-agent model get`` and ``add`` put them
SHIPPED = (Path(__file__).parent.parent / "models", Path(__file__).parent.parent.parent / "models")


Calibration = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the agent must know about a model. Sizes in pixels.

    `calibration`: pairs of a score of this model and the score from which the default model's boxes are right
    as often; between them it goes straight. `min_score` then means the same for each model. Empty: as it is.
    """

    name: str
    family: str
    path: Path
    sha256: str
    width: int
    height: int
    input_name: str
    planar: bool  # float32 (1, 3, h, w), levels 0 to 255; else uint8 (1, h, w, 3)
    padding: int  # grey level
    strides: tuple[int, ...]
    bins: int  # NanoDet only
    max_overlap: float
    classes: tuple[str, ...]
    licence: str
    origin: str
    calibration: Calibration = ()  # its scores, and what the default model would say: measured, see below


def shipped() -> list[str]:
    """Names of the models that came with the agent."""
    return sorted({path.stem for folder in SHIPPED for path in folder.glob("*.toml")})


def find(model: str) -> Path:
    """The card of a model given by name, or by the path of its card. Raises ModelError."""
    if model.endswith(".toml"):
        return Path(model)
    for folder in (*SHIPPED, INSTALLED):
        if (path := folder / f"{model}.toml").is_file():
            return path
    raise ModelError(phrase("model-unknown", model=model, shipped=", ".join(shipped()) or "none"))


def read(path: Path) -> ModelCard:
    """Read a card. Raises ModelError that names the file and the key."""
    with refused(path):
        card = document(path)
        return ModelCard(
            name=str(card["name"]),
            family=str(card["family"]),
            path=path.parent / _file_name(str(card["file"])),
            sha256=str(card["sha256"]),
            width=int(card["input"]["width"]),
            height=int(card["input"]["height"]),
            input_name=str(card["input"]["name"]),
            planar=LAYOUTS[str(card["input"]["layout"]), str(card["input"]["dtype"])],
            padding=int(card["input"].get("padding_level", 0)),
            strides=tuple(int(s) for s in card["output"]["strides"]),
            bins=int(card["output"].get("bins", 0)),
            max_overlap=float(card["output"]["max_overlap"]),
            classes=tuple(map(str, card["classes"])),
            licence=str(card["licence"]),
            origin=str(card["origin"]),
            calibration=_calibration(card.get("calibration", {})),
        )


def document(path: Path) -> dict[str, Any]:
    """All that stands on a card. Within `refused`."""
    text = text_file(path, MAX_BYTES)
    refuse_many_dots(text)
    return tomllib.loads(text)


@contextlib.contextmanager
def refused(path: Path) -> Iterator[None]:
    """Whatever is wrong with a card or a value on it is a ModelError."""
    try:
        yield
    except OSError as error:
        raise ModelError(phrase("model-card-unreadable", file=path, error=error.strerror)) from error
    except KeyError as error:
        if isinstance(error.args[0], tuple):
            known = " or ".join(f'layout = "{layout}" with dtype = "{dtype}"' for layout, dtype in LAYOUTS)
            raise ModelError(phrase("model-input-unsupported", file=path, known=known)) from error
        raise ModelError(phrase("model-card-incomplete", file=path, key=error)) from error
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(phrase("model-card-invalid", file=path, error=error)) from error


def _file_name(name: str) -> str:
    """Raises ValueError for one that no file can have."""
    if "\0" in name:
        raise ValueError(phrase("nul-character"))
    return name


def _calibration(table: dict[str, list[float]]) -> Calibration:
    """Raises KeyError for a missing list, ValueError for lists that are no rising curve from 0 to 1."""
    if not table:
        return ()
    scores, means = table["scores"], table["mean"]
    for name, values in (("scores", scores), ("mean", means)):
        rising = all(a < b for a, b in itertools.pairwise(values))
        if len(values) != len(scores) or len(values) < 2 or not rising or values[0] < 0 or values[-1] > 1:
            raise ValueError(f"calibration.{name}: expected as many rising numbers from 0 to 1, got {values}")
    return tuple((float(a), float(b)) for a, b in zip(scores, means, strict=True))


def verify(card: ModelCard) -> None:
    """Check the model against the hash on its card. Raises ModelError."""
    try:
        with card.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(phrase("model-unreadable", file=card.path, error=error.strerror)) from error
    if found != card.sha256:
        raise ModelError(phrase("model-changed", file=card.path, found=found[:12], expected=card.sha256[:12]))
