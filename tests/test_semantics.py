"""docs/semantics.md is true: its tables are those of semantics.toml, whose rows name tests."""

import logging
import re

import pytest

from simple_db import Database
from simple_db.oracle.semantics import ROWS, TABLES
from tests import semantics
from tests.support.other_databases import CASES, MARIADB, POSTGRESQL
from tests.support.pages import TESTS, names_in, page

PAGE = page("semantics.md")

# Where the tests of a kind of rows are, unless the row itself names a file.
FILES = {
    "Q": "test_quirks.py",
    "M": "glance/test_metadata_backend.py",
    "G": "test_other_releases.py",
}


def named_tests(number: str) -> list[tuple[str, str]]:
    return re.findall(r"`(?:([\w/]+\.py)::)?(test_\w+)`", " ".join(ROWS[number]))


def of_kind(kind: str) -> list[str]:
    return [number for number in ROWS if number[0] == kind]


def test_the_page_has_the_tables_that_the_command_writes() -> None:
    assert semantics.written(PAGE) == PAGE, "python -m tests.semantics writes them"


@pytest.mark.parametrize("kind", TABLES["columns"])
def test_rows_are_numbered_without_gaps_and_have_all_columns(kind: str) -> None:
    rows = of_kind(kind)
    assert rows == [f"{kind}{number}" for number in range(1, len(rows) + 1)]
    assert {len(ROWS[number]) for number in rows} == {len(TABLES["columns"][kind])}


@pytest.mark.parametrize("number", [number for kind in "RQMG" for number in of_kind(kind)])
def test_a_row_names_tests_that_exist(number: str) -> None:
    named = named_tests(number)
    assert named or "`test_quirks.py`" in ROWS[number]
    for file, test in named:
        assert test in names_in(file or FILES[number[0]])


def test_every_quirk_has_its_row() -> None:
    named = {test for number in of_kind("Q") for _, test in named_tests(number)}
    quirks = {test for test in names_in("test_quirks.py") if test.startswith("test_")}
    assert named == quirks


def test_every_comparison_with_the_sql_driver_is_linked() -> None:
    files = [path.name for path in (TESTS / "property").glob("test_agreement_*.py")]
    assert len(files) >= 4
    assert [name for name in files if f"(../tests/property/{name})" not in PAGE] == []


def test_every_row_of_another_database_is_shown_on_it() -> None:
    shown = {case.row: case for case in CASES}
    assert list(shown) == of_kind("S")


def test_a_row_names_the_exceptions_that_a_database_raises() -> None:
    for case in CASES:
        _, postgresql, mariadb, _ = ROWS[case.row]
        for database, text in ((POSTGRESQL, postgresql), (MARIADB, mariadb)):
            outcome = case.there.get(database)
            if str(outcome).startswith("DB"):
                assert f"{outcome} of oslo.db" in text


def test_the_log_names_tables_and_ids_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "simple_db.store")
    secret = {"url": "swift://user:secret@store/1", "metadata": {"key": "secret"}}
    image = {"id": "image", "status": "queued", "locations": [secret | {"status": "active"}]}
    Database().image_create(None, image)
    assert caplog.messages == ["revision 1: images image, image_locations 1"]
