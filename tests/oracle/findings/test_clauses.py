from __future__ import annotations

import pytest

from simple_db.oracle.comparing.fingerprints import parse
from simple_db.oracle.findings.clauses import clause_of
from simple_db.oracle.semantics import ROWS, TABLES


def test_every_clause_is_a_row_of_the_semantics() -> None:
    assert TABLES["clauses"].keys() <= ROWS.keys()


def test_a_clause_says_what_its_row_is_about() -> None:
    clause = clause_of(parse("image_destroy | returns / returns | status | "))
    assert clause.says == "Destroying an image leaves its status alone."


@pytest.mark.parametrize(
    ("fingerprint", "row"),
    [
        ("image_destroy | returns / returns | status | ", "Q1"),
        ("image_get_all | returns / returns | [] extra | filters.deleted", "Q3"),
        ("image_update | returns / returns | unknown only in target | values.unknown", "Q4"),
        ("image_create | returns / raises Invalid |  | values.unknown", "Q4"),
        ("image_update | returns / returns | locations[] missing | values.locations", "Q7"),
        ("image_get_all | returns / returns | [] missing | as a user, of no project", "Q11"),
        ("image_tag_create | returns / raises Forbidden |  | as a user", "Q20"),
        ("image_set_property_atomic | raises Duplicate / returns |  | ", "R11"),
        ("image_tag_create | raises ImageNotFound / raises KeyError |  | ", "D1"),
        ("image_property_delete | raises NotFound / raises KeyError |  | ", "D3"),
        ("task_get_all | raises TaskNotFound / raises TypeError |  | marker", "R3"),
        ("image_create | raises Forbidden / raises Forbidden | then image_get:  | ", "R4"),
        ("image_get_all | returns / returns | [] order | sort_key", "R5"),
        ("image_get_all | raises Invalid / returns |  | filters.size_min", "R6"),
        ("image_update | returns / returns | name | values.name", "R2"),
    ],
)
def test_a_divergence_breaks_the_most_special_clause(fingerprint: str, row: str) -> None:
    assert clause_of(parse(fingerprint)).row == row
