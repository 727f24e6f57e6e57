"""A real Odoo server in a process of its own, on one database."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import requests

from devenv.environment import Environment

from . import polling
from .smtp_sink import free_port

#: Lines of the log that a failed test shows.
LOG_TAIL = 60
START_SECONDS = 90
STOP_SECONDS = 20


class OdooServer:
    """An Odoo server that runs scheduled actions only when told to.

    :param env: the environment of ``./dev``
    :param database: the database it serves
    :param log: file that gets its output, appended at each start
    :param cron_threads: workers that run scheduled actions by themselves
    :param workers: processes that answer requests; 0: one process with threads
    :param jobs: jobs of the queue that it works on at a time, for a database that has
        ``queue_job``; 0: the job runner is not started
    :param variables: further variables of its process environment

    :ivar url: its address
    """

    def __init__(
        self,
        env: Environment,
        database: str,
        log: Path,
        cron_threads: int = 0,
        workers: int = 0,
        jobs: int = 0,
        **variables: str,
    ) -> None:
        self.env = env
        self.workers = workers
        self.jobs = jobs
        self.cron_threads = cron_threads
        self.variables = variables
        self.database = database
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen | None = None

    def _command(self) -> list[str]:
        return self.env.command(
            *(["--load=base,rpc,web,queue_job"] if self.jobs else []),
            f"--database={self.database}",
            f"--db-filter=^{self.database}$",
            f"--http-port={self.port}",
            f"--gevent-port={free_port()}",
            f"--workers={self.workers}",
            f"--max-cron-threads={self.cron_threads}",
            "--log-handler=werkzeug:WARNING",
        )

    def _channels(self) -> dict[str, str]:
        """Return the job runner's settings; it asks Odoo by the port of the command."""
        channels = f"root:{self.jobs},root.invoice_send:{self.jobs}"
        return {"ODOO_QUEUE_JOB_CHANNELS": channels} if self.jobs else {}

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        polling.until(self._answers, f"Odoo on {self.url}", START_SECONDS)

    def launch(self) -> None:
        """Start it, as the first of a group of processes."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command(),
                env={**self.env.variables(), **self.variables, **self._channels()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"Odoo ended by itself:\n{self.last_words()}")
        try:
            return requests.get(f"{self.url}/web/health", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def shell(self, script: str) -> None:
        """Run a script in Odoo's shell, in a process of its own.

        :param script: Python, with ``env``; it has to commit by itself
        :raise AssertionError: when it fails
        """
        done = subprocess.run(
            self.env.command("shell", f"--database={self.database}", "--no-http"),
            env={**self.env.variables(), **self.variables},
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def runs(self) -> bool:
        """Tell whether it has been started and has not ended."""
        return bool(self._process) and self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would (``kill -9``), with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it in order; by force where that takes too long."""
        if not self.runs():
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def last_words(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-LOG_TAIL:])
