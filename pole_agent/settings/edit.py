"""Change one value in the text of a configuration; comments and everything else stay as they are."""

from __future__ import annotations

import json
import re
import tomllib

HEADER = re.compile(r"^\s*\[")


def with_value(text: str, section: str, key: str, value: str) -> str:
    """`text` with ``key = "value"`` in ``[section]``. Raises ValueError where the text is written in a way
    that this cannot change safely: then a person has to.
    """
    lines = text.splitlines(keepends=True)
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    begin = next((n for n, ln in enumerate(lines) if re.match(rf"\s*\[\s*{section}\s*\]", ln)), None)
    if begin is None:
        new = f"{text}{'' if text.endswith(chr(10)) else chr(10)}\n[{section}]\n{line}\n"
    else:
        end = next((n for n in range(begin + 1, len(lines)) if HEADER.match(lines[n])), len(lines))
        at = next((n for n in range(begin + 1, end) if re.match(rf"\s*{key}\s*=", lines[n])), None)
        if at is None:
            lines.insert(begin + 1, line + "\n")
        else:
            lines[at] = _replaced(lines[at], line)
        new = "".join(lines)
    wanted = tomllib.loads(text)
    wanted.setdefault(section, {})[key] = value
    try:
        if tomllib.loads(new) == wanted:
            return new
    except tomllib.TOMLDecodeError:
        pass
    raise ValueError(f"{section}.{key} cannot be changed in this text")


def _replaced(old: str, line: str) -> str:
    """The new line, with the comment of the old one."""
    comment = re.search(r"""=\s*("[^"]*"|'[^']*')(\s*#.*)?$""", old.rstrip("\r\n"))
    rest = (comment.group(2) or "") if comment else ""
    return line + rest + old[len(old.rstrip("\r\n")) :]
