"""Mutations that keep the form of text: one token of JSON, TOML or a header becomes another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from fuzzing.target import Ready

TOKEN = re.compile(
    rb'"(?:[^"\\\n]|\\.){0,200}"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z_][\w-]*|[\[\]{}]|[^\s\w]'
)
NASTY = (
    b"0", b"-1", b"1", b"true", b"false", b"null", b"nan", b"inf", b"-inf", b"NaN", b"Infinity", b"1e999",
    b"-0.0",
    b"9" * 20, b"9" * 400, b"1e308", b"0.5", b'""', b'"x"', b'"' + b"y" * 300 + b'"', b'"\\u0000"',
    b'"\\ud800"',
    b'"\\n"', b"[]", b"{}", b"[[]]", b'{"a": 1}', b"[1, 2]", b"2026-11-24T05:00:00Z",
    b'"2026-11-24T05:00:00Z"',
    b'"0001-01-01T00:00:00+23:59"', b'"9999-12-31T23:59:59.999999-23:59"', "\"\u202e\u2028é\"".encode(),
    b"[" * 40,
)  # fmt: skip
MOST_CHANGES = 3
PLAIN = 0.4  # so often libFuzzer's own mutation, …
NEAR = 0.7  # … from here on a seed is changed: most of what reached something new is refused early


def mutator(ready: Ready, plain: Callable[[bytes, int], bytes]) -> Callable[[bytes, int, int], bytes]:
    """A mutation as atheris wants it: (data, most bytes, seed) -> data. `plain` is libFuzzer's own."""
    words = [word.encode() if isinstance(word, str) else word for word in ready.words]

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        way = random.random()
        if way < PLAIN:
            return plain(data, most)
        if way > NEAR:
            data = random.choice(ready.seeds)
        for _ in range(random.randint(1, MOST_CHANGES)):
            data = _changed(data, random, words)
        return data[:most]

    return mutate


def _changed(data: bytes, random: Random, words: Sequence[bytes]) -> bytes:
    tokens = list(TOKEN.finditer(data))
    if not tokens:
        return data
    one, other = random.choice(tokens), random.choice(tokens)
    match random.randrange(6):
        case 0:
            new = b""
        case 1:
            new = one[0] + b" " + one[0]
        case 2:
            new = other[0]
        case 3 if words:
            new = random.choice(words)
        case _:
            new = random.choice(NASTY)
    return data[: one.start()] + new + data[one.end() :]
