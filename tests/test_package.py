import subprocess
import sys

import pytest

import simple_db
from tests.serving import PROJECT


def test_the_package_has_what_it_says() -> None:
    for name in simple_db.__all__:
        assert getattr(simple_db, name) is not None
        assert name in dir(simple_db)


def test_what_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'simple_db' has no attribute 'nothing'"):
        _ = simple_db.nothing


def test_the_command_line_is_there_before_the_rest_is_imported() -> None:
    code = """
import sys
import simple_db.cli
print(sorted(name for name in sys.modules if name.startswith(("simple_db", "attr", "orjson"))))
from simple_db import Database
print(simple_db.Database is Database, simple_db.errors.__name__)
"""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        env={"PYTHONPATH": str(PROJECT)},
        text=True,
    )
    assert done.stdout == "['simple_db', 'simple_db.cli']\nTrue simple_db.errors\n"
