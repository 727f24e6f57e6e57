"""What the tests of ``./dev`` share: caches of their own, and calls of the script."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devenv import cache, source
from devenv.environment import REPOSITORY

Dev = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def cache_home(monkeypatch) -> Iterator[Path]:
    """An empty cache; as root it has to be a place that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="isc-"))
    folder.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def dev() -> Dev:
    """Call ``./dev``: arguments, ``stdin``, more variables; returns the result."""

    def call(*args, stdin: str = "", **variables) -> subprocess.CompletedProcess:
        return subprocess.run(
            [REPOSITORY / "dev", *args],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, **variables},
            check=False,
        )

    return call


@pytest.fixture
def installed(request, monkeypatch) -> Iterator[Path]:
    """An own cache in which all is installed but no database server is made."""
    odoo, filled = source.find(), cache.root()
    folder = request.getfixturevalue("cache_home")
    for name in ("venv-odoo", "venv-tools"):
        (cache.root() / name).symlink_to(filled / name)
    monkeypatch.setenv("ODOO_DIR", str(odoo.directory))
    monkeypatch.delenv("PGHOST", raising=False)
    yield folder
    subprocess.run([REPOSITORY / "dev", "stop"], capture_output=True, check=True)
