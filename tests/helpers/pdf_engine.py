"""Odoo's PDF engine, with documents that harm it."""

import os
import stat
from pathlib import Path

from devenv.environment import Environment

#: Looks for a rule's word in each document; what the rule says happens to the engine.
SCRIPT = """#!/bin/sh
for file in "$@"; do
    case "$file" in *.html)
        for rule in RULES/*; do
            word=$(basename "$rule")
            if grep -q "$word" "$file"; then
                echo begun >> "CALLS/$word"
                . "$rule"
            fi
        done ;;
    esac
done
exec ENGINE "$@"
"""


class PdfEngine:
    """The engine of ``./dev`` behind a program of the same name.

    :param env: the environment of ``./dev``
    :param folder: an empty folder
    """

    def __init__(self, env: Environment, folder: Path) -> None:
        self._folder = folder
        for name in ("programs", "rules", "calls"):
            (folder / name).mkdir()
        script = folder / "programs" / "wkhtmltopdf"
        text = SCRIPT.replace("ENGINE", f'"{env.path[0] / "wkhtmltopdf"}"')
        text = text.replace("RULES", f'"{folder / "rules"}"')
        script.write_text(text.replace("CALLS", str(folder / "calls")), "utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    def variables(self) -> dict[str, str]:
        """Return the process environment of an Odoo that uses it."""
        path = os.pathsep.join([str(self._folder / "programs"), os.environ["PATH"]])
        return {"PATH": path}

    def harm(self, word: str, what: str) -> None:
        """Say what a document does to the engine.

        :param word: stands in the document, in one piece
        :param what: shell commands; ``$PPID`` is the Odoo that waits for the engine
        """
        (self._folder / "rules" / word).write_text(what + "\n", "utf-8")

    def begun(self, word: str) -> int:
        """Return how often the engine was asked to make a document with this word."""
        calls = self._folder / "calls" / word
        return len(calls.read_text("utf-8").split()) if calls.exists() else 0
