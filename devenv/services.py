"""Programs that run beside ``./dev`` until it ends: started, watched, ended."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from . import process
from .console import DevError, say

HOST = "127.0.0.1"
# Ports that are tried from the wanted one on.
PORTS_TRIED = 100
STOP_SECONDS = 15


class Service:
    """A program in a session of its own: Ctrl-C reaches ``./dev`` only.

    :ivar name: what the user reads
    :ivar log: everything that it prints
    """

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen | None = None

    def start(
        self,
        command: Sequence[object],
        env: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
    ) -> None:
        """Start the program.

        :param command: program and arguments
        :param env: its whole environment; by default the caller's
        :param descriptors: open files that it inherits
        :raise DevError: when it can't be started
        """
        with self.log.open("wb") as output:
            try:
                self._process = subprocess.Popen(
                    [*ended_with_us(), *map(str, command)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=env,
                    start_new_session=True,
                    pass_fds=tuple(descriptors),
                )
            except FileNotFoundError as error:
                raise DevError(
                    f"cannot start {self.name}: {error.filename} is missing"
                ) from error

    def check(self) -> None:
        """Look after the program.

        :raise DevError: with its last words, when it has ended
        """
        if self._process and self._process.poll() is not None:
            words = process.last_words(self.log.read_text("utf-8", "replace"))
            raise DevError(f"{self.name} ended: {words or 'without a word'}")

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until the program is ready.

        :param ready: tells whether it is
        :param seconds: how long at most
        :raise DevError: when it ends instead, or is not ready in time
        """
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise DevError(
                    f"{self.name} is not ready after {seconds:.0f} s: see {self.log}"
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """End the program, by force when it takes too long."""
        if not self._process or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"{self.name} does not end by itself: ending it by force")
            self._process.kill()
            self._process.wait()


def ended_with_us() -> list[str]:
    """Return what to put before a command, so that it ends when ``./dev`` is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


@contextlib.contextmanager
def running(service: Service) -> Iterator[Service]:
    """Stop the service at the end; a second Ctrl-C meanwhile is ignored.

    :param service: it may be started or not
    """
    try:
        yield service
    finally:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            service.stop()
        finally:
            signal.signal(signal.SIGINT, before)


def free_port(wanted: int) -> int:
    """Return the wanted port, or the next one that is free, and then say so.

    :param wanted: the usual port
    :raise DevError: when none is free
    """
    for port in range(wanted, wanted + PORTS_TRIED):
        if _is_free(port):
            if port != wanted:
                say(f"port {wanted} is taken: using {port}")
            return port
    raise DevError(f"no port from {wanted} to {wanted + PORTS_TRIED - 1} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port on which a connection just ended counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
