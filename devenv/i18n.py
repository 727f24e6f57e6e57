"""``./dev i18n``: the terms of the addons, and their translations."""

import os
import tempfile
from pathlib import Path

from . import checkout, database, environment, process
from .console import complain, say
from .environment import Environment

MERGER = "devenv.translations"
# Odoo's addons whose labels of fields ours share.
RELATED = ("base", "mail", "account")


def main(args: list[str]) -> int:
    """Export the terms of every addon here and merge them into its translations.

    :param args: none
    :return: 0; the terms that lack a translation are printed
    """
    if args:
        complain("usage: ./dev i18n")
        return 2
    env = environment.prepare()
    for manifest in sorted(checkout.ROOT.glob("*/__manifest__.py")):
        addon = manifest.parent.name
        say(f"exporting the terms of {addon}")
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder, f"{addon}.pot")
            export(env, addon, fresh)
            lacking = _merge(env, fresh, manifest.parent / "i18n")
        print(lacking, end="")
        say(f"{addon}: {len(lacking.splitlines())} terms lack a translation")
    return 0


def export(env: Environment, addon: str, target: Path) -> None:
    """Write the terms of an addon, as Odoo finds them in a fresh database.

    :param env: the environment
    :param addon: an addon of this checkout
    :param target: the file to write, ``.pot``
    :raise DevError: when the addon does not install
    """
    name = f"isc_i18n_{os.getpid()}"
    more = [] if addon == database.MAIN else [addon]
    database.create(env, name, modules=more)
    try:
        process.run(
            env.command("i18n", "export", "-d", name, "-o", target, addon),
            f"export the terms of {addon}",
            env=env.variables(),
        )
    finally:
        database.drop(env, name)


def _merge(env: Environment, fresh: Path, folder: Path) -> str:
    """Return the terms that lack a translation, one a line."""
    folder.mkdir(exist_ok=True)
    addon = folder.parent.name
    places = [place / name / "i18n" for place in env.odoo.addons for name in RELATED]
    return process.run(
        [env.python, "-m", MERGER, addon, fresh, folder]
        + [place for place in places if place.is_dir()],
        f"merge the translations of {addon}",
        env=process.clean_env(),
        cwd=checkout.ROOT,
    )
