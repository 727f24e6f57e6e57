"""Each rule of the house is found where it is broken, and only there."""

import textwrap
from pathlib import Path

import pytest

from devenv import house_checks, lint_pins
from devenv.checkout import ROOT

PRODUCT = "invoice_send_client/models/account_move.py"

BROKEN = {
    "extension_without_mark": '''
        class Move:
            """A move."""

            def _post(self):
                posted = True
                # EXTENDS 'account'
                return super()._post() and posted
    ''',
    "sudo_without_reason": """
        def _find(self):
            found = self.partner_id

            return found.sudo().name
    """,
    "create_override": '''
        class Move:
            """A move."""

            def create(self, values):
                """Make moves."""
    ''',
    "no_docstring": """
        def find(self):
            return None
    """,
    "asks_for_tests": """
        def _find(self):
            return config["test_enable"]
    """,
    "too_long": "def _find():\n" + "    x = 1\n" * 26,
    # In two halves, so that this file has no finding.
    "unfinished": "x = 1  # TO" + "DO: later\n",
    "no_python": "def find(:\n",
}

SOUND = {
    "mark_before_docstring": '''
        class Move:
            """A move."""

            def action_post(self):
                # EXTENDS 'account'
                """Post."""
                return super().action_post()
    ''',
    "mark_after_docstring": '''
        class Move:
            """A move."""

            def action_post(self):
                """Post."""
                # OVERRIDE 'account': nothing is posted twice
                return super().action_post()
    ''',
    "sudo_with_reason": """
        def _find(self):
            # sudo: the visitor has no rights of his own
            found = (
                self.partner_id
                .sudo()
            )
            return found.sudo().name  # sudo: the same
    """,
    "long_docstring": 'def find():\n    """Find.\n' + "    x\n" * 40 + '    """\n',
}


def found(tmp_path: Path, path: str, text: str) -> list[str]:
    """Return the findings in a file of that name."""
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return list(house_checks.findings(tmp_path, [Path(path)]))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found_once(tmp_path, name):
    """Product code may break none of the rules."""
    assert len(found(tmp_path, PRODUCT, BROKEN[name])) == 1


@pytest.mark.parametrize("name", SOUND)
def test_sound_code_is_left_alone(tmp_path, name):
    """The accepted ways of writing are no findings."""
    assert found(tmp_path, PRODUCT, SOUND[name]) == []


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - {"unfinished", "no_python"}))
def test_tests_may_do_what_products_may_not(tmp_path, name):
    """Tests set up cases with sudo(), and are allowed 40 lines."""
    path = "invoice_send_client/tests/test_account_move.py"
    assert found(tmp_path, path, BROKEN[name]) == []


def test_a_version_that_differs_is_found(tmp_path):
    """The checks of pre-commit and of ./dev lint can't drift apart."""
    assert list(lint_pins.findings(ROOT)) == []
    files = ["lint-requirements.txt", "test-requirements.txt"]
    files += ["devenv/requirements-odoo.txt", "devenv/npm/requirements.txt"]
    for name in [*files, "devenv/npm/package.json", ".pre-commit-config.yaml"]:
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / name).read_text(encoding="utf-8")
        copy.write_text(text.replace("v0.13.0", "v0.14.0"), encoding="utf-8")
    [finding] = lint_pins.findings(tmp_path)
    assert finding.startswith("ruff:")
