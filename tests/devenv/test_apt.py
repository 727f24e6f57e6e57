"""What Debian has to bring, and who may not bring it."""

import pytest

from devenv import apt
from devenv.console import DevError


def test_a_user_without_rights_is_told_all_packages_at_once(monkeypatch):
    """Whoever has to ask an administrator asks once, not once a package."""
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(apt.shutil, "which", {"dpkg-query": "here"}.get)
    monkeypatch.setattr(apt, "missing", list)
    monkeypatch.setattr(apt, "python_venv", lambda: ["python3.11-venv"])
    with pytest.raises(DevError) as told:
        apt.ensure(apt.FONTS, "the PDF engine")
    for name in ("git", "chromium", "python3.11-venv", *apt.FONTS, *apt.PDF_LIBRARIES):
        assert f" {name}" in str(told.value)
    assert "let an administrator run 'apt-get install " in str(told.value)


@pytest.mark.parametrize(
    ("python", "packages"),
    [("/usr/bin/python3.11", ["python3.11-venv"]), ("/opt/python/bin/python3.12", [])],
)
def test_only_debians_python_lacks_a_package(python, packages):
    """Any other one brings pip's wheels itself."""
    assert apt.python_venv(python) == packages
