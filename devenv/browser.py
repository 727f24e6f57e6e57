"""The browser of tours, system tests and the demo: Chromium."""

import ctypes
import shutil

from . import apt
from .console import DevError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str:
    """Return the path of the browser that is installed, "" without one."""
    paths = (shutil.which(name) for name in NAMES)
    return next((path for path in paths if path), "")


def ensure() -> str:
    """Return the path of the browser, installed first when there is none.

    :raise DevError: when it or what drives it can't be installed
    """
    if not find() or not _driver_runs():
        apt.ensure(apt.BROWSER, "the browser")
    found = find()
    if not found:
        raise DevError("no browser: install Chromium so that it is on PATH")
    return found


def _driver_runs() -> bool:
    """Tell whether the library is there that Playwright's Node.js links to.

    A small Debian has it only if something else brought it.
    """
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return False
    return True
