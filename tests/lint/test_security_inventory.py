"""The page on security names every route and every place with SQL of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.checkout import ROOT

ADDONS = sorted(path.parent for path in ROOT.glob("*/__manifest__.py"))
PAGE = ROOT / "invoice_send_client" / "readme" / "SECURITY.md"

#: Names under which SQL is built or run; a mail server has none of them.
SQL_NAMES = {"SQL", "execute", "execute_query", "execute_values", "executemany"}


def sources(*folders: str) -> Iterator[Path]:
    """Yield the product's Python files in these folders of the addons, and beside."""
    for addon in ADDONS:
        yield from sorted(addon.glob("*.py"))
        for folder in folders:
            yield from sorted((addon / folder).rglob("*.py"))


def read_routes(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield path and method's name of each route; the path is empty where a route of
    Odoo's own is extended."""
    for function in ast.walk(tree):
        for mark in getattr(function, "decorator_list", ()):
            if ast.unparse(mark).startswith(("http.route", "route(")):
                paths = mark.args and ast.literal_eval(mark.args[0])
                for path in [paths] if isinstance(paths, str) else paths or [""]:
                    yield path, function.name


def has_own_sql(tree: ast.AST) -> bool:
    """Tell whether a file builds or runs SQL."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
    return bool(names & SQL_NAMES)


def told(text: str, heading: str) -> set[str]:
    """Return what stands in code marks in the tables under a heading."""
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    return {found for row in rows for found in re.findall(r"`([^`]+)`", row)}


def find_routes() -> set[tuple[str, str]]:
    """Return all routes of the addons."""
    trees = (ast.parse(path.read_text("utf-8")) for path in sources("controllers"))
    return {route for tree in trees for route in read_routes(tree)}


def find_sql() -> set[str]:
    """Return the files with SQL of their own."""
    return {
        str(path.relative_to(ROOT))
        for path in sources("controllers", "models", "tools", "wizard")
        if has_own_sql(ast.parse(path.read_text("utf-8")))
    }


def test_every_route_stands_on_the_page():
    """And what stands there is a route."""
    named, routes = told(PAGE.read_text("utf-8"), "Routes"), find_routes()
    assert len(routes) > 20
    assert {path or name for path, name in routes} - named == set()
    gone = {name for name in named if name.startswith("/invoice/")}
    assert gone - {path for path, _name in routes} == set()


def test_every_file_with_sql_stands_on_the_page():
    """And what stands there has some."""
    named = told(PAGE.read_text("utf-8"), "SQL that is not the ORM's")
    assert find_sql() == named


def test_rates_on_the_page_are_those_of_the_code():
    """The page's figures are those that hold."""
    source = ROOT / "invoice_send_client" / "controllers" / "client_page.py"
    rates = re.findall(r"Rate\(([\d_]+), (60|3600)\)", source.read_text("utf-8"))
    units = {"60": "a minute", "3600": "an hour"}
    text = PAGE.read_text("utf-8")
    for count, seconds in rates:
        assert f"{count} {units[seconds]}" in text


@pytest.mark.parametrize(
    ("source", "routes", "sql"),
    [
        ("@http.route('/a', type='http')\ndef f(): pass", {("/a", "f")}, False),
        ("@http.route(['/a', '/b'])\ndef f(): pass", {("/a", "f"), ("/b", "f")}, False),
        ("@http.route()\ndef f(): cr.execute('x')", {("", "f")}, True),
        ("def f(): return SQL('x')", set(), True),
        ("def f(): return self.execution()", set(), False),
    ],
)
def test_the_reading_finds_what_is_there(source, routes, sql):
    """A reading that finds nothing would be content with any page."""
    tree = ast.parse(source)
    assert set(read_routes(tree)) == routes
    assert has_own_sql(tree) is sql
