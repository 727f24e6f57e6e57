"""What the user of ``./dev`` reads: progress and errors, all on standard error.

Standard output belongs to the commands' results (``./dev env``, ``./dev shell``).
"""

import sys


class DevError(Exception):
    """A failure told to the user in one line; ``./dev`` then exits with status 1."""


def say(text: str) -> None:
    """Print one line of progress.

    :param text: what happens now, without a trailing newline
    """
    print(f"dev: {text}", file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Print one line of error.

    :param text: what went wrong and what to do about it; line ends become spaces
    """
    print(f"dev: error: {' '.join(text.split())}", file=sys.stderr, flush=True)
