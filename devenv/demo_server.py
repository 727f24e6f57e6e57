"""The running demo: a fresh database, the mail catcher, Odoo.

The database is ``demo``. While another call has that one, it is ``demo_2`` and so on,
so that nobody loses the database under a running Odoo.
"""

import contextlib
import fcntl
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import cache, database, environment, mailcatcher, rpc, services
from .console import DevError, say
from .environment import Environment

LANGUAGES = ["bg_BG", "ro_RO"]
DATABASE = "demo"
PORT = 8069
START_SECONDS = 120
# Running at once; more are a mistake.
DEMOS = 20
ADMIN = ("admin", "admin")


@dataclass(frozen=True)
class Demo:
    """A running demo.

    :ivar env: the environment
    :ivar database: its database
    :ivar odoo: Odoo's program
    :ivar url: Odoo's address
    :ivar mails: the mail catcher
    """

    env: Environment
    database: str
    odoo: services.Service
    url: str
    mails: mailcatcher.MailCatcher

    def log_in(self, login: str, password: str) -> rpc.Session:
        """Return the session of a user."""
        return rpc.Session(self.url, self.database, login, password)


@contextlib.contextmanager
def run(modules: Sequence[str] = ()) -> Iterator[Demo]:
    """Run Odoo and the mail catcher on a fresh database; both end with the block.

    :param modules: addons of Odoo beside ours
    :raise DevError: when a part can't be had or started
    """
    env = environment.prepare()
    with _reserve() as (name, descriptor):
        folder = cache.root() / "demo" / name
        folder.mkdir(parents=True, exist_ok=True)
        say(f"a fresh database {name}")
        database.create(env, name, modules=modules, langs=LANGUAGES, demo=True)
        # Odoo's own demo data want to tell the administrator about to-dos.
        env.server.sql(
            "UPDATE mail_mail SET state = 'cancel' WHERE state = 'outgoing'", name
        )
        with (
            _dropped_if_extra(env, name),
            mailcatcher.run(folder, (descriptor,)) as mails,
            services.running(services.Service("Odoo", folder / "odoo.log")) as odoo,
        ):
            demo = _start(env, name, odoo, mails, descriptor)
            _configure(demo)
            yield demo


@contextlib.contextmanager
def _dropped_if_extra(env: Environment, name: str) -> Iterator[None]:
    """Drop the database at the end, unless it is the one that is always there."""
    try:
        yield
    finally:
        if name != DATABASE:
            database.drop(env, name)


@contextlib.contextmanager
def _reserve() -> Iterator[tuple[str, int]]:
    """Hold the name of a database that no running demo has.

    The programs of the demo inherit the lock: it is held as long as one of them lives.
    """
    locks = cache.root() / "locks"
    locks.mkdir(exist_ok=True)
    for number in range(1, DEMOS + 1):
        name = DATABASE if number == 1 else f"{DATABASE}_{number}"
        descriptor = os.open(locks / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield name, descriptor
            return
        finally:
            os.close(descriptor)
    raise DevError(f"{DEMOS} demos are running: end one")


def _start(
    env: Environment,
    name: str,
    odoo: services.Service,
    mails: mailcatcher.MailCatcher,
    descriptor: int,
) -> Demo:
    """Start Odoo and wait until it answers.

    With threads, not processes: while a PDF is made, its engine asks the same server
    for the style sheets, and two processes that make one each would wait for good.
    """
    port = services.free_port(PORT)
    options = {
        "database": name,
        "db-filter": f"^{name}$",
        "http-interface": services.HOST,
        "http-port": port,
        "workers": 0,
        "max-cron-threads": 1,
    }
    words = [f"--{option}={value}" for option, value in options.items()]
    say("starting Odoo")
    odoo.start(env.command(*words), env.variables(), (descriptor,))
    demo = Demo(env, name, odoo, f"http://{services.HOST}:{port}", mails)
    odoo.wait_until(lambda: _answers(demo.url), START_SECONDS)
    return demo


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/web/login", timeout=30) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _configure(demo: Demo) -> None:
    """Tell Odoo its own address and its mail server."""
    admin = demo.log_in(*ADMIN)
    parameters = {
        "web.base.url": demo.url,
        "web.base.url.freeze": "True",
        "report.url": demo.url,
        # Confirmed by hand: the demo's clients are on this machine.
        "invoice_send_client.public_url": demo.url,
    }
    for name, value in parameters.items():
        admin.call("ir.config_parameter", "set_param", name, value)
    server = {
        "name": "Mail catcher of the demo",
        "smtp_host": services.HOST,
        "smtp_port": demo.mails.smtp_port,
        "smtp_encryption": "none",
    }
    admin.call("ir.mail_server", "create", [server])
