"""What one call keeps of the PDFs that it makes: begun early, asked for later."""

import contextlib


class Begun(Exception):
    """The engine has begun with the documents; there is nothing to show yet."""


class EngineFailed(Exception):
    """The engine gave up, beside other work; who wants to know why asks once more."""


class PdfWork:
    """The PDFs of one call, which Odoo's own code passes twice.

    The first time (:meth:`ahead`) that code renders the documents' HTML, comes to the
    PDF engine and is left there: the engine works in the background, while the HTML of
    the next documents is rendered. The second time each step gives what it gave before,
    the engine its PDF, and Odoo and other addons go on with it as ever.

    :param Engine engine: makes the PDFs in the background
    :param tuple ids: the documents of the whole call; what one of them reads is read
        for all
    :param str cookie: opens what the documents show to a logged-in user; or ``None``

    :ivar is_ahead: whether it is the first time
    """

    def __init__(self, engine, ids, cookie=None):
        self.engine = engine
        self.ids = ids
        self.cookie = cookie
        self.is_ahead = False
        self._answers = {}

    @contextlib.contextmanager
    def ahead(self):
        """Do no more in the block than what comes before the engine."""
        self.is_ahead = True
        try:
            with contextlib.suppress(Begun):
                yield
        finally:
            self.is_ahead = False

    def once(self, asked, make):
        """Answer a question, the second time with what was answered first.

        :param asked: the question, with all that the answer depends on
        :param make: finds the answer
        :return: the answer
        """
        if asked not in self._answers:
            self._answers[asked] = make()
        return self._answers[asked]
