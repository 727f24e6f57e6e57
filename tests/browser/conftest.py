"""What all tests in a browser need."""

import resource
from collections.abc import Iterator

import pytest


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
