"""List the models, fetch one from its authors, add one of your own, and choose which the agent uses.

  pole-agent model list
  sudo pole-agent model get yolox-nano
  sudo pole-agent model get yolox-nano --from /media/usb/yolox_nano.onnx
  sudo pole-agent model add own.onnx --family nanodet --licence Apache-2.0 --origin "our own streets"
  sudo pole-agent model use yolox-nano

NAME is one of the catalogue, or the path of a card with a [download] table: publish your own models so.

`get` is the only one that uses the network, and only the address that `list --json` shows. What it fetches
must have the size and the sha256 of the catalogue; a download that broke off goes on where it stopped.
`pole-agent bench --models` measures those that are here on this board, and recommends one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import stat
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pole_agent.console.download import fetch
from pole_agent.console.speech import say
from pole_agent.errors import ConfigError, ModelError, PoleAgentError, Problem
from pole_agent.languages import phrase
from pole_agent.replacing import replace_file
from pole_agent.settings import DEFAULT_PATH
from pole_agent.settings.edit import with_value
from pole_agent.settings.load import load

if TYPE_CHECKING:
    from pole_agent.vision.catalogue import Entry

HELP = "list, fetch, add and choose models of the detector"
SECTION, KEY = "detector", "model"
READABLE = 0o644
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument(
        "--folder", type=Path, metavar="D", help="of the installed models; default /var/lib/pole-agent/models"
    )
    listing = actions.add_parser("list", parents=[everywhere], help="the models, with accuracy and cost")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    get = actions.add_parser("get", parents=[everywhere], help="fetch a model that its authors publish")
    get.add_argument("name", metavar="NAME", help="of the catalogue, or the path of a card with [download]")
    get.add_argument("--from", dest="source", metavar="F", help="a file or another address of the same model")
    add = actions.add_parser("add", parents=[everywhere], help="install a model of your own, with its card")
    add.add_argument("file", type=Path, metavar="FILE", help=".onnx, in the form of a family")
    add.add_argument("--family", required=True, help="nanodet, nanodet-plus or yolox: see docs/models.md")
    add.add_argument("--name", metavar="NAME", help="default: that of the file")
    add.add_argument("--licence", required=True, metavar="L", help='of the weights, such as "Apache-2.0"')
    add.add_argument("--origin", required=True, metavar="O", help="who trained it, and on what")
    add.add_argument(
        "--classes", metavar="A,B", help="what it finds, in its own order; default: the 80 of COCO"
    )
    use = actions.add_parser("use", parents=[everywhere], help="write a model into the configuration")
    use.add_argument("name", metavar="NAME", help="a model on this machine, or the path of its card")
    use.add_argument("--config", type=Path, default=DEFAULT_PATH, metavar="F", help=f"default {DEFAULT_PATH}")


def run(arguments: argparse.Namespace) -> int:
    from pole_agent.vision import card as cards  # with numpy: not before it is needed

    arguments.folder = arguments.folder or cards.INSTALLED
    {"list": _list, "get": _get, "add": _add, "use": _use}[arguments.action](arguments)
    return 0


def _list(arguments: argparse.Namespace) -> None:
    from pole_agent.vision.catalogue import GROUPS, entries

    found = entries(arguments.folder)
    if arguments.json:
        print(json.dumps([_as_data(entry) for entry in found], indent=2))
        return
    say(arguments, phrase("model-columns"))
    for entry in found:
        accuracy = "/".join(f"{entry.ap50[g]:.0f}" for g in GROUPS) if entry.ap50 else "-"
        cost = "-" if entry.relative_time is None else f"{entry.relative_time:.2f}"
        card = entry.card
        print(
            f"{card.name:<26} {entry.state:<10} {card.family:<13} {card.width}x{card.height}"
            f" {entry.size / 1e6:>6.1f} MB  {accuracy:<9} {cost:>5}  {card.licence}"
        )


def _as_data(entry: Entry) -> dict[str, object]:
    card = entry.card
    told = {
        k: str(v) for k, v in asdict(card).items() if k in ("name", "family", "sha256", "licence", "origin")
    }
    size = {"width": card.width, "height": card.height, "bytes": entry.size}
    measured = {"ap50": entry.ap50, "relative_time": entry.relative_time}
    return {**told, "state": entry.state, "card": str(entry.path), "url": entry.url, **size, **measured}


def _get(arguments: argparse.Namespace) -> None:
    from pole_agent.vision.catalogue import offered

    entry = offered(arguments.name)
    name = _plain(entry.card.name)
    incoming = arguments.folder / f".{name}.onnx"  # with its part beside it, for the next attempt
    source = arguments.source or entry.url
    shown = sys.stderr.isatty()

    def report(have: int, size: int) -> None:
        if shown:
            print(f"\r{have / 1e6:.1f} / {size / 1e6:.1f} MB", end="", file=sys.stderr, flush=True)

    fetch(source, incoming, entry.size, entry.card.sha256, report)
    if shown:
        print(file=sys.stderr)
    try:
        _install(arguments, name, entry.path.read_text(), entry.card.path.name, incoming)
    finally:
        incoming.unlink()


def _add(arguments: argparse.Namespace) -> None:
    from pole_agent.vision.cardwriter import card_of

    name = _plain(arguments.name or arguments.file.stem)
    classes = arguments.classes.split(",") if arguments.classes else None
    text = card_of(
        arguments.file,
        name=name,
        family=arguments.family,
        licence=arguments.licence,
        origin=arguments.origin,
        classes=classes,
    )
    _install(arguments, name, text, f"{name}.onnx", arguments.file)


def _plain(name: str) -> str:
    """A name that makes a file of this folder, and no other. Raises ModelError."""
    if not NAME.fullmatch(name):
        raise ModelError(phrase("model-name", name=name))
    return name


def _install(arguments: argparse.Namespace, name: str, card: str, file: str, model: Path) -> None:
    """Try card and model as the agent will, then put both in place: what was there before stays until then.
    Raises ModelError.
    """
    from pole_agent.vision import card as cards
    from pole_agent.vision.onnx import OnnxModel

    folder: Path = arguments.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
            tried = Path(scratch)
            shutil.copyfile(model, tried / file)
            (tried / f"{name}.toml").write_text(card)
            OnnxModel(cards.read(tried / f"{name}.toml"), 1)
            for new in (tried / file, tried / f"{name}.toml"):
                new.chmod(READABLE)
                new.replace(folder / new.name)
    except OSError as error:
        raise ModelError(phrase("model-not-copied", file=str(folder), error=error.strerror)) from error
    say(arguments, phrase("model-installed", name=name, path=str(folder / f"{name}.toml")))


def _use(arguments: argparse.Namespace) -> None:
    from pole_agent.vision import card as cards
    from pole_agent.vision.catalogue import named
    from pole_agent.vision.onnx import OnnxModel

    entry = named(arguments.name, arguments.folder)
    OnnxModel(entry.card, 1)
    usual = entry.path.parent in (*cards.SHIPPED, cards.INSTALLED)
    value = entry.card.name if usual else str(entry.path.absolute())
    path: Path = arguments.config
    before = load(path)
    try:
        text = with_value(before.text, SECTION, KEY, value)
    except ValueError:
        raise ConfigError(
            [Problem(str(path), phrase("edit-by-hand", key=f"{SECTION}.{KEY}", value=value))]
        ) from None
    try:
        kept = path.stat()
        replace_file(path, text.encode(), stat.S_IMODE(kept.st_mode))
        os.chown(path, kept.st_uid, kept.st_gid)
    except OSError as error:
        raise PoleAgentError(phrase("config-not-written", path=str(path), error=error.strerror)) from error
    say(arguments, phrase("model-chosen", value=value, path=str(path)))
