"""What type checkers say to users: of good programs nothing, of mistakes each at its line.

The programs are copied into a directory of their own, beside no configuration of ours: a user's
mypy is strict and a user's pyright is in its default mode. basedpyright is pyright from PyPI.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.blocks import Block, blocks
from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PROGRAMS = Path(__file__).parent / "programs"

MYPY = f"""
[mypy]
strict = true
mypy_path = {PROJECT}
# What is wrong in simple_db itself is no matter of its users.
follow_imports = silent
[mypy-glance.*]
ignore_missing_imports = true
"""

PYRIGHT = {"typeCheckingMode": "standard", "extraPaths": [str(PROJECT)]}

Lines = set[tuple[str, int]]
"""Names of files, and lines of them."""

pytestmark = pytest.mark.glance


def marked() -> Lines:
    """Give the lines of the programs that end in ``# error: why``."""
    return {
        (path.name, number)
        for path in PROGRAMS.glob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"  # error: \S", line)
    }


def annotated_blocks() -> list[Block]:
    """Give the programs of the page that tells of types."""
    return [block for block in blocks(PROJECT / "docs" / "api.md") if block.language == "python"]


def mypy(directory: Path, files: Iterable[str]) -> Lines:
    (directory / "mypy.ini").write_text(MYPY)
    done = run(directory, "mypy", "--output", "json", *files)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {(each["file"], each["line"]) for each in found if each["severity"] == "error"}


def pyright(directory: Path, files: Iterable[str]) -> Lines:
    (directory / "pyrightconfig.json").write_text(json.dumps({"include": [*files]} | PYRIGHT))
    done = run(directory, "basedpyright", "--outputjson", "--pythonpath", sys.executable)
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
        for each in found
        if each["severity"] == "error"
    }


def run(directory: Path, module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a type checker; its exit code is 1 where it has found errors."""
    done = subprocess.run(  # noqa: S603 - the type checkers of the tests
        [sys.executable, "-m", module, *options],
        check=False,
        capture_output=True,
        cwd=directory,
        text=True,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_type_checker_reports_each_mistake_of_a_user_and_nothing_else(
    checker: Callable[[Path, Iterable[str]], Lines], tmp_path: Path
) -> None:
    for path in PROGRAMS.glob("[!_]*.py"):
        shutil.copy(path, tmp_path)
    for block in annotated_blocks():
        (tmp_path / f"block_{block.line}.py").write_text(block.text)
    names = [path.name for path in tmp_path.iterdir()]

    assert checker(tmp_path, names) == marked()


def test_there_are_good_programs_and_many_mistakes() -> None:
    assert len(marked()) > 40
    assert {name for name, _ in marked()} == {"mistakes.py"}
    assert len([*PROGRAMS.glob("[!_]*.py")]) > 2
    assert annotated_blocks()
