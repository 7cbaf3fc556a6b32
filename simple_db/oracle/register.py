"""The register of known divergences: a TOML file that says of each why it is not news.

::

    [[divergence]]
    fingerprints = [
      "image_tag_create | raises ImageNotFound / raises DBReferenceError |  | ",
    ]
    kind = "leak"
    reason = "the driver does not look whether the image is there"
    row = "D1"
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.errors import SimpleDBError
from simple_db.oracle.fingerprints import Fingerprint, parse
from simple_db.oracle.programs import op_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from pathlib import Path

KINDS = ("bug of target", "leak", "accepted")
"""What a known divergence can be: a bug, an exception that is none of Glance's, or meant so."""

_KEYS = {"fingerprints", "kind", "reason", "row"}


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
    """

    fingerprints: tuple[Fingerprint, ...]
    kind: str
    reason: str
    row: str | None = None


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
    """Return the accepted differences of simple_db from Glance's SQL driver."""
    text = resources.files("simple_db.oracle").joinpath("sql_driver.toml").read_text("utf-8")
    return entries(text, "sql_driver.toml")


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
    found = [_entry(table, f"{name}, divergence {place}") for place, table in enumerate(tables, 1)]
    _check_no_twins(found, name)
    return found


def _entry(table: Any, where: str) -> Entry:
    if not isinstance(table, dict) or not _KEYS - {"row"} <= table.keys() <= _KEYS:
        raise RegisterError(f"{where} must have fingerprints, kind and reason, and may have row")
    lines = table["fingerprints"]
    if not isinstance(lines, list) or not lines:
        raise RegisterError(f"{where}: fingerprints must be a list of lines")
    if table["kind"] not in KINDS:
        raise RegisterError(f"{where}: kind must be one of {', '.join(KINDS)}")
    if not table["reason"]:
        raise RegisterError(f"{where}: the reason is empty")
    try:
        known = tuple(parse(str(line)) for line in lines)
    except ValueError as error:
        raise RegisterError(f"{where}: {error}") from error
    return Entry(known, table["kind"], str(table["reason"]), table.get("row"))


def _check_no_twins(found: Iterable[Entry], name: str) -> None:
    seen = set()
    for fingerprint in fingerprints(found):
        if fingerprint in seen:
            raise RegisterError(f"{name} has this fingerprint twice: {fingerprint}")
        seen.add(fingerprint)


def fingerprints(known: Iterable[Entry]) -> list[Fingerprint]:
    """Return all fingerprints of the entries."""
    return [fingerprint for entry in known for fingerprint in entry.fingerprints]


def unmet(
    known: Iterable[Entry], met: Container[Fingerprint], ops: Sequence[str]
) -> list[Fingerprint]:
    """Return the fingerprints that a run should have met and did not: what they tell is past.

    Args:
        known: The register.
        met: The fingerprints of the register that explained something in the run.
        ops: The parts of the API that were called.
    """
    return [
        fingerprint
        for fingerprint in fingerprints(known)
        if fingerprint not in met and _ops_of(fingerprint) <= set(ops)
    ]


def _ops_of(fingerprint: Fingerprint) -> set[str]:
    """Return the parts of the API without which the divergence cannot occur."""
    after = [one.removeprefix("after ") for one in fingerprint.features if one.startswith("after ")]
    return {op_of(name) for name in (fingerprint.function.removeprefix("any "), *after)}
