"""Reading a file that somebody named, and that may be anything: a folder, a pipe on which nobody writes, a
disk image.

And text that people made, with whatever editor: Windows marks UTF-8 with a byte order mark, and PowerShell
writes UTF-16.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from pathlib import Path

from pole_agent.languages import phrase

MAX_SECRET_BYTES = 1 << 16
MARKS = (  # the longer first: the mark of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MARK = "\ufeff"
# tomllib takes the square of the parts of a key: minutes for a long one. Both patterns take the length of the
# text, whatever is in it.
NO_KEY = re.compile(r""""(?:[^"\\\n]++|\\.)*+"?|'[^'\n]*+'?|#[^\n]*+""")  # strings and comments
DOTS = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){20}")


def regular_file(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file of a sane size; nothing else is even read, and nothing is waited for.

    Raises OSError, ValueError.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(phrase("not-a-file"))
        if status.st_size > most_bytes:
            raise ValueError(phrase("file-too-long", bytes=status.st_size, most=most_bytes))
        return file.read(most_bytes)


def decoded(blob: bytes) -> str:
    """Text that a person made, without a byte order mark. Raises ValueError."""
    coding = next((coding for mark, coding in MARKS if blob.startswith(mark)), "utf-8")
    if coding == "utf-8" and len(blob) % 2 == 0 and b"\0" in blob[:4]:
        raise ValueError(phrase("utf-16-unmarked"))
    try:
        return blob.decode(coding)
    except UnicodeDecodeError as error:
        raise ValueError(phrase("not-utf-8", byte=error.start)) from error


def text_file(path: Path, most_bytes: int) -> str:
    """The text of a file that a person made. Raises OSError, ValueError."""
    return decoded(regular_file(path, most_bytes))


def refuse_many_dots(text: str) -> None:
    """Before TOML is parsed. Raises ValueError for a key with so many parts that the parser takes minutes."""
    bare = NO_KEY.sub("q", text)
    if match := DOTS.search(bare):
        raise ValueError(phrase("toml-too-many-dots", line=bare.count("\n", 0, match.start()) + 1))


def secret(path: Path) -> str:
    """The password in a file: its one line, as it is, without mark and line end.

    Raises OSError, ValueError.
    """
    text = text_file(path, MAX_SECRET_BYTES).strip(MARK).rstrip("\r\n")
    if not text.strip():
        raise ValueError(phrase("password-empty"))
    if "\n" in text or "\r" in text:
        raise ValueError(phrase("password-of-several-lines"))
    if "\0" in text:
        raise ValueError(phrase("nul-character"))
    return text


def unmarked(path: Path) -> Path:
    """A file of certificates or keys, which OpenSSL reads itself: it knows no marks.

    Raises OSError, ValueError.
    """
    blob = regular_file(path, MAX_SECRET_BYTES * 16)
    if any(blob.startswith(mark) for mark, _ in MARKS) or b"\0" in blob[:4]:
        raise ValueError(phrase("file-marked"))
    return path
