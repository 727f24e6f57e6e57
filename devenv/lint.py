"""``./dev lint [--fix]``: the OCA toolchain of 19.0, and the house's own checks.

`pre-commit` clones its tools from a forge. Here the same tools, at the same versions,
come from the package registries, so that a machine behind a mirror lints too.
"""

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from . import checkout, lint_tools, node, venv
from .console import complain, say


def main(args: list[str]) -> int:
    """Run every check; with ``--fix`` let the tools repair what they can first.

    :param args: nothing, or ``--fix``
    :return: 0 when no check has a finding, 1 when one has, 2 on a wrong call
    """
    if args not in ([], ["--fix"]):
        complain("usage: ./dev lint [--fix]")
        return 2
    lint = lint_tools.Lint(
        files=tuple(checkout.text_files()),
        tools=venv.ensure("lint", checkout.ROOT / "lint-requirements.txt") / "bin",
        node=node.ensure(),
    )
    if args:
        _fix(lint)
    failed = list(_report(_results(lint)))
    if failed:
        complain(f"lint: findings of {', '.join(failed)}")
    else:
        print(f"{len(lint_tools.CHECKS)} checks of {len(lint.files)} files, no finding")
    return bool(failed)


def _fix(lint: lint_tools.Lint) -> None:
    for name, repair in lint_tools.FIXES.items():
        say(f"repairing: {name}")
        repair(lint)


def _results(lint: lint_tools.Lint) -> Iterable[tuple[str, str, float]]:
    """Run the checks side by side; yield name, findings and seconds in their order."""

    def timed(name: str) -> tuple[str, str, float]:
        start = time.monotonic()
        words = lint_tools.CHECKS[name](lint)
        return name, words, time.monotonic() - start

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(timed, lint_tools.CHECKS)


def _report(results: Iterable[tuple[str, str, float]]) -> Iterable[str]:
    """Print what each check found; yield the names of those that found something."""
    for name, words, seconds in results:
        print(f"{'FAILED' if words else 'ok':<6} {name} ({seconds:.1f} s)", flush=True)
        if words:
            print(words, flush=True)
            yield name
