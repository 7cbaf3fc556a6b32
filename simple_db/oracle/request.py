"""What a user asks the oracle for: the arguments of the command, parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from simple_db.oracle.programs.strategies import OPS
from simple_db.oracle.targets.target import SQL_DRIVER, CannotRun

if TYPE_CHECKING:
    from pathlib import Path


def parsed_ops(text: str | None) -> tuple[str, ...]:
    """Return the parts of the API that a user names, in the order of `OPS`; all by default.

    Raises:
        CannotRun: there is no such part.
    """
    named = list(OPS) if text is None else [op.strip() for op in text.split(",")]
    unknown = [op for op in named if op not in OPS]
    if unknown:
        raise CannotRun(f"--ops takes {','.join(OPS)}, not {', '.join(map(repr, unknown))}")
    return tuple(op for op in OPS if op in named)


@frozen
class Request:
    """What a user asks for; each attribute is the option of that name.

    Attributes:
        target: ``package.module`` or ``package.module:attribute``.
        setup: ``package.module:function``, or None.
        url: The database of Glance's SQL driver, or None.
        ops: Parts of the API; given as text with commas between them, or as None for all.
        budget: How long to search, in seconds.
        seed: Determines the programs.
        known: A register of divergences to pass over. None is our own register for Glance's SQL
            driver, and an empty one for other targets.
        emit: The directory for tests, or None.
        json_path: The file for JSON, or None.
        junit_path: The file for JUnit XML, or None.
        threads: How many threads race, or None.

    Raises:
        CannotRun: there is no such part of the API.
    """

    target: str
    setup: str | None = None
    url: str | None = None
    ops: tuple[str, ...] = field(default=None, converter=parsed_ops)
    budget: float = 120.0
    seed: int = 0
    known: Path | None = None
    emit: Path | None = None
    json_path: Path | None = None
    junit_path: Path | None = None
    threads: int | None = None

    @property
    def database(self) -> str | None:
        """The kind of database of Glance's SQL driver, as its URL names it."""
        if self.target != SQL_DRIVER:
            return None
        return re.split(r"[+:]", self.url or "sqlite:")[0]
