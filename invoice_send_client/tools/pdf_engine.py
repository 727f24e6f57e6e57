"""Odoo's PDF engine, several processes at once beside the work of the caller.

Plain Python: no thread of this file touches a record or a cursor.
"""

import concurrent.futures
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

#: A process computes for about half of its time and waits for the fonts of the page for
#: the other half: two of them keep one core busy.
PROCESSES = 2 * (os.cpu_count() or 1)

#: Odoo's own name of a document's file. The page's script reads the document's number
#: out of it, to show the header and footer of that document alone.
BODY_NAME = "report.body.tmp.%d.html"


class Task(NamedTuple):
    """What one process of the engine is asked for.

    :param list command: the program and its options, without files
    :param list bodies: the documents in HTML
    :param str header: HTML with the headers of all documents, or ``None``
    :param str footer: the same with the footers
    :param str cookie: opens what the documents show to a logged-in user; or ``None``
    """

    command: list
    bodies: list
    header: str | None = None
    footer: str | None = None
    cookie: str | None = None

    def write_files(self, folder):
        """Write the files of the task.

        :param Path folder: an empty folder
        :return: the command with its files, and the file that the engine will make
        :rtype: tuple[list[str], Path]
        """
        command, made = list(self.command), folder / "made.pdf"
        for option, text, name in (
            ("--cookie-jar", self.cookie, "cookie.txt"),
            ("--header-html", self.header, "header.html"),
            ("--footer-html", self.footer, "footer.html"),
        ):
            if text:
                command += [option, _write(folder / name, text)]
        for number, body in enumerate(self.bodies):
            command.append(_write(folder / (BODY_NAME % number), body))
        return [*command, str(made)], made


class Answer(NamedTuple):
    """What came of a task.

    :param int code: the process's exit status
    :param str words: what it said on standard error
    :param bytes content: the PDF, empty where there is none
    """

    code: int
    words: str
    content: bytes


class Engine:
    """A block in which tasks run in the background; its end kills what still runs.

    :param int processes: how many run at once, the others wait for their turn
    """

    def __init__(self, processes=PROCESSES):
        self._pool = concurrent.futures.ThreadPoolExecutor(processes)
        self._lock = threading.Lock()
        self._running = set()
        self._is_closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        with self._lock:
            self._is_closed = True
            for process in self._running:
                process.kill()
        self._pool.shutdown(cancel_futures=True)

    def start(self, task):
        """Have a task done, as soon as a process may begin.

        :param Task task: what to make
        :return: gives the :class:`Answer`; raises what the system says where the
            program can't be started
        :rtype: concurrent.futures.Future
        """
        return self._pool.submit(self._work, task)

    def _work(self, task):
        with tempfile.TemporaryDirectory(prefix="invoice_pdf_") as folder:
            command, made = task.write_files(Path(folder))
            process = self._launch(command)
            try:
                words = process.communicate()[1]
            finally:
                with self._lock:
                    self._running.discard(process)
            content = made.read_bytes() if made.exists() else b""
        return Answer(process.returncode, words.decode(errors="replace"), content)

    def _launch(self, command):
        with self._lock:
            if self._is_closed:
                raise concurrent.futures.CancelledError
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            self._running.add(process)
        return process


def _write(path, text):
    """:return: the file's path, written"""
    path.write_text(text, "utf-8")
    return str(path)
