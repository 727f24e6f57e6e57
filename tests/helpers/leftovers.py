"""What an addon leaves behind in a database: tables, columns, records, words."""

import contextlib
import re

import psycopg2

from devenv.environment import Environment

#: What only our addons write into a database. Addresses of pages (/invoice/d/...) that
#: stand in old messages are history, not ours.
OURS = (
    r"invoice_send_|invoice_delivery_(id|mail)|invoice\.(delivery|mail|received|send)\M"
)

#: Every thing of the schema by its name; a sequence of a journal has a number.
SCHEMA = """
SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
 WHERE table_schema = 'public'
UNION ALL
SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'constraint ' || conrelid::regclass || '.' || conname FROM pg_constraint
UNION ALL
SELECT 'function ' || proname FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'sequence ' || sequencename FROM pg_sequences WHERE schemaname = 'public'
"""
NUMBERED = re.compile(r"ir_sequence_\d+")

#: Records that make up Odoo itself, each by what tells it from the others.
RECORDS = {
    "ir_model": "model",
    "ir_model_fields": "model || '.' || name",
    "ir_model_access": "name",
    "ir_rule": "name",
    "res_groups": "name::text",
    "ir_cron": "cron_name",
    "ir_act_window": "name::text",
    "ir_act_server": "name::text",
    "ir_ui_menu": "name::text",
    "ir_asset": "name",
    "mail_activity_type": "name::text",
    "mail_message_subtype": "name::text",
    "ir_model_constraint": "name",
    "ir_model_relation": "name",
}

#: Where our name may stand: the list of all addons that there are, and what was told
#: to browsers, which Odoo forgets within a day.
KNOWN = ("ir_module_module", "ir_module_module_dependency", "bus_bus")
LISTED = re.compile(r"ir_model_data\.name: module_\w+")

#: Characters of a text that are shown.
LONGEST = 300

TEXTS = """
SELECT table_name, column_name FROM information_schema.columns
  JOIN pg_class ON relname = table_name AND relkind = 'r'
 WHERE table_schema = 'public'
   AND data_type IN ('text', 'character varying', 'jsonb')
"""


class Inventory:
    """What a database has.

    :ivar schema: names of all that its schema has
    :ivar records: names of the records of each table of :data:`RECORDS`
    :ivar words: rows in which our addons are named, or what has a name like theirs,
        each as ``table.column: text``
    """

    def __init__(self, env: Environment, name: str) -> None:
        server = env.server
        connection = psycopg2.connect(
            dbname=name, host=server.host, port=server.port, user=server.user
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            self._cursor = cursor
            found = {name for (name,) in self._select(SCHEMA)}
            self.schema = {name for name in found if not NUMBERED.search(name)}
            self.records = {
                table: {name for (name,) in self._select(f"SELECT {key} FROM {table}")}
                for table, key in RECORDS.items()
            }
            self.words = self._find_words()

    def _select(self, statement: str, *values: object) -> list[tuple]:
        self._cursor.execute(statement, values)
        return self._cursor.fetchall()

    def _find_words(self) -> set[str]:
        found = []
        for table, column in self._select(TEXTS):
            if table not in KNOWN:
                statement = f'SELECT "{column}"::text FROM "{table}"'
                rows = self._select(f'{statement} WHERE "{column}"::text ~ %s', OURS)
                found += [f"{table}.{column}: {text}" for (text,) in rows]
        return {text for text in found if not LISTED.fullmatch(text)}

    def beyond(self, other: "Inventory") -> dict[str, set[str]]:
        """Return what another one does not have, by its kind."""
        more = {"schema": self.schema - other.schema}
        more["words"] = {text[:LONGEST] for text in self.words - other.words}
        for table, names in self.records.items():
            more[table] = names - other.records[table]
        return {kind: names for kind, names in more.items() if names}
