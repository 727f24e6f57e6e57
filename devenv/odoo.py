"""``./dev odoo`` and ``./dev shell``: Odoo's own commands in this environment."""

import os
import sys

from . import environment
from .console import DevError


def main(args: list[str]) -> int:
    """Become Odoo with these arguments, so that signals reach it.

    :param args: what Odoo's command line takes
    :return: never
    """
    env = environment.prepare()
    command = env.command(*args)
    sys.stdout.flush()
    os.execve(command[0], command, env.variables())
    return 1


def main_shell(args: list[str]) -> int:
    """Become Odoo's shell on a database; a script comes on standard input.

    A script that raises ends in status 1, ``sys.exit`` in its own; nothing is kept
    unless the script calls ``env.cr.commit()``.

    :param args: the database, then what Odoo's shell takes
    :return: never
    :raise DevError: when the database is not told or not there
    """
    if not args or args[0].startswith("-"):
        raise DevError("./dev shell wants the name of a database")
    name, *rest = args
    env = environment.prepare()
    if not env.server.exists(name):
        raise DevError(f"there is no database {name}: ./dev initdb {name}")
    command = env.command("shell", "-d", name, "--no-http", *rest)
    sys.stdout.flush()
    os.execve(command[0], command, env.variables())
    return 1
