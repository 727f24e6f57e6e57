"""What the demo does in a browser: run by Odoo's Python, which has Playwright.

Called as ``python -m devenv.demo_browser JOB`` with a JSON object on standard input;
prints a JSON object.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

# The addon's judge never takes a browser under remote control for a person. Here the
# demo plays the client: this switch and the honest name of the desktop browser (see
# `client`) are the costume, real are the mouse, the page, its script and the time.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-blink-features=AutomationControlled",
]
SIZE = {"width": 1280, "height": 800}
# Styles and scripts of a fresh database are put together at the first call.
PAGE_MS = 90_000
BEACON_MS = 15_000
# The judge wants a first input that is no answer to the loading.
FIRST_LOOK_MS = 1_200


@contextlib.contextmanager
def launch(task: dict) -> Iterator[Browser]:
    """Run the browser.

    :param task: with ``chromium``, its path
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=task["chromium"], args=ARGUMENTS
        )
        try:
            yield browser
        finally:
            browser.close()


def client(browser: Browser, lang: str, **options: object) -> BrowserContext:
    """Return a fresh browser context of a client at a desktop.

    :param browser: the running browser
    :param lang: the client's language, as Odoo writes it
    """
    major = browser.version.split(".")[0]
    name = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Safari/537.36"
    )
    options.setdefault("viewport", SIZE)
    return browser.new_context(
        user_agent=name, locale=lang.replace("_", "-"), **options
    )


def look(task: dict) -> dict:
    """Open the client's link and look at the page until its script told the server.

    :param task: ``link`` and ``lang``; ``answer`` (accept or return) with its ``words``
    :return: ``title`` and ``beacon``
    """
    with launch(task) as browser:
        page = client(browser, task["lang"]).new_page()
        told = look_at(page, task["link"])
        if task.get("answer"):
            answer(page, task["answer"], task["words"])
        return told


def look_at(page: Page, link: str) -> dict:
    """Look at the client's page with mouse and wheel.

    :param page: an empty page
    :param link: the client's link
    :return: ``title`` and ``beacon``
    """
    with page.expect_response(
        lambda answer: answer.url.endswith("/seen"), timeout=PAGE_MS + BEACON_MS
    ) as seen:
        answer = page.goto(link, timeout=PAGE_MS)
        if answer.status != 200:
            raise ValueError(f"the client's page answers {answer.status}")
        page.locator("#invoice_delivery").wait_for()
        page.wait_for_timeout(FIRST_LOOK_MS)
        for step in range(8):
            page.mouse.move(300 + 60 * step, 200 + 25 * step)
            page.wait_for_timeout(150)
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(500)
        page.mouse.wheel(0, -300)
    if not seen.value.ok:
        raise ValueError(f"the page's beacon is answered {seen.value.status}")
    return {"title": page.title(), "beacon": seen.value.request.post_data_json}


def answer(page: Page, kind: str, words: dict[str, str]) -> None:
    """Accept or return the document that the client's page shows.

    :param page: the page, looked at for some seconds
    :param kind: ``accept`` or ``return``
    :param words: ``name``, and the ``reason`` of a return
    """
    form = page.locator(f"form[action*='/{kind}']")
    page.locator(".answers details", has=form).locator("summary").click()
    for field, text in words.items():
        form.locator(f"[name={field}]").fill(text)
    with page.expect_navigation():
        form.locator("button[type=submit]").click()
    page.locator("#answer").wait_for()


def log_in(browser: Browser, task: dict, **options: object) -> Page:
    """Return an empty page with the session of a user.

    :param browser: the running browser
    :param task: ``url``, ``database``, ``login``, ``password``
    """
    options.setdefault("viewport", SIZE)
    context = browser.new_context(**options)
    params = {
        "db": task["database"],
        "login": task["login"],
        "password": task["password"],
    }
    answer = context.request.post(
        f"{task['url']}/web/session/authenticate",
        data={"jsonrpc": "2.0", "method": "call", "params": params},
    )
    if not (answer.json().get("result") or {}).get("uid"):
        raise ValueError(f"{task['login']} can't log in")
    return context.new_page()


def open_list(page: Page, url: str) -> None:
    """Open the list of invoices and wait for its rows.

    :param page: a user's page
    :param url: Odoo's address
    """
    page.goto(f"{url}/odoo/customer-invoices", timeout=PAGE_MS)
    page.locator(".o_list_view .o_data_row").first.wait_for(timeout=PAGE_MS)


def read_eye(task: dict) -> dict:
    """Read the eye of an invoice back from the list.

    :param task: ``invoice``, ``url``, ``database``, ``login``, ``password``
    :return: ``label``: what the eye says
    """
    with launch(task) as browser:
        page = log_in(browser, task)
        open_list(page, task["url"])
        row = page.locator("tr.o_data_row", has_text=task["invoice"])
        eye = row.locator('.o_invoice_delivery_state [data-icon="view"]')
        if row.count() != 1 or eye.count() != 1:
            raise ValueError(
                f"{row.count()} rows of {task['invoice']}, {eye.count()} eyes in them"
            )
        icon = eye.locator("i")
        icon.wait_for()
        return {"label": icon.get_attribute("aria-label")}


JOBS = {"look": look, "read_eye": read_eye}


def main(job: str, jobs: dict[str, Callable[[dict], dict]]) -> int:
    """Do one job.

    :param job: a key of `jobs`
    :param jobs: functions by their names
    :return: the exit status
    """
    try:
        done = jobs[job](json.load(sys.stdin))
    except (Error, ValueError) as error:
        sys.stderr.write(f"{str(error).splitlines()[0]}\n")
        return 1
    json.dump(done, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], JOBS))
