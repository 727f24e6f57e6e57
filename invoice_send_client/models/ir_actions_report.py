import contextlib
import logging
import re
from urllib.parse import urlparse

from odoo import SUPERUSER_ID, api, models
from odoo.http import request, root
from odoo.service import security

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..tools import page_styles, pdf_engine, pdf_work

_logger = logging.getLogger(__name__)

#: A report says by this attribute of its ``<html>`` how many milliseconds the engine
#: waits for its scripts; Odoo reads the other ``data-report-*`` ones there.
DELAY = "data-report-javascript-delay"

#: Milliseconds that the engine waits, by its own default, once a page is loaded. The
#: fonts of Odoo's style sheet are asked for only when the first line is set, and with 0
#: some pages went without.
FONT_DELAY = 200

#: A background picture of an element of its own.
BACKGROUND = re.compile(r"""style=(?:"[^"]*|'[^']*)url\(""", re.IGNORECASE)

#: Characters from which on Odoo cuts up the tables of a document.
HUGE = 4 * 1024 * 1024


class IrActionsReport(models.Model):
    """PDFs of invoices without idle wait or unused styles, and several at once."""

    _inherit = "ir.actions.report"

    # -- no idle wait ------------------------------------------------------------------

    @api.model
    def _build_wkhtmltopdf_args(
        self,
        paperformat_id,
        landscape,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        # EXTENDS 'base'
        args = super()._build_wkhtmltopdf_args(
            paperformat_id,
            landscape,
            specific_paperformat_args=specific_paperformat_args,
            set_viewport_size=set_viewport_size,
        )
        delay = (specific_paperformat_args or {}).get(DELAY)
        if delay and "--javascript-delay" in args:
            args[args.index("--javascript-delay") + 1] = str(delay)
        return args

    @api.model
    def _run_wkhtmltopdf(
        self,
        bodies,
        report_ref=False,
        header=None,
        footer=None,
        landscape=False,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        # EXTENDS 'base'
        settings = dict(specific_paperformat_args or {})
        if report_ref and self._is_invoice_report(report_ref):
            if not self._changes_late(bodies, header, footer):
                settings.setdefault(DELAY, str(FONT_DELAY))
                bodies, header, footer = self._embed_styles(bodies, header, footer)
        asked = {
            "report_ref": report_ref,
            "header": header,
            "footer": footer,
            "landscape": landscape,
            "specific_paperformat_args": settings,
            "set_viewport_size": set_viewport_size,
        }
        work = self.env.context.get("invoice_pdf_work")
        if work and all(len(body) < HUGE for body in bodies):
            return self._get_pdf_of_work(work, bodies, asked)
        return super()._run_wkhtmltopdf(bodies, **asked)

    @api.model
    def _changes_late(self, bodies, header, footer):
        """:return: whether a page may change after it was loaded: it has a script
            besides the one that chooses the header and footer of a page, which is done
            by then; or a background picture, which the engine asks for only then

        :param list bodies: the documents in HTML
        :param str header: HTML with the headers of all documents
        :param str footer: the same with the footers
        :rtype: bool
        """
        own = sum("function subst()" in page for page in (header, footer) if page)
        pages = [*bodies, header or "", footer or ""]
        scripts = sum(page.lower().count("<script") for page in pages)
        return scripts > own or any(map(BACKGROUND.search, pages))

    @api.model
    def _embed_styles(self, bodies, header, footer):
        """Put into the pages what they need of Odoo's style sheet.

        :param list bodies: the documents in HTML
        :param str header: HTML with the headers of all documents
        :param str footer: the same with the footers
        :return: the same three
        :rtype: tuple
        """
        links = {link for body in bodies for link in page_styles.find_links(body)}
        # sudo: the same public file that the PDF engine would load without logging in
        attachments = self.env["ir.attachment"].sudo()
        found = attachments.search(
            [
                ("url", "in", list(links)),
                ("public", "=", True),
                ("res_model", "=", "ir.ui.view"),
                ("res_id", "=", 0),
                ("create_uid", "=", SUPERUSER_ID),
            ]
        )
        sheets = {sheet.url: sheet.raw.decode() for sheet in found}
        frames = [page for page in (header, footer) if page]
        made = iter(page_styles.embed(frames, sheets))
        header, footer = (page and next(made) for page in (header, footer))
        return page_styles.embed(bodies, sheets), header, footer

    # -- several at once ---------------------------------------------------------------

    @api.model
    @contextlib.contextmanager
    def _hold_pdf_work(self, moves):
        """Give what keeps the PDFs of several documents until the block ends.

        :param moves: the documents
        :return: what has to stand in the context as ``invoice_pdf_work``; empty where
            one document needs no company, or an addon brings a PDF engine of its own
        :rtype: pdf_work.PdfWork | None
        """
        if len(moves) < 2 or not self._has_native_engine():
            yield None
            return
        with self._hold_pdf_cookie() as cookie, pdf_engine.Engine() as engine:
            yield pdf_work.PdfWork(engine, tuple(moves.ids), cookie)

    @api.model
    def _has_native_engine(self):
        """:return: whether only Odoo's and our own code call the PDF engine"""
        modules = {
            model._module
            for model in type(self).__mro__
            if "_run_wkhtmltopdf" in vars(model)
        }
        return modules <= {"base", "invoice_send_client"}

    @api.model
    @contextlib.contextmanager
    def _hold_pdf_cookie(self):
        """Give a cookie for what the user may see, as Odoo itself gives the engine.

        :return: the cookie, ``None`` where no user asks from a browser
        :rtype: str | None
        """
        if not (request and request.db):
            yield None
            return
        session = root.session_store.new()
        session.update({**request.session, "debug": "", "_trace_disable": True})
        if session.uid:
            session.session_token = security.compute_session_token(session, self.env)
        root.session_store.save(session)
        try:
            domain = urlparse(self._get_report_url()).hostname
            yield f"session_id={session.sid}; HttpOnly; domain={domain}; path=/;"
        finally:
            root.session_store.delete(session)

    @api.model
    def _get_pdf_batch_size(self):
        """:return: how many documents one process of the engine makes best

        :rtype: int
        """
        # Patched: measured with 80 invoices, 5 a process 0.158 s each, 10 a process
        # 0.133, 20 0.134. Unpatched: it takes one only.
        return 10 if _wkhtml().is_patched_qt else 1

    @api.model
    def _get_report(self, report_ref):
        # EXTENDS 'base'
        find = super()._get_report
        work = self.env.context.get("invoice_pdf_work")
        if not work or not isinstance(report_ref, (str, int)):
            return find(report_ref)
        # by its name it is searched for anew each time, a dozen times a document
        report_id = work.once(("report", report_ref), lambda: find(report_ref).id)
        return self.sudo().browse(report_id)  # sudo: as natively

    @api.model
    def _render_qweb_html(self, report_ref, docids, data=None):
        # EXTENDS 'base'
        make = super()._render_qweb_html
        work = self.env.context.get("invoice_pdf_work")
        if not work:
            return make(report_ref, docids, data=data)
        asked = ("html", self._get_report(report_ref).id, tuple(docids or ()))
        return work.once(asked, lambda: make(report_ref, docids, data=data))

    def _prepare_html(self, html, report_model=False):
        # EXTENDS 'base'
        make = super()._prepare_html
        work = self.env.context.get("invoice_pdf_work")
        if not work:
            return make(html, report_model=report_model)
        asked = ("pages", self.id, html, report_model)
        return work.once(asked, lambda: make(html, report_model=report_model))

    def _get_rendering_context(self, report, docids, data):
        # EXTENDS 'base'
        values = super()._get_rendering_context(report, docids, data)
        work = self.env.context.get("invoice_pdf_work")
        if work and report.model == "account.move" and values.get("docs"):
            # what one document reads is read for all of the call
            values["docs"] = values["docs"].with_prefetch(work.ids)
        return values

    @api.model
    def _get_pdf_of_work(self, work, bodies, asked):
        """Begin with a PDF, or wait for the one that was begun.

        :param pdf_work.PdfWork work: what is kept of the call
        :param list bodies: the documents in HTML
        :param dict asked: the other arguments of ``_run_wkhtmltopdf``
        :return: the PDF
        :rtype: bytes
        :raise pdf_work.Begun: the first time
        :raise pdf_work.EngineFailed: when it fails
        """
        key = ("pdf", tuple(bodies), str(asked))
        future = work.once(key, lambda: self._begin_pdf(work, bodies, asked))
        if work.is_ahead:
            raise pdf_work.Begun
        answer = future.result()
        if answer.code not in (0, 1):
            raise pdf_work.EngineFailed(answer.words)
        if answer.code:
            _logger.warning("wkhtmltopdf: %s", answer.words)
        return answer.content

    @api.model
    def _begin_pdf(self, work, bodies, asked):
        """:return: gives the engine's answer

        :param pdf_work.PdfWork work: what is kept of the call
        :param list bodies: the documents in HTML
        :param dict asked: the other arguments of ``_run_wkhtmltopdf``
        :rtype: concurrent.futures.Future
        """
        report = self._get_report(asked["report_ref"]) if asked["report_ref"] else self
        options = self._build_wkhtmltopdf_args(
            report.get_paperformat(),
            asked["landscape"],
            specific_paperformat_args=asked["specific_paperformat_args"],
            set_viewport_size=asked["set_viewport_size"],
        )
        task = pdf_engine.Task(
            [_wkhtml().bin, *options],
            bodies,
            asked["header"],
            asked["footer"],
            work.cookie,
        )
        return work.engine.start(task)
