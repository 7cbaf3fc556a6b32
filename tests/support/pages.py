"""The pages of docs/, whose tables name tests, and the tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
"""The repository."""

TESTS = PROJECT / "tests"


def page(name: str) -> str:
    """Read a page of the documentation."""
    return (PROJECT / "docs" / name).read_text()


END = "<!-- end -->\n"


def with_table(text: str, begin: str, table: str) -> str:
    """Return the text of a page with this table between the line `begin` and the next `END`."""
    before, rest = text.split(begin)
    _, after = rest.split(END, 1)
    return f"{before}{begin}{table}{END}{after}"


def rows(text: str, kinds: str) -> dict[str, str]:
    """Give the rows of a page's tables by their numbers, such as R1, of these kinds."""
    found = re.finditer(rf"^\| ([{kinds}]\d+) \|.*\|$", text, re.MULTILINE)
    return {row[1]: row[0] for row in found}


def names_in(file: str) -> set[str]:
    """Give the names of the functions in a test file."""
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
