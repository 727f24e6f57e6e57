"""A hundred documents and twenty deaths, with the job queue: the same tests."""

import pytest

from tests.crash.test_crash_run import *  # noqa: F403


@pytest.fixture(scope="module")
def server_options() -> dict[str, int]:
    """Two jobs at a time; the scheduled action writes them."""
    return {"cron_threads": 1, "jobs": 2}
