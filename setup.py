"""Builds the wheel of one addon of this repository: ``pip wheel --no-deps .``

It installs the addon as ``odoo.addons.<addon>``, where an Odoo that pip knows finds it
without any addons path. Name, version and dependencies come from the addon's manifest.

The addon is ``invoice_send_client``, or the one that the variable ``ADDON`` names::

    ADDON=invoice_send_client_payment pip wheel --no-deps .

A source distribution (``python -m build --sdist``) holds one addon and builds that one.
"""

import ast
import os
import sys
import tempfile
from pathlib import Path

from setuptools import setup

MAIN = "invoice_send_client"
SERIES = "19.0"
ROOT = Path(__file__).resolve().parent
# Addons of the OCA that ours build on; every other one is part of Odoo.
FROM_PYPI = ("queue_job",)
JUNK = ("__pycache__", ".pyc", ".pyo", ".orig", ".rej", "~")
# Parts of an addon's readme, after its description.
CHAPTERS = {
    "CONTEXT": "Use cases and context",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "PRIVACY": "Privacy",
    "SECURITY": "Security",
    "ROADMAP": "Known issues and roadmap",
    "CONTRIBUTORS": "Contributors",
}


def addons() -> list[str]:
    """Return the addons beside this file: all of the repository, one in an sdist."""
    return sorted(path.parent.name for path in ROOT.glob("*/__manifest__.py"))


def chosen() -> str:
    """Return the addon to build."""
    found = addons()
    name = os.environ.get("ADDON") or (MAIN if MAIN in found else found[0])
    if name not in found:
        sys.exit(f"ADDON={name}: no such addon here, there are {', '.join(found)}")
    return name


def addon_files(addon: str) -> list[Path]:
    """Return the files of the addon, relative to its directory."""
    folder = ROOT / addon
    return sorted(
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and not any(part.endswith(JUNK) for part in path.parts)
    )


def packages(addon: str, files: list[Path]) -> dict[str, Path]:
    """Return the Python packages among these files, each with its directory."""
    folders = [path.parent for path in files if path.name == "__init__.py"]
    return {
        ".".join(["odoo", "addons", addon, *folder.parts]): folder for folder in folders
    }


def requirements(manifest: dict) -> list[str]:
    """Return what pip has to install first: Odoo, addons, Python packages."""
    names = [
        name if name in FROM_PYPI else name.replace("_", "-")
        for name in manifest["depends"]
        if name in FROM_PYPI or name.startswith(MAIN)
    ]
    built_on = [f"odoo-addon-{name}=={SERIES}.*" for name in names]
    external = manifest.get("external_dependencies", {}).get("python", [])
    return [f"odoo=={SERIES}.*", *built_on, *external]


def description(addon: str, manifest: dict) -> str:
    """Return the addon's readme, put together from its parts."""
    folder = ROOT / addon / "readme"
    text = [f"# {manifest['name']}", (folder / "DESCRIPTION.md").read_text("utf-8")]
    for part, title in CHAPTERS.items():
        file = folder / f"{part}.md"
        if file.exists():
            content = file.read_text("utf-8")
            own_title = content.startswith("# ")
            text.append(f"#{content}" if own_title else f"## {title}\n\n{content}")
    return "\n\n".join(part.strip() for part in text) + "\n"


def metadata(addon: str, manifest: dict) -> dict:
    """Return what the manifest and the readme tell about the distribution."""
    return {
        "name": f"odoo-addon-{addon}".replace("_", "-"),
        "version": manifest["version"],
        "description": manifest["summary"],
        "long_description": description(addon, manifest),
        "long_description_content_type": "text/markdown",
        "author": manifest["author"],
        "url": manifest["website"],
        "license": manifest["license"],
        "install_requires": requirements(manifest),
    }


def main(addon: str, build: str) -> None:
    """Hand an addon to setuptools.

    :param addon: its name
    :param build: an empty directory: a wheel would get what an earlier build left there
    """
    files = addon_files(addon)
    found = packages(addon, files)
    modules = {path for path in files if path.suffix == ".py"}
    # Python files outside of packages (migrations) travel as data.
    data = [p for p in files if p not in modules or p.parent not in found.values()]
    manifest = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text("utf-8"))
    setup(
        **metadata(addon, manifest),
        license_files=["LICENSE"],
        python_requires=">=3.10",
        packages=list(found),
        package_dir={name: str(Path(addon, path)) for name, path in found.items()},
        package_data={f"odoo.addons.{addon}": [path.as_posix() for path in data]},
        include_package_data=False,
        zip_safe=False,
        options={"build": {"build_base": build}},
        classifiers=[
            "Programming Language :: Python",
            "Framework :: Odoo",
            f"Framework :: Odoo :: {SERIES}",
            "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)",
        ],
    )


with tempfile.TemporaryDirectory() as folder:
    main(chosen(), folder)
