"""Odoo's JSON-RPC as the web client uses it."""

import requests

SECONDS = 120
#: What the server answers where a method failed.
REFUSAL = {
    "jsonrpc": "2.0",
    "error": {
        "code": 0,
        "message": "Odoo Server Error",
        "data": {
            "name": "builtins.ValueError",
            "message": "Meant by the test",
            "debug": "",
            "arguments": [],
            "context": {},
        },
    },
}


class RpcError(Exception):
    """What the server raised.

    :ivar name: the exception's dotted name
    """

    def __init__(self, error: dict) -> None:
        data = error.get("data") or {}
        super().__init__(data.get("message") or error.get("message"))
        self.name = data.get("name", "")


class Client:
    """A signed-in user.

    :param url: the server's address
    :param database: the database
    :param login: the user's login
    :param password: the user's password
    """

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self.url = url
        self._session = requests.Session()
        info = self._post(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        self.uid = info["uid"]
        self.session_id = self._session.cookies["session_id"]

    def _post(self, path: str, params: dict) -> object:
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self._session.post(self.url + path, json=body, timeout=SECONDS)
        answer.raise_for_status()
        result = answer.json()
        if "error" in result:
            raise RpcError(result["error"])
        return result.get("result")

    def call(self, model: str, method: str, *args: object, **kwargs: object) -> object:
        """Call a method of a model.

        :param model: the model's name
        :param method: the method's name
        :param args: positional arguments, the ids first
        :param kwargs: keyword arguments, ``context`` among them
        :return: what it returns
        :raise RpcError: what it raises
        """
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def make(self, model: str, values: dict, **context: object) -> int:
        """Create one record and return its id.

        :param model: the model's name
        :param values: its values
        :param context: the context
        """
        [record_id] = self.call(model, "create", [values], context=context)
        return record_id

    def change(self, model: str, record_id: int, values: dict) -> None:
        """Write on one record."""
        self.call(model, "write", [record_id], values)

    def fetch(self, model: str, record_id: int, *names: str) -> dict:
        """Read fields of one record."""
        [values] = self.call(model, "read", [record_id], list(names))
        return values

    def search(self, model: str, domain: list, *names: str) -> list[dict]:
        """Find records, oldest first, and read their fields."""
        return self.call(model, "search_read", domain, list(names), order="id")

    def count(self, model: str, domain: list = ()) -> int:
        """Count records."""
        return self.call(model, "search_count", list(domain))

    def ref(self, xmlid: str) -> int:
        """Return the id of the record with an external id."""
        module, _dot, name = xmlid.partition(".")
        [data] = self.search(
            "ir.model.data", [("module", "=", module), ("name", "=", name)], "res_id"
        )
        return data["res_id"]
