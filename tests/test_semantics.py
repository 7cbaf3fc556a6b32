"""docs/semantics.md is true: each row names a test that exists, and each difference is a row."""

import logging
import re

import pytest

from simple_db import Database
from tests.support.differences import DIFFERENCES, Difference
from tests.support.other_databases import CASES, MARIADB, POSTGRESQL
from tests.support.pages import TESTS, names_in, page, rows

PAGE = page("semantics.md")
ROWS = rows(PAGE, "RQDMSG")

# Where the tests of a kind of rows are, unless the row itself names a file.
FILES = {
    "Q": "test_quirks.py",
    "M": "glance/test_metadata_backend.py",
    "G": "test_other_releases.py",
}


def named_tests(row: str) -> list[tuple[str, str]]:
    return re.findall(r"`(?:([\w/]+\.py)::)?(test_\w+)`", row)


def of_kind(kind: str) -> list[str]:
    return [number for number in ROWS if number.startswith(kind)]


def numbered(kind: str, count: int) -> list[str]:
    return [f"{kind}{number}" for number in range(1, count + 1)]


def test_rows_are_numbered_without_gaps() -> None:
    for kind in "RQDMSG":
        assert of_kind(kind) == numbered(kind, len(of_kind(kind)))


def test_every_ruling_is_there() -> None:
    assert of_kind("R") == numbered("R", 12)


@pytest.mark.parametrize("number", [number for kind in "RQMG" for number in of_kind(kind)])
def test_a_row_names_tests_that_exist(number: str) -> None:
    named = named_tests(ROWS[number])
    assert named or "`test_quirks.py`" in ROWS[number]
    for file, test in named:
        assert test in names_in(file or FILES[number[0]])


def test_every_quirk_has_its_row() -> None:
    named = {test for number in of_kind("Q") for _, test in named_tests(ROWS[number])}
    quirks = {test for test in names_in("test_quirks.py") if test.startswith("test_")}
    assert named == quirks


@pytest.mark.parametrize("difference", DIFFERENCES.values(), ids=lambda row: row.name)
def test_every_difference_is_a_row_in_the_words_of_the_comparing_machine(
    difference: Difference,
) -> None:
    told = f"| {difference.name} | {difference.reference} | {difference.ours} |"
    assert told in PAGE


def test_every_row_of_a_difference_is_known_to_the_comparing_machine() -> None:
    names = {ROWS[number].split(" | ")[1] for number in of_kind("D")}
    assert names == set(DIFFERENCES)


def test_every_comparison_with_the_sql_driver_is_linked() -> None:
    files = [path.name for path in (TESTS / "property").glob("test_agreement_*.py")]
    assert len(files) >= 3
    assert [name for name in files if f"(../tests/property/{name})" not in PAGE] == []


def test_every_row_of_another_database_is_shown_on_it() -> None:
    shown = {case.row: case for case in CASES}
    assert list(shown) == of_kind("S")


def test_a_row_tells_which_exceptions_a_database_raises() -> None:
    for case in CASES:
        *_, postgresql, mariadb, _ours = ROWS[case.row].strip("| ").split(" | ")
        for database, told in ((POSTGRESQL, postgresql), (MARIADB, mariadb)):
            outcome = case.there.get(database)
            if str(outcome).startswith("DB"):
                assert f"{outcome} of oslo.db" in told


def test_the_log_names_tables_and_ids_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "simple_db.store")
    secret = {"url": "swift://user:secret@store/1", "metadata": {"key": "secret"}}
    image = {"id": "image", "status": "queued", "locations": [secret | {"status": "active"}]}
    Database().image_create(None, image)
    assert caplog.messages == ["revision 1: images image, image_locations 1"]
