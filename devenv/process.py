"""Running other programs: quietly, and with their last words when they fail."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import cache
from .console import DevError


def run(
    command: Sequence[object],
    what: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    text: str | None = None,
    user: str | None = None,
) -> str:
    """Run a program to its end and return what it printed on standard output.

    The locks held now pass to the program (see `cache.lock`).

    :param command: program and arguments
    :param what: what is being done, for the error line ("install Odoo's packages")
    :param env: its whole environment; by default the caller's
    :param cwd: the directory it runs in; by default the caller's
    :param text: its standard input; by default there is none
    :param user: run as this user (only root can)
    :return: standard output
    :raise DevError: when it can't be started or ends with another status than 0
    """
    options = {"env": env, "cwd": cwd, "pass_fds": cache.held()}
    if user:
        options |= {"user": user, "extra_groups": []}
    done = _finish([str(part) for part in command], what, text or "", options)
    if done.returncode:
        words = last_words(done.stderr) or last_words(done.stdout)
        raise DevError(f"cannot {what}: {words or f'status {done.returncode}'}")
    return done.stdout


def _finish(
    command: list[str], what: str, text: str, options: dict
) -> subprocess.CompletedProcess:
    """Run a program to its end, whatever its status."""
    try:
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            **options,
        )
    except FileNotFoundError as error:
        raise DevError(f"cannot {what}: {error.filename} is missing") from error


# How pip, apt, PostgreSQL and initdb begin the line that says what went wrong.
_SIGNS = ("ERROR:", "E:", "FATAL:", "PANIC:", "initdb: error:", "psql: error:")
_FULL = ("No space left", "Disk quota exceeded")
# The last of pip's retries; apt's words.
_OFFLINE = (
    "Retry(total=0",
    "Failed to fetch",
    "Could not resolve",
    "failure resolving",
)
# A proxy that opens what it passes on, whose certificate pip was not told of.
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"


def last_words(output: str) -> str:
    """Return the line of a program's output that most likely tells the failure.

    A full disk comes first, as every later error follows from it. Of an installer's
    errors the first is the most exact.

    :param output: everything it printed
    :return: the line, at most 300 characters; "" when there is none
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    full = [line for line in lines if any(sign in line for sign in _FULL)]
    marked = [line for line in lines if line.startswith(_SIGNS)]
    words = (full or marked or lines[-1:] or [""])[0][:300]
    if _UNTRUSTED in output:
        words += " (the server's certificate is not trusted)"
    elif any(sign in output for sign in _OFFLINE):
        words += " (no network?)"
    return words


def clean_env() -> dict[str, str]:
    """Return the caller's environment less what would bend another Python."""
    drop = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    return {name: value for name, value in os.environ.items() if name not in drop}
