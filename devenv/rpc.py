"""Odoo's JSON-RPC as its web client speaks it, with the standard library."""

import http.cookiejar
import json
import urllib.error
import urllib.request

from .console import DevError

# A PDF may be made on the way.
TIMEOUT_SECONDS = 120


class Session:
    """A user's session.

    :ivar user_id: the user
    """

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        """Log in.

        :param url: Odoo's address
        :param database: the database
        :param login: the user's login
        :param password: the user's password
        :raise DevError: when Odoo does not let the user in
        """
        self._url = url
        jar = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(jar)
        self._opener = urllib.request.build_opener(cookies)
        told = self._post(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        self.user_id = told["uid"]
        self._context = told["user_context"]

    def call(self, model: str, method: str, *args: object, **kwargs: object):
        """Call a model's method.

        :param model: name of the model
        :param method: name of the method
        :param args: its arguments: first the ids, where it works on records
        :param kwargs: its named arguments; ``context`` is added to the user's
        :return: what it returns
        :raise DevError: with Odoo's words
        """
        kwargs["context"] = {**self._context, **kwargs.get("context", {})}
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def _post(self, path: str, params: dict):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        request = urllib.request.Request(
            self._url + path, body.encode(), {"Content-Type": "application/json"}
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                told = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise DevError(f"Odoo does not answer at {path}: {error}") from error
        if "error" in told:
            data = told["error"].get("data", {})
            words = data.get("message") or told["error"].get("message")
            raise DevError(f"Odoo refuses {path}: {words}")
        return told["result"]
