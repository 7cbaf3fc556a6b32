"""The environment of a cell: simple_db as it is here, a Glance, and the releases of its time."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.matrix.cells import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from tests.matrix.cells import Cell

PYPROJECT = REPOSITORY / "pyproject.toml"


def made(cell: Cell, interpreter: Path, log: IO[str]) -> Path:
    """Make the environment unless it is there as it has to be; return its Python.

    Raises:
        subprocess.CalledProcessError: it cannot be made; the log says why.
    """
    python = cell.environment / "bin" / "python"
    stamp = cell.environment / ".ready"
    sources = (PYPROJECT, cell.constraints)
    if stamp.exists() and all(stamp.stat().st_mtime > path.stat().st_mtime for path in sources):
        return python
    _run([str(interpreter), "-m", "venv", "--clear", str(cell.environment)], log)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    _run([*pip, "--upgrade", "pip>=25.1"], log)
    ours = ["--editable", f"{REPOSITORY}[oracle,server]"]
    _run([*pip, "--constraint", str(cell.constraints), *ours, *development(cell)], log)
    stamp.touch()
    return python


def pinned(cell: Cell) -> set[str]:
    """Return the names in the constraints of a cell."""
    lines = re.findall(r"^([\w.-]+)==", cell.constraints.read_text(), re.MULTILINE)
    return {canonicalize_name(name) for name in lines}


def development(cell: Cell) -> list[str]:
    """Return the dev group, without the releases that it asks for of what the time has fixed."""
    group = tomllib.loads(PYPROJECT.read_text())["dependency-groups"]["dev"]
    fixed = pinned(cell)
    return [_unless_fixed(Requirement(text), fixed) for text in group]


def _unless_fixed(requirement: Requirement, fixed: set[str]) -> str:
    if canonicalize_name(requirement.name) not in fixed:
        return str(requirement)
    extras = ",".join(sorted(requirement.extras))
    return f"{requirement.name}[{extras}]" if extras else requirement.name


def _run(command: list[str], log: IO[str]) -> None:
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    subprocess.run(command, check=True, cwd=REPOSITORY, stdout=log, stderr=log)  # noqa: S603 - ours
