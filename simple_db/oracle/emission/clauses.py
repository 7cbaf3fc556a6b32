"""Which clause of docs/semantics.md a divergence breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from simple_db.oracle.semantics import ROWS, TABLES

if TYPE_CHECKING:
    from simple_db.oracle.fingerprints import Fingerprint


@frozen
class Clause:
    """A row of docs/semantics.md.

    Attributes:
        row: Its number there.
        says: What it says, in short.
    """

    row: str
    says: str


def clause_of(fingerprint: Fingerprint) -> Clause:
    """Return the clause that a divergence breaks: the first whose pattern matches, at last R2."""
    line = str(fingerprint)
    row = next(row for row, pattern in TABLES["clauses"].items() if re.search(pattern, line))
    return Clause(row, ROWS[row][0])
