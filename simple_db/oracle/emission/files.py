"""Test files: what every emitted test has around its calls, and how the files are named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.oracle.emission.source import Invocation, statement
from simple_db.oracle.programs.calls import NO_ROW
from simple_db.oracle.programs.cast import CAST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from simple_db.oracle.emission.fixtures import Fixture


@frozen
class EmittedTest:
    """A pytest file.

    Attributes:
        name: The name of the file and of its only test.
        text: The content of the file.
    """

    name: str
    text: str

    def passes_on(self, driver: Any) -> bool:
        """Run the test on a driver without a row, and return whether it passes."""
        names: dict[str, Any] = {}
        exec(compile(self.text, f"{self.name}.py", "exec"), names)  # noqa: S102 - our own text
        try:
            names[self.name](driver)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - pytest's own are no `Exception`
            return False
        return True


def as_file(
    name: str,
    docstring: Sequence[str],
    fixture: Fixture,
    code: Sequence[str],
    constants: Sequence[str] = (),
) -> EmittedTest:
    """Return a test with its imports, the callers that it names, and its fixture.

    Args:
        name: The name of the test.
        docstring: The lines of the docstring.
        fixture: Makes the driver.
        code: The lines of the test and of the functions that it calls.
        constants: The lines of further constants.
    """
    fixture_lines = list(fixture.lines())
    text = "\n".join([*constants, *fixture_lines, *code])
    lines = [
        *_quoted(docstring),
        "",
        *_imports(text),
        *_constants(text),
        *constants,
        *("", "", *fixture_lines, "", "", *code, ""),
    ]
    return EmittedTest(name, "\n".join(lines))


def write(tests: Iterable[EmittedTest], directory: Path) -> list[Path]:
    """Write each test into a file of its own, and return the paths in the same order.

    The directory is made if it does not exist; other files in it stay.
    """
    directory.mkdir(parents=True, exist_ok=True)
    names: set[str] = set()
    paths = []
    for test in tests:
        path = directory / f"{_free(test.name, names)}.py"
        path.write_text(test.text, encoding="utf-8")
        paths.append(path)
    return paths


def _free(name: str, names: set[str]) -> str:
    """Return the name, with a number behind it if it is taken, and take it."""
    free, number = name, 1
    while free in names:
        number += 1
        free = f"{name}_{number}"
    names.add(free)
    return free


def _quoted(docstring: Sequence[str]) -> Iterator[str]:
    first, *rest = (line.replace("\\", "\\\\").replace('"""', r"\"\"\"") for line in docstring)
    yield from (f'"""{first}', *rest, '"""')


def _imports(text: str) -> Iterator[str]:
    """Yield the imports of the names that occur in the text."""
    yield from ("import importlib", "import os")
    for module in ("sys", "threading", "time"):
        if re.search(rf"\b{module}\.", text):
            yield f"import {module}"
    if "suppress(" in text:
        yield "from contextlib import suppress"
    if re.search(r"\bdatetime[(.]", text):
        yield f"from datetime import datetime{', timezone' * ('timezone.' in text)}"
    if _callers(text):
        yield "from types import SimpleNamespace"
    if ": Any" in text:
        yield "from typing import Any"
    yield from ("", "import pytest")


def _constants(text: str) -> Iterator[str]:
    """Yield the callers that the text names, and the id that no row has."""
    lines = [line for name in _callers(text) for line in _caller(name)]
    if re.search(r"\bNO_ROW\b", text):
        lines.append(f"NO_ROW = {NO_ROW}")
    yield from ["", *lines] if lines else []


def _callers(text: str) -> list[str]:
    return [name for name in CAST if re.search(rf"\b{name.upper()}\b", text)]


def _caller(name: str) -> list[str]:
    who = CAST[name]
    given = {"owner": who.owner, "is_admin": who.is_admin, "can_see_deleted": who.can_see_deleted}
    return statement(f"{name.upper()} = ", Invocation("SimpleNamespace", names=given), depth=0)
