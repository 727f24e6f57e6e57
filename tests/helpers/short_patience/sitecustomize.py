"""Python that gives mail servers up soon: loaded at the start, being in PYTHONPATH.

Odoo waits a minute for each answer of a mail server; a test of servers that answer
nothing would take as long for each of them. What happens after the wait is Odoo's own.
"""

import os
import smtplib

_init = smtplib.SMTP.__init__


def _init_impatient(self, *args, **options):
    if options.get("timeout"):
        options["timeout"] = float(os.environ["SMTP_PATIENCE"])
    _init(self, *args, **options)


smtplib.SMTP.__init__ = _init_impatient
