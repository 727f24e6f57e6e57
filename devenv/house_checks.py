"""What the house asks for beyond the OCA toolchain, checked on the syntax tree."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

ADDON_PREFIX = "invoice_send_client"
LONGEST_BODY = 25
LONGEST_TEST_BODY = 40
EXTENSION_MARK = re.compile(r"# (EXTENDS|OVERRIDE) '\w+'")
SUDO_MARK = re.compile(r"\bsudo: \S")
# Written in two halves, so that this line is no finding itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
TEST_SWITCHES = {"test_enable", "current_test", "in_test_mode"}
GENERATED = ("package-lock.json",)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | Function
Finding = tuple[int, str]


class Source:
    """One Python file: its text, syntax tree and comments."""

    def __init__(self, path: Path, text: str):
        self.path = path
        self.lines = text.splitlines()
        self.tree = ast.parse(text)
        self.is_test = "tests" in path.parts[:-1]
        self.is_product = path.parts[0].startswith(ADDON_PREFIX) and not self.is_test

    @cached_property
    def comments(self) -> dict[int, str]:
        """The comments by line number."""
        text = "\n".join([*self.lines, ""])
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return {
            token.start[0]: token.string
            for token in tokens
            if token.type == tokenize.COMMENT
        }

    def functions(self) -> Iterator[Function]:
        """Yield every function and method, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node

    def block_above(self, line: int) -> str:
        """Return the comment on this line and the whole comment lines right above."""
        parts = [self.comments.get(line, "")]
        while self.lines[line - 2].lstrip().startswith("#") and line > 1:
            line -= 1
            parts.append(self.comments.get(line, ""))
        return "\n".join(parts)


def check_length(source: Source) -> Iterator[Finding]:
    """Find functions whose body, less its docstring, is too long."""
    limit = LONGEST_TEST_BODY if source.is_test else LONGEST_BODY
    for function in source.functions():
        body = function.body
        if ast.get_docstring(function) is not None:
            body = body[1:]
        size = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if size > limit:
            yield function.lineno, f"{function.name} has {size} lines (at most {limit})"


def check_extensions(source: Source) -> Iterator[Finding]:
    """Find methods that call super() without telling whose method they extend."""
    if source.is_test:
        return
    for function in source.functions():
        if _calls_super(function) and not _is_marked(source, function):
            yield (
                function.lineno,
                f"{function.name} extends a method: its first line has to be "
                "# EXTENDS 'module' or # OVERRIDE 'module'",
            )


def _calls_super(function: Function) -> bool:
    """Tell whether the function calls the method of its own name above it."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == function.name
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "super"
        for node in ast.walk(function)
    )


def _is_marked(source: Source, function: Function) -> bool:
    """Look at the first comment of the body, before or right after the docstring."""
    first = function.body[0]
    marks = [_top_of_block(source, first.lineno)]
    if ast.get_docstring(function) is not None:
        marks.append(source.comments.get(first.end_lineno + 1, ""))
    return any(map(EXTENSION_MARK.match, marks))


def _top_of_block(source: Source, line: int) -> str:
    """Return the uppermost of the comment lines that stand right above a line."""
    top = ""
    while source.lines[line - 2].lstrip().startswith("#"):
        line -= 1
        top = source.comments[line]
    return top


def check_sudo(source: Source) -> Iterator[Finding]:
    """Find sudo() calls without a comment that says why."""
    if not source.is_product:
        return
    for statement, call in _calls(source.tree, "sudo"):
        lines = (call.func.end_lineno, statement.lineno)
        if not any(SUDO_MARK.search(source.block_above(line)) for line in lines):
            yield call.func.end_lineno, "sudo() needs a comment '# sudo: why'"


def _calls(tree: ast.AST, name: str) -> Iterator[tuple[ast.stmt, ast.Call]]:
    """Yield the calls of a method of that name, each with its innermost statement."""
    for statement in ast.walk(tree):
        if not isinstance(statement, ast.stmt):
            continue
        for node in _own_expressions(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == name and not _is_turned_off(node):
                    yield statement, node


def _is_turned_off(call: ast.Call) -> bool:
    """Tell sudo(False), which gives rights back, from sudo()."""
    return any(
        isinstance(argument, ast.Constant) and argument.value is False
        for argument in call.args
    )


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Walk a statement without the statements inside it."""
    todo = [statement]
    while todo:
        node = todo.pop()
        yield node
        children = ast.iter_child_nodes(node)
        todo.extend(child for child in children if not isinstance(child, ast.stmt))


def check_create_write(source: Source) -> Iterator[Finding]:
    """Find overrides of create() and write()."""
    if not source.is_product:
        return
    for node in ast.walk(source.tree):
        for function in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(function, Function) and function.name in ("create", "write"):
                yield function.lineno, f"{node.name} overrides {function.name}()"


def check_docstrings(source: Source) -> Iterator[Finding]:
    """Find public classes, functions and methods without a docstring."""
    if source.is_test:
        return
    for node in _definitions(source.tree):
        if node.name.startswith("_") or ast.get_docstring(node):
            continue
        # an override is documented where it was first defined
        if not isinstance(node, Function) or not _is_marked(source, node):
            yield node.lineno, f"{node.name} is public and has no docstring"


def _definitions(parent: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node)
        if isinstance(node, Definition):
            yield node


def check_test_switch(source: Source) -> Iterator[Finding]:
    """Find product code that asks whether a test runs."""
    if not source.is_product:
        return
    for node in ast.walk(source.tree):
        names = {getattr(node, "attr", None), getattr(node, "value", None)}
        if TEST_SWITCHES & {name for name in names if isinstance(name, str)}:
            yield node.lineno, "product code must not ask whether a test runs"


CHECKS = (
    check_length,
    check_extensions,
    check_sudo,
    check_create_write,
    check_docstrings,
    check_test_switch,
)


def findings(root: Path, paths: Iterable[Path]) -> Iterator[str]:
    """Yield the findings in these files, as ``path:line: text``.

    :param root: the checkout
    :param paths: text files, relative to it
    """
    for path in paths:
        text = (root / path).read_text(encoding="utf-8")
        found = list(_unfinished(path, text))
        if is_python(path, text):
            found += _in_python(path, text)
        yield from (f"{path}:{line}: {words}" for line, words in sorted(found))


def _in_python(path: Path, text: str) -> Iterator[Finding]:
    try:
        source = Source(path, text)
    except SyntaxError as error:
        yield error.lineno or 1, f"no Python: {error.msg}"
        return
    for check in CHECKS:
        yield from check(source)


def is_python(path: Path, text: str) -> bool:
    """Tell whether a file is Python, by its name or by its first line."""
    first = text.split("\n", 1)[0]
    return path.suffix == ".py" or (first.startswith("#!") and "python" in first)


def _unfinished(path: Path, text: str) -> Iterator[Finding]:
    if path.name in GENERATED:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if match := UNFINISHED.search(line):
            yield number, f"{match[0]}: finish it or file an issue"


def main(names: list[str]) -> int:
    """Check the named files of the current directory.

    :return: 1 when there is a finding, else 0
    """
    found = list(findings(Path.cwd(), map(Path, names)))
    sys.stdout.writelines(f"{finding}\n" for finding in found)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
