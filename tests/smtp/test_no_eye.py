"""What fetches the links of a real mail without anybody looking lights no eye."""

import pytest
import requests

from tests.helpers.client_page import BROWSER, LINK

FETCHES = [("GET", ""), ("HEAD", ""), ("GET", "/open.gif"), ("GET", "/pdf")]


@pytest.fixture(scope="module")
def mailed(seller, sink):
    """Send one invoice; return the document's id and the link of its mail."""
    address = seller.address("reader")
    move_id = seller.invoice(address)
    seller.send(move_id)
    return move_id, LINK.search(sink.mail_to(address).html)[0]


@pytest.mark.parametrize("minutes", [0, 60])
@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["script", "browser"])
@pytest.mark.parametrize(("method", "path"), FETCHES)
def test_plain_fetch_lights_no_eye(seller, mailed, method, path, headers, minutes):
    """No fetch of page, picture or PDF without the page counts as a look (B12)."""
    move_id, link = mailed
    seller.make_older(move_id, minutes)
    answer = requests.request(method, link + path, headers=headers, timeout=60)
    assert answer.status_code == 200
    assert seller.delivery(move_id)["state"] in ("sent", "open")
    assert not seller.delivery(move_id)["view_datetime"]
    move = seller.move(move_id)
    assert move["invoice_delivery_state"] in ("sent", "open")
    assert not move["invoice_view_datetime"]
