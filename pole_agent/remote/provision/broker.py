"""The folder of the broker: certificates, what is revoked, rights by name, lines of configuration.

Rights and lines are those of docs/examples/mosquitto. A pattern there, with %u for the name of a client, is
written out for each pole here: a pole that is not in the list has no rights, whatever certificate it shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
# In a wheel beside this file (pyproject.toml), in a checkout where the manual has them
EXAMPLES = (HERE / "mosquitto", HERE.parents[2] / "docs" / "examples" / "mosquitto")
PLACE = "/etc/mosquitto/"
THEIRS = "smartpole/sumedang"  # prefix and site in the example
HEAD = "# Made by pole-agent provision; the next run writes it again."


@dataclass(frozen=True, slots=True)
class Named:
    """A pole as the broker knows it."""

    id: str
    site: str
    prefix: str


def example(name: str) -> str:
    folder = next(f for f in EXAMPLES if f.is_dir())
    return (folder / name).read_text(encoding="utf-8")


def rights(poles: Iterable[Named]) -> str:
    """The list of rights: of people and programs as in the example, and of each pole for itself."""
    known = sorted(poles, key=lambda p: p.id)
    places = sorted({f"{p.prefix}/{p.site}" for p in known})
    patterns, people = _parts(example("acl"))
    lines = [HEAD]
    for line in people:
        lines += [line.replace(THEIRS, place) for place in places] if THEIRS in line else [line]
    for pole in known:
        lines += ["", f"user {pole.id}"]
        lines += [_own(pattern, pole) for pattern in patterns]
    return "\n".join(lines) + "\n"


def _parts(acl: str) -> tuple[list[str], list[str]]:
    """The patterns of poles, and the blocks of the others."""
    lines = acl.splitlines()
    patterns = [line for line in lines if line.startswith("pattern ")]
    first = next(i for i, line in enumerate(lines) if line.startswith("user "))
    return patterns, [line for line in lines[first:] if not line.startswith(("pattern ", "#"))]


def _own(pattern: str, pole: Named) -> str:
    ours = pattern.replace("pattern ", "topic ", 1).replace(THEIRS, f"{pole.prefix}/{pole.site}")
    return ours.replace("smartpole-sumedang-%u", f"{pole.prefix}-{pole.site}-%u").replace("%u", pole.id)


def lines(port: int) -> str:
    """The broker's configuration as in the example, and its list of what is revoked."""
    text = re.sub(r"^listener 8884$", f"listener {port}", example("mosquitto.conf"), flags=re.MULTILINE)
    return text.replace("require_certificate true\n", f"require_certificate true\ncrlfile {PLACE}crl.pem\n")
