"""A neutralized copy of a database that has everything: the same tests, and jobs."""

import pytest

from tests.crash.test_neutralized import *  # noqa: F403
from tests.crash.test_neutralized import Copy
from tests.helpers import polling
from tests.helpers.odoo_server import OdooServer

JOBS = "SELECT DISTINCT state FROM queue_job"


class CopyWithJobs(Copy):
    """The copy, in which jobs wait for a runner, which it has."""

    def use_original(self) -> None:
        """Let the scheduled action write jobs; no runner works on them yet."""
        self.seller.run_cron()
        assert self.seller.select(JOBS) == [("pending",)]


@pytest.fixture(scope="module")
def server(make_odoo) -> OdooServer:
    """An Odoo that has everything; from its next start on with a job runner."""
    server = make_odoo("copy")
    server.jobs = 2
    return server


@pytest.fixture(scope="module")
def copy(dev_environment, server, sink) -> CopyWithJobs:
    """The copy, served with a worker for scheduled actions and one for jobs."""
    return CopyWithJobs(dev_environment, server, sink)


def test_jobs_of_the_original_send_nothing(copy, sink):
    """A runner of the copy finds them, and nothing is due of their documents."""
    polling.until(lambda: copy.seller.select(JOBS) == [("done",)], "the jobs' end", 180)
    assert copy.states(copy.move_ids) == {"cancel"}
    assert len(sink.mails) == copy.mails
