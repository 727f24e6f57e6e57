"""The files of this checkout."""

import os
import shutil
import subprocess
from pathlib import Path

from . import apt
from .console import DevError

ROOT = Path(__file__).resolve().parent.parent


def git_env() -> dict[str, str]:
    """Return the environment in which git accepts a checkout of another owner."""
    return {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }


def text_files() -> list[Path]:
    """Return the text files among `files`."""
    return [path for path in files() if _is_text(ROOT / path)]


def files() -> list[Path]:
    """Return the files that git knows or would add, relative to `ROOT`.

    Links are left out: they are checked where they lead.

    :raise DevError: when this is no checkout, or git can't be installed
    """
    if not shutil.which("git"):
        apt.ensure(apt.GIT, "listing the files")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=git_env(), capture_output=True, check=True
        )
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode(errors="replace")
        raise DevError(f"cannot list the files of {ROOT}: {words}") from error
    paths = map(Path, sorted(set(done.stdout.decode().split("\0")) - {""}))
    # Deleted files are still known to git.
    return [p for p in paths if (ROOT / p).is_file() and not (ROOT / p).is_symlink()]


def _is_text(path: Path) -> bool:
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
