"""How long the functions and files of the package, the city and the adapters are. Fails where one is longer
than CONTRIBUTING allows; scripts/check runs this.

.venv-dev/bin/python scripts/sizes.py           the figures, and what is too long
.venv-dev/bin/python scripts/sizes.py --all     the ten longest of each too
"""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "examples"
PACKAGES = (ROOT / "pole_agent", EXAMPLES / "city", EXAMPLES / "adapters")
# Lines; arguments of a constructor that may be given by position, without self
MAX_FUNCTION, MAX_POSITIONAL, MAX_FILE = 60, 8, 300
MEDIAN, P90 = 8, 25  # lines of a function


def main() -> int:
    functions: list[tuple[int, str]] = []
    constructors: list[tuple[int, str]] = []
    files: list[tuple[int, str]] = []
    for path in sorted(p for package in PACKAGES for p in package.rglob("*.py")):
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        if path.parent.name != "languages" or path.stem == "__init__":  # a catalogue is a list, not code
            files.append((text.count("\n"), name))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                place = f"{name}:{node.lineno} {node.name}"
                functions.append((1 + (node.end_lineno or node.lineno) - node.lineno, place))
                if node.name == "__init__":
                    constructors.append((len(node.args.posonlyargs) + len(node.args.args) - 1, place))
    lengths = sorted(lines for lines, _ in functions)
    median, p90 = statistics.median(lengths), lengths[int(len(lengths) * 0.9)]
    figures = (
        f"median {median:g} lines (at most {MEDIAN}), 90 % up to {p90} ({P90}), longest {lengths[-1]}"
        f" ({MAX_FUNCTION})"
    )
    print(f"{len(lengths)} functions: {figures}")
    print(
        f"{len(files)} files: longest {max(files)[0]} lines ({MAX_FILE});"
        f" {sum(lines > MAX_FILE for lines, _ in files)} above that"
    )
    if "--all" in sys.argv:
        for found in (functions, files, constructors):
            print(*(f"  {number:4} {place}" for number, place in sorted(found, reverse=True)[:10]), sep="\n")
    wrong = [
        f"{place}: {lines} lines, at most {MAX_FUNCTION}"
        for lines, place in functions
        if lines > MAX_FUNCTION
    ]
    wrong += [f"{name}: {lines} lines, at most {MAX_FILE}" for lines, name in files if lines > MAX_FILE]
    wrong += [
        f"{place}: {count} positional arguments, at most {MAX_POSITIONAL}"
        for count, place in constructors
        if count > MAX_POSITIONAL
    ]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong or median > MEDIAN or p90 > P90 else 0


if __name__ == "__main__":
    sys.exit(main())
