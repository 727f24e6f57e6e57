"""The wheels hold the addons, and a clean Odoo runs the addons from them."""

import ast
import configparser
import json
import os
import re
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
MAIN = "invoice_send_client"
PAYMENT = f"{MAIN}_payment"
JOBS = f"{MAIN}_queue_job"
ADDONS = (MAIN, PAYMENT, JOBS)
DATABASE = f"isc_test_{os.getpid()}-wheel"
MANIFESTS = {
    addon: ast.literal_eval((ROOT / addon / "__manifest__.py").read_text("utf-8"))
    for addon in ADDONS
}
EXTERNAL = MANIFESTS[MAIN].get("external_dependencies", {}).get("python", [])
# What each asks pip for besides Odoo.
BUILT_ON = {
    MAIN: EXTERNAL,
    PAYMENT: ["odoo-addon-invoice-send-client==19.0.*"],
    JOBS: ["odoo-addon-invoice-send-client==19.0.*", "odoo-addon-queue_job==19.0.*"],
}
# What tools leave behind, and a script that stands in no Python package.
JUNK = ("__pycache__/left.cpython-311.pyc", "models/account_move.py.orig")
SCRIPT = Path("migrations", "19.0.0.9.0", "post-nothing.py")
PROBLEM = re.compile(r" (WARNING|ERROR|CRITICAL) ")


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


def files_of(addon: str) -> set[str]:
    """Return the files of an addon in this checkout and the script, as a wheel does."""
    held = [path for path in checkout.files() if path.parts[0] == addon]
    return {f"odoo/addons/{path.as_posix()}" for path in [*held, Path(addon, SCRIPT)]}


def content_of(wheel: Path) -> set[str]:
    """Return the files that a wheel brings, less what tells about it."""
    names = zipfile.ZipFile(wheel).namelist()
    return {name for name in names if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy of the checkout with a migration script and what tools leave behind."""
    copy = tmp_path_factory.mktemp("checkout")
    for path in checkout.files():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, copy / path)
    for addon in ADDONS:
        for name in (*JUNK, SCRIPT):
            file = copy / addon / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("# left over\n", "utf-8")
    return copy


@pytest.fixture(scope="module")
def build(source, tmp_path_factory):
    """Return a function that builds the wheel of what a folder or an sdist holds."""

    def wheel(addon: str | None, of: Path = source) -> Path:
        target = tmp_path_factory.mktemp("wheel")
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", target, of]
        named = {"ADDON": addon} if addon else {}
        run(*command, env={**os.environ, **named})
        (found,) = target.glob("*.whl")
        return found

    return wheel


@pytest.fixture(scope="module")
def wheels(build) -> dict[str, Path]:
    """The wheel of each addon, built one after the other in the same place.

    The main one without a name, as ``pip wheel --no-deps .`` does.
    """
    return {addon: build(None if addon == MAIN else addon) for addon in ADDONS}


@pytest.mark.parametrize("addon", ADDONS)
def test_the_wheel_holds_every_file_of_the_addon_and_no_other(wheels, addon):
    """Data, views, translations, migrations: all of it, and nothing of a cache.

    Nor of the addon that was built before it.
    """
    assert content_of(wheels[addon]) == files_of(addon)
    names = zipfile.ZipFile(wheels[addon]).namelist()
    assert [name for name in names if name.endswith("/licenses/LICENSE")]


@pytest.mark.parametrize("addon", ADDONS)
def test_the_metadata_is_that_of_the_manifest(wheels, addon):
    """Name, version, licence and dependencies, as the OCA's wheels tell them."""
    archive = zipfile.ZipFile(wheels[addon])
    name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    told = HeaderParser().parsestr(archive.read(name).decode())
    assert told["Name"] == f"odoo-addon-{addon}".replace("_", "-")
    assert told["Version"] == MANIFESTS[addon]["version"] == "19.0.1.0.0"
    assert told["License"] == MANIFESTS[addon]["license"] == "LGPL-3"
    assert told.get_all("Requires-Dist") == ["odoo==19.0.*", *BUILT_ON[addon]]
    about = told.get_payload()
    for part in (ROOT / addon / "readme").glob("*.md"):
        assert part.read_text("utf-8").strip() in about, part.name


@pytest.mark.parametrize("addon", ADDONS)
def test_what_an_addon_builds_on_is_odoos_or_told_to_pip(development, addon):
    """So that a dependency of the manifest that is new is not forgotten here."""
    own = Path(development["odoo_dir"], "odoo", "addons")
    foreign = [n for n in MANIFESTS[addon]["depends"] if not (own / n).is_dir()]
    told = [line.partition("==")[0] for line in BUILT_ON[addon] if line not in EXTERNAL]
    names = [line.removeprefix("odoo-addon-").replace("-", "_") for line in told]
    assert names == foreign


def test_a_name_that_is_no_addon_is_refused_with_those_there_are(source):
    """In one line."""
    done = subprocess.run(
        [sys.executable, "setup.py", "--version"],
        cwd=source,
        env={**os.environ, "ADDON": "invoice_send"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert f"ADDON=invoice_send: no such addon here, there are {MAIN}, " in done.stderr


def test_a_source_distribution_holds_one_addon_and_builds_it(source, build, tmp_path):
    """Nobody has to name the addon a second time."""
    command = [sys.executable, "setup.py", "-q", "sdist", "-d", tmp_path]
    run(*command, cwd=source, env={**os.environ, "ADDON": PAYMENT})
    (archive,) = tmp_path.iterdir()
    assert content_of(build(None, archive)) == files_of(PAYMENT)


def test_requirements_are_those_of_the_manifest():
    """Who installs by hand gets the same packages as who installs the wheel."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line and line[0] != "#"] == EXTERNAL


@pytest.fixture(scope="module")
def development() -> dict:
    """Return the development environment, as ./dev tells it."""
    return json.loads(run(ROOT / "dev", "env"))


@pytest.fixture(scope="module")
def python(wheels, development, tmp_path_factory) -> Path:
    """Install the wheels into a clean environment beside Odoo and its packages."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder)
    program = folder / "bin" / "python"
    packages = next(folder.glob("lib/python3*/site-packages"))
    beside = [sysconfig.get_path("purelib"), development["odoo_dir"]]
    packages.joinpath("beside.pth").write_text("\n".join(beside) + "\n", "utf-8")
    run(program, "-m", "pip", "install", "--no-index", *wheels.values(), cwd=folder)
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


def test_odoo_installs_and_loads_the_addons_from_the_wheels(odoo, python, tmp_path):
    """A new database, our addons in it, their code from the clean environment.

    Those that build on the main one install themselves beside what they glue. Odoo
    has nothing to complain of.
    """
    addons, log = f"{MAIN},account_payment,queue_job", tmp_path / "odoo.log"
    options = ["--stop-after-init", "--no-http", f"--logfile={log}"]
    odoo("-d", DATABASE, "-i", addons, *options)
    lines = log.read_text("utf-8").splitlines()
    assert lines
    assert not [line for line in lines if PROBLEM.search(line)]
    script = (
        "import importlib, json\n"
        f"for name in {ADDONS!r}:\n"
        "    addon = importlib.import_module(f'odoo.addons.{name}')\n"
        "    module = env['ir.module.module']._get(name)\n"
        "    found = [addon.__file__, module.state, module.latest_version]\n"
        "    print('FOUND', json.dumps(found))\n"
    )
    printed = odoo("shell", "-d", DATABASE, "--no-http", text=script)
    lines = [line for line in printed.splitlines() if line.startswith("FOUND")]
    assert len(lines) == len(ADDONS)
    for line in lines:
        file, state, version = json.loads(line.removeprefix("FOUND "))
        assert Path(file).is_relative_to(python.parents[1])
        assert [state, version] == ["installed", "19.0.1.0.0"]
