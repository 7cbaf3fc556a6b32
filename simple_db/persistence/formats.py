"""The format versions of a snapshot: which there are, and the step from each to the next.

A step takes the document of one version, as JSON was read, and gives that of the next; nothing in
it has been checked but the name of the format and the version. Golden files of every version are
in ``tests/golden``, and `tests/persistence/test_formats.py` reads them all.

====== =========================================================================================
1      ``format``, ``version``, ``counters`` and ``tables``
2      a checksum in the first line (``sha256``), ``writer`` and ``counts``
====== =========================================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db.model.errors import SnapshotError, SnapshotTooNew
from simple_db.model.values import shown

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "simple_db"
VERSION = 2

Document = dict[str, Any]


def checked_version(document: object) -> int:
    """Return the format version of a document, one that this release knows.

    Raises:
        SnapshotTooNew: it is later than the version that this release writes.
        SnapshotError: it is no snapshot, or has no such version.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SnapshotError(f'this is not a snapshot of simple_db: it lacks "format": "{FORMAT}"')
    version = document.get("version")
    if type(version) is not int or version < 1:
        raise SnapshotError(
            f"this snapshot has version {shown(version)}, and a version is a number from 1 to "
            f"{VERSION}"
        )
    if version > VERSION:
        raise SnapshotTooNew(
            f"this snapshot has version {version}, and this release of simple_db reads versions "
            f"up to {VERSION}: read it with the release that wrote it, or a later one"
        )
    return version


def current(document: Document) -> Document:
    """Return a document of a known version as one of the current version.

    Raises:
        SnapshotError: it lacks what the step from its version needs.
    """
    for version in range(document["version"], VERSION):
        document = _STEPS[version](document)
    return document


def recounted(document: Document) -> Document:
    """Return a document with the counts of the rows that are in it.

    Raises:
        SnapshotError: it has no tables of rows.
    """
    tables = document.get("tables")
    if not isinstance(tables, dict) or not all(isinstance(rows, list) for rows in tables.values()):
        raise SnapshotError("tables: this must be a JSON object of lists of rows")
    return document | {"counts": {name: len(rows) for name, rows in tables.items()}}


def _from_1(document: Document) -> Document:
    return recounted(document) | {"version": 2, "sha256": "", "writer": "0.1.0"}


_STEPS: dict[int, Callable[[Document], Document]] = {1: _from_1}
