"""Odoo 19.0 from Debian's package, unpacked into the cache without installing it.

Debian carries ``odoo-19`` in its development suite only. apt fetches it with the
machine's own mirror and proxy settings and checks Debian's signature; its lists and
state live in the cache, so the machine's own package system is not touched.
"""

import hashlib
import os
import shutil
from pathlib import Path

from . import cache, process
from .console import DevError, say

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
VERSION = "odoo-version"
# The one build that was tried out; another 19.0 that Debian signed is taken as well.
KNOWN = "19.0.0+dfsg-1"
KNOWN_SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
# Files that the package only links to. From trixie: the later versions of some lack
# the files, bookworm lacks fonts-montserrat.
FILES = (
    "fonts-montserrat",
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
SUITES = (
    "bookworm trixie forky sid oldoldstable oldstable stable testing unstable bullseye"
)
# Free space that download and unpacked tree need, measured: 1.4 GB.
NEEDED_BYTES = 2_000_000_000


def ensure() -> Path:
    """Return the directory that the packages are unpacked in.

    :raise DevError: without network, space or Debian's signing keys
    """
    return cache.step("odoo", cache.digest("odoo-19", KNOWN, *FILES), _build)


def _build(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise DevError(
            f"no space left for Odoo: {free // 10**6} MB free at {folder.parent}, "
            f"{NEEDED_BYTES // 10**6} MB needed"
        )
    if not KEYRING.exists():
        raise DevError(
            f"Debian's signing keys are missing ({KEYRING}): install "
            "debian-archive-keyring or set ODOO_DIR"
        )
    work = folder / "download"
    apt = _apt(work)
    say("fetching Odoo 19.0 from Debian (130 MB)")
    process.run([*apt, "update"], "read Debian's package lists")
    names = ["odoo-19", *(f"{name}/trixie" for name in FILES)]
    process.run([*apt, "download", *names], "download Odoo", cwd=work)
    version = _check(next(work.glob("odoo-19_*.deb")))
    say(f"unpacking Odoo {version}")
    for package in sorted(work.glob("*.deb")):
        process.run(["dpkg-deb", "-x", package, folder], f"unpack {package.name}")
    shutil.rmtree(work)
    _complete(folder)
    (folder / VERSION).write_text(version, encoding="utf-8")


def _apt(work: Path) -> list[str]:
    """Return the start of an apt command that keeps to the folder `work`."""
    for part in ("lists/partial", "cache/archives/partial"):
        (work / part).mkdir(parents=True)
    sources = work / "odoo.sources"
    sources.write_text(
        f"Types: deb\nURIs: {_mirror()}\nSuites: trixie sid\nComponents: main\n"
        f"Signed-By: {KEYRING}\n",
        encoding="utf-8",
    )
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": work / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
        # A list that can't be fetched is an error, not a warning.
        "APT::Update::Error-Mode": "any",
    }
    pairs = (f"-o{name}={value}" for name, value in options.items())
    return ["apt-get", "-q", *pairs]


def _mirror() -> str:
    """Return the Debian archive that this machine's apt uses.

    ``DEBIAN_MIRROR`` overrides it. Without ``--no-release-info`` apt tells nothing
    before its first update.
    """
    given = os.environ.get("DEBIAN_MIRROR")
    if given:
        return given
    listing = process.run(
        [
            "apt-get",
            "indextargets",
            "--no-release-info",
            "--format",
            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages",
        ],
        "read apt's sources",
    )
    for line in listing.splitlines():
        uri, release, component = (line.split() + ["", "", ""])[:3]
        if component == "main" and release in SUITES.split():
            return uri
    raise DevError("apt knows no Debian archive here: set DEBIAN_MIRROR or ODOO_DIR")


def _check(package: Path) -> str:
    """Return the version of the downloaded package.

    :raise DevError: when it is no 19.0 or not the bytes that are known
    """
    version = process.run(
        ["dpkg-deb", "-f", package, "Version"], "read Odoo's package"
    ).strip()
    if not version.startswith("19.0"):
        raise DevError(f"Debian now carries Odoo {version}, not 19.0: set ODOO_DIR")
    if version == KNOWN:
        content = hashlib.sha256(package.read_bytes()).hexdigest()
        if content != KNOWN_SHA256:
            raise DevError(f"Odoo's package {version} is not the known one: {content}")
    return version


def _complete(folder: Path) -> None:
    """Mend what the package leaves out."""
    packages = folder / "usr" / "lib" / "python3" / "dist-packages"
    # Debian strips this file; the web client's bundle then logs an error on each
    # page, which fails every tour.
    library = packages / "odoo/addons/mail/static/lib/selfie_segmentation"
    library.mkdir(parents=True, exist_ok=True)
    script = library / "selfie_segmentation.js"
    if not script.exists():
        script.write_text("/* left out by Debian */\n", encoding="utf-8")
    # A second copy of the addons, without their data.
    shutil.rmtree(packages / "addons", ignore_errors=True)
