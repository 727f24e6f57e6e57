"""The wheel holds the addon, and a clean Odoo runs the addon from it."""

import ast
import configparser
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from devenv import checkout

ROOT = checkout.ROOT
ADDON = "invoice_send_client"
DATABASE = f"isc_test_{os.getpid()}-wheel"
MANIFEST = ast.literal_eval((ROOT / ADDON / "__manifest__.py").read_text("utf-8"))
EXTERNAL = MANIFEST.get("external_dependencies", {}).get("python", [])


def run(*command: object, text: str | None = None, **options) -> str:
    """Run a program; return what it printed, fail with its last words."""
    done = subprocess.run(
        [str(part) for part in command],
        input=text or "",
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel from a copy of the checkout with what tools leave behind."""
    source = tmp_path_factory.mktemp("checkout")
    for path in checkout.files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    for folder in (source / ADDON, source / ADDON / "models"):
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "left.cpython-311.pyc").write_bytes(b"left over")
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", target, source)
    return next(target.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_addon_and_no_other(wheel):
    """Data, views, translations, migrations: all of it, and nothing of a cache."""
    names = zipfile.ZipFile(wheel).namelist()
    held = {name for name in names if ".dist-info/" not in name}
    wanted = {f"odoo/addons/{p}" for p in checkout.files() if p.parts[0] == ADDON}
    assert held == wanted
    assert [name for name in names if name.endswith("/licenses/LICENSE")]


def test_the_metadata_is_that_of_the_manifest(wheel):
    """Name, version, licence and dependencies, as the OCA's wheels tell them."""
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    told = HeaderParser().parsestr(archive.read(name).decode())
    assert told["Name"] == "odoo-addon-invoice-send-client"
    assert told["Version"] == MANIFEST["version"]
    assert told["License"] == MANIFEST["license"] == "LGPL-3"
    assert told.get_all("Requires-Dist") == ["odoo==19.0.*", *EXTERNAL]


def test_requirements_are_those_of_the_manifest():
    """Who installs by hand gets the same packages as who installs the wheel."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line and line[0] != "#"] == EXTERNAL


@pytest.fixture(scope="module")
def development() -> dict:
    """Return the development environment, as ./dev tells it."""
    return json.loads(run(ROOT / "dev", "env"))


@pytest.fixture(scope="module")
def python(wheel, development, tmp_path_factory) -> Path:
    """Install the wheel into a clean environment beside Odoo and its packages."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder)
    program = folder / "bin" / "python"
    packages = next(folder.glob("lib/python3*/site-packages"))
    beside = [sysconfig.get_path("purelib"), development["odoo_dir"]]
    packages.joinpath("beside.pth").write_text("\n".join(beside) + "\n", "utf-8")
    run(program, "-m", "pip", "install", "--no-index", wheel, cwd=folder)
    return program


@pytest.fixture(scope="module")
def odoo(python, development, tmp_path_factory):
    """Return a function that runs Odoo without this checkout on its addons path."""
    settings = configparser.RawConfigParser()
    settings.read(development["config"])
    options = settings["options"]
    paths = [path for path in options["addons_path"].split(",") if Path(path) != ROOT]
    options["addons_path"] = ",".join(paths)
    folder = tmp_path_factory.mktemp("odoo")
    file = folder / "odoo.conf"
    with file.open("w", encoding="utf-8") as stream:
        settings.write(stream)
    variables = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"}
    variables["ODOO_RC"] = str(file)

    def call(*arguments: object, text: str | None = None) -> str:
        command = [python, "-m", "odoo", *arguments]
        return run(*command, text=text, cwd=folder, env=variables)

    yield call
    call("db", "drop", DATABASE)


def test_odoo_installs_and_loads_the_addon_from_the_wheel(odoo, python):
    """A new database, the addon in it, its code from the clean environment."""
    odoo("-d", DATABASE, "-i", ADDON, "--stop-after-init", "--no-http")
    script = (
        f"import json, odoo.addons.{ADDON} as addon\n"
        f"module = env['ir.module.module']._get({ADDON!r})\n"
        "known = 'invoice.delivery' in env.registry\n"
        "found = [addon.__file__, module.state, module.latest_version, known]\n"
        "print('FOUND', json.dumps(found))\n"
    )
    printed = odoo("shell", "-d", DATABASE, "--no-http", text=script)
    line = next(line for line in printed.splitlines() if line.startswith("FOUND"))
    file, state, version, known = json.loads(line.removeprefix("FOUND "))
    assert Path(file).is_relative_to(python.parents[1])
    assert [state, version, known] == ["installed", MANIFEST["version"], True]
