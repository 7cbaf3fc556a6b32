"""The register of known divergences: a TOML file that says of each why it is not news.

::

    [[divergence]]
    fingerprints = [
      "image_tag_create | raises ImageNotFound / raises DBReferenceError |  | ",
    ]
    kind = "leak"
    reason = "the driver does not look whether the image is there"
    row = "D1"

An entry may name the ``databases`` for which it holds, as URLs name them: ``["postgresql"]``.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.model.errors import SimpleDBError
from simple_db.oracle import semantics
from simple_db.oracle.fingerprints import Fingerprint, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence
    from pathlib import Path

KINDS = ("bug of target", "leak", "accepted")
"""What a known divergence can be: a bug, an exception that is none of Glance's, or meant so."""

ENOUGH_CHANCES = 2000
"""How many calls could have shown a divergence before it counts as past.

Programs are random: a run that is short for what a divergence takes says nothing of it.
"""

_KEYS = {"fingerprints", "kind", "reason"}
_OPTIONAL_KEYS = {"databases", "row"}


class RegisterError(SimpleDBError):
    """A file cannot be read as a register of known divergences."""


@frozen
class Entry:
    """A known divergence, in one or several functions.

    Attributes:
        fingerprints: What it is known by.
        kind: One of `KINDS`.
        reason: Why it is not mended, or not yet.
        row: The row of docs/semantics.md that says so, as in ``D1``; only in our own register.
        databases: For which kinds of database it holds, as URLs name them; empty for all.
    """

    fingerprints: tuple[Fingerprint, ...]
    kind: str
    reason: str
    row: str | None = None
    databases: tuple[str, ...] = ()


def read(path: Path) -> list[Entry]:
    """Read a register.

    Raises:
        RegisterError: it cannot be read; the message names the file, the entry and the fix.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegisterError(f"cannot read {path}: {error}") from error
    return entries(text, str(path))


def of_sql_driver() -> list[Entry]:
    """Return the accepted differences of simple_db from Glance's SQL driver, on any database."""
    return _entries(semantics.TABLES["divergence"], semantics.FILE)


def entries(text: str, name: str) -> list[Entry]:
    """Return the entries of a register.

    Args:
        text: TOML.
        name: What the text is called in messages.

    Raises:
        RegisterError: it is no register, or it has a fingerprint twice.
    """
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegisterError(f"{name} is no TOML: {error}") from error
    tables = parsed.pop("divergence", [])
    if parsed or not isinstance(tables, list):
        raise RegisterError(f"{name} must have tables [[divergence]] and nothing else")
    return _entries(tables, name)


def _entries(tables: Iterable[Any], name: str) -> list[Entry]:
    found = [_entry(table, f"{name}, divergence {place}") for place, table in enumerate(tables, 1)]
    _check_no_twins(found, name)
    return found


def _entry(table: Any, where: str) -> Entry:
    if not isinstance(table, dict) or not _KEYS <= table.keys() <= _KEYS | _OPTIONAL_KEYS:
        raise RegisterError(
            f"{where} must have fingerprints, kind and reason, and may have databases and row"
        )
    for key in ("fingerprints", "databases"):
        if not isinstance(table.get(key, [""]), list) or not table.get(key, [""]):
            raise RegisterError(f"{where}: {key} must be a list of lines")
    if table["kind"] not in KINDS:
        raise RegisterError(f"{where}: kind must be one of {', '.join(KINDS)}")
    if not table["reason"]:
        raise RegisterError(f"{where}: the reason is empty")
    try:
        known = tuple(parse(str(line)) for line in table["fingerprints"])
    except ValueError as error:
        raise RegisterError(f"{where}: {error}") from error
    databases = tuple(map(str, table.get("databases", ())))
    return Entry(known, table["kind"], str(table["reason"]), table.get("row"), databases)


def _check_no_twins(found: Iterable[Entry], name: str) -> None:
    seen: dict[Fingerprint, list[tuple[str, ...]]] = {}
    for entry in found:
        for fingerprint in entry.fingerprints:
            before = seen.setdefault(fingerprint, [])
            if not all(_are_apart(entry.databases, databases) for databases in before):
                raise RegisterError(f"{name} has this fingerprint twice: {fingerprint}")
            before.append(entry.databases)


def _are_apart(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether no target is on databases of both; none stand for all."""
    return bool(some and others) and set(some).isdisjoint(others)


def holding(known: Iterable[Entry], database: str | None) -> list[Entry]:
    """Return the entries that hold for a target on this kind of database, None for none."""
    return [entry for entry in known if not entry.databases or database in entry.databases]


def fingerprints(known: Iterable[Entry]) -> list[Fingerprint]:
    """Return all fingerprints of the entries."""
    return [fingerprint for entry in known for fingerprint in entry.fingerprints]


def unmet(
    known: Iterable[Entry],
    met: Container[Fingerprint],
    chances: Callable[[Fingerprint], int],
) -> list[Fingerprint]:
    """Return the fingerprints that a run should have met and did not: what they tell is past.

    Args:
        known: The register.
        met: The fingerprints of the register that explained something in the run.
        chances: Tells how many calls could have shown a divergence; see `ENOUGH_CHANCES`.
    """
    return [
        fingerprint
        for fingerprint in fingerprints(known)
        if fingerprint not in met and chances(fingerprint) >= ENOUGH_CHANCES
    ]
