"""The tables of docs/semantics.md: ``python -m tests.semantics`` writes them."""

from __future__ import annotations

from simple_db.oracle.semantics import ROWS, TABLES
from tests.support.pages import PROJECT, with_table

PAGE = PROJECT / "docs" / "semantics.md"


def table(kind: str) -> str:
    """Return the table of all rows of a kind, such as D, in Markdown."""
    header = ["no.", *TABLES["columns"][kind]]
    rows = [[number, *cells] for number, cells in ROWS.items() if number[0] == kind]
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(text: str) -> str:
    """Return the text of the page with its tables."""
    for kind in TABLES["columns"]:
        text = with_table(text, f"<!-- python -m tests.semantics: {kind} -->\n", table(kind))
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
