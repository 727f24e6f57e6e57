"""Python that notes what an Odoo server does: loaded at its start, by PYTHONPATH.

Fifty times a second a line is added to the file ``BENCH_WATCH``: the time, the queries
so far of all cursors of the process by Odoo's own counter, which knows savepoints but
neither BEGIN nor COMMIT, and the memory that the process holds, in bytes.
"""

import os
import sys
import threading
import time

INTERVAL = 0.02


def _watch(path: str) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    with open(path, "a", encoding="ascii", buffering=1) as notes:
        while True:
            time.sleep(INTERVAL)
            if not (sql_db := sys.modules.get("odoo.sql_db")):
                continue
            with open("/proc/self/statm", encoding="ascii") as memory:
                resident = int(memory.read().split()[1]) * page
            queries = getattr(sql_db, "sql_counter", 0)
            notes.write(f"{time.time():.3f} {queries} {resident}\n")


if path := os.environ.get("BENCH_WATCH"):
    threading.Thread(target=_watch, args=(path,), daemon=True).start()
