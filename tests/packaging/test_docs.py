"""The documentation holds: what it names is there, what is there it names."""

import ast
import json
import re
from pathlib import Path

import polib
import pytest
from docutils import core
from lxml import etree

from devenv import checkout, cli, demo_pictures

ROOT = checkout.ROOT
MAIN = "invoice_send_client"
ADDONS = sorted(path.parent for path in ROOT.glob("*/__manifest__.py"))
RST = ["README.rst", "CONTRIBUTING.rst"]
FRAGMENTS = sorted(ROOT.glob("*/readme/**/*.md"))
README = (ROOT / "README.rst").read_text("utf-8")
# What OCA's readme is put together from; PRIVACY is a chapter of our own.
CHAPTERS = {"DESCRIPTION", "CONTEXT", "INSTALL", "CONFIGURE", "USAGE", "ROADMAP"}
CHAPTERS |= {"CONTRIBUTORS", "PRIVACY", "SECURITY"}
NEEDED = {"DESCRIPTION", "CONFIGURE", "USAGE", "ROADMAP", "CONTRIBUTORS"}
LITERAL = re.compile(r"(?<!`)(`{1,2})([^`]+)\1(?!`)")
FILE = re.compile(r"[\w.-]+(/[\w.-]+)*\.(py|xml|md|rst|json|cjs|js|png|toml|csv|txt)")
FOLDER = re.compile(r"[\w-]+(/[\w-]+)+")
COMMAND = re.compile(r"\./dev ([a-z0-9]+)")
OPTION = re.compile(r"--[a-z]+")
PICTURE = re.compile(r"[\w/.-]+\.png")
# From where a page names a file: the checkout, its own addon, and where it has told
# before that its files are.
HOMES = [
    "",
    MAIN,
    f"{MAIN}/data/letters",
    *(f"{MAIN}/{name}" for name in ("readme", "models", "tools")),
]
# Bytes: a reader on a slow line waits for them too.
ALL_PICTURES = 1_500_000
LARGEST_PICTURE = 150_000
LABEL = re.compile(r"(?<![\w`])_([^_`\n]+(?:\n[^_`\n]+)?)_(?!\w)")
# Labels of Odoo and of the OCA's job queue.
ODOOS = {"Channels", "Configuration", "Customers", "Delete", "Grant portal access"}
ODOOS |= {"Invoice Online Payment", "Invoice sending", "Invoicing", "Job Queue", "Jobs"}
ODOOS |= {"My Account", "Payment Providers", "Pending Message", "Reporting", "Send"}
ODOOS |= {"Settings", "Vendors", "by Email"}
# Words that are stressed.
STRESSED = {"company of this database", "portal"}


def named(text: str) -> set[str]:
    """Return the files and folders that a text names."""
    words = {match[2].strip() for match in LITERAL.finditer(text)}
    found = {word for word in words if FILE.fullmatch(word) or FOLDER.fullmatch(word)}
    # xx is a language that whoever follows the recipe adds
    return {word for word in found if not {"xx", "odoo"} & {Path(word).stem}}


@pytest.mark.parametrize("name", RST)
def test_a_page_is_sound_restructured_text(name):
    """As a forge and PyPI render it: no inclusion, no raw HTML, no warning."""
    settings = {
        "halt_level": 2,
        "report_level": 2,
        "file_insertion_enabled": False,
        "raw_enabled": False,
    }
    text = (ROOT / name).read_text("utf-8")
    parts = core.publish_parts(text, writer_name="html", settings_overrides=settings)
    assert "system-message" not in parts["body"]


@pytest.mark.parametrize(
    "path", [*(ROOT / name for name in RST), *FRAGMENTS], ids=lambda path: path.name
)
def test_files_that_a_page_names_are_there(path):
    """A file that was moved is moved in the documentation too."""
    places = [ROOT / home for home in HOMES]
    places += [addon for addon in ADDONS if addon in path.parents]
    assert not {
        name
        for name in named(path.read_text("utf-8"))
        if not any((place / name).exists() for place in places)
    }


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_each_addon_has_the_chapters_of_the_oca(addon):
    """And no other, as nothing would show them."""
    chapters = {path.stem for path in (addon / "readme").glob("*.md")}
    assert NEEDED <= chapters <= CHAPTERS
    assert all(path.read_text("utf-8").strip() for path in FRAGMENTS)


def test_every_command_is_documented_and_every_documented_one_exists():
    """In the README's table and wherever else a page tells what to call."""
    table = README[README.index("\nCommands\n") : README.index("Where things are\n")]
    assert set(COMMAND.findall(table)) == set(cli.COMMANDS)
    for path in [
        *(ROOT / name for name in RST),
        *FRAGMENTS,
        ROOT / "tests/bench/README",
    ]:
        assert set(COMMAND.findall(path.read_text("utf-8"))) <= set(cli.COMMANDS), path


def test_options_that_the_readme_names_are_known():
    """Each by the command that it stands behind."""
    for line in README.splitlines():
        for command in COMMAND.findall(line):
            module = ROOT / "devenv" / f"{cli.COMMANDS[command][0]}.py"
            for option in OPTION.findall(line):
                assert f'"{option}"' in module.read_text("utf-8"), line


def test_pictures_are_those_that_are_taken_and_each_is_shown():
    """None is left over, none is missing, none is shown nowhere."""
    taken = {f"{place}/{name}" for name, place in demo_pictures.PLACES.items()}
    stored = {path for path in map(str, checkout.files()) if path.endswith(".png")}
    stored = {p for p in stored if "screenshots" in p or "description" in p}
    assert {path for path in stored if not path.endswith("/icon.png")} == taken
    shown = set(PICTURE.findall(README))
    for addon in ADDONS:
        page = (addon / "static/description/index.html").read_text("utf-8")
        folder = f"{addon.name}/static/description"
        shown |= {f"{folder}/{name}" for name in PICTURE.findall(page)}
    assert shown == taken


def test_pictures_are_small():
    """Each of them, and all together."""
    sizes = {
        p: (ROOT / p).stat().st_size for p in checkout.files() if p.suffix == ".png"
    }
    sizes = {path: size for path, size in sizes.items() if path.name != "icon.png"}
    sizes = {p: n for p, n in sizes.items() if {"docs", "description"} & set(p.parts)}
    assert max(sizes.values()) < LARGEST_PICTURE
    assert sum(sizes.values()) < ALL_PICTURES


@pytest.mark.parametrize("addon", ADDONS, ids=lambda path: path.name)
def test_the_page_for_odoos_apps_stands_by_itself(addon):
    """Sound, with pictures of its own, nothing from elsewhere, no script."""
    folder = addon / "static" / "description"
    tree = etree.fromstring((folder / "index.html").read_bytes())
    assert {node.tag for node in tree.iter()} <= set(
        "section div h2 p img ul li".split()
    )
    for node in tree.iter():
        assert not set(node.attrib) & {"href", "onclick", "srcset"}
        assert "url(" not in node.get("style", "")
    for image in tree.iter("img"):
        assert (folder / image.get("src")).is_file()
        assert image.get("alt")
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text("utf-8"))
    assert [path for path in manifest["images"] if not (addon / path).is_file()] == []
    assert manifest["images"]


def test_labels_in_the_readme_are_those_of_the_screens():
    """A button that gets another name gets it here too."""
    terms = set()
    for addon in ADDONS:
        for file in (addon / "i18n").glob("*.pot"):
            entries = [entry.msgid for entry in polib.pofile(str(file))]
            # "Link: the client opens the invoice on a page"
            terms |= {*entries, *(entry.partition(":")[0] for entry in entries)}
    wrong = {}
    for path in ROOT.glob("*/readme/[CU]*.md"):
        for label in LABEL.findall(path.read_text("utf-8")):
            words = " ".join(label.split())
            parts = {part.strip() for part in words.split(" > ")}
            if unknown := parts - terms - ODOOS - STRESSED:
                wrong.setdefault(path.name, set()).update(unknown)
    assert not wrong


def test_languages_are_counted_right():
    """Letters, what the client's page speaks, and the words about them."""
    assert len(list((ROOT / MAIN / "data" / "letters").glob("*.xml"))) == 14
    assert "fourteen" in README


def kept(name: str) -> dict[str, dict]:
    """Return the kept figures of a benchmark, by name."""
    text = (ROOT / "tests" / "bench" / "kept" / f"{name}.json").read_text("utf-8")
    return {f["name"]: f for f in json.loads(text)["figures"][name]}


SENDING = "seconds_an_invoice_native_from"


@pytest.mark.parametrize("page", ["README.rst", "tests/bench/README"])
def test_figures_are_those_that_are_kept(page):
    """Of sending: ours and what it was measured against, to the last digit."""
    text = (ROOT / page).read_text("utf-8")
    figures = {name: figure for name, figure in kept("send").items() if SENDING in name}
    main = [f for n, f in figures.items() if n.startswith(("link", "att", "rom"))]
    main = [*(f for f in main if "goal" in f and f["goal"]), *kept("jobs").values()]
    assert len(main) == 4
    for figure in main:
        for value in (figure["ours"], figure["peer"]):
            assert re.search(rf"(?<![\d.]){re.escape(str(value))}(?!\d)", text), figure
