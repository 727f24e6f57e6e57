"""What all tests in a browser need, and what those of the client's page share."""

import functools
import resource
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect, sync_playwright

from devenv import browser, demo_browser
from tests.helpers import client_page
from tests.helpers import gallery as galleries
from tests.helpers.gallery import Gallery

#: Statuses of pages that are meant, and of which Chromium complains: a dead link, and
#: a form that lacks something.
MEANT = ("status of 404", "status of 422")


@pytest.fixture(scope="session", autouse=True)
def unlimited_address_space() -> Iterator[None]:
    """Let Chromium map what it likes.

    Odoo's tests run in the same process, and Odoo limits the address space of its
    process (limit_memory_hard), which Chromium would inherit and not start with.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.fixture(scope="session")
def gallery(dev_environment, sink, tmp_path_factory) -> Iterator[Gallery]:
    """A company that has something to show on every screen."""
    expect.set_options(timeout=client_page.CHANGE_MS)
    folder = tmp_path_factory.mktemp("gallery")
    with galleries.opened(dev_environment, folder, sink) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    """A browser that does not say that it is under remote control."""
    expect.set_options(timeout=client_page.CHANGE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=browser.ensure(), args=demo_browser.ARGUMENTS
        )
        yield running
        running.close()


@pytest.fixture
def open_client(chromium, seller):
    """Open empty pages of fresh clients, and check that none had any trouble."""
    contexts, troubles = [], []

    def opened(lang="ro_RO", **options):
        context = demo_browser.client(chromium, lang, **options)
        context.set_default_timeout(client_page.PAGE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: note(is_error(line), line.text))
        page.on("request", lambda asked: note(is_foreign(asked.url), asked.url))
        return page

    def note(is_trouble, words):
        if is_trouble:
            troubles.append(words)

    def is_error(line):
        return line.type == "error" and not any(word in line.text for word in MEANT)

    def is_foreign(url):
        return not url.startswith((seller.server.url, "data:"))

    yield opened
    cookies = [cookie for context in contexts for cookie in context.cookies()]
    for context in contexts:
        context.close()
    assert (troubles, cookies) == ([], [])


@pytest.fixture
def sign_in(chromium, seller):
    """Open pages of people who are signed in, at the width of a desktop or a phone."""
    contexts = []

    def opened(user, size="desktop", **options):
        viewport = client_page.SIZES[size]
        context = chromium.new_context(viewport=viewport, **options)
        session = {"name": "session_id", "value": user.session_id}
        context.add_cookies([{**session, "url": seller.server.url}])
        context.set_default_timeout(client_page.PAGE_MS)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(sign_in, seller):
    """Open pages as Ana Pop."""
    return functools.partial(sign_in, seller.user)


@pytest.fixture
def user_page(open_page):
    """An empty page of Ana Pop, signed in."""
    return open_page()


@pytest.fixture
def other_company(seller):
    """Another company of Ana Pop's, for this test alone: its id."""
    name = f"Other {secrets.token_hex(4)} SRL"
    company_id = seller.admin.make("res.company", {"name": name})
    write = functools.partial(seller.admin.change, "res.users", seller.user.uid)
    write({"company_ids": [(4, company_id)]})
    yield company_id
    write({"company_ids": [(3, company_id)]})


@pytest.fixture
def mailed(seller, sink):
    """An invoice that was mailed: the document's id and the client's link."""
    return client_page.mail(seller, sink)
