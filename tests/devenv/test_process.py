"""Programs that fail are told of in one line that says why."""

import pytest

from devenv import process
from devenv.console import DevError

PIP_OFFLINE = """\
WARNING: Retrying (Retry(total=1, connect=None)) after connection broken by 'NewConn'
WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConn'
ERROR: Could not find a version that satisfies the requirement six (from versions: none)
ERROR: No matching distribution found for six
"""
PIP_FULL = """\
ERROR: Exception:
Traceback (most recent call last):
OSError: [Errno 28] No space left on device
something after
"""
ODOO = """\
2026-01-01 10:00:00,000 1 ERROR db odoo.registry: Failed to load registry
Traceback (most recent call last):
  File "x.py", line 1, in <module>
ImportError: cannot import name 'y'

"""

PIP_UNTRUSTED = """\
Could not fetch URL: There was a problem confirming the ssl certificate: (Caused by \
SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate'))
"""


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (PIP_OFFLINE, "ERROR: Could not find a version that satisfies the requirement"),
        (PIP_FULL, "OSError: [Errno 28] No space left on device"),
        (ODOO, "ImportError: cannot import name 'y'"),
        ("", ""),
    ],
)
def test_the_line_that_tells_most_is_taken(output, words):
    assert process.last_words(output).startswith(words)


def test_a_network_that_is_away_is_named():
    assert process.last_words(PIP_OFFLINE).endswith("(no network?)")
    assert "network" not in process.last_words(PIP_FULL)


def test_a_certificate_that_is_not_trusted_is_named():
    """It looks like a network that is away."""
    told = process.last_words(PIP_OFFLINE + PIP_UNTRUSTED)
    assert told.endswith("(the server's certificate is not trusted)")


def test_a_missing_program_is_named():
    with pytest.raises(DevError, match="cannot do it: no-such-program is missing"):
        process.run(["no-such-program"], "do it")


def test_a_failing_program_is_quoted():
    with pytest.raises(DevError, match="cannot do it: bad thing"):
        process.run(["sh", "-c", "echo bad thing >&2; exit 3"], "do it")


def test_a_silent_failure_tells_the_status():
    with pytest.raises(DevError, match="cannot do it: status 3"):
        process.run(["sh", "-c", "exit 3"], "do it")


def test_output_and_input_pass():
    assert process.run(["cat"], "copy", text="ăîș\n") == "ăîș\n"
