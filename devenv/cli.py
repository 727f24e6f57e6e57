"""The commands of ``./dev``."""

import importlib
import signal
import sys

from .console import DevError, complain

# command: (module, function, what it does)
COMMANDS = {
    "demo": ("demo", "main", "[--check] [--screenshots [DIR]]  a running Odoo"),
    "test": ("testing", "main", "[PATHS, pytest options]  every test"),
    "lint": ("lint", "main", "the OCA toolchain"),
    "i18n": ("i18n", "main", "export the terms, merge them into the translations"),
    "bench": ("bench", "main", "[NAME] [--json FILE]  the benchmarks"),
    "initdb": (
        "database",
        "main",
        "NAME [--with MOD,MOD] [--lang ro_RO,bg_BG] [--demo]  a fresh database",
    ),
    "odoo": ("odoo", "main", "ARGS...  Odoo's own command line"),
    "shell": ("odoo", "main_shell", "DB < FILE  Odoo's shell on a database"),
    "env": ("environment", "main", "the environment as JSON"),
    "stop": ("postgres", "main_stop", "end the private PostgreSQL"),
}


def main(args: list[str]) -> int:
    """Run one command of ``./dev``.

    :param args: the command and its arguments
    :return: the exit status: 0, 1 on a failure, 2 on a wrong call
    """
    if not args or args[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if args else 2
    if args[0] not in COMMANDS:
        complain(f"no command {args[0]!r}; there are: {', '.join(COMMANDS)}")
        return 2
    module, function, _text = COMMANDS[args[0]]
    # A plain kill ends the programs that were started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        command = importlib.import_module(f"devenv.{module}")
        return getattr(command, function)(args[1:]) or 0
    except DevError as error:
        complain(str(error))
    except OSError as error:
        complain(f"{error.strerror or error}: {error.filename or 'the system'}")
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    return 1


def usage() -> str:
    """Return the list of commands, one a line."""
    lines = [f"  ./dev {name} {text}" for name, (_m, _f, text) in COMMANDS.items()]
    return "\n".join(["Usage:", *lines])
