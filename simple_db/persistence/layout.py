"""How a snapshot is laid out: what its encoding and its decoding share.

A snapshot is one JSON object, whose first line has the checksum of the rest::

    {"format":"simple_db","version":2,"sha256":"...",   of every byte behind this line
    "writer":"0.1.0",                                  the release that wrote it
    "counts":{"images":1,...},                         the rows of each table
    "counters":{"image_locations":3,...},              the next id of each table that counts its ids
    "tables":{
    "images":[                                         tables and columns as in Glance's schema
     ROW
    ,ROW
    ],
    ...
    ]}}

with one row a line, sorted by id, so that equal databases give equal bytes and git shows the
change of one row as one line. Times are ISO 8601, naive UTC. docs/snapshot.md has what it promises.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from simple_db.model import values
from simple_db.model.errors import Invalid
from simple_db.persistence.formats import FORMAT, VERSION

MAX_BYTES = 2**31
"""The largest snapshot that is written or read unless a caller allows for more: 2 GiB."""

BEGINNING = b'{"format":"simple_db","version":'
FIRST_LINE = re.compile(rb'\{"format":"simple_db","version":(\d{1,9}),"sha256":"([0-9a-f]{64})",\n')
"""The first line of a snapshot that has a checksum: the version, and the checksum."""

ROWS_AT_ONCE = 5_000
"""How many rows are encoded or decoded between two reports of progress."""

Progress = Callable[[int, int], object]
"""Is called with the number of rows that are done, and the number of all."""


def no_progress(done: int, of: int) -> None:
    """Do nothing: nobody watches the progress."""


def check_max_bytes(max_bytes: object) -> None:
    """Check that the bound of a snapshot is one.

    Raises:
        Invalid: it is no positive integer.
    """
    if not isinstance(max_bytes, int) or isinstance(max_bytes, bool) or max_bytes < 1:
        raise Invalid(f"max_bytes is a positive integer, not {values.shown(max_bytes)}")


def first_line(checksum: str) -> bytes:
    """Return the first line of a snapshot of the current version."""
    return f'{{"format":"{FORMAT}","version":{VERSION},"sha256":"{checksum}",\n'.encode()


FIRST_WIDTH = len(first_line(hashlib.sha256().hexdigest()))
