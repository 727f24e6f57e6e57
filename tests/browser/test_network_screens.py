"""The client network beside e-mail on every screen, as Ana Pop sees it (R7-R9)."""

import re

import pytest
from playwright.sync_api import expect

from tests.helpers import client_page, review

BOTH = ["email", "network"]


class Customer:
    """A customer with a document, and a portal user whose mails go elsewhere.

    :ivar address: to which its invoices are mailed
    :ivar partner_id: its contact
    :ivar move_id: its invoice
    :ivar name: the invoice's number
    :ivar user: name of the portal user
    """

    def __init__(self, seller, has_address=True) -> None:
        self.address = seller.address("client")
        self.user = f"Maria {self.address.partition('@')[0]}"
        email = self.address if has_address else False
        self.move_id = seller.invoice(email, invoice_sending_method=False)
        move = seller.user.fetch("account.move", self.move_id, "partner_id", "name")
        self.partner_id, self.name = move["partner_id"][0], move["name"]
        contact = {"name": self.user, "parent_id": self.partner_id}
        login = seller.address("portal")
        values = {
            "login": login,
            "partner_id": seller.admin.make("res.partner", contact),
            "email": login,
            "group_ids": [(6, 0, [seller.admin.ref("base.group_portal")])],
        }
        seller.admin.make("res.users", values)


@pytest.fixture
def customer(seller):
    """A customer that gets its invoices both ways."""
    return Customer(seller)


@pytest.fixture(scope="module")
def company_partner(seller):
    """Delta Ltd, a company of this database that takes nothing: its contact."""
    company_id = seller.admin.make("res.company", {"name": "Delta Ltd"})
    found = seller.admin.fetch("res.company", company_id, "partner_id")
    partner_id = found["partner_id"][0]
    seller.admin.change("res.partner", partner_id, {"email": "office@delta.example"})
    return partner_id


def invoice_of(seller, partner_id):
    """Create and post an invoice of a known customer."""
    values = {
        "move_type": "out_invoice",
        "partner_id": partner_id,
        "invoice_date": "2026-11-20",
        "invoice_line_ids": [(0, 0, {"name": "Consulting", "price_unit": 100.0})],
    }
    move_id = seller.user.make("account.move", values)
    seller.user.call("account.move", "action_post", [move_id])
    return move_id


def open_window(page, seller, move_id):
    """Open the send window by the paper-plane of the invoice's row."""
    page.goto(f"{seller.server.url}/odoo/customer-invoices")
    name = seller.move(move_id)["name"]
    row = page.locator(".o_data_row, .o_kanban_record", has_text=name)
    row.get_by_role("button", name="Send to client").click()
    window = page.locator(".modal", has=page.locator(".o_invoice_send_window"))
    expect(window).to_be_visible()
    return window


def press_send(window):
    """Press Send and wait until the window is gone."""
    window.get_by_role("button", name="Send", exact=True).click()
    expect(window).to_have_count(0)


def when(window):
    """Return the field of the time when it is to leave."""
    return window.locator("[name='scheduled_datetime'] input")


def panel(page, seller, move_id):
    """Open an invoice and its panel."""
    page.goto(f"{seller.server.url}/odoo/customer-invoices/{move_id}")
    page.get_by_role("tab", name="Client", exact=True).click()
    found = page.locator(".o_invoice_delivery_panel")
    expect(found).to_be_visible()
    return found


def by_network(panel):
    """Return the panel's line of whom the client network reaches."""
    return panel.locator("[data-method='network']")


# -- one document ----------------------------------------------------------------------


@pytest.mark.parametrize("size", client_page.SIZES)
def test_both_are_ticked_and_it_is_said_who_gets_it(open_page, seller, customer, size):
    page = open_page("desktop")
    window = open_window(page, seller, customer.move_id)
    page.set_viewport_size(client_page.SIZES[size])
    expect(window.get_by_label("by Email")).to_be_checked()
    expect(window.get_by_label("Client network")).to_be_checked()
    expect(window.locator("[name='network']")).to_contain_text(customer.user)
    client_page.take_picture(page, f"network_window_{size}")
    press_send(window)
    states = {
        each["email"]: each["state"] for each in seller.deliveries(customer.move_id)
    }
    assert len(states) == 2 and set(states.values()) == {"sent"}


def test_network_alone_asks_for_no_letter(open_page, seller, sink, customer):
    page = open_page()
    window = open_window(page, seller, customer.move_id)
    window.get_by_label("by Email").uncheck()
    expect(window.get_by_label(re.compile("^To"))).to_be_hidden()
    expect(window.get_by_label("Subject")).to_be_hidden()
    expect(when(window)).to_be_visible()
    client_page.take_picture(page, "network_window_alone")
    press_send(window)
    assert seller.delivery(customer.move_id)["state"] == "sent"
    assert sink.mails_to(customer.address) == []


def test_network_alone_can_wait_for_its_time(open_page, seller, customer):
    page = open_page()
    window = open_window(page, seller, customer.move_id)
    window.get_by_label("by Email").uncheck()
    when(window).click()
    when(window).fill("12/31/2030 10:00:00")
    page.keyboard.press("Tab")
    window.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".o_notification")).to_contain_text("leaves on")
    delivery = seller.delivery(customer.move_id)
    assert (delivery["state"], delivery["next_attempt_datetime"][:4]) == (
        "outgoing",
        "2030",
    )


@pytest.mark.parametrize("size", client_page.SIZES)
def test_company_that_takes_nothing_is_told_in_words(
    open_page, seller, company_partner, size
):
    move_id = invoice_of(seller, company_partner)
    page = open_page()
    window = open_window(page, seller, move_id)
    page.set_viewport_size(client_page.SIZES[size])
    box = window.get_by_label("Client network")
    expect(box).to_be_disabled()
    expect(box).not_to_be_checked()
    expect(window.locator("[name='network']")).to_contain_text("Delta Ltd")
    client_page.take_picture(page, f"network_window_refused_{size}")
    press_send(window)
    [delivery] = seller.deliveries(move_id)
    assert delivery["email"] == "office@delta.example"


def test_customer_without_portal_is_no_warning(open_page, seller):
    move_id = seller.invoice(seller.address("client"))
    page = open_page()
    window = open_window(page, seller, move_id)
    told = window.locator("[name='network']")
    expect(told).to_contain_text("no access to the portal")
    expect(told.locator(".text-warning-emphasis")).to_be_hidden()
    client_page.take_picture(page, "network_window_nobody")


# -- what became of it -----------------------------------------------------------------


@pytest.mark.parametrize("size", client_page.SIZES)
def test_panel_names_whom_the_network_reached(open_page, seller, customer, size):
    seller.send(customer.move_id, sending_methods=BOTH)
    page = open_page(size)
    shown = panel(page, seller, customer.move_id)
    line = by_network(shown)
    expect(line).to_contain_text(customer.user)
    expect(line).to_contain_text("Client network")
    expect(line).to_contain_text("Brought")
    expect(line).not_to_contain_text("Mailed")
    expect(line.get_by_role("button")).to_have_text(["Resend"])
    expect(shown.locator("[data-event='brought']")).to_contain_text(customer.user)
    line.scroll_into_view_if_needed()
    client_page.take_picture(page, f"network_panel_{size}")
    right = shown.bounding_box()
    assert right["x"] + right["width"] <= client_page.SIZES[size]["width"]


def test_list_says_that_it_was_brought(open_page, seller, customer):
    seller.send(customer.move_id, sending_methods=["network"])
    page = open_page()
    page.goto(f"{seller.server.url}/odoo/customer-invoices")
    row = page.locator(".o_data_row", has_text=customer.name)
    icon = row.get_by_role("img", name=re.compile(f"Brought .* to {customer.user}"))
    expect(icon).to_have_class(re.compile("fa-inbox"))
    icon.hover()
    expect(page.locator(".o-tooltip")).to_contain_text(customer.user)
    client_page.take_picture(page, "network_list")


def test_run_names_recipient_and_method(open_page, seller, customer):
    seller.send(customer.move_id, sending_methods=BOTH)
    run_id = seller.deliveries(customer.move_id)[0]["run_id"][0]
    for size in client_page.SIZES:
        page = open_page(size)
        page.goto(f"{seller.server.url}/odoo/my-invoice-messages/{run_id}")
        sent = page.locator("[name='sent_delivery_ids']")
        expect(sent).to_contain_text(customer.user)
        expect(sent).to_contain_text(customer.address)
        client_page.take_picture(page, f"network_run_{size}")
    expect(sent).to_contain_text("Client network")


def test_run_and_panel_tell_how_the_post_stands(open_page, seller):
    address = seller.address("client")
    place = {"street": "Strada 1", "city": "Cluj", "zip": "400001"}
    country = seller.admin.ref("base.ro")
    move_id = seller.invoice(address, country_id=country, **place)
    seller.send(move_id, sending_methods=["email", "snailmail"])
    [run_id, _name] = seller.delivery(move_id)["run_id"]
    for size in client_page.SIZES:
        page = open_page(size)
        way = panel(page, seller, move_id).locator("[data-way]")
        expect(way).to_contain_text("Post")
        expect(way).to_contain_text("In Queue")
        way.scroll_into_view_if_needed()
        client_page.take_picture(page, f"ways_panel_{size}")
        page.goto(f"{seller.server.url}/odoo/my-invoice-messages/{run_id}")
        told = page.locator("[name='other_way_line_ids']")
        expect(told).to_contain_text("Post: In Queue")
        told.scroll_into_view_if_needed()
        client_page.take_picture(page, f"ways_run_{size}")


# -- many documents --------------------------------------------------------------------


def test_grid_shows_the_ways_and_sets_them_for_all(
    open_page, seller, customer, company_partner
):
    silent = Customer(seller, has_address=False)
    refused = invoice_of(seller, company_partner)
    moves = {"both": customer.move_id, "silent": silent.move_id, "refused": refused}
    names = {key: seller.move(move_id)["name"] for key, move_id in moves.items()}
    page = open_page()
    page.goto(f"{seller.server.url}/odoo/customer-invoices")
    for name in names.values():
        row = page.locator(".o_data_row", has_text=name)
        row.locator(".o_list_record_selector input").check()
    page.locator(".o_control_panel button[name='action_open_send_window']").click()
    window = page.locator(".modal", has=page.locator(".o_invoice_send_review"))

    def cell(key, field):
        row = window.locator(".o_data_row", has_text=names[key])
        return row.locator(f"td[name='{field}']")

    expect(cell("both", "methods_text")).to_have_text("E-mail, network")
    expect(cell("silent", "remark")).to_contain_text("client network only")
    expect(cell("refused", "remark")).to_contain_text("Delta Ltd")
    expect(cell("refused", "remark")).to_have_css("white-space", "normal")
    expect(cell("refused", "methods_text")).to_have_text("E-mail")
    client_page.take_picture(page, "network_grid")
    window.get_by_label("Methods for all").click()
    page.locator(".o_select_menu_item", has_text="Client network").last.click()
    window.get_by_role("button", name="Set for all ticked").click()
    expect(cell("both", "methods_text")).to_have_text("network")
    expect(cell("refused", "remark")).to_contain_text("Delta Ltd")
    expect(window).to_contain_text("1 can't be sent")
    client_page.take_picture(page, "network_grid_set")
    page.set_viewport_size(client_page.SIZES["phone"])
    client_page.take_picture(page, "network_grid_phone")


def test_row_is_sent_by_what_its_window_ticks(open_page, seller, sink, customer):
    other = Customer(seller)
    window = review.Review(seller, [customer.move_id, other.move_id])
    row = window.row(customer.move_id, "id")
    opened = seller.user.call(review.ROW, "action_open", [row["id"]])
    boxes = seller.user.fetch(review.OPENED_ROW, opened, "sending_method_checkboxes")[
        "sending_method_checkboxes"
    ]
    boxes["email"]["checked"] = False
    seller.user.change(review.OPENED_ROW, opened, {"sending_method_checkboxes": boxes})
    seller.user.call(review.OPENED_ROW, "action_keep_in_batch", [opened])
    shown = window.row(customer.move_id, "methods_text")
    assert shown["methods_text"] == "network"
    assert window.send()["sent_count"] == 2
    assert sink.mails_to(customer.address) == []
    assert len(sink.mails_to(other.address)) == 1
