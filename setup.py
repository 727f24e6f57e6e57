"""Builds the wheel ``odoo-addon-invoice-send-client``: ``pip wheel --no-deps .``

It installs the addon as ``odoo.addons.invoice_send_client``, where an Odoo that pip
knows finds it without any addons path. Name, version and dependencies come from the
addon's manifest.
"""

import ast
from pathlib import Path

from setuptools import setup

ADDON = "invoice_send_client"
SERIES = "19.0"
ROOT = Path(__file__).resolve().parent
JUNK = ("__pycache__", ".pyc", ".pyo", ".orig", ".rej", "~")


def addon_files() -> list[Path]:
    """Return the files of the addon, relative to its directory."""
    folder = ROOT / ADDON
    return sorted(
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and not any(part.endswith(JUNK) for part in path.parts)
    )


def packages(files: list[Path]) -> dict[str, Path]:
    """Return the Python packages among these files, each with its directory."""
    folders = [path.parent for path in files if path.name == "__init__.py"]
    return {
        ".".join(["odoo", "addons", ADDON, *folder.parts]): folder for folder in folders
    }


def metadata(manifest: dict) -> dict:
    """Return what the manifest tells about the distribution."""
    external = manifest.get("external_dependencies", {}).get("python", [])
    return {
        "name": f"odoo-addon-{ADDON}".replace("_", "-"),
        "version": manifest["version"],
        "description": manifest["summary"],
        "author": manifest["author"],
        "url": manifest["website"],
        "license": manifest["license"],
        "install_requires": [f"odoo=={SERIES}.*", *external],
    }


def main() -> None:
    """Hand the addon to setuptools."""
    files = addon_files()
    found = packages(files)
    modules = {path for path in files if path.suffix == ".py"}
    # Python files outside of packages (migrations) travel as data.
    data = [p for p in files if p not in modules or p.parent not in found.values()]
    manifest = ast.literal_eval((ROOT / ADDON / "__manifest__.py").read_text("utf-8"))
    setup(
        **metadata(manifest),
        long_description=(ROOT / "README.rst").read_text("utf-8"),
        long_description_content_type="text/x-rst",
        license_files=["LICENSE"],
        python_requires=">=3.10",
        packages=list(found),
        package_dir={name: str(Path(ADDON, path)) for name, path in found.items()},
        package_data={f"odoo.addons.{ADDON}": [path.as_posix() for path in data]},
        include_package_data=False,
        zip_safe=False,
        classifiers=[
            "Programming Language :: Python",
            "Framework :: Odoo",
            f"Framework :: Odoo :: {SERIES}",
            "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)",
        ],
    )


main()
