"""The PDF engine of Odoo's reports: wkhtmltopdf with patched Qt."""

import os
import subprocess
from pathlib import Path

from . import apt, tools
from .console import DevError

SANS = {"DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf"}


def ensure() -> Path:
    """Return the directory for PATH that holds a working `wkhtmltopdf`.

    :raise DevError: when it does not run and what it lacks can't be installed
    """
    folder = tools.programs()
    engine = folder / "wkhtmltopdf"
    if _words(engine):
        apt.ensure(apt.PDF_LIBRARIES, "the PDF engine")
        words = _words(engine)
        if words:
            raise DevError(f"the PDF engine does not run: {words}")
    if not _has_fonts():
        apt.ensure(apt.FONTS, "the PDF engine")
    return folder


def _words(engine: Path) -> str:
    """Return what the engine complains of, "" when it runs."""
    done = subprocess.run(
        [str(engine), "--version"], capture_output=True, encoding="utf-8", check=False
    )
    return (done.stderr.strip() or "no reason told") if done.returncode else ""


def _has_fonts() -> bool:
    """Tell whether there is a sans serif font for the letters that are needed.

    Debian's fontconfig alone may bring a monospaced one only.
    """
    places = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
    places += [Path.home() / ".fonts", Path.home() / ".local/share/fonts"]
    return any(
        SANS.intersection(names)
        for place in places
        for _folder, _folders, names in os.walk(place)
    )
