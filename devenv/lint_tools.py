"""The checks of ``./dev lint``, each a function from `Lint` to its findings."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from . import cache, house_checks, lint_pins
from .checkout import ROOT, git_env
from .node import Node

PRETTY = (".cjs", ".css", ".html", ".js", ".json", ".md", ".scss")
PRETTY += (".toml", ".xml", ".yaml", ".yml")
# Programs outside Odoo print, and have no cursor.
ODOO_ONLY = "--disable=invalid-commit,print-used"
# Written by tools that wrap and end lines their own way.
GENERATED = (".po", ".pot")


@dataclass(frozen=True)
class Lint:
    """The files to look at, and the programs that look."""

    files: tuple[Path, ...]
    tools: Path
    node: Node

    def named(self, *suffixes: str) -> list[Path]:
        """Return the files with one of these suffixes."""
        return [path for path in self.files if path.suffix in suffixes]

    def python_files(self) -> list[Path]:
        """Return the Python files, scripts without a suffix among them."""
        return [
            path
            for path in self.files
            if path.suffix == ".py"
            or (not path.suffix and house_checks.is_python(path, _text(path)))
        ]

    def tool(self, name: str, *arguments: object, cwd: Path = ROOT) -> str:
        """Run a tool of ``lint-requirements.txt`` and return its findings."""
        return self._run(self.tools / name, *arguments, cwd=cwd)

    def script(self, path: str, *arguments: object) -> str:
        """Run a script of an npm package and return its findings."""
        return self._run(self.node.program, self.node.modules / path, *arguments)

    def _run(self, *command: object, cwd: Path = ROOT) -> str:
        """Return what a program said, "" when it ended well."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=self._env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if not done.returncode:
            return ""
        return done.stdout.strip() or f"{command[0]}: status {done.returncode}"

    def _env(self) -> dict[str, str]:
        """Return the environment in which the tools leave the checkout as it is."""
        folder = cache.root() / "lint"
        return {
            **git_env(),
            **self.node.env(),
            "NO_COLOR": "1",
            "PYLINTHOME": str(folder / "pylint"),
            "RUFF_CACHE_DIR": str(folder / "ruff"),
        }


def _text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _in_addon(path: Path) -> bool:
    return path.parts[0].startswith(house_checks.ADDON_PREFIX)


def _join(findings: Iterable[str]) -> str:
    return "\n".join(filter(None, findings))


def check_pins(lint: Lint) -> str:
    """Compare the versions of ``.pre-commit-config.yaml`` with those that run here."""
    return _join(lint_pins.findings(ROOT))


def check_house(lint: Lint) -> str:
    """Run the house's own checks."""
    return _join(house_checks.findings(ROOT, lint.files))


def check_ruff(lint: Lint) -> str:
    """Run ruff's checks."""
    arguments = ["--no-fix", "--output-format=concise", *lint.python_files()]
    return lint.tool("ruff", "check", *arguments)


def check_format(lint: Lint) -> str:
    """Ask ruff which Python files it would write differently."""
    return lint.tool("ruff", "format", "--check", *lint.python_files())


def check_pylint_addons(lint: Lint) -> str:
    """Run pylint with OCA's plugin on the addons."""
    files = [path for path in lint.named(".py") if _in_addon(path)]
    return lint.tool("pylint", "--rcfile=.pylintrc", *files) if files else ""


def check_pylint_tools(lint: Lint) -> str:
    """Run pylint on the rest of the Python files."""
    files = [path for path in lint.python_files() if not _in_addon(path)]
    return lint.tool("pylint", "--rcfile=.pylintrc", ODOO_ONLY, *files)


def check_addons(lint: Lint) -> str:
    """Run OCA's checks of whole addons: manifest, XML and CSV files."""
    manifests = [path for path in lint.files if path.name == "__manifest__.py"]
    return lint.tool("oca-checks-odoo-module", *manifests) if manifests else ""


def check_translations(lint: Lint) -> str:
    """Run OCA's checks of translations."""
    files = lint.named(*GENERATED)
    disabled = "--disable=po-pretty-format"
    return lint.tool("oca-checks-po", disabled, *files) if files else ""


def check_prettier(lint: Lint) -> str:
    """Ask prettier which files it would write differently."""
    return _prettier(lint, "--check")


def _prettier(lint: Lint, action: str) -> str:
    options = [action, "--ignore-unknown", "--no-error-on-unmatched-pattern"]
    files = lint.named(*PRETTY)
    return lint.script("prettier/bin/prettier.cjs", *options, *files)


def check_eslint(lint: Lint) -> str:
    """Run eslint; a warning counts as a finding."""
    return _eslint(lint, "--max-warnings=0")


def _eslint(lint: Lint, option: str) -> str:
    ignored = [path for path in lint.named(".js", ".cjs") if "lib" not in path.parts]
    return lint.script("eslint/bin/eslint.js", "--no-color", option, *ignored)


def check_files(lint: Lint) -> str:
    """Run the checks of `pre-commit-hooks` that only look."""
    xml, python = lint.named(".xml"), lint.python_files()
    programs = [path for path in lint.files if os.access(ROOT / path, os.X_OK)]
    prose = [path for path in lint.files if path.suffix != ".rst"]
    return _join(
        [
            lint.tool("check-case-conflict", *lint.files),
            lint.tool("check-docstring-first", *python),
            lint.tool("check-executables-have-shebangs", *programs),
            lint.tool("check-merge-conflict", "--assume-in-merge", *prose),
            lint.tool("check-shebang-scripts-are-executable", *lint.files),
            lint.tool("check-symlinks", *lint.files),
            lint.tool("check-xml", *xml),
            lint.tool("debug-statement-hook", *python),
        ]
    )


def check_whitespace(lint: Lint) -> str:
    """Run the repairs of blanks and line ends on a copy, and tell what they changed."""
    with tempfile.TemporaryDirectory() as folder:
        for path in lint.files:
            copy = Path(folder, path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, copy)
        return _fix_whitespace(lint, Path(folder)).replace("Fixing", "To be fixed:")


def _fix_whitespace(lint: Lint, cwd: Path = ROOT) -> str:
    files = [path for path in lint.files if path.suffix not in GENERATED]
    return _join(
        [
            lint.tool("trailing-whitespace-fixer", *files, cwd=cwd),
            lint.tool("end-of-file-fixer", *files, cwd=cwd),
            lint.tool("mixed-line-ending", "--fix=lf", *files, cwd=cwd),
        ]
    )


CHECKS: dict[str, Callable[[Lint], str]] = {
    "pins": check_pins,
    "house": check_house,
    "ruff": check_ruff,
    "ruff format": check_format,
    "pylint of the addons": check_pylint_addons,
    "pylint of the tools": check_pylint_tools,
    "oca-checks-odoo-module": check_addons,
    "oca-checks-po": check_translations,
    "prettier": check_prettier,
    "eslint": check_eslint,
    "pre-commit-hooks": check_files,
    "whitespace": check_whitespace,
}

FIXES: dict[str, Callable[[Lint], str]] = {
    "whitespace": _fix_whitespace,
    "ruff": lambda lint: lint.tool("ruff", "check", "--fix", *lint.python_files()),
    "ruff format": lambda lint: lint.tool("ruff", "format", *lint.python_files()),
    "eslint": lambda lint: _eslint(lint, "--fix"),
    "prettier": lambda lint: _prettier(lint, "--write"),
}
