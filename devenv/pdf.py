"""The PDF engine of Odoo's reports: wkhtmltopdf, as a rule with patched Qt."""

import os
import subprocess
from pathlib import Path

from . import apt, cache, tools
from .console import DevError, say

SANS = {"DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf"}
DEBIANS = Path("/usr/bin/wkhtmltopdf")
# What an engine with unpatched Qt does otherwise, by one with patched Qt: it has no
# headers and footers and refuses several documents.
STAND_IN = """#!/bin/sh
[ "$1" = --version ] && { echo "wkhtmltopdf 0.12.6"; exit; }
left=$#
documents=0
while [ $left -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case "$word" in
    --header-html | --footer-html)
        shift
        left=$((left - 1))
        continue
        ;;
    *.html) documents=$((documents + 1)) ;;
    esac
    set -- "$@" "$word"
done
if [ $documents -gt 1 ]; then
    echo "unpatched Qt does not support more than one input document" >&2
    exit 1
fi
exec "ENGINE" "$@"
"""


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


def ensure_unpatched() -> Path:
    """Return the directory for PATH that holds a `wkhtmltopdf` with unpatched Qt.

    It is Debian's, which nothing else uses; where apt has none or may not install it,
    it is the one with patched Qt in such clothes.

    :raise DevError: when not even that one runs
    """
    engine = ensure() / "wkhtmltopdf"
    folder = cache.root() / "bin-unpatched"
    folder.mkdir(exist_ok=True)
    text = f'#!/bin/sh\nexec {DEBIANS} "$@"\n'
    try:
        apt.ensure(apt.UNPATCHED_PDF, "the PDF engine with unpatched Qt")
    except DevError as error:
        say(f"{error}; the patched one stands in for it")
        text = STAND_IN.replace("ENGINE", str(engine))
    with cache.lock("bin-unpatched"):
        fresh = folder / "wkhtmltopdf.partial"
        fresh.write_text(text, "utf-8")
        fresh.chmod(0o755)
        fresh.replace(folder / "wkhtmltopdf")
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
