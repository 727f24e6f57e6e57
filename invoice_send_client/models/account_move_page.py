from odoo import models
from odoo.tools import is_html_empty

#: Sections have no quantity and no price.
SECTIONS = ("line_section", "line_subsection")
#: A row that shows none of them.
NO_FIGURES = dict.fromkeys(("quantity", "uom", "price", "discount", "amount", "taxes"))


class AccountMove(models.Model):
    """What the client's page shows of a document: what its PDF says, in fewer columns.

    Rows and sums follow the template of Odoo's own report (``account``,
    ``report_invoice_document``): sections whose composition or prices are hidden are
    summed up, amounts include taxes where the company's prices do.
    """

    # one model, several concerns: the rest stands in account_move.py
    _name = "account.move"
    _inherit = ["account.move"]

    def _prepare_page_values(self):
        """:return: rows, sums and the state of the payment, for the page's template

        :rtype: dict
        """
        self.ensure_one()
        return {
            # as the field itself shows it: more digits where a price has more
            "price_digits": self.env["decimal.precision"].precision_get(
                "Product Price"
            ),
            "rows": self._prepare_page_rows(),
            "has_several_taxes": self._has_several_taxes(),
            "sums": self._prepare_page_sums(),
            "notes": self._get_page_notes(),
            "foreign_vat": self.fiscal_position_id.foreign_vat,
            # the text of a reversal or a debit note is the seller's, not the client's
            "is_own_reference": not self._get_page_origin(),
            **self._prepare_page_payment(),
        }

    def _get_page_origin(self):
        """:return: the document that this one corrects, whose number stands in ``ref``

        :rtype: account.move
        """
        origin = self.reversed_entry_id
        if "debit_origin_id" in self._fields:  # account_debit_note
            origin |= self.debit_origin_id
        return origin

    # -- rows --------------------------------------------------------------------------

    def _prepare_page_rows(self):
        """:return: the rows of the document, as its PDF has them

        :rtype: list[dict]: ``kind`` (as ``display_type``) and ``name``; ``quantity``,
            ``uom``, ``price``, ``discount``, ``amount``, ``taxes`` (their labels),
            ``None`` where it is not shown
        """
        rows = []
        for line in self._get_move_lines_to_report():
            if line.collapse_composition or line.collapse_prices:
                rows += self._prepare_page_group(line)
            else:
                rows.append(self._prepare_page_row(line))
        return rows

    def _prepare_page_row(self, line):
        row = {"kind": line.display_type, "name": line.name or "", **NO_FIGURES}
        if line.display_type in SECTIONS:
            row["amount"] = line.get_section_subtotal()
        elif line.display_type == "product":
            row.update(
                quantity=line.quantity,
                uom=line.product_uom_id.display_name,
                price=line.price_unit,
                discount=line.discount,
                amount=line[self._get_page_amount_name()],
                taxes=[tax.tax_label for tax in line.tax_ids if tax.tax_label],
            )
        return row

    def _has_several_taxes(self):
        """:return: whether a row has to say which of the document's taxes it bears"""
        lines = self.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        return len({line.tax_ids for line in lines}) > 1

    def _prepare_page_group(self, section):
        """:return: the rows of a section that hides its composition or its prices

        :param section: ``account.move.line``
        """
        rows, amount = [], self._get_page_amount_name()
        for line in section._get_child_lines():
            row = {"kind": line["display_type"], "name": line["name"] or ""}
            row.update({**NO_FIGURES, "taxes": line["taxes"]})
            if "line_uom" not in line and not section.collapse_composition:
                # Odoo's stand-in for a section that comes to nothing
                row["kind"] = section.display_type
            elif section.collapse_composition:
                row.update(
                    kind="product",
                    quantity=1,
                    price=line["price_subtotal"],
                    amount=line[amount],
                )
            elif row["kind"] in SECTIONS:
                row["amount"] = line[amount]
            elif row["kind"] == "product":
                row["quantity"] = line["quantity"]
                row["uom"] = line["line_uom"] and line["line_uom"].display_name
            rows.append(row)
        return rows

    def _get_page_amount_name(self):
        is_included = self.company_price_include == "tax_included"
        return "price_total" if is_included else "price_subtotal"

    # -- sums --------------------------------------------------------------------------

    def _prepare_page_sums(self):
        """:return: what stands above the total, from what Odoo computes for the PDF

        :rtype: list[dict]: ``kind`` (``untaxed``, ``tax``, ``rounding``), ``name``
            where it has one of its own, ``base`` where taxes have different ones,
            ``amount``
        """
        totals = self.tax_totals
        parts = [part for part in totals["subtotals"] if part["tax_groups"]]
        sums = []
        for part in parts:
            # where there is one, the page has a word for it
            name = part["name"] if len(parts) > 1 else ""
            amount = part["base_amount_currency"]
            sums.append({"kind": "untaxed", "name": name, "amount": amount})
            sums += [
                self._prepare_page_tax(group, totals["same_tax_base"])
                for group in part["tax_groups"]
            ]
        if not parts:
            amount = totals["base_amount_currency"]
            sums.append({"kind": "untaxed", "name": "", "amount": amount})
        if rounding := totals.get("cash_rounding_base_amount_currency"):
            sums.append({"kind": "rounding", "name": "", "amount": rounding})
        return sums

    def _prepare_page_tax(self, group, is_same_base):
        """:return: see :meth:`_prepare_page_sums`

        :param dict group: of ``tax_totals``
        :param bool is_same_base: all groups have the same base
        """
        base = group["display_base_amount_currency"]
        return {
            "kind": "tax",
            "name": group["group_name"],
            "base": None if is_same_base or base is False else base,
            "amount": group["tax_amount_currency"],
        }

    def _get_page_notes(self):
        """:return: what the law and the terms want to be said, in the PDF's order

        :rtype: list[Markup]
        """
        notes = (
            self.fiscal_position_id.note,
            self.taxes_legal_notes,
            self.invoice_payment_term_id.note,
            self.narration,
        )
        return [note for note in notes if not is_html_empty(note)]

    # -- payment -----------------------------------------------------------------------

    def _prepare_page_payment(self):
        """:return: what is still to be paid, and when

        :rtype: dict: ``settled`` (``paid``, ``credited`` or nothing); the amounts
            ``to_pay`` of what is partly paid and ``next_amount`` of an instalment, the
            date ``due`` and the ``bank_account``, ``False`` where there is none
        """
        names = ("settled", "to_pay", "next_amount", "due", "bank_account")
        nothing = dict.fromkeys(names, False)
        if self.move_type != "out_invoice":
            return nothing
        if self.payment_state in ("paid", "in_payment", "reversed"):
            word = "credited" if self.payment_state == "reversed" else "paid"
            return {**nothing, "settled": word}
        # without a custom amount: what Odoo's own portal asks for
        step = self._get_invoice_next_payment_values()
        is_step = step.get("installment_state") in ("next", "overdue")
        is_partly_paid = 0 < self.amount_residual < self.amount_total
        return {
            "settled": "",
            "to_pay": is_partly_paid and self.amount_residual,
            "next_amount": is_step and step["next_amount_to_pay"],
            "due": (is_step and step["next_due_date"]) or self.invoice_date_due,
            "bank_account": self.partner_bank_id.display_name,
        }
