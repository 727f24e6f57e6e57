"""Pictures that are answered before Odoo begins with a request (B12).

Odoo's own part of any request, which looks for news of other workers, finds the route
and who asks, takes longer than half of what OCA's mail_tracking takes for a whole
picture. Odoo has no hook before it, so that its method is wrapped; whatever is no
picture goes on to it unchanged.
"""

import functools
import logging
import re
import threading
import time

import psycopg2

from odoo import http, models
from odoo.modules.registry import Registry

from .invoice_delivery import InvoiceDelivery

_logger = logging.getLogger(__name__)

PICTURE = re.compile(r"/invoice/d/([^/]+)/open\.gif")

#: Seconds after which it is asked again whether other workers changed addons or rules;
#: Odoo asks for each request. What was decided of clients is read each time.
NEWS_SECONDS = 1

#: Database -> when it was asked last, in seconds that never go back.
_asked = {}


class IrHttp(models.AbstractModel):
    """Lets Odoo's server ask us first."""

    # one model, several concerns: the rest stands in models/ir_http.py
    _name = "ir.http"
    _inherit = ["ir.http"]

    def _register_hook(self):
        # EXTENDS 'base'
        super()._register_hook()
        # one for all databases of the process, and asked once
        if not hasattr(http.Request._serve_db, "before_pictures"):
            http.Request._serve_db = _wrap(http.Request._serve_db)


def _wrap(serve):
    """:return: Odoo's method that serves a request of a database, pictures before it"""

    @functools.wraps(serve)
    def _serve_db(self):
        picture = PICTURE.fullmatch(self.httprequest.path)
        return (picture and _answer(self, picture[1])) or serve(self)

    _serve_db.before_pictures = serve
    return _serve_db


def _answer(request, token):
    """:return: the picture, ``None`` where Odoo has to begin with the request"""
    registry = Registry.registries.get(request.db)
    # a server has databases without this addon, and some that are just being loaded
    if registry is None or not registry.ready or "invoice.delivery" not in registry:
        return None
    # for the log, as Odoo does
    threading.current_thread().dbname = request.db
    try:
        if not _is_up_to_date(registry):
            return None
        return InvoiceDelivery().picture_early(token, registry)
    except psycopg2.Error as error:
        # mostly somebody else's turn; the long way tries again, and tells what is wrong
        _logger.debug("a picture takes the long way: %s", error)
        return None


def _is_up_to_date(registry):
    """:return: whether this worker heeds all addons and rules of the database"""
    now = time.monotonic()
    if now - _asked.get(registry.db_name, -NEWS_SECONDS) < NEWS_SECONDS:
        return True
    with registry.cursor() as cr:
        is_same = registry.check_signaling(cr) is registry
    _asked[registry.db_name] = now
    return is_same
