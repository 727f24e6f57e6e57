"""``./dev demo``: a running Odoo with demo data and a mail catcher."""

import argparse
import signal
import time
from pathlib import Path

from . import browser, demo_check, demo_pictures, demo_server
from .console import DevError, say
from .demo_server import Demo
from .environment import REPOSITORY

LOGINS = """\
  admin / admin      the administrator, in English
  ana / ana          Ana Pop, accountant, in Romanian
  georgi / georgi    Georgi Ivanov, invoicing, in Bulgarian
  radu / radu        Radu Marin of Editura Lumina: a client, in the portal
  elena / elena      Elena Dinu of Hotel Carpați: a client that receives in Odoo"""


def main(args: list[str]) -> int:
    """Run the demo until Ctrl-C; or check it, or take pictures of it, and end.

    :param args: [--check] [--screenshots [DIR]]
    """
    told = _parse(args)
    if told.check or told.screenshots:
        browser.ensure()
    # A shell that starts a command in the background has it ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with demo_server.run(demo_pictures.MODULES if told.screenshots else ()) as demo:
        if told.check or told.screenshots:
            _work(demo, told)
        else:
            _tell(demo)
            _wait(demo)
    return 0


def _parse(args: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("./dev demo", description=main.__doc__)
    parser.add_argument(
        "--check",
        action="store_true",
        help="send an invoice, look at it as the client, read it back, end",
    )
    parser.add_argument(
        "--screenshots",
        metavar="DIR",
        nargs="?",
        const=REPOSITORY,
        type=Path,
        help="write the pictures there, by default where they belong; end",
    )
    return parser.parse_args(args)


def _work(demo: Demo, told: argparse.Namespace) -> None:
    """Do what was asked for; a failure names Odoo's log."""
    try:
        if told.check:
            demo_check.run(demo)
        if told.screenshots:
            demo_pictures.run(demo, told.screenshots.resolve())
    except DevError as error:
        raise DevError(f"{error}; Odoo's log: {demo.odoo.log}") from error


def _tell(demo: Demo) -> None:
    """Print where everything is."""
    print(
        f"\nOdoo    {demo.url}/odoo/customer-invoices\n{LOGINS}\n"
        f"Mails   {demo.mails.url}    no mail leaves this machine\n"
        f"Log     {demo.odoo.log}\n"
        "\nCtrl-C ends it; the next call begins with a fresh database.",
        flush=True,
    )


def _wait(demo: Demo) -> None:
    """Wait for Ctrl-C.

    :raise DevError: when one of the programs ends by itself
    """
    try:
        while True:
            demo.odoo.check()
            demo.mails.service.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("ending Odoo and the mail catcher")
