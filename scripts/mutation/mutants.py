"""The mutants of one file: every small fault that somebody could make in it, each as a piece of text that is
put in the place of another.

Not touched: docstrings, annotations, decorators, texts for people (anything with a space in it), log calls,
`__all__`, imports.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, replace

LOGGERS = re.compile(r"^_?(log|logger|logging)$")
LOG_CALLS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
WORD = re.compile(r"[A-Za-z0-9_./+#$:-]+")  # a state, a topic, a key, a mode: no text for people
TYPE_MAKERS = {"TypeVar", "NewType", "ParamSpec", "getLogger", "namedtuple", "cast"}
FLIPS = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "is": ("is not",),
    "is not": ("is",),
    "in": ("not in",),
    "not in": ("in",),
}
SIGNS = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "//": "*",
    "%": "*",
    "&": "|",
    "|": "&",
    "<<": ">>",
    ">>": "<<",
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
OPERATORS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


@dataclass(frozen=True)
class Mutant:
    file: str  # relative to the package
    line: int
    kind: str
    start: int  # in characters of the source
    end: int
    new: str
    old_text: str = ""  # the lines that change, before and after, without their indent
    new_text: str = ""
    first: int = 0  # the lines of the statement: a test that reaches one of them may notice
    last: int = 0
    inside: bool = True  # of a function
    # Outside of functions: what is defined here, to be looked up where it is used
    names: tuple[str, ...] = ()
    id: str = ""

    def applied(self, source: str) -> str:
        return source[: self.start] + self.new + source[self.end :]

    def diff(self, source: str) -> str:
        old, new = source.splitlines(), self.applied(source).splitlines()
        return "\n".join(difflib.unified_diff(old, new, self.file, self.file, lineterm="", n=2))


def find(file: str, source: str) -> list[Mutant]:
    """All mutants of a source, in the order of its lines. Whether one compiles is seen when it is to run."""
    once = {(m.start, m.end, m.new): m for m in _Finder(file, source).mutants()}
    found = [named(mutant, source) for mutant in sorted(once.values(), key=lambda m: (m.start, m.end, m.new))]
    unique: dict[str, Mutant] = {}
    for mutant in found:
        if mutant.old_text == mutant.new_text:
            continue
        number = 0  # the same change in the same words may be there twice
        while (identity := _identity(mutant, number)) in unique:
            number += 1
        unique[identity] = replace(mutant, id=identity)
    return list(unique.values())


def named(mutant: Mutant, source: str) -> Mutant:
    """With the lines that it changes."""
    first = source.rfind("\n", 0, mutant.start) + 1
    last = source.find("\n", mutant.end)
    last = len(source) if last < 0 else last
    old, new = source[first:last], source[first : mutant.start] + mutant.new + source[mutant.end : last]
    return replace(mutant, old_text=_plain(old.splitlines()), new_text=_plain(new.splitlines()))


def _plain(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(line.rstrip() for line in lines)).strip()


def _identity(mutant: Mutant, number: int) -> str:
    stem = mutant.file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    text = "\0".join([mutant.file, mutant.old_text, mutant.new_text, str(number)])
    return f"{stem}:{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


class _Finder:
    def __init__(self, file: str, source: str) -> None:
        self.file, self.source = file, source
        self.tree = ast.parse(source)
        self.offsets = [0]
        self.lines = source.splitlines(keepends=True)
        for line in self.lines:
            self.offsets.append(self.offsets[-1] + len(line))
        self.tokens = [
            (t.start, t.end, t.string)
            for t in tokenize.generate_tokens(io.StringIO(source).readline)
            if t.type in (tokenize.OP, tokenize.NAME) and t.string.strip()
        ]
        self.function = 0  # how deep in functions
        self.statement: ast.stmt | None = None
        self.name: list[str] = []

    def mutants(self) -> Iterator[Mutant]:
        yield from self._body(self.tree.body)

    # Where things are

    def _at(self, line: int, byte: int) -> int:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return self.offsets[line - 1] + len(text.encode()[:byte].decode())

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return self._at(node.lineno, node.col_offset), self._at(
            node.end_lineno or 0, node.end_col_offset or 0
        )

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self.source[start:end]

    def _true(self, node: ast.expr) -> bool:
        """Does the text stand where the node says? Inside an f-string of Python 3.11 it does not always."""
        try:
            return ast.dump(ast.parse(f"({self._text(node)}\n)", mode="eval").body) == ast.dump(node).replace(
                "ctx=Store()", "ctx=Load()"
            )
        except SyntaxError:
            return False

    def _make(self, kind: str, node: ast.expr | ast.stmt, start: int, end: int, new: str) -> Mutant:
        assert self.statement is not None
        statement = self.statement
        header = statement.end_lineno or statement.lineno
        inner: list[ast.stmt] = [*getattr(statement, "body", []), *getattr(statement, "cases", [])]
        if inner:
            header = max(node.end_lineno or node.lineno, statement.lineno)
        names: tuple[str, ...] = ()
        if not self.function:
            names = _defined(statement)
        line, inside = self.source.count("\n", 0, start) + 1, self.function > 0
        return Mutant(
            self.file,
            line,
            kind,
            start,
            end,
            new,
            first=statement.lineno,
            last=header,
            inside=inside,
            names=names,
        )

    def _replace(self, kind: str, node: ast.expr | ast.stmt, new: str) -> Mutant:
        return self._make(kind, node, *self._span(node), new)

    def _between(self, kind: str, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Mutant]:
        """Another operator between two operands; parentheses around them are no part of either."""
        words = old.split()
        start = (left.end_lineno or 0, self._column(left.end_lineno or 0, left.end_col_offset or 0))
        end = (right.lineno, self._column(right.lineno, right.col_offset))
        inside = [t for t in self.tokens if start <= t[0] and t[1] <= end]
        for index, token in enumerate(inside):
            if token[2] == words[0] and [t[2] for t in inside[index : index + len(words)]] == words:
                last = inside[index + len(words) - 1]
                yield self._make(
                    kind,
                    right,
                    self.offsets[token[0][0] - 1] + token[0][1],
                    self.offsets[last[1][0] - 1] + last[1][1],
                    new,
                )
                return

    def _column(self, line: int, byte: int) -> int:
        return len(self.lines[line - 1].encode()[:byte].decode())

    # Statements

    def _body(self, body: list[ast.stmt]) -> Iterator[Mutant]:
        for index, statement in enumerate(body):
            if index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a docstring
            yield from self._one(statement)

    def _one(self, statement: ast.stmt) -> Iterator[Mutant]:
        outer, self.statement = self.statement, statement
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for default in [*statement.args.defaults, *statement.args.kw_defaults]:
                    if default is not None:
                        yield from self._expression(default)
                self.function += 1
                yield from self._body(statement.body)
                self.function -= 1
            case ast.ClassDef():
                yield from self._body(statement.body)
            case ast.If() if "TYPE_CHECKING" in ast.dump(statement.test):
                pass
            case ast.If() | ast.While():
                yield from self._condition(
                    statement.test, "while" if isinstance(statement, ast.While) else "if"
                )
                yield from self._expression(statement.test)
                yield from self._body(statement.body)
                yield from self._body(statement.orelse)
            case ast.For() | ast.AsyncFor():
                yield from self._expression(statement.iter)
                yield from self._body(statement.body)
                yield from self._body(statement.orelse)
            case ast.With() | ast.AsyncWith():
                for item in statement.items:
                    yield from self._expression(item.context_expr)
                yield from self._body(statement.body)
            case ast.Try():
                yield from self._body(statement.body)
                for handler in statement.handlers:
                    yield from self._body(handler.body)
                yield from self._body(statement.orelse)
                yield from self._body(statement.finalbody)
            case ast.Match():
                yield from self._expression(statement.subject)
                for case in statement.cases:
                    if case.guard is not None:
                        yield from self._condition(case.guard, "guard")
                        yield from self._expression(case.guard)
                    for pattern in ast.walk(case.pattern):
                        if isinstance(pattern, ast.MatchValue):
                            yield from self._expression(pattern.value)
                    yield from self._body(case.body)
            case ast.Return():
                if statement.value is not None:
                    yield from self._return(statement.value)
                    yield from self._expression(statement.value)
            case ast.Raise():
                yield self._replace("removed raise", statement, "pass")
            case ast.Continue() | ast.Break() | ast.Delete():
                yield self._replace("deleted statement", statement, "pass")
            case ast.Expr():
                if isinstance(statement.value, ast.Constant) or _is_log(statement.value):
                    pass
                else:
                    yield self._replace("deleted call", statement, "pass")
                    yield from self._expression(statement.value)
            case ast.Assign():
                if (
                    statement.targets
                    and isinstance(statement.targets[0], ast.Name)
                    and statement.targets[0].id in ("__all__", "__slots__")
                ):
                    pass
                else:
                    if all(isinstance(t, ast.Attribute | ast.Subscript) for t in statement.targets):
                        yield self._replace("deleted statement", statement, "pass")
                    yield from self._expression(statement.value)
                    for target in statement.targets:
                        yield from self._expression(target)
            case ast.AugAssign():
                yield self._replace("deleted statement", statement, "pass")
                sign = OPERATORS.get(type(statement.op))
                if sign in SIGNS:
                    yield from self._between(
                        "arithmetic", statement.target, statement.value, f"{sign}=", f"{SIGNS[sign]}="
                    )
                yield from self._expression(statement.value)
            case ast.AnnAssign():
                if statement.value is not None:
                    if isinstance(statement.target, ast.Attribute):
                        yield self._replace("deleted statement", statement, "pass")
                    yield from self._expression(statement.value)
            case ast.Assert():
                yield from self._expression(statement.test)
        self.statement = outer

    def _condition(self, test: ast.expr, where: str) -> Iterator[Mutant]:
        if isinstance(test, ast.Constant) or not self._true(test):
            return
        if where != "while":
            yield self._replace("condition constant", test, "True")
        yield self._replace("condition constant", test, "False")

    def _return(self, value: ast.expr) -> Iterator[Mutant]:
        if not self._true(value):
            return
        if isinstance(value, ast.Compare | ast.BoolOp) or (
            isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
        ):
            yield self._replace("return negated", value, f"not ({self._text(value)})")
        elif not isinstance(value, ast.Constant) or isinstance(value.value, str):
            yield self._replace("return None", value, "None")

    # Expressions

    def _expression(self, node: ast.expr) -> Iterator[Mutant]:
        if isinstance(node, ast.Call) and (_is_log(node) or _called(node) in TYPE_MAKERS):
            return
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("Literal", "Annotated")
        ):
            return  # a type
        yield from self._here(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from self._expression(child)
            elif isinstance(child, ast.keyword):
                yield from self._expression(child.value)
            elif isinstance(child, ast.comprehension):
                for test in child.ifs:
                    yield from self._condition(test, "comprehension")
                for inner in (child.target, child.iter, *child.ifs):
                    yield from self._expression(inner)
            elif isinstance(child, ast.arguments):  # of a lambda
                for default in [*child.defaults, *child.kw_defaults]:
                    if default is not None:
                        yield from self._expression(default)

    def _here(self, node: ast.expr) -> Iterator[Mutant]:
        match node:
            case ast.Compare():
                for left, operator, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    old = OPERATORS[type(operator)]
                    for new in FLIPS[old]:
                        yield from self._between("comparison", left, right, old, new)
            case ast.BoolOp():
                old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self._between("and/or", left, right, old, new)
            case ast.UnaryOp(op=ast.Not()) if self._true(node):
                yield self._replace("removed not", node, f"({self._text(node.operand)})")
            case ast.UnaryOp(op=ast.USub()) if self._true(node):
                yield self._replace("removed minus", node, f"({self._text(node.operand)})")
            case ast.BinOp():
                sign = OPERATORS.get(type(node.op), "")
                texts = (ast.JoinedStr, ast.Constant)
                is_text = any(
                    isinstance(s, texts) and not isinstance(getattr(s, "value", ""), int | float)
                    for s in (node.left, node.right)
                )
                if sign in SIGNS and not is_text:
                    yield from self._between("arithmetic", node.left, node.right, sign, SIGNS[sign])
            case ast.IfExp():
                yield from self._condition(node.test, "choice")
            case ast.Call(func=ast.Name(id=name)) if name in NAMES and self._true(node.func):
                yield self._replace("min/max, any/all", node.func, NAMES[name])
            case ast.Constant() if self._true(node):
                for new in _other_constants(node.value):
                    yield self._replace("constant", node, new)


def _other_constants(value: object) -> list[str]:
    if isinstance(value, bool):
        return [str(not value)]
    if isinstance(value, int | float):
        others = [value + 1, value - 1, value * 2, type(value)(0)]
        return [repr(other) for other in dict.fromkeys(others) if other != value]
    if isinstance(value, str) and WORD.fullmatch(value):
        return [repr(value + "~").replace("'", '"')]
    return []


def _called(node: ast.Call) -> str:
    return (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )


def _is_log(node: ast.AST) -> bool:
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_CALLS
    ):
        return False
    owner = node.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return bool(LOGGERS.match(name))


def _defined(statement: ast.stmt) -> tuple[str, ...]:
    """The names that a statement outside of functions makes; they lead to the lines that use them."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (statement.name,)
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    return tuple(node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
