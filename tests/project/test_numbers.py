"""Numbers of the pages are those that are counted here, and have their command beside them."""

from __future__ import annotations

import re

import pytest

from simple_db.oracle import run
from simple_db.oracle.comparing import signatures
from simple_db.oracle.faults import FAULTS
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import FAKE
from tests import findings
from tests.support.pages import names_in
from tests.support.serving import PROJECT

README = (PROJECT / "README.md").read_text()
ORACLE = (PROJECT / "docs" / "oracle.md").read_text()


def table() -> list[list[str]]:
    """Give the rows of the table of proofs, cell by cell."""
    _, _, after = README.partition("| reproduce with |\n|---|---|---|---|---|\n")
    rows = after[: after.index("\n\n")].splitlines()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_every_row_of_the_table_of_proofs_says_how_to_have_it_again() -> None:
    rows = table()

    assert len(rows) > 10
    assert [row for row in rows if len(row) < 5] == []
    assert [row for row in rows if not re.match(r"`.+`|likewise$", row[-1])] == []
    assert rows[0][-1] != "likewise"


def test_the_quirks_are_counted() -> None:
    (row,) = (row for row in table() if "test_quirks" in row[-1])
    tests = {name for name in names_in("test_quirks.py") if name.startswith("test_")}
    assert row[1:3] == [f"**{len(tests)}** of {len(tests)}", f"{len(tests)}"]


def test_the_seeded_faults_are_counted() -> None:
    (row,) = (row for row in table() if "--self-test" in row[-1])

    assert row[1] == f"**{len(FAULTS)}** of {len(FAULTS)}"
    assert f"breaks simple_db in {len(FAULTS)} ways" in ORACLE
    assert f"found all {len(FAULTS)}," in ORACLE


@pytest.mark.glance
def test_the_differences_of_signature_of_glances_fake_are_counted() -> None:
    count = len(signatures.differences(resolve(FAKE)))
    assert f"{count} differences of signature" in ORACLE


def test_the_histories_of_a_race_are_counted() -> None:
    assert run.HISTORIES == 1000
    assert "race, a thousand times" in ORACLE


def test_findings_are_counted_and_sorted_by_function() -> None:
    divergence = {"function": "image_get", "outcomes": "returns / returns", "field": "status"}
    report = {
        "programs": 1000,
        "calls": 20000,
        "signatures": [],
        "races": [],
        "divergences": [
            divergence | {"program": ["a", "b"]},
            divergence | {"program": ["a"]},
            divergence | {"program": ["a"], "field": ""},
            {"function": "any image", "outcomes": "raises A / returns", "field": "", "program": []},
            divergence | {"program": ["a"], "outcomes": "raises A / raises A"},
        ],
    }

    assert findings.summary(report) == (
        "1,000 programs, 20,000 calls; 0 differences of signature, 0 races; "
        "5 shortest programs, the median of 1 calls, the longest of 2; "
        "4 differ in function, outcomes or field"
    )
    assert findings.table(report).splitlines()[2:] == [
        "| any image | raises A / returns |",
        "| `image_get` | raises A / raises A (`status`); `status`, another answer |",
    ]
