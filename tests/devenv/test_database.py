"""Templates: what they are keyed by, and that a half-made one is made again."""

import os
from pathlib import Path

import pytest

from devenv import database, environment
from devenv.console import DevError


@pytest.fixture(scope="module")
def env() -> environment.Environment:
    return environment.prepare()


@pytest.fixture
def addon(tmp_path) -> Path:
    """The files of a small addon."""
    for name in ("models/a.py", "tests/test_a.py", "readme/USAGE.md", "__init__.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("models/a.py", True),
        ("models/new.py", True),
        ("__init__.py", True),
        ("tests/test_a.py", False),
        ("readme/USAGE.md", False),
    ],
)
def test_the_key_changes_with_what_a_database_holds(addon, file, changes):
    before = database.content(addon)
    (addon / file).write_text("changed")
    assert (database.content(addon) != before) is changes


def test_a_renamed_file_changes_the_key(addon):
    before = database.content(addon)
    (addon / "models" / "a.py").rename(addon / "models" / "b.py")
    assert database.content(addon) != before


def test_languages_addons_and_demo_have_templates_of_their_own(env):
    plans = [
        database.Plan(env, [], [], False),
        database.Plan(env, [], ["ro_RO"], False),
        database.Plan(env, [], [], True),
        database.Plan(env, ["queue_job"], [], False),
    ]
    assert len({plan.base_name for plan in plans}) == len(plans)
    assert plans[0].full_name == database.Plan(env, [], [], False).full_name


@pytest.mark.parametrize("name", ["", "-x", "isc_base_x", "isc_full_x"])
def test_a_name_that_templates_use_is_refused(env, name):
    with pytest.raises(DevError, match="no name for a database"):
        database.create(env, name)


def test_a_half_made_template_is_made_again_and_hidden_when_whole(env):
    name = f"isc_test_{os.getpid()}-template"
    partial = f"{name}_partial"
    env.server.sql(f'CREATE DATABASE "{partial}"')

    def make(database_name: str) -> None:
        assert database_name == partial
        env.server.sql(f'CREATE DATABASE "{partial}"')
        env.server.sql("CREATE TABLE made (id int)", partial)

    try:
        assert database._template(env, name, make) == name
        assert name in env.server.databases(templates=True)
        assert partial not in env.server.databases()
        # Whole: not made again.
        assert database._template(env, name, make) == name
    finally:
        database.drop(env, name)
    assert name not in env.server.databases()


def test_a_template_that_fails_leaves_nothing(env):
    name = f"isc_test_{os.getpid()}-fails"

    def fail(partial: str) -> None:
        env.server.sql(f'CREATE DATABASE "{partial}"')
        raise DevError("no")

    with pytest.raises(DevError, match="no"):
        database._template(env, name, fail)
    assert not [found for found in env.server.databases() if name in found]


def test_an_addon_that_installs_itself_is_part_of_the_template(env):
    """The key changes with its files too, and it has to be there in the end."""
    alone, beside = (
        database.Plan(env, with_, [], False) for with_ in ([], ["queue_job"])
    )
    assert alone.glue == []
    assert beside.glue == ["invoice_send_client_queue_job"]
    assert alone.full_name != beside.full_name
