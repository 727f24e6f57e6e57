from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools import format_datetime

from ..tools import addresses


class AccountMoveSendBatchWizard(models.TransientModel):
    """What Send does: runs with what each row says, one for each company (D7)."""

    # one model, several concerns: the rest stands in account_move_send_batch_wizard.py
    _name = "account.move.send.batch.wizard"
    _inherit = ["account.move.send.batch.wizard"]

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        # EXTENDS 'account'
        self.ensure_one()
        if not self.line_ids:  # made by another app, with documents and no rows
            self.line_ids = self._prepare_line_commands(self.move_ids)
        self.set_for_all()  # chosen above the rows, and not given to them yet
        self.line_ids._judge_again()
        lines = self._get_sendable_lines()
        if not lines:
            self._raise_nothing_to_send()
        if self.alerts:
            self._raise_danger_alerts(self.alerts)
        if force_synchronous and allow_fallback_pdf:
            # another app asks for documents at any price, which no run gives
            return super().action_send_and_print(
                force_synchronous=True, allow_fallback_pdf=True
            )
        if force_synchronous and not self.scheduled_datetime:
            return self._send_at_once(lines)
        self._check_cron()
        self.start_datetime = self._get_start_datetime(lines)
        runs = self._create_runs(lines)
        runs._start_by_cron()
        return self._tell_sending(runs)

    def _send_at_once(self, lines):
        """Send in the call itself: whoever calls goes on when all is done, documents
        included. What one pass has no time for is left to the cron.

        :param lines: the rows that go
        :return: the end of the window; the user is told as at the end of every run
        :rtype: dict
        """
        self.start_datetime = False  # of an earlier press
        runs = self._create_runs(lines)
        runs.is_result_due = True
        runs._process()
        due = runs.line_ids.filtered("is_pdf_due")
        due._make_due_pdfs_safely()
        return {"type": "ir.actions.act_window_close"}

    def _raise_nothing_to_send(self):
        raise UserError(
            self.env._(
                "Nothing is ticked that can be sent.\n%s",
                self.line_ids._describe_left(),
            )
        )

    def _check_cron(self):
        """:raise RedirectWarning: where the scheduled action that sends is off"""
        # sudo: users may start their own sending, not read scheduled actions
        cron = self.env.ref("account.ir_cron_account_move_send").sudo()
        if cron.active:
            return
        words = self.env._(
            "Several documents are sent by the scheduled action “%s”, which is "
            "switched off: ask your administrator to switch it on.",
            cron.name,
        )
        if not self.env.user.has_group("base.group_system"):
            raise UserError(words)
        action = cron._get_records_action(views=[(False, "form")])
        raise RedirectWarning(words, action, self.env._("Show it"))

    def _get_start_datetime(self, lines):
        """Say when what is sent may leave (B18).

        :param lines: the rows that go
        :return: the time chosen; for two or more the end of the undo pause; else empty
        :rtype: datetime | bool
        """
        if self.scheduled_datetime:
            return self.scheduled_datetime
        seconds = self._get_undo_seconds(lines)
        return seconds and fields.Datetime.now() + timedelta(seconds=seconds)

    @api.model
    def _get_undo_seconds(self, lines):
        """:return: how long Send can be undone; a single document leaves at once

        :param lines: the rows that go
        """
        leaving = lines.filtered(lambda line: not line._goes_to_nobody())
        if len(leaving) < 2:
            return 0
        return max(leaving.company_id.mapped("invoice_undo_seconds"))

    def _create_runs(self, lines):
        """Copy the rows to lasting records, one run a company (D7).

        :param lines: the rows that go
        :rtype: invoice.send.run
        """
        Run = self.env["invoice.send.run"]
        # sudo: evidence that nobody may write by hand; Run itself asks for the rights
        runs = Run.sudo()
        self._take_files_over()
        left, modes = self.line_ids - lines, lines._get_fitting_modes()
        for company, own_lines in lines.grouped("company_id").items():
            data = {
                line.move_id: self._get_row_settings(line, modes[line.id])
                for line in own_lines
            }
            self._settle_languages(data)
            if self.one_mail_per_customer:
                self._join_mails(own_lines, data)
            self._keep_letters(data)
            run = Run._create_for_moves(data)
            run._note_skipped(left._get_reasons_left(company))
            runs |= run
        # sudo: the files live as long as the sending's records, not as the window
        self.attachment_ids.sudo().write(
            {"res_model": runs._name, "res_id": runs[:1].id}
        )
        self.run_id = runs[:1]
        return runs

    def _take_files_over(self):
        """Leave the files that belong to another record there: copies go along."""
        foreign = self.attachment_ids.filtered(
            lambda file: file.res_model and file.res_model != self._name
        )
        if foreign:
            copies = foreign.copy({"res_model": self._name, "res_id": self.id})
            self.attachment_ids = self.attachment_ids - foreign + copies

    @api.model
    def _settle_languages(self, data):
        """Let the whole mail speak the language of its letter, never two.

        :param dict data: settings by document, to be completed
        """
        Letter, found = self.env["invoice.send.template"], {}
        for settings in data.values():
            key = settings["mail_template"], settings["mail_lang"]
            if key not in found:
                found[key] = Letter._get_lang_of_template(*key)
            settings["mail_lang"] = found[key]

    @api.model
    def _keep_letters(self, data):
        """Let what leaves be the letters of this moment, however long it waits for its
        turn, the undo pause or the time chosen (D7).

        :param dict data: settings by document, to be completed
        """
        kept = {}
        for settings in data.values():
            template = settings["mail_template"]
            if template not in kept:
                kept[template] = template._keep_for_later()
            settings["mail_template"] = kept[template]

    @api.model
    def _join_mails(self, lines, data):
        """Say which documents go in one mail: same recipients, language and way (B19).

        A text that the user wrote for one document stays in a mail of its own.

        :param lines: rows of one company
        :param dict data: their settings by document, to be completed
        """
        joinable = lines.filtered(lambda line: not line.is_edited)
        for key, joined in joinable.grouped(
            lambda line: self._get_mail_group(line.partner_id, data[line.move_id])
        ).items():
            if key and len(joined) > 1:
                self._join_mail(joined, data, key)

    @api.model
    def _join_mail(self, lines, data, key):
        """Let documents go in one mail, with the letter for several; in more of them
        where one would be too big.

        :param lines: their rows
        :param dict data: their settings by document, to be completed
        :param tuple key: what tells these mails from others
        """
        letter, lang = self.env["invoice.send.template"]._get_letter(
            lines.company_id, "several", lines[0].mail_lang
        )
        template = letter.mail_template_id or lines[0].mail_template_id
        for number, fitting in enumerate(lines._divide_by_size(template)):
            if len(fitting) == 1:
                continue
            for line in fitting:
                data[line.move_id].update(
                    mail_group=(*key, number),
                    mail_template=letter.mail_template_id or line.mail_template_id,
                    mail_lang=lang,
                )

    @api.model
    def _get_mail_group(self, customer, settings):
        """:return: what documents of one mail have alike; ``None`` without e-mail

        :param customer: ``res.partner``
        :param dict settings: from :meth:`_get_row_settings`
        """
        if "email" not in settings["sending_methods"]:
            return None
        lines = addresses.without_repeats(
            *(settings[f"email_{role}"] for role in ("to", "cc", "bcc"))
        )
        alike = ("document_mode", "mail_lang", "email_from", "copy_followers")
        return (customer.commercial_partner_id.id, *lines, *map(settings.get, alike))

    def _get_row_settings(self, line, document_mode):
        """Give a row as settings of ``account.move.send``.

        Subject, text and files that nobody changed are filled in from the letter when
        the mail leaves.

        :param line: the row
        :param str document_mode: as chosen, or a link where the file is too big
        :rtype: dict
        """
        methods = set(line.sending_methods or [])
        if not addresses.parse(line.email_to)[0]:
            methods.discard("email")
        return {
            **self._get_row_letter(line),
            "sending_methods": methods,
            "extra_edis": set(line.extra_edis or []),
            "invoice_edi_format": line.invoice_edi_format,
            "pdf_report": line.pdf_report_id,
            "author_partner_id": self.env.user.partner_id.id,
            "document_mode": document_mode,
            "previous_line_id": line.last_line_id.id,
            "scheduled_datetime": self.start_datetime,
            "mail_attachments_widget": line.mail_attachments_widget,
            "shared_files": self._get_shared_files(),
        }

    def _get_row_letter(self, line):
        """:return: what a row's mail says, and to whom"""
        sender = self._get_default_email_from(
            line.move_id, self.env.user, line.email_from_name or self.email_from_name
        )
        return {
            "mail_template": line.mail_template_id,
            "mail_lang": line.mail_lang,
            "mail_subject": line.custom_subject,
            "mail_body": line.custom_body,
            "mail_partner_ids": line.mail_partner_ids,
            "note": self.note,
            "email_from": sender,
            "email_to": line.email_to,
            "email_cc": line.email_cc,
            "email_bcc": line.email_bcc,
            "copy_followers": line.copy_followers,
        }

    def _get_shared_files(self):
        """:return: the files for all, in the form of ``mail_attachments_widget``"""
        return [
            {
                "id": file.id,
                "name": file.name,
                "mimetype": file.mimetype,
                "placeholder": False,
                "manual": True,
            }
            for file in self.attachment_ids
        ]

    def _tell_sending(self, runs):
        """:return: the notification that ends the window

        :param runs: what Send has written
        """
        leaving = self._get_sendable_lines().filtered(
            lambda line: not line._goes_to_nobody()
        )
        left = self.line_ids - leaving
        reasons = left and self.env._("Left out:") + "\n" + left._describe_left()
        if self.start_datetime and not self.scheduled_datetime:
            return self._offer_undo(runs, len(leaving), reasons or "")
        words = leaving and self._describe_sending(len(leaving))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if left else "info",
                "className": "o_invoice_send_lines",
                "title": self.env._("Send to clients"),
                "message": "\n".join(filter(None, (words, reasons))),
                "sticky": bool(left),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _offer_undo(self, runs, count, left):
        """:return: the action that counts the undo pause down, and starts the sending

        :param runs: what Send has written
        :param int count: documents that leave
        :param str left: what was left out, and why
        """
        return {
            "type": "ir.actions.client",
            "tag": "invoice_send_client.undo",
            "params": {
                "run_ids": runs.ids,
                "seconds": self._get_undo_seconds(self._get_sendable_lines()),
                "count": count,
                "message": left,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _take_back(self, runs):
        """Make the window as it was before Send.

        :param runs: what was withdrawn
        """
        lines = {line.move_id.id: line.id for line in runs.line_ids}
        for row in self.line_ids.filtered(lambda row: row.move_id.id in lines):
            row.last_line_id = lines[row.move_id.id]
        self.write({"run_id": False, "start_datetime": False})

    def _describe_sending(self, count):
        """:return: how many documents leave, and when

        :param int count: documents
        """
        if not self.scheduled_datetime:
            return self.env._("Documents being sent: %s.", count)
        return self.env._(
            "Documents that leave on %(time)s: %(count)s. Until then they can be "
            "cancelled under “My messages”.",
            count=count,
            time=format_datetime(self.env, self.scheduled_datetime, dt_format="short"),
        )
