"""The benchmarks (``./dev bench``); how one is written: tests/bench/README."""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from . import browser, cache, environment
from .console import DevError, say
from .environment import REPOSITORY, Environment

FOLDER = REPOSITORY / "tests" / "bench"


def main(args: list[str]) -> int:
    """Run the benchmarks and gather their figures (``./dev bench``).

    :param args: [NAME] [--json FILE]
    :return: 0, or 1 when one of them failed
    :raise DevError: when there is none of that name
    """
    told = _parse(args)
    scripts = find(told.name)
    env = environment.prepare()
    browser.ensure()
    figures, failed = {}, []
    for name, script in scripts.items():
        say(f"benchmark {name}")
        figures[name] = _run(env, script)
        if figures[name] is None:
            failed.append(name)
    target = told.json or cache.root() / "bench.json"
    report = {"at": int(time.time()), "cores": os.cpu_count(), "figures": figures}
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    say(f"figures written to {target}")
    if failed:
        raise DevError(f"failed: {', '.join(failed)}")
    return 0


def _parse(args):
    parser = argparse.ArgumentParser("./dev bench", description=main.__doc__)
    parser.add_argument("name", nargs="?", default="", help="one of them; default all")
    parser.add_argument(
        "--json",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="where to write the figures; default: beside the cache",
    )
    return parser.parse_args(args)


def find(name: str) -> dict[str, Path]:
    """Return the scripts to run, by name.

    :param name: one of them, "" for all
    :raise DevError: when there is none
    """
    scripts = {
        path.stem.removeprefix("bench_"): path
        for path in sorted(FOLDER.glob("bench_*.py"))
    }
    if name and name not in scripts:
        raise DevError(f"no benchmark {name!r}; there are: {', '.join(scripts)}")
    if not scripts:
        raise DevError("there is no benchmark yet in tests/bench")
    return {name: scripts[name]} if name else scripts


def _run(env: Environment, script: Path) -> list | None:
    """Run one script; return its figures, None when it failed."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "figures.json"
        path = os.pathsep.join(filter(None, [str(REPOSITORY), os.getenv("PYTHONPATH")]))
        done = subprocess.run(
            [env.python, script, "--json", result],
            cwd=REPOSITORY,
            env={**env.variables(), "PYTHONPATH": path},
            check=False,
        )
        if done.returncode or not result.exists():
            return None
        return json.loads(result.read_text(encoding="utf-8"))
